"""The playground's model, for real but without a browser: every run is VGG19's at 48 rows."""

import gc
import random
import sys
import threading
import time

import numpy as np
import psutil
import pytest
from PIL import Image

import nst_helpers as nst
from nst_helpers import playground as module
from nst_helpers.backend import tf

PATIENCE = 60  # seconds: a run takes about five where nothing else goes on


@pytest.fixture
def make():
    """Makes playgrounds of 48 rows, and stops them at the test's end."""
    made = []

    def make(content="harbour_town", style="mosaic", blocking=False, **settings):
        playground = nst.Playground(content, style, blocking=blocking)
        made.append(playground)
        with playground._silently():
            for name, value in {"rows": 48, "iterations": 8, **settings}.items():
                setattr(playground, name, value)
        return playground

    yield make
    for playground in made:
        playground.stop()
        assert playground.wait(PATIENCE)


@pytest.fixture
def photo_bytes(photo, tmp_path):
    photo.save(tmp_path / "photo.png")
    return (tmp_path / "photo.png").read_bytes()


def finish(playground):
    assert playground.wait(PATIENCE)
    assert playground.status.state == "finished", playground.message


def until(condition):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


def watch(playground):
    """Every status that is published from now on."""
    seen = []
    playground.observe(lambda change: seen.append(change.new), "status")
    return seen


def repeat(playground):
    """What the printed call makes, run as a reader would."""
    return eval(playground.call, {"nst": nst, "playground": playground}).image


def test_nothing_runs_before_it_is_asked_to(make):
    playground = make()
    assert (playground.status.state, playground.result, playground.error) == ("ready", None, None)
    assert playground.wait(0)
    assert repr(playground) == "Playground(harbour_town, mosaic)"
    assert playground.call == "# Nothing is painted yet."
    with pytest.raises(nst.ImageError, match="press Run first"):
        playground.save()


def test_a_run_gives_what_transfer_gives(make):
    playground = make()
    seen = watch(playground)
    playground.run()
    finish(playground)
    config = nst.TransferConfig.fast(rows=48, iterations=8, match_colours=False)
    assert playground.result.config == config.replace(report_every=1)
    direct = nst.transfer(nst.picture("harbour_town"), nst.picture("mosaic"), config)
    np.testing.assert_array_equal(playground.result.image, direct.image)
    assert playground.status.image is playground.result.image
    states = [status.state for status in seen]
    assert states == sorted(states, key=["waiting", "running", "finished"].index)
    assert set(states) == {"waiting", "running", "finished"}


def test_an_event_goes_on_from_the_picture_on_the_screen(make):
    playground = make()
    playground.run()
    finish(playground)
    first = playground.status.image
    playground.style_factor = 5
    finish(playground)
    assert playground.shown.initial is first
    assert playground.result.config.style_weight == 5e-6
    playground.rows = 64  # resized
    finish(playground)
    assert playground.shown.initial.shape[0] == 48
    assert playground.status.image.shape[0] == 64
    playground.start = "content"
    finish(playground)
    assert playground.shown.initial is None


def test_another_content_starts_from_itself(make):
    playground = make()
    playground.run()
    finish(playground)
    playground.content = "mountain_lake"
    finish(playground)
    assert playground.shown.initial is None
    assert playground.result.losses[0].content < 1  # bfloat16 rounds


def test_starting_from_noise(make):
    playground = make(iterations=2)
    playground.start = "noise"
    finish(playground)
    assert playground.shown.initial.shape == playground.status.image.shape
    assert playground.shown.initial.std() > 60
    assert playground.result.losses[0].content > 0


def test_events_in_a_row_are_one_run(make):
    playground = make(iterations=2)
    seen = watch(playground)
    for factor in (2, 5, 10):
        playground.style_factor = factor
        time.sleep(0.02)
    finish(playground)
    runs = {id(status.run): status.run for status in seen if status.run}
    assert [run.config.style_weight for run in runs.values()] == [1e-5]


