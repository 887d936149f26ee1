"""The convnet as a dictionary of layer outputs, the targets, and the total loss with its parts."""

import hashlib
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np

from nst_helpers.backend import keras, tf
from nst_helpers.convolution import convolve_soonest, convolve_widened
from nst_helpers.losses import (
    LossParts,
    content_loss,
    gram_distance,
    gram_matrix,
    total_variation_loss,
)
from nst_helpers.weights import vgg19_weights

# Compiled functions that are kept, one for each size and objective: as many as a person comes back
# to, and few enough that an afternoon of sliders does not fill the memory.
KEPT = 8


class Features(NamedTuple):
    """What the losses compare; of the content and the style image it stays the same all the run.

    Attributes:
        content: Feature map at the content layer, shape (rows', cols', channels), float32.
        style: For each style layer a Gram matrix, shape (channels, channels), float32; where losses
            are relative, divided by its positions.
    """

    content: tf.Tensor
    style: dict


class LossWeights(NamedTuple):
    """The weights of the losses as tensors, so that a new value needs no new compiling."""

    content_weight: tf.Tensor
    style_weight: tf.Tensor
    total_variation_weight: tf.Tensor


def load_vgg19(precision="float32"):
    """VGG19 (Simonyan and Zisserman, arXiv:1409.1556) without its top, trained on ImageNet.

    Args:
        precision: Type that its layers compute in, "float32" or "bfloat16".

    Returns:
        A Keras model, loaded once; see `nst_helpers.weights` for where its weights come from.

    Raises:
        WeightsError: If the weights can't be had.
    """
    return _vgg19(precision)


@lru_cache(maxsize=2)
def _vgg19(precision):
    if precision == "float32":
        model = keras.applications.VGG19(weights=str(vgg19_weights()), include_top=False)
    else:
        model = _in_precision(_vgg19("float32"), precision)
    model.trainable = False
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            layer.convolution_op = convolve_soonest
    return model


def _in_precision(original, precision):
    def layer_like(layer):
        return type(layer).from_config({**layer.get_config(), "dtype": precision})

    model = keras.models.clone_model(original, clone_function=layer_like)
    for mine, theirs in zip(model.layers, original.layers, strict=True):  # one at a time in memory
        mine.set_weights(theirs.get_weights())
    return model


def feature_extractor(layer_names=None, precision="float32"):
    """VGG19 as a dictionary of layer outputs, cut off behind the last layer that is asked for.

    Args:
        layer_names: Names such as "block1_conv1"; None means every layer, as in the document.
        precision: Type that the convolutions compute in, "float32" or "bfloat16".

    Returns:
        A Keras model from pictures of shape (batch, rows, cols, 3), preprocessed, to a dictionary
        from layer name to feature maps of shape (batch, rows', cols', channels).
    """
    names = [layer.name for layer in load_vgg19().layers] if layer_names is None else layer_names
    return _extractor(tuple(names), precision)


@lru_cache(maxsize=KEPT)
def _extractor(layer_names, precision):
    model = load_vgg19(precision)
    outputs_dict = {name: model.get_layer(name).output for name in layer_names}
    return keras.Model(inputs=model.input, outputs=outputs_dict)


def observe(extractor, picture, config):
    """What the losses look at: the content features of a picture, and the Gram matrices.

    Args:
        extractor: What `feature_extractor` returned, with the layers that `config` names.
        picture: Shape (1, rows, cols, 3), preprocessed.
        config: A `TransferConfig`, or its `objective`.

    Returns:
        `Features`.
    """
    x, style = picture, {}
    for layer in extractor.layers[1:]:  # VGG19 is a chain; the first is its input
        through = partial(_through, layer, layer.name in config.style_layer_names)
        # The first map is as large as any and made in no time: it need not be kept.
        x, *gram = _recomputed(through, x) if x is picture else through(x)
        if gram:
            positions = x.shape[1] * x.shape[2] if config.losses == "relative" else 1
            style[layer.name] = gram[0] / positions
        if layer.name == config.content_layer_name:
            content = tf.cast(x[0], tf.float32)
    return Features(content, style)


def _through(layer, is_style_layer, x):
    """The layer's feature map, and its Gram matrix if it is a style layer."""
    x = convolve_widened(x, layer) if isinstance(layer, keras.layers.Conv2D) else layer(x)
    return _gram_on_the_way(x) if is_style_layer else (x,)


def _recomputed(function, x):
    """The function of x, computed again on the way back instead of kept until then."""

    @tf.custom_gradient
    def recomputed(x):
        def gradient(*upstream, variables=()):
            with tf.control_dependencies(upstream):
                again = tf.identity(x)
            with tf.GradientTape() as tape:
                tape.watch(again)
                outputs = function(again)
            return tape.gradient(outputs, again, upstream), [None] * len(variables)

        return function(x), gradient

    return recomputed(x)


