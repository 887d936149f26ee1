"""What does a second worker of a Dask cluster bring? An evaluation in tiles, by one and by two."""

import argparse
import time

import reference
from distributed import Client, LocalCluster

import nst_helpers as nst
from nst_helpers.preparation import prepare
from nst_helpers.run import Run

TIMES = 3  # the first one compiles


def evaluate_on(workers, rows):
    """Seconds of an evaluation by so many workers of one thread each, and its total loss."""
    config = nst.TransferConfig.multiscale(rows=rows, precision="float32", convolution="winograd")
    run = Run.load(nst.picture("mountain_lake"), nst.picture("mosaic"), config)
    with (
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        x, evaluate, _ = prepare(run, run.size, client=client)
        x, seconds = x + 10.0, []
        for _ in range(TIMES):
            start = time.perf_counter()
            losses, _ = evaluate(x)
            seconds.append(time.perf_counter() - start)
    return min(seconds[1:]), float(losses["total"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=512)
    rows = parser.parse_args().rows
    (one, loss), (two, same) = (evaluate_on(workers, rows) for workers in (1, 2))
    table = [
        ["1", f"{one:.2f}", f"{loss:.6g}", ""],
        ["2", f"{two:.2f}", f"{same:.6g}", f"{one / two:.2f} × as fast, {same / loss - 1:+.1e}"],
    ]
    print(reference.table(["workers of one thread", "seconds", "loss", ""], table))


if __name__ == "__main__":
    main()
