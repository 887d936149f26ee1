"""The record of faults counts every try, also those that are not survived."""

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
import pytest

@pytest.mark.parametrize("numbers", [[1, 2, 3], [4, 5]])
def test_counted_one_by_one(tried, numbers):
    for number in numbers:
        with tried("a number"):
            if number == 5:
                pytest.fail("too large")
            assert number != 2

def test_what_fails_later_counts_too(tried):
    with tried("a mistake", lost="time"):
        pass
    with tried("a mistake", lost="time"):
        raise OSError
    assert False

def test_counted_by_the_test_itself(survived):
    survived("a kill", 10, 8)

def test_that_comes_to_no_count(survived):
    assert False
    survived("never", 1, 1)

def test_skipped(survived, tried):
    with tried("a leap"):
        pytest.skip("not here")
"""
ROWS = """| a number | 5 | 3 | nothing |
| a mistake | 2 | 1 | time |
| a kill | 10 | 8 | nothing |
| `test_faults.py::test_that_comes_to_no_count`, which failed before it counted | 1 | 0 | unknown |
"""


def test_every_try_counts(tmp_path):
    (tmp_path / "test_faults.py").write_text(TESTS)
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    arguments = "-m pytest -p no:nbval -p reliability --write-reliability=out.md"
    done = subprocess.run(
        [sys.executable, *arguments.split()],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert "5 failed, 1 skipped" in done.stdout, done.stdout
    assert "a number: 1 not survived (2 of 3 so far)" in done.stdout
    written = (tmp_path / "out.md").read_text(encoding="utf-8")
    assert written.endswith("| --- | ---: | ---: | --- |\n" + ROWS)
