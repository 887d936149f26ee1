"""The Keras example's numbers, and a clear refusal of what can't be used."""

import copy
import dataclasses
import inspect
import math
import pickle
import re
from decimal import Decimal
from fractions import Fraction

import document
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nst_helpers as nst
from nst_helpers.config import CHOICES, KEEP_COLOURS, RECIPES
from nst_helpers.machine.backend import keras
from nst_helpers.machine.vgg19 import LAYERS


def test_tutorial_is_the_keras_examples_recipe():
    config = nst.TransferConfig.tutorial()
    assert (config.rows, config.iterations) == (400, 4000)
    assert config.content_weight == document.content_weight
    assert config.style_weight == document.style_weight
    assert config.total_variation_weight == document.total_variation_weight
    assert config.content_layer_name == document.content_layer_name
    assert list(config.style_layer_names) == document.style_layer_names
    assert (config.initial_learning_rate, config.decay_steps, config.decay_rate) == (100, 100, 0.96)
    assert (config.optimizer, config.losses) == ("sgd", "document")
    assert (config.pooling, config.padding) == ("max", "zeros")
    assert (config.precision, config.interpolation) == ("float32", "nearest")
    assert (config.scales, config.style_scale) == ((1.0,), 1.0)
    assert not (config.keep_style_aspect or config.keep_colours or config.match_colours)
    assert config == nst.TransferConfig()


def test_fast_has_tutorials_objective():
    tutorial, fast = nst.TransferConfig.tutorial(), nst.TransferConfig.fast()
    changed = {name for name in NAMES if getattr(tutorial, name) != getattr(fast, name)}
    assert changed == {"iterations", "match_colours", "optimizer", "precision"}


def test_layers_are_vgg19s():
    _, *layers = keras.applications.VGG19(weights=None, include_top=False).layers
    assert list(LAYERS) == [layer.name for layer in layers]


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
        ("optimizer", "adamw"),
        ("optimizer", "Adam"),
        ("pooling", "mean"),
        ("padding", "reflect"),
        ("keep_colours", "keep"),
        ("keep_colours", ""),
        ("keep_colours", "False"),
        ("keep_colours", 0),
        ("keep_colours", 1.0),
        ("keep_colours", ["recolour"]),
        ("keep_colours", np.array([True, False])),
        ("adam_learning_rate", -1),
        ("beta_1", 1),
        ("beta_1", -0.1),
        ("beta_1", np.float32(1)),
        ("beta_2", np.nextafter(np.longdouble(1), 0)),  # Python's float would make it 1
        ("beta_2", Fraction(10**20 - 1, 10**20)),
        ("beta_2", "0.99"),
        ("epsilon", 0),
        ("epsilon", 1e-31),
        ("epsilon", np.float16(0)),
        ("interpolation", "cubic"),
        ("memory_gb", 0.4),
        ("report_every", 0),
        ("scales", ()),
        ("scales", 1.0),
        ("scales", np.array(1.0)),
        ("scales", (0.5, 0.7)),
        ("scales", (2, 1)),
        ("scales", (math.nan, 1)),
        ("shares", 1.0),
        ("shares", (0,)),
        ("shares", (1, 2)),
        ("style_scale", 0),
        ("style_scale", 11),
        ("keep_style_aspect", "yes"),
        ("keep_style_aspect", 1),
        ("losses", "mean"),
        ("precision", "int8"),
        ("convolution", "fastest"),
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


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("rows", 15, "a whole number, 16 or more, not 15"),
        ("rows", 10**10, "a whole number, from 16 to 1000000000, not 10000000000"),
        ("style_scale", 11, "a number, from 0.1 to 10, not 11"),
        ("adam_learning_rate", "5", "a number, 0 or more, not '5'"),
        ("beta_1", 1.0, "a number, 0 or more and below 1, not 1.0"),
        ("beta_2", -0.5, "a number, 0 or more and below 1, not -0.5"),
        ("epsilon", 0.0, "a number, 1e-30 or more, not 0.0"),
        ("pooling", "mean", "one of max, average, not 'mean'"),
        ("optimizer", "adamw", "one of sgd, adam, lbfgs, not 'adamw'"),
        ("match_colours", "luminance", "True or False, not 'luminance'"),
        (
            "keep_colours",
            "keep",
            "False, True (which means recolour), or one of recolour, luminance, not 'keep'",
        ),
    ],
)
def test_the_message_says_what_a_setting_may_be(name, value, words):
    with pytest.raises(nst.ConfigError) as error:
        nst.TransferConfig(**{name: value})
    assert str(error.value) == f"{name} must be {words}."


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
ALL_CHOICES = [*LAYERS, *KEEP_COLOURS, *(name for names in CHOICES.values() for name in names)]
NAMES = [field.name for field in dataclasses.fields(nst.TransferConfig)]
NONE_IS_A_VALUE = "memory_gb", "report_every", "shares"
FLAGS = "keep_style_aspect", "match_colours", "keep_colours"


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(NAMES), NOT_VALUES)
def test_what_is_no_value_is_refused_by_name(name, value):
    assert_refused(name, value)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in NONE_IS_A_VALUE])
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
    "strength": st.floats(0, 10),
    "style_scale": st.floats(0.1, 10),
    "history": st.integers(1, 10**9),
    "initial_learning_rate": st.floats(0, 1e30),
    "decay_steps": st.integers(1, 10**9) | st.floats(1, 1e30),
    "decay_rate": st.floats(0, 1e30),
    "adam_learning_rate": st.floats(0, 1e30),
    "beta_1": st.floats(0, 1, exclude_max=True) | st.just(0),
    "beta_2": st.floats(0, 1, exclude_max=True),
    "epsilon": st.floats(1e-30, 1e30) | st.integers(1, 10**30),
    "memory_gb": st.none() | st.floats(0.5, 1e6),
    "report_every": st.none() | st.integers(1, 10**9),
}
STRINGS = {name: st.sampled_from(choices) for name, choices in CHOICES.items()} | {
    "content_layer_name": st.sampled_from(LAYERS),
    "style_layer_names": st.lists(st.sampled_from(LAYERS), min_size=1).map(tuple),
    "keep_colours": st.sampled_from([False, *KEEP_COLOURS]),
}


