"""The same picture to the last bit: in another process, and in a session that was changed."""

import contextlib
import decimal
import gc
import locale
import logging
import os
import random
import subprocess
import sys
import tempfile
import threading
import warnings

import numpy as np
import pytest
from PIL import Image

import nst_helpers as nst
from nst_helpers.machine.backend import keras, tf
from nst_helpers.machine.cache import CACHE

CONTENT, STYLE = nst.picture("harbour_town"), nst.picture("mosaic")
PAIRS = int(os.environ.get("NST_TEST_PAIRS", "1"))

PAINT = """
import sys
import numpy as np
import nst_helpers as nst
from nst_helpers import TransferConfig
from nst_helpers.machine import notices
notices.default_progress = None
try:
    for path, config in zip(sys.argv[1::2], sys.argv[2::2]):
        result = nst.transfer(nst.picture("harbour_town"), nst.picture("mosaic"), eval(config))
        np.save(path, result.picture)
        with open(path + ".txt", "w") as file:
            print(repr(result.config), file=file)
except nst.ConfigError as error:
    print("refused:", error)
"""


def paint_elsewhere(*configs, folder, before="", flags=(), **environment):
    """Paints in one fresh process.

    Args:
        configs: Python that makes them.
        folder: An empty one.
        before: Python that the session has run before.
        flags: Of Python's own.
        environment: Variables to set, or to take away by None.

    Returns:
        The pictures and the printed configs, and what the process wrote.
    """
    paths = [str(folder / f"{number}.npy") for number in range(len(configs))]
    arguments = [word for pair in zip(paths, configs, strict=True) for word in pair]
    variables = {**os.environ, **environment}
    done = subprocess.run(
        [sys.executable, *flags, "-c", before + PAINT, *arguments],
        capture_output=True,
        text=True,
        env={name: value for name, value in variables.items() if value is not None},
    )
    # 120 is Python's own word, after all is done, for a stream that was closed under its feet.
    assert done.returncode in (0, 120), done.stderr
    texts = [(folder / f"{path}.txt").read_text().strip() for path in paths]
    return [np.load(path) for path in paths], texts, done


# What is chosen by timing.

# Of few layers, to be quick; block3 has wide ones, for Winograd's convolutions.
LAYERS = {
    "style_layer_names": ("block1_conv1", "block3_conv1"),
    "content_layer_name": "block3_conv2",
}
AUTO = [
    f"TransferConfig.fast(rows=64, iterations=4, precision='auto', **{LAYERS})",
    f"TransferConfig.fast(rows=64, iterations=4, precision='float32', **{LAYERS})",
    f"TransferConfig.multiscale(rows=64, iterations=8, precision='auto', **{LAYERS})",
]
# Timing that comes out as it does here, or as on a machine where each alternative is slower, or
# faster: two processes seldom differ by themselves.
TIMINGS = {
    "as it is": "",
    "nothing gains": "from nst_helpers.machine import convolution\nconvolution.GAIN = 0\n",
    "all gain": (
        "from nst_helpers.machine import convolution\n"
        "convolution.GAIN = convolution.HOPELESS = 1e9\n"
    ),
}


def test_a_printed_config_paints_the_same_in_another_process(tmp_path, tried):
    """Whatever was chosen by timing when it was painted first."""
    for pair in range(PAIRS):
        pictures, printed = [], []
        for name, before in TIMINGS.items():
            folder = tmp_path / f"{pair} {name}"
            folder.mkdir()
            found, texts, _ = paint_elsewhere(*AUTO, folder=folder, before=before)
            pictures += found
            printed += texts
        assert not any("auto" in text for text in printed)
        assert len(set(printed)) >= 4  # the timings made a difference
        folder = tmp_path / f"{pair} again"
        folder.mkdir()
        again, same, _ = paint_elsewhere(*printed, folder=folder)
        assert same == printed
        for picture, other, text in zip(pictures, again, printed, strict=True):
            with tried("a run painted again from its printed config, in another process"):
                np.testing.assert_array_equal(picture, other, text)


@pytest.mark.parametrize("begun", ["direct", "turned", "winograd", "turned+winograd"])
def test_a_resumed_run_goes_on_as_it_was_begun(tmp_path, monkeypatch, begun, tried):
    """Although the timing comes out differently now."""

    def stop(progress):
        if progress.losses.iteration == 2:
            raise KeyboardInterrupt

    config, path = nst.TransferConfig.fast(rows=48, iterations=5, **LAYERS), tmp_path / "run.npz"
    whole = nst.transfer(CONTENT, STYLE, config.replace(precision="float32", convolution=begun))
    with pytest.warns(UserWarning, match="Interrupted after iteration 2"):
        nst.transfer(CONTENT, STYLE, whole.config, stop, checkpoint=path)
    for asked in (config, config.replace(precision="float32"), config.replace(convolution=begun)):
        for chosen in ("float32", "direct"), ("bfloat16", "direct"), ("float32", "turned"):
            names = "precision", "convolution"
            answer = dict(zip(names, chosen, strict=True))
            monkeypatch.setattr("nst_helpers.training.choose", lambda *_, a=answer, **__: a)
            with tried("a run that goes on where timing chooses differently"):
                copy = tmp_path / "copy.npz"
                copy.write_bytes(path.read_bytes())
                resumed = nst.transfer(CONTENT, STYLE, asked, checkpoint=copy)
                assert resumed.config == whole.config
                np.testing.assert_array_equal(resumed.picture, whole.picture)


