"""The document's numbers, and a clear refusal of what can't be used."""

import copy
import dataclasses
import inspect
import math
import pickle
from decimal import Decimal
from fractions import Fraction

import document
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nst_helpers as nst
from nst_helpers.config import CHOICES, RECIPES, VGG19_LAYERS


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
        ("rows", 10**400),
        ("rows", 10**5000),  # more digits than Python writes out
        ("iterations", 0),
        ("iterations", 2**40),
        ("style_weight", -1e-6),
        ("style_weight", 1e39),  # float32 would make it infinite
        ("content_layer_name", "block9_conv1"),
        ("style_layer_names", ("block1_conv1", "conv")),
        ("style_layer_names", "block1_conv1"),  # its letters are no layers
        ("style_layer_names", ()),
        ("style_layer_names", {"block1_conv1": 1}),
        ("style_layer_names", np.array("block1_conv1")[None, None]),
        ("optimizer", "adam"),
        ("interpolation", "cubic"),
        ("report_every", 0),
        ("scales", ()),
        ("scales", 1.0),
        ("scales", np.array(1.0)),
        ("scales", (0.5, 0.7)),
        ("scales", (2, 1)),
        ("scales", (math.nan, 1)),
        ("style_scale", 0),
        ("style_scale", 11),
        ("keep_style_aspect", "yes"),
        ("keep_style_aspect", 1),
        ("losses", "mean"),
        ("precision", "int8"),
        ("history", 0),
        ("decay_steps", 0),
        ("decay_rate", -1),
        ("initial_learning_rate", -1),
    ],
    ids=lambda value: value if isinstance(value, str) else "value",
)
def test_a_bad_value_is_refused_by_name(name, value, survived):
    assert_refused(name, value)
    survived("a setting out of its range or of the wrong type", 1, 1)


def assert_refused(name, value):
    with pytest.raises(nst.ConfigError, match=f"^{name} must ") as error:
        nst.TransferConfig.tutorial(**{name: value})
    assert "\n" not in str(error.value) and len(str(error.value)) < 500


# What no setting is, not even in a list; strings and flags aside, where they may be right.
NOT_VALUES = st.one_of(
    st.sampled_from([math.nan, math.inf, -math.inf, np.float32("nan"), Decimal(1)]),
    st.complex_numbers(),
    st.binary(),
    st.text().filter(lambda text: text not in ALL_CHOICES),
    st.lists(st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=3),
    st.sets(st.integers(), max_size=3),
    st.builds(object),
    st.builds(np.zeros, st.tuples(st.integers(0, 3), st.integers(0, 3))),
    st.just(str),
)
ALL_CHOICES = [*VGG19_LAYERS, *(name for names in CHOICES.values() for name in names)]
NAMES = [field.name for field in dataclasses.fields(nst.TransferConfig)]
FLAGS = "keep_style_aspect", "match_colours"


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(NAMES), NOT_VALUES)
def test_what_is_no_value_is_refused_by_name(name, value):
    assert_refused(name, value)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "report_every"])
def test_none_is_no_value(name):
    assert_refused(name, None)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in FLAGS])
def test_a_flag_is_no_number(name):
    for flag in (True, np.True_):
        assert_refused(name, flag)


NUMBERS = {
    "rows": st.integers(16, 10**9),
    "iterations": st.integers(1, 10**9),
    "content_weight": st.floats(0, 1e30) | st.integers(0, 10**30),
    "style_weight": st.floats(0, 2.0**99, width=32),
    "total_variation_weight": st.floats(0, 1e30),
    "style_scale": st.floats(0.1, 10),
    "history": st.integers(1, 10**9),
    "initial_learning_rate": st.floats(0, 1e30),
    "decay_steps": st.integers(1, 10**9) | st.floats(1, 1e30),
    "decay_rate": st.floats(0, 1e30),
    "report_every": st.none() | st.integers(1, 10**9),
}


@settings(deadline=None, max_examples=100)
@given(st.fixed_dictionaries({}, optional=NUMBERS))
def test_every_value_in_its_range_is_taken_as_it_is(changes):
    config = nst.TransferConfig(**changes)
    for name, value in changes.items():
        assert getattr(config, name) == value
    assert config == copy.deepcopy(config) == pickle.loads(pickle.dumps(config)) == config.replace()


@settings(deadline=None, max_examples=100)
@given(st.sampled_from([name for name in NUMBERS if name != "report_every"]), st.data())
def test_one_beyond_its_range_is_refused(name, data):
    least = {"rows": 16, "iterations": 1, "style_scale": 0.1, "history": 1, "decay_steps": 1}
    most = {"style_scale": 10, "rows": 10**9, "iterations": 10**9, "history": 10**9}
    below = st.floats(max_value=math.nextafter(least.get(name, 0), -1))
    above = st.floats(min_value=math.nextafter(most.get(name, 1e30), math.inf))
    assert_refused(name, data.draw(below | above))
    whole = st.integers(max_value=math.ceil(least.get(name, 0)) - 1)
    assert_refused(name, data.draw(whole | st.integers(min_value=int(most.get(name, 1e30)) + 1)))


def test_numpys_numbers_and_lists_become_pythons():
    config = nst.TransferConfig(
        rows=np.int64(400),
        content_weight=np.float32(2.5e-8),
        style_weight=Fraction(1, 2),
        total_variation_weight=-0.0,
        scales=np.array([0.5, 1]),
        style_layer_names=[np.str_("block1_conv1")],
        keep_style_aspect=np.True_,
    )
    assert (config.rows, type(config.rows)) == (400, int)
    assert config.content_weight == pytest.approx(2.5e-8) and type(config.content_weight) is float
    assert (config.style_weight, type(config.style_weight)) == (0.5, float)
    assert math.copysign(1, config.total_variation_weight) == 1
    assert (config.scales, type(config.scales[0])) == ((0.5, 1), float)
    assert (config.style_layer_names, config.keep_style_aspect) == (("block1_conv1",), True)
    assert type(config.style_layer_names[0]) is str and hash(config)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("stile_weight", "style_weight"),
        ("itertions", "iterations"),
        ("learning_rate", "initial_learning_rate"),
        ("self", "scales"),
        ("", ""),
    ],
)
def test_an_unknown_setting_is_named_with_the_nearest(name, nearest):
    words = f"^there is no setting {name!r}: the nearest is {nearest}"
    for make in (nst.TransferConfig, nst.TransferConfig.fast, nst.TransferConfig().replace):
        with pytest.raises(nst.ConfigError, match=words):
            make(**{name: 1})
    with pytest.raises(nst.ConfigError, match="no setting 'name'"):
        nst.TransferConfig.recipe("fast", name=1)


def test_the_settings_are_seen_by_their_names():
    assert list(inspect.signature(nst.TransferConfig).parameters) == NAMES


def test_recipes_by_name():
    for name in RECIPES:
        assert nst.TransferConfig.recipe(name, rows=64) == getattr(nst.TransferConfig, name)(
            rows=64
        )
    for name in ("slow", None, ["fast"], np.array(["fast", "slow"])):
        with pytest.raises(nst.ConfigError, match="recipe must be one of tutorial"):
            nst.TransferConfig.recipe(name)
