"""Pieces of words as tokens: byte-pair encoding over bytes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from lmkit.text.ids import as_ids, as_whole
from lmkit.text.tokenizer import Tokenizer, check_not_empty, check_text, numbered, visible

NUM_BYTES = 256  # the first tokens: one for each byte
LONG_WORD = re.compile(r"\S{1000}")  # is cut in training, whose time grows with the square of a word's length


@cache
def byte_letters() -> dict[int, str]:
    """Return GPT-2's printable letter for each byte: its own where Latin-1 prints one, else the next from 256 on."""
    printed = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(NUM_BYTES) if byte not in printed]
    return {byte: chr(byte) for byte in printed} | {byte: chr(NUM_BYTES + i) for i, byte in enumerate(others)}


class BPE(Tokenizer):
    """Byte-level byte-pair encoding with GPT-2's rules: frequent pieces of words are tokens, and so is every byte.

    A text is first cut into words with the space before them, runs of digits or marks, and white space; then the bytes
    of each piece are joined, two neighbours at a time, those that became a token first in training before the others.
    No text holds anything unknown, and ``decode(encode(text))`` is the text. Encoding is done by the library
    `tokenizers`.

    Parameters
    ----------
    tokens : sequence of str
        The tokens from id 256 on, in the order in which training joined them, written in GPT-2's letters: `Ġ` is a
        space, `Ċ` a new line. The first 256 are the single bytes, in the order of their letters.

    Attributes
    ----------
    parts : list of (int, int)
        The ids of the two tokens that each token from id 256 on is made of, in order.

    Raises
    ------
    ValueError
        If a token is repeated, or is not made of two tokens before it.

    Notes
    -----
    The order of the tokens says all: no list of merges is kept. A token's two parts are what the tokens before it make
    of its bytes. In training nothing was ever joined across the ends of a piece that became a token, so its inside was
    then what it is alone. For the same reason two neighbours that together are a token can only be these two parts, and
    joining in the order of ids is joining in the order of merges.

    Source: Sennrich, Haddow & Birch (2016); over bytes: Radford et al. (2019).
    """

    kind = "bpe"

    def __init__(self, tokens: Sequence[str]):
        letters = byte_letters()
        self.tokens = list(tokens)
        self._tokens = sorted(letters.values()) + self.tokens
        self._ids = numbered("tokens", self._tokens)
        byte_of = {letter: byte for byte, letter in letters.items()}
        merges = [_parts(token, self._ids, byte_of) for token in self.tokens]
        self.parts = [(self._ids[left], self._ids[right]) for left, right in merges]
        self._bytes = [bytes(map(byte_of.__getitem__, token)) for token in self._tokens]
        self.words = [visible(data.decode(errors="backslashreplace")) for data in self._bytes]
        self._library = _library(self._ids, merges)

    @classmethod
    def train(cls, texts: str | Iterable[str], vocab_size: int) -> BPE:
        """Learn the tokens of one text, or of several: join the most frequent pair of neighbours, again and again.

        Parameters
        ----------
        texts : str, or an iterable of str
            Give only what is read in training: the vocabulary must not know what is held out.
        vocab_size : int ≥ 256
            V, the bytes included.

        Raises
        ------
        ValueError
            If there is no text, or not as many pieces in it as `vocab_size` asks for.
        """
        from tokenizers import trainers

        size = as_whole(vocab_size)
        if size is None or size < NUM_BYTES:
            rule = f"a whole number of at least {NUM_BYTES}, for every byte is a token"
            raise ValueError(f"vocab_size must be {rule}, but it is {vocab_size!r}")
        given = [check_text("texts", text) for text in ([texts] if isinstance(texts, str) else texts)]
        check_not_empty("".join(text[:1] for text in given))
        library = _library({}, [])
        alphabet = list(byte_letters().values())
        library.train_from_iterator(
            (LONG_WORD.sub(r"\g<0>\n", text) for text in given),
            trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False),
        )
        ids = library.get_vocab()
        if len(ids) < size:
            rule = f"at most {len(ids)}, for then every word of the text is a token"
            raise ValueError(f"vocab_size must be {rule}, but it is {size}; give a longer text or a smaller vocab_size")
        return cls(sorted(ids, key=ids.__getitem__)[NUM_BYTES:])

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text.

        Raises
        ------
        ValueError
            If it is no text that UTF-8 can write.
        """
        return self._library.encode(check_text("text", text)).ids

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of a sequence of ids; bytes that make no whole character are written �."""
        return b"".join(self._bytes[i] for i in as_ids("ids", ids, len(self))).decode(errors="replace")

    def unknown(self, text: str) -> Counter[str]:
        """Return an empty count: nothing is unknown."""
        return Counter()

    def prompt(self, text: str) -> str:
        """Return a text without the spaces at its end.

        The space before a word belongs to the word's token, so a model has never seen a space alone before a word; a
        prompt that ends with one would ask it to go on from where no training text has been. A text of nothing but
        spaces stays as it is.
        """
        return text.rstrip(" ") or text

    def config(self) -> dict[str, Any]:
        """Return the tokens from id 256 on."""
        return {"kind": self.kind, "version": self.version, "tokens": self.tokens}

    def __getstate__(self) -> dict[str, Any]:
        return {"tokens": self.tokens}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["tokens"])


def _library(ids: dict[str, int], merges: list[tuple[str, str]]):
    """Return the library's tokenizer of this vocabulary, which cuts texts as GPT-2 does."""
    from tokenizers import Tokenizer as LibraryTokenizer
    from tokenizers import models, pre_tokenizers

    library = LibraryTokenizer(models.BPE(vocab=dict(ids), merges=merges))
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return library


def _parts(token: str, ids: dict[str, int], byte_of: dict[str, int]) -> tuple[str, str]:
    """Return the two tokens of which a token is made: what the tokens before it make of its bytes."""
    rule = "tokens must each be made of two tokens before it"
    if not all(letter in byte_of for letter in token):
        raise ValueError(f"{rule}, in the letters of bytes, but one is {token!r}; take them from BPE.config()")
    parts, own = list(token), ids[token]
    while len(parts) > 2:
        found = [(ids.get(left + right, own), i) for i, (left, right) in enumerate(zip(parts, parts[1:], strict=False))]
        rank, place = min(found)
        if rank >= own:
            break
        parts[place : place + 2] = ["".join(parts[place : place + 2])]
    if len(parts) != 2 or max(map(ids.__getitem__, parts)) >= own:
        raise ValueError(f"{rule}, but {token!r} is made of {parts}; take them from BPE.config()")
    return parts[0], parts[1]
