"""Settings for the time that there is: measured on this machine, then chosen."""

import time
from typing import NamedTuple

from numpy.polynomial import Polynomial

from nst_helpers.config import TransferConfig
from nst_helpers.loop import stages
from nst_helpers.machine.checks import number
from nst_helpers.machine.memory import cuts_that_fit, memory_there, most_rows
from nst_helpers.machine.notices import LOG
from nst_helpers.machine.pictures import picture
from nst_helpers.network import network
from nst_helpers.optimizers import make_optimizer
from nst_helpers.preparation import prepare
from nst_helpers.run import Run

ASPECT_RATIO = 1.5  # of the picture that is to come; most photographs have it
WARM_UP = 48, 72  # sets up what all sizes share
PROBES = (64, 96), (192, 288)
PROBE_ITERATIONS = 4

SHARE = 0.75  # of the seconds that are planned for: machines have busy moments
FEWEST_ROWS, MOST_ROWS = 64, 1024
POSTER_ROWS = 1536, 2048, 3072, 4096
TILES_COST = 1.6  # times the whole picture's evaluation, at most
SMALLEST_SIZE = 96  # rows below which a first, coarse size shows too little to be worth its start
FEWEST_ITERATIONS, GOOD_ITERATIONS, MOST_ITERATIONS = 20, 80, 300


def config_for_budget(seconds, memory_gb=None):
    """The strongest picture for the time that there is: `multiscale`, in the size that fits.

    Where there is time for more than 1,024 rows, it is a `poster`.

    Times a few evaluations on this machine, which takes some of the seconds, and says what it
    chose and why. A picture of 3:2 then takes about three quarters of the seconds, so that a busy
    machine still keeps to them.

    Args:
        seconds: From this call to the written picture, without imports; 1 or more.
        memory_gb: Memory that Python may take, in units of 10⁹ bytes, 1 or more; None means what is
            free.

    Returns:
        A `TransferConfig`.

    Raises:
        ConfigError: If a value is out of its range.
        WeightsError: If the VGG19 weights can't be had.
    """
    seconds = number("seconds", seconds, least=1)
    if memory_gb is not None:
        memory_gb = number("memory_gb", memory_gb, least=1)
    start = time.perf_counter()
    pace = measure_pace()
    memory = memory_there() if memory_gb is None else memory_gb * 1e9
    most = min(most_rows(memory, ASPECT_RATIO, TransferConfig.multiscale()), MOST_ROWS)
    planned = SHARE * seconds - (time.perf_counter() - start)
    config = _poster(planned, pace, memory, memory_gb) or _choose(planned, pace, most)
    _say(config, seconds, planned, pace, f"{memory / 1e9:.1f} GB" if most < MOST_ROWS else "")
    return config


class Pace(NamedTuple):
    """How fast this machine is: polynomials from the pixels of a size to seconds."""

    prepare: Polynomial
    iterate: Polynomial

    def seconds(self, config):
        """What a run takes, from its call to its result."""
        sizes = stages((config.rows, config.rows * ASPECT_RATIO), config)
        pixels = [(rows * cols, len(iterations)) for (rows, cols), iterations in sizes]
        return sum(self.prepare(size) + count * self.iterate(size) for size, count in pixels)


def _pixels(rows):
    return ASPECT_RATIO * rows**2


def measure_pace():
    """Times the probes; all other sizes lie on the lines through them."""
    pictures = picture("harbour_town"), picture("mosaic")
    network("auto")
    preparing, iterating = [], []
    for size in (WARM_UP, *PROBES):
        start = time.perf_counter()
        config = TransferConfig.multiscale(rows=size[0])
        x, evaluate, _ = prepare(Run.load(*pictures, config), size)
        optimizer = make_optimizer(config, size)
        for _ in range(2):  # they also compile
            _, x = optimizer.step(evaluate, x)
        prepared = time.perf_counter()
        for _ in range(PROBE_ITERATIONS):
            _, x = optimizer.step(evaluate, x)
        preparing.append(prepared - start)
        iterating.append((time.perf_counter() - prepared) / PROBE_ITERATIONS)
    pixels = [rows * cols for rows, cols in PROBES]
    return Pace(*(Polynomial.fit(pixels, each[1:], 1) for each in (preparing, iterating)))


def _poster(planned, pace, memory, memory_gb):
    """The largest poster that there is time and memory for, or None."""
    fitting = None
    for rows in POSTER_ROWS:
        config = TransferConfig.poster(rows=rows, memory_gb=memory_gb)
        cuts = cuts_that_fit((rows, rows * ASPECT_RATIO), config, memory)
        cost = TILES_COST if cuts else 1
        if cuts is not None and cost * pace.seconds(config) <= planned:
            fitting = config
    return fitting


def _choose(planned, pace, most):
    """As many rows as fit with a good number of iterations, then as many iterations as fit."""
    config = _config(FEWEST_ROWS, GOOD_ITERATIONS)
    for rows in range(FEWEST_ROWS, most + 1, 16):
        larger = _config(rows, GOOD_ITERATIONS)
        if pace.seconds(larger) <= planned:
            config = larger
    for iterations in range(MOST_ITERATIONS, FEWEST_ITERATIONS, -10):
        longer = config.replace(iterations=iterations)
        if pace.seconds(longer) <= planned:
            return longer
    return config.replace(iterations=FEWEST_ITERATIONS)


def _config(rows, iterations):
    """The recipe at that size, without the coarse sizes that would be too small."""
    config = TransferConfig.multiscale(rows=rows, iterations=iterations)
    scales = [scale for scale in config.scales if scale == 1 or scale * rows >= SMALLEST_SIZE]
    return config.replace(scales=scales)


def _say(config, seconds, planned, pace, memory_limit):
    """Says what was chosen, and why no more."""
    reasons = [
        f"an iteration at {config.rows} rows takes {pace.iterate(_pixels(config.rows)):.2f} s here"
    ]
    if pace.seconds(config) > planned:
        reasons.append("less would hardly paint")
    if memory_limit:
        reasons.append(f"{memory_limit} of memory allows no more rows")
    count = len(config.scales)
    sizes = f"{count} sizes up to {config.rows} rows" if count > 1 else f"{config.rows} rows"
    LOG.info(
        f"For {seconds:g} s: {sizes}, {config.iterations} iterations, about "
        f"{pace.seconds(config):.0f} s for a picture of 3:2 ({'; '.join(reasons)})."
    )
