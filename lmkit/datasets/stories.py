"""Stories: very short stories from a probabilistic grammar whose every probability is known exactly.

The grammar is data (`stories.json`), and this module reads it. A story is written from left to right: what is
still to be written is a tuple of symbols, and a few *registers* remember who and what was named. The two
together are a configuration. `Oracle` keeps the probability of every configuration that the text so far allows,
so the true distribution of the next token is one short sum over them. The page runs the same data with the same
pass in `widgets/runtime/oracle.js`.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

from lmkit.text import Vocab, tokenize

PATH = Path(__file__).with_name("stories.json")

Registers = tuple[str | None, ...]
Alternative = tuple[float, tuple[str, ...]]


class Configuration(NamedTuple):
    """One way in which the text so far may have come about: what is left to write, and what is remembered."""

    rest: tuple[str, ...]
    registers: Registers


class Symbol(NamedTuple):
    """A grammar symbol taken apart: `hero,who=NAME!friend` stores in two registers and excludes a third's word."""

    kind: str  # "word", "rule" or "register"
    name: str
    form: str
    store: tuple[int, ...]
    exclude: int | None

    def remember(self, word: str, registers: Registers) -> Registers:
        """Return the registers after this symbol wrote `word`."""
        return tuple(word if i in self.store else held for i, held in enumerate(registers))


class Grammar:
    """A probabilistic grammar with registers.

    Parameters
    ----------
    table : dict
        The content of `stories.json`; its entry `about` describes the notation.
    """

    def __init__(self, table: dict):
        self.registers: list[str] = table["registers"]
        self.end: str = table["end"]
        self.start = Configuration((table["start"], self.end), (None,) * len(self.registers))
        self.rules = {name: _weighted(alternatives) for name, alternatives in table["rules"].items()}
        self.forms = {
            form: {word: value for name, value in values.items() for word in self.words_of(name)}
            for form, values in table["forms"].items()
        }
        # symbol(text) takes notation apart; choices(head, banned) are a rule's alternatives with their probabilities.
        self.symbol, self.choices = cache(self._parse), cache(self._without)
        self.vocab = Vocab([self.end, *sorted(self._words_written() - {self.end})])

    def expand(self, configuration: Configuration) -> Iterator[tuple[float, str, Configuration]]:
        """Yield every way to write the next word: its probability, the word, and the configuration after it."""
        (head, *tail), registers = configuration
        symbol = self.symbol(head)
        if symbol.kind == "rule":
            for p, symbols in self.choices(head, self._excluded(symbol, registers)):
                for q, word, after in self.expand(Configuration((*symbols, *tail), registers)):
                    yield p * q, word, after
        else:
            word = self._word(symbol, registers)
            yield 1.0, word, Configuration(tuple(tail), symbol.remember(word, registers))

    def sample(self, rng: random.Random) -> Iterator[str]:
        """Write one story, token by token, the end token included."""
        rest, registers = list(reversed(self.start.rest)), self.start.registers
        while rest:
            head = rest.pop()
            symbol = self.symbol(head)
            if symbol.kind == "rule":
                choices = self.choices(head, self._excluded(symbol, registers))
                rest.extend(reversed(_draw(choices, rng.random())))
            else:
                word = self._word(symbol, registers)
                registers = symbol.remember(word, registers)
                yield word

    def words_of(self, name: str) -> set[str]:
        """Return the words that a rule made of single words can become; a word stands for itself."""
        if name not in self.rules:
            return {name}
        return {word for _, symbols in self.rules[name] for word in self.words_of(symbols[0])}

    def _without(self, head: str, banned: str | None) -> list[Alternative]:
        """Return the alternatives of a rule and their probabilities, with the banned word left out."""
        symbol = self.symbol(head)
        kept = [(w, symbols) for w, symbols in self.rules[symbol.name] if symbols != (banned,)]
        total = sum(w for w, _ in kept)
        # What a rule must store or exclude becomes the duty of the one symbol it expands to.
        dutiful = symbol.store or symbol.exclude is not None
        return [(w / total, (head.replace(symbol.name, s[0]),) if dutiful else s) for w, s in kept]

    @staticmethod
    def _excluded(symbol: Symbol, registers: Registers) -> str | None:
        return None if symbol.exclude is None else registers[symbol.exclude]

    def _word(self, symbol: Symbol, registers: Registers) -> str:
        if symbol.kind == "word":
            return symbol.name
        held = registers[self.registers.index(symbol.name)]
        if held is None:
            raise ValueError(f"register {symbol.name!r} must hold a word before it is written, but it is empty")
        return self.forms[symbol.form][held] if symbol.form else held

    def _parse(self, text: str) -> Symbol:
        if len(text) == 1:  # a punctuation mark, not notation
            return Symbol("word", text, "", (), None)
        store, _, name = text.rpartition("=")
        name, _, exclude = name.partition("!")
        kind, form = "rule" if name in self.rules else "word", ""
        if name.startswith("$"):
            kind, (name, _, form) = "register", name[1:].partition(".")
        places = [self.registers.index(r) for r in store.split(",") if r]
        return Symbol(kind, name, form, tuple(places), self.registers.index(exclude) if exclude else None)

    def _words_written(self) -> set[str]:
        symbols = [self.symbol(s) for rule in self.rules.values() for _, alternative in rule for s in alternative]
        forms = {value for values in self.forms.values() for value in values.values()}
        return forms | {symbol.name for symbol in symbols if symbol.kind == "word"}


