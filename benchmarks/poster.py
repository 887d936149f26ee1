"""What does a large picture cost in tiles? Memory and seconds at some sizes, a process each."""

import argparse
import json
import os
import subprocess
import sys

import reference

from nst_helpers.machine.convolution import faster_precision
from nst_helpers.machine.memory import MODEST

RUN = r"""
import json, re, sys, time
from pathlib import Path
import nst_helpers as nst
from nst_helpers.machine.cache import CACHE
from nst_helpers.machine.convolution import choose
from nst_helpers.machine.memory import check_memory
from nst_helpers.preparation import prepare
from nst_helpers.optimizers import LBFGS, make_optimizer
from nst_helpers.run import Run

precision = sys.argv[1]
megapixels, gigabytes, evaluations = map(float, sys.argv[2:])
rows = round((megapixels * 1e6 / 1.5) ** 0.5)  # the photograph is one of 3 : 2
content = nst.load_image(nst.picture("mountain_lake"))
config = nst.TransferConfig.poster(rows=rows, memory_gb=gigabytes or None, precision=precision)
config = config.replace(**choose(config.precision, config.convolution))
run = Run.load(content, nst.picture("mosaic"), config)
cuts = check_memory(run.size, config, CACHE)
x, evaluate, _ = prepare(run, run.size)
optimizer, seconds = make_optimizer(config, run.size), []
LBFGS.FIRST_STEP = 0.1  # short enough to be taken at once

def timed(x):
    start = time.perf_counter()
    found = evaluate(x)
    seconds.append(time.perf_counter() - start)
    return found

while len(seconds) < evaluations:
    losses, x = optimizer.step(timed, x)
peak = 1024 * int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
print(json.dumps([run.size, len(cuts), cuts and cuts[0].most, min(seconds[1:]), peak]))
"""


def measure(precision, megapixels, gigabytes, evaluations):
    """In a process of its own; on Linux, since the peak is read from /proc."""
    arguments = precision, megapixels, gigabytes, evaluations
    environment = os.environ | (MODEST if gigabytes else {})  # as for a poster from the shell
    command = [sys.executable, "-c", RUN, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[3, 12, 48])
    parser.add_argument("--gigabytes", type=float, nargs="+", default=[3], help="0: what is free")
    parser.add_argument("--evaluations", type=int, default=3)
    parser.add_argument("--precision", default=faster_precision())
    arguments = parser.parse_args()
    rows = []
    for megapixels in arguments.megapixels:
        for gigabytes in arguments.gigabytes:
            size, cuts, most, seconds, peak = measure(
                arguments.precision, megapixels, gigabytes, arguments.evaluations
            )
            side = f"{most**0.5:.0f}²" if cuts else "whole"
            row = [f"{size[1]} × {size[0]}", f"{gigabytes:g}", f"{cuts}", side]
            rows.append([*row, f"{seconds:.1f}", f"{peak / 1e9:.2f}"])
    header = [
        "picture",
        "GB allowed",
        "cuts",
        "tile, at most",
        "seconds an evaluation",
        "peak GB",
    ]
    print(reference.table(header, rows))


if __name__ == "__main__":
    main()
