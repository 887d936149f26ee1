"""How the loss curves along the last steps: L-BFGS's pairs, kept and read with little memory."""

import math

import numpy as np

from nst_helpers.machine.backend import tf


class Curvature:
    """The last pairs of a step and the change that it made to the gradient.

    Args:
        history: How many pairs are kept; a new one takes the oldest's place.
    """

    def __init__(self, history):
        self._size = history
        # Tensors of two rows, a step and its change: one large variable for all would be copied at
        # every reading. In bfloat16 they take half the memory and do as well.
        self._pairs = None  # the first step says how large they are
        self._products = np.zeros((2 * history, 2 * history))  # of each row with each other
        self._count = 0

    def __len__(self):
        return min(self._count, self._size)

    def forget(self):
        """Begins anew."""
        self._count = 0

    def remember(self, step, change):
        """Keeps a pair if the loss curves upwards along it."""
        place = self._count % self._size
        pair = tf.stack([tf.cast(tf.reshape(x, [-1]), tf.bfloat16) for x in (step, change)])
        pairs = [*(self._pairs or [tf.zeros_like(pair)] * self._size)]
        pairs[place] = pair
        rows = slice(2 * place, 2 * place + 2)
        products = _products(tf.unstack(pair), pairs).numpy()
        (length, curved), (_, bend) = products[:, rows]
        if curved > 1e-10 * math.sqrt(length * bend):
            self._pairs = pairs
            self._products[rows] = products
            self._products[:, rows] = products.T
            self._count += 1

    def direction(self, gradient):
        """Minus the inverse curvature times the gradient, by the two-loop recursion.

        The result is a sum of the pairs and the gradient, so the recursion runs on the factors of
        that sum, a few dozen numbers, and all pairs are read at once, twice (Chen, Wang and Zhou,
        *Large-scale L-BFGS using MapReduce*, NIPS 2014).

        Args:
            gradient: Tensor of the pictures' shape.

        Returns:
            Tensor of the same shape.
        """
        flat = tf.reshape(gradient, [-1])
        slopes = _products([flat], self._pairs).numpy()[0]
        factors, of_gradient = self._factors(slopes)
        factors = tf.constant(factors.reshape(self._size, 1, 2), tf.float32)
        direction = _sum(tf.constant(of_gradient, tf.float32) * flat, self._pairs, factors)
        return tf.reshape(direction, gradient.shape)

    def _factors(self, slopes):
        """The factor of each row of the pairs in the direction, and the gradient's."""
        products, factors, of_gradient = self._products, np.zeros(len(self._products)), -1.0
        newest_first = [2 * ((self._count - 1 - age) % self._size) for age in range(len(self))]
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
        return factors, of_gradient

    def state(self):
        """Arrays by name, as NumPy knows them."""
        bits = [tf.bitcast(pair, tf.uint16) for pair in (self._pairs or [])[: len(self)]]
        pairs = {f"pair{place}": pair for place, pair in enumerate(bits)}
        return {"count": self._count, "products": self._products.copy(), **pairs}

    def restore(self, state):
        """Becomes what gave that state; of a shorter history all pairs, oldest first."""
        count, products = int(state["count"]), np.asarray(state["products"])
        size = len(products) // 2
        kept = range(count - min(count, size, self._size), count)
        places, self._count = [number % size for number in kept], len(kept)
        if size == self._size:
            places, self._count = sorted(places), count
        pairs = [tf.bitcast(tf.constant(state[f"pair{p}"]), tf.bfloat16) for p in places]
        if pairs:
            self._pairs = [*pairs, *[tf.zeros_like(pairs[0])] * (self._size - len(pairs))]
        rows = [2 * place + row for place in places for row in (0, 1)]
        self._products[: len(rows), : len(rows)] = products[np.ix_(rows, rows)]


# Compiled for all pairs at once: one after the other, from Python, they take four times as long.
# But only one lies there in float32 at a time.


@tf.function(reduce_retracing=True)
def _products(vectors, pairs):
    """Product of each vector with each row of the pairs, shape (vectors, 2 · pairs)."""
    vectors, columns = [_in_float32(vector) for vector in vectors], []
    for pair in pairs:
        with tf.control_dependencies(columns[-1:]):
            pair = _in_float32(pair)
        # A vector at a time: TensorFlow's product of two or three is not spread over the cores.
        columns.append(tf.stack([tf.linalg.matvec(pair, vector) for vector in vectors]))
    return tf.concat(columns, axis=1)


@tf.function(reduce_retracing=True)
def _sum(vector, pairs, factors):
    """The vector plus each row of the pairs times its factor; factors: shape (pairs, 1, 2)."""
    for both, pair in zip(tf.unstack(factors), pairs, strict=True):
        with tf.control_dependencies([vector]):
            pair = _in_float32(pair)
        vector += tf.matmul(both, pair)[0]
    return vector


def _in_float32(pair):
    return tf.cast(pair, tf.float32)
