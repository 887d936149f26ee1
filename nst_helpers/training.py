"""From two pictures and a config to the painted one, with a report on the way."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from nst_helpers.config import TransferConfig
from nst_helpers.errors import DivergenceError
from nst_helpers.loop import Guard, iterate, report_iterations, stages
from nst_helpers.machine import notices
from nst_helpers.machine.backend import check_session, standard_functions, tf
from nst_helpers.machine.checkpoint import Checkpoint
from nst_helpers.machine.convolution import choose
from nst_helpers.machine.memory import giving_back
from nst_helpers.machine.wording import warn
from nst_helpers.optimizers import make_optimizer
from nst_helpers.preparation import check_machines, prepare, resize
from nst_helpers.run import Run
from nst_helpers.state import LossRow, State

PREVIEW_COLS = 1000


@dataclass(frozen=True)
class Progress:
    """What a callback gets at each report. It stays as it is, whatever the run does next.

    Attributes:
        losses: `LossRow` of this iteration.
        iterations: How many there will be.
        picture: The combination image now, float32, shape (1, rows, cols, 3), as VGG19 takes it;
            leaves the device when it is asked for.
        image: The same as uint8, shape (rows, cols, 3), RGB.
        preview: The same, reduced to at most 1,000 columns.
    """

    losses: LossRow
    iterations: int
    _picture: tf.Tensor = field(repr=False)
    _finish: Callable = field(repr=False)

    @cached_property
    def picture(self):
        return np.asarray(self._picture)

    @cached_property
    def image(self):
        return self._finish(self.picture)

    @cached_property
    def preview(self):
        rows, cols = self._picture.shape[1:3]
        if cols <= PREVIEW_COLS:
            return self.image
        size = max(round(rows * PREVIEW_COLS / cols), 1), PREVIEW_COLS
        return self._finish(tf.image.resize(self._picture, size, "area").numpy())


@dataclass(frozen=True)
class TransferResult:
    """What a run made.

    Attributes:
        image: The painted picture, uint8, shape (rows, cols, 3), RGB.
        picture: The same before rounding, float32, shape (1, rows, cols, 3), as VGG19 takes it.
        losses: A `LossRow` for each reported iteration.
        config: The `TransferConfig` that made it, with what was chosen for "auto": on this machine,
            the same call with it paints the same picture to the last bit.
    """

    image: np.ndarray = field(repr=False)
    picture: np.ndarray = field(repr=False)
    losses: list = field(repr=False)
    config: TransferConfig

    @property
    def finished(self):
        """Whether the run came to its end; one that was interrupted did not."""
        return self.losses[-1].iteration == self.config.iterations


def transfer(
    content,
    style,
    config=None,
    callback=None,
    initial=None,
    checkpoint=None,
    extra=(),
    client=None,
):
    """Paints the content image in the style of another one, or of several.

    An interrupt, by Ctrl-C or a notebook's stop button, ends the run with its best picture so far.

    Args:
        content: Picture, anything that `load_image` takes.
        style: The same, or a `Style`, or a list of pictures, `Style`s or (picture, weight) pairs,
            which are mixed.
        config: A `TransferConfig`; None means `TransferConfig.fast()`.
        callback: Called with a `Progress` at each report. What it raises ends the run. None shows a
            progress bar in a notebook or a shell.
        initial: Picture to start from, such as noise or an earlier result, resized to the first
            size that is painted; None starts from the content image, see
            `TransferConfig.match_colours`.
        checkpoint: File, such as "run.npz", that the run is saved to each half minute, at a report.
            The same call on this machine continues from there, and ends as if nothing had stopped
            it. More iterations may be asked for, and another `report_every`.
        extra: `Term`s of your own, added to the loss.
        client: A `dask.distributed.Client`: its workers compute the picture's tiles. None computes
            here, and in tiles only what does not fit into memory.

    Returns:
        A `TransferResult`.

    Raises:
        ClusterError: If the client's workers can't compute.
        ImageError: If a picture can't be read.
        FileError: If the checkpoint can't be written.
        ConfigError: If a term or the config can't be used, or needs more memory than there is.
        DivergenceError: If the loss explodes at every rate that is tried.
        CheckpointError: If the checkpoint is another run's.
        WeightsError: If the VGG19 weights can't be had.
    """
    start = time.perf_counter()  # reading the pictures counts
    run = Run.load(content, style, config, initial, extra)
    return paint(run, callback, checkpoint, start, client)


@giving_back()
@standard_functions()
def paint(run, callback=None, checkpoint=None, start=None, client=None):
    """The same for a `Run`; `start` is when it began, in seconds of `time.perf_counter`."""
    start = time.perf_counter() if start is None else start
    check_session()
    callback = callback or (notices.default_progress or _no_progress)()
    size = run.size
    file = Checkpoint(checkpoint, run.config.iterations)
    run = _settled(run, file.begun_with)
    check_machines(run, client)
    fingerprint = None if checkpoint is None else run.fingerprint()
    begun = file.load(fingerprint)
    begun = begun or State(planned=run.config.iterations)
    state, finish = begun, run.finisher()
    try:
        for state in _paint_sizes(run, size, begun, start, client):
            callback(Progress(state.losses[-1], run.config.iterations, state.picture, finish))
            if file.due:
                file.save(state)
    except KeyboardInterrupt:
        if not state.losses:
            raise
        warn(
            f"Interrupted after iteration {state.iteration:,} of {run.config.iterations:,}: "
            "the best picture so far is kept.",
            stacklevel=3,
        )
    except Exception as error:
        if isinstance(error, DivergenceError) and state.losses:
            error.result = result_of(run, size, state, finish)
        file.save(state)
        raise
    result = result_of(run, size, state, finish)
    with suppress(KeyboardInterrupt):  # the picture is there already
        file.save(state)
    return result


def _settled(run, begun_with):
    """The run with what is "auto" chosen: as when its checkpoint began, or by this machine."""
    names = "precision", "convolution"
    asked = {name: getattr(run.config, name) for name in names}
    there = {name: begun_with.get(name) for name in names}
    goes_on = all(there[name] and asked[name] in ("auto", there[name]) for name in names)
    return replace(run, config=run.config.replace(**(there if goes_on else choose(**asked))))


def result_of(run, size, state, finish):
    """The `TransferResult`: the last picture, or the best so far where the run isn't finished."""
    finished = state.iteration == run.config.iterations
    picture = np.asarray(resize(state.picture if finished else state.best, size))
    return TransferResult(finish(picture), picture, list(state.losses), run.config)


