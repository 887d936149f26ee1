"""The convnet as a dictionary of layer outputs, the targets, and the total loss with its parts."""

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


def feature_extractor(layer_names=None):
    """VGG19 as a dictionary of layer outputs, cut off behind the last layer that is asked for.

    Args:
        layer_names: Names such as "block1_conv1"; None means every layer, as in the document.

    Returns:
        A Keras model from pictures of shape (batch, rows, cols, 3), preprocessed, to a dictionary
        from layer name to feature maps of shape (batch, rows', cols', channels).
    """
    model = load_vgg19()
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
    content = extractor(base_image)[config.content_layer_name][0]
    features = extractor(style_reference_image)
    style = {name: gram_matrix(features[name][0]) for name in config.style_layer_names}
    return Targets(content, style)


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
    rows, cols = combination_image.shape[1:3]
    features = extractor(combination_image)
    content = config.content_weight * content_loss(
        targets.content, features[config.content_layer_name][0]
    )
    style = tf.zeros(shape=())
    for name, target in targets.style.items():
        distance = gram_distance(target, gram_matrix(features[name][0]), rows, cols)
        style += (config.style_weight / len(targets.style)) * distance
    total_variation = config.total_variation_weight * total_variation_loss(combination_image)
    return LossParts(content + style + total_variation, content, style, total_variation)
