"""Which files can be written is found out before the run."""

import io
import time

import numpy as np
import pytest
from PIL import Image

import nst_helpers as nst
from nst_helpers.machine.encoding import check_picture_format, comment_of, encoded

Image.init()
WRITERS = sorted(
    end for end, format in Image.registered_extensions().items() if format in Image.SAVE
)
REFUSED = "a picture to write in a format that can't be written or can't hold it"


@pytest.mark.parametrize("ending", WRITERS)
def test_what_is_accepted_can_be_written_as_it_is(photo, ending, tried):
    """The check and the saving agree on every ending that Pillow knows."""
    photo = photo.resize((300, 200))
    with tried(REFUSED):
        try:
            format = check_picture_format(f"a{ending}")
        except nst.ImageError as error:
            assert "can't be written as" in str(error) and str(error).endswith("use .png.")
            assert "\n" not in str(error) and len(str(error)) < 300
            assert ending not in (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp")
            return
        data = encoded("a", format, photo)
        assert data
        if format not in ("PDF", "EPS"):
            assert Image.open(io.BytesIO(data)).size == photo.size


@pytest.mark.parametrize(
    "ending", [".wmf", ".emf", ".xbm", ".msp", ".palm", ".h5", ".hdf", ".grib"]
)
def test_formats_that_cannot_be_written_are_refused(ending, tried):
    with tried(REFUSED), pytest.raises(nst.ImageError, match=r"use \.png"):
        check_picture_format(f"a{ending}")


@pytest.mark.parametrize("ending", [".ico", ".icns"])
def test_an_icon_would_change_the_size(ending, tried):
    with tried(REFUSED), pytest.raises(nst.ImageError, match="can't be written as IC"):
        check_picture_format(f"a{ending}")


@pytest.mark.parametrize("name", ["a", "a.", "a.jgp", "a.txt", ".png", "a.jpg ", "a." + "x" * 500])
def test_endings_of_no_format(name):
    with pytest.raises(nst.ImageError, match=r"no picture format ends in '.*': use \.png") as error:
        check_picture_format(name)
    assert len(str(error.value)) < 300


def test_the_format_of_an_ending():
    assert check_picture_format("a.JPG") == "JPEG"
    assert check_picture_format("a.b.tif", (480, 720)) == "TIFF"


@pytest.mark.parametrize(
    ("name", "size"),
    [("a.webp", (600, 16384)), ("a.webp", (16384, 600)), ("a.jpg", (30, 70_000)),
     ("a.gif", (70_000, 30)), ("a.avif", (30, 70_000))],
)  # fmt: skip
def test_a_size_that_a_format_cannot_hold(name, size, tried):
    if Image.registered_extensions().get(name[1:]) is None:
        pytest.skip("this Pillow is older than AVIF")
    with tried(REFUSED), pytest.raises(nst.ImageError, match=r"can't be written as .*: use \.png"):
        check_picture_format(name, size)
    assert check_picture_format("a.png", size) == "PNG"


def test_the_answer_is_remembered():
    check_picture_format("a.avif" if ".avif" in WRITERS else "a.webp", (5000, 5000))
    start = time.perf_counter()
    check_picture_format("b.avif" if ".avif" in WRITERS else "a.webp", (5000, 5000))
    assert time.perf_counter() - start < 0.005


def test_a_picture_that_the_format_cannot_hold():
    long = Image.fromarray(np.zeros((1, 70_000, 3), "uint8"))
    for format in ("JPEG", "WEBP", "GIF"):
        with pytest.raises(nst.ImageError, match=f"a.x can't be written as {format}: ") as error:
            encoded("a.x", format, long)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("comment", ["a call", "# 汉字 and ×", "x" * 100_000])
def test_a_png_keeps_its_comment(photo, comment):
    assert comment_of(encoded("a", "PNG", photo, comment)) == comment
    assert comment_of(encoded("a", "JPEG", photo, comment)) is None
    assert comment_of(encoded("a", "PNG", photo)) is None
    assert comment_of(b"no picture") is None
