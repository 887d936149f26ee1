"""Colour spaces that a file states without a profile, and profiles that can't be used."""

import io
import struct

import numpy as np
import profiles
import pytest
from PIL import Image
from pngs import GRAY, PALETTE, RGB, RGBA, chromaticities, gamma, png, shorts

import nst_helpers as nst
from nst_helpers.machine.colourspace import ADOBE_RGB, BT_2020, DISPLAY_P3, SRGB, Space, to_srgb

P3, ADOBE = chromaticities(*DISPLAY_P3), chromaticities(*ADOBE_RGB)
SPACES = {"P3": (P3, profiles.DISPLAY_P3), "Adobe RGB": (ADOBE, profiles.ADOBE_RGB)}


def encoded(image, format, **options):
    data = io.BytesIO()
    image.save(data, format, **options)
    return data.getvalue()


def shown(light):
    """sRGB's value of light from 0 to 1."""
    light = np.asarray(light, "float64")
    low = light <= 0.0031308
    return np.rint(255 * np.where(low, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055))


def rows_of(array):
    return [list(map(tuple, row)) for row in np.asarray(array).tolist()]


RAMP = list(range(0, 256, 5))


@pytest.mark.parametrize("value", [1.0, 1 / 1.8, 1 / 2.6, 0.3, 0.8])
def test_a_gamma_of_its_own_becomes_srgb(value, tried):
    expected = shown((np.array(RAMP) / 255) ** (1 / value))
    palette = bytes(np.repeat(RAMP, 3).tolist())
    with tried("a PNG with a gamma or primaries of its own"):
        for data in (
            png([RAMP], GRAY, 8, gAMA=gamma(value)),
            png([[(v, v, v) for v in RAMP]], RGB, 8, gAMA=gamma(value)),
            png([[(v, v, v, 255) for v in RAMP]], RGBA, 8, gAMA=gamma(value)),
            png([list(range(len(RAMP)))], PALETTE, 8, gAMA=gamma(value), PLTE=palette),
        ):
            np.testing.assert_array_equal(nst.load_image(data)[0, :, 0], expected)


def test_the_gamma_of_16_bits_keeps_the_dark_tones_apart():
    values = np.arange(0, 4096, 16)
    loaded = nst.load_image(png([values.tolist()], GRAY, 16, gAMA=gamma(1)))[0, :, 0]
    np.testing.assert_array_equal(loaded, shown(values / 65535))
    assert len(np.unique(loaded)) > 60


def test_the_transparent_value_is_found_before_the_gamma_is_applied():
    data = png([[30000, 0]], GRAY, 16, gAMA=gamma(1), tRNS=shorts(30000))
    assert nst.load_image(data)[0, :, 0].tolist() == [255, 0]
    data = png([[(9, 9, 9, 0), (60, 60, 60, 255)]], RGBA, 8, gAMA=gamma(1))
    assert nst.load_image(data)[0, :, 0].tolist() == [255, shown(60 / 255)]


@pytest.mark.parametrize("space", SPACES)
def test_primaries_of_its_own_become_srgb(photo, space, tried):
    stated, matrix = SPACES[space]
    stored = rows_of(profiles.encode(np.asarray(photo), matrix, 2.2))
    with tried("a PNG with a gamma or primaries of its own"):
        loaded = nst.load_image(png(stored, RGB, 8, gAMA=gamma(1 / 1.8), cHRM=stated))
        assert np.abs(loaded.astype(int) - np.asarray(photo)).mean() > 5  # another gamma
        loaded = nst.load_image(png(stored, RGB, 8, gAMA=gamma(1 / 2.2), cHRM=stated))
        plain = nst.load_image(png(stored, RGB, 8))
        differences = [np.abs(a.astype(int) - np.asarray(photo)).mean() for a in (loaded, plain)]
        assert differences[0] < 2 < 2.5 < differences[1]


def test_gamma_and_primaries_together(photo):
    stored = profiles.encode(np.asarray(photo), profiles.DISPLAY_P3, 1.5)
    loaded = nst.load_image(png(rows_of(stored), RGB, 8, gAMA=gamma(1 / 1.5), cHRM=P3))
    assert np.abs(loaded.astype(int) - np.asarray(photo)).mean() < 1.2


def test_white_stays_white_whatever_its_chromaticity():
    warm = chromaticities(0.3457, 0.3585, *SRGB[2:])  # D50
    assert nst.load_image(png([[(255, 255, 255)]], RGB, 8, cHRM=warm)).tolist() == [[[255] * 3]]


UNCHANGED = {
    "nothing": {},
    "the usual gamma": {"gAMA": gamma(0.45455)},
    "a gamma close to it": {"gAMA": gamma(0.45)},
    "sRGB's gamma and primaries": {"gAMA": gamma(0.45455), "cHRM": chromaticities(*SRGB)},
    "sRGB said so": {"sRGB": b"\0", "gAMA": gamma(1)},
    "sRGB said so, beside other primaries": {"cHRM": P3, "sRGB": b"\0"},
    "no gamma": {"gAMA": gamma(0)},
    "an impossible gamma": {"gAMA": gamma(20000)},
    "primaries of zero": {"cHRM": bytes(32)},
    "primaries on a line": {"cHRM": chromaticities(0.3, 0.3, *[0.1, 0.1, 0.2, 0.2, 0.3, 0.3])},
    "sRGB by code points": {"cICP": bytes([1, 13, 0, 1]), "gAMA": gamma(1)},
}


