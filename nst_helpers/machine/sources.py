"""Reads the bytes of a picture from a file or an address, limited in size and in time."""

import contextlib
import http.client
import io
import os
import queue
import threading
import time
import urllib.parse
import urllib.request
import zlib
from pathlib import Path

from nst_helpers.errors import ImageError
from nst_helpers.machine.addresses import (
    check_scheme,
    cleaned,
    embedded,
    file_names,
    web_address,
)
from nst_helpers.machine.pictures import PICTURES, picture
from nst_helpers.machine.wording import reason, short

MOST_BYTES = 512 << 20
ANSWER_TIMEOUT = 10  # seconds without a byte
DOWNLOAD_TIMEOUT = 120  # seconds in all, since a server may send byte by byte
CHUNK = 1 << 18
GZIP = b"\x1f\x8b"


def read_source(source):
    """Reads the bytes of a picture file.

    A text is taken as it stands if it is a file's name, else without the spaces and quotation marks
    around it, and then as a name from `PICTURES`. What is compressed by gzip is unpacked.

    Args:
        source: A path, a URL (http, https, file or data), the name of a picture from `PICTURES`,
            the bytes, or a file that is open for reading bytes.

    Returns:
        The name to use in messages, and the bytes.

    Raises:
        ImageError: If there is nothing to read, or more than `MOST_BYTES`.
    """
    name, data = _read(source)
    if data[:2] == GZIP:
        data = _unpacked(data, zlib.MAX_WBITS | 32)
    if not data:
        raise ImageError(f"{name} is empty: it holds no picture.")
    if len(data) > MOST_BYTES:
        raise ImageError(
            f"{name} is larger than {MOST_BYTES >> 20} MB: save it smaller, such as in JPEG."
        )
    return name, data


def find_file(text):
    """The file that a text means: one of that name, else a picture from `PICTURES`.

    Args:
        text: A path or a name, perhaps with spaces or quotation marks around it, or a file address.

    Returns:
        Its `Path`; where there is no such file, the text as a `Path`.

    Raises:
        ImageError: If it is a name from `PICTURES` and that picture can't be had.
    """
    text = os.fsdecode(text)
    names = file_names(text)
    for name in names:
        if os.path.exists(name) and not (os.path.isdir(name) and cleaned(text) in PICTURES):
            return Path(name)
    return picture(cleaned(text)) if cleaned(text) in PICTURES else Path(names[1])


def _read(source):
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "the picture given as bytes", bytes(source)
    if isinstance(source, (str, os.PathLike)):
        return _read_text(os.fsdecode(source))
    if hasattr(source, "read"):
        return _read_open_file(source)
    content = getattr(source, "content", None)  # an answer of requests; an upload of ipywidgets
    if isinstance(content, (bytes, memoryview)):
        return "the picture given as bytes", bytes(content)
    raise ImageError(
        "a picture is given as a path, URL, open file, bytes, PIL image, array or tensor, "
        f"not {type(source).__name__}."
    )


def _read_text(text):
    if not cleaned(text):
        raise ImageError("the name of the picture is empty: give a path or a URL.")
    if url := web_address(text):
        return short(url), _download(url)
    if not os.path.exists(text) and (data := embedded(text)) is not None:
        return f"the picture in {short(cleaned(text), 40)}", data
    return short(cleaned(text)), _read_file(text)


def _read_open_file(file):
    name = f"the open file {short(getattr(file, 'name', '') or '')}".rstrip()
    binary = getattr(file, "buffer", file) if isinstance(file, io.TextIOBase) else file
    try:
        with contextlib.suppress(OSError, ValueError, AttributeError):
            binary.seek(0)  # what was just written into a BytesIO stands before its place
        data = binary.read(MOST_BYTES + 1)
    except Exception as error:
        raise ImageError(
            f"{name} can't be read ({reason(error)}): open it by open(path, 'rb')."
        ) from error
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ImageError(f"{name} gives no bytes: open it by open(path, 'rb').")
    return name, bytes(data)


def _read_file(text):
    name = short(cleaned(text))
    try:
        path = Path(find_file(text)).expanduser()
        if path.is_dir():
            raise ImageError(f"{name} is a folder: give a picture file in it.")
        if path.exists() and not path.is_file():  # a pipe or a device may never end
            raise ImageError(f"{name} is not a regular file: copy the picture into one.")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        check_scheme(text)
        raise ImageError(f"{name} does not exist: check the name and the folder.") from error
    except OSError as error:
        raise ImageError(f"{name} can't be read: {error.strerror}.") from error
    except ImageError:
        raise
    except (RuntimeError, ValueError) as error:  # ~nobody, or a character that no path may hold
        raise ImageError(f"{name!r} is not a file name: {reason(error)}.") from error


def _unpacked(data, format):
    """Unpacks what zlib knows, no further than is taken; what is broken comes back short."""
    unpacker = zlib.decompressobj(format)
    with contextlib.suppress(zlib.error):
        return unpacker.decompress(data, MOST_BYTES + 1)
    return data


def _download(url):
    """Fetches in a thread, since looking up a host name has no time limit of its own."""
    answers = queue.Queue()

    def fetch():
        try:
            answers.put(_fetch(url))
        except (OSError, ValueError, http.client.HTTPException) as error:
            answers.put(error)

    threading.Thread(target=fetch, daemon=True).start()
    try:
        answer = answers.get(timeout=DOWNLOAD_TIMEOUT)
    except queue.Empty:
        answer = TimeoutError(f"it took longer than {DOWNLOAD_TIMEOUT} s")
    if isinstance(answer, Exception):
        raise ImageError(f"{short(url)} can't be downloaded: {reason(answer)}.") from answer
    return answer


def _fetch(url):
    # Some hosts refuse Python's default user agent.
    headers = {"User-Agent": "Mozilla/5.0 (nst_helpers)"}
    request = urllib.request.Request(_in_ascii(url), headers=headers)
    data, until = bytearray(), time.monotonic() + DOWNLOAD_TIMEOUT
    with urllib.request.urlopen(request, timeout=ANSWER_TIMEOUT) as answer:
        while chunk := answer.read1(CHUNK):
            data += chunk
            if len(data) > MOST_BYTES or time.monotonic() > until:  # the rest is of no use
                break
        return _decoded(bytes(data), answer.headers.get("Content-Encoding", "").strip().lower())


def _decoded(data, encoding):
    """Undoes what a server did to the bytes on their way, though it was not asked to."""
    if encoding == "deflate":  # by its standard with zlib's header, by some servers without
        bare = _unpacked(data, -zlib.MAX_WBITS)
        return bare if data[:1] != b"\x78" else _unpacked(data, zlib.MAX_WBITS)
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise ValueError(f"the server packs it by {short(encoding, 30)}, so save it by a browser")
    return data


def _in_ascii(url):
    """Percent-encodes spaces and non-ASCII letters, as HTTP requires."""
    parts = urllib.parse.urlsplit(url)
    quoted = {
        name: urllib.parse.quote(getattr(parts, name), safe="%/:=&?~+!$,;'@()*[]")
        for name in ("path", "query")
    }
    return parts._replace(**quoted).geturl()
