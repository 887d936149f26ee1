"""The record of what goes wrong on purpose in the tests; a plugin of pytest, which conftest loads.

Each try counts from the moment that it begins, whatever becomes of it, so the table can show more
tries than survivals. `pytest --write-reliability` writes it down, also when the run is red.
"""

from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

RELIABILITY = Path(__file__).resolve().parents[1] / "benchmarks" / "RELIABILITY.md"
HEADING = """# Reliability

What goes wrong on purpose in the tests, how often, and what it cost. To survive is to end in what
was asked for or in one clear line, in bounded time, with every file of the user's as it was.
The tests write this table: `pytest --write-reliability`.

| Fault | Tries | Survived | Lost |
| --- | ---: | ---: | --- |
"""
FAULTS = pytest.StashKey()  # of the session: from a fault to its `Row`
NOTED = pytest.StashKey()  # of a test: the faults that it named
ERRORS = pytest.StashKey()  # of a test: from a fault to what its tries raised


@dataclass
class Row:
    """One fault's tries, how many were survived, and what each one cost."""

    lost: str
    tries: int = 0
    survived: int = 0


def _row(item, fault, lost):
    item.stash[NOTED].add(fault)
    return item.config.stash[FAULTS].setdefault(fault, Row(lost))


@pytest.fixture
def tried(request):
    """Counts tries one by one: `with tried("a fault"): ...` around each.

    A try is survived if the block ends without an exception. One that isn't does not end the test,
    which fails after its last line and says how many were. Tests that name the same fault share a
    row of the table.
    """

    @contextmanager
    def one_try(fault, lost="nothing"):
        row = _row(request.node, fault, lost)
        row.tries += 1
        try:
            yield
        except pytest.skip.Exception:
            row.tries -= 1
            raise
        except (Exception, pytest.fail.Exception) as error:
            request.node.stash[ERRORS].setdefault(fault, []).append(error)
        else:
            row.survived += 1

    return one_try


@pytest.fixture
def survived(request):
    """Counts tries that a test has counted itself: `survived(fault, tries, survived)`.

    The test fails unless each try was survived.
    """

    def note(fault, tries, survived, lost="nothing"):
        row = _row(request.node, fault, lost)
        row.tries += tries
        row.survived += survived
        assert survived == tries > 0, f"{fault}: {survived} of {tries} survived"

    return note


def pytest_addoption(parser):
    parser.addoption(
        "--write-reliability",
        nargs="?",
        const=RELIABILITY,
        metavar="FILE",
        help=f"write {RELIABILITY.name}, or another file, anew from the tests of this run",
    )


def pytest_configure(config):
    config.stash[FAULTS] = {}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """Fails a test some of whose tries were not survived, after all of them have been counted."""
    item.stash[NOTED], item.stash[ERRORS] = set(), {}
    try:
        result = yield
    except (Exception, pytest.fail.Exception):
        if "survived" in getattr(item, "fixturenames", ()) and not item.stash[NOTED]:
            _row(item, f"`{item.nodeid}`, which failed before it counted", "unknown").tries += 1
        raise
    finally:
        _check_tries(item)
    return result


def _check_tries(item):
    lines, first = [], None
    for fault, errors in item.stash[ERRORS].items():
        row = item.config.stash[FAULTS][fault]
        lines.append(f"{fault}: {len(errors)} not survived ({row.survived} of {row.tries} so far)")
        first = first or errors[0]
    if lines:
        raise AssertionError("; ".join(lines)) from first


def pytest_sessionfinish(session, exitstatus):
    path, faults = session.config.getoption("write_reliability"), session.config.stash[FAULTS]
    if path and faults and exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        rows = [
            f"| {fault} | {row.tries:,} | {row.survived:,} | {row.lost} |\n"
            for fault, row in faults.items()
            if row.tries
        ]
        Path(path).write_text(HEADING + "".join(rows), encoding="utf-8")
