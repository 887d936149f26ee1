"""Turns the bytes of any picture file into an upright picture in sRGB."""

import contextlib
import io
import re
import warnings
from functools import partial

import numpy as np
from PIL import Image, ImageFile

from nst_helpers.errors import ImageError
from nst_helpers.machine import mending
from nst_helpers.machine.colourspace import gray_curve, stated_space, to_srgb
from nst_helpers.machine.transparency import (
    correct_transparency,
    hidden_gray,
    raw_mode,
    split_alpha,
)
from nst_helpers.machine.wording import reason, warn

HIDDEN = "is transparent everywhere: the colours beneath are used"
MOST_PIXELS = 120_000_000  # above a phone's 108 megapixels; decoding takes less than 2 GB

# Formats that Pillow gives to another program, such as Ghostscript, or can't decode.
_OTHER_PROGRAMS = {"BUFR", "EPS", "GRIB", "HDF5", "MPEG", "WMF"}
_HEIC_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
# What a file is that is no picture, by its first bytes, and what to do.
_OTHER_KINDS = {
    rb"\s*(<\?xml.*?\?>\s*)?(<!--.*?-->\s*)*(<!DOCTYPE svg.*?>\s*)?<svg": (
        "{name} is an SVG drawing: export it as PNG."
    ),
    rb"%PDF": "{name} is a PDF document: export the picture in it as PNG.",
    rb"PK\x03\x04": "{name} is a ZIP archive: unpack it and give a picture from it.",
    rb"\xff\x0a|\0\0\0\x0cJXL ": "{name} is a JPEG XL picture: convert it to JPEG or PNG.",
    rb"\x89PNG|\xff\xd8\xff|II\*\0|MM\0\*|GIF8|BM|RIFF....WEBP": (
        "{name} is damaged, cut short or of a rare kind: save it as a common JPEG or PNG."
    ),
}
_AVIF = "{name} is an AVIF picture: convert it to JPEG, or run pip install --upgrade pillow."
_WEB_PAGE = (
    rb"(\xef\xbb\xbf)?\s*(<\?xml.*?\?>\s*)?(<!--.*?-->\s*)*"
    rb"<(!doctype\s+html|html|head|body|title|meta|script)\b"
)
_ORIENTATION = 0x0112  # EXIF's tag for how the camera was held
_SUBFILE, _BITS, _PHOTOMETRIC, _SIGNED = 254, 258, 262, 339  # TIFF's tags
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(name, data, background="white", least=None):
    """Decodes a picture file; what had to be assumed is said in one warning.

    Args:
        name: What to call it in messages.
        data: Its bytes.
        background: Colour that shows through transparent parts.
        least: Pixels that the shorter side needs; a larger JPEG may be halved while it is read,
            which takes a part of the time and memory. None keeps the size.

    Returns:
        Upright PIL image in RGB.

    Raises:
        ImageError: If the bytes are no picture, or one that is damaged or too large.
    """
    notes = []
    opened = partial(Image.open, io.BytesIO(data), formats=_formats(data))
    with _clear_errors(name, data), opened() as image:
        if least:
            image.draft(None, (least, least))
        rgb = _to_rgb(name, image, background, notes, data)
        if _holds_several(image):
            notes.append("holds several pictures: the first is used")
    _say(name, notes)
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
    notes = []
    with _clear_errors(name):
        rgb = _to_rgb(name, image, background, notes)
    _say(name, notes)
    return rgb


def _say(name, notes):
    if notes:
        warn(f"{name} {'; it '.join(notes)}.", stacklevel=5)


@contextlib.contextmanager
def _clear_errors(name, data=b""):
    """Turns what Pillow raises into one sentence, and what it warns of into nothing."""
    try:
        with warnings.catch_warnings(), _own_limits():
            warnings.simplefilter("ignore")  # of odd files; what matters is said in `notes`
            yield
    except ImageError:
        raise
    except Image.DecompressionBombError as error:  # Pillow refuses twice as many by itself
        raise _too_large(name, int(re.search(r"\d+", str(error)).group())) from error
    except Image.UnidentifiedImageError as error:
        raise ImageError(_why_unidentified(name, data)) from error
    except MemoryError as error:
        raise ImageError(f"{name} needs more memory than there is: make it smaller.") from error
    except Exception as error:  # each of Pillow's decoders raises errors of its own
        raise ImageError(f"{name} is damaged or cut short: {reason(error)}.") from error


@contextlib.contextmanager
def _own_limits():
    """Pillow with our limits, whatever an earlier cell set."""
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = MOST_PIXELS, False
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before


