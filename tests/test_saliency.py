"""Where a photograph shows something, and that content counts more there."""

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.machine.backend import tf
from nst_helpers.objective import CosineContent
from nst_helpers.saliency import SalientContent, saliency_map

# Rows and cols, as fractions of the picture's.
CHURCH = slice(0.0, 0.45), slice(0.28, 0.38)
SKY = slice(0.0, 0.45), slice(0.5, 0.8)


def within(x, place):
    return x[
        tuple(
            slice(round(part.start * side), round(part.stop * side))
            for part, side in zip(place, x.shape, strict=True)
        )
    ]


def test_vgg19_recognises_the_church_and_not_the_sky():
    found = saliency_map(nst.load_image("harbour_town"))
    assert found.mean() == pytest.approx(1)
    assert within(found, CHURCH).max() > 2
    assert within(found, SKY).mean() < 0.7


def test_the_map_depends_little_on_how_many_pixels_the_photograph_has():
    maps = [saliency_map(nst.load_image("harbour_town", rows, "lanczos")) for rows in (250, 400)]
    assert maps[0].shape == maps[1].shape
    assert np.corrcoef(*map(np.ravel, maps))[0, 1] > 0.9


@pytest.mark.parametrize(
    ("shape", "size"), [((200, 300), (12, 19)), ((300, 200), (19, 12)), ((4, 1600), (1, 306))]
)
def test_the_map_covers_all_of_a_photograph(shape, size):
    found = saliency_map(np.zeros((*shape, 3), "uint8"))
    assert found.shape == size and np.all(np.isfinite(found))


def test_a_part_of_an_array_will_do():
    image = nst.load_image("harbour_town")
    np.testing.assert_array_equal(saliency_map(image[:, ::2]), saliency_map(image[:, ::2].copy()))


def test_a_blank_photograph_can_be_painted():
    config = nst.TransferConfig.multiscale(rows=48, iterations=4)
    blank = np.zeros((40, 60, 3), "uint8")
    result = nst.transfer(blank, "mosaic", config, lambda progress: None)
    assert all(np.isfinite(row.total) for row in result.losses)


def test_differences_cost_more_where_the_photograph_shows_something(rng):
    term, x = SalientContent("block4_conv3", 1.0), 1000 * rng.random((8, 8, 16), "float32")
    saliency = np.ones((4, 4), "float32")
    saliency[0, 0] = 5
    target = term.emphasise(tf.constant(x), saliency)
    there, elsewhere = x.copy(), x.copy()
    there[0, 0], elsewhere[7, 7] = -x[0, 0], -x[7, 7]
    costs = [float(term.distance(seen, target)) for seen in (there, elsewhere)]
    assert costs[0] > 4 * costs[1] > 0
    assert float(term.distance(tf.constant(x), target)) == 0


def test_where_all_is_alike_nothing_is_emphasised(rng):
    plain, salient = (kind("block4_conv3", 1.0) for kind in (CosineContent, SalientContent))
    seen, target = 1000 * rng.random((2, 8, 8, 16), "float32")
    emphasised = salient.emphasise(tf.constant(target), np.ones((3, 5), "float32"))
    found = salient.distance(seen, emphasised)
    np.testing.assert_allclose(found, plain.distance(seen, target), rtol=1e-6)
