"""Turns the bytes of any picture file into an upright picture in sRGB."""

import contextlib
import io
import re
import warnings

import numpy as np
from PIL import Image, ImageCms

from nst_helpers.errors import ImageError, one_line

MOST_PIXELS = 120_000_000  # above a phone's 108 megapixels; decoding takes less than 2 GB

# Formats that Pillow gives to another program, such as Ghostscript, or can't decode.
_OTHER_PROGRAMS = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_ORIENTATION = 0x0112  # EXIF's tag for how the camera was held
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(name, data, background="white"):
    """Decodes a picture file; of several pictures in it, the first, with a warning.

    Args:
        name: What to call it in messages.
        data: Its bytes.
        background: Colour that shows through transparent parts.

    Returns:
        Upright PIL image in RGB.

    Raises:
        ImageError: If the bytes are no picture, or one that is damaged or too large.
    """
    with _clear_errors(name, data), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's about odd files; what matters is said below
        with Image.open(io.BytesIO(data), formats=_formats(data)) as image:
            rgb, several = to_rgb(name, image, background), _holds_several(image)
    if several:
        warnings.warn(f"{name} holds several pictures: the first is used.", stacklevel=4)
    return rgb


def to_rgb(name, image, background="white"):
    """Turns a PIL image upright, converts it to sRGB, and puts a background behind it.

    Args:
        name: What to call it in messages.
        image: PIL image of any mode.
        background: Colour that shows through transparent parts.

    Returns:
        PIL image in RGB.

    Raises:
        ImageError: If it has no pixels or too many, or can't be decoded.
    """
    with _clear_errors(name):
        return _to_rgb(name, image, background)


@contextlib.contextmanager
def _clear_errors(name, data=b""):
    """Turns what Pillow raises into one sentence."""
    try:
        yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:  # Pillow refuses 179 megapixels by itself
        raise _too_large(name, int(re.search(r"\d+", str(error)).group())) from error
    except Image.UnidentifiedImageError as error:
        raise ImageError(f"{name} {_why_unidentified(data)}") from error
    except MemoryError as error:
        raise ImageError(f"{name} needs more memory than there is: make it smaller.") from error
    except Exception as error:  # each of Pillow's decoders raises errors of its own
        raise ImageError(f"{name} is damaged or cut short: {one_line(error)}.") from error


def _to_rgb(name, image, background):
    pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        raise _too_large(name, pixels, f" ({image.width:,} × {image.height:,} pixels)")
    if not pixels:
        raise ImageError(f"{name} has no pixels: its size is {image.width} × {image.height}.")
    image.load()
    profile = image.info.get("icc_profile")
    image, alpha = _split_alpha(_eight_bit(_upright(image)))
    image = _to_srgb(image, profile)
    if alpha:
        opaque, image = image, Image.new("RGB", image.size, background)
        image.paste(opaque, mask=alpha)
    return image


def _formats(data):
    Image.init()
    if _is_heic(data):
        with contextlib.suppress(ImportError):
            import pillow_heif

            pillow_heif.register_heif_opener()
    return [name for name in Image.OPEN if name not in _OTHER_PROGRAMS]


def _is_heic(data):
    return data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS and not _is_avif(data)


def _is_avif(data):
    return data[4:8] == b"ftyp" and b"avi" in data[8:40]


def _why_unidentified(data):
    if _is_heic(data):
        return "is a HEIC picture: convert it to JPEG, or run pip install pillow-heif."
    if _is_avif(data) and "AVIF" not in Image.OPEN:
        return "is an AVIF picture: convert it to JPEG, or run pip install --upgrade pillow."
    return "is not a picture that can be read: save it as JPEG or PNG."


def _holds_several(image):
    if image.format == "MPO":  # a phone's JPEG, with a preview behind it
        return False
    try:
        return getattr(image, "is_animated", False)
    except Exception:  # the second picture is damaged, but not needed
        return True


def _too_large(name, pixels, size=""):
    return ImageError(
        f"{name} has {pixels / 1e6:,.0f} megapixels{size}, "
        f"more than the {MOST_PIXELS // 10**6} that can be opened: make it smaller first."
    )


def _upright(image):
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION))
    except Exception:  # broken EXIF data is no reason to refuse the picture
        turn = None
    return image if turn is None else image.transpose(turn)


def _eight_bit(image):
    """Scales gray of 16 bits or more, or in floats, to 8 bits, where Pillow's conversion clips.

    Integers within 0..65535 count as 16-bit, floats within 0..1 or 0..255 as on that scale; other
    values are stretched from the least to the greatest. NaN becomes black.
    """
    if image.mode[0] not in "IF":
        return image
    values = np.asarray(image, dtype="float32")
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0, 0)
    scales = (65535,) if image.mode[0] == "I" else (1, 255)
    low, high = next(((0, top) for top in scales if low >= 0 and high <= top), (low, high))
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    step = (high / 2 - low / 2) / 127.5 or 1  # halves, since the difference may overflow float32
    return Image.fromarray(np.rint((values / 2 - low / 2) / (step / 2)).astype("uint8"))


def _split_alpha(image):
    """Splits a picture into opaque L, RGB or CMYK and its alpha channel, None if it has none."""
    mode = "L" if image.mode in ("1", "L", "LA", "La") else "RGB"
    if image.has_transparency_data:
        image = image.convert(f"{mode}A")
        return image.convert(mode), image.getchannel("A")
    return image if image.mode in (mode, "CMYK") else image.convert(mode), None


def _to_srgb(image, profile):
    """Converts to RGB by the colour profile in the file."""
    if profile:
        srgb = ImageCms.createProfile("sRGB")
        with contextlib.suppress(Exception):  # a broken profile, or one for another mode
            profile = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return ImageCms.profileToProfile(image, profile, srgb, outputMode="RGB")
    return image if image.mode == "RGB" else image.convert("RGB")
