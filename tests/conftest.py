"""Weights, pictures, servers and disks for the tests.

CI has copies of the weights and the pictures beside the checkout; others fetch them.
"""

import functools
import os
import shutil
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nst_helpers as nst
from nst_helpers.machine import notices

pytest_plugins = ["reliability"]
notices.default_progress = None  # a test that wants to see the progress bar asks for one

SHARED = Path(__file__).resolve().parents[2] / "shared"
WEIGHTS = SHARED / "weights" / "vgg19_notop.h5"
if WEIGHTS.is_file():  # the lessons' kernels inherit it
    os.environ.setdefault("NST_VGG19_WEIGHTS", str(WEIGHTS))


def _document_picture(name):
    shared = SHARED / "pictures" / f"{name}.jpg"
    if shared.is_file():
        return shared
    try:
        return nst.picture(name)
    except nst.ImageError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def paris():
    return _document_picture("paris")


@pytest.fixture(scope="session")
def starry_night():
    return _document_picture("starry_night")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def photo():
    """A real picture, 60 × 40, as a PIL image in RGB."""
    return Image.open(nst.picture("mountain_lake")).convert("RGB").resize((60, 40))


class _QuietHandler(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def web_server(tmp_path):
    """Address of a server on this machine that serves the test's own folder."""
    handler = functools.partial(_QuietHandler, directory=tmp_path)
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


# Disks that fail for real: mounted where the tests may do so, else as near as a user can come.


def _mount(*arguments):
    command = ["mount", *map(str, arguments)]
    return shutil.which("mount") and not subprocess.run(command, capture_output=True).returncode


@pytest.fixture
def small_disk(tmp_path):
    """A folder that holds 256 KiB: a disk of that size, or a limit on the size of each file."""
    if sys.platform == "win32":
        pytest.skip("Windows has neither")
    import resource

    folder, size = tmp_path / "small disk", 256 << 10
    folder.mkdir()
    if _mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder):
        yield folder
        subprocess.run(["umount", folder], check=True)
    else:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        yield folder
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def make_read_only():
    """Makes a folder read-only until the test's end, by its mode or, against root, a mount."""
    if sys.platform == "win32":
        pytest.skip("Windows keeps no read-only folders")
    made = []

    def make(folder):
        made.append(folder)
        if os.geteuid():
            folder.chmod(0o555)
        elif not (_mount("--bind", folder, folder) and _mount("-o", "remount,ro,bind", folder)):
            pytest.skip("root without the right to mount can write everywhere")

    yield make
    for folder in made:
        if os.geteuid():
            folder.chmod(0o755)
        else:
            subprocess.run(["umount", folder], check=False)
