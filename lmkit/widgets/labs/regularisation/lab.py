"""The regularisation lab: what weight decay, AR and TAR did to really trained networks, setting by setting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import traitlets as T

from lmkit import runs
from lmkit.statistics import interval
from lmkit.widgets.base.checks import check
from lmkit.widgets.base.controls import Choice, Controls
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.regularisation import fallback

CONTROLS = Controls(
    alpha=Choice("AR: α", "α times the mean of squared activations is added to the loss", form="slider"),
    beta=Choice("TAR: β", "β times the mean of squared changes of activations is added to the loss", form="slider"),
    weight_decay=Choice(
        "Weight decay", "Each update shrinks the weights by this times the learning rate", form="slider"
    ),
)
SETTINGS = tuple(CONTROLS)
# What is told of each setting, at the end of training and on held-out text unless it says otherwise; of h, its changes
# and the weights the root mean squares.
MEASURES = {
    "accuracy": "accuracy, held-out",
    "cross_entropy": "loss, held-out",
    "train_cross_entropy": "loss, training",
    "activation": "size of h",
    "change": "change of h per token",
    "saturated": "share of |h| above 0.9",
    "weight": "recurrent weights",
}
CURVES = {"train": "train_loss", "held_out": "valid_loss"}
DIGITS = 4  # more than a reader sees, and few enough for a page
Interval = tuple[float, float]  # a mean, and half its interval


class RegularisationView(View, controls=CONTROLS):
    """Shows the runs of one setting beside those without any regulariser; `RegularisationLab` adds the controls."""

    grid = T.Dict(help="Per setting its values, as they are shown.").tag(sync=True)
    labels = T.List(T.List(T.Unicode()), help="Names and labels of the measures, in order.").tag(sync=True)
    points = T.Dict(help="Places in the grid, as '0 2 1', to what the runs there did; see `summary`.").tag(sync=True)


class RegularisationLab(Lab[RegularisationView]):
    """Look at networks that were trained with weight decay, AR and TAR; works with a kernel, and on a page without one.

    Nothing is trained while a slider moves: the values on it are those for which there are runs, several seeds each.

    Parameters
    ----------
    trained : Runs, optional
        Runs with the settings alpha, beta and weight_decay; by default the shipped ones.
    alpha, beta, weight_decay : float
        The setting that is shown first; each must be among the values of the runs.
    controls : sequence of str, optional
        The sliders to show, among `SETTINGS`; by default all.

    Raises
    ------
    ValueError
        If a setting is not among the values that were trained, none was trained without regularisers, or a setting
        has a single seed.

    Examples
    --------
    >>> RegularisationLab(alpha=2, beta=1, weight_decay=0.1)
    RegularisationLab(alpha=2, beta=1, weight_decay=0.1)
    """

    def __init__(
        self,
        trained: runs.Runs | None = None,
        *,
        alpha: float = 2.0,
        beta: float = 1.0,
        weight_decay: float = 0.1,
        controls: Sequence[str] | None = None,
    ):
        trained = runs.load("regularisation") if trained is None else trained
        check("trained", trained, isinstance(trained, runs.Runs), "runs such as lmkit.runs.load gives")
        self.grid = {name: sorted({run.settings[name] for run in trained.runs}) for name in SETTINGS}
        self._points = _points(trained.runs)
        if (0, 0, 0) not in self._points:
            raise ValueError("trained must hold runs whose settings are all 0, to compare with, but it holds none")
        values = {name: {value: f"{value:g}" for value in known} for name, known in self.grid.items()}
        rows = CONTROLS.given(**{name: {"options": shown} for name, shown in values.items()})
        view = RegularisationView(
            **rows.stored(alpha=alpha, beta=beta, weight_decay=weight_decay),
            grid={name: list(shown.values()) for name, shown in values.items()},
            labels=[list(item) for item in MEASURES.items()],
            points={self._key(setting): point for setting, point in self._points.items()},
        )
        super().__init__(view, rows, controls)

    def summary(self, **setting: float) -> dict[str, Any] | None:
        """Return what the runs of a setting did, by default those of the present one; None where there are no runs.

        Returns
        -------
        dict
            "seeds": their number; each of `MEASURES`: (mean, half its 95 % interval over seeds); "train" and
            "held_out": the losses after each epoch, as (means, halves); "histogram": shares of h in 21 equal bins over
            [-1, 1].
        """
        return self._points.get(tuple((setting or self.settings())[name] for name in SETTINGS))

    def __repr__(self) -> str:
        return f"RegularisationLab({', '.join(f'{name}={value:g}' for name, value in self.settings().items())})"

    def picture(self) -> tuple[str, str]:
        """Draw the learning curves of the present setting and of the unregularised runs, with their measures."""
        settings = self.settings()
        shown = self._points[tuple(settings[name] for name in SETTINGS)]
        return fallback.render(settings, shown, self._points[(0, 0, 0)], MEASURES)

    def _key(self, setting: Sequence[float]) -> str:
        return " ".join(str(self.grid[name].index(value)) for name, value in zip(SETTINGS, setting, strict=True))


def _points(trained: Iterable[runs.Run]) -> dict[tuple[float, ...], dict[str, Any]]:
    """Return the summary of each setting's runs; see `RegularisationLab.summary`."""
    groups: dict[tuple[float, ...], list[runs.Run]] = {}
    for run in trained:
        groups.setdefault(tuple(run.settings[name] for name in SETTINGS), []).append(run)
    for setting, group in groups.items():
        if len(group) < 2:
            given = dict(zip(SETTINGS, setting, strict=True))
            raise ValueError(f"trained must hold at least two seeds of every setting, but it holds one of {given}")
    return {setting: _summary(group) for setting, group in groups.items()}


def _summary(group: Sequence[runs.Run]) -> dict[str, Any]:
    measures = {name: _interval([run.measures[name] for run in group]) for name in MEASURES}
    curves = {name: _band([getattr(run, attribute) for run in group]) for name, attribute in CURVES.items()}
    bins = zip(*(run.measures["histogram"] for run in group), strict=True)
    histogram = [round(sum(shares) / len(group), DIGITS) for shares in bins]
    return {"seeds": len(group), **measures, **curves, "histogram": histogram}


def _band(curves: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    means, halves = zip(*(_interval(values) for values in zip(*curves, strict=True)), strict=True)
    return list(means), list(halves)


def _interval(values: Sequence[float]) -> Interval:
    mean, half = interval(values)
    return round(mean, DIGITS), round(half, DIGITS)
