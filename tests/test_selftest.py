"""python -m nst_helpers --selftest: one line a check, and the exit status."""

import re
import subprocess
import sys
from collections import namedtuple

import pytest

from nst_helpers import selftest

NAMES = ["Python", "TensorFlow", "VGG19 weights", "memory", "widgets", "thumbnail"]


def found(name, monkeypatch):
    monkeypatch.setattr(selftest, "CHECKS", {name: selftest.CHECKS[name]})
    (finding,) = selftest.findings()
    return finding


def test_a_machine_that_is_ready(tmp_path):
    command = [sys.executable, "-m", "nst_helpers", "--selftest"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    lines = done.stdout.splitlines()
    assert [re.match(r"ok   ([\w ]+): .", line)[1] for line in lines] == NAMES, done.stdout
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert re.search(r"64 × 96 in \d+ s, its loss down by \d+%", lines[-1])


def test_a_machine_without_weights(tmp_path, monkeypatch):
    """What needs them fails as well, the rest is still checked."""
    monkeypatch.setenv("NST_VGG19_WEIGHTS", str(tmp_path / "no.h5"))
    command = [sys.executable, "-m", "nst_helpers", "--selftest"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    failed = [line for line in done.stdout.splitlines() if line.startswith("FAIL")]
    assert done.returncode == 1
    assert [line.split(":")[0] for line in failed] == ["FAIL VGG19 weights", "FAIL thumbnail"]
    assert "no.h5" in failed[0]
    assert done.stdout.count("\n") == len(NAMES)


@pytest.mark.parametrize("version", [(3, 10, 2), (3, 14, 0)])
def test_a_python_without_tensorflow(version, monkeypatch):
    monkeypatch.setattr(sys, "version_info", version)
    finding = found("Python", monkeypatch)
    assert not finding.ready
    assert "3.11 to 3.13" in finding.what


def test_too_little_memory(monkeypatch):
    monkeypatch.setattr(selftest, "memory_there", lambda: 5e8)
    finding = found("memory", monkeypatch)
    assert not finding.ready
    assert "close other programs" in finding.what


def test_sliders_without_their_part_in_jupyterlab(tmp_path, monkeypatch):
    monkeypatch.setattr(selftest, "SLIDERS", ("labextensions", "none of that name"))
    finding = found("widgets", monkeypatch)
    assert not finding.ready
    assert "pip install jupyterlab_widgets" in finding.what


def test_a_thumbnail_whose_loss_does_not_fall(monkeypatch):
    Row, Result = namedtuple("Row", "total"), namedtuple("Result", "losses image")
    monkeypatch.setattr(
        "nst_helpers.training.transfer", lambda *_: Result([Row(1.0), Row(2.0)], None)
    )
    finding = found("thumbnail", monkeypatch)
    assert not finding.ready
    assert "went from 1 to 2" in finding.what
