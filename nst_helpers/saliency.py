"""Where VGG19 recognises something: a face, a tower, an eye. Content counts more there."""

import hashlib

import numpy as np

from nst_helpers.images import preprocess_image
from nst_helpers.machine.backend import tf
from nst_helpers.machine.cache import CACHE
from nst_helpers.network import network

SALIENT_LAYER = "block5_conv3"  # deep enough to recognise things, and it still knows where
STEP = 16  # pixels between two of its positions
CONTRAST = 3  # the power of the features' strength; see benchmarks/NOTES.md
SCENE_PIXELS = 60_000  # about 200 rows: enough to recognise a scene and its faces


def saliency_map(image, precision="float32", convolution="auto"):
    """How strongly VGG19 recognises something at each position of an image.

    Args:
        image: Array of shape (rows, cols, 3), uint8 RGB, of any size.
        precision, convolution: How VGG19 computes, as in `TransferConfig`.

    Returns:
        Float32 array of shape (rows', cols'), about 230 positions in the image's aspect ratio. Its
        mean is 1.
    """
    image = np.ascontiguousarray(image)
    key = hashlib.sha256(image).digest(), image.shape, precision, convolution
    # Zeros beyond the border would look like an edge, and VGG19 would recognise something there.
    vgg19 = network(precision, "max", convolution, "mirror")
    return CACHE.get("target", key, lambda: _measure(image, vgg19), lambda found: found.nbytes)


def _measure(image, vgg19):
    rows, cols, _ = image.shape
    scale = (SCENE_PIXELS / (rows * cols)) ** 0.5
    # Whole steps, so that the map covers all of the image.
    size = (STEP * max(round(side * scale / STEP), 1) for side in (rows, cols))
    picture = tf.constant(preprocess_image(image, *size, "lanczos"))
    measures = {SALIENT_LAYER: lambda x: tf.norm(x, axis=-1)}
    strength = vgg19.walk(picture, measures)[SALIENT_LAYER] ** CONTRAST
    return tf.math.divide_no_nan(strength, tf.reduce_mean(strength)).numpy()
