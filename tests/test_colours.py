"""Keeping and matching colours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import nst_helpers as nst
from nst_helpers import colours

uint8_pictures = arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3)))
RGB_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])


def luminance(image):
    return image @ RGB_TO_YIQ[0]


def colour_statistics(image):
    pixels = image.reshape(-1, 3)
    return pixels.mean(axis=0), np.cov(pixels.T)


def test_matched_colours_are_the_references():
    image, reference = (
        nst.preprocess_image(nst.picture(name), 80, 120) for name in ("harbour_town", "woodcut")
    )
    matched = nst.match_colours(image, reference)
    assert matched.shape == image.shape and matched.dtype == np.float32
    for ours, theirs in zip(*map(colour_statistics, (matched, reference)), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=0.05)
    np.testing.assert_allclose(nst.match_colours(image, image), image, atol=0.01)


@pytest.mark.parametrize("spread", [0, 0.5])
def test_matching_colours_makes_no_noise_of_a_gray_picture(rng, spread):
    """Colours that are hardly there are not enlarged until they are as strong as the style's."""
    gray = np.linspace(-100, 100, 60 * 90).reshape(1, 60, 90, 1)
    noisy = gray + spread * rng.normal(size=(1, 60, 90, 3))
    clean, noisy = (
        nst.match_colours(picture, nst.preprocess_image(nst.picture("mosaic"), 60, 90))
        for picture in (np.repeat(gray, 3, axis=3), noisy)
    )
    assert np.isfinite(clean).all() and clean.std() > 20
    assert np.std(noisy - clean) < 20 * spread + 0.01


@given(uint8_pictures, uint8_pictures)
def test_any_colours_can_be_matched(image, reference):
    matched = nst.match_colours(image[None], reference[None])
    assert np.isfinite(matched).all() and abs(matched).max() < 1e5


# Only luminance is painted.


@pytest.fixture(scope="module")
def content():
    return nst.load_image(nst.picture("harbour_town"), rows=80)


@pytest.fixture(scope="module")
def style():
    return nst.load_image(nst.picture("woodcut"), rows=120)


def test_gray_is_luminance(content):
    gray = colours.to_gray(content)
    assert gray.dtype == np.uint8 and (np.ptp(gray, axis=2) == 0).all()
    assert np.abs(gray[:, :, 0] - luminance(content)).max() <= 0.51
    np.testing.assert_array_equal(colours.to_gray(gray), gray)


def test_matched_luminance_has_the_contents_mean_and_deviation(content, style):
    assert abs(luminance(style).mean() - luminance(content).mean()) > 10  # else nothing is tested
    matched = nst.match_luminance(style, content)
    assert matched.shape == style.shape and matched.dtype == np.uint8
    assert (np.ptp(matched, axis=2) == 0).all()
    clipped = ((matched == 0) | (matched == 255)).mean()
    assert clipped < 0.01
    assert abs(matched.mean() - luminance(content).mean()) < 0.5
    assert abs(matched[:, :, 0].std() - luminance(content).std()) < 0.5
    np.testing.assert_array_equal(nst.match_luminance(content, content), colours.to_gray(content))


def test_a_flat_style_is_not_made_noisy(content, rng):
    flat = rng.integers(127, 130, (30, 40, 3), "uint8")
    scale = luminance(content).std() / 2
    assert nst.match_luminance(flat, content).std() <= scale * luminance(flat).std() + 1


def test_restored_colours_are_the_paintings_y_and_the_contents_iq(content, style):
    painted = nst.load_image(style, rows=80)
    assert painted.shape == content.shape
    restored = nst.restore_colours(painted, content)
    assert restored.shape == content.shape and restored.dtype == np.uint8
    yiq = content @ RGB_TO_YIQ.T
    yiq[:, :, 0] = luminance(painted)
    expected = yiq @ np.linalg.inv(RGB_TO_YIQ).T
    assert np.abs(restored - np.clip(expected, 0, 255)).max() < 1.5
    shown = ((expected > 0) & (expected < 255)).all(axis=2)
    assert shown.mean() > 0.3
    assert np.abs(luminance(restored) - luminance(painted))[shown].max() < 0.6


@given(uint8_pictures)
def test_restoring_a_pictures_own_colours_changes_nothing(image):
    np.testing.assert_array_equal(nst.restore_colours(image, image), image)
    assert np.abs(nst.restore_colours(colours.to_gray(image), image) - image.astype(int)).max() <= 1


@pytest.mark.parametrize(
    "bad", [np.zeros((4, 4, 3)), np.zeros((4, 4), "uint8"), np.zeros((0, 4, 3), "uint8")]
)
def test_another_kind_of_array_is_refused(content, bad):
    for function in (nst.match_luminance, nst.restore_colours):
        for pair in ((bad, content), (content, bad)):
            with pytest.raises(nst.ImageError, match=r"shape \(rows, cols, 3\) with uint8 values"):
                function(*pair)


def test_sizes_must_be_equal(content, style):
    with pytest.raises(
        nst.ImageError, match=r"must have one size, not \(120, 180\) and \(80, 120\)"
    ):
        nst.restore_colours(style, content)
