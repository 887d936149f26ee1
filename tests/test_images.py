"""Loading, preprocessing, deprocessing and saving, against the Keras example's functions."""

import io
import os
import random
import subprocess
import sys
import tempfile
import warnings
from types import SimpleNamespace

import document
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

import nst_helpers as nst
from nst_helpers.images import keep_image
from nst_helpers.machine.backend import tf

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
    rgba.paste(0, (0, 0, 59, 40), Image.new("L", (59, 40), 255))
    loaded = nst.load_image(encoded(rgba, "PNG"))
    assert (loaded[:, :59] == 255).all()
    np.testing.assert_array_equal(loaded[:, 59], np.asarray(photo)[:, 59])


def test_palette_gray_cmyk_and_one_bit(photo):
    def brightness(image):  # of 20 × 20 pixels at a time, since one-bit pictures are dithered
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


def test_every_kind_of_array_and_result(photo):
    """More of them are in machine/test_arrays.py and machine/test_sources.py."""
    image = np.array(photo)
    for source in (
        image.astype("float32"),
        image / 255,
        image.astype("int64"),
        image.astype("uint16") * 257,
        image[np.newaxis],
        np.moveaxis(image, 2, 0),
        tf.constant(image),
        tf.constant(image[np.newaxis] / 255),
        io.BytesIO(encoded(photo, "PNG")),
        SimpleNamespace(image=image),  # a result, or a report of a run
    ):
        np.testing.assert_array_equal(nst.load_image(source), image)
        np.testing.assert_array_equal(nst.load_image(source, rows=7), nst.load_image(image, rows=7))
        x = nst.preprocess_image(source, 4, 5)
        np.testing.assert_array_equal(x, nst.preprocess_image(image, 4, 5))
    np.testing.assert_array_equal(nst.load_image(image[:, :, :1]), nst.load_image(image[:, :, 0]))
    inside = image[:, :, 0] > 99
    np.testing.assert_array_equal(nst.load_image(inside), nst.load_image(Image.fromarray(inside)))


