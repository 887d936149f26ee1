"""Pictures by name, with a real server in the place of the internet."""

import hashlib
import subprocess
import sys
import time

import pytest
from PIL import Image

from nst_helpers.errors import ImageError
from nst_helpers.machine import pictures
from nst_helpers.machine.pictures import FETCHED, PHOTOS, PICTURES, SHIPPED, picture

DEAD = "http://127.0.0.1:9/a.jpg"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Gives the test a cache of its own, and no address that leads out of this machine."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("NST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for name, (sha256, *_) in list(FETCHED.items()):
        monkeypatch.setitem(FETCHED, name, (sha256, DEAD))
    return tmp_path / "cache"


@pytest.fixture
def serve(tmp_path, web_server, photo, monkeypatch):
    """Serves a picture under the name of one in the table, behind addresses that fail."""

    def start(name, *addresses_before):
        path = tmp_path / f"served_{name}.jpg"
        photo.save(path)
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        addresses = *addresses_before, f"{web_server}/{path.name}"
        monkeypatch.setitem(FETCHED, name, (sha256, *addresses))
        return path

    return start


def test_every_shipped_picture_is_there():
    assert len(SHIPPED) == 6
    for name in SHIPPED:
        assert Image.open(picture(name)).size == (720, 480)


def test_names_are_unique():
    assert len(set(PICTURES)) == len(PICTURES) == len(SHIPPED) + len(FETCHED) + len(PHOTOS)
    assert {"paris", "starry_night", "tubingen", "great_wave", "the_scream", "shipwreck"} == set(
        FETCHED
    )


def test_addresses_name_a_commit(monkeypatch):
    monkeypatch.undo()
    for sha256, *addresses in FETCHED.values():
        assert len(sha256) == 64 and addresses
        assert all(address.startswith("https://") for address in addresses)
    for name in ("tubingen", "great_wave", "the_scream", "shipwreck"):
        (address,) = FETCHED[name][1:]
        commit = address.removeprefix("https://raw.githubusercontent.com/").split("/")[2]
        assert len(commit) == 40 and address.endswith(".jpg")


@pytest.mark.parametrize("name", FETCHED)
def test_a_picture_is_downloaded_once(serve, cache, name):
    served = serve(name)
    path = picture(name)
    assert path == cache / f"{name}.jpg" and path.read_bytes() == served.read_bytes()
    served.unlink()
    assert picture(name) == path


def test_the_next_address_is_tried(serve, cache, web_server, tmp_path):
    (tmp_path / "other.jpg").write_bytes(b"another picture")
    serve("paris", f"{web_server}/missing.jpg", DEAD, f"{web_server}/other.jpg")
    assert picture("paris") == cache / "paris.jpg"


def test_a_picture_that_cannot_be_downloaded_is_one_clear_line(capsys):
    for name in FETCHED:
        with pytest.raises(ImageError) as error:
            picture(name)
        assert str(error.value) == (
            f"the picture {name} can't be downloaded (its address does not answer): "
            "use one that ships with the package, such as harbour_town."
        )
    assert capsys.readouterr().out == ""


def test_another_file_at_the_address_is_refused(serve, cache):
    serve("tubingen").write_bytes(b"another picture")
    with pytest.raises(ImageError, match=r"tubingen can't be downloaded \(.*hash") as error:
        picture("tubingen")
    assert "\n" not in str(error.value)
    assert not (cache / "tubingen.jpg").exists()


def test_a_shipped_picture_instead_with_a_notice(capsys):
    assert picture("great_wave", otherwise="woodcut") == picture("woodcut")
    assert capsys.readouterr().out == (
        "The picture great_wave can't be downloaded (its address does not answer): "
        "woodcut is used instead.\n"
    )
    assert picture("mosaic", otherwise="woodcut") == picture("mosaic")
    assert capsys.readouterr().out == ""


def test_the_keras_example_s_pair(serve, cache, capsys):
    assert pictures.document_pictures() == (picture("harbour_town"), picture("swirling_strokes"))
    assert len(capsys.readouterr().out.splitlines()) == 2
    serve("paris"), serve("starry_night")
    assert pictures.document_pictures() == (cache / "paris.jpg", cache / "starry_night.jpg")
    assert capsys.readouterr().out == ""


def test_a_silent_address_is_waited_for_once(monkeypatch):
    import socket

    monkeypatch.setattr("nst_helpers.machine.downloads.TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/a.jpg"
        monkeypatch.setitem(FETCHED, "shipwreck", ("0" * 64, address))
        start = time.monotonic()
        with pytest.raises(ImageError, match="does not answer"):
            picture("shipwreck")
    assert time.monotonic() - start < 1.5


def test_an_unknown_name():
    for otherwise in (None, "mosaic"):
        with pytest.raises(ImageError, match=r"no picture named 'monalisa': use one of harbour_"):
            picture("monalisa", otherwise=otherwise)


# scikit-image's photographs.


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("astronaut", (512, 512)),
        ("chelsea", (451, 300)),
        ("coffee", (600, 400)),
        ("rocket", (640, 427)),
    ],
)
def test_photographs(name, size):
    pytest.importorskip("skimage")
    assert name in PHOTOS
    image = Image.open(picture(name))
    assert (image.size, image.mode) == (size, "RGB")


def test_scikit_image_itself_is_not_imported():
    code = """
import sys
from nst_helpers.machine.pictures import picture
picture("astronaut", otherwise="mosaic")
sys.exit("skimage" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_without_scikit_image(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(ImageError) as error:
        picture("coffee")
    assert str(error.value) == (
        "the picture coffee is part of scikit-image, which is not installed "
        "(run pip install 'nst-helpers[photos]'): "
        "use one that ships with the package, such as harbour_town."
    )
    assert picture("coffee", otherwise="mosaic") == picture("mosaic")
    assert "mosaic is used instead." in capsys.readouterr().out
