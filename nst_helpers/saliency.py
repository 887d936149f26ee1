"""Where a photograph shows something: a face, a tower, an eye. Content counts more there."""

import hashlib

from nst_helpers.config import MIN_ROWS
from nst_helpers.images import preprocess_image
from nst_helpers.machine.backend import tf
from nst_helpers.machine.cache import CACHE
from nst_helpers.network import network

SALIENT_LAYER = "block5_conv3"  # deep enough to recognise things, and it still knows where
CONTRAST = 3  # the power of the features' strength; see benchmarks/NOTES.md
SCENE_PIXELS = 60_000  # about 200 rows: enough to recognise a scene and its faces


def saliency_map(image, precision="float32", convolution="auto"):
    """How strongly VGG19 recognises something at each position of an image.

    Args:
        image: Array of shape (rows, cols, 3), uint8 RGB, of any size.
        precision, convolution: How VGG19 computes, as in `TransferConfig`.

    Returns:
        Float32 array of shape (rows', cols'), about 200 × 300 / 16² positions. Only proportions
        matter.
    """
    key = hashlib.sha256(image).digest(), image.shape, precision, convolution
    # Not with zeros beyond the border: VGG19 takes the edge that they make for a thing.
    vgg19 = network(precision, "max", convolution, "mirror")
    return CACHE.get("target", key, lambda: _measure(image, vgg19), lambda found: found.nbytes)


def _measure(image, vgg19):
    rows, cols, _ = image.shape
    scale = (SCENE_PIXELS / (rows * cols)) ** 0.5
    size = (max(round(side * scale), MIN_ROWS) for side in (rows, cols))
    picture = tf.constant(preprocess_image(image, *size, "lanczos"))
    measures = {SALIENT_LAYER: lambda x: tf.norm(x, axis=-1)}
    return vgg19.walk(picture, measures)[SALIENT_LAYER].numpy() ** CONTRAST
