"""The loop against the document's, and what a run gives back."""

import document
import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.backend import tf
from nst_helpers.config import MIN_ROWS
from nst_helpers.training import picture_size, report_iterations, style_size

CONTENT, STYLE = nst.picture("harbour_town"), nst.picture("swirling_strokes")


def silent(progress):
    pass


def small(**changes):
    return nst.TransferConfig.tutorial(**{"rows": 48, "iterations": 6, **changes})


def test_the_published_losses(paris, starry_night):
    """What the document's script prints with its own pictures, at its own size (tests' weights)."""
    config = nst.TransferConfig.tutorial(iterations=3)
    totals = [row.total for row in nst.transfer(paris, starry_night, config, silent).losses]
    np.testing.assert_allclose(totals, [130377.68, 88958.95, 62091.16], rtol=2e-3)


def test_the_loop_is_the_documents():
    """The document's optimizer and step, at a rate scaled to the smaller picture.

    A quarter of the document's rate: where the loss jumps about, so do the differences.
    """
    config = small(initial_learning_rate=25.0)
    ours = nst.transfer(CONTENT, STYLE, config, silent)
    rows, cols = ours.image.shape[:2]

    step = document.make_step(document.make_feature_extractor(nst.vgg19_weights()))
    optimizer = document.make_optimizer(scale=0.25 * rows * cols / (400 * 599))
    base = document.preprocess_image(CONTENT, rows, cols)
    style = document.preprocess_image(STYLE, rows, cols)
    combination = tf.Variable(base)
    totals = []
    for _ in range(config.iterations):
        loss, grads = step(combination, base, style)
        optimizer.apply_gradients([(grads, combination)])
        totals.append(float(loss))

    assert totals == sorted(totals, reverse=True)
    np.testing.assert_allclose([row.total for row in ours.losses], totals, rtol=1e-5)
    np.testing.assert_allclose(ours.picture, combination, atol=0.01)


def test_reporting_less_often_changes_nothing():
    each = nst.transfer(CONTENT, STYLE, small(), silent)
    some = nst.transfer(CONTENT, STYLE, small(report_every=4), silent)
    assert [row.iteration for row in some.losses] == [1, 4, 6]
    for row in some.losses:
        np.testing.assert_allclose(row[2:], each.losses[row.iteration - 1][2:], rtol=1e-4)


def test_report_iterations():
    assert report_iterations(1, 1, small(iterations=1)) == [1]
    config = small(iterations=250, report_every=100)
    assert report_iterations(1, 250, config) == [1, 100, 200, 250]
    assert report_iterations(1, 20, small(iterations=20)) == list(range(1, 21))


def test_fast_starts_in_the_styles_colours():
    """And from the content image, whose content loss is 0, where style has no weight."""
    config = nst.TransferConfig.fast(rows=48, iterations=1, precision="float32")
    without = [config.replace(match_colours=False), config.replace(style_weight=0.0)]
    matched, *plain = (nst.transfer(CONTENT, STYLE, c, silent) for c in (config, *without))
    assert matched.losses[0].content > 0
    assert matched.losses[0].style < plain[0].losses[0].style
    assert [result.losses[0].content for result in plain] == [0, 0]


def test_multiscale_paints_small_first():
    sizes = {}
    config = nst.TransferConfig.multiscale(rows=64, iterations=14)
    result = nst.transfer(
        CONTENT, STYLE, config, lambda p: sizes.setdefault(p.image.shape, p.losses.iteration)
    )
    assert list(sizes) == [(16, 24, 3), (26, 38, 3), (40, 60, 3), (64, 96, 3)]
    assert list(sizes.values()) == [1, 5, 9, 12]
    assert [row.iteration for row in result.losses] == list(range(1, 15))
    assert result.losses[-1].total < result.losses[0].total


def test_style_keeps_its_aspect_ratio_where_it_shall():
    style = np.zeros((90, 40, 3), "uint8")
    config = nst.TransferConfig.multiscale()
    assert style_size(style, (60, 60), small()) == (60, 60)
    assert style_size(style, (60, 60), config) == (90, 40)
    assert style_size(style, (60, 60), config.replace(style_scale=2.0)) == (180, 80)


