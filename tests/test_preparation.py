"""What a run needs at one size: whole, or in tiles where it does not fit."""

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.machine import memory
from nst_helpers.machine.tiling import Cut

CONTENT, STYLE = nst.picture("harbour_town"), nst.picture("mosaic")


@pytest.fixture
def in_tiles(monkeypatch):
    cuts = [Cut("block3_pool", 64 * 64), Cut("block4_pool", 10 * 10)]
    monkeypatch.setattr(memory, "cuts_that_fit", lambda *size_and_memory: cuts)


def test_what_does_not_fit_is_painted_in_tiles(in_tiles, monkeypatch, capsys):
    config = nst.TransferConfig.multiscale(rows=80, iterations=4, scales=[0.8, 1])
    config = config.replace(precision="float32", style_scale=1.3)
    tiled = nst.transfer(CONTENT, STYLE, config, lambda progress: None)
    said = capsys.readouterr().out
    assert "120 × 80 pixels, tile by tile:" in said and said.count("tile by tile") == 2
    monkeypatch.undo()
    whole = nst.transfer(CONTENT, STYLE, config, lambda progress: None)
    assert [row.total for row in tiled.losses] == pytest.approx(
        [row.total for row in whole.losses], rel=1e-3
    )
    difference = np.abs(tiled.image.astype(int) - whole.image).mean()
    assert difference < 0.5
