"""The course of a training: losses, gradients and validations."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from matplotlib.axes import Axes

from lmkit.plots import plot_losses


class Validation(NamedTuple):
    """Measures on held-out text after so many steps."""

    step: int
    cross_entropy: float
    accuracy: float


@dataclass
class History:
    """The course of a training.

    Attributes
    ----------
    losses : list of float
        The cross-entropy of every window before its update, in nats per token.
    grad_norms : list of float
        The norm of the gradient of every step, before it was clipped.
    penalties : list of float
        What activation penalties added to the loss of every window.
    validation : list of Validation
        How well held-out text was predicted, in the order of steps.
    tokens : int
        How many targets were predicted in all.
    """

    losses: list[float] = field(default_factory=list, repr=False)
    grad_norms: list[float] = field(default_factory=list, repr=False)
    penalties: list[float] = field(default_factory=list, repr=False)
    validation: list[Validation] = field(default_factory=list, repr=False)
    tokens: int = 0

    def record(self, loss: float, grad_norm: float, tokens: int, penalty: float = 0.0) -> None:
        """Add one window; raises ValueError if its loss or the norm of its gradient is not a finite number."""
        for name, value in (("loss", loss), ("the norm of the gradient", grad_norm)):
            if not math.isfinite(value):
                step = len(self.losses)
                raise ValueError(f"{name} must stay finite, but it is {value} at step {step}; lower lr or clip")
        self.losses.append(loss)
        self.grad_norms.append(grad_norm)
        self.penalties.append(penalty)
        self.tokens += tokens

    def state_dict(self) -> dict[str, Any]:
        """Return all of it as lists and numbers."""
        return {**vars(self), "validation": [tuple(at) for at in self.validation]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Become the history of a `state_dict`."""
        vars(self).update(state, validation=[Validation(*at) for at in state["validation"]])

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the losses and the validations; options are those of `plots.plot_losses`."""
        return plot_losses(self.losses, self.validation, ax=ax, **options)


def perplexity(cross_entropy_nats: float) -> float:
    """Return exp of a cross-entropy in nats per token: as unsure as a choice among that many equally likely tokens."""
    return math.exp(cross_entropy_nats) if cross_entropy_nats < 700 else math.inf
