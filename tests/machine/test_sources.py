"""Reading from whatever names or holds a picture, and from servers that misbehave."""

import base64
import contextlib
import gzip
import io
import itertools
import os
import pathlib
import socket
import tempfile
import threading
import time
import zlib
from types import SimpleNamespace

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.machine import sources
from nst_helpers.machine.pictures import SHIPPED
from nst_helpers.machine.sources import find_file

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
        ("", "the name of the picture is empty: give a path or a URL"),
        (" \n", "the name of the picture is empty: give a path or a URL"),
        ("none\n.png", r"^none\?\.png does not exist: check the name and the folder\.$"),
        ("ftp://example.com/a.png", "or an address that begins with http://, https://, file://"),
        (pathlib.Path("s3://bucket/a.png"), "or an address that begins with http://, https://"),
        ("file:///none/a.png", "does not exist: check the name and the folder"),
        ("data:image/png;base64,!", "holds no picture: copy the whole address"),
        ("http://127.0.0.1:9/" + "x" * 5000 + "/a.png", r"\.\.\..*/a\.png can't be downloaded"),
        ("x" * 5000 + "/a.png", r"\.\.\..*/a\.png"),
        ({"content": 3}, "as a path, URL, open file, bytes, PIL image, array or tensor, not dict"),
        (["a.png"], "not list"),
        (object, "not type"),
    ],
)
def test_an_impossible_name_is_one_clear_line(source, words, tried):
    with tried("a picture's name or argument that stands for none"):
        with pytest.raises(nst.ImageError, match=words) as error:
            nst.load_image(source)
        assert "\n" not in str(error.value) and len(str(error.value)) < 300


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


# What people have in hand.

NATURAL = "a path, an address or an open file as people have it in hand"


@pytest.fixture
def stored(tmp_path, photo, monkeypatch):
    """Path of a picture in the working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    photo.save("a b.png")
    return tmp_path / "a b.png"


class Chunks(io.RawIOBase):
    """A stream that can't go back, as from the internet."""

    def __init__(self, data):
        self.data = data

    def read(self, size=-1):
        data, self.data = self.data, b""
        return data


class Named:
    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return self.path


def written(data):
    file = io.BytesIO()
    file.write(data)  # and left at its end
    return file


def in_base64(path, encode=base64.b64encode):
    return encode(path.read_bytes()).decode()


IN_HAND = {
    "a path": lambda path: path,
    "a name": lambda path: path.name,
    "a name in bytes behind a path": lambda path: Named(os.fsencode(path)),
    "an entry of a folder": lambda path: next(os.scandir(path.parent)),
    "spaces around": lambda path: f" {path}\n",
    "double quotes": lambda path: f'"{path}"',
    "single quotes": lambda path: f"'{path}'",
    "typographic quotes": lambda path: f"“{path}”",
    "Windows' unseen mark": lambda path: f"\u202a{path}",
    "a path with quotes": lambda path: pathlib.Path(f'"{path}"'),
    "a backslash before the space": lambda path: str(path).replace(" ", "\\ "),
    "a file address": lambda path: path.as_uri(),
    "a file address as a path": lambda path: pathlib.Path(path.as_uri()),
    "a file address with a host": lambda path: path.as_uri().replace("///", "//localhost/"),
    "a file address with a space": lambda path: f"file://{path}",
    "a file address of one folder": lambda path: f"file://{path.name}",
    "a data address": lambda path: "data:image/png;base64," + in_base64(path),
    "a data address in lines": lambda path: " data:;base64," + in_base64(path, base64.encodebytes),
    "base64": lambda path: in_base64(path),
    "bytes": lambda path: path.read_bytes(),
    "a view of bytes": lambda path: memoryview(path.read_bytes()),
    "packed bytes": lambda path: gzip.compress(path.read_bytes()),
    "an open file": lambda path: path.open("rb"),
    "an open file, read to its end": lambda path: written(path.read_bytes()),
    "a file open as text": lambda path: path.open(encoding="utf-8"),
    "an unbuffered file": lambda path: path.open("rb", buffering=0),
    "bytes in memory": lambda path: io.BytesIO(path.read_bytes()),
    "a stream": lambda path: Chunks(path.read_bytes()),
    "an answer of requests": lambda path: SimpleNamespace(content=path.read_bytes()),
    "an upload of ipywidgets": lambda path: SimpleNamespace(content=memoryview(path.read_bytes())),
}  # fmt: skip


