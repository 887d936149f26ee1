"""The call that a PNG keeps: written, read back without being run, and made again."""

import numpy as np
import pytest
from PIL import Image

import nst_helpers as nst
from nst_helpers.calls import Call, read_call

CALL = """# Made by hand.
nst.transfer(
    'harbour_town',
    [('mosaic', 0.7), ('woodcut', 0.3)],
    nst.TransferConfig.fast(rows=48, iterations=3, style_layer_names=('block1_conv1',)),
)"""


@pytest.fixture
def painted(tmp_path, photo):
    """A PNG that keeps a call."""
    nst.save_image(tmp_path / "painted.png", photo, CALL)
    return tmp_path / "painted.png"


def test_a_call_is_read_back(painted):
    settings = {"rows": 48, "iterations": 3, "style_layer_names": ("block1_conv1",)}
    expected = Call("harbour_town", (("mosaic", 0.7), ("woodcut", 0.3)), "fast", settings)
    assert read_call(painted) == read_call(painted.read_bytes()) == expected


def test_its_run_paints_the_same(painted):
    again = nst.paint(nst.load_run(painted))
    first = eval(CALL, {"nst": nst})
    np.testing.assert_array_equal(again.image, first.image)


def test_other_pictures_than_it_names(painted, photo):
    run = nst.load_run(painted, content=photo, style="watercolour")
    np.testing.assert_array_equal(run.content, photo)
    assert len(run.styles) == 1 and run.config == nst.load_run(painted).config


def test_a_picture_that_is_not_there(painted, photo):
    nst.save_image(painted, photo, CALL.replace("harbour_town", "my cat.jpg"))
    with pytest.raises(nst.ImageError, match=r"my cat\.jpg.*content="):
        nst.load_run(painted)
    assert nst.load_run(painted, content=photo).content.shape == (40, 60, 3)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "a holiday",
        "nst.transfer()",
        "nst.paint('harbour_town', 'mosaic', nst.TransferConfig.fast())",
        "nst.transfer(open('/etc/passwd'), 'mosaic', nst.TransferConfig.fast())",
        "nst.transfer('harbour_town', 'mosaic', nst.TransferConfig.fast(rows=exit()))",
        "nst.transfer('harbour_town', 'mosaic', nst.TransferConfig.fast(**{'rows': 48}))",
        "nst.transfer(" * 5000,
    ],
)
def test_a_picture_that_keeps_no_call(painted, photo, text):
    nst.save_image(painted, photo, text)
    with pytest.raises(nst.ImageError, match="does not say what it was made from"):
        nst.load_run(painted)


def test_settings_of_another_version(painted, photo):
    nst.save_image(painted, photo, CALL.replace("rows", "hopes"))
    with pytest.raises(nst.ConfigError, match="hopes"):
        nst.load_run(painted)


def test_other_files(painted, photo, tmp_path):
    nst.save_image(tmp_path / "a.jpg", photo, CALL)  # keeps no comment
    (tmp_path / "b.png").write_bytes(b"no picture")
    for name in ("a.jpg", "b.png"):
        with pytest.raises(nst.ImageError, match="does not say"):
            nst.load_run(tmp_path / name)
    with pytest.raises(nst.ImageError):
        nst.load_run(tmp_path / "missing.png")
    Image.open(painted).save(tmp_path / "c.png")  # by another program
    with pytest.raises(nst.ImageError, match="no other program"):
        nst.load_run(tmp_path / "c.png")
