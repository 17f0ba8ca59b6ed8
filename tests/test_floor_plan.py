"""The floor plan of lmkit: which room imports which, and how modules are kept.

What may be imported is said in one place, the drawing in the book: a new import between rooms changes it, and whoever
wants that import draws the plan anew, where everybody sees the change.
"""

import ast
import xml.etree.ElementTree as ET
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

from tests import extensions

ROOT = Path(__file__).parents[1]
LONGEST = 350  # lines
EMPTY_NAMES = {"utils", "helpers", "misc", "common"}
MOST_ROOMS = 21
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def plans():
    """The script that draws the plan."""
    return extensions.load("floor_plan")


@pytest.fixture(scope="module")
def modules(plans) -> list[Path]:
    return plans.modules()


def source(plans, module: Path) -> str:
    return (plans.PACKAGE / module).read_text(encoding="utf-8")


def test_the_drawing_shows_what_lmkit_imports(plans):
    drawn = plans.DRAWING.read_text(encoding="utf-8")
    rule = "the book's drawing must show the imports between rooms, but the code has others"
    assert drawn == plans.drawing(), f"{rule}; take a new import back, or run `make floor-plan` and read the change"


def test_the_drawing_can_be_taken_in(plans):
    assert 2 < len(plans.floor_plan()) <= MOST_ROOMS, "too many rooms to draw: make one of two that change together"


def test_rooms_import_one_another_in_no_circle(plans):
    try:
        plans.reach(plans.floor_plan())
    except CycleError as error:
        pytest.fail(f"rooms import one another in a circle: {' → '.join(error.args[1])}")


def test_modules_import_one_another_in_no_circle(plans, modules):
    try:
        TopologicalSorter({module: set(plans.imported_modules(module)) for module in modules}).prepare()
    except CycleError as error:
        pytest.fail(f"modules import one another in a circle: {' ← '.join(map(str, error.args[1]))}")


def test_nothing_of_the_package_imports_commands_or_labs(plans):
    """They are the ways in; everything else works without them."""
    users = {room for room, used in plans.floor_plan().items() if used & {"commands", "widgets/labs", "widgets/cards"}}
    assert not users, f"{', '.join(sorted(users))} must not import commands, labs or cards: move what they share down"


def test_labs_import_no_other_lab(plans, modules):
    files = {module: list(plans.imported_modules(module)) for module in modules} | plans.scripts()
    labs = {file: file.parts[2] for file in files if file.parts[:2] == ("widgets", "labs") and len(file.parts) > 3}
    wrong = [(str(f), str(other)) for f in labs for other in files[f] if labs.get(other, labs[f]) != labs[f]]
    assert labs and not wrong, f"what two labs share belongs in widgets/base or widgets/runtime: {wrong}"


# --- the script that reads and draws ------------------------------------------------------------------------------


@pytest.fixture
def small(tmp_path) -> Path:
    """A package with a hall, a folder, modules, and scripts."""
    for name, text in {
        "__init__.py": "",
        "__main__.py": "from lmkit import plots",
        "text.py": "",
        "rnn.py": "",
        "models.py": "",
        "plots/__init__.py": "",
        "plots/bars.py": "import lmkit.text\nfrom lmkit import rnn\nif 1:\n from . import x\n from .. import models",
        "plots/x.py": "",
        "widgets/__init__.py": "from lmkit.widgets.base import view",
        "widgets/base/view.py": "from lmkit.plots.bars import color",
        "widgets/base/view.js": "export const view = 1;\n",
        "widgets/labs/__init__.py": "",
        "widgets/labs/one/lab.py": "",
        "widgets/labs/one/view.js": 'import { view } from "../../base/view.js";\nexport default view;\n',
        "tour.py": "from lmkit import widgets",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_imports_are_seen_in_every_form(plans, small):
    module = Path("plots/bars.py")
    assert sorted(plans.imports(module, small)) == [["models"], ["plots", "x"], ["rnn"], ["text"]]
    found = {path.as_posix() for path in plans.imported_modules(module, small)}
    assert found == {"text.py", "rnn.py", "models.py", "plots/x.py"}


def test_rooms_are_found_by_folder_and_file(plans, small):
    assert plans.floor_plan(small) == {
        "text": set(),
        "rnn": set(),
        "models": set(),
        "plots": {"text", "rnn", "models"},
        "widgets/base": {"plots"},
        "widgets/labs": {"widgets/base"},  # a script says so
        "tour": {"widgets/base", "widgets/labs"},
    }


def test_a_floor_stands_on_lower_ones_only(plans):
    plan = plans.floor_plan()
    floor = {room: number for number, rooms in enumerate(plans.floors(plan)) for room in rooms}
    assert set(floor) == set(plan)
    assert all(floor[room] < floor[other] for room in plan for other in plan[room])


def test_left_out_arrows_are_said_by_others(plans):
    """The definition of a transitive reduction: the same is reached, and without any one arrow it is not."""
    plan = plans.floor_plan()
    kept = plans.reduced(plan)
    assert plans.reach(kept) == plans.reach(plan)
    for room, others in kept.items():
        for other in others:
            assert other not in plans.reach(kept | {room: others - {other}})[room]


def test_the_drawing_has_every_room_once_and_nothing_overlaps(plans):
    root = ET.fromstring(plans.drawing())
    names = [text.text for text in root.iter(f"{SVG}text") if not text.text.endswith("/")]
    assert sorted(names) == sorted(room.rpartition("/")[2] for room in plans.floor_plan())
    boxes = [tuple(float(rect.get(key)) for key in ("y", "x", "width")) for rect in root.iter(f"{SVG}rect")]
    assert all(y != y2 or x + width <= x2 for (y, x, width), (y2, x2, _) in pairwise(sorted(boxes)))
    width = float(root.get("viewBox").split()[2])
    assert width <= 800 and all(0 <= x and x + size <= width for _, x, size in boxes)
    arrows = [path for path in root.iter(f"{SVG}path") if "C" in path.get("d")]
    assert len(arrows) == sum(map(len, plans.reduced(plans.floor_plan()).values()))
    assert all(room in root.find(f"{SVG}desc").text for room in plans.floor_plan())


def test_the_drawing_is_compared_with_the_code(plans, tmp_path, monkeypatch):
    monkeypatch.setattr(plans, "DRAWING", tmp_path / "plan.svg")
    with pytest.raises(SystemExit, match="make floor-plan"):
        plans.main(["--check"])
    plans.main([])
    plans.main(["--check"])


# --- how modules are kept -------------------------------------------------------------------------------------------


def test_modules_have_no_star_imports(plans, modules):
    nodes = [(module, node) for module in modules for node in ast.walk(ast.parse(source(plans, module)))]
    froms = [(module, node) for module, node in nodes if isinstance(node, ast.ImportFrom)]
    stars = [str(module) for module, node in froms if any(alias.name == "*" for alias in node.names)]
    assert not stars, f"name what is imported in {', '.join(stars)}"


def test_modules_can_be_read_in_one_sitting(plans, modules):
    lines = {str(module): len(source(plans, module).splitlines()) for module in modules}
    long = {module: count for module, count in lines.items() if count > LONGEST}
    assert not long, f"divide modules of more than {LONGEST} lines: {long}"


def test_modules_are_named_for_what_they_hold(modules):
    empty = [str(module) for module in modules if {part.removesuffix(".py") for part in module.parts} & EMPTY_NAMES]
    assert not empty, f"give these modules names that say what they hold: {', '.join(empty)}"
