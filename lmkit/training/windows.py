"""How text is read in training and evaluation: in windows, with a state that is carried or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

import torch
from torch import Tensor, nn

from lmkit.decoding.filters import at_least_float32
from lmkit.decoding.state import map_state
from lmkit.text import batchify, windows
from lmkit.training.config import TrainConfig, check_counts, check_options

IGNORE_INDEX = -100  # a target that the loss leaves out, as torch's cross_entropy does by default
# Of variable windows, as in Merity et al.'s code: steps, steps, the probability of a base of half the length.
MIN_LENGTH, LENGTH_STD, HALF_PROBABILITY = 5, 5.0, 0.05


class Prediction(NamedTuple):
    """A model's scores for the targets of one window.

    Attributes
    ----------
    logits : Tensor (M, V), in float32 at least
    targets : Tensor (M,)
        Those that count.
    length : int
        L, the steps of the window.
    activations : the model's `Activations`, or None if they were not asked for
    state : h or (h, c), optional
        What the next window starts from, without its history; None where states are not carried.
    penalty_sum : Tensor (), optional
        What is added to the loss, summed over the targets that count.
    """

    logits: Tensor
    targets: Tensor
    length: int
    activations: Any = None
    state: Any = None
    penalty_sum: Tensor | None = None

    @property
    def num_counted(self) -> int:
        """Number of targets that the loss does not leave out."""
        return int((self.targets != IGNORE_INDEX).sum())


class HasActivations(Protocol):
    """A model that can return what lies behind its logits, too."""

    def with_activations(self, tokens: Tensor, state: Any = None, /) -> tuple[Tensor, Any, Any]: ...


@dataclass(frozen=True)
class BPTTWindows:
    """A reader of rows of tokens, for truncated back-propagation through time.

    Parameters
    ----------
    window, loss_at, carry_state
        As in `TrainConfig`.
    generator : torch.Generator, optional
        Draws the lengths of windows around `window`; without one they are equal.
    activations : bool
        Ask the model for what lies behind its logits.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """

    window: int
    loss_at: str = TrainConfig.loss_at
    carry_state: bool = TrainConfig.carry_state
    generator: torch.Generator | None = None
    activations: bool = False

    def __post_init__(self):
        check_options(window=self.window, loss_at=self.loss_at)

    def predictions(self, model: nn.Module, stream: Tensor, state: Any = None) -> Iterator[Prediction]:
        """Let a model read a stream (N, T), window by window, from a state on."""
        _check_tokens(model, stream)
        for x, y in self.pairs(stream):
            logits, state, activations = self._forward(model, x.clamp(min=0), state)  # no IGNORE_INDEX of padded rows
            state = detach_state(state) if self.carry_state else None  # where back-propagation through time is cut
            yield Prediction(*self._counted(logits, y), x.shape[1], activations, state)

    def _forward(self, model: nn.Module, x: Tensor, state: Any) -> tuple[Tensor, Any, Any]:
        inputs = (x,) if state is None else (x, state)
        if self.activations:
            return cast(HasActivations, model).with_activations(*inputs)
        output = model(*inputs)
        return (*output, None) if isinstance(output, tuple) else (output, None, None)

    def has_window(self, stream: Tensor) -> bool:
        """Return whether rows (N, T) are long enough for a window."""
        return stream.shape[1] > (self.window if self.loss_at == "last" else 1)

    def pairs(self, stream: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield what is read and what is predicted, window by window; only whole ones where their last target counts.

        Raises
        ------
        ValueError
            If the stream (N, T) is too short for a window.
        """
        if self.generator is not None:
            return variable_windows(stream, self.window, self.generator)
        whole = self.loss_at == "last"
        if whole and not self.has_window(stream):
            rule = f"more than window = {self.window} tokens a row where loss_at is 'last'"
            remedy = "give longer rows or a smaller window"
            raise ValueError(f"stream must hold {rule}, but its shape is {tuple(stream.shape)}; {remedy}")
        return (pair for pair in windows(stream, self.window) if not whole or pair[0].shape[1] == self.window)

    def _counted(self, logits: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        if self.loss_at == "last":
            return (logits[:, -1] if logits.dim() == 3 else logits).to(at_least_float32(logits)), y[:, -1]
        if logits.dim() != 3:
            rule = "must be 'last' for a model that predicts one token per window"
            raise ValueError(f"loss_at {rule}, but it is 'every'; give loss_at='last'")
        return logits.flatten(0, 1).to(at_least_float32(logits)), y.flatten()


def _check_tokens(model: nn.Module, stream: Tensor) -> None:
    """Raise ValueError if a stream (N, T) holds what is neither the id of a token nor `IGNORE_INDEX`."""
    sizes = [module.num_embeddings for module in model.modules() if isinstance(module, nn.Embedding)]
    known = max(sizes, default=None)
    wrong = (stream < 0) & (stream != IGNORE_INDEX)
    if known is not None:
        wrong |= stream >= known
    if wrong.any():
        rule = "ids of at least 0" if known is None else f"ids from 0 to {known - 1}"
        rule += f", or {IGNORE_INDEX} for a target that does not count"
        raise ValueError(f"stream must hold {rule}, but one is {int(stream[wrong][0])}; use the model's vocabulary")


def variable_windows(stream: Tensor, window: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
    """Walk over rows (N, T) in windows of random lengths (Merity et al. 2018, section 4.1); see `text.windows`.

    The base is `window` with probability .95, else half of it; a length is normal around the base with a standard
    deviation of 5, and at least 5. (The authors' code also caps it at the base + 10; fastai leaves all this out.)
    """
    start = 0
    while start < stream.shape[1] - 1:
        base = window if torch.rand((), generator=generator) >= HALF_PROBABILITY else window / 2
        length = max(MIN_LENGTH, int(base + LENGTH_STD * torch.randn((), generator=generator)))
        yield next(windows(stream[:, start:], length))
        start += length


def new_generator() -> torch.Generator:
    """Return a generator that `set_seed` determines, and that draws the same whatever a model draws."""
    return torch.Generator().manual_seed(torch.initial_seed() % 2**63)


def detach_state(state: Any) -> Any:
    """Return the same state without its history: None, a tensor, or any nest of tuples, lists and dicts of them."""
    return map_state(Tensor.detach, state)


def repeat(
    stream: Tensor,
    epochs: int,
    window: int,
    loss_at: str = TrainConfig.loss_at,
    variable_window: bool = TrainConfig.variable_window,
) -> tuple[Iterator[Tensor], int]:
    """Return a fixed stream `epochs` times, and the number of steps that takes `train` with these options.

    Parameters
    ----------
    stream : Tensor of int64 (N, T)
    epochs, window : int ≥ 1
    loss_at, variable_window : as for `train`
    """
    return (stream for _ in range(epochs)), _steps([stream], epochs, window, loss_at, variable_window)


def repeat_shifted(
    tokens: Tensor,
    batch_size: int,
    epochs: int,
    window: int,
    variable_window: bool = TrainConfig.variable_window,
    starts: int = 1,
) -> tuple[Iterator[Tensor], int]:
    """Return a text `epochs` times, each time cut into rows at other places, and the number of steps that takes.

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
    check_counts(starts=starts)
    batchify(tokens, batch_size)  # so that a text that is too short is told, before a place in it is drawn
    generator = new_generator()
    places = torch.randint(len(tokens), (max(epochs, 0),), generator=generator).tolist()

    def pieces(place: int) -> Sequence[Tensor]:
        return batchify(tokens.roll(-place), batch_size).tensor_split(starts, dim=1)

    streams = (piece for place in places for piece in pieces(place))
    return streams, _steps(pieces(0), epochs, window, "every", variable_window)


def _steps(pieces: Sequence[Tensor], epochs: int, window: int, loss_at: str, variable_window: bool) -> int:
    check_counts(epochs=epochs)
    reader = BPTTWindows(window, loss_at, generator=new_generator() if variable_window else None)
    if not variable_window:
        return epochs * sum(1 for piece in pieces for _ in reader.pairs(piece))
    return sum(1 for _ in range(epochs) for piece in pieces for _ in reader.pairs(piece))