@pytest.mark.parametrize("kind", UNCHANGED)
def test_what_is_srgb_stays_as_it_is(photo, kind, recwarn):
    loaded = nst.load_image(png(rows_of(photo), RGB, 8, **UNCHANGED[kind]))
    np.testing.assert_array_equal(loaded, photo)
    assert not recwarn.list


def test_a_profile_wins_over_a_gamma(photo):
    profile = profiles.rgb_profile(profiles.DISPLAY_P3, 2.2)
    stored = profiles.encode(np.asarray(photo), profiles.DISPLAY_P3, 2.2)
    plain = encoded(Image.fromarray(stored), "PNG", icc_profile=profile)
    with_gamma = plain[:33] + png([[0]], GRAY, 8, gAMA=gamma(1))[33:49] + plain[33:]
    assert Image.open(io.BytesIO(with_gamma)).info["gamma"] == 1
    np.testing.assert_array_equal(nst.load_image(with_gamma), nst.load_image(plain))


def test_code_points_of_other_primaries(photo, tried):
    for code, matrix in ((12, profiles.DISPLAY_P3), (9, None)):
        if matrix is None:  # BT.2020's, which no profile of the tests has
            light = profiles.srgb_light(np.full((1, 1, 3), 128))
            stored = np.rint(255 * light ** (1 / 2.2)).astype("uint8")  # gray is gray in all
        else:
            stored = profiles.encode(np.asarray(photo), matrix, 2.2)
        with tried("a PNG with a gamma or primaries of its own"):
            data = png(rows_of(stored), RGB, 8, cICP=bytes([code, 4, 0, 1]))
            expected = np.asarray(photo) if matrix is not None else np.full((1, 1, 3), 128)
            assert np.abs(nst.load_image(data).astype(int) - expected).mean() < 2.5


def test_colours_of_a_brighter_screen_are_said(tried):
    for transfer in (16, 18):  # PQ and HLG
        with (
            tried("a PNG with a gamma or primaries of its own"),
            pytest.warns(UserWarning, match=r"another kind of screen \(HDR\)"),
        ):
            nst.load_image(png([[(9, 9, 9)]], RGB, 8, cICP=bytes([9, transfer, 0, 1])))


def adobe_exif(colour_space, index):
    """EXIF data as cameras write them, with the IFD for interoperability."""
    exif, interoperability = 26, 50
    ifd = struct.pack(">HHHII", 1, 0x8769, 4, 1, exif) + bytes(4)
    ifd += struct.pack(">HHHIHH", 2, 0xA001, 3, 1, colour_space, 0)
    ifd += struct.pack(">HHII", 0xA005, 4, 1, interoperability + 6) + bytes(4)
    ifd += bytes(interoperability + 6 - 8 - len(ifd))
    ifd += struct.pack(">HHHI4s", 1, 1, 2, 4, index) + bytes(4)
    return b"Exif\0\0MM\0*\0\0\0\x08" + ifd


def test_what_a_camera_notes_of_adobe_rgb(photo, recwarn):
    stored = Image.fromarray(profiles.encode(np.asarray(photo), profiles.ADOBE_RGB, 2.2))
    data = encoded(stored, "PNG", exif=adobe_exif(0xFFFF, b"R03\0"))
    with pytest.warns(UserWarning, match="is taken as Adobe RGB, as its camera noted"):
        loaded = nst.load_image(data)
    assert np.abs(loaded.astype(int) - np.asarray(photo)).mean() < 2
    for colour_space, index in ((1, b"R03\0"), (0xFFFF, b"R98\0")):
        data = encoded(stored, "PNG", exif=adobe_exif(colour_space, index))
        np.testing.assert_array_equal(nst.load_image(data), np.asarray(stored))
    assert len(recwarn.list) == 0


def test_gray_with_a_profile_of_colours(photo, recwarn):
    gray = photo.convert("L")
    for primaries, value in ((profiles.SRGB, 2.2), (profiles.ADOBE_RGB, 1.0)):
        profile = profiles.rgb_profile(primaries, value)
        loaded = nst.load_image(encoded(gray, "JPEG", quality=100, icc_profile=profile))
        expected = shown((np.asarray(gray) / 255) ** value)
        assert np.abs(loaded[:, :, 0] - expected).max() <= 4
    assert not recwarn.list


@pytest.mark.parametrize("mode", ["RGB", "CMYK"])
def test_a_profile_that_cannot_be_used_is_said(photo, mode):
    data = encoded(photo.convert(mode), "TIFF", icc_profile=profiles.gray_profile(1))
    with pytest.warns(UserWarning, match="has a colour profile that can't be used, so sRGB is"):
        loaded = nst.load_image(data)
    np.testing.assert_array_equal(loaded, nst.load_image(encoded(photo.convert(mode), "TIFF")))


def test_a_large_picture_is_converted_in_strips(monkeypatch, photo):
    space = Space(0.5, BT_2020)
    whole, _ = to_srgb(photo, None, space)
    monkeypatch.setattr("nst_helpers.machine.colourspace.STRIP", 100)
    strips, _ = to_srgb(photo, None, space)
    np.testing.assert_array_equal(whole, strips)
    assert not np.array_equal(whole, photo)
