"""The loop at one size, the sizes, what is reported, and losses that explode."""

import warnings

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.config import MIN_ROWS
from nst_helpers.loop import Guard, check_start, iterate, report_iterations, stages
from nst_helpers.machine.backend import HAS_GPU, tf
from nst_helpers.optimizers import LBFGS, GradientDescent


def evaluate(x):
    """A bowl; its losses and gradient."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(x**2)
    return {"total": loss, "style": loss}, tape.gradient(loss, x)


def picture(value):
    return tf.fill((1, 1, 1, 3), float(value))


def descent(rate):
    """Each step multiplies the picture by 1 - 2 · rate."""
    return GradientDescent(rate, 1, 1.0)


# The loop.


def test_the_loop_is_five_lines():
    """What lesson 7 writes out: evaluate, step, and report now and then."""
    optimizer, x = descent(0.25), picture(8)
    reports = list(iterate(evaluate, optimizer, Guard(optimizer), x, range(1, 6), {1, 3, 5}))
    assert [iteration for iteration, _, _ in reports] == [1, 3, 5]
    for iteration, losses, after in reports:
        assert losses == {name: 3 * (8 * 0.5 ** (iteration - 1)) ** 2 for name in losses}
        np.testing.assert_allclose(after, picture(8 * 0.5**iteration))
    np.testing.assert_array_equal(x, picture(8))  # no step changes a picture


def test_an_explosion_goes_back_to_the_best_picture():
    """With a quarter of the rate, until that is low enough."""
    optimizer = descent(8.0)  # times -15, then times -3, then 0
    guard = Guard(optimizer)
    with pytest.warns(UserWarning, match="continues with initial_learning_rate=") as said:
        reports = list(iterate(evaluate, optimizer, guard, picture(8), range(1, 9), range(9)))
    assert [str(w.message).split("=")[1] for w in said] == ["2.", "0.5."]
    totals = [losses["total"] for _, losses, _ in reports]
    assert totals == [192, 192, 192, 9 * 192, 192, 192, 0, 0]  # nine times is no explosion yet
    np.testing.assert_array_equal(reports[1][2], picture(8))
    assert optimizer.setting == ("initial_learning_rate", 0.5)


def test_a_rate_that_no_retry_saves_ends_the_loop():
    optimizer = descent(1e6)
    with (
        pytest.warns(UserWarning, match="The loss exploded"),
        pytest.raises(nst.DivergenceError, match=r"^initial_learning_rate=1e\+06 is too high") as e,
    ):
        list(iterate(evaluate, optimizer, Guard(optimizer), picture(8), range(1, 99), range(99)))
    assert "even with 15625. Set a lower one." in str(e.value)


def test_a_last_step_that_explodes_is_taken_back():
    optimizer = descent(1e6)
    with pytest.warns(UserWarning, match="^The last update made the loss explode"):
        ((_, losses, x),) = iterate(evaluate, optimizer, Guard(optimizer), picture(8), [1], {1})
    assert losses["total"] == 192
    np.testing.assert_array_equal(x, picture(8))


def test_no_more_evaluations_than_iterations_and_one():
    calls = []

    def evaluate_counted(x):
        calls.append(x)
        return evaluate(x)

    optimizer = descent(0.25)
    list(iterate(evaluate_counted, optimizer, Guard(optimizer), picture(8), range(1, 6), {1, 5}))
    assert len(calls) == 6  # the last tells whether the last step exploded


def test_lbfgs_needs_no_guard():
    optimizer = LBFGS(history=3)
    guard = Guard(optimizer)
    for _, _, x in iterate(evaluate, optimizer, guard, picture(8), range(1, 9), range(9)):
        assert guard.best is x
    assert np.abs(x).max() < 0.01


# The guard.


def losses_of(total):
    return {"total": tf.constant(total), "style": tf.constant(total / 2)}


def test_the_guard_keeps_the_best_picture():
    guard = Guard(descent(1.0))
    for total, place in ((4.0, 0), (6.0, 1), (3.0, 2), (9.0, 3)):
        seen, after = guard.check(losses_of(total), picture(place), picture(place + 1))
        assert seen == {"total": total, "style": total / 2}
        np.testing.assert_array_equal(after, picture(place + 1))
    np.testing.assert_array_equal(guard.best, picture(2))


@pytest.mark.parametrize("total", [40.1, np.inf, np.nan])
def test_what_counts_as_an_explosion(total):
    """Ten times the lowest loss, and whatever is not finite."""
    guard = Guard(descent(1.0))
    guard.check(losses_of(4.0), picture(0), picture(1))
    guard.check(losses_of(39.9), picture(1), picture(2))
    with pytest.warns(UserWarning, match="The loss exploded"):
        seen, after = guard.check(losses_of(total), picture(2), picture(3))
    assert seen == {"total": 4.0, "style": 2.0}
    np.testing.assert_array_equal(after, picture(0))


def test_a_restored_guard_knows_the_best_picture_and_its_retries():
    first, optimizer = Guard(descent(64.0)), descent(64.0)
    second = Guard(optimizer)
    first.check(losses_of(4.0), picture(5), picture(1))
    with pytest.warns(UserWarning, match="exploded"):
        first.check(losses_of(99.0), picture(1), picture(2))
    state = {name: np.asarray(value) for name, value in first.state().items()}
    second.restore(state, ("total", "style"), np.asarray(first.best))
    optimizer.slow_down()
    with pytest.warns(UserWarning, match="exploded") as said:
        for _ in range(2):
            seen, after = second.check(losses_of(99.0), picture(1), picture(2))
    assert len(said) == 2 and seen == {"total": 4.0, "style": 2.0}
    np.testing.assert_array_equal(after, picture(5))
    with pytest.raises(nst.DivergenceError, match="initial_learning_rate=64 is too high"):
        second.check(losses_of(99.0), picture(1), picture(2))


# The picture to start from.


def test_a_start_that_is_not_finite_names_the_settings():
    settings = {"content": "content_weight=2", "style": "style_weight=3"}
    for content, slope, words in (
        (1.0, 0.0, "lower style_weight=3.$"),
        (np.inf, 0.0, "lower content_weight=2 and style_weight=3.$"),
    ):
        losses = {"total": np.inf, "content": content, "style": np.inf}
        losses = {name: tf.constant(loss) for name, loss in losses.items()}
        start = check_start(lambda x, losses=losses: (losses, x), settings)
        with pytest.raises(nst.DivergenceError, match=words):
            start(tf.constant(slope))
    finite = {name: tf.constant(1.0) for name in losses}
    start = check_start(lambda x: (finite, x), settings)
    with pytest.raises(nst.DivergenceError, match="lower content_weight=2 and style_weight=3"):
        start(tf.constant(np.nan))


def test_only_the_start_is_checked():
    """What comes later is the guard's, and L-BFGS's."""
    start = check_start(lambda x: ({"total": x}, x), {})
    for value in (1.0, np.inf):
        assert start(tf.constant(value))[0]["total"] == value


# Sizes and reports.


def small(**changes):
    return nst.TransferConfig.tutorial(**{"rows": 48, "iterations": 6, **changes})


def test_one_size_gets_all_iterations():
    assert list(stages((48, 72), small())) == [((48, 72), range(1, 7))]
    assert list(stages((48, 72), small(iterations=9), planned=6)) == [((48, 72), range(1, 10))]


def test_sizes_share_the_iterations():
    """The first ones get what doesn't divide."""
    config = nst.TransferConfig.multiscale(iterations=14)
    assert list(stages((64, 96), config)) == [
        ((16, 24), range(1, 5)),
        ((26, 38), range(5, 9)),
        ((40, 60), range(9, 12)),
        ((64, 96), range(12, 15)),
    ]
    assert {size for size, _ in stages((20, 400), config)} == {
        (MIN_ROWS, 100), (MIN_ROWS, 160), (MIN_ROWS, 252), (20, 400)
    }  # fmt: skip


