"""The run: from two pictures and a config to the painted one, with a report on the way."""

import math
import time
import warnings
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from nst_helpers.backend import HAS_GPU, tf
from nst_helpers.config import MIN_ROWS, TransferConfig
from nst_helpers.features import compute_loss, compute_targets, feature_extractor
from nst_helpers.images import deprocess_image, load_image, preprocess_image
from nst_helpers.optimizers import GradientDescent

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
        image: The combination image now, uint8, shape (rows, cols, 3); leaves the device when
            it is asked for.
    """

    losses: LossRow
    iterations: int
    _picture: tf.Variable = field(repr=False)

    @cached_property
    def image(self):
        return deprocess_image(self._picture)


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


def transfer(content, style, config=None, callback=None):
    """Paints the content image in the style of the other one.

    Args:
        content, style: Pictures, each anything that `load_image` takes.
        config: A `TransferConfig`; None means `TransferConfig.tutorial()`.
        callback: Called with a `Progress` at each report; None shows a progress bar.

    Returns:
        A `TransferResult`.

    Raises:
        ImageError: If a picture can't be read.
        WeightsError: If the VGG19 weights can't be had.
    """
    start = time.perf_counter()
    config = config or TransferConfig.tutorial()
    if callback is None:
        from nst_helpers.display import ProgressBar

        callback = ProgressBar()
    content = load_image(content)
    rows, cols = picture_size(content, config.rows)
    base_image = preprocess_image(content, rows, cols, config.interpolation)
    style_reference_image = preprocess_image(style, rows, cols, config.interpolation)

    extractor = feature_extractor(config.layer_names)
    targets = compute_targets(extractor, base_image, style_reference_image, config)
    picture = tf.Variable(base_image)
    optimizer = GradientDescent(loss_and_gradient(extractor, targets, config), picture, config)

    losses = []
    for iteration, parts in run(optimizer, report_iterations(config)):
        seconds = time.perf_counter() - start
        losses.append(LossRow(iteration, seconds, *(float(part) for part in parts)))
        callback(Progress(losses[-1], config.iterations, picture))
    return TransferResult(deprocess_image(picture), picture.numpy(), losses, config)


def run(optimizer, report_at):
    """The loop: each report is one call of the compiled function, so a GPU never waits for Python.

    Args:
        optimizer: Has `advance(iterations)`, such as `GradientDescent`.
        report_at: Iterations to report at, ascending.

    Yields:
        Pairs of iteration and `LossParts`.
    """
    done = 0
    for iteration in report_at:
        yield iteration, optimizer.advance(tf.constant(iteration - done))
        done = iteration


def loss_and_gradient(extractor, targets, config):
    """Function from a picture to its `LossParts` and the gradient of their total."""

    def evaluate(picture):
        with tf.GradientTape() as tape:
            tape.watch(picture)
            parts = compute_loss(extractor, picture, targets, config)
        return parts, tape.gradient(parts.total, picture)

    return evaluate


def report_iterations(config):
    """The first iteration, every `report_every`-th and the last, ascending; all of 20 or fewer."""
    every = config.report_every or (20 if HAS_GPU and config.iterations > 20 else 1)
    multiples = range(every, config.iterations, every)
    return sorted({1, *multiples, config.iterations})


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
