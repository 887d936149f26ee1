"""The panel without a browser: what its widgets do to the model, and the model to them."""

import io

import ipywidgets as widgets
import numpy as np
import pytest
from PIL import Image

import nst_helpers as nst
from nst_helpers.panel import Panel
from nst_helpers.playground import Picture, Status
from nst_helpers.sketches import before_and_after, loss_curves, thumbnail_of
from nst_helpers.training import LossRow


class Playground(nst.Playground):
    """Counts runs instead of running."""

    runs = 0

    def run(self):
        self.runs += 1


@pytest.fixture
def model():
    return Playground("harbour_town", "mosaic")


@pytest.fixture
def panel(model):
    return Panel(model)


def every_widget(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from every_widget(child)


def find(panel, kind, description):
    (found,) = (
        widget
        for widget in every_widget(panel)
        if isinstance(widget, kind) and widget.description == description
    )
    return found


def texts(panel):
    return " ".join(w.value for w in every_widget(panel) if isinstance(w, widgets.HTML))


def shown(panel):
    (image,) = (w for w in every_widget(panel) if isinstance(w, widgets.Image))
    return np.asarray(Image.open(io.BytesIO(image.value)))


def test_building_it_starts_nothing(panel, model):
    assert model.runs == 0
    assert repr(panel) == repr(model) == "Playground(harbour_town, mosaic)"
    assert "Press Run" in texts(panel)


def test_a_slider_sets_the_model_and_follows_it(panel, model):
    slider = find(panel, widgets.SelectionSlider, "style")
    slider.value = 5
    assert (model.style_factor, model.runs) == (5, 1)
    assert "Now 5e-06, 5 × the document's." in texts(panel)
    model.style_factor = 0
    assert (slider.value, model.runs) == (0, 2)
    assert "Now it does not count." in texts(panel)
    assert not slider.continuous_update


def test_a_size_that_the_slider_has_not_got(panel, model):
    model.rows = 57
    assert model.runs == 1
    assert find(panel, widgets.SelectionSlider, "size").value == 192


def test_a_preset_is_one_run(panel, model):
    find(panel, widgets.Button, "More style").click()
    assert (model.content_factor, model.style_factor, model.runs) == (0.1, 10, 1)
    assert find(panel, widgets.SelectionSlider, "style").value == 10


def test_a_recipe_brings_its_iterations_and_the_style_scale(panel, model):
    scale = find(panel, widgets.SelectionSlider, "style scale")
    assert scale.disabled and "only the multiscale recipe" in texts(panel)
    find(panel, widgets.Dropdown, "recipe").value = "multiscale"
    assert find(panel, widgets.BoundedIntText, "iterations").value == 100
    assert not scale.disabled
    assert (model.recipe, model.runs) == ("multiscale", 1)


def test_layers(panel, model):
    find(panel, widgets.ToggleButton, "block2").value = False
    assert len(model.style_layer_names) == 4
    assert "block2_conv1" not in model.style_layer_names
    model.style_layer_names = ("block2_conv1",)
    assert [find(panel, widgets.ToggleButton, f"block{n}").value for n in (1, 2)] == [False, True]
    assert model.runs == 2
    find(panel, widgets.Button, "The document's").click()
    assert len(model.style_layer_names) == 5 and model.runs == 3


def test_choosing_and_uploading_pictures(panel, model, photo):
    data = io.BytesIO()
    photo.save(data, "png")
    chosen = next(w for w in every_widget(panel) if getattr(w, "value", 0) == "harbour_town")
    chosen.value = "mountain_lake"
    assert (model.content.name, model.runs) == ("mountain_lake", 1)
    before = shown(panel)
    for files in (
        {"cat.png": {"content": data.getvalue()}},  # ipywidgets 7
        ({"name": "cat.png", "content": memoryview(data.getvalue())},),  # and 8
    ):
        model.content = "mountain_lake"
        panel._upload("content", files)
        np.testing.assert_array_equal(model.content.array, photo)
        assert chosen.value == chosen.options[chosen.index][1] == "your picture"
    runs = model.runs
    panel._upload("content", ())
    chosen.value = "harbour_town"
    assert (model.content.name, model.runs) == ("harbour_town", runs + 1)
    assert before.shape == shown(panel).shape


def test_a_bad_upload_and_a_bad_save_are_said(panel, model):
    panel._upload("style", ({"content": b"<script>"},))
    assert "not a picture" in texts(panel)
    find(panel, widgets.Button, "Save").click()
    assert "press Run first" in texts(panel)
    model.fail(RuntimeError("<script>"))
    assert "<script>" not in texts(panel)
    assert model.runs == 0


def test_saving_and_the_call(panel, model, tmp_path, monkeypatch, photo):
    monkeypatch.chdir(tmp_path)
    model.status = Status(image=np.asarray(photo))
    find(panel, widgets.Button, "Save").click()
    assert "Saved as painted.png" in texts(panel)
    find(panel, widgets.Button, "Show the Python call").click()
    assert "Nothing is painted yet" in texts(panel)


def test_where_it_blocks_it_says_how_to_stop():
    panel = Panel(Playground("harbour_town", "mosaic", blocking=True))
    assert find(panel, widgets.Button, "Stop").disabled
    assert "interrupt the kernel" in texts(panel)


def test_before_and_after(rng):
    content = np.full((300, 900, 3), 10, "uint8")
    painted = np.full((100, 300, 3), 200, "uint8")
    np.testing.assert_array_equal(before_and_after(content, painted, 1), painted)
    half = before_and_after(content, painted, 0.5)
    assert half.shape == painted.shape
    assert (half[:, :148] == 200).all() and (half[:, 152:] == 10).all()
    assert (before_and_after(content, painted, 0)[:, 2:] == 10).all()
    assert thumbnail_of(Picture("<ribbon>", np.zeros((900, 1, 3), "uint8"))).count("<") == 1
    assert before_and_after(np.zeros((3000, 4000, 3), "uint8"), None, 1).shape == (600, 800, 3)


def test_loss_curves():
    rows = [LossRow(i, i / 9, 9e4 / i, 0.0, 6e4 / i, 3.0 / i) for i in range(1, 1001)]
    drawn = loss_curves(rows)
    assert drawn.count("<polyline") == 4 and len(drawn) < 12_000
    assert "nan" not in drawn and "inf" not in drawn
    assert "total variation 0.003" in drawn
    assert "<polyline" in loss_curves(rows[:1])
    exploded = LossRow(2, 0.1, *[float("nan")] * 2, float("inf"), 0.0)
    assert "nan," not in loss_curves([rows[0], exploded])
    assert loss_curves([exploded]) == ""
