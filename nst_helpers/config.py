"""Every number of a run, in one place."""

import dataclasses
import difflib
import functools
import numbers
import reprlib
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

VGG19_LAYERS = tuple(
    f"block{block}_{layer}"
    for block, convolutions in enumerate([2, 2, 4, 4, 4], start=1)
    for layer in [*(f"conv{number + 1}" for number in range(convolutions)), "pool"]
)
CHOICES = {
    "losses": ("document", "relative"),
    "optimizer": ("sgd", "lbfgs"),
    "precision": ("float32", "bfloat16", "auto"),
    "interpolation": ("nearest", "lanczos"),
}
MIN_ROWS = 16  # VGG19 halves the picture four times before block5
MOST = 1e30  # leaves float32 room to compute in
MOST_WHOLE = 10**9


class ConfigError(ValueError):
    """A setting that can't be used; the message names it and says what it may be."""


class DivergenceError(ConfigError):
    """A loss that explodes whatever is tried; the message names the setting to change.

    Attributes:
        result: `TransferResult` with the best picture until then; None where there is none.
    """

    result = None


class Objective(NamedTuple):
    """The settings that say what the loss is, but for its weights."""

    content_layer_name: str
    style_layer_names: tuple
    losses: str

    @property
    def layer_names(self):
        """Every layer that the loss needs, once."""
        return tuple(dict.fromkeys([*self.style_layer_names, self.content_layer_name]))


def _check_names(cls):
    """Has the class say which setting was meant by a name that it doesn't know."""
    init, names = cls.__init__, [field.name for field in dataclasses.fields(cls)]

    @functools.wraps(init)
    def checked(self, /, *values, **settings):
        for name in settings:
            if name not in names:
                (nearest,) = difflib.get_close_matches(name, names, 1, cutoff=0)
                raise ConfigError(f"there is no setting {name!r}: the nearest is {nearest}.")
        init(self, *values, **settings)

    cls.__init__ = checked
    return cls


