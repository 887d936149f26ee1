"""The playground's model, for real but without a browser: every run is VGG19's at 48 rows."""

import sys
import threading
import time

import numpy as np
import pytest
import traitlets
from PIL import Image
from playing import PATIENCE, finish, repeat, until, watch

import nst_helpers as nst
from nst_helpers.machine.backend import tf
from nst_helpers.machine.cache import CACHE
from nst_helpers.optimizers import LBFGS
from nst_helpers.playground import model as module


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
    direct = nst.transfer(nst.picture("harbour_town"), nst.picture("mosaic"), config)
    assert playground.result.config == direct.config.replace(report_every=1)
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


def test_brightness_alone_goes_on_where_it_was(make):
    playground = make(keep_colours="luminance", iterations=20)
    playground.run()
    finish(playground)
    first = playground.result.losses
    playground.run()  # from a picture that has got its colours back
    finish(playground)
    assert playground.result.losses[0].total < 1.5 * first[-1].total < 0.2 * first[0].total


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
    plans = {id(status.plan): status.plan for status in seen if status.plan}
    assert [plan.run.config.style_weight for plan in plans.values()] == [1e-5]


def test_stop_takes_hold_within_an_iteration(make, monkeypatch):
    begun = []
    step = LBFGS.step

    def counted(self, evaluate, x):
        begun.append(x)
        return step(self, evaluate, x)

    monkeypatch.setattr(LBFGS, "step", counted)
    playground = make(iterations=10**6)
    playground.run()
    until(lambda: len(playground.status.losses) > 3)
    playground.stop()
    assert playground.status.state == "stopped"
    done = len(begun)  # the iteration that it is in, and those before
    assert playground.wait(PATIENCE)
    assert len(begun) <= done + 1
    assert playground.status.state == "stopped"
    assert playground.result is None


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
    plans = [status.plan for status in seen]
    assert plans == sorted(plans, key=[old, new].index)
    # Between the event and the new run's first picture the old one is on the screen, unchanged.
    assert len({id(status.image) for status in seen if status.plan is old}) == 1


def test_the_mix_measures_and_compiles_nothing_anew(make, monkeypatch):
    made, get = [], CACHE.get

    def watched(kind, key, make, *more):
        return get(kind, key, lambda: made.append(kind) or make(), *more)

    playground = make(iterations=2, second_style="woodcut", mix=0.2)
    playground.run()
    finish(playground)
    monkeypatch.setattr(CACHE, "get", watched)
    playground.mix = 0.8
    finish(playground)
    assert made == []
    playground.second_style = "watercolour"
    finish(playground)
    assert made.count("target") == 1


def test_settings_that_are_not_there(make):
    playground = make()
    with pytest.raises(nst.ConfigError, match="no setting 'styl_factor'"):
        playground.change(styl_factor=2)
    for name, bad in {
        "mix": 1.1,
        "keep_colours": "always",
        "pooling": "sum",
        "rows": "many",
    }.items():
        with pytest.raises(traitlets.TraitError):
            playground.change(**{name: bad})
    assert playground.status.state == "ready"


def test_the_order_of_changes_does_not_matter(make):
    playground = make(blocking=True)
    playground.change(iterations=9, recipe="multiscale")
    assert playground.result.losses[-1].iteration == 9


def test_what_is_held_starts_no_run(make):
    playground = make()
    with playground.hold():
        playground.style_factor = 2
        with playground.hold():
            playground.recipe = "multiscale"
        playground.mix = 0.2
    assert playground.status.state == "ready"
    playground.iterations = 4
    finish(playground)
    assert playground.shown.recipe == "multiscale"


def test_a_bad_upload_is_said_in_words(make, photo_bytes):
    playground = make(iterations=2)
    playground.run()
    finish(playground)
    for bad in (b"", b"no picture", photo_bytes[:40]):
        playground.upload("style", bad)
        assert isinstance(playground.error, nst.ImageError)
        assert "\n" not in playground.message and "bytes" in playground.message
    assert playground.style.name == "mosaic"
    for which in ("style", "second_style"):
        playground.upload(which, photo_bytes)
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
        patch.setattr(module, "paint", fail)
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