def test_another_way_than_it_was_begun_with_is_refused(tmp_path):
    config, path = nst.TransferConfig.fast(rows=48, iterations=1, **LAYERS), tmp_path / "run.npz"
    nst.transfer(CONTENT, STYLE, config.replace(precision="bfloat16"), checkpoint=path)
    for changes, words in (
        ({"precision": "float32"}, "precision is bfloat16 there and float32 here"),
        ({"convolution": "winograd"}, "precision is bfloat16 there and float32 here"),
    ):
        with pytest.raises(nst.CheckpointError, match=words):
            nst.transfer(CONTENT, STYLE, config.replace(**changes), checkpoint=path)


# Sessions that were changed, and can be changed back: all in this process.


@pytest.fixture(scope="module")
def expected():
    """A run in a session as it is; its config has nothing left to choose."""
    config = nst.TransferConfig.fast(rows=48, iterations=2, precision="float32", **LAYERS)
    return nst.transfer(CONTENT, STYLE, config)


@contextlib.contextmanager
def set_to(get, put, value):
    before = get()
    put(value)
    try:
        yield
    finally:
        put(before)


def attribute(thing, name, value):
    return set_to(lambda: getattr(thing, name), lambda new: setattr(thing, name, new), value)


@contextlib.contextmanager
def warnings_as_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@contextlib.contextmanager
def without_a_working_folder():
    before, folder = os.getcwd(), tempfile.mkdtemp()
    os.chdir(folder)
    os.rmdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


@contextlib.contextmanager
def environment_of(**variables):
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def strict_decimals():
    with decimal.localcontext(prec=1, traps=[decimal.Inexact]):
        yield


@contextlib.contextmanager
def closed(name):
    with open(os.devnull, "w") as file:
        pass
    with attribute(sys, name, file):
        yield


@contextlib.contextmanager
def without_garbage_collection():
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextlib.contextmanager
def seeded():
    random.seed(0), tf.random.set_seed(0)
    yield


@contextlib.contextmanager
def compiled_by_xla():
    tf.config.optimizer.set_jit("autoclustering")
    try:
        yield
    finally:
        tf.config.optimizer.set_jit(False)


def plain_locale():
    def put(name):
        locale.setlocale(locale.LC_ALL, name)

    return set_to(lambda: locale.setlocale(locale.LC_ALL), put, "C")


def deep():
    """Little room on the stack: half of what a fresh session has."""
    return set_to(sys.getrecursionlimit, sys.setrecursionlimit, 500)


config = keras.config
CHANGES = {
    "channels first": lambda: set_to(
        config.image_data_format, config.set_image_data_format, "channels_first"
    ),
    "mixed precision": lambda: set_to(
        config.dtype_policy, config.set_dtype_policy, "mixed_bfloat16"
    ),
    "float64 by default": lambda: set_to(config.floatx, config.set_floatx, "float64"),
    "float16 by default": lambda: set_to(config.floatx, config.set_floatx, "float16"),
    "another epsilon": lambda: set_to(config.epsilon, config.set_epsilon, 1.0),
    "functions run eagerly": lambda: set_to(
        tf.config.functions_run_eagerly, tf.config.run_functions_eagerly, True
    ),
    "functions left as they are written": lambda: set_to(
        tf.config.optimizer.get_experimental_options,
        tf.config.optimizer.set_experimental_options,
        {"disable_meta_optimizer": True},
    ),
    "compiled by XLA": compiled_by_xla,
    "strict placement": lambda: set_to(
        tf.config.get_soft_device_placement, tf.config.set_soft_device_placement, False
    ),
    "inside a tape": lambda: tf.GradientTape(persistent=True),
    "on a named device": lambda: tf.device("CPU:0"),
    "in a name scope": lambda: tf.name_scope("mine"),
    "in Keras's scope without state": keras.StatelessScope,
    "warnings as errors": warnings_as_errors,
    "NumPy's errors raised": lambda: np.errstate(all="raise"),
    "NumPy prints nothing": lambda: np.printoptions(precision=0, threshold=0),
    "no stdout": lambda: attribute(sys, "stdout", None),
    "no stderr": lambda: attribute(sys, "stderr", None),
    "stdout closed": lambda: closed("stdout"),
    "stderr closed": lambda: closed("stderr"),
    "no working folder": without_a_working_folder,
    "an empty environment": lambda: environment_of(
        NST_VGG19_WEIGHTS=os.environ.get("NST_VGG19_WEIGHTS", "")
    ),
    "no temporary folder": lambda: attribute(tempfile, "tempdir", os.devnull),
    "a locale without letters": plain_locale,
    "files that nobody may read": lambda: set_to(lambda: 0o022, os.umask, 0o777),
    "strict decimals": strict_decimals,
    "little recursion": deep,
    "seeds": seeded,
    "no garbage collection": without_garbage_collection,
    "no log": lambda: set_to(lambda: logging.NOTSET, logging.disable, logging.CRITICAL),
    "small pictures only": lambda: attribute(Image, "MAX_IMAGE_PIXELS", 100),
    "pictures of any size": lambda: attribute(Image, "MAX_IMAGE_PIXELS", None),
}  # fmt: skip


