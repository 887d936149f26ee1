"""The playground as a page of its own, for as many visitors as the machine holds."""

import contextlib
import threading

from IPython.display import HTML, display

from nst_helpers.machine.places import take_place

FULL = (
    '<p role="alert"><strong>All places are taken.</strong> Each visitor gets a part of this '
    "machine's memory, and there is none left. Please load this page again in a few minutes.</p>"
)


class _EnoughError(Exception):
    """Ends a run that was only there to compile."""


def show(content, style):
    """Displays a `Playground`, or, where no place is left, says so.

    Args:
        content, style: As for `Playground`.
    """
    if not take_place():
        display(HTML(FULL))
        return
    from nst_helpers.playground.model import Playground  # TensorFlow starts here

    playground = Playground(content, style)
    display(playground)
    threading.Thread(target=warm_up, args=[playground], daemon=True).start()


def warm_up(playground):
    """Compiles what the first run needs, so that its first picture comes at once."""
    from nst_helpers.config import TransferConfig
    from nst_helpers.training import transfer

    sizes = {"rows": playground.rows, "iterations": playground.iterations}
    config = TransferConfig.recipe(playground.recipe, **sizes, match_colours=False)
    with contextlib.suppress(_EnoughError):
        transfer(playground.content.array, playground.style.array, config, _enough)


def _enough(progress):
    if progress.losses.iteration == 2:  # the first step with what is remembered of one before
        raise _EnoughError
