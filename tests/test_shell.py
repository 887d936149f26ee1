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

SMALL = ["--recipe", "tutorial", "--rows", "32", "--iterations", "3"]


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
    assert list(rows[0]) == ["iteration", "seconds", "total", "content", "style", "total_variation"]
    assert [row["iteration"] for row in rows] == ["1", "2", "3"]
    assert float(rows[2]["total"]) < float(rows[0]["total"])
    assert done.stdout.startswith("VGG19 weights: ")
    assert done.stdout.count("\n") == 1


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
    return tmp_path


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
    "losses in no folder": (["good.jpg", "good.jpg", "--losses", "none/a.csv"], "does not exist"),
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
