"""Grids of real runs: the table, the sheet, and a run that fails."""

import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers.__main__ import main

CONFIG = nst.TransferConfig.multiscale(rows=32, iterations=2, scales=[1], precision="float32")
CONTENT, STYLE = nst.load_image(nst.picture("harbour_town"), 48), nst.picture("mosaic")


def test_every_mix_is_painted_and_one_that_fails_leaves_its_error_in_its_cell():
    seen = []
    grid = nst.grid(
        CONTENT,
        {"mosaic": STYLE, "broken": "there is no such file.png"},
        CONFIG,
        style_weight=[1.0, 100.0],
        callback=lambda grid: seen.append(sum(run.result is not None for run in grid.runs)),
    )
    assert [run.labels for run in grid.runs] == [
        {"style": style, "style_weight": weight}
        for style in ("mosaic", "broken")
        for weight in ("1.0", "100.0")
    ]
    assert seen == [1, 2, 2, 2]
    for run in grid.runs[:2]:
        alone = nst.transfer(
            CONTENT, STYLE, CONFIG.replace(style_weight=float(run.labels["style_weight"])),
            lambda progress: None,
        )  # fmt: skip
        assert np.array_equal(run.result.image, alone.image)
        assert run.row["total_loss"] == pytest.approx(alone.losses[-1].total, rel=1e-4)
        assert run.row["style_loss"] == pytest.approx(alone.losses[-1].style, rel=1e-4)
        assert run.row["style"] == "mosaic"  # which is no loss
        assert run.row["seconds"] > 0 and run.row["error"] == ""
    for row in grid.table[2:]:
        assert "there is no such file.png" in row["error"] and "total_loss" not in row
    assert grid.sheet.shape[1] > 2 * 256 and grid.sheet.dtype == "uint8"


def test_configs_may_have_names_and_one_run_is_a_grid_too():
    configs = {"few": CONFIG, "more": CONFIG.replace(iterations=3)}
    grid = nst.grid(CONTENT, STYLE, configs)
    assert [run.labels for run in grid.runs] == [{"config": "few"}, {"config": "more"}]
    assert [len(run.result.losses) for run in grid.runs] == [2, 3]
    (run,) = nst.grid(CONTENT, STYLE, CONFIG).runs
    assert run.labels == {"content": "1"} and run.error is None


def test_a_setting_that_there_is_not_is_the_error_of_each_run():
    grid = nst.grid(CONTENT, STYLE, CONFIG, stile_weight=[1, 2])
    assert all("style_weight" in run.error for run in grid.runs)


def test_nothing_to_run():
    with pytest.raises(nst.ConfigError, match="nothing to run"):
        nst.grid([], STYLE)


def test_from_a_shell(tmp_path, capsys):
    content, sheet, table = (tmp_path / name for name in ("me.png", "sheet.png", "runs.csv"))
    nst.save_image(content, CONTENT)
    words = ["grid", "--content", content, "--style", STYLE, "none.png", "--rows", "32"]
    words += ["--iterations", "1", "--style-weight", "1", "9", "-o", sheet, "--table", table]
    assert main(list(map(str, words))) == 1  # since two of the runs fail
    header, *rows = table.read_text().splitlines()
    assert header.startswith("style,style_weight,seconds,total_loss,content_loss,")
    assert [row.split(",")[0] for row in rows] == ["mosaic", "mosaic", "none", "none"]
    assert nst.load_image(sheet).shape[1] > 2 * 256


def test_a_shells_typing_error_is_one_line(tmp_path, capsys):
    words = ["grid", "--content", "a.png", "--style", "b.png", "-o", str(tmp_path / "sheet.png")]
    assert main([*words, "--recipe", "quick"]) == 2
    assert "recipe must be one of" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*words, "--stile-weight", "1"])


@pytest.mark.slow
def test_a_cluster_does_one_run_a_worker(tmp_path, monkeypatch):
    """Its pictures are read here: the workers, in another folder, have no such file."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit="3GB"
        ) as local,
        distributed.Client(local) as client,
    ):
        weights = [1.0, 10.0, "a lot"]
        monkeypatch.chdir(tmp_path)
        nst.save_image("me.png", CONTENT)
        there = nst.grid("me.png", STYLE, CONFIG, client, style_weight=weights)
    assert [run.error is None for run in there.runs] == [True, True, False]
    assert "style_weight must be a number" in there.runs[2].error
    here = nst.grid(CONTENT, STYLE, CONFIG, style_weight=weights)
    for run, again in zip(there.runs[:2], here.runs, strict=False):
        assert run.row["total_loss"] == pytest.approx(again.row["total_loss"], rel=1e-5)