def test_added_iterations_go_to_the_last_size():
    config = nst.TransferConfig.multiscale(iterations=100)
    ranges = [iterations for _, iterations in stages((64, 96), config, planned=14)]
    assert ranges == [range(1, 5), range(5, 9), range(9, 12), range(12, 101)]


@pytest.mark.parametrize("iterations", [3, 4, 10, 60, 61, 1000])
def test_shares_say_how_many_each_size_gets(iterations):
    config = small(scales=(0.25, 0.5, 1), shares=(6, 3, 1), iterations=iterations)
    counts = [len(each) for _, each in stages((64, 96), config)]
    assert sum(counts) == iterations and min(counts) >= 1
    wanted = [iterations * share / 10 for share in config.shares]
    assert counts == pytest.approx(wanted, abs=2.5)


def test_report_iterations():
    assert report_iterations(range(1, 2), small(iterations=1)) == {1}
    config = small(iterations=250, report_every=100)
    assert report_iterations(range(1, 251), config) == {1, 100, 200, 250}
    assert report_iterations(range(130, 211), config) == {130, 200, 210}
    assert report_iterations(range(1, 21), small(iterations=20)) == set(range(1, 21))
    every = {1, 20, 40, 45} if HAS_GPU else set(range(1, 46))
    assert report_iterations(range(1, 46), small(iterations=45)) == every


