"""How far a run has come: its loss table, and what it takes to continue."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class LossRow(tuple):
    """One row of a loss table: the losses of the picture before that iteration's step.

    A tuple of iteration, seconds and the losses by name, each also an attribute: `row.total`,
    `row.content`, and so on; `row._fields` has the names, as in a named tuple. Losses are weighted,
    and all but the total add up to it. Where they exploded they are those of the best picture, to
    which the run went back. Seconds count from the call of `transfer`; where a run continues from a
    checkpoint, those of the earlier calls are in them.

    Args:
        iteration: Counted from 1.
        seconds: Since the call.
        losses: Dictionary from name to number, the total first.
    """

    def __new__(cls, iteration, seconds, losses):
        row = super().__new__(cls, (iteration, seconds, *losses.values()))
        row._fields = ("iteration", "seconds", *losses)
        return row

    @property
    def losses(self):
        """The losses by name, the total first."""
        return dict(zip(self._fields[2:], self[2:], strict=True))

    def __getattr__(self, name):
        if name in self.__dict__.get("_fields", ()):
            return self[self._fields.index(name)]
        raise AttributeError(f"a loss row has no {name!r}")

    def __repr__(self):
        pairs = zip(self._fields, self, strict=True)
        return f"LossRow({', '.join(f'{name}={value!r}' for name, value in pairs)})"

    def __reduce__(self):
        return LossRow, (self.iteration, self.seconds, self.losses)


class State(NamedTuple):
    """How far a run has come, at a report.

    Attributes:
        iteration: Updates that the picture has had, over all sizes.
        losses: A `LossRow` for each report.
        picture: The combination image, tensor or array, float32, shape (1, rows, cols, 3); None
            before the first report.
        best: The one with the lowest loss so far.
        arrays: What optimizer and guard need to continue, by name.
        planned: Iterations that the run had when it began; what is added goes to the last size.
    """

    iteration: int = 0
    losses: tuple = ()
    picture: object = None
    best: object = None
    arrays: Mapping = MappingProxyType({})
    planned: int | None = None

    @property
    def seconds(self):
        """What it took."""
        return self.losses[-1].seconds if self.losses else 0.0
