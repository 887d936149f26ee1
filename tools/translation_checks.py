"""What is wrong with a translated message: markup, numbers, terms and style."""

import re
from collections import Counter

from markdown_it import MarkdownIt

TEXT = re.compile(r"\\text\{[^}]*\}")  # words in a formula are translated
# What stands in a translation as often as in the English.
KEPT = re.compile(r"`+[^`]+`+|\$\$.+?\$\$|\$[^$\n]+\$|\]\([^)]+\)|<[^>]+>", re.DOTALL)
NUMBER = re.compile(r"(?<![A-Za-z_\d.,])\d+(?:[.,]\d+)*")
FIELD = re.compile(r"\{\w+\}")
INFORMAL = re.compile(r"(?<![세필중주수])요(?=[.?!])|(?<!니)다(?=[.?!](?:\s|\Z))")
MARKDOWN = MarkdownIt().enable("table")


def problems(english, translation, fields=False):
    """What is wrong, in words.

    Args:
        english: The message.
        translation: The same in another language.
        fields: Whether words in braces are fields.
    """
    found = [f"has not the same {part}" for part in changed(english, translation)]
    found += [f"loses the number {number}" for number in lost_numbers(english, translation)]
    if fields and set(FIELD.findall(english)) != set(FIELD.findall(translation)):
        found.append("has other fields in braces")
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


def style_problems(translation):
    """What is not 합니다체 in a Korean message."""
    plain = KEPT.sub(" ", translation)
    return [
        f"is not 합니다체: …{plain[max(0, m.start() - 8) : m.end() + 1]}"
        for m in INFORMAL.finditer(plain)
    ]
