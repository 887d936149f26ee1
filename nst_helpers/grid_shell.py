"""Grids from a shell: python -m nst_helpers grid --content … --style … -o SHEET.png"""

import csv
import io

from nst_helpers.config import RECIPES, TransferConfig
from nst_helpers.errors import FileError
from nst_helpers.images import check_picture_format, keep_image
from nst_helpers.machine.checks import choice
from nst_helpers.machine.files import check_writable, write_atomically

DESCRIPTION = """
Paints every content image in every style, with every mix of the settings that are given several
values, and draws all pictures into one contact sheet.
"""


def add_options(parser, settings):
    """The options of `grid`.

    Args:
        parser: An `ArgumentParser`.
        settings: For each setting of the config its option, type, and what help says of it.
    """
    add = parser.add_argument
    add("--content", nargs="+", required=True, metavar="PICTURE", help="content images")
    add("--style", nargs="+", required=True, metavar="PICTURE", help="style images")
    add("-o", "--output", metavar="SHEET.png", required=True, help="contact sheet to write")
    add("--table", metavar="OUT.csv", help="write what each run came to there")
    add("--recipe", nargs="+", default=["fast"], help=f"of {', '.join(RECIPES)} (default: fast)")
    add("--cluster", metavar="ADDRESS", help="scheduler of a Dask cluster that paints")
    for name, (option, kind, metavar, words) in settings.items():
        add(option, dest=name, nargs="+", type=kind, metavar=metavar, help=words)


def paint_grid(arguments, settings, callback):
    """Does what the arguments say, and returns the exit status: 1 where a run failed.

    Args:
        arguments: As `add_options` describes them.
        settings: As for `add_options`.
        callback: As for `grid`.
    """
    outputs = [
        check_writable(path).resolve() for path in (arguments.output, arguments.table) if path
    ]
    check_picture_format(arguments.output)
    if len(set(outputs)) < len(outputs):
        raise FileError("the contact sheet and the table need a file each.")
    configs = {
        name: TransferConfig.recipe(choice("recipe", name, RECIPES)) for name in arguments.recipe
    }
    values = {name: getattr(arguments, name) for name in settings}
    values = {name: given for name, given in values.items() if given is not None}

    from nst_helpers.grid import grid  # TensorFlow starts here, after the quick checks

    client = _client(arguments.cluster)
    found = grid(arguments.content, arguments.style, configs, client, callback, **values)
    keep_image(arguments.output, found.sheet)
    if arguments.table:
        write_atomically(arguments.table, as_csv(found.table))
    return int(any(run.error for run in found.runs))


def as_csv(table):
    """A list of dictionaries as the bytes of a CSV file; what some lack is empty there."""
    names = list(dict.fromkeys(name for row in table for name in row))
    names = [name for name in names if name != "error"] + ["error"]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue().encode()


def _client(address):
    if address is None:
        return None
    from distributed import Client

    return Client(address)
