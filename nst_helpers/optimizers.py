"""What turns gradients into the next picture, with every picture kept on the device."""

import math
import warnings
from typing import NamedTuple

import numpy as np

from nst_helpers.backend import tf
from nst_helpers.config import DivergenceError
from nst_helpers.losses import LossParts

DOCUMENT_PIXELS = 400 * 599  # the size that the document's learning rate of 100 belongs to


class Evaluated(NamedTuple):
    """A picture with its losses."""

    parts: LossParts
    picture: tf.Tensor


class GradientDescent:
    """The document's optimizer: x ← x − rate · gradient, with a rate that decays.

    rate = initial_learning_rate · decay_rate^(updates / decay_steps), times the picture's pixels
    over the document's: all pixels share the style loss, so each pixel's gradient grows as the
    picture gets smaller, and a step that is right for 400 rows overshoots at 128.

    Where the loss explodes nevertheless, it goes back to the best picture and on with a quarter of
    the rate, three times at each size.

    Args:
        evaluate: Function from a picture to (`LossParts`, gradient).
        picture: `tf.Variable` of shape (1, rows, cols, 3), changed in place.
        config: A `TransferConfig`, for the three constants of the rate.
    """

    EXPLODED = 10  # times the lowest loss: more than any good run's ups and downs
    RETRIES = 3
    SLOWER = 4  # times, at each retry

    def __init__(self, evaluate, picture, config):
        self._evaluate = evaluate
        self._picture = picture
        self._config = config
        rows, cols = picture.shape[1:3]
        self._pixels = rows * cols / DOCUMENT_PIXELS
        self._best = None
        self._retries = 0
        self._updates = 0

    def advance(self, iterations):
        """Updates the picture several times.

        Args:
            iterations: How many updates, 1 or more.

        Returns:
            `LossParts` of the picture before the last update, which is what the document prints;
            those of the best one where the loss exploded and the run goes on from there.

        Raises:
            DivergenceError: If it explodes at every lower rate too, or is infinite from the start.
        """
        for _ in range(iterations):
            before = self._picture.value()
            parts, gradient = self._evaluate(before)
            if self._best is None:
                check_finite(parts, gradient, self._config)
                self._best = Evaluated(parts, before)
            self._picture.assign_sub(self._rate * gradient)
            self._updates += 1
        if self._exploded(parts):
            self._slow_down()
            return self._best.parts
        if parts.total < self._best.parts.total:
            self._best = Evaluated(parts, before)
        return parts

    def finish(self):
        """Goes back to the best picture if the last update made the loss explode."""
        parts, _ = self._evaluate(self._picture.value())
        if self._exploded(parts):
            self._picture.assign(self._best.picture)
            warnings.warn(
                "The last update made the loss explode: the best picture before it is kept.",
                stacklevel=2,
            )

    @property
    def best(self):
        """The best picture that was looked at, a tensor."""
        return self._best.picture

    def state(self):
        """Arrays by name: what `restore` needs to go on, beside the picture and the best one."""
        parts = np.array(self._best.parts)
        return {"updates": self._updates, "retries": self._retries, "best_parts": parts}

    def restore(self, state):
        """Becomes as the optimizer was in that `State`."""
        kept = state.optimizer
        self._updates, self._retries = int(kept["updates"]), int(kept["retries"])
        parts = LossParts(*map(tf.constant, kept["best_parts"]))
        self._best = Evaluated(parts, tf.constant(state.best))

    @property
    def _initial_rate(self):
        return self._config.initial_learning_rate / self.SLOWER**self._retries

    @property
    def _rate(self):
        with np.errstate(over="ignore"):  # a rate that is set to grow may end beyond all numbers
            decay = np.power(self._config.decay_rate, self._updates / self._config.decay_steps)
        return self._initial_rate * self._pixels * decay

    def _exploded(self, parts):
        total, lowest = float(parts.total), float(self._best.parts.total)
        return not (math.isfinite(total) and total <= self.EXPLODED * lowest)

    def _slow_down(self):
        """Goes back to the best picture, to go on from it with shorter steps."""
        self._picture.assign(self._best.picture)
        if self._retries == self.RETRIES:
            raise DivergenceError(
                f"initial_learning_rate={self._config.initial_learning_rate:g} is too high here: "
                f"the loss explodes, even with {self._initial_rate:g}. Set a lower one."
            )
        self._retries += 1
        warnings.warn(
            "The loss exploded: the run goes on from its best picture, with an "
            f"initial_learning_rate of {self._initial_rate:g}.",
            stacklevel=2,
        )


