"""A picture that the panel made brings all of its settings back."""

import numpy as np
import pytest
from PIL import Image
from playing import finish

import nst_helpers as nst
from nst_helpers.calls import Call
from nst_helpers.playground.settings import SETTINGS, changes_of, settings_of


def settings(playground):
    values = {name: getattr(playground, name) for name in SETTINGS}
    return {name: getattr(value, "name", value) for name, value in values.items()}


def test_a_saved_picture_brings_its_settings_to_another_panel(make, tmp_path):
    first, second = make(), make()
    first.change(
        **{"recipe": "tutorial", "start": "content", "second_style": "woodcut", "mix": 0.3},
        **{"style_factor": 5, "total_variation_factor": 0, "keep_colours": "luminance"},
        **{"style_layer_names": ("block2_conv1",), "pooling": "average", "iterations": 3},
    )
    finish(first)
    path = first.save(tmp_path)
    second.restore(path.read_bytes())
    finish(second)
    assert settings(second) == settings(first)
    np.testing.assert_array_equal(second.status.image, first.status.image)
    again = nst.paint(nst.load_run(path))
    np.testing.assert_array_equal(again.image, first.status.image)


@pytest.mark.parametrize(("recipe", "own"), [("multiscale", True), ("fast", False)])
def test_the_examples_losses_start_without_the_styles_colours(make, recipe, own):
    """Or what they do could not be seen; the other losses start as their recipe says."""
    config = nst.TransferConfig.recipe(recipe, **changes_of(make(recipe=recipe)))
    assert config.match_colours == own and nst.TransferConfig.recipe(recipe).match_colours


def test_an_uploaded_picture_is_known_by_its_name(make, photo_bytes, tmp_path):
    first, second = make(iterations=2), make(iterations=2)
    first.upload("content", photo_bytes, "C:\\fakepath\\my cat.png")
    finish(first)
    data = first.save(tmp_path).read_bytes()
    second.restore(data)
    assert "upload it first" in second.message
    second.upload("content", photo_bytes, "my cat.png")
    second.restore(data)
    finish(second)
    np.testing.assert_array_equal(second.status.image, first.status.image)


def test_what_it_went_on_from_is_said_to_be_missing(make, tmp_path):
    playground = make(iterations=2)
    for _ in range(2):
        playground.run()
        finish(playground)
    comment = Image.open(playground.save(tmp_path)).info["Comment"]
    assert "started from an earlier picture" in comment
    assert str(tmp_path) not in comment


def test_a_picture_that_says_nothing_becomes_the_error(make, photo_bytes):
    playground = make()
    playground.restore(photo_bytes)
    assert "does not say" in playground.message and playground.status.state == "ready"


@pytest.mark.parametrize(
    ("styles", "changes", "words"),
    [
        ((("mosaic", 1.0),), {"style_weight": 3.3e-6}, "no weight here is 3.3"),
        ((("mosaic", 0.5), ("woodcut", 0.3), ("watercolour", 0.2)), {}, "two styles"),
    ],
)
def test_a_call_that_no_settings_would_write(styles, changes, words):
    with pytest.raises(nst.ConfigError, match=words):
        settings_of(Call("harbour_town", styles, "fast", changes), {}, nst.Playground.FACTORS)
