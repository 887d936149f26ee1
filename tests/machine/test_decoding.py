"""Picture files of every format, colour space and size, intact or damaged."""

import io
import struct
import subprocess
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import profiles
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile, ImageOps

import nst_helpers as nst
from nst_helpers.machine.decoding import MOST_PIXELS

P3 = profiles.rgb_profile(profiles.DISPLAY_P3, 2.2)
ADOBE = profiles.rgb_profile(profiles.ADOBE_RGB, 2.2)
ORIENTATION = 0x0112
RED_LAB, RED = (54, 81, 70), (255, 0, 0)


def encoded(image, format, **options):
    data = io.BytesIO()
    image.save(data, format, **options)
    return data.getvalue()


def in_p3(image):
    return Image.fromarray(profiles.encode(np.asarray(image), profiles.DISPLAY_P3, 2.2))


def far(loaded, image):
    """Mean distance of two pictures, 0 to 255."""
    assert loaded.shape == np.shape(image)
    return np.abs(loaded.astype(float) - np.asarray(image)).mean()


def png_header(width, height):
    """A PNG file that promises a size and holds nothing of it."""

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


# Colours.


@pytest.mark.parametrize("format", ["PNG", "TIFF", "JPEG"])
@pytest.mark.parametrize("space", ["DISPLAY_P3", "ADOBE_RGB"])
def test_a_profile_becomes_srgb(photo, format, space):
    primaries = getattr(profiles, space)
    stored = Image.fromarray(profiles.encode(np.asarray(photo), primaries, 2.2))
    options = {"quality": 100, "subsampling": 0} if format == "JPEG" else {}
    plain = nst.load_image(encoded(stored, format, **options))
    profile = profiles.rgb_profile(primaries, 2.2)
    loaded = nst.load_image(encoded(stored, format, icc_profile=profile, **options))
    assert far(loaded, photo) < 1.2 < 2.5 < far(plain, photo)


def test_gray_and_ink_have_profiles_too(photo):
    gray = photo.convert("L")
    loaded = nst.load_image(encoded(gray, "PNG", icc_profile=profiles.gray_profile(1)))
    light = profiles.srgb_light(loaded[:, :, 0])
    assert np.abs(255 * light - np.asarray(gray)).max() < 2
    ink = photo.convert("CMYK")
    for format in ("JPEG", "TIFF"):
        data = encoded(ink, format, icc_profile=profiles.cmyk_profile(RED_LAB))
        assert np.abs(nst.load_image(data) - np.array(RED)).max() < 6


