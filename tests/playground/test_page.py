"""The page shows the panel, warmed up, or says in words that it is full."""

import pytest

import nst_helpers as nst
from nst_helpers.machine.cache import CACHE
from nst_helpers.playground import page


@pytest.fixture
def displayed(monkeypatch):
    shown = []
    monkeypatch.setattr(page, "display", shown.append)
    return shown


def test_where_no_place_is_left_it_says_so(displayed, monkeypatch):
    monkeypatch.setattr(page, "take_place", lambda: False)
    page.show("harbour_town", "mosaic")
    assert "All places are taken" in displayed[0].data


def test_else_it_shows_the_panel(displayed, monkeypatch):
    warmed = []
    monkeypatch.setattr(page, "warm_up", warmed.append)
    page.show("harbour_town", "mosaic")
    assert isinstance(displayed[0], nst.Playground)
    assert warmed == displayed


def test_warming_up_compiles_what_the_first_run_needs(make, monkeypatch):
    playground = make()
    CACHE.clear()
    page.warm_up(playground)
    made = []
    get = CACHE.get
    monkeypatch.setattr(
        CACHE,
        "get",
        lambda kind, key, make, *rest: get(kind, key, lambda: made.append(kind) or make(), *rest),
    )
    playground.run()
    playground.wait(60)
    assert playground.status.state == "finished"
    assert not made, "the first run had to make something"
