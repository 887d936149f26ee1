"""What is written stands where it was asked for, like the file that it replaces, or is kept."""

import errno
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from nst_helpers.errors import FileError
from nst_helpers.machine import files
from nst_helpers.machine.files import (
    check_writable,
    keep_elsewhere,
    open_atomically,
    write_atomically,
)

DIE_WRITING = """
import os, sys
from nst_helpers.machine.files import open_atomically
with open_atomically(sys.argv[1]) as file:
    file.write(b"half of it")
    os.kill(os.getpid(), 9)
"""
LIKE_THE_OLD_ONE = "an output in the place of a file with a mode, an owner or links of its own"
NOT_REPLACED = "an output that no new file can replace: mounted, or in a read-only folder"
KEPT = "an output that can't be written when it is done"
unix = pytest.mark.skipif(os.name == "nt", reason="Windows has other modes, owners and links")


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def failing(number, only=lambda *_: True, otherwise=None):
    """A function of the system that fails, for the arguments that `only` picks."""

    def fail(*arguments, **options):
        if only(*arguments):
            raise OSError(number, os.strerror(number))
        return otherwise(*arguments, **options)

    return fail


@pytest.mark.skipif(sys.platform == "win32", reason="Windows kills in other ways")
def test_leftovers_of_a_killed_process_are_removed(tmp_path):
    target = tmp_path / "mine.csv"
    target.write_bytes(b"old")
    assert subprocess.run([sys.executable, "-c", DIE_WRITING, target]).returncode == -9
    assert target.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 2
    with open_atomically(tmp_path / "first") as first:
        first.write(b"one")
        write_atomically(tmp_path / "second", b"two")  # while the first is unfinished
    assert contents(tmp_path) == {"mine.csv": b"old", "first": b"one", "second": b"two"}


def test_an_error_while_writing_leaves_the_old_file(tmp_path):
    (tmp_path / "mine.csv").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), open_atomically(tmp_path / "mine.csv") as file:
        file.write(b"new")
        raise ZeroDivisionError
    with pytest.raises(FileError, match="can't be written"):
        write_atomically(tmp_path / "none" / "mine.csv", b"new")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_unwritable_paths_are_named(tmp_path):
    (tmp_path / "mine.csv").write_bytes(b"old")
    for path, words in [
        (tmp_path, "is a folder: give the name of a file in it"),
        (tmp_path / "none" / "a.csv", "none does not exist: make it first"),
        ("~nobody_of_that_name/a.csv", "can't be written: Could not determine home"),
        ("a\0b.csv", "a?b.csv can't be written: embedded null"),
        (tmp_path / ("x" * 5000), "can't be written: File name too long|does not exist|Invalid"),
    ]:
        with pytest.raises(FileError, match=words.replace("?", r"\?")) as error:
            check_writable(path)
        assert "\n" not in str(error.value) and len(str(error.value)) < 300
    assert check_writable(str(tmp_path / "mine.csv")) == tmp_path / "mine.csv"
    assert (tmp_path / "mine.csv").read_bytes() == b"old"


# Modes, owners and links.


@unix
@pytest.mark.parametrize("own", [0o600, 0o640, 0o644, 0o664, 0o666, 0o755])
def test_the_mode_stays(tmp_path, own, tried):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    path.chmod(own)
    with tried(LIKE_THE_OLD_ONE):
        write_atomically(path, b"new")
        assert mode(path) == own and contents(tmp_path) == {"a.png": b"new"}


@unix
@pytest.mark.parametrize("mask", [0o022, 0o002, 0o077])
def test_a_new_file_has_the_mode_of_any_new_file(tmp_path, mask):
    before = os.umask(mask)
    try:
        write_atomically(tmp_path / "a.png", b"new")
    finally:
        os.umask(before)
    assert mode(tmp_path / "a.png") == 0o666 & ~mask


@unix
def test_the_owner_and_the_group_stay(tmp_path, tried):
    if os.geteuid():
        pytest.skip("only root gives files away")
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    os.chown(path, 12345, 23456)
    path.chmod(0o640)
    with tried(LIKE_THE_OLD_ONE):
        write_atomically(path, b"new")
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456) and mode(path) == 0o640
        assert path.read_bytes() == b"new"


@unix
def test_a_file_of_someone_else_is_written_in_place(tmp_path, monkeypatch, tried):
    """A new file would be ours, where the system doesn't let us give it away."""
    path = tmp_path / "a.png"
    path.write_bytes(b"old and long")
    before, owner = path.stat(), 12345
    if os.geteuid() == 0:
        os.chown(path, owner, owner)
    else:
        monkeypatch.setattr(shutil, "copystat", failing(errno.EPERM))
        path.chmod(0o604)
    monkeypatch.setattr(os, "chown", failing(errno.EPERM))
    with tried(LIKE_THE_OLD_ONE):
        write_atomically(path, b"new")
        assert path.stat().st_ino == before.st_ino and contents(tmp_path) == {"a.png": b"new"}


