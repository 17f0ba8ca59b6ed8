"""The floor plan of lmkit: which room may import which, and how modules are kept."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lmkit"
MODULES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))

ROOMS = {
    "": set(),
    "text": set(),
    "datasets": {"text"},
    "dropout": set(),
    "attention": set(),
    "rnn": {"dropout"},
    "models": {"rnn", "dropout"},
    "seq2seq": {"rnn", "attention"},
    "training": {"text", "plots"},
    "decoding": set(),
    "metrics": {"text", "datasets"},
    "gradients": set(),
    "probing": set(),
    "counting": {"text"},
    "plots": set(),
    "runs": set(),
    "pretrained": {"models", "seq2seq", "text"},
    # datasets: texts and the grammar; rnn and gradients: what the page must reproduce
    "widgets": {"text", "counting", "decoding", "plots", "pretrained", "datasets", "rnn", "gradients", "runs", "study"},
    "study": {"plots"},
}
ROOMS["recipes"] = set(ROOMS) - {"", "widgets"}
ROOMS["experiments"] = set(ROOMS) - {"", "widgets", "recipes"}
ROOMS["commands"] = set(ROOMS) - {"", "widgets"}
ROOMS["__main__"] = set(ROOMS) - {""}


def room_of(module):
    """The first part of a module's path: datasets/stories.py is in datasets, lmkit/__init__.py in no room."""
    first = module.parts[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imports(module):
    """The lmkit modules that a module imports, wherever it does so, as lists of name parts."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    package = ["lmkit", *module.parts[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            names = [".".join([*start, *filter(None, [node.module]), alias.name]) for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1:] for name in names if name.split(".")[0] == "lmkit")


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_imports_only_what_its_room_may(module):
    room = room_of(module)
    assert room in ROOMS, f"give {room} its place in the floor plan"
    reached = {parts[0] if parts else "" for parts in imports(module)}
    assert reached - {room} <= ROOMS[room]


def test_floor_plan_has_no_way_back():
    """Rooms can be put in an order in which each imports only earlier ones."""
    ordered = set()
    while free := {room for room, may in ROOMS.items() if room not in ordered and may <= ordered}:
        ordered |= free
    assert ordered == set(ROOMS)


def test_imports_are_seen_in_every_form(tmp_path, monkeypatch):
    source = ["import lmkit.text, torch", "from lmkit import rnn", "from .. import models", "if 1:", " from . import x"]
    (tmp_path / "plots").mkdir()
    (tmp_path / "plots" / "bars.py").write_text("\n".join(source))
    monkeypatch.setattr("tests.test_floor_plan.PACKAGE", tmp_path)
    assert sorted(imports(Path("plots/bars.py"))) == [["models"], ["plots", "x"], ["rnn"], ["text"]]


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_has_no_star_imports(module):
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    stars = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and any(a.name == "*" for a in n.names)]
    assert not stars


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_can_be_read_in_one_sitting(module):
    assert len((PACKAGE / module).read_text(encoding="utf-8").splitlines()) <= 350


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_module_is_named_for_what_it_holds(module):
    assert not {part.removesuffix(".py") for part in module.parts} & {"utils", "helpers", "misc", "common"}
