"""Keeps the catalogues in translations/ in step with the English.

python tools/translate.py                   updates the catalogues, builds the notebooks and pages
                                            from them, and says what is still to translate
python tools/translate.py --check FILE.po … what is wrong in catalogues

A folder of translations/ is a language, such as ko. Its catalogues are gettext's: a message for
each paragraph of a lesson, a page or an exercise. A message whose English has changed comes back
as fuzzy, with its old translation. What is not translated is built in English.
"""

import functools
import io
import json
import os
import re
import runpy
import sys
from pathlib import Path

import nbformat
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from nst_helpers.machine.language import Phrasebook

ROOT = Path(__file__).resolve().parents[1]
LINKS = runpy.run_path(str(ROOT / "tools" / "link_lessons.py"))
EXERCISES = runpy.run_path(str(ROOT / "tools" / "make_exercises.py"))
TRANSLATIONS = LINKS["TRANSLATIONS"]
PACKAGE = runpy.run_path(str(ROOT / "tools" / "package_messages.py"))
CHECKS = runpy.run_path(str(ROOT / "tools" / "translation_checks.py"))
PAGES = ROOT / "README.md", ROOT / "docs" / "for_instructors.md", ROOT / "app" / "playground.ipynb"
HEADER = 'msgid ""\nmsgstr ""\n"Language: {}\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'
# What stands between two messages: code, the marks of headings and lists, line ends.
BETWEEN = re.compile(
    r"""(
    \s* ^[ ]* ```.*?^[ ]*```[ ]*$ \s*
    | \s* ^[ ]* (?: \#+ | [-*] | \d+\. ) [ ]+
    | \n (?= [<|] | \*\* | !\[ | \[!\[ )
    | \n{2,}
    | \s* \Z
    )""",
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
LINK = re.compile(r"\]\((?!\w+:|#)([^)#\s]+)")  # to a file of ours
ADDRESS = re.compile(r"((?:blob/main|lab/tree)/)([\w./-]+)")  # of a file of ours, on the web
NOT_WORDS = re.compile(
    r"""
    <[^>]*>
    | \[!\[ [^\]]* \] \( [^)]* \) \] \( [^)]* \)
    | \] \( [^)]* \)
    | ` [^`]* `
    | \$\$ (?: (?! \\text ) . )*? \$\$
    """,
    re.DOTALL | re.VERBOSE,
)


def messages(text):
    """The pieces of a text in Markdown that have words, but for the links to other languages."""
    text = LINKS["LANGUAGES"].sub("", text)
    return [piece for piece in BETWEEN.split(text)[::2] if re.search("[A-Za-z]", words_of(piece))]


def words_of(piece):
    return NOT_WORDS.sub("", piece)


def texts_of(path):
    """The texts of a page or of a notebook's cells."""
    if path.suffix == ".md":
        return [path.read_text("utf-8")]
    return [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]


def lesson_messages():
    """What the tools write into lessons, exercises and pages."""
    lessons = LINKS["read_lessons"]()
    words = [lesson.get(key) for key in ("title", "you_will", "mirrors") for lesson in lessons]
    return [*filter(None, words), *LINKS["TEMPLATES"], *EXERCISES["TEMPLATES"]]


def sources():
    """From the place of each catalogue in a language's folder to its English messages.

    Each message has the module that it comes from, or none.
    """
    shared = lesson_messages()
    known = Phrasebook({text: text for text in shared})
    found = {"lessons.po": shared}
    for place, path in files().items():
        pieces = [piece for text in texts_of(path) for piece in messages(text)]
        found[place] = [piece for piece in pieces if known.find(piece) is None]
    found = {place: dict.fromkeys(texts, "") for place, texts in found.items()}
    return found | {"nst_helpers.po": PACKAGE["package_messages"](ROOT / "nst_helpers")}


def files():
    """From the place of each catalogue of a text to the file that the text stands in."""
    folders = {"notebooks": LINKS["NOTEBOOKS"], "exercises": EXERCISES["MASTERS"]}
    found = {
        f"{name}/{path.stem}.po": path
        for name, folder in folders.items()
        for path in sorted(folder.glob("*.ipynb"))
    }
    return found | {f"pages/{path.stem}.po": path for path in PAGES}


def read_catalogue(path, language):
    with path.open("rb") as file:
        return read_po(file, locale=language)


def updated(path, language, english):
    """The catalogue with the messages of today, as bytes; it keeps every translation that fits."""
    template = Catalog(locale=language)
    for text, place in english.items():
        template.add(text, locations=[(place, None)] if place else ())
    catalogue = read_catalogue(path, language) if path.exists() else Catalog(locale=language)
    catalogue.update(template)
    for message in catalogue:
        message.flags &= {"fuzzy"}  # what Babel guesses of a message's format is no use here
    data = io.BytesIO()
    write_po(data, catalogue, width=0, omit_header=True, include_lineno=False, ignore_obsolete=True)
    return HEADER.format(language).encode() + data.getvalue()


def translations(path, language):
    """From English messages to what is translated in a catalogue."""
    if not path.exists():
        return {}
    done = [message for message in read_catalogue(path, language) if message.id]
    return {each.id: each.string for each in done if each.string and not each.fuzzy}


def built(language):
    """The notebooks and pages of a language: texts by their paths."""
    folder = TRANSLATIONS / language
    shared = Phrasebook(translations(folder / "lessons.po", language))
    editions = {}
    for place, path in files().items():
        own = translations(folder / place, language)
        for source in editions_of(path):
            text = Text(
                source, language, lambda words, own=own: own.get(words) or shared.find(words)
            )
            editions[LINKS["edition"](source, language)] = text.built()
    words = translations(folder / "nst_helpers.po", language)
    return editions | {words_file(language): json.dumps(words, ensure_ascii=False, indent=1) + "\n"}


def words_file(language):
    """What the package reads: its own words in a language."""
    return ROOT / "nst_helpers" / "data" / f"words_{language}.json"


def editions_of(path):
    """The English files with the messages of one: a master's are in both editions of exercises."""
    if path.parent != EXERCISES["MASTERS"]:
        return [path]
    return [EXERCISES["EXERCISES"] / path.name, EXERCISES["EXERCISES"] / "instructor" / path.name]


class Text:
    """A page or a notebook on its way to a language.

    Args:
        source: Path of the English file.
        language: Such as "ko".
        find: From a message to its translation, or None.
    """

    def __init__(self, source, language, find):
        self._source, self._language, self._find = source, language, find

    def built(self):
        if self._source.suffix == ".md":
            return self._translated(self._source.read_text("utf-8"))
        notebook = nbformat.read(self._source, 4)
        for cell in notebook.cells:
            if cell.cell_type == "markdown":
                cell.source = self._translated(cell.source)
        return nbformat.writes(notebook) + "\n"

    def _translated(self, text):
        pieces = BETWEEN.split(text)
        pieces[::2] = [self._find(piece) or piece for piece in pieces[::2]]
        text = LINK.sub(self._link, "".join(pieces))
        text = ADDRESS.sub(lambda found: found[1] + self._place(ROOT / found[2], ROOT), text)
        return LINKS["with_switch"](text, self._source, self._language)

    def _link(self, found):
        folder = LINKS["edition"](self._source, self._language).parent
        return "](" + self._place(self._source.parent / found[1], folder)

    def _place(self, target, folder):
        """The way from a folder to a file or a folder, in this language if it is there."""
        target = Path(os.path.normpath(target))
        if any(target in (path, *path.parents) for path in translated_files()):
            target = LINKS["edition"](target, self._language)
        return Path(os.path.relpath(target, folder)).as_posix()


@functools.cache
def translated_files():
    return [source for path in files().values() for source in editions_of(path)]


def check(path):
    """Lines that say what is wrong in one catalogue."""
    language, place = path.resolve().relative_to(TRANSLATIONS).parts[0], path.name
    has_fields = place in ("lessons.po", "nst_helpers.po")
    lines = []
    for message in read_catalogue(path, language):
        if not message.id:
            continue
        if not message.string:
            found = ["is not translated"]
        elif message.fuzzy:
            found = ["is fuzzy: its English has changed"]
        else:
            found = CHECKS["problems"](message.id, message.string, language, has_fields)
        lines += [f"{path.stem}: {message.id[:60]!r} {what}" for what in found]
    return lines


def update(language):
    """Updates the catalogues, and returns lines that say how much of each is to translate."""
    lines = []
    for place, english in sources().items():
        path = TRANSLATIONS / language / place
        path.parent.mkdir(exist_ok=True)
        data = updated(path, language, english)
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)
        if rest := len(english) - len(translations(path, language)):
            lines.append(f"{path.relative_to(ROOT)}: {rest} of {len(english)} to translate")
    return lines


def main(arguments):
    if arguments[:1] == ["--check"]:
        lines = [line for name in arguments[1:] for line in check(Path(name))]
        print(*lines, f"{len(lines)} to mend", sep="\n")
        sys.exit(bool(lines))
    if arguments:
        sys.exit("usage: python tools/translate.py [--check FILE.po …]")
    for language in LINKS["languages"]()[1:]:
        for line in update(language):
            print(line)
        for path, text in built(language).items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
