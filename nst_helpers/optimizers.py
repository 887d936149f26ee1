"""What turns gradients into the next picture, compiled, with all of its state on the device."""

from nst_helpers.backend import tf
from nst_helpers.features import LossParts

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
        self._updates = tf.Variable(0.0, trainable=False)
        self.advance = tf.function(self._advance)  # one for each run: its graph goes with it

    def _advance(self, iterations):
        """Updates the picture several times without coming back to Python.

        Args:
            iterations: How many updates, 1 or more, a scalar integer tensor.

        Returns:
            `LossParts` of the picture before the last update: what the document prints.
        """
        parts = self._update()
        for _ in tf.range(iterations - 1):
            parts = self._update()
        return parts

    def _update(self):
        parts, gradient = self._evaluate(self._picture)
        decay = self._config.decay_rate ** (self._updates / self._config.decay_steps)
        self._picture.assign_sub(self._initial_rate * decay * gradient)
        self._updates.assign_add(1.0)
        return parts


class LBFGS:
    """Limited-memory BFGS (Nocedal and Wright, *Numerical Optimization*, algorithms 7.4 and 7.5).

    Each pair, a step and the change that it made to the gradient, tells how the loss curves along
    the step. From the last pairs the two-loop recursion makes a direction that fits the curvature,
    so nearly every step can be taken whole. A step that lowers the loss too little is shortened.

    Args:
        evaluate: Function from a picture to (`LossParts`, gradient).
        picture: `tf.Variable` of shape (1, rows, cols, 3), changed in place.
        config: A `TransferConfig`, for `history`, the number of pairs.
    """

    FIRST_STEP = 2.5  # gray levels, root mean square: before a curvature is known, be careful
    SUFFICIENT_DECREASE = 1e-4  # of what the slope promises (Armijo's rule)
    SHORTEST = 1e-6  # of the whole step

    def __init__(self, evaluate, picture, config):
        self._size = config.history
        self._picture = picture
        self._gradient = tf.Variable(tf.zeros_like(picture), trainable=False)
        self._parts = tf.Variable(tf.zeros(len(LossParts._fields)), trainable=False)
        # The steps, then the changes, a row each; and the products of each row with each other.
        self._pairs = tf.Variable(tf.zeros((2 * self._size, tf.size(picture))), trainable=False)
        self._products = tf.Variable(tf.zeros((2 * self._size,) * 2), trainable=False)
        self._count = tf.Variable(0, trainable=False)
        self.start(evaluate)

    def start(self, evaluate):
        """Takes up another `evaluate` of the same loss; what was learned of its curvature stays."""
        self._evaluate = tf.function(evaluate)
        self._keep(*self._evaluate(self._picture))
        self.advance = tf.function(self._advance)

    def _keep(self, parts, gradient):
        self._parts.assign(tf.stack(parts))
        self._gradient.assign(gradient)

    def _advance(self, iterations):
        """Updates the picture several times; the same as `GradientDescent.advance`."""
        parts = self._update()
        for _ in tf.range(iterations - 1):
            parts = self._update()
        return LossParts(*tf.unstack(parts))

    def _update(self):
        before = tf.identity(self._parts)
        direction = tf.reshape(self._direction(), tf.shape(self._picture))
        step, parts, gradient = self._search(direction)
        if parts.total <= before[0]:
            self._remember(step, gradient - self._gradient)
            self._picture.assign_add(step)
            self._keep(parts, gradient)
        else:  # nothing lower that way: forget the curvature and begin again with the gradient
            self._count.assign(0)
        return before

    def _search(self, direction):
        """Shortens the step until the loss falls by enough of what the slope promises."""
        slope = tf.reduce_sum(direction * self._gradient)
        step = direction
        parts, gradient = self._evaluate(self._picture + step)
        length = tf.constant(1.0)
        while length > self.SHORTEST and not (
            parts.total <= self._parts[0] + self.SUFFICIENT_DECREASE * length * slope
        ):
            # The lowest point of the parabola through both losses and the slope, within reason.
            excess = parts.total - self._parts[0] - length * slope
            lowest = tf.clip_by_value(-slope * length / (2 * excess), 0.1, 0.5)
            length *= tf.where(tf.math.is_finite(excess), lowest, 0.1)
            step = length * direction
            parts, gradient = self._evaluate(self._picture + step)
        return step, parts, gradient

    def _direction(self):
        """Minus the inverse curvature times the gradient, by the two-loop recursion.

        What it makes is a sum of the pairs and the gradient, so the recursion runs on the factors
        of that sum, a few dozen numbers, and the pairs are read twice instead of four times each
        in turn (Chen, Wang and Zhou, *Large-scale L-BFGS using MapReduce*, NIPS 2014).
        """
        size = self._size
        known = tf.minimum(self._count, size)
        gradient = tf.reshape(self._gradient, [-1])
        if known == 0:
            return -self.FIRST_STEP / tf.sqrt(tf.reduce_mean(gradient**2)) * gradient
        products, slopes = self._products, tf.linalg.matvec(self._pairs, gradient)
        factors, of_gradient = tf.zeros([2 * size]), -1.0
        weights = tf.zeros([size])
        for age in tf.range(known):
            s = (self._count - 1 - age) % size
            y = s + size
            along = tf.tensordot(factors, products[:, s], 1) + of_gradient * slopes[s]
            weight = along / products[s, y]
            weights = tf.tensor_scatter_nd_update(weights, [[s]], [weight])
            factors = tf.tensor_scatter_nd_sub(factors, [[y]], [weight])
        s = (self._count - 1) % size
        curvature = products[s + size, s + size] / products[s, s + size]
        factors, of_gradient = factors / curvature, of_gradient / curvature
        for age in tf.range(known - 1, -1, -1):
            s = (self._count - 1 - age) % size
            y = s + size
            along = tf.tensordot(factors, products[:, y], 1) + of_gradient * slopes[y]
            factors = tf.tensor_scatter_nd_add(
                factors, [[s]], [weights[s] - along / products[s, y]]
            )
        return tf.linalg.matvec(self._pairs, factors, transpose_a=True) + of_gradient * gradient

    def _remember(self, step, change):
        """Keeps the pair, in place of the oldest, if the loss curves upwards along it."""
        pair = tf.stack([tf.reshape(step, [-1]), tf.reshape(change, [-1])])
        own = tf.matmul(pair, pair, transpose_b=True)
        if own[0, 1] > 1e-10 * tf.sqrt(own[0, 0] * own[1, 1]):
            s = self._count % self._size
            rows = [[s], [s + self._size]]
            self._pairs.scatter_nd_update(rows, pair)
            products = tf.matmul(pair, self._pairs, transpose_b=True)
            self._products.scatter_nd_update(rows, products)
            self._products.assign(
                tf.transpose(
                    tf.tensor_scatter_nd_update(tf.transpose(self._products), rows, products)
                )
            )
            self._count.assign_add(1)