# Real losses that explode.


def paint(**changes):
    config = nst.TransferConfig.recipe(
        changes.pop("recipe", "tutorial"), **{"rows": 48, "iterations": 30, **changes}
    )
    return nst.transfer(nst.picture("harbour_town"), nst.picture("swirling_strokes"), config)


def is_a_picture(result):
    """Finite, and neither black nor white nor noise: still like the town that it began as."""
    town = nst.load_image(nst.picture("harbour_town"), rows=48)
    alike = np.corrcoef(result.image.ravel(), town.ravel())[0, 1]
    return np.isfinite(result.picture).all() and alike > 0.3


TOO_HIGH = {
    **{f"sgd {times}": {"initial_learning_rate": times * 100.0} for times in (4, 10, 20)},
    **{f"adam {rate}": {"optimizer": "adam", "adam_learning_rate": rate} for rate in (500, 2000)},
}


@pytest.mark.parametrize("name", TOO_HIGH)
def test_too_high_a_rate_is_lowered(name, tried):
    with tried("a learning rate 4 to 400 times too high"):
        with pytest.warns(UserWarning, match="^The loss exploded: the run goes back to its best"):
            result = paint(**TOO_HIGH[name])
        totals = np.array([row[2:] for row in result.losses])
        assert np.isfinite(totals).all() and len(totals) == 30
        assert totals[-1, 0] < totals[0, 0] and is_a_picture(result)


@pytest.mark.parametrize("iterations", [1, 2])
@pytest.mark.parametrize(
    "rate", [{"initial_learning_rate": 1e9}, {"optimizer": "adam", "adam_learning_rate": 1e5}]
)
def test_a_last_update_that_explodes_is_taken_back(iterations, rate, tried):
    with tried("a last update that explodes"):
        with pytest.warns(UserWarning, match="explode"):
            result = paint(iterations=iterations, **rate)
        assert is_a_picture(result)


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        ({"initial_learning_rate": 1e9}, r"^initial_learning_rate=1e\+09 is too high here"),
        (
            {"optimizer": "adam", "adam_learning_rate": 1e9},
            r"^adam_learning_rate=1e\+09 is too high here",
        ),
    ],
)
def test_a_rate_that_no_retry_saves_is_named(rate, words, tried):
    with tried("a learning rate that no retry saves"):
        with (
            pytest.warns(UserWarning, match="The loss exploded"),
            pytest.raises(nst.DivergenceError, match=words) as error,
        ):
            paint(**rate)
        assert "\n" not in str(error.value) and is_a_picture(error.value.result)


@pytest.mark.parametrize("changes", [{}, {"recipe": "fast"}, {"optimizer": "adam"}], ids=str)
def test_weights_beyond_float32_are_named(changes, tried):
    with tried("weights at the end of float32"):
        with pytest.raises(nst.DivergenceError, match=r"lower .*style_weight=1e\+30") as error:
            paint(style_weight=1e30, **changes)
        assert "\n" not in str(error.value) and error.value.result is None


def test_a_loss_near_the_end_of_float32_still_falls():
    """Its gradient's square is infinite."""
    result = paint(recipe="multiscale", style_weight=1e30)
    assert result.losses[-1].total < 0.9 * result.losses[0].total and is_a_picture(result)


def test_a_rate_that_fits_is_left_alone():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = paint(optimizer="adam")
    assert result.losses[-1].total < result.losses[0].total / 5