def _to_rgb(name, image, background, notes, data=b""):
    raw = raw_mode(image)
    _check_size(name, image)
    image = opened = _loaded(image, data, notes)
    correct_transparency(image, raw, data)
    profile = None if image.mode == "LAB" else image.info.get("icc_profile")
    space, note = stated_space(opened, data)
    notes += [note] if note else []
    tags = getattr(opened, "tag_v2", {})
    if tags.get(_SUBFILE, 0) & 1:
        notes.append("holds a small preview first, which is used: give a raw photo as JPEG")
    if image.mode[0] in "IF":
        image = _eight_bit(image, tags, gray_curve(space) if space and not profile else None, notes)
        space = None
    image, alpha = split_alpha(_upright(image, opened))
    if alpha and not alpha.getextrema()[1]:
        alpha = None
        notes.append(HIDDEN)
    image, note = to_srgb(image, profile, space)
    notes += [note] if note else []
    if alpha:
        opaque, image = image, Image.new("RGB", image.size, background)
        image.paste(opaque, mask=alpha)
    return image


def _check_size(name, image):
    pixels = image.width * image.height
    if pixels > MOST_PIXELS:
        raise _too_large(name, pixels, f" ({image.width:,} × {image.height:,} pixels)")
    if not pixels:
        raise ImageError(f"{name} has no pixels: its size is {image.width} × {image.height}.")


def _loaded(image, data, notes):
    """The image with its pixels, also where the end of its file is missing."""
    try:
        image.load()
        if not mending.is_cut(data, image):
            notes += ["was cut short and is coarse"] * mending.is_coarse(data, image)
            return image
        data = mending.without_end(data)
        problem = OSError("its lower part is missing")
    except OSError as error:
        problem = error
    mended = data and mending.mend(data, partial(_load, formats=_formats(data)))
    if not mended:
        raise problem
    image, lost = mended
    if lost:
        notes.append(f"lacks the end of its file: parts of its last {lost} rows are a guess")
    return image


def _load(data, formats):
    image = Image.open(io.BytesIO(data), formats=formats)
    image.load()
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


def _why_unidentified(name, data):
    if _is_heic(data):
        return f"{name} is a HEIC picture: convert it to JPEG, or run pip install pillow-heif."
    if _is_avif(data) and "AVIF" not in Image.OPEN:
        return _AVIF.format(name=name)
    if re.match(_WEB_PAGE, data[:4096], re.DOTALL | re.IGNORECASE):
        own = "copy the picture's own address" if "://" in name else "save the picture in it"
        return f"{name} is a web page, not a picture: open it and {own}."
    for pattern, words in _OTHER_KINDS.items():
        if re.match(pattern, data[:4096], re.DOTALL):
            return words.format(name=name)
    return f"{name} is not a picture that can be read: save it as JPEG or PNG."


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


def _upright(image, opened):
    try:
        turn = _TURNS.get(opened.getexif().get(_ORIENTATION))
    except Exception:  # broken EXIF data is no reason to refuse the picture
        turn = None
    return image if turn is None else image.transpose(turn)


def _eight_bit(image, tags, curve, notes):
    """Scales gray of 16 bits or more, or in floats, to 8 bits, where Pillow's conversion clips.

    Integers within 0..65535 count as 16-bit, or as of the bits that a TIFF states, floats within
    0..1 or 0..255 as on that scale; other values are stretched from the least to the greatest. NaN
    becomes black.

    Args:
        image: PIL image in I or F.
        tags: A TIFF's tags.
        curve: Function to apply to the values from 0 to 1, or None.
        notes: List to which is added what was assumed.

    Returns:
        PIL image in L or LA.
    """
    values = np.asarray(image).astype("float32")
    finite = values[np.isfinite(values)]
    low, high = (finite.min(), finite.max()) if finite.size else (0, 0)
    scales = _integer_scales(tags) if image.mode[0] == "I" else (1, 255)
    top = next((top for top in scales if low >= 0 and high <= top), None)
    if top is None:
        notes.append(f"holds values within {low:.5g}..{high:.5g}, stretched from black to white")
    low, high = (low, high) if top is None else (0, top)
    if finite.size < values.size:
        notes.append("holds values that are no numbers (NaN) or infinite, made black or white")
    alpha = hidden_gray(image, values)
    values = np.nan_to_num(values, nan=low, posinf=high, neginf=low)
    step = (high / 2 - low / 2) or 1  # halves, since the difference may overflow float32
    values = (values / 2 - low / 2) / step
    values = 1 - values if tags.get(_PHOTOMETRIC) == 0 else values  # white is zero
    values = values if curve is None else curve(values)
    gray = Image.fromarray(np.rint(255 * values).astype("uint8"))
    if alpha:
        gray.putalpha(alpha)
    return gray


def _integer_scales(tags):
    """The values that may stand for white, the likeliest first."""
    (bits,), (signed,) = tags.get(_BITS, (16,))[:1], tags.get(_SIGNED, (1,))[:1]
    return (2 ** (bits - (signed == 2)) - 1, 65535) if bits <= 16 else (65535,)
