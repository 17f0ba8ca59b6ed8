"""The true distribution of the German of a story: word by word, and over all its translations."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lmkit.datasets.translation.network import Network, State
from lmkit.datasets.translation.source import Node
from lmkit.datasets.translation.table import Table
from lmkit.datasets.translation.wording import Links, Written
from lmkit.text import tokenize

# Where the translation may be: the number of a network, a state of it, and the probability of the two.
Belief = tuple[tuple[int, State, float], ...]
Steps = dict[str, tuple[float, Belief]]


class TargetError(ValueError):
    """A text begins no translation of the story."""


class Translation(NamedTuple):
    """A translation, or the beginning of one.

    Attributes
    ----------
    words : list of str
    alignment : list of tuple of int
        For each word the positions in the story that it comes from, in order: none, one or several.
    """

    words: list[str]
    alignment: list[Links]


class Summary(NamedTuple):
    """A summary of all ways to go on from a belief."""

    number: int
    entropy: float
    length: float  # the mean number of words
    best: float  # the largest log-probability
    first: str  # the first word of the best; empty at the end


class Translations:
    """All translations of one story into German, and the probability of each.

    `translations` makes it. A translation ends with the end token; a text may be given as a string or as words.

    Parameters
    ----------
    table : Table
        The German of Stories.
    derivations : list of (float, Node)
        How the story may have come about, and with which probability, as `Parser.parse` gives it.
    end : Written
        The end token.
    """

    def __init__(self, table: Table, derivations: list[tuple[float, Node]], end: Written):
        self.end = end.word
        self._networks = [Network(table, tree, end) for _, tree in derivations]
        total = sum(p for p, _ in derivations)
        self._start: Belief = tuple(
            (i, network.start, derivations[i][0] / total) for i, network in enumerate(self._networks)
        )
        self._steps: dict[Belief, Steps] = {}
        self._summaries: dict[Belief, Summary] = {}

    def next(self, prefix: str | Iterable[str] = ()) -> dict[str, float]:
        """Return the true probability of every word that can follow the beginning of a translation.

        Parameters
        ----------
        prefix : str or iterable of str
            The beginning; empty for the first word.

        Returns
        -------
        dict from word to probability in (0, 1], summing to 1; empty after the end token.

        Raises
        ------
        TargetError
            If no translation begins so; the message names the first word that cannot be.
        """
        return {word: p for word, (p, _) in self._after(self._read(prefix)).items()}

    def token_log_probs(self, target: str | Iterable[str]) -> list[float]:
        """Return the true log-probability (nats) of every word given those before; -inf from the first wrong one on."""
        belief, out = self._start, []
        for word in _words(target):
            p, belief = self._after(belief).get(word, (0.0, ()))
            out.append(math.log(p) if p else -math.inf)
        return out

    def log_prob(self, target: str | Iterable[str]) -> float:
        """Return the true log-probability (nats) that a translation begins with this text; -inf if none does.

        With the end token at the end it is the log-probability of the whole translation.
        """
        return sum(self.token_log_probs(target))

    def __contains__(self, target: str | Iterable[str]) -> bool:
        """Tell whether a text, its end token included, is a translation of the story."""
        words = _words(target)
        return words[-1:] == [self.end] and self.log_prob(words) > -math.inf

    def __iter__(self) -> Iterator[list[str]]:
        """Yield every translation once; there may be millions."""
        return self._all(self._start)

    def count(self) -> int:
        """Return how many translations there are."""
        return self._summary(self._start).number

    def entropy(self) -> float:
        """Return the entropy of the translation given the story, in nats: no model's loss a story can be less."""
        return self._summary(self._start).entropy

    def mean_length(self) -> float:
        """Return the mean number of words of a translation, the end token included."""
        return self._summary(self._start).length

    def best(self) -> Translation:
        """Return the most probable translation; the exact one, by dynamic programming over all of them."""
        belief, words = self._start, []
        while belief and (word := self._summary(belief).first):
            words.append(word)
            belief = self._after(belief)[word][1]
        return self.align(words)

    def sample(self, rng: random.Random) -> Translation:
        """Draw a translation."""
        i = rng.choices([i for i, _, _ in self._start], [p for _, _, p in self._start])[0]
        network, words, alignment = self._networks[i], [], []
        state = network.start
        while transitions := network.transitions(state):
            which = rng.choices(transitions, [p for p, _, _ in transitions]) if len(transitions) > 1 else transitions
            _, written, state = which[0]
            words.append(written.word)
            alignment.append(written.links)
        return Translation(words, alignment)

    def align(self, target: str | Iterable[str]) -> Translation:
        """Return a translation, or the beginning of one, with the true alignment of its words.

        Where it may have come about in several ways, the most probable one counts.

        Raises
        ------
        TargetError
            If no translation begins so.
        """
        words = _words(target)
        self._read(words)
        paths: dict[tuple[int, State], tuple[float, list[Links]]] = {(i, s): (p, []) for i, s, p in self._start}
        for word in words:
            longer: dict[tuple[int, State], tuple[float, list[Links]]] = {}
            for (i, state), (p, links) in paths.items():
                for q, written, after in self._networks[i].transitions(state):
                    if written.word == word and p * q > longer.get((i, after), (0.0, []))[0]:
                        longer[i, after] = (p * q, [*links, written.links])
            paths = longer
        return Translation(words, max(paths.values())[1])

    def _read(self, prefix: str | Iterable[str]) -> Belief:
        belief, words = self._start, _words(prefix)
        for place, word in enumerate(words):
            steps = self._after(belief)
            if word not in steps:
                before = f" after {' '.join(words[max(0, place - 4) : place])!r}" if place else ""
                possible = ", ".join(map(repr, sorted(steps, key=lambda w: -steps[w][0])[:8])) or "nothing"
                raise TargetError(
                    f"target must begin a translation of the story, but its word {place + 1}, {word!r}, cannot come"
                    f"{before}; possible is {possible}"
                )
            belief = steps[word][1]
        return belief

    def _after(self, belief: Belief) -> Steps:
        """Return the probability of every next word, and what is believed after it."""
        if belief not in self._steps:
            joint: dict[str, dict[tuple[int, State], float]] = {}
            for i, state, weight in belief:
                for p, written, after in self._networks[i].transitions(state):
                    found = joint.setdefault(written.word, {})
                    found[i, after] = found.get((i, after), 0.0) + weight * p
            self._steps[belief] = {word: _normalised(found) for word, found in joint.items()}
        return self._steps[belief]

    def _summary(self, belief: Belief) -> Summary:
        if belief not in self._summaries:
            steps = self._after(belief)
            out = Summary(0, 0.0, 0.0, -math.inf, "") if steps else Summary(1, 0.0, 0.0, 0.0, "")
            for word, (p, after) in steps.items():
                rest, surprise = self._summary(after), -math.log(p)
                best = max((out.best, out.first), (rest.best - surprise, word), key=lambda pair: pair[0])
                entropy, length = out.entropy + p * (surprise + rest.entropy), out.length + p * (1 + rest.length)
                out = Summary(out.number + rest.number, entropy, length, *best)
            self._summaries[belief] = out
        return self._summaries[belief]

    def _all(self, belief: Belief) -> Iterator[list[str]]:
        steps = self._after(belief)
        if not steps:
            yield []
        for word, (_, after) in steps.items():
            for rest in self._all(after):
                yield [word, *rest]


def _normalised(weights: dict[tuple[int, State], float]) -> tuple[float, Belief]:
    total = sum(weights.values())
    return total, tuple((i, state, weight / total) for (i, state), weight in weights.items())


def _words(text: str | Iterable[str]) -> list[str]:
    return tokenize(text) if isinstance(text, str) else list(text)
