"""Languages for the beam tree: a table with the probabilities of the next word, or a model after a prompt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from lmkit.widgets.base.checks import about, check_number, check_text
from lmkit.widgets.base.model_options import ModelOption, model_option

Rows = Mapping[str, Mapping[str, float]]
MOST_WORDS, MOST_TOKENS, MOST_TEXTS = 40, 8, 20_000


@dataclass(frozen=True, init=False)
class Table:
    """A language whose next word depends on the last one only.

    Parameters
    ----------
    rows : mapping of word to mapping of word to probability
        What may follow each word; every row sums to 1. Words without a row can only stand at the end.
    start : str, optional
        The word before the text, by default the first row's. It is no part of the text.
    end : str, optional
        The word with which a text ends.
    max_new_tokens : int in [1, 8], optional
        Where texts are cut that have not ended; by default as far as the rows reach, or 8.
    name : str

    Attributes
    ----------
    words : list of str
        All words in the order in which the table names them; ids are their places.
    texts : int
        How many different texts there are.

    Raises
    ------
    ValueError
        If a row does not sum to 1, a word that must be continued has no row, or the language is too large to draw.
    """

    rows: Rows
    start: str
    end: str | None
    max_new_tokens: int
    name: str
    words: list[str] = field(init=False, repr=False)
    texts: int = field(init=False, repr=False)

    def __init__(
        self,
        rows: Rows,
        start: str | None = None,
        end: str | None = None,
        max_new_tokens: int | None = None,
        name: str = "a table",
    ):
        _check_rows(rows)
        words = list(dict.fromkeys([*rows, *(word for row in rows.values() for word in row)]))
        self._set(rows=rows, start=next(iter(rows)) if start is None else start, end=end, name=name, words=words)
        _check_words(self)
        self._set(max_new_tokens=self._reach() if max_new_tokens is None else max_new_tokens)
        self._set(texts=_count_texts(self), max_new_tokens=int(self.max_new_tokens))

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _reach(self) -> int:
        """Return how many tokens every text can have before one comes to a word without a row."""
        length, last = 0, {self.start}
        while length < MOST_TOKENS and all(word in self.rows for word in last):
            length, last = length + 1, {word for before in last for word in self._next(before)} - {self.end}
        return length

    def _next(self, word: str) -> list[str]:
        return [after for after, p in self.rows[word].items() if p > 0]

    def probs(self) -> list[list[float]]:
        """Return a row for each word, zeros for a word that has none; [V][V]."""
        return [[float(self.rows.get(word, {}).get(after, 0.0)) for after in self.words] for word in self.words]

    def step(self, tokens: Tensor, state: Any) -> tuple[Tensor, tuple]:
        """Answer a decoder: natural logarithms (N, V) of the next words' probabilities after tokens (N,)."""
        return torch.tensor(self.probs(), dtype=torch.float64)[tokens].log(), ()

    @property
    def prompt(self) -> list[int]:
        """The start as a decoder reads it."""
        return [self.words.index(self.start)]

    @property
    def eos_token_id(self) -> int | None:
        """The id of the word with which a text ends, if there is one."""
        return None if self.end is None else self.words.index(self.end)

    @property
    def known(self) -> bool:
        """True, for the best of all texts of a table can be found."""
        return True

    def show(self, token: int) -> str:
        """Return the word of an id."""
        return self.words[token]

    def text(self, tokens: list[int]) -> str:
        """Return the words of some ids."""
        return " ".join(self.words[token] for token in tokens)

    def traits(self) -> dict[str, Any]:
        """Return the table as it travels to the browser."""
        return {
            "name": self.name,
            "words": self.words,
            "probs": self.probs(),
            "start": self.prompt[0],
            "end": self.eos_token_id,
            "max_new_tokens": self.max_new_tokens,
            "texts": self.texts,
        }