def unasked(*texts):
    """The lines that were written beside the notice where the weights come from."""
    lines = "".join(texts).splitlines()
    return [line for line in lines if not line.startswith("VGG19 weights: ")]


FAULT = "a session whose settings were changed"


@pytest.mark.parametrize("name", CHANGES)
def test_a_session_that_was_changed(expected, name, tried, capfd):
    CACHE.clear()  # or nothing would be compiled or measured again
    with tried(FAULT), warnings.catch_warnings(record=True) as warned:
        capfd.readouterr()
        with CHANGES[name]():
            result = nst.transfer(CONTENT, STYLE, expected.config)
        np.testing.assert_array_equal(result.picture, expected.picture)
        assert not unasked(*capfd.readouterr()) and not warned


@pytest.mark.parametrize("seed", range(int(os.environ.get("NST_TEST_SESSIONS", "3"))))
def test_a_session_in_which_much_was_changed(expected, seed, tried):
    """Five changes at once."""
    CACHE.clear()
    with tried(FAULT), contextlib.ExitStack() as changes:
        for name in random.Random(seed).sample(sorted(CHANGES), 5):
            changes.enter_context(CHANGES[name]())
        result = nst.transfer(CONTENT, STYLE, expected.config)
        np.testing.assert_array_equal(result.picture, expected.picture)


def test_in_a_thread(expected, tried):
    with tried(FAULT):
        results = []
        thread = threading.Thread(
            target=lambda: results.append(nst.transfer(CONTENT, STYLE, expected.config))
        )
        thread.start()
        thread.join()
        np.testing.assert_array_equal(results[0].picture, expected.picture)


def test_inside_a_graph_is_one_clear_line(expected, tried):
    with (
        tried("a session in which TensorFlow can't compute"),
        pytest.raises(nst.ConfigError, match="eager execution is off"),
        tf.Graph().as_default(),
    ):
        nst.transfer(CONTENT, STYLE, expected.config)


# Sessions that can't be changed back: a process each.

# TensorFlow's log lines are the session's own where that imports it before us.
BEGUN = "the session has begun"
SAY_BEGUN = f"import sys; print({BEGUN!r}, file=sys.stderr)\n"
SESSIONS = {
    "variables that others set": {
        "TF_ENABLE_ONEDNN_OPTS": "0",
        "KERAS_BACKEND": "jax",
        "TF_DETERMINISTIC_OPS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "0",
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "module://nowhere",
        "LC_ALL": "C",
        "PYTHONIOENCODING": "ascii",
        "HOME": None,
        "TMPDIR": "/nowhere",
    },
    "optimized, warnings as errors from the start": {
        "flags": ("-OO", "-W", "error"),
        "PYTHONHASHSEED": "1",
    },
    "every stream closed": {"before": "import os\nfor n in range(3): os.close(n)\n"},
    "NumPy's rules for tensors, deterministic ops": {
        "before": (
            "import tensorflow as tf\n"
            "tf.experimental.numpy.experimental_enable_numpy_behavior()\n"
            "tf.config.experimental.enable_op_determinism()\n"
        )
        + SAY_BEGUN,
    },
    "threads of its own": {
        "before": (
            "import tensorflow as tf\n"
            "tf.config.threading.set_inter_op_parallelism_threads(4)\n"
            "tf.config.threading.set_intra_op_parallelism_threads(1)\n"
            "tf.constant(1.0) + 1\n"
        )
        + SAY_BEGUN,
    },
}


@pytest.mark.parametrize("name", SESSIONS)
def test_a_session_that_began_otherwise(tmp_path, expected, name, tried):
    with tried(FAULT):
        (picture,), (text,), done = paint_elsewhere(
            repr(expected.config), folder=tmp_path, **SESSIONS[name]
        )
        assert text == repr(expected.config)
        np.testing.assert_array_equal(picture, expected.picture)
        assert not unasked(done.stdout, done.stderr.rpartition(f"{BEGUN}\n")[2])
