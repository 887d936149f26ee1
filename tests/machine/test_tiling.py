"""Tiles that cover a map once, with windows that know enough of their neighbours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nst_helpers.machine.tiling import halo, halvings, tiles
from nst_helpers.machine.vgg19 import LAYERS


@pytest.mark.parametrize(
    ("last", "pixels", "step"),
    [
        ("block1_conv1", 1, 4),
        ("block1_conv2", 2, 4),
        ("block2_conv1", 4, 8),
        ("block3_pool", 24, 16),
        ("block5_conv1", 80, 64),  # 70, and up to a multiple of 16
        ("block5_conv2", 96, 64),  # 86
    ],
)
def test_deeper_layers_see_further(last, pixels, step):
    assert halo(LAYERS[: LAYERS.index(last) + 1]) == (pixels, step)


def test_behind_a_cut_the_map_is_coarser_and_so_is_the_halo():
    block4 = [name for name in LAYERS if name.startswith("block4")]
    assert halo(block4) == (4, 4)


@settings(deadline=None)
@given(
    st.tuples(st.integers(16, 700), st.integers(16, 700)),
    st.integers(1, 400_000),
    st.sampled_from(["block1_conv1", "block3_pool", "block4_pool", "block5_conv2"]),
)
def test_tiles_make_up_the_whole(size, most, last):
    layers = LAYERS[: LAYERS.index(last) + 1]
    around, step = halo(layers)
    found = tiles(size, layers, most)
    covered = np.zeros(size, int)
    for tile in found:
        assert tile.size == found[0].size
        covered[tile.inner] += 1
        for span, length in zip(tile, size, strict=True):
            assert 0 <= span.start <= span.first < span.last <= span.stop <= length
            assert span.start % step == 0 and span.first % 2 ** halvings(layers, last) == 0
            # At the map's edge the window ends with it; elsewhere it has its halo.
            assert span.start == span.first == 0 or span.first - span.start >= around
            # Without what a pooling would drop at its end.
            end = span.stop - (span.stop - span.start) % 2 ** halvings(layers, last)
            assert span.last == span.stop == length or end - span.last >= around
    assert (covered == 1).all()


def test_one_window_where_all_fits_and_more_where_not():
    layers = LAYERS[: LAYERS.index("block3_pool") + 1]
    assert [tile.size for tile in tiles((400, 599), layers, 400 * 599)] == [(400, 599)]
    found = tiles((400, 599), layers, 256 * 256)
    assert len(found) > 1 and np.prod(found[0].size) <= 256 * 256


def test_the_smallest_windows_are_taken_where_none_fits():
    found = tiles((64, 64), LAYERS[:3], 1)
    assert np.prod(found[0].size) <= 64
