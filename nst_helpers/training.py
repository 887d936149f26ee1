"""The run: from two pictures and a config to the painted one, with a report on the way."""

import math
import time
import warnings
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from nst_helpers.backend import HAS_GPU, tf
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


def transfer(content, style, config=None, callback=None, initial=None):
    """Paints the content image in the style of the other one.

    Args:
        content, style: Pictures, each anything that `load_image` takes.
        config: A `TransferConfig`; None means `TransferConfig.fast()`.
        callback: Called with a `Progress` at each report; None shows a progress bar. What it
            raises ends the run.
        initial: Picture to start from, such as noise or an earlier result, resized to the content
            image's size; None starts from the content image, as the document does.

    Returns:
        A `TransferResult`.

    Raises:
        ImageError: If a picture can't be read.
        ConfigError: If the run needs more memory than there is.
        WeightsError: If the VGG19 weights can't be had.
    """
    start = time.perf_counter()
    config = config or TransferConfig.fast()
    callback = callback or ProgressBar()
    content, style = load_image(content), load_image(style)
    check_memory(picture_size(content, config.rows), config)
    picture = None if initial is None else initial_picture(initial, content, config)
    losses, first = [], 1
    for size, iterations in stages(content, config):
        picture, optimizer = prepare(content, style, size, config, picture)
        last = first + iterations - 1
        for iteration, parts in run(optimizer, first, report_iterations(first, last, config)):
            seconds = time.perf_counter() - start
            losses.append(LossRow(iteration, seconds, *(float(part) for part in parts)))
            callback(Progress(losses[-1], config.iterations, picture))
        first = last + 1
    return TransferResult(deprocess_image(picture), picture.numpy(), losses, config)


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


def run(optimizer, first, report_at):
    """The loop; between two reports nothing has to come back from the device.

    Args:
        optimizer: Has `advance(iterations)`, such as `GradientDescent`.
        first: Number of the first iteration.
        report_at: Iterations to report at, ascending.

    Yields:
        Pairs of iteration and `LossParts`.
    """
    done = first - 1
    for iteration in report_at:
        yield iteration, optimizer.advance(iteration - done)
        done = iteration


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
