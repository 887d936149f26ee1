"""Checks that nbval does not make; each message says how to fix it."""

import ast
import dataclasses
import inspect
import json
import re
import runpy
from pathlib import Path

import nbformat
import numpy as np
import pytest

import nst_helpers as nst
from nst_helpers import losses
from nst_helpers.machine.backend import keras, tf

ROOT = Path(__file__).resolve().parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
REPOSITORY = re.search(
    r'Repository = "https://github.com/([^"]+)"', (ROOT / "pyproject.toml").read_text("utf-8")
)[1]
each_lesson = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def cells(path, kind):
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == kind]


def functions(lesson):
    """Name to syntax tree of each function that a lesson defines at the top of a cell."""
    (path,) = (ROOT / "notebooks").glob(f"*_{lesson}.ipynb")
    sources = [re.sub(r"(?m)^\s*%.*$", "    pass", cell.source) for cell in cells(path, "code")]
    trees = [node for source in sources for node in ast.parse(source).body]
    return {node.name: node for node in trees if isinstance(node, ast.FunctionDef)}


def define(tree, names):
    """Runs a function's definition; `names` holds what it needs, and gets it."""
    exec(compile(ast.Module([tree], []), tree.name, "exec"), names)


def without_docstring(function):
    if ast.get_docstring(function):
        function.body = function.body[1:]
    return ast.dump(function)


@pytest.mark.parametrize(
    "name", ["gram_matrix", "gram_distance", "style_loss", "content_loss", "total_variation_loss"]
)
def test_a_loss_stands_in_the_lesson_as_in_the_package(name):
    ours = ast.parse(inspect.getsource(getattr(losses, name))).body[0]
    shown = functions("compute_the_losses")[name]
    assert without_docstring(shown) == without_docstring(ours), (
        f"{name} differs between its lesson and nst_helpers/losses.py: make them the same."
    )


def test_the_picture_functions_of_the_lesson_do_what_the_packages_do():
    lesson = {"keras": keras, "np": np, "tf": tf, "vgg19": keras.applications.vgg19}
    for tree in functions("preprocess_and_deprocess").values():
        define(tree, lesson)
    path = nst.picture("harbour_town")
    shown = lesson["preprocess_image"](path, 50, 75)
    np.testing.assert_array_equal(shown, nst.preprocess_image(path, 50, 75))
    shown = shown.numpy() + np.random.default_rng(0).normal(0, 50, shown.shape).astype("float32")
    np.testing.assert_array_equal(
        lesson["deprocess_image"](shown.copy(), 50, 75), nst.deprocess_image(shown)
    )


def test_the_total_loss_of_the_lesson_is_the_packages():
    config = nst.TransferConfig.tutorial()
    base, style = (
        nst.preprocess_image(nst.picture(name), 48, 72) for name in ("harbour_town", "mosaic")
    )
    lesson = {
        **{name: getattr(losses, name) for name in dir(losses)},
        **dataclasses.asdict(config),
        "feature_extractor": nst.feature_extractor(),
        "rows": 48,
        "cols": 72,
    }
    define(functions("extract_the_features")["compute_loss"], lesson)
    terms = nst.build_terms(config, size=(48, 72))
    goals = nst.measure_goals(terms, base, [style])
    picture = (base + style) / 2
    ours = nst.compute_losses(terms, picture, goals)["total"]
    np.testing.assert_allclose(lesson["compute_loss"](picture, base, style), ours, rtol=1e-5)


def test_the_tables_of_lessons_are_up_to_date():
    tool = runpy.run_path(str(ROOT / "tools" / "write_tables.py"))
    for path, text in tool["written"]().items():
        assert path.read_text("utf-8") == text, f"{path.name}: run python tools/write_tables.py"
    listed = tool["read_lessons"]()
    assert [lesson["file"] for lesson in listed] == [path.name for path in LESSONS]
    for path, lesson in zip(LESSONS, listed, strict=True):
        title = cells(path, "markdown")[0].source.splitlines()[0]
        assert title.startswith(f"# {lesson['title']}"), f"{path.name} has another title."


@each_lesson
def test_executed_in_order(path):
    counts = [cell.execution_count for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1)), "Restart the kernel, run all cells and save."


@each_lesson
def test_outputs_are_kept_and_small(path):
    outputs = [output for cell in cells(path, "code") for output in cell.outputs]
    assert outputs, "Run all cells and save: a reader on the web sees the stored pictures."
    assert not [o for o in outputs if o.output_type == "error"], "An error stands in its outputs."
    assert path.stat().st_size < 1_500_000, "Show smaller pictures: the lesson is over 1.5 MB."


@each_lesson
def test_says_nothing_of_the_machine_it_ran_on(path):
    found = re.findall(r"/(?:home|root|Users|tmp|work|usr)/[\w./-]+", path.read_text("utf-8"))
    assert not found, f"Run it with nothing but the defaults set; its outputs name {found[0]}."


@each_lesson
def test_renders_on_the_web(path):
    notebook = json.loads(path.read_text("utf-8"))
    assert "widgets" not in notebook["metadata"], "Strip metadata.widgets: GitHub shows an error."


@each_lesson
def test_has_one_title_and_a_badge_of_its_own(path):
    text = [cell.source for cell in cells(path, "markdown")]
    titles = [line for source in text for line in source.splitlines() if line.startswith("# ")]
    assert len(titles) == 1, "A lesson has one title of the first order."
    address = (
        f"https://colab.research.google.com/github/{REPOSITORY}/blob/main/notebooks/{path.name}"
    )
    assert f"({address})" in text[0], "Point its badge at itself: python tools/stamp_links.py …"


@each_lesson
def test_installs_only_the_helpers_on_colab(path):
    first = cells(path, "code")[0].source
    assert f"pip install -q git+https://github.com/{REPOSITORY}" in first
    assert "tensorflow" not in first.lower().replace("colab's own tensorflow stays", "")


@each_lesson
def test_one_idea_a_cell(path):
    longest = max(len(cell.source.splitlines()) for cell in cells(path, "code"))
    assert longest <= 25, f"A code cell has {longest} lines: split it."


@each_lesson
def test_ends_with_questions_and_the_way_on(path):
    last = cells(path, "markdown")[-1].source
    assert "## On your own" in last and "**Next:**" in last
    for target in re.findall(r"\]\(([\w.]+\.ipynb)\)", last):
        assert (path.parent / target).exists(), f"{target} does not exist."


@each_lesson
def test_its_argument_ends_in_an_assert(path):
    code = "\n".join(cell.source for cell in cells(path, "code"))
    assert re.search(r"(?m)^assert |np\.testing\.assert_", code), "Assert what the lesson claims."
