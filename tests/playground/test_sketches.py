"""What the panel draws."""

import numpy as np

from nst_helpers.palette import COLOURS, FURTHER_COLOURS
from nst_helpers.playground.plan import Picture
from nst_helpers.playground.sketches import before_and_after, loss_curves, thumbnail_of
from nst_helpers.state import LossRow


def row(iteration, *losses, **further):
    names = "total", "content", "style", "total_variation"
    return LossRow(iteration, iteration / 9, {**dict(zip(names, losses, strict=True)), **further})


def test_before_and_after():
    content = np.full((300, 900, 3), 10, "uint8")
    painted = np.full((100, 300, 3), 200, "uint8")
    np.testing.assert_array_equal(before_and_after(content, painted, 1), painted)
    half = before_and_after(content, painted, 0.5)
    assert half.shape == painted.shape
    assert (half[:, :148] == 200).all() and (half[:, 152:] == 10).all()
    assert (before_and_after(content, painted, 0)[:, 2:] == 10).all()
    assert before_and_after(np.zeros((3000, 4000, 3), "uint8"), None, 1).shape == (600, 800, 3)


def test_thumbnails():
    assert thumbnail_of(Picture("<ribbon>", np.zeros((900, 1, 3), "uint8"))).count("<") == 1
    assert "<img" not in thumbnail_of(None)


def test_loss_curves():
    rows = [row(i, 9e4 / i, 0.0, 6e4 / i, 3.0 / i) for i in range(1, 1001)]
    drawn = loss_curves(rows)
    assert drawn.count("<polyline") == 4 and len(drawn) < 12_000
    assert "nan" not in drawn and "inf" not in drawn
    assert "total variation 0.003" in drawn
    assert "<polyline" in loss_curves(rows[:1])
    exploded = row(2, *[float("nan")] * 2, float("inf"), 0.0)
    assert "nan," not in loss_curves([rows[0], exploded])
    assert loss_curves([exploded]) == ""


def test_terms_of_ones_own_are_drawn_too():
    rows = [row(i, 9e4 / i, 1.0, 6e4 / i, 3.0 / i, edges=2.0 * i, count=5e-5) for i in (1, 2)]
    drawn = loss_curves(rows)
    assert drawn.count("<polyline") == 6
    assert "edges 4" in drawn and "count 5e-05" in drawn
    for colour in (*FURTHER_COLOURS[:2], COLOURS["style"], COLOURS["content"], "currentColor"):
        assert drawn.count(colour) == 2, colour  # a line and its number
    assert COLOURS["total"] not in drawn
    odd = loss_curves([row(1, 1.0, 1.0, 1.0, 1.0, **{"<script>": 1.0})])
    assert "<script>" not in odd
