"""Sequence to sequence: from a source, such as an English sentence, to a target, such as a German one.

An `Encoder` reads the source, and a decoder writes the target: `LuongDecoder` looks at the source after each of its
steps, `BahdanauDecoder` before. How they look is said by an `Attention`. `EncoderDecoder` puts them together, and
`EncoderDecoder.translate` writes with any strategy of `lmkit.decoding`. `EncoderDecoder.reweighted` gives a decoder
other attention weights than its own.

A target ends with its end token; the decoder reads it first, too. There is no word for padding: lengths say where
sources end, and -100 in targets stands for nothing.
"""

from lmkit.models.seq2seq.attention import (
    ATTENTIONS,
    AdditiveAttention,
    Attention,
    DotAttention,
    GeneralAttention,
    ScaledDotAttention,
    attention_weights,
    length_mask,
)
from lmkit.models.seq2seq.decoders import DECODERS, BahdanauDecoder, Decoder, LuongDecoder, Memory
from lmkit.models.seq2seq.encoder import Bridge, Encoder
from lmkit.models.seq2seq.model import EncoderDecoder
from lmkit.models.seq2seq.reweighting import REWEIGHTINGS
from lmkit.models.seq2seq.stepping import padded, prompts_for, stepper

__all__ = [
    "ATTENTIONS",
    "DECODERS",
    "REWEIGHTINGS",
    "AdditiveAttention",
    "Attention",
    "BahdanauDecoder",
    "Bridge",
    "Decoder",
    "DotAttention",
    "Encoder",
    "EncoderDecoder",
    "GeneralAttention",
    "LuongDecoder",
    "Memory",
    "ScaledDotAttention",
    "attention_weights",
    "length_mask",
    "padded",
    "prompts_for",
    "stepper",
]