class LBFGS:
    """Limited-memory BFGS (Nocedal and Wright, *Numerical Optimization*, algorithms 7.4 and 7.5).

    Each pair, a step and the change that it made to the gradient, tells how the loss curves along
    the step. From the last pairs the two-loop recursion makes a direction that fits the curvature,
    so nearly every step can be taken whole. A step that lowers the loss too little is shortened.

    Pictures stay on the device; Python decides, from a few numbers an evaluation. Compiled into one
    graph, the loop ran no sooner and took seconds longer to compile.

    Args:
        evaluate: Function from a picture to (`LossParts`, gradient).
        picture: `tf.Variable` of shape (1, rows, cols, 3), changed in place.
        config: A `TransferConfig`, for `history`, the number of pairs.
    """

    FIRST_STEP = 2.5  # gray levels, root mean square: before a curvature is known, be careful
    SUFFICIENT_DECREASE = 1e-4  # of what the slope promises (Armijo's rule)
    SHORTEST = 1e-6  # of the whole step

    def __init__(self, evaluate, picture, config):
        self._evaluate = evaluate
        self._picture = picture
        self._size = min(config.history, config.iterations)
        # Tensors of two rows, a step and the change that it made: one large variable for all would
        # be copied at every reading. In bfloat16 they take half the memory and do as well. And the
        # product of each row with each other.
        pixels = picture.shape.num_elements()
        self._pairs = [tf.zeros((2, pixels), tf.bfloat16)] * self._size
        self._products = np.zeros((2 * self._size, 2 * self._size))
        self._count = 0
        self._parts, self._gradient = self._evaluate(picture.value())
        check_finite(self._parts, self._gradient, config)

    def advance(self, iterations):
        """Updates the picture several times; the same as `GradientDescent.advance`."""
        for _ in range(iterations):
            before = self._update()
        return before

    def finish(self):
        """Nothing to do: no step is taken that doesn't lower the loss."""

    @property
    def best(self):
        """The best picture, a tensor: always the last."""
        return self._picture.value()

    def state(self):
        """Arrays by name: what `restore` needs to go on, beside the picture."""
        known = self._pairs[: self._known]
        bits = [tf.bitcast(pair, tf.uint16) for pair in known]  # a type that NumPy knows
        pairs = {f"pair{place}": pair for place, pair in enumerate(bits)}
        return {"count": self._count, "products": self._products.copy(), **pairs}

    def restore(self, state):
        """Becomes as the optimizer was in that `State`."""
        kept = state.optimizer
        self._count, self._products = int(kept["count"]), kept["products"]
        for place in range(self._known):
            self._pairs[place] = tf.bitcast(tf.constant(kept[f"pair{place}"]), tf.bfloat16)

    def _update(self):
        before = self._parts
        step, parts, gradient = self._search(self._direction())
        if parts.total <= before.total and is_finite(parts, gradient):
            self._remember(step, gradient - self._gradient)
            self._picture.assign_add(step)
            self._parts, self._gradient = parts, gradient
        else:  # nothing lower that way: forget the curvature and begin again with the gradient
            self._count = 0
        return before

    def _search(self, direction):
        """Shortens the step until the loss falls by enough of what the slope promises."""
        start = float(self._parts.total)
        slope = float(tf.reduce_sum(direction * self._gradient))
        length = 1.0
        while True:
            step = length * direction
            parts, gradient = self._evaluate(self._picture + step)
            total = float(parts.total) if is_finite(parts, gradient) else math.inf
            enough = total <= start + self.SUFFICIENT_DECREASE * length * slope
            if enough or length < self.SHORTEST:
                return step, parts, gradient
            # The lowest point of the parabola through both losses and the slope, within reason.
            excess = total - start - length * slope
            lowest = -slope * length / (2 * excess) if math.isfinite(excess) and excess > 0 else 0
            length *= min(max(lowest, 0.1), 0.5)

    def _direction(self):
        """Minus the inverse curvature times the gradient, by the two-loop recursion.

        What it makes is a sum of the pairs and the gradient, so the recursion runs on the factors
        of that sum, a few dozen numbers, and the pairs are read twice instead of four times each
        in turn (Chen, Wang and Zhou, *Large-scale L-BFGS using MapReduce*, NIPS 2014).
        """
        gradient = tf.reshape(self._gradient, [-1])
        newest_first = [2 * ((self._count - 1 - age) % self._size) for age in range(self._known)]
        if not newest_first:
            steepest = tf.math.divide_no_nan(self._gradient, tf.reduce_max(tf.abs(gradient)))
            length = tf.sqrt(tf.reduce_mean(steepest**2))  # the gradient's own might be infinite
            return -self.FIRST_STEP * tf.math.divide_no_nan(steepest, length)
        products, slopes = self._products, _products([gradient], self._pairs).numpy()[0]
        factors, of_gradient = np.zeros(len(products)), -1.0
        weights = {}
        for s in newest_first:
            y = s + 1
            along = factors @ products[:, s] + of_gradient * slopes[s]
            weights[s] = along / products[s, y]
            factors[y] -= weights[s]
        s, y = newest_first[0], newest_first[0] + 1
        curvature = products[y, y] / products[s, y]
        factors, of_gradient = factors / curvature, of_gradient / curvature
        for s in reversed(newest_first):
            y = s + 1
            along = factors @ products[:, y] + of_gradient * slopes[y]
            factors[s] += weights[s] - along / products[s, y]
        factors = tf.constant(factors.reshape(self._size, 1, 2), tf.float32)
        direction = _sum(tf.constant(of_gradient, tf.float32) * gradient, self._pairs, factors)
        return tf.reshape(direction, self._picture.shape)

    @property
    def _known(self):
        return min(self._count, self._size)

    def _remember(self, step, change):
        """Keeps the pair, in place of the oldest, if the loss curves upwards along it."""
        place = self._count % self._size
        pair = tf.reshape(tf.stack([step, change]), (2, -1))
        pairs = [*self._pairs]
        pairs[place] = tf.cast(pair, tf.bfloat16)
        rows = slice(2 * place, 2 * place + 2)
        products = _products(tf.unstack(_in_float32(pairs[place])), pairs).numpy()
        (length, curved), (_, bend) = products[:, rows]
        if curved > 1e-10 * math.sqrt(length * bend):
            self._pairs = pairs
            self._products[rows] = products
            self._products[:, rows] = products.T
            self._count += 1


