"""NT-ASGD: averaging the weights of a run from the moment at which held-out loss stops falling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


def is_non_monotone(losses: Sequence[float], interval: int) -> bool:
    """Return whether the last loss is worse than the best of those more than `interval` validations before it.

    The trigger of NT-ASGD (Merity et al. 2018, algorithm 1): v > min over l in 0 … t−n−1 of logs[l].

    Parameters
    ----------
    losses : sequence of float
        The held-out losses so far, in order.
    interval : int ≥ 0
        n, how many validations may pass without progress.
    """
    if not losses:
        return False
    *before, last = losses
    earlier = before[: max(0, len(before) - interval)]
    return bool(earlier) and last > min(earlier)


class WeightAverage:
    """The average of a model's weights over the steps since a trigger (Polyak & Juditsky 1992).

    Parameters
    ----------
    model : Module
        Its weights are averaged; they are changed only by `swapped_in` and `copy_to_model`.
    interval : int ≥ 0, optional
        Of `is_non_monotone`; without one the average never starts.
    """

    def __init__(self, model: nn.Module, interval: int | None):
        self.parameters, self.interval = list(model.parameters()), interval
        self.count = 0
        self.average: list[torch.Tensor] | None = None

    @property
    def started(self) -> bool:
        """True from the trigger on."""
        return self.average is not None

    def start_if_non_monotone(self, losses: Sequence[float]) -> None:
        """Start to average if the held-out losses say so."""
        if self.interval is not None and not self.started and is_non_monotone(losses, self.interval):
            self.average = [torch.zeros_like(parameter) for parameter in self.parameters]

    @torch.no_grad()
    def update(self) -> None:
        """Take the current weights into the average, if that has started."""
        if self.average is not None:
            self.count += 1
            current = [parameter.detach() for parameter in self.parameters]
            torch._foreach_lerp_(self.average, current, 1 / self.count)  # pyright: ignore[reportPrivateImportUsage]  # documented

    @contextmanager
    def swapped_in(self) -> Iterator[None]:
        """Give the model the average as its weights, and its own back at the end, also of an error."""
        current = [parameter.detach().clone() for parameter in self.parameters] if self.count else []
        try:
            self.copy_to_model()
            yield
        finally:
            if current:
                self._write(current)

    def copy_to_model(self) -> None:
        """Leave the average in the model, if there is one."""
        if self.average is not None and self.count:
            self._write(self.average)

    def state_dict(self) -> dict[str, Any]:
        """Return the average so far, and of how many weights it is one."""
        return {"count": self.count, "average": self.average}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a `state_dict`."""
        self.count, self.average = state["count"], state["average"]

    @torch.no_grad()
    def _write(self, weights: Sequence[torch.Tensor]) -> None:
        for parameter, weight in zip(self.parameters, weights, strict=True):
            parameter.copy_(weight)
