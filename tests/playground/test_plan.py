"""The printed call: it makes the same picture, to the pixel, whatever was set."""

import numpy as np
import pytest
from playing import finish, repeat, until

import nst_helpers as nst
from nst_helpers.playground.plan import Picture


@pytest.mark.parametrize("recipe", ["fast", "tutorial"])
def test_a_stopped_picture_can_be_made_again(make, recipe):
    playground = make(recipe=recipe, iterations=1000)
    playground.run()
    until(lambda: len(playground.status.losses) > 3)
    playground.stop()
    np.testing.assert_array_equal(repeat(playground), playground.status.image)


def test_the_printed_call_makes_the_same_picture(make, photo_bytes):
    playground = make(iterations=4)
    events = [
        {"recipe": "tutorial", "iterations": 4},
        {"style_factor": 0.2, "content_factor": 1000, "total_variation_factor": 0},
        {"recipe": "multiscale", "iterations": 8, "style_scale": 1.5},
        {"start": "noise", "style_layer_names": ("block1_conv1", "block3_conv1")},
        {"content_layer_name": "block3_conv2"},
        {"recipe": "fast", "iterations": 4, "content": photo_bytes, "style": "woodcut"},
    ]
    for event in events:
        playground.change(**event)
        finish(playground)
        np.testing.assert_array_equal(repeat(playground), playground.status.image, str(event))


def test_two_styles_and_everything_that_is_taken_from_them(make, photo_bytes):
    playground = make(iterations=4)
    events = [
        {"second_style": "woodcut", "mix": 0.3},
        {"keep_colours": "recolour", "pooling": "average"},
        {"keep_colours": "luminance", "mix": 0.9, "style_scale": 1.4},
        {
            "second_style": photo_bytes,
            "style": photo_bytes,
            "recipe": "multiscale",
            "iterations": 8,
        },
        {"mix": 1, "start": "noise"},
        {"mix": 0, "keep_colours": False},
        {"recipe": "tutorial", "iterations": 4, "second_style": None, "mix": 0.5},
    ]
    images = []
    for event in events:
        playground.change(**event)
        finish(playground)
        np.testing.assert_array_equal(repeat(playground), playground.status.image, str(event))
        images.append(playground.status.image.tobytes())
    assert len(set(images)) == len(images)


def test_a_mix_is_what_transfer_makes_of_pairs(make):
    playground = make()
    playground.change(
        second_style="woodcut", mix=0.3, keep_colours="luminance", pooling="average", style_scale=2
    )
    finish(playground)
    config = nst.TransferConfig.fast(
        rows=48,
        iterations=8,
        match_colours=False,
        keep_colours="luminance",
        pooling="average",
        style_scale=2,
    )
    styles = [(nst.picture("mosaic"), 0.7), (nst.picture("woodcut"), 0.3)]
    direct = nst.transfer(nst.picture("harbour_town"), styles, config)
    np.testing.assert_array_equal(playground.result.image, direct.image)
    assert '[(nst.picture("mosaic"), 0.7), (nst.picture("woodcut"), 0.3)]' in playground.call
    assert "keep_colours='luminance', pooling='average'" in playground.call


def test_a_style_without_a_share_stays_out(make):
    playground = make(iterations=2, second_style="woodcut")
    for mix, alone in ((0, "mosaic"), (1, "woodcut")):
        playground.mix = mix
        finish(playground)
        assert f'    nst.picture("{alone}"),\n' in playground.call
        assert len(playground.shown.run.styles) == 1


def test_the_middle_of_a_multiscale_run_cannot_be_made_again(make):
    playground = make(recipe="multiscale", iterations=100_000)
    playground.run()
    until(lambda: playground.status.losses)
    playground.stop()
    assert playground.call.startswith("# This is the middle")


def test_a_picture_is_found_by_the_one_rule(tmp_path, monkeypatch, photo):
    """A file of a shipped picture's name comes before the shipped one, as in `load_image`."""
    monkeypatch.chdir(tmp_path)
    shipped = [Picture.load(source) for source in ("mosaic", '"mosaic"', nst.picture("mosaic"))]
    assert {picture.code for picture in shipped} == {'nst.picture("mosaic")'}
    photo.save("mosaic", "png")
    own = Picture.load("mosaic")
    np.testing.assert_array_equal(own.array, photo)
    np.testing.assert_array_equal(nst.load_image(eval(own.code)), photo)
