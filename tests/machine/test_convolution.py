"""Each way of convolving is the same convolution, with the same gradient."""

from functools import partial

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.config import CHOICES
from nst_helpers.machine import convolution
from nst_helpers.machine.backend import tf
from nst_helpers.machine.convolution import (
    choose,
    convolve,
    convolve_by,
    convolve_turned,
    convolve_winograd,
    faster_convolution,
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


WAYS = [way for way in CHOICES["convolution"] if way != "auto"]


@pytest.mark.parametrize("setting", WAYS)
@pytest.mark.parametrize("shape", [(1, 20, 13, 64), (1, 12, 16, 256)])
def test_every_setting_gives_the_same(rng, setting, shape):
    x = tf.constant(rng.normal(0, 1, shape), tf.float32)
    kernel = tf.constant(rng.normal(0, 0.1, (3, 3, shape[-1], 256)), tf.float32)
    upstream = tf.constant(rng.normal(0, 1, (*shape[:3], 256)), tf.float32)
    way = partial(convolve_by, setting)
    usual, chosen, unknown = (
        tf.function(with_gradient)(each, x, kernel, upstream)
        for each in (convolve, way, of_unknown_size(way))
    )
    for found in (chosen, unknown):
        assert_near(usual, found, 1e-5)


def test_the_settings_name_the_ways(monkeypatch):
    """In wide layers and in others; a picture of unknown size has no windows to number."""
    for way in ("convolve", "convolve_turned", "convolve_winograd"):
        monkeypatch.setattr(convolution, way, lambda x, kernel, way=way: way)
    seen = {
        setting: tuple(
            convolve_by(setting, tf.zeros((1, 8, 8, n)), tf.zeros((3, 3, n, n))) for n in (64, 256)
        )
        for setting in WAYS
    }
    assert seen == {
        "direct": ("convolve", "convolve"),
        "turned": ("convolve_turned", "convolve_turned"),
        "winograd": ("convolve", "convolve_winograd"),
        "turned+winograd": ("convolve_turned", "convolve_winograd"),
    }


def of_unknown_size(way):
    def convolve_unknown(x, kernel):
        specs = tf.TensorSpec((None, None, None, x.shape[-1])), tf.TensorSpec(kernel.shape)
        return tf.function(way, input_signature=specs)(x, kernel)

    return convolve_unknown


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


def test_what_is_auto_is_chosen_once():
    chosen = choose("auto", "auto")
    assert chosen["precision"] == faster_precision() in ("float32", "bfloat16")
    assert chosen["convolution"] in WAYS
    assert choose("auto", "auto") == chosen
    nst.TransferConfig(**chosen)  # they fit together


def test_what_is_given_stays():
    fast = faster_convolution()
    assert choose("float32", "auto") == {"precision": "float32", "convolution": fast}
    assert choose("bfloat16", "auto") == {"precision": "bfloat16", "convolution": "direct"}
    for way in WAYS:
        assert choose("float32", way) == {"precision": "float32", "convolution": way}
        assert choose("auto", way)["convolution"] == way
        nst.TransferConfig(**choose("auto", way))


@pytest.mark.parametrize(("gain", "expected"), [(0, "direct"), (1e9, "turned+winograd")])
def test_the_times_decide(monkeypatch, gain, expected):
    monkeypatch.setattr(convolution, "HAS_GPU", False)
    monkeypatch.setattr(convolution, "GAIN", gain)
    monkeypatch.setattr(convolution, "HOPELESS", 1e9)
    assert faster_convolution.__wrapped__() == expected
