"""Ctrl-C and the notebook's stop button: the best picture so far comes back, with its losses."""

import csv
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel

import nst_helpers as nst
from nst_helpers.machine.backend import tf

CONTENT, STYLE = nst.picture("harbour_town"), nst.picture("swirling_strokes")


def interrupt_at(iteration):
    def interrupt(progress):
        if progress.losses.iteration == iteration:
            raise KeyboardInterrupt

    return interrupt


@pytest.mark.parametrize(
    ("recipe", "iteration", "changes"),
    [
        ("tutorial", 1, {}),
        ("tutorial", 5, {}),
        ("tutorial", 5, {"optimizer": "adam"}),
        ("fast", 5, {}),
        ("multiscale", 2, {}),
        ("multiscale", 12, {}),
        ("multiscale", 12, {"optimizer": "adam", "keep_colours": "luminance"}),
    ],
)
def test_the_best_picture_so_far_comes_back(recipe, iteration, changes):
    config = nst.TransferConfig.recipe(recipe, rows=48, iterations=20, **changes)
    with pytest.warns(UserWarning, match=f"^Interrupted after iteration {iteration} of 20: "):
        result = nst.transfer(CONTENT, STYLE, config, interrupt_at(iteration))
    assert not result.finished
    assert [row.iteration for row in result.losses] == list(range(1, iteration + 1))
    assert result.image.shape == (48, 72, 3)  # also where a smaller size was being painted
    if not config.keep_colours:
        np.testing.assert_array_equal(nst.deprocess_image(result.picture), result.image)


@pytest.mark.parametrize(
    ("rate", "iteration"),
    [({"initial_learning_rate": 80.0}, 25), ({"optimizer": "adam", "adam_learning_rate": 60.0}, 7)],
    ids=["sgd", "adam"],
)
def test_the_best_is_not_the_last(rate, iteration):
    """At this rate the loss jumps about; the picture that is kept has the lowest of all."""
    config = nst.TransferConfig.tutorial(rows=48, iterations=30, **rate)
    with pytest.warns(UserWarning, match="Interrupted"):
        result = nst.transfer(CONTENT, STYLE, config, interrupt_at(iteration))
    base, style = (nst.preprocess_image(path, 48, 72) for path in (CONTENT, STYLE))
    terms = nst.build_terms(config, size=(48, 72))
    goals = nst.measure_goals(terms, base, [style])
    total = nst.compute_losses(terms, tf.constant(result.picture), goals)["total"]
    lowest = min(row.total for row in result.losses)
    assert lowest < result.losses[-1].total
    np.testing.assert_allclose(total, lowest, rtol=1e-4)


def test_before_the_first_iteration_there_is_nothing_to_keep(monkeypatch):
    def interrupt(*_, **kind):
        raise KeyboardInterrupt

    monkeypatch.setattr("nst_helpers.preparation.measure_goals", interrupt)
    with pytest.raises(KeyboardInterrupt):
        nst.transfer(CONTENT, STYLE, nst.TransferConfig.fast(rows=48))


@pytest.fixture
def no_background_job():
    """Background jobs of scripts ignore Ctrl-C, and so do the processes that they start."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signal")
def test_ctrl_c_in_a_shell(tmp_path, tried, no_background_job):
    chance = random.Random(0)
    arguments = "harbour_town mosaic -o out.png --losses out.csv --recipe tutorial --rows 48"
    command = [sys.executable, "-m", "nst_helpers", *arguments.split()]
    for _ in range(3):
        with tried("Ctrl-C in a shell, in the middle of a run"):
            painting = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE)
            said = b""
            while b"loss" not in said:  # the progress bar
                said += (heard := painting.stderr.read1())
                assert heard, said
            time.sleep(chance.uniform(0, 1))
            painting.send_signal(signal.SIGINT)
            said += painting.communicate(timeout=60)[1]
            with open(tmp_path / "out.csv", newline="", encoding="utf-8") as file:
                iteration = list(csv.DictReader(file))[-1]["iteration"]
            assert painting.returncode == 130
            words = f"nst_helpers: Interrupted after iteration {iteration} of 4,000"
            assert words in said.decode()
            assert nst.load_image(tmp_path / "out.png").shape == (48, 72, 3)
            assert sorted(os.listdir(tmp_path)) == ["out.csv", "out.png"], said
        (tmp_path / "out.png").unlink(missing_ok=True)


CELL = """
import nst_helpers as nst
config = nst.TransferConfig.tutorial(rows=48, initial_learning_rate=25.0)
pictures = nst.picture("harbour_town"), nst.picture("mosaic")
result = nst.transfer(*pictures, config, lambda progress: print("painting"))
print("kept", result.image.shape, len(result.losses) < 4000, result.finished)
"""


def test_the_stop_button_of_a_notebook(tried):
    manager, client = start_new_kernel()
    printed, interrupted = [], []

    def collect(message):
        printed.append(message["content"].get("text", ""))
        if "painting" in printed[-1] and not interrupted:
            interrupted.append(True)
            manager.interrupt_kernel()

    with tried("the stop button of a notebook, in the middle of a run"):
        try:
            reply = client.execute_interactive(CELL, output_hook=collect, timeout=120)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        assert reply["content"]["status"] == "ok", reply["content"]
        assert "Interrupted after iteration" in "".join(printed)
        assert "kept (48, 72, 3) True False" in "".join(printed)
