"""One step of each optimizer, on losses whose minimum is known, and against Keras's and SciPy's."""

import io

import numpy as np
import pytest
from scipy.optimize import minimize

import nst_helpers as nst
from nst_helpers.machine.backend import keras, tf
from nst_helpers.optimizers import LBFGS, Adam, GradientDescent, is_finite, make_optimizer


def evaluate_of(function):
    """A loss of one part, evaluated as the package does it."""

    def evaluate(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = function(x)
        return {"total": loss}, tape.gradient(loss, x)

    return evaluate


def stepped(optimizer, evaluate, x, steps):
    """The pictures after each step, and the losses before each."""
    pictures, totals, x = [], [], tf.constant(x)
    for _ in range(steps):
        losses, x = optimizer.step(evaluate, x)
        pictures.append(x.numpy())
        totals.append(float(losses["total"]))
    return pictures, totals


def valley(x):
    """Rosenbrock's."""
    x = tf.reshape(x, [-1])
    return tf.reduce_sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@pytest.fixture
def bowl(rng):
    """A quadratic loss, evaluated, and its lowest point."""
    goal = rng.normal(0, 50, (1, 2, 2, 3)).astype("float32")
    curvature = rng.uniform(0.1, 10, goal.shape).astype("float32")
    return evaluate_of(lambda x: tf.reduce_sum(curvature * (x - goal) ** 2)), goal


def kerass(optimizer, evaluate, start, steps):
    """The pictures after each step of an optimizer of Keras's."""
    variable, pictures = keras.Variable(start), []
    for _ in range(steps):
        optimizer.apply([evaluate(tf.constant(variable.numpy()))[1]], [variable])
        pictures.append(variable.numpy())
    return pictures


def saved(optimizer):
    """An optimizer's state, as a checkpoint's file gives it back."""
    file = io.BytesIO()
    np.savez(file, **optimizer.state())
    file.seek(0)
    return dict(np.load(file))


# Gradient descent.


def test_gradient_descent_is_kerass(bowl):
    evaluate, goal = bowl
    schedule = keras.optimizers.schedules.ExponentialDecay(0.02, decay_steps=3, decay_rate=0.5)
    expected = kerass(keras.optimizers.SGD(schedule), evaluate, np.zeros_like(goal), 10)
    pictures, totals = stepped(GradientDescent(0.02, 3, 0.5), evaluate, np.zeros_like(goal), 10)
    np.testing.assert_allclose(pictures, expected, rtol=1e-4)
    assert totals == sorted(totals, reverse=True)
    np.testing.assert_allclose(totals[0], evaluate(tf.zeros(goal.shape))[0]["total"])


def test_its_rate_belongs_to_the_examples_size(bowl):
    evaluate, goal = bowl
    config = nst.TransferConfig.tutorial(initial_learning_rate=0.01)
    steps = [
        stepped(make_optimizer(config, size), evaluate, np.zeros_like(goal), 1)[0][0]
        for size in ((400, 599), (100, 599))
    ]
    np.testing.assert_allclose(steps[0], -0.01 * evaluate(tf.zeros(goal.shape))[1], rtol=1e-5)
    np.testing.assert_allclose(steps[1], steps[0] / 4, rtol=1e-5)


def test_a_rate_that_grows_beyond_all_numbers_ends_in_no_warning():
    optimizer = GradientDescent(1.0, 1, 1e300)
    evaluate = evaluate_of(lambda x: tf.reduce_sum(x**2))
    with np.errstate(all="raise"):
        pictures, _ = stepped(optimizer, evaluate, np.ones((1, 1, 1, 3), "float32"), 3)
    assert not np.isfinite(pictures[-1]).all()


# Adam.


def test_adam_is_kerass(rng):
    start = rng.normal(0, 1, (1, 4, 4, 3)).astype("float32")
    evaluate = evaluate_of(valley)
    theirs = keras.optimizers.Adam(0.05, beta_1=0.8, beta_2=0.9, epsilon=1e-8)
    expected = kerass(theirs, evaluate, start, 30)
    pictures, totals = stepped(Adam(0.05, 0.8, 0.9, 1e-8), evaluate, start, 30)
    np.testing.assert_allclose(pictures, expected, rtol=1e-3, atol=1e-3)
    assert totals[-1] < totals[0] / 10


def test_adams_first_step_is_its_rate(bowl):
    evaluate, goal = bowl
    optimizer = make_optimizer(nst.TransferConfig(optimizer="adam", adam_learning_rate=3), (9, 9))
    assert isinstance(optimizer, Adam)
    pictures, _ = stepped(optimizer, evaluate, np.zeros_like(goal), 1)
    np.testing.assert_allclose(pictures[0], 3 * np.sign(goal), rtol=1e-4)


def slope_of(gradient):
    return lambda x: ({"total": tf.reduce_sum(gradient * x)}, tf.constant(gradient))


def test_adams_moments_move_to_the_next_size():
    """Four times the pixels share the loss, so each one's gradient is a quarter."""
    small, large = np.full((1, 4, 6, 3), 8.0, "float32"), np.full((1, 8, 12, 3), 2.0, "float32")
    before, after, fresh = (Adam(5.0, 0.9, 0.99, 1e-8) for _ in range(3))
    stepped(before, slope_of(small), np.zeros_like(small), 7)
    after.carry(before.state(), (8, 12))
    moments = after.state()
    assert moments["updates"] == 7 and moments["mean"].shape == large.shape
    np.testing.assert_allclose(moments["mean"], before.state()["mean"][0, 0, 0, 0] / 4, rtol=1e-5)
    np.testing.assert_allclose(
        moments["square"], before.state()["square"][0, 0, 0, 0] / 16, rtol=1e-5
    )
    pictures, _ = stepped(after, slope_of(large), np.zeros_like(large), 3)  # as if nothing changed
    np.testing.assert_allclose(pictures, [large * 0 - 5 * n for n in (1, 2, 3)], rtol=1e-4)
    turned, _ = stepped(after, slope_of(-large), np.zeros_like(large), 1)
    new, _ = stepped(fresh, slope_of(-large), np.zeros_like(large), 1)
    assert (turned[0] < 0).all() and (new[0] > 0).all()  # it remembers where it was going


def test_adam_carries_to_sizes_of_another_shape(rng):
    before, after = (Adam(5.0, 0.9, 0.99, 1e-8) for _ in range(2))
    gradient = rng.normal(0, 1, (1, 5, 7, 3)).astype("float32")
    stepped(before, slope_of(gradient), np.zeros_like(gradient), 3)
    after.carry(saved(before), (11, 16))
    moments = after.state()
    assert moments["mean"].shape == moments["square"].shape == (1, 11, 16, 3)
    assert (moments["square"].numpy() >= 0).all()
    large = rng.normal(0, 1, (1, 11, 16, 3)).astype("float32")
    pictures, _ = stepped(after, slope_of(large), np.zeros_like(large), 2)
    assert np.isfinite(pictures).all()


def test_adam_has_nothing_to_carry_before_its_first_step_or_after_an_explosion():
    gradient = np.ones((1, 4, 6, 3), "float32")
    unused, exploded, after = (Adam(5.0, 0.9, 0.99, 1e-8) for _ in range(3))
    stepped(exploded, slope_of(gradient), gradient, 3)
    exploded.slow_down()
    for before in (unused, exploded):
        after.carry(before.state(), (8, 12))
        assert after.state() == {"updates": 0, "rate": 5.0}


# L-BFGS.


def test_a_quadratic_is_solved(bowl):
    """With more pairs than dimensions L-BFGS is BFGS: exact after a few steps."""
    evaluate, goal = bowl
    pictures, _ = stepped(LBFGS(history=20), evaluate, np.zeros_like(goal), 60)
    np.testing.assert_allclose(pictures[-1], goal, atol=1e-2)


def test_it_needs_no_more_evaluations_than_scipys(rng):
    """On Rosenbrock's valley, from the same start, with the same history."""
    start = rng.normal(0, 1, (1, 4, 4, 3)).astype("float32")
    counted, evaluate = [], evaluate_of(valley)

    def evaluate_counted(x):
        counted.append(x)
        return evaluate(x)

    pictures, _ = stepped(LBFGS(history=10), evaluate_counted, start, 80)

    def value_and_gradient(x):
        losses, gradient = evaluate(tf.constant(x, tf.float64))
        return float(losses["total"]), gradient.numpy()

    theirs = minimize(
        value_and_gradient,
        start.ravel().astype("float64"),
        jac=True,
        method="L-BFGS-B",
        options={"maxcor": 10, "maxiter": 80},
    )
    assert float(valley(pictures[-1])) < max(2 * theirs.fun, 1e-3)
    assert len(counted) < 1.2 * theirs.nfev


def test_the_loss_never_rises():
    pictures = nst.picture("harbour_town"), nst.picture("mosaic")
    result = nst.transfer(*pictures, nst.TransferConfig.fast(rows=48, iterations=25))
    totals = [row.total for row in result.losses]
    assert totals == sorted(totals, reverse=True)
    assert totals[-1] < totals[0] / 20


@pytest.mark.parametrize("height", [np.nan, np.inf])
def test_it_stays_where_it_is_if_nothing_is_lower(height):
    start = np.ones((1, 2, 2, 3), "float32")
    evaluate = evaluate_of(
        lambda x: tf.where(tf.reduce_all(x == 1), 0.0, height) + 0 * tf.reduce_sum(x)
    )
    pictures, _ = stepped(LBFGS(history=10), evaluate, start, 3)
    np.testing.assert_array_equal(pictures[-1], start)


def test_a_gradient_that_is_not_finite_moves_nothing():
    """The loss is lower there, so only the gradient can tell."""

    @tf.custom_gradient
    def cliff(x):
        slope = tf.where(x > 1.999, 1.0, np.nan)
        return tf.reduce_sum(x), lambda upstream: upstream * slope

    start = np.full((1, 2, 2, 3), 2.0, "float32")
    (*_, last), _ = stepped(LBFGS(history=10), evaluate_of(cliff), start, 3)
    assert (last > 1.999).all() and (last <= 2).all()


def test_it_notices_that_the_picture_is_another():
    """After an explosion the loop goes back to the best picture."""
    evaluate = evaluate_of(lambda x: tf.reduce_sum(x**2))
    optimizer, elsewhere = LBFGS(history=5), tf.fill((1, 2, 2, 3), 7.0)
    stepped(optimizer, evaluate, np.ones((1, 2, 2, 3), "float32"), 2)
    losses, _ = optimizer.step(evaluate, elsewhere)
    assert float(losses["total"]) == 12 * 49


def test_a_history_is_no_longer_than_the_run():
    config = nst.TransferConfig.fast(history=20, iterations=5)
    assert len(make_optimizer(config, (9, 9)).state()["products"]) == 10


# What is saved, and what comes back.

OPTIMIZERS = {
    "sgd": lambda: GradientDescent(1e-4, 10, 0.9),
    "adam": lambda: Adam(0.05, 0.9, 0.99, 1e-8),
    "lbfgs": lambda: LBFGS(history=6),
}


@pytest.mark.parametrize("stop", [1, 4, 15])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_restored_optimizer_continues_as_if_nothing_had_happened(rng, name, stop):
    start = rng.normal(0, 1, (1, 4, 4, 3)).astype("float32")
    evaluate, make = evaluate_of(valley), OPTIMIZERS[name]
    expected, _ = stepped(make(), evaluate, start, 20)
    first, second = make(), make()
    pictures, _ = stepped(first, evaluate, start, stop)
    second.restore(saved(first))
    rest, _ = stepped(second, evaluate, pictures[-1], 20 - stop)
    np.testing.assert_allclose(rest, expected[stop:], rtol=1e-6)


@pytest.mark.parametrize("stop", [0, 3, 8])
def test_lbfgs_continues_with_a_longer_history(rng, stop):
    """As a run does that gets more iterations: the pairs that there are are all of them."""
    start = rng.normal(0, 1, (1, 4, 4, 3)).astype("float32")
    evaluate = evaluate_of(valley)
    expected, _ = stepped(LBFGS(history=20), evaluate, start, 25)
    short, longer = LBFGS(history=8), LBFGS(history=20)
    pictures, _ = stepped(short, evaluate, start, stop)
    longer.restore(saved(short))
    rest, _ = stepped(longer, evaluate, [start, *pictures][-1], 25 - stop)
    np.testing.assert_allclose(rest, expected[stop:], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_slower_steps_stay_slower(bowl, name):
    """Also after a restore."""
    evaluate, goal = bowl
    slow, restored = OPTIMIZERS[name](), OPTIMIZERS[name]()
    setting, rate = slow.setting
    slow.slow_down()
    assert slow.setting == (setting, rate / 4)
    restored.restore(saved(slow))
    assert restored.setting == slow.setting
    usual, slower, again = (
        stepped(optimizer, evaluate, np.zeros_like(goal), 1)[0][0]
        for optimizer in (OPTIMIZERS[name](), slow, restored)
    )
    np.testing.assert_allclose(slower, usual / 4, rtol=1e-5)
    np.testing.assert_array_equal(again, slower)


def test_is_finite():
    good = tf.ones(3)
    assert is_finite({"total": tf.constant(1.0)}, good)
    assert not is_finite({"total": tf.constant(np.nan)}, good)
    assert not is_finite({"total": tf.constant(1.0)}, tf.constant([0.0, np.inf]))


def test_once_converged_it_evaluates_no_more():
    """At a minimum each line search would shorten its step some twenty times for nothing."""
    count = 0

    def evaluate(x):
        nonlocal count
        count += 1
        loss = tf.where(tf.reduce_all(x == 1), 0.0, 1.0)
        return {"total": loss}, tf.ones_like(x)

    optimizer, x = LBFGS(10), tf.ones((1, 2, 2, 3))
    _, x = optimizer.step(evaluate, x)
    searched = count
    for _ in range(5):
        _, x = optimizer.step(evaluate, x)
    assert count == searched and (x.numpy() == 1).all()
