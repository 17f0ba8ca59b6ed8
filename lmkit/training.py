"""Training: the loop, its loss, and what is measured on the way.

The loop is handed a model and streams of tokens in rows, and trains by truncated back-propagation through time: the
state is carried from window to window, gradients are not. A model is a function (tokens (N, L), state) ->
(logits (N, L, V), state), called without a state at the start of a stream; or, where it remembers nothing, a function
tokens (N, L) -> logits (N, V) of the one token that follows.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LRScheduler, OneCycleLR
from tqdm.auto import trange

from lmkit.plots import plot_losses
from lmkit.text import windows

IGNORED = -100  # a target that the loss leaves out


class Measures(NamedTuple):
    """How well a model predicts: mean cross-entropy (nats per token), share of right guesses, number of targets."""

    cross_entropy: float
    accuracy: float
    tokens: int


class Validation(NamedTuple):
    """What was measured on held-out text after so many steps."""

    step: int
    cross_entropy: float
    accuracy: float


@dataclass
class History:
    """What happened during training.

    Attributes
    ----------
    losses : list of float
        The cross-entropy of every window before its update, in nats per token.
    grad_norms : list of float
        The norm of the gradient of every step, before it was clipped.
    validation : list of Validation
        What was measured on held-out text, in the order of steps.
    tokens : int
        How many targets were predicted in all.
    """

    losses: list[float] = field(default_factory=list, repr=False)
    grad_norms: list[float] = field(default_factory=list, repr=False)
    validation: list[Validation] = field(default_factory=list, repr=False)
    tokens: int = 0

    def record(self, loss: float, grad_norm: float, tokens: int) -> None:
        """Note one window; raises ValueError if its loss or the norm of its gradient is not a finite number."""
        for name, value in (("loss", loss), ("the norm of the gradient", grad_norm)):
            if not math.isfinite(value):
                step = len(self.losses)
                raise ValueError(f"{name} must stay finite, but it is {value} at step {step}; lower lr or clip")
        self.losses.append(loss)
        self.grad_norms.append(grad_norm)
        self.tokens += tokens

    def plot(self, ax: Axes | None = None, **options: Any) -> Axes:
        """Draw the losses and what was measured on held-out text; options are those of `plots.plot_losses`."""
        return plot_losses(self.losses, self.validation, ax=ax, **options)


def set_seed(seed: int) -> None:
    """Seed the generators of Python, NumPy and torch, so that a run can be repeated."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def train(
    model: nn.Module,
    streams: Iterable[Tensor],
    *,
    steps: int,
    window: int = 64,
    loss_at: str = "every",
    carry_state: bool = True,
    lr: float = 0.01,
    schedule: str = "one-cycle",
    warmup: float = 0.03,
    weight_decay: float = 0.01,
    clip: float = 1.0,
    optimizer: str = "adamw",
    validation: Tensor | None = None,
    validate_every: int = 100,
    progress: bool = True,
) -> History:
    """Train a language model; it is changed in place.

    Parameters
    ----------
    model : Module
        (tokens (N, L), state) -> (logits (N, L, V), state); or tokens (N, L) -> logits (N, V)
    streams : iterable of Tensors of int64, each (N, T)
        Rows of tokens, read one stream after the other; the state starts at zero with each. Repeat one tensor
        for epochs over a fixed text (`repeat`), or generate fresh text without end.
    steps : int ≥ 1
        How many updates to make; fewer are made if the streams run out.
    window : int ≥ 1
        L, how many steps gradients flow back.
    loss_at : "every" or "last"
        Which targets of a window count: the one after every token, or only the one after the last token. With "last",
        what is left at the end of a stream and does not fill a window is not used.
    carry_state : bool
        Start a window from the state after the one before, rather than from zero.
    lr : float > 0
        The learning rate, or its peak.
    schedule : "one-cycle", "cosine" or "constant"
        How the rate changes: up from a 25th of its peak, then down to nearly zero along a cosine (Smith 2018); the same
        without the rise (Loshchilov & Hutter 2017); not at all.
    warmup : float between 0 and 1
        The share of the steps in which a one-cycle rate rises.
    weight_decay : float ≥ 0
        Decoupled decay (Loshchilov & Hutter 2019).
    clip : float > 0
        The largest allowed norm of the gradient (Pascanu et al. 2013); inf for no limit.
    optimizer : "adamw" or "muon"
        Muon (Jordan et al. 2024) makes every update of a hidden weight matrix orthogonal; AdamW still updates
        embeddings and biases.
    validation : Tensor of int64 (N, T), optional
        Rows of held-out tokens, to be measured every `validate_every` steps and after the last one, read as the text
        that is trained on (see `measure`).
    validate_every : int ≥ 1
    progress : bool
        Show a progress bar with the running perplexity.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If an argument is out of its range, or a loss or gradient is no longer finite.
    """
    _check_at_least_1(steps=steps, validate_every=validate_every)
    if not (lr > 0 and clip > 0 and weight_decay >= 0):
        given = f"lr {lr}, clip {clip}, weight_decay {weight_decay}"
        raise ValueError(f"lr and clip must be above 0 and weight_decay at least 0, but they are {given}")
    if not 0 < warmup < 1:
        raise ValueError(f"warmup must be above 0 and below 1, but it is {warmup}")
    reading = _Reading(window, loss_at, carry_state)
    optimizers = _optimizers(model, optimizer, lr, weight_decay)
    schedules = [_schedule(schedule, part, lr, steps, warmup) for part in optimizers]
    history = History()
    model.train()
    bar = trange(1, steps + 1, desc="training", disable=not progress, mininterval=1)
    predictions = (prediction for stream in streams for prediction in reading.predictions(model, stream))
    for step, (logits, targets) in zip(bar, predictions, strict=False):
        loss = cross_entropy(logits, targets)
        grad_norm = _gradient(model, loss, optimizers, clip)
        history.record(float(loss.detach()), grad_norm, int((targets != IGNORED).sum()))
        for stepping in (*optimizers, *schedules):
            stepping.step()
        if validation is not None and step % validate_every == 0:
            _validate(model, validation, reading, history)
        bar.set_postfix_str(f"perplexity {perplexity(history.losses[-1]):.2f}", refresh=False)
    if validation is not None and history.losses and len(history.losses) % validate_every:
        _validate(model, validation, reading, history)
    model.eval()
    return history


