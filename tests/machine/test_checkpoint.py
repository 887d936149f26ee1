"""A run that was stopped continues and ends as it would have; other files are left alone."""

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
from nst_helpers.evaluation import evaluation
from nst_helpers.machine import checkpoint
from nst_helpers.machine.backend import tf
from nst_helpers.machine.checkpoint import Checkpoint
from nst_helpers.machine.tiling import Cut
from nst_helpers.state import LossRow, State

CONTENT, STYLE = nst.picture("harbour_town"), nst.picture("swirling_strokes")


def small(recipe, **changes):
    changes = {"rows": 48, "iterations": 12, **changes}
    if recipe == "adam":
        recipe, changes = "tutorial", {"optimizer": "adam", **changes}
    return nst.TransferConfig.recipe(recipe, **changes)


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


def losses_of(result):
    return np.array([row[2:] for row in result.losses])


def assert_same(result, whole):
    """The same rows, and the same picture."""
    assert [row.iteration for row in result.losses] == [row.iteration for row in whole.losses]
    np.testing.assert_allclose(losses_of(result), losses_of(whole), rtol=1e-5)
    np.testing.assert_allclose(result.picture, whole.picture, atol=1e-2)


RUNS = {
    "tutorial": (small("tutorial", initial_learning_rate=25.0), (1, 5, 11)),
    "tutorial after an explosion": (small("tutorial", initial_learning_rate=1e3), (1, 4, 6, 11)),
    "tutorial at two sizes": (
        small("tutorial", scales=(0.5, 1), initial_learning_rate=10.0),
        (1, 6, 7),
    ),
    "adam": (small("adam"), (1, 5, 11)),
    "adam after an explosion": (small("adam", adam_learning_rate=500), (1, 4, 6, 11)),
    "adam at two sizes": (small("adam", scales=(0.5, 1)), (1, 6, 7)),
    "fast": (small("fast"), (1, 5, 11)),
    "fast with few reports": (small("fast", iterations=24, report_every=5), (5, 15)),
    "multiscale": (small("multiscale"), (1, 3, 4, 8)),  # four sizes of three iterations
}


@pytest.mark.filterwarnings("ignore:The loss exploded")
@pytest.mark.parametrize("name", RUNS)
def test_a_run_continues_as_if_nothing_had_stopped_it(tmp_path, name, tried):
    (config, stops), path = RUNS[name], tmp_path / "run.npz"
    whole = nst.transfer(CONTENT, STYLE, config)
    assert not interrupted(config, stops[0], path).finished
    for stop in stops[1:]:
        with tried("an interrupt, and the same call again"):
            result = interrupted(config, stop, path)
            assert not result.finished
            np.testing.assert_allclose(losses_of(result), losses_of(whole)[: len(result.losses)])
    with tried("an interrupt, and the same call again"):
        result = nst.transfer(CONTENT, STYLE, config, checkpoint=path)
        assert result.finished
        assert_same(result, whole)
        assert [path.name for path in tmp_path.iterdir()] == ["run.npz"]


class MeanStyle(nst.Term):
    def measure(self, x):
        return tf.reduce_mean(x, axis=(0, 1))


def test_a_run_of_several_styles_regions_and_own_terms_continues_too(tmp_path, tried):
    left = np.zeros((8, 8))
    left[:, :4] = 1
    styles = [nst.Style(STYLE, region=left), nst.Style(CONTENT, weight=2, region=1 - left)]
    arguments = {"extra": [MeanStyle("block2_conv1", 1e-2)], "initial": STYLE}
    config, path = small("adam", keep_colours="luminance"), tmp_path / "run.npz"
    whole = nst.transfer(CONTENT, styles, config, **arguments)
    with pytest.warns(UserWarning, match="Interrupted"):
        nst.transfer(CONTENT, styles, config, stop_after(5), checkpoint=path, **arguments)
    with tried("an interrupt, and the same call again"):
        result = nst.transfer(CONTENT, styles, config, checkpoint=path, **arguments)
        assert result.losses[0]._fields[-1] == "mean_style"
        assert_same(result, whole)


