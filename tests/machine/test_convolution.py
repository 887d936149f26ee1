"""Each way of convolving is the same convolution, with the same gradient."""

import numpy as np
import pytest

from nst_helpers.machine.backend import tf
from nst_helpers.machine.convolution import (
    convolve,
    convolve_fastest,
    convolve_turned,
    convolve_winograd,
    faster_precision,
    widened,
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
@pytest.mark.parametrize("shape", [(1, 20, 13, 64), (1, 12, 16, 256)])
def test_the_fastest_way_gives_the_same(rng, precision, shape):
    x = tf.cast(rng.normal(0, 1, shape), precision)
    kernel = tf.cast(rng.normal(0, 0.1, (3, 3, shape[-1], 256)), precision)
    upstream = tf.cast(rng.normal(0, 1, (*shape[:3], 256)), precision)
    usual, fastest, unknown = (
        tf.function(with_gradient, reduce_retracing=True)(way, x, kernel, upstream)
        for way in (convolve, convolve_fastest, of_unknown_size)
    )
    for found in (fastest, unknown):
        assert_near(usual, found, 1e-5 if precision == "float32" else 0.01)


def of_unknown_size(x, kernel):
    shape = tf.TensorSpec((None, None, None, x.shape[-1]), x.dtype)
    return tf.function(
        convolve_fastest, input_signature=[shape, tf.TensorSpec(kernel.shape, x.dtype)]
    )(x, kernel)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("cols", [1, 12, 37])
def test_a_wider_map_gives_the_same(rng, precision, cols):
    kernel = tf.cast(rng.normal(0, 0.1, (3, 3, 64, 16)), precision)
    bias = tf.cast(rng.normal(0, 1, 16), precision)  # without it, beyond the edge would be zeros
    x, upstream = (
        tf.cast(rng.normal(0, 1, (1, 20, cols, channels)), precision) for channels in (64, 16)
    )

    def layer(x, kernel):
        return tf.nn.relu(tf.nn.bias_add(convolve(x, kernel), bias))

    usual, wider = (
        tf.function(with_gradient)(way, x, kernel, upstream)
        for way in (layer, lambda x, kernel: widened(lambda x: layer(x, kernel), x))
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
