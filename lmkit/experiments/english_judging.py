"""How models of Shakespeare are judged: what decoders write after speeches of plays that were held out, beside people.

No grammar knows whether such a text is right. It is measured from several sides, and what people wrote at the same
places is measured in the same way.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean
from typing import Any

import torch

from lmkit import decoding
from lmkit.datasets import shakespeare
from lmkit.metrics import (
    Judge,
    bits_per_character,
    distinct_n,
    mauve_like,
    ngram_divergence,
    ngram_features,
    repetition,
    spelling,
    surprisal_excess,
    words,
)
from lmkit.models import LanguageModel
from lmkit.text import BPE, batchify, to_tensor
from lmkit.training import evaluate

PLACES = 64  # in the held-out plays, at which texts begin
READ, WRITTEN = 300, 300  # characters before a place and behind it
PROMPT_TOKENS = 80  # of what stands before: all prompts of a batch are equally long
NEW_TOKENS = 240  # enough for the characters, save where tokens are very short
PIECE = 100  # characters of a piece whose n-grams are compared
PIECES = 192
LINE_TOKENS, LOOP_TOKENS = 80, 500
LONGEST_PERIOD = 125  # tokens of a loop
TIMES = 10  # that a text is repeated
HELD_OUT_ROWS = 64
DECODERS: dict[str, dict[str, Any]] = {
    "greedy": {"top_k": 1},
    "beams of 5": {"num_beams": 5},
    "beams of 10": {"num_beams": 10},
    "beams of 20": {"num_beams": 20},
    "pure sampling": {},
    "temperature .7": {"temperature": 0.7},
    "temperature .85": {"temperature": 0.85},
    "temperature .9": {"temperature": 0.9},
    "temperature 1.3": {"temperature": 1.3},
    "top-k 5": {"top_k": 5},
    "top-k 20": {"top_k": 20},
    "top-k 40": {"top_k": 40},
    "top-k 80": {"top_k": 80},
    "top-p .8": {"top_p": 0.8},
    "top-p .9": {"top_p": 0.9},
    "top-p .95": {"top_p": 0.95},
    "min-p .02": {"min_p": 0.02},
    "min-p .05": {"min_p": 0.05},
    "typical p .95": {"typical_p": 0.95},
}
SPEAKER = re.compile(r"\n\n[^\n]+:\n")
PEOPLE, PEOPLE_ELSEWHERE = "people", "people, elsewhere"
REPEATED_WORDS = (" no,", " never,", " come,", " fie,", " my lord,")


@dataclass(frozen=True)
class Reader:
    """A trained model with its tokens."""

    model: LanguageModel
    tokenizer: BPE

    @property
    def step(self) -> decoding.StepFn:
        """The model as decoders take it."""
        return self.model.stepper()

    @torch.no_grad()
    def surprise(self, prompts: Sequence[list[int]], texts: Sequence[list[int]]) -> tuple[list[float], list[float]]:
        """Return the log-probability of every token of texts, and the entropy at its place, in nats."""
        log_probs, entropies = [], []
        for prompt, text in zip(prompts, texts, strict=True):
            logits, _ = self.model(torch.tensor([[*prompt, *text[:-1]]]))
            at = logits[0, len(prompt) - 1 :].double().log_softmax(dim=-1)
            log_probs += at.gather(1, torch.tensor(text)[:, None])[:, 0].tolist()
            entropies += (-(at.exp() * at).sum(dim=-1)).tolist()
        return log_probs, entropies


def decoders(reader: Reader, seed: int, decoder: str) -> dict[str, Any]:
    """Return measures of what a decoder writes at all places, or of what people have written there."""
    places = beginnings()
    prompts = [reader.tokenizer.encode(before)[-PROMPT_TOKENS:] for before, _ in places]
    if decoder in (PEOPLE, PEOPLE_ELSEWHERE):
        chosen = places if decoder == PEOPLE else beginnings(elsewhere=True)
        prompts = [reader.tokenizer.encode(before)[-PROMPT_TOKENS:] for before, _ in chosen]
        ids = [reader.tokenizer.encode(text) for _, text in chosen]
    else:
        ids = written(reader.step, prompts, seed, **DECODERS[decoder])
    texts = [reader.tokenizer.decode(each)[:WRITTEN] for each in ids]
    log_probs, entropies = reader.surprise(prompts, ids)
    return {
        **of_texts(texts, [before for before, _ in places]),
        "surprisal_excess": surprisal_excess(log_probs, entropies),
        "example": texts[0],
    }


def written(step: decoding.StepFn, prompts: list[list[int]], seed: int, **options: Any) -> list[list[int]]:
    """Return the tokens that a decoder writes after each prompt."""
    if "num_beams" in options:
        found = decoding.beam_search(step, prompts, NEW_TOKENS, None, **options)
        return [texts[0].tokens for texts in found]
    seeds = [seed * len(prompts) + row for row in range(len(prompts))]
    return [text.tokens for text in decoding.sample(step, prompts, NEW_TOKENS, None, seed=seeds, **options)]


def of_texts(texts: Sequence[str], before: Sequence[str]) -> dict[str, float]:
    """Return the measures that need the texts alone, and what stood before them."""
    said = [words(text) for text in texts]
    pieces = [text[start : start + PIECE] for text in texts for start in range(0, WRITTEN - PIECE + 1, PIECE)]
    people = peoples_pieces()
    return {
        "repeated_4_grams": fmean(repetition(text, 4) for text in said),
        "distinct_2": distinct_n(said, 2),
        "spelling": spelling(texts, known_words(), cut=True),
        "judge": judge().bits_per_character(texts, before),
        "divergence": ngram_divergence(texts, [text for _, text in beginnings(elsewhere=True)], 3),
        "mauve_like": mauve_like(ngram_features(people), ngram_features([piece for piece in pieces if piece])),
        "lines": fmean(text.count("\n") for text in texts),
    }


def line_ends(reader: Reader, _seed: int, num_beams: int, length_penalty: float) -> dict[str, Any]:
    """Return how long the lines are that beams write, where a line feed ends a text; and people's in their place."""
    newline = reader.tokenizer.encode("\n")
    prompts = [reader.tokenizer.encode(before)[-PROMPT_TOKENS:] for before, _ in beginnings()]
    options = {"num_beams": num_beams, "length_penalty": length_penalty}
    found = decoding.beam_search(reader.step, prompts, LINE_TOKENS, newline[0], **options)
    lines = [reader.tokenizer.decode(texts[0].tokens).rstrip("\n") for texts in found]
    people = [text.split("\n")[0] for _, text in beginnings()]
    return {
        "characters": fmean(map(len, lines)),
        "log_prob": fmean(texts[0].log_prob for texts in found),
        "different": len(set(lines)) / len(lines),
        "peoples_characters": fmean(map(len, people)),
    }