def test_the_property_tests_know_every_setting():
    assert {*NUMBERS, *STRINGS, *FLAGS, "scales", "shares"} == set(NAMES)


@settings(deadline=None, max_examples=100)
@given(st.fixed_dictionaries({}, optional=NUMBERS | STRINGS))
def test_every_value_in_its_range_is_taken_as_it_is(changes):
    if changes.get("precision") == "bfloat16" and "convolution" in changes:
        changes["convolution"] = "direct"  # the others compute in float32
    config = nst.TransferConfig(**changes)
    for name, value in changes.items():
        assert getattr(config, name) == value
    assert_a_value(config)


def assert_a_value(config):
    for again in (copy.deepcopy(config), pickle.loads(pickle.dumps(config)), config.replace()):
        assert again == config and hash(again) == hash(config)


@settings(deadline=None, max_examples=100)
@given(st.sampled_from([name for name in NUMBERS if name not in NONE_IS_A_VALUE]), st.data())
def test_one_beyond_its_range_is_refused(name, data):
    least = {"rows": 16, "iterations": 1, "style_scale": 0.1, "history": 1, "decay_steps": 1}
    least["epsilon"] = 1e-30
    most = {"style_scale": 10, "rows": 10**9, "iterations": 10**9, "history": 10**9}
    most["beta_1"] = most["beta_2"] = math.nextafter(1, 0)
    below = st.floats(max_value=math.nextafter(least.get(name, 0), -1))
    above = st.floats(min_value=math.nextafter(most.get(name, 1e30), math.inf))
    assert_refused(name, data.draw(below | above))
    whole = st.integers(max_value=math.ceil(least.get(name, 0)) - 1)
    assert_refused(name, data.draw(whole | st.integers(min_value=int(most.get(name, 1e30)) + 1)))


@pytest.mark.parametrize("convolution", ["turned", "winograd", "turned+winograd"])
def test_a_convolution_in_float32_is_refused_in_bfloat16(convolution):
    words = f'^convolution="{re.escape(convolution)}" computes in float32: set precision='
    with pytest.raises(nst.ConfigError, match=words):
        nst.TransferConfig.fast(precision="bfloat16", convolution=convolution)
    assert nst.TransferConfig.fast(convolution=convolution).precision == "auto"  # float32 then


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
    config = nst.TransferConfig(adam_learning_rate=np.int32(2), beta_1=Fraction(1, 2), beta_2=-0.0)
    assert (config.adam_learning_rate, type(config.adam_learning_rate)) == (2, int)
    assert (config.beta_1, type(config.beta_1)) == (0.5, float)
    assert math.copysign(1, config.beta_2) == 1


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (False, False),
        (np.False_, False),
        (True, "recolour"),
        (np.True_, "recolour"),
        ("recolour", "recolour"),
        ("luminance", "luminance"),
        (np.str_("luminance"), "luminance"),
    ],
)
def test_keep_colours_is_false_or_a_way(value, kept):
    config = nst.TransferConfig.fast(keep_colours=value)
    assert config.keep_colours == kept and type(config.keep_colours) is type(kept)
    assert config.replace(rows=64).keep_colours == kept
    assert config.match_colours  # another thing: where the run starts
    assert_a_value(config)


