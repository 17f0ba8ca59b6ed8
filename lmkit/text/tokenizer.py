"""What all tokenizers have in common: from a text to ids, and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar

END = "<eos>"  # ends a text, in vocabularies of whole words that have it
UNK = "<unk>"  # stands for what a vocabulary does not have
CONTROLS = {chr(code): chr(0x2400 + code) for code in range(32)} | {"\x7f": "␡"}  # Unicode's pictures of them
VISIBLE = str.maketrans({**CONTROLS, "\n": "⏎", "\t": "⇥", " ": "␣", "\xa0": "⍽"})
IN_A_TEXT = str.maketrans({**CONTROLS, "\n": "⏎\n", "\t": "\t"})


class UnknownWordError(ValueError):
    """A text holds a word that the vocabulary does not know."""


class Tokenizer(ABC):
    """A vocabulary of tokens, and how a text is cut into them; a token's id is its place in the vocabulary.

    Attributes
    ----------
    kind : str
        The name of the class in model files: "split", "characters", "words" or "bpe".
    version : int
        Of the rules by which this kind cuts a text. It grows where they change, so that no model reads ids of others.
    words : list of str
        The tokens by their ids, as a reader is shown them: white space is visible where tokens may hold it.
    unk : int or None
        The id that stands for whatever is not in the vocabulary; None where there is none. Decoders never write it.
    end : int or None
        The id of the token that ends a text; None where there is none.
    """

    kind: ClassVar[str]
    version: ClassVar[int] = 1
    unk: int | None = None
    end: int | None = None
    words: list[str]
    _ids: dict[str, int]  # by the token's own text

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """Return the ids of a text.

        Raises
        ------
        UnknownWordError
            If the text holds what the vocabulary lacks, and no token stands for that.
        """

    @abstractmethod
    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of a sequence of ids.

        Raises
        ------
        ValueError
            If an id is not that of a token.
        """

    @abstractmethod
    def unknown(self, text: str) -> Counter[str]:
        """Return what of a text is not in the vocabulary, and how often each of it occurs."""

    @abstractmethod
    def config(self) -> dict[str, Any]:
        """Return all that makes this tokenizer, for JSON; `tokenizer_from_config` turns it back."""

    def typed(self, text: str) -> str:
        """Return a text in which ⏎ is the end of a line: so one can stand in a field of one line.

        A line feed behind ⏎ belongs to it, as in what `text` shows.
        """
        return text.replace("⏎\n", "\n").replace("⏎", "\n")

    def prompt(self, text: str) -> str:
        """Return a text as a model is given it to go on from; by default as it is."""
        return text

    def show(self, token_id: int) -> str:
        """Return one token as a reader is shown it."""
        return self.words[token_id]

    def text(self, ids: Iterable[int]) -> str:
        """Return the text of a sequence of ids as a reader is shown it: with ⏎ at the end of every line."""
        return self.decode(ids).translate(IN_A_TEXT)

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._ids

    def __eq__(self, other: object) -> bool:  # alone, so that there is no hash: compare tokenizers, do not key on one
        return isinstance(other, Tokenizer) and self.config() == other.config()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({len(self)} tokens: {' '.join(self.words[:6])} …)"

    def id(self, word: str) -> int:
        """Return the id of one token, given its text; raises `UnknownWordError` if the vocabulary lacks it."""
        if word not in self._ids:
            raise UnknownWordError(f"word must be among the {len(self)} tokens of the vocabulary, but it is {word!r}")
        return self._ids[word]


def visible(text: str) -> str:
    """Return a text in which white space is to be seen: ␣ for a space, ⏎ for the end of a line."""
    return text.translate(VISIBLE)


def numbered(name: str, tokens: Iterable[str]) -> dict[str, int]:
    """Return the ids of tokens, which errors call so.

    Raises
    ------
    ValueError
        If one occurs twice, or is no string.
    """
    ids: dict[str, int] = {}
    for token in tokens:
        if not isinstance(token, str):
            raise ValueError(f"{name} must be strings, but one is {token!r}")
        if token in ids:
            raise ValueError(f"{name} must be distinct, but {token!r} occurs more than once; remove the repeats")
        ids[token] = len(ids)
    return ids


def check_text(name: str, text: Any) -> str:
    """Return a text; raise ValueError unless it is a string that UTF-8 can write."""
    if not isinstance(text, str):
        raise ValueError(f"{name} must be a string, but it is of type {type(text).__name__}; give it decoded")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        found = f"holds {text[error.start]!r} at character {error.start}, half of a surrogate pair"
        raise ValueError(
            f"{name} must be text that UTF-8 can write, but it {found}; decode the file as UTF-8"
        ) from None
    return text


def check_not_empty(text: str) -> None:
    """Raise ValueError for a training text without a character."""
    if not text:
        raise ValueError("text must hold at least one character, but it is empty; give the text to be learned")
