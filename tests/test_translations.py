"""The translated editions: built from their catalogues, complete, and true to the English."""

import ast
import re
import runpy
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
TOOL = runpy.run_path(str(ROOT / "tools" / "translate.py"))
CHECKS, LINKS = TOOL["CHECKS"], TOOL["LINKS"]
LANGUAGES = LINKS["languages"]()[1:]
BUILT = {language: TOOL["built"](language) for language in LANGUAGES}
NOTEBOOKS = [
    pytest.param(language, source, id=f"{language}-{source.relative_to(ROOT).with_suffix('')}")
    for language in LANGUAGES
    for source in TOOL["translated_files"]()
    if source.suffix == ".ipynb"
]
CATALOGUES = [
    pytest.param(language, place, english, id=f"{language}-{place}")
    for language in LANGUAGES
    for place, english in TOOL["sources"]().items()
]
each_language = pytest.mark.parametrize("language", LANGUAGES)
each_notebook = pytest.mark.parametrize(("language", "source"), NOTEBOOKS)
each_catalogue = pytest.mark.parametrize(("language", "place", "english"), CATALOGUES)
RUN = "run python tools/translate.py"


def edition(source, language):
    return nbformat.read(LINKS["edition"](source, language), 4)


def texts(notebook):
    return [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]


@each_language
def test_what_is_built_is_committed(language):
    for path, text in BUILT[language].items():
        assert path.read_bytes() == text.encode(), f"{path.name}: {RUN}"
    there = {path for name in ("notebooks", "exercises") for path in (ROOT / name).rglob("*.ipynb")}
    ours = {path for path in there if language in path.relative_to(ROOT).parts}
    assert ours <= BUILT[language].keys()


@each_language
def test_each_english_text_has_a_catalogue(language):
    folder = ROOT / "translations" / language
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*.po")}
    assert there == TOOL["sources"]().keys()


@each_catalogue
def test_catalogues_have_the_messages_of_today(language, place, english):
    path = ROOT / "translations" / language / place
    assert path.read_bytes() == TOOL["updated"](path, language, english), RUN


@each_catalogue
def test_every_message_is_translated_well(language, place, english):
    """Nothing fuzzy, nothing lost, and the glossary's words."""
    assert not TOOL["check"](ROOT / "translations" / language / place)


@each_notebook
def test_code_and_outputs_are_the_english_ones(language, source):
    english, other = nbformat.read(source, 4), edition(source, language)
    for cell, same in zip(english.cells, other.cells, strict=True):
        assert {**same, "source": ""} == {**cell, "source": ""}
        assert cell.cell_type == "markdown" or same.source == cell.source
    assert other.metadata == english.metadata


@each_notebook
def test_what_it_points_at_exists(language, source):
    path = LINKS["edition"](source, language)
    for text in texts(edition(source, language)):
        for target in re.findall(r"\]\(([^):#]+)\)", text):
            assert (path.parent / target).exists(), f"{target} does not exist."


@each_notebook
def test_lessons_and_exercises_lead_to_those_of_the_language(language, source):
    path = LINKS["edition"](source, language)
    text = "\n".join(texts(edition(source, language)))
    linked = [(path.parent / target).resolve() for target in re.findall(r"\]\(([^):#]+)\)", text)]
    notebooks = [target for target in linked if target.suffix == ".ipynb" and target != source]
    assert all(target.parent.name in (language, "instructor") for target in notebooks)
    badges = re.findall(r"blob/main/([^)]+\.ipynb)", text)
    assert set(badges) <= {path.relative_to(ROOT).as_posix()}
    if source.parent.name == "notebooks":
        assert notebooks and badges


@each_language
def test_each_edition_leads_to_the_other(language):
    for source in TOOL["translated_files"]():
        path = LINKS["edition"](source, language)
        if "<!-- languages -->" in source.read_text("utf-8"):
            way = "(" + path.relative_to(source.parent).as_posix() + ")"
            assert way in source.read_text("utf-8")
            assert "[English](" in path.read_text("utf-8")


@pytest.mark.parametrize(
    ("english", "korean", "problem"),
    [
        ("The `code`.", "`코드`입니다.", "`code`"),
        ("From 2 to 4,000.", "2에서 400까지입니다.", "4,000"),
        ("$x^2$ is large.", "$x^3$이 큽니다.", "$x^2$"),
        (r"$$a = \text{style}$$", r"$$a = \text{스타일}$$", None),
        ("[there](a.md)", "[거기](b.md)", "](a.md)"),
        ("A **word**.", "**낱말(word)**입니다.", "emphasis"),
        ("A **word**.", "**낱말**(word)입니다.", None),
        ("The style loss.", "스타일의 손실입니다.", "스타일 손실"),
        ("The style losses.", "스타일 손실은 큽니다.", None),
        ("Try it.", "해 봐요.", "합니다체"),
        ("Try it.", "해 본다.", "합니다체"),
        ("Try it. Which one?", "해 보세요. 어느 것일까요? 필요.", None),
    ],
)
def test_a_check_finds_what_is_wrong(english, korean, problem):
    found = CHECKS["problems"](english, korean, "ko")
    assert bool(found) == bool(problem)
    assert problem is None or problem in found[0]


def test_a_template_keeps_its_fields():
    assert CHECKS["problems"]("{a} of {b}", "{b}의 {a}", "ko", fields=True) == []
    assert CHECKS["problems"]("{a} of {b}", "{b}", "ko", fields=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Title\n\nOne.\nTwo.\n\n* a b\n* **c**\n", ["Title", "One.\nTwo.", "a b", "**c**"]),
        ("Code:\n\n```\nx = 1\n\ny\n```\n\nEnd", ["Code:", "End"]),
        ("$$x$$\n\n`y`\n\n| 1 | 2 |\n| --- | --- |", []),
        ("| a b | 1 |\n| --- | --- |\n| c | 2 |", ["| a b | 1 |", "| c | 2 |"]),
        ("[![Badge](a.svg)](b)\n![Words](c.jpg)", ["![Words](c.jpg)"]),
        ("<!-- languages -->\n[한국어](ko/a.ipynb)\n\nText", ["Text"]),
        (
            "<details><summary>Answers</summary>\n\n</details>",
            ["<details><summary>Answers</summary>"],
        ),
    ],
)
def test_a_text_falls_into_messages(text, expected):
    assert TOOL["messages"](text) == expected


def test_messages_of_the_package_are_taken_from_its_syntax_trees():
    tree = ast.parse(
        '"""A docstring is none."""\n'
        "def f(name, values):\n"
        '    raise ValueError(f"{name} has {len(values):,} of {len(values):,}, not {name!r}.")\n'
        'LAYOUT, LABEL = "1 1 90px", "Show the call"\n'
    )
    found = list(TOOL["PACKAGE"]["module_messages"](tree))
    assert found == ["{name} has {values} of {values}, not {name2}.", "Show the call"]


def test_a_changed_message_comes_back_fuzzy_with_its_translation(tmp_path):
    path = tmp_path / "a.po"
    path.write_bytes(TOOL["updated"](path, "ko", {"A loss has three parts.": "", "Old words.": ""}))
    text = path.read_text("utf-8").replace('parts."\nmsgstr ""', 'parts."\nmsgstr "세 부분"')
    path.write_text(text, encoding="utf-8")
    path.write_bytes(TOOL["updated"](path, "ko", {"A loss has four parts.": "", "New.": ""}))
    text = path.read_text("utf-8")
    assert '#, fuzzy\nmsgid "A loss has four parts."\nmsgstr "세 부분"' in text
    assert "Old" not in text and TOOL["translations"](path, "ko") == {}
