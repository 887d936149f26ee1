"""What a run needs and what there is, against a process that really runs."""

import json
import subprocess
import sys

import numpy as np
import psutil
import pytest

import nst_helpers as nst
from nst_helpers.machine import memory
from nst_helpers.machine.cache import Cache

FAST = nst.TransferConfig.fast()
PEAK = r"""
import json, re, sys
from pathlib import Path
import nst_helpers as nst
config = nst.TransferConfig.fast(**json.loads(sys.argv[1]))
nst.transfer(nst.picture("mountain_lake"), nst.picture("mosaic"), config, lambda progress: None)
# Not getrusage: its peak counts what the parent held when it forked.
print(1024 * int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the peak is read from /proc")
@pytest.mark.parametrize(
    "changes",
    [{"rows": 64}, {"rows": 512}, {"rows": 256, "style_scale": 2.5, "optimizer": "adam"}],
    ids=str,
)
def test_what_a_run_needs(changes):
    """The estimate is not below what a run takes, nor so far above that it refuses for nothing."""
    changes = {"history": 4, "iterations": 4, "precision": "float32", **changes}
    rows, config = changes["rows"], FAST.replace(**changes)
    done = subprocess.run(
        [sys.executable, "-c", PEAK, json.dumps(changes)],
        capture_output=True,
        text=True,
        check=True,
    )
    peak = int(done.stdout.splitlines()[-1])
    assert 0.97 * peak < memory.memory_needed((rows, rows * 3 / 2), config) < 1.5 * peak


def test_what_is_refused_and_what_fits(monkeypatch, tried):
    monkeypatch.setattr(memory, "memory_there", lambda: 2e9)
    assert memory.check_memory((400, 599), FAST, Cache()) == []
    with tried("a picture too large for the memory"):
        with pytest.raises(
            nst.ConfigError, match=r"rows=8000 needs more .* 2.0 GB .* rows=\d+ fits"
        ) as said:
            memory.check_memory((8000, 12000), FAST, Cache())
        rows = int(str(said.value).split("rows=")[-1].split()[0])
        assert 800 <= rows < 8000
        assert memory.check_memory((rows, rows * 3 // 2), FAST, Cache())
    with tried("a picture too large for the memory"), pytest.raises(nst.ConfigError):
        memory.check_memory((rows + 32, (rows + 32) * 3 // 2), FAST, Cache())


def test_the_more_memory_the_fewer_cuts_and_the_larger_the_tiles():
    size = 1155, 1732
    none, *some, whole = (memory.cuts_that_fit(size, FAST, gb * 1e9) for gb in (1, 1.7, 2, 3, 8))
    assert none is None and whole == []
    assert all(cuts[0].layer == "block2_pool" for cuts in some)
    counts, tiles = [len(cuts) for cuts in some], [cuts[0].most for cuts in some]
    assert counts == sorted(counts, reverse=True) and tiles == sorted(tiles)


def test_a_poster_makes_do_with_the_memory_that_it_says(monkeypatch):
    size, poster = (3000, 4000), nst.TransferConfig.poster(rows=3000, precision="bfloat16")

    def cuts(**changes):
        return memory.check_memory(size, poster.replace(**changes), Cache())

    monkeypatch.setattr(memory, "memory_there", lambda: 60e9)
    assert cuts(memory_gb=None) == [], "in one piece, where there is the memory"
    assert cuts() == memory.cuts_that_fit(size, poster, 3e9)
    assert cuts(memory_gb=0.5)[0].most < cuts()[0].most, "as little as tiles need"
    monkeypatch.setattr(memory, "memory_there", lambda: 1e9)
    with pytest.raises(nst.ConfigError, match=r"1\.0 GB that this machine has"):
        cuts()


def test_large_pictures_keep_fewer_pairs():
    config = FAST.replace(history=20, iterations=60)
    assert memory.pairs_kept((400, 599), config) == 20
    assert memory.pairs_kept((3000, 4000), config) == memory.FEWEST_PAIRS
    assert memory.pairs_kept((3000, 4000), config.replace(history=2)) == 2


@pytest.mark.parametrize(("kept", "left"), [(1e8, 1e8), (1.5e9, 0)])
def test_what_earlier_runs_left_makes_room(monkeypatch, kept, left):
    """But only where that is needed."""
    monkeypatch.setattr(memory, "memory_there", lambda: 2e9)
    cache = Cache()
    cache.get("target", "a picture", lambda: kept, nbytes=lambda kept: kept)
    memory.check_memory((400, 599), FAST, cache)
    assert cache.nbytes == left


def test_a_run_is_refused_before_it_starts(monkeypatch):
    monkeypatch.setattr(memory, "memory_there", lambda: 0.5e9)
    monkeypatch.setattr("nst_helpers.training.prepare", None)
    with pytest.raises(nst.ConfigError, match="close other programs"):
        nst.transfer(np.zeros((9, 9, 3), "uint8"), np.zeros((9, 9, 3), "uint8"), FAST)


@pytest.mark.parametrize(("limit", "free"), [("3000000000", 2.5e9), ("max", None)])
def test_a_containers_limit_counts(monkeypatch, tmp_path, limit, free):
    """Memory that only holds files read before is free to take."""
    (tmp_path / "memory.max").write_text(limit + "\n")
    (tmp_path / "memory.current").write_text("1000000000\n")
    (tmp_path / "memory.stat").write_text("anon 400000000\ninactive_file 500000000\n")
    monkeypatch.setattr(memory, "CONTAINER", tmp_path)
    free = free or psutil.virtual_memory().available
    own = psutil.Process().memory_info().rss
    assert memory.memory_there() == pytest.approx(free + own, rel=0.1)


LET_GO = """
import sys
import numpy as np
import psutil
from nst_helpers.machine.memory import giving_back
process = psutil.Process()
with giving_back():
    small = [np.ones(1000) for _ in range(20_000)]  # on the heap, not in pieces of their own
    kept = np.ones(1000)  # at its end, so that the rest is not given back by itself
    del small
    before = process.memory_info().rss
print(before - process.memory_info().rss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other C libraries give back by themselves")
def test_what_was_let_go_of_is_given_back():
    done = subprocess.run(
        [sys.executable, "-c", LET_GO], check=True, capture_output=True, text=True
    )
    assert int(done.stdout) > 100e6
