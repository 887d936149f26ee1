"""The convnet as a dictionary of layer outputs, the targets, and the total loss with its parts."""

import functools
import hashlib
import time
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from nst_helpers.backend import keras, tf
from nst_helpers.losses import content_loss, gram_distance, gram_matrix, total_variation_loss
from nst_helpers.weights import vgg19_weights

# Compiled functions that are kept, one for each size and objective: as many as a person comes back
# to, and few enough that an afternoon of sliders does not fill the memory.
KEPT = 8


class Targets(NamedTuple):
    """What the combination image is compared with; it stays the same for the whole run.

    Attributes:
        content: Feature map of the content image, shape (rows', cols', channels).
        style: A Gram matrix of the style image for each style layer, shape (channels, channels).
    """

    content: tf.Tensor
    style: dict


class LossWeights(NamedTuple):
    """The weights of the losses as tensors, so that a new value needs no new compiling."""

    content_weight: tf.Tensor
    style_weight: tf.Tensor
    total_variation_weight: tf.Tensor


class LossParts(NamedTuple):
    """The total loss and its weighted parts, which add up to it: scalar tensors."""

    total: tf.Tensor
    content: tf.Tensor
    style: tf.Tensor
    total_variation: tf.Tensor


@lru_cache(maxsize=1)
def load_vgg19():
    """VGG19 (Simonyan and Zisserman, arXiv:1409.1556) without its top, trained on ImageNet.

    Returns:
        A Keras model, loaded once; see `nst_helpers.weights` for where its weights come from.

    Raises:
        WeightsError: If the weights can't be had.
    """
    model = keras.applications.VGG19(weights=str(vgg19_weights()), include_top=False)
    model.trainable = False
    return model


@lru_cache(maxsize=1)
def _load_vgg19_in(precision):
    model = load_vgg19()
    copy = keras.models.clone_model(
        model,
        clone_function=lambda layer: type(layer).from_config(
            {**layer.get_config(), "dtype": precision}
        ),
    )
    for mine, theirs in zip(copy.layers, model.layers, strict=True):  # one at a time in memory
        mine.set_weights(theirs.get_weights())
    copy.trainable = False
    return copy


@lru_cache(maxsize=1)
def faster_precision():
    """The type in which this machine convolves sooner: some CPUs know bfloat16, some don't.

    Returns:
        "bfloat16" if one convolution takes at most 0.8 of its time in float32, else "float32".
    """

    times = {dtype: [] for dtype in ("float32", "bfloat16")}
    convolve = {dtype: _convolution(dtype) for dtype in times}
    for _ in range(10):  # in turn, so that a busy moment of the machine meets both
        for dtype, function in convolve.items():
            start = time.perf_counter()
            function().numpy()
            times[dtype].append(time.perf_counter() - start)
    return "bfloat16" if min(times["bfloat16"]) < 0.8 * min(times["float32"]) else "float32"


def _convolution(dtype):
    x, kernel = tf.ones((1, 128, 128, 64), dtype), tf.ones((3, 3, 64, 64), dtype)
    convolve = tf.function(lambda: tf.reduce_sum(tf.nn.conv2d(x, kernel, 1, "SAME")))
    convolve()
    return convolve


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
    model = load_vgg19() if precision == "float32" else _load_vgg19_in(precision)
    outputs_dict = {name: model.get_layer(name).output for name in layer_names}
    return keras.Model(inputs=model.input, outputs=outputs_dict)


def compute_targets(extractor, base_image, style_reference_image, config):
    """Passes the content and the style image through the network, once.

    Args:
        extractor: What `feature_extractor` returned, with the layers that `config` names.
        base_image: Content image, shape (1, rows, cols, 3), preprocessed.
        style_reference_image: Style image, shape (1, rows', cols', 3), preprocessed.
        config: A `TransferConfig`.

    Returns:
        `Targets`.
    """
    base_image, style_image = np.asarray(base_image), np.asarray(style_reference_image)
    return Targets(
        _content_target(extractor, config.objective, base_image.shape)(base_image),
        _style_targets(extractor, config.objective, style_image.shape)(style_image),
    )


