"""The panel without a browser: what its widgets do to the model, and the model to them."""

import base64
import datetime
import io
import re

import ipywidgets as widgets
import numpy as np
import pytest
from PIL import Image

import nst_helpers as nst
from nst_helpers.calls import read_call
from nst_helpers.machine.pictures import SHIPPED
from nst_helpers.playground.actions import SERVED
from nst_helpers.playground.choices import newest_file
from nst_helpers.playground.panel import Panel
from nst_helpers.playground.plan import Picture, Plan
from nst_helpers.playground.status import Status
from nst_helpers.state import LossRow


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


def pictures(panel):
    images = [w for w in every_widget(panel) if isinstance(w, widgets.Image)]
    return [np.asarray(Image.open(io.BytesIO(image.value))) for image in images]


def painted(model, photo, state="finished", style="mosaic"):
    """The status of a run that painted the photo."""
    style = Picture(style, np.asarray(photo))
    plan = Plan(model.content, style, "fast", {"rows": 40, "iterations": 9})
    return Status(state, plan, np.asarray(photo), (LossRow(7, 1.0, {"total": 3.0}),))


def downloaded(panel):
    """Name and bytes of what the download link holds, or None."""
    found = re.search('download="(.+?)" href="data:image/png;base64,(.+?)"', texts(panel))
    return found and (found[1], base64.b64decode(found[2]))


def test_it_speaks_korean(model, photo, monkeypatch):
    monkeypatch.setenv("NST_LANGUAGE", "ko")
    panel = Panel(model)
    model.status = painted(model, photo)
    words = [re.sub("(?s)<style.*</style>|<[^>]*>", " ", texts(panel))]
    for widget in every_widget(panel):
        words += [getattr(widget, "description", ""), getattr(widget, "tooltip", "")]
        words += [label for label, _ in getattr(widget, "options", ())]
    assert "Python 호출 보기" in words
    names = "fast|multiscale|tutorial|Keras|VGG19|PNG|Python|block|conv|pool"
    names = "|".join([names, *SHIPPED]).replace("_", " ")
    english = re.findall("[A-Za-z]{3,}", re.sub(names, "", " ".join(filter(None, words))))
    assert not english


def test_building_it_starts_nothing(panel, model):
    assert model.runs == 0
    assert repr(panel) == repr(model) == "Playground(harbour_town, mosaic)"
    assert "Press Run" in texts(panel)


def test_a_slider_sets_the_model_and_follows_it(panel, model):
    slider = find(panel, widgets.SelectionSlider, "style")
    slider.value = 5
    assert (model.style_factor, model.runs) == (5, 1)
    assert "Now 500, 5 × the recipe's." in texts(panel)
    model.recipe = "fast"
    assert "Now 5e-06, 5 × the Keras example's." in texts(panel)
    model.runs = 1
    model.style_factor = 0
    assert (slider.value, model.runs) == (0, 2)
    assert "Now it does not count." in texts(panel)
    assert not slider.continuous_update


def test_a_size_that_the_slider_has_not_got(panel, model):
    model.rows = 57
    assert model.runs == 1
    assert find(panel, widgets.SelectionSlider, "size").value == 256


def test_a_content_layer_that_the_list_has_not_got(panel, model):
    model.content_layer_name = "block3_conv1"
    assert model.runs == 1
    assert find(panel, widgets.Dropdown, "content layer").value == "block4_conv3"


def test_a_preset_is_one_run(panel, model):
    find(panel, widgets.Button, "More style").click()
    assert (model.content_factor, model.style_factor, model.runs) == (0.1, 10, 1)
    assert find(panel, widgets.SelectionSlider, "style").value == 10


def test_a_recipe_brings_its_iterations_and_its_content_layer(panel, model):
    model.change(recipe="fast", content_layer_name="block1_conv2")
    model.runs = 0
    find(panel, widgets.Dropdown, "recipe").value = "multiscale"
    own = nst.TransferConfig.multiscale().content_layer_name
    assert find(panel, widgets.Dropdown, "content layer").value == own
    assert find(panel, widgets.BoundedIntText, "iterations").value == 100
    assert "Now 100, the recipe's own." in texts(panel)
    assert (model.recipe, model.runs) == ("multiscale", 1)


