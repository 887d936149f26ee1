"""Reads the bytes of a picture from a file or an address, limited in size and in time."""

import http.client
import queue
import threading
import time
import urllib.parse
import urllib.request
from pathlib import Path

from nst_helpers.errors import ImageError, one_line

MOST_BYTES = 512 << 20
ANSWER_TIMEOUT = 10  # seconds without a byte
DOWNLOAD_TIMEOUT = 120  # seconds in all, since a server may send byte by byte
CHUNK = 1 << 18


def read_source(source):
    """Reads the bytes of a picture file.

    Args:
        source: A path, a URL, or the bytes.

    Returns:
        The name to use in messages, and the bytes.

    Raises:
        ImageError: If there is nothing to read, or more than `MOST_BYTES`.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        name, data = "the picture given as bytes", bytes(source)
    elif str(source).lower().startswith(("http://", "https://")):
        name, data = source, _download(str(source))
    else:
        name, data = str(source), _read_file(source)
    if not data:
        raise ImageError(f"{name} is empty: it holds no picture.")
    if len(data) > MOST_BYTES:
        raise ImageError(
            f"{name} is larger than {MOST_BYTES >> 20} MB: save it smaller, such as in JPEG."
        )
    return name, data


def _read_file(source):
    try:
        path = Path(source).expanduser()
        if path.is_dir():
            raise ImageError(f"{source} is a folder: give a picture file in it.")
        if path.exists() and not path.is_file():  # a pipe or a device may never end
            raise ImageError(f"{source} is not a regular file: copy the picture into one.")
        with path.open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise ImageError(f"{source} does not exist: check the name and the folder.") from error
    except OSError as error:
        raise ImageError(f"{source} can't be read: {error.strerror}.") from error
    except TypeError as error:
        raise ImageError(
            "a picture is given as a path, URL, bytes, PIL image or array, "
            f"not {type(source).__name__}."
        ) from error
    except ImageError:
        raise
    except (RuntimeError, ValueError) as error:  # ~nobody, or a character that no path may hold
        raise ImageError(f"{str(source)!r} is not a file name: {error}.") from error


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
        raise ImageError(f"{url} can't be downloaded: {one_line(answer)}.") from answer
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
    return bytes(data)


def _in_ascii(url):
    """Percent-encodes spaces and non-ASCII letters, as HTTP requires."""
    parts = urllib.parse.urlsplit(url)
    quoted = {
        name: urllib.parse.quote(getattr(parts, name), safe="%/:=&?~+!$,;'@()*[]")
        for name in ("path", "query")
    }
    return parts._replace(**quoted).geturl()
