"""Exercises of lesson 5: noise, and how much each part of the loss counts."""

import numpy as np

from nst_helpers.losses import style_loss, total_variation_loss
from nst_helpers.tasks.task import close, expect, task

LAYERS = tuple(f"block{block}_conv1" for block in range(1, 6))


@task(
    "5.1",
    "x[:, :-1, :-1] is every pixel that has one below and one to the right.",
    "down² + right² at each pixel, then the power, then the sum.",
)
def total_variation(answer):
    """answer(x, power): the sum over all pixels of (down² + right²)^power."""
    x = np.random.default_rng(7).normal(0, 50, (1, 8, 12, 3)).astype("float32")
    expect(close(answer(0 * x + 7, 1.25), 0.0), "A picture of one colour has no variation.")
    expect(
        close(answer(x + 30, 1.25), answer(x, 1.25), 1e-3),
        "Brighter all over: the differences stay the same, and so should the loss.",
    )
    for power in (0.5, 1.0, 1.25):
        expect(
            close(answer(2 * x, power), 4**power * answer(x, power), 1e-3),
            f"Twice the contrast at power {power} should be {4**power:.2f} times the loss. Are the "
            "differences squared, and then taken to the power?",
        )
    wanted, found = float(total_variation_loss(x)), float(answer(x, 1.25))
    expect(
        not found > 2 * wanted,
        "Far too much: take the power at each pixel, and add up afterwards.",
    )
    expect(
        close(found, wanted, 1e-4),
        "Nearly. Each pixel meets the one below and the one to the right, both under one power; "
        "the last row and column are left out.",
    )


@task(
    "5.2",
    "nst.style_loss(style, combination, rows, cols) is one layer's loss.",
    "A share is a part over the whole. What is the whole?",
)
def shares(answer):
    """answer(style_maps, combination_maps, rows, cols): each layer's part of the style loss."""
    styles, pictures = _maps(1), _maps(2)
    losses = {n: float(style_loss(styles[n], pictures[n], 16, 24)) for n in LAYERS}
    found = answer(styles, pictures, 16, 24)
    expect(set(found) == set(LAYERS), "Return a dictionary with one entry for each layer's name.")
    total = sum(map(float, found.values()))
    expect(not total > 99, "These are losses or percentages, no shares: divide by the sum.")
    expect(close(total, 1.0), f"Shares should add up to 1, and yours add up to {total:.3g}.")
    for name, loss in losses.items():
        expect(
            close(float(found[name]), loss / sum(losses.values()), 1e-3),
            f"The share of {name} is its own style loss over the sum of all five.",
        )


def _maps(seed):
    """Feature maps that grow with depth, as VGG19's do."""
    rng = np.random.default_rng(seed)
    return {
        name: np.maximum(rng.normal(0, 10.0**depth, (16, 24, 8)), 0).astype("float32")
        for depth, name in enumerate(LAYERS)
    }


@task(
    "5.3",
    "Weight times loss should be the same for all layers. So which layer needs a small weight?",
    "Take 1 / loss for each. What is their sum, and what should it be?",
)
def balance(answer):
    """answer(losses): weights with which all layers count the same; they add up to 5."""
    losses = dict(zip(LAYERS, (3.3e8, 2.4e10, 3.1e10, 2.7e12, 4.7e7), strict=True))
    weights = answer(dict(losses))
    expect(set(weights) == set(losses), "Return a dictionary with a weight for each name.")
    parts = [weights[name] * loss for name, loss in losses.items()]
    expect(
        len(set(weights.values())) > 1,
        "All weights are equal, so the strongest layer still decides.",
    )
    expect(
        weights["block4_conv1"] < weights["block5_conv1"],
        "The strongest layer got the largest weight, and is now stronger still.",
    )
    expect(
        close(max(parts), min(parts), 1e-3), "Weight times loss should be the same for all layers."
    )
    expect(close(sum(weights.values()), 5.0, 1e-4), "Scale the weights so that they add up to 5.")
