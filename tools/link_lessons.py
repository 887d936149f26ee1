"""Writes what the lessons repeat, from the one list in notebooks/lessons.toml.

python tools/link_lessons.py               tables; titles, badges, times and links of each lesson
python tools/link_lessons.py OWNER/NAME    the same, and all links point at your fork
"""

import re
import string
import sys
import tomllib
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS, PROJECT, README = ROOT / "notebooks", ROOT / "pyproject.toml", ROOT / "README.md"
PAGES = {README: "notebooks/", ROOT / "docs" / "for_instructors.md": "../notebooks/"}
TABLE = re.compile(r"(<!-- lessons -->\n).*?(<!-- end of lessons -->)", re.DOTALL)
WAY_ON = re.compile(r"\*\*(Practise|Next):\*\*")
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


def link(lesson, folder=""):
    return f"[{lesson['title']}]({folder}{lesson['file']})"


def with_table(text, folder=""):
    """The text with the table of lessons between its two marks; as it is where it has none."""
    rows = [
        f"| {link(lesson, folder)} | {lesson['you_will']} "
        f"| {lesson['seconds']} s | {lesson['minutes']} min |\n"
        for lesson in read_lessons()
    ]
    table = "| lesson | you will | runs in | teach in |\n| --- | --- | ---: | ---: |\n"
    return TABLE.sub(lambda marks: marks[1] + table + "".join(rows) + marks[2], text)


def head(lesson):
    """How a lesson opens: its title, its badge, its times and what it mirrors."""
    address = f"{COLAB}/github/{repository()}/blob/main/notebooks/{lesson['file']}"
    mirrored = f"\n{mirrors(lesson['mirrors'])}" if "mirrors" in lesson else ""
    return f"""\
# {lesson["title"]}

[![Open in Colab]({COLAB}/assets/colab-badge.svg)]({address})

**Time:** {lesson["minutes"]} minutes to work through. \
It runs in about {lesson["seconds"]} seconds on two cores, without a GPU.{mirrored}

"""


def mirrors(title):
    """The link to a section of the Keras example, whose anchor is made by Keras's own rule."""
    letters = title.lower().replace("&", "amp").translate(str.maketrans("", "", string.punctuation))
    anchor = letters.replace(" ", "-")
    return f"**Mirrors** the section [*{title}*]({EXAMPLE}#{anchor}) of the Keras example."


def way_on(lesson, following):
    """The links to a lesson's exercises, if it has some, and to the lesson that follows."""
    if not (ROOT / "exercises" / lesson["file"]).exists():
        return f"**Next:** {following}"
    practise = f"**Practise:** [exercises that check themselves](../exercises/{lesson['file']})"
    return f"{practise}\n\n**Next:** {following}"


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
    ways = [link(lesson) for lesson in lessons[1:]] + [f"[all lessons]({lessons[0]['file']})"]
    pages = {
        path: with_table(path.read_text(encoding="utf-8"), folder) for path, folder in PAGES.items()
    }
    return pages | {
        NOTEBOOKS / lesson["file"]: linked(lesson, way)
        for lesson, way in zip(lessons, ways, strict=True)
    }


def point_at(fork):
    """Puts OWNER/NAME of a fork in the place of the old one."""
    old = repository()
    for path in (PROJECT, README):
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
