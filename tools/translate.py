"""Keeps the catalogues in translations/ in step with the English.

python tools/translate.py                   every catalogue; says what is still to translate
python tools/translate.py --check FILE.po   what is wrong in one catalogue

A folder of translations/ is a language, such as ko. Its catalogues are gettext's: a message for
each paragraph of a lesson, a page or an exercise. A message whose English has changed comes back
as fuzzy, with its old translation.
"""

import io
import re
import runpy
import sys
from pathlib import Path

import nbformat
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from nst_helpers.machine.language import Phrasebook

ROOT = Path(__file__).resolve().parents[1]
TRANSLATIONS = ROOT / "translations"
LINKS = runpy.run_path(str(ROOT / "tools" / "link_lessons.py"))
EXERCISES = runpy.run_path(str(ROOT / "tools" / "make_exercises.py"))
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


def languages():
    return sorted(path.name for path in TRANSLATIONS.iterdir() if path.is_dir())


def messages(text):
    """The pieces of a text in Markdown that have words."""
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
    for key in [key for key, message in catalogue.obsolete.items() if not message.string]:
        del catalogue.obsolete[key]
    for message in catalogue:
        message.flags &= {"fuzzy"}  # what Babel guesses of a message's format is no use here
    data = io.BytesIO()
    write_po(data, catalogue, width=0, omit_header=True, include_lineno=False)
    return HEADER.format(language).encode() + data.getvalue()


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
            found = CHECKS["problems"](message.id, message.string, has_fields)
            found += CHECKS["style_problems"](message.string) if language == "ko" else []
        lines += [f"{message.id[:60]!r} {what}" for what in found]
    return lines


def update(language):
    for place, english in sources().items():
        path = TRANSLATIONS / language / place
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(updated(path, language, english))


def main(arguments):
    if arguments[:1] == ["--check"] and len(arguments) == 2:
        lines = check(Path(arguments[1]))
        print(*lines, f"{len(lines)} to mend", sep="\n")
        sys.exit(bool(lines))
    for language in languages():
        update(language)


if __name__ == "__main__":
    main(sys.argv[1:])
