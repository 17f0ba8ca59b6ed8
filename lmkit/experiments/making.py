"""Experiments made: all runs of one, by several processes, each kept as soon as it is finished."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from tqdm.auto import tqdm

from lmkit.experiments import digits, english, ladder, reading, sweeps, translating, tutorials
from lmkit.files import StrPath, atomic_write, check_place
from lmkit.runs import FOLDER, Run, Runs, RunsFileError
from lmkit.training.config import check_counts

AnyRecipe = (
    sweeps.Recipe
    | translating.PairRecipe
    | english.EnglishRecipe
    | digits.DigitsRecipe
    | reading.ReadingRecipe
    | ladder.LadderRecipe
    | ladder.FastbookRecipe
)
Job = tuple[AnyRecipe, dict[str, Any], int]
EXPERIMENTS: dict[str, Callable[[], Iterator[Job]]] = {
    **sweeps.EXPERIMENTS,
    **translating.EXPERIMENTS,
    **tutorials.EXPERIMENTS,
    **english.EXPERIMENTS,
    **digits.EXPERIMENTS,
    **reading.EXPERIMENTS,
    **ladder.EXPERIMENTS,
}


def make(name: str, out: StrPath | None = None, jobs: int = 1, progress: bool = True) -> Runs:
    """Make all runs of an experiment, write them to a file and return them.

    Parameters
    ----------
    name : str
        One of `EXPERIMENTS`.
    out : path, optional
        By default the file that is shipped. Next to it, `<out>.part` keeps the runs that are finished; they are not
        made again.
    jobs : int ≥ 1
        How many runs are made at once, each by a process with one thread.
    progress : bool
        Show a progress bar.

    Raises
    ------
    ValueError
        If a file cannot be written there, or one that is there is not of runs.
    """
    if name not in EXPERIMENTS:
        raise ValueError(f"name must be one of the experiments {sorted(EXPERIMENTS)}, but it is {name!r}")
    check_counts(jobs=jobs)
    out = check_place("out", FOLDER / f"{name}.json" if out is None else out)
    if out.exists() and out.stat().st_size:
        Runs.read(out)  # a file of another kind is not replaced
    part = check_place("out", out.with_name(f"{out.name}.part"))
    wanted = {_key(*job): job for job in EXPERIMENTS[name]()}
    done = _finished(part)
    try:
        _make_missing(wanted, done, part, jobs, name if progress else None)
    except (KeyboardInterrupt, BrokenProcessPool) as error:
        kept = f"{part} keeps {len(done)} of {len(wanted)} runs, and the same command goes on from there"
        if isinstance(error, KeyboardInterrupt):
            raise KeyboardInterrupt(f"stopped; {kept}") from None
        raise OSError(f"a process was ended from outside, perhaps for want of memory; {kept}") from error
    about = next((recipe.about for recipe, _, _ in wanted.values()), "")
    runs = Runs(_card(name, about, [done[key][1] for key in wanted]), [Run(**done[key][0]) for key in wanted])
    runs.write(out)
    part.unlink()
    return runs


def _make_missing(wanted: dict[str, Job], done: dict[str, Any], part: Path, jobs: int, title: str | None) -> None:
    """Make the wanted runs that are not done, and keep each in a file as soon as it is; show a bar with a title."""
    atomic_write(part, "".join(map(_line, done.items())).encode(), "out")  # without a line that was cut short
    jobs = min(jobs, max(1, len(wanted)))
    with ProcessPoolExecutor(jobs, initializer=_end_quietly) as pool, part.open("ab") as kept:
        try:
            started = {pool.submit(_timed, job): key for key, job in wanted.items() if key not in done}
            for finished in tqdm(as_completed(started), total=len(started), desc=title, disable=title is None):
                key = started[finished]
                done[key] = finished.result()
                kept.write(_line((key, done[key])).encode())
                kept.flush()
                os.fsync(kept.fileno())
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)  # those that have not begun never will
            raise


def _end_quietly() -> None:
    """Let Ctrl-C end a process of the pool without a word; the main one tells what is kept."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _line(done: tuple[str, Any]) -> str:
    return json.dumps([done[0], *done[1]]) + "\n"


def _key(recipe: AnyRecipe, settings: dict[str, Any], seed: int) -> str:
    return json.dumps([asdict(recipe), settings, seed], sort_keys=True)


def _timed(job: Job) -> tuple[dict[str, Any], float]:
    recipe, settings, seed = job
    start = time.process_time()
    return asdict(recipe.run(seed, settings)), time.process_time() - start


def _finished(part: Path) -> dict[str, tuple[dict[str, Any], float]]:
    """Return the runs that a broken-off experiment has left; a last line that was cut short counts as not run.

    Raises
    ------
    RunsFileError
        If the file is something else, which is not to be lost.
    """
    done, lines = {}, part.read_bytes().splitlines(keepends=True) if part.exists() else []
    for place, line in enumerate(lines):
        try:
            key, run, seconds = json.loads(line)
            done[key] = run, seconds
        except (ValueError, TypeError) as error:
            if place < len(lines) - 1 or line.endswith(b"\n"):
                rule = f"{part} must keep the runs of an experiment, but its line {place + 1} is none"
                raise RunsFileError(f"{rule}; move it away, or give another out") from error
    return done


def _card(name: str, about: str, seconds: list[float]) -> dict[str, Any]:
    return {
        "title": " ".join((EXPERIMENTS[name].__doc__ or "").split()),
        "data": about,
        "command": f"python -m lmkit experiment {name}",
        "runs": len(seconds),
        "minutes": round(sum(seconds) / 60, 1),
        "torch": torch.__version__.partition("+")[0],
    }
