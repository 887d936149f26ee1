"""What a test does with a playground: it waits, watches, and repeats the printed call."""

import time

import nst_helpers as nst

PATIENCE = 60  # seconds: a run takes about five where nothing else goes on


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
