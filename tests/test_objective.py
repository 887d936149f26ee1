"""Terms: what each measures, how far that is from its target, and its gradient."""

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.machine.backend import tf
from nst_helpers.network import PICTURE
from nst_helpers.objective import (
    Content,
    CosineContent,
    GramStyle,
    MomentStyle,
    StyleVariation,
    TotalVariation,
    loss_names,
    mean_gram,
    weighted_mean,
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
    "moments": MomentStyle("block1_conv1", 1.0),
    "content": Content("block1_conv1", 1.0),
    "cosine content": CosineContent("block1_conv1", 1.0),
    "total variation": TotalVariation(1.0),
    "style variation": StyleVariation(1.0),
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


@pytest.mark.parametrize("name", ["Gram", "moments", "style variation"])
def test_gradients_under_a_mask(rng, mask, name):
    term = TERMS[name]
    target = term.measure(float64(rng, *SIZE, 3) / 2)
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


def test_the_weighted_mean(rng, mask):
    x = float64(rng, *SIZE, 3)
    np.testing.assert_allclose(weighted_mean(x), np.mean(x, axis=(0, 1)))
    expected = np.einsum("rc,rcf->f", mask, x) / np.sum(mask)
    np.testing.assert_allclose(weighted_mean(x, mask), expected)


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


def test_moments_are_compared_as_means_and_covariances(rng):
    x, style = (float64(rng, *SIZE, 3) + shift for shift in (4, 7))
    term = TERMS["moments"]
    expected = 0
    for moment in (lambda x: x.mean(axis=0), lambda x: np.cov(x, rowvar=False, bias=True)):
        here, there = (moment(np.reshape(image, (-1, 3))) for image in (x, style))
        expected += np.sum((here - there) ** 2) / np.sum(there**2)
    np.testing.assert_allclose(term.distance(term.measure(x), term.measure(style)), expected, 1e-4)


def test_moments_ignore_where_things_are(rng):
    x, term = float64(rng, *SIZE, 3), TERMS["moments"]
    shuffled = tf.reshape(rng.permutation(np.reshape(x, (-1, 3))), x.shape)
    np.testing.assert_allclose(term.distance(term.measure(shuffled), term.measure(x)), 0, atol=1e-9)


def test_cosine_content_ignores_how_strong_features_are(rng):
    x, y, term = float64(rng, *SIZE, 3), float64(rng, *SIZE, 3), TERMS["cosine content"]
    cosine = np.sum(x * y, -1) / np.linalg.norm(x, axis=-1) / np.linalg.norm(y, axis=-1)
    strength = np.linalg.norm(y, axis=-1)  # of the content's features
    found = term.distance(term.measure(x), term.measure(y))
    expected = np.average(2 - 2 * cosine, weights=strength)
    np.testing.assert_allclose(found, expected, rtol=0.05)
    assert term.distance(term.measure(50 * x), term.measure(100 * x)) < 1e-6


def test_style_variation_lets_everything_be_smoother_than_the_style(rng):
    x, term = float64(rng, 16, 24, 3), TERMS["style variation"]
    style = term.measure(x)
    assert term.distance(term.measure(x), style) == 0
    assert term.distance(term.measure(x / 2), style) == 0
    np.testing.assert_allclose(term.distance(term.measure(2 * x), style), 1, rtol=0.05)


def test_style_variation_is_that_of_the_finest_haar_wavelets(rng):
    """One square of 2 × 2 pixels for each, where the edge pixels stand beside themselves."""
    x = rng.normal(size=(3, 4, 3))
    squares = []
    for row, col in np.ndindex(3, 4):
        a, b = (x[row, min(col + step, 3)] for step in (0, 1))
        c, d = (x[min(row + 1, 2), min(col + step, 3)] for step in (0, 1))
        across, down, crosswise = (a - b + c - d) / 2, (a + b - c - d) / 2, (a - b - c + d) / 2
        squares.append(np.concatenate([across, down, crosswise]) ** 2)
    found = TERMS["style variation"].measure(tf.constant(x))
    np.testing.assert_allclose(found, np.mean(squares, axis=0))


@pytest.mark.parametrize("name", ["moments", "cosine content", "style variation"])
def test_a_blank_target_gives_no_distance_that_is_not_finite(rng, name):
    term, blank = TERMS[name], tf.zeros((*SIZE, 3), tf.float64)
    for x in (blank, float64(rng, *SIZE, 3)):
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = term.distance(term.measure(x), term.measure(blank))
        assert np.isfinite(loss) and np.isfinite(tape.gradient(loss, x)).all()
    assert term.distance(term.measure(blank), term.measure(blank)) == 0


def test_total_variation_of_the_picture(rng):
    x = float64(rng, *SIZE, 3)
    term = TERMS["total variation"]
    assert term.layer == PICTURE and term.target is None
    expected = nst.total_variation_loss(x[tf.newaxis])
    np.testing.assert_allclose(term.distance(term.measure(x), None), expected)


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
        (MomentStyle, "block1_conv1", "style", 25.0),
        (MomentStyle, "block2_conv1", "style", 25.0),
        (StyleVariation, PICTURE, "total_variation", 50.0),
        (MomentStyle, "block1_conv1", "style", 75.0),
        (MomentStyle, "block2_conv1", "style", 75.0),
        (StyleVariation, PICTURE, "total_variation", 150.0),
        (CosineContent, "block4_conv3", "content", 40.0),
        (MeanStyle, "block2_conv1", "mean_style", 1.0),
    ]
    assert [term.region is mask for term in terms[:6]] == [True] * 3 + [False] * 3
    assert [term.mix for term in terms[2:4]] == [(1.0, 0.0), (0.0, 3.0)]


@pytest.mark.parametrize(
    ("size", "weight"),
    [((50, 75), 2), ((200, 300), 2), ((400, 300), 0.5), ((320, 240), 1.221), ((2000, 3000), 0.5)],
)
def test_content_counts_less_in_a_large_picture(size, weight):
    config = nst.TransferConfig.multiscale(content_weight=2)
    *_, content = nst.build_terms(config, size)
    *_, at_first = nst.build_terms(config, (16, 24), result_size=size)
    assert content.weight == at_first.weight == pytest.approx(weight, rel=1e-3)
    assert content.name == "content"


def test_strength_multiplies_what_is_compared_with_the_style():
    for recipe in (nst.TransferConfig.tutorial, nst.TransferConfig.multiscale):
        usual, strong = (nst.build_terms(recipe(strength=s), SIZE) for s in (1, 3))
        factors = {
            (a.target, round(b.weight / a.weight, 9)) for a, b in zip(usual, strong, strict=True)
        }
        assert factors - {(None, 1)} == {("style", 9), ("content", 1)}


def test_the_columns_of_the_loss_table():
    usual = ("total", "content", "style", "total_variation")
    assert loss_names([]) == usual
    own = [MeanStyle("block1_conv1", name=name) for name in ("brush", "style", "brush", "a")]
    assert loss_names(own) == (*usual, "brush", "a")
