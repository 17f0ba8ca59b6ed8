"""How networks on Human Numbers are judged: at every token of held-out text, and where they are wrong."""

from __future__ import annotations

import math
from collections import Counter
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lmkit.datasets import human_numbers
from lmkit.text import windows
from lmkit.training import evaluate

ABOUT = "Human Numbers; held-out text in 64 rows that start cold, scored at every token"
STOP = "."


@torch.no_grad()
def read_held_out(model: nn.Module, held_out: Tensor, reach: int | None = None) -> dict[str, Any]:
    """Return how a model does at every token of rows (N, T), and where it is wrong.

    Parameters
    ----------
    model : Module
        (tokens, state) -> (logits, state)
    held_out : Tensor of int64 (N, T)
    reach : int, optional
        With 3, the model is asked with three tokens before each target, as the lowest rung is trained.

    Returns
    -------
    dict
        `accuracy` and `cross_entropy` with the state carried; the same `zeroed_` before every window of 16, and
        `zeroed_by_place`, the loss at its places; and `mistakes`.
    """
    if reach == 3:
        return _asked_of_three(model, held_out)
    carried, zeroed = evaluate(model, held_out), evaluate(model, held_out, 16, carry_state=False)
    logits, targets = model(held_out[:, :-1])[0], held_out[:, 1:]
    places: list[list[float]] = [[] for _ in range(16)]
    for x, y in windows(held_out, 16):
        losses = cross_entropy(model(x)[0].transpose(1, 2), y, reduction="none").mean(dim=0)
        for place, loss in enumerate(losses.tolist()):
            places[place].append(loss)
    return {
        "accuracy": carried.accuracy,
        "cross_entropy": carried.cross_entropy,
        "zeroed_accuracy": zeroed.accuracy,
        "zeroed_cross_entropy": zeroed.cross_entropy,
        "zeroed_by_place": [fmean(losses) for losses in places],
        **mistakes(held_out[:, :-1], logits.argmax(dim=2), targets),
    }


def _asked_of_three(model: nn.Module, held_out: Tensor) -> dict[str, Any]:
    asked = held_out.unfold(1, 4, 1).flatten(0, 1)
    logits, read, targets = model(asked[:, :3])[0][:, -1], asked[:, 2], asked[:, 3]
    right = (logits.argmax(dim=1) == targets).float().mean()
    found = {"accuracy": float(right), "cross_entropy": float(cross_entropy(logits, targets))}
    return found | mistakes(read, logits.argmax(dim=1), targets)


def mistakes(read: Tensor, guesses: Tensor, came: Tensor) -> dict[str, Any]:
    """Return the accuracy after a full stop and elsewhere, and the three most frequent mistakes with their shares."""
    vocab = human_numbers.vocab()
    stop, right = read == vocab.ids([STOP])[0], guesses == came
    pairs = zip(read[~right].tolist(), came[~right].tolist(), strict=True)
    counts = Counter((vocab.words[a], vocab.words[b]) for a, b in pairs)
    return {
        "after_stop": float(right[stop].float().mean()),
        "elsewhere": float(right[~stop].float().mean()),
        "worst": [[a, b, short(n / counts.total())] for (a, b), n in counts.most_common(3)],
    }


def shortened(measures: dict[str, Any]) -> dict[str, Any]:
    """Return measures with every number as `short` has it."""
    return {name: [*map(short, x)] if name == "zeroed_by_place" else short(x) for name, x in measures.items()}


def short(value: Any) -> Any:
    """Return a number in four significant digits, as runs store it, and anything else as it is."""
    return float(f"{value:.4g}") if isinstance(value, float) and math.isfinite(value) else value
