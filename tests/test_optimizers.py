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


# Losses that explode.


def paint(**changes):
    config = nst.TransferConfig.recipe(
        changes.pop("recipe", "tutorial"), **{"rows": 48, "iterations": 30, **changes}
    )
    return nst.transfer(
        nst.picture("harbour_town"), nst.picture("swirling_strokes"), config, lambda progress: None
    )


def is_a_picture(result):
    """Finite, and neither black nor white nor noise: still like the town that it began as."""
    town = nst.load_image(nst.picture("harbour_town"), rows=48)
    alike = np.corrcoef(result.image.ravel(), town.ravel())[0, 1]
    return np.isfinite(result.picture).all() and alike > 0.3


@pytest.mark.parametrize("times", [4, 10, 20])
def test_too_high_a_rate_is_lowered(times, survived):
    with pytest.warns(UserWarning, match="^The loss exploded: the run goes on from its best"):
        result = paint(initial_learning_rate=times * 100.0)
    totals = np.array([row[2:] for row in result.losses])
    assert np.isfinite(totals).all() and len(totals) == 30
    assert totals[-1, 0] < totals[0, 0] and is_a_picture(result)
    survived("a learning rate 4, 10 or 20 times too high", 1, 1)


def test_a_last_update_that_explodes_is_taken_back(survived):
    for iterations in (1, 2):
        with pytest.warns(UserWarning, match="explode"):
            result = paint(initial_learning_rate=1e9, iterations=iterations)
        assert is_a_picture(result)
    survived("a last update that explodes", 2, 2)


def test_a_rate_that_no_retry_saves_is_named(survived):
    with (
        pytest.warns(UserWarning, match="The loss exploded"),
        pytest.raises(
            nst.DivergenceError, match=r"^initial_learning_rate=1e\+09 is too high here"
        ) as error,
    ):
        paint(initial_learning_rate=1e9)
    assert "\n" not in str(error.value) and is_a_picture(error.value.result)
    survived("a learning rate that no retry saves", 1, 1)


@pytest.mark.parametrize("recipe", ["tutorial", "fast"])
def test_weights_beyond_float32_are_named(recipe, survived):
    with pytest.raises(nst.DivergenceError, match=r"lower .*style_weight=1e\+30") as error:
        paint(recipe=recipe, style_weight=1e30)
    assert "\n" not in str(error.value) and error.value.result is None
    survived("weights at the end of float32", 1, 1)


def test_a_loss_near_the_end_of_float32_still_falls():
    """Its gradient's square is infinite."""
    result = paint(recipe="multiscale", style_weight=1e30)
    assert result.losses[-1].total < 0.9 * result.losses[0].total and is_a_picture(result)


def test_a_gradient_that_is_not_finite_moves_nothing():
    """The loss is lower there, so only the gradient can tell."""

    @tf.custom_gradient
    def cliff(x):
        slope = tf.where(x > 1.999, 1.0, np.nan)
        return tf.reduce_sum(x), lambda upstream: upstream * slope

    optimizer, picture = optimizer_of(cliff, np.full((1, 2, 2, 3), 2.0, "float32"))
    optimizer.advance(3)
    assert (picture.numpy() > 1.999).all() and (picture.numpy() <= 2).all()
