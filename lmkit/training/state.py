"""All that changes in the course of a training."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lmkit.training import parallel
from lmkit.training.averaging import WeightAverage
from lmkit.training.checkpoints import RNGState, Stateful
from lmkit.training.config import TrainConfig
from lmkit.training.cursor import StreamCursor
from lmkit.training.history import History
from lmkit.training.optimizers import make_optimizers, make_scheduler
from lmkit.training.parallel import ProcessGroup
from lmkit.training.windows import BPTTWindows, Prediction, new_generator


class Cursor(Stateful, Protocol):
    """The place that a run has reached in what it reads."""

    def predictions(self, model: nn.Module, streams: Iterable[Any], /) -> Iterator[Prediction]: ...


@dataclass
class TrainState:
    """A run as it stands: what the loop changes, and what its callbacks look at.

    Attributes
    ----------
    config : TrainConfig
    steps : int
        How many updates are to be made.
    model : Module
    optimizers, schedulers : lists, as long as each other
    average : WeightAverage
    cursor : StreamCursor, or that of pairs
    history : History
    processes : ProcessGroup
    """

    config: TrainConfig
    steps: int
    model: nn.Module
    optimizers: list[Optimizer]
    schedulers: list[LRScheduler]
    average: WeightAverage
    cursor: Cursor
    history: History
    processes: ProcessGroup

    @classmethod
    def start(
        cls, model: nn.Module, config: TrainConfig, steps: int, cursor: Callable[[ProcessGroup], Cursor] | None = None
    ) -> TrainState:
        """Return the state before the first step; `cursor` makes another cursor than that of streams of tokens."""
        processes, optimizers = parallel.current(), make_optimizers(model, config)
        return cls(
            config=config,
            steps=steps,
            model=model,
            optimizers=optimizers,
            schedulers=[make_scheduler(optimizer, config, steps) for optimizer in optimizers],
            average=WeightAverage(model, config.averaging),
            cursor=cursor(processes) if cursor else _stream_cursor(config, processes),
            history=History(),
            processes=processes,
        )

    @property
    def step(self) -> int:
        """Number of updates made so far."""
        return len(self.history.losses)

    def shared(self) -> dict[str, Stateful]:
        """Return what a checkpoint holds that is the same in all processes."""
        several = {"optimizer": self.optimizers, "scheduler": self.schedulers}
        parts = {f"{name} {i}": part for name, parts in several.items() for i, part in enumerate(parts)}
        return {**parts, "model": self.model, "history": self.history, "average": self.average}

    def per_rank(self) -> dict[str, Stateful]:
        """Return what a checkpoint holds that each process has for itself."""
        return {"cursor": self.cursor, "random numbers": RNGState()}


def _stream_cursor(config: TrainConfig, processes: ProcessGroup) -> StreamCursor:
    generator = new_generator() if config.variable_window else None
    penalised = config.alpha > 0 or config.beta > 0
    windows = BPTTWindows(config.window, config.loss_at, config.carry_state, generator, activations=penalised)
    return StreamCursor(windows, processes)
