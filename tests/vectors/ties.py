"""Vectors in which many tokens and texts are equally good: of those the lowest id wins, or the text found first.

A text's distribution depends on its last token alone and is a row of a table. Log-probabilities are multiples of a
quarter, so that every sum is exact in float32 and in float64: what ties in Python ties in JavaScript.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from lmkit import decoding
from tests.vectors import STATUSES, STOPS, statuses_of

SIZES = (8, 48, 300)  # of a vocabulary; moving entries of long lists takes another way in the engine
TEMPERATURES, TOP_KS = (0.5, 1.0, 2.0), (None, 1, 3, 30)
# Equal probabilities sum to a multiple of 1 / n, and rounding must not decide whether that is p: no fraction with a
# denominator of a few hundred is near these.
GOLDEN = (5**0.5 - 1) / 2
TOP_PS, MIN_PS, TYPICAL_PS = (1 - GOLDEN, GOLDEN, 1.0), (0.0, 0.3, 1.0), (1 - GOLDEN, 1.0)
EOS, PROMPT = 2, 5

Hypothesis = tuple[float, list[int]]  # Σ log p, tokens


def table(size: int, kinds: int) -> Tensor:
    """Return log-probabilities (size, size) that take a few values only; with one kind all tokens are alike."""
    generator = torch.Generator().manual_seed(size + kinds)
    return -4 - torch.randint(kinds, (size, size), generator=generator) / 4


def filtered() -> list[dict]:
    """Return rows of tables, filters, what dropped each token, and the ids by falling log-probability."""
    choices = (SIZES[:2], (1, 2, 5), TEMPERATURES, TOP_KS, TOP_PS, MIN_PS, TYPICAL_PS)
    cases = []
    for size, kinds, *values in itertools.product(*choices):
        log_probs = table(size, kinds)[0]
        settings = dict(zip(("temperature", *STATUSES[1:]), values, strict=True))
        order = sorted(range(size), key=lambda v: (-log_probs[v].item(), v))
        statuses = statuses_of(log_probs, settings)
        cases.append({"logProbs": log_probs.tolist(), "settings": settings, "statuses": statuses, "order": order})
    return cases


def decoded() -> list[dict]:
    """Return tables, and what greedy search, sampling and beam search make of them."""
    return [case for size, kinds in itertools.product(SIZES, (1, 2, 5)) for case in _of_table(table(size, kinds))]


def _of_table(rows: Tensor) -> Iterator[dict]:
    def step(tokens: Tensor, state: object) -> tuple[Tensor, Tensor]:
        return rows[tokens], tokens

    common = {"prompt": [PROMPT], "eos_token_id": EOS, "table": rows.tolist()}
    cases = []
    for method, settings in _chains():
        text = getattr(decoding, method)(step, [PROMPT], eos_token_id=EOS, **settings)
        cases.append({"method": method, "settings": settings, "expected": [text.tokens]})
    for settings in _searches():
        texts = beam_search(common["table"].__getitem__, settings)
        cases.append({"method": "beam_search", "settings": settings, "expected": texts})
    yield common | {"cases": cases}


def _chains() -> Iterator[tuple[str, dict]]:
    yield "greedy", {"max_new_tokens": 12}
    for top_k, top_p, seed in itertools.product((None, 1, 3), (1 - GOLDEN, 1.0), range(3)):
        yield "sample", {"max_new_tokens": 12, "temperature": 1.0, "top_k": top_k, "top_p": top_p, "seed": seed}


def _searches() -> Iterator[dict]:
    for num_beams, length_penalty, early_stopping in itertools.product((1, 2, 5, 40), (0.0, 1.0, -1.0), STOPS):
        settings = {"num_beams": num_beams, "length_penalty": length_penalty, "early_stopping": early_stopping}
        yield settings | {"max_new_tokens": 6}


def beam_search(log_probs_of: Callable[[int], list[float]], settings: dict) -> list[list[int]]:
    """Return what beam search must find: the rules of lmkit.decoding, with a stable sort of all extensions.

    Of equal extensions the one of the better text comes first, and of those the one with the lower id; of equally
    good finished texts the one that was found first.
    """
    num_beams, length_penalty, max_new_tokens = (
        settings[name] for name in ("num_beams", "length_penalty", "max_new_tokens")
    )
    running: list[Hypothesis] = [(0.0, [])]
    finished: list[tuple[float, list[int]]] = []
    for length in range(1, max_new_tokens + 1):
        last = length == max_new_tokens
        extensions = [
            (total + p, [*tokens, token])
            for total, tokens in running
            for token, p in enumerate(log_probs_of(tokens[-1] if tokens else PROMPT))
        ]
        best = sorted(extensions, key=lambda extension: -extension[0])[: 2 * num_beams]
        ended = [e for rank, e in enumerate(best) if e[1][-1] == EOS and rank < num_beams]
        running = [e for e in best if e[1][-1] != EOS][:num_beams]
        for total, tokens in [*ended, *(running if last else [])]:
            finished.append((total / length**length_penalty, tokens))
        finished = sorted(finished, key=lambda text: -text[0])[:num_beams]
        full = len(finished) == num_beams
        if not running or full and _is_done(finished[-1][0], running[0][0], length, settings):
            break
    return [tokens for _, tokens in finished]


def _is_done(worst: float, best_running: float, length: int, settings: dict) -> bool:
    best_case = settings["max_new_tokens"] if settings["length_penalty"] > 0 else length + 1
    awaited = best_case if settings["early_stopping"] == "never" else length
    return settings["early_stopping"] is True or worst >= best_running / awaited ** settings["length_penalty"]
