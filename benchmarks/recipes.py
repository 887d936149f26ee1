"""What do the recipes make of the shipped pictures, in how many seconds?

Draws docs/recipes.jpg. The Keras example's recipe runs for all its 4,000 iterations: 50 minutes or
more.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import reference
from PIL import Image

import nst_helpers as nst
from nst_helpers.machine.backend import tf

RUN = """
import sys
import numpy as np
import nst_helpers as nst
content, style, recipe, out = sys.argv[1:]
config = nst.TransferConfig.recipe(recipe)
result = nst.transfer(nst.picture(content), nst.picture(style), config, lambda progress: None)
np.save(out, result.picture)
print(result.losses[-1].seconds)
"""
PICTURES = "harbour_town", "swirling_strokes"
WIDTH, GAP = 640, 12


def paint(recipe):
    """Seconds of a run in a fresh process, without imports, and the picture before rounding."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "out.npy")
        command = [sys.executable, "-c", RUN, *PICTURES, recipe, out]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return float(done.stdout.splitlines()[-1]), np.load(out)


def examples_loss(picture):
    content, style = (
        nst.preprocess_image(nst.picture(name), *picture.shape[1:3]) for name in PICTURES
    )
    losses, _ = reference.example_evaluation(content, style)(tf.constant(picture))
    return float(losses["total"])


def draw(pictures, path):
    images = [Image.fromarray(nst.deprocess_image(picture)) for picture in pictures]
    height = WIDTH * images[0].height // images[0].width
    sheet = Image.new("RGB", (len(images) * (WIDTH + GAP) - GAP, height), "white")
    for number, image in enumerate(images):
        place = number * (WIDTH + GAP), 0
        sheet.paste(image.resize((WIDTH, height), Image.Resampling.LANCZOS), place)
    sheet.save(path, quality=85)


def main():
    runs = {
        "the Keras example's 4,000 iterations, by `tutorial`": paint("tutorial"),
        "`fast`": paint("fast"),
        "`multiscale`": paint("multiscale"),
    }
    rows = [
        [name, f"{seconds:.0f}", f"{examples_loss(picture):.0f}"]
        for name, (seconds, picture) in runs.items()
    ]
    draw([picture for _, picture in runs.values()], reference.HERE.parent / "docs" / "recipes.jpg")
    print(reference.table(["", "seconds", "the example's loss"], rows))


if __name__ == "__main__":
    main()
