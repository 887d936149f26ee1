"""Pictures in and out, against the document's functions and what people's files are like."""

import io
import os
import random
import subprocess
import sys
import tempfile

import document
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

import nst_helpers as nst

uint8_pictures = arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3)))


def encoded(image, format, **options):
    data = io.BytesIO()
    image.save(data, format, **options)
    return data.getvalue()


def test_preprocess_is_the_documents():
    path = nst.picture("harbour_town")
    ours = nst.preprocess_image(path, 100, 150)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, document.preprocess_image(path, 100, 150), rtol=1e-5)


def test_deprocess_is_the_documents(rng):
    x = rng.normal(0, 150, (1, 20, 30, 3)).astype("float32")
    np.testing.assert_array_equal(
        nst.deprocess_image(x), document.deprocess_image(x.copy(), 20, 30)
    )


def test_deprocess_leaves_its_argument_alone(rng):
    x = rng.normal(0, 150, (1, 4, 4, 3)).astype("float32")
    before = x.copy()
    nst.deprocess_image(x)
    np.testing.assert_array_equal(x, before)


@settings(deadline=None, max_examples=60)
@given(uint8_pictures)
def test_there_and_back_is_the_same_picture(image):
    rows, cols = image.shape[:2]
    np.testing.assert_array_equal(
        nst.deprocess_image(nst.preprocess_image(image, rows, cols)), image
    )


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


@settings(deadline=None, max_examples=60)
@given(uint8_pictures, st.sampled_from(["png", "bmp", "tif", "ppm", "tga"]))
def test_any_array_comes_back_from_its_file(image, ending):
    with tempfile.TemporaryDirectory() as folder:
        nst.save_image(f"{folder}/out.{ending}", image)
        np.testing.assert_array_equal(nst.load_image(f"{folder}/out.{ending}"), image)


def test_rows_keep_the_aspect_ratio(photo):
    assert nst.load_image(photo, rows=33).shape == (33, int(60 * 33 / 40), 3)


def test_every_kind_of_source(tmp_path, photo):
    path = tmp_path / "photo.png"
    photo.save(path)
    for source in (path, str(path), path.read_bytes(), photo, np.array(photo)):
        np.testing.assert_array_equal(nst.load_image(source), np.array(photo))


def test_address(tmp_path, photo, web_server):
    photo.save(tmp_path / "photo.png")
    np.testing.assert_array_equal(nst.load_image(f"{web_server}/photo.png"), np.array(photo))
    with pytest.raises(nst.ImageError, match="can't be downloaded"):
        nst.load_image(f"{web_server}/missing.png")


def test_transparency_is_laid_over_white(photo):
    rgba = photo.convert("RGBA")
    rgba.putalpha(Image.new("L", photo.size, 0))
    assert (nst.load_image(encoded(rgba, "PNG")) == 255).all()


def test_palette_gray_cmyk_and_one_bit(photo):
    def brightness(image):  # of 20 × 20 pixels at a time: one bit a pixel is dithered
        return np.asarray(image).mean(axis=2).reshape(2, 20, 3, 20).mean(axis=(1, 3))

    kinds = [("P", "PNG"), ("L", "PNG"), ("CMYK", "JPEG"), ("1", "PNG"), ("LA", "PNG")]
    for mode, format in kinds:
        image = nst.load_image(encoded(photo.convert(mode), format))
        assert image.shape == (40, 60, 3)
        assert np.abs(brightness(image) - brightness(photo)).max() < 15, mode


def test_palette_with_transparency(photo):
    image = photo.convert("P")
    hidden = np.array(image) == image.getpixel((0, 0))
    loaded = nst.load_image(encoded(image, "PNG", transparency=image.getpixel((0, 0))))
    assert (loaded[hidden] == 255).all()


