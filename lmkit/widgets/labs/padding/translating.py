"""What Python's own decoder makes of a padded source, and what is true of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from lmkit import decoding
from lmkit.datasets import translation
from lmkit.datasets.translation import SourceError
from lmkit.models.seq2seq import padded, prompts_for, stepper
from lmkit.pretrained import Translator

PAD = "<pad>"
MOST_NEW_TOKENS = 100


class Judged(NamedTuple):
    """A translation and what is to be said of it.

    Attributes
    ----------
    words : list of str
        With the end token where it has ended.
    unpadded : list of str
        The translation of the source without padding.
    verdict : str
    """

    words: list[str]
    unpadded: list[str]
    verdict: str


def translated(translator: Translator, source: str, padding: int) -> list[str]:
    """Return the greedy translation of a source with padding behind it, in words, with its end token.

    Padding is a word where the translator's source has one for it; otherwise it is masked.
    """
    model, end = translator.model, translator.eos_token_id
    ids = translator.source_ids(source)
    if PAD in translator.source_vocab:
        ids = [*ids, *[translator.source_vocab.id(PAD)] * padding]
    rows, lengths = padded([ids])
    if PAD not in translator.source_vocab:
        rows = torch.nn.functional.pad(rows, (0, padding))
    with torch.no_grad():
        step = stepper(model.decoder, *model.encode(rows, lengths), end)
    found = decoding.greedy(step, prompts_for([ids])[0], MOST_NEW_TOKENS, end)
    return [translator.target_vocab.words[token] for token in found.tokens]


def judge(translator: Translator, source: str, padding: int, has_truth: bool) -> Judged:
    """Translate a padded source, and the same without padding, and ask the truth."""
    words, unpadded = (translated(translator, source, count) for count in (padding, 0))
    return Judged(words, unpadded, _verdict(source, words) if has_truth else "No truth is known of these words.")


def _verdict(source: str, words: Sequence[str]) -> str:
    try:
        oracle = translation.translations(source)
    except SourceError as error:
        return f"No truth is known: {error}."
    place = next((t for t in range(len(words)) if words[t] not in oracle.next(words[:t])), None)
    if place is not None:
        return f"Not a translation: word {place + 1}, ‘{words[place]}’, cannot come there."
    return "A possible translation." if words in oracle else f"It has not ended after {len(words)} words."
