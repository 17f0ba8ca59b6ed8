"""Decoding: from next-token distributions to text.

Filters are pure functions of logits. Decoders are handed a function `step` and never see a model::

    step(tokens, state) -> (log_probs, state)

`tokens` is an int64 tensor (N,), `state` whatever the step returned before (None at the start; a tensor, or a tuple
of tensors, with N first), `log_probs` a tensor (N, V) of natural logarithms. Rows must not influence each other.

A decoder continues a prompt, a sequence of token ids. Given a batch, a list of prompts, it returns a list with what it
returns for each, several times faster than one by one. Names and semantics are those of the transformers library.
"""

from lmkit.decoding.beams import BeamStep, beam_search
from lmkit.decoding.chance import draw, uniform
from lmkit.decoding.contrastive import contrastive_search
from lmkit.decoding.exact import exact_search
from lmkit.decoding.filters import (
    apply_repetition_penalty,
    apply_temperature,
    filter_logits,
    min_p_filter,
    no_repeat_ngram_filter,
    top_k_filter,
    top_p_filter,
    typical_filter,
)
from lmkit.decoding.generating import generate
from lmkit.decoding.prompts import Step, pick_rows, read_prompt
from lmkit.decoding.rows import greedy, sample
from lmkit.decoding.texts import Decoded

__all__ = [
    "BeamStep",
    "Decoded",
    "Step",
    "apply_repetition_penalty",
    "apply_temperature",
    "beam_search",
    "contrastive_search",
    "draw",
    "exact_search",
    "filter_logits",
    "generate",
    "greedy",
    "min_p_filter",
    "no_repeat_ngram_filter",
    "pick_rows",
    "read_prompt",
    "sample",
    "top_k_filter",
    "top_p_filter",
    "typical_filter",
    "uniform",
]
