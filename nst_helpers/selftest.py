"""Is this machine ready for class? One finding for each thing that a lesson needs.

`python -m nst_helpers --selftest` prints them.
"""

import importlib.metadata
import json
import sys
import time
from pathlib import Path
from typing import NamedTuple

from nst_helpers.config import TransferConfig
from nst_helpers.errors import one_line
from nst_helpers.machine.language import translated
from nst_helpers.machine.memory import memory_needed, memory_there
from nst_helpers.machine.pictures import picture
from nst_helpers.machine.weights import vgg19_weights
from nst_helpers.machine.wording import short

PYTHONS = (3, 11), (3, 13)  # the oldest and the newest that TensorFlow has wheels for
LARGEST_LESSON = 240, 360  # rows and cols of the largest picture that a lesson paints
THUMBNAIL = TransferConfig.fast(rows=64, iterations=20)
LONGEST = 300  # characters of a problem
SLIDERS = "labextensions", "@jupyter-widgets", "jupyterlab-manager", "package.json"


class Finding(NamedTuple):
    """What one check found; `what` says what to do where `ready` is False."""

    name: str
    ready: bool
    what: str

    def __str__(self):
        return (
            f"{'ok  ' if self.ready else 'FAIL'} {translated(self.name)}: {translated(self.what)}"
        )


class NotReadyError(RuntimeError):
    """Something that a lesson needs is not there; the message says what to do."""


def findings():
    """Checks one thing after the other.

    Yields:
        A `Finding` for each. A check that fails does not keep the others from running.
    """
    for name, check in CHECKS.items():
        try:
            yield Finding(name, True, check())
        except Exception as error:
            yield Finding(name, False, short(one_line(error), LONGEST))


def _python():
    here = sys.version_info
    version = f"{here[0]}.{here[1]}.{here[2]}"
    if not PYTHONS[0] <= here[:2] <= PYTHONS[1]:
        oldest, newest = (".".join(map(str, each)) for each in PYTHONS)
        raise NotReadyError(f"{version}, and TensorFlow needs {oldest} to {newest}")
    return version


def _tensorflow():
    from nst_helpers.machine.backend import HAS_GPU, keras, tf

    gpu = "with a GPU" if HAS_GPU else "without a GPU"
    return f"{tf.__version__}, Keras {keras.__version__}, {gpu}"


def _weights():
    return str(vgg19_weights()).replace(str(Path.home()), "~")


def _memory():
    needed, there = memory_needed(LARGEST_LESSON, TransferConfig.fast()), memory_there()
    found = f"{there / 1e9:.1f} GB free, and the lessons take {needed / 1e9:.1f} GB"
    if there < needed:
        raise NotReadyError(f"{found}: close other programs")
    return found


def _widgets():
    """The sliders have a Python part and one in JupyterLab; each can be missing by itself."""
    version = importlib.metadata.version("ipywidgets")
    import ipywidgets  # noqa: F401

    try:
        lab = importlib.metadata.version("jupyterlab")
    except importlib.metadata.PackageNotFoundError:
        return f"ipywidgets {version}; no JupyterLab here, so try a slider where you will teach"
    from jupyter_core.paths import jupyter_path  # JupyterLab brings it

    parts = [path for path in map(Path, jupyter_path(*SLIDERS)) if path.is_file()]
    if not parts:
        raise NotReadyError(
            "ipywidgets is there, its part in JupyterLab is not, so sliders would stay invisible: "
            "pip install jupyterlab_widgets"
        )
    in_lab = json.loads(parts[0].read_text("utf-8"))["version"]
    return f"ipywidgets {version}, and {in_lab} in JupyterLab {lab}"


def _thumbnail():
    from nst_helpers.training import transfer

    start = time.perf_counter()
    result = transfer(picture("harbour_town"), picture("mosaic"), THUMBNAIL, lambda progress: None)
    first, last = result.losses[0].total, result.losses[-1].total
    if not last < first:
        raise NotReadyError(f"its loss went from {first:.3g} to {last:.3g}: report it")
    rows, cols = result.image.shape[:2]
    seconds = time.perf_counter() - start
    return f"painted, {rows} × {cols} in {seconds:.0f} s, its loss down by {1 - last / first:.0%}"


CHECKS = {
    "Python": _python,
    "TensorFlow": _tensorflow,
    "VGG19 weights": _weights,
    "memory": _memory,
    "widgets": _widgets,
    "thumbnail": _thumbnail,
}
