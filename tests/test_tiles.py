"""Losses and gradient a tile at a time against the whole picture's, with the real VGG19."""

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.machine.backend import tf
from nst_helpers.machine.tiling import Cut, tiles
from nst_helpers.machine.vgg19 import LAYERS
from nst_helpers.objective import Content, CosineContent
from nst_helpers.tiles import tiled_evaluation, tiled_measure

LOSSES_WITHIN, GRADIENT_WITHIN = 1e-5, 1e-4
CUTS = {
    "one cut": [Cut("block3_pool", 120 * 120)],
    "three cuts": [
        Cut("block2_pool", 120 * 120),
        Cut("block3_pool", 40 * 40),
        Cut("block4_pool", 16 * 16),
    ],
    "all layers in one part": [Cut("block5_conv2", 112 * 272)],
}


class Energy(nst.Term):
    """A loss of one's own, of which the library knows nothing: no tiles add up to its root."""

    def measure(self, x):
        return tf.sqrt(1 + tf.reduce_mean(x**2, axis=(0, 1)))


class Mean(nst.Statistic):
    def measure(self, x, mask=None):
        mask = tf.ones(x.shape[:2]) if mask is None else mask
        return {"mean": tf.reduce_sum(mask[:, :, tf.newaxis] * x, (0, 1)) / tf.reduce_sum(mask)}


def images(size):
    base = nst.preprocess_image(nst.picture("harbour_town"), *size)
    style = nst.preprocess_image(nst.picture("mosaic"), 88, 120)
    noise = np.random.default_rng(0).normal(0, 10, base.shape).astype("float32")
    return base, style, base + noise


def both_ways(terms, size, cuts, **kind):
    """Losses and gradient of the whole picture, and of tiles with targets measured in tiles."""
    base, style, picture = images(size)

    def measure_target(terms, image, kind):
        return tiled_measure(terms, image, kind, cuts)

    kind = {"convolution": "winograd", **kind}
    goals = nst.measure_goals(terms, base, [style], **kind)
    from_tiles = nst.measure_goals(terms, base, [style], **kind, measure_target=measure_target)
    picture = tf.constant(picture)
    return (
        nst.evaluation(terms, goals, base.shape, **kind)(picture),
        tiled_evaluation(terms, from_tiles, base.shape, **kind, cuts=cuts)(picture),
    )


def assert_alike(whole, tiled, losses_within=LOSSES_WITHIN, gradient_within=GRADIENT_WITHIN):
    (losses, gradient), (tiled_losses, tiled_gradient) = whole, tiled
    assert list(tiled_losses) == list(losses)
    for name, loss in losses.items():
        assert float(tiled_losses[name]) == pytest.approx(float(loss), rel=losses_within), name
    assert tiled_gradient.dtype == tf.float32 and tiled_gradient.shape == gradient.shape
    assert relative(tiled_gradient, gradient) < gradient_within


def relative(x, reference):
    return float(tf.norm(x - reference) / tf.norm(reference))


