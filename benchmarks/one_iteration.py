"""One iteration of the tutorial recipe beside one of the document's script: seconds and memory.

Each runs in a process of its own, on the document's pictures at 400 × 599, one after the other.
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
DOCUMENT = """
import reference
seconds = reference.document_step_seconds(steps=9)
"""
OURS = """
import numpy as np
import nst_helpers as nst
config = nst.TransferConfig.tutorial(iterations=10, report_every=1)
result = nst.transfer(nst.picture("paris"), nst.picture("starry_night"), config, lambda p: None)
seconds = float(np.median(np.diff([row.seconds for row in result.losses])))
"""


def measure(script):
    """Median seconds of an iteration, and the peak memory of the process in bytes."""
    command = [sys.executable, "-c", script + PEAK]
    done = subprocess.run(
        command, cwd=reference.HERE, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def main():
    (document, documents_peak), (ours, our_peak) = measure(DOCUMENT), measure(OURS)
    rows = [
        ["the document's script", f"{document:.2f}", "1.00", f"{documents_peak / 1e9:.2f}"],
        ["`tutorial`", f"{ours:.2f}", f"{ours / document:.2f}", f"{our_peak / 1e9:.2f}"],
    ]
    print(reference.table(["", "seconds", "of the document's", "peak GB"], rows))


if __name__ == "__main__":
    main()