def test_a_poster_continues_in_the_middle_of_a_size(tmp_path, monkeypatch, tried):
    """Each size has its own share of the iterations, and passes VGG19 in tiles."""
    cuts = [Cut("block3_pool", 80 * 80), Cut("block4_pool", 10 * 10)]
    monkeypatch.setattr("nst_helpers.preparation.check_memory", lambda *_: cuts)
    shares = {"scales": (0.25, 0.5, 1), "shares": (4, 3, 2), "iterations": 9}
    config, path = nst.TransferConfig.poster(rows=144, **shares), tmp_path / "run.npz"
    whole = nst.transfer(CONTENT, STYLE, config)
    for stop in (2, 6, 8):
        with tried("an interrupt of a poster, and the same call again"):
            assert not interrupted(config, stop, path).finished
    with tried("an interrupt of a poster, and the same call again"):
        assert_same(nst.transfer(CONTENT, STYLE, config, checkpoint=path), whole)


# An interrupt comes wherever it wants: in the middle of an evaluation, most often.
@pytest.mark.parametrize(
    "config",
    [
        small("tutorial", initial_learning_rate=25.0),
        small("adam", scales=(0.5, 1.0)),
        small("fast"),
        small("multiscale"),
    ],
    ids=["tutorial", "adam", "fast", "multiscale"],
)
def test_an_interrupt_at_any_evaluation(tmp_path, monkeypatch, config, tried):
    path, countdown = tmp_path / "run.npz", itertools.count()
    whole = nst.transfer(CONTENT, STYLE, config)

    def interrupting(*arguments, **kind):
        evaluate = evaluation(*arguments, **kind)

        def evaluate_or_stop(picture):
            if next(countdown) % 5 == 4:
                raise KeyboardInterrupt
            return evaluate(picture)

        return evaluate_or_stop

    def paint():
        with contextlib.suppress(KeyboardInterrupt), warnings.catch_warnings(action="ignore"):
            return nst.transfer(CONTENT, STYLE, config, checkpoint=path)

    monkeypatch.setattr("nst_helpers.preparation.evaluation", interrupting)
    result, tries = paint(), 0
    while (result is None or not result.finished) and tries < 30:
        tries += 1
        with tried("an interrupt in the middle of an evaluation"):
            result = paint()
    assert 2 < tries < 30
    assert_same(result, whole)


def test_an_error_saves_too(tmp_path):
    def fail(progress):
        if progress.losses.iteration == 4:
            raise ZeroDivisionError

    config, path, seen = small("fast"), tmp_path / "run.npz", []
    with pytest.raises(ZeroDivisionError):
        nst.transfer(CONTENT, STYLE, config, fail, checkpoint=path)
    nst.transfer(CONTENT, STYLE, config, seen.append, checkpoint=path)
    assert [progress.losses.iteration for progress in seen] == list(range(5, 13))


def test_its_seconds_continue_too(tmp_path):
    config, path = small("fast"), tmp_path / "run.npz"
    first = interrupted(config, 6, path)
    again = nst.transfer(CONTENT, STYLE, config, checkpoint=path)
    seconds = [row.seconds for row in again.losses]
    assert seconds == sorted(seconds)
    assert [row.seconds for row in first.losses] == seconds[:6]


def never(progress):
    raise AssertionError("it painted again")


def test_a_finished_run_is_there_at_once(tmp_path, capsys):
    config, path = small("fast", iterations=3), tmp_path / "run.npz"
    first = nst.transfer(CONTENT, STYLE, config, checkpoint=path)
    again = nst.transfer(CONTENT, STYLE, config, never, checkpoint=path)
    assert "run.npz: continuing after 3 of 3 iterations" in capsys.readouterr().out
    np.testing.assert_array_equal(again.image, first.image)
    assert again.losses == first.losses and again.finished


# More iterations than were planned.

LONGER = {
    "sgd": small("tutorial", initial_learning_rate=25.0, iterations=7),
    "adam": small("adam", iterations=7),
    "lbfgs": small("fast", iterations=7),
    "lbfgs with a short history": small("fast", iterations=7, history=3),
}


