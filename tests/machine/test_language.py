"""The reader's language, and finished English sentences found in its words."""

import json

import pytest

import nst_helpers as nst
from nst_helpers.machine.language import FIELD, Phrasebook, language, translated

BOOK = {
    "Run": "실행",
    "content": "콘텐츠",
    "It is empty.": "비어 있습니다.",
    "Try again.": "다시 해 보세요.",
    "no such file there": "파일이 없음",
    "{name} is empty.": "{name}: 비어 있습니다.",
    "{name} is empty: {reason}.": "{name}: {reason}.",
    "{low} to {high}, not {low}": "{high}까지 {low}부터, {low} 아님",
}
VALUES = "7", "photo.jpg", "'maxx'", "(2,3)"


@pytest.fixture
def reader(monkeypatch, tmp_path):
    """Sets where a reader is and what the environment says, and nothing else."""

    def set_up(folder="", **environment):
        for name in ("NST_LANGUAGE", "JPY_SESSION_NAME", "LC_ALL", "LC_MESSAGES", "LANG"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        monkeypatch.chdir(tmp_path / folder)

    return set_up


@pytest.mark.parametrize(
    ("folder", "environment", "expected"),
    [
        ("", {}, "en"),
        ("", {"NST_LANGUAGE": "ko"}, "ko"),
        ("", {"NST_LANGUAGE": "xx"}, "en"),
        ("", {"NST_LANGUAGE": "../ko"}, "en"),
        ("", {"NST_LANGUAGE": "x" * 300}, "en"),
        ("", {"LANG": "ko_KR.UTF-8"}, "ko"),
        ("", {"LC_ALL": "C", "LANG": "ko_KR.UTF-8"}, "en"),
        ("", {"LC_MESSAGES": "ko", "LANG": "en_US.UTF-8"}, "ko"),
        ("", {"LANG": "kok_IN.UTF-8"}, "en"),
        ("notebooks/ko", {"LANG": "en_US.UTF-8"}, "ko"),
        ("exercises/ko/instructor", {}, "ko"),
        ("notebooks/ko", {"NST_LANGUAGE": "en"}, "en"),
        ("notebooks", {}, "en"),
        ("ko", {}, "en"),
        ("", {"JPY_SESSION_NAME": "/home/me/notebooks/ko/00_start_here.ipynb"}, "ko"),
        ("", {"JPY_SESSION_NAME": "5f2c"}, "en"),
    ],
)
def test_the_language_is_the_first_that_is_known(reader, folder, environment, expected):
    reader(folder, **environment)
    assert language() == expected


def test_a_folder_that_was_removed_has_none(reader, tmp_path):
    reader("notebooks/ko")
    (tmp_path / "notebooks" / "ko").rmdir()
    assert language() == "en"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Run", "실행"),
        ("a.jpg is empty.", "a.jpg: 비어 있습니다."),
        ("a.jpg is empty: no such file there.", "a.jpg: 파일이 없음."),
        ("content is empty.", "content: 비어 있습니다."),  # a name, such as a setting's
        ("1 to 5, not 1", "5까지 1부터, 1 아님"),
        ("It is empty. Try again.", "비어 있습니다. 다시 해 보세요."),
        ("It is empty.\nWho knows.", "비어 있습니다.\nWho knows."),
        ("It is empty. Who knows.", "It is empty. Who knows."),
        ("Who knows.", "Who knows."),
        ("", ""),
    ],
)
def test_a_finished_sentence_is_found(text, expected):
    assert Phrasebook(BOOK).translate(text) == expected


@pytest.mark.parametrize("value", VALUES)
def test_no_sentence_of_the_package_is_taken_for_another(value):
    path = nst.picture("mosaic").parent / "words_ko.json"
    words = json.loads(path.read_text(encoding="utf-8"))
    book = Phrasebook(words)

    def fill(text):
        return FIELD.sub(lambda field: f"{value}{field[1]}", text)

    found = {english: book.find(fill(english)) for english in words}
    assert found == {english: fill(korean) for english, korean in words.items()}


def test_what_is_raised_stays_english(monkeypatch):
    monkeypatch.setenv("NST_LANGUAGE", "ko")
    with pytest.raises(nst.ConfigError, match="rows must be a whole number") as raised:
        nst.TransferConfig(rows=0)
    assert translated(str(raised.value)).startswith("rows: ")