def test_an_array_that_looks_black_is_said(rng):
    inside = rng.random((5, 7)) < 0.5
    for mask in (inside.astype("int64"), inside.astype("uint8")):
        with pytest.warns(
            UserWarning, match=r"is black, .* of 255: give array\.astype\(bool\)"
        ) as seen:
            assert nst.load_image(mask).max() == 1
        assert seen[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nst.load_image(inside), nst.load_image(np.zeros((4, 5))), nst.load_image(np.ones((4, 5)))


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
    with pytest.raises(nst.ImageError, match=r"floats within -1\.\.1: they must"):
        nst.load_image(np.linspace(-1, 1, 48).reshape(4, 4, 3))
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


SAVED = "an image to save as people have it in hand"
TO_SAVE = {
    "an image": lambda image: image,
    "floats of 0..1": lambda image: image / 255,
    "floats of 0..255": lambda image: image.astype("float32"),
    "a batch of one": lambda image: image[np.newaxis],
    "a tensor": lambda image: tf.constant(image),
    "a PIL image": Image.fromarray,
    "a PIL image of another kind": lambda image: (
        Image.fromarray(image).convert("HSV").convert("RGB")
    ),
    "a result": lambda image: SimpleNamespace(image=image),
}


@pytest.mark.parametrize("kind", TO_SAVE)
def test_it_is_saved_as_people_have_it_in_hand(tmp_path, photo, kind, tried):
    image, path = np.array(photo), tmp_path / "out.png"
    given = TO_SAVE[kind](image)
    for arguments in ((path, given), (given, path), (str(path), given), (given, str(path))):
        with tried(SAVED):
            nst.save_image(*arguments)
            assert np.abs(nst.load_image(path).astype(int) - image).max() <= 5
            path.unlink()


def test_other_kinds_of_pil_images_are_saved_as_they_look(tmp_path, photo):
    for mode in ("L", "RGB", "RGBA", "P", "CMYK", "1", "I;16"):
        image = photo.convert("I" if mode == "I;16" else mode)
        nst.save_image(tmp_path / "out.png", image)
        np.testing.assert_array_equal(nst.load_image(tmp_path / "out.png"), nst.load_image(image))


BLACK = np.zeros((4, 5, 3), "uint8")
COMBINATION = np.full((1, 4, 5, 3), -103.9, "float32")
SLIPS = {
    "a combination image": (("out.png", COMBINATION), "nst.deprocess_image makes such a picture"),
    "no number": (("out.png", np.full((4, 5, 3), np.nan)), r"no numbers \(NaN\)"),
    "two names": (("out.png", "in.png"), "takes a file's name and an image, as in save_image"),
    "no name": ((BLACK,) * 2, r"not ndarray and ndarray\.$"),
    "a file in memory": ((io.BytesIO(), BLACK), "not BytesIO and ndarray"),
    "None for a name": ((None, BLACK), "not NoneType and ndarray"),
    "None for an image": (("out.png", None), "takes an image as an array .*, not NoneType"),
    "a list": (("out.png", [[0, 1]]), "takes an image as an array .*, not list"),
    "a name with NUL": (("a\0.png", BLACK), r"a\?\.png can't be written"),
    "an empty name": (("", BLACK), "is a folder: give the name of a file"),
    "an address for a name": (("https://a.org/b.png", BLACK), "does not exist: make"),
    "a long name": (("x" * 5000 + ".png", BLACK), r"x\.\.\.x.* can't be"),
}  # fmt: skip


@pytest.mark.parametrize("kind", SLIPS)
def test_a_slip_in_saving_is_one_clear_line(tmp_path, monkeypatch, kind, tried):
    monkeypatch.chdir(tmp_path)
    arguments, words = SLIPS[kind]
    for save in (nst.save_image, keep_image) if "name" not in kind else (nst.save_image,):
        with tried(SAVED):
            with pytest.raises(nst.ImageError, match=words) as error:
                save(*arguments)
            assert "\n" not in str(error.value) and len(str(error.value)) < 300
            assert not list(tmp_path.iterdir())


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
        with pytest.raises(nst.ImageError, match="is not a regular file: give another name"):
            nst.save_image(tmp_path / "out.png", np.array(photo))


def test_a_picture_that_its_format_cannot_hold(tmp_path):
    long = np.zeros((1, 70_000, 3), "uint8")
    for ending in ("jpg", "webp", "gif"):
        with pytest.raises(nst.ImageError, match="can't be written as") as error:
            nst.save_image(tmp_path / f"out.{ending}", long)
        assert "\n" not in str(error.value)
    with pytest.raises(nst.ImageError, match="the image to save holds values that are infinite"):
        nst.save_image(tmp_path / "out.png", np.full((4, 4, 3), np.nan))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name == "nt", reason="Windows lets few make links")
def test_a_link_stays_a_link(tmp_path, photo):
    (tmp_path / "album").mkdir()
    (tmp_path / "out.png").symlink_to(tmp_path / "album" / "mine.png")
    nst.save_image(tmp_path / "out.png", np.array(photo))
    assert (tmp_path / "out.png").is_symlink()
    np.testing.assert_array_equal(nst.load_image(tmp_path / "album/mine.png"), np.array(photo))


# Regions.


def test_an_array_is_a_region_on_its_own_scale(rng):
    inside = rng.random((5, 7)) < 0.5
    for mask in (
        inside,
        inside.astype("uint8"),
        inside.astype("int64"),
        inside.astype("float16"),
        255 * inside.astype("uint8"),
        inside[:, :, np.newaxis],
    ):
        region = nst.load_region(mask)
        assert (region.dtype, region.shape) == (np.float32, (5, 7))
        np.testing.assert_array_equal(region, inside)


def test_a_region_as_people_have_it_in_hand(rng):
    inside = rng.random((5, 7)) < 0.5
    for mask in (
        255 * inside.astype("float32"),
        65535 * inside.astype("uint16"),
        255 * inside.astype("int64"),
        inside[np.newaxis],
        inside[np.newaxis, :, :, np.newaxis].astype("float32"),
        tf.constant(inside),
        tf.constant(inside, tf.float32)[tf.newaxis, :, :, tf.newaxis],
        io.BytesIO(encoded(Image.fromarray(inside), "PNG")),
        SimpleNamespace(image=np.dstack([255 * inside.astype("uint8")] * 3)),
    ):
        np.testing.assert_allclose(nst.load_region(mask), inside, atol=1e-6)


