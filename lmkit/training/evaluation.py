"""How well a model predicts held-out text."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lmkit.training.config import TrainConfig
from lmkit.training.modes import mode_of
from lmkit.training.windows import IGNORE_INDEX, BPTTWindows


class EvalResult(NamedTuple):
    """Quality of predictions: mean cross-entropy (nats per token), share of right guesses, number of targets."""

    cross_entropy: float
    accuracy: float
    tokens: int

    @classmethod
    def of_sums(cls, cross_entropy: float, right: int, tokens: int) -> EvalResult:
        """Return the means of what was added up over targets; raise ValueError if none of them counts."""
        if not tokens:
            rule = f"must hold a target that counts, but all of its targets are {IGNORE_INDEX}"
            raise ValueError(f"stream {rule}; give other rows")
        return cls(cross_entropy / tokens, right / tokens, tokens)


@torch.no_grad()
def evaluate(
    model: nn.Module,
    stream: Tensor,
    window: int = TrainConfig.window,
    loss_at: str = TrainConfig.loss_at,
    *,
    carry_state: bool = TrainConfig.carry_state,
) -> EvalResult:
    """Predict rows from a zero state on, windows in order, and return cross-entropy and accuracy.

    Parameters
    ----------
    model : Module
        As for `train`; it is evaluated in evaluation mode.
    window, loss_at, carry_state
        As in `TrainConfig`. With `carry_state` and a loss at every token, the length of a window makes no difference.
    stream : Tensor of int64 (N, T)
        A target of -100 is not counted, so rows of unequal length can be padded with it.

    Returns
    -------
    EvalResult : cross_entropy (nats per token), accuracy (0 to 1) and tokens, the number of targets that count

    Raises
    ------
    ValueError
        If an argument is out of its range, or no target counts.
    """
    total, right, count = 0.0, 0, 0
    with mode_of(model, training=False):
        for prediction in BPTTWindows(window, loss_at, carry_state).predictions(model, stream):
            total += float(cross_entropy(prediction.logits, prediction.targets, reduction="sum"))
            right += int((prediction.logits.argmax(dim=1) == prediction.targets).sum())
            count += prediction.num_counted
    return EvalResult.of_sums(total, right, count)
