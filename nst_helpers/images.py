"""Pictures in and out of arrays: load, preprocess for VGG19, the way back, and save."""

import io
import os
import tempfile
import urllib.request
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

# Mean of the pictures that VGG19 was trained on, in its channel order: blue, green, red.
IMAGENET_MEAN_BGR = np.array([103.939, 116.779, 123.68], dtype="float32")

DOWNLOAD_TIMEOUT = 10  # seconds without an answer


class ImageError(ValueError):
    """A picture that can't be read or written; the message says why and what to do."""


def load_image(source, rows=None, interpolation="nearest"):
    """Loads a picture, upright and in three channels, whatever its file looks like.

    Gray, palette, 16-bit and CMYK pictures become RGB, transparency is laid over white, and the
    rotation that a camera notes in the file is applied.

    Args:
        source: A path, a URL, the bytes of a picture file, a PIL image, or a uint8 array of shape
            (rows, cols), (rows, cols, 3) or (rows, cols, 4).
        rows: Height in pixels to resize to; the width follows as int(width * rows / height).
            None keeps the size.
        interpolation: "nearest", the document's (and Keras's) default, or "lanczos", smoother.

    Returns:
        Array of shape (rows, cols, 3), uint8, RGB.

    Raises:
        ImageError: If there is no picture at `source`, or `rows` is not positive.
    """
    image = _open_rgb(source)
    if rows is not None:
        if rows < 1:
            raise ImageError(f"rows must be 1 or more, not {rows}.")
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
        ImageError: If there is no picture at `source`, or the size is not positive.
    """
    if rows < 1 or cols < 1:
        raise ImageError(f"rows and cols must be 1 or more, not {rows} and {cols}.")
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


def save_image(path, image):
    """Writes a picture; the file appears whole or not at all, and its name chooses the format.

    Args:
        path: File to write, ending in .png, .jpg or another ending that Pillow can write.
        image: Array of shape (rows, cols, 3), uint8, RGB.

    Raises:
        ImageError: If the ending stands for no format or the file can't be written.
    """
    path = check_writable(path)
    format = check_picture_format(path)
    options = {"quality": 92, "subsampling": 0} if format == "JPEG" else {}
    data = io.BytesIO()
    Image.fromarray(image).save(data, format, **options)
    write_atomically(path, data.getvalue())


def check_writable(path):
    """Finds out that a file can be written before a long run rather than after it.

    Args:
        path: File that will be written.

    Returns:
        The same as a `Path`.

    Raises:
        ImageError: If the folder is missing or read-only, or a folder has that name.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        raise ImageError(f"{path} is a folder: give the name of a file in it.")
    if not path.parent.is_dir():
        raise ImageError(f"{path}: the folder {path.parent} does not exist: make it first.")
    try:  # the only sure way to know
        with tempfile.TemporaryFile(dir=path.parent):
            pass
        if path.exists():
            path.open("r+b").close()
    except OSError as error:
        raise ImageError(f"{path} can't be written: {error.strerror}.") from error
    return path


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


def write_atomically(path, data):
    """Writes bytes; a kill or a full disk leaves the old file whole and no half of a new one.

    Args:
        path: File to write.
        data: Its bytes.

    Raises:
        ImageError: If the file can't be written.
    """
    path = Path(path)
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=".nst_helpers-", delete=False
        ) as file:
            temporary = file.name
            file.write(data)
        os.chmod(temporary, 0o666 & ~_umask())  # as a plain open() would have made it
        os.replace(temporary, path)
    except OSError as error:
        raise ImageError(f"{path} can't be written: {error.strerror}.") from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _resize(image, rows, cols, interpolation):
    filters = {"nearest": Image.Resampling.NEAREST, "lanczos": Image.Resampling.LANCZOS}
    if interpolation not in filters:
        raise ImageError(f"interpolation must be one of {sorted(filters)}, not {interpolation!r}.")
    return image.resize((cols, rows), filters[interpolation])


def _open_rgb(source):
    """The picture as an upright PIL image in RGB."""
    if isinstance(source, np.ndarray):
        return _to_rgb(_from_array(source))
    if isinstance(source, Image.Image):
        return _to_rgb(source)
    name, data = _read(source)
    if not data:
        raise ImageError(f"{name} is empty: it holds no picture.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                return _to_rgb(image)
    except Image.DecompressionBombError as error:
        raise ImageError(f"{name} is too large to open: {error}") from error
    except Image.UnidentifiedImageError as error:
        raise ImageError(f"{name} is not a picture that can be read (JPEG, PNG …).") from error
    except Exception as error:  # each of Pillow's decoders fails in a way of its own
        raise ImageError(f"{name} is damaged or cut short: {error}.") from error


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


def _read(source):
    """Name to use in messages, and bytes."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return "the picture given as bytes", bytes(source)
    if str(source).startswith(("http://", "https://")):
        return source, _download(source)
    try:
        return str(source), Path(source).expanduser().read_bytes()
    except FileNotFoundError as error:
        raise ImageError(f"{source} does not exist: check the name and the folder.") from error
    except IsADirectoryError as error:
        raise ImageError(f"{source} is a folder: give a picture file in it.") from error
    except OSError as error:
        if Path(source).is_dir():  # Windows calls this a permission error
            raise ImageError(f"{source} is a folder: give a picture file in it.") from error
        raise ImageError(f"{source} can't be read: {error.strerror}.") from error
    except TypeError as error:
        raise ImageError(
            "a picture is given as a path, URL, bytes, PIL image or array, "
            f"not {type(source).__name__}."
        ) from error


def _download(url):
    # Some hosts turn away Python's own name.
    request = urllib.request.Request(url, headers={"User-Agent": "Mozilla/5.0 (nst_helpers)"})
    try:
        with urllib.request.urlopen(request, timeout=DOWNLOAD_TIMEOUT) as answer:
            return answer.read()
    except OSError as error:
        raise ImageError(f"{url} can't be downloaded: {error}.") from error


def _to_rgb(image):
    image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I"):  # 16 bits a pixel: Pillow's own conversion would cut, not scale
        image = Image.fromarray((np.asarray(image).clip(0, 65535) // 257).astype("uint8"))
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")
