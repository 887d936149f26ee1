"""Files in the making: a killed process's is cleared away, a living one's is not."""

import subprocess
import sys

import pytest

import nst_helpers as nst
from nst_helpers.files import open_atomically, write_atomically

DIE_WRITING = """
import os, sys
from nst_helpers.files import open_atomically
with open_atomically(sys.argv[1]) as file:
    file.write(b"half of it")
    os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills in other ways")
def test_what_a_killed_process_left_is_cleared_away(tmp_path):
    target = tmp_path / "mine.csv"
    target.write_bytes(b"old")
    assert subprocess.run([sys.executable, "-c", DIE_WRITING, target]).returncode == -9
    assert target.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 2
    with open_atomically(tmp_path / "first") as first:
        first.write(b"one")
        write_atomically(tmp_path / "second", b"two")  # while the first is in the making
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "mine.csv": b"old",
        "first": b"one",
        "second": b"two",
    }


def test_what_goes_wrong_in_the_making_leaves_the_old_file(tmp_path):
    (tmp_path / "mine.csv").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), open_atomically(tmp_path / "mine.csv") as file:
        file.write(b"new")
        raise ZeroDivisionError
    with pytest.raises(nst.ImageError, match="can't be written"):
        write_atomically(tmp_path / "none" / "mine.csv", b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]
