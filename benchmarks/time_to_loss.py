"""How much sooner is the document's final loss reached? Whole commands, to the written file."""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import reference

import nst_helpers as nst

DOCUMENT_ITERATIONS = 4000
DOCUMENT_LOSS = 5193.27  # what the document prints at its last iteration
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
        return seconds, reference.document_loss(np.load(out + ".npy"))


def main():
    step = reference.document_step_seconds()
    document = step * DOCUMENT_ITERATIONS
    seconds, loss = run("fast")
    rows = [
        ["the document", f"{document:.0f}", f"{DOCUMENT_LOSS:.2f}", "1"],
        ["`fast`", f"{seconds:.1f}", f"{loss:.2f}", f"{document / seconds:.0f}"],
    ]
    print(f"One step of the document's script: {step:.2f} s; times {DOCUMENT_ITERATIONS} below.\n")
    print(reference.table(["", "seconds", "the document's loss", "times sooner"], rows))


if __name__ == "__main__":
    main()
