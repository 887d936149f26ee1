"""TensorFlow and Keras, brought up without their log lines.

Every module that computes imports `tf` and `keras` from here, and so does every lesson: a learner's
first cell should show the lesson, not the start-up messages of a library.
"""

import os
import sys
from contextlib import contextmanager, suppress


@contextmanager
def _silent_stderr():
    """Points file descriptor 2 at the null device: TensorFlow writes there, past `sys.stderr`."""
    sys.stderr.flush()
    saved = os.dup(2)
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
    # Left to itself, TensorFlow uses oneDNN's convolutions on the newest processors only.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    with _silent_stderr():
        import tensorflow

        gpus = tensorflow.config.list_physical_devices("GPU")
        for gpu in gpus:
            # Take its memory as it is needed, so that two notebooks fit on one card. Where
            # TensorFlow is in use already it is too late to say, here and below.
            with suppress(RuntimeError):
                tensorflow.config.experimental.set_memory_growth(gpu, True)
        if not gpus:
            # VGG19 is a chain, and one convolution already uses every core: two operations at
            # once only cost memory, and add up numbers in another order each time.
            with suppress(RuntimeError):
                tensorflow.config.threading.set_inter_op_parallelism_threads(1)
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


try:
    tf, keras, HAS_GPU = _import_quietly()
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f"{error.name} is missing: pip install 'nst-helpers[tensorflow]', "
        "or 'nst-helpers[cpu]' for the smaller build without GPU support."
    ) from error