class Oracle:
    """The true distribution of the next token after a growing beginning of a story.

    Attributes
    ----------
    log_prob : float
        Natural logarithm of the probability that a story begins with the tokens read so far.
    """

    def __init__(self, grammar: Grammar | None = None):
        self.grammar = grammar or load_grammar()
        self.log_prob = 0.0
        self._belief = {self.grammar.start: 1.0}

    def next(self) -> dict[str, float]:
        """Return every token that can come next with its probability; empty once the story has ended or gone wrong."""
        out: dict[str, float] = {}
        for p, token, _ in self._expansions():
            out[token] = out.get(token, 0.0) + p
        return out

    def read(self, token: str) -> float:
        """Read one token and return its probability given those before; 0.0 if the grammar cannot write it."""
        belief: dict[Configuration, float] = {}
        for p, word, after in self._expansions():
            if word == token:
                belief[after] = belief.get(after, 0.0) + p
        total = sum(belief.values())
        self._belief = {configuration: p / total for configuration, p in belief.items()}
        self.log_prob += math.log(total) if total else -math.inf
        return total

    def register(self, name: str) -> str | None:
        """Return the word that a register holds after the tokens read so far, or None if that is open or nothing."""
        i = self.grammar.registers.index(name)
        held = {configuration.registers[i] for configuration in self._belief}
        return held.pop() if len(held) == 1 else None

    def _expansions(self) -> Iterator[tuple[float, str, Configuration]]:
        for configuration, weight in self._belief.items():
            if configuration.rest:
                for p, word, after in self.grammar.expand(configuration):
                    yield weight * p, word, after


@cache
def load_grammar() -> Grammar:
    """Return the grammar of Stories as it is shipped."""
    return Grammar(json.loads(PATH.read_text(encoding="utf-8")))


def vocab() -> Vocab:
    """Return the vocabulary of Stories; the end token has id 0."""
    return load_grammar().vocab


@cache
def primer() -> Grammar:
    """Return a first reader: two stories in five are whole, the others a few short sentences that name people.

    The words and all other rules are those of Stories. In the short texts little needs remembering but names, so a
    model soon learns what it is very slow to learn from Stories alone: who is who.
    """
    table = json.loads(PATH.read_text(encoding="utf-8"))
    table["rules"]["STORY"] = {
        "OPENING FINDING ACT-MOOD": 2,
        "OPENING $hero FOUND A-THING . $hero LAUGHED . $hero was GLAD .": 1,
        "OPENING $hero MET friend,who=NAME!hero . $friend LAUGHED . $hero LAUGHED . $friend was SAD .": 1,
        "OPENING WHERE $hero FOUND A-THING . WHERE $hero MET friend,who=NAME!hero . "
        "“ QUESTION ? ” ASKED $friend . “ YES ! ” SAID $hero .": 1,
    }
    return Grammar(table)