@pytest.mark.parametrize("kind", IN_HAND)
def test_it_is_taken_as_people_have_it_in_hand(stored, photo, kind, tried):
    if os.name == "nt" and "backslash" in kind:
        pytest.skip("there it parts folders")
    source = IN_HAND[kind](stored)
    with tried(NATURAL), source if isinstance(source, io.IOBase) else contextlib.nullcontext():
        np.testing.assert_array_equal(nst.load_image(source), photo)


def test_an_open_file_can_be_loaded_twice(stored, photo):
    with tempfile.TemporaryFile() as file:
        file.write(stored.read_bytes())
        for _ in range(2):
            np.testing.assert_array_equal(nst.load_image(file), photo)


def test_a_file_whose_name_has_quotes_comes_first(stored, photo):
    if os.name == "nt":
        pytest.skip("Windows has no such names")
    other = photo.rotate(180)
    other.save('"a b.png"', "PNG")
    np.testing.assert_array_equal(nst.load_image('"a b.png"'), other)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: io.StringIO("text"), r"gives no bytes: open it by open\(path, 'rb'\)"),
        (lambda: io.BytesIO(), "the open file is empty: it holds no picture"),
        (lambda: SimpleNamespace(read=lambda size: 3), "the open file gives no bytes"),
        (lambda: SimpleNamespace(read=None), r"the open file can't be read \(.*not callable\)"),
    ],
)
def test_an_open_file_without_bytes_is_one_clear_line(make, words):
    with pytest.raises(nst.ImageError, match=words):
        nst.load_image(make())


def test_a_file_that_is_not_open_for_reading_is_one_clear_line(tmp_path):
    path, words = (
        tmp_path / "a.png",
        r"a\.png can't be read \({}.*\): open it by open\(path, 'rb'\)",
    )
    with path.open("wb") as file, pytest.raises(nst.ImageError, match=words.format("read")):
        nst.load_image(file)
    with path.open("rb") as file:
        pass
    with pytest.raises(nst.ImageError, match=words.format("read of closed file")):
        nst.load_image(file)


# Names of pictures.


@pytest.mark.parametrize("spelled", ["mosaic", " mosaic ", '"mosaic"', pathlib.Path("mosaic")])
def test_a_shipped_picture_by_its_name(tmp_path, monkeypatch, spelled):
    monkeypatch.chdir(tmp_path)
    expected = nst.load_image(nst.picture("mosaic"))
    np.testing.assert_array_equal(nst.load_image(spelled), expected)
    (tmp_path / "mosaic").mkdir()  # a folder is no picture
    np.testing.assert_array_equal(nst.load_image(spelled), expected)


def test_a_file_of_a_shipped_picture_s_name_comes_first(stored, photo):
    photo.save("mosaic", "PNG")
    for spelled in ("mosaic", " mosaic ", pathlib.Path("mosaic")):
        np.testing.assert_array_equal(nst.load_image(spelled), photo)
        assert find_file(spelled) == pathlib.Path("mosaic")


def test_every_name_finds_its_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in SHIPPED:
        assert find_file(name) == nst.picture(name)
    assert find_file("none.png") == find_file("'none.png' ") == pathlib.Path("none.png")


# Servers.

