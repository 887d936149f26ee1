"""Terms: what each measures, how far that is from its target, and its gradient."""

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.machine.backend import tf
from nst_helpers.network import PICTURE
from nst_helpers.objective import (
    Content,
    GramStyle,
    MeanTotalVariation,
    RelativeContent,
    RelativeGramStyle,
    TotalVariation,
    loss_names,
    mean_gram,
)

SIZE = 4, 6


class MeanStyle(nst.Term):
    def measure(self, x):
        return tf.reduce_mean(x, axis=(0, 1))


class Spread(nst.Term):
    """Several tensors in one measurement."""

    def measure(self, x):
        mean = tf.reduce_mean(x, axis=(0, 1))
        return {"mean": mean, "deviation": tf.sqrt(tf.reduce_mean((x - mean) ** 2, axis=(0, 1)))}


TERMS = {
    "Gram": GramStyle("block1_conv1", 1.0, SIZE),
    "relative Gram": RelativeGramStyle("block1_conv1", 1.0),
    "content": Content("block1_conv1", 1.0),
    "relative content": RelativeContent("block1_conv1", 1.0),
    "total variation": TotalVariation(1.0),
    "mean total variation": MeanTotalVariation(1.0),
    "own": MeanStyle("block1_conv1"),
    "own, of several tensors": Spread("block1_conv1"),
}


def float64(rng, *shape):
    return tf.constant(rng.normal(0, 10, shape), tf.float64)


@pytest.fixture
def mask(rng):
    return tf.constant(rng.uniform(0, 1, SIZE), tf.float64)


@pytest.mark.parametrize("name", TERMS)
def test_gradients_are_those_of_numeric_differences(rng, name):
    term, target_map = TERMS[name], float64(rng, *SIZE, 3)
    target = None if term.target is None else term.measure(target_map)
    assert_gradient(lambda x: term.distance(term.measure(x), target), float64(rng, *SIZE, 3))


@pytest.mark.parametrize("name", ["Gram", "relative Gram"])
def test_gradients_under_a_mask(rng, mask, name):
    term, target = TERMS[name], mean_gram(float64(rng, *SIZE, 3))
    assert_gradient(lambda x: term.distance(term.measure(x, mask), target), float64(rng, *SIZE, 3))


def test_gradients_of_any_use_of_a_gram_matrix(rng, mask):
    """Also one that doesn't treat its two halves alike, as a term of one's own may."""
    weights = float64(rng, 3, 3)
    for weight in (None, mask):
        assert_gradient(
            lambda x, weight=weight: tf.reduce_sum(weights * mean_gram(x, weight)),
            float64(rng, *SIZE, 3),
        )


def assert_gradient(loss, x):
    (analytic,), (numeric,) = tf.test.compute_gradient(loss, [x], delta=1e-4)
    assert np.abs(numeric).max() > 0
    np.testing.assert_allclose(analytic, numeric, rtol=1e-5, atol=1e-6 * np.abs(numeric).max())


# Means under a mask.


def test_the_mean_gram_matrix(rng, mask):
    x = float64(rng, *SIZE, 3)
    np.testing.assert_allclose(mean_gram(x), nst.gram_matrix(x) / 24)
    np.testing.assert_allclose(mean_gram(x, tf.ones(SIZE, tf.float64)), mean_gram(x))
    np.testing.assert_allclose(mean_gram(x, 7 * mask), mean_gram(x, mask))
    expected = np.einsum("rc,rcf,rcg->fg", mask, x, x) / np.sum(mask)
    np.testing.assert_allclose(mean_gram(x, mask), expected)


def test_masks_that_split_the_picture_add_up(rng, mask):
    """Each mean weighted by its mask's share."""
    x, mask = tf.cast(float64(rng, *SIZE, 8), tf.float32), tf.cast(mask, tf.float32)
    parts = [tf.reduce_mean(part) * mean_gram(x, part) for part in (mask, 1 - mask)]
    whole = mean_gram(x)
    np.testing.assert_allclose(sum(parts), whole, atol=1e-4 * np.abs(whole).max())


