"""Converts pictures to sRGB from the colour space that their file states.

A file states it by an ICC profile, or a PNG by chunks of its own: cICP, sRGB, or gAMA and cHRM, in
this order (PNG specification, third edition, section 4.3). Browsers do the same.
"""

import contextlib
import io
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageCms

D65 = 0.3127, 0.3290
# Chromaticities x and y of white, red, green and blue, in the order of a PNG's cHRM chunk.
SRGB = *D65, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06
ADOBE_RGB = *D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06
DISPLAY_P3 = *D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06
BT_2020 = *D65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046
SRGB_GAMMA = 1 / 2.2  # what a PNG states for sRGB's curve, which is not quite a power
SAME_GAMMA, SAME_CHROMATICITY = 0.02, 0.01  # closer than this is the same
GAMMAS = 0.01, 10  # others are mistakes
# ITU-T H.273: the code points of a cICP chunk that can be shown without tone mapping.
CICP_PRIMARIES = {1: SRGB, 9: BT_2020, 12: DISPLAY_P3}
CICP_GAMMAS = {13: SRGB_GAMMA, 1: SRGB_GAMMA, 4: 1 / 2.2, 5: 1 / 2.8, 8: 1.0}
BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
STRIP = 1 << 20  # pixels converted at once, which limits the memory
_EXIF, _COLOUR_SPACE, _INTEROPERABILITY = 0x8769, 0xA001, 0xA005


class Space(NamedTuple):
    """A colour space: stored value = light ** gamma, for primaries of these chromaticities."""

    gamma: float = SRGB_GAMMA
    primaries: tuple = SRGB


def stated_space(image, data=b""):
    """The colour space that a picture states in other ways than by a profile.

    Args:
        image: PIL image as it was opened.
        data: The file's bytes.

    Returns:
        A `Space`, None for sRGB or where nothing is said; and what to tell the user, or None.
    """
    info = image.info
    if cicp := _png_chunk(data, b"cICP"):
        primaries, gamma = CICP_PRIMARIES.get(cicp[0]), CICP_GAMMAS.get(cicp[1])
        if primaries and gamma:
            return _unless_srgb(gamma, primaries), None
        return None, "has colours for another kind of screen (HDR), which may come out pale"
    if "srgb" in info:
        return None, None
    if "gamma" in info or "chromaticity" in info:
        return _unless_srgb(info.get("gamma"), info.get("chromaticity")), None
    if not info.get("icc_profile") and _camera_says_adobe(image):
        return Space(1 / 2.2, ADOBE_RGB), "is taken as Adobe RGB, as its camera noted"
    return None, None


def to_srgb(image, profile, space):
    """Converts an opaque picture to sRGB.

    Args:
        image: PIL image in L, RGB or CMYK.
        profile: Bytes of its ICC profile, or None.
        space: A `Space` to use where there is no profile, or None.

    Returns:
        PIL image in RGB, and what to tell the user, or None.
    """
    if profile:
        for colours in (image, image.convert("RGB") if image.mode == "L" else None):
            if colours and (converted := _by_profile(colours, profile)):
                return converted, None
    rgb = image if image.mode == "RGB" else image.convert("RGB")
    if space:
        return _by_space(rgb, space), None
    return rgb, profile and "has a colour profile that can't be used, so sRGB is assumed"


def gray_curve(space):
    """Function from gray values of 0 to 1 in a space to sRGB's, for any precision."""
    return lambda values: _encoded(values ** (1 / space.gamma))


def _unless_srgb(gamma, primaries):
    """The space of a gamma and chromaticities, each perhaps None; None if it is sRGB's."""
    known = gamma is not None and GAMMAS[0] <= gamma <= GAMMAS[1]
    gamma = gamma if known and abs(gamma - SRGB_GAMMA) > SAME_GAMMA else SRGB_GAMMA
    near = primaries is None or np.allclose(primaries, SRGB, rtol=0, atol=SAME_CHROMATICITY)
    primaries = SRGB if near or _to_xyz(primaries) is None else primaries
    return None if (gamma, primaries) == (SRGB_GAMMA, SRGB) else Space(gamma, primaries)


def _by_profile(image, profile):
    with contextlib.suppress(Exception):  # a broken profile, or one for another mode
        profile = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        return ImageCms.profileToProfile(image, profile, srgb, outputMode="RGB")
    return None


def _by_space(image, space):
    stored = np.arange(256) / 255
    linear = _light(stored) if space.gamma == SRGB_GAMMA else stored ** (1 / space.gamma)
    if space.primaries == SRGB:
        return image.point(np.rint(255 * _encoded(linear)).astype(int).tolist() * 3)
    linear = linear.astype("float32")
    matrix = (np.linalg.inv(_to_xyz(SRGB)) @ _to_xyz(space.primaries)).T.astype("float32")
    table = np.rint(255 * _encoded(np.linspace(0, 1, 1 << 16))).astype("uint8")
    values = np.array(image)
    step = max(1, STRIP // image.width)
    for top in range(0, image.height, step):
        light = (linear[values[top : top + step]] @ matrix).clip(0, 1)
        values[top : top + step] = table[np.rint(light * 65535).astype("uint16")]
    return Image.fromarray(values)


def _to_xyz(primaries):
    """Matrix from a space's linear RGB to XYZ as D65 sees it; None if it has none."""
    white, *colours = (np.array([x, y, 1 - x - y]) for x, y in np.reshape(primaries, (4, 2)))
    columns = np.transpose(colours)
    if min(white[1], *primaries[3::2]) <= 0 or abs(np.linalg.det(columns)) < 1e-3:
        return None
    white = white / white[1]
    matrix = columns * np.linalg.solve(columns, white)
    target = np.array([D65[0], D65[1], 1 - sum(D65)]) / D65[1]
    cones = np.diag((BRADFORD @ target) / (BRADFORD @ white))
    return np.linalg.inv(BRADFORD) @ cones @ BRADFORD @ matrix


def _light(values):
    """Light of sRGB's values from 0 to 1 (IEC 61966-2-1)."""
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _encoded(light):
    """sRGB's values of light from 0 to 1."""
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def _png_chunk(data, name):
    """What a PNG file has in its chunk of this name before the pixels; b"" if it has none."""
    place = 8 if data.startswith(b"\x89PNG") else len(data)
    while place + 12 <= len(data):
        length, kind = int.from_bytes(data[place : place + 4], "big"), data[place + 4 : place + 8]
        if kind == name:
            return data[place + 8 : place + 8 + length]
        if kind == b"IDAT":
            break
        place += 12 + length
    return b""


def _camera_says_adobe(image):
    """Whether EXIF says Adobe RGB in the way of cameras (DCF 2.0): uncalibrated, and "R03"."""
    with contextlib.suppress(Exception):  # broken EXIF data
        exif = image.getexif()
        if exif.get_ifd(_EXIF).get(_COLOUR_SPACE) == 1:
            return False
        index = exif.get_ifd(_INTEROPERABILITY).get(1, "")
        index = index.decode("ascii", "replace") if isinstance(index, bytes) else str(index)
        return index.startswith("R03")
    return False
