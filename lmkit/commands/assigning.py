"""`python -m lmkit assignment`: programming assignments as notebooks for otter-grader and nbgrader."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from lmkit.files import atomic_write, check_folder, check_place
from lmkit.study import CardError, assignments


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of this command."""
    parser.description = "Write programming assignments as notebooks for a grader, or check assignments of your own."
    parser.add_argument(
        "assignments",
        nargs="*",
        metavar="NAME",
        help=f"one of {', '.join(assignments.names())}, or a file of your own, NAME.yml; by default all of lmkit's",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="run each solution and each wrong solution against the tests; that is Python, so check only files that "
        "you trust",
    )
    parser.add_argument("--format", choices=sorted(assignments.FORMATS), help="the grader to write notebooks for")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FOLDER",
        help="with --format: the folder of the course, where NAME/NAME.ipynb (otter) or source/NAME/NAME.ipynb "
        "(nbgrader) is written; notebooks that are there are replaced",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Do what the options ask for."""
    if not (options.check or options.format):
        raise ValueError(f"one of --check and --format {{{','.join(sorted(assignments.FORMATS))}}} must be given")
    if (options.format is None) != (options.out is None):
        raise ValueError("--format and --out FOLDER must come together, but only one of them is given")
    found = _found(options.assignments or assignments.names())
    if options.check:
        _check(found)
    if options.format:
        _write(found, options.format, options.out)


def _found(given: list[str]) -> dict[str, assignments.Assignment]:
    """Return assignments by name, of lmkit or in files; raise CardError with the faults of all files."""
    found, errors = {}, []
    for text in given:
        name = Path(text).stem if text.endswith(".yml") else text
        if name in found:
            raise ValueError(f"NAME must differ from assignment to assignment, but {name!r} is given twice")
        try:
            found[name] = assignments.read_assignment(text) if text.endswith(".yml") else assignments.load(text)
        except CardError as error:
            errors.append(error)
    if errors:
        raise CardError.joined(errors)
    return found


def _check(found: dict[str, assignments.Assignment]) -> None:
    if faults := [f"{name}: {fault}" for name, one in found.items() for fault in assignments.faults(one)]:
        raise CardError(*faults)
    for name, one in found.items():
        caught = sum(len(question.wrong) for question in one.questions)
        print(f"{name:22}{len(one.questions)} questions, {one.points} points; all {caught} wrong solutions caught")


def _write(found: dict[str, assignments.Assignment], form: str, folder: Path) -> None:
    places = [check_folder("out", folder) / assignments.place(name, form) for name in found]
    for place in places:
        place.parent.mkdir(parents=True, exist_ok=True)
        check_place("out", place)
    for place, one in zip(places, found.values(), strict=True):
        content = json.dumps(assignments.notebook(one, form), indent=1, ensure_ascii=False) + "\n"
        atomic_write(place, content.encode(), "the notebook")
    tool = {"otter": f"otter assign {places[0]} dist", "nbgrader": f"nbgrader generate_assignment {places[0].stem}"}[
        form
    ]
    print("\n".join(map(str, places)))
    print(f"Make the students' version: {tool}")
