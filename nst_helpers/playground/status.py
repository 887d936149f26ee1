"""What the playground shows, and the callback that brings it there."""

import time
from dataclasses import dataclass
from functools import partial

import numpy as np
from PIL import Image

from nst_helpers.errors import one_line
from nst_helpers.machine.backend import tf
from nst_helpers.machine.encoding import encoded
from nst_helpers.playground.plan import Plan
from nst_helpers.training import TransferResult

REFRESH = 0.1  # seconds between two pictures: small sizes paint faster than a browser draws


@dataclass(frozen=True, eq=False)
class Status:
    """What there is to see; published as a whole, so that its picture and numbers belong together.

    Attributes:
        state: "ready", "waiting", "running", "finished", "stopped" or "failed".
        plan: The `Plan` of the run that painted the picture on the screen.
        image: That picture, uint8, shape (rows, cols, 3).
        losses: Its `LossRow`s up to that picture.
        result: The last finished `TransferResult`.
        error: What went wrong last; None again as soon as a run goes well.
    """

    state: str = "ready"
    plan: Plan | None = None
    image: np.ndarray | None = None
    losses: tuple = ()
    result: TransferResult | None = None
    error: Exception | None = None

    @property
    def at_rest(self):
        """Whether there is a picture, and no run that changes it."""
        return self.image is not None and self.state not in ("waiting", "running")

    @property
    def comment(self):
        """The call, for a file of the picture to keep."""
        return self.plan.call_to_keep(self.losses[-1].iteration)

    @property
    def png(self):
        """The picture as the bytes of a PNG."""
        return encoded("the picture", "PNG", Image.fromarray(self.image), self.comment)

    @property
    def message(self):
        """The error in words."""
        if self.error is None:
            return ""
        if isinstance(self.error, (MemoryError, tf.errors.ResourceExhaustedError)):
            return "There is not enough memory for a picture of this size: choose fewer rows."
        if isinstance(self.error, ValueError):  # ImageError, ConfigError, …
            return one_line(self.error)
        return f"{type(self.error).__name__}: {one_line(self.error)}"


class Reporter:
    """Callback of a run: collects the losses, and publishes as often as can be seen.

    Args:
        publish: A worker's; see `Worker`.
        update: Function that changes the status, given as keyword arguments.
        **changes: What changes each time.
    """

    def __init__(self, publish, update, **changes):
        self._publish = publish
        self._update = partial(update, **changes)
        self._losses = []
        self._next = 0

    def __call__(self, progress):
        self._losses.append(progress.losses)
        if time.monotonic() >= self._next:
            self.publish(state="running", image=progress.image)
            self._next = time.monotonic() + REFRESH
        else:
            self._publish()  # nothing: this only asks whether to continue

    def publish(self, **changes):
        """Publishes the losses so far, and other changes of the status."""
        self._publish(partial(self._update, losses=tuple(self._losses), **changes))