def test_stop_takes_hold_within_an_iteration(make, monkeypatch):
    finished = []
    advance = module.transfer.__globals__["LBFGS"].advance

    def counted(self, iterations):
        finished.append(iterations)
        return advance(self, iterations)

    monkeypatch.setattr("nst_helpers.optimizers.LBFGS.advance", counted)
    playground = make(iterations=10**6)
    playground.run()
    until(lambda: len(playground.status.losses) > 3)
    playground.stop()
    assert playground.status.state == "stopped"
    done = sum(finished)
    assert playground.wait(PATIENCE)
    assert sum(finished) <= done + 1
    assert playground.status.state == "stopped"
    assert playground.result is None


@pytest.mark.parametrize("recipe", ["fast", "tutorial"])
def test_a_stopped_picture_can_be_made_again(make, recipe):
    playground = make(recipe=recipe, iterations=1000)
    playground.run()
    until(lambda: len(playground.status.losses) > 3)
    playground.stop()
    np.testing.assert_array_equal(repeat(playground), playground.status.image)


def test_nothing_arrives_from_an_old_run(make):
    playground = make(iterations=10**6)
    playground.run()
    until(lambda: playground.status.state == "running")
    old, seen = playground.shown, watch(playground)
    playground.style_factor = 2
    until(lambda: playground.shown is not old)
    new = playground.shown
    time.sleep(0.5)
    playground.stop()
    assert playground.wait(PATIENCE)
    runs = [status.run for status in seen]
    assert runs == sorted(runs, key=[old, new].index)
    # Between the event and the new run's first picture the old one is on the screen, unchanged.
    assert len({id(status.image) for status in seen if status.run is old}) == 1


def test_the_printed_call_makes_the_same_picture(make, photo_bytes):
    playground = make(iterations=4)
    events = [
        {"recipe": "tutorial", "iterations": 4},
        {"style_factor": 0.2, "content_factor": 20, "total_variation_factor": 0},
        {"recipe": "multiscale", "iterations": 8, "style_scale": 1.5},
        {"start": "noise", "style_layer_names": ("block1_conv1", "block3_conv1")},
        {"recipe": "fast", "iterations": 4, "content": photo_bytes, "style": "woodcut"},
    ]
    for event in events:
        playground.change(**event)
        finish(playground)
        np.testing.assert_array_equal(repeat(playground), playground.status.image, str(event))


def test_the_middle_of_a_multiscale_run_cannot_be_made_again(make):
    playground = make(recipe="multiscale", iterations=100_000)
    playground.run()
    until(lambda: playground.status.losses)
    playground.stop()
    assert playground.call.startswith("# This is the middle")


def test_a_bad_upload_is_said_in_words(make, photo_bytes):
    playground = make(iterations=2)
    playground.run()
    finish(playground)
    for bad in (b"", b"no picture", photo_bytes[:40]):
        playground.upload("style", bad)
        assert isinstance(playground.error, nst.ImageError)
        assert "\n" not in playground.message and "bytes" in playground.message
    assert playground.style.name == "mosaic"
    playground.upload("style", photo_bytes)
    finish(playground)
    assert playground.error is None and playground.message == ""
    np.testing.assert_array_equal(repeat(playground), playground.status.image)


def test_settings_that_cannot_be_used(make):
    playground = make(iterations=2)
    playground.style_layer_names = ()
    assert playground.wait(PATIENCE)
    assert playground.status.state == "failed"
    assert isinstance(playground.error, nst.ConfigError)
    assert playground.message.startswith("style_layer_names must be")
    playground.style_layer_names = ("block1_conv1",)
    finish(playground)
    assert playground.error is None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "choose fewer rows"),
        (tf.errors.ResourceExhaustedError(None, None, "OOM when allocating"), "choose fewer rows"),
        (ZeroDivisionError("division\nby zero"), "ZeroDivisionError: division by zero"),
    ],
)
def test_whatever_goes_wrong_the_next_run_goes_well(make, monkeypatch, error, words):
    def fail(*_, **__):
        raise error

    playground = make(iterations=2)
    with monkeypatch.context() as patch:
        patch.setattr(module, "transfer", fail)
        playground.run()
        assert playground.wait(PATIENCE)
    assert playground.status.state == "failed"
    assert playground.error is error and words in playground.message
    playground.run()
    finish(playground)
    assert playground.error is None


