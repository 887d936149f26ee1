"""Unfinished files: those of a killed process are removed, those of a living one are not."""

import subprocess
import sys

import pytest

from nst_helpers.errors import FileError
from nst_helpers.machine.files import check_writable, open_atomically, write_atomically

DIE_WRITING = """
import os, sys
from nst_helpers.machine.files import open_atomically
with open_atomically(sys.argv[1]) as file:
    file.write(b"half of it")
    os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills in other ways")
def test_leftovers_of_a_killed_process_are_removed(tmp_path):
    target = tmp_path / "mine.csv"
    target.write_bytes(b"old")
    assert subprocess.run([sys.executable, "-c", DIE_WRITING, target]).returncode == -9
    assert target.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 2
    with open_atomically(tmp_path / "first") as first:
        first.write(b"one")
        write_atomically(tmp_path / "second", b"two")  # while the first is unfinished
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        "mine.csv": b"old",
        "first": b"one",
        "second": b"two",
    }


def test_an_error_while_writing_leaves_the_old_file(tmp_path):
    (tmp_path / "mine.csv").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), open_atomically(tmp_path / "mine.csv") as file:
        file.write(b"new")
        raise ZeroDivisionError
    with pytest.raises(FileError, match="can't be written"):
        write_atomically(tmp_path / "none" / "mine.csv", b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_unwritable_paths_are_named(tmp_path):
    (tmp_path / "mine.csv").write_bytes(b"old")
    for path, words in [
        (tmp_path, "is a folder: give the name of a file in it"),
        (tmp_path / "none" / "a.csv", "none does not exist: make it first"),
        ("~nobody_of_that_name/a.csv", "can't be written: Could not determine home"),
    ]:
        with pytest.raises(FileError, match=words):
            check_writable(path)
    assert check_writable(str(tmp_path / "mine.csv")) == tmp_path / "mine.csv"
    assert (tmp_path / "mine.csv").read_bytes() == b"old"
