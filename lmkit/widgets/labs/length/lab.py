"""The length lab: how many translations are possible by the length of the source, with attention and without."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import traitlets as T

from lmkit.runs import Run, Runs, load
from lmkit.statistics import share_interval
from lmkit.widgets.base.checks import about, check
from lmkit.widgets.base.controls import Choice, Controls
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.length import fallback
from lmkit.widgets.labs.length.wording import sentence

MEASURE = "possible_by_length"
EDGES = (8, 10, 12, 16, 21, 31, 41, 61, 101)  # of the groups of lengths, as the experiment has them
STORIES = 60  # of each group
GROUPS = [(low, after - 1) for low, after in zip(EDGES, EDGES[1:], strict=False)]
ATTENTION = {"attention": "general", "without": "none"}  # what is compared, by the setting of the runs
CONTROLS = Controls(
    longest=Choice("Trained on", "The longest sources that the translators were trained on"),
    hidden_size=Choice("Hidden size", "The numbers in a hidden state: all that one vector can hold"),
)
SETTINGS = tuple(CONTROLS)
DIGITS = 4  # more than a reader sees, and few enough for a page


class LengthView(View, controls=CONTROLS):
    """Shows the runs of one setting, with attention and without; `LengthLab` adds the controls."""

    groups = T.List(T.List(T.Int()), help="The shortest and the longest source of each group, in words.").tag(sync=True)
    stories = T.Int(help="The sources of each group that every translator was tried on.").tag(sync=True)
    longests = T.List(T.Int(allow_none=True), help="The choices for the longest source; None for any.").tag(sync=True)
    points = T.Dict(help="Places of the controls, as '0 1', to what the runs there did; see `summary`.").tag(sync=True)


class LengthLab(Lab[LengthView]):
    """See how long a source may be, with attention and without; works with a kernel, and on a page without one.

    Nothing is trained while a control moves: the settings are those of which there are runs, several seeds each.

    Parameters
    ----------
    runs : Runs, optional
        Runs of the experiment `lengths`; by default the shipped ones.
    longest : int or None
        The longest sources that were trained on, in words; None for whole stories. It must be among those of the runs.
    hidden_size : int
        It must be among those of the runs with this longest source.
    controls : sequence of str, optional
        The controls to show, among `SETTINGS`; by default all.

    Raises
    ------
    ValueError
        If the runs are not of that experiment, a setting is not among theirs, or one has fewer than two seeds with
        attention or without.

    Examples
    --------
    >>> LengthLab(longest=15, hidden_size=64)
    LengthLab(longest=15, hidden_size=64)
    """

    def __init__(
        self,
        runs: Runs | None = None,
        *,
        longest: int | None = 30,
        hidden_size: int = 128,
        controls: Sequence[str] | None = None,
    ):
        if runs is None:
            with about("runs"):
                runs = load("lengths")
        check("runs", runs, isinstance(runs, Runs), "runs such as lmkit.runs.load gives")
        _check_runs(runs.runs)
        longests, sizes = (_values(runs.runs, name) for name in SETTINGS)
        pairs = [(each, size) for each in longests for size in sizes if runs.where(longest=each, hidden_size=size)]
        self._points = {(each, size): _point(runs, each, size) for each, size in pairs}
        rows = CONTROLS.given(
            longest={"options": {each: f"{each} words" if each else "whole stories" for each in longests}},
            hidden_size={"options": {size: str(size) for size in sizes}},
        )
        stored = rows.stored(longest=longest, hidden_size=hidden_size)
        self._check_trained(longest, hidden_size)
        view = LengthView(
            **stored,
            groups=[list(group) for group in GROUPS],
            stories=STORIES,
            longests=longests,
            points={f"{longests.index(a)} {sizes.index(b)}": point for (a, b), point in self._points.items()},
        )
        super().__init__(view, rows, controls)

    def summary(self, **setting: int | None) -> dict[str, Any] | None:
        """Return what the runs of a setting did, by default those of the present one; None where there are no runs.

        Returns
        -------
        dict
            "attention" and "without": the "mean" share of possible translations in each group of lengths, the ends
            "low" and "high" of its 95 % interval, and those of single seeds as "seeds"; "words": what is to be seen, in
            a sentence or two.
        """
        chosen = self.settings() | setting
        return self._points.get((chosen["longest"], chosen["hidden_size"]))

    def __repr__(self) -> str:
        return f"LengthLab({', '.join(f'{name}={value!r}' for name, value in self.settings().items())})"

    def picture(self) -> tuple[str, str]:
        """Draw both curves of the present setting, with the intervals and the end of what was trained on."""
        longest, hidden_size = (self.value(name) for name in SETTINGS)
        self._check_trained(longest, hidden_size)
        return fallback.render(self._points[longest, hidden_size], GROUPS, longest)

    def _check_trained(self, longest: int | None, hidden_size: int) -> None:
        """Raise ValueError for settings that were not trained together."""
        known = [size for each, size in self._points if each == longest]
        check("hidden_size", hidden_size, hidden_size in known, f"one of {known} where longest is {longest}")


def _check_runs(found: Sequence[Run]) -> None:
    """Raise ValueError unless runs have the settings and the measure of the experiment."""
    wanted = {*SETTINGS, "attention"}
    for run in found:
        shares = run.measures.get(MEASURE)
        if set(run.settings) != wanted or not isinstance(shares, list) or len(shares) != len(GROUPS):
            rule = f"with the settings {sorted(wanted)} and {len(GROUPS)} shares as {MEASURE!r}"
            known = f"one has the settings {sorted(run.settings)} and the measures {sorted(run.measures)}"
            raise ValueError(f"runs must be of the experiment 'lengths', {rule}, but {known}")
    if not found:
        raise ValueError("runs must be of the experiment 'lengths', but there is none")


def _values(found: Iterable[Run], name: str) -> list[Any]:
    """Return the values of a setting, None last."""
    return sorted({run.settings[name] for run in found}, key=lambda value: (value is None, value))


def _point(runs: Runs, longest: int | None, hidden_size: int) -> dict[str, Any]:
    point = {}
    for name, attention in ATTENTION.items():
        setting = {"longest": longest, "hidden_size": hidden_size, "attention": attention}
        seeds = [run.measures[MEASURE] for run in runs.where(**setting)]
        if len(seeds) < 2:
            raise ValueError(f"runs must hold at least two seeds of every setting, but of {setting} it is {len(seeds)}")
        mean, low, high = zip(*(share_interval(shares, STORIES) for shares in zip(*seeds, strict=True)), strict=True)
        ends = {"mean": mean, "low": low, "high": high}
        point[name] = {key: [round(value, DIGITS) for value in values] for key, values in ends.items()}
        point[name]["seeds"] = seeds
    words = sentence(point["attention"]["mean"], point["without"]["mean"], GROUPS, longest)
    return point | {"words": words}
