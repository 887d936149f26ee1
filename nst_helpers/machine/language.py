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
                return self._filled(words, found.groupdict())
        return None

    def _filled(self, words, fields):
        return FIELD.sub(lambda name: self.find(fields[name[1]]) or fields[name[1]], words)


def has_fields(text):
    return FIELD.search(text) is not None


def literal_length(text):
    return len(FIELD.sub("", text))


def pattern(text):
    """The regular expression that the finished sentences of a template match."""
    seen = set()

    def group(name):
        again = name in seen
        seen.add(name)
        return f"(?P={name})" if again else f"(?P<{name}>.+?)"

    pieces = FIELD.split(text)  # literals, and between them the names of fields
    parts = [group(piece) if i % 2 else re.escape(piece) for i, piece in enumerate(pieces)]
    return re.compile("".join(parts), re.DOTALL)
