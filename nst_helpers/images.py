"""Loads, preprocesses, deprocesses and saves images."""

import contextlib
import io
import numbers
from pathlib import Path

import numpy as np
from PIL import Image

from nst_helpers.errors import FileError, ImageError, one_line
from nst_helpers.machine.decoding import MOST_PIXELS, decode, to_rgb
from nst_helpers.machine.files import check_writable, write_atomically
from nst_helpers.machine.sources import read_source

# Mean of VGG19's training images, in its channel order: blue, green, red.
IMAGENET_MEAN_BGR = np.array([103.939, 116.779, 123.68], dtype="float32")
LUMINANCE = np.array([0.299, 0.587, 0.114])  # of red, green, blue: the Y of YIQ and YCbCr


def load_image(source, rows=None, interpolation="nearest"):
    """Loads a picture of any kind as an upright RGB image.

    Gray, palette, 16-bit, float and CMYK pictures become RGB; colour profiles are converted to
    sRGB. Transparent parts become white, and the rotation that a camera notes in the file is
    applied. If a file holds several pictures, the first is used, with a warning.

    Args:
        source: A path, a URL, the bytes of a picture file, a PIL image, or a uint8 array of shape
            (rows, cols), (rows, cols, 3) or (rows, cols, 4).
        rows: Height in pixels to resize to; the width follows as int(width * rows / height).
            None keeps the size.
        interpolation: "nearest", Keras's default, or the smoother "lanczos".

    Returns:
        Array of shape (rows, cols, 3), uint8, RGB.

    Raises:
        ImageError: If `source` is no picture or too large, or `rows` is not positive.
    """
    image = _open_rgb(source)
    if rows is not None:
        _check_sides(rows=rows)
        width, height = image.size
        image = _resize(image, rows, max(1, int(width * rows / height)), interpolation)
    return np.array(image)


def preprocess_image(source, rows, cols, interpolation="nearest"):
    """Turns a picture into the input that VGG19 was trained on.

    Args:
        source: Anything that `load_image` takes.
        rows, cols: Size in pixels to resize to; the aspect ratio is not kept.
        interpolation: "nearest", Keras's default, or the smoother "lanczos".

    Returns:
        Array of shape (1, rows, cols, 3), float32, BGR, on the 0..255 scale minus the mean.

    Raises:
        ImageError: If `source` is no picture or too large, or the size is not positive.
    """
    _check_sides(rows=rows, cols=cols)
    rgb = np.asarray(_resize(_open_rgb(source), rows, cols, interpolation), dtype="float32")
    return rgb[np.newaxis, :, :, ::-1] - IMAGENET_MEAN_BGR


def deprocess_image(x):
    """Undoes `preprocess_image`: adds the mean, flips BGR to RGB, clips to 0..255.

    Args:
        x: Array or tensor of shape (1, rows, cols, 3) or (rows, cols, 3), BGR minus the mean.

    Returns:
        Array of shape (rows, cols, 3), uint8, RGB.
    """
    x = np.asarray(x, dtype="float32")
    x = x.reshape(x.shape[-3:]) + IMAGENET_MEAN_BGR
    return np.clip(x[:, :, ::-1], 0, 255).astype("uint8")


def load_region(source):
    """Loads a region: a mask that says how much each position of a picture belongs to it.

    A picture is read as its luminance: white belongs to the region, black and transparent parts do
    not.

    Args:
        source: A path, a URL, the bytes of a picture file, a PIL image, or an array of shape
            (rows, cols), (rows, cols, 1), (rows, cols, 3) for RGB or (rows, cols, 4) for RGBA. It
            holds booleans, floats from 0 to 1, or integers: from 0 to 1 if the largest is 1, else
            from 0 to 255.

    Returns:
        Array of shape (rows, cols), float32, from 0 (outside) to 1 (inside).

    Raises:
        ImageError: If `source` is no picture or too large, or an array of another shape or with
            values out of range.
    """
    if isinstance(source, np.ndarray):
        values = _unit_values(source)
    else:
        values = np.asarray(_open_rgb(source, background="black")) / 255
    return _to_luminance(values).astype("float32")


