"""The run: from two pictures and a config to the painted one, with a report on the way."""

import math
import time
import warnings
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from nst_helpers.backend import HAS_GPU, tf
from nst_helpers.checkpoint import Checkpoint, State
from nst_helpers.config import MIN_ROWS, TransferConfig
from nst_helpers.convolution import faster_precision
from nst_helpers.display import ProgressBar
from nst_helpers.features import (
    LossWeights,
    compute_targets,
    feature_extractor,
    loss_and_gradient,
)
from nst_helpers.images import deprocess_image, load_image, preprocess_image
from nst_helpers.memory import check_memory
from nst_helpers.optimizers import LBFGS, GradientDescent

OPTIMIZERS = {"sgd": GradientDescent, "lbfgs": LBFGS}
LONGEST_ASPECT_RATIO = 6  # beyond it, rows alone says little about the size of a picture


class LossRow(NamedTuple):
    """One line of a loss table: the losses of the picture before that iteration's update.

    The last three are weighted and add up to the total; seconds count from the call of `transfer`.
    """

    iteration: int
    seconds: float
    total: float
    content: float
    style: float
    total_variation: float


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
            image's size; None starts from the content image, as the document does.
        checkpoint: File, such as "run.npz", that the run is saved to each half a minute. The same
            call goes on from there, and ends as if nothing had stopped it.

    Returns:
        A `TransferResult`.

    Raises:
        ImageError: If a picture can't be read, or the checkpoint not be written.
        ConfigError: If the run needs more memory than there is, or its loss explodes.
        CheckpointError: If the checkpoint is another run's.
        WeightsError: If the VGG19 weights can't be had.
    """
    config = config or TransferConfig.fast()
    callback = callback or ProgressBar()
    content, style = load_image(content), load_image(style)
    check_memory(picture_size(content, config.rows), config)
    initial = None if initial is None else initial_picture(initial, content, config)
    file = Checkpoint(checkpoint, config, content=content, style=style, initial=initial)
    run = Run(content, style, config, initial, file.load())
    try:
        for progress in run.reports():
            callback(progress)
            if file.due:
                file.save(run.state())
    except KeyboardInterrupt:
        if not run.losses:
            raise
        warnings.warn(
            f"Interrupted after iteration {run.losses[-1].iteration:,} of {config.iterations:,}: "
            "the best picture so far is kept.",
            stacklevel=2,
        )
    file.save(run.state())
    return run.result()


class Run:
    """A run under way: its picture, its losses, and what it takes to go on from any iteration.

    Args:
        content, style: Arrays of shape (rows, cols, 3), uint8.
        config: A `TransferConfig`.
        initial: Picture to start from, preprocessed; None starts from the content.
        state: `State` to go on from.
    """

    def __init__(self, content, style, config, initial, state):
        self._start = time.perf_counter() - state.seconds
        self._content, self._style, self._config = content, style, config
        self._state = state
        self._picture = initial if state.picture is None else state.picture
        self._optimizer = None
        self._before = state.iteration  # iterations before the present size, or at all
        self.losses = [LossRow(int(row[0]), *row[1:]) for row in state.losses]

    def reports(self):
        """Paints, one size after the other.

        Yields:
            A `Progress` at each report; between two of them nothing has to leave the device.
        """
        first = 1
        for size, iterations in stages(self._content, self._config):
            last = first + iterations - 1
            if self._state.iteration < last:
                yield from self._paint(size, first, last)
            first = last + 1

    def _paint(self, size, first, last):
        self._picture, self._optimizer = prepare(
            self._content, self._style, size, self._config, self._picture
        )
        self._before, self._last = first - 1, last
        if self._state.iteration >= first:
            self._optimizer.restore(self._state.optimizer)
        for iteration in report_iterations(first, last, self._config):
            if iteration > self.iteration:
                parts = self._optimizer.advance(iteration - self.iteration)
                if iteration == last:
                    self._optimizer.finish()
                self.losses.append(LossRow(iteration, self._seconds, *map(float, parts)))
                yield Progress(self.losses[-1], self._config.iterations, self._picture)

    @property
    def iteration(self):
        """How many updates the picture has had, over all sizes."""
        return self._before + (self._optimizer.updates if self._optimizer else 0)

    @property
    def _seconds(self):
        return time.perf_counter() - self._start

    def state(self):
        """The `State` to go on from."""
        if self._optimizer is None:
            return self._state
        within = self._optimizer.updates > 0 and self.iteration < self._last
        optimizer = self._optimizer.state() if within else {}
        picture = self._picture.numpy()
        return State(self.iteration, self._seconds, self.losses, picture, optimizer)

    def result(self):
        """The `TransferResult`, with the best picture so far where the run isn't finished."""
        unfinished = self._optimizer and self.losses[-1].iteration < self._config.iterations
        *_, (size, _) = stages(self._content, self._config)
        picture = self._optimizer.best if unfinished else self._picture
        picture = np.asarray(resize(tf.convert_to_tensor(picture), size))
        return TransferResult(deprocess_image(picture), picture, self.losses, self._config)


def stages(content, config):
    """Sizes to paint at, one after the other.

    Args:
        content: Array of shape (rows, cols, 3).
        config: A `TransferConfig`.

    Yields:
        Pairs of a size, (rows, cols), and how many of the iterations it gets.
    """
    rows, cols = picture_size(content, config.rows)
    share, rest = divmod(config.iterations, len(config.scales))
    for number, scale in enumerate(config.scales):
        size = tuple(max(round(side * scale), MIN_ROWS) for side in (rows, cols))
        yield size, share + (number < rest)


def initial_picture(initial, content, config):
    """The picture to start from, preprocessed, in the size of the combination image."""
    return preprocess_image(initial, *picture_size(content, config.rows), config.interpolation)


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
    picture = tf.Variable(base_image if previous is None else resize(previous, size))
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
