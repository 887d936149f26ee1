"""Reads back the Python call that a PNG keeps, without running it."""

import ast
from dataclasses import dataclass

from nst_helpers.config import TransferConfig
from nst_helpers.errors import ImageError
from nst_helpers.machine.encoding import comment_of
from nst_helpers.machine.sources import read_source
from nst_helpers.machine.wording import short
from nst_helpers.run import Run

# What comes of reading another text as a call.
NO_CALL = AttributeError, MemoryError, RecursionError, SyntaxError, TypeError, ValueError


@dataclass(frozen=True)
class Call:
    """The arguments of a `transfer`, with its pictures by name.

    Attributes:
        content: Name of a picture, or a file's.
        styles: Pairs of such a name and its share of the mix.
        recipe: Name of a recipe of `TransferConfig`.
        settings: What was changed in it, by name.
    """

    content: str
    styles: tuple
    recipe: str
    settings: dict


def load_run(path, content=None, style=None):
    """What a picture was made from, where its PNG says so, as those of the panel do.

    `nst.paint(nst.load_run("painted.png"))` makes it again. A run that went on from an earlier
    picture starts from the content image here.

    Args:
        path: The PNG: a path, a URL or its bytes.
        content, style: What to use instead of the pictures that it names. A picture that was
            uploaded is known by its file's name alone, and is looked for in the current folder.

    Returns:
        A `Run`.

    Raises:
        ImageError: If the file can't be read or doesn't say it, or a picture isn't there.
        ConfigError: If this version has no such setting.
    """
    call = read_call(path)
    config = TransferConfig.recipe(call.recipe, **call.settings)
    given = (
        call.content if content is None else content,
        list(call.styles) if style is None else style,
    )
    try:
        return Run.load(*given, config)
    except ImageError as error:
        raise ImageError(f"{error} (Or give load_run the picture: content= or style=.)") from error


def read_call(source):
    """The `Call` that a PNG keeps.

    Args:
        source: A path, a URL or the bytes of the file.

    Raises:
        ImageError: If it can't be read or keeps none.
    """
    name, data = read_source(source)
    try:
        return _parsed(comment_of(data) or "")
    except (
        AttributeError,
        MemoryError,
        RecursionError,
        SyntaxError,
        TypeError,
        ValueError,
    ) as error:
        raise ImageError(
            f"{short(name)} does not say what it was made from: only a PNG that the panel wrote, "
            "and no other program since, does."
        ) from error


def _parsed(text):
    """The `Call` from its text; nothing in it is run."""
    (transfer,) = ast.parse(text).body
    if ast.unparse(transfer.value.func) != "nst.transfer":
        raise ValueError("it is another call")
    content, style, config = transfer.value.args
    content, style = ast.literal_eval(content), ast.literal_eval(style)
    styles = tuple(style) if isinstance(style, list) else ((style, 1.0),)
    names = [content, *(name for name, _ in styles)]
    settings = {word.arg: ast.literal_eval(word.value) for word in config.keywords}
    if not all(isinstance(name, str) for name in (*names, *settings)):
        raise ValueError("a picture or a setting has no name")
    return Call(content, styles, config.func.attr, settings)
