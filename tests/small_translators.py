"""Translators of stories for tests: one with random weights, and one that knows a translation by heart."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import nn

from lmkit.datasets import translation
from lmkit.models.seq2seq import EncoderDecoder, padded
from lmkit.pretrained import Translator

SOURCE = "one night david went past the harbour ."


def random_translator(seed: int = 0, card: dict[str, Any] | None = None, **options: Any) -> Translator:
    """Return a translator with clear preferences, so that rounding decides nothing."""
    torch.manual_seed(seed)
    vocabs = translation.source_vocab(), translation.target_vocab()
    model = EncoderDecoder(*map(len, vocabs), 6, 10, **options)
    for parameter in model.parameters():
        nn.init.normal_(parameter, std=0.8)
    return Translator(model.eval(), *vocabs, card or {})


@cache
def learned_translator() -> Translator:
    """Return a translator that has learned the most probable translation of `SOURCE`, and nothing else."""
    torch.manual_seed(0)
    vocabs = translation.source_vocab(), translation.target_vocab()
    model = EncoderDecoder(*map(len, vocabs), 8, 16)
    for module in (model.encoder, model.decoder):
        nn.init.normal_(module.embedding.weight)  # large ones are learned by heart in a second
    source = vocabs[0].encode(f"{SOURCE} <eos>")
    target = torch.tensor([vocabs[1].ids(translation.translations(SOURCE).best().words)])
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    for _ in range(60):
        optimizer.zero_grad()
        model.loss(*padded([source]), target.roll(1, dims=1), target).backward()
        optimizer.step()
    return Translator(model.eval(), *vocabs, {})
