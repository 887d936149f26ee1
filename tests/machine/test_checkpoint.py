"""A run that was stopped goes on and ends as it would have; what is no checkpoint is left alone."""

import contextlib
import itertools
import json
import os
import random
import re
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers import checkpoint
from nst_helpers.checkpoint import Checkpoint
from nst_helpers.state import LossRow, State
from nst_helpers.training import evaluation

CONTENT, STYLE = nst.picture("harbour_town"), nst.picture("swirling_strokes")


def silent(progress):
    pass


def small(recipe, **changes):
    return nst.TransferConfig.recipe(recipe, **{"rows": 48, "iterations": 12, **changes})


def stop_after(iteration):
    def stop(progress):
        if progress.losses.iteration == iteration:
            raise KeyboardInterrupt

    return stop


def interrupted(config, iteration, path, **arguments):
    with pytest.warns(UserWarning, match=f"Interrupted after iteration {iteration} of"):
        return nst.transfer(
            CONTENT, STYLE, config, stop_after(iteration), checkpoint=path, **arguments
        )


RUNS = {
    "tutorial": (small("tutorial", initial_learning_rate=25.0), (1, 5, 11)),
    "tutorial after an explosion": (small("tutorial", initial_learning_rate=1e3), (1, 4, 6, 11)),
    "tutorial at two sizes": (
        small("tutorial", scales=(0.5, 1), initial_learning_rate=10.0),
        (1, 6, 7),
    ),
    "fast": (small("fast"), (1, 5, 11)),
    "fast with few reports": (small("fast", iterations=24, report_every=5), (5, 15)),
    "multiscale": (small("multiscale"), (1, 3, 4, 8)),  # four sizes of three iterations
}


@pytest.mark.filterwarnings("ignore:The loss exploded")
@pytest.mark.parametrize("name", RUNS)
def test_a_run_goes_on_as_if_nothing_had_stopped_it(tmp_path, name, survived):
    (config, stops), path = RUNS[name], tmp_path / "run.npz"
    whole = nst.transfer(CONTENT, STYLE, config, silent)
    for stop in stops:
        assert not interrupted(config, stop, path).finished
    result = nst.transfer(CONTENT, STYLE, config, silent, checkpoint=path)
    assert result.finished
    assert [row.iteration for row in result.losses] == [row.iteration for row in whole.losses]
    np.testing.assert_allclose(
        [row[2:] for row in result.losses], [row[2:] for row in whole.losses], rtol=1e-5
    )
    np.testing.assert_allclose(result.picture, whole.picture, atol=1e-2)
    assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]
    survived("an interrupt, and the same call again", len(stops), len(stops))


# An interrupt comes wherever it wants: in the middle of an evaluation, most often.
@pytest.mark.parametrize("recipe", ["tutorial", "fast", "multiscale"])
def test_an_interrupt_at_any_evaluation(tmp_path, monkeypatch, recipe, survived):
    config, path = small(recipe, initial_learning_rate=25.0), tmp_path / "run.npz"
    whole = nst.transfer(CONTENT, STYLE, config, silent)
    countdown = itertools.count()

    def interrupting(*arguments):
        evaluate = evaluation(*arguments)

        def evaluate_or_stop(picture):
            if next(countdown) % 5 == 4:
                raise KeyboardInterrupt
            return evaluate(picture)

        return evaluate_or_stop

    monkeypatch.setattr("nst_helpers.training.evaluation", interrupting)
    tries, result = 0, None
    while result is None or not result.finished:
        tries += 1
        assert tries < 30, "it comes to no end"
        with contextlib.suppress(KeyboardInterrupt), warnings.catch_warnings(action="ignore"):
            result = nst.transfer(CONTENT, STYLE, config, silent, checkpoint=path)
    assert tries > 2
    np.testing.assert_allclose(
        [row[2:] for row in result.losses], [row[2:] for row in whole.losses], rtol=1e-5
    )
    np.testing.assert_allclose(result.picture, whole.picture, atol=1e-2)
    survived("an interrupt in the middle of an evaluation", tries - 1, tries - 1)


def test_an_error_saves_too(tmp_path):
    def fail(progress):
        if progress.losses.iteration == 4:
            raise ZeroDivisionError

    config, path, seen = small("fast"), tmp_path / "run.npz", []
    with pytest.raises(ZeroDivisionError):
        nst.transfer(CONTENT, STYLE, config, fail, checkpoint=path)
    nst.transfer(CONTENT, STYLE, config, seen.append, checkpoint=path)
    assert [progress.losses.iteration for progress in seen] == list(range(5, 13))


