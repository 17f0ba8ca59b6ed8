"""Vectors that Python writes and the browser's runtime must reproduce, token for token.

Both sides compute in float32, in different orders, so their log-probabilities differ by about 1e-6. Where
that decides (two hypotheses within a hair of each other, a draw that falls on a border) no side is wrong, and
such a case is left out here: a case stands only if small noise on the log-probabilities does not change its
tokens. A sampled case is then tried with the next seed. The comparison itself allows no difference.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import wraps

import torch
from torch import Tensor

from lmkit import decoding
from lmkit.datasets import stories
from lmkit.pretrained import Pretrained

NOISE, TRIALS, MOST_SEEDS = 2e-5, 3, 50
TEMPERATURES, TOP_KS, TOP_PS = (0.3, 1.0, 1.7), (None, 1, 5, 40), (0.05, 0.5, 0.9, 1.0)
MIN_PS, TYPICAL_PS = (0.0, 0.02, 0.3, 1.0), (0.2, 0.7, 1.0)
WIDTHS, LENGTH_PENALTIES, STOPS = (1, 2, 3, 5, 10), (-1.0, 0.0, 1.0, 2.0), (False, True, "never")
SHORT, LONG, MANY_BEAMS = 20, 40, 50  # new tokens of a text; texts side by side
STATUSES = ("kept", "top_k", "top_p", "min_p", "typical_p")  # in the order of the filters


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


def filtered(vocab_size: int = 60) -> list[dict]:
    """Random log-probabilities, settings of all filters, and which dropped each token (a place in `STATUSES`)."""
    generator = torch.Generator().manual_seed(7)
    choices = (TEMPERATURES, TOP_KS, TOP_PS, MIN_PS, TYPICAL_PS)
    cases = []
    for values in itertools.product(*choices):
        settings = dict(zip(("temperature", "top_k", "top_p", "min_p", "typical_p"), values, strict=True))
        log_probs = (3 * torch.randn(vocab_size, generator=generator)).log_softmax(dim=-1)
        statuses = statuses_of(log_probs, settings)
        if all(statuses_of(_with_noise(log_probs, generator), settings) == statuses for _ in range(TRIALS)):
            cases.append({"logProbs": log_probs.tolist(), "settings": settings, "statuses": statuses})
    return cases


def statuses_of(log_probs: Tensor, settings: dict) -> list[int]:
    """Return what dropped each token: the place in `STATUSES` of the first filter that does."""
    statuses = [0] * len(log_probs)
    for place in range(1, len(STATUSES)):
        upto = {key: settings[key] for key in ("temperature", *STATUSES[1 : place + 1])}
        for token in (decoding.filter_logits(log_probs, **upto) == -torch.inf).nonzero().flatten().tolist():
            statuses[token] = statuses[token] or place
    return statuses


def of_model(trained: Pretrained, prompts: list[str]) -> list[dict]:
    """Every decoded case of one model."""
    ids = [trained.prompt_ids(prompt) for prompt in prompts]
    return of_step(trained.model.stepper(), ids, trained.eos_token_id)


def of_step(
    step: Callable, prompts: list[list[int]], end: int | None, every: int = 1, more: dict | None = None
) -> list[dict]:
    """Every decoded case of a step, or one setting in so many; `more` are settings of them all."""
    cases = []
    for method, settings in itertools.islice(_settings(), 0, None, every):
        cases += _steady(step, prompts, end, method, settings | (more or {}))
    return cases


def _settings() -> Iterator[tuple[str, dict]]:
    for length in (SHORT, LONG):
        yield "greedy", {"max_new_tokens": length}
    for temperature, top_k, top_p in itertools.product(TEMPERATURES, TOP_KS, TOP_PS):
        yield "sample", {"max_new_tokens": SHORT, "temperature": temperature, "top_k": top_k, "top_p": top_p}
    for min_p, typical_p in itertools.product(MIN_PS, TYPICAL_PS):
        for top_p in (0.9, 1.0):
            settings = {"temperature": 1.5, "top_k": 40, "top_p": top_p, "min_p": min_p, "typical_p": typical_p}
            yield "sample", {"max_new_tokens": LONG, **settings}
    for num_beams, length_penalty, stop in itertools.product(WIDTHS, LENGTH_PENALTIES, STOPS):
        settings = {"num_beams": num_beams, "length_penalty": length_penalty, "early_stopping": stop}
        yield "beam_search", {"max_new_tokens": SHORT, **settings}
    for length, stop, length_penalty in itertools.product(range(1, 10), STOPS, (-1.0, 2.0)):
        settings = {"num_beams": 3, "length_penalty": length_penalty, "early_stopping": stop}
        yield "beam_search", {"max_new_tokens": length, **settings}  # some texts have ended when others are cut
    yield "beam_search", {"max_new_tokens": 4, "num_beams": MANY_BEAMS}
    for num_beams in range(1, 11):
        yield "beam_search", {"max_new_tokens": LONG, "num_beams": num_beams, "early_stopping": "never"}


def _steady(step: Callable, prompts: list[list[int]], end: int | None, method: str, settings: dict) -> list[dict]:
    """The cases of the prompts that noise does not sway, sampled ones with the first seed of which this is true."""
    cases = []
    for seed in range(MOST_SEEDS) if method == "sample" else [None]:
        chosen = settings if seed is None else {**settings, "seed": seed}
        left = []
        for prompt, texts in zip(prompts, _decoded(step, prompts, end, method, chosen), strict=True):
            if texts is None:
                left.append(prompt)
                continue
            expected = [{"tokens": t.tokens, "logProbs": t.log_probs, "score": t.score} for t in texts]
            case = {"prompt": prompt, "eos_token_id": end, "method": method}
            cases.append({**case, "settings": {"length_penalty": 1.0, **chosen}, "expected": expected})
        if not (prompts := left):
            break
    return cases


def _decoded(
    step: Callable, prompts: list[list[int]], end: int | None, method: str, settings: dict
) -> list[list[decoding.Decoded] | None]:
    """What every prompt becomes, or None where noise changes its tokens."""
    seeds = [settings["seed"]] if "seed" in settings else []

    def decode(step: Callable, prompts: list[list[int]]) -> list[list[decoding.Decoded]]:
        of_all = {**settings, **({"seed": seeds * len(prompts)} if seeds else {})}
        texts = getattr(decoding, method)(step, prompts, eos_token_id=end, **of_all)
        return [text if isinstance(text, list) else [text] for text in texts]

    clean, noisy = decode(step, prompts), decode(_noisy(step), prompts * TRIALS)
    tokens, others = ([[text.tokens for text in texts] for texts in many] for many in (clean, noisy))
    return [
        texts if all(other == tokens[i] for other in others[i :: len(prompts)]) else None
        for i, texts in enumerate(clean)
    ]


def beam_steps(trained: Pretrained, prompts: list[str]) -> list[dict]:
    """What beam search looked at, step by step, as far as noise does not change it."""
    step, end = trained.model.stepper(), trained.eos_token_id
    cases = []
    for prompt, num_beams in itertools.product(map(trained.prompt_ids, prompts), WIDTHS):
        settings = {"max_new_tokens": SHORT, "num_beams": num_beams, "length_penalty": 1.0, "early_stopping": False}
        steps = _beam_steps(step, prompt, end, settings)
        noisy = _beam_steps(_noisy(step), prompt, end, settings)
        steady = [a for a, b in zip(steps, noisy, strict=False) if {**a, "totals": b["totals"]} == b]
        if steady == steps:
            cases.append({"prompt": prompt, "eos_token_id": end, "settings": settings, "steps": steps})
    return cases


def _beam_steps(step: Callable, prompt: list[int], end: int | None, settings: dict) -> list[dict]:
    steps: list[decoding.BeamStep] = []
    decoding.beam_search(step, prompt, eos_token_id=end, on_step=steps.append, **settings)
    return [asdict(seen) for seen in steps]


def _noisy(step: Callable) -> Callable:
    generator = torch.Generator().manual_seed(0)

    @wraps(step)  # it may name sources
    def noisy(tokens, state):
        log_probs, state = step(tokens, state)
        return _with_noise(log_probs, generator), state

    return noisy


def _with_noise(log_probs: Tensor, generator: torch.Generator) -> Tensor:
    return log_probs + NOISE * (2 * torch.rand(log_probs.shape, generator=generator) - 1)
