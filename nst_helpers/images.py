"""Loads, preprocesses, deprocesses and saves images."""

import contextlib
import numbers
import os
from pathlib import Path

import numpy as np
from PIL import Image

from nst_helpers.errors import FileError, ImageError
from nst_helpers.machine.arrays import is_array, mask_array, picture_array
from nst_helpers.machine.decoding import HIDDEN, MOST_PIXELS, decode, to_rgb
from nst_helpers.machine.encoding import check_picture_format, encoded
from nst_helpers.machine.files import check_writable, keep_elsewhere, write_atomically
from nst_helpers.machine.sources import read_source
from nst_helpers.machine.wording import warn

# Mean of VGG19's training images, in its channel order: blue, green, red.
IMAGENET_MEAN_BGR = np.array([103.939, 116.779, 123.68], dtype="float32")
LUMINANCE = np.array([0.299, 0.587, 0.114])  # of red, green, blue: the Y of YIQ and YCbCr


def load_image(source, rows=None, interpolation="nearest"):
    """Loads a picture of any kind as an upright RGB image.

    Gray, palette, 16-bit, float and CMYK pictures become RGB; colour profiles and a PNG's gamma are
    converted to sRGB. Transparent parts become white, and the rotation that a camera notes in the
    file is applied. What had to be assumed, such as that the first of several pictures in a file is
    meant, is said in one warning.

    Args:
        source: A path, a URL (http, https, file or data), a name from `PICTURES` of which there is
            no file, the bytes of a picture file, a file open for reading bytes, a PIL image, a
            result with its `image`, or an array or tensor of shape (rows, cols) or
            (rows, cols, 1, 3 or 4). Its integers lie within 0..255, or within 0..65535 in uint16
            if one is more than 255; its floats within 0..1, or within 0..255 if one is more than 1.
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
        source: Anything that `load_image` takes. An array's integers may also be 0 and 1 alone.

    Returns:
        Array of shape (rows, cols), float32, from 0 (outside) to 1 (inside).

    Raises:
        ImageError: If `source` is no picture or too large, or an array of another shape or with
            values out of range.
    """
    source = _without_wrapping(source)
    if is_array(source) and not isinstance(source, (str, bytes)):
        values = mask_array(source)
    else:
        values = np.asarray(_open_rgb(source, background="black")) / 255
    return _to_luminance(values).astype("float32")


def save_image(path, image, comment=None):
    """Saves an image; its ending chooses the format. The file is written completely or not at all.

    A file that is there keeps its mode and, where the system allows it, its owner.

    Args:
        path: File to write, ending in .png, .jpg or another ending that Pillow can write.
        image: Array of shape (rows, cols, 3), uint8, RGB; another array or tensor that `load_image`
            takes, a PIL image, or a result with its `image`.
        comment: Text that a PNG keeps, such as how the image was made; other formats leave it out.

    Raises:
        ImageError: If the ending stands for no format, the format can't hold such an image, or the
            file can't be written.
    """
    path, image = _in_order(path, image)
    with _image_errors():
        path = check_writable(path)
    format = check_picture_format(path)
    with _image_errors():
        write_atomically(path, encoded(path, format, _image_to_save(image), comment))


def keep_image(path, image):
    """Saves an image by all means: what took long to paint must not be lost.

    Where `save_image` fails, the image is written as PNG, under another name beside the file or in
    another folder, and a warning says where.

    Args:
        path, image: As for `save_image`.

    Returns:
        `Path` of the file that was written.

    Raises:
        ImageError: If it is no image, or can't be written anywhere.
    """
    path, image = _in_order(path, image)
    try:
        save_image(path, image)
        return Path(path).expanduser()
    except ImageError as error:
        problem = error
    with _image_errors():
        kept = keep_elsewhere(path, encoded(path, "PNG", _image_to_save(image)), ".png")
    warn(f"{problem} The picture is in {kept}.", stacklevel=2)
    return kept


def _in_order(path, image):
    """The path and the image, though they were given the other way round."""
    if not _is_name(path) and _is_name(image):
        path, image = image, path
    if not _is_name(path) or _is_name(image):
        raise ImageError(
            "save_image takes a file's name and an image, as in save_image('painted.png', "
            f"result.image), not {type(path).__name__} and {type(image).__name__}."
        )
    return path, image


def _is_name(thing):
    return isinstance(thing, (str, os.PathLike))


def _image_to_save(image):
    image = _without_wrapping(image)
    if isinstance(image, Image.Image):
        return image if image.mode in ("L", "RGB", "RGBA") else to_rgb("the PIL image", image)
    if is_array(image):
        return Image.fromarray(picture_array(image, "the image to save"))
    raise ImageError(
        "save_image takes an image as an array of shape (rows, cols, 3), such as result.image, "
        f"not {type(image).__name__}."
    )


def _without_wrapping(thing):
    """The image of a run's result, else the thing itself."""
    image = None if isinstance(thing, Image.Image) else getattr(thing, "image", None)
    return image if isinstance(image, np.ndarray) else thing


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
    source = _without_wrapping(source)
    if isinstance(source, Image.Image):
        return to_rgb("the PIL image", source, background)
    if isinstance(source, (str, bytes)) or not is_array(source):
        return decode(*read_source(source), background)
    array = picture_array(source)
    if array.max() == 1:
        warn(
            "the array is black, since it holds no more than 1 of 255: give array.astype(bool) for "
            "black and white.",
            stacklevel=3,
        )
    return to_rgb("the array", Image.fromarray(array), background)


def _to_luminance(values):
    """Turns channels, if there are any, into luminance over black."""
    if values.ndim == 2:
        return values
    luminance = values[:, :, :3] @ LUMINANCE
    if values.shape[2] == 3:
        return luminance
    if not values[:, :, 3].any():
        warn(f"the array {HIDDEN}.", stacklevel=3)
        return luminance
    return luminance * values[:, :, 3]
