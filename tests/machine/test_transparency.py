"""Transparent parts, also of the kinds that Pillow reads on the wrong scale."""

import io
import struct

import numpy as np
import pytest
from PIL import Image
from pngs import GRAY, GRAY_ALPHA, PALETTE, RGB, RGBA, png, shorts

import nst_helpers as nst

WHITE = 255
HIDDEN = "the colours beneath are used"
DEEP = 30000, 20000, 10000  # in 16 bits; 117, 78, 39 in 8


def encoded(image, format, **options):
    data = io.BytesIO()
    image.save(data, format, **options)
    return data.getvalue()


# Each with its rows and what they should be: the first row is transparent.
KEYED = {
    "1-bit gray, black": (png([[0, 0], [1, 1]], GRAY, 1, tRNS=shorts(0)), [WHITE, 255]),
    "1-bit gray, white": (png([[1, 1], [0, 0]], GRAY, 1, tRNS=shorts(1)), [WHITE, 0]),
    "2-bit gray": (png([[1, 1], [2, 2]], GRAY, 2, tRNS=shorts(1)), [WHITE, 170]),
    "4-bit gray": (png([[5, 5], [1, 1]], GRAY, 4, tRNS=shorts(5)), [WHITE, 17]),
    "8-bit gray": (png([[80, 80], [81, 81]], GRAY, 8, tRNS=shorts(80)), [WHITE, 81]),
    "8-bit gray, upper byte unused": (
        png([[80, 80], [81, 81]], GRAY, 8, tRNS=shorts(0x0150)),
        [WHITE, 81],
    ),
    "16-bit gray": (png([[0, 0], [30000, 30000]], GRAY, 16, tRNS=shorts(0)), [WHITE, 117]),
    "16-bit gray, a near one": (
        png([[30000, 30000], [30001, 30001]], GRAY, 16, tRNS=shorts(30000)),
        [WHITE, 117],
    ),
    "8-bit colours": (png([[(1, 2, 3)], [(1, 2, 4)]], RGB, 8, tRNS=shorts(1, 2, 3)), [WHITE, 1]),
    "16-bit colours": (
        png([[DEEP], [(30000, 20000, 10001)]], RGB, 16, tRNS=shorts(*DEEP)),
        [WHITE, 117],
    ),
    "1-bit palette": (
        png([[0], [1]], PALETTE, 1, PLTE=bytes([9, 9, 9, 70, 7, 7]), tRNS=b"\0"),
        [WHITE, 70],
    ),
    "8-bit palette, half": (
        png([[0], [1]], PALETTE, 8, PLTE=bytes([9, 9, 9, 55, 5, 5]), tRNS=b"\0\x80"),
        [WHITE, 155],
    ),
    "8-bit gray with alpha": (png([[(9, 0)], [(70, 255)]], GRAY_ALPHA, 8), [WHITE, 70]),
    "16-bit gray with alpha": (png([[(9, 0)], [(30000, 65535)]], GRAY_ALPHA, 16), [WHITE, 117]),
    "16-bit colours with alpha": (png([[(9, 9, 9, 0)], [(*DEEP, 65535)]], RGBA, 16), [WHITE, 117]),
}  # fmt: skip


@pytest.mark.parametrize("kind", KEYED)
def test_every_way_of_a_png_to_be_transparent(kind, tried):
    data, expected = KEYED[kind]
    with tried("a picture with a rare kind of transparency"):
        assert nst.load_image(data)[:, 0, 0].tolist() == expected
        assert nst.load_region(data)[0, 0] == 0


@pytest.mark.parametrize("kind", KEYED)
def test_an_opened_png_is_the_same_each_time(kind):
    data, expected = KEYED[kind]
    image = Image.open(io.BytesIO(data))
    first = nst.load_image(image)
    np.testing.assert_array_equal(nst.load_image(image), first)
    if kind != "16-bit colours":  # without the file, the lower bytes are not known
        assert first[:, 0, 0].tolist() == expected


