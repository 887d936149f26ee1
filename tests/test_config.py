"""The document's numbers, and a clear refusal of what can't be used."""

import math

import document
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nst_helpers as nst
from nst_helpers.config import RECIPES, VGG19_LAYERS


def test_tutorial_is_the_documents_recipe():
    config = nst.TransferConfig.tutorial()
    assert (config.rows, config.iterations) == (400, 4000)
    assert config.content_weight == document.content_weight
    assert config.style_weight == document.style_weight
    assert config.total_variation_weight == document.total_variation_weight
    assert config.content_layer_name == document.content_layer_name
    assert list(config.style_layer_names) == document.style_layer_names
    assert (config.initial_learning_rate, config.decay_steps, config.decay_rate) == (100, 100, 0.96)


def test_layers_are_vgg19s():
    layers = nst.load_vgg19().layers
    assert list(VGG19_LAYERS) == [layer.name for layer in layers[1:]]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("rows", 0),
        ("rows", -5),
        ("rows", 40.5),
        ("rows", True),
        ("iterations", 0),
        ("iterations", "ten"),
        ("style_weight", -1e-6),
        ("style_weight", math.nan),
        ("content_weight", math.inf),
        ("total_variation_weight", None),
        ("content_layer_name", "block9_conv1"),
        ("style_layer_names", ("block1_conv1", "conv")),
        ("style_layer_names", ()),
        ("optimizer", "adam"),
        ("interpolation", "cubic"),
        ("report_every", 0),
        ("scales", ()),
        ("scales", (0.5, 0.7)),
        ("scales", (2, 1)),
        ("style_scale", 0),
        ("keep_style_aspect", "yes"),
        ("losses", "mean"),
        ("precision", "int8"),
        ("history", 0),
    ],
)
def test_a_bad_value_is_refused_by_name(name, value):
    with pytest.raises(nst.ConfigError, match=f"^{name} must ") as error:
        nst.TransferConfig.tutorial(**{name: value})
    assert "\n" not in str(error.value)


@given(st.floats(max_value=-1e-300) | st.sampled_from([math.nan, math.inf]))
def test_no_weight_is_negative_or_infinite(weight):
    with pytest.raises(nst.ConfigError):
        nst.TransferConfig.tutorial(style_weight=weight)


def test_recipes_by_name():
    for name in RECIPES:
        assert nst.TransferConfig.recipe(name, rows=64) == getattr(nst.TransferConfig, name)(
            rows=64
        )
    with pytest.raises(nst.ConfigError, match="recipe must be one of tutorial"):
        nst.TransferConfig.recipe("slow")
