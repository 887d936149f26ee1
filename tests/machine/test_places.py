"""Places for learners: as many as fit into memory, one a process, free again when it ends."""

import os
import subprocess
import sys

import pytest

from nst_helpers.machine import memory, places

TAKE = """
import sys
from nst_helpers.machine.places import take_place
print(take_place() and take_place(), flush=True)
sys.stdin.read()
"""


def test_the_count_follows_the_memory():
    assert places.count_places(24e9) >= 20, "a class on 24 GB"
    assert places.count_places(12e9) < places.count_places(24e9)
    assert places.count_places(1e9) == 1
    assert places.count_places() >= 1


def test_without_a_server_there_is_no_limit(monkeypatch):
    monkeypatch.delenv(places.FOLDER, raising=False)
    assert places.take_place()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_one_too_many_gets_none_until_another_ends(tmp_path, monkeypatch):
    for name in (places.FOLDER, *memory.MODEST):  # put back at the end
        monkeypatch.setenv(name, "")
    places.make_places(tmp_path, 2)

    def come():
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        process = subprocess.Popen([sys.executable, "-c", TAKE], env=os.environ, **pipes)
        return process, process.stdout.readline().strip()

    visitors = [come() for _ in range(3)]
    try:
        assert [got for _, got in visitors] == ["True", "True", "False"]
        visitors[0][0].kill()  # as the memory limit does
        visitors[0][0].wait()
        visitors.append(come())
        assert visitors[-1][1] == "True"
    finally:
        for process, _ in visitors:
            process.kill()
            process.communicate()