@pytest.mark.parametrize("cuts", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("recipe", ["tutorial", "multiscale"])
def test_tiles_give_the_whole_pictures_losses_and_gradient(recipe, cuts):
    """At a size that no pooling divides, for each recipe's terms."""
    size = 105, 299
    config = nst.TransferConfig.recipe(recipe)
    terms = nst.build_terms(config, size)
    assert_alike(*both_ways(terms, size, cuts, padding=config.padding))


def test_what_one_gram_matrix_a_tile_would_give_is_another_thing():
    """That the tolerance tells them apart: without a halo, the same tiles are far off."""
    size = 144, 144
    terms = nst.build_terms(nst.TransferConfig.tutorial(), size)[:5]
    base, style, picture = images(size)
    goals = nst.measure_goals(terms, base, [style])
    _, gradient = nst.evaluation(terms, goals, base.shape)(tf.constant(picture))
    quarters = np.zeros(base.shape, "float32")
    evaluate = nst.evaluation(terms, goals, (1, 72, 72, 3))
    for rows in (slice(0, 72), slice(72, 144)):
        for cols in (slice(0, 72), slice(72, 144)):
            quarters[:, rows, cols] = evaluate(tf.constant(picture[:, rows, cols]))[1]
    assert relative(quarters, gradient) > 1000 * GRADIENT_WITHIN


def test_regions_and_terms_of_ones_own():
    """A region that some tiles miss; statistics and other terms at all kinds of places."""
    size = 101, 163
    region = np.zeros((60, 80))
    region[:20, 30:] = 0.7
    regions = [(None, None, 1.0), (region, None, 0.5)]
    extra = [
        Mean("block2_conv2", 10.0, region=region),
        Mean("block4_conv3", 10.0),
        Mean("picture", 1.0, region=region),
        Energy("block2_conv2", 10.0),
        Energy("block3_pool", 10.0),
        Energy("block5_conv1", 10.0),
        Energy("picture", 1.0),
    ]
    terms = nst.build_terms(nst.TransferConfig.multiscale(), size, regions, extra)
    assert_alike(*both_ways(terms, size, CUTS["three cuts"], padding="mirror"))


@pytest.mark.parametrize("layer", ["block1_conv1", "block2_conv1", "picture"])
def test_terms_that_look_before_the_first_cut_alone(layer):
    size = 70, 99
    assert_alike(*both_ways([Mean(layer), Energy(layer)], size, [Cut("block3_pool", 40 * 40)]))


def test_a_subclass_that_compares_maps_in_a_way_of_its_own():
    class Absolute(Content):
        def distance(self, seen, target):
            return tf.reduce_mean(tf.abs(seen - target)) ** 2

    class Neighbours(CosineContent):
        def measure(self, x):
            return x[1:] - x[:-1]

    terms = [Absolute("block2_conv2", 1.0), Neighbours("block2_conv2", 1.0)]
    assert_alike(*both_ways(terms, (96, 112), CUTS["one cut"]))


def test_other_convolutions():
    """In bfloat16 both ways round, in other places; average pooling is in the same code."""
    size = 101, 163
    terms = nst.build_terms(nst.TransferConfig.multiscale(), size)
    kind = {"precision": "bfloat16", "pooling": "average", "convolution": "direct"}
    kind["padding"] = "mirror"
    found = both_ways(terms, size, CUTS["three cuts"], **kind)
    assert_alike(*found, losses_within=2e-3, gradient_within=2e-2)


def test_a_subset_of_tiles_in_another_order_changes_nothing():
    """The order in which the tiles are done is the runner's to choose; results stay in theirs."""
    size = 96, 131
    base, style, picture = images(size)
    terms = nst.build_terms(nst.TransferConfig.tutorial(), size)
    goals = nst.measure_goals(terms, base, [style])

    def backwards(calls):
        return reversed([call() for call in reversed(list(calls))])

    cuts = [Cut("block3_pool", 64 * 64)]
    here = tiled_evaluation(terms, goals, base.shape, cuts=cuts)(tf.constant(picture))
    there = tiled_evaluation(terms, goals, base.shape, cuts=cuts, run=backwards)
    losses, gradient = there(tf.constant(picture))
    assert float(losses["total"]) == float(here[0]["total"])
    assert np.array_equal(gradient, here[1])


@pytest.mark.parametrize("recipe", ["tutorial", "multiscale"])
def test_no_border_shows(recipe):
    """Along the borders of tiles there is no more than rounding."""
    size, side = (240, 359), 128
    terms = nst.build_terms(nst.TransferConfig.recipe(recipe), size)
    cuts = [Cut("block3_pool", side**2), Cut("block4_pool", (side // 8) ** 2)]
    whole, tiled = both_ways(terms, size, cuts)
    # Rounding alone: a change of the picture by 1e-5 gray levels changes this gradient by 2e-4.
    assert_alike(whole, tiled, gradient_within=3e-4)
    error = np.abs(np.subtract(tiled[1], whole[1]))[0].sum(axis=-1)
    layers = LAYERS[: LAYERS.index("block3_pool") + 1]
    near = np.zeros(size, bool)
    for tile in tiles(size, layers, side**2):
        (top, bottom), (left, right) = ((s.first, s.last) for s in tile)
        near[max(top - 2, 0) : top + 2, left:right] |= top > 0
        near[top:bottom, max(left - 2, 0) : left + 2] |= left > 0
    assert near.mean() > 0.01
    # There, shares of two tiles are added, which rounds once more; a seam would be far larger.
    size_of = np.abs(whole[1])[0].sum(axis=-1)
    assert error[near].mean() < GRADIENT_WITHIN / 10 * size_of[near].mean()
