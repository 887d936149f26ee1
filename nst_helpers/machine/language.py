"""The reader's language, and the package's words in it.

The code and what it raises are in English. A front end hands a finished sentence to `translated`,
which finds the English template that it was made from, in data/words_ko.json, and fills the values
into the template's translation. tools/translate.py writes that file.
"""

import contextlib
import functools
import itertools
import json
import os
import re
from importlib.resources import files
from pathlib import Path

FIELD = re.compile(r"\{(\w+)\}")
BETWEEN_SENTENCES = re.compile(r"(?<=[.?!]) ")
FOLDERS = ("notebooks", "exercises")  # a language has a folder of its own in each


def language():
    """The reader's language, such as "ko": English unless there are words in another one.

    The first of these that says something: the environment variable NST_LANGUAGE; the folder of the
    notebook that runs this, such as notebooks/ko; the locale.
    """
    chosen = os.environ.get("NST_LANGUAGE") or _of_the_notebook() or _of_the_locale()
    return chosen if _is_known(chosen) else "en"


def translated(text):
    """A finished sentence in the reader's language; as it is where that has no words for it."""
    phrases = _phrasebook(language())
    return text if phrases is None else phrases.translate(text)


def _of_the_notebook():
    """The language of the notebook's folder: Jupyter names its path, and runs the kernel in it."""
    folders = [Path(os.environ.get("JPY_SESSION_NAME", "")).parent]
    with contextlib.suppress(OSError):  # a folder that was removed
        folders.append(Path.cwd())
    pairs = itertools.chain(*(itertools.pairwise(folder.parts) for folder in folders))
    names = (name for above, name in pairs if above in FOLDERS and _is_known(name))
    return next(names, None)


def _of_the_locale():
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    name = next(filter(None, map(os.environ.get, names)), "")
    return re.split(r"[_.@]", name)[0] or "en"


@functools.cache
def _is_known(name):
    return re.fullmatch("[a-z]{2,3}", name) is not None and _words_file(name).is_file()


def _words_file(name):
    return files("nst_helpers").joinpath("data", f"words_{name}.json")


@functools.cache
def _phrasebook(name):
    if name == "en":
        return None
    return Phrasebook(json.loads(_words_file(name).read_text(encoding="utf-8")))


class Phrasebook:
    """Sentences and their translations, both with fields in braces.

    Args:
        translations: From each English sentence, such as "{name} is empty.", to its translation.
    """

    def __init__(self, translations):
        self._whole = {text: words for text, words in translations.items() if not has_fields(text)}
        longest_first = sorted(filter(has_fields, translations), key=literal_length, reverse=True)
        self._templates = [(pattern(text), translations[text]) for text in longest_first]

    def translate(self, text):
        """A text of one sentence, of several, or of lines; what isn't known stays English."""
        if found := self.find(text):
            return found
        if "\n" in text:
            return "\n".join(map(self.translate, text.split("\n")))
        sentences = [self.find(sentence) for sentence in BETWEEN_SENTENCES.split(text)]
        return " ".join(sentences) if all(sentences) else text

    def find(self, text):
        """The translation of a finished sentence or word; None without one."""
        if text in self._whole:
            return self._whole[text]
        for template, words in self._templates:
            if found := template.fullmatch(text):
                return self._filled(words, found.groupdict())
        return None

    def _filled(self, words, fields):
        return FIELD.sub(lambda name: self._value(fields[name[1]]), words)

    def _value(self, value):
        """A phrase in a field is translated too; a single word is a name, and stays."""
        phrase = value.strip()
        if " " not in phrase:
            return value
        return value.replace(phrase, self.find(phrase) or phrase)


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
