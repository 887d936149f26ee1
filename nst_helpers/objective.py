"""The objective as a list of terms: what each measures, where, and how much it counts.

total loss = Σ weight · distance(measure(picture), measure(target image))
"""

import re

from nst_helpers.errors import ConfigError
from nst_helpers.losses import (
    content_loss,
    gram_distance,
    gram_matrix,
    total_variation_loss,
)
from nst_helpers.machine.backend import tf
from nst_helpers.machine.checks import number
from nst_helpers.machine.vgg19 import LAYERS
from nst_helpers.network import PICTURE, check_layer, map_size

LOSSES = ("content", "style", "total_variation")  # in every loss table, in this order
RESERVED = ("", "iteration", "seconds", "total", "losses")


class Term:
    """One part of the loss. Subclass it to write a loss of your own; `measure` is enough.

        class MeanStyle(nst.Term):
            def measure(self, x):
                return tf.reduce_mean(x, axis=(0, 1))

        nst.transfer(content, style, config, extra=[MeanStyle("block3_conv1", weight=1e-3)])

    Attributes:
        target: Whose measurement the picture's is compared with: "style", "content", or None where
            `distance` needs no target.

    Args:
        layer: VGG19 layer to look at, such as "block3_conv1", or "picture" for the picture itself,
            on the 0..255 scale less the ImageNet mean, BGR.
        weight: How much it counts, 0 or more.
        name: Its column in the loss table; terms of one name share a column. None takes the name
            of the class: `MeanStyle` becomes "mean_style".

    Raises:
        ConfigError: If VGG19 has no such layer, or the weight is no number of 0 or more.
    """

    target = "style"

    def __init__(self, layer, weight=1.0, name=None):
        check_layer(layer, (PICTURE, *LAYERS))
        if self.target not in ("style", "content", None):
            raise ConfigError(f'target is "style", "content" or None, not {self.target!r:.60}.')
        self.layer = layer
        self.weight = number("weight", weight, least=0)
        self.name = _snake_case(type(self).__name__) if name is None else name
        if not isinstance(self.name, str) or self.name in RESERVED or hasattr(tuple, self.name):
            raise ConfigError(f"a term can't have the name {self.name!r}: give another one.")

    def __repr__(self):
        own = {key: value for key, value in vars(self).items() if key not in ("layer", "weight")}
        rest = "".join(f", {key}={value!r}" for key, value in own.items())
        return f"{type(self).__name__}({self.layer!r}, weight={self.weight!r}{rest})"

    def measure(self, x):
        """What the term sees.

        Args:
            x: Feature map of one picture, float32, shape (rows', cols', channels).

        Returns:
            A tensor, or several in a tuple, list or dict. Style images have sizes of their own, so
            a measurement of style must have the same shape for each size.
        """
        raise NotImplementedError(f"{type(self).__name__} needs a method measure(self, x).")

    def distance(self, seen, target):
        """How far the picture is from its target; by default the mean squared difference.

        Args:
            seen: What `measure` returned for the picture.
            target: The same for the target image, or None where there is none.

        Returns:
            A scalar tensor.
        """
        pairs = zip(tf.nest.flatten(seen), tf.nest.flatten(target), strict=True)
        return tf.add_n([tf.reduce_mean(tf.square(x - t)) for x, t in pairs])

    @property
    def signature(self):
        """What a compiled function depends on; terms of one signature share it.

        That is the term itself, unless a subclass knows that its weight and target are all that can
        differ.
        """
        return self


class Statistic(Term):
    """A term whose measurement is a mean over positions, so a region can weight it.

    Args:
        region: Mask over the content image where the style is painted, float32, shape (rows, cols),
            0 to 1; None means everywhere.
        mix: A weight for each style image; the target is their weighted mean. None weights them
            as the run does.
    """

    def __init__(self, layer, weight=1.0, name=None, region=None, mix=None):
        super().__init__(layer, weight, name)
        self.region = region
        self.mix = mix

    def measure(self, x, mask=None):
        """The same as `Term.measure`, weighted by a mask of shape (rows', cols')."""
        raise NotImplementedError(f"{type(self).__name__} needs a method measure(self, x, mask).")


