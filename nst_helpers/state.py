"""How far a run has come: its loss table, and what it takes to go on."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class LossRow(NamedTuple):
    """One line of a loss table: the losses of the picture before that iteration's update.

    Where they exploded, those of the best picture, to which the run went back. The last three are
    weighted and add up to the total. Seconds count from the call of `transfer`; where it went on
    from a checkpoint, those of the earlier calls are in them.
    """

    iteration: int
    seconds: float
    total: float
    content: float
    style: float
    total_variation: float


class State(NamedTuple):
    """How far a run has come, at a report.

    Attributes:
        iteration: Updates that the picture has had, over all sizes.
        losses: A `LossRow` for each report.
        picture: The combination image, tensor or array, float32, shape (1, rows, cols, 3); None
            where the run begins with the content image.
        best: The one with the lowest loss so far.
        optimizer: Arrays by name, from the optimizer's `state`; none between two sizes.
    """

    iteration: int = 0
    losses: tuple = ()
    picture: object = None
    best: object = None
    optimizer: Mapping = MappingProxyType({})

    @property
    def seconds(self):
        """What it took."""
        return self.losses[-1].seconds if self.losses else 0.0
