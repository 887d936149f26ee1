"""How much memory a run needs, and whether this machine has it."""

import ctypes
import sys
from contextlib import contextmanager, suppress
from typing import NamedTuple

import psutil

from nst_helpers.config import MIN_ROWS
from nst_helpers.errors import ConfigError
from nst_helpers.machine.limits import CONTAINER, memory_room
from nst_helpers.machine.tiling import Cut

# Measured by benchmarks/growth.py, float32, and rounded up.
PROCESS_BYTES = 0.85e9  # Python, TensorFlow and VGG19's weights
BYTES_A_PIXEL = 2000  # the feature maps that one loss and its gradient keep
BYTES_A_PAIR = 12  # a pixel of L-BFGS's pair: two bfloat16 pictures of three channels

# A picture that does not fit passes VGG19 in tiles, part by part; what is behind the last part, a
# small map, passes whole. More parts have narrower halos, but more maps between them.
PARTS = "block2_pool", "block3_pool", "block4_pool"  # where they end; the last may be left out
SMALLEST_WORK = 0.15e9  # for one tile; smaller ones would be halo for the most part
# Positions of a window of each part, at most: larger ones hardly save time, and from maps of 32 MB
# on the C library gets memory from the system each time, which takes as long as the work.
LARGEST_WINDOWS = 100_000, 32_000, 16_000


class TileBytes(NamedTuple):
    """What a picture in tiles takes, in bytes; measured as above.

    Attributes:
        a_pixel: The optimizer's pictures, and the maps between the parts.
        a_position: Of a window of each part.
        behind: A pixel of the picture, for what passes whole, with two parts and with three.
    """

    a_pixel: int
    a_position: tuple
    behind: tuple


TILE_BYTES = {
    "float32": TileBytes(170, (1700, 15_000, 55_000), (300, 10)),
    "bfloat16": TileBytes(130, (1700, 7_000, 22_000), (150, 5)),
}

# TensorFlow's own allocator never gives back what a run took. The system's does, and costs a few
# percent of the time with pictures of the panel's size; with tiles a tenth in bfloat16 and half in
# float32; with large pictures in one piece more, and more memory, so it is not for everyone.
MODEST = {"TF_ONEDNN_USE_SYSTEM_ALLOCATOR": "1"}

PAIRS_BYTES, FEWEST_PAIRS = 0.25e9, 2  # for L-BFGS's pairs; and how many it keeps in any case


def memory_needed(size, config, scale=1.0):
    """Bytes that Python holds when the run is at its largest.

    Args:
        size: Rows and cols of the combination image.
        config: A `TransferConfig`.
        scale: The largest of the styles' own scales.

    Returns:
        Bytes, rounded up.
    """
    return PROCESS_BYTES + _pixels(size, config, scale) * BYTES_A_PIXEL + _pairs(size, config)


def _pixels(size, config, scale):
    """Those of the picture; or half the style image's, which only passes through once."""
    return size[0] * size[1] * max(1, 0.5 * (config.style_scale * scale) ** 2)


def _pairs(size, config):
    """Bytes of the optimizer's pairs."""
    pairs = pairs_kept(size, config) if config.optimizer == "lbfgs" else 0
    return pairs * size[0] * size[1] * BYTES_A_PAIR


def pairs_kept(size, config):
    """How many pairs L-BFGS remembers: fewer of large pictures, which get few iterations anyway."""
    room = int(PAIRS_BYTES / (BYTES_A_PAIR * size[0] * size[1]))
    return min(config.history, config.iterations, max(room, FEWEST_PAIRS))


def cuts_that_fit(size, config, memory, scale=1.0):
    """Where to cut VGG19, so that a run fits; `tiles.tiled_evaluation` takes them.

    Args:
        size: Rows and cols of the combination image.
        config: A `TransferConfig`.
        memory: Bytes that Python may take.
        scale: The largest of the styles' own scales.

    Returns:
        List of `Cut`s, with tiles as large as fit; an empty one where the picture fits whole, and
        None where not even its tiles do.
    """
    if memory_needed(size, config, scale) <= memory:
        return []
    pixels, cost = _pixels(size, config, scale), _tile_bytes(config)
    left = memory - _tiled(size, config, scale)
    for count, behind in enumerate(cost.behind, start=2):
        if max(pixels * behind, SMALLEST_WORK) <= left:
            parts = zip(PARTS[:count], cost.a_position, LARGEST_WINDOWS, strict=False)
            return [Cut(layer, int(min(left / each, most))) for layer, each, most in parts]
    return None


def _tile_bytes(config):
    return TILE_BYTES["bfloat16" if config.precision == "bfloat16" else "float32"]


def _tiled(size, config, scale):
    """Bytes of a run in tiles, without its work on a tile or on what passes whole."""
    pixels = _pixels(size, config, scale) * _tile_bytes(config).a_pixel
    return PROCESS_BYTES + pixels + _pairs(size, config)


def _room(size, config, there, scale):
    """Bytes that a run may take: as many as its config says, or as tiles need at least."""
    if config.memory_gb is None:
        return there
    behind = _pixels(size, config, scale) * _tile_bytes(config).behind[-1]
    least = _tiled(size, config, scale) + max(behind, SMALLEST_WORK)
    return min(there, max(config.memory_gb * 1e9, least + 1))  # one more, against rounding


def memory_there():
    """Bytes that this process can hold: what it has, and what is free on the machine.

    Where a container sets a limit, as Binder does, that counts.
    """
    free = min(psutil.virtual_memory().available, memory_room(CONTAINER))
    return free + psutil.Process().memory_info().rss


def give_back():
    """The system gets what was let go of: the C library of Linux keeps much of it."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL("libc.so.6").malloc_trim(0)


@contextmanager
def giving_back():
    """The same, at the end of a block or of a function."""
    try:
        yield
    finally:
        give_back()


def check_memory(size, config, cache, scale=1.0):
    """Refuses a run before it starts if it would not fit.

    Args:
        size: Rows and cols of the combination image.
        config: A `TransferConfig`.
        cache: The `Cache` of what earlier runs left; it is cleared if that makes the run fit.
        scale: The largest of the styles' own scales.

    Returns:
        What `cuts_that_fit` gives.

    Raises:
        ConfigError: If the run needs more memory than there is; it names the rows that fit.
    """
    there = memory_there()
    room = _room(size, config, there, scale)
    if memory_needed(size, config, scale) + cache.nbytes > room:
        cache.clear("function", "target")  # a network would be read again at once
    cuts = cuts_that_fit(size, config, room, scale)
    if cuts is None:
        raise ConfigError(
            f"rows={size[0]} needs more memory than the {there / 1e9:.1f} GB that this machine has "
            f"for it, even in tiles: {_advice(size, config, there, scale)}"
        )
    return cuts


def most_rows(memory, aspect_ratio, config):
    """The most rows of a picture that fits whole, or 0.

    Args:
        memory: Bytes.
        aspect_ratio: Cols over rows.
        config: A `TransferConfig`.

    Returns:
        A multiple of 16.
    """
    # Bytes per rows², at a fixed aspect ratio.
    a_square = memory_needed((1, aspect_ratio), config) - PROCESS_BYTES
    rows = int((max(memory - PROCESS_BYTES, 0) / a_square) ** 0.5)
    return rows - rows % MIN_ROWS


def _advice(size, config, memory, scale):
    for rows in range(size[0] - size[0] % MIN_ROWS, 0, -MIN_ROWS):
        smaller = rows, rows * size[1] / size[0]
        if cuts_that_fit(smaller, config, memory, scale) is not None:
            return f"rows={rows} fits."
    return "close other programs, or use another machine."
