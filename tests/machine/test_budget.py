"""Which settings a budget gets, for machines of a known pace; and one real run."""

import time

import pytest
from numpy.polynomial import Polynomial

import nst_helpers as nst
from nst_helpers.machine import budget


@pytest.fixture
def pace(monkeypatch):
    """A machine that takes 2 s to prepare a size, and 4 µs a pixel for an iteration."""
    pace = budget.Pace(Polynomial([2.0]), Polynomial([0.02, 4e-6]))
    monkeypatch.setattr(budget, "measure_pace", lambda: pace)
    return pace


@pytest.mark.parametrize("seconds", [20, 30, 60, 300])
def test_it_plans_three_quarters_of_the_seconds(pace, seconds):
    config = nst.TransferConfig.for_budget(seconds)
    assert 0.5 * seconds < pace.seconds(config) <= 0.75 * seconds


def test_more_time_gives_a_larger_picture_and_a_longer_run(pace):
    configs = [nst.TransferConfig.for_budget(seconds, memory_gb=6) for seconds in (10, 60, 340)]
    rows = [config.rows for config in configs]
    assert rows == sorted(rows) and rows[0] < 128 and rows[-1] == budget.MOST_ROWS
    assert configs[-1].iterations > budget.GOOD_ITERATIONS
    assert [len(config.scales) for config in configs][-1] == 4


@pytest.mark.parametrize(("seconds", "rows"), [(700, 1536), (36000, 4096)])
def test_where_there_is_time_for_more_rows_it_is_a_poster(pace, seconds, rows):
    """With the memory of a common laptop, in tiles."""
    config = nst.TransferConfig.for_budget(seconds, memory_gb=6)
    assert config == nst.TransferConfig.poster(rows=rows, memory_gb=6)
    assert pace.seconds(config) < 0.75 * seconds


def test_memory_limits_the_rows(pace, capsys):
    config = nst.TransferConfig.for_budget(300, memory_gb=2)
    assert 256 < config.rows < 640
    assert "2.0 GB of memory allows no more rows" in capsys.readouterr().out


def test_too_short_a_budget_gets_the_least_and_is_told(pace, capsys):
    config = nst.TransferConfig.for_budget(1)
    assert (config.rows, config.iterations) == (budget.FEWEST_ROWS, budget.FEWEST_ITERATIONS)
    assert "less would hardly paint" in capsys.readouterr().out


@pytest.mark.parametrize("budget", [{"seconds": 0}, {"seconds": 9, "memory_gb": "2"}])
def test_what_is_no_budget(budget):
    with pytest.raises(nst.ConfigError, match="must be a number, 1 or more"):
        nst.TransferConfig.for_budget(**budget)


def test_a_real_machine_is_measured(capsys):
    """That it keeps to its seconds is the benchmark's to show; here, that what it says is so."""
    start = time.perf_counter()
    config = nst.TransferConfig.for_budget(12)
    said = capsys.readouterr().out
    assert time.perf_counter() - start < 30
    assert f"{config.iterations} iterations" in said and f"{config.rows} rows" in said
