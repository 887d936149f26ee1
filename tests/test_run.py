"""A run as a value: styles, regions and sizes, what it is known by, and that it pickles."""

import dataclasses
import json
import pickle
import warnings

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.config import MIN_ROWS
from nst_helpers.images import IMAGENET_MEAN_BGR, LUMINANCE
from nst_helpers.machine.backend import tf
from nst_helpers.run import load_styles, picture_size, style_size

CONTENT, STYLE = nst.picture("harbour_town"), nst.picture("swirling_strokes")
OTHER = nst.picture("mosaic")


class MeanStyle(nst.Term):
    def measure(self, x):
        return tf.reduce_mean(x, axis=(0, 1))


FEW_LAYERS = {"style_layer_names": ["block1_conv1", "block3_conv1"], "initial_learning_rate": 300.0}


def small(**changes):
    usual = {"rows": 48, "iterations": 3, "content_layer_name": "block3_conv2", **FEW_LAYERS}
    return nst.TransferConfig.tutorial(**{**usual, **changes})


def half(side):
    mask = np.zeros((8, 8), "float32")
    mask[:, :4] = side == "left"
    mask[:, 4:] = side == "right"
    return mask


# Styles.


def test_a_style_is_loaded_once_and_for_all(rng):
    array = rng.integers(0, 256, (5, 7, 3), dtype="uint8")
    style = nst.Style(array)
    before, array[:] = array.copy(), 0
    np.testing.assert_array_equal(style.picture, before)
    assert (style.weight, style.scale, style.region) == (1, 1, None)
    np.testing.assert_array_equal(nst.Style(STYLE).picture, nst.load_image(STYLE))
    assert repr(style) == "Style(weight=1.0, scale=1.0)"


def test_a_region_is_a_mask_or_none(photo):
    picture = np.zeros((3, 3, 3), "uint8")
    mask = nst.Style(picture, region=half("left")).region
    assert mask.dtype == np.float32 and mask.shape == (8, 8) and mask.mean() == 0.5
    assert nst.Style(picture, region=np.ones((4, 4), bool)).region is None  # everywhere
    with pytest.warns(UserWarning, match="^A region is black everywhere, so its style is painted"):
        assert nst.Style(picture, region=np.zeros((4, 4))).region.max() == 0
    assert nst.Style(picture, region=photo).region.shape == (40, 60)


@pytest.mark.parametrize(
    "arguments",
    [{"weight": 0}, {"weight": "1"}, {"weight": np.nan}, {"scale": 0.01}, {"scale": 11}],
    ids=str,
)
def test_a_style_out_of_its_range_is_refused(arguments):
    (name,) = arguments
    with pytest.raises(nst.ConfigError, match=f"^{name} must be a number"):
        nst.Style(np.zeros((3, 3, 3), "uint8"), **arguments)


def test_what_is_no_picture_is_refused():
    with pytest.raises(nst.ImageError):
        nst.Style("no such file.jpg")
    with pytest.raises(nst.ImageError):
        nst.Style(STYLE, region=np.full((3, 3), -1.0))


def test_one_style_or_several():
    picture, style = np.zeros((3, 3, 3), "uint8"), nst.Style(STYLE, weight=3)
    (one,) = load_styles(picture)
    assert isinstance(one, nst.Style) and one.weight == 1
    assert load_styles(style) == (style,)
    several = load_styles([picture, style, (picture, 0.5), [STYLE, 2]])
    assert several[1] is style
    assert [each.weight for each in several] == [1, 3, 0.5, 2]


@pytest.mark.parametrize(
    ("style", "words"),
    [([], "style is an empty list"), ([(STYLE, 1, 2)], "pair")],
)
def test_what_is_no_style(style, words):
    with pytest.raises(nst.ConfigError, match=words):
        load_styles(style)


# Regions.


def regions_of(*styles):
    styles = [nst.Style(np.zeros((3, 3, 3), "uint8"), **each) for each in styles]
    return nst.Run.load(CONTENT, styles, small()).regions


def test_styles_without_regions_share_the_whole_picture():
    for weights, mix in (((1, 1), (1, 1)), ((2, 6), (2, 6)), ((5,), (5,))):
        assert regions_of(*({"weight": w} for w in weights)) == [(None, mix, 1)]


def test_each_region_has_its_styles_and_its_strength():
    """The mean strength is 1, whatever the weights."""
    left, also_left, right = half("left"), half("left"), half("right")
    found = regions_of(
        {"region": left, "weight": 1},
        {"region": right, "weight": 9},
        {"region": also_left, "weight": 2},
    )
    assert [mix for _, mix, _ in found] == [(1, 0, 2), (0, 9, 0)]
    np.testing.assert_array_equal([mask for mask, _, _ in found], [left, right])
    np.testing.assert_allclose([strength for _, _, strength in found], [0.5, 1.5])


