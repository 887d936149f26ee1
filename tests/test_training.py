"""A whole run: the Keras example's loop, the recipes' ways, and what a run gives back."""

import itertools

import document
import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.machine import notices
from nst_helpers.machine.backend import tf
from nst_helpers.preparation import STYLED_DETAIL, enlarge

CONTENT, STYLE = nst.picture("harbour_town"), nst.picture("swirling_strokes")
OTHER = nst.picture("mosaic")
FEW_LAYERS = {
    "style_layer_names": ["block1_conv1", "block2_conv1", "block3_conv1"],
    "content_layer_name": "block3_conv2",
}


def small(**changes):
    return nst.TransferConfig.tutorial(**{"rows": 48, "iterations": 6, **changes})


def quick(**changes):
    """Of three layers, in as few iterations as show something."""
    return small(**{"iterations": 5, "initial_learning_rate": 1e3, **FEW_LAYERS, **changes})


def losses_of(result):
    return np.array([row[2:] for row in result.losses])


def assert_same_losses(result, expected, rtol=1e-5):
    np.testing.assert_allclose(losses_of(result), losses_of(expected), rtol=rtol)


# The Keras example.


def test_the_published_losses(paris, starry_night):
    """What the example's script prints with its own pictures, at its own size (tests' weights)."""
    config = nst.TransferConfig.tutorial(iterations=3)
    totals = losses_of(nst.transfer(paris, starry_night, config))[:, 0]
    np.testing.assert_allclose(totals, [130377.68, 88958.95, 62091.16], rtol=2e-3)


def test_the_loop_is_the_examples():
    """Its optimizer and step, at a rate scaled to the smaller picture.

    A quarter of its rate: where the loss jumps about, so do the differences.
    """
    config = small(initial_learning_rate=25.0)
    ours = nst.transfer(CONTENT, STYLE, config)
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


# Reports, rows and callbacks.


def test_reporting_less_often_changes_nothing():
    each = nst.transfer(CONTENT, STYLE, quick(iterations=6))
    some = nst.transfer(CONTENT, STYLE, quick(iterations=6, report_every=4))
    assert [row.iteration for row in some.losses] == [1, 4, 6]
    np.testing.assert_allclose(losses_of(some), losses_of(each)[[0, 3, 5]], rtol=1e-4)
    np.testing.assert_allclose(some.picture, each.picture, atol=1e-2)


def test_rows_of_the_loss_table():
    result = nst.transfer(CONTENT, STYLE, quick(iterations=2))
    first, second = result.losses
    assert first._fields == ("iteration", "seconds", "total", "content", "style", "total_variation")
    assert first.content == 0  # the run starts from the content image
    assert 0 < first.seconds < second.seconds
    for row in result.losses:
        np.testing.assert_allclose(
            row.total, row.content + row.style + row.total_variation, rtol=1e-5
        )


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "lbfgs"])
def test_a_report_stays_as_it_is(optimizer):
    """Whether its picture is asked for while the run goes on, or only when it is over."""
    config = quick(iterations=4, optimizer=optimizer)
    kept, live = [], []

    def look(progress):
        kept.append(progress)
        if progress.losses.iteration != 2:
            live.append(progress.picture.copy())

    result = nst.transfer(CONTENT, STYLE, config, look)
    reports = []
    again = nst.transfer(CONTENT, STYLE, config, reports.append)
    for before, after in itertools.pairwise(reports):
        assert (before.image != after.image).any()
    for report, other in zip(reports, kept, strict=True):
        np.testing.assert_allclose(report.picture, other.picture, atol=0.01)
    for report, seen in zip([kept[0], *kept[2:]], live, strict=True):
        np.testing.assert_array_equal(report.picture, seen)
    np.testing.assert_array_equal(reports[-1].image, again.image)
    np.testing.assert_array_equal(kept[-1].picture, result.picture)


