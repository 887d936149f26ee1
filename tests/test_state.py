"""A row of the loss table, and what it takes to continue."""

import copy
import pickle

import pytest

from nst_helpers.state import LossRow, State

LOSSES = {"total": 6.0, "content": 1.0, "style": 2.0, "total_variation": 3.0, "my own": 0.5}


@pytest.fixture
def row():
    return LossRow(7, 1.5, LOSSES)


def test_a_row_is_a_tuple_with_names(row):
    assert row == (7, 1.5, 6.0, 1.0, 2.0, 3.0, 0.5)
    assert row._fields == ("iteration", "seconds", *LOSSES)
    assert (row.iteration, row.seconds, row.total, row.total_variation) == (7, 1.5, 6.0, 3.0)
    assert getattr(row, "my own") == 0.5
    assert row.losses == LOSSES and list(row.losses) == list(LOSSES)
    iteration, seconds, total, *_ = row
    assert (iteration, seconds, total) == (7, 1.5, 6.0)
    assert repr(row).startswith("LossRow(iteration=7, seconds=1.5, total=6.0, content=1.0, ")


def test_what_a_row_does_not_have(row):
    with pytest.raises(AttributeError, match="has no 'totl'"):
        row.totl  # noqa: B018
    assert not hasattr(row, "shape")


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda r: pickle.loads(pickle.dumps(r))]
)
def test_a_copied_or_pickled_row_is_the_same(row, copied):
    again = copied(row)
    assert type(again) is LossRow and again == row
    assert again._fields == row._fields and again.style == 2.0


def test_a_state_has_the_seconds_of_its_last_row(row):
    assert State().seconds == 0
    assert State(7, (LossRow(6, 1.0, LOSSES), row)).seconds == 1.5
