"""Figures show what they are given."""

import io

import numpy as np
import pytest
from PIL import Image

import nst_helpers as nst
from nst_helpers import display
from nst_helpers.training import LossRow


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


def test_pictures_are_side_by_side_and_in_colour(shown):
    red, blue = (np.full((40, 60, 3), colour, "uint8") for colour in [(250, 0, 0), (0, 0, 250)])
    nst.show_images(left_one=red, right_one=blue)
    (figure,) = shown
    left, right = np.split(figure[:, : figure.shape[1] // 2 * 2], 2, axis=1)
    assert (left[:, :, 0] > left[:, :, 2] + 100).mean() > 0.7
    assert (right[:, :, 2] > right[:, :, 0] + 100).mean() > 0.7


def test_a_grid_and_a_picture_of_one_channel(shown):
    nst.show_images(columns=2, a=np.eye(8), b=np.eye(8), c=np.eye(8))
    height, width, _ = shown[0].shape
    assert 0.9 < height / width < 1.2


def test_losses_against_iteration_and_seconds(shown):
    losses = [LossRow(i, i / 2, 9.0 / i, 0.0, 6.0 / i, 3.0 / i) for i in range(1, 9)]
    nst.plot_losses(losses)
    nst.plot_losses(losses, against="seconds")
    assert all(figure.std() > 10 for figure in shown)
    assert (shown[0] != shown[1]).any()