@unix
def test_attributes_stay(tmp_path, tried):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    os.utime(path, (1, 1))
    try:
        os.setxattr(path, "user.artist", b"me")
    except (AttributeError, OSError):
        pytest.skip("this file system keeps none")
    with tried(LIKE_THE_OLD_ONE):
        write_atomically(path, b"new")
        assert os.getxattr(path, "user.artist") == b"me"
        assert path.stat().st_mtime > 10**9  # it was written now


@unix
def test_a_link_stays_a_link(tmp_path, tried):
    (tmp_path / "album").mkdir()
    path = tmp_path / "album" / "mine.png"
    path.write_bytes(b"old")
    path.chmod(0o600)
    (tmp_path / "a.png").symlink_to("album/mine.png")
    (tmp_path / "b.png").symlink_to("a.png")
    (tmp_path / "c.png").symlink_to("album/new.png")
    with tried(LIKE_THE_OLD_ONE):
        for name in ("b.png", "c.png"):
            write_atomically(check_writable(tmp_path / name), name.encode())
            assert (tmp_path / name).is_symlink()
        assert contents(tmp_path / "album") == {"mine.png": b"b.png", "new.png": b"c.png"}
        assert mode(path) == 0o600


@unix
def test_a_link_into_nowhere_is_said_before(tmp_path):
    (tmp_path / "a.png").symlink_to("none/a.png")
    with pytest.raises(FileError, match="none does not exist: make it first"):
        check_writable(tmp_path / "a.png")


@unix
def test_hard_links_stay_linked(tmp_path, tried):
    path, other = tmp_path / "a.png", tmp_path / "b.png"
    path.write_bytes(b"old and long")
    path.chmod(0o640)
    os.link(path, other)
    for data in (b"new", b"new and much longer than before"):
        with tried(LIKE_THE_OLD_ONE):
            write_atomically(path, data)
            assert contents(tmp_path) == {"a.png": data, "b.png": data}
            assert path.samefile(other) and mode(path) == 0o640


@unix
def test_a_full_disk_leaves_a_linked_file_as_it_was(small_disk, survived):
    path, kept = small_disk / "a.png", 0
    path.write_bytes(b"o" * 50_000)
    os.link(path, small_disk / "b.png")
    for size in (150_000, 400_000):  # the first fits on the disk once, but not twice
        with pytest.raises(FileError, match=r"can't be written: (No space left|File too large)"):
            write_atomically(path, b"n" * size)
            write_atomically(path, b"n" * 400_000)  # where only the size of a file is limited
        kept += contents(small_disk)["b.png"] in (b"o" * 50_000, b"n" * 150_000)
        assert sorted(contents(small_disk)) == ["a.png", "b.png"]
    survived("a full disk while a picture is saved", 2, kept)


@unix
@pytest.mark.parametrize("name", ["chmod", "utime"])
def test_file_systems_without_modes(tmp_path, monkeypatch, name):
    (tmp_path / "old.png").write_bytes(b"old")
    monkeypatch.setattr(os, name, failing(errno.EPERM))
    for path in (tmp_path / "old.png", tmp_path / "new.png"):
        write_atomically(path, b"new")
    assert contents(tmp_path) == {"old.png": b"new", "new.png": b"new"}


def test_file_systems_that_cannot_sync(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", failing(errno.EINVAL))
    write_atomically(tmp_path / "a.png", b"new")
    monkeypatch.setattr(os, "fsync", failing(errno.EIO))
    with pytest.raises(FileError, match="can't be written: Input/output error"):
        write_atomically(tmp_path / "a.png", b"newer")
    assert contents(tmp_path) == {"a.png": b"new"}


# Files that can't be replaced.


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EXDEV, errno.EPERM, errno.EACCES])
def test_what_cannot_be_replaced_is_written_in_place(tmp_path, monkeypatch, number, tried):
    path = tmp_path / "a.png"
    path.write_bytes(b"old and long")
    monkeypatch.setattr(os, "replace", failing(number))
    for data in (b"new", b"new and much longer than before"):
        with tried(NOT_REPLACED):
            write_atomically(check_writable(path), data)
            assert contents(tmp_path) == {"a.png": data}


