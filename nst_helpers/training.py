"""The run: from two pictures and a config to the painted one, with a report on the way."""

import math
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property, partial

import numpy as np

from nst_helpers.backend import HAS_GPU, tf
from nst_helpers.checkpoint import Checkpoint
from nst_helpers.config import MIN_ROWS, DivergenceError, TransferConfig
from nst_helpers.convolution import faster_precision
from nst_helpers.display import ProgressBar
from nst_helpers.features import (
    LossWeights,
    compute_targets,
    feature_extractor,
    loss_and_gradient,
)
from nst_helpers.images import deprocess_image, load_image, match_colours, preprocess_image
from nst_helpers.memory import check_memory
from nst_helpers.optimizers import LBFGS, GradientDescent
from nst_helpers.state import LossRow, State

OPTIMIZERS = {"sgd": GradientDescent, "lbfgs": LBFGS}
LONGEST_ASPECT_RATIO = 6  # beyond it, rows alone says little about the size of a picture


@dataclass(frozen=True)
class Progress:
    """What a callback gets at each report.

    Attributes:
        losses: `LossRow` of this iteration.
        iterations: How many there will be.
        picture: The combination image now, float32, shape (1, rows, cols, 3), as VGG19 takes it;
            leaves the device when it is asked for.
        image: The same as uint8, shape (rows, cols, 3), RGB.
    """

    losses: LossRow
    iterations: int
    _variable: tf.Variable = field(repr=False)

    @cached_property
    def picture(self):
        return self._variable.numpy()

    @cached_property
    def image(self):
        return deprocess_image(self.picture)


@dataclass(frozen=True)
class TransferResult:
    """What a run made.

    Attributes:
        image: The painted picture, uint8, shape (rows, cols, 3), RGB.
        picture: The same before rounding, float32, shape (1, rows, cols, 3), as VGG19 takes it.
        losses: A `LossRow` for each reported iteration.
        config: The `TransferConfig` that made it.
    """

    image: np.ndarray = field(repr=False)
    picture: np.ndarray = field(repr=False)
    losses: list = field(repr=False)
    config: TransferConfig

    @property
    def finished(self):
        """Whether the run came to its end; one that was interrupted did not."""
        return self.losses[-1].iteration == self.config.iterations


def transfer(content, style, config=None, callback=None, initial=None, checkpoint=None):
    """Paints the content image in the style of the other one.

    An interrupt, by Ctrl-C or a notebook's stop button, ends the run with its best picture so far.

    Args:
        content, style: Pictures, each anything that `load_image` takes.
        config: A `TransferConfig`; None means `TransferConfig.fast()`.
        callback: Called with a `Progress` at each report; None shows a progress bar. What it
            raises ends the run.
        initial: Picture to start from, such as noise or an earlier result, resized to the content
            image's size; None starts from the content image, see `TransferConfig.match_colours`.
        checkpoint: File, such as "run.npz", that the run is saved to each half minute, at a report.
            The same call on this machine goes on from there, and ends as if nothing had stopped it.

    Returns:
        A `TransferResult`.

    Raises:
        ImageError: If a picture can't be read, or the checkpoint not be written.
        ConfigError: If the run needs more memory than there is.
        DivergenceError: If its loss explodes at every rate that is tried.
        CheckpointError: If the checkpoint is another run's.
        WeightsError: If the VGG19 weights can't be had.
    """
    start = time.perf_counter()
    config = config or TransferConfig.fast()
    callback = callback or ProgressBar()
    content, style = load_image(content), load_image(style)
    size = picture_size(content, config.rows)
    check_memory(size, config)
    if initial is not None:
        initial = preprocess_image(initial, *size, config.interpolation)
    file = Checkpoint(checkpoint, config, content=content, style=style, initial=initial)
    begun = state = file.load() or State(picture=initial)
    try:
        for state, progress in paint(content, style, size, config, begun, start):
            callback(progress)
            if file.due:
                file.save(state)
    except KeyboardInterrupt:
        if not state.losses:
            raise
        warnings.warn(
            f"Interrupted after iteration {state.iteration:,} of {config.iterations:,}: "
            "the best picture so far is kept.",
            stacklevel=2,
        )
    except Exception as error:
        if isinstance(error, DivergenceError) and state.losses:
            error.result = result_of(state, size, config)
        file.save(state)
        raise
    result = result_of(state, size, config)
    with suppress(KeyboardInterrupt):  # the picture is there already
        file.save(state)
    return result


def result_of(state, size, config):
    """The `TransferResult`: the last picture, or the best so far where the run isn't finished."""
    finished = state.iteration == config.iterations
    picture = np.asarray(resize(state.picture if finished else state.best, size))
    return TransferResult(deprocess_image(picture), picture, list(state.losses), config)


