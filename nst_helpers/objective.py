"""The objective as a list of terms: what each measures, where, and how much it counts.

total loss = Σ weight · distance(measure(picture), measure(target image))
"""

import math

from nst_helpers.losses import (
    gram_distance,
    gram_matrix,
    total_variation_loss,
)
from nst_helpers.machine.backend import tf
from nst_helpers.network import PICTURE, map_size
from nst_helpers.terms import Known, Map, Statistic, Term

LOSSES = ("content", "style", "total_variation")  # in every loss table, in this order
SCENE_PIXELS = 60_000  # about 200 rows: enough to recognise a scene and its faces
FALL = 2  # the power with which content's weight falls above; readers saw tinted photos with 1
LEAST_SHARE = 0.25  # of the content weight, however large the result is


class GramStyle(Known, Statistic):
    """The Keras example's style loss of one layer (Gatys et al., equations 3 and 4).

    Args:
        size: Rows and cols of the picture; the example's scale depends on them.
    """

    def __init__(self, layer, weight, size, region=None, mix=None):
        super().__init__(layer, weight, "style", region, mix)
        self.size = tuple(size)

    def measure(self, x, mask=None):
        return mean_gram(x, mask)

    def distance(self, seen, target):
        rows, cols = map_size(self.layer, self.size)
        positions = float(rows * cols)  # the example sums over positions instead of averaging
        return gram_distance(positions * target, positions * seen, *self.size)


class MomentStyle(Known, Statistic):
    """The distance of means and of covariances, each relative to the target's size.

    A Gram matrix is dominated by its mean. Taken apart, the two say how strong each feature is, and
    which features vary together: d(μ, μₛ) + d(Σ, Σₛ), where Σ = G − μμᵀ.
    """

    def __init__(self, layer, weight, region=None, mix=None):
        super().__init__(layer, weight, "style", region, mix)

    def measure(self, x, mask=None):
        # Not the covariance itself, so that the measurements of parts of a picture add up.
        return mean_and_gram(x, mask)

    def distance(self, seen, target):
        (mean, gram), (target_mean, target_gram) = seen, target
        covariance = _covariance(target_mean, target_gram)
        # A style of one colour has hardly any: what is lost in its noise should not count.
        least = 1e-6 * tf.reduce_sum(tf.square(target_gram))
        return relative_distance(mean, target_mean) + relative_distance(
            _covariance(mean, gram), covariance, least
        )


class Content(Known, Map):
    """The Keras example's content loss (Gatys et al., equation 1, without its ½)."""

    target = "content"

    def __init__(self, layer, weight):
        super().__init__(layer, weight, "content")


class CosineContent(Content):
    """The same of the features' directions: which features there are at a place, not how strong.

    How strong they are is left to the style. The distance is 2 − 2 cos, averaged over positions,
    each weighted by how strong the target's features are there: hardly at all in a flat sky, whose
    directions are little more than noise, so that the style can paint it.
    """

    def differences(self, seen, target):
        squares = super().differences(directions(seen), directions(target))
        return squares * tf.norm(target, axis=-1)

    def norm(self, target):
        return tf.reduce_sum(tf.norm(target, axis=-1))


class TotalVariation(Known, Term):
    """The Keras example's total variation loss of the picture itself."""

    target = None

    def __init__(self, weight):
        super().__init__(PICTURE, weight, "total_variation")

    def measure(self, x):
        return total_variation_loss(x[tf.newaxis])

    def distance(self, seen, target):
        return seen


class StyleVariation(Known, Statistic):
    """How much more neighbouring pixels differ than in the style image: noise costs, strokes don't.

    The differences are those of each square of 2 × 2 pixels, across, down and crosswise: the finest
    band of Haar wavelets. d = Σ max(σ − σₛ, 0)² / Σ σₛ², where σ is their deviation in a channel.
    """

    def __init__(self, weight, region=None, mix=None):
        super().__init__(PICTURE, weight, "total_variation", region, mix)

    def measure(self, x, mask=None):
        padded = tf.pad(x, [[0, 1], [0, 1], [0, 0]], "SYMMETRIC")  # a square for each position
        a, b, c, d = x, padded[:-1, 1:], padded[1:, :-1], padded[1:, 1:]
        bands = tf.concat([a - b + c - d, a + b - c - d, a - b - c + d], axis=-1) / 2
        return weighted_mean(tf.square(bands), mask)

    def distance(self, seen, target):
        # A gray level is always allowed, so that a style of one colour can be painted too.
        allowed = tf.sqrt(target + 1.0)
        return relative_distance(tf.maximum(tf.sqrt(seen + 1.0), allowed), allowed)


def build_terms(config, size, regions=((None, None, 1.0),), extra=(), result_size=None):
    """The terms of a config's objective.

    Args:
        config: A `TransferConfig`; from here on only terms travel.
        size: Rows and cols of the picture.
        regions: For each region its mask or None, its mix of the style images or None, and how
            strongly it is painted; see `Statistic`.
        extra: Terms of your own.
        result_size: Rows and cols of the result, where `size` is only a first one. Relative losses
            give content less weight if it is large.

    Returns:
        List of `Term`s.
    """
    regions = [(mask, mix, config.strength**2 * share) for mask, mix, share in regions]
    if config.losses == "relative":
        return [*_relative_terms(config, result_size or size, regions), *extra]
    return [*_document_terms(config, size, regions), *extra]


