"""The loop: one step after another, size after size, with a guard against losses that explode."""

import math

import numpy as np

from nst_helpers.config import MIN_ROWS
from nst_helpers.errors import DivergenceError
from nst_helpers.machine.backend import HAS_GPU, tf
from nst_helpers.machine.wording import warn
from nst_helpers.optimizers import is_finite


def iterate(evaluate, optimizer, guard, x, iterations, reports):
    """The loop at one size.

    Args:
        evaluate: Function from a picture to its losses by name and the gradient of their total.
        optimizer: Such as `GradientDescent`.
        guard: A `Guard`.
        x: Picture to start from, float32, shape (1, rows, cols, 3).
        iterations: Numbers of the iterations to do, a range.
        reports: Those to report; in between, nothing has to leave the device.

    Yields:
        Iteration, losses of the picture before its step, and the picture after it.
    """
    for iteration in iterations:
        before = x
        losses, x = optimizer.step(evaluate, x)
        if iteration in reports:
            losses, x = guard.check(losses, before, x)
            if iteration == iterations[-1]:
                x = guard.check_last(evaluate, x)
            yield iteration, losses, x


class Guard:
    """Keeps the best picture, and goes back to it with shorter steps where the loss explodes.

    Args:
        optimizer: Slows down at each explosion, at most three times.
    """

    EXPLODED = 10  # times the lowest loss: more than any good run's ups and downs
    RETRIES = 3

    def __init__(self, optimizer):
        self._optimizer = optimizer
        self._setting = optimizer.setting
        self._retries = 0
        self._lowest = None  # the best picture's losses
        self.best = None

    def check(self, losses, before, after):
        """Looks at a step.

        Args:
            losses: Losses of the picture before it, by name, tensors.
            before, after: The pictures.

        Returns:
            The losses as numbers and the picture to continue from: `after`, or after an explosion
            the best one.

        Raises:
            DivergenceError: If the loss explodes although the steps were shortened three times.
        """
        losses = {name: float(loss) for name, loss in losses.items()}
        if self._lowest is not None and self._exploded(losses["total"]):
            self._slow_down()
            return self._lowest, self.best
        if self._lowest is None or losses["total"] < self._lowest["total"]:
            self._lowest, self.best = losses, before
        if self._optimizer.never_rises:
            self.best = after
        return losses, after

    def check_last(self, evaluate, x):
        """The picture, or the best one if the last step made the loss explode."""
        if self._optimizer.never_rises or not self._exploded(float(evaluate(x)[0]["total"])):
            return x
        warn(
            "The last update made the loss explode: the best picture before it is kept.",
            stacklevel=2,
        )
        return self.best

    def state(self):
        """Arrays by name: what `restore` needs, beside the best picture."""
        return {"retries": self._retries, "lowest": np.array(list(self._lowest.values()))}

    def restore(self, state, names, best):
        """Becomes as the guard was that gave this state; `names` are those of the losses."""
        self._retries = int(state["retries"])
        self._lowest = dict(zip(names, map(float, state["lowest"]), strict=True))
        self.best = tf.constant(best)

    def _exploded(self, total):
        return not (math.isfinite(total) and total <= self.EXPLODED * self._lowest["total"])

    def _slow_down(self):
        name, first = self._setting
        if self._retries == self.RETRIES:
            raise DivergenceError(
                f"{name}={first:g} is too high here: the loss explodes, even with "
                f"{self._optimizer.setting[1]:g}. Set a lower one."
            )
        self._retries += 1
        self._optimizer.slow_down()
        warn(
            "The loss exploded: the run goes back to its best picture and continues with "
            f"{name}={self._optimizer.setting[1]:g}.",
            stacklevel=2,
        )


def check_start(evaluate, settings):
    """The same function, which raises if the first picture that it gets can't be worked with.

    Args:
        evaluate: Function from a picture to its losses by name and the gradient of their total.
        settings: From the name of a loss to the setting that its size comes from, in words.

    Raises (the function):
        DivergenceError: If its loss or its gradient is not finite.
    """
    checked = False

    def evaluate_checked(x):
        nonlocal checked
        losses, gradient = evaluate(x)
        if not checked and not is_finite(losses, gradient):
            guilty = [name for name in settings if not math.isfinite(losses[name])] or settings
            raise DivergenceError(
                "the loss of the picture to start from, or its gradient, is too large for a "
                f"float32: lower {' and '.join(settings[name] for name in guilty)}."
            )
        checked = True
        return losses, gradient

    return evaluate_checked


def stages(size, config, planned=None):
    """Sizes to paint at, one after the other.

    Args:
        size: Rows and cols of the combination image.
        config: A `TransferConfig`.
        planned: Iterations that the sizes shared when the run began; those that were added later
            go to the last. None means the config's.

    Yields:
        A size, (rows, cols), and the range of its iterations, which count from 1 over all sizes.
    """
    counts = _share_out(planned or config.iterations, config.shares or [1.0] * len(config.scales))
    first = 1
    for number, (scale, count) in enumerate(zip(config.scales, counts, strict=True), start=1):
        last = config.iterations if number == len(counts) else first + count - 1
        yield tuple(max(round(side * scale), MIN_ROWS) for side in size), range(first, last + 1)
        first = last + 1


def _share_out(iterations, shares):
    """Whole numbers of 1 or more in about those proportions; the first get what is left over."""
    more = iterations - len(shares)
    counts = [1 + math.floor(more * share / sum(shares)) for share in shares]
    left = iterations - sum(counts)
    return [count + (number < left) for number, count in enumerate(counts)]


def report_iterations(iterations, config):
    """The first, the multiples of `report_every` and the last; all if there are 20 or fewer."""
    every = config.report_every or (20 if HAS_GPU and config.iterations > 20 else 1)
    return {i for i in iterations if i in (iterations[0], iterations[-1]) or i % every == 0}
