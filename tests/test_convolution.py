"""Each way of convolving is the same convolution, with the same gradient."""

import numpy as np
import pytest

from nst_helpers.backend import tf
from nst_helpers.convolution import (
    convolve,
    convolve_turned,
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
    for a, b in zip(usual, other, strict=True):
        assert np.linalg.norm(a - b) < 1e-5 * np.linalg.norm(a)


def with_gradient(way, x, kernel, upstream):
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = way(x, kernel)
    return y, tape.gradient(y, x, upstream)


def test_the_faster_type_is_one_of_two():
    assert faster_precision() in ("float32", "bfloat16")
    assert faster_precision() == faster_precision()