def stories(seed: int, grammar: Grammar | None = None) -> Iterator[list[str]]:
    """Write stories without end, each a list of tokens that ends with the end token; one seed, one supply."""
    grammar, rng = grammar or load_grammar(), random.Random(seed)
    while True:
        yield list(grammar.sample(rng))


def next_token_distribution(prefix: str | Iterable[str]) -> dict[str, float]:
    """Return the true probability of every token that can follow a beginning of a story.

    Parameters
    ----------
    prefix : str or iterable of str
        The beginning, as text or as tokens; empty for the first token of a story.

    Returns
    -------
    dict from token to probability in (0, 1], summing to 1; empty if no story begins so or the story has ended.
    """
    oracle = Oracle()
    for token in _tokens(prefix):
        oracle.read(token)
    return oracle.next()


def token_log_probs(tokens: str | Iterable[str]) -> list[float]:
    """Return the true log-probability (natural, in nats) of every token of a text given the tokens before it."""
    oracle = Oracle()
    return [math.log(p) if p else -math.inf for p in map(oracle.read, _tokens(tokens))]


def log_prob(tokens: str | Iterable[str]) -> float:
    """Return the true log-probability (nats) that a story begins with this text; -inf if no story does.

    With the end token at the end it is the log-probability of the whole story.
    """
    return sum(token_log_probs(tokens))


def is_grammatical(tokens: str | Iterable[str]) -> bool:
    """Return whether the grammar could have written a story that begins with this text."""
    return log_prob(tokens) > -math.inf


def genders() -> dict[str, int]:
    """Return every name with the gender of its pronouns: 1 for those of girls, 0 for those of boys."""
    words_of = load_grammar().words_of
    return dict.fromkeys(sorted(words_of("GIRL")), 1) | dict.fromkeys(sorted(words_of("BOY")), 0)


def pronoun_places(tokens: str | Iterable[str]) -> dict[int, int]:
    """Return where "she" or "he" can stand in a story, and which: {place: 1 for "she", 0 for "he"}.

    Place t is that of token t, counted from 0; the grammar is asked after the tokens before it.
    """
    oracle, found = Oracle(), {}
    for place, token in enumerate(_tokens(tokens)):
        possible = oracle.next()
        if "he" in possible or "she" in possible:
            found[place] = int("she" in possible)
        oracle.read(token)
    return found


def entropy(distribution: dict[str, float]) -> float:
    """Return the entropy of a distribution in nats: H = - Σ p log p."""
    return -sum(p * math.log(p) for p in distribution.values())


def entropy_per_token(seed: int, num_stories: int) -> float:
    """Estimate the grammar's own cross-entropy over `num_stories` stories; nats per token, end tokens included.

    At every position the exact entropy of the next token is taken, not the log-probability of the token drawn:
    both have the same mean, and this one varies less.
    """
    total = count = 0.0
    for _, story in zip(range(num_stories), stories(seed), strict=False):
        oracle = Oracle()
        for token in story:
            total += entropy(oracle.next())
            oracle.read(token)
        count += len(story)
    return total / count


def _tokens(text: str | Iterable[str]) -> Iterable[str]:
    return tokenize(text) if isinstance(text, str) else text


def _weighted(alternatives: dict[str, float] | list[str]) -> list[Alternative]:
    """Return alternatives as (weight, symbols); a list means equal weights."""
    weights = alternatives if isinstance(alternatives, dict) else dict.fromkeys(alternatives, 1)
    return [(weight, tuple(text.split())) for text, weight in weights.items()]


def _draw(choices: list[Alternative], u: float) -> tuple[str, ...]:
    """Return the alternative under which u in [0, 1) falls."""
    for p, symbols in choices:
        u -= p
        if u < 0:
            return symbols
    return choices[-1][1]
