"""Exercises of lesson 8: wishes for a picture, and whether it meets them, measured."""

import numpy as np

from nst_helpers.images import LUMINANCE, load_image
from nst_helpers.machine.pictures import picture
from nst_helpers.tasks.task import expect, task
from nst_helpers.training import TransferResult

CONTENT, STYLE = "harbour_town", "swirling_strokes"
COARSE = 8  # pixels of a side of the squares whose means show the scene without its strokes


@task(
    "8.1",
    "Which layer sees a few pixels only, too few for a stroke?",
    "Soft edges mix colours. Which of the three losses makes them soft?",
)
def colours(answer):
    """answer: a result with the style's colours, in which the harbour is as clear as before."""
    image = _painted(answer)
    harbour, style = (load_image(picture(name), len(image)) for name in (CONTENT, STYLE))
    wanted = _spread(style)
    off, before = (np.linalg.norm(_spread(x) - wanted) for x in (image, harbour))
    size = np.linalg.norm(wanted)
    likeness = _likeness(image, harbour)
    expect(
        likeness > 0.9,
        f"The harbour is hardly there: correlation {likeness:.2f}, and 0.9 is asked for. Start "
        "from the content image.",
    )
    expect(
        off < 0.95 * before,
        f"The colours have not come nearer to the style's: {off / size:.0%} off, and "
        f"{before / size:.0%} before the run.",
    )
    expect(
        off < 0.3 * size,
        f"The colours are still {off / size:.0%} off, and 30 % is asked for. Which layer, and "
        "without which other loss?",
    )


@task(
    "8.2",
    "Ten times the total variation weight takes off less than a fifth of the grain.",
    "Try 30, 100 and 300 times, and look at the number.",
)
def half_the_grain(answer):
    """answer: (usual result, result with half its grain)."""
    usual, smooth = map(_painted, answer)
    expect(
        usual.shape == smooth.shape,
        "Paint both at the same size: grain belongs to pixels.",
    )
    left = _grain(smooth) / _grain(usual)
    expect(left < 1.02, f"The grain has grown to {left:.0%}: the weight should go up.")
    expect(left < 0.6, f"{left:.0%} of the grain is left. Half is asked for: raise the weight.")
    expect(
        left > 0.4, f"Only {left:.0%} is left, and the strokes go with the grain: lower the weight."
    )


@task(
    "8.3",
    "How many positions has the layer at 128 rows (exercise 3.3)? And how many features are there?",
    "A layer before block 4 says more about each place. How strong are its features, and so how "
    "large is its content loss?",
)
def out_of_noise(answer):
    """answer: a result that started from noise, and shows the harbour by another layer."""
    image, settings = _painted(answer), answer.config
    layer = settings.content_layer_name
    expect(
        settings.iterations <= 60,
        f"{settings.iterations} iterations: at most 60 are allowed here.",
    )
    expect(
        answer.losses[0].content > 0,
        "Its content loss begins at 0: this run started from the content image, not from noise.",
    )
    expect(layer != "block4_conv2", "block4_conv2 is lesson 8's own answer: take another layer.")
    likeness = _likeness(image, load_image(picture(CONTENT), len(image)))
    advice = (
        "How many positions has a map of block 5, and can they say where a mast stands?"
        if layer.startswith("block5")
        else "The layer sees the scene. Does its loss count enough beside the style loss?"
    )
    expect(likeness > 0.4, f"Correlation {likeness:.2f}, and 0.4 is asked for. {advice}")


def _painted(result):
    expect(
        isinstance(result, TransferResult), "Give what nst.transfer returned, not its image alone."
    )
    return result.image


def _spread(image):
    """How strong each channel is, and how they go together: a covariance matrix."""
    return np.cov(image.reshape(-1, 3).T.astype("float64"))


def _likeness(image, other):
    """Correlation of two pictures' brightness, in squares too large for strokes."""
    return float(np.corrcoef(*(_coarse(x @ LUMINANCE).ravel() for x in (image, other)))[0, 1])


def _coarse(x):
    rows, cols = (side // COARSE for side in x.shape)
    squares = x[: rows * COARSE, : cols * COARSE].reshape(rows, COARSE, cols, COARSE)
    return squares.mean(axis=(1, 3))


def _grain(image):
    """Deviation of a pixel's brightness from the mean of its neighbourhood of 3 × 3."""
    x = image @ LUMINANCE
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3))
    return float((x[1:-1, 1:-1] - windows.mean(axis=(2, 3))).std())