def _remembers(make_function):
    """The functions that are made keep their last answer: the next run often has other weights."""

    @functools.wraps(make_function)
    def make(*arguments):
        function, last = make_function(*arguments), (None, None)

        def remembering(image):
            nonlocal last
            known, answer = last
            digest = hashlib.sha256(np.ascontiguousarray(image)).digest()
            if digest != known:
                answer = function(tf.constant(image))
                last = digest, answer
            return answer

        return remembering

    return make


# Compiled, so that each feature map is let go as soon as the next one is there.
@lru_cache(maxsize=KEPT)
@_remembers
def _content_target(extractor, objective, shape):
    return tf.function(lambda image: extractor(image)[objective.content_layer_name][0])


@lru_cache(maxsize=KEPT)
@_remembers
def _style_targets(extractor, objective, shape):
    gram = _mean_gram if objective.losses == "relative" else gram_matrix

    @tf.function
    def style_targets(image):
        features = extractor(image)
        return {name: gram(features[name][0]) for name in objective.style_layer_names}

    return style_targets


@lru_cache(maxsize=KEPT)
def loss_and_gradient(objective, shape, precision="float32"):
    """Compiled function from a picture to its loss and the gradient of that.

    Args:
        objective: `TransferConfig.objective`.
        shape: Shape of the pictures, (1, rows, cols, 3).
        precision: Type that the convolutions compute in.

    Returns:
        Function from a picture, `Targets` and `LossWeights` to `LossParts` and the gradient of
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
    features = extractor(combination_image)
    content, style, total_variation = losses(features, combination_image, targets, config)
    content *= weights.content_weight
    style *= weights.style_weight
    total_variation *= weights.total_variation_weight
    return LossParts(content + style + total_variation, content, style, total_variation)


def document_losses(features, combination_image, targets, config):
    """The document's losses before their weights; the style loss is a mean over the layers."""
    rows, cols = combination_image.shape[1:3]
    content = content_loss(targets.content, _content_features(features, config))
    style = [
        gram_distance(target, _gram_in_float32(features[name][0]), rows, cols)
        for name, target in targets.style.items()
    ]
    return content, tf.add_n(style) / len(style), total_variation_loss(combination_image)


def relative_losses(features, combination_image, targets, config):
    """The same, each divided by the size of its target: 1 is as far away as a blank picture.

    Gram matrices are divided by their positions, so that a style image of any size can be compared
    with, and the total variation by the pixels.
    """
    rows, cols = combination_image.shape[1:3]
    style = [
        _relative(_mean_gram(features[name][0]), target) for name, target in targets.style.items()
    ]
    return (
        _relative(_content_features(features, config), targets.content),
        tf.add_n(style) / len(style),
        total_variation_loss(combination_image) / (rows * cols),
    )


def _content_features(features, config):
    return tf.cast(features[config.content_layer_name][0], tf.float32)


def _relative(x, target):
    # A target of zeros, as a blank picture can have at a deep layer, has no size to compare with.
    distance, size = tf.reduce_sum(tf.square(x - target)), tf.reduce_sum(tf.square(target))
    return tf.math.divide_no_nan(distance, size)


def _mean_gram(x):
    return _gram_in_float32(x) / tf.cast(tf.shape(x)[0] * tf.shape(x)[1], tf.float32)


def _gram_in_float32(x):
    """`gram_matrix` in float32, of a feature map that may be in bfloat16."""
    return gram_matrix(x) if x.dtype == tf.float32 else _gram_of_bfloat16(x)


@tf.custom_gradient
def _gram_of_bfloat16(x):
    # TensorFlow would keep a float32 copy of each map for the way back: 0.1 GB at 400 rows.
    def gradient(upstream):
        features = tf.reshape(tf.cast(x, tf.float32), (-1, tf.shape(x)[-1]))
        change = tf.matmul(features, upstream + tf.transpose(upstream))
        return tf.cast(tf.reshape(change, tf.shape(x)), x.dtype)

    return gram_matrix(tf.cast(x, tf.float32)), gradient
