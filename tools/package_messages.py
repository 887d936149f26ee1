"""The package's English messages, taken out of its syntax trees.

A message is a string with a space between its words, or a formatted string, whose values become
fields in braces. It stays as it is in the code: `nst_helpers.machine.language` finds the
translation of the finished sentence. Labels of one word can't be told from names: `WORDS` has them.
"""

import ast
import re

# What is for programs, and what pictures and Python's own help show, stays English.
ENGLISH_FILES = {"cluster.py", "colourspace.py", "display.py", "sheet.py", "state.py"}
ENGLISH_CALLS = {"add", "_Parser", "notes.append"}
SHELL = {"__main__.py", "grid_shell.py"}  # what stands outside of their functions is help
NOT_WORDS = re.compile(
    r"[<\\#]|%[(s]|class=|href=|\A[A-Z]\w+[(/]|\A\{name\}\(|\Apython -m|\Anst_helpers:"
)
# fmt: off
WORDS = (
    "Right.", "Run", "Stop", "Undo", "Download", "Save", "Upload", "Compare", "Pictures",
    "Presets", "Smooth", "content", "style", "second style", "total variation", "total", "mix",
    "recipe", "strength", "pooling", "size", "iterations", "none", "noise", "off", "left", "right",
    "ready", "waiting", "running", "finished", "stopped", "failed", "memory", "widgets",
    "thumbnail",
)
# fmt: on


def package_messages(folder):
    """The messages of all modules in a folder, in their order, each with the module's path."""
    found = {word: "" for word in WORDS}
    for path in sorted(folder.rglob("*.py")):
        if path.name not in ENGLISH_FILES:
            place = path.relative_to(folder.parent).as_posix()
            for text in module_messages(ast.parse(path.read_text("utf-8")), path.name in SHELL):
                found.setdefault(text, place)
    return found


def module_messages(tree, shell=False):
    if shell:
        body = [node for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))]
        tree = ast.Module(body, [])
    yield from filter(is_message, map(str.strip, strings(tree)))


def strings(node):
    """Strings and templates below a node of the tree, without docstrings."""
    if isinstance(node, ast.Call) and called(node) in ENGLISH_CALLS:
        return
    if isinstance(node, ast.JoinedStr):
        yield template(node)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    for child in ast.iter_child_nodes(node):
        is_literal = isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)
        if not (is_literal or is_docstring(child)):
            yield from strings(child)


def called(call):
    return ast.unparse(call.func)


def is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def template(joined):
    """A formatted string with named fields in the place of its values."""
    parts, names = [], {}
    for value in joined.values:
        if isinstance(value, ast.Constant):
            parts.append(value.value)
        else:
            parts.append("{" + names.setdefault(ast.unparse(value), new_name(value, names)) + "}")
    return "".join(parts)


def new_name(value, names):
    """A field's name: the last one in its expression, with a number where it is taken."""
    words = re.findall(r"_*[A-Za-z]\w*", ast.unparse(value.value))
    name = [word for word in words if word not in ("join", "replace")][-1].strip("_").lower()
    taken = [each.rstrip("0123456789") for each in names.values()].count(name)
    return f"{name}{taken + 1}" if taken else name


def is_message(text):
    words = re.sub(r"\{\w+\}", "0", text)
    return " " in words.strip() and re.search("[A-Za-z]{3}", words) and not NOT_WORDS.search(text)