def test_what_a_report_holds():
    reports = []
    result = nst.transfer(CONTENT, STYLE, quick(iterations=3), reports.append)
    assert [(r.losses.iteration, r.iterations) for r in reports] == [(1, 3), (2, 3), (3, 3)]
    assert [r.losses for r in reports] == result.losses
    assert reports[0].image.dtype == np.uint8 and reports[0].image.shape == (48, 72, 3)
    assert reports[0].picture.dtype == np.float32 and reports[0].picture.shape == (1, 48, 72, 3)


def test_what_a_callback_raises_ends_the_run():
    def stop(progress):
        if progress.losses.iteration == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        nst.transfer(CONTENT, STYLE, quick(iterations=10**6), stop)


def test_the_front_ends_progress_bar(capsys, monkeypatch):
    """The package shows it by default; these tests have taken it away."""
    monkeypatch.setattr(notices, "default_progress", nst.ProgressBar)
    nst.transfer(CONTENT, STYLE, quick(iterations=2))
    assert "2/2" in capsys.readouterr().err
    monkeypatch.setattr(notices, "default_progress", None)
    nst.transfer(CONTENT, STYLE, quick(iterations=2))
    assert capsys.readouterr() == ("", "")


# Where a run starts.


def test_fast_starts_in_the_styles_colours():
    """And from the content image, whose content loss is 0, where style has no weight."""
    config = nst.TransferConfig.fast(rows=48, iterations=1, precision="float32", **FEW_LAYERS)
    no_style = [{"match_colours": False}, {"style_weight": 0.0}, {"strength": 0.0}]
    without = [config.replace(**changes) for changes in no_style]
    matched, *plain = (nst.transfer(CONTENT, STYLE, c) for c in (config, *without))
    assert matched.losses[0].content > 0
    assert matched.losses[0].style < plain[0].losses[0].style
    assert [result.losses[0].content for result in plain] == [0, 0, 0]


def test_matched_colours_are_those_of_each_regions_style():
    """Of several styles in their proportion; where there is no style, those of the content."""
    content = nst.load_image(CONTENT, rows=48)
    matched = [
        nst.match_colours(
            nst.preprocess_image(content, 48, 72), nst.preprocess_image(style, 48, 72)
        )
        for style in (STYLE, OTHER)
    ]
    own = nst.preprocess_image(content, 48, 72)
    left = np.zeros((48, 72), "float32")
    left[:, :36] = 1
    lefts = left[:, :, np.newaxis]
    starts = {
        "two styles": ([(STYLE, 1), (OTHER, 3)], 0.25 * matched[0] + 0.75 * matched[1]),
        "a region": ([nst.Style(STYLE, region=left)], lefts * matched[0] + (1 - lefts) * own),
        "two regions": (
            [nst.Style(STYLE, region=left), nst.Style(OTHER, region=1 - left)],
            lefts * matched[0] + (1 - lefts) * matched[1],
        ),
        "overlapping": (
            [nst.Style(STYLE), nst.Style(OTHER, region=left)],
            (matched[0] + lefts * matched[1]) / (1 + lefts),
        ),
    }
    config = quick(match_colours=True, initial_learning_rate=0.0, iterations=1)
    for name, (style, expected) in starts.items():
        result = nst.transfer(content, style, config)
        np.testing.assert_allclose(result.picture, expected, atol=0.05, err_msg=name)


def test_it_continues_from_a_picture(rng):
    """The first loss is the picture's own; its size does not matter."""
    painted = nst.transfer(CONTENT, STYLE, quick(iterations=4))
    again = nst.transfer(CONTENT, STYLE, quick(iterations=1), initial=painted.image)
    assert again.losses[0].total < painted.losses[-1].total
    noise = rng.integers(0, 256, (10, 10, 3), dtype="uint8")
    from_noise = nst.transfer(CONTENT, STYLE, quick(iterations=1), initial=noise)
    assert from_noise.losses[0].content > 0
    assert from_noise.image.shape == painted.image.shape


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_multiscale_paints_small_first(optimizer):
    sizes = {}
    config = nst.TransferConfig.multiscale(rows=64, iterations=14, optimizer=optimizer)
    result = nst.transfer(
        CONTENT, STYLE, config, lambda p: sizes.setdefault(p.image.shape, p.losses.iteration)
    )
    assert list(sizes) == [(16, 24, 3), (26, 38, 3), (40, 60, 3), (64, 96, 3)]
    assert list(sizes.values()) == [1, 5, 9, 12]
    assert [row.iteration for row in result.losses] == list(range(1, 15))
    totals = [row.total for row in result.losses]
    for first, after in itertools.pairwise([*sizes.values(), 15]):
        assert totals[after - 2] < totals[first - 1]  # at each size


