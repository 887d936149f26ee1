"""What turns gradients into the next picture, with every picture kept on the device."""

import math

import numpy as np

from nst_helpers.backend import tf

DOCUMENT_PIXELS = 400 * 599  # the size that the document's learning rate of 100 belongs to


class GradientDescent:
    """The document's optimizer: x ← x − rate · gradient, with a rate that decays.

    rate = initial_learning_rate · decay_rate^(updates / decay_steps), times the picture's pixels
    over the document's: all pixels share the style loss, so each pixel's gradient grows as the
    picture gets smaller, and a step that is right for 400 rows overshoots at 128.

    Args:
        evaluate: Function from a picture to (`LossParts`, gradient).
        picture: `tf.Variable` of shape (1, rows, cols, 3), changed in place.
        config: A `TransferConfig`, for the three constants of the rate.
    """

    def __init__(self, evaluate, picture, config):
        self._evaluate = evaluate
        self._picture = picture
        self._config = config
        rows, cols = picture.shape[1:3]
        self._initial_rate = config.initial_learning_rate * rows * cols / DOCUMENT_PIXELS
        self._updates = 0

    def advance(self, iterations):
        """Updates the picture several times.

        Args:
            iterations: How many updates, 1 or more.

        Returns:
            `LossParts` of the picture before the last update: what the document prints.
        """
        for _ in range(iterations):
            parts, gradient = self._evaluate(self._picture.value())
            decay = self._config.decay_rate ** (self._updates / self._config.decay_steps)
            self._picture.assign_sub(self._initial_rate * decay * gradient)
            self._updates += 1
        return parts


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
        self._size = config.history
        # Tensors of two rows, a step and the change that it made: one large variable for all would
        # be copied at every reading. And the product of each row with each other.
        self._pairs = []
        self._products = np.zeros((2 * self._size, 2 * self._size))
        self._count = 0
        self._parts, self._gradient = self._evaluate(picture.value())

    def advance(self, iterations):
        """Updates the picture several times; the same as `GradientDescent.advance`."""
        for _ in range(iterations):
            before = self._update()
        return before

    def _update(self):
        before = self._parts
        step, parts, gradient = self._search(self._direction())
        if parts.total <= before.total:
            self._remember(step, gradient - self._gradient)
            self._picture.assign_add(step)
            self._parts, self._gradient = parts, gradient
        else:  # nothing lower that way: forget the curvature and begin again with the gradient
            self._count, self._pairs = 0, []
        return before

    def _search(self, direction):
        """Shortens the step until the loss falls by enough of what the slope promises."""
        start = float(self._parts.total)
        slope = float(tf.reduce_sum(direction * self._gradient))
        length = 1.0
        while True:
            step = length * direction
            parts, gradient = self._evaluate(self._picture + step)
            total = float(parts.total)
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
            return -self.FIRST_STEP / tf.sqrt(tf.reduce_mean(gradient**2)) * self._gradient
        products, slopes = self._products, self._products_with(gradient[tf.newaxis])[0]
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
        factors = tf.constant(factors.reshape(self._size, 2), tf.float32)
        direction = of_gradient * gradient
        for pair, pair_factors in zip(self._pairs, factors, strict=False):
            direction += tf.linalg.matvec(pair, pair_factors, transpose_a=True)
        return tf.reshape(direction, self._picture.shape)

    def _products_with(self, vectors):
        """Product of each vector with each row of the pairs, shape (vectors, 2 · size)."""
        products = [tf.matmul(vectors, pair, transpose_b=True) for pair in self._pairs]
        products = tf.concat(products, axis=1).numpy()
        return np.pad(products, [(0, 0), (0, 2 * self._size - products.shape[1])])

    @property
    def _known(self):
        return min(self._count, self._size)

    def _remember(self, step, change):
        """Keeps the pair, in place of the oldest, if the loss curves upwards along it."""
        pair = tf.stack([tf.reshape(step, [-1]), tf.reshape(change, [-1])])
        (length, curved), (_, bend) = tf.matmul(pair, pair, transpose_b=True).numpy()
        if curved > 1e-10 * math.sqrt(length * bend):
            place = self._count % self._size
            self._pairs[place : place + 1] = [pair]
            rows = slice(2 * place, 2 * place + 2)
            products = self._products_with(pair)
            self._products[rows] = products
            self._products[:, rows] = products.T
            self._count += 1
