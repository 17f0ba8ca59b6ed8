"""The texts on offer, with what is known of each: the best that any model can do on what is held out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lmkit.datasets import human_numbers, stories
from lmkit.decoding.rng import uniform
from lmkit.widgets.base import assets
from lmkit.widgets.base.model_options import PROMPTS
from lmkit.widgets.labs.train import recall

# Stories are drawn in the page, from the same numbers as here: a seed, and so many tokens at least, for each part.
STORIES_SEEDS, STORIES_TOKENS = {"training": 17, "held_out": 18}, {"training": 120_000, "held_out": 12_000}
Lines = list[tuple[float, str]]  # a height and its name


@dataclass(frozen=True)
class Text:
    """A text to train on.

    Attributes
    ----------
    name, title : str
    words : list of str
        The vocabulary where words stand apart, by ids; empty for running text.
    tables : list of str
        The assets that the page needs to make it, by name.
    loss, accuracy : list of (float, str)
        Known bounds of what is held out: lowest losses in nats per token, highest accuracies as shares.
    prompts : list of str
        Texts that a model of it can read, where no shipped model has some.
    """

    name: str
    title: str
    words: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    loss: Lines = field(default_factory=list)
    accuracy: Lines = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)

    def is_running(self) -> bool:
        """Return whether it is running text, cut into characters or pieces of words."""
        return not self.words

    def entry(self) -> dict[str, Any]:
        """Return the text as it travels to the browser."""
        lines = {"loss": [list(line) for line in self.loss], "accuracy": [list(line) for line in self.accuracy]}
        keys = {name: KEYS[name]() for name in self.tables}
        prompts = PROMPTS.get(self.name, self.prompts)
        return dict(name=self.name, title=self.title, words=self.words, tables=keys, lines=lines, prompts=prompts)


KEYS = {assets.GRAMMAR: assets.grammar_key, assets.PLAYS: assets.plays_key, assets.PIECES: assets.pieces_key}


def texts() -> list[Text]:
    """Return all texts on offer; the last one is the reader's own."""
    return [
        Text(
            "human_numbers",
            "Human Numbers",
            human_numbers.vocab().words,
            # counting.ceiling of the held-out part, which is 12,623 tokens long
            loss=[(1.1453, "best from 3 tokens"), (0.8132, "from 6")],
            accuracy=[(0.5532, "best from 3 tokens"), (0.6521, "from 6")],
        ),
        Text(
            "stories",
            "Stories",
            stories.vocab().words,
            [assets.GRAMMAR],
            loss=[(0.913, "the grammar’s own")],
            accuracy=[(0.652, "the best guess")],
        ),
        Text("shakespeare", "Shakespeare", tables=[assets.PLAYS, assets.PIECES]),
        Text(
            "recall",
            "Recall a symbol",
            recall.WORDS,
            loss=[(0.0, "remembered"), (math.log(len(recall.SYMBOLS)), "a guess")],
            accuracy=[(1 / len(recall.SYMBOLS), "a guess")],
            prompts=["moon la lo li le", "sun lo"],
        ),
        Text("own", "Your own text", tables=[assets.PIECES]),
    ]


def held_out_stories() -> Iterator[list[str]]:
    """Yield the stories that the page holds out, which follow an end token."""
    rng, count = _Uniform(STORIES_SEEDS["held_out"]), 1
    while count < STORIES_TOKENS["held_out"]:
        story = list(stories.load_grammar().sample(rng))  # pyright: ignore[reportArgumentType]  # it only draws
        count += len(story)
        yield story


def bounds_of_stories() -> tuple[float, float]:
    """Return the cross-entropy of the grammar itself on the held-out stories, and how often its best guess is right."""
    loss = right = count = 0.0
    for story in held_out_stories():
        oracle = stories.Oracle()
        for token in story:
            known = oracle.next()
            right += max(known, key=known.__getitem__) == token
            loss -= math.log(known[token])
            oracle.read(token)
        count += len(story)
    return loss / count, right / count


class _Uniform:
    """The random numbers of the page: one stream, from its beginning."""

    def __init__(self, seed: int):
        self._seed, self._drawn = seed, 0

    def random(self) -> float:
        self._drawn += 1
        return uniform(self._seed, self._drawn - 1)
