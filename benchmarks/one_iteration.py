"""One iteration of each recipe beside one of the Keras example's script: seconds and memory.

Each runs in a process of its own, on the example's pictures at 400 × 599, one after the other.
"""

import json
import subprocess
import sys

import reference

PEAK = """
import json, resource, sys
unit = 1 if sys.platform == "darwin" else 1024
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
print(json.dumps([seconds, peak]))
"""
EXAMPLE = """
import keras, reference
seconds = reference.step_seconds(steps=9)
"""
OURS = """
import sys
import numpy as np
import nst_helpers as nst
config = nst.TransferConfig.recipe(sys.argv[1], iterations=int(sys.argv[2]), report_every=1)
result = nst.transfer(nst.picture("paris"), nst.picture("starry_night"), config, lambda p: None)
seconds = float(np.median(np.diff([row.seconds for row in result.losses])))
"""


def measure(script, *arguments):
    """Median seconds of an iteration, and the peak memory of the process in bytes."""
    command = [sys.executable, "-c", script + PEAK, *arguments]
    done = subprocess.run(
        command, cwd=reference.HERE, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main():
    example, examples_peak = measure(EXAMPLE)
    rows = [["the Keras example", f"{example:.2f}", "1.00", f"{examples_peak / 1e9:.2f}"]]
    for recipe, iterations in (("tutorial", "10"), ("fast", "24")):  # L-BFGS's pairs are 20
        seconds, peak = measure(OURS, recipe, iterations)
        ratio = f"{seconds / example:.2f}"
        rows.append([f"`{recipe}`", f"{seconds:.2f}", ratio, f"{peak / 1e9:.2f}"])
    print(reference.table(["", "seconds", "of the example's", "peak GB"], rows))


if __name__ == "__main__":
    main()