def test_sixteen_bits_are_scaled_not_cut(photo):
    gray = np.array(photo.convert("L")).astype("uint16") * 257
    loaded = nst.load_image(encoded(Image.fromarray(gray), "PNG"))
    np.testing.assert_array_equal(loaded[:, :, 0], gray // 257)


def test_a_camera_rotation_is_applied(photo):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    loaded = nst.load_image(encoded(photo, "JPEG", exif=exif, quality=95))
    assert loaded.shape == (60, 40, 3)
    upright = np.array(photo.rotate(-90, expand=True)).astype(int)
    assert np.abs(loaded - upright).mean() < 8


def bad_files(photo):
    jpeg = encoded(photo.resize((300, 200)), "JPEG")
    return {
        "empty.jpg": (b"", "is empty"),
        "text.jpg": (b"this is no picture", "not a picture"),
        "truncated.jpg": (jpeg[: len(jpeg) // 2], "damaged or cut short"),
    }


@pytest.mark.parametrize("name", ["empty.jpg", "text.jpg", "truncated.jpg"])
def test_bad_file_is_one_clear_line(tmp_path, photo, name):
    data, words = bad_files(photo)[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(nst.ImageError, match=words) as error:
        nst.load_image(tmp_path / name)
    assert name in str(error.value) and "\n" not in str(error.value)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(nst.ImageError, match="does not exist"):
        nst.load_image(tmp_path / "none.jpg")
    with pytest.raises(nst.ImageError, match="is a folder"):
        nst.load_image(tmp_path)


def test_bad_arrays_and_sizes(photo):
    with pytest.raises(nst.ImageError, match="uint8"):
        nst.load_image(np.zeros((4, 4, 3)))
    with pytest.raises(nst.ImageError, match="shape"):
        nst.load_image(np.zeros((4, 4, 2), "uint8"))
    with pytest.raises(nst.ImageError, match="not NoneType"):
        nst.load_image(None)
    for rows in (0, -3):
        with pytest.raises(nst.ImageError, match="rows must be"):
            nst.load_image(photo, rows=rows)
    with pytest.raises(nst.ImageError, match="cols must be"):
        nst.preprocess_image(photo, 4, 0)


def test_saved_picture_comes_back(tmp_path, photo):
    image = np.array(photo)
    nst.save_image(tmp_path / "out.png", image)
    np.testing.assert_array_equal(nst.load_image(tmp_path / "out.png"), image)
    nst.save_image(tmp_path / "out.jpg", image)
    assert np.abs(nst.load_image(tmp_path / "out.jpg") - image.astype(int)).mean() < 6
    assert sorted(os.listdir(tmp_path)) == ["out.jpg", "out.png"]


def test_saving_where_it_cannot_be(tmp_path, photo):
    image = np.array(photo)
    for path, words in [
        (tmp_path, "is a folder"),
        (tmp_path / "none" / "out.png", "does not exist"),
        (tmp_path / "out.txt", "no picture format"),
        (tmp_path / "out", "no picture format"),
    ]:
        with pytest.raises(nst.ImageError, match=words):
            nst.save_image(path, image)
    assert not list(tmp_path.iterdir())


def test_a_pathless_home_and_a_device_are_refused(tmp_path, photo):
    with pytest.raises(nst.ImageError, match="can't be written: Could not determine home"):
        nst.save_image("~nobody_of_that_name/out.png", np.array(photo))
    if os.name != "nt":
        os.mkfifo(tmp_path / "out.png")
        with pytest.raises(nst.ImageError, match="is no ordinary file: give another name"):
            nst.save_image(tmp_path / "out.png", np.array(photo))


def test_a_picture_that_its_format_cannot_hold(tmp_path):
    long = np.zeros((1, 70_000, 3), "uint8")
    for ending in ("jpg", "webp", "gif"):
        with pytest.raises(nst.ImageError, match="can't be written as") as error:
            nst.save_image(tmp_path / f"out.{ending}", long)
        assert "\n" not in str(error.value)
    with pytest.raises(nst.ImageError, match="an array must hold uint8"):
        nst.save_image(tmp_path / "out.png", np.zeros((4, 4, 3)))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few make links")
def test_a_link_stays_a_link(tmp_path, photo):
    (tmp_path / "album").mkdir()
    (tmp_path / "out.png").symlink_to(tmp_path / "album" / "mine.png")
    nst.save_image(tmp_path / "out.png", np.array(photo))
    assert (tmp_path / "out.png").is_symlink()
    np.testing.assert_array_equal(nst.load_image(tmp_path / "album/mine.png"), np.array(photo))


# Disks and kills.


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_full_disk_leaves_the_old_picture_whole(small_disk, photo, rng, survived):
    small, noise = np.array(photo), rng.integers(0, 256, (400, 400, 3), "uint8")
    endings = ("png", "bmp", "tif")
    for ending in endings:
        nst.save_image(small_disk / f"old.{ending}", small)
    before, kept = contents(small_disk), 0
    for name in (f"{name}.{ending}" for name in ("old", "new") for ending in endings):
        with pytest.raises(
            nst.ImageError, match=r"can't be written: (No space left|File too large)"
        ):
            nst.save_image(small_disk / name, noise)
        kept += contents(small_disk) == before
    survived("a full disk while a picture is saved", 2 * len(endings), kept)


def test_a_read_only_folder_is_said(tmp_path, photo, make_read_only):
    nst.save_image(tmp_path / "old.png", np.array(photo))
    make_read_only(tmp_path)
    for name in ("old.png", "new.png"):
        with pytest.raises(
            nst.ImageError, match=r"can't be written: (Read-only|Permission denied)"
        ):
            nst.save_image(tmp_path / name, np.array(photo))


SAVE_UNTIL_KILLED = """
import itertools, sys
import numpy as np
import nst_helpers as nst
pictures = [np.full((1000, 1000, 3), shade, "uint8") for shade in (50, 200)]
nst.save_image(sys.argv[1], pictures[0])
print(flush=True)
for picture in itertools.cycle(pictures):
    nst.save_image(sys.argv[1], picture)
"""


def test_a_kill_leaves_the_old_picture_or_the_new(tmp_path, survived):
    path, delays = tmp_path / "out.bmp", random.Random(0)
    tries, whole, halves = 15, 0, 0
    for _ in range(tries):
        command = [sys.executable, "-c", SAVE_UNTIL_KILLED, path]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as saving:
            saving.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                saving.wait(delays.uniform(0, 0.05))
            saving.kill()
        halves += len(list(tmp_path.iterdir())) > 1
        image = nst.load_image(path)
        whole += image.shape == (1000, 1000, 3) and len(np.unique(image)) == 1
    assert halves, "no kill came in the middle of a save"
    nst.save_image(path, image)  # clears away what the last one left
    assert [path.name for path in tmp_path.iterdir()] == ["out.bmp"]
    survived("a kill while a picture is saved", tries, whole)
