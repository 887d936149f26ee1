"""Makes the two editions of the exercises from their masters: python tools/make_exercises.py

    exercises/masters/*.ipynb      written by hand, with nbgrader's marks around each solution
    exercises/*.ipynb              for students: stubs, and no notes for instructors
    exercises/instructor/*.ipynb   with the solutions and the notes
    nst_helpers/data/exercise_solutions.json   what nst.exercises.solution shows

An edition whose code has changed is executed; the others keep their outputs.
"""

import ast
import copy
import itertools
import json
import os
import re
import runpy
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
EXERCISES = ROOT / "exercises"
MASTERS = EXERCISES / "masters"
SOLUTIONS = ROOT / "nst_helpers" / "data" / "exercise_solutions.json"
LINKS = runpy.run_path(str(ROOT / "tools" / "link_lessons.py"))
MARKED = re.compile(r"(?ms)^([ \t]*)### BEGIN SOLUTION\n(.*?)^[ \t]*### END SOLUTION(\n|\Z)")
# What is written, with fields in braces: tools/translate.py takes these from here.
TITLE = "{title}: exercises"
FOR_STUDENTS = """\
They belong to lesson [{title}]({address}). \
Replace each `raise NotImplementedError("your turn")`, or each `# your turn`, by your own lines, \
and run the cell below it: it says whether the answer is right and, if it isn't, what to look at. \
In a cell of your own, `nst.exercises.hint("{number}")` helps a little more at each call, and \
`nst.exercises.solution("{number}")` shows the solution after your first try."""
FOR_INSTRUCTORS = """\
They belong to lesson [{title}]({address}). \
**The instructor's edition**, with solutions, model answers and what goes wrong most often. It is \
made by `tools/make_exercises.py`: change the master, in `exercises/masters`, not this file."""
TEMPLATES = TITLE, FOR_STUDENTS, FOR_INSTRUCTORS


def asked(cell):
    """The number of the exercise that a cell checks, or None."""
    if cell.cell_type != "code" or not cell.source.startswith("nst.exercises.check("):
        return None
    return ast.parse(cell.source, mode="eval").body.args[0].value


def student(cells):
    """The master's cells with stubs in the place of solutions, and without notes."""
    kept = [copy.deepcopy(cell) for cell in cells if "instructor" not in tags(cell)]
    for cell in kept:
        cell.source = MARKED.sub(stub, cell.source).rstrip()
    return kept


def stub(found):
    """What stands where a solution was: inside a function, a line that says so when it is run."""
    indent = found[1]
    return f'{indent}raise NotImplementedError("your turn")\n' if indent else "# your turn\n"


def instructor(cells):
    """The master's cells without the marks."""
    kept = copy.deepcopy(cells)
    for cell in kept:
        cell.source = solved(cell.source)
    return kept


def solved(source):
    return MARKED.sub(lambda found: found[2], source).rstrip()


def tags(cell):
    return cell.metadata.get("tags", [])


def head(lesson, path, cells):
    """Title, badge, what to do, and the cell for Colab, as the lessons have it."""
    place = path.relative_to(ROOT).as_posix()
    badge = f"{LINKS['COLAB']}/assets/colab-badge.svg"
    address = f"{LINKS['COLAB']}/github/{LINKS['repository']()}/blob/main/{place}"
    up = "../" * place.count("/")
    number = next(filter(None, map(asked, cells)))
    words = FOR_INSTRUCTORS if path.parent.name == "instructor" else FOR_STUDENTS
    fields = {"title": lesson["title"], "address": f"{up}notebooks/{lesson['file']}"}
    text = f"""\
# {TITLE.format(**fields)}

[![Open in Colab]({badge})]({address})

{words.format(number=number, **fields)}"""
    ids = f"{path.stem[:2]}-head", f"{path.stem[:2]}-colab"
    return [
        nbformat.v4.new_markdown_cell(text, id=ids[0]),
        nbformat.v4.new_code_cell(LINKS["INSTALL"] + LINKS["repository"](), id=ids[1]),
    ]


def edition(path, lesson, master, cells):
    """One edition, with the outputs of the file that is there if its code is the same."""
    notebook = nbformat.v4.new_notebook(cells=head(lesson, path, cells) + cells)
    notebook.metadata = copy.deepcopy(master.metadata)
    code = code_cells(notebook)
    before = code_cells(nbformat.read(path, 4)) if path.exists() else []
    # The first installs the helpers on Colab: a fork's is another one.
    if [cell.source for cell in code[1:]] == [cell.source for cell in before[1:]]:
        for cell, old in zip(code, before, strict=True):
            cell.outputs, cell.execution_count = old.outputs, old.execution_count
    return notebook


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def made():
    """Both editions of each master: notebooks by their paths."""
    lessons = {lesson["file"]: lesson for lesson in LINKS["read_lessons"]()}
    editions = {}
    for file in sorted(MASTERS.glob("*.ipynb")):
        master = nbformat.read(file, 4)
        for folder, cells_of in ((EXERCISES, student), (EXERCISES / "instructor", instructor)):
            path, cells = folder / file.name, cells_of(master.cells)
            editions[path] = edition(path, lessons[file.name], master, cells)
    return editions


def solutions():
    """The solution of each exercise by its number, as a text in JSON."""
    found = {}
    for file in sorted(MASTERS.glob("*.ipynb")):
        code = code_cells(nbformat.read(file, 4))
        for before, cell in itertools.pairwise(code):
            if number := asked(cell):
                found[number] = solved(before.source)
    return json.dumps(found, ensure_ascii=False, indent=1) + "\n"


def text_of(notebook):
    return nbformat.writes(notebook) + "\n"


def execute(notebook, folder):
    metadata = copy.deepcopy(notebook.metadata)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(
        notebook, resources=resources, record_timing=False, store_widget_state=False
    ).execute()
    notebook.metadata = metadata  # without what this machine's kernel says of itself


def main():
    os.environ["NST_LANGUAGE"] = "en"  # of what the checks say, for the kernels
    SOLUTIONS.write_text(solutions(), encoding="utf-8", newline="\n")
    for path, notebook in made().items():
        if None in [cell.execution_count for cell in code_cells(notebook)]:
            print("executing", path.relative_to(ROOT))
            execute(notebook, path.parent)
        path.parent.mkdir(exist_ok=True)
        path.write_text(text_of(notebook), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
