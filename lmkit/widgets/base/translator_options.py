"""The translators that a lab has on option: shipped ones by name, or some that a reader has just trained."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from os import PathLike
from typing import Any

from lmkit import pretrained
from lmkit.datasets import translation
from lmkit.files import StrPath
from lmkit.pretrained import Translator
from lmkit.widgets.base import assets
from lmkit.widgets.base.model_options import check_weights, read_from, same

KINDS = "a shipped translator's name, the path of a translator's file, or a Translator"


@dataclass(frozen=True)
class TranslatorOption:
    """One translator of a lab; `data` are the bytes of a reader's own one, empty for a shipped one."""

    name: str
    translator: Translator
    key: str
    data: bytes = b""

    def has_attention(self) -> bool:
        """Return whether its decoder looks at the words of the source."""
        return self.translator.model.attention != "none"

    def has_truth(self) -> bool:
        """Return whether it translates Stories into German, of which all is known."""
        vocabs = self.translator.source_vocab, self.translator.target_vocab
        return vocabs == (translation.source_vocab(), translation.target_vocab())

    @property
    def longest(self) -> int:
        """The words of the longest source in training, as its card says; 0 where it does not."""
        told = self.translator.card.get("longest_source")
        return told if isinstance(told, int) else 0

    def entry(self, trait: str) -> dict[str, Any]:
        """Return the option as it travels to the browser; a trait of this name holds the bytes of one's own."""
        own = trait if self.data else ""
        truth = assets.translation_tables() if self.has_truth() else None
        return dict(
            name=self.name,
            title=self.name if self.data else "the translator",
            key=self.key,
            truth=truth,
            own=own,
            attention=self.has_attention(),
            longest=self.longest,
        )


def translator_option(argument: str, translator: StrPath | Translator) -> TranslatorOption:
    """Return the option that an argument of a lab names.

    Raises
    ------
    ValueError
        If it is no translator, or its weights are not there or not finite.
    """
    if isinstance(translator, Translator):
        return _own(argument, translator)
    if not isinstance(translator, str | PathLike):
        raise ValueError(f"{argument} must be {KINDS}, but it is {translator!r}")
    if isinstance(translator, str) and translator in pretrained.translator_names():
        return _shipped(translator)
    names = pretrained.translator_names()
    return _own(argument, read_from(argument, translator, names, pretrained.load_translator))


@cache
def _shipped(name: str) -> TranslatorOption:
    data = assets.model_bytes(name)
    return TranslatorOption(name, pretrained.translator_from_bytes(data, source=name), assets.digest(data))


def _own(argument: str, translator: Translator) -> TranslatorOption:
    check_weights(translator.model, argument)
    for option in map(_shipped, pretrained.translator_names()):
        known = option.translator
        words = (known.source_vocab, known.target_vocab) == (translator.source_vocab, translator.target_vocab)
        if words and same(known.model, translator.model):
            return option  # pages have it, so it need not travel
    data = pretrained.translator_to_bytes(translator, quantise=False)
    name = f"your {argument}"
    found = pretrained.translator_from_bytes(data, source=name)  # as the page has it: in float32, whatever it was
    return TranslatorOption(name, found, assets.digest(data), data)