def test_a_mask_of_zeros_gives_zeros(rng):
    x = float64(rng, *SIZE, 3)
    with tf.GradientTape() as tape:
        tape.watch(x)
        gram = mean_gram(x, tf.zeros(SIZE, tf.float64))
    assert (gram.numpy() == 0).all()
    assert (tape.gradient(gram, x).numpy() == 0).all()


# What the distances are.


def test_the_distance_of_gram_matrices_is_the_style_loss(rng):
    """The example sums over positions, and the style image may have others than the picture."""
    x, style = float64(rng, *SIZE, 3), float64(rng, *SIZE, 3)
    term = TERMS["Gram"]
    found = term.distance(term.measure(x), term.measure(style))
    np.testing.assert_allclose(found, nst.style_loss(style, x, *SIZE))
    deeper = GramStyle("block3_conv1", 1.0, (16, 24))
    found = deeper.distance(deeper.measure(x), deeper.measure(tf.concat([style, style], axis=0)))
    np.testing.assert_allclose(found, nst.style_loss(style, x, 16, 24))


@pytest.mark.parametrize("name", ["relative Gram", "relative content"])
def test_relative_distances_are_1_from_zeros(rng, name):
    term, x = TERMS[name], float64(rng, *SIZE, 3)
    zeros = tf.zeros_like(x)
    assert term.distance(term.measure(zeros), term.measure(x)) == 1
    assert term.distance(term.measure(x), term.measure(x)) == 0
    assert term.distance(term.measure(x), term.measure(zeros)) == 0  # nothing to compare with


def test_total_variation_of_the_picture(rng):
    x = float64(rng, *SIZE, 3)
    expected = nst.total_variation_loss(x[tf.newaxis])
    for name, pixels in (("total variation", 1), ("mean total variation", 24)):
        term = TERMS[name]
        assert term.layer == PICTURE and term.target is None
        np.testing.assert_allclose(term.distance(term.measure(x), None), expected / pixels)


def test_the_usual_distance_is_a_mean_square(rng):
    term, x, y = TERMS["own"], float64(rng, 5), float64(rng, 5)
    np.testing.assert_allclose(term.distance(x, y), np.mean((x - y) ** 2))
    several = term.distance({"a": x, "b": (y,)}, {"a": y, "b": (y,)})
    np.testing.assert_allclose(several, np.mean((x - y) ** 2))


# Terms of one's own.


def test_a_terms_name_is_its_classs():
    assert MeanStyle("block1_conv1").name == "mean_style"
    assert MeanStyle("block1_conv1", name="brush").name == "brush"
    assert type("VGGStyleV2", (nst.Term,), {})("block1_conv1").name == "vggstyle_v2"
    shown = repr(MeanStyle("block1_conv1", weight=0.5))
    assert shown == "MeanStyle('block1_conv1', weight=0.5, name='mean_style')"


@pytest.mark.parametrize("name", ["total", "seconds", "iteration", "losses", "count", "", 7])
def test_a_name_that_the_table_needs_is_refused(name):
    with pytest.raises(nst.ConfigError, match=f"can't have the name {name!r}"):
        MeanStyle("block1_conv1", name=name)


@pytest.mark.parametrize("weight", [-1, np.nan, np.inf, "1", None, True])
def test_a_weight_is_a_number_of_0_or_more(weight):
    with pytest.raises(nst.ConfigError, match=r"weight must be a number, (0 or more|from 0 to)"):
        MeanStyle("block1_conv1", weight=weight)


@pytest.mark.parametrize(
    ("layer", "near"),
    [("block3_conv", "block3_conv4"), ("pictures", "picture"), ("Block1Conv1", "block1_conv1")],
)
def test_an_unknown_layer_gets_the_nearest(layer, near):
    with pytest.raises(nst.ConfigError, match=f"no layer '{layer}': the nearest is ") as error:
        MeanStyle(layer)
    assert near in str(error.value) and "\n" not in str(error.value)


