"""Chooses the fastest convolution for this machine: the type of number, and the operations."""

import time
from functools import lru_cache, partial

import numpy as np

from nst_helpers.machine.backend import HAS_GPU, tf

GAIN = 0.8  # an alternative is used only if it takes at most this fraction of the default's time
ALLOWANCE = 1.25  # for bfloat16: it takes less memory, so it need not be faster
HOPELESS = 2  # this many times the default's time, and the alternative is not timed again
ROUNDS = 6
# Processor time, so that another program running at the same time does not change the answer.
CLOCK = time.perf_counter if HAS_GPU else time.process_time

TILE, WINDOW = 4, 6  # pixels a side that come out of one of Winograd's products, and that go in
POINTS = 0, 2**-0.5, -(2**-0.5), 2**0.5, -(2**0.5)  # these lose fewer digits than whole numbers
WIDE = 128 * 256  # channels in times channels out; below this, Winograd's additions cost too much


def choose(precision, convolution):
    """Settles what is "auto", as this machine is fastest; it is timed once a process.

    Args:
        precision, convolution: As in `TransferConfig`.

    Returns:
        The settings by name, none of them "auto".
    """
    with tf.init_scope():  # it may be asked while a function is being traced
        if precision == "auto":
            known = convolution in ("auto", "direct")  # to bfloat16
            precision = faster_precision() if known else "float32"
        if convolution == "auto":
            convolution = faster_convolution() if precision == "float32" else "direct"
    return {"precision": precision, "convolution": convolution}


def convolve_by(convolution, x, kernel):
    """`convolve`, by the operations that the setting names.

    Args:
        convolution: "direct", "turned", "winograd", or "turned+winograd".
        x, kernel: As for `convolve`.
    """
    # Winograd's windows are numbered in advance, so the size has to be known.
    wide = x.shape.is_fully_defined() and kernel.shape[2] * kernel.shape[3] >= WIDE
    if wide and "winograd" in convolution:
        return convolve_winograd(x, kernel)
    return (convolve_turned if "turned" in convolution else convolve)(x, kernel)


def widened(function, x):
    """Applies a function that keeps the size to a map whose columns are a multiple of 4.

    In bfloat16, a processor with AMX takes five times as long for the 299 columns that block2 has
    in the Keras example as for 300. The added columns are zeros, which is what a convolution pads
    with, so they change nothing.

    Args:
        function: From a map of shape (batch, rows, cols, channels) to one of the same rows and
            cols, such as a convolution with its bias and ReLU.
        x: Shape (batch, rows, cols, channels).

    Returns:
        What `function` returns for x.
    """
    cols = x.shape[2]
    if HAS_GPU or x.dtype != tf.bfloat16 or cols is None or cols % 4 == 0:
        return function(x)
    wide = function(tf.pad(x, [[0, 0], [0, 0], [0, -cols % 4], [0, 0]]))
    # Not wide[:, :, :cols]: the gradient of that takes longer than the convolution.
    return tf.slice(wide, [0, 0, 0, 0], [-1, -1, cols, -1])


def mirrored(function, x):
    """Applies a convolution to a map with a mirrored frame, where it would see zeros.

    Args:
        function: As for `widened`.
        x: Shape (batch, rows, cols, channels).

    Returns:
        Tensor of the rows and cols of x.
    """
    wide = function(tf.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]], "SYMMETRIC"))
    return tf.slice(wide, [0, 1, 1, 0], tf.shape(wide) - [0, 2, 2, 0])


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
    """The same, as the gradient of a convolution with a turned kernel; a gradient for `x` alone.

    On processors with AVX2 but not AVX-512, TensorFlow computes gradients about three times faster.
    """

    @tf.custom_gradient
    def turned(x):
        def gradient(upstream):
            return tf.nn.conv2d_transpose(upstream, kernel, tf.shape(x), 1, "SAME")

        about = tf.transpose(tf.reverse(kernel, [0, 1]), (0, 1, 3, 2))
        shape = tf.concat([tf.shape(x)[:3], [kernel.shape[3]]], axis=0)
        return tf.nn.conv2d_transpose(x, about, shape, 1, "SAME"), gradient

    return turned(x)


def convolve_winograd(x, kernel):
    """The same with a quarter of the multiplications, in float32; a gradient for `x` alone.

    Winograd's minimal filtering F(4 × 4, 3 × 3), section 4 of Lavin and Gray, Fast Algorithms for
    Convolutional Neural Networks (arXiv:1509.09308): Y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A for each
    window d of 6 × 6 pixels, which gives 4 × 4 of them; the products ⊙ are summed over channels.
    """

    @tf.custom_gradient
    def winograd(x):
        def gradient(upstream):
            return _winograd(upstream, kernel, backward=True)

        return _winograd(x, kernel), gradient

    return winograd(x)


