"""L-BFGS on losses whose minimum is known, and on the real one."""

import numpy as np
import pytest
from scipy.optimize import minimize

import nst_helpers as nst
from nst_helpers.backend import tf
from nst_helpers.losses import LossParts
from nst_helpers.optimizers import LBFGS


def optimizer_of(function, start, history=10):
    """L-BFGS on a loss of one part, and the variable that it changes."""

    def evaluate(picture):
        with tf.GradientTape() as tape:
            tape.watch(picture)
            loss = function(picture)
        zero = tf.zeros(())
        return LossParts(loss, loss, zero, zero), tape.gradient(loss, picture)

    picture = tf.Variable(start)
    return LBFGS(evaluate, picture, nst.TransferConfig.fast(history=history)), picture


def test_a_quadratic_is_solved(rng):
    """With more pairs than dimensions L-BFGS is BFGS: exact after a few steps."""
    goal = rng.normal(0, 50, (1, 2, 2, 3)).astype("float32")
    curvature = rng.uniform(0.1, 10, goal.shape).astype("float32")
    optimizer, picture = optimizer_of(
        lambda x: tf.reduce_sum(curvature * (x - goal) ** 2), np.zeros_like(goal), history=20
    )
    optimizer.advance(60)
    np.testing.assert_allclose(picture, goal, atol=1e-2)


def test_it_needs_no_more_evaluations_than_scipys(rng):
    """On Rosenbrock's valley, from the same start, with the same history."""

    def valley(x):
        x = tf.reshape(x, [-1])
        return tf.reduce_sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    start = rng.normal(0, 1, (1, 4, 4, 3)).astype("float32")
    optimizer, picture = optimizer_of(valley, start)

    def value_and_gradient(x):
        x = tf.constant(x, tf.float64)
        with tf.GradientTape() as tape:
            tape.watch(x)
            value = valley(x)
        return float(value), tape.gradient(value, x).numpy()

    theirs = minimize(
        value_and_gradient,
        start.ravel().astype("float64"),
        jac=True,
        method="L-BFGS-B",
        options={"maxcor": 10, "maxiter": 80},
    )
    optimizer.advance(80)
    assert float(valley(picture)) < max(2 * theirs.fun, 1e-3)


def test_the_loss_never_rises():
    result = nst.transfer(
        nst.picture("harbour_town"),
        nst.picture("mosaic"),
        nst.TransferConfig.fast(rows=48, iterations=25),
        lambda progress: None,
    )
    totals = [row.total for row in result.losses]
    assert totals == sorted(totals, reverse=True)
    assert totals[-1] < totals[0] / 20


@pytest.mark.parametrize("height", [np.nan, np.inf])
def test_it_stays_where_it_is_if_nothing_is_lower(height):
    start = np.ones((1, 2, 2, 3), "float32")
    optimizer, picture = optimizer_of(
        lambda x: tf.where(tf.reduce_all(x == 1), 0.0, height) + 0 * tf.reduce_sum(x), start
    )
    optimizer.advance(3)
    np.testing.assert_array_equal(picture, start)
