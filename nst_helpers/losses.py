"""The losses of neural style transfer, named as in the Keras example: functions of tensors.

Reference: Gatys, Ecker and Bethge, *A Neural Algorithm of Artistic Style* (arXiv:1508.06576).
"""

from nst_helpers.machine.backend import tf


def gram_matrix(x):
    """Which features occur together, summed over all positions: G = FᵀF (Gatys et al., eq. 3).

    Args:
        x: Feature map of one picture, shape (rows, cols, channels).

    Returns:
        Tensor of shape (channels, channels). It ignores where in the picture a feature is.
    """
    features = tf.reshape(x, (-1, tf.shape(x)[-1]))
    return tf.matmul(features, features, transpose_a=True)


def gram_distance(S, C, rows, cols):
    """Squared distance of two Gram matrices, scaled as in the Keras example (Gatys et al., eq. 4).

    Args:
        S: Gram matrix of the style image, shape (channels, channels).
        C: Gram matrix of the combination image, same shape.
        rows, cols: Size in pixels of the combination image (not of the feature map).

    Returns:
        Scalar tensor, sum((S − C)²) / (4 · 3² · (rows · cols)²).
    """
    channels = 3
    size = rows * cols
    return tf.reduce_sum(tf.square(S - C)) / (4.0 * (channels**2) * (size**2))


def style_loss(style, combination, rows, cols):
    """Style loss of one layer: distance between the Gram matrices of two feature maps.

    Args:
        style: Feature map of the style image, shape (rows', cols', channels).
        combination: Feature map of the combination image, same number of channels.
        rows, cols: Size in pixels of the combination image (not of the feature map).

    Returns:
        Scalar tensor.
    """
    return gram_distance(gram_matrix(style), gram_matrix(combination), rows, cols)


def content_loss(base, combination):
    """Content loss: squared distance of two feature maps (Gatys et al., equation 1, without its ½).

    Args:
        base: Feature map of the content image, shape (rows', cols', channels).
        combination: Feature map of the combination image, same shape.

    Returns:
        Scalar tensor.
    """
    return tf.reduce_sum(tf.square(combination - base))


def total_variation_loss(x):
    """How much each pixel differs from the one below and the one to the right: sum((a + b)^1.25).

    Args:
        x: Batch of pictures, shape (batch, rows, cols, channels), on the 0..255 scale.

    Returns:
        Scalar tensor; 0 for a picture of one colour.
    """
    a = tf.square(x[:, :-1, :-1, :] - x[:, 1:, :-1, :])
    b = tf.square(x[:, :-1, :-1, :] - x[:, :-1, 1:, :])
    return tf.reduce_sum(tf.pow(a + b, 1.25))