def save_image(path, image):
    """Saves an image; its ending chooses the format. The file is written completely or not at all.

    Args:
        path: File to write, ending in .png, .jpg or another ending that Pillow can write.
        image: Array of shape (rows, cols, 3), uint8, RGB.

    Raises:
        ImageError: If the ending stands for no format, the format can't hold such an image, or the
            file can't be written.
    """
    with _image_errors():
        path = check_writable(path)
    format = check_picture_format(path)
    options = {"quality": 92, "subsampling": 0} if format == "JPEG" else {}
    picture, data = _from_array(np.asarray(image)), io.BytesIO()
    try:
        picture.save(data, format, **options)
    except Exception as error:  # such as for WebP with a side over 16,383 pixels
        raise ImageError(f"{path} can't be written as {format}: {one_line(error)}.") from error
    with _image_errors():
        write_atomically(path, data.getvalue())


def check_picture_format(path):
    """Finds the picture format that a file's ending stands for.

    Args:
        path: File that will be written.

    Returns:
        Pillow's name of the format, such as "PNG".

    Raises:
        ImageError: If Pillow can't write that kind of file.
    """
    suffix = Path(path).suffix.lower()
    format = Image.registered_extensions().get(suffix)
    if format not in Image.SAVE:
        raise ImageError(f"{path}: no picture format ends in {suffix!r}: use .png or .jpg.")
    return format


def _check_sides(**sides):
    for name, side in sides.items():
        if not isinstance(side, numbers.Integral) or isinstance(side, bool) or side < 1:
            raise ImageError(f"{name} must be a whole number, 1 or more, not {side!r}.")


def _resize(image, rows, cols, interpolation):
    filters = {"nearest": Image.Resampling.NEAREST, "lanczos": Image.Resampling.LANCZOS}
    if interpolation not in list(filters):
        raise ImageError(f"interpolation must be one of {sorted(filters)}, not {interpolation!r}.")
    if rows * cols > MOST_PIXELS:
        raise ImageError(
            f"{rows:,} × {cols:,} is more than {MOST_PIXELS // 10**6} megapixels: use fewer rows."
        )
    return image.resize((cols, rows), filters[interpolation])


@contextlib.contextmanager
def _image_errors():
    """Turns a `FileError` into an `ImageError` with the same message."""
    try:
        yield
    except FileError as error:
        raise ImageError(str(error)) from error


def _open_rgb(source, background="white"):
    """Opens a picture as an upright PIL image in RGB."""
    if isinstance(source, np.ndarray):
        return to_rgb("the array", _from_array(source), background)
    if isinstance(source, Image.Image):
        return to_rgb("the PIL image", source, background)
    return decode(*read_source(source), background)


def _unit_values(array):
    """Checks a region's array and scales it to 0..1."""
    if 0 in array.shape or not (
        array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (1, 3, 4))
    ):
        raise ImageError(
            "a region's array must have shape (rows, cols) or (rows, cols, 1, 3 or 4), "
            f"not {array.shape}."
        )
    if array.dtype.kind not in "buif":
        raise ImageError(f"a region's array must hold numbers or booleans, not {array.dtype}.")
    whole, low, high = array.dtype.kind in "ui", array.min(), array.max()
    top = 255 if whole and high > 1 else 1
    if not (low >= 0 and high <= top):  # not (low < 0 or high > top), which is false for NaN
        raise ImageError(
            f"a region's {'integers' if whole else 'floats'} must lie within 0..{top}, "
            f"not {low}..{high}."
        )
    return array.astype("float64") / top


def _to_luminance(values):
    """Turns channels, if there are any, into luminance over black."""
    if values.ndim == 2:
        return values
    if values.shape[2] == 1:
        return values[:, :, 0]
    luminance = values[:, :, :3] @ LUMINANCE
    return luminance * values[:, :, 3] if values.shape[2] == 4 else luminance


def _from_array(array):
    if array.dtype != np.uint8:
        raise ImageError(
            f"an array must hold uint8 values from 0 to 255, not {array.dtype}: "
            "for floats from 0 to 1, give (255 * array).astype('uint8')."
        )
    if 0 in array.shape or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise ImageError(
            f"an array must have shape (rows, cols), (rows, cols, 3) or (rows, cols, 4), "
            f"not {array.shape}."
        )
    return Image.fromarray(array)