@pytest.mark.parametrize(
    ("kind", "description", "setting", "values"),
    [
        (widgets.SelectionSlider, "strength", "strength", (4.0, 0.25, 1.0)),
        (widgets.SelectionSlider, "stroke size", "style_scale", (2.0, 0.5)),
        (widgets.Dropdown, "keep colours", "keep_colours", ("luminance", "recolour", False)),
        (widgets.Dropdown, "pooling", "pooling", ("average", "max")),
        (
            widgets.Dropdown,
            "content layer",
            "content_layer_name",
            ("block4_conv2", "block1_conv2", "block5_conv2"),
        ),
        (widgets.SelectionSlider, "content", "content_factor", (1000, 100, 1)),
        (widgets.Dropdown, "start from", "start", ("noise", "content", "picture")),
        (widgets.BoundedIntText, "iterations", "iterations", (7, 8)),
        (widgets.SelectionSlider, "size", "rows", (128, 400)),
    ],
)
def test_each_control_sets_the_model_and_follows_it(
    panel, model, kind, description, setting, values
):
    control = find(panel, kind, description)
    assert control.value == getattr(model, setting) and not control.disabled
    for runs, value in enumerate(values, start=1):
        control.value = value
        assert (getattr(model, setting), model.runs) == (value, runs)
    setattr(model, setting, values[0])
    assert control.value == values[0]


def test_a_second_style_and_its_share(panel, model):
    mix = find(panel, widgets.SelectionSlider, "mix")
    (chosen,) = (w for w in every_widget(panel) if getattr(w, "value", 0) == "none")
    assert mix.disabled and "Choose a second style" in texts(panel)
    chosen.value = "woodcut"
    assert (model.second_style.name, model.runs) == ("woodcut", 1)
    assert not mix.disabled and "Choose a second style" not in texts(panel)
    assert [words for words, _ in mix.options] == [f"{tens}%" for tens in range(0, 101, 10)]
    mix.value = 0.3
    assert (model.mix, model.runs) == (0.3, 2)
    model.mix = 1
    assert mix.value == 1
    chosen.value = "none"
    assert model.second_style is None and mix.disabled
    model.second_style = "mosaic"
    assert chosen.value == "mosaic" and not mix.disabled


def test_layers(panel, model):
    find(panel, widgets.ToggleButton, "block2").value = False
    assert len(model.style_layer_names) == 4
    assert "block2_conv1" not in model.style_layer_names
    model.style_layer_names = ("block2_conv1",)
    assert [find(panel, widgets.ToggleButton, f"block{n}").value for n in (1, 2)] == [False, True]
    assert model.runs == 2
    find(panel, widgets.Button, "Keras example").click()
    assert len(model.style_layer_names) == 5 and model.runs == 3


def test_the_keras_example_takes_back_all_that_is_not_its_own(panel, model):
    changes = {"recipe": "multiscale", "pooling": "average", "keep_colours": "luminance"}
    changes["content_layer_name"] = "block1_conv2"
    model.change(**changes, style_scale=2, style_factor=5)
    find(panel, widgets.Button, "Keras example").click()
    assert model.runs == 2
    own = {"recipe": "fast", "pooling": "max", "keep_colours": False, "style_scale": 1}
    own["content_layer_name"] = "block5_conv2"
    assert {name: getattr(model, name) for name in own} == own
    assert model.style_factor == 1


def file_of(data, name="cat.png"):
    """What a browser gives to a `FileUpload`."""
    when = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    file = {"name": name, "type": "image/png", "size": len(data), "last_modified": when}
    return {**file, "content": memoryview(data)}


