"""The floor plan of lmkit, read from the code's own imports, and its drawing in the book.

    python book/_ext/floor_plan.py            write the drawing, book/_static/floor_plan.svg
    python book/_ext/floor_plan.py --check    compare it with the code; exit 1 where they differ

A room is a module or a folder of lmkit. A folder of lmkit that holds nothing but folders, such as `widgets`, is a hall:
each of its folders is a room. `__init__.py` of the package and of halls, `__main__.py`, and `sphinx.py`, which Sphinx
knows by this name, are doors and belong to no room. Python's imports are read by `ast`, those of scripts by the bundler
that joins them.
"""

import argparse
import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath

import floor_plan_drawing

from lmkit.files import write_changed
from lmkit.widgets.base import bundle

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "lmkit" if (ROOT / "lmkit").is_dir() else bundle.WIDGETS.parent  # in a test of the wheel: its own
DRAWING = ROOT / "book" / "_static" / "floor_plan.svg"
DOORS = {"__init__.py", "__main__.py", "sphinx.py"}
SCRIPTS = "widgets"  # the folder from which scripts give their paths

Plan = dict[str, set[str]]  # each room, and those that it imports


def modules(package: Path = PACKAGE) -> list[Path]:
    """Return the paths of all Python modules, from the package's folder."""
    return sorted(path.relative_to(package) for path in package.rglob("*.py"))


def is_hall(folder: Path) -> bool:
    """Tell whether a folder holds rooms, and nothing beside them."""
    parts = [path for path in folder.iterdir() if path.is_dir() and any(path.rglob("*.py"))]
    return bool(parts) and not {path.name for path in folder.glob("*.py")} - DOORS


def room_of(module: Path, package: Path = PACKAGE) -> str | None:
    """Return the room in which a module or script lies, such as `text` or `widgets/base`; None for a door."""
    first = package / module.parts[0]
    depth = 2 if first.is_dir() and is_hall(first) else 1
    if depth == len(module.parts) and module.name in DOORS:
        return None
    return PurePosixPath(*module.parts[:depth]).with_suffix("").as_posix()


def imports(module: Path, package: Path = PACKAGE) -> Iterator[list[str]]:
    """Return what a Python module imports of lmkit, wherever it does so, as lists of name parts."""
    inside = ["lmkit", *module.parts[:-1]]
    for node in ast.walk(ast.parse((package / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = inside[: len(inside) - node.level + 1] if node.level else []
            names = [".".join([*start, *filter(None, [node.module]), alias.name]) for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1:] for name in names if name.split(".")[0] == "lmkit")


def imported_modules(module: Path, package: Path = PACKAGE) -> Iterator[Path]:
    """Return the files that a Python module imports: `from lmkit.rnn import LSTM` means rnn/__init__.py.

    A package's `__init__` counts as imported only where something is taken from it: `from lmkit.rnn import layers`
    means rnn/layers.py.
    """
    for parts in imports(module, package):
        for length in range(len(parts), -1, -1):
            path = Path(*parts[:length])
            files = (path.with_suffix(".py") if path.name else path, path / "__init__.py")
            if found := next((file for file in files if (package / file).is_file()), None):
                if found != module:
                    yield found
                break


def scripts(package: Path = PACKAGE) -> dict[Path, list[Path]]:
    """Return each script and those that it imports, as the bundler reads them."""
    folder = package / SCRIPTS
    paths = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*.js"))]
    found = {path: bundle.modules(path, folder)[-1].imports for path in paths}
    return {Path(SCRIPTS, path): [Path(SCRIPTS, part.path) for _, part in taken] for path, taken in found.items()}


def floor_plan(package: Path = PACKAGE) -> Plan:
    """Return every room of the package, and the rooms that it imports."""
    files = {module: list(imported_modules(module, package)) for module in modules(package)} | scripts(package)
    plan: Plan = {room: set() for file in files if (room := room_of(file, package))}
    for file, imported in files.items():
        if (room := room_of(file, package)) is not None:
            plan[room] |= {other for path in imported for other in rooms_behind(path, plan, package)} - {room}
    return plan


def rooms_behind(module: Path, plan: Plan, package: Path = PACKAGE) -> set[str]:
    """Return the room of a module; of a hall's door, all its rooms; of the package's own, none."""
    if (room := room_of(module, package)) is not None:
        return {room}
    hall = module.parent.as_posix()
    return {room for room in plan if hall != "." and room.startswith(f"{hall}/")}


def reach(plan: Plan) -> Plan:
    """Return each room and all that it imports, at first or at second hand.

    Raises
    ------
    graphlib.CycleError
        If rooms import one another in a circle.
    """
    found: Plan = {}
    for room in TopologicalSorter(plan).static_order():
        found[room] = plan[room].union(*(found[other] for other in plan[room]))
    return found


def reduced(plan: Plan) -> Plan:
    """Return the transitive reduction: leave out what a room imports at second hand as well."""
    far = reach(plan)
    return {room: direct - set().union(*(far[other] for other in direct)) for room, direct in plan.items()}


def floors(plan: Plan) -> list[list[str]]:
    """Return the rooms of each floor, the highest floor first; each room stands as high as those above it allow."""
    above: dict[str, int] = {}
    users = {room: [other for other in plan if room in plan[other]] for room in plan}
    for room in reversed(list(TopologicalSorter(plan).static_order())):
        above[room] = 1 + max((above[user] for user in users[room]), default=-1)
    return [sorted(room for room in plan if above[room] == floor) for floor in range(max(above.values()) + 1)]


def in_words(plan: Plan) -> str:
    """Return what the drawing shows, and every import that it leaves out."""
    listed = [
        f"{room} imports {', '.join(sorted(plan[room])) or 'no other room'}."
        for floor in floors(plan)
        for room in floor
    ]
    return f"The {len(plan)} rooms of lmkit on {len(floors(plan))} floors. {' '.join(listed)}"


def drawing(package: Path = PACKAGE) -> str:
    """Return the drawing of the floor plan, an SVG document."""
    plan = floor_plan(package)
    return floor_plan_drawing.svg(floors(plan), reduced(plan), "The floor plan of lmkit", in_words(plan))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where the drawing is out of date")
    options = parser.parse_args(arguments)
    drawn = drawing()
    if not options.check:
        write_changed(DRAWING, drawn.encode(), "the drawing")
    elif not DRAWING.is_file() or DRAWING.read_text(encoding="utf-8") != drawn:
        sys.exit("book/_static/floor_plan.svg does not show what lmkit imports now: run `make floor-plan`")


if __name__ == "__main__":
    main()
