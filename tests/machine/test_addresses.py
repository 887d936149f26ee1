"""What a pasted text means."""

import base64
import urllib.parse

import pytest

from nst_helpers.errors import ImageError
from nst_helpers.machine.addresses import (
    check_scheme,
    cleaned,
    embedded,
    file_names,
    web_address,
)

BYTES = bytes(range(256))


SURROUNDED = (
    "a.png| a.png|a.png\n|'a.png'|“a.png”|‘a.png’|„a.png“|«a.png»|<a.png>|`a.png`|\xa0a.png|"
    "\u202aa.png|\ufeffa.png|\u200b'a.png'\u200b|"
    '"a.png"| "a.png" '
)


@pytest.mark.parametrize("text", SURROUNDED.split("|"))
def test_marks_around_a_name_are_taken_off(text):
    assert cleaned(text) == "a.png"


@pytest.mark.parametrize("text", ["it's.png", "a b.png", '"a.png', "'", '""x'])
def test_marks_that_belong_to_a_name_stay(text):
    assert cleaned(text) == text


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("https://a.org/b.png", "https://a.org/b.png"),
        (" https://a.org/b.png\n", "https://a.org/b.png"),
        ("<https://a.org/b.png>", "https://a.org/b.png"),
        ('"HTTP://a.org/B.png"', "http://a.org/B.png"),
        ("https:/a.org/b.png", "https://a.org/b.png"),  # Path("https://a.org/b.png")
        ("https:\\a.org\\b.png", "https://a.org/b.png"),  # the same on Windows
        ("https:///a.org/b.png", "https://a.org/b.png"),
        ("https://a.org/b?path=c\\d", "https://a.org/b?path=c\\d"),
        ("a.png", None),
        ("https.png", None),
        ("folder/https://a.org", None),
        ("file:///a.png", None),
    ],
)
def test_addresses_on_the_web(text, address):
    assert web_address(text) == address


@pytest.mark.parametrize(
    ("text", "windows", "name"),
    [
        ("file:///pictures/a.png", False, "/pictures/a.png"),
        ("file:/tmp/a.png", False, "/tmp/a.png"),  # Path("file:///tmp/a.png")
        ("file://localhost/tmp/a.png", False, "/tmp/a.png"),
        ("FILE:///tmp/a%20b.png", False, "/tmp/a b.png"),
        ("file:///tmp/100 %.png", False, "/tmp/100 %.png"),
        ("file:///tmp/a#1?.png", False, "/tmp/a#1?.png"),
        ("file://pics/a.png", False, "pics/a.png"),
        (' "file:///tmp/a.png"', False, "/tmp/a.png"),
        ("file:///C:/a.png", True, "C:/a.png"),
        ("file:///c|/a.png", True, "c:/a.png"),
        ("file://C:/a%20b.png", True, "C:/a b.png"),
        ("file:///C:\\pics\\a.png", True, "C:/pics/a.png"),
        ("file:\\C:\\pics\\a.png", True, "C:/pics/a.png"),  # Path("file:///C:/pics/a.png")
        ("file://server/pics/a.png", True, "//server/pics/a.png"),
        ("my\\ picture\\(1\\).png", False, "my picture(1).png"),
    ],
)
def test_file_addresses(text, windows, name):
    assert name in file_names(text, windows)


def test_a_backslash_parts_folders_on_windows():
    assert set(file_names("pics\\a.png", windows=True)) == {"pics\\a.png"}


def test_a_name_as_it_stands_comes_first():
    assert file_names(' "a.png"', windows=False)[:2] == [' "a.png"', "a.png"]


PLAIN, SAFE = base64.b64encode(BYTES).decode(), base64.urlsafe_b64encode(BYTES).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"data:image/png;base64,{PLAIN}",
        f" DATA:image/png;BASE64,{PLAIN}\n",
        f"data:;base64,{PLAIN}",
        f"data:image/png;charset=utf-8;base64,{SAFE}",
        f"data:image/png;base64,{PLAIN.rstrip('=')}",
        f"data:image/png;base64,{urllib.parse.quote(PLAIN, safe='')}",
        "data:image/png;base64,\n" + "\n".join(PLAIN[i : i + 76] for i in range(0, 400, 76)),
        f'"data:image/png;base64,{PLAIN}"',
        f"data:image/png,{urllib.parse.quote(BYTES, safe='')}",
    ],
)
def test_data_addresses(text):
    assert embedded(text) == BYTES


def test_base64_alone_is_known_by_its_first_letters():
    png = b"\x89PNG\r\n\x1a\n" + BYTES
    assert embedded(base64.b64encode(png).decode()) == png
    jpeg = b"\xff\xd8\xff\xe0" + BYTES
    assert embedded(base64.encodebytes(jpeg).decode()) == jpeg
    for text in ("iVBORw0KGgo.png", "/9j/" + "a" * 100 + ".jpg", "UklGR", "a.png"):
        assert embedded(text) is None


@pytest.mark.parametrize(
    "text", ["data:", "data:image/png;base64", "data:image/png;base64,", "data:,"]
)
def test_a_broken_data_address_is_one_clear_line(text):
    with pytest.raises(ImageError, match=r"^data:.* holds no picture: copy the whole address\.$"):
        embedded(text)


@pytest.mark.parametrize(
    "text", ["ftp://a.org/b.png", "s3://bucket/b.png", " blob:https://a.org/1", "gs:/b.png"]
)
def test_other_addresses_are_refused(text):
    with pytest.raises(ImageError, match="can't be read: give a file, or an address that begins"):
        check_scheme(text)


@pytest.mark.parametrize("text", ["a.png", "C:/a.png", "C:\\a.png", "a: b/c.png", "x:y"])
def test_names_are_no_addresses(text):
    check_scheme(text)
