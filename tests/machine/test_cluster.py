"""Tiles on a real Dask cluster of this machine, whose workers are killed."""

import os
import random
import signal
import threading
import time

import pytest

distributed = pytest.importorskip("distributed", reason="the cluster extra is not installed")

import nst_helpers as nst  # noqa: E402 (behind the check for what it needs)
from nst_helpers.machine import cluster  # noqa: E402

SETTINGS = {"rows": 96, "iterations": 4, "scales": [1], "report_every": 1, "precision": "float32"}
CONTENT, STYLE = nst.picture("harbour_town"), nst.picture("mosaic")


class Mean(nst.Statistic):
    """Workers have this module no more than a notebook's classes: it has to travel."""

    def measure(self, x, mask=None):
        import tensorflow as tf

        mask = tf.ones(x.shape[:2]) if mask is None else mask
        return tf.reduce_sum(mask[:, :, tf.newaxis] * x, (0, 1)) / tf.reduce_sum(mask)


def paint(client=None, callback=lambda progress: None):
    config = nst.TransferConfig.multiscale(**SETTINGS)
    extra = [Mean("block2_conv1", 1.0)]
    result = nst.transfer(CONTENT, STYLE, config, callback, extra=extra, client=client)
    return [row.total for row in result.losses]


@pytest.fixture(scope="module")
def at_home():
    return paint()


@pytest.fixture(scope="module")
def client():
    """Two workers of one thread each."""
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit="3GB"
        ) as local,
        distributed.Client(local) as client,
    ):
        yield client


@pytest.mark.slow
def test_the_losses_are_those_of_one_machine(client, at_home):
    assert paint(client) == pytest.approx(at_home, rel=1e-5)


@pytest.mark.slow
def test_a_killed_workers_tiles_are_done_by_others(client, tried):
    undisturbed, chance, killed = paint(client), random.Random(0), []

    def kill(progress):
        if progress.losses.iteration < SETTINGS["iterations"]:
            address, pid = chance.choice(list(client.run(os.getpid).items()))
            threading.Timer(chance.uniform(0, 1), os.kill, (pid, signal.SIGKILL)).start()
            killed.append(address)

    for _ in range(2):
        with tried("three kills of a cluster's workers in the middle of a run"):
            start = time.monotonic()
            assert paint(client, kill) == undisturbed
            assert time.monotonic() - start < 60
    assert len(killed) == 6


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, "no worker yet"),
        ({"tcp://a": ModuleNotFoundError("No module named 'nst_helpers'")}, "can't import"),
        ({"tcp://a": ("0.0.1", True)}, r"tcp://a has nst_helpers 0\.0\.1, and this is"),
        (
            {"tcp://a": (nst.__version__, True), "tcp://b": (nst.__version__, False)},
            "tcp://b has no",
        ),
    ],
    ids=["none", "no package", "another version", "no TensorFlow"],
)
def test_workers_that_cant_compute_are_told_at_the_start(answers, words):
    class Client:
        """Answers as Dask's own does; only that it is no cluster."""

        def run(self, function, source, on_error):
            assert function(source) == (nst.__version__, True)
            return answers

    with pytest.raises(nst.ClusterError, match=words) as said:
        cluster.check_workers(Client())
    assert len(str(said.value)) < 300