def upload_buttons(panel):
    """Of the content, the style and the second style, and of settings from a picture."""
    return [w for w in every_widget(panel) if isinstance(w, widgets.FileUpload)]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_choosing_and_uploading_pictures(panel, model, photo, photo_bytes, place, tried):
    which = ("content", "style", "second_style")[place]
    first = ("harbour_town", "mosaic", "none")[place]
    (chosen,) = (w for w in every_widget(panel) if getattr(w, "value", 0) == first)
    chosen.value = "mountain_lake"
    assert (getattr(model, which).name, model.runs) == ("mountain_lake", 1)
    upload_buttons(panel)[place].value = (file_of(photo_bytes),)
    np.testing.assert_array_equal(getattr(model, which).array, photo)
    assert chosen.value == chosen.options[chosen.index][1] == "cat.png"
    assert model.runs == 2
    chosen.value = "harbour_town"
    assert (getattr(model, which).name, model.runs) == ("harbour_town", 3)
    with tried("a picture uploaded again, or chosen again after another one"):
        chosen.value = "cat.png"
        np.testing.assert_array_equal(getattr(model, which).array, photo)
        assert model.runs == 4


def test_the_list_offers_the_shipped_pictures(panel, model, tmp_path, monkeypatch, photo):
    """Not a file that has the name of one."""
    monkeypatch.chdir(tmp_path)
    photo.save("woodcut", "png")
    (chosen,) = (w for w in every_widget(panel) if getattr(w, "value", 0) == "mosaic")
    chosen.value = "woodcut"
    assert model.style.code == 'nst.picture("woodcut")'


@pytest.mark.parametrize("place", [0, 1, 2])
def test_several_uploads_one_after_the_other(panel, model, photo_bytes, place, tried):
    """The list keeps the newest of that name, and each new upload is taken."""
    which = ("content", "style", "second_style")[place]
    button = upload_buttons(panel)[place]
    turned = io.BytesIO()
    Image.open(io.BytesIO(photo_bytes)).rotate(90, expand=True).save(turned, "png")
    upright, lying = (photo_bytes, (40, 60, 3)), (turned.getvalue(), (60, 40, 3))
    for runs, (data, shape) in enumerate((upright, lying, upright, upright), start=1):
        with tried("a picture uploaded again, or chosen again after another one"):
            button.value = (file_of(data),)
            assert getattr(model, which).array.shape == shape
            assert (button.value, model.runs) == ((), runs)


def test_an_upload_after_a_bad_one(panel, model, photo, photo_bytes):
    button = upload_buttons(panel)[0]
    for data in (b"<script>", photo_bytes, b"", photo_bytes):
        button.value = (file_of(data),)
    np.testing.assert_array_equal(model.content.array, photo)


def test_the_same_file_again(panel, model, photo, photo_bytes):
    button = upload_buttons(panel)[1]
    for runs in (1, 3):
        button.value = (file_of(photo_bytes),)
        np.testing.assert_array_equal(model.style.array, photo)
        assert model.runs == runs
        model.style = "mosaic"


def test_files_of_both_ipywidgets(photo_bytes):
    seven = {"cat.png": {"content": b"old"}, "dog.png": {"content": photo_bytes}}
    assert newest_file(seven) == newest_file((file_of(photo_bytes, "dog.png"),))
    assert newest_file(seven) == (photo_bytes, "dog.png")
    assert newest_file({}) is None and newest_file(()) is None


def test_a_bad_upload_and_a_bad_save_are_said(panel, model):
    upload_buttons(panel)[1].value = (file_of(b"<script>"),)
    assert "not a picture" in texts(panel)
    find(panel, widgets.Button, "Save").click()
    assert "press Run first" in texts(panel)
    model.fail(RuntimeError("<script>"))
    assert "<script>" not in texts(panel)
    assert model.runs == 0


def test_saving_and_the_call(panel, model, tmp_path, monkeypatch, photo):
    monkeypatch.chdir(tmp_path)
    find(panel, widgets.Button, "Show the Python call").click()
    assert "Nothing is painted yet" in texts(panel)
    model.status = painted(model, photo)
    find(panel, widgets.Button, "Save").click()
    assert "Saved as painted.png" in texts(panel)
    assert read_call("painted.png").content == "harbour_town"