@tf.custom_gradient
def _gram_on_the_way(x):
    """Hands a feature map on, with its Gram matrix in float32.

    On the way back the map's share waits for what comes from deeper layers; otherwise TensorFlow
    would make those of all layers at once, and keep float32 copies of maps in bfloat16.
    """

    def gradient(upstream, of_gram):
        with tf.control_dependencies([upstream]):
            features = tf.reshape(tf.cast(x, tf.float32), (-1, x.shape[-1]))
            share = tf.matmul(features, of_gram + tf.transpose(of_gram))
        return upstream + tf.cast(tf.reshape(share, tf.shape(x)), x.dtype)

    return (tf.identity(x), gram_matrix(tf.cast(x[0], tf.float32))), gradient


def compute_targets(extractor, base_image, style_reference_image, config):
    """Passes the content and the style image through the network, once.

    Args:
        extractor: What `feature_extractor` returned, with the layers that `config` names.
        base_image: Content image, shape (1, rows, cols, 3), preprocessed.
        style_reference_image: Style image, shape (1, rows', cols', 3), preprocessed.
        config: A `TransferConfig`.

    Returns:
        `Features`: the content of one, the style of the other.
    """
    images = {"content": np.asarray(base_image), "style": np.asarray(style_reference_image)}
    return Features(
        **{
            part: _observer(part, extractor, config.objective, image.shape)(image)
            for part, image in images.items()
        }
    )


@lru_cache(maxsize=2 * KEPT)
def _observer(part, extractor, objective, shape):
    """Function from a picture to its content or style; it remembers its last answer.

    The next run often has the same pictures and other weights. It is compiled, so that each feature
    map is let go as soon as the next one is there.
    """
    compute = tf.function(lambda picture: getattr(observe(extractor, picture, objective), part))
    last = None, None

    def observer(picture):
        nonlocal last
        known, answer = last
        digest = hashlib.sha256(np.ascontiguousarray(picture)).digest()
        if digest != known:
            answer = compute(tf.constant(picture))
            last = digest, answer
        return answer

    return observer


@lru_cache(maxsize=KEPT)
def loss_and_gradient(objective, shape, precision="float32"):
    """Compiled function from a picture to its loss and the gradient of that.

    Args:
        objective: `TransferConfig.objective`.
        shape: Shape of the pictures, (1, rows, cols, 3).
        precision: Type that the convolutions compute in.

    Returns:
        Function from a picture, `Features` and `LossWeights` to `LossParts` and the gradient of
        their total. The same arguments give the same function, which is then compiled already.
    """
    extractor = feature_extractor(objective.layer_names, precision)

    @tf.function
    def evaluate(picture, targets, weights):
        with tf.GradientTape() as tape:
            tape.watch(picture)
            parts = compute_loss(extractor, picture, targets, objective, weights)
        return parts, tape.gradient(parts.total, picture)

    return evaluate


def compute_loss(extractor, combination_image, targets, config, weights=None):
    """The document's `compute_loss`, for the combination image alone: the targets are known.

    Args:
        extractor: What `feature_extractor` returned.
        combination_image: Shape (1, rows, cols, 3), preprocessed.
        targets: What `compute_targets` returned.
        config: A `TransferConfig`, for layers and weights.
        weights: `LossWeights` to use instead of the config's.

    Returns:
        `LossParts`.
    """
    weights = weights or config
    losses = relative_losses if config.losses == "relative" else document_losses
    seen = observe(extractor, combination_image, config)
    content, style, total_variation = losses(seen, targets, combination_image)
    content *= weights.content_weight
    style *= weights.style_weight
    total_variation *= weights.total_variation_weight
    return LossParts(content + style + total_variation, content, style, total_variation)


def document_losses(seen, targets, combination_image):
    """The document's losses before their weights; the style loss is a mean over the layers."""
    rows, cols = combination_image.shape[1:3]
    style = [gram_distance(S, seen.style[name], rows, cols) for name, S in targets.style.items()]
    return (
        content_loss(targets.content, seen.content),
        tf.add_n(style) / len(style),
        total_variation_loss(combination_image),
    )


def relative_losses(seen, targets, combination_image):
    """The same, each divided by the size of its target: 1 is as far away as a blank picture.

    Gram matrices are divided by their positions, so that a style image of any size can be compared
    with, and the total variation by the pixels.
    """
    rows, cols = combination_image.shape[1:3]
    style = [_relative(seen.style[name], S) for name, S in targets.style.items()]
    return (
        _relative(seen.content, targets.content),
        tf.add_n(style) / len(style),
        total_variation_loss(combination_image) / (rows * cols),
    )


def _relative(x, target):
    # A target of zeros, as a blank picture can have at a deep layer, has no size to compare with.
    distance, size = tf.reduce_sum(tf.square(x - target)), tf.reduce_sum(tf.square(target))
    return tf.math.divide_no_nan(distance, size)
