"""Makes docs/poster.jpg and docs/poster_crops.jpg: python tools/make_poster_pictures.py POSTER.png

The poster: harbour_town, 3,000 rows of it, in the style that tools/draw_strokes.py draws. Of the
crops, at full size, the first four lie where four tiles meet.
"""

import sys
from pathlib import Path

from PIL import Image

from nst_helpers.config import TransferConfig
from nst_helpers.machine.memory import cuts_that_fit
from nst_helpers.machine.tiling import tiles
from nst_helpers.machine.vgg19 import LAYERS

DOCS = Path(__file__).resolve().parents[1] / "docs"
WIDTH, CROP, GAP = 1000, (400, 300), 8
MEET = (2, 3), (5, 2), (8, 5), (10, 7)  # rows and cols of the tiles whose first corner is shown
ELSEWHERE = (2900, 700), (2000, 2600)  # middles of the other crops: x and y


def middles(size):
    """Where the crops lie in a picture of that size, rows and cols."""
    config = TransferConfig.poster(rows=size[0], precision="bfloat16")
    cut, *_ = cuts_that_fit(size, config, config.memory_gb * 1e9)
    layers = LAYERS[: LAYERS.index(cut.layer) + 1]
    corners = {(tile.rows.first, tile.cols.first) for tile in tiles(size, layers, cut.most)}
    rows, cols = (sorted(set(each)) for each in zip(*corners, strict=True))
    return [*((cols[col], rows[row]) for row, col in MEET), *ELSEWHERE]


def crops(poster):
    """Six parts of the poster, in three columns."""
    width, height = CROP
    page = Image.new("RGB", (3 * width + 2 * GAP, 2 * height + GAP), "white")
    for number, (x, y) in enumerate(middles((poster.height, poster.width))):
        left, top = x - width // 2, y - height // 2
        row, col = divmod(number, 3)
        part = poster.crop((left, top, left + width, top + height))
        page.paste(part, (col * (width + GAP), row * (height + GAP)))
    return page


def main(path):
    poster = Image.open(path).convert("RGB")
    reduced = poster.resize((WIDTH, WIDTH * poster.height // poster.width), Image.LANCZOS)
    reduced.save(DOCS / "poster.jpg", quality=88)
    crops(poster).save(DOCS / "poster_crops.jpg", quality=90)


if __name__ == "__main__":
    main(*sys.argv[1:])
