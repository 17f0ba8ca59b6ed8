"""The continuous cache pointer: at evaluation, words return where the hidden state looks as it did before them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import nll_loss, one_hot

from lmkit.training.history import Measures
from lmkit.training.reading import IGNORED, Reading, check_at_least_1


def cache_probabilities(
    now: Tensor, keys: Tensor, words: Tensor, seen: Tensor, theta: float, vocab_size: int
) -> Tensor:
    """What a cache expects: p(w) ∝ Σ over remembered i with word w of exp(θ h_t · h_i) (Grave et al. 2017, eq. 2).

    Parameters
    ----------
    now : Tensor (N, L, H)
        h_t, the hidden states that predict.
    keys : Tensor (N, S, H), words : Tensor of int64 (N, S)
        Remembered hidden states h_i, and the words that followed them.
    seen : Tensor of bool (L, S)
        Which of them are remembered at each step.
    theta : float ≥ 0
        How sharply the cache prefers states that are alike.

    Returns
    -------
    Tensor (N, L, V)
        Zeros where nothing is remembered yet.
    """
    alike = (theta * now @ keys.mT).masked_fill(~seen, -math.inf)
    weights = alike.softmax(dim=-1).nan_to_num(0.0)  # no number where all are -inf
    return weights @ one_hot(words, vocab_size).to(weights.dtype)


@torch.no_grad()
def measure_with_cache(
    model: nn.Module, stream: Tensor, *, theta: float = 3.0, lam: float = 0.2, size: int = 500, window: int = 64
) -> Measures:
    """Like `measure`, with a continuous cache pointer (Grave, Joulin & Usunier 2017): p = (1 − λ) p_model + λ p_cache.

    Every row has a cache of its own, empty at its start: there the model speaks alone. Nothing is trained.

    Parameters
    ----------
    model : Module with `with_activations`
    stream : Tensor of int64 (N, T)
        A target of -100 is not counted and not remembered; it may only stand at the end of a row.
    theta : float ≥ 0
        θ, how sharply the cache prefers states that are alike.
    lam : float in [0, 1)
        λ, the weight of the cache.
    size : int ≥ 1
        How many of the last words are remembered.
    window : int ≥ 1
        How many steps are computed at once; it makes no difference.

    Raises
    ------
    ValueError
        If an argument is out of its range.
    """
    check_at_least_1(size=size)
    if not (theta >= 0 and 0 <= lam < 1):
        raise ValueError(f"theta must be at least 0 and lam in [0, 1), but they are {theta} and {lam}")
    total, right, count, was_training = 0.0, 0, 0, model.training
    model.eval()
    past = None
    for logits, targets, length, activations, _ in Reading(window, activations=True).predictions(model, stream):
        now = activations.raw
        words = targets.view(len(stream), length)
        keys, known = (now, words) if past is None else (torch.cat([past[0], now], 1), torch.cat([past[1], words], 1))
        seen = _seen(length, keys.shape[1], size)
        cached = cache_probabilities(now, keys, known.clamp(min=0), seen, theta, logits.shape[-1])
        own = logits.softmax(dim=-1).view_as(cached)
        share = lam * cached.sum(dim=-1, keepdim=True)  # λ; 0 where the cache is empty
        p = ((1 - share) * own + lam * cached).flatten(0, 1)
        total += float(nll_loss(p.log(), targets, reduction="sum", ignore_index=IGNORED))
        right += int((p.argmax(dim=1) == targets).sum())
        count += int((targets != IGNORED).sum())
        past = keys[:, -size:], known[:, -size:]
    model.train(was_training)
    return Measures(total / count, right / count, count)


def _seen(length: int, remembered: int, size: int) -> Tensor:
    """Which words are in the cache at each step of the window that ends with them: those before it, the last `size`."""
    step = torch.arange(length)[:, None] + remembered - length
    place = torch.arange(remembered)
    return (place < step) & (place >= step - size)
