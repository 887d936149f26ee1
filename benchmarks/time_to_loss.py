"""How much faster is the Keras example's final loss reached? Whole commands, with the file."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import reference

import nst_helpers as nst

EXAMPLE_ITERATIONS = 4000
EXAMPLE_LOSS = 5193.27  # what the example prints at its last iteration
RUN = """
import sys
import numpy as np
import nst_helpers as nst
content, style, recipe, out = sys.argv[1:]
result = nst.transfer(content, style, nst.TransferConfig.recipe(recipe))
nst.save_image(out + ".png", result.image)
np.save(out + ".npy", result.picture)
"""


def run(recipe):
    """Seconds of a whole command that paints and writes a picture, and its loss before rounding."""
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "out")
        pictures = [str(nst.picture(name)) for name in ("paris", "starry_night")]
        start = time.perf_counter()
        subprocess.run([sys.executable, "-c", RUN, *pictures, recipe, out], check=True)
        seconds = time.perf_counter() - start
        return seconds, reference.example_loss(np.load(out + ".npy"))


def main():
    step = reference.example_step_seconds()
    example = step * EXAMPLE_ITERATIONS
    seconds, loss = run("fast")
    rows = [
        ["the Keras example", f"{example:.0f}", f"{EXAMPLE_LOSS:.2f}", "1"],
        ["`fast`", f"{seconds:.1f}", f"{loss:.2f}", f"{example / seconds:.0f}"],
    ]
    print(f"One step of the example's script: {step:.2f} s; times {EXAMPLE_ITERATIONS} below.\n")
    print(reference.table(["", "seconds", "the example's loss", "times as fast"], rows))


if __name__ == "__main__":
    main()