class Map(Term):
    """A term that compares feature maps in place, so that its distance adds up over positions.

    distance = Σ (seen − target)² / norm(target)
    """

    def measure(self, x):
        return x

    def distance(self, seen, target):
        # A target of zeros, as a blank picture can have at a deep layer, has no size to compare to.
        return tf.math.divide_no_nan(content_loss(target, seen), self.norm(target))

    def norm(self, target):
        """What the squared difference is divided by, a scalar."""
        return 1.0

    @property
    def adds_up(self):
        """Whether it is as said above: a subclass may compare in another way."""
        own = type(self)
        return (own.measure, own.distance) == (Map.measure, Map.distance)


class _Known:
    """A term of this module: its class, layer and size say all that a compiled function needs."""

    @property
    def signature(self):
        if type(self).__module__ != __name__:  # a subclass of one's own may differ in anything
            return self
        own = self.layer, self.name, getattr(self, "size", None)
        return type(self), *own, getattr(self, "region", None) is not None


class GramStyle(_Known, Statistic):
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


class RelativeGramStyle(_Known, Statistic):
    """The distance of mean Gram matrices, relative to the target's size."""

    def __init__(self, layer, weight, region=None, mix=None):
        super().__init__(layer, weight, "style", region, mix)

    def measure(self, x, mask=None):
        return mean_gram(x, mask)

    def distance(self, seen, target):
        return relative_distance(seen, target)


class Content(_Known, Map):
    """The Keras example's content loss (Gatys et al., equation 1, without its ½)."""

    target = "content"

    def __init__(self, layer, weight):
        super().__init__(layer, weight, "content")


class RelativeContent(Content):
    """The same, relative to the target's size."""

    def norm(self, target):
        return tf.reduce_sum(tf.square(target))


class TotalVariation(_Known, Term):
    """The Keras example's total variation loss of the picture itself."""

    target = None

    def __init__(self, weight):
        super().__init__(PICTURE, weight, "total_variation")

    def measure(self, x):
        return total_variation_loss(x[tf.newaxis])

    def distance(self, seen, target):
        return seen


class MeanTotalVariation(TotalVariation):
    """The same a pixel."""

    def measure(self, x):
        return super().measure(x) / (x.shape[0] * x.shape[1])


def build_terms(config, size, regions=((None, None, 1.0),), extra=()):
    """The terms of a config's objective.

    Args:
        config: A `TransferConfig`; from here on only terms travel.
        size: Rows and cols of the picture.
        regions: For each region its mask or None, its mix of the style images or None, and how
            strongly it is painted; see `Statistic`.
        extra: Terms of your own.

    Returns:
        List of `Term`s.
    """
    relative = config.losses == "relative"
    layers, terms = config.style_layer_names, []
    for region, mix, strength in regions:
        weight = config.style_weight * strength / len(layers)
        for layer in layers:
            if relative:
                terms.append(RelativeGramStyle(layer, weight, region, mix))
            else:
                terms.append(GramStyle(layer, weight, size, region, mix))
    content, variation = (
        (RelativeContent, MeanTotalVariation) if relative else (Content, TotalVariation)
    )
    terms.append(content(config.content_layer_name, config.content_weight))
    terms.append(variation(config.total_variation_weight))
    return [*terms, *extra]


def loss_names(terms):
    """The columns of the loss table: total, its three usual parts, then the others."""
    return ("total", *dict.fromkeys([*LOSSES, *(term.name for term in terms)]))


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
    share = tf.math.divide_no_nan(mask, tf.reduce_sum(mask))
    return _gram_in_one_product(x * tf.sqrt(share)[:, :, tf.newaxis])


def relative_distance(x, target):
    """Squared distance over the target's squared size: 1 is as far away as zeros are."""
    # A target of zeros, as a blank picture can have at a deep layer, has no size to compare with.
    distance, size = tf.reduce_sum(tf.square(x - target)), tf.reduce_sum(tf.square(target))
    return tf.math.divide_no_nan(distance, size)


@tf.custom_gradient
def _gram_in_one_product(x):
    """`gram_matrix`, whose gradient takes one product instead of TensorFlow's two."""

    def gradient(upstream):
        features = tf.reshape(x, (-1, x.shape[-1]))
        return tf.reshape(tf.matmul(features, upstream + tf.transpose(upstream)), tf.shape(x))

    return gram_matrix(x), gradient


def _snake_case(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
