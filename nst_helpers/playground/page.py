"""The playground as a page of its own, for as many visitors as the machine holds."""

import threading

from IPython.display import HTML, display

from nst_helpers.machine.language import translated
from nst_helpers.machine.places import take_place

FULL = "All places are taken."
LATER = (
    "Each visitor gets a part of this machine's memory, and there is none left. "
    "Please load this page again in a few minutes."
)


def show(content, style):
    """Displays a `Playground`, or, where no place is left, says so.

    Args:
        content, style: As for `Playground`.
    """
    if not take_place():
        display(
            HTML(f'<p role="alert"><strong>{translated(FULL)}</strong> {translated(LATER)}</p>')
        )
        return
    from nst_helpers.playground.model import Playground  # TensorFlow starts here

    playground = Playground(content, style)
    display(playground)
    threading.Thread(target=warm_up, args=[playground], daemon=True).start()


def warm_up(playground):
    """Compiles what the first run needs, so that its first picture comes at once."""
    from nst_helpers.config import TransferConfig
    from nst_helpers.training import transfer

    config = TransferConfig.recipe(playground.recipe, rows=playground.rows)
    # At each size, the second step is the first that remembers one before.
    config = config.replace(iterations=2 * len(config.scales))
    transfer(playground.content.array, playground.style.array, config)
