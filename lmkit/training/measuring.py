"""How well a model predicts held-out text."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lmkit.training.history import Measures
from lmkit.training.reading import IGNORED, Reading


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
    return measured(model, stream, Reading(window, loss_at, carry_state))


@torch.no_grad()
def measured(model: nn.Module, stream: Tensor, reading: Reading) -> Measures:
    """`measure` with its settings in one object."""
    total, right, count, was_training = 0.0, 0, 0, model.training
    model.eval()
    for logits, targets, *_ in reading.predictions(model, stream):
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
