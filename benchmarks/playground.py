"""How soon does the playground answer? At its 192 rows, from a warm kernel."""

import statistics
import time

import reference
from jupyter_client.manager import start_new_kernel

import nst_helpers as nst

EVENTS = 20
SETUP = """
import nst_helpers as nst
playground = nst.Playground("harbour_town", "swirling_strokes")
playground.run()
playground.wait()
playground.change(iterations=100_000)
"""


def wait_for(condition):
    while not condition():
        time.sleep(0.002)


def first_picture(playground, factor):
    """Seconds from a slider's event, while a run is going, to the new run's first picture."""
    old, start = playground.shown, time.perf_counter()
    playground.style_factor = factor
    wait_for(lambda: playground.shown is not old)
    seconds = time.perf_counter() - start
    time.sleep(0.5)  # into the run
    return seconds


def stopping(playground):
    """Seconds from Stop until nothing computes any more."""
    old = playground.shown
    playground.run()
    wait_for(lambda: playground.shown is not old)
    time.sleep(0.5)
    start = time.perf_counter()
    playground.stop()
    playground.wait()
    return time.perf_counter() - start


def settling(playground, factor):
    """Seconds from an event until the loss is within 5 % of where the run ends."""
    start, seen = time.perf_counter(), []
    playground.observe(
        lambda change: seen.append((time.perf_counter() - start, change.new.losses[-1:])), "status"
    )
    playground.style_factor = factor
    playground.wait()
    playground.unobserve_all("status")
    end = playground.result.losses[-1].total
    run = [seconds for seconds, row in seen if row and row[0] in playground.result.losses]
    totals = [row[0].total for _, row in seen if row and row[0] in playground.result.losses]
    last_above = max(i for i, total in enumerate(totals) if total > 1.05 * end)
    return run[last_above + 1]


def other_cells():
    """Seconds that a cell of 1 + 1 takes in a kernel whose playground runs."""
    manager, client = start_new_kernel()
    try:
        client.execute_interactive(SETUP, timeout=300)
        time.sleep(2)
        times = []
        for _ in range(EVENTS):
            start = time.perf_counter()
            client.execute_interactive("1 + 1", output_hook=lambda _: None, timeout=60)
            times.append(time.perf_counter() - start)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return times


def main():
    playground = nst.Playground("harbour_town", "swirling_strokes")
    playground.run()
    playground.wait()
    settled = [settling(playground, factor) for factor in (5, 0.2, 1)]
    playground.change(iterations=100_000)
    wait_for(lambda: len(playground.status.losses) > 3)
    factors = [(2, 5, 1, 0.5)[number % 4] for number in range(EVENTS)]
    first = [first_picture(playground, factor) for factor in factors]
    stopped = [stopping(playground) for _ in range(EVENTS)]
    rows = [
        [name, f"{statistics.median(times):.2f}", f"{max(times):.2f}", len(times)]
        for name, times in {
            "from a slider, in the middle of a run, to the new run's first picture": first,
            "from a slider to within 5 % of the loss that the run ends at": settled,
            "from Stop until nothing computes": stopped,
            "another cell, 1 + 1, in the meantime": other_cells(),
        }.items()
    ]
    print(reference.table(["", "median s", "most s", "times"], rows))


if __name__ == "__main__":
    main()
