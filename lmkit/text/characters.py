"""Characters as tokens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from lmkit.text.ids import as_ids
from lmkit.text.tokenizer import UNK, Tokenizer, UnknownWordError, check_not_empty, check_text, numbered, visible


class Characters(Tokenizer):
    """Every character, white space and ends of lines too, is a token; ``decode(encode(text))`` is the text.

    Parameters
    ----------
    characters : sequence of str
        Distinct single characters (code points), in id order.
    unk : bool
        Whether `<unk>`, with the id 0 before all of them, stands for characters that are not among them. A text that
        holds such a character is not given back as it was; `unknown` tells of which characters that is true.

    Raises
    ------
    ValueError
        If there is no character, one is repeated, or one is no single character.
    """

    kind = "characters"

    def __init__(self, characters: Sequence[str], unk: bool = False):
        self.characters = list(characters)
        ids = numbered("characters", self.characters)
        if not ids:
            raise ValueError("characters must hold at least one character, but it is empty")
        if odd := [character for character in ids if len(character) != 1]:
            raise ValueError(f"characters must be single ones, but one is {odd[0]!r}")
        check_text("characters", "".join(self.characters))
        if not isinstance(unk, bool):
            raise ValueError(f"unk must be True or False, but it is {unk!r}")
        self.unk = 0 if unk else None
        self._tokens = [UNK] * unk + self.characters
        self._ids = {character: i + unk for character, i in ids.items()}
        self.words = [UNK] * unk + [visible(character) for character in self.characters]

    @classmethod
    def of(cls, text: str, unk: bool = False) -> Characters:
        """Return the characters of a text, ordered by code point.

        Parameters
        ----------
        text : str
            Give only what is read in training: the vocabulary must not know what is held out.
        unk : bool
            As for the class.

        Raises
        ------
        ValueError
            If the text is empty.
        """
        check_not_empty(check_text("text", text))
        return cls(sorted(set(text)), unk)

    def encode(self, text: str) -> list[int]:
        """Return an id for every character.

        Raises
        ------
        UnknownWordError
            If a character is not in the vocabulary, and it has no `<unk>`.
        """
        unk = self.unk
        if unk is not None:
            return [self._ids.get(character, unk) for character in text]
        try:
            return [self._ids[character] for character in text]
        except KeyError as error:
            raise UnknownWordError(
                f"text holds {error.args[0]!r}, which is not among the {len(self)} characters of the vocabulary; "
                "leave it out, or make the vocabulary with unk=True"
            ) from None

    def decode(self, ids: Iterable[int]) -> str:
        """Return the characters of a sequence of ids; one that was not known is `<unk>`."""
        return "".join(self._tokens[i] for i in as_ids("ids", ids, len(self)))

    def unknown(self, text: str) -> Counter[str]:
        """Return the characters of a text that are not in the vocabulary, and how often each of them occurs."""
        return Counter(character for character in text if character not in self._ids)

    def config(self) -> dict[str, Any]:
        """Return the characters, and whether there is an `<unk>`."""
        has_unk = self.unk is not None
        return {"kind": self.kind, "version": self.version, "characters": self.characters, "unk": has_unk}
