"""Picture files that end too early, though all of their pixels are there."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image, ImageFilter

import nst_helpers as nst
from nst_helpers.machine.mending import MOST_LOST

END = b"\xff\xd9"
WITHOUT_END = "a picture file without its last bytes"
KINDS = {
    "baseline": {"quality": 95},
    "coarse": {"quality": 30},
    "progressive": {"progressive": True},
    "progressive, coarse": {"progressive": True, "quality": 30},
    "full colours": {"quality": 90, "subsampling": 0},
    "optimized": {"optimize": True},
    "restarts": {"restart_marker_rows": 1},
}
MODES = {"RGB": 3, "L": 1, "CMYK": 4}


def encoded(image, format="JPEG", **options):
    data = io.BytesIO()
    image.save(data, format, **options)
    return data.getvalue()


@pytest.fixture
def photo():
    """Larger than the usual one, so that its last rows are a small part of it."""
    return Image.open(nst.picture("mountain_lake")).convert("RGB").resize((150, 100))


@pytest.fixture
def noise(rng):
    """Noise in each channel that a mode has."""
    return {
        mode: Image.frombytes(mode, (150, 100), rng.bytes(150 * 100 * channels))
        for mode, channels in MODES.items()
    }


def load(data):
    """The picture, None if it is refused in one clear line; and what is said."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        try:
            image = nst.load_image(data)
        except nst.ImageError as error:
            assert "damaged or cut short" in str(error) and "\n" not in str(error)
            image = None
    return image, [str(warning.message) for warning in seen]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_jpeg_without_its_end_marker_is_whole(photo, noise, kind, mode, tried):
    gray = Image.new("RGB", (150, 100), (128, 128, 128))
    for picture in (photo.convert(mode), noise[mode], gray.convert(mode)):
        data = encoded(picture, **KINDS[kind])
        for cut in (data[:-1], data[:-2], data[:-2] + bytes(100), data[:-2] + b"\r\n"):
            with tried(WITHOUT_END):
                image, said = load(cut)
                np.testing.assert_array_equal(image, nst.load_image(data))
                assert not said


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_few_missing_bytes_cost_a_few_pixels_and_a_word(noise, kind, mode, tried):
    data = encoded(noise[mode], **KINDS[kind])
    whole = nst.load_image(data).astype(int)
    for missing in (3, 5, 10):
        with tried(WITHOUT_END):
            image, said = load(data[:-missing])
            assert len(said) == 1 and "lacks the end of its file: parts of its last" in said[0]
            np.testing.assert_array_equal(image[:78], whole[:78])
            assert (image != whole).any(axis=2).mean() <= MOST_LOST


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("end", [b"", END, bytes(64) + END], ids=["cut", "closed", "padded"])
def test_a_jpeg_cut_through_the_middle_is_refused_or_coarse(photo, kind, mode, end, tried):
    data = encoded(photo.convert(mode), **KINDS[kind])
    length = data.rindex(b"\xff\xda") if "progressive" in kind else len(data)
    for share in (0.3, 0.5, 0.7):
        with tried("a JPEG cut through its middle, with or without an end marker"):
            image, said = load(data[: int(share * length)] + end)
            if end and "progressive" in kind and image is not None:
                assert said == ["the picture given as bytes was cut short and is coarse."]
            else:
                assert image is None


def test_a_progressive_jpeg_without_its_last_scan_is_refused(photo):
    data = encoded(photo, progressive=True)
    last = data.rindex(b"\xff\xda")
    assert load(data[:last]) == (None, [])
    image, said = load(data[:last] + END)
    assert len(said) == 1 and "is coarse" in said[0] and image.shape == (100, 150, 3)


def test_gray_at_the_end_of_a_whole_picture(photo):
    photo.paste((128, 128, 128), (70, 50, 150, 100))
    data = encoded(photo, quality=95)
    image, said = load(data)
    np.testing.assert_array_equal(image, Image.open(io.BytesIO(data)))
    assert not said


def test_a_blurred_corner_and_notes_in_the_file(photo):
    thumbnail = encoded(photo.resize((30, 20)))
    notes = {"exif": b"Exif\0\0" + thumbnail, "comment": b"\xff\xda\xff\xd9"}
    for options in KINDS.values():
        data = encoded(photo.filter(ImageFilter.GaussianBlur(9)), **options, **notes)
        image, said = load(data[:-2])
        np.testing.assert_array_equal(image, nst.load_image(data))
        assert not said


def test_a_tiny_jpeg_cut_through_its_only_block_is_refused(rng):
    data = encoded(Image.fromarray(rng.integers(0, 256, (16, 64, 3), "uint8")), quality=95)
    assert load(data[: len(data) * 3 // 4]) == (None, [])
    assert load(data[:-2])[0] is not None


ENDINGS = {
    "BMP without its padding": ("BMP", {}, (95, 64), 3),
    "gray BMP without its padding": ("BMP", {"mode": "L"}, (93, 64), 3),
    "GIF without its end": ("GIF", {}, (96, 64), 1),
    "GIF without its last block's end": ("GIF", {}, (96, 64), 2),
    "PNG without its end": ("PNG", {}, (96, 64), 12),
    "PNG without its checksum": ("PNG", {}, (96, 64), 16),
    "TGA without its footer": ("TGA", {}, (96, 64), 18),
    "QOI without its end": ("QOI", {}, (96, 64), 8),
}


@pytest.mark.parametrize("kind", ENDINGS)
def test_other_formats_without_their_end(photo, kind, tried):
    format, options, size, missing = ENDINGS[kind]
    data = encoded(photo.convert(options.get("mode", "RGB")).resize(size), format)
    with tried(WITHOUT_END):
        image, said = load(data[:-missing])
        np.testing.assert_array_equal(image, nst.load_image(data))
        assert not said


@pytest.mark.parametrize("format", ["BMP", "GIF", "PNG", "TIFF", "PPM", "TGA", "WEBP", "JPEG2000"])
def test_other_formats_cut_through_their_middle_are_refused(photo, format):
    data = encoded(photo, format)
    with pytest.raises(nst.ImageError, match=r"damaged(, | or )cut short"):
        nst.load_image(data[: len(data) // 2])
