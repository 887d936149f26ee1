"""The ballot without a browser: blind, fair, and counted right."""

from itertools import combinations

import ipywidgets as widgets
import numpy as np
import pytest

import nst_helpers as nst

GRAYS = {f"gray {level}": np.full((8, 12, 3), level, "uint8") for level in (10, 90, 200)}


def every_widget(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from every_widget(child)


def texts(ballot):
    return "".join(w.value for w in every_widget(ballot) if isinstance(w, widgets.HTML))


def brightest(ballot):
    """Votes as somebody who wants the brighter picture."""
    while ballot.pair:
        left, right = ballot.pair
        ballot.vote(left.mean() > right.mean(), right.mean() > left.mean())


def test_every_pair_comes_once_in_an_order_of_chance():
    seen = set()
    for seed in range(20):
        ballot, pairs = nst.Ballot(GRAYS, seed=seed), []
        while ballot.pair:
            pairs.append(tuple(int(picture[0, 0, 0]) for picture in ballot.pair))
            ballot.vote(1, 0)
        assert {frozenset(pair) for pair in pairs} == {
            frozenset(pair) for pair in combinations((10, 90, 200), 2)
        }
        seen.add(tuple(pairs))
    assert len(seen) > 10
    assert repr(ballot) == "Ballot(3 pictures, 3 pairs)"


def test_the_tally_counts_what_each_could_win():
    ballot = nst.Ballot(GRAYS)
    brightest(ballot)
    assert list(ballot.tally.items()) == [
        ("gray 200", (2, 2)),
        ("gray 90", (1, 2)),
        ("gray 10", (0, 2)),
    ]


def test_no_name_is_shown_before_the_last_vote():
    ballot = nst.Ballot(GRAYS, question="Lighter or <darker>?")
    assert "gray" not in texts(ballot) and "Lighter or &lt;darker&gt;?" in texts(ballot)
    ballot.vote(3, 4)
    assert "Pair 2 of 3" in texts(ballot) and "gray" not in texts(ballot)
    ballot.vote(0, 7)
    ballot.vote(7, 0)
    assert all(name in texts(ballot) for name in GRAYS) and "of 14 votes" in texts(ballot)


def test_the_button_counts_the_fields_and_empties_them():
    ballot = nst.Ballot(GRAYS)
    fields = [w for w in every_widget(ballot) if isinstance(w, widgets.BoundedIntText)]
    (button,) = (w for w in every_widget(ballot) if isinstance(w, widgets.Button))
    button.click()
    assert ballot.votes == [] and "First enter how many votes" in texts(ballot)
    fields[0].value, fields[1].value = 12, 9
    button.click()
    assert ballot.votes == [(12, 9)] and [field.value for field in fields] == [0, 0]


def test_a_single_picture_is_no_vote():
    with pytest.raises(nst.ImageError, match="at least two pictures"):
        nst.Ballot({"alone": GRAYS["gray 10"]})