# Compiled for all pairs at once: one after the other, from Python, they take four times as long.


@tf.function(reduce_retracing=True)
def _products(vectors, pairs):
    """Product of each vector with each row of the pairs, shape (vectors, 2 · pairs)."""
    pairs = [_in_float32(pair) for pair in pairs]
    # A vector at a time: TensorFlow's product of two or three is not spread over the cores.
    rows = [[tf.linalg.matvec(pair, vector) for pair in pairs] for vector in vectors]
    return tf.stack([tf.concat(row, axis=0) for row in rows])


@tf.function(reduce_retracing=True)
def _sum(vector, pairs, factors):
    """The vector plus each row of the pairs times its factor; factors: shape (pairs, 1, 2)."""
    for both, pair in zip(tf.unstack(factors), pairs, strict=True):
        with tf.control_dependencies([vector]):  # or all would lie there in float32 at once
            pair = _in_float32(pair)
        vector += tf.matmul(both, pair)[0]
    return vector


def _in_float32(pair):
    return tf.cast(pair, tf.float32)


def is_finite(parts, gradient):
    """Whether neither the loss nor any part of its gradient is infinite or not a number."""
    return math.isfinite(parts.total) and bool(tf.reduce_all(tf.math.is_finite(gradient)))


def check_finite(parts, gradient, config):
    """Raises a `DivergenceError` if the loss of the picture to start from is not finite."""
    if is_finite(parts, gradient):
        return
    names = ("content", "style", "total_variation")
    guilty = [name for name in names if not math.isfinite(getattr(parts, name))] or names
    settings = [f"{name}_weight={getattr(config, f'{name}_weight'):g}" for name in guilty]
    raise DivergenceError(
        "the loss of the picture to start from, or its gradient, is too large for a float32: "
        f"lower {' and '.join(settings)}."
    )
