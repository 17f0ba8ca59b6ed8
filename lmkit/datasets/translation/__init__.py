"""Translation: the English of Stories in German, with a truth.

A second grammar runs beside that of Stories. What it says of every alternative stands in `german.json`: which words,
in which order, with which endings. So of every story all translations are known, the probability of each, and which
word comes from which. German words are written as German writes them, nouns with a capital; the first word of a
sentence has none of its own, as in Stories. ::

    pair = next(pairs(seed=0))
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
    "loss_floor",
    "pairs",
    "source_vocab",
    "target_vocab",
    "translations",
]

PATH = Path(__file__).with_name("german.json")


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
    """Return all translations of a story, with their probabilities.

    Parameters
    ----------
    source : str or iterable of str
        An English story, as text or as words, with the end token or without.

    Raises
    ------
    SourceError
        If the grammar of Stories cannot write it; the message names the first word that does not fit.
    """
    tokens = tokenize(source) if isinstance(source, str) else list(source)
    end = stories.load_grammar().end
    ended = tokens[-1:] == [end]
    words = tokens[:-1] if ended else tokens
    return Translations(load_table(), _parser().parse(words), Written(end, (len(words),) if ended else ()))


def pairs(seed: int) -> Iterator[Pair]:
    """Write stories and translations without end; one seed, one supply.

    The stories are those of `stories.stories(seed)`, and each translation is drawn from all those of its story.
    """
    rng = random.Random(f"german {seed}")
    for source in stories.stories(seed):
        target, alignment = translations(source).sample(rng)
        yield Pair(source, target, alignment)


def loss_floor(seed: int, num_pairs: int) -> float:
    """Estimate the least loss that a model can reach, in nats a word, the end token included.

    It is the exact entropy of the translation given the story, summed over `num_pairs` stories, over the exact mean
    number of words.
    """
    found = [translations(source) for source in islice(stories.stories(seed), num_pairs)]
    return sum(each.entropy() for each in found) / sum(each.mean_length() for each in found)
