"""How good are the pictures, beside the Keras example's and another tool's?

`quality.py [--peer COMMAND]`: COMMAND runs pastiche 1.6.0, which needs PyTorch, with its defaults.
Each of its pictures takes more than half an hour on two cores.
"""

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

import reference
from measure import Measure
from PIL import Image, ImageOps

import nst_helpers as nst

PAIRS = [
    ("paris", "starry_night"),
    ("tubingen", "the_scream"),
    ("tubingen", "shipwreck"),
    ("paris", "great_wave"),
    ("harbour_town", "mosaic"),
    ("mountain_lake", "watercolour"),
]
ROWS = 400
SHEET = reference.HERE.parent / "docs" / "quality.jpg"


def by_recipe(name):
    def paint(content, style):
        config = nst.TransferConfig.recipe(name, rows=ROWS)
        return nst.transfer(content, style, config, lambda progress: None).image

    return paint


def by_pastiche(command):
    def paint(content, style):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "out.png")
            size = nst.load_image(content, ROWS).shape
            pixels = ["--size-pixels", str(size[0] * size[1]), "--seed", "0"]
            files = ["--content", content, "--styles", style, "--output", out]
            subprocess.run([command, *files, *pixels], check=True, stdout=subprocess.DEVNULL)
            return nst.load_image(out)

    return paint


def timed(paint, pair):
    start = time.perf_counter()
    image = paint(*map(nst.picture, pair))
    return image, time.perf_counter() - start


def quality(pair, image):
    content, style = (nst.load_image(nst.picture(name)) for name in pair)
    return Measure(content, style, *image.shape[:2])(image)


def sheet(rows):
    """Each pair's pictures side by side; below them the same part of each, twice as large."""
    width, height, gap = 600, ROWS, 8
    columns = max(map(len, rows))
    size = columns * (width + gap) - gap, 2 * len(rows) * (height + gap) - gap
    page = Image.new("RGB", size, "white")
    for row, images in enumerate(rows):
        for column, image in enumerate(map(Image.fromarray, images)):
            left, top = column * (width + gap), 2 * row * (height + gap)
            page.paste(ImageOps.fit(image, (width, height)), (left, top))
            right, middle = image.width, image.height // 4
            crop = image.crop((right - width // 2, middle, right, middle + height // 2))
            page.paste(crop.resize((width, height), Image.NEAREST), (left, top + height + gap))
    return page


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", metavar="COMMAND")
    parser.add_argument("--pairs", type=int, default=len(PAIRS))
    options = parser.parse_args()
    painters = {name: by_recipe(name) for name in ("fast", "multiscale")}
    if options.peer:
        painters["pastiche"] = by_pastiche(options.peer)
    rows, pictures = [], []
    for pair in PAIRS[: options.pairs]:
        pictures.append([])
        for name, paint in painters.items():
            image, seconds = timed(paint, pair)
            numbers = [f"{number:.3f}" for number in quality(pair, image)]
            rows.append([" in ".join(pair), name, *numbers, f"{seconds:.0f}"])
            pictures[-1].append(image)
    sheet(pictures).save(SHEET, quality=85)
    print(reference.table(["", "", "style", "content", "grain", "seconds"], rows))


if __name__ == "__main__":
    main()