def test_a_mounted_file_is_written_in_place(tmp_path, tried):
    """As in docker run -v $PWD/out.png:/out.png."""
    host, path = tmp_path / "host.png", tmp_path / "a.png"
    host.write_bytes(b""), path.write_bytes(b"")
    if (
        not shutil.which("mount")
        or subprocess.run(["mount", "--bind", host, path], capture_output=True).returncode
    ):
        pytest.skip("only root mounts")
    try:
        with tried(NOT_REPLACED):
            write_atomically(check_writable(path), b"new")
            assert contents(tmp_path) == {"host.png": b"new", "a.png": b"new"}
    finally:
        subprocess.run(["umount", path], check=True)


def test_a_file_in_a_folder_that_takes_no_new_ones(tmp_path, monkeypatch, tried):
    path, make = tmp_path / "a.png", tempfile.NamedTemporaryFile
    path.write_bytes(b"old")

    def make_elsewhere(*arguments, dir=None, **options):
        if dir and Path(dir) == tmp_path:
            raise PermissionError(errno.EACCES, "Permission denied")
        return make(*arguments, dir=dir, **options)

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", make_elsewhere)
    with tried(NOT_REPLACED):
        write_atomically(check_writable(path), b"new")
        assert contents(tmp_path) == {"a.png": b"new"}
    with pytest.raises(FileError, match=r"b\.png can't be written: Permission denied"):
        check_writable(tmp_path / "b.png")
    with pytest.raises(FileError, match=r"b\.png can't be written: Permission denied"):
        write_atomically(tmp_path / "b.png", b"new")


def test_a_broken_disk_while_writing_in_place(tmp_path, monkeypatch, tried):
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    replace = os.replace
    monkeypatch.setattr(
        os, "replace", failing(errno.EBUSY, lambda _, to: Path(to) == path, replace)
    )
    monkeypatch.setattr(shutil, "copyfileobj", failing(errno.EIO))
    with tried(KEPT):
        with pytest.raises(FileError, match=r"Input/output error; what it lacks is in .*a-1\.png"):
            write_atomically(path, b"new")
        assert contents(tmp_path)["a-1.png"] == b"new" and len(contents(tmp_path)) == 2


# What must not be lost.


@pytest.fixture
def temporary_folder(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_it_is_kept_under_a_free_name_beside(tmp_path, tried):
    (tmp_path / "album").mkdir()
    path = tmp_path / "album" / "a.jpg"
    for name in ("a.jpg", "a-1.jpg", "a-1.png"):
        (tmp_path / "album" / name).write_bytes(b"old")
    with tried(KEPT):
        assert keep_elsewhere(path, b"new") == tmp_path / "album" / "a-2.jpg"
        assert keep_elsewhere(path, b"new", ".png") == tmp_path / "album" / "a.png"
        assert keep_elsewhere(path, b"newer", ".png") == tmp_path / "album" / "a-2.png"
        assert (
            sorted(contents(tmp_path / "album").values())
            == [b"new"] * 2 + [b"newer"] + [b"old"] * 3
        )


@pytest.mark.parametrize("name", ["gone/a.png", "a.png/b.png", "a\0.png", "x" * 300 + ".png"])
def test_it_is_kept_in_the_temporary_folder(tmp_path, temporary_folder, name, tried, monkeypatch):
    (tmp_path / "a.png").write_bytes(b"old")
    monkeypatch.setattr(files, "write_atomically", taking_only(temporary_folder))
    with tried(KEPT):
        kept = keep_elsewhere(tmp_path / name, b"new")
        assert kept.parent == temporary_folder and kept.read_bytes() == b"new"
        assert kept.suffix == ".png" and (tmp_path / "a.png").read_bytes() == b"old"


def test_it_is_kept_in_the_working_folder_or_at_home(tmp_path, monkeypatch, tried):
    work, home = tmp_path / "work", tmp_path / "home"
    work.mkdir(), home.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("HOME", str(home)), monkeypatch.setenv("USERPROFILE", str(home))
    for folder in (work, home):
        monkeypatch.setattr(files, "write_atomically", taking_only(folder))
        with tried(KEPT):
            assert keep_elsewhere("gone/a.png", b"new") == folder / "a.png"


def test_no_folder_takes_it(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "write_atomically", taking_only(None))
    with pytest.raises(FileError, match=r"a\.png can't be written, nor any file in the temporary"):
        keep_elsewhere(tmp_path / "a.png", b"new")


def taking_only(folder):
    """Like `write_atomically`, but for one folder alone."""

    def write(path, data):
        if path.parent != folder:
            raise FileError(f"{path} can't be written.")
        path.write_bytes(data)

    return write
