"""Checks that nbval does not make; each message says how to fix it."""

import ast
import dataclasses
import inspect
import json
import re
import runpy
import shutil
import subprocess
import sys
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
TOOL = runpy.run_path(str(ROOT / "tools" / "link_lessons.py"))
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
    ("lesson", "name"),
    [
        ("measure_style", "gram_matrix"),
        ("measure_style", "gram_distance"),
        ("measure_style", "style_loss"),
        ("measure_content_and_noise", "content_loss"),
        ("measure_content_and_noise", "total_variation_loss"),
    ],
)
def test_a_loss_stands_in_the_lesson_as_in_the_package(lesson, name):
    ours = ast.parse(inspect.getsource(getattr(losses, name))).body[0]
    shown = functions(lesson)[name]
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
    define(functions("measure_content_and_noise")["compute_loss"], lesson)
    terms = nst.build_terms(config, size=(48, 72))
    goals = nst.measure_goals(terms, base, [style])
    picture = (base + style) / 2
    ours = nst.compute_losses(terms, picture, goals)["total"]
    np.testing.assert_allclose(lesson["compute_loss"](picture, base, style), ours, rtol=1e-5)


def test_what_lessons_repeat_is_up_to_date():
    for path, text in TOOL["written"]().items():
        assert path.read_bytes() == text.encode(), f"{path.name}: run python tools/link_lessons.py"
    assert [lesson["file"] for lesson in TOOL["read_lessons"]()] == [path.name for path in LESSONS]


def test_lessons_mirror_the_sections_of_the_keras_example():
    """In its order; an anchor of a section that doesn't exist leads nowhere and says nothing."""
    sections = [
        "Introduction",
        "Let's take a look at our base (content) image and our style reference image",
        "Image preprocessing / deprocessing utilities",
        "Compute the style transfer loss",
        "Add a tf.function decorator to loss & gradient computation",
        "The training loop",
    ]
    mirrored = [lesson["mirrors"] for lesson in TOOL["read_lessons"]() if "mirrors" in lesson]
    assert list(dict.fromkeys(mirrored)) == sections
    assert "#image-preprocessing--deprocessing-utilities)" in TOOL["mirrors"](sections[2])
    assert "#add-a-tffunction-decorator-to-loss-amp-gradient-" in TOOL["mirrors"](sections[4])


def test_the_tool_points_all_links_at_a_fork(tmp_path):
    for name in (
        "README.md",
        "pyproject.toml",
        "CITATION.cff",
        "tools",
        "docs",
        "app",
        "exercises",
        "notebooks",
        "translations",
    ):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    subprocess.run(
        [sys.executable, tmp_path / "tools" / "link_lessons.py", "someone/a-fork"], check=True
    )
    written = ".md", ".toml", ".cff", ".ipynb", ".po"
    texts = [path for path in tmp_path.rglob("*") if path.suffix in written]
    assert all(REPOSITORY not in path.read_text("utf-8") for path in texts)
    assert "someone/a-fork" in (tmp_path / "notebooks" / LESSONS[-1].name).read_text("utf-8")


@each_lesson
def test_executed_in_order(path):
    counts = [cell.execution_count for cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1)), "Restart the kernel, run all cells and save."


@each_lesson
def test_outputs_are_kept_and_small(path):
    outputs = [output for cell in cells(path, "code") for output in cell.outputs]
    assert outputs, "Run all cells and save: a reader on the web sees the stored pictures."
    assert not [o for o in outputs if o.output_type == "error"], "An error stands in its outputs."
    assert path.stat().st_size < 900_000, "Show smaller pictures: the lesson is over 900 KB."


@each_lesson
def test_says_nothing_of_the_machine_it_ran_on(path):
    found = re.findall(r"/(?:home|root|Users|tmp|work|usr)/[\w./-]+", path.read_text("utf-8"))
    assert not found, f"Run it with nothing but the defaults set; its outputs name {found[0]}."


@each_lesson
def test_renders_on_the_web(path):
    notebook = json.loads(path.read_text("utf-8"))
    assert "widgets" not in notebook["metadata"], "Strip metadata.widgets: GitHub shows an error."


@each_lesson
def test_has_one_title(path):
    text = [re.sub(r"(?s)```.*?```", "", cell.source) for cell in cells(path, "markdown")]
    titles = [line for source in text for line in source.splitlines() if line.startswith("# ")]
    assert len(titles) == 1, "A lesson has one title of the first order."


@each_lesson
def test_every_picture_is_said_in_words(path):
    for cell in cells(path, "markdown"):
        assert "![](" not in cell.source, "Say what the picture shows: ![alt text](…)."
    for cell in cells(path, "code"):
        for output in cell.outputs:
            for kind in ("image/jpeg", "image/png"):
                if kind in output.get("data", {}):
                    assert output.metadata.get(kind, {}).get("alt"), (
                        "A stored picture has no alt text: show_images(…, alt=…) writes it."
                    )


@each_lesson
def test_one_idea_a_cell(path):
    longest = max(len(cell.source.splitlines()) for cell in cells(path, "code"))
    assert longest <= 25, f"A code cell has {longest} lines: split it."


@each_lesson
def test_ends_with_questions_and_the_way_on(path):
    last = cells(path, "markdown")[-1].source
    assert "## On your own" in last and "**Next:**" in last
    assert "<details><summary>Answers</summary>\n\n" in last, "Fold the answers away at the end."


@each_lesson
def test_what_it_points_at_exists(path):
    for cell in cells(path, "markdown"):
        for target in re.findall(r"\]\(([^):#]+)\)", cell.source):
            assert (path.parent / target).exists(), f"{target} does not exist."


@each_lesson
def test_its_argument_ends_in_an_assert(path):
    code = "\n".join(cell.source for cell in cells(path, "code"))
    assert re.search(r"(?m)^assert |np\.testing\.assert_", code), "Assert what the lesson claims."
