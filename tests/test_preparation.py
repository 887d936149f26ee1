"""What a run needs at one size: whole, or in tiles where it does not fit."""

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers import preparation
from nst_helpers.machine import memory
from nst_helpers.machine.backend import tf
from nst_helpers.machine.tiling import Cut
from nst_helpers.objective import CosineContent, build_terms
from nst_helpers.preparation import enlarge, resize

CONTENT, STYLE = nst.picture("harbour_town"), nst.picture("mosaic")


@pytest.fixture
def in_tiles(monkeypatch):
    cuts = [Cut("block3_pool", 64 * 64), Cut("block4_pool", 10 * 10)]
    monkeypatch.setattr(memory, "cuts_that_fit", lambda *size_and_memory: cuts)


def test_what_does_not_fit_is_painted_in_tiles(in_tiles, monkeypatch, capsys):
    config = nst.TransferConfig.multiscale(rows=80, iterations=4, scales=[0.8, 1])
    config = config.replace(precision="float32", style_scale=1.3)
    tiled = nst.transfer(CONTENT, STYLE, config, lambda progress: None)
    said = capsys.readouterr().out
    assert "120 × 80 pixels, tile by tile:" in said and said.count("tile by tile") == 2
    monkeypatch.undo()
    whole = nst.transfer(CONTENT, STYLE, config, lambda progress: None)
    assert [row.total for row in tiled.losses] == pytest.approx(
        [row.total for row in whole.losses], rel=1e-3
    )
    difference = np.abs(tiled.image.astype(int) - whole.image).mean()
    assert difference < 0.5


def test_an_enlarged_picture_has_the_finer_detail_of_its_start(rng):
    before, after = (rng.normal(0, 50, (1, *size, 3)) for size in ((24, 36), (48, 72)))
    np.testing.assert_allclose(enlarge(before, before, after), after, atol=1e-3)
    np.testing.assert_allclose(enlarge(before + 9, before, after), after + 9, atol=1e-3)


@pytest.fixture
def still():
    """A config with two sizes, whose steps change nothing."""
    return nst.TransferConfig(
        rows=48, scales=(0.5, 1), iterations=2, initial_learning_rate=0,
        interpolation="lanczos", style_layer_names=["block1_conv1"],
    )  # fmt: skip


@pytest.mark.parametrize("match_colours", [False, True])
def test_a_size_begins_with_half_of_the_contents_detail(rng, still, match_colours):
    content = rng.integers(0, 256, (48, 72, 3), dtype="uint8")
    style = rng.integers(0, 100, (48, 72, 3), dtype="uint8")
    config = still.replace(match_colours=match_colours)
    start, soft = starts(content, style, match_colours)
    result = nst.transfer(content, style, config, lambda progress: None)
    np.testing.assert_allclose(result.picture, soft + 0.5 * (start - soft), atol=0.05)


def starts(content, style, match_colours):
    """What a size of 48 rows begins with, with all of its detail, and with what 24 rows show."""
    found = []
    for rows in (48, 24):
        size = rows, rows * 3 // 2
        images = (nst.preprocess_image(image, *size, "lanczos") for image in (content, style))
        found.append(nst.match_colours(*images) if match_colours else next(images))
    return found[0], resize(found[1], (48, 72))


@pytest.mark.parametrize("changes", [{"style_weight": 0}, {"strength": 0}])
def test_where_nothing_is_painted_no_detail_is_lost(rng, still, changes):
    content = rng.integers(0, 256, (48, 72, 3), dtype="uint8")
    config = still.replace(match_colours=True, **changes)
    result = nst.transfer(content, STYLE, config, lambda progress: None)
    np.testing.assert_array_equal(result.image, content)


def test_outside_of_a_region_no_detail_is_lost(rng, still):
    content = rng.integers(0, 256, (48, 72, 3), dtype="uint8")
    left = np.zeros((48, 72))
    left[:, :36] = 1
    style = nst.Style(STYLE, region=left)
    result = nst.transfer(content, style, still, lambda progress: None)
    difference = np.abs(result.image.astype(int) - content).mean(axis=(0, 2))
    assert difference[:30].min() > 1 and difference[42:].max() == 0


def test_no_line_runs_along_the_edge_of_a_region(still):
    left = np.zeros((48, 72))
    left[:, :36] = 1
    white = np.full((48, 72, 3), 255, "uint8")
    style = nst.Style(STYLE, region=left)
    result = nst.transfer(white, style, still, lambda progress: None)
    np.testing.assert_array_equal(result.image, white)


def test_content_counts_by_the_results_own_size(monkeypatch):
    """A ribbon has more rows than its config says, since 16 are the least."""
    seen = []

    def build(*args, result_size):
        seen.append(result_size)
        return build_terms(*args, result_size=result_size)

    monkeypatch.setattr(preparation, "build_terms", build)
    config = nst.TransferConfig.multiscale(rows=160, iterations=2, scales=(0.5, 1))
    ribbon = np.zeros((400, 20, 3), "uint8")
    with pytest.warns(UserWarning, match="too long and narrow"):
        result = nst.transfer(ribbon, STYLE, config, lambda progress: None)
    assert seen == [result.image.shape[:2]] * 2 and result.image.shape[0] > 160


def test_noise_to_start_from_is_not_added_again_at_each_size(rng, still):
    content = nst.load_image(CONTENT, rows=48)
    noise = rng.integers(0, 256, content.shape, dtype="uint8")
    result = nst.transfer(content, STYLE, still, lambda progress: None, initial=noise)
    small, noise = (nst.preprocess_image(x, 24, 36, "lanczos") for x in (content, noise))
    expected = enlarge(noise, small, nst.preprocess_image(content, 48, 72), 0.5)
    np.testing.assert_allclose(result.picture, expected, atol=0.05)


class Means(CosineContent):
    """A term of one's own, which measures something without positions."""

    def measure(self, x):
        return tf.reduce_mean(x, axis=(0, 1))

    def distance(self, seen, target):
        return tf.reduce_mean(tf.square(seen - target))


def test_saliency_leaves_terms_of_ones_own_alone():
    config = nst.TransferConfig.multiscale(rows=32, iterations=4)
    term = Means("block3_conv1", 1.0)
    result = nst.transfer(CONTENT, STYLE, config, lambda progress: None, extra=term)
    assert np.isfinite(result.losses[-1].total)


def test_what_is_salient_stays(monkeypatch):
    left, right = np.s_[:, :36], np.s_[:, -36:]
    differences = []
    for salient in (left, right):
        saliency = np.full((8, 12), 0.01, "float32")
        saliency[np.s_[:, :6] if salient is left else np.s_[:, -6:]] = 1
        monkeypatch.setattr(preparation, "saliency_map", lambda *args, found=saliency: found)
        config = nst.TransferConfig.multiscale(rows=64, iterations=40, content_weight=200)
        result = nst.transfer(CONTENT, STYLE, config, lambda progress: None).image
        difference = np.abs(result.astype(int) - nst.load_image(CONTENT, 64, "lanczos"))
        differences.append([difference[half].mean() for half in (left, right)])
    (left_kept, right_painted), (left_painted, right_kept) = differences
    assert left_kept < 0.95 * left_painted and right_kept < 0.95 * right_painted