def _document_terms(config, size, regions):
    layers = config.style_layer_names
    return [
        *(
            GramStyle(layer, config.style_weight * strength / len(layers), size, region, mix)
            for region, mix, strength in regions
            for layer in layers
        ),
        Content(config.content_layer_name, config.content_weight),
        TotalVariation(config.total_variation_weight),
    ]


def _relative_terms(config, result_size, regions):
    layers, terms = config.style_layer_names, []
    for region, mix, strength in regions:
        weight = config.style_weight * strength / len(layers)
        terms += [MomentStyle(layer, weight, region, mix) for layer in layers]
        terms.append(StyleVariation(config.total_variation_weight * strength, region, mix))
    # A large picture shows its scene with less. Its first sizes, which decide on the composition,
    # have the same weight as its last.
    share = min(1, max((SCENE_PIXELS / math.prod(result_size)) ** FALL, LEAST_SHARE))
    return [*terms, CosineContent(config.content_layer_name, config.content_weight * share)]


def loss_names(terms):
    """The columns of the loss table: total, its three usual parts, then the others."""
    return ("total", *dict.fromkeys([*LOSSES, *(term.name for term in terms)]))


def weighted_mean(x, mask=None):
    """The mean over all positions, or weighted by a mask.

    Args:
        x: Feature map, shape (rows, cols, channels).
        mask: Shape (rows, cols), 0 or more; a mask of zeros gives zeros.

    Returns:
        Tensor of shape (channels,).
    """
    if mask is None:
        return tf.reduce_mean(x, axis=(0, 1))
    return tf.reduce_sum(x * _shares(mask), axis=(0, 1))


def mean_gram(x, mask=None):
    """The Gram matrix divided by the positions, or weighted by a mask: a mean of f fᵀ.

    Args:
        x: Feature map, shape (rows, cols, channels).
        mask: Shape (rows, cols), 0 or more; a mask of zeros gives zeros.

    Returns:
        Tensor of shape (channels, channels).
    """
    if mask is None:
        rows, cols = tf.unstack(tf.shape(x)[:2])
        return _gram_in_one_product(x) / tf.cast(rows * cols, x.dtype)
    return _gram_in_one_product(x * tf.sqrt(_shares(mask)))


def mean_and_gram(x, mask=None):
    """`weighted_mean` and `mean_gram`; of a whole map, in less time than one after the other.

    Args:
        x, mask: As for `mean_gram`.

    Returns:
        Tensors of shape (channels,) and (channels, channels).
    """
    if mask is not None:
        return weighted_mean(x, mask), mean_gram(x, mask)
    rows, cols = tf.unstack(tf.shape(x)[:2])
    total, gram = _total_and_gram(x)
    return total / tf.cast(rows * cols, x.dtype), gram / tf.cast(rows * cols, x.dtype)


def directions(x):
    """The features at each position, scaled to length 1: less where there are hardly any."""
    return x * tf.math.rsqrt(tf.reduce_sum(tf.square(x), axis=-1, keepdims=True) + 1.0)


def _shares(mask):
    return tf.math.divide_no_nan(mask, tf.reduce_sum(mask))[:, :, tf.newaxis]


def _covariance(mean, gram):
    return gram - mean[:, tf.newaxis] * mean


def relative_distance(x, target, least=0.0):
    """Squared distance over the target's squared size: 1 is as far away as zeros are.

    Args:
        x: Tensor of any shape.
        target: Tensor of the same shape.
        least: What is added to the squared size, for targets that may be nearly zero.

    Returns:
        Scalar tensor.
    """
    # A target of zeros, as a blank picture can have at a deep layer, has no size to compare with.
    distance, size = tf.reduce_sum(tf.square(x - target)), tf.reduce_sum(tf.square(target))
    return tf.math.divide_no_nan(distance, size + least)


@tf.custom_gradient
def _gram_in_one_product(x):
    """`gram_matrix`, whose gradient takes one product instead of TensorFlow's two."""

    def gradient(upstream):
        features = tf.reshape(x, (-1, x.shape[-1]))
        return tf.reshape(tf.matmul(features, upstream + tf.transpose(upstream)), tf.shape(x))

    return gram_matrix(x), gradient


@tf.custom_gradient
def _total_and_gram(x):
    """The sum over all positions, and `gram_matrix`; their gradient is made in one go."""
    features = tf.reshape(x, (-1, x.shape[-1]))

    def gradient(of_total, of_gram):
        products = tf.matmul(features, of_gram + tf.transpose(of_gram))
        return tf.reshape(products + of_total, tf.shape(x))

    return (tf.reduce_sum(features, axis=0), gram_matrix(x)), gradient
