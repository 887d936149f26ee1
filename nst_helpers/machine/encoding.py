"""Turns pictures into the bytes of a file, and finds out beforehand whether that can be done."""

import contextlib
import functools
import io
import warnings
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

from nst_helpers.errors import ImageError
from nst_helpers.machine.wording import reason, short

COMMENT = "Comment"  # one of the names that the PNG specification gives to texts


def check_picture_format(path, size=None):
    """Finds the picture format that a file's ending stands for.

    Args:
        path: File that will be written.
        size: Rows and cols of the picture that will be written, if known.

    Returns:
        Pillow's name of the format, such as "PNG".

    Raises:
        ImageError: If Pillow can't write that kind of file, or none of that size.
    """
    suffix = Path(path).suffix.lower()
    format = Image.registered_extensions().get(suffix)
    if format not in Image.SAVE:
        raise ImageError(
            f"{short(path)}: no picture format ends in {short(suffix)!r}: use .png or .jpg."
        )
    problem = _why_unwritable(format)
    if size and not problem:
        rows, cols = size
        problem = _why_unwritable(format, (1, rows)) or _why_unwritable(format, (cols, 1))
    if problem:
        raise ImageError(f"{short(path)} can't be written as {format} ({problem}): use .png.")
    return format


@functools.cache
def _why_unwritable(format, size=(300, 2)):
    """Why a format can't hold a picture of this width and height, found out by trying; else None.

    300 pixels are more than an icon has.
    """
    data = io.BytesIO()
    try:
        _write(Image.new("RGB", size), data, format)
    except Exception as error:  # each of Pillow's encoders raises errors of its own
        return reason(error)
    with contextlib.suppress(Exception), Image.open(data, formats=[format]) as image:
        if image.size != size:
            return "it would change the picture's size"
    return None


def _write(picture, file, format, comment=None):
    options = {"quality": 92, "subsampling": 0} if format == "JPEG" else {}
    if format == "PNG" and comment:
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_text(COMMENT, comment)
    with warnings.catch_warnings(action="ignore"):  # of formats that Pillow will give up
        picture.save(file, format, **options)


def encoded(path, format, picture, comment=None):
    """The bytes of a picture file.

    Args:
        path: What to call it in messages.
        format: Pillow's name of its format.
        picture: PIL image.
        comment: Text that a PNG keeps; other formats leave it out.

    Raises:
        ImageError: If the format can't hold the picture.
    """
    data = io.BytesIO()
    try:
        _write(picture, data, format, comment)
    except Exception as error:  # such as for WebP with a side over 16,383 pixels
        raise ImageError(f"{short(path)} can't be written as {format}: {reason(error)}.") from error
    return data.getvalue()


def comment_of(data):
    """The comment in the bytes of a picture file, or None."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.info.get(COMMENT)
    except Exception:  # each of Pillow's decoders raises errors of its own
        return None
