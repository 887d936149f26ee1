"""Both operations are the same convolution, with the same gradient."""

import numpy as np
import pytest

from nst_helpers.backend import tf
from nst_helpers.convolution import convolve, convolve_turned, faster_precision


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-5), ("bfloat16", 0.02)])
@pytest.mark.parametrize("shape", [(1, 7, 12, 3), (2, 16, 9, 64)])
def test_a_turned_convolution_is_the_same(rng, dtype, tolerance, shape):
    x = tf.constant(rng.normal(0, 1, shape), dtype)
    kernel = tf.constant(rng.normal(0, 0.1, (3, 3, shape[-1], 5)), dtype)
    upstream = tf.constant(rng.normal(0, 1, (*shape[:3], 5)), dtype)
    made = []
    for way in (convolve, convolve_turned):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = way(x, kernel)
        made.append((y, tape.gradient(y, x, upstream)))
    for usual, turned in zip(*made, strict=True):
        usual, turned = (tf.cast(tensor, tf.float32).numpy() for tensor in (usual, turned))
        assert np.linalg.norm(turned - usual) < tolerance * np.linalg.norm(usual)


def test_the_faster_type_is_one_of_two():
    assert faster_precision() in ("float32", "bfloat16")
    assert faster_precision() == faster_precision()
