"""Makes README's first picture: one photograph in four styles, by the multiscale recipe."""

from pathlib import Path

import numpy as np

import nst_helpers as nst

GALLERY = Path(__file__).resolve().parents[1] / "docs" / "gallery.jpg"
STYLES = ("swirling_strokes", "mosaic", "woodcut", "watercolour")
ROWS, COLS, GAP = 400, 600, 8


def side_by_side(images, axis):
    """One picture of several, with a white gap between them."""
    shape = list(images[0].shape)
    shape[axis] = GAP
    gap = np.full(shape, 255, "uint8")
    parts = [part for image in images for part in (gap, image)][1:]
    return np.concatenate(parts, axis)


def main():
    content = nst.load_image(nst.picture("harbour_town"))
    config = nst.TransferConfig.multiscale(rows=ROWS)
    painted = [nst.transfer(content, nst.picture(style), config).image for style in STYLES]
    painted = [image[:ROWS, :COLS] for image in painted]
    rows = [side_by_side(painted[:2], axis=1), side_by_side(painted[2:], axis=1)]
    nst.save_image(GALLERY, side_by_side(rows, axis=0))


if __name__ == "__main__":
    main()