ENCODED = {
    "gzip": ("gzip", gzip.compress),
    "gzip by its old name": ("x-gzip", gzip.compress),
    "gzip, in capitals": (" GZIP", gzip.compress),
    "gzip unsaid": ("", gzip.compress),
    "said but not done": ("gzip", bytes),
    "deflate": ("deflate", zlib.compress),
    "deflate without a header": ("deflate", lambda data: zlib.compress(data, wbits=-15)),
    "none": ("identity", bytes),
}


@pytest.fixture
def answering(bad_server, monkeypatch):
    """Address of a server that gives one answer."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def start(body, *headers):
        def answer(connection):
            lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]
            yield "\r\n".join(lines).encode() + body

        return bad_server(answer)

    return start


@pytest.mark.parametrize("kind", ENCODED)
def test_a_packed_answer_is_unpacked(stored, photo, answering, kind, tried):
    encoding, pack = ENCODED[kind]
    address = answering(pack(stored.read_bytes()), f"Content-Encoding:{encoding}")
    with tried(NATURAL):
        np.testing.assert_array_equal(nst.load_image(address), photo)


def test_an_answer_packed_in_another_way_is_one_clear_line(answering):
    address = answering(b"\x0b", "Content-Encoding: br")
    with pytest.raises(nst.ImageError, match="the server packs it by br, so save it by a browser"):
        nst.load_image(address)


def test_a_packed_answer_is_unpacked_no_further_than_is_taken(answering, monkeypatch):
    monkeypatch.setattr(sources, "MOST_BYTES", 1 << 20)
    address = answering(gzip.compress(bytes(8 << 20)), "Content-Encoding: gzip")
    with pytest.raises(nst.ImageError, match="is larger than 1 MB: save it smaller"):
        nst.load_image(address)


def test_a_packed_answer_that_breaks_off_is_said(stored, answering):
    data = gzip.compress(stored.read_bytes())
    with pytest.raises(nst.ImageError, match=r"damaged,? (or )?cut short"):
        nst.load_image(answering(data[: len(data) // 2], "Content-Encoding: gzip"))


ADDRESSES = {
    "a space before": lambda url: f" {url}",
    "a line break behind": lambda url: f"{url}\n",
    "quotes": lambda url: f'"{url}"',
    "angle brackets": lambda url: f"<{url}>",
    "a path": pathlib.Path,
    "a path on Windows": lambda url: url.replace("//", "/").replace("/", "\\"),
    "capitals": lambda url: url.replace("http", "HTTP"),
    "a question and a mark": lambda url: f"{url}?a=b#c",
}


@pytest.mark.parametrize("kind", ADDRESSES)
def test_an_address_as_people_paste_it(stored, photo, web_server, kind, tried):
    photo.save("photo.png")
    with tried(NATURAL):
        loaded = nst.load_image(ADDRESSES[kind](f"{web_server}/photo.png"))
        np.testing.assert_array_equal(loaded, photo)


PAGES = [
    b"<!DOCTYPE html><title>Sign in</title>",
    b"\xef\xbb\xbf\r\n <!doctype HTML>\n<html>",
    b"<html><head><meta charset=utf-8>",
    b"<!-- made by a server --><HTML lang=ko>",
    b'<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN">',
    b"<script>location='/login'</script>",
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("query", ["", "?" + "x" * 5000])
def test_a_web_page_instead_of_a_picture(page, query, answering, tried):
    words = r"is a web page, not a picture: open it and copy the picture's own address\.$"
    with tried("a web page at a picture's address"):
        with pytest.raises(nst.ImageError, match=words) as error:
            nst.load_image(answering(page, "Content-Type: text/html") + query)
        assert len(str(error.value)) < 300 and str(error.value).startswith("http://127.0.0.1")


def test_a_web_page_in_a_file(tmp_path):
    (tmp_path / "a.jpg").write_bytes(PAGES[0])
    with pytest.raises(nst.ImageError, match=r"not a picture: open it and save the picture in it"):
        nst.load_image(tmp_path / "a.jpg")


# Servers that misbehave.


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
