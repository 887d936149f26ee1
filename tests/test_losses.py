"""Each loss against the document's own, values and gradients, on random features of real sizes."""

import document
import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.backend import tf

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


def test_gram_matrix_ignores_where(rng):
    x = features(rng).numpy()
    shuffled = rng.permutation(x.reshape(-1, x.shape[-1])).reshape(x.shape)
    np.testing.assert_allclose(nst.gram_matrix(x), nst.gram_matrix(shuffled), rtol=1e-4)


@pytest.mark.parametrize("shape", [(1, 1, 7, 3), (1, 7, 1, 3), (1, 1, 1, 3)])
def test_total_variation_of_a_line_is_zero(shape):
    assert nst.total_variation_loss(tf.ones(shape)) == 0
