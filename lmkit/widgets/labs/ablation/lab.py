"""The ablation lab: the parts of an AWD-LSTM on and off, with the runs that were made without and with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import traitlets as T

from lmkit import runs as shipped
from lmkit.runs import Run, Runs
from lmkit.statistics import interval
from lmkit.widgets.base.checks import check, checked_texts
from lmkit.widgets.base.controls import Choice, Controls, Toggle
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.ablation import fallback

PARTS = {
    "embed": "embedding dropout",
    "input": "input dropout",
    "weight": "weight dropout",
    "hidden": "hidden dropout",
    "output": "output dropout",
    "decay": "weight decay",
    "ar": "AR",
    "tar": "TAR",
    "tied": "tied weights",
    "variable": "variable windows",
    "averaging": "averaging",
}
# What can be looked at: the curve over epochs, its name, the measure at the end, and the same with the cache.
MEASURES = {
    "accuracy": ("valid_accuracy", "Held-out accuracy", "accuracy", "cached_accuracy"),
    "loss": ("valid_loss", "Held-out loss", "cross_entropy", "cached_cross_entropy"),
    "training": ("train_loss", "Training loss", "train_cross_entropy", "train_cross_entropy"),
}
TOOLTIPS = {
    "embed": "Whole words lose their vectors for a forward pass",
    "input": "Dropout between the embedding and the first layer, one mask for all time steps",
    "weight": "DropConnect on the hidden-to-hidden weights",
    "hidden": "Dropout between the layers, one mask for all time steps",
    "output": "Dropout between the last layer and the output, one mask for all time steps",
    "decay": "Decoupled weight decay",
    "ar": "A penalty on large activations",
    "tar": "A penalty on activations that change from step to step",
    "tied": "The output layer uses the embedding's matrix",
    "variable": "Windows of random length",
    "averaging": "The average of the weights, from the non-monotone trigger on",
}
CONTROLS = Controls(
    **{part: Toggle(label[0].upper() + label[1:], TOOLTIPS[part]) for part, label in PARTS.items()},
    cache=Toggle(
        "Cache pointer", "A continuous cache pointer helps to read the held-out text; the training is the same"
    ),
    measure=Choice(
        "Show", "What the charts show", {name: label for name, (_, label, *_) in MEASURES.items()}, wide=True
    ),
)
SCALE = 10_000  # numbers travel as whole ten-thousandths
ORACLE = 0.9834  # the accuracy of who knows how to count, on the sequential split's held-out rows
# Of the runs' models; one whose output layer has a matrix of its own is a unit narrower, to stay within the budget.
VOCAB, LAYERS, TIED_SIZE, UNTIED_SIZE = 30, 2, 64, 63


@dataclass(frozen=True)
class Combination:
    """The runs of one combination of parts, one for each seed.

    Attributes
    ----------
    on : frozenset of str
        The parts that are on.
    runs : tuple of Run
    """

    on: frozenset[str]
    runs: tuple[Run, ...]

    @property
    def bits(self) -> int:
        """The parts as one number: part i of `PARTS` is bit i."""
        return sum(1 << place for place, part in enumerate(PARTS) if part in self.on)

    @property
    def parameters(self) -> int:
        """The number of weights that are learned; tied ones are counted once."""
        size, matrices = (TIED_SIZE, 1) if "tied" in self.on else (UNTIED_SIZE, 2)
        return LAYERS * (8 * size * size + 8 * size) + matrices * VOCAB * size + VOCAB

    def end(self, measure: str) -> tuple[float, float | None]:
        """Return a measure's mean over seeds at the end, and half its 95 % interval; None for that of one seed."""
        return _mean([run.measures[measure] for run in self.runs])

    def curve(self, name: str) -> list[tuple[float, float | None]]:
        """Return the same for every epoch of a curve: "valid_accuracy", "valid_loss" or "train_loss"."""
        return [_mean(values) for values in zip(*(getattr(run, name) for run in self.runs), strict=True)]

    def entry(self) -> dict[str, object]:
        """Return what the browser gets: whole numbers, means before halves."""
        ends = {name for _, _, plain, cached in MEASURES.values() for name in (plain, cached)}
        return {
            "bits": self.bits,
            "seeds": len(self.runs),
            "parameters": self.parameters,
            "ends": {name: _whole(self.end(name)) for name in sorted(ends)},
            "curves": {
                name: [[whole[side] for whole in map(_whole, self.curve(name))] for side in (0, 1)]
                for name, *_ in MEASURES.values()
            },
        }


class AblationView(View, controls=CONTROLS):
    """Draws the runs of a combination of parts; `AblationLab` adds the switches."""

    parts = T.List(T.List(T.Unicode()), help="Names and labels of the parts, in the order of bits.").tag(sync=True)
    combinations = T.List(T.Dict(), help="What was run, see `Combination.entry`.").tag(sync=True)
    oracle = T.Float(ORACLE, help="The best possible held-out accuracy.").tag(sync=True)