@dataclass(frozen=True)
class Continuation:
    """A language of the same kind: continuations of a prompt by a model.

    Parameters
    ----------
    model : str or ModelOption
        A shipped model's name, or the model that the reader of the lab has chosen. The reader then types the prompt.
    text_before : str
        What it continues.
    max_new_tokens : int
    name : str
    """

    model: str | ModelOption
    text_before: str
    max_new_tokens: int
    name: str
    start: str = "…"

    @property
    def typed(self) -> bool:
        """Say whether the prompt is what stands in the field."""
        return not isinstance(self.model, str)

    @property
    def option(self) -> ModelOption:
        """The model as labs have it."""
        return model_option(self.model, None) if isinstance(self.model, str) else self.model

    @property
    def known(self) -> bool:
        """Say whether the best of all texts can be found: after any prompt only where there are few texts."""
        return not self.typed or len(self.option.trained.vocab) ** self.max_new_tokens <= MOST_TEXTS

    def step(self, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
        """Answer a decoder as the model does, but that what decoders never write cannot come."""
        log_probs, state = self.option.step(tokens, state)
        return self.option.allowed(log_probs), state

    @property
    def prompt(self) -> list[int]:
        """The text before as a decoder reads it."""
        return self.option.trained.prompt_ids(self.text_before)

    @property
    def eos_token_id(self) -> int | None:
        """The id of the word with which a text ends, if there is one."""
        return self.option.trained.eos_token_id

    def show(self, token: int) -> str:
        """Return the token of an id, with white space to be seen."""
        return self.option.trained.vocab.show(token)

    def text(self, tokens: list[int]) -> str:
        """Return the text of some ids on one line."""
        return self.option.one_line(self.option.trained.vocab.text(tokens))

    def traits(self) -> dict[str, Any]:
        """Return what the browser needs to know."""
        prompt = None if self.typed else self.text_before
        known = {"name": self.name, "prompt": prompt, "max_new_tokens": self.max_new_tokens, "known": self.known}
        return known | {"model": self.option.entry()}


def _check_rows(rows: Rows) -> None:
    whole = isinstance(rows, Mapping) and rows and all(isinstance(row, Mapping) and row for row in rows.values())
    if not whole or not all(isinstance(word, str) for part in (rows, *rows.values()) for word in part):
        raise ValueError(f"table must be {{word: {{next word: probability}}}}, no row empty, but it is {rows!r}")
    for word, row in rows.items():
        for after, p in row.items():
            with about("table"):
                check_number(f"p({after} | {word})", p, 0, 1)
        if not math.isclose(total := sum(row.values()), 1, abs_tol=1e-6):
            raise ValueError(f"table must have rows that sum to 1, but that of {word!r} sums to {total:g}; scale it")


def _check_words(table: Table) -> None:
    check_text("start", table.start)
    if table.end is not None:
        check_text("end", table.end)
    if table.start not in table.rows:
        raise ValueError(f"start must be a word with a row of its own, but {table.start!r} has none")
    if table.end is not None and table.end not in table.words:
        raise ValueError(f"end must be a word of the table, but {table.end!r} is not in it")
    if table.end in table.rows:
        raise ValueError(f"end must be a word that nothing follows, but {table.end!r} has a row; leave it out")
    if len(table.words) > MOST_WORDS:
        raise ValueError(f"table must hold at most {MOST_WORDS} words, but it holds {len(table.words)}")


def _count_texts(table: Table) -> int:
    """Return how many texts there are; raise ValueError for one that cannot be written to its end, or too many."""
    length = table.max_new_tokens
    check_number("max_new_tokens", length, 1, MOST_TOKENS, whole=True)
    counts, ended = {table.start: 1}, 0  # how many texts there are by their last word
    for written in range(length):
        grown: dict[str, int] = {}
        for word, count in counts.items():
            if word not in table.rows:
                raise ValueError(
                    f"table must have a row for {word!r}, after which texts of {written} tokens go on, but it has "
                    f"none; give it one, make it the end, or set max_new_tokens to {written}"
                )
            for after in table._next(word):
                grown[after] = grown.get(after, 0) + count
        if table.end is not None:
            ended += grown.pop(table.end, 0)
        counts = grown
    if (texts := ended + sum(counts.values())) > MOST_TEXTS:
        raise ValueError(f"table must allow at most {MOST_TEXTS:,} texts, but it allows {texts:,}; cut it earlier")
    return texts


TABLES = (
    Table(
        {
            "start": {"the": 0.6, "a": 0.4},
            "the": {"dog": 0.4, "cat": 0.35, "bird": 0.25},
            "a": {"dog": 0.9, "cat": 0.1},
        },
        name="a beam of two beats greedy",
        max_new_tokens=2,
    ),
    Table(
        {
            "anna": {"walked": 0.5, "ran": 0.3, ".": 0.2},
            "walked": {"to": 0.62, "home": 0.38},
            "ran": {"home": 0.7, "away": 0.3},
            "to": {"town": 0.55, "school": 0.45},
            "town": {".": 0.8, "and": 0.2},
            "school": {".": 0.85, "and": 0.15},
            "home": {".": 0.6, "and": 0.4},
            "away": {".": 0.9, "and": 0.1},
            "and": {"slept": 0.6, "sang": 0.4},
            "slept": {".": 1.0},
            "sang": {".": 1.0},
        },
        name="texts that end",
        end=".",
        max_new_tokens=6,
    ),
    Table(
        {
            "start": {"the": 0.4, "my": 0.35, "a": 0.25},
            "the": {"dog": 0.28, "cat": 0.26, "bird": 0.24, "cow": 0.22},
            "my": {"dear": 0.52, "old": 0.48},
            "a": {"day": 0.4, "week": 0.35, "year": 0.25},
            "dog": {"barked": 1.0},
            "cat": {"purred": 1.0},
            "bird": {"sang": 1.0},
            "cow": {"mooed": 1.0},
            "day": {"passed": 0.6, "went": 0.4},
            "week": {"passed": 0.6, "went": 0.4},
            "year": {"passed": 0.6, "went": 0.4},
            "dear": {"aunt": 0.25, "friend": 0.23, "son": 0.2, "sister": 0.17, "uncle": 0.15},
            "old": {"friend": 0.26, "house": 0.22, "coat": 0.2, "aunt": 0.17, "hat": 0.15},
        },
        name="a beam of two loses to greedy",
        max_new_tokens=3,
    ),
)

ZOE = "on a quiet afternoon zoe walked to the market"
LANGUAGES = (*TABLES, Continuation("stories", ZOE, 8, f"the Stories model: {ZOE} …"))