def _winograd(x, kernel, backward=False):
    """Convolves with the kernel, or with it turned, from its last channels to its first."""
    of_window, of_kernel, of_product = _winograd_matrices()
    if backward:
        of_kernel = of_kernel[:, ::-1]
    into_windows, out_of_tiles = _winograd_order(*x.shape[:3])
    padded = tf.pad(x, [[0, 0], [1, TILE + 1], [1, TILE + 1], [0, 0]])
    windows = tf.gather(tf.reshape(padded, (-1, x.shape[-1])), into_windows)
    windows = tf.matmul(of_window, tf.reshape(windows, (WINDOW**2, -1)))
    with tf.control_dependencies([windows]):  # or those of all layers would be made at the start
        kernels = tf.matmul(of_kernel, tf.reshape(tf.identity(kernel), (9, -1)))
    products = tf.matmul(
        tf.reshape(windows, (WINDOW**2, -1, x.shape[-1])),
        tf.reshape(kernels, (WINDOW**2, *kernel.shape[2:])),
        transpose_b=backward,
    )
    tiles = tf.matmul(of_product, tf.reshape(products, (WINDOW**2, -1)))
    return tf.gather(tf.reshape(tiles, (-1, products.shape[-1])), out_of_tiles)


@lru_cache(maxsize=32)
def _winograd_order(batch, rows, cols):
    """Where each pixel of each window lies in the padded picture, and each pixel in the tiles.

    Windows and tiles are sorted by the pixel's place in them: shape (side, side, batch, tile's row,
    tile's column), flattened for the windows, the picture's own shape for the tiles.
    """
    tiled = -(-rows // TILE) * TILE, -(-cols // TILE) * TILE
    padded = _numbered(batch, rows + TILE + 2, cols + TILE + 2)
    windows = [
        padded[:, row : row + tiled[0] : TILE, col : col + tiled[1] : TILE]
        for row, col in np.ndindex(WINDOW, WINDOW)
    ]
    tiles = _numbered(TILE, TILE, batch, tiled[0] // TILE, tiled[1] // TILE)
    tiles = tiles.transpose(2, 3, 0, 4, 1).reshape(batch, *tiled)
    return np.ravel(windows), tiles[:, :rows, :cols]


def _numbered(*shape):
    return np.arange(np.prod(shape), dtype=np.int32).reshape(shape)


@lru_cache(maxsize=1)
def _winograd_matrices():
    """Bᵀ, G and Aᵀ, each for rows and columns at once, after Toom and Cook from the points.

    Returns:
        Arrays of shape (36, 36), (36, 9) and (16, 36), float32.
    """

    def powers(count):
        finite = np.vander(POINTS, count, increasing=True)
        return np.vstack([finite, np.eye(count)[-1]])  # and at infinity

    matrices = np.linalg.inv(powers(WINDOW)).T, powers(3), powers(TILE).T
    return [np.kron(matrix, matrix).astype(np.float32) for matrix in matrices]


@lru_cache(maxsize=1)
def faster_precision():
    """The type in which this machine convolves faster: some CPUs know bfloat16, some don't.

    Returns:
        "bfloat16" if convolutions take at most 0.8 of their time in float32, else "float32".
    """

    def examples(dtype, way):
        each = [_example(way, dtype, wide) for wide in (False, True)]
        return lambda: [example() for example in each]

    usual, other = examples("float32", faster_convolution()), examples("bfloat16", "direct")
    return "bfloat16" if _gains(usual, other, ALLOWANCE) else "float32"


@lru_cache(maxsize=1)
def faster_convolution():
    """The way of `convolve_by` in which this machine convolves fastest in float32."""
    if HAS_GPU:  # its libraries choose among such ways by themselves
        return "direct"

    def gains(other, than, wide):
        return _gains(*(_example(way, "float32", wide) for way in (than, other)))

    narrow = "turned" if gains("turned", "direct", wide=False) else "direct"
    if not gains("winograd", narrow, wide=True):
        return narrow
    return "winograd" if narrow == "direct" else f"{narrow}+winograd"


def _example(convolution, dtype, wide):
    """A convolution of that kind to take the time of, compiled."""
    side, channels = (64, 256) if wide else (128, 64)
    x = tf.ones((1, side, side, channels), dtype)
    kernel = tf.ones((3, 3, channels, channels), dtype)
    # Arguments, since what a function captured would stay in memory.
    compiled = tf.function(partial(convolve_by, convolution))
    return lambda: compiled(x, kernel).numpy()


def _gains(usual, other, allowance=1.0):
    """Whether the other function takes at most `GAIN`, times the allowance, of the usual's time."""
    usual(), other()  # the first call also sets things up
    usual_seconds = other_seconds = 0
    for _ in range(ROUNDS):  # in turn, so that a busy moment of the machine meets both
        usual_seconds += _seconds(usual)
        other_seconds += _seconds(other)
        if other_seconds > HOPELESS * usual_seconds:
            return False
    return (
        other_seconds < allowance * GAIN * usual_seconds
    )  # sums, since Windows' clock is a coarse one


def _seconds(function):
    start = CLOCK()
    function()
    return CLOCK() - start
