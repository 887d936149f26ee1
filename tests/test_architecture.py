"""The plan of the house: what may import what, how long things are, and what stays private."""

import ast
import itertools
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "nst_helpers"

# From the lowest to the highest: each module imports only from those before it.
ROOMS = [
    *("errors", "version", "palette", "machine.language"),
    *(
        "machine.vgg19",
        "machine.tiling",
        "machine.notices",
        "machine.wording",
        "machine.checks",
        "machine.cache",
    ),
    *("machine.files", "machine.downloads", "machine.pictures", "machine.addresses"),
    *("machine.sources", "machine.arrays", "machine.colourspace", "machine.transparency"),
    *("machine.mending", "machine.decoding", "machine.encoding", "machine.weights"),
    *("machine.limits", "machine.backend"),
    *("config", "state", "reference", "images", "colours", "losses"),
    *("machine.convolution", "machine.curvature", "machine.memory", "machine.checkpoint"),
    *("machine.cluster", "machine.sheet", "machine.places"),
    *("network", "terms", "machine.parts", "objective", "saliency", "evaluation", "tiles"),
    *("optimizers", "loop", "run", "calls", "preparation", "training"),
    *("grid", "machine.budget", "display"),
    *("tasks.task", *(f"tasks.lesson_{number:02}" for number in range(16))),
    *("exercises", "selftest"),
    *("playground.sketches", "playground.plan", "playground.settings", "playground.status"),
    *("playground.worker", "playground.layout", "playground.choices", "playground.controls"),
    *("playground.stage", "playground.actions", "playground.panel", "playground.model"),
    *("playground.page", "playground.ballot", "grid_shell", "__main__"),
]
FRONT_ENDS = "nst_helpers.display", "nst_helpers.playground", "tqdm", "IPython", "matplotlib"
WITHOUT_TESTS_OF_THEIR_NAME = {"version"}
TESTED_WITH = {
    "__main__": "test_shell.py",
    "playground.actions": "test_panel.py",
    "grid_shell": "test_grid.py",
    "playground.choices": "test_panel.py",
    "playground.controls": "test_panel.py",
    "playground.layout": "test_panel.py",
    "playground.stage": "test_panel.py",
    "playground.status": "test_model.py",
    **{f"tasks.{path.stem}": "test_answers.py" for path in (PACKAGE / "tasks").glob("*.py")},
}
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 300, 35
TUPLES = {"_fields", "_replace", "_asdict", "_make"}  # what collections.namedtuple calls public


def files(*folders):
    return sorted(itertools.chain(*((ROOT / folder).rglob("*.py") for folder in folders)))


@cache
def tree_of(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path):
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


MODULES = {name_of(path): path for path in files("nst_helpers") if path.name != "__init__.py"}


def imports(path):
    """Full names of what a module imports, also inside functions, with the function's name."""
    inside = {
        node: function.name
        for function in ast.walk(tree_of(path))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
    }
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: write imports in full"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            yield name, inside.get(node)


def rooms(name):
    """The module of ours that an import's full name stands for."""
    parts = name.split(".")[1:]
    return [room for room in (".".join(parts), ".".join(parts[:-1])) if room in MODULES][:1]


def lines(node):
    """Lines of a function without its docstring."""
    count = node.end_lineno - node.lineno + 1
    if ast.get_docstring(node):
        count -= node.body[0].end_lineno - node.body[0].lineno + 1
    return count


def test_every_module_has_its_place():
    assert set(MODULES) - set(ROOMS) == set(), "put it where its imports allow"
    assert set(ROOMS) - set(MODULES) == set()


@pytest.mark.parametrize("module", MODULES)
def test_arrows_point_down(module):
    for name, function in imports(MODULES[module]):
        if name.split(".")[0] != "nst_helpers":
            continue
        if (module, function, name) == ("config", "for_budget", "nst_helpers"):
            continue  # a budget times a run, which knows the config
        assert rooms(name), f"{module} imports {name}: name the module that has it"
        (room,) = rooms(name)
        assert ROOMS.index(room) < ROOMS.index(module), f"{module} imports {room}"


@pytest.mark.parametrize("module", MODULES)
def test_only_front_ends_know_front_ends(module):
    if module.startswith("playground.") or module in ("__main__", "display"):
        return
    known = [name for name, _ in imports(MODULES[module]) if name.startswith(FRONT_ENDS)]
    assert not known, f"{module} imports {known}"


@pytest.mark.parametrize("module", [m for m in MODULES if m not in ("__main__", "machine.notices")])
def test_the_library_prints_nothing(module):
    calls = [node for node in ast.walk(tree_of(MODULES[module])) if isinstance(node, ast.Call)]
    prints = [call.lineno for call in calls if ast.unparse(call.func) == "print"]
    assert not prints, f"{module} prints in lines {prints}: use notices.LOG"


@pytest.mark.parametrize("module", MODULES)
def test_modules_and_functions_are_short(module):
    path = MODULES[module]
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    long = {
        f"{node.name}, line {node.lineno}": lines(node)
        for node in ast.walk(tree_of(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and lines(node) > MOST_LINES_OF_A_FUNCTION
    }
    assert not long, "lines without the docstring"


def is_private(name):
    return isinstance(name, str) and name.startswith("_") and not name.startswith("__")


def own_names(tree):
    """Private names that a file gives to its functions, classes, variables and attributes."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("self", "cls"):
            yield node.attr


def foreign_names(tree):
    """Private names of others: imported, taken from something, or patched by a string."""
    own = {*own_names(tree), *TUPLES}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.Attribute):
            found = [node.attr] if node.attr not in own else []
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("setattr", "getattr")):
            strings = [a.value for a in node.args if isinstance(a, ast.Constant)]
            found = [str(string).split(".")[-1] for string in strings[:1]]
        else:
            continue
        for name in filter(is_private, found):
            yield f"{name}, line {node.lineno}"


@pytest.mark.parametrize(
    "path",
    files("nst_helpers", "tests", "benchmarks"),
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_what_is_private_stays_private(path):
    assert not list(foreign_names(tree_of(path)))


@pytest.mark.parametrize("module", sorted(MODULES.keys() - WITHOUT_TESTS_OF_THEIR_NAME))
def test_tests_mirror_the_rooms(module):
    *folders, name = module.split(".")
    test = TESTED_WITH.get(module, f"test_{name}.py")
    assert ROOT.joinpath("tests", *folders, test).is_file()


def test_tests_have_names_of_their_own():
    """Without packages, pytest tells test files apart by their names alone."""
    names = [path.name for path in files("tests") if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))