def test_adam_is_an_optimizer():
    config = nst.TransferConfig.fast(optimizer="adam")
    assert (config.optimizer, config.adam_learning_rate) == ("adam", 5.0)
    assert (config.beta_1, config.beta_2, config.epsilon) == (0.9, 0.99, 1e-8)


def test_a_config_is_frozen_and_takes_names_only():
    config = nst.TransferConfig()
    for name in NAMES:
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(config, name, getattr(config, name))
    with pytest.raises(TypeError):
        nst.TransferConfig(400)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("stile_weight", "style_weight"),
        ("itertions", "iterations"),
        ("pool", "pooling"),
        ("keep_colors", "keep_colours"),
        ("match_colors", "match_colours"),
        ("beta1", "beta_1"),
        ("adam_learing_rate", "adam_learning_rate"),
        ("learning_rate", "initial_learning_rate or adam_learning_rate."),  # which one is meant?
        ("weight", "content_weight or style_weight or total_variation_weight."),
        ("self", "shares"),
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


def test_the_docstring_has_every_setting_once():
    arguments = inspect.getdoc(nst.TransferConfig).split("Args:")[1].split("\n\n")[0]
    entries = re.findall(r"^ {4}(\w[\w, ]*):", arguments, re.MULTILINE)
    documented = [name for entry in entries for name in entry.split(", ")]
    assert sorted(documented) == sorted(NAMES)


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_by_name(name):
    make = getattr(nst.TransferConfig, name)
    assert nst.TransferConfig.recipe(name) == make()
    assert nst.TransferConfig.recipe(name, rows=64) == make(rows=64)
    assert make(rows=64) == make().replace(rows=64) or name == "poster"  # whose rows say the sizes
    assert make(rows=64).rows == 64
    assert_a_value(make())
    assert_a_value(make(keep_colours=True, pooling="average", optimizer="adam"))


@pytest.mark.parametrize("rows", [300, 512, 1000, 3000, 8000, 100_000])
def test_a_poster_is_multiscale_and_then_twice_as_large_again_and_again(rows):
    config, start = nst.TransferConfig.poster(rows=rows), nst.TransferConfig.multiscale()
    first, later = config.scales[: len(start.scales)], config.scales[len(start.scales) :]
    base = first[-1] * rows
    assert base == rows if rows < 700 else 350 < base < 710
    assert [scale * rows / base for scale in first] == pytest.approx(start.scales)
    assert list(later) == [2.0 ** (1 - n) for n in range(len(later), 0, -1)]
    assert sum(config.shares[: len(first)]) == pytest.approx(start.iterations)
    assert list(config.shares) == sorted(config.shares, reverse=True) and config.shares[-1] >= 8
    assert config.iterations == int(sum(config.shares))
    same = {"scales": start.scales, "shares": None, "rows": 400, "iterations": start.iterations}
    assert config.replace(**same, memory_gb=None) == start


@pytest.mark.parametrize("rows", ["a lot", 3, None])
def test_rows_of_a_poster_are_checked(rows):
    with pytest.raises(nst.ConfigError, match=r"^rows must be a whole number, 16 or more"):
        nst.TransferConfig.poster(rows=rows)


def test_a_recipe_is_named():
    for name in ("slow", None, ["fast"], np.array(["fast", "slow"])):
        with pytest.raises(nst.ConfigError, match="recipe must be one of tutorial"):
            nst.TransferConfig.recipe(name)


def test_each_scale_gets_an_iteration():
    assert nst.TransferConfig.multiscale(iterations=4).iterations == 4
    with pytest.raises(nst.ConfigError, match=r"^iterations must be a whole number, 4 or more"):
        nst.TransferConfig.multiscale(iterations=3)


def test_for_budget_is_the_packages_function(monkeypatch):
    def config_for_budget(seconds, memory_gb):
        return seconds, memory_gb

    monkeypatch.setattr(nst, "config_for_budget", config_for_budget, raising=False)
    assert nst.TransferConfig.for_budget(30) == (30, None)
    assert nst.TransferConfig.for_budget(30, memory_gb=2) == (30, 2)
