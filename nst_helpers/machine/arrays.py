"""Turns what people have in hand, arrays and tensors of many kinds, into arrays of pictures."""

import numpy as np

from nst_helpers.errors import ImageError
from nst_helpers.machine.wording import reason

CHANNELS = 1, 3, 4  # gray, RGB, RGBA
GRAY_AND_ALPHA = 2  # channels that are not taken
LEEWAY = 2e-3  # of a float scale; interpolation goes past its ends by rounding
LEAST_OF_255 = 2  # a brighter picture than this fills 0..255, not 0..1


def is_array(source):
    """Whether something is an array, or turns into one, as TensorFlow's and PyTorch's tensors."""
    return hasattr(type(source), "__array__") or hasattr(type(source), "numpy")


def picture_array(source, what="an array"):
    """Turns an array or a tensor into a picture.

    Booleans are black and white. Integers lie within 0..255, those of 16 bits without a sign within
    0..65535 if one is more than 255. Floats lie within 0..1, or within 0..255 if one is more than
    1. Axes of length 1 are left out, and channels that come first are put last.

    Args:
        source: Anything for which `is_array` holds.
        what: What to call it in messages.

    Returns:
        Array of shape (rows, cols), (rows, cols, 3) or (rows, cols, 4), uint8.

    Raises:
        ImageError: If its shape or its values are those of no picture, or leave doubts.
    """
    array = _to_array(source, what)
    if array.dtype == np.uint8:
        return array
    top = _top(array, what)
    if array.dtype.kind in "ui" and top == 255:
        return array.astype("uint8")
    return np.rint(_unit(array, top) * 255).astype("uint8")


def mask_array(source, what="a region's array"):
    """Turns an array or a tensor into a mask, like `picture_array`; integers may be 0 and 1.

    Args:
        source: Anything for which `is_array` holds.
        what: What to call it in messages.

    Returns:
        Array of shape (rows, cols), (rows, cols, 3) or (rows, cols, 4), float32, within 0..1.

    Raises:
        ImageError: As `picture_array` does.
    """
    array = _to_array(source, what)
    binary = array.dtype.kind in "ui" and array.min() >= 0 and array.max() <= 1
    return _unit(array, 1 if binary else _top(array, what))


def _to_array(source, what):
    """An array of numbers with rows, cols and perhaps channels."""
    torch = hasattr(source, "detach")
    try:
        if torch:
            source = source.detach().cpu()
            source = source.float() if "bfloat16" in str(source.dtype) else source
        array = source.numpy() if hasattr(source, "numpy") else np.asarray(source)
        array = np.asarray(array)
        if array.dtype.kind == "V" and array.dtype.names is None:  # TensorFlow's bfloat16
            array = array.astype("float32")
    except Exception as error:
        kind = type(source).__name__
        raise ImageError(f"no array can be made of a {kind}: {reason(error)}.") from error
    if array.dtype.kind not in "buif":
        raise ImageError(f"{what} must hold numbers or booleans, not {array.dtype!s:.60}.")
    return _straightened(array, what, torch)


def _straightened(array, what, torch):
    """Leaves out axes of length 1 and puts the channels last."""
    shape = array.shape
    while array.ndim > 3 and array.shape[0] == 1:
        array = array[0]
    if array.ndim == 4:
        raise ImageError(f"{what} of shape {shape} holds {len(array)} pictures: give array[0].")
    if array.ndim == 3:
        first, last = (side in CHANNELS for side in array.shape[::2])
        if torch and first and last:
            raise ImageError(
                f"a tensor of shape {shape} may have its channels first or last: give it as "
                "tensor.numpy(), with shape (rows, cols, channels)."
            )
        if first and not last and array.shape[2] != GRAY_AND_ALPHA:
            array = np.moveaxis(array, 0, 2)
        if array.shape[2] == 1:
            array = array[:, :, 0]
    if 0 in array.shape or not (
        array.ndim == 2 or (array.ndim == 3 and array.shape[2] in CHANNELS)
    ):
        raise ImageError(
            f"{what} must have shape (rows, cols) or (rows, cols, 1, 3 or 4), not {shape}."
        )
    return array


def _top(array, what):
    """The value that stands for white: the end of the scale that the values fill."""
    if array.dtype.kind == "b":
        return 1
    low, high = array.min(), array.max()
    if array.dtype.kind == "f":
        return _top_of_floats(low, high, what)
    if low >= 0 and high <= 255:
        return 255
    if array.dtype.kind == "u" and array.dtype.itemsize == 2:
        return 65535
    raise ImageError(
        f"{what} holds integers within {low}..{high}: they must lie within 0..255, or within "
        "0..65535 as uint16."
    )


def _top_of_floats(low, high, what):
    if not (np.isfinite(low) and np.isfinite(high)):
        raise ImageError(
            f"{what} holds values that are infinite or no numbers (NaN): "
            "np.nan_to_num(array) replaces them."
        )
    for top, least in ((1, 0), (255, LEAST_OF_255)):
        if -LEEWAY * top <= low and least <= high <= top + LEEWAY * top:
            return top
    if low >= 0 and high < LEAST_OF_255:
        raise ImageError(
            f"{what} holds floats up to {high:.5g}, on a scale of 0..1 or of 0..255: "
            "np.clip(array, 0, 1) says that it is the first, array.astype('uint8') the second."
        )
    raise ImageError(
        f"{what} holds floats within {low:.5g}..{high:.5g}: they must lie within 0..1 or within "
        "0..255; nst.deprocess_image makes such a picture of a combination image."
    )


def _unit(array, top):
    """Scales to 0..1."""
    return np.clip(array.astype("float32") / np.float32(top), 0, 1)
