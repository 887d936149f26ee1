"""The convnet as a dictionary of layer outputs, the targets, and the total loss with its parts."""

import time
from functools import lru_cache
from typing import NamedTuple

from nst_helpers.backend import keras, tf
from nst_helpers.losses import (
    content_loss,
    gram_distance,
    gram_matrix,
    total_variation_loss,
)
from nst_helpers.weights import vgg19_weights


class Targets(NamedTuple):
    """What the combination image is compared with; it stays the same for the whole run.

    Attributes:
        content: Feature map of the content image, shape (rows', cols', channels).
        style: A Gram matrix of the style image for each style layer, shape (channels, channels).
    """

    content: tf.Tensor
    style: dict


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
    copy.set_weights(model.get_weights())
    copy.trainable = False
    return copy


@lru_cache(maxsize=1)
def faster_precision():
    """The type in which this machine convolves sooner: some CPUs know bfloat16, some don't.

    Returns:
        "bfloat16" if one convolution takes at most 0.8 of its time in float32, else "float32".
    """

    def seconds(dtype):
        x, kernel = tf.ones((1, 128, 128, 64), dtype), tf.ones((3, 3, 64, 64), dtype)
        convolve = tf.function(lambda: tf.reduce_sum(tf.nn.conv2d(x, kernel, 1, "SAME")))
        convolve()
        times = []
        for _ in range(5):
            start = time.perf_counter()
            convolve().numpy()
            times.append(time.perf_counter() - start)
        return min(times)

    return "bfloat16" if seconds("bfloat16") < 0.8 * seconds("float32") else "float32"


def feature_extractor(layer_names=None, precision="float32"):
    """VGG19 as a dictionary of layer outputs, cut off behind the last layer that is asked for.

    Args:
        layer_names: Names such as "block1_conv1"; None means every layer, as in the document.
        precision: Type that the convolutions compute in, "float32" or "bfloat16".

    Returns:
        A Keras model from pictures of shape (batch, rows, cols, 3), preprocessed, to a dictionary
        from layer name to feature maps of shape (batch, rows', cols', channels).
    """
    model = load_vgg19() if precision == "float32" else _load_vgg19_in(precision)
    names = [layer.name for layer in model.layers] if layer_names is None else layer_names
    outputs_dict = {name: model.get_layer(name).output for name in names}
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
    gram = _mean_gram if config.losses == "relative" else gram_matrix

    # Compiled, so that each feature map is let go as soon as the next one is there.
    @tf.function
    def content_target(image):
        return extractor(image)[config.content_layer_name][0]

    @tf.function
    def style_targets(image):
        features = extractor(image)
        return {name: gram(features[name][0]) for name in config.style_layer_names}

    return Targets(
        content_target(tf.constant(base_image)), style_targets(tf.constant(style_reference_image))
    )


def compute_loss(extractor, combination_image, targets, config):
    """The document's `compute_loss`, for the combination image alone: the targets are known.

    Args:
        extractor: What `feature_extractor` returned.
        combination_image: Shape (1, rows, cols, 3), preprocessed.
        targets: What `compute_targets` returned.
        config: A `TransferConfig`, for weights and layers.

    Returns:
        `LossParts`.
    """
    features = extractor(combination_image)
    features = {name: tf.cast(feature, tf.float32) for name, feature in features.items()}
    losses = relative_losses if config.losses == "relative" else document_losses
    content, style, total_variation = losses(features, combination_image, targets, config)
    content *= config.content_weight
    style *= config.style_weight
    total_variation *= config.total_variation_weight
    return LossParts(content + style + total_variation, content, style, total_variation)


def document_losses(features, combination_image, targets, config):
    """The document's losses before their weights; the style loss is a mean over the layers."""
    rows, cols = combination_image.shape[1:3]
    content = content_loss(targets.content, features[config.content_layer_name][0])
    style = [
        gram_distance(target, gram_matrix(features[name][0]), rows, cols)
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
        _relative(features[config.content_layer_name][0], targets.content),
        tf.add_n(style) / len(style),
        total_variation_loss(combination_image) / (rows * cols),
    )


def _relative(x, target):
    # A target of zeros, as a blank picture can have at a deep layer, has no size to compare with.
    distance, size = tf.reduce_sum(tf.square(x - target)), tf.reduce_sum(tf.square(target))
    return tf.math.divide_no_nan(distance, size)


def _mean_gram(x):
    return gram_matrix(x) / tf.cast(tf.shape(x)[0] * tf.shape(x)[1], tf.float32)
