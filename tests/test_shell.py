"""python -m nst_helpers, as a person calls it: results, and one clear line a mistake."""

import csv
import io
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import nst_helpers as nst
from nst_helpers import __main__ as shell_module
from nst_helpers.state import LossRow

SMALL = ["--recipe", "tutorial", "--rows", "32", "--iterations", "3"]
COLUMNS = ["iteration", "seconds", "total", "content", "style", "total_variation"]


def shell(*arguments, cwd):
    command = [sys.executable, "-m", "nst_helpers", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, encoding="utf-8")


def test_a_picture_and_its_losses(tmp_path):
    done = shell(
        "harbour_town", "woodcut", "-o", "out.png", "--losses", "out.csv", *SMALL, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert nst.load_image(tmp_path / "out.png").shape[0] == 32
    with open(tmp_path / "out.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == COLUMNS
    assert [row["iteration"] for row in rows] == ["1", "2", "3"]
    assert float(rows[2]["total"]) < float(rows[0]["total"])
    assert done.stdout.startswith("VGG19 weights: ")
    assert done.stdout.count("\n") == 1


def test_further_terms_have_columns_behind_the_usual_ones(tmp_path):
    losses = dict.fromkeys([*COLUMNS[2:], "mean_style"], 1.5)
    shell_module.write_losses(tmp_path / "out.csv", [LossRow(1, 0.25, losses)])
    with open(tmp_path / "out.csv", newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert list(row) == [*COLUMNS, "mean_style"]
    assert set(row.values()) == {"1", "0.25", "1.5"}


def test_several_styles_with_regions_and_settings(tmp_path):
    """Its picture is the one that the same settings give in Python."""
    mask = np.zeros((20, 30), "uint8")
    mask[:10] = 255
    Image.fromarray(mask).save(tmp_path / "sky.png")
    done = shell(
        *["harbour_town", "--keep-colours", "mosaic", "--region", "sky.png", "woodcut", "-o"],
        *["out.png", "watercolour", "--style-weights", "2,0.7,0.3", "--pooling", "average"],
        *["--style-scale", "1.5", "--optimizer", "adam", *SMALL],
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    config = nst.TransferConfig.tutorial(
        rows=32,
        iterations=3,
        keep_colours=True,
        pooling="average",
        style_scale=1.5,
        optimizer="adam",
    )
    styles = [
        nst.Style(nst.picture("mosaic"), 2, region=mask),
        (nst.picture("woodcut"), 0.7),
        (nst.picture("watercolour"), 0.3),
    ]
    expected = nst.transfer(nst.picture("harbour_town"), styles, config, lambda progress: None)
    there = nst.load_image(tmp_path / "out.png").astype(int)
    assert abs(there - expected.image).max() <= 1  # two processes may round differently


READ = {
    "a style without a region": ("a b", "a b"),
    "a region for each style": ("a b --region m c --region=n", "a b@m c@n"),
    "only the last has one": ("a b c --region m", "a b c@m"),
    "options between them": ("a --rows 9 b --region m --losses x.csv c", "a b@m c"),
    "colours kept before a picture": ("--keep-colours a b", "a b"),
    "colours kept in a way of one's own": ("--keep-colours luminance a b", "a b"),
    "a name that begins with a dash": ("-- -a b", "-a b"),
}


@pytest.mark.parametrize("case", READ)
def test_which_region_belongs_to_which_style(case):
    words, pictures = READ[case]
    arguments = shell_module.parse_arguments(["-o", "out.png", *words.split()])
    content, *styles = pictures.split()
    assert arguments.content == content
    regions = [tuple(style.split("@")) if "@" in style else (style, None) for style in styles]
    assert arguments.styles == regions


@pytest.mark.parametrize(
    ("words", "keep_colours"),
    [
        ([], False),
        (["--keep-colours"], "recolour"),
        (["--keep-colours", "recolour"], "recolour"),
        (["--keep-colours=luminance"], "luminance"),
        (["--keep-colours", "luminance"], "luminance"),
    ],
)
def test_keeping_colours_with_and_without_a_value(words, keep_colours):
    arguments = shell_module.parse_arguments(["a", "-o", "out.png", *words, "b"])
    assert arguments.styles == [("b", None)]
    assert shell_module.make_config(arguments).keep_colours == keep_colours


@pytest.mark.parametrize("recipe", ["tutorial", "fast"])  # fast asks for bfloat16 too
def test_no_word_from_tensorflow(tmp_path, recipe):
    small = ["--recipe", recipe, *SMALL[2:]]
    done = shell("harbour_town", "woodcut", "-o", "out.png", *small, cwd=tmp_path)
    said = [line for line in done.stderr.replace("\r", "\n").splitlines() if line.strip()]
    assert all("iteration" in line for line in said), done.stderr  # the progress bar, no more


def a_picture(kind):
    """Bytes of a picture of that kind, and the ending of its name."""
    photo = Image.open(nst.picture("mountain_lake")).resize((60, 40))
    gray16 = Image.fromarray(np.array(photo.convert("L")).astype("uint16") * 257)
    exif = Image.Exif()
    exif[0x0112] = 6
    image, format, options = {
        "RGBA": (photo.convert("RGBA"), "PNG", {}),
        "palette": (photo.convert("P"), "PNG", {}),
        "gray": (photo.convert("L"), "JPEG", {}),
        "16-bit": (gray16, "PNG", {}),
        "CMYK": (photo.convert("CMYK"), "JPEG", {}),
        "rotated": (photo, "JPEG", {"exif": exif}),
    }[kind]
    data = io.BytesIO()
    image.save(data, format, **options)
    return data.getvalue(), {"PNG": "png", "JPEG": "jpg"}[format]


@pytest.mark.parametrize("kind", ["RGBA", "palette", "gray", "16-bit", "CMYK", "rotated"])
def test_pictures_of_every_kind_work(tmp_path, kind):
    data, ending = a_picture(kind)
    path = tmp_path / f"a picture 그림.{ending}"
    path.write_bytes(data)
    done = shell(path, "mosaic", "-o", "out.png", *SMALL, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    rows, cols, _ = nst.load_image(tmp_path / "out.png").shape
    assert (rows, cols) == (32, 21 if kind == "rotated" else 48)


def test_a_ribbon_in_the_style_of_one_pixel(tmp_path):
    Image.new("RGB", (3000, 40), "teal").save(tmp_path / "ribbon.png")
    Image.new("RGB", (1, 1), "orange").save(tmp_path / "dot.png")
    done = shell("ribbon.png", "dot.png", "-o", "out.png", *SMALL, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "too long and narrow" in done.stderr


@pytest.fixture
def folder(tmp_path):
    photo, _ = a_picture("gray")
    (tmp_path / "good.jpg").write_bytes(photo)
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "text.jpg").write_text("this is no picture")
    (tmp_path / "truncated.jpg").write_bytes(photo[: len(photo) // 2])
    (tmp_path / "out.png").write_text("the user's own")
    (tmp_path / "good.png").write_bytes((tmp_path / "good.jpg").read_bytes())
    return tmp_path


GOOD = ["good.jpg", "good.jpg"]
MISTAKES = {
    "missing file": (["none.jpg", "good.jpg"], "none.jpg does not exist"),
    "folder": ([".", "good.jpg"], "is a folder"),
    "empty file": (["good.jpg", "empty.jpg"], "empty.jpg is empty"),
    "text called .jpg": (["text.jpg", "good.jpg"], "text.jpg is not a picture"),
    "truncated JPEG": (["good.jpg", "truncated.jpg"], "truncated.jpg is damaged or cut short"),
    "0 rows": (["good.jpg", "good.jpg", "--rows", "0"], "rows must be a whole number, 16 or more"),
    "negative rows": (["good.jpg", "good.jpg", "--rows", "-4"], "rows must be"),
    "rows in words": (["good.jpg", "good.jpg", "--rows", "ten"], "invalid int value: 'ten'"),
    "0 iterations": (["good.jpg", "good.jpg", "--iterations", "0"], "iterations must be"),
    "unknown recipe": (["good.jpg", "good.jpg", "--recipe", "slow"], "recipe must be one of"),
    "unknown content layer": (
        ["good.jpg", "good.jpg", "--content-layer", "conv"],
        "content_layer_name must be one of block1_conv1",
    ),
    "unknown style layer": (
        ["good.jpg", "good.jpg", "--style-layers", "block1_conv1,conv"],
        "style_layer_names must be one of block1_conv1",
    ),
    "unknown option": (["good.jpg", "good.jpg", "--size", "4"], "unrecognized arguments"),
    "output in no folder": (["good.jpg", "good.jpg", "-o", "none/out.png"], "does not exist"),
    "output of no format": (["good.jpg", "good.jpg", "-o", "out.txt"], "no picture format"),
    "output is a folder": (["good.jpg", "good.jpg", "-o", "."], "is a folder"),
    "checkpoint in no folder": (
        ["good.jpg", "good.jpg", "--checkpoint", "none/run.npz"],
        "does not exist",
    ),
    "two outputs in one file": (
        ["good.jpg", "good.jpg", "--checkpoint", "out.png"],
        "need a file each",
    ),
    "a checkpoint that is none": (
        ["good.jpg", "good.jpg", "--checkpoint", "text.jpg"],
        "text.jpg is no checkpoint, or a damaged one",
    ),
    "losses in no folder": ([*GOOD, "--losses", "none/a.csv"], "does not exist"),
    "no style": (["good.jpg"], "are required: CONTENT, STYLE"),
    "no weight for a style": (
        [*GOOD, "good.jpg", "--style-weights", "1"],
        "--style-weights has 1 for 2 styles: give one for each style",
    ),
    "a weight of 0": ([*GOOD, "good.jpg", "--style-weights", "1,0"], "1e-06 or more, not 0.0"),
    "a weight in words": ([*GOOD, "--style-weights", "one"], "could not convert string to float"),
    "a region before any style": (
        ["good.jpg", "--region", "good.jpg", "good.jpg"],
        "--region good.jpg has no STYLE before it",
    ),
    "a region without a file": ([*GOOD, "--region"], "--region: expected one argument"),
    "two regions for a style": (
        [*GOOD, "--region", "good.jpg", "--region", "good.jpg"],
        "good.jpg has two regions",
    ),
    "an unreadable region": ([*GOOD, "--region", "text.jpg"], "text.jpg is not a picture"),
    "a region that is missing": ([*GOOD, "--region", "none.png"], "none.png does not exist"),
    "colours kept in an unknown way": ([*GOOD, "--keep-colours=gray"], "keep_colours must be"),
    "strokes of no size": ([*GOOD, "--style-scale", "0"], "style_scale must be a number, from 0.1"),
    "unknown pooling": ([*GOOD, "--pooling", "min"], "pooling must be one of max, average"),
    "unknown optimizer": ([*GOOD, "--optimizer", "best"], "optimizer must be one of sgd"),
    "the content as output": (["good.png", "good.jpg", "-o", "./good.png"], "pictures to read"),
    "the style as output": (["good.jpg", "good.png", "-o", "good.png"], "pictures to read"),
    "a region as output": ([*GOOD, "--region", "good.png", "-o", "good.png"], "pictures to read"),
    "a picture as checkpoint": ([*GOOD, "--checkpoint", "good.jpg"], "pictures to read"),
    "a shortened option": ([*GOOD, "--iter", "3"], "unrecognized arguments: --iter"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_clear_line(folder, mistake):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    arguments, words = MISTAKES[mistake]
    if "-o" not in arguments:
        arguments = [*arguments, "-o", "out.png"]
    done = shell(*arguments, cwd=folder)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.startswith("nst_helpers: ") and done.stderr.count("\n") == 1
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no read-only folders")
def test_an_unwritable_output_is_one_clear_line(folder):
    """/dev/full and /proc refuse even the administrator, whom a read-only folder would let in."""
    unwritable = "/proc/out.png" if os.path.isdir("/proc") else "/dev/out.png"
    done = shell("good.jpg", "good.jpg", "-o", unwritable, cwd=folder)
    assert done.returncode == 2
    assert "can't be written" in done.stderr and done.stderr.count("\n") == 1