def test_the_picture_to_download(panel, model, photo):
    assert downloaded(panel) is None and 'aria-disabled="true"' in texts(panel)
    for state in ("finished", "stopped"):
        model.status = painted(model, photo, state, "my <cat>.jpg")
        name, data = downloaded(panel)
        assert name == "harbour_town-my_cat_.png"
        np.testing.assert_array_equal(nst.load_image(data), photo)
        assert read_call(data).settings == {"rows": 40, "iterations": 7}
    model.status = painted(model, photo, "running")
    assert downloaded(panel) is None


def test_comparing_keeps_a_picture_aside(panel, model, photo):
    model.status = painted(model, photo)
    compare = find(panel, widgets.ToggleButton, "Compare")
    (now,) = pictures(panel)
    compare.value = True
    turned = photo.rotate(180)
    model.status = painted(model, turned)
    aside, changed = pictures(panel)
    np.testing.assert_array_equal(aside, now)
    assert abs(changed.astype(float) - turned).mean() < 10 < abs(changed - now.astype(float)).mean()
    compare.value = False
    assert len(pictures(panel)) == 1


def test_undo_is_offered_where_there_is_something_to_go_back_to(panel, model):
    undo = find(panel, widgets.Button, "Undo")
    assert undo.disabled
    undo.click()
    assert model.status.state == "ready"


@pytest.mark.parametrize("server", [None, *sorted(SERVED)])
def test_files_are_saved_only_where_the_reader_finds_them(monkeypatch, server):
    for name in SERVED:
        monkeypatch.delenv(name, raising=False)
    if server:
        monkeypatch.setenv(server, "/")
    panel = Panel(Playground("harbour_town", "mosaic"))
    buttons = [w.description for w in every_widget(panel) if isinstance(w, widgets.Button)]
    assert ("Save" in buttons) == (server is None)


def test_how_the_keras_examples_loss_differs_is_said(panel, model):
    assert "not the Keras example's" in texts(panel)
    model.recipe = "fast"
    assert "multiscale weighs them" in texts(panel)


def test_the_hint_of_total_variation_is_the_one_of_the_losses(panel, model):
    """In the relative losses it hardly changes a picture: see benchmarks/NOTES.md."""
    assert "grain beyond the style image's own" in texts(panel)
    model.recipe = "fast"
    assert "removes grain, then detail" in texts(panel)
    assert "beyond the style image's own" not in texts(panel)


def test_a_large_upload_is_made_small_and_that_is_said(panel, model, photo):
    data = io.BytesIO()
    photo.resize((4032, 3024)).save(data, "jpeg")
    upload_buttons(panel)[0].value = (file_of(data.getvalue(), "phone.jpg"),)
    assert model.content.array.shape == (1500, 2000, 3)
    assert "made smaller, to 2,000 × 1,500 pixels" in texts(panel)
    small = np.asarray(Image.fromarray(model.content.array).resize(photo.size))
    assert abs(small.astype(float) - np.asarray(photo)).mean() < 5
    model.content = "harbour_town"
    assert "made smaller" not in texts(panel)


def test_what_an_iphone_writes(panel, model, photo):
    pillow_heif = pytest.importorskip("pillow_heif")
    data = io.BytesIO()
    pillow_heif.from_pillow(photo).save(data)
    upload_buttons(panel)[0].value = (file_of(data.getvalue(), "IMG_1.HEIC"),)
    assert (model.content.name, model.content.array.shape) == ("IMG_1.HEIC", (40, 60, 3))


def test_where_it_blocks_it_says_how_to_stop():
    panel = Panel(Playground("harbour_town", "mosaic", blocking=True))
    assert find(panel, widgets.Button, "Stop").disabled
    assert "interrupt the kernel" in texts(panel)
