"""Reading from odd paths and from servers that misbehave."""

import itertools
import os
import socket
import threading
import time

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.machine import sources

NAMES = ["a picture.png", "그림 – 별이 빛나는 밤.png", "🌌🎨.png", "100 % #1?.png", "-o.png"]


@pytest.mark.parametrize("name", NAMES if os.name != "nt" else NAMES[:3])
def test_names_in_any_script(tmp_path, photo, name):
    nst.save_image(tmp_path / name, np.array(photo))
    assert os.listdir(tmp_path) == [name]
    np.testing.assert_array_equal(nst.load_image(tmp_path / name), np.array(photo))


@pytest.mark.parametrize("name", NAMES[:3])
def test_addresses_in_any_script(tmp_path, photo, web_server, name):
    photo.save(tmp_path / name)
    loaded = nst.load_image(f"{web_server.replace('http', 'HTTP')}/{name}?size=큰")
    np.testing.assert_array_equal(loaded, np.array(photo))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("~nobody_of_that_name/a.png", "is not a file name"),
        ("a\0b.png", "is not a file name"),
        ("x" * 5000, "can't be read: File name too long|does not exist|can't be read: Invalid"),
        ("http://[::1/a.png", "can't be downloaded"),
        ("http://127.0.0.1:port/a.png", "can't be downloaded"),
        ("http://127.0.0.1:9/a.png", "can't be downloaded"),
        ("http://", "can't be downloaded"),
        (12, "not int"),
    ],
)
def test_an_impossible_name_is_one_clear_line(source, words):
    with pytest.raises(nst.ImageError, match=words) as error:
        nst.load_image(source)
    assert "\n" not in str(error.value)


@pytest.mark.skipif(os.name == "nt", reason="Windows has neither")
def test_a_pipe_and_a_device_are_not_waited_for(tmp_path, survived):
    os.mkfifo(tmp_path / "pipe.png")
    refused = 0
    for source in (tmp_path / "pipe.png", "/dev/zero"):
        with pytest.raises(nst.ImageError, match="is not a regular file: copy the picture"):
            nst.load_image(source)
        refused += 1
    survived("a named pipe or a device as the picture", 2, refused)


def test_too_many_bytes(tmp_path, photo, monkeypatch, web_server):
    photo.resize((600, 400)).save(tmp_path / "large.bmp")
    monkeypatch.setattr(sources, "MOST_BYTES", 1 << 19)
    for source in (tmp_path / "large.bmp", f"{web_server}/large.bmp"):
        with pytest.raises(nst.ImageError, match="is larger than 0 MB: save it smaller"):
            nst.load_image(source)


# Servers.


def silent(connection):
    yield from ()


def dripping_header(connection):
    yield b"HTTP/1.1 200 OK\r\nX-Slow: "
    yield from itertools.repeat(b"x")


def dripping_body(connection):
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    yield from itertools.repeat(b"x")


def not_http(connection):
    yield b"220 a mail server\r\n"
    connection.shutdown(socket.SHUT_RDWR)


def hanging_up(connection):
    connection.shutdown(socket.SHUT_RDWR)
    yield from ()


@pytest.fixture
def bad_server():
    """Starts a server that sends what a function yields, with a pause between items."""
    over = threading.Event()
    listeners = []

    def serve(listener, behave):
        connection, _ = listener.accept()
        with connection:
            for data in behave(connection):
                try:
                    connection.sendall(data)
                except OSError:
                    break
                if over.wait(0.05):
                    break
            over.wait()

    def start(behave):
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=serve, args=(listener, behave), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}/photo.png"

    yield start
    over.set()
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize(
    "behave",
    [silent, dripping_header, dripping_body, not_http, hanging_up],
    ids=lambda f: f.__name__,
)
def test_the_wait_for_a_bad_server_is_limited(monkeypatch, survived, bad_server, behave):
    assert sources.ANSWER_TIMEOUT <= 10 and sources.DOWNLOAD_TIMEOUT <= 120
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(sources, "ANSWER_TIMEOUT", 0.5)
    monkeypatch.setattr(sources, "DOWNLOAD_TIMEOUT", 1)
    start = time.monotonic()
    with pytest.raises(nst.ImageError, match=r"photo\.png can't be downloaded: .+\.$") as error:
        nst.load_image(bad_server(behave))
    assert time.monotonic() - start < 2 and "\n" not in str(error.value)
    survived("a picture's server that is silent, drips without end or breaks off", 1, 1)


def test_an_endless_body_is_cut(monkeypatch, bad_server):
    def endless(connection):
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        yield from itertools.repeat(bytes(1 << 18))

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(sources, "MOST_BYTES", 1 << 20)
    with pytest.raises(nst.ImageError, match="is larger than 1 MB"):
        nst.load_image(bad_server(endless))


def test_a_truncated_download_is_said(tmp_path, monkeypatch, photo, bad_server):
    photo.save(tmp_path / "photo.png")
    data = (tmp_path / "photo.png").read_bytes()

    def short(connection):
        yield b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(data) + data[: len(data) // 2]
        connection.shutdown(socket.SHUT_RDWR)

    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(nst.ImageError, match="damaged or cut short"):
        nst.load_image(bad_server(short))
