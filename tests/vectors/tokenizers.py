"""Texts in real writing and random ones, and their ids by every kind of tokenizer."""

from __future__ import annotations

import random
import sys
import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import islice

from lmkit.datasets import stories, translation
from lmkit.pretrained import prompt_ids
from lmkit.text import BPE, END, Characters, Tokenizer, UnknownWordError, Vocab, Words

TRAINED_ON, HELD_OUT = (3, 120), (4, 12)  # a seed, and how many pairs of stories
RANDOM_TEXTS = 2000
VOCAB_SIZE = 900  # of words and pieces of words
WHITE_SPACE = " \n\t\r\v\f\x1c\x85\xa0\u2003\u2028\u3000"
MARKS = ".,;:!?()[]{}'’“”‘—-…\"%#<>_0123456789‿␣"


def prose(seed: int, count: int) -> Iterator[str]:
    """Yield stories with capitals, marks beside their words and new lines, in English and German."""
    rng = random.Random(seed)
    for pair in islice(translation.pairs(seed=seed), count):
        for words in (pair.source, pair.target):
            text = " ".join(word for word in words if word != END)
            for mark in ".,!?":
                text = text.replace(f" {mark}", mark)
            text = "\n".join(f"“{part[:1].upper()}{part[1:]}”" for part in text.split(". "))
            yield text + rng.choice(["\n", "\n\n", " — ", "  ", ""])


@cache
def tokenizers() -> dict[str, Tokenizer]:
    """Return a tokenizer of every kind, trained on the same text."""
    text = "".join(prose(*TRAINED_ON))
    return {
        "split": stories.vocab(),
        "characters": Characters.of(text),
        "characters with unk": Characters.of(text[:2000], unk=True),
        "words": Words.of(text, vocab_size=VOCAB_SIZE // 3),
        "bpe": BPE.train(text, VOCAB_SIZE),
        "bytes": BPE.train("a", 256),
    }


@cache
def assigned() -> list[str]:
    """Return all characters that Python's Unicode knows."""
    return [c for c in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(c) not in ("Cn", "Cs")]


def random_texts(seed: int, count: int) -> Iterator[str]:
    """Yield random texts: pieces of real ones, white space and marks, and characters from all of Unicode."""
    rng = random.Random(seed)
    bpe = tokenizers()["bpe"]
    text = "".join(prose(*HELD_OUT))

    def part() -> str:
        kind, start = rng.random(), rng.randrange(len(text))
        if kind < 0.4:
            return bpe.decode([rng.randrange(256, len(bpe))])
        if kind < 0.6:
            return text[start : start + rng.randrange(12)]
        return rng.choice(WHITE_SPACE + MARKS * 2) if kind < 0.9 else rng.choice(assigned())

    for _ in range(count):
        yield "".join(part() for _ in range(rng.randrange(14)))


def contents() -> dict:
    """Return tokenizers and cases: [text, ids, what the ids are], and what a reader is shown of the text."""
    kinds = {name: tokenizer.config() for name, tokenizer in tokenizers().items()}
    texts = [*prose(*HELD_OUT), "".join(prose(*HELD_OUT)), *random_texts(1, RANDOM_TEXTS)]
    rng = random.Random(0)
    cases = {}
    for name, tokenizer in tokenizers().items():
        if isinstance(tokenizer, Vocab):
            readable = [" ".join(rng.choices(tokenizer.words, k=rng.randrange(20))) for _ in range(200)]
        else:
            readable = [text for text in texts if tokenizer.unk is not None or not tokenizer.unknown(text)]
        cases[name] = [case(tokenizer, text) for text in readable]
    anyhow = [rng.choices(range(len(tokenizers()["bpe"])), k=rng.randrange(12)) for _ in range(500)]
    strange = [
        "Großmutter\u200bund",
        "u\u0308ber Mu\u00adtter ",
        "\ufeffDie Karte",
        "Da\u200elief",
        " ",
        "ab \n",
        "ab \n  ",
        "one⏎day",
        "one⏎\nday⏎",
    ]
    prompts = {
        name: [[text, prompt_ids(tokenizer, text)] for text in strange if not raises(tokenizer, text)]
        for name, tokenizer in tokenizers().items()
        if name != "split"
    }
    shown = {name: tokenizer.words for name, tokenizer in tokenizers().items()}
    return {
        "kinds": kinds,
        "cases": cases,
        "shown": shown,
        "prompts": prompts,
        "anyhow": [[i, tokenizers()["bpe"].decode(i)] for i in anyhow],
    }


def raises(tokenizer: Tokenizer, text: str) -> bool:
    """Return whether a tokenizer cannot read a prompt."""
    try:
        return not prompt_ids(tokenizer, text)
    except UnknownWordError:
        return True


def case(tokenizer: Tokenizer, text: str) -> list:
    """Return a text, its ids, what these are, and how that is shown."""
    ids = tokenizer.encode(text)
    return [text, ids, tokenizer.decode(ids), tokenizer.text(ids)]
