"""The floor plan of lmkit: which room may import which, and how modules are kept."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lmkit"
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))
LONGEST = 350  # lines
EMPTY_NAMES = {"utils", "helpers", "misc", "common"}

ROOMS = {
    "": set(),
    "text": set(),
    "datasets": {"text"},
    "dropout": set(),
    "rnn": {"dropout"},
    "models": {"rnn", "dropout"},
    "training": {"text", "plots"},
    "decoding": set(),
    "metrics": {"text", "datasets", "decoding"},
    "analysis": {"text"},
    "plots": set(),
    "runs": set(),
    "pretrained": {"models", "rnn", "decoding", "text"},
    # datasets: texts and the grammar; models, rnn and analysis: what the page must reproduce
    "widgets": {"text", "analysis", "decoding", "plots", "pretrained", "datasets", "models", "rnn", "runs", "study"},
    "study": {"plots"},
}
ROOMS["experiments"] = set(ROOMS) - {"", "widgets"}
ROOMS["commands"] = set(ROOMS) - {"", "widgets"}
ROOMS["__main__"] = set(ROOMS) - {""}


def room_of(module):
    """The first part of a module's path: datasets/stories.py is in datasets, lmkit/__init__.py in no room."""
    first = module.parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def syntax_tree(module):
    return ast.parse((PACKAGE / module).read_text(encoding="utf-8"))


def imports(module):
    """The lmkit modules that a module imports, wherever it does so, as lists of name parts."""
    package = ["lmkit", *module.parts[:-1]]
    for node in ast.walk(syntax_tree(module)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            names = [".".join([*start, *filter(None, [node.module]), alias.name]) for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1:] for name in names if name.split(".")[0] == "lmkit")


def imported_modules(module):
    """The files that a module imports, wherever it does so: `from lmkit.rnn import LSTM` means rnn/__init__.py.

    A package's `__init__` counts as imported only where something is taken from it: `from lmkit.rnn import layers`
    means rnn/layers.py.
    """
    for parts in imports(module):
        for length in range(len(parts), -1, -1):
            path = Path(*parts[:length])
            found = path.with_suffix(".py") if path.name else path, path / "__init__.py"
            if hit := next((file for file in found if (PACKAGE / file).is_file()), None):
                if hit != module:
                    yield hit
                break


def test_modules_import_only_what_their_rooms_may():
    strangers = sorted({room_of(module) for module in MODULES} - set(ROOMS))
    assert not strangers, f"give these rooms their place in the floor plan: {', '.join(strangers)}"
    wrong = {}
    for module in MODULES:
        reached = {parts[0] if parts else "" for parts in imports(module)}
        if forbidden := reached - {room_of(module)} - ROOMS[room_of(module)]:
            wrong[str(module)] = sorted(forbidden)
    assert not wrong, f"modules that import rooms which theirs may not: {wrong}"


def test_rooms_of_the_floor_plan_are_there():
    ghosts = sorted(set(ROOMS) - {room_of(module) for module in MODULES})
    assert not ghosts, f"the floor plan has rooms that lmkit has not: {', '.join(ghosts)}"


def test_floor_plan_has_no_way_back():
    """Rooms can be put in an order in which each imports only earlier ones."""
    try:
        TopologicalSorter(ROOMS).prepare()
    except CycleError as error:
        pytest.fail(f"rooms import one another in a circle: {' → '.join(error.args[1])}")


def test_modules_import_one_another_in_no_circle():
    try:
        TopologicalSorter({module: set(imported_modules(module)) for module in MODULES}).prepare()
    except CycleError as error:
        pytest.fail(f"modules import one another in a circle: {' ← '.join(map(str, error.args[1]))}")


def test_imports_are_seen_in_every_form(tmp_path, monkeypatch):
    source = ["import lmkit.text, torch", "from lmkit import rnn", "from .. import models", "if 1:", " from . import x"]
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "bars.py").write_text("\n".join(source))
    (tmp_path / "plots" / "__init__.py").touch()
    (tmp_path / "text.py").touch()
    monkeypatch.setattr("tests.test_floor_plan.PACKAGE", tmp_path)
    module = Path("plots/bars.py")
    assert sorted(imports(module)) == [["models"], ["plots", "x"], ["rnn"], ["text"]]
    assert set(imported_modules(module)) == {Path("text.py"), Path("plots/__init__.py")}


def test_modules_have_no_star_imports():
    nodes = [(module, node) for module in MODULES for node in ast.walk(syntax_tree(module))]
    froms = [(module, node) for module, node in nodes if isinstance(node, ast.ImportFrom)]
    stars = [str(module) for module, node in froms if any(alias.name == "*" for alias in node.names)]
    assert not stars, f"name what is imported in {', '.join(stars)}"


def test_modules_can_be_read_in_one_sitting():
    lines = {str(module): len((PACKAGE / module).read_text(encoding="utf-8").splitlines()) for module in MODULES}
    long = {module: count for module, count in lines.items() if count > LONGEST}
    assert not long, f"divide modules of more than {LONGEST} lines: {long}"


def test_modules_are_named_for_what_they_hold():
    empty = [str(module) for module in MODULES if {part.removesuffix(".py") for part in module.parts} & EMPTY_NAMES]
    assert not empty, f"give these modules names that say what they hold: {', '.join(empty)}"
