"""Where a run stands in its text, so that it can go on from there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from torch import Tensor, nn

from lmkit.training.parallel import Processes
from lmkit.training.reading import Prediction, Reading


class Place:
    """How far a model has read in streams of tokens, and with which state.

    Parameters
    ----------
    reading : Reading
    processes : Processes
        Where there are several, each reads its share of the rows.

    Attributes
    ----------
    begun : int
        How many streams have been begun.
    left : Tensor (N, T), optional
        What is still to be read of the last of them, from the token that was predicted last.
    state : h or (h, c), optional
        The model's state there.
    """

    def __init__(self, reading: Reading, processes: Processes):
        self.reading, self.processes = reading, processes
        self.begun, self.left, self.state = 0, None, None

    def predictions(self, model: nn.Module, streams: Iterable[Tensor]) -> Iterator[Prediction]:
        """Let a model read on in streams (N, T), which are the same as before, from their beginning."""
        if self.left is not None and self.reading.has_window(self.left):
            yield from self._rest(model)
        for stream in islice(streams, self.begun, None):
            self.begun, self.left, self.state = self.begun + 1, self.processes.share(stream), None
            yield from self._rest(model)

    def _rest(self, model: nn.Module) -> Iterator[Prediction]:
        stream, read = self.left, 0
        for prediction in self.reading.predictions(model, stream, self.state):
            read += prediction.length
            self.left, self.state = stream[:, read:], prediction.state
            yield prediction

    def state_dict(self) -> dict[str, Any]:
        lengths = self.reading.variable
        return {
            "begun": self.begun,
            "left": None if self.left is None else self.left.clone(),  # a slice would be saved with all around it
            "state": self.state,
            "lengths": None if lengths is None else lengths.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.begun, self.left, self.state = state["begun"], state["left"], state["state"]
        if self.reading.variable is not None:
            self.reading.variable.set_state(state["lengths"])
