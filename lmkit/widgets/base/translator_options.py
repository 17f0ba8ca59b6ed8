"""The translators that a lab has on option: shipped ones by name, or some that a reader has just trained."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from lmkit import pretrained
from lmkit.datasets import translation
from lmkit.pretrained import Translator
from lmkit.widgets.base import assets
from lmkit.widgets.base.checks import check_choice
from lmkit.widgets.base.model_options import check_weights


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


def translator_option(argument: str, translator: str | Translator) -> TranslatorOption:
    """Return the option that an argument of a lab names.

    Raises
    ------
    ValueError
        If it is no translator, or its weights are not there or not finite.
    """
    if isinstance(translator, Translator):
        return _own(argument, translator)
    if not isinstance(translator, str):
        kinds = "a shipped translator's name or a Translator"
        raise ValueError(f"{argument} must be {kinds}, but it is {translator!r}")
    check_choice(argument, translator, pretrained.translator_names())
    return _shipped(str(translator))


@cache
def _shipped(name: str) -> TranslatorOption:
    data = assets.model_bytes(name)
    return TranslatorOption(name, pretrained.translator_from_bytes(data, source=name), assets.digest(data))


def _own(argument: str, translator: Translator) -> TranslatorOption:
    check_weights(translator.model, argument)
    data = pretrained.translator_to_bytes(translator, quantise=False)
    name = f"your {argument}"
    opened = pretrained.translator_from_bytes(data, source=name)  # as the page has it: in float32, whatever it was
    return TranslatorOption(name, opened, assets.digest(data), data)
