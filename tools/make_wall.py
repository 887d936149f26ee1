"""Paints the gallery's wall, every shipped style on every shipped content, into docs/wall."""

from pathlib import Path

import nst_helpers as nst

WALL = Path(__file__).resolve().parents[1] / "docs" / "wall"
CONTENTS = ("harbour_town", "mountain_lake")
STYLES = ("swirling_strokes", "mosaic", "woodcut", "watercolour")
PICTURES = [(content, style) for content in CONTENTS for style in STYLES]
ROWS = 256


def path_of(content, style):
    return WALL / f"{content}-{style}.jpg"


def call_of(content, style):
    """The Python call that paints it."""
    return f'nst.transfer("{content}", "{style}", nst.TransferConfig.multiscale(rows={ROWS}))'


def main():
    WALL.mkdir(exist_ok=True)
    config = nst.TransferConfig.multiscale(rows=ROWS)
    for content, style in PICTURES:
        nst.save_image(path_of(content, style), nst.transfer(content, style, config))


if __name__ == "__main__":
    main()
