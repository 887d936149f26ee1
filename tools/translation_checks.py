"""What is wrong with a translated message: markup, numbers, terms and style."""

import csv
import functools
import re
from collections import Counter
from pathlib import Path

from markdown_it import MarkdownIt

TRANSLATIONS = Path(__file__).resolve().parents[1] / "translations"
TEXT = re.compile(r"\\text\{[^}]*\}")  # words in a formula are translated
# What stands in a translation as often as in the English.
KEPT = re.compile(r"`+[^`]+`+|\$\$.+?\$\$|\$[^$\n]+\$|\]\([^)]+\)|<[^>]+>", re.DOTALL)
NUMBER = re.compile(r"(?<![A-Za-z_\d.,])\d+(?:[.,]\d+)*")
FIELD = re.compile(r"\{\w+\}")
INFORMAL = re.compile(r"(?:(?<![세까필중주수])요|죠|(?<![니시])다)(?=[.?!](?:\s|\Z))")
MARKDOWN = MarkdownIt().enable("table")


def problems(english, translation, language, fields=False):
    """What is wrong, in words.

    Args:
        english: The message.
        translation: The same in another language.
        language: Which, such as "ko".
        fields: Whether words in braces are fields.
    """
    found = [f"has not the same {part}" for part in changed(english, translation)]
    found += [f"loses the number {number}" for number in lost_numbers(english, translation)]
    if fields and set(FIELD.findall(english)) != set(FIELD.findall(translation)):
        found.append("has other fields in braces")
    found += [f"has no {term}" for term in missing_terms(english, translation, language)]
    if language == "ko":
        found += informal(translation)
    if stars(translation) > stars(english):
        found.append("has * or ** that Markdown does not read as emphasis: mind what stands beside")
    return found


def changed(english, translation):
    before, after = (Counter(KEPT.findall(TEXT.sub("", text))) for text in (english, translation))
    return sorted((before - after) + (after - before))


def lost_numbers(english, translation):
    before, after = (Counter(NUMBER.findall(KEPT.sub(" ", t))) for t in (english, translation))
    return sorted(before - after)


def stars(text):
    """How many stars a reader would see."""
    inline = [token.children for token in MARKDOWN.parse(text) if token.type == "inline"]
    return sum(
        token.content.count("*") for part in inline for token in part if token.type == "text"
    )


def informal(translation):
    """What is not 합니다체 in a Korean message."""
    plain = KEPT.sub(" ", translation)
    places = [match.span() for match in INFORMAL.finditer(plain)]
    return [f"is not 합니다체: …{plain[max(0, start - 8) : end + 1]}" for start, end in places]


@functools.cache
def glossary(language):
    """For each term, the longest first: a pattern of the English, and the words that may stand.

    Its file has the term, its translation, and what may stand there where the English word has
    another sense or is said in another way; several, with a slash between them.
    """
    path = TRANSLATIONS / language / "glossary.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: -len(row["english"]))
    return [
        (
            re.compile(rf"\b(?:{row['english'].replace('/', '|')})(?:e?s)?\b", re.IGNORECASE),
            [row["korean"], *filter(None, row["allowed"].split("/"))],
        )
        for row in rows
    ]


def missing_terms(english, translation, language):
    """The glossary's terms that are in the English, and whose translation is not there."""
    rest, found = KEPT.sub(" ", english), []
    for pattern, words in glossary(language):
        rest, count = pattern.subn(" ", rest)
        if count and not any(word in translation for word in words):
            found.append(words[0])
    return found
