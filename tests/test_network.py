"""The total loss and its gradient against the document's, with the real VGG19."""

import document
import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.backend import tf
from nst_helpers.training import evaluation

ROWS, COLS = 64, 96


@pytest.fixture(scope="module")
def extractor():
    return nst.feature_extractor(nst.TransferConfig.tutorial().layer_names)


@pytest.fixture(scope="module")
def images():
    base = nst.preprocess_image(nst.picture("harbour_town"), ROWS, COLS)
    style = nst.preprocess_image(nst.picture("mosaic"), ROWS, COLS)
    noise = np.random.default_rng(0).normal(0, 10, base.shape).astype("float32")
    return base, style, base + noise


def test_total_loss_and_gradient_are_the_documents(extractor, images):
    base, style, combination = images
    config = nst.TransferConfig.tutorial()
    targets = nst.compute_targets(extractor, base, style, config)
    parts, gradient = evaluation(targets, base.shape, config)(tf.constant(combination))

    step = document.make_step(document.make_feature_extractor(nst.vgg19_weights()))
    loss, grads = step(tf.Variable(combination), base, style)

    np.testing.assert_allclose(parts.total, loss, rtol=1e-5)
    difference = np.linalg.norm(gradient - grads) / np.linalg.norm(grads)
    assert difference < 1e-5


def test_a_weight_may_be_a_whole_number(extractor, images):
    base, style, combination = images
    config = nst.TransferConfig.tutorial(content_weight=0, total_variation_weight=1)
    targets = nst.compute_targets(extractor, base, style, config)
    parts, _ = evaluation(targets, base.shape, config)(tf.constant(combination))
    assert parts.content == 0 < parts.total_variation


def test_parts_add_up(extractor, images):
    base, style, combination = images
    config = nst.TransferConfig.tutorial(content_weight=1e-3, total_variation_weight=1e-4)
    targets = nst.compute_targets(extractor, base, style, config)
    parts = nst.compute_loss(extractor, tf.constant(combination), targets, config)
    assert all(part > 0 for part in parts)
    np.testing.assert_allclose(parts.total, sum(parts[1:]), rtol=1e-6)


def test_the_network_is_cut_off_behind_the_last_layer():
    names = [layer.name for layer in nst.feature_extractor(["block3_conv1"]).layers]
    assert names[-1] == "block3_conv1"
    assert set(nst.feature_extractor().output) >= {"block1_conv1", "block5_conv4", "block5_pool"}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_any_number_and_size_of_pictures(rng, precision):
    """Also where neither is known when the network is compiled."""
    extractor = nst.feature_extractor(["block4_conv1"], precision)
    pictures = tf.constant(rng.normal(0, 50, (3, 40, 56, 3)), tf.float32)
    each = [extractor(pictures[i : i + 1])["block4_conv1"] for i in range(3)]
    together = extractor.predict(pictures, batch_size=2, verbose=0)["block4_conv1"]
    shape = tf.TensorSpec((None, None, None, 3))
    unknown = tf.function(lambda x: extractor(x)["block4_conv1"], input_signature=[shape])(pictures)
    expected = np.concatenate([tf.cast(features, tf.float32) for features in each])
    for found in (together, unknown):
        error = np.linalg.norm(tf.cast(found, tf.float32) - expected) / np.linalg.norm(expected)
        assert error < (1e-4 if precision == "float32" else 0.02)


def test_vgg19_is_loaded_once():
    assert nst.load_vgg19() is nst.load_vgg19()


def test_targets_are_those_of_the_pictures_given_last(rng):
    """They are remembered from one run to the next, and another picture has others."""
    config = nst.TransferConfig()
    extractor = nst.feature_extractor(config.layer_names)
    first, second = rng.normal(0, 60, (2, 1, 32, 48, 3)).astype("float32")
    known = nst.compute_targets(extractor, first, second, config)
    swapped = nst.compute_targets(extractor, second, first, config)
    again = nst.compute_targets(extractor, first, second, config)
    assert (known.content.numpy() != swapped.content.numpy()).any()
    np.testing.assert_array_equal(known.content, again.content)
    for name in config.style_layer_names:
        np.testing.assert_array_equal(known.style[name], again.style[name])
    assert nst.compute_targets(extractor, first, second, config).content is again.content
