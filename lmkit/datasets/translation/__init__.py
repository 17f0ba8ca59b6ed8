"""Translation: the English of Stories in German, with a truth.

A second grammar runs beside that of Stories. What it says of every alternative stands in `german.json`: which words,
in which order, with which endings. So of every story all translations are known, the probability of each, and which
word comes from which. German words are written as German writes them, nouns with a capital; the first word of a
sentence has none of its own, as in Stories. ::

    pair = next(pairs(seed=0))  # of whole stories; beginnings(seed=0) are of their first sentences
    oracle = translations(pair.source)
    oracle.next(pair.target[:5])  # what can come sixth, with the true probabilities
    oracle.best().words  # the most probable of oracle.count() translations
    source_vocab().ids(pair.source), target_vocab().ids(pair.target), pair.alignment  # a pair to train on
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from lmkit.datasets import stories
from lmkit.datasets.translation.lexicon import Lexicon
from lmkit.datasets.translation.oracle import TargetError, Translation, Translations
from lmkit.datasets.translation.source import Parser, SourceError
from lmkit.datasets.translation.table import Table
from lmkit.datasets.translation.wording import Written
from lmkit.text import Vocab, tokenize

__all__ = [
    "Pair",
    "SourceError",
    "TargetError",
    "Translation",
    "Translations",
    "beginnings",
    "loss_floor",
    "pairs",
    "sentence_ends",
    "source_vocab",
    "target_vocab",
    "translations",
]

PATH = Path(__file__).with_name("german.json")
SHORTEST = 8  # the words of the shortest first sentence


class Pair(NamedTuple):
    """A story, a translation of it, and which word comes from which.

    Attributes
    ----------
    source, target : list of str
        English and German words, each with the end token.
    alignment : list of tuple of int
        For each German word the positions in `source` that it comes from, in order: none, one or several.
    """

    source: list[str]
    target: list[str]
    alignment: list[tuple[int, ...]]


@cache
def load_table() -> Table:
    """Return the German of Stories as it is shipped."""
    return Table(json.loads(PATH.read_text(encoding="utf-8")), stories.load_grammar())


@cache
def _parser() -> Parser:
    return Parser(stories.load_grammar())


def source_vocab() -> Vocab:
    """Return the English vocabulary, that of Stories; the end token has id 0."""
    return stories.vocab()


@cache
def target_vocab() -> Vocab:
    """Return the German vocabulary; the end token has id 0."""
    end = stories.load_grammar().end
    return Vocab([end, *sorted(Lexicon(load_table()).words)])


def translations(source: str | Iterable[str]) -> Translations:
    """Return all translations of a story, or of its first sentences, with their probabilities.

    Parameters
    ----------
    source : str or iterable of str
        An English story or the beginning of one, as text or as words, with the end token or without.

    Raises
    ------
    SourceError
        If the grammar of Stories cannot write it; the message names the first word that does not fit.
    """
    words, ended = _words(source)
    end = Written(stories.load_grammar().end, (len(words),) if ended else ())
    return Translations(load_table(), _parser().parse(words), end)


def sentence_ends(source: str | Iterable[str]) -> list[int]:
    """Return after how many words of a story its sentences end, in order: a full stop ends nothing else.

    Parameters
    ----------
    source : as for `translations`
    """
    words, _ = _words(source)
    return [place + 1 for place, word in enumerate(words) if word == "."]


def pairs(seed: int) -> Iterator[Pair]:
    """Write stories and translations without end; one seed, one supply.

    The stories are those of `stories.stories(seed)`, and each translation is drawn from all those of its story.
    """
    rng = random.Random(f"german {seed}")
    for source in stories.stories(seed):
        target, alignment = translations(source).sample(rng)
        yield Pair(source, target, alignment)


def beginnings(seed: int, longest: int | None = None) -> Iterator[Pair]:
    """Write beginnings of stories and translations without end: each story ends after one of its sentences.

    The sentence is drawn evenly from all those of a story of `stories.stories(seed)`, its last included.

    Parameters
    ----------
    seed : int
    longest : int ≥ 8, optional
        How many words a beginning may have, its end token not counted; stories of which no sentence fits are left out.
    """
    if longest is not None and longest < SHORTEST:
        rule = f"at least {SHORTEST}, the words of the shortest first sentence"
        raise ValueError(f"longest must be {rule}, but it is {longest}; raise it")
    rng = random.Random(f"german beginnings {seed}")
    for story in stories.stories(seed):
        ends = [end for end in sentence_ends(story) if longest is None or end <= longest]
        if ends:
            source = [*story[: rng.choice(ends)], story[-1]]
            yield Pair(source, *translations(source).sample(rng))


def _words(source: str | Iterable[str]) -> tuple[list[str], bool]:
    """Return the words of a source without the end token, and whether it had one."""
    tokens = tokenize(source) if isinstance(source, str) else list(source)
    ended = tokens[-1:] == [stories.load_grammar().end]
    return (tokens[:-1] if ended else tokens), ended


def loss_floor(seed: int, num_pairs: int) -> float:
    """Estimate the least loss that a model can reach, in nats a word, the end token included.

    It is the exact entropy of the translation given the story, summed over `num_pairs` stories, over the exact mean
    number of words.
    """
    found = [translations(source) for source in islice(stories.stories(seed), num_pairs)]
    return sum(each.entropy() for each in found) / sum(each.mean_length() for each in found)