def test_rows_of_the_loss_table():
    result = nst.transfer(CONTENT, STYLE, small(iterations=2), silent)
    first, second = result.losses
    assert first._fields == ("iteration", "seconds", "total", "content", "style", "total_variation")
    assert first.content == 0  # the run starts from the content image
    assert 0 < first.seconds < second.seconds
    for row in result.losses:
        np.testing.assert_allclose(
            row.total, row.content + row.style + row.total_variation, rtol=1e-5
        )


def test_callback_sees_the_picture_change():
    seen = []
    result = nst.transfer(
        CONTENT, STYLE, small(iterations=3), lambda p: seen.append((p.losses.iteration, p.image))
    )
    assert [iteration for iteration, _ in seen] == [1, 2, 3]
    assert seen[0][1].dtype == np.uint8
    assert (seen[0][1] != seen[1][1]).any()
    np.testing.assert_array_equal(seen[-1][1], result.image)


def test_it_goes_on_from_a_picture(rng):
    """The first loss is the picture's own; its size does not matter."""
    painted = nst.transfer(CONTENT, STYLE, small(iterations=4), silent)
    again = nst.transfer(CONTENT, STYLE, small(iterations=1), silent, initial=painted.image)
    assert again.losses[0].total < painted.losses[-1].total
    noise = rng.integers(0, 256, (10, 10, 3), dtype="uint8")
    from_noise = nst.transfer(CONTENT, STYLE, small(iterations=1), silent, initial=noise)
    assert from_noise.losses[0].content > 0
    assert from_noise.image.shape == painted.image.shape


def test_what_a_callback_raises_ends_the_run():
    def stop(progress):
        if progress.losses.iteration == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        nst.transfer(CONTENT, STYLE, small(iterations=10**6), stop)


@pytest.mark.parametrize("recipe", ["tutorial", "fast", "multiscale"])
def test_a_second_run_is_the_same(recipe):
    """Functions compiled for the first one are used again; nothing of its pictures is left."""
    config = nst.TransferConfig.recipe(recipe, rows=48, iterations=24)
    first = nst.transfer(CONTENT, STYLE, config, silent)
    nst.transfer(STYLE, CONTENT, config.replace(style_weight=1e-5), silent)
    again = nst.transfer(CONTENT, STYLE, config, silent)
    np.testing.assert_allclose(
        [row[2:] for row in again.losses], [row[2:] for row in first.losses], rtol=1e-4
    )


def test_progress_bar_by_default(capsys):
    nst.transfer(CONTENT, STYLE, small(iterations=2))
    assert "2/2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("shape", "rows", "size"),
    [((607, 910), 400, (400, 599)), ((40, 60), 400, (400, 600)), ((5, 5), 16, (16, 16))],
)
def test_size_keeps_the_aspect_ratio(shape, rows, size):
    assert picture_size(np.zeros((*shape, 3), "uint8"), rows) == size


@pytest.mark.parametrize("shape", [(40, 3000), (3000, 40), (1, 900), (900, 1)])
def test_a_ribbon_is_painted_at_a_size_that_fits(shape):
    with pytest.warns(UserWarning, match="too long and narrow"):
        rows, cols = picture_size(np.zeros((*shape, 3), "uint8"), 400)
    assert min(rows, cols) >= MIN_ROWS
    assert 100_000 < rows * cols < 1_500_000


def test_a_ribbon_and_a_style_of_one_pixel(rng):
    ribbon = rng.integers(0, 256, (40, 3000, 3), dtype="uint8")
    dot = np.full((1, 1, 3), 200, "uint8")
    with pytest.warns(UserWarning, match="too long and narrow"):
        result = nst.transfer(ribbon, dot, small(rows=32, iterations=2), silent)
    assert result.image.shape[1] > 20 * result.image.shape[0]
    assert np.isfinite(result.losses[-1].total)