def test_a_target_that_is_none_of_the_images():
    class Odd(nst.Term):
        target = "noise"

    with pytest.raises(nst.ConfigError, match=r"target is .*, not 'noise'"):
        Odd("block1_conv1")


def test_a_term_without_a_measurement_says_what_is_missing(rng):
    for term in (nst.Term("block1_conv1"), nst.Statistic("block1_conv1")):
        with pytest.raises(NotImplementedError, match="needs a method measure"):
            term.measure(float64(rng, *SIZE, 3))


def test_signatures_say_what_is_compiled_anew():
    """A weight and a target are arguments; a term of one's own may depend on anything."""
    assert GramStyle("block1_conv1", 1, SIZE).signature == TERMS["Gram"].signature
    different = [
        *(term.signature for term in TERMS.values()),
        MeanStyle("block1_conv1").signature,
        GramStyle("block2_conv1", 1.0, SIZE).signature,
        GramStyle("block1_conv1", 1.0, (6, 4)).signature,
        GramStyle("block1_conv1", 1.0, SIZE, region=np.ones(SIZE)).signature,
        type("Own", (Content,), {})("block1_conv1", 1.0).signature,
        type("Own", (Content,), {})("block1_conv1", 1.0).signature,
    ]
    assert len(set(different)) == len(different)


def test_a_subclass_of_a_known_term_is_its_own_signature():
    """Two of the same class may differ in ways that the module can't know."""

    class Power(Content):
        def __init__(self, power):
            super().__init__("block1_conv1", 1.0)
            self.power = power

    assert Power(1).signature != Power(2).signature


# From a config.


def described(terms):
    return [(type(term), term.layer, term.name, term.weight) for term in terms]


def test_the_terms_of_the_examples_objective():
    config = nst.TransferConfig.tutorial()
    layers = config.style_layer_names
    terms = nst.build_terms(config, size=SIZE)
    assert described(terms) == [
        *((GramStyle, layer, "style", 1e-6 / 5) for layer in layers),
        (Content, "block5_conv2", "content", 2.5e-8),
        (TotalVariation, PICTURE, "total_variation", 1e-6),
    ]
    assert all(term.size == SIZE for term in terms[:5])


def test_the_terms_of_relative_losses_regions_and_ones_own():
    mask, own = np.ones(SIZE, "float32"), MeanStyle("block2_conv1")
    config = nst.TransferConfig.multiscale(style_layer_names=["block1_conv1", "block2_conv1"])
    regions = [(mask, (1.0, 0.0), 0.5), (None, (0.0, 3.0), 1.5)]
    terms = nst.build_terms(config, SIZE, regions, [own])
    assert described(terms) == [
        (RelativeGramStyle, "block1_conv1", "style", 25.0),
        (RelativeGramStyle, "block2_conv1", "style", 25.0),
        (RelativeGramStyle, "block1_conv1", "style", 75.0),
        (RelativeGramStyle, "block2_conv1", "style", 75.0),
        (RelativeContent, "block4_conv2", "content", 20.0),
        (MeanTotalVariation, PICTURE, "total_variation", 1e-3),
        (MeanStyle, "block2_conv1", "mean_style", 1.0),
    ]
    assert [term.region is mask for term in terms[:4]] == [True, True, False, False]
    assert [term.mix for term in terms[1:3]] == [(1.0, 0.0), (0.0, 3.0)]


def test_the_columns_of_the_loss_table():
    usual = ("total", "content", "style", "total_variation")
    assert loss_names([]) == usual
    own = [MeanStyle("block1_conv1", name=name) for name in ("brush", "style", "brush", "a")]
    assert loss_names(own) == (*usual, "brush", "a")
