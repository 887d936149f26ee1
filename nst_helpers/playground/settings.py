"""The panel's settings, what they change in a recipe, and the way back from a written call."""

import math

from nst_helpers.config import TransferConfig
from nst_helpers.errors import ConfigError, ImageError
from nst_helpers.machine.convolution import choose
from nst_helpers.machine.pictures import PICTURES as KNOWN

PICTURES = ("content", "style", "second_style")
WEIGHTS = ("content", "style", "total_variation")
FROM_CONFIG = (
    "rows",
    "iterations",
    "strength",
    "content_layer_name",
    "style_layer_names",
    "style_scale",
    "keep_colours",
    "pooling",
)
FACTORS = tuple(f"{name}_factor" for name in WEIGHTS)
SETTINGS = (*PICTURES, "mix", "recipe", "start", *FACTORS, *FROM_CONFIG)
ALWAYS = ("rows", "iterations")  # written down though they may be the recipe's


def changes_of(playground):
    """What a playground's settings change in its recipe, by name."""
    recipe = TransferConfig.recipe(playground.recipe)
    settings = {name: getattr(playground, name) for name in FROM_CONFIG}
    if recipe.losses == "document":
        # A start in the style's colours would hide how little these losses do.
        settings["match_colours"] = False
    for name in WEIGHTS:
        weight = getattr(playground, f"{name}_factor") * getattr(recipe, f"{name}_weight")
        settings[f"{name}_weight"] = float(f"{weight:.6g}")  # 5e-06, not 4.9999999999999996e-06
    settings.update(choose(recipe.precision, recipe.convolution))  # the printed call has them
    return {
        name: value
        for name, value in settings.items()
        if name in ALWAYS or value != getattr(recipe, name)
    }


def settings_of(call, here, factors):
    """The settings of a playground that would write such a call.

    Args:
        call: A `Call`.
        here: From names to the playground's pictures; others must be known by name.
        factors: The weights to choose from, as factors of the recipe's.

    Returns:
        Values by the names of settings.

    Raises:
        ConfigError: If no settings would.
        ImageError: If a picture isn't there.
    """
    recipe = TransferConfig.recipe(call.recipe)
    config = recipe.replace(**call.settings)
    settings = {name: getattr(config, name) for name in FROM_CONFIG}
    for name in WEIGHTS:
        own, weight = (getattr(which, f"{name}_weight") for which in (recipe, config))
        settings[f"{name}_factor"] = _nearest(factors, weight / own)
    pictures = [call.content, *(name for name, _ in call.styles)]
    if len(pictures) > len(PICTURES):
        raise ConfigError("the picture was made from more than two styles: use nst.load_run.")
    pictures = [here.get(name) or _known(name) for name in pictures]
    mix = {"mix": call.styles[1][1]} if len(call.styles) == 2 else {}
    return {
        **settings,
        **mix,
        **dict.fromkeys(PICTURES),
        **dict(zip(PICTURES, pictures, strict=False)),
        "recipe": call.recipe,
        "start": "content",
    }


def _nearest(factors, ratio):
    factor = min(factors, key=lambda factor: abs(factor - ratio))
    if not math.isclose(factor, ratio, rel_tol=1e-4):
        raise ConfigError(f"no weight here is {ratio:.3g} × the recipe's: use nst.load_run.")
    return factor


def _known(name):
    if name not in KNOWN:
        raise ImageError(f"that picture was made from {name!r}: upload it first, then try again.")
    return name
