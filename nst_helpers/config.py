"""Every number of a run, in one place."""

import dataclasses
import math
from dataclasses import dataclass
from typing import NamedTuple

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


class ConfigError(ValueError):
    """A setting that can't be used; the message names it and says what it may be."""


class Objective(NamedTuple):
    """The settings that say what the loss is, but for its weights."""

    content_layer_name: str
    style_layer_names: tuple
    losses: str

    @property
    def layer_names(self):
        """Every layer that the loss needs, once."""
        return tuple(dict.fromkeys([*self.style_layer_names, self.content_layer_name]))


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

    Raises:
        ConfigError: If a value is out of its range.
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
    optimizer: str = "sgd"
    history: int = 20
    initial_learning_rate: float = 100.0
    decay_steps: int = 100
    decay_rate: float = 0.96
    precision: str = "float32"
    interpolation: str = "nearest"
    report_every: int | None = None

    @classmethod
    def tutorial(cls, **changes):
        """The document's recipe, number by number; `changes` are settings to use instead."""
        return cls(**changes)

    @classmethod
    def fast(cls, **changes):
        """The document's objective, reached in 72 iterations of L-BFGS instead of 4,000."""
        return cls(**{"optimizer": "lbfgs", "iterations": 72, "precision": "auto", **changes})

    @classmethod
    def multiscale(cls, **changes):
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
    def recipe(cls, name, **changes):
        """The recipe of that name, for the shell and for sliders."""
        if name not in RECIPES:
            raise ConfigError(f"recipe must be one of {', '.join(RECIPES)}, not {name!r}.")
        return getattr(cls, name)(**changes)

    @property
    def objective(self):
        """What the loss is, but for its weights: an `Objective`."""
        return Objective(self.content_layer_name, self.style_layer_names, self.losses)

    @property
    def layer_names(self):
        """Every layer that the run needs, once."""
        return self.objective.layer_names

    def replace(self, **changes):
        """The same settings with some changed."""
        return dataclasses.replace(self, **changes)

    def __post_init__(self):
        for name in ("scales", "style_layer_names"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        _check_number("rows", self.rows, least=MIN_ROWS, whole=True)
        _check_number("iterations", self.iterations, least=len(self.scales), whole=True)
        for scale in self.scales:
            _check_number("scales", scale, least=0.01, most=1)
        if not self.scales or self.scales[-1] != 1:
            raise ConfigError(f"scales must end in 1, not be {self.scales!r}.")
        for name in ("content_weight", "style_weight", "total_variation_weight"):
            _check_number(name, getattr(self, name), least=0)
        _check_choice("content_layer_name", self.content_layer_name, VGG19_LAYERS)
        if not self.style_layer_names:
            raise ConfigError("style_layer_names must name one layer or more.")
        for name in self.style_layer_names:
            _check_choice("style_layer_names", name, VGG19_LAYERS)
        _check_number("style_scale", self.style_scale, least=0.1, most=10)
        _check_choice("keep_style_aspect", self.keep_style_aspect, (False, True))
        for name, choices in CHOICES.items():
            _check_choice(name, getattr(self, name), choices)
        _check_number("history", self.history, least=1, whole=True)
        _check_number("initial_learning_rate", self.initial_learning_rate, least=0)
        _check_number("decay_steps", self.decay_steps, least=1)
        _check_number("decay_rate", self.decay_rate, least=0)
        if self.report_every is not None:
            _check_number("report_every", self.report_every, least=1, whole=True)


RECIPES = ("tutorial", "fast", "multiscale")


def _check_number(name, value, least, most=math.inf, whole=False):
    kind = "a whole number" if whole else "a number"
    reach = f"{least} or more" if most == math.inf else f"from {least} to {most}"
    fits = isinstance(value, int) or (isinstance(value, float) and not whole)
    fits = fits and not isinstance(value, bool) and math.isfinite(value)
    if not fits or not least <= value <= most:
        raise ConfigError(f"{name} must be {kind}, {reach}, not {value!r}.")


def _check_choice(name, value, choices):
    if value not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(map(str, choices))}, not {value!r}.")
