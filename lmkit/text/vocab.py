"""Words that stand apart, and their ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from lmkit.text.ids import as_ids
from lmkit.text.tokenizer import END, Tokenizer, UnknownWordError


def tokenize(text: str) -> list[str]:
    """Split a text at white space; every word and punctuation mark is expected to stand apart."""
    return text.split()


class Vocab(Tokenizer):
    """A fixed list of distinct words, which white space divides in a text; a word's id is its place in the list.

    A text that ends with the word `<eos>` ends there for models, too.

    Parameters
    ----------
    words : sequence of str
        The words in id order. Each must be a non-empty string without white space, and occur once.

    Raises
    ------
    ValueError
        If `words` is empty, repeats a word, or holds a word that is empty or has white space in it.
    """

    kind = "split"

    def __init__(self, words: Sequence[str]):
        self.words = list(words)
        self._ids = {word: i for i, word in enumerate(self.words)}
        if not self.words:
            raise ValueError("words must hold at least one word, but it is empty")
        if len(self._ids) < len(self.words):
            repeated = next(w for i, w in enumerate(self.words) if self._ids[w] != i)
            raise ValueError(f"words must be distinct, but {repeated!r} occurs more than once; remove the repeats")
        for word in self.words:
            if not isinstance(word, str) or word.split() != [word]:
                raise ValueError(f"words must be strings, non-empty and free of white space, but one is {word!r}")
        self.end = self._ids.get(END)

    @classmethod
    def of(cls, tokens: Iterable[str]) -> Vocab:
        """Return the vocabulary of a token stream: every distinct token, in order of first appearance."""
        return cls(list(dict.fromkeys(tokens)))

    def __repr__(self) -> str:
        return f"Vocab({len(self)} words: {' '.join(self.words[:6])} …)"

    def id(self, word: str) -> int:
        """Return the id of one word; raises `UnknownWordError` if the vocabulary lacks it."""
        return self.ids([word])[0]

    def ids(self, tokens: Iterable[str]) -> list[int]:
        """Return the ids of a sequence of tokens; raises `UnknownWordError` naming the first unknown one."""
        out = []
        for token in tokens:
            if token not in self._ids:
                raise UnknownWordError(
                    f"text holds {token!r}, which is not among the {len(self)} words of the vocabulary; "
                    "use its words only (they are in Vocab.words)"
                )
            out.append(self._ids[token])
        return out

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text whose words and punctuation marks stand apart, separated by white space."""
        return self.ids(tokenize(text))

    def decode(self, ids: Iterable[int]) -> str:
        """Return the words of a sequence of ids, joined by single spaces; `encode` turns them back.

        Raises
        ------
        ValueError
            If an id is not that of a word, such as the -100 of a target that does not count.
        """
        return " ".join(self.words[i] for i in as_ids("ids", ids, len(self)))

    def unknown(self, text: str) -> Counter[str]:
        """Return the words of a text that are not in the vocabulary, and how often each of them occurs."""
        return Counter(word for word in tokenize(text) if word not in self._ids)

    def typed(self, text: str) -> str:
        """Return the text as it is: the ends of lines are white space, and ⏎ would be a word."""
        return text

    def text(self, ids: Iterable[int]) -> str:
        """Return what `decode` returns, for words hold no new lines."""
        return self.decode(ids)

    def config(self) -> dict[str, Any]:
        """Return the words."""
        return {"kind": self.kind, "version": self.version, "words": self.words}
