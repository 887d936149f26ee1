"""Tells what a text that people paste means: a file, an address on the web, or a picture itself."""

import base64
import os
import re
import urllib.parse

from nst_helpers.errors import ImageError
from nst_helpers.machine.wording import short

# Marks without a width, which copying from a web page or from Windows' file properties brings.
_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
_QUOTES = {'"': '"', "'": "'", "`": "`", "“": "”", "‘": "’", "„": "“", "«": "»", "<": ">"}
_BASE64_STARTS = "iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR"  # PNG, JPEG, GIF and WebP
_LEAST_BASE64 = 64  # characters; less than any picture has


def cleaned(text):
    """Takes off the spaces, unseen marks and quotation marks around a pasted text."""
    before = None
    while text != before:
        before, text = text, text.strip().strip(_UNSEEN)
        if len(text) > 1 and _QUOTES.get(text[0]) == text[-1]:
            text = text[1:-1]
    return text


def web_address(text):
    """The address on the web that a text holds, None if it holds none.

    `Path("https://…")` makes one slash of two, and of each a backslash on Windows.
    """
    found = re.fullmatch(r"(https?):[/\\]+(.*)", cleaned(text), re.IGNORECASE | re.DOTALL)
    if not found:
        return None
    scheme, rest = found.groups()
    place, mark, query = rest.partition("?")
    return f"{scheme.lower()}://" + place.replace("\\", "/") + mark + query


def file_names(text, windows=os.name == "nt"):
    """File names that a text may mean, the likeliest first: as it stands, then cleaned.

    Args:
        text: A path or a file: address, perhaps with spaces or quotation marks around it.
        windows: Whether a backslash parts folders.

    Returns:
        List of strings.
    """
    clean = cleaned(text)
    names = [text, clean]
    if clean.lower().startswith("file:"):
        names += _file_address(clean[5:], windows)
    elif not windows:
        names.append(re.sub(r"\\(.)", r"\1", clean))  # as a file dragged onto a terminal is written
    return [os.path.expanduser(name) for name in names]


def _file_address(rest, windows):
    """File names that the rest of an address behind file: may mean."""
    rest = rest.replace("\\", "/") if windows else rest
    host, slash, path = rest[2:].partition("/") if rest.startswith("//") else ("", "", rest)
    if host.lower() == "localhost":
        host = ""
    if re.fullmatch("[A-Za-z][:|]", host) or (host and not windows):
        path = host + slash + path  # file://C:/a.png, file://folder/a.png: a slash is missing
    elif host:
        path = f"//{host}/{path}"
    else:
        path = slash + path
    path = re.sub(r"^/*([A-Za-z])[:|](?=/)", r"\1:", path)
    return [urllib.parse.unquote(path), path]


def embedded(text):
    """The bytes of a picture that a text itself holds: a data: address, or base64.

    Returns:
        Bytes, None if the text holds none.

    Raises:
        ImageError: If it is a broken data: address.
    """
    text = cleaned(text)
    if text[:5].lower() == "data:":
        head, comma, body = text[5:].partition(",")
        body = urllib.parse.unquote_to_bytes(body)
        if head.lower().rstrip().endswith(";base64"):
            body = _from_base64(body)
        if not comma or not body:
            raise ImageError(f"{short(text)} holds no picture: copy the whole address.")
        return body
    base64_alone = text.startswith(_BASE64_STARTS) and re.fullmatch(r"[\w+/=\s-]+", text, re.ASCII)
    return _from_base64(text.encode()) if base64_alone and len(text) >= _LEAST_BASE64 else None


def _from_base64(text):
    """Decodes both alphabets, with or without line breaks and padding; None if it is neither."""
    text = b"".join(text.split()).translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
    if len(text) % 4 == 1:  # one character more holds nothing
        text = text[:-1]
    try:
        return base64.b64decode(text + b"=" * (-len(text) % 4))
    except ValueError:
        return None


def check_scheme(text):
    """Refuses addresses of other kinds, which would read as files that don't exist.

    Raises:
        ImageError: If the text is such an address.
    """
    if re.match(r"(?!file:)([a-z][a-z0-9+.-]+:)+[/\\]", cleaned(text), re.IGNORECASE):
        raise ImageError(
            f"{short(text)} can't be read: give a file, or an address that begins with http://, "
            "https://, file:// or data:."
        )
