"""How do time and memory grow with the picture? From 0.05 to 2 megapixels, a process each."""

import json
import subprocess
import sys

import numpy as np
import reference

SIZES = (0.05, 0.1, 0.24, 0.5, 1, 2)  # megapixels
RUN = """
import json, resource, sys
import numpy as np
import nst_helpers as nst
rows, recipe = int(sys.argv[1]), sys.argv[2]
settings = {"rows": rows, "iterations": 24, "report_every": 1, "precision": "float32"}
config = nst.TransferConfig.recipe(recipe, **settings)  # so that L-BFGS has all of its pairs
result = nst.transfer(nst.picture("mountain_lake"), nst.picture("mosaic"), config, lambda p: None)
seconds = float(np.median(np.diff([row.seconds for row in result.losses])))
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
print(json.dumps([result.image.size // 3, seconds, peak]))
"""


def measure(megapixels, recipe):
    rows = round((megapixels * 1e6 * 2 / 3) ** 0.5)
    command = [sys.executable, "-c", RUN, str(rows), recipe]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def exponent(pixels, values):
    """Slope of a straight line through the logarithms."""
    return np.polyfit(np.log(pixels), np.log(values), 1)[0]


def main():
    for recipe in ("tutorial", "fast"):
        measured = [measure(size, recipe) for size in SIZES]
        pixels, seconds, peaks = zip(*measured, strict=True)
        rows = [
            [f"{p / 1e6:.2f}", f"{s:.2f}", f"{peak / 1e9:.2f}"]
            for p, s, peak in measured
        ]  # fmt: skip
        print(f"\n`{recipe}`, float32:\n")
        print(reference.table(["megapixels", "seconds an iteration", "peak GB"], rows))
        print(f"\nTime grows with an exponent of {exponent(pixels, seconds):.2f}, ", end="")
        print(f"memory with {exponent(pixels, peaks):.2f}.")


if __name__ == "__main__":
    main()