@pytest.mark.parametrize("recipe", ["tutorial", "fast", "multiscale"])
def test_a_second_run_is_the_same(recipe):
    """Functions compiled for the first one are used again; nothing of its pictures is left."""
    changes = {"initial_learning_rate": 25.0} if recipe == "tutorial" else {}
    config = nst.TransferConfig.recipe(recipe, rows=48, iterations=8, **changes)
    first = nst.transfer(CONTENT, STYLE, config)
    nst.transfer(STYLE, CONTENT, config.replace(content_weight=1e-8))
    again = nst.transfer(CONTENT, STYLE, config)
    assert_same_losses(again, first, rtol=1e-4)


def test_adam_paints():
    totals = losses_of(nst.transfer(CONTENT, STYLE, quick(iterations=12, optimizer="adam")))[:, 0]
    assert totals[-1] < totals[0] / 3


def test_adam_takes_its_moments_to_the_next_size():
    """Its first step of all is as long as its rate at every pixel; that of a second size isn't."""
    reports = []
    config = quick(optimizer="adam", scales=(0.5, 1), iterations=6, adam_learning_rate=3)
    nst.transfer(CONTENT, STYLE, config, reports.append)
    small, large = (nst.preprocess_image(CONTENT, rows, rows * 3 // 2) for rows in (24, 48))
    pictures = [report.picture for report in reports]
    steps = pictures[0] - small, pictures[3] - enlarge(pictures[2], small, large, STYLED_DETAIL)
    assert np.max(abs(steps[1])) < 10  # it goes on from the picture of the first size
    as_long_as_the_rate = [np.mean(abs(abs(step) - 3) < 0.03) for step in steps]
    assert as_long_as_the_rate[0] > 0.95 and as_long_as_the_rate[1] < 0.5


def test_a_ribbon_and_a_style_of_one_pixel(rng):
    ribbon = rng.integers(0, 256, (40, 3000, 3), dtype="uint8")
    dot = np.full((1, 1, 3), 200, "uint8")
    with pytest.warns(UserWarning, match="too long and narrow"):
        result = nst.transfer(ribbon, dot, quick(rows=32, iterations=2))
    assert result.image.shape[1] > 20 * result.image.shape[0]
    assert np.isfinite(result.losses[-1].total)


# Several styles, and regions.


@pytest.fixture(scope="module")
def plain():
    return nst.transfer(CONTENT, STYLE, quick())


@pytest.mark.parametrize(
    ("style", "tolerance"),
    [
        ([STYLE, STYLE], 1e-5),
        ([(STYLE, 0.2), (STYLE, 7)], 1e-4),
        ([nst.Style(STYLE, region=np.ones((4, 4)))], 1e-6),
        (nst.Style(STYLE, weight=5), 1e-6),
    ],
    ids=["twice", "in any proportion", "a mask of ones", "of any weight"],
)
def test_the_same_style_in_other_words(plain, style, tolerance):
    assert_same_losses(nst.transfer(CONTENT, style, quick()), plain, tolerance)


def test_a_mask_of_nearly_ones_is_nearly_no_mask(plain):
    style = nst.Style(STYLE, region=np.full((30, 40), 0.999, "float32"))
    result = nst.transfer(CONTENT, style, quick())
    assert_same_losses(result, plain, rtol=5e-3)
    assert abs(result.image.astype(int) - plain.image).max() <= 2


def test_halves_of_a_picture_in_the_same_style():
    """Their losses differ from the whole's, since each half has to have the style by itself."""
    left = np.zeros((48, 72), "float32")
    left[:, :36] = 1
    halves = [nst.Style(STYLE, region=mask) for mask in (left, 1 - left)]
    result = nst.transfer(CONTENT, halves, quick(iterations=10))
    whole = nst.transfer(CONTENT, STYLE, quick(iterations=10))
    assert result.losses[-1].style < result.losses[0].style / 3
    assert 0.5 < result.losses[0].style / whole.losses[0].style < 2


def test_two_styles_are_between_each_alone(plain):
    other = nst.transfer(CONTENT, OTHER, quick())
    mixed = nst.transfer(CONTENT, [STYLE, OTHER], quick())
    first, second, both = (result.losses[0].style for result in (plain, other, mixed))
    assert both < max(first, second)
    nearly = nst.transfer(CONTENT, [(STYLE, 1e6), (OTHER, 1e-6)], quick())
    assert_same_losses(nearly, plain, rtol=1e-3)


@pytest.mark.filterwarnings("ignore:A region is black everywhere")
@pytest.mark.parametrize("recipe", ["tutorial", "fast", "multiscale"])
def test_a_region_of_nothing_leaves_the_picture_as_it_is(recipe):
    """But for the example's total variation, which is compared with no style."""
    config = nst.TransferConfig.recipe(recipe, rows=48, iterations=4, interpolation="nearest")
    style = nst.Style(STYLE, region=np.zeros((9, 9)))
    result = nst.transfer(CONTENT, style, config.replace(scales=(1.0,), total_variation_weight=0))
    np.testing.assert_array_equal(losses_of(result), 0)
    np.testing.assert_array_equal(result.image, nst.load_image(CONTENT, rows=48))
    smoothed = nst.transfer(CONTENT, style, config.replace(scales=(1.0,)))
    variation = [row.total_variation for row in smoothed.losses]
    assert (variation[-1] < variation[0]) if config.losses == "document" else not any(variation)
    assert (losses_of(smoothed)[:, 2] == 0).all()


def test_a_style_is_painted_in_its_region():
    """Where only the style counts, the rest of the picture is hardly touched."""
    left = np.zeros((48, 72), "float32")
    left[:, :36] = 1
    config = quick(
        iterations=10, optimizer="lbfgs", style_layer_names=["block1_conv1"], content_weight=0,
        total_variation_weight=0,
    )  # fmt: skip
    result = nst.transfer(CONTENT, nst.Style(STYLE, region=left), config)
    changed = abs(result.image.astype(int) - nst.load_image(CONTENT, rows=48)).mean((0, 2))
    assert changed[:36].mean() > 5 and changed[38:].max() == 0


# Scales, pooling and colours.


def test_a_styles_scale_multiplies_the_configs(plain):
    larger = nst.transfer(CONTENT, nst.Style(STYLE, scale=2), quick())
    assert_same_losses(larger, nst.transfer(CONTENT, STYLE, quick(style_scale=2)))
    same = nst.transfer(CONTENT, nst.Style(STYLE, scale=0.5), quick(style_scale=2))
    assert_same_losses(same, plain)
    assert not np.allclose(losses_of(larger)[0], losses_of(plain)[0], rtol=0.01)


def test_average_pooling_is_another_network(plain):
    average = nst.transfer(CONTENT, STYLE, quick(pooling="average"))
    assert average.losses[-1].total < average.losses[0].total
    assert abs(average.losses[0].style / plain.losses[0].style - 1) > 0.1


YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def chroma(image):
    return (image @ YIQ.T)[:, :, 1:]


def mean_chroma(image):
    return chroma(image).mean((0, 1))


def test_luminance_keeps_each_pixels_colour(plain):
    """Exactly, but for rounding, and where RGB can't show it."""
    reports = []
    config = quick(keep_colours="luminance", optimizer="lbfgs", iterations=10)
    result = nst.transfer(CONTENT, STYLE, config, reports.append)
    content = nst.load_image(CONTENT, rows=48)
    for image in (result.image, reports[4].image):
        shown = ((image > 0) & (image < 255)).all(axis=2)
        assert shown.mean() > 0.9
        assert abs(chroma(image) - chroma(content))[shown].max() < 1
    assert abs(result.image.astype(int) - content).max() > 20  # it is painted nevertheless
    assert abs(chroma(plain.image) - chroma(content)).max() > 20


def test_recolouring_keeps_the_colours_on_the_whole():
    """The style image has the content's before it is measured."""
    config = quick(iterations=25, optimizer="lbfgs", content_weight=0)
    content = nst.load_image(CONTENT, rows=48)
    kept, lost = (
        nst.transfer(CONTENT, OTHER, config.replace(keep_colours=keep)) for keep in (True, False)
    )
    far = np.linalg.norm(mean_chroma(lost.image) - mean_chroma(content))
    near = np.linalg.norm(mean_chroma(kept.image) - mean_chroma(content))
    assert near < 4 and near < far / 2
    assert abs(kept.image.astype(int) - content).max() > 20


# Losses of one's own.


class MeanStyle(nst.Term):
    def measure(self, x):
        return tf.reduce_mean(x, axis=(0, 1))


class Loud(MeanStyle):
    def distance(self, seen, target):
        return 1e20 * super().distance(seen, target)


class Places(nst.Term):
    """Of another size it has another shape."""

    def measure(self, x):
        return x


class Bright(nst.Term):
    """Of the picture itself, without a target."""

    target = None

    def measure(self, x):
        return tf.reduce_mean(x)

    def distance(self, seen, target):
        return (seen - 100) ** 2


def test_terms_of_ones_own_are_in_the_table(plain):
    own = [MeanStyle("block3_conv1", 0.1), Bright("picture", 100.0, name="light")]
    result = nst.transfer(CONTENT, STYLE, quick(), extra=own)
    usual = ("iteration", "seconds", "total", "content", "style", "total_variation")
    assert result.losses[0]._fields == (*usual, "mean_style", "light")
    for row in result.losses:
        np.testing.assert_allclose(row.total, sum(row[3:]), rtol=1e-5)
        assert row.mean_style > 0 and row.light > 0
    assert result.losses[0].style == pytest.approx(plain.losses[0].style, rel=1e-5)
    assert result.losses[-1].light < result.losses[0].light
    assert result.image.mean() > plain.image.mean()


def test_a_term_of_ones_own_may_be_all_there_is():
    nothing = {"content_weight": 0, "style_weight": 0, "total_variation_weight": 0}
    config = quick(optimizer="lbfgs", iterations=15, **nothing)
    result = nst.transfer(CONTENT, STYLE, config, extra=[Bright("picture")])
    assert result.picture.mean() == pytest.approx(100, abs=0.1)


def test_a_term_may_share_a_column():
    own = MeanStyle("block1_conv1", 1e3, name="style")
    alone, both = (
        nst.transfer(CONTENT, STYLE, quick(iterations=1), extra=extra) for extra in ([], [own])
    )
    assert both.losses[0]._fields == alone.losses[0]._fields
    assert both.losses[0].style > 1.01 * alone.losses[0].style


def test_a_term_that_cant_be_used_ends_the_run_before_it_starts():
    for term, error, words in (
        (Places("block1_conv1"), nst.ConfigError, "the term places measures"),
        (nst.Term("block1_conv1"), NotImplementedError, "needs a method measure"),
    ):
        with pytest.raises(error, match=words):
            nst.transfer(CONTENT, STYLE, quick(style_scale=0.5), forbidden, extra=[term])


def forbidden(progress):
    raise AssertionError("it painted")


def test_a_weight_beyond_float32_is_named():
    with pytest.raises(nst.DivergenceError, match=r"lower the weight of loud\.$"):
        nst.transfer(CONTENT, STYLE, quick(), extra=[Loud("block1_conv1", 1e30)])
