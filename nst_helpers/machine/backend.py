"""TensorFlow and Keras, brought up without their log lines.

Every module that computes imports `tf` and `keras` from here, and so does every lesson: a learner's
first cell should show the lesson, not the start-up messages of a library.
"""

import math
import os
import sys
import warnings
from contextlib import contextmanager, suppress

from nst_helpers.errors import ConfigError
from nst_helpers.machine.limits import cores


@contextmanager
def _silent_stderr():
    """Points file descriptor 2 at the null device: TensorFlow writes there, past `sys.stderr`."""
    with suppress(AttributeError, OSError, ValueError):  # it may be None or closed
        sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # a daemon has none
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


def _import_quietly():
    # As in the Keras example; a Keras on another backend could not share TensorFlow's tape.
    os.environ["KERAS_BACKEND"] = "tensorflow"
    # Left to itself, TensorFlow uses oneDNN's convolutions on the newest processors only; and its
    # own log tells people to turn them off, which makes another picture, and a slower run.
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
    # A session that turns warnings into errors does not mean those of TensorFlow's own imports.
    with _silent_stderr(), warnings.catch_warnings(action="ignore"):
        import tensorflow

        gpus = tensorflow.config.list_physical_devices("GPU")
        # Where TensorFlow is in use already, it is too late to set anything.
        with suppress(RuntimeError):
            _set_up(tensorflow, gpus)
        import keras

        # The first operation logs what the processor can do, and the first of this type whether
        # it knows that.
        tensorflow.zeros((), "bfloat16")
    # Each run compiles a function of its own; TensorFlow takes that for a mistake and says so.
    tensorflow.get_logger().setLevel("ERROR")
    if keras.config.backend() != "tensorflow":
        raise ImportError(
            f"Keras already runs on {keras.config.backend()}: "
            "restart Python and import nst_helpers first."
        )
    return tensorflow, keras, bool(gpus)


def _set_up(tensorflow, gpus):
    if gpus:
        for gpu in gpus:  # take its memory as it is needed, so that two notebooks fit on one card
            tensorflow.config.experimental.set_memory_growth(gpu, True)
        return
    # VGG19 is a chain, and one convolution already uses every core: two operations at once only
    # cost memory, and add up numbers in another order each time.
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    if (allowed := cores()) < (os.cpu_count() or 1):  # more threads than that would wait in turn
        tensorflow.config.threading.set_intra_op_parallelism_threads(max(1, math.ceil(allowed)))


try:
    tf, keras, HAS_GPU = _import_quietly()
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"{error.name} is missing: pip install 'nst-helpers[tensorflow]', "
        "or 'nst-helpers[cpu]' for the smaller build without GPU support."
    ) from error


_in_use = False  # whether this process has computed
_forked_in_use = False  # whether it is the child of one that had


def _note_fork():
    global _forked_in_use
    _forked_in_use = _in_use


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)


def check_session():
    """Finds out before a run whether it can compute here.

    Raises:
        ConfigError: If eager execution is off, or this process was forked from one that had used
            TensorFlow, whose threads are not there any more.
    """
    global _in_use
    if not tf.executing_eagerly():
        raise ConfigError(
            "TensorFlow's eager execution is off: restart Python, and leave out "
            "disable_eager_execution."
        )
    if _forked_in_use:
        raise ConfigError(
            "TensorFlow was used before this process was forked, and would hang: use "
            'multiprocessing.get_context("spawn").'
        )
    _in_use = True


@contextmanager
def standard_keras():
    """Keras's own defaults, whatever an earlier cell or keras.json made of them."""
    data_format, floatx = keras.config.image_data_format(), keras.config.floatx()
    policy = keras.config.dtype_policy()
    try:
        keras.config.set_image_data_format("channels_last")
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
        yield
    finally:
        keras.config.set_image_data_format(data_format)
        keras.config.set_floatx(floatx)
        keras.config.set_dtype_policy(policy)


@contextmanager
def standard_functions():
    """TensorFlow's own way to run functions, whatever an earlier cell set: the sums round alike."""
    optimizer = tf.config.optimizer
    eagerly, options = tf.config.functions_run_eagerly(), optimizer.get_experimental_options()
    try:
        tf.config.run_functions_eagerly(False)
        optimizer.set_experimental_options(dict.fromkeys(options))  # None is the default of each
        yield
    finally:
        tf.config.run_functions_eagerly(eagerly)
        optimizer.set_experimental_options(options)
