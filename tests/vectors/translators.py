"""Vectors of encoder-decoders with random weights, as their int8 files have them: what they write, and where they look.

Sizes are such that no vector instruction likes them, preferences are clear, and texts end now and then.
"""

from __future__ import annotations

from functools import cache

import torch

from lmkit import pretrained
from lmkit.models.seq2seq import ATTENTIONS, REWEIGHTINGS, EncoderDecoder, prompts_for
from lmkit.pretrained import Translator
from lmkit.text import Vocab
from tests import vectors

KINDS = {
    **{
        f"translator-{attention}-{timing}": {"attention": attention, "timing": timing}
        for attention in ATTENTIONS
        for timing in ("after", "before")
    },
    "translator-none": {"attention": "none"},
    "translator-one-way": {"two_way": False},
    "translator-none-one-way": {"attention": "none", "two_way": False},
}
FULL, EVERY = "translator-general-after", 17  # this one with all settings, others with one in so many
SOURCE_WORDS, TARGET_WORDS = 31, 37
LENGTHS = (1, 2, 9, 40, 70)
WRITTEN = 12  # words of a target whose attention is compared


def names() -> list[str]:
    """Return the names of all encoder-decoders that have vectors."""
    return list(KINDS)


@cache
def load(name: str) -> tuple[Translator, bytes]:
    """Return an encoder-decoder and its file."""
    torch.manual_seed(3)
    model = EncoderDecoder(SOURCE_WORDS, TARGET_WORDS, 10, 22, **KINDS[name])
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    with torch.no_grad():
        model.decoder.output.bias[0] += 3
    words = [[f"s{i}" for i in range(SOURCE_WORDS)], ["<eos>", *(f"t{i}" for i in range(TARGET_WORDS - 1))]]
    data = pretrained.translator_to_bytes(Translator(model, *map(Vocab, words), card={}))
    return pretrained.translator_from_bytes(data), data


def sources() -> list[list[int]]:
    """Return sources of several lengths."""
    generator = torch.Generator().manual_seed(5)
    return [torch.randint(SOURCE_WORDS, (length,), generator=generator).tolist() for length in LENGTHS]


def contents(name: str) -> dict:
    """Return sources, and for every kind of weights the cases of all decoders and the attention to a random target."""
    translator, _ = load(name)
    kinds = ["as trained"] if translator.model.attention == "none" else list(REWEIGHTINGS)
    return {"sources": sources(), "kinds": {kind: _of_kind(translator, kind, name == FULL) for kind in kinds}}


def _of_kind(translator: Translator, kind: str, full: bool) -> dict:
    model, end = translator.model, translator.eos_token_id
    if model.attention != "none":
        model = model.reweighted(kind)
    every = 1 if full and kind == "as trained" else EVERY
    cases = vectors.of_step(model.stepper(sources(), end), prompts_for(sources()), end, every)
    target = [*torch.randint(1, TARGET_WORDS, (WRITTEN,), generator=torch.Generator().manual_seed(2)).tolist(), end]
    looks = [model.attention_of(source, target).tolist() for source in sources()] if model.attention != "none" else []
    return {"cases": cases, "target": target, "looks": looks}
