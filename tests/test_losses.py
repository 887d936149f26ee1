"""Each loss against the document's own, values and gradients, and against what must hold of it."""

import document
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import nst_helpers as nst
from nst_helpers.losses import gram_distance
from nst_helpers.machine.backend import tf

ROWS, COLS = 48, 72


def features(rng, channels=32):
    return tf.constant(rng.uniform(0, 300, (ROWS // 2, COLS // 2, channels)), tf.float32)


def value_and_gradient(function, x):
    x = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    return value.numpy(), tape.gradient(value, x).numpy()


def assert_same(ours, documents, x):
    for mine, theirs in zip(
        value_and_gradient(ours, x), value_and_gradient(documents, x), strict=True
    ):
        scale = np.abs(theirs).max()
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-5 * scale)
        assert scale > 0


def test_gram_matrix(rng):
    assert_same(
        lambda x: tf.reduce_sum(nst.gram_matrix(x) ** 2),
        lambda x: tf.reduce_sum(document.gram_matrix(x) ** 2),
        features(rng),
    )


def test_style_loss(rng):
    style = features(rng)
    assert_same(
        lambda x: nst.style_loss(style, x, ROWS, COLS),
        lambda x: document.style_loss(style, x, ROWS, COLS),
        features(rng),
    )


def test_content_loss(rng):
    base = features(rng)
    assert_same(
        lambda x: nst.content_loss(base, x),
        lambda x: document.content_loss(base, x),
        features(rng),
    )


def test_total_variation_loss(rng):
    assert_same(
        nst.total_variation_loss,
        lambda x: document.total_variation_loss(x, ROWS, COLS),
        tf.constant(rng.uniform(-120, 150, (1, ROWS, COLS, 3)), tf.float32),
    )


def test_style_loss_is_a_distance_of_gram_matrices(rng):
    a, b = features(rng), features(rng)
    found = gram_distance(nst.gram_matrix(a), nst.gram_matrix(b), ROWS, COLS)
    np.testing.assert_allclose(found, nst.style_loss(a, b, ROWS, COLS), rtol=1e-6)


def test_gram_matrix_ignores_where(rng):
    x = features(rng).numpy()
    shuffled = rng.permutation(x.reshape(-1, x.shape[-1])).reshape(x.shape)
    np.testing.assert_allclose(nst.gram_matrix(x), nst.gram_matrix(shuffled), rtol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1, 7, 3), (1, 7, 1, 3), (1, 1, 1, 3)])
def test_total_variation_of_a_line_is_zero(shape):
    assert nst.total_variation_loss(tf.ones(shape)) == 0


# What must hold of any features. Whole numbers, so that float32 adds and shifts them exactly.

few = settings(deadline=None, max_examples=50)
whole = st.integers(-50, 50).map(float)
sides = st.integers(1, 6)


def maps(count):
    """So many feature maps of the same shape."""
    shapes = st.tuples(sides, sides, sides)
    return shapes.flatmap(
        lambda shape: st.tuples(*[arrays("float32", shape, elements=whole)] * count)
    )


pictures = st.tuples(st.just(1), sides, sides, st.just(3)).flatmap(
    lambda shape: arrays("float32", shape, elements=whole)
)
scales = st.sampled_from([0, 0.5, 2, -4])  # float32 multiplies by them exactly


@few
@given(maps(1), scales, st.randoms(use_true_random=False))
def test_gram_matrix_is_one(features, scale, random):
    (x,) = features
    G = nst.gram_matrix(x).numpy()
    np.testing.assert_array_equal(G, G.T)
    assert np.linalg.eigvalsh(G.astype(float)).min() >= -1e-6 * max(1, np.trace(G))
    np.testing.assert_allclose(np.diag(G), (x**2).sum((0, 1)))
    np.testing.assert_allclose(nst.gram_matrix(scale * x), scale**2 * G)
    positions = list(x.reshape(-1, x.shape[-1]))
    random.shuffle(positions)
    np.testing.assert_allclose(nst.gram_matrix(np.reshape(positions, x.shape)), G)


@few
@given(maps(2), scales, whole)
def test_content_loss_is_a_squared_distance(features, scale, shift):
    a, b = features
    loss = nst.content_loss(a, b).numpy()
    assert nst.content_loss(a, a) == 0 <= loss
    assert (loss == 0) == np.array_equal(a, b)
    np.testing.assert_allclose(nst.content_loss(b, a), loss)
    np.testing.assert_allclose(nst.content_loss(a + shift, b + shift), loss)
    np.testing.assert_allclose(nst.content_loss(scale * a, scale * b), scale**2 * loss)


@few
@given(maps(2), scales)
def test_style_loss_is_a_squared_distance_of_grams(features, scale):
    a, b = features
    loss = nst.style_loss(a, b, 40, 60).numpy()
    assert nst.style_loss(a, a, 40, 60) == 0 <= loss
    assert nst.style_loss(a, a[::-1, ::-1], 40, 60) == 0  # blind to where
    np.testing.assert_allclose(nst.style_loss(b, a, 40, 60), loss)
    np.testing.assert_allclose(
        nst.style_loss(scale * a, scale * b, 40, 60), scale**4 * loss, rtol=1e-5
    )


@few
@given(pictures, scales, whole)
def test_total_variation_loss_sees_differences_alone(x, scale, shift):
    loss = nst.total_variation_loss(x).numpy()
    assert nst.total_variation_loss(np.full_like(x, shift)) == 0 <= loss
    np.testing.assert_allclose(nst.total_variation_loss(x + shift), loss)
    np.testing.assert_allclose(
        nst.total_variation_loss(scale * x), abs(scale) ** 2.5 * loss, rtol=1e-4
    )
