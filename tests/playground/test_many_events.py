"""Two hundred things that a person may do at the panel, in a minute."""

import gc
import random
import threading
import time

import numpy as np
import psutil
import pytest
from playing import finish, repeat

import nst_helpers as nst


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
        lambda: setattr(playground, "mix", chance.choice((0, 0.3, 1))): 1,
        lambda: setattr(playground, "second_style", chance.choice((None, "mosaic", "woodcut"))): 1,
        lambda: setattr(playground, "keep_colours", chance.choice((False, "luminance"))): 1,
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
