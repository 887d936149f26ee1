"""How this machine convolves soonest: in which type of number, and by which of two operations."""

import time
from functools import lru_cache

from nst_helpers.backend import HAS_GPU, keras, tf

GAIN = 0.8  # part of the usual way's time that another one must do with, to be taken
ROUNDS = 6
# The processor's own time: another program that runs meanwhile must not change the answer.
CLOCK = time.perf_counter if HAS_GPU else time.process_time


class Conv2D(keras.layers.Conv2D):
    """Keras's layer of the same name, frozen, and by the faster of two operations.

    A convolution is also the gradient of another one, whose kernel is turned about. On processors
    with AVX2 but not AVX-512, TensorFlow computes gradients about three times sooner.
    """

    def convolution_op(self, inputs, kernel):
        way = convolve_turned if _turned_is_faster(inputs.dtype.name) else convolve
        return way(inputs, tf.convert_to_tensor(kernel))


def convolve(x, kernel):
    """Convolution with stride 1 that keeps the size.

    Args:
        x: Shape (batch, rows, cols, channels).
        kernel: Shape (3, 3, channels, channels').

    Returns:
        Tensor of shape (batch, rows, cols, channels').
    """
    return tf.nn.conv2d(x, kernel, 1, "SAME")


def convolve_turned(x, kernel):
    """The same, as the gradient of a convolution, with a gradient for `x` alone."""

    @tf.custom_gradient
    def turned(x):
        def gradient(upstream):
            return tf.nn.conv2d_transpose(upstream, kernel, tf.shape(x), 1, "SAME")

        about = tf.transpose(tf.reverse(kernel, [0, 1]), (0, 1, 3, 2))
        shape = tf.concat([tf.shape(x)[:3], [kernel.shape[3]]], axis=0)
        return tf.nn.conv2d_transpose(x, about, shape, 1, "SAME"), gradient

    return turned(x)


@lru_cache(maxsize=1)
def faster_precision():
    """The type in which this machine convolves sooner: some CPUs know bfloat16, some don't.

    Returns:
        "bfloat16" if one convolution takes at most 0.8 of its time in float32, else "float32".
    """
    way = convolve_turned if _turned_is_faster("float32") else convolve
    gains = _gains(_example(way, "float32"), _example(convolve, "bfloat16"))
    return "bfloat16" if gains else "float32"


@lru_cache(maxsize=2)
def _turned_is_faster(dtype):
    with tf.init_scope():  # it is asked while a layer is being traced
        # A GPU's library chooses among such ways by itself.
        return not HAS_GPU and _gains(_example(convolve, dtype), _example(convolve_turned, dtype))


def _gains(usual, other):
    """Whether the other function takes at most `GAIN` of the usual one's time."""
    times = {usual: [], other: []}
    for _ in range(ROUNDS):  # in turn, so that a busy moment of the machine meets both
        for function, seconds in times.items():
            start = CLOCK()
            function().numpy()
            seconds.append(CLOCK() - start)
    return sum(times[other]) < GAIN * sum(times[usual])  # Windows' clock is a coarse one


def _example(way, dtype):
    """A convolution of that kind to take the time of, compiled."""
    x, kernel = tf.ones((1, 128, 128, 64), dtype), tf.ones((3, 3, 64, 64), dtype)
    convolution = tf.function(lambda: tf.reduce_sum(way(x, kernel)))
    convolution()
    return convolution
