"""Each way of convolving is the same convolution, with the same gradient."""

import numpy as np
import pytest

from nst_helpers.backend import keras, tf
from nst_helpers.convolution import (
    convolve,
    convolve_turned,
    convolve_widened,
    convolve_winograd,
    faster_precision,
)


@pytest.mark.parametrize("way", [convolve_turned, convolve_winograd])
@pytest.mark.parametrize("shape", [(1, 7, 12, 3), (2, 16, 9, 64), (1, 1, 1, 2), (1, 37, 50, 256)])
def test_every_way_gives_the_same(rng, way, shape):
    x = tf.constant(rng.normal(0, 1, shape), tf.float32)
    kernel = tf.constant(rng.normal(0, 0.1, (3, 3, shape[-1], 5)), tf.float32)
    upstream = tf.constant(rng.normal(0, 1, (*shape[:3], 5)), tf.float32)
    usual, other = (tf.function(with_gradient)(f, x, kernel, upstream) for f in (convolve, way))
    assert_near(usual, other, 1e-5)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("cols", [1, 12, 37])
def test_a_wider_map_gives_the_same(rng, precision, cols):
    layer = keras.layers.Conv2D(16, 3, padding="same", activation="relu", dtype=precision)
    layer.build((1, 20, cols, 64))
    layer.bias.assign(rng.normal(0, 1, 16))  # without it, what lies beyond the edge would be 0
    x, upstream = (
        tf.cast(rng.normal(0, 1, (1, 20, cols, channels)), precision) for channels in (64, 16)
    )
    usual, wider = (
        tf.function(with_gradient)(f, x, layer, upstream)
        for f in (lambda x, layer: layer(x), convolve_widened)
    )
    assert_near(usual, wider, 1e-5 if precision == "float32" else 0.01)


def assert_near(usual, other, tolerance):
    for a, b in zip(usual, other, strict=True):
        a, b = (tf.cast(each, tf.float32) for each in (a, b))
        assert np.linalg.norm(a - b) <= tolerance * np.linalg.norm(a)


def with_gradient(way, x, kernel, upstream):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = way(x, kernel)
    return y, tape.gradient(y, x, upstream)


def test_the_faster_type_is_one_of_two():
    assert faster_precision() in ("float32", "bfloat16")
    assert faster_precision() == faster_precision()