def test_its_seconds_go_on_too(tmp_path):
    config, path = small("fast"), tmp_path / "run.npz"
    first = interrupted(config, 6, path)
    again = nst.transfer(CONTENT, STYLE, config, silent, checkpoint=path)
    seconds = [row.seconds for row in again.losses]
    assert seconds == sorted(seconds)
    assert [row.seconds for row in first.losses] == seconds[:6]


def test_a_finished_run_is_there_at_once(tmp_path, capsys):
    config, path = small("fast", iterations=3), tmp_path / "run.npz"
    first = nst.transfer(CONTENT, STYLE, config, silent, checkpoint=path)

    def never(progress):
        raise AssertionError("it painted again")

    again = nst.transfer(CONTENT, STYLE, config, never, checkpoint=path)
    assert "run.npz: going on after 3 of 3 iterations" in capsys.readouterr().out
    np.testing.assert_array_equal(again.image, first.image)
    assert again.losses == first.losses and again.finished


def test_it_is_saved_by_time(tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(Checkpoint, "save", lambda self, state: saved.append(state.iteration))
    config = small("tutorial", iterations=4)
    for interval, iterations in ((30, [4]), (0, [1, 2, 3, 4, 4])):  # the last is told twice
        saved.clear()
        monkeypatch.setattr(checkpoint, "INTERVAL", interval)
        nst.transfer(CONTENT, STYLE, config, silent, checkpoint=tmp_path / "run.npz")
        assert saved == iterations


# Killed.

LIFE = """
import json, sys, time
import nst_helpers as nst
from nst_helpers import checkpoint
import nst_helpers.training
checkpoint.INTERVAL = float(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
config = nst.TransferConfig.tutorial(rows=32, iterations=500, initial_learning_rate=25.0)
result = nst.transfer(
    sys.argv[1], sys.argv[2], config,
    lambda progress: print(json.dumps([progress.losses.iteration, time.monotonic()]), flush=True),
    checkpoint=sys.argv[4] if len(sys.argv) > 4 else None,
)
print(json.dumps(["losses", result.losses]))
"""
KILLS, INTERVAL = 20, 0.1


class Life:
    """A process that paints as soon as it is told to; importing takes it longer than the rest."""

    def __init__(self, *path):
        self._process = subprocess.Popen(
            [sys.executable, "-c", LIFE, CONTENT, STYLE, str(INTERVAL), *path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def begin(self):
        while self._process.stdout.readline() != "ready\n":
            assert self._process.poll() is None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def wait_for_report(self):
        """The lines up to the first report."""
        lines = []
        while not lines or not lines[-1].startswith("["):
            lines.append(self._process.stdout.readline())
            assert lines[-1], "it ended"
        return lines

    def kill(self):
        self._process.kill()
        return self._process.communicate()[0].splitlines()

    def finish(self):
        return self._process.communicate(timeout=120)[0].splitlines()


def reports(lines):
    """Pairs of an iteration and the time of its report; a kill may cut the last line short."""
    whole = [line for line in lines if line.startswith("[") and line.endswith("]")]
    return [(iteration, moment) for iteration, moment in map(json.loads, whole)]


def lost_seconds(before, went_on_after):
    """Seconds of work between what was saved and the last report, less the longest iteration."""
    moments = [moment for iteration, moment in before if iteration >= went_on_after]
    gaps = np.diff([moment for _, moment in before])
    return moments[-1] - moments[0] - max(gaps, default=0) if moments else 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills in other ways")
def test_twenty_kills_cost_no_more_than_the_interval(tmp_path, survived):
    path, chance = tmp_path / "run.npz", random.Random(0)
    whole, spare = Life(), Life(path)
    whole.begin()
    expected = json.loads(whole.finish()[-1])[1]
    before, most, went_on = [], 0, []
    for kill in range(KILLS):
        life, spare = spare, Life(path)
        life.begin()
        lines = life.wait_for_report() if kill % 4 else []  # one in four while it still compiles
        time.sleep(chance.uniform(0, 1))
        lines += life.kill()
        if found := re.search(r"going on after (\d+) of", "".join(lines)):
            went_on.append(int(found[1]))
            most = max(most, lost_seconds(before, went_on[-1]))
        before = reports(lines) or before
    spare.begin()
    losses = json.loads(spare.finish()[-1])[1]
    assert len(went_on) > KILLS / 2 and went_on == sorted(went_on)
    assert most <= INTERVAL
    assert [row[0] for row in losses] == list(range(1, 501))
    np.testing.assert_allclose(
        [row[2:] for row in losses], [row[2:] for row in expected], rtol=1e-5
    )
    assert os.listdir(tmp_path) == ["run.npz"]
    survived("a kill in the middle of a run", KILLS, KILLS, "what came since the last save")


# What it will not go on from.


def refused(path, words, *arguments, **keywords):
    before = path.read_bytes()
    with pytest.raises(nst.CheckpointError, match=words) as error:
        nst.transfer(*arguments, silent, checkpoint=path, **keywords)
    assert "\n" not in str(error.value)
    assert path.read_bytes() == before


def test_another_runs_checkpoint_is_refused(tmp_path, monkeypatch, survived):
    config, path = small("tutorial"), tmp_path / "run.npz"
    interrupted(config, 2, path)
    lbfgs = config.replace(optimizer="lbfgs")
    others = {
        "it has another content image": (STYLE, STYLE, config),
        "it has another style image": (CONTENT, CONTENT, config),
        "style_weight is 1e-06 there and 0.5 here": (
            *(CONTENT, STYLE),
            config.replace(style_weight=0.5),
        ),
        r"scales is \[1.0\] there and \[0.5, 1\] here": (
            *(CONTENT, STYLE),
            config.replace(scales=(0.5, 1)),
        ),
        "optimizer is sgd there and lbfgs here": (CONTENT, STYLE, lbfgs),
    }
    for words, arguments in others.items():
        refused(path, f"the checkpoint of another run: {words}", *arguments)
    refused(path, "it has another initial image", CONTENT, STYLE, config, initial=STYLE)
    monkeypatch.setattr(checkpoint, "__version__", "0.0.1")
    refused(path, "version of nst_helpers is .* there and 0.0.1 here", CONTENT, STYLE, config)
    survived(
        "a checkpoint of other pictures, settings or version", len(others) + 2, len(others) + 2
    )


@pytest.fixture
def saved(tmp_path):
    """A checkpoint's path and bytes."""
    path = tmp_path / "run.npz"
    picture = np.arange(60, dtype="float32").reshape(1, 4, 5, 3)
    state = State(3, (LossRow(3, 1.5, 4.0, 1.0, 2.0, 1.0),), picture, picture, {"count": 3})
    Checkpoint(path, small("fast")).save(state)
    return path, path.read_bytes()


def test_what_is_no_checkpoint_is_left_alone(saved, tmp_path):
    path, _ = saved
    for data in (b"", b"my notes", CONTENT.read_bytes()):
        path.write_bytes(data)
        refused(path, "run.npz is no checkpoint, or a damaged one", CONTENT, STYLE, small("fast"))
    np.savez(path, x=np.ones(3))
    refused(path, "run.npz is no checkpoint, or a damaged one", CONTENT, STYLE, small("fast"))
    with pytest.raises(nst.ImageError, match="does not exist: make it first"):
        nst.transfer(CONTENT, STYLE, checkpoint=tmp_path / "none" / "run.npz")


def test_a_damaged_checkpoint_is_refused_or_whole(saved, survived):
    path, data = saved
    chance, tries, fine = np.random.default_rng(0), 500, 0
    for number in range(tries):
        damaged = bytearray(data)
        if number % 2:
            del damaged[chance.integers(len(data)) :]
        else:
            for place in chance.integers(0, len(data), 3):
                damaged[place] ^= 1 << chance.integers(8)
        path.write_bytes(damaged)
        try:
            state = Checkpoint(path, small("fast")).load()
        except nst.CheckpointError as error:
            fine += "\n" not in str(error) and path.read_bytes() == damaged
        else:  # the damage lies where nothing is read
            fine += state.iteration == 3 and np.array_equal(state.picture.ravel(), np.arange(60))
    survived("a checkpoint damaged at random", tries, fine)


def test_a_full_disk_stops_the_saving_not_the_run(small_disk, monkeypatch, survived):
    """The first saves fit on the disk; with each pair of L-BFGS the file grows."""
    monkeypatch.setattr(checkpoint, "INTERVAL", 0)
    path = small_disk / "run.npz"
    with pytest.warns(UserWarning, match="can't be written: .* goes on without saving"):
        result = nst.transfer(CONTENT, STYLE, small("fast"), silent, checkpoint=path)
    assert result.finished
    again = nst.transfer(CONTENT, STYLE, small("fast"), silent, checkpoint=path)
    np.testing.assert_array_equal(again.image, result.image)
    assert os.listdir(small_disk) == ["run.npz"]
    survived("a disk that fills up with a run's checkpoint", 1, 1)


def test_without_a_checkpoint_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nst.transfer(CONTENT, STYLE, small("fast", iterations=2), silent)
    assert not os.listdir(tmp_path)
