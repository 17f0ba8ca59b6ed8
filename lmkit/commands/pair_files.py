"""The pairs that `python -m lmkit train --pairs FILE` reads: a source, a tab and its translation on every line."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lmkit.files import name_of
from lmkit.pretrained import END
from lmkit.text import Vocab, read_text, tokenize
from lmkit.training import PairBatch, by_length, encode_pairs, repeat_pairs
from lmkit.training.config import check_counts

EPOCHS = 10  # by default
WordPair = tuple[list[str], list[str]]


@dataclass
class Pairs:
    """Pairs to train on.

    Attributes
    ----------
    title, data : str
        For the card: a name, and what the pairs are.
    source_vocab, target_vocab : Vocab
    batches : iterator of PairBatch
        What is read, for `train_pairs`; deterministic, given the seed.
    steps : int
        How many batches that is.
    held_out : list of PairBatch
    held_out_pairs : list of (source, target)
        The same in words.
    shortest : int
        Tokens of the shortest target.
    longest_source : int
        Tokens of the longest source to train on.
    """

    title: str
    data: str
    source_vocab: Vocab
    target_vocab: Vocab
    batches: Iterator[PairBatch]
    steps: int
    held_out: list[PairBatch]
    held_out_pairs: list[WordPair]
    shortest: int
    longest_source: int


def load(options: argparse.Namespace) -> Pairs:
    """Return the pairs of the file that the options name, in batches as they say; the last tenth is held out.

    Raises
    ------
    ValueError
        If a line is no pair, or there are fewer than two.
    """
    path: Path = options.pairs
    check_counts(batch_size=options.batch_size)
    options.epochs = EPOCHS if options.epochs is None else options.epochs
    pairs, changes = read_pairs(path)
    if len(pairs) < 2:
        rule = "pairs must be at least two, one to train on and one to hold out"
        raise ValueError(f"{rule}, but {path} holds {len(pairs)}; give more")
    source_vocab, target_vocab = (Vocab.of([END, *(word for pair in pairs for word in pair[i])]) for i in (0, 1))
    encoded = list(encode_pairs(pairs, source_vocab, target_vocab))
    cut = len(encoded) - max(1, len(encoded) // 10)
    batches, steps = repeat_pairs(encoded[:cut], options.batch_size, options.epochs)
    data = "; ".join([f"{name_of(path.name)}: {len(pairs):,} pairs, the last tenth held out", *changes])
    held_out, shortest = by_length(encoded[cut:], options.batch_size), min(len(pair.target) for pair in encoded)
    longest = max(len(pair.source) for pair in encoded[:cut])
    vocabs = source_vocab, target_vocab
    return Pairs(name_of(path.stem), data, *vocabs, batches, steps, held_out, pairs[cut:], shortest, longest)


def read_pairs(path: Path) -> tuple[list[WordPair], list[str]]:
    """Read a file of pairs, each side with its end token, and return with them what was changed, in words.

    Lines without a word are left out.

    Raises
    ------
    ValueError
        If a line has not one tab, a side has no words, or a word is the end token; the message names file and line.
    """
    text, changes = read_text(path)
    pairs = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            pairs.append(_pair(line, f"{path}, line {number},"))
    return pairs, changes


def _pair(line: str, place: str) -> WordPair:
    sides = line.split("\t")
    if len(sides) != 2:
        found = f"{len(sides) - 1} tabs" if len(sides) > 1 else "no tab"
        raise ValueError(f"pairs must have one tab between source and translation, but {place} has {found}; correct it")
    source, target = map(tokenize, sides)
    if not source or not target:
        empty = "translation" if source else "source"
        raise ValueError(f"pairs must have words on both sides, but {place} has an empty {empty}; fill or remove it")
    if END in source or END in target:
        raise ValueError(f"pairs must not hold {END}, which is added at the end, but {place} does; remove it")
    return [*source, END], [*target, END]
