"""Makes README's first picture: a photograph in the styles of four paintings, and two of ours."""

from pathlib import Path

import numpy as np

import nst_helpers as nst

GALLERY = Path(__file__).resolve().parents[1] / "docs" / "gallery.jpg"
PAIRS = [
    ("tubingen", "starry_night"),
    ("tubingen", "the_scream"),
    ("tubingen", "great_wave"),
    ("tubingen", "shipwreck"),
    ("harbour_town", "mosaic"),
    ("mountain_lake", "woodcut"),
]
ROWS, COLS, GAP = 400, 532, 8


def side_by_side(images, axis):
    """One picture of several, with a white gap between them."""
    shape = list(images[0].shape)
    shape[axis] = GAP
    gap = np.full(shape, 255, "uint8")
    parts = [part for image in images for part in (gap, image)][1:]
    return np.concatenate(parts, axis)


def paint(content, style):
    config = nst.TransferConfig.multiscale(rows=ROWS)
    image = nst.transfer(nst.picture(content), nst.picture(style), config).image
    left = (image.shape[1] - COLS) // 2
    return image[:, left : left + COLS]


def main():
    painted = [paint(*pair) for pair in PAIRS]
    rows = [side_by_side(painted[first : first + 2], axis=1) for first in range(0, len(PAIRS), 2)]
    nst.save_image(GALLERY, side_by_side(rows, axis=0))


if __name__ == "__main__":
    main()
