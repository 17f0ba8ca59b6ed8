"""The continuous cache pointer: at evaluation, words return where the hidden state looks as it did before them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import nll_loss, one_hot

from lmkit.training.config import TrainConfig, check_counts
from lmkit.training.evaluation import EvalResult
from lmkit.training.modes import mode_of
from lmkit.training.windows import IGNORE_INDEX, BPTTWindows


def cache_probabilities(
    now: Tensor, keys: Tensor, words: Tensor, seen: Tensor, theta: float, vocab_size: int
) -> Tensor:
    """Return what a cache expects: p(w) ∝ Σ exp(θ h_t · h_i) over remembered i with word w (Grave et al. 2017, eq. 2).

    Parameters
    ----------
    now : Tensor (N, L, H)
        h_t, the hidden states that predict.
    keys : Tensor (N, S, H)
        Remembered hidden states h_i.
    words : Tensor of int64 (N, S)
        Those that followed them.
    seen : Tensor of bool (L, S)
        Which of them are remembered at each step.
    theta : float ≥ 0
        How sharply the cache prefers states that are alike.
    vocab_size : int
        V.

    Returns
    -------
    Tensor (N, L, V)
        Zeros where nothing is remembered yet.
    """
    alike = (theta * now @ keys.mT).masked_fill(~seen, -math.inf)
    weights = alike.softmax(dim=-1).nan_to_num(0.0)  # no number where all are -inf
    return weights @ one_hot(words, vocab_size).to(weights.dtype)


@torch.no_grad()
def evaluate_with_cache(
    model: nn.Module,
    stream: Tensor,
    *,
    theta: float = 3.0,
    lam: float = 0.2,
    size: int = 500,
    window: int = TrainConfig.window,
) -> EvalResult:
    """Evaluate with a continuous cache pointer (Grave, Joulin & Usunier 2017): p = (1 − λ) p_model + λ p_cache.

    Every row has a cache of its own, empty at its start: there the model speaks alone. Nothing is trained.

    Parameters
    ----------
    model : Module with `with_activations`
        It is evaluated in evaluation mode.
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
        If an argument is out of its range, or no target counts.
    """
    check_counts(size=size)
    if not (theta >= 0 and 0 <= lam < 1):
        rule = "theta must be at least 0 and lam in [0, 1)"
        raise ValueError(f"{rule}, but they are {theta} and {lam}; 3 and 0.2 are usual")
    total, right, count, past = 0.0, 0, 0, None
    reader = BPTTWindows(window, activations=True)
    with mode_of(model, training=False):
        for prediction in reader.predictions(model, stream):
            logits, targets, length, (now, _) = prediction[:4]
            words = targets.view(len(stream), length)
            keys, known = now, words
            if past is not None:
                keys, known = torch.cat([past[0], now], dim=1), torch.cat([past[1], words], dim=1)
            seen = _seen(length, keys.shape[1], size).to(stream.device)
            cached = cache_probabilities(now, keys, known.clamp(min=0), seen, theta, logits.shape[-1])
            p = _mixed(logits.softmax(dim=-1).view_as(cached), cached, lam).flatten(0, 1)
            total += float(nll_loss(p.log(), targets, reduction="sum", ignore_index=IGNORE_INDEX))
            right += int((p.argmax(dim=1) == targets).sum())
            count += prediction.num_counted
            past = keys[:, -size:], known[:, -size:]
    return EvalResult.of_sums(total, right, count)


def _mixed(p_model: Tensor, p_cache: Tensor, lam: float) -> Tensor:
    share = lam * p_cache.sum(dim=-1, keepdim=True)  # λ; 0 where the cache is empty
    return (1 - share) * p_model + lam * p_cache


def _seen(length: int, remembered: int, size: int) -> Tensor:
    """Return which words the cache holds at each step of the window that ends with them: the last `size` before it."""
    step = torch.arange(length)[:, None] + remembered - length
    place = torch.arange(remembered)
    return (place < step) & (place >= step - size)