def test_gray_levels_of_a_region():
    np.testing.assert_allclose(nst.load_region(np.array([[0, 51, 255]])), [[0, 0.2, 1]])
    np.testing.assert_allclose(nst.load_region(np.array([[0, 0.2, 1]])), [[0, 0.2, 1]])
    assert not nst.load_region(np.zeros((2, 3), "uint8")).any()


def test_colours_of_a_region_count_by_their_luminance():
    colours = np.eye(3)[np.newaxis]  # red, green, blue
    np.testing.assert_allclose(nst.load_region(colours), [[0.299, 0.587, 0.114]], atol=1e-6)
    assert (nst.load_region(np.full((2, 2, 3), 255, "uint8")) == 1).all()
    half = np.dstack([colours, [[1, 0.5, 0]]])
    np.testing.assert_allclose(nst.load_region(half), [[0.299, 0.587 / 2, 0]], atol=1e-6)


def test_a_region_from_a_picture(tmp_path, photo, web_server):
    luminance = np.asarray(photo) @ [0.299, 0.587, 0.114] / 255
    path = tmp_path / "mask.png"
    photo.save(path)
    for source in (path, str(path), f"{web_server}/mask.png", path.read_bytes(), photo):
        region = nst.load_region(source)
        assert (region.dtype, region.shape) == (np.float32, (40, 60))
        np.testing.assert_allclose(region, luminance, atol=1e-6)


def test_transparent_parts_are_not_in_the_region(photo):
    painted = Image.new("RGBA", photo.size, (255, 255, 255, 0))
    painted.paste((255, 255, 255, 255), (10, 10, 30, 20))
    for image in (painted, painted.convert("LA")):
        region = nst.load_region(encoded(image, "PNG"))
        assert region.sum() == region[10:20, 10:30].sum() == 200
    np.testing.assert_array_equal(nst.load_region(np.array(painted)), region)


def test_gray_of_16_bits_and_one_bit_as_a_region():
    gray = np.linspace(0, 65535, 256).astype("uint16").reshape(8, 32)
    region = nst.load_region(encoded(Image.fromarray(gray), "PNG"))
    np.testing.assert_allclose(region, gray / 65535, atol=1e-4)
    inside = np.eye(9, dtype=bool)
    np.testing.assert_array_equal(nst.load_region(Image.fromarray(inside)), inside)


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (np.array([[0.5, np.nan]]), r"holds values that are infinite or no numbers \(NaN\)"),
        (np.array([[0.5, np.inf]]), r"holds values that are infinite or no numbers \(NaN\)"),
        (
            np.array([[0.0, 256.0]]),
            r"floats within 0\.\.256: they must lie within 0\.\.1 or within",
        ),
        (np.array([[-1, 1]]), r"integers within -1\.\.1: they must lie within 0\.\.255"),
        (np.array([[0, 256]]), r"integers within 0\.\.256: they must lie within 0\.\.255"),
        (np.zeros(5), r"must have shape \(rows, cols\) .*, not \(5,\)"),
        (np.zeros((4, 4, 2)), r"must have shape .*, not \(4, 4, 2\)"),
        (np.zeros((0, 4)), r"must have shape .*, not \(0, 4\)"),
        (np.zeros((4, 4), complex), "must hold numbers or booleans, not complex128"),
        (np.full((4, 4), "in"), "must hold numbers or booleans, not <U2"),
        (b"this is no picture", "is not a picture"),
        ([[0, 1]], "not list"),
    ],
)
def test_a_bad_region_is_one_clear_line(mask, words):
    with pytest.raises(nst.ImageError, match=words) as error:
        nst.load_region(mask)
    assert "\n" not in str(error.value)


sides, channels = st.integers(1, 9), st.sampled_from([(), (1,), (3,), (4,)])
mask_shapes = st.builds(lambda rows, cols, last: (rows, cols, *last), sides, sides, channels)