@dataclass(frozen=True)
class _Reading:
    """How rows of tokens are read: the length of a window, which of its targets count, and whether states last."""

    window: int
    loss_at: str = "every"
    carry_state: bool = True

    def __post_init__(self):
        _check_at_least_1(window=self.window)
        if self.loss_at not in ("every", "last"):
            raise ValueError(f"loss_at must be 'every' or 'last', but it is {self.loss_at!r}")

    def predictions(self, model: nn.Module, stream: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Let a model read a stream (N, T): for each window, the logits (M, V) and the targets (M,) that count."""
        state = None
        for x, y in self.windows(stream):
            x = x.clamp(min=0)  # IGNORED, where rows are padded
            output = model(x) if state is None else model(x, state)
            logits, state = output if isinstance(output, tuple) else (output, None)
            yield self._counted(logits, y)
            state = detached(state) if self.carry_state else None  # where back-propagation through time is cut

    def windows(self, stream: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """The windows of a stream (N, T); only whole ones where their last target counts."""
        whole = self.loss_at == "last"
        if whole and stream.shape[1] <= self.window:
            rule = f"more than window = {self.window} tokens a row where loss_at is 'last'"
            raise ValueError(f"stream must hold {rule}, but its shape is {tuple(stream.shape)}")
        return (pair for pair in windows(stream, self.window) if not whole or pair[0].shape[1] == self.window)

    def _counted(self, logits: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        if self.loss_at == "last":
            return (logits[:, -1] if logits.dim() == 3 else logits), y[:, -1]
        if logits.dim() != 3:
            raise ValueError("loss_at must be 'last' for a model that predicts one token per window, but it is 'every'")
        return logits.flatten(0, 1), y.flatten()


def detached(state: Any) -> Any:
    """The same state without its history: a tensor, a tuple or list of states, or None."""
    if state is None or isinstance(state, Tensor):
        return state if state is None else state.detach()
    return type(state)(detached(part) for part in state)


def _optimizers(model: nn.Module, name: str, lr: float, weight_decay: float) -> list[Optimizer]:
    """AdamW for all parameters, or Muon for the matrices of hidden layers and AdamW for the rest."""
    if name == "adamw":
        return [torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay, fused=True)]
    if name != "muon":
        raise ValueError(f"optimizer must be 'adamw' or 'muon', but it is {name!r}")
    embeddings = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    hidden = [p for p in model.parameters() if p.dim() == 2 and id(p) not in embeddings]
    others = [p for p in model.parameters() if p.dim() != 2 or id(p) in embeddings]
    return [
        torch.optim.Muon(hidden, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=lr, weight_decay=weight_decay, betas=(0.9, 0.99), fused=True),
    ]


def _schedule(name: str, optimizer: Optimizer, lr: float, steps: int, warmup: float) -> LRScheduler:
    if name == "one-cycle":
        return OneCycleLR(optimizer, lr, total_steps=steps, pct_start=warmup, cycle_momentum=False)
    if name == "cosine":
        return CosineAnnealingLR(optimizer, T_max=steps)
    if name == "constant":
        return ConstantLR(optimizer, factor=1)
    raise ValueError(f"schedule must be 'one-cycle', 'cosine' or 'constant', but it is {name!r}")


def _gradient(model: nn.Module, loss: Tensor, optimizers: list[Optimizer], clip: float) -> float:
    """Give every parameter its gradient, clipped; return the norm of all before that."""
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()
    return float(nn.utils.clip_grad_norm_(model.parameters(), clip))


def _validate(model: nn.Module, stream: Tensor, reading: _Reading, history: History) -> None:
    measures = _measure(model, stream, reading)
    history.validation.append(Validation(len(history.losses), measures.cross_entropy, measures.accuracy))


def measure(
    model: nn.Module, stream: Tensor, window: int = 64, loss_at: str = "every", *, carry_state: bool = True
) -> Measures:
    """Cross-entropy and accuracy of predicting rows from a zero state on, windows in order.

    Parameters
    ----------
    model, window, loss_at, carry_state : as for `train`
        With `carry_state` and a loss at every token, the length of a window makes no difference.
    stream : Tensor of int64 (N, T)
        A target of -100 is not counted, so rows of unequal length can be padded with it.

    Returns
    -------
    Measures : cross_entropy (nats per token), accuracy (0 to 1) and tokens, the number of targets that count

    Raises
    ------
    ValueError
        If an argument is out of its range, or no target counts.
    """
    return _measure(model, stream, _Reading(window, loss_at, carry_state))


@torch.no_grad()
def _measure(model: nn.Module, stream: Tensor, reading: _Reading) -> Measures:
    total, right, count, was_training = 0.0, 0, 0, model.training
    model.eval()
    for logits, targets in reading.predictions(model, stream):
        total += float(cross_entropy(logits, targets, reduction="sum"))
        right += int((logits.argmax(dim=1) == targets).sum())
        count += int((targets != IGNORED).sum())
    model.train(was_training)
    if count == 0:
        raise ValueError(f"stream must hold a target that counts, but all of its targets are {IGNORED}")
    return Measures(total / count, right / count, count)


def evaluate(model: nn.Module, stream: Tensor, window: int = 64) -> float:
    """The mean cross-entropy, in nats per token, of predicting rows (N, T); see `measure`."""
    return measure(model, stream, window).cross_entropy


def perplexity(cross_entropy_nats: float) -> float:
    """exp of a cross-entropy in nats per token: how many equally likely tokens would be as hard to predict."""
    return math.exp(cross_entropy_nats) if cross_entropy_nats < 700 else math.inf


def repeat(stream: Tensor, epochs: int, window: int, loss_at: str = "every") -> tuple[Iterator[Tensor], int]:
    """A fixed stream (N, T) read `epochs` times, and the number of steps that takes `train` with these settings."""
    _check_at_least_1(epochs=epochs)
    steps = sum(1 for _ in _Reading(window, loss_at).windows(stream))
    return (stream for _ in range(epochs)), epochs * steps


def _check_at_least_1(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} must be at least 1, but it is {count}")
