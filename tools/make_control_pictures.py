"""Makes docs/control_*.jpg: two styles by region, colours kept, and five mixes of two styles.

python tools/make_control_pictures.py [regions] [colours] [mix]
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

import nst_helpers as nst

DOCS = Path(__file__).resolve().parents[1] / "docs"
ROWS, GAP, WIDEST, QUALITY = 400, 8, 1800, 85
CONFIG = nst.TransferConfig.multiscale(rows=ROWS, strength=0.5)

# Where bare branches hide the roofs, at the left of the photograph: columns and rows.
BEHIND_BRANCHES = [0, 40, 90, 130, 165, 190], [415, 395, 362, 358, 352, 360]


def sky_of(photograph):
    """The sky of the photograph of Tübingen: what is blue, from the top down to the roofs."""
    rows, cols = photograph.shape[:2]
    red, _, blue = np.moveaxis(photograph.astype(int), 2, 0)
    mask = Image.fromarray(np.uint8(255 * ((blue - red > 30) & (blue > 130))))
    for without_wires in (ImageFilter.MaxFilter(9), ImageFilter.MinFilter(9)):
        mask = mask.filter(without_wires)
    sky = np.asarray(mask.filter(ImageFilter.MedianFilter(5))) > 127
    sky = np.logical_and.accumulate(sky, axis=0)  # no blue window below a roof
    drawn = np.arange(rows)[:, np.newaxis] < np.interp(np.arange(cols), *BEHIND_BRANCHES)
    sky = np.where(np.arange(cols) < BEHIND_BRANCHES[0][-1], drawn, sky)
    return np.asarray(Image.fromarray(np.uint8(255 * sky)).filter(ImageFilter.GaussianBlur(3)))


def regions(photograph, wave, scream):
    """The photograph, the styles, and both in it: the wave above the roofs, the scream below."""
    sky = sky_of(photograph)
    painted = paint(
        photograph,
        nst.Style(wave, weight=1.6, region=sky),
        nst.Style(scream, scale=0.8, region=255 - sky),
    )
    half = (ROWS - GAP) // 2
    styles = [fit(style, half, 280) for style in (wave, scream[: 2 * len(scream) // 3])]
    return beside([fit(photograph, *painted.shape[:2]), beside(styles, axis=0), painted])


def colours(photograph, wave, scream):
    """The photograph, the scream in it, and its colours kept in both ways."""
    ways = [paint(photograph, scream, keep_colours=way) for way in (False, "recolour", "luminance")]
    first, second, third, fourth = fit(photograph, *ways[0].shape[:2]), *ways
    return beside([beside([first, second]), beside([third, fourth])], axis=0)


def mix(photograph, wave, scream):
    """Five pictures from the wave to the scream."""
    shares = (0, 0.25, 0.5, 0.75, 1)
    mixes = [[(wave, 1 - share), (scream, share)] for share in shares]
    return beside([paint(photograph, *(style for style in mix if style[1])) for mix in mixes])


def paint(photograph, *styles, **changes):
    return nst.transfer(photograph, list(styles), CONFIG.replace(**changes)).image


def fit(image, rows, cols):
    """The middle of a picture, as large as that size allows."""
    height, width = image.shape[:2]
    high, wide = min(height, width * rows // cols), min(width, height * cols // rows)
    top, left = (height - high) // 2, (width - wide) // 2
    middle = Image.fromarray(image[top : top + high, left : left + wide])
    return np.asarray(middle.resize((cols, rows), Image.Resampling.LANCZOS))


def beside(images, axis=1):
    """One picture of several, with a white gap between them."""
    shape = list(images[0].shape)
    shape[axis] = GAP
    gap = np.full(shape, 255, "uint8")
    return np.concatenate([part for image in images for part in (gap, image)][1:], axis)


def main(names):
    photograph, wave, scream = (
        nst.load_image(nst.picture(name)) for name in ("tubingen", "great_wave", "the_scream")
    )
    scream = scream[:, : int(0.92 * scream.shape[1])]  # without the edge of its board
    for make in (regions, colours, mix):
        if make.__name__ in (names or ("regions", "colours", "mix")):
            sheet = Image.fromarray(make(photograph, wave, scream))
            sheet.thumbnail((WIDEST, WIDEST), Image.Resampling.LANCZOS)
            sheet.save(DOCS / f"control_{make.__name__}.jpg", quality=QUALITY)


if __name__ == "__main__":
    main(sys.argv[1:])
