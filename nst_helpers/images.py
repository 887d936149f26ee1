"""Pictures in and out of arrays: load, preprocess for VGG19, the way back, and save."""

import io
import numbers
from pathlib import Path

import numpy as np
from PIL import Image

from nst_helpers.decoding import MOST_PIXELS, decode, to_rgb
from nst_helpers.files import check_writable, write_atomically
from nst_helpers.sources import ImageError, one_line, read_source

# Mean of the pictures that VGG19 was trained on, in its channel order: blue, green, red.
IMAGENET_MEAN_BGR = np.array([103.939, 116.779, 123.68], dtype="float32")

LEAST_SPREAD = 2  # gray levels: less, as in a gray picture, is noise, and not to be made larger


def load_image(source, rows=None, interpolation="nearest"):
    """Loads a picture, upright and in three channels, whatever its file looks like.

    Gray, palette, 16-bit, float and CMYK pictures become RGB, and colours of another profile sRGB.
    Transparency is laid over white, and the rotation that a camera notes in the file is applied.
    Of several pictures in a file the first is used, with a warning.

    Args:
        source: A path, a URL, the bytes of a picture file, a PIL image, or a uint8 array of shape
            (rows, cols), (rows, cols, 3) or (rows, cols, 4).
        rows: Height in pixels to resize to; the width follows as int(width * rows / height).
            None keeps the size.
        interpolation: "nearest", the document's (and Keras's) default, or "lanczos", smoother.

    Returns:
        Array of shape (rows, cols, 3), uint8, RGB.

    Raises:
        ImageError: If there is no picture at `source`, it is too large, or `rows` is not positive.
    """
    image = _open_rgb(source)
    if rows is not None:
        _check_sides(rows=rows)
        width, height = image.size
        image = _resize(image, rows, max(1, int(width * rows / height)), interpolation)
    return np.array(image)


def preprocess_image(source, rows, cols, interpolation="nearest"):
    """Turns a picture into what VGG19 was trained on (document, "Image preprocessing").

    Args:
        source: Anything that `load_image` takes.
        rows, cols: Size in pixels to resize to; the aspect ratio is not kept.
        interpolation: "nearest" (the document's) or "lanczos".

    Returns:
        Array of shape (1, rows, cols, 3), float32, BGR, on the 0..255 scale less the ImageNet mean.

    Raises:
        ImageError: If there is no picture at `source`, it is too large, or the size not positive.
    """
    _check_sides(rows=rows, cols=cols)
    rgb = np.asarray(_resize(_open_rgb(source), rows, cols, interpolation), dtype="float32")
    return rgb[np.newaxis, :, :, ::-1] - IMAGENET_MEAN_BGR


def deprocess_image(x):
    """The way back from `preprocess_image`: adds the mean, flips BGR to RGB, clips to 0..255.

    Args:
        x: Array or tensor of shape (1, rows, cols, 3) or (rows, cols, 3), BGR less the mean.

    Returns:
        Array of shape (rows, cols, 3), uint8, RGB.
    """
    x = np.asarray(x, dtype="float32")
    x = x.reshape(x.shape[-3:]) + IMAGENET_MEAN_BGR
    return np.clip(x[:, :, ::-1], 0, 255).astype("uint8")


def match_colours(image, reference):
    """Gives an image the colours of another: their mean, spread and correlations.

    T (x - mean) + mean_r for each pixel x, where T = Σ^-½ (Σ^½ Σ_r Σ^½)^½ Σ^-½ with the channels'
    covariances Σ: of all linear transfers the one that moves the colours least (Pitié and Kokaram,
    *The Linear Monge-Kantorovitch Linear Colour Mapping*, 2007).

    Args:
        image, reference: Arrays of shape (1, rows, cols, 3), each of any size.

    Returns:
        Array of the image's shape, float32; its values may lie beyond 0..255.
    """
    (mean, covariance), (mean_r, covariance_r) = map(_colour_statistics, (image, reference))
    root, inverse_root = _power(covariance, 0.5), _power(covariance, -0.5)
    transfer = inverse_root @ _power(root @ covariance_r @ root, 0.5) @ inverse_root
    return ((image - mean) @ transfer + mean_r).astype("float32")


def save_image(path, image):
    """Writes a picture; the file appears whole or not at all, and its name chooses the format.

    Args:
        path: File to write, ending in .png, .jpg or another ending that Pillow can write.
        image: Array of shape (rows, cols, 3), uint8, RGB.

    Raises:
        ImageError: If the ending stands for no format, the format can't hold that picture, or the
            file can't be written.
    """
    path = check_writable(path)
    format = check_picture_format(path)
    options = {"quality": 92, "subsampling": 0} if format == "JPEG" else {}
    picture, data = _from_array(np.asarray(image)), io.BytesIO()
    try:
        picture.save(data, format, **options)
    except Exception as error:  # WebP, for one, ends at 16,383 pixels a side
        raise ImageError(f"{path} can't be written as {format}: {one_line(error)}.") from error
    write_atomically(path, data.getvalue())


def check_picture_format(path):
    """Name of the format that a file's ending stands for, such as "PNG".

    Args:
        path: File that will be written.

    Returns:
        Pillow's name of the format.

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


def _colour_statistics(image):
    pixels = image.reshape(-1, 3).astype("float64")
    return pixels.mean(axis=0), np.cov(pixels.T, bias=True)


def _power(covariance, exponent):
    """The power of a symmetric matrix."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.maximum(values, LEAST_SPREAD**2) ** exponent @ vectors.T


def _open_rgb(source):
    """The picture as an upright PIL image in RGB."""
    if isinstance(source, np.ndarray):
        return to_rgb("the array", _from_array(source))
    if isinstance(source, Image.Image):
        return to_rgb("the PIL image", source)
    return decode(*read_source(source))


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