def test_keyed_transparency_of_a_turned_picture():
    exif = Image.Exif()
    exif[0x0112] = 6
    tiff = exif.tobytes().removeprefix(b"Exif\0\0")
    rows = [[0, 0, 0], [30000, 30000, 30000]]
    loaded = nst.load_image(png(rows, GRAY, 16, tRNS=shorts(0), eXIf=tiff))
    assert loaded[:, :, 0].tolist() == [[117, WHITE]] * 3


def test_a_large_picture_of_16_bit_colours(rng):
    values = rng.integers(0, 65536, (20, 30, 3))
    key = values[4, 5]
    values[11, 12] = key
    loaded = nst.load_image(
        png([list(map(tuple, row)) for row in values], RGB, 16, tRNS=shorts(*key))
    )
    hidden = (values == key).all(axis=2)
    assert hidden.sum() >= 2 and (loaded[hidden] == WHITE).all()
    np.testing.assert_array_equal(loaded[~hidden], values[~hidden] >> 8)


def invisible(photo, mode):
    image = photo.convert(mode)
    image.putalpha(0)
    return image


def bmp_with_alpha(image):
    """A BMP of the newer kind, whose fourth byte is said to be alpha, as some programs leave it."""
    pixels = np.dstack([np.asarray(image)[::-1, :, ::-1], np.zeros(image.size[::-1], "uint8")])
    masks = struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000)
    header = struct.pack("<IiiHHIIiiII", 108, *image.size, 1, 32, 3, 0, 0, 0, 0, 0) + masks
    header += bytes(108 - len(header))
    start = 14 + len(header)
    return struct.pack("<2sIII", b"BM", start + pixels.size, 0, start) + header + pixels.tobytes()


def test_colours_beneath_an_alpha_channel_that_is_zero_everywhere(photo, tried):
    straight = np.asarray(photo)
    gray = np.asarray(photo.convert("L").convert("RGB"))
    cases = [
        (encoded(invisible(photo, "RGB"), "PNG"), straight),
        (encoded(invisible(photo, "RGB"), "TIFF"), straight),
        (encoded(invisible(photo, "RGB"), "TGA"), straight),
        (encoded(invisible(photo, "RGB"), "WEBP", lossless=True, exact=True), straight),
        (encoded(invisible(photo, "L"), "PNG"), gray),
        (bmp_with_alpha(photo), straight),
        (invisible(photo, "RGB"), straight),
        (np.asarray(invisible(photo, "RGB")), straight),
        (png([[(*DEEP, 0)]], RGBA, 16), np.array([[[117, 78, 39]]])),
        (png([[0, 0]], PALETTE, 8, PLTE=bytes([9, 8, 7]), tRNS=b"\0"), np.array([[[9, 8, 7]] * 2])),
    ]
    for source, expected in cases:
        with tried("a picture with a rare kind of transparency"):
            with pytest.warns(UserWarning, match=f"is transparent everywhere: {HIDDEN}") as seen:
                loaded = nst.load_image(source)
            assert len(seen) == 1
            np.testing.assert_array_equal(loaded, expected)


def test_one_visible_pixel_is_enough_for_the_rest_to_be_white(photo):
    image = invisible(photo, "RGB")
    image.putpixel((3, 2), (*photo.getpixel((3, 2)), 255))
    loaded = nst.load_image(encoded(image, "PNG"))
    assert loaded[2, 3].tolist() == list(photo.getpixel((3, 2)))
    loaded[2, 3] = WHITE
    assert (loaded == WHITE).all()


def test_a_mask_that_is_transparent_everywhere_counts_by_its_colours(photo):
    luminance = nst.load_region(photo)
    for source in (invisible(photo, "RGB"), np.asarray(invisible(photo, "RGB"))):
        with pytest.warns(UserWarning, match=HIDDEN):
            np.testing.assert_allclose(nst.load_region(source), luminance, atol=1e-6)
