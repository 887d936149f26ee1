"""L-BFGS's pairs: the direction that they give is the textbook's, whatever was kept or restored."""

import numpy as np
import pytest

from nst_helpers.machine.backend import tf
from nst_helpers.machine.curvature import Curvature

SHAPE = (1, 4, 5, 3)


def pairs_of(rng, count):
    """Steps and the changes that a quadratic loss gives them, exact in bfloat16."""
    curvature = rng.choice([0.5, 1, 2, 4], SHAPE)
    steps = rng.integers(-8, 9, (count, *SHAPE)).astype("float32")
    return [(tf.constant(step), tf.constant(curvature * step, tf.float32)) for step in steps]


def textbook(pairs, gradient):
    """Nocedal and Wright's two-loop recursion, algorithm 7.4."""
    pairs = [tuple(np.ravel(x).astype("float64") for x in pair) for pair in pairs]
    q, weights = np.ravel(gradient).astype("float64"), []
    for s, y in reversed(pairs):
        weights.append(s @ q / (s @ y))
        q = q - weights[-1] * y
    s, y = pairs[-1]
    r = q * (s @ y) / (y @ y)
    for s, y in pairs:
        r = r + s * (weights.pop() - y @ r / (s @ y))
    return -r.reshape(SHAPE)


def remembering(pairs, history):
    curvature = Curvature(history)
    for step, change in pairs:
        curvature.remember(step, change)
    return curvature


def assert_direction(curvature, pairs, gradient):
    expected = textbook(pairs, gradient)
    found = curvature.direction(tf.constant(gradient)).numpy()
    assert found.shape == SHAPE
    np.testing.assert_allclose(found, expected, atol=1e-4 * np.abs(expected).max())


@pytest.fixture
def gradient(rng):
    return rng.normal(0, 10, SHAPE).astype("float32")


@pytest.mark.parametrize("count", [1, 3, 6, 7, 15])
def test_the_direction_is_the_textbooks(rng, gradient, count):
    """Of the last six pairs; the oldest make room."""
    pairs = pairs_of(rng, count)
    curvature = remembering(pairs, history=6)
    assert len(curvature) == min(count, 6) and bool(curvature)
    assert_direction(curvature, pairs[-6:], gradient)


def test_a_pair_that_curves_downwards_is_not_kept(rng, gradient):
    pairs = pairs_of(rng, 3)
    curvature = remembering(pairs, history=6)
    step, change = pairs[0]
    curvature.remember(step, -change)
    curvature.remember(step, 0 * change)
    curvature.remember(step, np.nan * change)
    assert len(curvature) == 3
    assert_direction(curvature, pairs, gradient)


def test_what_is_forgotten_counts_no_more(rng, gradient):
    pairs = pairs_of(rng, 9)
    curvature = remembering(pairs[:5], history=6)
    curvature.forget()
    assert not curvature
    for step, change in pairs[5:]:
        curvature.remember(step, change)
    assert_direction(curvature, pairs[5:], gradient)


@pytest.mark.parametrize("history", [6, 9, 4])
@pytest.mark.parametrize("count", [0, 2, 6, 8])
def test_restored_into_any_history(rng, gradient, history, count):
    """All pairs that fit, and those that come after them."""
    pairs, more = pairs_of(rng, count), pairs_of(rng, 7)
    before = remembering(pairs, history=6)
    after = Curvature(history)
    after.restore(before.state())
    kept = pairs[-min(6, history) :]
    assert len(after) == min(len(kept), history)
    if kept:
        assert_direction(after, kept, gradient)
    for step, change in more:
        after.remember(step, change)
        kept = [*kept, (step, change)][-history:]
        assert_direction(after, kept, gradient)


def test_pairs_take_half_the_memory(rng):
    """They are kept in bfloat16, which NumPy's files hold as whole numbers."""
    state = remembering(pairs_of(rng, 2), history=6).state()
    assert set(state) == {"count", "products", "pair0", "pair1"}
    assert state["pair0"].dtype == tf.uint16 and state["pair0"].shape == (2, 60)
