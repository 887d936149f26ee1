"""Exercises of lesson 13: halos, what adds up over tiles, and two passes."""

import numpy as np

from nst_helpers.machine.tiling import halo
from nst_helpers.machine.vgg19 import LAYERS
from nst_helpers.tasks.task import close, expect, task

# What one position of the style layers sees, and for how many pixels it stands (lesson 3).
FIELDS = {
    "block1_conv1": (3, 1),
    "block2_conv1": (10, 2),
    "block3_conv1": (24, 4),
    "block4_conv1": (68, 8),
    "block5_conv1": (156, 16),
}


@task(
    "13.1",
    "A position of block3_conv1 sees 24 columns, and 4 of them are its own. Where are the others?",
    "Half of the others lie on each side. Then go up to the next multiple.",
)
def halo_for(answer):
    """answer(sees, own): pixels of halo on each side of a tile."""
    found = {layer: answer(*field) for layer, field in FIELDS.items()}
    wide, middle = found["block5_conv1"], found["block3_conv1"]
    expect(isinstance(wide, (int, np.integer)), f"Pixels are whole numbers: {wide!r} is no int.")
    expect(
        wide not in (140, 144) and middle != 20,
        "That is both sides together. Each side needs half of it.",
    )
    expect(
        wide not in (156, 160),
        "The whole field on each side is far too much: the position stands in the middle of it.",
    )
    expect(
        found["block2_conv1"] not in (5, 6),
        "Half of the field also counts the pixels that the position stands for: take them off.",
    )
    expect(wide != 64, "64 pixels are fewer than the 70 that it looks at: round up, not down.")
    expect(
        wide % 16 == 0 and middle % 4 == 0,
        f"{wide} would begin in the middle of a position's own 16 pixels: go on to a multiple.",
    )
    for layer, width in found.items():
        needed, _ = halo(LAYERS[: LAYERS.index(layer) + 1])
        expect(width == needed, f"{layer} sees and owns {FIELDS[layer]}, and needs no {width}.")


@task(
    "13.2",
    "Which two of these three numbers are means over positions? Add those up first.",
    "A tile counts by its share of all positions. And σ² is the mean square less the squared mean.",
)
def whole_deviation(answer):
    """answer(reports): of (positions, mean, mean of the squares) of each tile, to the deviation."""
    rng = np.random.default_rng(13)
    tiles = [rng.normal(mean, 1 + mean, size) for mean, size in ((0, 40), (3, 10), (5, 150))]
    reports = [(len(x), x.mean(), (x**2).mean()) for x in tiles]
    positions, means, squares = np.array(reports).T
    shares, whole = positions / positions.sum(), np.concatenate(tiles)
    found = float(answer(list(reports)))
    each = np.sqrt(squares - means**2)
    expect(
        not close(found, each.mean()) and not close(found, shares @ each),
        "That is a mean of the tiles' deviations. A black tile and a white one have none, and "
        "together?",
    )
    expect(
        not close(found, np.sqrt(shares @ each**2)),
        "The tiles' variances alone forget how far the tiles' *means* lie apart.",
    )
    expect(
        not close(found, np.sqrt(squares.mean() - means.mean() ** 2)),
        "10 positions count as much as 150 here: weight each tile by its positions.",
    )
    expect(not close(found, whole.var()), "That is σ²: take the root.")
    expect(
        not close(found, np.sqrt(shares @ squares)),
        "The root of the mean square is a deviation from 0. Take the squared mean off.",
    )
    expect(
        close(found, whole.std()),
        f"All positions together have the deviation {whole.std():.3f}, not {found:.3f}.",
    )


@task(
    "13.3",
    "Pass 1: one number a feature, the sum of all squares over the number of all positions.",
    "Pass 2: what does x² / n, of a single x, have for a slope? n counts all tiles.",
)
def two_passes(answer):
    """answer(tiles, slope_of): the gradient of each tile; slope_of(statistic) is dL/dstatistic."""
    tiles = [np.random.default_rng(size).normal(size=(size, 3)) for size in (4, 10, 6)]
    whole, asked = np.concatenate(tiles), []
    statistic = (whole**2).mean(axis=0)

    def slope_of(seen):
        asked.append(np.array(seen))
        return np.array([1.0, 10.0, 100.0]) * (np.asarray(seen) + 1)

    found = list(answer([tile.copy() for tile in tiles], slope_of))
    expect(
        len(asked) == 1,
        f"You asked for the slope {len(asked)} times. The loss belongs to the whole picture: once.",
    )
    expect(
        not close(asked[0], np.mean([(tile**2).mean(axis=0) for tile in tiles], axis=0)),
        "The tiles have 4, 10 and 6 positions, and each counts a third in your statistic.",
    )
    expect(
        close(asked[0], statistic),
        "Pass 1 is wrong: the statistic is the mean of x² over the positions of all tiles.",
    )
    expect(
        [np.shape(each) for each in found] == [tile.shape for tile in tiles],
        "Return a list with one gradient for each tile, of the tile's own shape.",
    )
    found, right = np.concatenate(found), slope_of(statistic) * 2 * whole / len(whole)
    by_tile = np.concatenate([slope_of(statistic) * 2 * tile / len(tile) for tile in tiles])
    expect(
        not close(found, by_tile),
        "Pass 2 divides by the tile's own positions. How many are in the whole mean?",
    )
    expect(not close(found, right * len(whole)), "It is a *mean*: divide by the positions.")
    expect(not close(found, right / 2), "The derivative of x² is not x.")
    expect(close(found, right), "Chain rule: the slope times the derivative of the statistic by x.")
