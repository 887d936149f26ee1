"""Writes files completely or not at all."""

import contextlib
import errno
import itertools
import os
import platform
import re
import shutil
import tempfile
from pathlib import Path

import psutil

from nst_helpers.errors import FileError
from nst_helpers.machine.wording import reason, short

# Unfinished files hold host and process id in their names, so leftovers can be recognised.
MAKING = f".nst_helpers-{platform.node()}"
NOT_POSSIBLE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}  # on this file system


def check_writable(path):
    """Checks before a long run that a file can be written after it.

    Args:
        path: File that will be written.

    Returns:
        The path as a `Path`, with `~` expanded.

    Raises:
        FileError: If the folder is missing or read-only, or a folder or device has that name.
    """
    name = short(path)
    try:
        path = Path(path).expanduser()
        target = Path(os.path.realpath(path))  # a link may lead elsewhere
        if path.is_dir():
            raise FileError(f"{name} is a folder: give the name of a file in it.")
        if not target.parent.is_dir():
            folder = short(target.parent if path.is_symlink() else path.parent)
            raise FileError(f"{name}: the folder {folder} does not exist: make it first.")
        if path.exists() and not path.is_file():
            raise FileError(f"{name} is not a regular file: give another name.")
        if path.exists():
            path.open("r+b").close()
        else:
            with tempfile.NamedTemporaryFile(dir=target.parent):  # the only reliable test
                pass
    except OSError as error:
        raise FileError(f"{name} can't be written: {error.strerror}.") from error
    except FileError:
        raise
    except (RuntimeError, ValueError) as error:  # ~nobody, or a character that no path may hold
        raise FileError(f"{name} can't be written: {reason(error)}.") from error
    return path


@contextlib.contextmanager
def open_atomically(path):
    """Opens a temporary file for writing bytes, which takes `path`'s place once it is complete.

    A kill or a full disk leaves the old file as it was. The next process that writes to the folder
    removes what a killed one left there. The new file has the old one's mode, owner and group.
    Where a new file can't stand for the old one, as it is mounted, has further hard links or is
    someone else's, the bytes are copied into the old one.

    Args:
        path: File to write.

    Yields:
        A binary file.

    Raises:
        FileError: If the file can't be written.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    temporary = None
    try:
        _remove_abandoned(target.parent)
        with _temporary_file(target) as file:
            temporary = file.name
            yield file
            file.flush()
            _sync(file)  # a power cut must not leave the new name without its bytes
        _put(temporary, target)
    except OSError as error:
        raise FileError(f"{short(path)} can't be written: {error.strerror}.") from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def write_atomically(path, data):
    """Writes bytes to a file by `open_atomically`, with its errors."""
    with open_atomically(path) as file:
        file.write(data)


def keep_elsewhere(path, data, suffix=None):
    """Writes bytes that must not be lost under a free name: beside a file, or in another folder.

    Args:
        path: The file that can't be written.
        data: The bytes.
        suffix: Ending of the name instead of the file's own.

    Returns:
        `Path` of the new file.

    Raises:
        FileError: If no folder takes it.
    """
    path = Path(os.fsdecode(path).replace("\0", ""))
    places = (path.parent, tempfile.gettempdir, os.curdir, "~")
    for place in places:
        with contextlib.suppress(OSError, RuntimeError, FileError):
            folder = Path(place() if callable(place) else place).expanduser().absolute()
            kept = _free_name(folder, path, suffix)
            write_atomically(kept, data)
            return kept
    raise FileError(f"{short(path)} can't be written, nor any file in the temporary folder.")


def _free_name(folder, path, suffix=None):
    stem, suffix = path.stem[:100] or "file", suffix or path.suffix[:20]
    marks = itertools.chain([""], map("-{}".format, itertools.count(1)))
    names = (folder / f"{stem}{mark}{suffix}" for mark in marks)
    return next(name for name in names if not os.path.lexists(name))


def _temporary_file(target):
    """Opens a temporary file beside `target`, or elsewhere if only the file itself is writable."""
    make, prefix = tempfile.NamedTemporaryFile, f"{MAKING}-{os.getpid()}-"
    try:
        return make(dir=target.parent, prefix=prefix, delete=False)
    except OSError:
        if not os.path.isfile(target):
            raise
        target.open("r+b").close()
        return make(prefix=prefix, delete=False)


def _put(temporary, target):
    """Puts a complete file in the place of another, which may not exist."""
    try:
        old = os.stat(target)
    except FileNotFoundError:
        with contextlib.suppress(OSError):  # not every file system keeps modes
            os.chmod(temporary, 0o666 & ~_umask())  # as a plain open() would
        os.replace(temporary, target)
        return
    if old.st_nlink <= 1 and _made_alike(temporary, target, old):
        with contextlib.suppress(OSError):  # EBUSY or EXDEV where it is mounted
            os.replace(temporary, target)
            return
    _copy_into(temporary, target)


def _made_alike(temporary, target, old):
    """Gives the new file the old one's mode, owner and access list; whether it could."""
    new = os.stat(temporary)
    with contextlib.suppress(OSError, AttributeError):  # Windows has no chown
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            os.chown(temporary, old.st_uid, old.st_gid)
    with contextlib.suppress(OSError):
        shutil.copystat(target, temporary)
    with contextlib.suppress(OSError):
        os.utime(temporary, ns=(new.st_atime_ns, new.st_mtime_ns))
    new = os.stat(temporary)
    return (new.st_mode, new.st_uid, new.st_gid) == (old.st_mode, old.st_uid, old.st_gid)


def _copy_into(temporary, target):
    """Copies a complete file into another, which no full disk leaves half written."""
    with open(temporary, "rb") as source, open(target, "r+b") as file:
        _reserve(file, os.path.getsize(temporary), os.path.getsize(target))
        try:
            shutil.copyfileobj(source, file)
            file.truncate()
            file.flush()
            _sync(file)
        except OSError as error:
            kept = _free_name(Path(temporary).parent, target)
            os.replace(temporary, kept)
            raise FileError(
                f"{short(target)} can't be written: {error.strerror}; what it lacks is in {kept}."
            ) from error


def _reserve(file, size, size_before):
    """Takes the disk's blocks for a file of that size, or raises and leaves it as it was."""
    if size <= size_before or not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(file.fileno(), 0, size)
    except OSError as error:
        file.truncate(size_before)
        if error.errno not in NOT_POSSIBLE:
            raise


def _sync(file):
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno not in NOT_POSSIBLE:
            raise


def _remove_abandoned(folder):
    """Removes what killed processes left."""
    for path in folder.glob(f"{MAKING}-*"):
        writer = re.match(rf"{re.escape(MAKING)}-(\d+)-", path.name)
        if writer and not psutil.pid_exists(int(writer[1])):
            with contextlib.suppress(OSError):  # another user's, in a shared folder
                path.unlink()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask
