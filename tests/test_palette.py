"""The colours of the losses: one each, and the colour-blind can tell them apart."""

import itertools

import numpy as np
import pytest

from nst_helpers.palette import COLOURS, FURTHER_COLOURS, colours_of

# What people see who lack one kind of cone: matrices on linear RGB, Machado, Oliveira and
# Fernandes, *A Physiologically-Based Model for Simulation of Color Vision Deficiency*, 2009.
VISION = {
    "usual": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


def linear_rgb(colour):
    values = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def cielab(rgb):
    xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    values = xyz @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089]
    x, y, z = np.where(values > 0.008856, np.cbrt(values), 7.787 * values + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("vision", VISION)
def test_everyone_can_tell_them_apart(vision):
    seen = [
        cielab(VISION[vision] @ linear_rgb(colour))
        for colour in (*COLOURS.values(), *FURTHER_COLOURS)
    ]
    distances = [np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)]
    assert min(distances) > 20  # 2 can just be seen where both touch


def test_each_name_has_its_colour():
    assert colours_of(COLOURS) == COLOURS
    names = ["total", "mine", "style", "yours", "theirs", "ours"]
    colours = colours_of(names)
    assert list(colours) == names
    assert colours["style"] == COLOURS["style"]
    assert [colours[n] for n in names if n not in COLOURS] == [*FURTHER_COLOURS, FURTHER_COLOURS[0]]
    assert colours_of(()) == {}
