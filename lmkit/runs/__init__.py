"""Shipped runs: the results of many trainings of one experiment, as small data with a card.

A chapter that trains for a minute cannot show what eight seeds of a hundred settings do. These runs were made once, by
the command on their card (`python -m lmkit experiment NAME`), and are read here.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lmkit.files import StrPath, atomic_write

FOLDER = Path(__file__).parent
BINS = 21  # of the histogram of activations, over [-1, 1]


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