def test_a_region_beside_a_style_that_is_everywhere():
    found = regions_of({}, {"region": half("left")}, {"region": np.ones((2, 2))})
    assert [mix for _, mix, _ in found] == [(1, 0, 1), (0, 1, 0)]
    assert found[0][0] is None and found[1][0].mean() == 0.5


# What is measured.


SIZE = 48, 72


def measured(content, styles, **changes):
    """The images as they are measured, in RGB on the 0..255 scale."""
    run = nst.Run.load(content, styles, small(**changes))
    content, styles = run.measured_images(SIZE)
    return [image[0, :, :, ::-1] + IMAGENET_MEAN_BGR[::-1] for image in (content, *styles)]


def test_pictures_are_measured_as_they_are():
    styles = [STYLE, nst.Style(OTHER, scale=0.5)]
    content, (style, other) = nst.Run.load(CONTENT, styles, small()).measured_images(SIZE)
    np.testing.assert_array_equal(content, nst.preprocess_image(CONTENT, *SIZE))
    np.testing.assert_array_equal(style, nst.preprocess_image(STYLE, *SIZE))
    np.testing.assert_array_equal(other, nst.preprocess_image(OTHER, 24, 36))


def test_luminance_is_measured_in_gray():
    content, *styles = measured(CONTENT, [STYLE, OTHER], keep_colours="luminance")
    plain, *_ = measured(CONTENT, [STYLE])
    np.testing.assert_allclose(content[:, :, 0], plain @ LUMINANCE, atol=0.6)
    for image in (content, *styles):
        assert np.ptp(image, axis=2).max() < 1e-4
        assert abs(image.mean() - content.mean()) < 3
        assert abs(image.std() - content.std()) < 5


def colours_of(image):
    return image.reshape(-1, 3).mean(axis=0)


def test_a_recoloured_style_has_the_contents_colours_in_its_region():
    content = np.zeros((8, 8, 3), "uint8")
    content[:, :4], content[:, 4:] = (200, 60, 20), (20, 60, 200)
    styles = [nst.Style(STYLE, region=half(side)) for side in ("left", "right")]
    _, left, right, everywhere = measured(content, [*styles, STYLE], keep_colours=True)
    np.testing.assert_allclose(colours_of(left), (200, 60, 20), atol=2)
    np.testing.assert_allclose(colours_of(right), (20, 60, 200), atol=2)
    np.testing.assert_allclose(colours_of(everywhere), (110, 60, 110), atol=2)


@pytest.mark.filterwarnings("ignore:A region is black everywhere")
def test_a_region_smaller_than_a_pixel_has_the_colours_of_the_whole():
    spot = np.zeros((500, 500), "float32")
    spot[101, 101] = 1
    for region in (spot, 0 * spot, 0.4 + spot / 10):
        style = nst.Style(STYLE, region=region)
        _, found, whole = measured(CONTENT, [style, STYLE], keep_colours=True)
        np.testing.assert_array_equal(found, whole)


def test_the_picture_to_start_from():
    assert nst.Run.load(CONTENT, STYLE, small()).initial_image(SIZE) is None
    run = nst.Run.load(CONTENT, STYLE, small(), initial=OTHER)
    np.testing.assert_array_equal(run.initial_image(SIZE), nst.preprocess_image(OTHER, *SIZE))
    run = nst.Run.load(CONTENT, STYLE, small(keep_colours="luminance"), initial=OTHER)
    initial = run.initial_image(SIZE) + IMAGENET_MEAN_BGR
    assert np.ptp(initial, axis=3).max() < 1e-4


@pytest.mark.parametrize("size", [(48, 72), (24, 36)])
def test_the_image_to_show(rng, size):
    """Where only brightness is painted, it has the content's colours, at each size."""
    picture = rng.normal(0, 30, (1, *size, 3)).astype("float32")
    show = nst.Run.load(CONTENT, STYLE, small(keep_colours=True)).finisher()
    np.testing.assert_array_equal(show(picture), nst.deprocess_image(picture))
    show = nst.Run.load(CONTENT, STYLE, small(keep_colours="luminance")).finisher()
    content = nst.deprocess_image(nst.preprocess_image(CONTENT, *size))
    expected = nst.restore_colours(nst.deprocess_image(picture), content)
    np.testing.assert_array_equal(show(picture), expected)


# The value.


@pytest.fixture
def run():
    styles = [nst.Style(STYLE, weight=2, region=half("left")), nst.Style(CONTENT, scale=0.5)]
    extra = [MeanStyle("block2_conv1", 1e-3)]
    return nst.Run.load(CONTENT, styles, small(), initial=STYLE, extra=extra)


