"""A term: one part of the loss, that looks at one layer. Losses of one's own are made from it."""

import re
from types import MethodType

from nst_helpers.errors import ConfigError
from nst_helpers.machine.backend import tf
from nst_helpers.machine.checks import number
from nst_helpers.machine.vgg19 import LAYERS
from nst_helpers.network import PICTURE, check_layer

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
        return MethodType(id, self)  # the same for this object alone; a dataclass has no hash


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

    distance = Σ differences(seen, target) / norm(target), where each position is seen by itself.
    """

    def measure(self, x):
        return x

    def distance(self, seen, target):
        # A target of zeros, as a blank picture can have at a deep layer, has no size to compare to.
        total = tf.reduce_sum(self.differences(seen, target))
        return tf.math.divide_no_nan(total, self.norm(target))

    def differences(self, seen, target):
        """How far apart both are at each position, shape (rows', cols')."""
        return tf.reduce_sum(tf.square(seen - target), axis=-1)

    def norm(self, target):
        """What their sum is divided by, a scalar."""
        return 1.0

    @property
    def adds_up(self):
        """Whether it is as said above: a subclass of one's own may do anything else."""
        own = self.measure, self.distance, self.differences
        return all(method.__module__.startswith(__package__) for method in own)


class Known:
    """A term of this package: its class, layer and size say all that a compiled function needs."""

    @property
    def signature(self):
        if not type(self).__module__.startswith(
            __package__
        ):  # a subclass of one's own may differ in anything
            return self
        own = self.layer, self.name, getattr(self, "size", None)
        return type(self), *own, getattr(self, "region", None) is not None


def _snake_case(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
