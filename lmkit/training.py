"""Training: the loop, its loss, and perplexity.

The loop is handed a model (tokens (N, L), state) -> (logits (N, L, V), state) and streams of tokens in rows, and
trains by truncated back-propagation through time: the state is carried from window to window, gradients are not.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import OneCycleLR
from tqdm.auto import trange

from lmkit.text import windows

IGNORED = -100  # a target that the loss leaves out


@dataclass
class History:
    """What happened during training.

    Attributes
    ----------
    losses : list of float
        The cross-entropy of every window before its update, in nats per token.
    tokens : int
        How many targets were predicted in all.
    """

    losses: list[float] = field(default_factory=list, repr=False)
    tokens: int = 0

    def record(self, loss: float, tokens: int) -> None:
        """Note the loss of one window; raises ValueError if it is not a finite number."""
        if not math.isfinite(loss):
            raise ValueError(f"loss must stay finite, but it is {loss} at step {len(self.losses)}; lower lr or clip")
        self.losses.append(loss)
        self.tokens += tokens


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
    lr: float = 0.01,
    weight_decay: float = 0.01,
    clip: float = 1.0,
    optimizer: str = "adamw",
    progress: bool = True,
) -> History:
    """Train a language model with a one-cycle learning rate; the model is changed in place.

    Parameters
    ----------
    model : Module
        (tokens (N, L), state) -> (logits (N, L, V), state)
    streams : iterable of Tensors of int64, each (N, T)
        Rows of tokens, read one stream after the other; the state starts at zero with each. Repeat one tensor
        for epochs over a fixed text (`repeat`), or generate fresh text without end.
    steps : int ≥ 1
        How many updates to make; fewer are made if the streams run out.
    window : int ≥ 1
        L, how many steps gradients flow back.
    lr : float > 0
        The peak of the one-cycle schedule (Smith 2018).
    weight_decay : float ≥ 0
        Decoupled decay (Loshchilov & Hutter 2019).
    clip : float > 0
        The largest allowed norm of the gradient (Pascanu et al. 2013).
    optimizer : "adamw" or "muon"
        Muon (Jordan et al. 2024) makes every update of a hidden weight matrix orthogonal; AdamW still updates
        embeddings and biases.
    progress : bool
        Show a progress bar with the running perplexity.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If an argument is out of its range, or a loss is no longer a finite number.
    """
    _check_at_least_1(steps=steps, window=window)
    if not (lr > 0 and clip > 0 and weight_decay >= 0):
        given = f"lr {lr}, clip {clip}, weight_decay {weight_decay}"
        raise ValueError(f"lr and clip must be above 0 and weight_decay at least 0, but they are {given}")
    optimizers = _optimizers(model, optimizer, lr, weight_decay)
    schedules = [OneCycleLR(o, lr, total_steps=steps, pct_start=0.03, cycle_momentum=False) for o in optimizers]
    history = History()
    model.train()
    state = None
    bar = trange(steps, desc="training", disable=not progress, mininterval=1)
    for _, (x, y, first) in zip(bar, _walk(streams, window), strict=False):
        logits, state = model(x, None if first else state)
        state = tuple(part.detach() for part in state)  # where back-propagation through time is cut
        loss = cross_entropy(logits.flatten(0, 1), y.flatten())
        _update(model, loss, optimizers, schedules, clip)
        history.record(float(loss.detach()), y.numel())
        bar.set_postfix_str(f"perplexity {perplexity(history.losses[-1]):.2f}", refresh=False)
    model.eval()
    return history


def _walk(streams: Iterable[Tensor], window: int) -> Iterator[tuple[Tensor, Tensor, bool]]:
    """The windows of all streams, and whether a window is the first of its stream."""
    for stream in streams:
        for i, (x, y) in enumerate(windows(stream, window)):
            yield x, y, i == 0


def _optimizers(model: nn.Module, name: str, lr: float, weight_decay: float) -> list[Optimizer]:
    """AdamW for all parameters, or Muon for the matrices of hidden layers and AdamW for the rest."""
    if name == "adamw":
        return [torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)]
    if name != "muon":
        raise ValueError(f"optimizer must be 'adamw' or 'muon', but it is {name!r}")
    embeddings = {id(module.weight) for module in model.modules() if isinstance(module, nn.Embedding)}
    hidden = [p for p in model.parameters() if p.dim() == 2 and id(p) not in embeddings]
    others = [p for p in model.parameters() if p.dim() != 2 or id(p) in embeddings]
    return [
        torch.optim.Muon(hidden, lr=lr, weight_decay=weight_decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=lr, weight_decay=weight_decay, betas=(0.9, 0.99)),
    ]


def _update(model: nn.Module, loss: Tensor, optimizers, schedules, clip: float) -> None:
    for optimizer in optimizers:
        optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), clip)
    for optimizer, schedule in zip(optimizers, schedules, strict=True):
        optimizer.step()
        schedule.step()


def evaluate(model: nn.Module, stream: Tensor, window: int = 64) -> float:
    """The mean cross-entropy, in nats per token, of predicting rows (N, T) from a zero state on.

    A target of -100 is not counted, so rows of unequal length can be padded with it.
    """
    total = count = 0
    model.eval()
    with torch.no_grad():
        state = None
        for x, y in windows(stream, window):
            logits, state = model(x.clamp(min=0), state)
            total += float(cross_entropy(logits.flatten(0, 1), y.flatten(), reduction="sum"))
            count += int((y != IGNORED).sum())
    return total / count


def perplexity(cross_entropy_nats: float) -> float:
    """exp of a cross-entropy in nats per token: how many equally likely tokens would be as hard to predict."""
    return math.exp(cross_entropy_nats) if cross_entropy_nats < 700 else math.inf


def repeat(stream: Tensor, epochs: int, window: int) -> tuple[Iterator[Tensor], int]:
    """A fixed stream (N, T) read `epochs` times, and the number of steps that takes with windows of this length."""
    _check_at_least_1(epochs=epochs, window=window)
    return (stream for _ in range(epochs)), epochs * math.ceil((stream.shape[1] - 1) / window)


def _check_at_least_1(**counts: int) -> None:
    for name, count in counts.items():
        if count < 1:
            raise ValueError(f"{name} must be at least 1, but it is {count}")
