"""The door to the exercises, and their two editions."""

import json
import re
import runpy
from pathlib import Path

import IPython.core.formatters
import nbformat
import pytest

import nst_helpers as nst
from nst_helpers import exercises

ROOT = Path(__file__).resolve().parents[1]
TOOL = runpy.run_path(str(ROOT / "tools" / "make_exercises.py"))
STUDENTS = sorted((ROOT / "exercises").glob("*.ipynb"))
INSTRUCTORS = sorted((ROOT / "exercises" / "instructor").glob("*.ipynb"))
each_edition = pytest.mark.parametrize(
    "path", STUDENTS + INSTRUCTORS, ids=lambda path: f"{path.parent.name}-{path.stem}"
)


@pytest.fixture(autouse=True)
def new_session(monkeypatch):
    monkeypatch.setattr(exercises, "tried", set())
    monkeypatch.setattr(exercises, "hints_given", exercises.Counter())


def rows_alone(width, height, rows):
    return rows


def test_a_check_says_right_or_gives_a_hint():
    right = nst.exercises.check("1.1", lambda width, height, rows: int(width * rows / height))
    assert right.right is True
    assert str(right) == "Right."
    wrong = nst.exercises.check("1.1", rows_alone)
    assert wrong.right is False
    assert str(wrong).startswith("Not yet. Try it on paper")
    shown = IPython.core.formatters.format_display_data(wrong)[0]
    assert shown["text/markdown"].startswith("**Not yet.** Try it on paper")


def test_an_answer_that_stops_is_told_where_and_why():
    def columns(width, height, rows):
        return width * rows / hight  # noqa: F821

    verdict = nst.exercises.check("1.1", columns)
    line = columns.__code__.co_firstlineno + 1
    assert verdict.message.startswith(f"NameError in line {line} of the cell: name 'hight'")


def test_an_answer_that_the_check_cannot_use_is_no_crash():
    verdict = nst.exercises.check("1.2", lambda image: "upside down")
    assert verdict.right is False
    assert nst.exercises.check("2.3", 7).message.startswith("TypeError while the check used")


def test_nothing_returned_is_nothing_tried():
    verdict = nst.exercises.check("1.1", lambda width, height, rows: None)
    assert verdict.right is None
    assert "return" in verdict.message
    assert nst.exercises.check("8.2", (None, None)).right is None


def test_hints_come_one_at_a_time_and_the_last_one_stays():
    hints = [repr(nst.exercises.hint("4.1")) for _ in range(3)]
    assert hints[0].startswith("Hint 1 of 2: ")
    assert hints[1] == hints[2] != hints[0]


def test_a_solution_is_shown_after_a_try():
    assert "Try it first" in repr(nst.exercises.solution("1.1"))
    nst.exercises.check("1.1", None)
    assert "Try it first" in repr(nst.exercises.solution("1.1"))
    nst.exercises.check("1.1", rows_alone)
    assert "return int(width * rows / height)" in repr(nst.exercises.solution("1.1"))


@pytest.mark.parametrize("number", ["1.9", "99.1", "13.x", "gram", "", 7])
def test_an_exercise_that_is_not_there(number):
    for call in (nst.exercises.hint, nst.exercises.solution, lambda n: exercises.check(n, 1)):
        with pytest.raises(nst.ConfigError, match="there is no exercise"):
            call(number)


def test_the_editions_are_made_from_their_masters():
    for path, notebook in TOOL["made"]().items():
        text = path.read_text("utf-8")
        assert text == TOOL["text_of"](notebook), f"{path}: run python tools/make_exercises.py"
    assert TOOL["SOLUTIONS"].read_text("utf-8") == TOOL["solutions"]()
    assert sorted(TOOL["made"]()) == STUDENTS + INSTRUCTORS


def test_the_students_edition_holds_no_solution():
    solutions = json.loads(TOOL["SOLUTIONS"].read_text("utf-8"))
    for path in STUDENTS:
        text = "\n".join(cell.source for cell in nbformat.read(path, 4).cells)
        assert "SOLUTION" not in text
        lesson = f"{int(path.stem[:2])}."
        for number in (n for n in solutions if n.startswith(lesson)):
            last = solutions[number].splitlines()[-1].strip()
            assert last not in text.splitlines(), f"{path.stem} tells {number}"


def verdicts(path):
    cells = [cell for cell in nbformat.read(path, 4).cells if TOOL["asked"](cell)]
    return [cell.outputs[-1].data["text/plain"] for cell in cells]


@pytest.mark.parametrize("path", STUDENTS, ids=lambda path: path.stem)
def test_who_typed_nothing_is_told_that_nothing_was_tried(path):
    found = verdicts(path)
    assert found and all(verdict.startswith("Not tried yet.") for verdict in found)


@pytest.mark.parametrize("path", INSTRUCTORS, ids=lambda path: path.stem)
def test_the_instructors_edition_is_right(path):
    found = verdicts(path)
    assert found and set(found) == {"Right."}


@each_edition
def test_an_edition_was_executed_in_order_and_points_at_itself(path):
    cells = nbformat.read(path, 4).cells
    counts = [cell.execution_count for cell in cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1)), "run python tools/make_exercises.py"
    text = [cell.source for cell in cells if cell.cell_type == "markdown"]
    assert len(re.findall(r"(?m)^# ", "\n".join(text))) == 1
    assert f"blob/main/{path.relative_to(ROOT).as_posix()})" in text[0]
    for target in re.findall(r"\]\((\.\./[^)]+)\)", text[0]):
        assert (path.parent / target).exists(), f"{target} does not exist"
    assert not re.search(r"/(?:home|root|Users|tmp|work|usr)/", path.read_text("utf-8"))


@pytest.mark.parametrize("path", STUDENTS, ids=lambda path: path.stem)
def test_a_lesson_has_two_to_four_exercises(path):
    cells = nbformat.read(path, 4).cells
    assert 2 <= sum(cell.source.startswith("## ") for cell in cells) <= 4


# The page for instructors.

PAGE = (ROOT / "docs" / "for_instructors.md").read_text("utf-8")


def rows_of(heading):
    """The cells of the first table in a section of the page."""
    section = PAGE.split(f"\n## {heading}")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


@pytest.mark.parametrize(("heading", "minutes"), [("90 minutes", 90), ("Three hours", 180)])
def test_a_plan_adds_up(heading, minutes):
    assert sum(int(row[0]) for row in rows_of(heading)) == minutes


def test_the_plans_name_sections_that_exist():
    titles = {
        line.lstrip("# ")
        for path in (ROOT / "notebooks").glob("*.ipynb")
        for cell in nbformat.read(path, 4).cells
        for line in cell.source.splitlines()
        if line.startswith("#")
    }
    plans = rows_of("90 minutes") + rows_of("Three hours") + rows_of("What students get wrong")
    named = {name for row in plans for name in re.findall(r"\*([^*]+)\*", " ".join(row))}
    assert named <= titles


def test_the_answer_key_has_every_exercise():
    titles = [
        cell.source.splitlines()[0].removeprefix("## ").replace(" ·", "").replace(" (appendix)", "")
        for path in STUDENTS
        for cell in nbformat.read(path, 4).cells
        if cell.source.startswith("## ")
    ]
    assert [row[0] for row in rows_of("Answer key")] == titles
