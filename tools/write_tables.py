"""Writes the table of lessons, notebooks/lessons.toml, into README.md and lesson 0."""

import re
import tomllib
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = ROOT / "notebooks"
README = ROOT / "README.md"
MARKS = re.compile(r"(<!-- lessons -->\n).*?(<!-- end of lessons -->)", re.DOTALL)


def read_lessons():
    """A dictionary for each lesson, in their order."""
    return tomllib.loads((NOTEBOOKS / "lessons.toml").read_text(encoding="utf-8"))["lessons"]


def table(folder=""):
    """The lessons as a table in Markdown, with links into that folder."""
    rows = [
        f"| [{lesson['title']}]({folder}{lesson['file']}) | {lesson['you_will']} "
        f"| {lesson['seconds']} s |\n"
        for lesson in read_lessons()
    ]
    return "| lesson | you will | takes |\n| --- | --- | ---: |\n" + "".join(rows)


def with_table(text, folder=""):
    """The text with the table between its two marks; as it is where it has none."""
    return MARKS.sub(lambda marks: marks[1] + table(folder) + marks[2], text)


def written():
    """What README.md and lesson 0 should hold: texts by their paths."""
    path = NOTEBOOKS / read_lessons()[0]["file"]
    notebook = nbformat.read(path, 4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = with_table(cell.source)
    return {
        README: with_table(README.read_text(encoding="utf-8"), "notebooks/"),
        path: nbformat.writes(notebook) + "\n",
    }


def main():
    for path, text in written().items():
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
