"""Decoding: from next-token distributions to text.

Filters are pure functions of logits. Decoders are handed a function `step`, or a model, which they ask for one by
``model.stepper()``, and see nothing else of it::

    step(tokens, state) -> (log_probs, state)

`tokens` is an int64 tensor (N,) on the CPU, `log_probs` a tensor (N, V) of natural logarithms, on any device and of any
floating type: decoders compute on the CPU and in float32 at least. `state` is whatever the step returned before, and
None at the start: None, a tensor with N first, or any nest of tuples, lists and dicts of such states. Rows must not
influence each other.

A decoder continues a prompt, a sequence of token ids. Given a batch, a list of prompts, it returns a list with what it
returns for each, several times faster than one by one. Of equally good tokens the one with the lowest id wins. Names
and semantics are those of the transformers library.
"""

from lmkit.decoding.beams import BeamStep, beam_search
from lmkit.decoding.contrastive import contrastive_search, last_hidden
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
from lmkit.decoding.generation import generate
from lmkit.decoding.prompts import Decoded, HasStepper, StepFn, as_step_fn, read_prompt
from lmkit.decoding.rng import draw, uniform
from lmkit.decoding.sampling import greedy, sample
from lmkit.decoding.state import concat_rows, select_rows

__all__ = [
    "BeamStep",
    "Decoded",
    "HasStepper",
    "StepFn",
    "apply_repetition_penalty",
    "apply_temperature",
    "as_step_fn",
    "beam_search",
    "concat_rows",
    "contrastive_search",
    "draw",
    "exact_search",
    "filter_logits",
    "generate",
    "greedy",
    "last_hidden",
    "min_p_filter",
    "no_repeat_ngram_filter",
    "read_prompt",
    "sample",
    "select_rows",
    "top_k_filter",
    "top_p_filter",
    "typical_filter",
    "uniform",
]
