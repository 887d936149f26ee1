"""Where VGG19 recognises something: a face, a tower, an eye. Content counts more there."""

import hashlib

import numpy as np

from nst_helpers.images import preprocess_image
from nst_helpers.machine.backend import tf
from nst_helpers.machine.cache import CACHE
from nst_helpers.network import network
from nst_helpers.objective import SCENE_PIXELS, Content, CosineContent, directions

SALIENT_LAYER = "block5_conv3"  # deep enough to recognise things, and it still knows where
STEP = 16  # pixels between two of its positions
CONTRAST = 3  # the power of the features' strength; see benchmarks/NOTES.md


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


class SalientContent(CosineContent):
    """`CosineContent` where differences cost more at what VGG19 recognises.

    Its target, from `emphasise`, has one more channel: how much each position counts. `transfer`
    puts it in the place of a `CosineContent`; `measure_goals` alone does not.
    """

    @staticmethod
    def emphasise(target, saliency):
        """Makes a target of that of a `CosineContent`.

        Args:
            target: Features, shape (rows', cols', channels).
            saliency: How strongly VGG19 recognises something: a map of any size, with a mean of
                about 1, from `saliency_map`.

        Returns:
            Tensor of shape (rows', cols', channels + 1).
        """
        strength = tf.norm(tf.cast(target, tf.float32), axis=-1, keepdims=True)
        weights = tf.image.resize(saliency[:, :, tf.newaxis], strength.shape[:2], antialias=True)
        # Not the features times the weights: rounding would turn their directions a little.
        return tf.concat([target, tf.cast(strength * weights, target.dtype)], axis=-1)

    def differences(self, seen, target):
        squares = Content.differences(self, directions(seen), directions(target[:, :, :-1]))
        return squares * target[:, :, -1]

    def norm(self, target):
        return tf.reduce_sum(target[:, :, -1])
