"""Notices to the user.

The library prints nothing and draws no progress bar. It logs one-line notices to `LOG`, and calls
`default_progress` where a run was given no callback; a front end decides what becomes of both.
"""

import contextlib
import logging

from nst_helpers.machine.language import translated

LOG = logging.getLogger("nst_helpers")

# Makes the callback of a run that names none: a callable without arguments. A front end sets it.
# Read it as `notices.default_progress`, since a name imported from here would not see the change.
default_progress = None


def show_notices():
    """Prints each notice to the current `sys.stdout`, unless `LOG` already has a handler.

    `logging.getLogger("nst_helpers").setLevel("WARNING")` silences the notices again.
    """
    if LOG.handlers:
        return
    LOG.addHandler(_PrintHandler())
    LOG.setLevel(logging.INFO)
    LOG.propagate = False


class _PrintHandler(logging.Handler):
    """Prints, so that a notebook, a shell and a test that captures stdout all see the notice."""

    def emit(self, record):
        with contextlib.suppress(Exception):  # a closed stdout must not stop a run
            print(translated(record.getMessage()))