def test_sixteen_bits_with_a_gray_profile(photo):
    values = np.asarray(photo.convert("L")).astype("uint16") * 257
    loaded = nst.load_image(
        encoded(Image.fromarray(values), "TIFF", icc_profile=profiles.gray_profile(1))
    )
    assert np.abs(255 * profiles.srgb_light(loaded[:, :, 0]) - values // 257).max() < 2


def test_palette_with_a_profile(photo):
    palette = in_p3(photo).quantize(256)
    loaded = nst.load_image(encoded(palette, "PNG", icc_profile=P3))
    assert far(loaded, photo) < far(nst.load_image(encoded(palette, "PNG")), photo)


def test_transparency_with_a_profile(photo):
    image = in_p3(photo)
    image.putalpha(Image.linear_gradient("L").resize(photo.size))
    alpha = np.asarray(image)[:, :, 3:] / 255
    loaded = nst.load_image(encoded(image, "PNG", icc_profile=P3))
    assert far(loaded, alpha * np.asarray(photo) + (1 - alpha) * 255) < 1.2


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_rotation_holds_beside_a_profile(photo, format):
    options = {"quality": 100} if format in ("JPEG", "WEBP") else {}
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        data = encoded(in_p3(photo), format, icc_profile=P3, exif=exif, **options)
        turned = Image.fromarray(np.asarray(photo))
        turned.getexif()[ORIENTATION] = orientation
        assert far(nst.load_image(data), ImageOps.exif_transpose(turned)) < 4, orientation


@pytest.mark.parametrize(
    "profile",
    [b"no profile", P3[:200], P3[:-20], P3[:128] + bytes(400), profiles.gray_profile(1)],
    ids=["text", "truncated", "end-missing", "no-tags", "of-gray"],
)
def test_a_broken_profile_is_passed_over(photo, profile):
    with pytest.warns(UserWarning, match="a colour profile that can't be used, so sRGB is assumed"):
        loaded = nst.load_image(encoded(photo, "PNG", icc_profile=profile))
    np.testing.assert_array_equal(loaded, np.asarray(photo))


@pytest.mark.parametrize(
    "exif",
    [b"Exif\0\0no notes", b"Exif\0\0MM\0*", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12\0\x03"],
    ids=["text", "truncated", "too-many"],
)
def test_broken_exif_is_passed_over(photo, exif):
    for format in ("PNG", "JPEG", "WEBP"):
        loaded = nst.load_image(encoded(photo, format, exif=exif))
        np.testing.assert_array_equal(loaded, nst.load_image(encoded(photo, format)))


# Kinds.


def float_picture(values):
    return nst.load_image(encoded(Image.fromarray(values.astype("float32")), "TIFF"))[:, :, 0]


def test_floats_by_their_range(rng):
    unit = rng.uniform(0, 1, (20, 30))
    unit[0, :2] = 0, 1
    expected = np.rint(unit.astype("float32") * 255)
    np.testing.assert_array_equal(float_picture(unit), expected)
    assert np.abs(float_picture(unit * 255) - expected).max() <= 1
    with pytest.warns(UserWarning, match=r"holds values within -700\.\.8300, stretched from black"):
        assert np.abs(float_picture(unit * 9000 - 700) - expected).max() <= 1
    with pytest.warns(UserWarning, match=r"values within -3e\+38\.\.3e\+38, stretched"):
        assert np.abs(float_picture((unit * 2 - 1) * 3e38) - expected).max() <= 1


def test_what_is_not_a_number_is_black(rng):
    values = rng.uniform(0, 1, (4, 4))
    values[0] = np.nan, np.inf, -np.inf, 0.25
    with pytest.warns(UserWarning, match=r"no numbers \(NaN\) or infinite, made black or white"):
        assert float_picture(values)[0].tolist() == [0, 255, 0, 64]
    with pytest.warns(UserWarning, match=r"no numbers \(NaN\)"):
        assert not float_picture(np.full((4, 4), np.nan)).any()
    with pytest.warns(UserWarning, match=r"holds values within 700\.\.700, stretched"):
        assert not float_picture(np.full((4, 4), 700)).any()


def test_integers_of_32_bits(photo):
    gray = np.asarray(photo.convert("L")).astype("int32")
    loaded = nst.load_image(encoded(Image.fromarray(gray * 257), "TIFF"))
    np.testing.assert_array_equal(loaded[:, :, 0], gray)
    gray[0, :2] = 0, 255
    with pytest.warns(
        UserWarning, match=r"values within -1e\+09\.\.1\.04e\+09, stretched from black"
    ):
        loaded = nst.load_image(encoded(Image.fromarray(gray * 8_000_000 - 10**9), "TIFF"))
    assert np.abs(loaded[:, :, 0] - gray).max() <= 1


@pytest.mark.parametrize(("kind", "straight"), [("RGBa", "RGBA"), ("La", "LA")])
def test_premultiplied_alpha(photo, kind, straight):
    image = photo.convert(straight)
    image.putalpha(Image.linear_gradient("L").resize(photo.size))
    assert far(nst.load_image(image.convert(kind)), nst.load_image(image)) < 1.5


@pytest.mark.parametrize("kind", ["HSV", "YCbCr", "LAB", "RGBX"])
def test_every_other_kind_of_pil_image(photo, kind):
    assert far(nst.load_image(photo.convert(kind)), photo) < 12


def test_sixteen_bits_with_the_great_byte_first(photo):
    gray = np.asarray(photo.convert("L"))
    image = Image.frombytes("I;16B", photo.size, (gray.astype(">u2") * 257).tobytes())
    np.testing.assert_array_equal(nst.load_image(image)[:, :, 0], gray)


def test_palette_with_alpha(photo):
    image = photo.quantize(256)
    np.testing.assert_array_equal(nst.load_image(image.convert("PA")), image.convert("RGB"))


def tiff(values, format, **tags):
    """A TIFF in gray, whose tags stand as they are given."""
    values = values.astype(format)
    entries = {
        256: values.shape[1],
        257: values.shape[0],
        258: 16,
        259: 1,
        262: 1,
        273: 8,
        277: 1,
        278: values.shape[0],
        279: values.nbytes,
        **{int(name[1:]): value for name, value in tags.items()},
    }
    data = values.tobytes() + bytes(values.nbytes % 2)
    ifd = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(entries.items())
    )
    return struct.pack("<2sHI", b"II", 42, 8 + len(data)) + data + ifd + bytes(4)


KINDS = {
    "16 bits, white is zero": lambda v: tiff(65535 - v * 257, "<u2", t262=0),
    "16 bits, black is zero": lambda v: tiff(v * 257, "<u2"),
    "floats, white is zero": lambda v: tiff(1 - v / 255, "<f4", t258=32, t339=3, t262=0),
    "8 bits, white is zero": lambda v: tiff(255 - v, "u1", t258=8, t262=0),
    "16 bits with a sign": lambda v: tiff(np.rint(v * 32767 / 255), "<i2", t339=2),
    "12 bits": lambda v: tiff(packed_12(np.rint(v * 4095 / 255)), "u1", t256=v.shape[1], t258=12),
}  # fmt: skip


def packed_12(values):
    """Two values of 12 bits in three bytes."""
    one, two = values.astype(int)[:, ::2], values.astype(int)[:, 1::2]
    return np.stack([one >> 4, (one & 15) << 4 | two >> 8, two & 255], axis=2).reshape(len(one), -1)


@pytest.mark.parametrize("kind", KINDS)
def test_gray_of_rare_kinds(photo, kind, tried, recwarn):
    gray = np.asarray(photo.convert("L")).astype(int)
    with tried("a picture with rare bits or a rare scale"):
        loaded = nst.load_image(KINDS[kind](gray))[:, :, 0]
        assert np.abs(loaded.astype(int) - gray).max() <= 1
        assert not recwarn.list


def test_the_preview_of_a_raw_photo_is_said(photo):
    """Raw photos are TIFFs, whose first picture is small."""
    with pytest.warns(UserWarning, match="holds a small preview first, which is used: give a raw"):
        nst.load_image(encoded(photo, "TIFF", tiffinfo={254: 1}))


def test_a_cmyk_jpeg_without_adobe_s_mark_is_read_like_one_with_it(photo):
    """Its inks are stored inverted in both, as browsers have it."""
    data = encoded(photo.convert("CMYK"), "JPEG", quality=95)
    start = data.index(b"\xff\xee")
    bare = data[:start] + data[start + 2 + int.from_bytes(data[start + 2 : start + 4], "big") :]
    assert b"Adobe" in data and b"Adobe" not in bare
    assert far(nst.load_image(bare), nst.load_image(data)) < 1
    assert far(nst.load_image(bare), photo) < 12


def test_what_was_assumed_is_said_in_one_warning(photo):
    image = photo.convert("RGBA")
    image.putalpha(0)
    other = Image.new("RGBA", photo.size, "red")
    data = encoded(image, "PNG", save_all=True, append_images=[other], icc_profile=b"none")
    with pytest.warns(UserWarning) as seen:
        nst.load_image(data)
    assert [str(warning.message) for warning in seen] == [
        "the picture given as bytes is transparent everywhere: the colours beneath are used; it "
        "has a colour profile that can't be used, so sRGB is assumed; it holds several pictures: "
        "the first is used."
    ]
    assert seen[0].filename == __file__


def test_a_session_that_turns_warnings_into_errors_loads_all_the_same(photo, capsys):
    data = encoded(photo, "GIF", save_all=True, append_images=[Image.new("RGB", photo.size)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nst.load_image(data)
    assert "holds several pictures: the first is used" in capsys.readouterr().out


def test_a_rotation_holds_where_the_end_is_missing(photo):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    data = encoded(photo, "JPEG", exif=exif)
    np.testing.assert_array_equal(nst.load_image(data[:-2]), nst.load_image(data))


MODES = {"1": 1, "L": 1, "P": 1, "LA": 2, "RGB": 3, "RGBA": 4, "CMYK": 4, "YCbCr": 3, "HSV": 3}
LOSSLESS = {"PNG": ("1", "L", "P", "LA", "RGB", "RGBA"), "TIFF": ("1", "L", "P", "RGB", "CMYK")}


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(list(MODES)), st.integers(1, 70), st.integers(1, 70), st.integers(1, 90))
def test_any_kind_at_any_size(mode, rows, cols, asked):
    values = np.random.default_rng(rows).integers(0, 256, (rows, cols, MODES[mode]), "uint8")
    stored = "L" if mode in ("1", "P") else mode
    image = Image.frombytes(stored, (cols, rows), values.tobytes()).convert(mode)
    loaded = nst.load_image(image)
    assert (loaded.shape, loaded.dtype) == ((rows, cols, 3), np.uint8)
    for format, modes in LOSSLESS.items():
        if mode in modes:
            np.testing.assert_array_equal(nst.load_image(encoded(image, format)), loaded)
    width = max(1, int(cols * asked / rows))
    assert nst.load_image(image, rows=asked).shape == (asked, width, 3)
    assert nst.preprocess_image(image, asked, 7).shape == (1, asked, 7, 3)


def test_of_several_pictures_the_first(photo):
    others = [Image.new("RGB", photo.size, "red")] * 2
    for format, options in {"GIF": {}, "TIFF": {}, "PNG": {}, "WEBP": {"lossless": True}}.items():
        data = encoded(photo, format, save_all=True, append_images=others, **options)
        with pytest.warns(UserWarning, match="^the picture given as bytes holds several pictures"):
            loaded = nst.load_image(data)
        assert far(loaded, photo) < 12, format


def test_one_picture_is_no_cause_for_a_word(photo):
    phone = encoded(photo, "MPO", save_all=True, append_images=[photo.resize((6, 4))])
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for data in (phone, *(encoded(photo, format) for format in ("GIF", "TIFF", "PNG", "WEBP"))):
            nst.load_image(data)
    assert not seen


def test_a_damaged_second_picture_is_not_needed(photo):
    data = encoded(photo, "GIF", save_all=True, append_images=[Image.new("RGB", photo.size)])
    first = encoded(photo, "GIF")
    for damaged in (data[:-30], first[:-1] + b"!\xf9\1\1\0,"):  # at the end is half a header
        with pytest.warns(UserWarning, match="the first is used"):
            np.testing.assert_array_equal(nst.load_image(damaged), nst.load_image(first))


@pytest.mark.skipif(
    ".avif" not in Image.registered_extensions(), reason="this Pillow is older than AVIF"
)
def test_avif(photo):
    assert far(nst.load_image(encoded(photo, "AVIF", quality=95)), photo) < 6


def test_heic(photo):
    import pillow_heif

    data = io.BytesIO()
    pillow_heif.from_pillow(photo.resize((120, 80))).save(data, quality=95)
    assert far(nst.load_image(data.getvalue()).reshape(40, 2, 60, 2, 3).mean((1, 3)), photo) < 8


@pytest.mark.parametrize(
    ("brand", "words"),
    [("heic", "HEIC picture: convert it to JPEG, or run pip install pillow-heif"),
     ("avif", "AVIF picture: convert it to JPEG, or run pip install --upgrade pillow")],
)  # fmt: skip
def test_what_pillow_cannot_open_is_named(monkeypatch, brand, words):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    Image.init()
    for format in ("AVIF", "HEIF"):
        monkeypatch.delitem(Image.OPEN, format, raising=False)
    data = b"\0\0\0\x1cftyp" + brand.encode() + b"\0\0\0\0mif1miaf" + bytes(200)
    with pytest.raises(nst.ImageError, match=words):
        nst.load_image(data)


OTHER_KINDS = {
    b"<svg xmlns='http://www.w3.org/2000/svg'/>": "is an SVG drawing: export it as PNG",
    b'<?xml version="1.0"?>\n<!-- by a program -->\n<svg>': "is an SVG drawing: export it as PNG",
    b"%PDF-1.7 ...": "is a PDF document: export the picture in it as PNG",
    b"PK\3\4 ...": "is a ZIP archive: unpack it and give a picture from it",
    b"\xff\x0a ...": "is a JPEG XL picture: convert it to JPEG or PNG",
    b"\x89PNG\r\n\x1a\n": "is damaged, cut short or of a rare kind: save it as a common JPEG",
    b"MM\0*\0\0": "is damaged, cut short or of a rare kind: save it as a common JPEG",
    b"{'error': 'not found'}": "is not a picture that can be read: save it as JPEG or PNG",
}  # fmt: skip


@pytest.mark.parametrize("data", OTHER_KINDS)
def test_what_it_is_instead_of_a_picture(data):
    with pytest.raises(nst.ImageError, match=OTHER_KINDS[data]):
        nst.load_image(data)


def test_no_other_program_is_run(monkeypatch):
    def run(*_, **__):
        raise AssertionError("Ghostscript was called")

    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", run)
    data = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 60 40\n%%EndComments\nshowpage\n"
    with pytest.raises(nst.ImageError, match="not a picture that can be read: save it as"):
        nst.load_image(data)


# Damage.

DAMAGE = Path(__file__).parents[1] / "damage.py"
TRIES = 5000


def damage_outcomes(tries):
    """Kind and outcome of each try; a crash counts as the outcome of the try that caused it."""
    outcomes = []
    while len(outcomes) < tries:
        command = [sys.executable, DAMAGE, str(len(outcomes)), str(tries)]
        done = subprocess.run(command, capture_output=True, check=False)
        outcomes += [line.split("\t") for line in done.stdout.decode().splitlines()]
        if len(outcomes) < tries:
            outcomes.append(
                ["try", f"{len(outcomes)}: killed, {done.returncode} {done.stderr[-500:]}"]
            )
    return outcomes


def test_a_damaged_file_is_a_picture_or_one_clear_line(survived):
    outcomes = damage_outcomes(TRIES)
    others = [outcome for outcome in outcomes if outcome[1] not in ("picture", "refused")]
    kinds = {kind for kind, _ in outcomes}
    print(*others, sep="\n")
    survived(f"a picture file of {len(kinds)} kinds, damaged at random", TRIES, TRIES - len(others))
    for expected in ("picture", "refused"):  # else the damage is too weak or too strong
        assert {kind for kind, outcome in outcomes if outcome == expected} == kinds, expected


# Sizes.


@pytest.mark.parametrize(
    ("width", "height", "words"),
    [
        (20_000, 20_000, "has 400 megapixels"),
        (13_000, 10_000, r"has 130 megapixels \(13,000 × 10,000 pixels\), more than the 120"),
        (2**31 - 1, 2**31 - 1, "megapixels"),
    ],
)
def test_a_picture_too_large_is_refused_by_its_header(monkeypatch, survived, width, height, words):
    def load(_):
        raise AssertionError("decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with pytest.raises(nst.ImageError, match=words) as error:
        nst.load_image(png_header(width, height))
    assert "make it smaller" in str(error.value) and "\n" not in str(error.value)
    survived("a small file that says it is a picture of 130 megapixels or more", 1, 1)


def test_a_picture_is_not_made_too_large(photo):
    with pytest.raises(nst.ImageError, match="more than 120 megapixels: use fewer rows"):
        nst.load_image(Image.new("RGB", (20_000, 10)), rows=10_000)
    assert nst.load_image(Image.new("RGB", (20_000, 10)), rows=20).shape == (20, 40_000, 3)
    assert MOST_PIXELS >= 108_000_000  # what phones take


def test_a_picture_that_memory_cannot_hold(monkeypatch, photo):
    def load(_):
        raise MemoryError

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with pytest.raises(nst.ImageError, match="needs more memory than there is: make it smaller"):
        nst.load_image(encoded(photo, "BMP"))


def test_no_pixels():
    with pytest.raises(nst.ImageError, match="the PIL image has no pixels: its size is 0 × 5"):
        nst.load_image(Image.new("RGB", (0, 5)))
    with pytest.raises(nst.ImageError):
        nst.load_image(png_header(0, 5))


def test_a_pil_image_that_cannot_be_decoded(photo):
    data = encoded(photo.resize((300, 200)), "JPEG")
    with pytest.raises(nst.ImageError, match="the PIL image is damaged or cut short"):
        nst.load_image(Image.open(io.BytesIO(data[: len(data) // 2])))
    closed = Image.open(io.BytesIO(data))
    closed.close()
    with pytest.raises(nst.ImageError, match="the PIL image is damaged or cut short"):
        nst.load_image(closed)


@pytest.mark.parametrize(("limit", "truncated"), [(10, False), (None, True)])
def test_pillows_settings_of_an_earlier_cell_change_nothing(
    tmp_path, photo, monkeypatch, tried, limit, truncated
):
    """A small limit refuses nothing, and what is cut short is not filled up without a word."""
    photo.save(tmp_path / "photo.png")
    data = (tmp_path / "photo.png").read_bytes()
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", truncated)
    with tried("a session whose settings were changed"):
        np.testing.assert_array_equal(nst.load_image(data), photo)
        with pytest.raises(nst.ImageError, match="damaged or cut short"):
            nst.load_image(data[: len(data) // 2])
        assert (limit, truncated) == (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
