"""Names and reasons as messages show them, on one line and short; and warnings that only inform."""

import re
import warnings

from nst_helpers.errors import one_line
from nst_helpers.machine.notices import LOG

MOST = 110  # characters of a name or a reason, so that two of them fit into a message


def short(text, most=MOST):
    """A name with its middle left out where it is long, such as an address with its picture in it.

    Args:
        text: A path, an address or another text.
        most: Characters to keep.

    Returns:
        One line that every terminal can print.
    """
    text = "".join(letter if letter.isprintable() else "?" for letter in str(text))
    tail = most // 3
    return text if len(text) <= most else f"{text[: most - tail - 3]}...{text[-tail:]}"


def reason(error):
    """What an error says, on one short line without a full stop."""
    return short(one_line(error)).rstrip(".")


def without_addresses(text):
    """Python's words for objects, without where they lie in memory: the same in each process."""
    return re.sub(" at 0x[0-9a-fA-F]+", "", text)


def warn(message, stacklevel=1):
    """Warns, but never raises: where a session turns warnings into errors, it is a notice instead.

    Args:
        message: One sentence.
        stacklevel: Of the call to blame, counted from the caller of this function.
    """
    try:
        warnings.warn(message, stacklevel=stacklevel + 1)
    except UserWarning:
        LOG.warning("%s", message)
