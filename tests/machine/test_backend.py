"""What an earlier cell or the machine did: the same picture nevertheless, or one clear line."""

import multiprocessing
import os
import subprocess
import sys

import pytest

import nst_helpers as nst
from nst_helpers.machine import limits
from nst_helpers.machine.backend import keras, standard_functions, standard_keras, tf

PAINT = """
import nst_helpers as nst
try:
    nst.transfer(nst.picture("harbour_town"), nst.picture("mosaic"))
except nst.ConfigError as error:
    print("refused:", error)
"""
REFUSED = {
    "import tensorflow as tf; tf.compat.v1.disable_eager_execution()": "eager execution is off",
    "import tensorflow as tf; tf.compat.v1.disable_v2_behavior()": "eager execution is off",
}


@pytest.mark.parametrize("before", REFUSED)
def test_what_cannot_work_is_refused_in_one_line(before, tried):
    with tried("a session in which TensorFlow can't compute"):
        command = [sys.executable, "-c", f"{before}\n{PAINT}"]
        done = subprocess.run(command, capture_output=True, text=True)
        (refusal,) = done.stdout.splitlines()
        assert refusal.startswith("refused:") and REFUSED[before] in refusal, done.stderr


def say_what_is_raised(pipe):
    try:
        nst.transfer(nst.picture("harbour_town"), nst.picture("mosaic"))
    except nst.ConfigError as error:
        pipe.send(str(error))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_a_process_that_was_forked_is_told_so(tried):
    """It would wait for threads that only its parent has."""
    nst.load_vgg19()
    with tried("a process forked after TensorFlow was used"):
        fork = multiprocessing.get_context("fork")
        receiver, sender = fork.Pipe(duplex=False)
        child = fork.Process(target=say_what_is_raised, args=(sender,))
        child.start()
        assert receiver.poll(60), "it hangs"
        assert "was used before this process was forked" in receiver.recv()
        child.join()


def test_tensorflow_is_left_as_it_was():
    optimizer = tf.config.optimizer
    before = optimizer.get_experimental_options()
    tf.config.run_functions_eagerly(True)
    optimizer.set_experimental_options({"remapping": False, "disable_meta_optimizer": True})
    changed = optimizer.get_experimental_options()
    try:
        with standard_functions():
            assert not tf.config.functions_run_eagerly()
            assert optimizer.get_experimental_options() == before
        assert tf.config.functions_run_eagerly()
        assert optimizer.get_experimental_options() == changed != before
    finally:
        tf.config.run_functions_eagerly(False)
        optimizer.set_experimental_options({"remapping": None, "disable_meta_optimizer": None})
    assert optimizer.get_experimental_options() == before


def test_keras_is_left_as_it_was():
    keras.config.set_image_data_format("channels_first")
    try:
        with standard_keras():
            assert keras.config.image_data_format() == "channels_last"
        assert keras.config.image_data_format() == "channels_first"
    finally:
        keras.config.set_image_data_format("channels_last")


def test_threads_are_no_more_than_a_quota_allows(tmp_path, monkeypatch):
    """TensorFlow would start one for each core of the machine."""
    script = """
import sys, pathlib
from nst_helpers.machine import limits
limits.CONTAINER = pathlib.Path(sys.argv[1])
limits.cores.__defaults__ = (limits.CONTAINER,)
from nst_helpers.machine.backend import tf
print(tf.config.threading.get_intra_op_parallelism_threads())
"""
    (tmp_path / "cpu.max").write_text("100000 100000\n")
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    expected = 1 if (os.cpu_count() or 1) > 1 and limits.cores() > 1 else 0
    assert int(done.stdout) == expected