def paint(content, style, size, config, state, start):
    """Paints at one size after the other.

    Args:
        content, style: Arrays of shape (rows, cols, 3), uint8.
        size: Rows and cols of the combination image.
        config: A `TransferConfig`.
        state: `State` to go on from.
        start: When the run began, in seconds of `time.perf_counter`.

    Yields:
        At each report the `State` and a `Progress`; in between nothing has to leave the device.
    """
    start, first = start - state.seconds, 1
    for size_now, iterations in stages(size, config):
        last = first + iterations - 1
        if state.iteration < last:
            picture, optimizer = prepare(content, style, size_now, config, state.picture)
            if state.iteration >= first:
                optimizer.restore(state)
            for iteration, parts in run(optimizer, first, last, state.iteration, config):
                row = LossRow(iteration, time.perf_counter() - start, *map(float, parts))
                state = State(
                    iteration=iteration,
                    losses=(*state.losses, row),
                    picture=picture.value(),
                    best=optimizer.best,
                    optimizer={} if iteration == last else optimizer.state(),
                )
                yield state, Progress(row, config.iterations, picture)
        first = last + 1


def run(optimizer, first, last, done, config):
    """The loop at one size.

    Args:
        optimizer: Has `advance(iterations)` and `finish()`, such as `GradientDescent`.
        first, last: Numbers of its first and last iteration.
        done: Number of the iteration to go on after; those at other sizes count too.
        config: A `TransferConfig`.

    Yields:
        Pairs of iteration and `LossParts`.
    """
    done = max(done, first - 1)
    for iteration in report_iterations(first, last, config):
        if iteration > done:
            parts = optimizer.advance(iteration - done)
            if iteration == last:
                optimizer.finish()
            yield iteration, parts
            done = iteration


def stages(size, config):
    """Sizes to paint at, one after the other.

    Args:
        size: Rows and cols of the combination image.
        config: A `TransferConfig`.

    Yields:
        Pairs of a size, (rows, cols), and how many of the iterations it gets.
    """
    share, rest = divmod(config.iterations, len(config.scales))
    for number, scale in enumerate(config.scales):
        scaled = tuple(max(round(side * scale), MIN_ROWS) for side in size)
        yield scaled, share + (number < rest)


def prepare(content, style, size, config, previous=None):
    """Builds what one size needs: the picture to change, and the optimizer that changes it.

    Args:
        content, style: Arrays of shape (rows, cols, 3), uint8.
        size: Rows and cols of the combination image.
        config: A `TransferConfig`.
        previous: Picture to go on from, of any size; None starts from the content.

    Returns:
        `tf.Variable` of shape (1, rows, cols, 3), and the optimizer.
    """
    rows, cols = size
    base_image = preprocess_image(content, rows, cols, config.interpolation)
    style_reference_image = preprocess_image(
        style, *style_size(style, size, config), config.interpolation
    )
    targets = compute_targets(
        feature_extractor(config.layer_names), base_image, style_reference_image, config
    )
    if previous is not None:
        picture = tf.Variable(resize(previous, size))
    elif config.match_colours and config.style_weight:
        picture = tf.Variable(match_colours(base_image, style_reference_image))
    else:
        picture = tf.Variable(base_image)
    optimizer = OPTIMIZERS[config.optimizer]
    return picture, optimizer(evaluation(targets, picture.shape, config), picture, config)


def resize(picture, size):
    return picture if picture.shape[1:3] == size else tf.image.resize(picture, size, "lanczos3")


def evaluation(targets, shape, config):
    """Function from a picture of that shape to its `LossParts` and the gradient of their total."""
    precision = faster_precision() if config.precision == "auto" else config.precision
    weights = LossWeights(
        *(tf.constant(float(getattr(config, name))) for name in LossWeights._fields)
    )
    evaluate = loss_and_gradient(config.objective, shape, precision)
    return partial(evaluate, targets=targets, weights=weights)


def style_size(style, size, config):
    """Size of the style image: the combination image's, or as many pixels in its own shape."""
    rows, cols = size
    if not config.keep_style_aspect:
        return size
    height, width = style.shape[:2]
    zoom = config.style_scale * math.sqrt(rows * cols / (height * width))
    return tuple(max(round(side * zoom), MIN_ROWS) for side in (height, width))


def report_iterations(first, last, config):
    """`first`, the multiples of `report_every` and `last`; each one of 20 or fewer."""
    every = config.report_every or (20 if HAS_GPU and config.iterations > 20 else 1)
    return [i for i in range(first, last + 1) if i in (first, last) or i % every == 0]


def picture_size(content, rows):
    """Size of the combination image: `rows`, and the columns that keep the aspect ratio.

    A picture as long as a ribbon gets the rows that give it about as many pixels as others have.

    Args:
        content: Array of shape (rows, cols, 3).
        rows: Rows asked for.

    Returns:
        Rows and cols, each at least as many as VGG19 needs.
    """
    height, width = content.shape[:2]
    asked = rows, int(width * rows / height)
    if max(width / height, height / width) <= LONGEST_ASPECT_RATIO:
        fitting = asked
    else:
        rows = round(math.sqrt(LONGEST_ASPECT_RATIO) * rows * math.sqrt(height / width))
        fitting = rows, round(width * rows / height)
    fitting = tuple(max(side, MIN_ROWS) for side in fitting)
    if fitting != asked:
        warnings.warn(
            f"A content picture of {width} × {height} is painted at {fitting[1]} × {fitting[0]} "
            f"instead of {asked[1]} × {asked[0]}: it is too long and narrow.",
            stacklevel=3,
        )
    return fitting
