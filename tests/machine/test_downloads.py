"""Downloads into the cache, from a real server."""

import hashlib
import os
import socket
import time

import pytest

from nst_helpers.errors import UnavailableError
from nst_helpers.machine import downloads

BODY = b"a file " * 10_000
SHA256 = f"sha256:{hashlib.sha256(BODY).hexdigest()}"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def address(tmp_path, web_server):
    (tmp_path / "served").write_bytes(BODY)
    return f"{web_server}/served"


def test_a_download_is_kept(cache, address):
    path = downloads.download(address, "kept.bin", SHA256)
    assert path == cache / "kept.bin" and path.read_bytes() == BODY
    assert os.listdir(cache) == ["kept.bin"]
    assert downloads.cached("kept.bin", lambda path: downloads.check_hash(path, SHA256)) == path


def test_another_hash_and_a_missing_file_leave_nothing(cache, address):
    with pytest.raises(ValueError, match="hash"):
        downloads.download(address, "kept.bin", f"sha256:{'0' * 64}")
    with pytest.raises(UnavailableError, match="no such file there"):
        downloads.download(f"{address}.none", "kept.bin", SHA256)
    assert not cache.exists() or os.listdir(cache) == []


def test_a_changed_file_is_not_found_in_the_cache(cache):
    cache.mkdir()
    (cache / "kept.bin").write_bytes(BODY[:-1])
    assert downloads.cached("kept.bin", lambda path: downloads.check_hash(path, SHA256)) is None
    with pytest.raises(UnavailableError, match="has another hash"):
        downloads.check_hash(cache / "kept.bin", SHA256)
    with pytest.raises(UnavailableError, match="no file there"):
        downloads.check_hash(cache / "other.bin", SHA256)


def test_an_address_that_never_answers(monkeypatch, survived):
    """Without a timeout of its own, a download waits `TIMEOUT` seconds, shortened here."""
    assert downloads.TIMEOUT <= 10
    monkeypatch.setattr(downloads, "TIMEOUT", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/vgg19.h5"
        start = time.monotonic()
        with pytest.raises(UnavailableError, match="does not answer"):
            downloads.download(url, "kept.bin", SHA256)
    assert time.monotonic() - start < 2
    survived("an address of the weights that never answers", 1, 1)


def test_old_work_folders_are_removed(cache, address):
    old, new, users = (
        cache / name for name in (f"{downloads.WORK_PREFIX}1", f"{downloads.WORK_PREFIX}2", "notes")
    )
    for folder in (old, new, users):
        folder.mkdir(parents=True)
    for folder in (old, users):
        os.utime(folder, (0, 0))
    downloads.download(address, "kept.bin", SHA256)
    assert sorted(os.listdir(cache)) == sorted([new.name, "kept.bin", "notes"])


def test_without_a_home_folder_the_temporary_one_is_used(tmp_path, monkeypatch, tried):
    def homeless(path):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("NST_CACHE", raising=False)
    monkeypatch.setattr(downloads.Path, "expanduser", homeless)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    with tried("a user without a home folder, or with the root as one"):
        assert downloads.cached("file", lambda path: path).is_relative_to(tmp_path / "temporary")