def loops(reader: Reader, _seed: int) -> dict[str, Any]:
    """Return the share of long greedy texts whose second half is one exact loop, and how many different loops."""
    prompts = [reader.tokenizer.encode(before)[-PROMPT_TOKENS:] for before, _ in beginnings()]
    texts = [text.tokens for text in decoding.greedy(reader.step, prompts, LOOP_TOKENS, None)]
    periods = [period_of(text[LOOP_TOKENS // 2 :]) for text in texts]
    kinds = {tuple(sorted(text[-period:])) for text, period in zip(texts, periods, strict=True) if period}
    return {"share": fmean(period > 0 for period in periods), "periods": periods, "kinds": len(kinds)}


def period_of(tokens: Sequence[int]) -> int:
    """Return after how many tokens a text repeats itself exactly, twice at least and to its end; 0 if it does not."""
    longest = min(LONGEST_PERIOD, len(tokens) // 2)
    found = (period for period in range(1, longest + 1) if tokens[period:] == tokens[:-period])
    return next(found, 0)


def repeats(reader: Reader, _seed: int) -> dict[str, Any]:
    """Return how much each repetition of a line, and of a word, surprises, in bits per token (Holtzman et al. 2020)."""
    start = reader.tokenizer.encode("\n\nFirst Lord:\n")
    lines = [reader.tokenizer.encode(f"{line}\n") for line in peoples_lines()]
    said = [reader.tokenizer.encode(word) for word in REPEATED_WORDS]
    speaking = [*start, *reader.tokenizer.encode("O")]
    return {
        "lines": _of_repetitions(reader, start, lines),
        "words": [_of_repetitions(reader, speaking, [word]) for word in said],
    }


def _of_repetitions(reader: Reader, start: list[int], texts: Sequence[list[int]]) -> list[float]:
    """Return the mean surprisal of a text's tokens at each of its repetitions, over texts, in bits."""
    means = []
    for text in texts:
        log_probs, _ = reader.surprise([start], [text * TIMES])
        means.append([-fmean(each) / math.log(2) for each in _cut(log_probs, len(text))])
    return [fmean(column) for column in zip(*means, strict=True)]


def _cut(values: Sequence[float], length: int) -> list[Sequence[float]]:
    return [values[start : start + length] for start in range(0, len(values), length)]


def quality(reader: Reader, _seed: int) -> dict[str, float]:
    """Return how well held-out plays are predicted."""
    _, held_out = shakespeare.split()
    ids = reader.tokenizer.encode(held_out)
    found = evaluate(reader.model, batchify(to_tensor(ids), HELD_OUT_ROWS), 128)
    return {
        "cross_entropy": found.cross_entropy,
        "bits_per_character": bits_per_character(found.cross_entropy, len(ids), len(held_out)),
    }


@cache
def beginnings(elsewhere: bool = False) -> list[tuple[str, str]]:
    """Return what stands before places in held-out plays at which a speech begins, and what people wrote there.

    No two places lie in one text: those "elsewhere" are as many others.
    """
    _, text = shakespeare.split()
    apart: list[int] = []
    for start in (found.end() for found in SPEAKER.finditer(text)):
        inside = READ <= start <= len(text) - WRITTEN
        if inside and (not apart or start >= apart[-1] + READ + WRITTEN):
            apart.append(start)
    chosen = random.Random("places").sample(apart, 2 * PLACES)
    chosen = chosen[PLACES:] if elsewhere else chosen[:PLACES]
    return [(text[start - READ : start], text[start : start + WRITTEN]) for start in chosen]


@cache
def peoples_pieces() -> list[str]:
    """Return pieces of held-out plays, drawn at random."""
    _, text = shakespeare.split()
    starts = random.Random("pieces").sample(range(len(text) - PIECE), PIECES)
    return [text[start : start + PIECE] for start in starts]


@cache
def peoples_lines(number: int = 60) -> list[str]:
    """Return whole sentences of held-out plays, a line each."""
    _, text = shakespeare.split()
    lines = [line for line in text.split("\n") if 25 < len(line) < 60 and line[0].isupper() and line[-1] in ".!?"]
    return random.Random("lines").sample(lines, number)


@cache
def known_words() -> frozenset[str]:
    """Return the words of the plays to train on."""
    return frozenset(words(shakespeare.split()[0]))


@cache
def judge() -> Judge:
    """Return a model of another kind, of the plays to train on."""
    return Judge(shakespeare.split()[0])


Study = Callable[..., dict[str, Any]]
STUDIES: dict[str, Study] = {each.__name__: each for each in (decoders, line_ends, loops, repeats, quality)}
