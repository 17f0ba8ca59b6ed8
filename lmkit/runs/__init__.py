"""Shipped runs: the results of many trainings of one experiment, as small data with a card.

A chapter that trains for a minute cannot show what eight seeds of a hundred settings do. These runs were made once, by
the command on their card (`python -m lmkit experiment NAME`), and are read here.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from lmkit.files import StrPath, atomic_write

FOLDER = Path(__file__).parent
NORMAL = 1.96  # the two-sided 95 % point of the normal distribution
BINS = 21  # of the histogram of activations, over [-1, 1]
# Two-sided 95 % points of Student's t for 1, 2, 3 … degrees of freedom; beyond them the normal distribution's.
STUDENT = (
    12.706,
    4.303,
    3.182,
    2.776,
    2.571,
    2.447,
    2.365,
    2.306,
    2.262,
    2.228,
    2.201,
    2.179,
    2.160,
    2.145,
    2.131,
    2.120,
    2.110,
    2.101,
    2.093,
    2.086,
    2.080,
    2.074,
    2.069,
    2.064,
    2.060,
    2.056,
    2.052,
    2.048,
    2.045,
    2.042,
)


class RunsFileError(ValueError):
    """A file of runs is damaged or not one."""


@dataclass(frozen=True)
class Run:
    """One training.

    Attributes
    ----------
    settings : dict
        What the experiment varied.
    seed : int
    train_loss, valid_loss, valid_accuracy : lists of float
        After each epoch: the mean cross-entropy of its windows during training (nats per token, dropout and all), and
        what held-out text gave.
    measures : dict
        Of the finished model in evaluation mode: `accuracy`, `cross_entropy`, `cached_accuracy` and
        `cached_cross_entropy` on held-out text; `train_accuracy` and `train_cross_entropy`; `activation`, the root mean
        square of the last hidden states, `change`, that of their differences from step to step, `saturated`, the share
        with |h| above .9, and `histogram`, their shares in 21 equal bins over [-1, 1]; `weight`, the root mean square
        of the recurrent matrices.
    """

    settings: dict[str, Any]
    seed: int
    train_loss: list[float] = field(repr=False)
    valid_loss: list[float] = field(repr=False)
    valid_accuracy: list[float] = field(repr=False)
    measures: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Runs:
    """The runs of one experiment, and the card that tells how they were made."""

    card: dict[str, Any]
    runs: list[Run] = field(repr=False)

    def __len__(self) -> int:
        return len(self.runs)

    def where(self, **settings: Any) -> list[Run]:
        """Return the runs with these settings, in the order of their seeds."""
        found = [run for run in self.runs if all(run.settings.get(name) == value for name, value in settings.items())]
        return sorted(found, key=lambda run: run.seed)

    def values(self, measure: str, **settings: Any) -> list[float]:
        """Return one measure of the runs with these settings; raises ValueError if there are none."""
        found = self.where(**settings)
        if not found:
            raise ValueError(f"settings must be some of a run, but no run has {settings}; see Runs.all_settings()")
        return [run.measures[measure] for run in found]

    def all_settings(self) -> list[dict[str, Any]]:
        """Return the different settings, in the order in which they stand in the file."""
        return list({json.dumps(run.settings, sort_keys=True): run.settings for run in self.runs}.values())

    @classmethod
    def read(cls, path: StrPath) -> Runs:
        """Read a file of runs; raises `RunsFileError` if it is damaged or not one."""
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            return cls(content["card"], [Run(**run) for run in content["runs"]])
        except (ValueError, KeyError, TypeError) as error:
            remedy = "get it, or make it again by `python -m lmkit experiment`"
            raise RunsFileError(f"{path} cannot be read as a file of runs ({error}); {remedy}") from error

    def write(self, path: StrPath) -> None:
        """Write a file of runs, one run a line."""
        lines = ",\n".join(json.dumps(asdict(run), ensure_ascii=False, separators=(",", ":")) for run in self.runs)
        card = json.dumps(self.card, ensure_ascii=False, indent=1)
        atomic_write(path, f'{{"card": {card},\n"runs": [\n{lines}\n]}}\n'.encode(), "the file of runs")


def names() -> list[str]:
    """Return the names of the experiments whose runs are shipped with lmkit."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load(name: str) -> Runs:
    """Return the shipped runs of an experiment; raises ValueError for an unknown name."""
    if name not in names():
        raise ValueError(f"name must be one of the shipped experiments {names()}, but it is {name!r}")
    return Runs.read(FOLDER / f"{name}.json")


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean, and half the width of its 95 % interval by Student's t.

    Raises
    ------
    ValueError
        If there are fewer than two values, which say nothing about their spread.
    """
    if len(values) < 2:
        raise ValueError(f"values must be at least 2, but they are {len(values)}; run more seeds")
    freedom = len(values) - 1
    factor = STUDENT[freedom - 1] if freedom <= len(STUDENT) else NORMAL
    return fmean(values), factor * stdev(values) / math.sqrt(len(values))


def share_interval(values: Sequence[float], count: int) -> tuple[float, float, float]:
    """Return the mean of shares that seeds have reached, and the ends of its 95 % interval, within [0, 1].

    The interval is Student's over the seeds. Seeds that all agree would leave it no width; what is known then is how
    many cases each of them was tried on, and the interval is Wilson's for one share of so many.

    Parameters
    ----------
    values : sequence of float in [0, 1]
        One share for each seed.
    count : int ≥ 1
        The cases that each share is of.

    Raises
    ------
    ValueError
        If there are fewer than two values, or no cases.
    """
    mean, half = interval(values)
    if count < 1:
        raise ValueError(f"count must be at least 1, but it is {count}; give the cases that a share is of")
    middle = mean
    if not half:
        weight = NORMAL**2 / count
        middle = (mean + weight / 2) / (1 + weight)
        half = math.sqrt(weight * (mean * (1 - mean) + weight / 4)) / (1 + weight)
    return mean, max(0.0, middle - half), min(1.0, middle + half)
