"""The dropout lab: a small layer under many random masks, and a memory carried past masks drawn anew or once."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import torch
import traitlets as T
from torch import Tensor

from lmkit.decoding import uniform
from lmkit.widgets.base.controls import SEED, Choice, Controls, Slider
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.dropout import fallback

ACTIVATIONS = (0.9, 0.4, 1.3, 0.7, 0.2, 1.1, 0.6, 1.5, 0.3, 0.8)
WEIGHTS = (0.8, -0.9, 0.5, 0.3, 1.2, -0.7, 1.1, 0.6, -1.5, 0.25)  # so that the whole sum is 2
MASKS, CARRIED = 2000, 200  # draws of the layer's mask; of the memory's
UNITS, STEPS = 16, 24  # of the memory
SHARINGS = ("at each step", "once per sequence")
CONTROLS = Controls(
    p=Slider("Dropped: p", "The probability of each unit to be dropped", 0.0, 0.9, step=0.05),
    draw=Slider("Draw", "Which random mask is shown", 1, 100),
    compensation=Choice(
        "Compensate in",
        "Where dropout is made up for: kept × 1/(1 − p), or all × (1 − p)",
        ("training", "evaluation", "neither"),
        wide=True,
    ),
    mode=Choice("Mode", "In evaluation nothing is dropped", ("training", "evaluation"), wide=True),
    sharing=Choice(
        "Memory: draw",
        "Whether a sequence has a fresh mask at each step or one for all of its steps",
        SHARINGS,
        wide=True,
    ),
    seed=dataclasses.replace(SEED, offered=False),
)


class Spread(NamedTuple):
    """Mean and variance of many outputs.

    Attributes
    ----------
    mean, variance : float
    """

    mean: float
    variance: float


class DropoutView(View, controls=CONTROLS):
    """Draws masks, and computes what passes them; `DropoutLab` adds the controls."""

    activations = T.List(T.Float(), help="Of the layer's units.").tag(sync=True)
    weights = T.List(T.Float(), help="From each unit to the output.").tag(sync=True)


class DropoutLab(Lab[DropoutView]):
    """Drop units of a small layer, and of a memory; works with a kernel, and on a page without one.

    The layer has ten units with fixed activations and weights; its output is y = Σ w m a with a mask m of zeros and
    ones, and a factor where dropout is compensated. The memory has 16 units; what each carries through 24 steps is lost
    at the first step that drops it.

    Parameters
    ----------
    p : float in [0, 0.9]
        The probability of each unit to be dropped.
    draw : int in [1, 100]
        Which draw is shown among the 2,000 (memory: 200) that are measured.
    compensation : {"training", "evaluation", "neither"}
        What is multiplied: the kept activations by 1/(1 − p), all of them by 1 − p when the model is used, or nothing.
    mode : {"training", "evaluation"}
        Whether units are dropped at all.
    sharing : {"at each step", "once per sequence"}
        When the memory's masks are drawn.
    seed : int in [0, 2³²)
        Names all masks.
    controls : sequence of str, optional
        The controls to show, among `CONTROLS`; by default all.

    Examples
    --------
    >>> DropoutLab(p=0.2)
    DropoutLab(p=0.2, draw=1, compensation='training', mode='training', sharing='at each step', seed=0)
    """

    def __init__(
        self,
        *,
        p: float = 0.5,
        draw: int = 1,
        compensation: str = "training",
        mode: str = "training",
        sharing: str = "at each step",
        seed: int = 0,
        controls: Sequence[str] | None = None,
    ):
        stored = CONTROLS.stored(p=p, draw=draw, compensation=compensation, mode=mode, sharing=sharing, seed=seed)
        view = DropoutView(**stored, activations=list(ACTIVATIONS), weights=list(WEIGHTS))
        super().__init__(view, CONTROLS, controls)

    def outputs(self) -> Tensor:
        """Return the layer's output under each of the 2,000 masks: float64 (2000,); the page shows the same."""
        p, scale = self._p(), self._scale()
        contributions = torch.tensor([w * a for w, a in zip(WEIGHTS, ACTIVATIONS, strict=True)], dtype=torch.float64)
        return scale * (contributions * (_layer_draws(self.value("seed")) >= p)).sum(dim=1)

    def statistics(self) -> Spread:
        """Return mean and variance over the masks."""
        outputs = self.outputs()
        return Spread(float(outputs.mean()), float(outputs.var(correction=0)))

    def predicted(self) -> Spread:
        """Return the same in closed form, s (1 − p) Σ w a and s² p (1 − p) Σ w² a²; s is the compensation's factor."""
        p, scale = self._p(), self._scale()
        contributions = [w * a for w, a in zip(WEIGHTS, ACTIVATIONS, strict=True)]
        squares = sum(c * c for c in contributions)
        return Spread(scale * (1 - p) * sum(contributions), scale**2 * p * (1 - p) * squares)

    def carried(self) -> tuple[float, float]:
        """Return the share of memories that reach the last step: of 200 draws of 16, and expected."""
        p, locked = self._p(), self.settings()["sharing"] == SHARINGS[1]
        draws = _memory_draws(self.value("seed"))  # (200, 24, 16)
        reached = (draws[:, 0] >= p) if locked else (draws >= p).all(dim=1)
        return float(reached.double().mean()), (1 - p) ** (1 if locked else STEPS)

    def _p(self) -> float:
        settings = self.settings()
        return settings["p"] if settings["mode"] == "training" else 0.0

    def _scale(self) -> float:
        settings = self.settings()
        return factor(settings["p"], settings["compensation"], settings["mode"])

    def __repr__(self) -> str:
        return f"DropoutLab({', '.join(f'{name}={value!r}' for name, value in self.settings().items())})"

    def picture(self) -> tuple[str, str]:
        """Draw the outputs' histogram, and in words their mean and variance and what a memory keeps."""
        return fallback.render(self.outputs(), self.predicted(), self.carried(), self.settings())


def factor(p: float, compensation: str, mode: str) -> float:
    """Return what activations are multiplied by in a mode."""
    if (compensation, mode) == ("training", "training"):
        return 1 / (1 - p)
    return 1 - p if (compensation, mode) == ("evaluation", "evaluation") else 1.0


@cache
def _layer_draws(seed: int) -> Tensor:
    """Return uniform numbers (2000, 10), float64: a unit is kept where its number is at least p."""
    count = MASKS * len(ACTIVATIONS)
    return torch.tensor([uniform(seed, n) for n in range(count)], dtype=torch.float64).view(MASKS, -1)


@cache
def _memory_draws(seed: int) -> Tensor:
    """Return uniform numbers (200, 24, 16), float64, from the stream after those of the layer."""
    first = MASKS * len(ACTIVATIONS)
    drawn = [uniform(seed, n) for n in range(first, first + CARRIED * STEPS * UNITS)]
    return torch.tensor(drawn, dtype=torch.float64).view(CARRIED, STEPS, UNITS)
