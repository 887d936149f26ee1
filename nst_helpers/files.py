"""Files that are written whole or not at all."""

import contextlib
import os
import platform
import re
import tempfile
from pathlib import Path

import psutil

from nst_helpers.sources import ImageError

# The name of a file in the making says whose it is, so that a killed process's can be told.
MAKING = f".nst_helpers-{platform.node()}"


def check_writable(path):
    """Finds out that a file can be written before a long run rather than after it.

    Args:
        path: File that will be written.

    Returns:
        The same as a `Path`.

    Raises:
        ImageError: If the folder is missing or read-only, or a folder or device has that name.
    """
    try:
        path = Path(path).expanduser()
        if path.is_dir():
            raise ImageError(f"{path} is a folder: give the name of a file in it.")
        if not path.parent.is_dir():
            raise ImageError(f"{path}: the folder {path.parent} does not exist: make it first.")
        if path.exists() and not path.is_file():
            raise ImageError(f"{path} is no ordinary file: give another name.")
        with tempfile.TemporaryFile(dir=path.parent):  # the only sure way to know
            pass
        if path.exists():
            path.open("r+b").close()
    except OSError as error:
        raise ImageError(f"{path} can't be written: {error.strerror}.") from error
    except RuntimeError as error:  # ~nobody
        raise ImageError(f"{path} can't be written: {error}") from error
    return path


@contextlib.contextmanager
def open_atomically(path):
    """Opens a file to write bytes to, which takes its name as soon as it is whole.

    A kill or a full disk leaves the old file as it was. What a killed process left half made is
    removed by the next one that writes to the folder.

    Args:
        path: File to write.

    Yields:
        A binary file.

    Raises:
        ImageError: If the file can't be written.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    prefix, temporary = f"{MAKING}-{os.getpid()}-", None
    try:
        _remove_abandoned(target.parent)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=prefix, delete=False) as file:
            temporary = file.name
            yield file
            file.flush()
            os.fsync(file.fileno())  # a power cut must not find the new name before the new bytes
        os.chmod(temporary, 0o666 & ~_umask())  # as a plain open() would have made it
        os.replace(temporary, target)
    except OSError as error:
        raise ImageError(f"{path} can't be written: {error.strerror}.") from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def write_atomically(path, data):
    """Writes bytes by `open_atomically`."""
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
