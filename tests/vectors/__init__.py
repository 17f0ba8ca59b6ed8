"""Vectors that Python writes and the browser's runtime must reproduce, token for token.

Both sides compute in float32, in different orders, so their log-probabilities differ by about 1e-6. Where
that decides (two hypotheses within a hair of each other, a draw that falls on a border) no side is wrong, and
such a case is left out here: a case stands only if small noise on the log-probabilities does not change its
tokens. A sampled case is then tried with the next seed. The comparison itself allows no difference.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import torch

from lmkit import decoding
from lmkit.datasets import stories
from lmkit.pretrained import Pretrained

NOISE, TRIALS = 2e-5, 3
TEMPERATURES, TOP_KS, TOP_PS = (0.3, 1.0, 1.7), (None, 1, 5, 40), (0.05, 0.5, 0.9, 1.0)
WIDTHS, LENGTH_PENALTIES = (1, 2, 3, 5, 10), (-1.0, 0.0, 1.0, 2.0)


def uniforms() -> list[list[float]]:
    """[seed, counter, number] of the shared generator, the ends of its range included."""
    seeds, counters = (0, 1, 2, 77, 2**31, 2**32 - 1), (0, 1, 2, 19, 1000, 2**32 - 1)
    return [[s, c, decoding.uniform(s, c)] for s, c in itertools.product(seeds, counters)]


def oracle_prefixes(num_stories: int = 6) -> list[dict]:
    """Stories' distributions after every beginning of a few stories, and the probability of every token."""
    out = []
    for _, story in zip(range(num_stories), stories.stories(seed=5), strict=False):
        oracle, steps = stories.Oracle(), []
        for token in story:
            steps.append({"next": oracle.next(), "token": token, "probability": oracle.read(token)})
        out.append(steps)
    return out


def of_model(trained: Pretrained, prompts: list[str]) -> list[dict]:
    """Every decoded case of one model."""
    step, end = trained.model.stepper(), trained.eos_token_id
    cases = []
    for ids in map(trained.prompt_ids, prompts):
        for method, settings in _settings():
            if case := _steady(step, ids, end, method, settings):
                cases.append({"prompt": ids, "eos_token_id": end, "method": method, **case})
    return cases


def _settings() -> Iterator[tuple[str, dict]]:
    yield "greedy", {}
    for temperature, top_k, top_p in itertools.product(TEMPERATURES, TOP_KS, TOP_PS):
        yield "sample", {"temperature": temperature, "top_k": top_k, "top_p": top_p, "seed": 0}
    for num_beams, length_penalty in itertools.product(WIDTHS, LENGTH_PENALTIES):
        yield "beam_search", {"num_beams": num_beams, "length_penalty": length_penalty}


def _steady(step: Callable, prompt: list[int], end: int | None, method: str, settings: dict) -> dict | None:
    """The case with the first seed that noise does not sway; None if a method without a seed is swayed."""
    for seed in range(50) if "seed" in settings else [None]:
        chosen = settings if seed is None else {**settings, "seed": seed}
        texts = _decode(step, prompt, end, method, chosen)
        tokens = [text.tokens for text in texts]
        noisy = (_decode(_noisy(step, trial), prompt, end, method, chosen) for trial in range(TRIALS))
        if all([text.tokens for text in other] == tokens for other in noisy):
            expected = [{"tokens": t.tokens, "logProbs": t.log_probs, "score": t.score} for t in texts]
            return {"settings": {"max_new_tokens": 20, **chosen}, "expected": expected}
    return None


def _decode(
    step: Callable, prompt: list[int], end: int | None, method: str, settings: dict
) -> list[decoding.Decoded]:
    texts = getattr(decoding, method)(step, prompt, 20, end, **settings)
    return texts if isinstance(texts, list) else [texts]


def _noisy(step: Callable, trial: int) -> Callable:
    generator = torch.Generator().manual_seed(trial)

    def noisy(tokens, state):
        log_probs, state = step(tokens, state)
        return log_probs + NOISE * (2 * torch.rand(log_probs.shape, generator=generator) - 1), state

    return noisy