def test_it_pickles_and_paints_the_same(run):
    again = pickle.loads(pickle.dumps(run))
    assert again.fingerprint() == run.fingerprint() and again.config == run.config
    first, second = nst.paint(run), nst.paint(again)
    assert first.losses[0]._fields[-1] == "mean_style" and first.losses[0].mean_style > 0
    np.testing.assert_allclose(
        [row[2:] for row in second.losses], [row[2:] for row in first.losses], rtol=1e-4
    )
    np.testing.assert_allclose(second.picture, first.picture, atol=0.01)
    assert pickle.loads(pickle.dumps(first)).losses == first.losses


def test_transfer_is_a_run_that_is_painted():
    result = nst.paint(nst.Run.load(CONTENT, STYLE, small()))
    same = nst.transfer(CONTENT, STYLE, small())
    np.testing.assert_array_equal(result.image, same.image)


def test_the_usual_config_is_fast():
    assert nst.Run.load(CONTENT, STYLE).config == nst.TransferConfig.fast()


def test_what_is_no_term_is_refused():
    for extra in ([MeanStyle], [lambda x: x], ["block1_conv1"]):
        with pytest.raises(nst.ConfigError, match=r"^extra takes terms, made from nst\.Term, not "):
            nst.Run.load(CONTENT, STYLE, small(), extra=extra)


def test_its_fingerprint_is_json_and_knows_everything_but_the_length(run):
    found = run.fingerprint()
    assert json.loads(json.dumps(found)) == found
    longer = small(iterations=9, report_every=2)
    styles, initial, extra = run.styles, run.initial, run.extra
    same = nst.Run(run.content, styles, longer, initial, extra)
    assert same.fingerprint() == found
    changed = {
        "rows": nst.Run(run.content, styles, small(rows=64), initial, extra),
        "content image": nst.Run(run.content[::-1], styles, longer, initial, extra),
        "initial image": nst.Run(run.content, styles, longer, None, extra),
        "extra terms": nst.Run(run.content, styles, longer, initial, ()),
        "1. style's weight and scale": restyled(run, weight=3),
        "1. region image": restyled(run, region=half("right")),
        "1. style image": restyled(run, picture=CONTENT),
    }
    for name, other in changed.items():
        other = other.fingerprint()
        assert [key for key in found if other[key] != found[key]] == [name]


def restyled(run, **changes):
    first, second = run.styles
    kept = {name: getattr(first, name) for name in ("picture", "weight", "scale", "region")}
    return nst.Run(
        *(run.content, (nst.Style(**{**kept, **changes}), second)),
        *(run.config, run.initial, run.extra),
    )


def test_a_style_more_is_another_run(run):
    one, two = (nst.Run.load(CONTENT, styles).fingerprint() for styles in (STYLE, [STYLE, STYLE]))
    assert one["style image"] == two["1. style image"] == two["2. style image"]
    assert "style image" not in two


# Sizes.


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


def test_a_picture_six_times_as_long_as_high_keeps_its_rows():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert picture_size(np.zeros((100, 600, 3), "uint8"), 64) == (64, 384)


def test_style_keeps_its_aspect_ratio_where_the_config_says_so():
    style = np.zeros((90, 40, 3), "uint8")
    config = nst.TransferConfig.multiscale()
    assert style_size(style, 1.0, (60, 60), small()) == (60, 60)
    assert style_size(style, 1.0, (60, 60), config) == (90, 40)
    assert style_size(style, 1.0, (60, 60), config.replace(style_scale=2.0)) == (180, 80)
    assert style_size(style, 2.0, (60, 60), config) == (180, 80)
    assert style_size(style, 0.5, (60, 48), small(style_scale=4)) == (120, 96)
    assert style_size(style, 0.1, (60, 48), small()) == (MIN_ROWS, MIN_ROWS)


@dataclasses.dataclass
class Bright(nst.Term):
    """A term as a dataclass, which has no hash."""

    layer: str
    power: float = 2.0

    def __post_init__(self):
        super().__init__(self.layer)


class WithFunction(nst.Term):
    def __init__(self, layer):
        super().__init__(layer)
        self.function = lambda x: x


@pytest.mark.parametrize("kind", [Bright, WithFunction])
def test_a_fingerprint_knows_no_addresses_of_objects(kind):
    """Else each process would have another one, and no checkpoint would be its own."""
    one, two = (nst.Run.load(CONTENT, STYLE, extra=kind("picture")).fingerprint() for _ in range(2))
    assert one == two and " at 0x" not in str(one)


def test_a_fingerprint_knows_a_terms_own_settings():
    one, two = (
        nst.Run.load(CONTENT, STYLE, extra=Bright("picture", power)).fingerprint()
        for power in (2.0, 3.0)
    )
    assert one != two
