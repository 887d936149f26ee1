"""What turns gradients into the next picture: one step of gradient descent, Adam or L-BFGS.

Each optimizer has `step(evaluate, x) -> losses, x`: the losses of the picture before the step, and
the picture after it. Pictures are tensors that nothing changes; all stays on the device.
"""

import math

import numpy as np

from nst_helpers.machine.backend import tf
from nst_helpers.machine.curvature import Curvature
from nst_helpers.machine.memory import pairs_kept

EXAMPLE_PIXELS = 400 * 599  # the size that the Keras example's learning rate of 100 belongs to
SLOWER = 4  # times, at each retry after an explosion


def make_optimizer(config, size):
    """The optimizer that a config names, for pictures of that size (rows, cols)."""
    if config.optimizer == "lbfgs":
        return LBFGS(pairs_kept(size, config))
    if config.optimizer == "adam":
        return Adam(config.adam_learning_rate, config.beta_1, config.beta_2, config.epsilon)
    rows, cols = size
    return GradientDescent(
        config.initial_learning_rate, config.decay_steps, config.decay_rate,
        scale=rows * cols / EXAMPLE_PIXELS,
    )  # fmt: skip


class GradientDescent:
    """The Keras example's optimizer: x ← x − rate · gradient, with a rate that decays.

    rate = scale · initial_learning_rate · decay_rate^(updates / decay_steps)

    Args:
        initial_learning_rate, decay_steps, decay_rate: As in `TransferConfig`.
        scale: The picture's pixels over the example's. All pixels share the style loss, so each
            pixel's gradient grows as the picture gets smaller, and a step that is right for 400
            rows overshoots at 128.
    """

    never_rises = False  # whether no step can raise the loss
    carries = False  # whether the next size takes something along

    def __init__(self, initial_learning_rate, decay_steps, decay_rate, scale=1.0):
        self._initial_rate = initial_learning_rate
        self._decay_steps = decay_steps
        self._decay_rate = decay_rate
        self._scale = scale
        self._updates = 0

    @property
    def setting(self):
        """The setting to lower where the loss explodes, and its value."""
        return "initial_learning_rate", self._initial_rate

    def step(self, evaluate, x):
        """One update.

        Args:
            evaluate: Function from a picture to its losses by name and the gradient of the total.
            x: The picture, shape (1, rows, cols, 3).

        Returns:
            The losses of x, and the next picture.
        """
        losses, gradient = evaluate(x)
        with np.errstate(over="ignore"):  # a rate that is set to grow may end beyond all numbers
            decay = np.power(self._decay_rate, self._updates / self._decay_steps)
            rate = np.float32(self._scale * self._initial_rate * decay)
        self._updates += 1
        return losses, x - rate * gradient

    def slow_down(self):
        """Takes shorter steps from now on."""
        self._initial_rate /= SLOWER

    def state(self):
        """Arrays by name: what `restore` needs to continue."""
        return {"updates": self._updates, "rate": self._initial_rate}

    def restore(self, state):
        """Becomes as the optimizer was that gave this state."""
        self._updates, self._initial_rate = int(state["updates"]), float(state["rate"])


class Adam:
    """Adam (Kingma and Ba, arXiv:1412.6980, algorithm 1), with moments that move between sizes.

    x ← x − learning_rate · m̂ / (√v̂ + epsilon), where m̂ and v̂ are means of past gradients and of
    their squares, freed of their start at zero.

    Args:
        learning_rate: Gray levels that a pixel moves in a step, at most about.
        beta_1, beta_2: How much of the old means is kept at each step.
        epsilon: Keeps the division from zero.
    """

    never_rises = False
    carries = True

    def __init__(self, learning_rate, beta_1, beta_2, epsilon):
        self._rate = learning_rate
        self._betas = beta_1, beta_2
        self._epsilon = epsilon
        self._updates = 0
        self._moments = None

    @property
    def setting(self):
        return "adam_learning_rate", self._rate

    def step(self, evaluate, x):
        """One update; the same as `GradientDescent.step`."""
        losses, gradient = evaluate(x)
        if self._moments is None:
            self._moments = tf.zeros_like(x), tf.zeros_like(x)
        self._updates += 1
        news = gradient, tf.square(gradient)
        self._moments = tuple(
            beta * old + (1 - beta) * new
            for beta, old, new in zip(self._betas, self._moments, news, strict=True)
        )
        mean, square = (
            moment / (1 - beta**self._updates)
            for beta, moment in zip(self._betas, self._moments, strict=True)
        )
        return losses, x - self._rate * mean / (tf.sqrt(square) + self._epsilon)

    def slow_down(self):
        """Takes shorter steps from now on, and forgets the gradients that exploded."""
        self._rate /= SLOWER
        self._updates, self._moments = 0, None

    def state(self):
        if self._moments is None:
            return {"updates": 0, "rate": self._rate}
        mean, square = self._moments
        return {"updates": self._updates, "rate": self._rate, "mean": mean, "square": square}

    def restore(self, state):
        self._updates, self._rate = int(state["updates"]), float(state["rate"])
        if self._updates:
            self._moments = tf.constant(state["mean"]), tf.constant(state["square"])

    def carry(self, state, size):
        """Takes the moments of another size along, enlarged (as crowsonkb does).

        With more pixels to share the loss, each has a smaller gradient: in proportion, so the
        moments shrink with the pixels, and with their square.
        """
        if "mean" not in state:
            return
        old_rows, old_cols = state["mean"].shape[1:3]
        share = old_rows * old_cols / (size[0] * size[1])
        mean, square = (
            tf.image.resize(tf.constant(state[name]), size, "bilinear")
            for name in ("mean", "square")
        )
        self._updates = int(state["updates"])
        self._moments = share * mean, share**2 * tf.maximum(square, 0.0)


