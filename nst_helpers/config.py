"""Every number of a run, in one place."""

import dataclasses
import math
from dataclasses import dataclass

VGG19_LAYERS = tuple(
    f"block{block}_{layer}"
    for block, convolutions in enumerate([2, 2, 4, 4, 4], start=1)
    for layer in [*(f"conv{number + 1}" for number in range(convolutions)), "pool"]
)
OPTIMIZERS = ("sgd",)
INTERPOLATIONS = ("nearest", "lanczos")
MIN_ROWS = 16  # VGG19 halves the picture four times before block5


class ConfigError(ValueError):
    """A setting that can't be used; the message names it and says what it may be."""


@dataclass(frozen=True, kw_only=True)
class TransferConfig:
    """All settings of a run; the values that stand here are the document's.

    Args:
        rows: Height of the combination image in pixels, 16 or more.
        iterations: Updates of the picture, 1 or more.
        content_weight, style_weight, total_variation_weight: Weights of the losses, 0 or more.
        content_layer_name: VGG19 layer whose feature map is the content.
        style_layer_names: VGG19 layers whose Gram matrices are the style; each counts the same.
        optimizer: "sgd", gradient descent.
        initial_learning_rate, decay_steps, decay_rate: The rate of gradient descent is
            initial_learning_rate · decay_rate^(updates / decay_steps) at the document's 400 × 599
            pixels, and in proportion to the pixels at any other size.
        interpolation: How pictures are resized, "nearest" or "lanczos".
        report_every: Iterations between two reports. None reports as often as costs nothing: each
            iteration without a GPU, each 20th with one, which then need not wait for Python.

    Raises:
        ConfigError: If a value is out of its range.
    """

    rows: int = 400
    iterations: int = 4000
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
    optimizer: str = "sgd"
    initial_learning_rate: float = 100.0
    decay_steps: int = 100
    decay_rate: float = 0.96
    interpolation: str = "nearest"
    report_every: int | None = None

    @classmethod
    def tutorial(cls, **changes):
        """The document's recipe, number by number; `changes` are settings to use instead."""
        return cls(**changes)

    @classmethod
    def recipe(cls, name, **changes):
        """The recipe of that name, for the shell and for sliders."""
        if name not in RECIPES:
            raise ConfigError(f"recipe must be one of {', '.join(RECIPES)}, not {name!r}.")
        return getattr(cls, name)(**changes)

    @property
    def layer_names(self):
        """Every layer that the run needs, once."""
        return tuple(dict.fromkeys([*self.style_layer_names, self.content_layer_name]))

    def replace(self, **changes):
        """The same settings with some changed."""
        return dataclasses.replace(self, **changes)

    def __post_init__(self):
        object.__setattr__(self, "style_layer_names", tuple(self.style_layer_names))
        _check_number(self, "rows", least=MIN_ROWS, whole=True)
        _check_number(self, "iterations", least=1, whole=True)
        for name in ("content_weight", "style_weight", "total_variation_weight"):
            _check_number(self, name, least=0)
        _check_choice("content_layer_name", self.content_layer_name, VGG19_LAYERS)
        if not self.style_layer_names:
            raise ConfigError("style_layer_names must name one layer or more.")
        for name in self.style_layer_names:
            _check_choice("style_layer_names", name, VGG19_LAYERS)
        _check_choice("optimizer", self.optimizer, OPTIMIZERS)
        _check_choice("interpolation", self.interpolation, INTERPOLATIONS)
        _check_number(self, "initial_learning_rate", least=0)
        _check_number(self, "decay_steps", least=1)
        _check_number(self, "decay_rate", least=0)
        if self.report_every is not None:
            _check_number(self, "report_every", least=1, whole=True)


RECIPES = ("tutorial",)


def _check_number(config, name, least, whole=False):
    value = getattr(config, name)
    kind = "a whole number" if whole else "a number"
    fits = isinstance(value, int) or (isinstance(value, float) and not whole)
    if not fits or isinstance(value, bool) or not math.isfinite(value) or value < least:
        raise ConfigError(f"{name} must be {kind}, {least} or more, not {value!r}.")


def _check_choice(name, value, choices):
    if value not in choices:
        raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {value!r}.")