@pytest.mark.parametrize("stop", [4, 7])
@pytest.mark.parametrize("name", LONGER)
def test_a_run_may_be_made_longer(tmp_path, name, stop):
    """Stopped or finished; it ends as the longer run would have, however often it reports."""
    config, path = LONGER[name], tmp_path / "run.npz"
    longer = config.replace(iterations=16, report_every=4)
    whole = nst.transfer(CONTENT, STYLE, longer.replace(report_every=1))
    if stop == config.iterations:
        assert nst.transfer(CONTENT, STYLE, config, checkpoint=path).finished
    else:
        interrupted(config, stop, path)
    result = nst.transfer(CONTENT, STYLE, longer, checkpoint=path)
    assert result.finished
    iterations = [row.iteration for row in result.losses]
    assert iterations == [*range(1, stop + 1), *(i for i in (4, 8, 12, 16) if i > stop)]
    expected = losses_of(whole)[np.array(iterations) - 1]
    np.testing.assert_allclose(losses_of(result), expected, rtol=1e-5)
    np.testing.assert_allclose(result.picture, whole.picture, atol=1e-2)


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
@pytest.mark.parametrize(("stop", "stop_again"), [(3, 5), (8, 11)])
def test_iterations_that_are_added_go_to_the_last_size(tmp_path, optimizer, stop, stop_again):
    config, path = small("multiscale", iterations=8, optimizer=optimizer), tmp_path / "run.npz"
    longer, rows = config.replace(iterations=13), []

    def paint(config, stop=None):
        def note(progress):
            rows.append(progress.image.shape[0])
            stop_after(stop)(progress)

        with warnings.catch_warnings(action="ignore"):
            return nst.transfer(CONTENT, STYLE, config, note, checkpoint=path)

    paint(config, stop)
    paint(longer, stop_again)
    result = paint(longer)
    assert result.finished and result.image.shape == (48, 72, 3)
    assert rows == [16] * 2 + [19] * 2 + [30] * 2 + [48] * 7


def test_fewer_iterations_than_there_are_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    interrupted(small("fast"), 5, path)
    shorter = small("fast", iterations=4)
    refused(path, "has 5 iterations already, of 12: ask for 5 or more, not 4", shorter)
    result = nst.transfer(CONTENT, STYLE, small("fast", iterations=6), checkpoint=path)
    assert [row.iteration for row in result.losses] == list(range(1, 7)) and result.finished


def test_sizes_that_share_the_iterations_need_all_of_them(tmp_path):
    path = tmp_path / "run.npz"
    interrupted(small("multiscale"), 5, path)
    shorter = small("multiscale", iterations=8)
    refused(path, "has 5 iterations already, of 12: ask for 12 or more, not 8", shorter)
    assert nst.transfer(CONTENT, STYLE, small("multiscale"), checkpoint=path).finished


def test_it_is_saved_by_time(tmp_path, monkeypatch):
    saved = []
    monkeypatch.setattr(Checkpoint, "save", lambda self, state: saved.append(state.iteration))
    config = small("tutorial", iterations=4, initial_learning_rate=25.0)
    for interval, iterations in ((30, [4]), (0, [1, 2, 3, 4, 4])):  # the last is told twice
        saved.clear()
        monkeypatch.setattr(checkpoint, "INTERVAL", interval)
        nst.transfer(CONTENT, STYLE, config, checkpoint=tmp_path / "run.npz")
        assert saved == iterations


# Killed.

LIFE = """
import json, sys, time
import nst_helpers as nst
from nst_helpers.machine import checkpoint, convolution
import nst_helpers.training
content, style, optimizer, interval, *path = sys.argv[1:]
checkpoint.INTERVAL = float(interval)
convolution.GAIN = 0  # or a busy moment might choose another convolution, which rounds in its way
print("ready", flush=True)
sys.stdin.readline()
config = nst.TransferConfig.tutorial(
    rows=32, iterations=500, initial_learning_rate=25.0, optimizer=optimizer, decay_rate=0.96
)
result = nst.transfer(
    content, style, config,
    lambda progress: print(json.dumps([progress.losses.iteration, time.monotonic()]), flush=True),
    checkpoint=path[0] if path else None,
)
print(json.dumps(["losses", result.losses]))
"""
KILLS, INTERVAL = {"sgd": 12, "adam": 8, "lbfgs": 4}, 0.1