class LBFGS:
    """Limited-memory BFGS (Nocedal and Wright, *Numerical Optimization*, algorithms 7.4 and 7.5).

    From its last steps and what each changed about the gradient it knows how the loss curves, so
    nearly every step can be taken whole. A step that lowers the loss too little is shortened.

    Python decides, from a few numbers an evaluation. Compiled into one graph, the loop ran no
    faster and took seconds longer to compile.

    Args:
        history: How many pairs, of a step and its change, are remembered.
    """

    FIRST_STEP = 2.5  # gray levels, root mean square: before a curvature is known, be careful
    SUFFICIENT_DECREASE = 1e-4  # of what the slope promises (Armijo's rule)
    SHORTEST = 1e-6  # of the whole step

    never_rises = True
    carries = False  # curvature at one size says little about the next (benchmarks/NOTES.md)
    setting = "history", 0  # no step raises the loss, so nothing explodes

    def __init__(self, history):
        self._curvature = Curvature(history)
        self._here = None  # the picture that is evaluated already, its losses and gradient
        self._converged = False  # whether nothing lower was found along the gradient itself

    def step(self, evaluate, x):
        """One update, of one evaluation or more; the same as `GradientDescent.step`."""
        if self._here is None or self._here[0] is not x:
            self._here, self._converged = (x, *evaluate(x)), False
        _, losses, gradient = self._here
        if self._converged:
            return losses, x
        step, lower, next_gradient = self._search(evaluate, self._direction(gradient))
        if lower["total"] <= losses["total"] and is_finite(lower, next_gradient):
            self._curvature.remember(step, next_gradient - gradient)
            self._here = x + step, lower, next_gradient
        else:  # nothing lower that way: forget the curvature and begin again with the gradient
            self._converged = not self._curvature
            self._curvature.forget()
        return losses, self._here[0]

    def slow_down(self):
        """Forgets the curvature."""
        self._curvature.forget()

    def state(self):
        """Arrays by name: what `restore` needs to continue."""
        return self._curvature.state()

    def restore(self, state):
        """Becomes as the optimizer was; one that remembers more pairs takes all of them."""
        self._curvature.restore(state)

    def _direction(self, gradient):
        if self._curvature:
            return self._curvature.direction(gradient)
        steepest = tf.math.divide_no_nan(gradient, tf.reduce_max(tf.abs(gradient)))
        length = tf.sqrt(tf.reduce_mean(steepest**2))  # the gradient's own might be infinite
        return -self.FIRST_STEP * tf.math.divide_no_nan(steepest, length)

    def _search(self, evaluate, direction):
        """Shortens the step until the loss falls by enough of what the slope promises."""
        x, losses, gradient = self._here
        start = float(losses["total"])
        slope = float(tf.reduce_sum(direction * gradient))
        length = 1.0
        while True:
            step = direction if length == 1 else length * direction
            losses, gradient = evaluate(x + step)
            total = float(losses["total"]) if is_finite(losses, gradient) else math.inf
            enough = total <= start + self.SUFFICIENT_DECREASE * length * slope
            if enough or length < self.SHORTEST:
                return step, losses, gradient
            # The lowest point of the parabola through both losses and the slope, within reason.
            excess = total - start - length * slope
            lowest = -slope * length / (2 * excess) if math.isfinite(excess) and excess > 0 else 0
            length *= min(max(lowest, 0.1), 0.5)


def is_finite(losses, gradient):
    """Whether neither the loss nor any part of its gradient is infinite or not a number."""
    return math.isfinite(losses["total"]) and bool(tf.reduce_all(tf.math.is_finite(gradient)))