@_check_names
@dataclass(frozen=True, kw_only=True)
class TransferConfig:
    """All settings of a run; the values that stand here are the document's.

    Args:
        rows: Height of the combination image in pixels, 16 or more.
        iterations: Updates of the picture, 1 or more, over all scales.
        scales: Sizes to paint at one after the other, as parts of `rows`; the last is 1.
        content_weight, style_weight, total_variation_weight: Weights of the losses, 0 or more.
        content_layer_name: VGG19 layer whose feature map is the content.
        style_layer_names: VGG19 layers whose Gram matrices are the style; each counts the same.
        losses: "document" sums over all positions and features, as the document does. "relative"
            divides each distance by the size of what it is measured against, so that a weight
            means the same at every size and layer.
        style_scale: Size of the style's strokes; 1 gives the style image as many pixels as the
            combination image has. Only where `keep_style_aspect` is on.
        keep_style_aspect: Whether the style image keeps its own aspect ratio; the document
            squeezes it into the content image's.
        match_colours: Whether to start from the content image in the style image's colours, if
            style has a weight. The document starts from the content image as it is.
        optimizer: "sgd", gradient descent, or "lbfgs".
        history: Pairs that L-BFGS remembers, 1 or more.
        initial_learning_rate, decay_steps, decay_rate: The rate of gradient descent is
            initial_learning_rate · decay_rate^(updates / decay_steps) at the document's 400 × 599
            pixels, and in proportion to the pixels at any other size.
        precision: Type that the convolutions compute in: "float32", "bfloat16", or "auto", which
            is bfloat16 where this machine is faster at it. Losses are always float32.
        interpolation: How pictures are resized, "nearest" or "lanczos".
        report_every: Iterations between two reports. None reports as often as costs nothing: each
            iteration without a GPU, each 20th with one, which then need not wait for Python.

    NumPy's numbers may stand for Python's, and lists for tuples.

    Raises:
        ConfigError: If a value is out of its range, or there is no setting of that name.
    """

    rows: int = 400
    iterations: int = 4000
    scales: tuple = (1.0,)
    content_weight: float = 2.5e-8
    style_weight: float = 1e-6
    total_variation_weight: float = 1e-6
    content_layer_name: str = "block5_conv2"
    style_layer_names: tuple = (
        "block1_conv1",
        "block2_conv1",
        "block3_conv1",
        "block4_conv1",
        "block5_conv1",
    )
    losses: str = "document"
    style_scale: float = 1.0
    keep_style_aspect: bool = False
    match_colours: bool = False
    optimizer: str = "sgd"
    history: int = 20
    initial_learning_rate: float = 100.0
    decay_steps: int = 100
    decay_rate: float = 0.96
    precision: str = "float32"
    interpolation: str = "nearest"
    report_every: int | None = None

    @classmethod
    def tutorial(cls, /, **changes):
        """The document's recipe, number by number; `changes` are settings to use instead."""
        return cls(**changes)

    @classmethod
    def fast(cls, /, **changes):
        """The document's objective, reached in 63 iterations of L-BFGS instead of 4,000."""
        recipe = {
            "iterations": 63,
            "match_colours": True,
            "optimizer": "lbfgs",
            "precision": "auto",
        }
        return cls(**{**recipe, **changes})

    @classmethod
    def multiscale(cls, /, **changes):
        """A stronger picture: large strokes first, at small sizes, then finer and finer ones."""
        recipe = {
            "iterations": 160,
            "scales": (0.25, 0.4, 0.63, 1.0),
            "content_weight": 20.0,
            "style_weight": 100.0,
            "total_variation_weight": 1e-3,
            "content_layer_name": "block4_conv2",
            "losses": "relative",
            "keep_style_aspect": True,
            "optimizer": "lbfgs",
            "precision": "auto",
            "interpolation": "lanczos",
        }
        return cls(**{**recipe, **changes})

    @classmethod
    def for_budget(cls, seconds, memory_gb=None):
        """The strongest picture for the time that there is: `multiscale`, in the size that fits.

        Times a few evaluations on this machine, which takes some of the seconds, and prints what it
        chose and why. A picture of 3:2 then takes about three quarters of the seconds, so that a
        busy machine still keeps to them.

        Args:
            seconds: From this call to the written picture, without imports; more than 0.
            memory_gb: Memory that Python may take, in units of 10⁹ bytes; None means what is free.

        Returns:
            A `TransferConfig`.

        Raises:
            ConfigError: If a value is out of its range.
            WeightsError: If the VGG19 weights can't be had.
        """
        from nst_helpers.budget import config_for_budget  # it times a run, and a run knows us

        seconds = _number("seconds", seconds, least=1)
        if memory_gb is not None:
            memory_gb = _number("memory_gb", memory_gb, least=1)
        return config_for_budget(seconds, memory_gb)

    @classmethod
    def recipe(cls, name, /, **changes):
        """The recipe of that name, for the shell and for sliders."""
        return getattr(cls, _choice("recipe", name, RECIPES))(**changes)

    @property
    def objective(self):
        """What the loss is, but for its weights: an `Objective`."""
        return Objective(self.content_layer_name, self.style_layer_names, self.losses)

    @property
    def layer_names(self):
        """Every layer that the run needs, once."""
        return self.objective.layer_names

    def replace(self, /, **changes):
        """The same settings with some changed."""
        return dataclasses.replace(self, **changes)

    def __post_init__(self):
        self._put("rows", _whole, least=MIN_ROWS)
        self._put("scales", _tuple_of, _number, least=0.01, most=1)
        if self.scales[-1] != 1:
            raise ConfigError(f"scales must end in 1, not be {_shown(self.scales)}.")
        self._put("iterations", _whole, least=len(self.scales))
        for name in ("content_weight", "style_weight", "total_variation_weight"):
            self._put(name, _number, least=0)
        self._put("content_layer_name", _choice, VGG19_LAYERS)
        self._put("style_layer_names", _tuple_of, _choice, VGG19_LAYERS)
        for name, choices in CHOICES.items():
            self._put(name, _choice, choices)
        self._put("style_scale", _number, least=0.1, most=10)
        self._put("keep_style_aspect", _flag)
        self._put("match_colours", _flag)
        self._put("history", _whole, least=1)
        self._put("initial_learning_rate", _number, least=0)
        self._put("decay_steps", _number, least=1)
        self._put("decay_rate", _number, least=0)
        if self.report_every is not None:
            self._put("report_every", _whole, least=1)

    def _put(self, name, check, *arguments, **ranges):
        """Puts what `check` makes of a setting in its place."""
        value = check(name, getattr(self, name), *arguments, **ranges)
        object.__setattr__(self, name, value)


RECIPES = ("tutorial", "fast", "multiscale")


# Each of these returns the value as Python's own type, or raises `ConfigError`.


def _whole(name, value, least, most=MOST_WHOLE):
    return int(_in_range(name, value, numbers.Integral, "a whole number", least, most))


def _number(name, value, least, most=MOST):
    value = _in_range(name, value, numbers.Real, "a number", least, most)
    return int(value) if isinstance(value, numbers.Integral) else float(value) + 0.0  # no -0.0


def _in_range(name, value, kind, words, least, most):
    fits = isinstance(value, kind) and not isinstance(value, bool)
    if fits and least <= value <= most:  # nan is in no range
        return value
    unbounded = most in (MOST, MOST_WHOLE) and not (fits and value > most)
    reach = f"{least} or more" if unbounded else f"from {least} to {most}"
    raise ConfigError(f"{name} must be {words}, {reach}, not {_shown(value)}.")


def _choice(name, value, choices):
    if isinstance(value, str) and value in choices:
        return str(value)
    raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {_shown(value)}.")


def _flag(name, value):
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise ConfigError(f"{name} must be True or False, not {_shown(value)}.")


def _tuple_of(name, values, check, *arguments, **ranges):
    values = values.tolist() if isinstance(values, np.ndarray) else values
    if not isinstance(values, (list, tuple)) or not values:
        raise ConfigError(f"{name} must be a list of one value or more, not {_shown(values)}.")
    return tuple(check(name, value, *arguments, **ranges) for value in values)


def _shown(value):
    """The value on one line, shortened where it is long."""
    try:
        return " ".join(reprlib.repr(value).split())
    except ValueError:  # Python writes out no integer of more than 4,300 digits
        return "a number of thousands of digits"
