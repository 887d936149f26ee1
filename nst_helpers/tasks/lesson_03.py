"""Exercises of lesson 3: convolution, pooling, and what a layer sees."""

import numpy as np

from nst_helpers.machine.backend import tf
from nst_helpers.machine.vgg19 import LAYERS
from nst_helpers.network import feature_extractor, map_size
from nst_helpers.tasks.task import close, expect, task

MEASURED = "block3_conv1"
NOISE_AT_MOST = 1e-5  # of the strongest: the fastest convolutions leave rounding errors outside


@task(
    "3.1",
    "np.pad(x, 1) puts a frame of zeros around x.",
    "Nine shifted copies of the padded picture, each times one number of the kernel, added up: "
    "two short loops.",
)
def convolve(answer):
    """answer(x, kernel): a 3 × 3 convolution as networks do it, with zeros around."""
    x, kernel = (np.random.default_rng(3).normal(size=size) for size in ((7, 9), (3, 3)))
    wanted = _convolved(x, kernel)
    found = np.asarray(answer(x.copy(), kernel.copy()))
    expect(
        found.shape != (5, 7),
        "The border is lost: 7 × 9 became 5 × 7. Put zeros around the picture first.",
    )
    expect(found.shape == x.shape, f"7 × 9 should stay 7 × 9, and became {found.shape}.")
    expect(
        not close(found, _convolved(x, kernel[::-1, ::-1])),
        "You turned the kernel by half a turn, as mathematicians do. Networks leave it as it is.",
    )
    expect(
        not close(found, _convolved(x, kernel.T)),
        "The kernel is transposed: its rows should meet rows.",
    )
    expect(not close(9 * found, wanted), "You took the mean of the nine products: take their sum.")
    expect(
        close(found[1:-1, 1:-1], wanted[1:-1, 1:-1]),
        "Each number is a sum of nine products: a pixel and its eight neighbours, each times its "
        "number of the kernel.",
    )
    expect(close(found, wanted), "Right inside, wrong at the border: there the network sees zeros.")


def _convolved(x, kernel):
    four = x[np.newaxis, :, :, np.newaxis], kernel[:, :, np.newaxis, np.newaxis]
    return tf.nn.conv2d(*map(tf.constant, four), 1, "SAME").numpy()[0, :, :, 0]


@task(
    "3.2",
    "x[0::2, 0::2] are the top left corners of all windows. What are the other three?",
    "np.maximum compares two arrays, number by number.",
)
def max_pool(answer):
    """answer(x): the largest of each window of 2 × 2; an odd last row or column is left out."""
    x = np.random.default_rng(4).normal(size=(6, 8))
    wanted = x.reshape(3, 2, 4, 2).max((1, 3))
    found = np.asarray(answer(x.copy()))
    expect(
        found.shape == wanted.shape,
        f"6 × 8 should become 3 × 4, not {found.shape}: the windows stand side by side.",
    )
    expect(
        not close(found, x.reshape(3, 2, 4, 2).mean((1, 3))),
        "That is the mean of each window. VGG19 takes the largest number.",
    )
    expect(
        (found >= x[::2, ::2]).all(),
        "Some results are smaller than the top left number of their window.",
    )
    expect(
        close(found, wanted),
        "A window is two numbers from one row and two from the row below, not four from one row.",
    )
    odd = np.asarray(answer(np.arange(35.0).reshape(5, 7)))
    expect(
        close(odd, [[8.0, 10, 12], [22, 24, 26]]),
        "5 × 7 should become 2 × 3: what does not fill a window is left out.",
    )


@task(
    "3.3",
    "How often is a map halved before block 1, before block 2, before block 5?",
    "An odd row is left out at each pool: 97 becomes 48, and 48 becomes 24.",
)
def layer_size(answer):
    """answer(rows, cols, layer): rows and columns of that layer's map."""
    expect(
        tuple(answer(128, 192, "block1_conv1")) == (128, 192),
        "Zeros around the picture keep the size: block 1 has as many positions as pixels.",
    )
    expect(
        tuple(answer(128, 192, "block2_conv1")) != (128, 192),
        "There is a pool between block 1 and block 2.",
    )
    expect(
        tuple(answer(128, 192, "block5_conv1")) == (8, 12),
        "Four pools lie before block 5, and each halves rows and columns.",
    )
    layers = [layer for layer in LAYERS if "conv" in layer]
    maps = feature_extractor(layers)(np.zeros((1, 97, 131, 3), "float32"))
    expect(
        all(isinstance(side, int) for side in answer(97, 131, "block3_conv1")),
        "A number of positions is a whole number, an int.",
    )
    for layer in layers:
        expect(
            tuple(answer(97, 131, layer)) == tuple(maps[layer].shape[1:3]),
            f"97 × 131 pixels give {layer} {maps[layer].shape[1]} × {maps[layer].shape[2]} "
            "positions: a half is rounded down.",
        )


@task(
    "3.4",
    "Keep two numbers: how wide a position sees, and how many pixels lie between two neighbours.",
    "A convolution adds one neighbour on each side; a pool adds one neighbour, and then all "
    "neighbours lie twice as far apart.",
)
def receptive_field(answer):
    """answer(layer): how many pixels wide is what one position of that layer sees?"""
    expect(answer("block1_conv1") == 3, "A single 3 × 3 convolution sees 3 pixels.")
    expect(answer("block1_conv2") == 5, "A second convolution sees one pixel more on each side: 5.")
    expect(
        answer("block2_conv1") != 9,
        "The pool sees pixels too: its window of 2 × 2 adds one neighbour.",
    )
    expect(
        answer("block2_conv1") not in (7, 8),
        "Behind a pool, neighbours lie two pixels apart: a 3 × 3 convolution adds 2 · 2.",
    )
    expect(answer("block2_conv1") == 10, "block2_conv1 sees 10 pixels: 5, then 1, then 2 · 2.")
    measured = _measured_field()
    expect(
        answer(MEASURED) == measured,
        f"Measured by its gradient, one position of {MEASURED} sees {measured} pixels, not "
        f"{answer(MEASURED)}: how far apart do neighbours lie behind the second pool?",
    )


def _measured_field():
    """Pixels with an influence on one position, in rows."""
    rng, rows = np.random.default_rng(8), 64
    x = tf.constant(rng.normal(0, 60, (1, rows, rows, 3)), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        features = feature_extractor([MEASURED])(x)[MEASURED][0]
        middle, _ = (side // 2 for side in map_size(MEASURED, (rows, rows)))
        mix = tf.constant(rng.normal(size=features.shape[-1]), tf.float32)
        seen = tf.tensordot(features[middle, middle], mix, 1)
    influence = abs(tape.gradient(seen, x).numpy()[0]).sum(axis=(1, 2))
    reached = np.flatnonzero(influence > NOISE_AT_MOST * influence.max())
    return int(reached[-1] - reached[0] + 1)
