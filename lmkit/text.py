"""Words, ids and rows: from raw text to tensors a recurrent model can read.

Shape letters used throughout lmkit: N batch (rows), L length (time steps), V vocabulary, E embedding,
H hidden.
"""

from __future__ import annotations

import codecs
import operator
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from lmkit.files import StrPath

ENCODINGS = {  # by what a file begins with; UTF-32's little-endian mark begins like UTF-16's
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
BYTE_ORDER_MARK, ZERO_WIDTH_SPACE = "\ufeff", "\u200b"
# Marks that show nothing and belong to no word: soft hyphen, directions, word joiner. Joiners in words may stay.
INVISIBLE = dict.fromkeys([0xAD, 0x200E, 0x200F, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF])
CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")  # all but tabs and ends of lines


class UnknownWordError(ValueError):
    """A text holds a word that the vocabulary does not know."""


class Vocab:
    """A fixed list of distinct words; a word's id is its place in the list.

    Parameters
    ----------
    words : sequence of str
        The words in id order. Each must be a non-empty string without white space, and occur once.

    Raises
    ------
    ValueError
        If `words` is empty, repeats a word, or holds a word that is empty or has white space in it.
    """

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

    @classmethod
    def of(cls, tokens: Iterable[str]) -> Vocab:
        """Return the vocabulary of a token stream: every distinct token, in order of first appearance."""
        return cls(list(dict.fromkeys(tokens)))

    def __len__(self) -> int:
        return len(self.words)

    def __contains__(self, word: str) -> bool:
        return word in self._ids

    def __eq__(self, other: object) -> bool:  # alone, so that there is no hash: compare a Vocab, do not key on it
        return isinstance(other, Vocab) and self.words == other.words

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


def as_whole(value: Any) -> int | None:
    """Return a whole number as an int, be it Python's, NumPy's or a tensor without dimensions; None for all else.

    True, 3.0 and "3" are no whole numbers.
    """
    if isinstance(value, bool) or "bool" in str(getattr(value, "dtype", "")) or getattr(value, "ndim", 0):
        return None
    try:
        return operator.index(value)
    except TypeError:
        return None


def as_ids(name: str, ids: Any, vocab_size: int | None = None, least: float = 0) -> list[int]:
    """Return token ids as a list of int.

    Parameters
    ----------
    name : str
        What an error calls them.
    ids : iterable of whole numbers, or a Tensor or array (L,) of them
    vocab_size : int, optional
        V, if it is known.
    least : float
        Below 0 for numbers that stand for something else than tokens.

    Raises
    ------
    ValueError
        If one is not a whole number from 0 to V - 1.
    """
    try:
        given = ids.tolist() if hasattr(ids, "tolist") else list(ids)
        whole = [each if type(each) is int else as_whole(each) for each in given]
    except TypeError:
        raise ValueError(f"{name} must be a sequence of ids, but it is {ids!r}; give a list of whole numbers") from None
    for each, found in zip(given, whole, strict=True):
        if found is None or found < least or (vocab_size is not None and found >= vocab_size):
            rule = "of at least 0" if vocab_size is None else f"from 0 to {vocab_size - 1}"
            remedy = "Vocab.ids finds those of words" if isinstance(each, str) else "leave it out"
            raise ValueError(f"{name} must be ids, whole numbers {rule}, but one is {each!r}; {remedy}")
    return cast(list[int], whole)


def tokenize(text: str) -> list[str]:
    """Split a text at white space; every word and punctuation mark is expected to stand apart."""
    return text.split()


def read_text(path: StrPath) -> tuple[str, list[str]]:
    """Read a text file, and return with it what was changed, in words (see `normalise`).

    A file is UTF-8 unless it begins with the mark of UTF-16 or UTF-32.

    Raises
    ------
    ValueError
        If the file is in another encoding, or has control characters in it other than tabs and ends of lines.
    """
    path = Path(path)
    data = path.read_bytes()
    encoding = next((name for mark, name in ENCODINGS.items() if data.startswith(mark)), "UTF-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        wrong = f"{path} is not: {error.reason} at byte {error.start}, in line {line}"
        remedy = "save it as UTF-8, or convert it, from Latin-1 by `iconv -f LATIN1 -t UTF-8`"
        raise ValueError(f"a text must be {encoding}, but {wrong}; {remedy}") from None
    if found := CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        remedy = "save it as UTF-8, if it is UTF-16" if found[0] == "\0" else "remove them"
        raise ValueError(
            f"a text must have no control characters, but {path} has {found[0]!r} in line {line}; {remedy}"
        )
    text, changes = normalise(text)
    return text, [f"read as {encoding}"] * (encoding != "UTF-8") + changes


def normalise(text: str) -> tuple[str, list[str]]:
    """Return a text in which words that look the same are the same, and what was changed, in words.

    A byte order mark and other invisible marks are dropped, zero-width spaces become spaces, and letters with accents
    are single characters where there are some (NFC). No-break spaces and all ends of lines are white space anyway.
    """
    changes = []
    if text.startswith(BYTE_ORDER_MARK):
        text = text[1:]
        changes.append("byte order mark dropped")
    if count := text.count(ZERO_WIDTH_SPACE):
        text = text.replace(ZERO_WIDTH_SPACE, " ")
        changes.append(f"{count} zero-width space{'s' * (count > 1)} made spaces")
    visible = text.translate(INVISIBLE) if not text.isascii() else text
    if count := len(text) - len(visible):
        changes.append(f"{count} invisible mark{'s' * (count > 1)} dropped")
    if not unicodedata.is_normalized("NFC", visible):
        visible = unicodedata.normalize("NFC", visible)
        changes.append("letters and their accents joined")
    return visible, changes


def batchify(tokens: Tensor, batch_size: int) -> Tensor:
    """Cut one long token stream into `batch_size` rows that are read side by side.

    Row r continues where row r - 1 ended, so the state that a model has after a window of columns is the
    right state to start the next window with: what truncated back-propagation through time needs. The
    tokens left over at the end are dropped.

    Parameters
    ----------
    tokens : Tensor of int64, shape (T,)
    batch_size : int ≥ 1
        N, the number of rows.

    Returns
    -------
    Tensor of int64, shape (N, T // N)

    Raises
    ------
    ValueError
        If the stream is too short to give every row one token to read and one to predict.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, but it is {batch_size}; give 1 or more")
    length = len(tokens) // batch_size
    if length < 2:
        raise ValueError(
            f"tokens must hold at least 2 × batch_size = {2 * batch_size} tokens, one to read and one to predict "
            f"in every row, but it holds {len(tokens)}; give a longer stream or a smaller batch_size"
        )
    return tokens[: batch_size * length].view(batch_size, length)


def windows(stream: Tensor, length: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Walk over rows in windows of `length` columns, each with its targets one step ahead.

    Parameters
    ----------
    stream : Tensor of int64, shape (N, T)
        Rows, as `batchify` makes them; T ≥ 2.
    length : int ≥ 1
        L, the number of steps gradients flow back. The last window may be shorter.

    Yields
    ------
    x, y : Tensors of int64, shape (N, L)
        The tokens to read and, at each step, the token that follows.

    Raises
    ------
    ValueError
        If `length` is below 1, or the rows have nothing to predict.
    """
    if length < 1:
        raise ValueError(f"length must be at least 1, but it is {length}; give 1 or more")
    if stream.shape[1] < 2:
        raise ValueError(
            "stream must hold at least 2 tokens a row, one to read and one to predict, "
            f"but its shape is {tuple(stream.shape)}; give longer rows"
        )
    for start in range(0, stream.shape[1] - 1, length):
        stop = min(start + length, stream.shape[1] - 1)
        yield stream[:, start:stop], stream[:, start + 1 : stop + 1]


def to_tensor(ids: Sequence[int]) -> Tensor:
    """Return a list of ids as the int64 tensor that models and `batchify` take."""
    return torch.tensor(ids, dtype=torch.int64)
