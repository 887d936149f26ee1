"""Figures show what they are given."""

import io

import numpy as np
import pytest
from PIL import Image

import nst_helpers as nst
from nst_helpers import display
from nst_helpers.palette import COLOURS
from nst_helpers.state import LossRow


@pytest.fixture
def shown(monkeypatch):
    """The figures that were displayed, as arrays."""
    figures = []
    monkeypatch.setattr(
        display,
        "display",
        lambda image: figures.append(np.array(Image.open(io.BytesIO(image.data)))),
    )
    return figures


def near(figure, colour):
    """The share of a figure's pixels that are nearly of that colour."""
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return (abs(figure.astype(int) - rgb).max(axis=2) < 24).mean()


def test_pictures_are_side_by_side_and_in_colour(shown):
    red, blue = (np.full((40, 60, 3), colour, "uint8") for colour in [(250, 0, 0), (0, 0, 250)])
    nst.show_images({"left one": red, "right one": Image.fromarray(blue)})
    (figure,) = shown
    left, right = np.split(figure[:, : figure.shape[1] // 2 * 2], 2, axis=1)
    assert (left[:, :, 0] > left[:, :, 2] + 100).mean() > 0.7
    assert (right[:, :, 2] > right[:, :, 0] + 100).mean() > 0.7


def test_a_pil_image_of_any_kind(shown):
    red = Image.new("RGB", (60, 40), "#fa0000")
    nst.show_images({"a palette": red.convert("P"), "with alpha": red.convert("RGBA")})
    assert near(shown[0], "#fa0000") > 0.7


def test_a_grid_and_a_picture_of_one_channel(shown):
    nst.show_images({"a": np.eye(8), "b": np.eye(8), "c": np.eye(8)[:, :, np.newaxis]}, columns=2)
    height, width, _ = shown[0].shape
    assert 0.9 < height / width < 1.2


def test_titles_of_one_word_may_be_given_by_name(shown):
    red, blue = (np.full((8, 8, 3), colour, "uint8") for colour in ((200, 0, 0), (0, 0, 200)))
    nst.show_images({"left": red, "right": blue})
    nst.show_images(left=Image.fromarray(red), right=blue)
    nst.show_images({"left": red}, right=blue)
    assert all((figure == shown[0]).all() for figure in shown) and len(shown) == 3


@pytest.mark.parametrize("titled", [{}, {"x": None}, {"colums": 2}, {"x": "photo.jpg"}])
def test_what_is_named_and_no_picture_is_said_in_one_sentence(titled):
    with pytest.raises(nst.ImageError) as raised:
        nst.show_images(**titled)
    assert "\n" not in str(raised.value)


def test_every_figure_is_said_in_words(monkeypatch):
    said = []
    monkeypatch.setattr(display, "display", lambda image: said.append(image.alt))
    nst.show_images({"before": np.eye(8), "after": np.eye(8)})
    nst.show_images({"before": np.eye(8)}, alt="A white diagonal on black")
    nst.plot_losses(rows())
    nst.plot_runs({"ours": [(1, 2.0)], "theirs": [(1, 3.0)]})
    assert said == [
        "Pictures side by side: before; after.",
        "A white diagonal on black",
        "Curves of the losses by iteration: total, style, content, total_variation.",
        "Curves of the loss by seconds: ours, theirs.",
    ]


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ({}, "takes a dictionary of pictures"),
        (np.zeros((4, 4)), "takes a dictionary of pictures"),
        ({"a path": "photo.jpg"}, "'a path' is no picture.*not 'photo.jpg'"),
        ({"a batch": np.zeros((1, 4, 4, 3))}, r"'a batch' is no picture.*\(1, 4, 4, 3\)"),
        ({"nothing": np.zeros((0, 4, 3))}, "'nothing' is no picture"),
        ({"None": None}, "'None' is no picture.*not None"),
    ],
)
def test_what_is_no_picture_is_said_in_one_sentence(images, words):
    with pytest.raises(nst.ImageError, match=words) as raised:
        nst.show_images(images)
    assert "\n" not in str(raised.value)


def rows(**further):
    """A loss table of eight rows."""
    return [
        LossRow(
            i,
            i / 2,
            {"total": 9.0 / i, "content": 0.0, "style": 6.0 / i, "total_variation": 3.0 / i}
            | {name: loss / i for name, loss in further.items()},
        )
        for i in range(1, 9)
    ]


def test_losses_against_iteration_and_seconds(shown):
    nst.plot_losses(rows())
    nst.plot_losses(rows(), against="seconds")
    assert all(figure.std() > 10 for figure in shown)
    assert (shown[0] != shown[1]).any()


@pytest.fixture
def lines(monkeypatch):
    """The lines of the figures that were displayed: colours by their labels."""
    found = []
    monkeypatch.setattr(
        display,
        "show_figure",
        lambda figure, alt: found.append(
            {line.get_label(): line.get_color() for line in figure.axes[0].lines}
        ),
    )
    return found


def test_a_further_term_has_a_curve_and_a_colour_of_its_own(lines):
    nst.plot_losses(rows())
    nst.plot_losses(rows(mean_style=1.0))
    usual, further = lines
    assert list(usual) == ["total", "style", "content", "total variation"]
    assert list(usual.values()) == list(COLOURS.values())
    assert further == {**usual, "mean style": further["mean style"]}
    assert further["mean style"] not in usual.values()


def test_runs_are_drawn_in_colours_of_their_own(lines):
    nst.plot_runs({f"run {n}": [(1, 10.0 + n), (2, 1.0 + n)] for n in range(9)}, "iteration")
    assert len(lines[0]) == 9 and len(set(lines[0].values())) == 7