class AblationLab(Lab[AblationView]):
    """Switch the parts of an AWD-LSTM on and off, and see the runs; works with a kernel, and on a page without one.

    Nothing is trained here: all runs are shipped. A combination that was not run is said so, and the nearest that were
    are offered.

    Parameters
    ----------
    runs : Runs, optional
        Their settings are the booleans named in `PARTS`; by default the shipped "ablation".
    on : iterable of str, optional
        The parts that are on at first, among `PARTS`; by default all.
    cache : bool
        Read the held-out text with the cache.
    measure : {"accuracy", "loss", "training"}
        What is drawn.
    controls : sequence of str, optional
        The controls to show, among `CONTROLS`; by default all.

    Raises
    ------
    ValueError
        For an unknown part, measure or control, or runs that lack a setting or are none.

    Examples
    --------
    >>> AblationLab(on=["weight", "tied"])
    AblationLab(on=['weight', 'tied'], cache=False, measure='accuracy')
    """

    def __init__(
        self,
        runs: Runs | None = None,
        *,
        on: Iterable[str] | None = None,
        cache: bool = False,
        measure: str = "accuracy",
        controls: Sequence[str] | None = None,
    ):
        on = list(PARTS) if on is None else checked_texts("on", on)
        runs = shipped.load("ablation") if runs is None else runs
        check("runs", runs, isinstance(runs, Runs), "runs such as lmkit.runs.load gives")
        if unknown := [part for part in on if part not in PARTS]:
            raise ValueError(f"on must name parts among {list(PARTS)}, but {unknown[0]!r} is none")
        stored = CONTROLS.stored(**{part: part in on for part in PARTS}, cache=cache, measure=measure)
        self.combinations = combinations(runs)
        view = AblationView(
            parts=[[name, label] for name, label in PARTS.items()],
            combinations=[combination.entry() for combination in self.combinations],
            **stored,
        )
        super().__init__(view, CONTROLS, controls)

    @property
    def on(self) -> list[str]:
        """The parts that are on."""
        return [part for part in PARTS if self.value(part)]

    @property
    def measure(self) -> str:
        """The measure that is drawn, among `MEASURES`."""
        return self.value("measure")

    def found(self) -> Combination | None:
        """Return the runs of the present combination, or None if there are none."""
        return next((one for one in self.combinations if one.on == set(self.on)), None)

    def nearest(self) -> list[Combination]:
        """Return the combinations that differ least from the present one: by the fewest switches."""
        apart = [len(one.on ^ set(self.on)) for one in self.combinations]
        return [one for one, count in zip(self.combinations, apart, strict=True) if count == min(apart)]

    def __repr__(self) -> str:
        return f"AblationLab(on={self.on}, cache={self.value('cache')}, measure={self.measure!r})"

    def picture(self) -> tuple[str, str]:
        """Draw all combinations as dots, the present one marked, and the same in words."""
        _, label, plain, cached = MEASURES[self.measure]
        measured = cached if self.value("cache") else plain
        points = {name_of(one.on): one.end(measured) for one in self.combinations}
        return fallback.render(points, label, name_of(self.on), rising=self.measure == "accuracy")


def combinations(runs: Runs) -> list[Combination]:
    """Return runs put together by their parts, in the order of bits."""
    together: dict[frozenset[str], list[Run]] = {}
    for run in runs.runs:
        if missing := [part for part in PARTS if part not in run.settings]:
            raise ValueError(f"runs must have the settings {list(PARTS)}, but {missing[0]!r} is missing")
        together.setdefault(frozenset(part for part in PARTS if run.settings[part]), []).append(run)
    if not together:
        raise ValueError("runs must hold at least one run, but there is none")
    return sorted((Combination(on, tuple(each)) for on, each in together.items()), key=lambda one: one.bits)


def name_of(on: Iterable[str]) -> str:
    """Return what a combination is called: "none", "all but TAR", "weight decay + tied weights"."""
    on = set(on)
    there = [label for part, label in PARTS.items() if part in on]
    missing = [label for part, label in PARTS.items() if part not in on]
    if not missing or not there:
        return "none" if missing else "all"
    return f"all but {', '.join(missing)}" if len(missing) < len(there) else " + ".join(there)


def _mean(values: Sequence[float]) -> tuple[float, float | None]:
    return interval(list(values)) if len(values) > 1 else (values[0], None)


def _whole(measured: tuple[float, float | None]) -> list[int]:
    mean, half = measured
    return [round(SCALE * mean), round(SCALE * (half or 0))]
