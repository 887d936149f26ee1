"""Writes files completely or not at all."""

import contextlib
import os
import platform
import re
import tempfile
from pathlib import Path

import psutil

from nst_helpers.errors import FileError

# Unfinished files hold host and process id in their names, so leftovers can be recognised.
MAKING = f".nst_helpers-{platform.node()}"


def check_writable(path):
    """Checks before a long run that a file can be written after it.

    Args:
        path: File that will be written.

    Returns:
        The path as a `Path`, with `~` expanded.

    Raises:
        FileError: If the folder is missing or read-only, or a folder or device has that name.
    """
    try:
        path = Path(path).expanduser()
        if path.is_dir():
            raise FileError(f"{path} is a folder: give the name of a file in it.")
        if not path.parent.is_dir():
            raise FileError(f"{path}: the folder {path.parent} does not exist: make it first.")
        if path.exists() and not path.is_file():
            raise FileError(f"{path} is not a regular file: give another name.")
        with tempfile.TemporaryFile(dir=path.parent):  # the only reliable test
            pass
        if path.exists():
            path.open("r+b").close()
    except OSError as error:
        raise FileError(f"{path} can't be written: {error.strerror}.") from error
    except RuntimeError as error:  # ~nobody
        raise FileError(f"{path} can't be written: {error}") from error
    return path


@contextlib.contextmanager
def open_atomically(path):
    """Opens a temporary file for writing bytes, which is renamed to `path` once it is complete.

    A kill or a full disk leaves the old file as it was. The next process that writes to the folder
    removes what a killed one left there.

    Args:
        path: File to write.

    Yields:
        A binary file.

    Raises:
        FileError: If the file can't be written.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    prefix, temporary = f"{MAKING}-{os.getpid()}-", None
    try:
        _remove_abandoned(target.parent)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=prefix, delete=False) as file:
            temporary = file.name
            yield file
            file.flush()
            os.fsync(file.fileno())  # a power cut must not leave the new name without its bytes
        os.chmod(temporary, 0o666 & ~_umask())  # as a plain open() would
        os.replace(temporary, target)
    except OSError as error:
        raise FileError(f"{path} can't be written: {error.strerror}.") from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def write_atomically(path, data):
    """Writes bytes to a file by `open_atomically`, with its errors."""
    with open_atomically(path) as file:
        file.write(data)


def _remove_abandoned(folder):
    for path in folder.glob(f"{MAKING}-*"):
        writer = re.match(rf"{re.escape(MAKING)}-(\d+)-", path.name)
        if writer and not psutil.pid_exists(int(writer[1])):
            with contextlib.suppress(OSError):  # another user's, in a shared folder
                path.unlink()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
