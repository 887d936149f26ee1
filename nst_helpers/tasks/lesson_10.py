"""Exercises of lesson 10: targets that are mixed, masked, or keep a colour."""

import numpy as np

from nst_helpers.colours import restore_colours
from nst_helpers.images import LUMINANCE
from nst_helpers.tasks.task import close, expect, task

ROWS, COLS, FEATURES = 6, 8, 3


@task(
    "10.1",
    "What should weights of 1 and 3 give: the same as 0.25 and 0.75?",
    "Divide the weights by their sum.",
)
def mixed_target(answer):
    """answer(grams, weights): the weighted mean of Gram matrices."""
    features = np.random.default_rng(1).normal(size=(2, 50, FEATURES))
    grams = [each.T @ each for each in features]
    found = np.asarray(answer(grams, [1, 3]))
    expect(found.shape == grams[0].shape, "A mix of Gram matrices has the shape of one of them.")
    expect(not close(found, sum(grams) / 2), "The weights have no effect: 1 and 3 are not equal.")
    expect(
        not close(found, grams[0] + 3 * grams[1]),
        "Four times too strong: the weights count in proportion to each other, so 1 and 3 are a "
        "quarter and three quarters.",
    )
    expect(not close(found, (3 * grams[0] + grams[1]) / 4), "The weights have changed places.")
    expect(close(found, (grams[0] + 3 * grams[1]) / 4), "Each matrix times its share, added up.")


@task(
    "10.2",
    "A weighted mean: Σ mask · f fᵀ over Σ mask.",
    "Where the mask is 0.5, how often does the mask go into each product: once, or twice?",
)
def masked_gram(answer):
    """answer(x, mask): the mean Gram matrix of a region."""
    rng = np.random.default_rng(2)
    x, mask = rng.normal(size=(ROWS, COLS, FEATURES)), rng.uniform(0.2, 1, (ROWS, COLS))
    products = np.einsum("ijc,ijd->ijcd", x, x)
    found = np.asarray(answer(x, mask))
    expect(found.shape == (FEATURES, FEATURES), f"It should be {FEATURES} × {FEATURES}.")
    expect(not close(found, products.mean((0, 1))), "The mask has no effect.")
    weighted = np.einsum("ij,ijcd->cd", mask, products)
    expect(
        not close(found, weighted) and not close(found, weighted / mask.size),
        "A small region would be a weak style: divide by the sum of the mask, not by the number of "
        "positions.",
    )
    twice = np.einsum("ij,ijcd->cd", mask**2, products)
    expect(
        not any(close(found, twice / size) for size in (1, mask.sum(), mask.size)),
        "x times the mask, squared, has the mask in it twice. Take its square root first, or "
        "weight the products.",
    )
    expect(close(found, weighted / mask.sum()), "The weighted mean of f fᵀ over all positions.")


@task(
    "10.3",
    "Luminance is 0.299 R + 0.587 G + 0.114 B. What is left of a pixel if you take it off?",
    "Which of the two pictures gives the luminance, and which gives the rest?",
)
def with_colours_of(answer):
    """answer(painted, content): the painted picture's luminance, the content image's colours."""
    painted, content = np.random.default_rng(3).integers(80, 176, (2, 6, 8, 3), dtype="uint8")
    wanted, swapped = restore_colours(painted, content), restore_colours(content, painted)
    found = np.asarray(answer(painted, content))
    expect(found.shape == wanted.shape, f"A picture has shape (rows, cols, 3), not {found.shape}.")
    expect(found.dtype == np.uint8, f"Return uint8 values, not {found.dtype}.")
    off = abs(found.astype(int) - wanted)
    wrapped = content + ((painted - content) @ LUMINANCE)[..., np.newaxis]
    inside = wrapped < 255
    expect(
        not abs(found.astype(int) - swapped).max() <= 1,
        "The two have changed places: the strokes should come from the painted picture.",
    )
    expect(
        not close(found[inside], wrapped[inside], 0, 1.5),
        "The difference of two uint8 arrays wraps around: 3 − 5 is 254. Compute in float.",
    )
    same = close(found.astype(int) - found[..., :1], content.astype(int) - content[..., :1], 0, 3)
    expect(
        not same or off.max() <= 1,
        "The colours are right, the luminance is not: weight red, green and blue as the eye does.",
    )
    expect(off.max() <= 1, "Add the *difference* of the two luminances to the content image.")
