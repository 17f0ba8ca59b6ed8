"""NT-ASGD: averaging the weights of a run from the moment at which held-out loss stops falling."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


def is_non_monotone(losses: Sequence[float], interval: int) -> bool:
    """Whether the last loss is worse than the best of those more than `interval` measurements before it.

    The trigger of NT-ASGD (Merity et al. 2018, algorithm 1): v > min over l in 0 … t−n−1 of logs[l].

    Parameters
    ----------
    losses : sequence of float
        The held-out losses so far, in order.
    interval : int ≥ 0
        n, how many measurements may pass without progress.
    """
    *before, last = losses
    earlier = before[: max(0, len(before) - interval)]
    return bool(earlier) and last > min(earlier)


class Averaging:
    """The average of a model's weights over the steps since a trigger (Polyak & Juditsky 1992).

    Parameters
    ----------
    model : Module
        Its weights are averaged; they are changed only by `applied` and `finish`.
    interval : int ≥ 0
        Of `is_non_monotone`.
    """

    def __init__(self, model: nn.Module, interval: int):
        if interval < 0:
            raise ValueError(f"averaging must be at least 0 measurements, but it is {interval}; None does not average")
        self.parameters, self.interval = list(model.parameters()), interval
        self.count, self.average = 0, None

    @property
    def begun(self) -> bool:
        return self.average is not None

    def begin_if(self, losses: Sequence[float]) -> None:
        """Begin to average if the held-out losses say so."""
        if not self.begun and is_non_monotone(losses, self.interval):
            self.average = [torch.zeros_like(parameter) for parameter in self.parameters]

    @torch.no_grad()
    def add(self) -> None:
        """Take the present weights into the average, if that has begun."""
        if self.begun:
            self.count += 1
            torch._foreach_lerp_(self.average, [parameter.detach() for parameter in self.parameters], 1 / self.count)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """The model with the average as its weights, for a while."""
        own = [parameter.detach().clone() for parameter in self.parameters] if self.count else None
        self.finish()
        yield
        if own is not None:
            self._write(own)

    def finish(self) -> None:
        """Leave the average in the model, if there is one."""
        if self.count:
            self._write(self.average)

    def state_dict(self) -> dict[str, Any]:
        """What the average is made of so far."""
        return {"count": self.count, "average": self.average}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what `state_dict` told."""
        self.count, self.average = state["count"], state["average"]

    @torch.no_grad()
    def _write(self, weights: Sequence[torch.Tensor]) -> None:
        for parameter, weight in zip(self.parameters, weights, strict=True):
            parameter.copy_(weight)
