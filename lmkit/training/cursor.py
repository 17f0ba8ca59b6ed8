"""Where a run stands in its text, so that it can go on from there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from torch import Tensor, nn

from lmkit.training.parallel import ProcessGroup
from lmkit.training.windows import BPTTWindows, Prediction


class StreamCursor:
    """The place that a model has reached in streams of tokens, and its state there.

    Parameters
    ----------
    windows : BPTTWindows
    processes : ProcessGroup
        Where there are several, each reads its share of the rows.

    Attributes
    ----------
    streams_begun : int
        How many streams have been begun.
    remaining : Tensor (N, T), optional
        What is still to be read of the last of them, from the token that was predicted last.
    state : h or (h, c), optional
        The model's state there.
    """

    def __init__(self, windows: BPTTWindows, processes: ProcessGroup):
        self.windows, self.processes = windows, processes
        self.streams_begun = 0
        self.remaining: Tensor | None = None
        self.state: Any = None

    def predictions(self, model: nn.Module, streams: Iterable[Tensor]) -> Iterator[Prediction]:
        """Let a model read on in streams (N, T), which are the same as before, from their beginning."""
        if self.remaining is not None and self.windows.has_window(self.remaining):
            yield from self._read(model, self.remaining)
        for stream in islice(streams, self.streams_begun, None):
            self.streams_begun += 1
            self.state = None
            yield from self._read(model, self.processes.shard(stream))

    def _read(self, model: nn.Module, stream: Tensor) -> Iterator[Prediction]:
        self.remaining, read = stream, 0
        for prediction in self.windows.predictions(model, stream, self.state):
            read += prediction.length
            self.remaining, self.state = stream[:, read:], prediction.state
            yield prediction

    def state_dict(self) -> dict[str, Any]:
        """Return the place in the text, the model's state there, and where the lengths of windows are drawn on."""
        generator, remaining = self.windows.generator, self.remaining
        return {
            "streams_begun": self.streams_begun,
            "remaining": None if remaining is None else remaining.clone(),  # a slice would be saved with all around it
            "state": self.state,
            "generator": None if generator is None else generator.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a `state_dict`."""
        self.streams_begun, self.remaining, self.state = state["streams_begun"], state["remaining"], state["state"]
        if self.windows.generator is not None:
            self.windows.generator.set_state(state["generator"])
