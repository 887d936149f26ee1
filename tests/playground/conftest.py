"""Playgrounds to test, and a picture file to give them."""

import playing
import pytest

import nst_helpers as nst


@pytest.fixture
def make():
    """Makes playgrounds of 48 rows, and stops them at the test's end."""
    made = []

    def make(content="harbour_town", style="mosaic", blocking=False, **settings):
        playground = nst.Playground(content, style, blocking=blocking)
        made.append(playground)
        with playground.hold():
            for name, value in {"recipe": "fast", "rows": 48, "iterations": 8, **settings}.items():
                setattr(playground, name, value)
        return playground

    yield make
    for playground in made:
        playground.stop()
        assert playground.wait(playing.PATIENCE)


@pytest.fixture
def photo_bytes(photo, tmp_path):
    photo.save(tmp_path / "photo.png")
    return (tmp_path / "photo.png").read_bytes()
