"""Writes what the lessons repeat, from the one list in notebooks/lessons.toml.

python tools/link_lessons.py               tables; titles, badges, times and links of each lesson
python tools/link_lessons.py OWNER/NAME    the same, and all links point at your fork
"""

import itertools
import os
import re
import string
import sys
import tomllib
from pathlib import Path

import nbformat
from babel import Locale

ROOT = Path(__file__).resolve().parents[1]
TRANSLATIONS = ROOT / "translations"
NOTEBOOKS, PROJECT, README = ROOT / "notebooks", ROOT / "pyproject.toml", ROOT / "README.md"
LINKED = (
    "*.cff",
    "*.md",
    "app/*.ipynb",
    "notebooks/**/*.ipynb",
    "exercises/**/*.ipynb",
    "translations/**/*.po",
)
PAGES = {README: "notebooks/", ROOT / "docs" / "for_instructors.md": "../notebooks/"}
LANGUAGES = re.compile(r"(<!-- languages -->\n).*")
TABLE = re.compile(r"(<!-- lessons -->\n).*?(<!-- end of lessons -->)", re.DOTALL)
WAY_ON = re.compile(r"\*\*(Practise|Next):\*\*")
# What is written, with fields in braces: tools/translate.py takes these from here.
TABLE_HEAD = "| lesson | you will | runs in | teach in |"
TABLE_ROW = "| [{title}]({address}) | {you_will} | {seconds} s | {minutes} min |"
TIME = """\
**Time:** {minutes} minutes to work through. \
It runs in about {seconds} seconds on two cores, without a GPU."""
MIRRORS = "**Mirrors** the section [*{title}*]({address}) of the Keras example."
PRACTISE = "**Practise:** [exercises that check themselves]({address})"
NEXT = "**Next:** [{title}]({address})"
ALL_LESSONS = "all lessons"
TEMPLATES = TABLE_HEAD, TABLE_ROW, TIME, MIRRORS, PRACTISE, NEXT, ALL_LESSONS
EXAMPLE = "https://keras.io/examples/generative/neural_style_transfer/"
COLAB = "https://colab.research.google.com"
INSTALL = """\
import sys

if "google.colab" in sys.modules:  # the helpers only: Colab's own TensorFlow stays as it is
    %pip install -q git+https://github.com/"""


def read_lessons():
    """A dictionary for each lesson, in their order."""
    return tomllib.loads((NOTEBOOKS / "lessons.toml").read_text(encoding="utf-8"))["lessons"]


def repository():
    """OWNER/NAME as pyproject.toml has it."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"].removeprefix("https://github.com/")


def languages():
    """English and the languages that there are catalogues for, such as ko."""
    return ["en", *sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir())]


def edition(path, language):
    """The path of a page, a lesson or an exercise in a language."""
    folder, *rest = path.relative_to(ROOT).parts
    if language == "en":
        return path
    if folder in ("notebooks", "exercises"):
        return ROOT.joinpath(folder, language, *rest)
    return path.with_name(f"{path.stem}.{language}{path.suffix}")


def switch(path, language="en"):
    """Links from one edition of an English page to the others, by the languages' own names."""
    folder = edition(path, language).parent
    others = {
        Locale.parse(other).display_name: os.path.relpath(edition(path, other), folder)
        for other in languages()
        if other != language
    }
    return " · ".join(f"[{name}]({Path(place).as_posix()})" for name, place in others.items())


def with_switch(text, path, language="en"):
    """The text with these links below their mark."""
    return LANGUAGES.sub(lambda mark: mark[1] + switch(path, language), text)


def with_table(text, folder=""):
    """The text with the table of lessons between its two marks; as it is where it has none."""
    rows = [
        TABLE_ROW.format(address=folder + lesson["file"], **lesson) for lesson in read_lessons()
    ]
    table = "\n".join([TABLE_HEAD, "| --- | --- | ---: | ---: |", *rows, ""])
    return TABLE.sub(lambda marks: marks[1] + table + marks[2], text)


def head(lesson):
    """How a lesson opens: its title, its badge, its times and what it mirrors."""
    address = f"{COLAB}/github/{repository()}/blob/main/notebooks/{lesson['file']}"
    mirrored = f"\n{mirrors(lesson['mirrors'])}" if "mirrors" in lesson else ""
    return f"""\
# {lesson["title"]}

[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({address})

<!-- languages -->
{switch(NOTEBOOKS / lesson["file"])}

{TIME.format(**lesson)}{mirrored}

"""


def mirrors(title):
    """The link to a section of the Keras example, whose anchor is made by Keras's own rule."""
    letters = title.lower().replace("&", "amp").translate(str.maketrans("", "", string.punctuation))
    anchor = letters.replace(" ", "-")
    return MIRRORS.format(title=title, address=f"{EXAMPLE}#{anchor}")


def way_on(lesson, following):
    """The links to a lesson's exercises, if it has some, and to the lesson that follows."""
    onward = NEXT.format(title=following["title"], address=following["file"])
    if not (ROOT / "exercises" / lesson["file"]).exists():
        return onward
    return f"{PRACTISE.format(address='../exercises/' + lesson['file'])}\n\n{onward}"


def linked(lesson, following):
    """A lesson's notebook with its head, its cell for Colab, its table and its way on."""
    notebook = nbformat.read(NOTEBOOKS / lesson["file"], 4)
    texts = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    first, last = texts[0], texts[-1]
    first.source = head(lesson) + first.source[first.source.index("**You will**") :]
    last.source = last.source[: WAY_ON.search(last.source).start()] + way_on(lesson, following)
    code[0].source = INSTALL + repository()
    for cell in texts:
        cell.source = with_table(cell.source)
    return nbformat.writes(notebook) + "\n"


def written():
    """What the pages and the lessons should hold: texts by their paths."""
    lessons = read_lessons()
    ways = [*lessons[1:], {"title": ALL_LESSONS, "file": lessons[0]["file"]}]
    pages = {
        path: with_switch(with_table(path.read_text(encoding="utf-8"), folder), path)
        for path, folder in PAGES.items()
    }
    return pages | {
        NOTEBOOKS / lesson["file"]: linked(lesson, way)
        for lesson, way in zip(lessons, ways, strict=True)
    }


def point_at(fork):
    """Puts OWNER/NAME of a fork in the place of the old one."""
    old = repository()
    for path in (PROJECT, *itertools.chain(*map(ROOT.glob, LINKED))):
        text = path.read_text(encoding="utf-8").replace(old, fork)
        path.write_text(text, encoding="utf-8", newline="\n")


def main(arguments):
    if len(arguments) > 1 or not all(re.fullmatch(r"[\w.-]+/[\w.-]+", a) for a in arguments):
        sys.exit("usage: python tools/link_lessons.py [OWNER/NAME]")
    if arguments:
        point_at(*arguments)
    for path, text in written().items():
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
