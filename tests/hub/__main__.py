"""A class at work on a real hub, and what it costs in memory: ``python -m tests.hub --students 2 4 6``.

Students join until the class has each of these sizes; those of one step begin at the same time. Each logs in, starts a
server, runs a chapter, saves it, and leaves the kernel running.
"""

from __future__ import annotations

import argparse
import os
import sys

from tests.documents import ROOT
from tests.hub.memory import MB, Measured, expected, measure
from tests.hub.python import open_folder, open_python
from tests.hub.running import Hub, running
from tests.hub.student import Student
from tests.hub.work import Task, at_once, faults, taken

HEAD = "students | all together, MB | a kernel | a server | the hub | the machine had less by | last saved after, s"


def grow(hub: Hub, sizes: list[int], task: Task) -> tuple[list[Student], list[Measured]]:
    """Let the class grow to each of the sizes; measure and print each time."""
    students, found = [], []
    print(HEAD)
    for size in sizes:
        joining = [Student(hub.address, f"student-{number}") for number in range(len(students), size)]
        with taken() as worst:
            seconds = at_once(joining, task)
        students += joining
        found.append(measure(hub))
        print(row(found[-1], worst[0], seconds), flush=True)
    return students, found


def row(found: Measured, worst: int, seconds: float) -> str:
    kernel, server = (sum(kind.values()) / found.students for kind in (found.kernels, found.servers))
    cells = [bytes / MB for bytes in (found.total, kernel, server, found.hub, worst)]
    return " | ".join([f"{found.students}", *(f"{cell:.0f}" for cell in cells), f"{seconds:.0f}"])


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.hub", description=__doc__.splitlines()[0])
    parser.add_argument("--students", type=int, nargs="+", default=[2, 4, 6], help="sizes of the class (2 4 6)")
    parser.add_argument("--for", dest="larger", type=int, default=30, help="the class to tell the memory of (30)")
    parser.add_argument("--chapter", default="sampling", help="what each runs (sampling)")
    parser.add_argument("--cells", type=int, help="how many cells of code each runs; all unless given")
    parser.add_argument("--memory", default="2G", help="of each process, as the hub takes it (2G)")
    return parser


def main(arguments: list[str] | None = None) -> None:
    parser = options()
    given = parser.parse_args(arguments)
    if given.students != sorted({*given.students}) or given.students[0] < 1:
        parser.error(f"--students must grow, from 1 or more, but are {given.students}")
    task = Task(given.chapter, given.cells)
    if not (ROOT / task.place).is_file():
        parser.error(f"--chapter must be a notebook in book/, without suffix, but is {task.chapter!r}")
    with open_folder() as folder:
        limits = ["--students", str(given.students[-1]), "--memory", given.memory]
        with running(open_python(folder), folder, *limits) as hub:
            students, found = grow(hub, given.students, task)
            wrong = [fault for student in students for fault in faults(hub, student, task)]
    if len(found) > 2:
        middle, low, high = expected(found, given.larger)
        print(f"{given.larger} students: {middle / MB:.0f} MB, {low / MB:.0f} to {high / MB:.0f} (a line, 95 %)")
    accounts = "accounts of their own" if os.geteuid() == 0 else "one account"
    sys.exit("\n".join(wrong) or print(f"All {len(students)} notebooks are whole and their owners'; {accounts}."))


if __name__ == "__main__":
    main()
