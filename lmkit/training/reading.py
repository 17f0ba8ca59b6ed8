"""How text is read in training and measuring: in windows, with a state that is carried or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from lmkit.text import rows, windows

IGNORED = -100  # a target that the loss leaves out
SHORTEST, DEVIATION, HALVED = 5, 5.0, 0.05  # of variable windows: steps, steps, share


class Prediction(NamedTuple):
    """What a model says about the targets of one window.

    Attributes
    ----------
    logits : Tensor (M, V)
    targets : Tensor (M,)
        Those that count.
    length : int
        L, the steps of the window.
    activations : the model's `Activations`, or None if they were not asked for
    state : h or (h, c), optional
        What the next window starts from, without its history; None where states are not carried.
    """

    logits: Tensor
    targets: Tensor
    length: int
    activations: Any = None
    state: Any = None


@dataclass(frozen=True)
class Reading:
    """How rows of tokens are read: the length of a window, which of its targets count, and whether states last.

    With `variable`, a generator, lengths are drawn around `window` (Merity et al. 2018, section 4.1). With
    `activations` a model is asked for what lies behind its logits.
    """

    window: int
    loss_at: str = "every"
    carry_state: bool = True
    variable: torch.Generator | None = None
    activations: bool = False

    def __post_init__(self):
        check_at_least_1(window=self.window)
        if self.loss_at not in ("every", "last"):
            raise ValueError(f"loss_at must be 'every' or 'last', but it is {self.loss_at!r}")
        if self.variable is not None and self.loss_at == "last":
            raise ValueError("variable_window must be False where loss_at is 'last', but it is True")

    def predictions(self, model: nn.Module, stream: Tensor, state: Any = None) -> Iterator[Prediction]:
        """Let a model read a stream (N, T), window by window, from a state on."""
        for x, y in self.windows(stream):
            logits, state, activations = self._read(model, x.clamp(min=0), state)  # IGNORED, where rows are padded
            state = detached(state) if self.carry_state else None  # where back-propagation through time is cut
            yield Prediction(*self._counted(logits, y), x.shape[1], activations, state)

    def _read(self, model: nn.Module, x: Tensor, state: Any) -> tuple[Tensor, Any, Any]:
        given = (x,) if state is None else (x, state)
        if self.activations:
            return model.with_activations(*given)
        output = model(*given)
        return (*output, None) if isinstance(output, tuple) else (output, None, None)

    def has_window(self, stream: Tensor) -> bool:
        """Whether rows (N, T) are long enough for a window."""
        return stream.shape[1] > (self.window if self.loss_at == "last" else 1)

    def windows(self, stream: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """The windows of a stream (N, T); only whole ones where their last target counts."""
        if self.variable is not None:
            return variable_windows(stream, self.window, self.variable)
        whole = self.loss_at == "last"
        if whole and not self.has_window(stream):
            rule = f"more than window = {self.window} tokens a row where loss_at is 'last'"
            raise ValueError(f"stream must hold {rule}, but its shape is {tuple(stream.shape)}")
        return (pair for pair in windows(stream, self.window) if not whole or pair[0].shape[1] == self.window)

    def _counted(self, logits: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        if self.loss_at == "last":
            return (logits[:, -1] if logits.dim() == 3 else logits), y[:, -1]
        if logits.dim() != 3:
            raise ValueError("loss_at must be 'last' for a model that predicts one token per window, but it is 'every'")
        return logits.flatten(0, 1), y.flatten()


def variable_windows(stream: Tensor, window: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Walk over rows (N, T) in windows of random lengths (Merity et al. 2018, section 4.1); see `text.windows`.

    The base is `window` with probability .95, else half of it; a length is normal around the base with a standard
    deviation of 5, and at least 5. (The authors' code also caps it at the base + 10; fastai leaves all this out.)
    """
    start = 0
    while start < stream.shape[1] - 1:
        base = window if torch.rand((), generator=generator) >= HALVED else window / 2
        length = max(SHORTEST, int(base + DEVIATION * torch.randn((), generator=generator)))
        yield next(windows(stream[:, start:], length))
        start += length


def new_generator() -> torch.Generator:
    """A generator of its own that `set_seed` determines: what it draws does not depend on what a model draws."""
    return torch.Generator().manual_seed(torch.initial_seed() % 2**63)


def detached(state: Any) -> Any:
    """The same state without its history: a tensor, a tuple or list of states, or None."""
    if state is None or isinstance(state, Tensor):
        return state if state is None else state.detach()
    return type(state)(detached(part) for part in state)


def repeat(
    stream: Tensor, epochs: int, window: int, loss_at: str = "every", variable_window: bool = False
) -> tuple[Iterator[Tensor], int]:
    """A fixed stream (N, T) read `epochs` times, and the number of steps that takes `train` with these settings."""
    return (stream for _ in range(epochs)), _steps([stream], epochs, window, loss_at, variable_window)


def repeat_shifted(
    tokens: Tensor, batch_size: int, epochs: int, window: int, variable_window: bool = False, starts: int = 1
) -> tuple[Iterator[Tensor], int]:
    """A text read `epochs` times, each time cut into rows at other places, and the number of steps that takes.

    In every epoch the text begins at a random token and goes on at its start where it ends. So rows, which begin with
    a state of zero, begin elsewhere each time, and windows are cut elsewhere. The places depend on `set_seed`.

    Parameters
    ----------
    tokens : Tensor of int64 (T,)
    batch_size, epochs, window : int ≥ 1
    variable_window : bool
        As for `train`.
    starts : int ≥ 1
        How often a row begins anew in an epoch, with a state of zero: where a model is to read texts whose beginning
        it does not know, it must have learned to. The token after the end of each piece is not predicted.
    """
    check_at_least_1(starts=starts)
    generator = new_generator()
    places = torch.randint(len(tokens), (max(epochs, 0),), generator=generator).tolist()

    def pieces(place: int) -> Sequence[Tensor]:
        return rows(tokens.roll(-place), batch_size).tensor_split(starts, dim=1)

    streams = (piece for place in places for piece in pieces(place))
    return streams, _steps(pieces(0), epochs, window, "every", variable_window)


def _steps(pieces: Sequence[Tensor], epochs: int, window: int, loss_at: str, variable_window: bool) -> int:
    check_at_least_1(epochs=epochs)
    reading = Reading(window, loss_at, variable=new_generator() if variable_window else None)
    if not variable_window:
        return epochs * sum(1 for piece in pieces for _ in reading.windows(piece))
    return sum(1 for _ in range(epochs) for piece in pieces for _ in reading.windows(piece))


def check_at_least_1(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} must be at least 1, but it is {count}")
