"""How much memory a run needs, and whether this machine has it."""

import psutil

from nst_helpers.config import MIN_ROWS
from nst_helpers.errors import ConfigError
from nst_helpers.machine.limits import CONTAINER, memory_room

# Measured by benchmarks/growth.py, float32, and rounded up.
PROCESS_BYTES = 0.85e9  # Python, TensorFlow and VGG19's weights
BYTES_A_PIXEL = 2000  # the feature maps that one loss and its gradient keep
BYTES_A_PAIR = 12  # a pixel of L-BFGS's pair: two bfloat16 pictures of three channels


def memory_needed(size, config, scale=1.0):
    """Bytes that Python holds when the run is at its largest.

    Args:
        size: Rows and cols of the combination image.
        config: A `TransferConfig`.
        scale: The largest of the styles' own scales.

    Returns:
        Bytes, rounded up.
    """
    rows, cols = size
    pairs = min(config.history, config.iterations) if config.optimizer == "lbfgs" else 0
    # A style image of another scale is larger than the picture, but only passes through once.
    style = 0.5 * (config.style_scale * scale) ** 2
    return PROCESS_BYTES + rows * cols * (
        max(1, style) * BYTES_A_PIXEL + pairs * BYTES_A_PAIR
    )  # fmt: skip


def memory_there():
    """Bytes that this process can hold: what it has, and what is free on the machine.

    Where a container sets a limit, as Binder does, that counts.
    """
    free = min(psutil.virtual_memory().available, memory_room(CONTAINER))
    return free + psutil.Process().memory_info().rss


def check_memory(size, config, cache, scale=1.0):
    """Refuses a run before it starts if it would not fit.

    Args:
        size: Rows and cols of the combination image.
        config: A `TransferConfig`.
        cache: The `Cache` of what earlier runs left; it is cleared if that makes the run fit.
        scale: The largest of the styles' own scales.

    Raises:
        ConfigError: If the run needs more memory than there is; it names the rows that fit.
    """
    needed, there = memory_needed(size, config, scale), memory_there()
    if needed + cache.nbytes > there:
        cache.clear()
    if needed > there:
        raise ConfigError(
            f"rows={size[0]} needs about {needed / 1e9:.1f} GB of memory, and this machine has "
            f"{there / 1e9:.1f} GB for it: {_advice(most_rows(there, size[1] / size[0], config))}"
        )


def most_rows(memory, aspect_ratio, config):
    """The most rows that fit, or 0.

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


def _advice(rows):
    return f"rows={rows} fits." if rows else "close other programs, or use another machine."
