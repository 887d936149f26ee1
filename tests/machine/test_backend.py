"""What an earlier cell or the machine did: the same picture nevertheless, or one clear line."""

import multiprocessing
import os
import subprocess
import sys

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.machine import limits
from nst_helpers.machine.backend import keras, standard_keras

PAINT = """
import numpy as np
import nst_helpers as nst
config = nst.TransferConfig.fast(rows=32, iterations=2, precision="float32")
try:
    result = nst.transfer(nst.picture("harbour_town"), nst.picture("mosaic"), config)
except nst.ConfigError as error:
    print("refused:", error)
else:
    np.save(PATH, result.image)
"""
PERTURBATIONS = {
    "channels first": "import keras; keras.config.set_image_data_format('channels_first')",
    "mixed precision": "import keras; keras.config.set_dtype_policy('mixed_bfloat16')",
    "float64": "import keras; keras.config.set_floatx('float64')",
    "no stderr": "import sys; sys.stderr = None",
    "no stdout": "import sys; sys.stdout.close()",
    "warnings as errors": "import warnings; warnings.simplefilter('error')",
    "NumPy's errors raised": "import numpy as np; np.seterr(all='raise')",
}
REFUSED = {
    "import tensorflow as tf; tf.compat.v1.disable_eager_execution()": "eager execution is off",
}


def run(before, path, **environment):
    script = f"PATH = {str(path)!r}\n{before}\n{PAINT}"
    return subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def expected():
    config = nst.TransferConfig.fast(rows=32, iterations=2, precision="float32")
    return nst.transfer(nst.picture("harbour_town"), nst.picture("mosaic"), config).image


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_a_session_that_was_changed(tmp_path, expected, name, tried):
    with tried("a session whose settings were changed"):
        done = run(PERTURBATIONS[name], tmp_path / "painted.npy")
        assert done.returncode == 0, done.stderr
        difference = np.load(tmp_path / "painted.npy").astype(int) - expected
        assert abs(difference).max() <= 2  # the way of a convolution may be another one


@pytest.mark.parametrize("before", REFUSED)
def test_what_cannot_work_is_refused_in_one_line(tmp_path, before, tried):
    with tried("a session in which TensorFlow can't compute"):
        done = run(before, tmp_path / "painted.npy")
        refusal = [line for line in done.stdout.splitlines() if line.startswith("refused:")]
        assert len(refusal) == 1 and REFUSED[before] in refusal[0], done.stderr


def say_what_is_raised(pipe):
    try:
        nst.transfer(nst.picture("harbour_town"), nst.picture("mosaic"))
    except nst.ConfigError as error:
        pipe.send(str(error))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")
def test_a_process_that_was_forked_is_told_so(expected, tried):
    """It would wait for threads that only its parent has."""
    with tried("a process forked after TensorFlow was used"):
        fork = multiprocessing.get_context("fork")
        receiver, sender = fork.Pipe(duplex=False)
        child = fork.Process(target=say_what_is_raised, args=(sender,))
        child.start()
        assert receiver.poll(60), "it hangs"
        assert "was used before this process was forked" in receiver.recv()
        child.join()


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
