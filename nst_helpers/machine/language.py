"""The reader's language, and the package's words in it."""

import re

FIELD = re.compile(r"\{(\w+)\}")


class Phrasebook:
    """Sentences and their translations, both with fields in braces.

    Args:
        translations: From each English sentence, such as "{name} is empty.", to its translation.
    """

    def __init__(self, translations):
        self._whole = {text: words for text, words in translations.items() if not has_fields(text)}
        longest_first = sorted(filter(has_fields, translations), key=literal_length, reverse=True)
        self._templates = [(pattern(text), translations[text]) for text in longest_first]

    def find(self, text):
        """The translation of a finished sentence, its fields translated too; None without one."""
        if text in self._whole:
            return self._whole[text]
        for template, words in self._templates:
            if found := template.fullmatch(text):
                fields = {
                    name: self.find(value) or value for name, value in found.groupdict().items()
                }
                return FIELD.sub(lambda field: fields[field[1]], words)
        return None


def has_fields(text):
    return FIELD.search(text) is not None


def literal_length(text):
    return len(FIELD.sub("", text))


def pattern(text):
    """The regular expression that finished sentences of this template match."""
    parts, names = FIELD.split(text)[::2], FIELD.split(text)[1::2]
    groups, seen = [], set()
    for name in names:
        groups.append(f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
        seen.add(name)
    literals = map(re.escape, parts)
    return re.compile(next(literals) + "".join(g + l for g, l in zip(groups, literals)), re.DOTALL)
