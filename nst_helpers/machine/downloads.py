"""Downloads files and keeps them in a cache folder.

The cache is the user's cache folder for `nst_helpers`, or the folder that `NST_CACHE` names. A file
is made in a private work folder inside the cache and moved to its place in one step, so neither a
second process nor a kill leaves half a file.
"""

import contextlib
import errno
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

import pooch

from nst_helpers.errors import UnavailableError
from nst_helpers.machine.wording import warn

TIMEOUT = 10  # seconds to wait for an answer
ROOM = 120 << 20  # bytes of free disk that the largest download needs
WORK_PREFIX = ".nst_helpers-"
STALE = 24 * 3600  # seconds after which a work folder counts as left by a killed process

pooch.get_logger().setLevel("WARNING")  # the callers say what is downloaded


def download(url, name, known_hash, timeout=None):
    """Downloads a file into the cache.

    Args:
        url: Address to download from.
        name: Name of the file in the cache.
        known_hash: "md5:" or "sha256:" and the hash that the file must have.
        timeout: Seconds to wait for an answer; None waits `TIMEOUT`.

    Returns:
        Its path.

    Raises:
        UnavailableError, OSError, ValueError: If it can't be downloaded, or has another hash.
    """
    timeout = timeout or TIMEOUT
    bar = bool(sys.stderr and sys.stderr.isatty())
    get = pooch.HTTPDownloader(progressbar=bar, chunk_size=1 << 18, timeout=timeout)
    _require_answer(get, url, timeout)
    with work_folder() as work:
        return publish(Path(pooch.retrieve(url, known_hash, name, work, downloader=get)))


def check_hash(path, known_hash):
    """Checks a file's hash.

    Args:
        path: `Path` of the file.
        known_hash: "md5:" or "sha256:" and the hash.

    Returns:
        `path`.

    Raises:
        UnavailableError: If there is no file, or one with another hash.
    """
    algorithm, digest = known_hash.split(":")
    if not path.is_file():
        raise UnavailableError("no file there")
    if pooch.file_hash(str(path), alg=algorithm) != digest:
        raise UnavailableError(f"{path} has another hash, left alone")
    return path


def _require_answer(get, url, timeout):
    """Raises `UnavailableError` unless the address answers within `timeout` seconds.

    The downloader's own timeout starts again for each IP address of the host and excludes the DNS
    lookup, so behind a firewall that drops packets it could wait for minutes.
    """
    answers = []

    def ask():
        with contextlib.suppress(OSError):
            answers.append(get(url, None, None, check_only=True))

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(timeout)
    if answers != [True]:
        raise UnavailableError("no such file there" if answers else "its address does not answer")


def _folders():
    """The cache folder, and the temporary one to use if that can't be written."""
    cache = Path(os.environ.get("NST_CACHE") or pooch.os_cache("nst_helpers"))
    user = os.getuid() if hasattr(os, "getuid") else "user"
    temporary = Path(tempfile.gettempdir(), f"nst_helpers-{user}")
    try:
        return [cache.expanduser().absolute(), temporary]
    except RuntimeError:  # there is no home folder
        return [temporary]


def cached(name, check):
    """Finds a file in the cache.

    Args:
        name: The file's name.
        check: Function that returns the path that it is given, or raises UnavailableError.

    Returns:
        Path of the file, None if there is none that passes.
    """
    for folder in _folders():
        with contextlib.suppress(OSError, UnavailableError):
            return check(folder / name)
    return None


def work_folder():
    """Makes a private folder inside the cache, as a context manager that removes it."""
    problems = []
    for cache in _folders():
        try:
            cache.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(cache).free < ROOM:
                raise OSError(errno.ENOSPC, f"Less than {ROOM >> 20} MiB free", str(cache))
            work = tempfile.TemporaryDirectory(
                prefix=WORK_PREFIX, dir=cache, ignore_cleanup_errors=True
            )
        except OSError as error:
            problems.append(str(error))
            continue
        if problems:
            warn(f"{problems[0]}; {cache} is used instead", stacklevel=2)
        _remove_stale(cache)
        return work
    raise UnavailableError("no folder to write to, " + ", ".join(problems))


def _remove_stale(cache):
    """Removes the work folders that killed processes left."""
    for work in cache.glob(f"{WORK_PREFIX}*"):
        with contextlib.suppress(OSError):  # another process may remove it at the same time
            if work.stat().st_mtime < time.time() - STALE:
                shutil.rmtree(work, ignore_errors=True)


def publish(made):
    """Moves a finished file from its work folder to its place in the cache."""
    made.chmod(0o644)  # pooch makes it private, but a cache may be shared
    return made.replace(made.parent.parent / made.name)
