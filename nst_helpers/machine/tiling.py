"""Where tiles lie: windows of one size that overlap, with inner parts that make up the whole."""

import itertools
from typing import NamedTuple

MOST_ALONG_A_SIDE = 100


class Cut(NamedTuple):
    """Where VGG19 is cut into parts.

    Attributes:
        layer: The last of its part.
        most: Positions that a window of the map before the part may have.
    """

    layer: str
    most: int


class Span(NamedTuple):
    """A window along one side, and the inner part that is its own, counted in positions.

    Attributes:
        start, stop: Where the window begins, and the position behind its last.
        first, last: The same of its inner part.
    """

    start: int
    stop: int
    first: int
    last: int


class Tile(NamedTuple):
    """A window of the whole, as two `Span`s."""

    rows: Span
    cols: Span

    def halved(self, times):
        """The same tile in a map that is half as high and wide, so many times."""
        return Tile(*(Span(*(place >> times for place in span)) for span in self))

    @property
    def window(self):
        """Slices of the whole."""
        return tuple(slice(span.start, span.stop) for span in self)

    @property
    def inner(self):
        """Slices of the whole: each position is in one tile's inner part."""
        return tuple(slice(span.first, span.last) for span in self)

    @property
    def inside(self):
        """Slices of the window: the inner part."""
        return tuple(slice(span.first - span.start, span.last - span.start) for span in self)

    @property
    def size(self):
        """Rows and cols of the window."""
        return tuple(span.stop - span.start for span in self)


def halo(layers):
    """How many positions around its inner part a window needs, for these layers.

    A convolution of 3 × 3 looks one position further, which is 2, 4, 8 of the window's positions
    behind 1, 2, 3 poolings.

    Args:
        layers: Names of VGG19's layers, one after the other.

    Returns:
        The halo, a multiple of the positions that become one; and the step, on whose multiples a
        window must begin, so that Winograd's products of 4 × 4 positions are the whole map's.
    """
    reach, one, step = 0, 1, 4
    for name in layers:
        if name.endswith("pool"):
            one *= 2
        else:
            reach, step = reach + one, 4 * one
    return -(-reach // one) * one, max(one, step)


def halvings(layers, layer):
    """How often a map has been halved when it leaves one of these layers, or has met none yet."""
    passed = layers[: layers.index(layer) + 1] if layer in layers else ()
    return sum(name.endswith("pool") for name in passed)


def tiles(size, layers, most):
    """Covers a map with as little work as possible in windows of one size.

    Args:
        size: Rows and cols of the map.
        layers: Those that the windows will pass.
        most: Positions that a window may have; where even the smallest has more, it is taken.

    Returns:
        List of `Tile`s, row by row. A window at the edge of the map ends there, so that it is
        padded as the whole map is; any other ends in its halo.
    """
    ways = [list(_ways(length, *halo(layers))) for length in size]

    def work(way):
        positions = [spans[0].stop * len(spans) for spans in way]
        window = way[0][0].stop * way[1][0].stop
        return max(window, most), positions[0] * positions[1], len(way[0]) * len(way[1])

    rows, cols = min(itertools.product(*ways), key=work)
    return [Tile(*spans) for spans in itertools.product(rows, cols)]


def _ways(length, halo, step):
    """Ways to cut one side into windows of one size: one window, two, three and so on."""
    rest = length % step
    for count in range(1, MOST_ALONG_A_SIDE + 1):
        window = step * -(-(length - rest + 2 * (count - 1) * halo) // (count * step))
        while (count - 1) * _stride(window, halo, step) < length - rest - window:
            window += step
        stride = _stride(window, halo, step)
        if count > 1 and stride < step:
            return
        starts = [min(number * stride, length - rest - window) for number in range(count)]
        borders = [0, *(start + halo for start in starts[1:]), length]
        yield [
            Span(start, start + window + rest, first, last)
            for start, (first, last) in zip(starts, itertools.pairwise(borders), strict=True)
        ]


def _stride(window, halo, step):
    """From the start of a window to the next one's, at most."""
    return (window - 2 * halo) // step * step
