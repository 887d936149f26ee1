"""Finds out which parts of a picture are transparent, also where Pillow's own answer is wrong."""

import io

import numpy as np
from PIL import Image

PNG_BITS = {"1": 1, "L;2": 2, "L;4": 4, "L": 8, "RGB": 8, "I;16B": 16, "RGB;16B": 16}


def raw_mode(image):
    """How the pixels of a PNG stand in its file; None for another file, or once it is loaded."""
    tiles = getattr(image, "tile", None)
    return tiles[0][3] if image.format == "PNG" and tiles else None


def correct_transparency(image, raw, data=b""):
    """Corrects the transparent colour of a PNG, which Pillow notes on the scale of the file.

    Args:
        image: Loaded PIL image in L or RGB, which is changed.
        raw: Its `raw_mode` before it was loaded.
        data: The file's bytes; without them, colours that are the same in 8 bits are the same.
    """
    colour, bits = image.info.get("transparency"), PNG_BITS.get(raw)
    if image.mode not in ("L", "RGB") or bits is None or not isinstance(colour, (int, tuple)):
        return
    colour = np.bitwise_and(colour, (1 << bits) - 1)  # as the PNG standard says
    scaled = colour >> 8 if bits == 16 else colour * (255 // ((1 << bits) - 1))
    image.info["transparency"] = scaled.tolist() if scaled.ndim == 0 else tuple(scaled.tolist())
    if bits == 16 and data:
        hidden = (np.asarray(image) == scaled).all(axis=2)
        hidden &= (_low_bytes(data) == colour & 255).all(axis=2)
        del image.info["transparency"]
        image.putalpha(_alpha(hidden))


def _low_bytes(data):
    """The lower bytes of a PNG in RGB with 16 bits, of which Pillow reads the upper ones."""
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        image.tile = [(*image.tile[0][:3], "RGB;16L")]
        image.load()
        return np.asarray(image)


def hidden_gray(image, values):
    """The alpha channel of gray with 16 bits that has a transparent value, None without one."""
    value = image.info.get("transparency")
    if not isinstance(value, int):
        return None
    return _alpha(values == value)


def _alpha(hidden):
    return Image.fromarray(np.where(hidden, 0, 255).astype("uint8"))


def split_alpha(image):
    """Splits a picture into opaque L, RGB or CMYK and its alpha channel, None if it has none."""
    mode = "L" if image.mode in ("1", "L", "LA", "La") else "RGB"
    if image.has_transparency_data:
        image = image.convert(f"{mode}A")
        return image.convert(mode), image.getchannel("A")
    return image if image.mode in (mode, "CMYK") else image.convert(mode), None