class Life:
    """A process that paints as soon as it is told to; importing takes it longer than the rest."""

    def __init__(self, optimizer, *path):
        self._process = subprocess.Popen(
            [sys.executable, "-c", LIFE, CONTENT, STYLE, optimizer, str(INTERVAL), *path],
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


def lost_seconds(before, continued_after):
    """Seconds of work between what was saved and the last report, less the longest iteration."""
    moments = [moment for iteration, moment in before if iteration >= continued_after]
    gaps = np.diff([moment for _, moment in before])
    return moments[-1] - moments[0] - max(gaps, default=0) if moments else 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills in other ways")
@pytest.mark.parametrize("optimizer", KILLS)
def test_kills_cost_no_more_than_the_interval(tmp_path, optimizer, tried):
    path, chance = tmp_path / "run.npz", random.Random(0)
    whole, life = Life(optimizer), Life(optimizer, path)
    whole.begin()
    expected = json.loads(whole.finish()[-1])[1]
    before, continued = [], [0]
    for kill in range(KILLS[optimizer]):
        spare = Life(optimizer, path)
        with tried("a kill in the middle of a run", "what came since the last save"):
            life.begin()
            lines = life.wait_for_report() if kill % 4 else []  # one in four while it compiles
            time.sleep(chance.uniform(0, 1))
            lines += life.kill()
            if found := re.search(r"continuing after (\d+) of", "".join(lines)):
                continued.append(int(found[1]))
                assert lost_seconds(before, continued[-1]) <= INTERVAL
            assert continued == sorted(continued)
        before, life = reports(lines) or before, spare
    assert len(continued) > KILLS[optimizer] / 2
    with tried("a kill in the middle of a run", "what came since the last save"):
        life.begin()
        losses = json.loads(life.finish()[-1])[1]
        assert [row[0] for row in losses] == list(range(1, 501))
        np.testing.assert_allclose(
            [row[2:] for row in losses], [row[2:] for row in expected], rtol=1e-5
        )
        assert os.listdir(tmp_path) == ["run.npz"]


# What it will not continue from.


def refused(path, words, config, content=CONTENT, style=STYLE, **arguments):
    before = path.read_bytes()
    with pytest.raises(nst.CheckpointError, match=words) as error:
        nst.transfer(content, style, config, never, checkpoint=path, **arguments)
    assert "\n" not in str(error.value)
    assert path.read_bytes() == before


OTHERS = {
    "it has another content image": {"content": STYLE},
    "it has another style image": {"style": CONTENT},
    "it has another initial image": {"initial": STYLE},
    "it has another region image": {"style": nst.Style(STYLE, region=np.eye(4))},
    r"style's weight and scale is \[1.*\] there and \[1.*, 0.5\] here": {
        "style": nst.Style(STYLE, scale=0.5)
    },
    "number of styles is 1 there and 2 here": {"style": [STYLE, STYLE]},
    r"extra terms is \[\] there and \[.*MeanStyle": {"extra": [MeanStyle("block1_conv1")]},
    "style_weight is 1e-06 there and 0.5 here": {"style_weight": 0.5},
    r"scales is \[1.0\] there and \[0.5, 1\] here": {"scales": (0.5, 1)},
    "optimizer is sgd there and lbfgs here": {"optimizer": "lbfgs"},
    "keep_colours is False there and luminance here": {"keep_colours": "luminance"},
}


def test_another_runs_checkpoint_is_refused(tmp_path, monkeypatch, tried):
    config, path = small("tutorial", initial_learning_rate=25.0), tmp_path / "run.npz"
    fault = "a checkpoint of other pictures, settings or version"
    interrupted(config, 2, path)
    for words, changes in OTHERS.items():
        inputs = ("content", "style", "initial", "extra")
        arguments = {name: value for name, value in changes.items() if name in inputs}
        settings = {name: value for name, value in changes.items() if name not in inputs}
        with tried(fault):
            words = f"the checkpoint of another run: {words}"
            refused(path, words, config.replace(**settings), **arguments)
    monkeypatch.setattr("nst_helpers.run.__version__", "0.0.1")
    with tried(fault):
        refused(path, "version of nst_helpers is .* there and 0.0.1 here", config)


FINGERPRINT = {"rows": 4, "scales": [0.5, 1]}


@pytest.fixture
def saved(tmp_path):
    """A checkpoint's path and bytes."""
    path = tmp_path / "run.npz"
    picture = np.arange(60, dtype="float32").reshape(1, 4, 5, 3)
    losses = {"total": 4.0, "content": 1.0, "style": 2.0, "mine": 1.0}
    state = State(3, (LossRow(3, 1.5, losses),), picture, picture, {"count": 3}, planned=9)
    file = Checkpoint(path, 9)
    file.load(FINGERPRINT)
    file.save(state)
    return path, path.read_bytes()


def test_what_is_saved_comes_back(saved):
    state = Checkpoint(saved[0], 12).load(FINGERPRINT)
    assert (state.iteration, state.planned, state.seconds) == (3, 9, 1.5)
    assert state.losses[0].mine == 1.0 and state.losses[0]._fields[2:4] == ("total", "content")
    assert int(state.arrays["count"]) == 3
    np.testing.assert_array_equal(np.ravel(state.best), np.arange(60))


def test_what_is_no_checkpoint_is_left_alone(saved, tmp_path):
    path, _ = saved
    for data in (b"", b"my notes", CONTENT.read_bytes()):
        path.write_bytes(data)
        refused(path, "run.npz is no checkpoint, or a damaged one", small("fast"))
    np.savez(path, x=np.ones(3))
    refused(path, "run.npz is no checkpoint, or a damaged one", small("fast"))
    with pytest.raises(nst.FileError, match="does not exist: make it first"):
        nst.transfer(CONTENT, STYLE, checkpoint=tmp_path / "none" / "run.npz")


def test_a_damaged_checkpoint_is_refused_or_whole(saved, tried):
    path, data = saved
    chance = np.random.default_rng(0)
    for number in range(500):
        damaged = bytearray(data)
        if number % 2:
            del damaged[chance.integers(len(data)) :]
        else:
            for place in chance.integers(0, len(data), 3):
                damaged[place] ^= 1 << chance.integers(8)
        path.write_bytes(damaged)
        with tried("a checkpoint damaged at random"):
            try:
                state = Checkpoint(path, 9).load(FINGERPRINT)
            except nst.CheckpointError as error:
                assert "\n" not in str(error) and path.read_bytes() == damaged
            else:  # the damage lies where nothing is read
                assert state.iteration == 3 and state.planned == 9
                np.testing.assert_array_equal(state.picture.ravel(), np.arange(60))


def test_a_full_disk_stops_the_saving_not_the_run(small_disk, monkeypatch, tried):
    """The first saves fit on the disk; with each pair of L-BFGS the file grows."""
    monkeypatch.setattr(checkpoint, "INTERVAL", 0)
    path = small_disk / "run.npz"
    with tried("a disk that fills up with a run's checkpoint"):
        with pytest.warns(UserWarning, match="can't be written: .* continues without saving"):
            result = nst.transfer(CONTENT, STYLE, small("fast"), checkpoint=path)
        assert result.finished
        again = nst.transfer(CONTENT, STYLE, small("fast"), checkpoint=path)
        np.testing.assert_array_equal(again.image, result.image)
        assert os.listdir(small_disk) == ["run.npz"]


def test_without_a_checkpoint_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nst.transfer(CONTENT, STYLE, small("fast", iterations=2))
    assert not os.listdir(tmp_path)
