"""Keeps or changes the colours of a picture.

Gatys, Bethge, Hertzmann and Shechtman, *Preserving Color in Neural Artistic Style Transfer*, 2016,
arXiv:1606.05897, keep the content image's colours in two ways. Either the style image takes the
content image's colours before the run (`match_colours`), or only luminance is painted: the run gets
`to_gray(content)` and `match_luminance(style, content)`, and `restore_colours` colours the result.
"""

import numpy as np

from nst_helpers.errors import ImageError
from nst_helpers.images import LUMINANCE

LEAST_SPREAD = 2  # gray levels; a smaller deviation is noise, which must not be amplified


def match_colours(image, reference):
    """Gives an image the mean and covariance of another one's colours.

    Each pixel x becomes T (x - mean) + mean_r, where T = Σ^-½ (Σ^½ Σ_r Σ^½)^½ Σ^-½ with the
    channels' covariances Σ: the linear transfer that changes the colours least (Pitié and Kokaram,
    *The Linear Monge-Kantorovitch Linear Colour Mapping*, 2007).

    Args:
        image, reference: Arrays of shape (..., 3), each of any size, on the 0..255 scale with or
            without the mean, with their channels in the same order.

    Returns:
        Array of the image's shape, float32; values may exceed 0..255.
    """
    (mean, covariance), (mean_r, covariance_r) = map(_colour_statistics, (image, reference))
    root, inverse_root = _power(covariance, 0.5), _power(covariance, -0.5)
    transfer = inverse_root @ _power(root @ covariance_r @ root, 0.5) @ inverse_root
    return ((image - mean) @ transfer + mean_r).astype("float32")


def to_gray(image):
    """Replaces a picture's colours by its luminance, Y = 0.299 R + 0.587 G + 0.114 B.

    Args:
        image: Array of shape (rows, cols, 3), uint8, RGB.

    Returns:
        Array of the same shape, uint8, with three equal channels.

    Raises:
        ImageError: If the array is not such an image.
    """
    return _gray(_luminance(image))


def match_luminance(style, content):
    """Gives the style image's luminance the mean and deviation of the content image's.

    L' = σ_c / σ_s (L - μ_s) + μ_c, so that a dark painting also suits a bright photograph
    ("Luminance-only transfer" in arXiv:1606.05897).

    Args:
        style, content: Arrays of shape (rows, cols, 3), uint8, RGB, each of any size.

    Returns:
        Array of the style image's shape, uint8: gray, in three equal channels, clipped to 0..255.

    Raises:
        ImageError: If an array is not such an image.
    """
    luminance, target = _luminance(style), _luminance(content)
    scale = target.std() / max(luminance.std(), LEAST_SPREAD)
    return _gray(scale * (luminance - luminance.mean()) + target.mean())


def restore_colours(painted, content):
    """Combines the luminance of one picture with the colours of another.

    The result has the painted picture's Y and the content image's I and Q in the YIQ space
    ("Luminance-only transfer" in arXiv:1606.05897). In YIQ, as in YCbCr, a change of Y alone adds
    the same number to R, G and B, so the luminance's difference is added to the content image.

    Args:
        painted, content: Arrays of shape (rows, cols, 3), uint8, RGB, of one size.

    Returns:
        Array of the same shape, uint8, RGB; colours that RGB can't show are clipped to 0..255.

    Raises:
        ImageError: If an array is not such an image, or the sizes differ.
    """
    difference = _luminance(painted), _luminance(content)
    if painted.shape != content.shape:
        raise ImageError(
            "the painted picture and the content image must have one size, "
            f"not {painted.shape[:2]} and {content.shape[:2]}."
        )
    return _to_uint8(content + (difference[0] - difference[1])[:, :, np.newaxis])


def _colour_statistics(image):
    pixels = image.reshape(-1, 3).astype("float64")
    return pixels.mean(axis=0), np.cov(pixels.T, bias=True)


def _power(covariance, exponent):
    """A power of a symmetric matrix."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.maximum(values, LEAST_SPREAD**2) ** exponent @ vectors.T


def _luminance(image):
    image = np.asarray(image)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise ImageError(
            "an image must be an array of shape (rows, cols, 3) with uint8 values, "
            f"not {image.shape} with {image.dtype}: use load_image."
        )
    return image @ LUMINANCE.astype("float32")


def _gray(luminance):
    return np.repeat(_to_uint8(luminance)[:, :, np.newaxis], 3, axis=2)


def _to_uint8(values):
    return np.clip(np.rint(values), 0, 255).astype("uint8")