def _no_progress():
    return lambda progress: None


def _paint_sizes(run, size, begun, start, client):
    """Paints at one size after the other.

    Args:
        run: A `Run`.
        size: Rows and cols of the combination image.
        begun: `State` to continue from.
        start: When the run began, in seconds of `time.perf_counter`.
        client: A Dask client, or None.

    Yields:
        The `State` at each report.
    """
    start, state = start - begun.seconds, begun
    for size_now, iterations in stages(size, run.config, begun.planned):
        if state.iteration < iterations[-1]:
            for later in _paint_at(run, size_now, iterations, state, start, client):
                yield later
            state = later


def _paint_at(run, size, iterations, begun, start, client):
    """Paints at one size, or continues in the middle of it."""
    config, losses = run.config, begun.losses
    x, evaluate, names = prepare(run, size, begun.picture, client)
    optimizer = make_optimizer(config, size)
    guard = Guard(optimizer)
    if begun.iteration >= iterations[0]:
        optimizer.restore(begun.arrays)
        guard.restore(begun.arrays, names, begun.best)
    elif optimizer.carries and begun.arrays:
        optimizer.carry(begun.arrays, size)
    reports = report_iterations(iterations, config)
    rest = range(max(begun.iteration + 1, iterations[0]), iterations[-1] + 1)
    steps = iterate(evaluate, optimizer, guard, x, rest, reports)
    for iteration, loss, x in steps:  # the x to start from is large, and let go here
        # Between two sizes, only what the next one uses has to be kept.
        ends = iteration == iterations[-1] < config.iterations and not optimizer.carries
        arrays = {} if ends else {**optimizer.state(), **guard.state()}
        losses = (*losses, LossRow(iteration, time.perf_counter() - start, loss))
        yield State(iteration, losses, x, guard.best, arrays, begun.planned)
