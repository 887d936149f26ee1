"""One part of VGG19 with its tiles; what tiles add up to is tested in test_tiles.py."""

import pickle

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.machine.backend import tf
from nst_helpers.machine.parts import Part, Stage
from nst_helpers.machine.vgg19 import LAYERS
from nst_helpers.network import network
from nst_helpers.tiles import run_here

LAYERS_OF_PART = LAYERS[: LAYERS.index("block3_pool") + 1]
KIND = "float32", "max", "winograd", "mirror"


@pytest.fixture
def picture():
    return nst.preprocess_image(nst.picture("harbour_town"), 93, 131)[0]


def test_a_map_is_put_together_as_it_is(picture):
    part = Part(LAYERS_OF_PART, {}, {}, ["block2_conv1", "block3_pool"], KIND)
    stage = Stage(part, picture.shape[:2], 64**2, {}, [])
    assert len(stage.tiles) > 3
    sums, maps = stage.forward(picture, run_here)
    assert sums == {}
    measures = {layer: tf.identity for layer in maps}
    for layer, there in network(*KIND).walk(tf.constant(picture[np.newaxis]), measures).items():
        assert maps[layer].shape == there.shape
        np.testing.assert_allclose(maps[layer], there, atol=1e-5 * np.max(there))


def test_a_part_that_was_pickled_sees_the_same(picture):
    terms = nst.build_terms(nst.TransferConfig.multiscale(), picture.shape[:2])[:3]
    part = Part(LAYERS_OF_PART, {term.layer: [term] for term in terms}, {}, ["block3_pool"], KIND)
    places, masks = {term.layer: [p] for p, term in enumerate(terms)}, [()] * 3
    here, there = (
        Stage(each, picture.shape[:2], 80**2, places, masks).forward(picture, run_here)
        for each in (part, pickle.loads(pickle.dumps(part)))
    )
    for seen, again in zip(*(tf.nest.flatten(sums) for sums, _ in (here, there)), strict=True):
        assert np.array_equal(seen, again)
    assert np.array_equal(here[1]["block3_pool"], there[1]["block3_pool"])