@given(arrays(st.sampled_from(["?", "u1", "f4"]), mask_shapes))
def test_any_mask_is_a_region_or_refused(mask):
    try:
        region = nst.load_region(mask)
    except nst.ImageError:
        assert mask.dtype == np.float32
    else:
        assert region.shape == mask.shape[:2] and region.min() >= 0 and region.max() <= 1


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
    (tmp_path / "old.png").chmod(0o444)  # else it is written in place
    make_read_only(tmp_path)
    for name in ("old.png", "new.png"):
        with pytest.raises(
            nst.ImageError, match=r"can't be written: (Read-only|Permission denied)"
        ):
            nst.save_image(tmp_path / name, np.array(photo))


KEPT = "an output that can't be written when it is done"


def keep_and_load(path, image, words):
    """Keeps an image, and loads it from where the warning says that it is."""
    with pytest.warns(UserWarning, match=words) as seen:
        kept = keep_image(path, image)
    assert len(seen) == 1 and str(seen[0].message).endswith(f" The picture is in {kept}.")
    np.testing.assert_array_equal(nst.load_image(kept), image)
    return kept


@pytest.fixture
def temporary_folder(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_nothing_is_said_where_the_image_is_where_it_should_be(tmp_path, photo):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert keep_image(tmp_path / "out.png", photo) == tmp_path / "out.png"
        assert keep_image(str(tmp_path / "out.png"), np.array(photo)) == tmp_path / "out.png"
    assert [path.name for path in tmp_path.iterdir()] == ["out.png"]


def test_a_painting_is_kept_on_another_disk(small_disk, temporary_folder, rng, tried):
    noise = rng.integers(0, 256, (400, 400, 3), "uint8")
    with tried(KEPT):
        kept = keep_and_load(small_disk / "out.bmp", noise, "(No space left|File too large)")
        assert kept == temporary_folder / "out.png" and not list(small_disk.iterdir())


def test_a_painting_is_kept_outside_of_a_read_only_folder(
    tmp_path, temporary_folder, photo, make_read_only, tried
):
    make_read_only(tmp_path)
    with tried(KEPT):
        kept = keep_and_load(tmp_path / "out.jpg", np.array(photo), "(Read-only|Permission denied)")
        assert kept == temporary_folder / "out.png"


def test_a_painting_is_kept_in_another_format_beside(tmp_path, tried):
    long = np.zeros((1, 70_000, 3), "uint8")
    long[0, ::2] = 255
    (tmp_path / "out.png").write_bytes(b"mine")
    for name in ("out.webp", "out.jpg", "out.gif", "out.xbm", "out.jgp", "out"):
        with tried(KEPT):
            kept = keep_and_load(tmp_path / name, long, "(can't be written as|no picture format)")
            assert kept == tmp_path / "out-1.png"
            assert (tmp_path / "out.png").read_bytes() == b"mine"
            kept.unlink()


@pytest.mark.parametrize(
    "name", ["gone/out.png", "out.png/out.png", "a\0.png", "~nobody_at_all/out.png"]
)
def test_a_painting_is_kept_where_its_folder_is_gone(
    tmp_path, temporary_folder, photo, monkeypatch, name, tried
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out.png").write_bytes(b"mine")
    with tried(KEPT):
        kept = keep_and_load(name, np.array(photo), "(does not exist|can't be written)")
        assert kept.parent in (temporary_folder, tmp_path)
        assert (tmp_path / "out.png").read_bytes() == b"mine"


def test_a_painting_is_kept_though_warnings_are_errors(tmp_path, photo, temporary_folder, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        kept = keep_image(tmp_path / "gone" / "out.png", photo)
    assert f"The picture is in {kept}.\n" in capsys.readouterr().out
    np.testing.assert_array_equal(nst.load_image(kept), photo)


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
    nst.save_image(path, image)  # removes what the last kill left
    assert [path.name for path in tmp_path.iterdir()] == ["out.bmp"]
    survived("a kill while a picture is saved", tries, whole)
