"""Frequent words as tokens, and `<unk>` for the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from lmkit.text.ids import as_ids, as_whole
from lmkit.text.tokenizer import UNK, Tokenizer, check_not_empty, check_text, numbered, visible

GLUE = ""  # says that no space stands where one is expected
FIXED = [UNK, GLUE, " ", "\n"]  # the first tokens of every vocabulary
NOT_BEFORE, NOT_AFTER = frozenset(".,;:!?)]}%…’”—"), frozenset("([{“‘—")  # marks beside which no space is expected
# A word is letters and digits, which apostrophes and hyphens may join; everything else is a piece of one character.
PIECE = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|.", re.DOTALL)


class Words(Tokenizer):
    """Words and marks of running text; `<unk>`, id 0, stands for those that are not in the vocabulary.

    A text is cut into words (letters and digits, and the apostrophes and hyphens between them: *don't*, *to-day*),
    marks of one character, and white space. A single space between two pieces that are not white space is expected,
    and no token: except before ``. , ; : ! ? ) ] } % … ’ ” —`` and after ``( [ { “ ‘ —``, where none is expected.
    Where a text does otherwise it has a token that says so: each character of white space is one, and ``‿`` (id 1)
    says that there is none. So a text whose pieces are all in the vocabulary is given back exactly. Of others only
    the pieces are lost that the vocabulary lacks, and `unknown` tells which these are.

    Parameters
    ----------
    words : sequence of str
        Distinct pieces of text, in id order from 4 on; `<unk>`, ``‿``, a space and a new line come before.

    Raises
    ------
    ValueError
        If a word is repeated, is cut further, or is one of the first four.
    """

    kind = "words"
    unk = 0

    def __init__(self, words: Sequence[str]):
        self._tokens = [*FIXED, *words]
        self._ids = numbered("words", self._tokens)
        if odd := [word for word in self._tokens[len(FIXED) :] if PIECE.findall(word) != [word]]:
            raise ValueError(f"words must be words or single marks, but one is {odd[0]!r}")
        check_text("words", "".join(words))
        self.words = [UNK, "‿", *map(visible, self._tokens[2:])]

    @classmethod
    def of(cls, text: str, vocab_size: int | None = None, *, min_count: int | None = None) -> Words:
        """Return the most frequent words of a text; of equally frequent ones the first come first.

        Parameters
        ----------
        text : str
            Give only what is read in training: the vocabulary must not know what is held out.
        vocab_size : int ≥ 5, optional
            V, the number of tokens, the four first among them.
        min_count : int ≥ 1, optional
            Keep the words that occur at least so often. One of the two must be given.

        Raises
        ------
        ValueError
            If the text is empty, has fewer words than `vocab_size` asks for, or none that is frequent enough.
        """
        check_not_empty(check_text("text", text))
        if (vocab_size is None) == (min_count is None):
            raise ValueError(
                "either vocab_size or min_count must be given, "
                f"but they are {vocab_size!r} and {min_count!r}; leave one of them None"
            )
        counts = Counter(piece for piece in PIECE.findall(text) if piece not in FIXED)
        ranked = [word for word, _ in counts.most_common()]  # of equals the first seen comes first
        if vocab_size is not None:
            return cls(ranked[: _checked_size(vocab_size, len(ranked)) - len(FIXED)])
        least = as_whole(min_count)
        if least is None or least < 1:
            raise ValueError(f"min_count must be a whole number of at least 1, but it is {min_count!r}")
        kept = [word for word in ranked if counts[word] >= least]
        if not kept:
            most = counts[ranked[0]] if ranked else 0
            raise ValueError(f"min_count must leave a word, but it is {least}, and none occurs more than {most} times")
        return cls(kept)

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text's pieces, 0 for those that are not in the vocabulary."""
        return [self._ids[piece] for piece in self._pieces(text)]

    def decode(self, ids: Iterable[int]) -> str:
        """Return the text of a sequence of ids, with spaces where they are expected; id 0 is written `<unk>`."""
        parts, before = [], None
        for piece in (self._tokens[i] for i in as_ids("ids", ids, len(self))):
            gap = piece == GLUE or piece.isspace()
            if not gap and before is not None and _space_expected(before, piece):
                parts.append(" ")
            parts.append(piece)
            before = None if gap else piece
        return "".join(parts)

    def unknown(self, text: str) -> Counter[str]:
        """Return the pieces of a text that are not in the vocabulary, and how often each of them occurs."""
        return Counter(piece for piece in PIECE.findall(text) if piece not in self._ids)

    def prompt(self, text: str) -> str:
        """Return a text without the spaces at its end: the one before a word is expected, and never a token."""
        return text.rstrip(" ") or text

    def config(self) -> dict[str, Any]:
        """Return the words, without the four that are always first."""
        return {"kind": self.kind, "version": self.version, "words": self._tokens[len(FIXED) :]}

    def _pieces(self, text: str) -> Iterator[str]:
        """Yield words, marks or `<unk>`, and the white space and glue that stand between them against expectation."""
        before, gap = None, []
        for found in PIECE.findall(text):
            piece = found if found in self._ids else UNK
            if piece.isspace():
                gap.append(piece)
                continue
            expected = [" "] if before is not None and _space_expected(before, piece) else []
            if gap != expected:
                yield from gap or [GLUE]
            yield piece
            before, gap = piece, []
        yield from gap


def _space_expected(before: str, piece: str) -> bool:
    return before not in NOT_AFTER and piece not in NOT_BEFORE


def _checked_size(vocab_size: Any, distinct: int) -> int:
    size, most = as_whole(vocab_size), len(FIXED) + distinct
    if size is None or not len(FIXED) < size <= most:
        rule = f"a whole number from {len(FIXED) + 1} to {most}, for the text has {distinct} distinct words and marks"
        raise ValueError(f"vocab_size must be {rule}, but it is {vocab_size!r}")
    return size
