"""Does `for_budget` keep to its seconds? From the call to the written picture, imports apart."""

import subprocess
import sys

import reference

RUN = """
import sys, tempfile, time
from pathlib import Path
import nst_helpers as nst
nst.config_for_budget, nst.transfer, nst.save_image  # imported before the clock starts
start = time.perf_counter()
config = nst.TransferConfig.for_budget(seconds=float(sys.argv[1]))
result = nst.transfer(nst.picture("paris"), nst.picture("starry_night"), config, lambda p: None)
with tempfile.TemporaryDirectory() as folder:
    nst.save_image(Path(folder) / "painted.png", result.image)
    seconds = time.perf_counter() - start
print(config.rows, config.iterations, seconds)
"""


def main():
    rows = []
    for budget in (30, 30, 30, 120):
        command = [sys.executable, "-c", RUN, str(budget)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        size, iterations, seconds = done.stdout.splitlines()[-1].split()
        rows.append([budget, size, iterations, f"{float(seconds):.1f}"])
    print(reference.table(["seconds given", "rows", "iterations", "seconds taken"], rows))


if __name__ == "__main__":
    main()
