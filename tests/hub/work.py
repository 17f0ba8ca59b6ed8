"""What each student of the class does, and whether all came out as it should."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import nbformat
import psutil

from tests import extensions
from tests.documents import ROOT
from tests.hub.running import Hub
from tests.hub.student import Student


@dataclass(frozen=True)
class Task:
    """What to run: a chapter, or its first cells of code."""

    chapter: str = "sampling"
    cells: int | None = None

    @property
    def place(self) -> str:
        return f"book/{self.chapter}.ipynb"


def work(student: Student, task: Task) -> None:
    """Log in, start a server, run the chapter under one's name, and save it."""
    student.log_in()
    student.start_server()
    notebook = student.open(task.place)
    notebook.metadata["student"] = student.name
    student.run(notebook, task.cells)
    student.save(task.place, notebook)


def at_once(students: Sequence[Student], task: Task) -> float:
    """Have students work at the same time; return after how many seconds the last one has saved."""
    began = time.monotonic()
    with ThreadPoolExecutor(len(students)) as pool:
        list(pool.map(lambda student: work(student, task), students))
    return time.monotonic() - began


@contextmanager
def taken() -> Iterator[list[int]]:
    """Yield a list that gets, at the end, the bytes that the whole machine had less to give at the worst moment."""
    before = least = psutil.virtual_memory().available
    done, worst = threading.Event(), []

    def watch():
        nonlocal least
        while not done.wait(0.2):
            least = min(least, psutil.virtual_memory().available)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield worst
    finally:
        done.set()
        watcher.join()
        worst.append(before - least)


def said(notebook: nbformat.NotebookNode, cells: int | None) -> list[list[str]]:
    """What the first code cells have put out, as text; of pictures, and of cells that may differ, only the kind.

    What stands on standard error is left out: a student's first figure may say there that fonts are looked for.
    """
    notebook = extensions.load("run_chapters").normalized(nbformat.from_dict(notebook))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [
        [shown(output, cell.metadata.get("tags", ())) for output in cell.outputs if output.get("name") != "stderr"]
        for cell in code[:cells]
    ]


def shown(output: nbformat.NotebookNode, tags: Sequence[str]) -> str:
    if "nbval-ignore-output" in tags:
        return output.output_type
    if output.output_type == "stream":
        return output.text
    if any(kind.startswith("image/") for kind in output.data):
        return "an image"
    return output.data.get("text/plain", " ".join(sorted(output.data)))


def faults(hub: Hub, student: Student, task: Task) -> list[str]:
    """Return what is wrong with a student's work: on the server, on the disk, and beside the book's own."""
    served = student.read(task.place)
    stored = nbformat.read(hub.folder / "homes" / student.name / task.place, as_version=4)
    ours = said(nbformat.read(ROOT / task.place, as_version=4), task.cells)
    wrong = [] if any(ours) else ["the chapter puts nothing out"]
    for place, notebook in {"served": served, "on the disk": stored}.items():
        if notebook.metadata.get("student") != student.name:
            wrong.append(f"{student.name}'s notebook {place} is {notebook.metadata.get('student')}'s")
        theirs = said(notebook, task.cells)
        different = [number for number, pair in enumerate(zip(theirs, ours, strict=True), 1) if pair[0] != pair[1]]
        if different:
            first = different[0] - 1
            shows = f"{theirs[first]}, but the book shows {ours[first]}"
            wrong.append(f"{student.name}'s notebook {place}, cell of code {first + 1}: {shows}"[:1000])
    return wrong