def test_blocking_runs_in_place(make):
    playground = make(blocking=True, iterations=3)
    before = threading.active_count()
    playground.style_factor = 2
    assert playground.status.state == "finished"
    assert threading.active_count() == before
    playground.recipe = "multiscale"
    assert len(playground.result.losses) == 100
    np.testing.assert_array_equal(repeat(playground), playground.status.image)


def test_an_interrupt_stops_a_blocking_run(make):
    playground = make(blocking=True, iterations=10**6)

    def interrupt(change):
        if change.new.state == "running" and len(change.new.losses) > 3:
            raise KeyboardInterrupt

    playground.observe(interrupt, "status")
    playground.run()
    assert playground.status.state == "stopped"


def test_where_threads_are_not_seen_it_blocks(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", sys)
    assert nst.Playground("harbour_town", "mosaic").blocking
    monkeypatch.delitem(sys.modules, "google.colab")
    assert not nst.Playground("harbour_town", "mosaic").blocking


def test_saving_never_writes_over_a_file(make, tmp_path):
    playground = make(iterations=2)
    playground.run()
    finish(playground)
    paths = [playground.save(tmp_path) for _ in range(3)]
    assert [path.name for path in paths] == ["painted.png", "painted-2.png", "painted-3.png"]
    np.testing.assert_array_equal(Image.open(paths[2]), playground.status.image)
    with pytest.raises(nst.ImageError):
        playground.save(tmp_path / "missing")


def random_event(playground, chance, uploads):
    """One thing that a person may do, most often a slider."""
    factors = [f"{name}_factor" for name in ("content", "style", "total_variation")]
    actions = {
        lambda: setattr(playground, chance.choice(factors), chance.choice(playground.FACTORS)): 8,
        lambda: setattr(playground, "rows", chance.choice((48, 64))): 2,
        lambda: setattr(playground, "iterations", chance.choice((2, 8, 30))): 2,
        lambda: setattr(playground, "start", chance.choice(("picture", "content", "noise"))): 1,
        lambda: setattr(playground, "content", chance.choice(("harbour_town", "mountain_lake"))): 1,
        playground.run: 3,
        playground.stop: 2,
        lambda: playground.upload("style", chance.choice(uploads)): 2,
        lambda: playground.upload("content", b"no picture"): 1,
    }
    chance.choices(list(actions), list(actions.values()))[0]()


def worker_threads():
    return [thread for thread in threading.enumerate() if thread.name == "playground"]


@pytest.mark.slow
def test_two_hundred_events_in_a_minute(make, photo_bytes, survived):
    """No exception, one worker, no memory lost, and the last picture is the one it claims to be."""
    chance, before = random.Random(7), len(worker_threads())
    playground = make(iterations=30)
    uploads = [photo_bytes, photo_bytes[:50], b"", b"no picture"]
    for rows in (64, 48):  # compiles; and a photograph has another shape than the shipped ones
        for content in (photo_bytes, "harbour_town"):
            playground.change(rows=rows, content=content)
            finish(playground)
    memory, waited = [], chance.choices(range(1, 60), k=200)
    for number, share in enumerate(waited, start=1):
        random_event(playground, chance, uploads)
        time.sleep(60 * share / sum(waited))
        assert playground.error is None or isinstance(playground.error, nst.ImageError)
        if number % 100 == 0:
            gc.collect()
            memory.append(psutil.Process().memory_info().rss)
    playground.run()
    finish(playground)
    np.testing.assert_array_equal(repeat(playground), playground.status.image)
    assert len(worker_threads()) == before + 1
    assert memory[1] - memory[0] <= 50 << 20
    survived("an event at the playground, 200 at random in a minute", 200, 200)
