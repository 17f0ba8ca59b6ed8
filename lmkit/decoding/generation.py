"""One entry to all decoders, with the argument names of transformers' `generate`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lmkit.decoding.beams import beam_search
from lmkit.decoding.constraints import EndTokens
from lmkit.decoding.contrastive import contrastive_search
from lmkit.decoding.filters import check, check_count
from lmkit.decoding.prompts import Decoded, StepFn, for_batches
from lmkit.decoding.sampling import NUM_SEEDS, greedy, sample

CONSTRAINTS = ("min_new_tokens", "repetition_penalty", "no_repeat_ngram_size", "suppress_tokens")
SAMPLING = ("temperature", "top_k", "top_p", "min_p", "typical_p", "seed")
BEAMS = ("num_beams", "length_penalty", "early_stopping", "num_beam_groups", "diversity_penalty")
COUNTED_WITH_PROMPT = {  # lengths of transformers, and what counts new tokens alone
    "max_length": "max_new_tokens",
    "min_length": "min_new_tokens",
}
OPTIONS = {
    "greedy decoding": CONSTRAINTS,
    "sampling": (*SAMPLING, *CONSTRAINTS),
    "beam search": (*BEAMS, *CONSTRAINTS),
    "contrastive search": ("penalty_alpha", "top_k", "hidden", "suppress_tokens"),
}


@for_batches
def generate(
    step: StepFn,
    prompt: Sequence[list[int]],
    max_new_tokens: int = 20,
    eos_token_id: EndTokens = None,
    *,
    do_sample: bool = False,
    num_return_sequences: int = 1,
    **options: Any,
) -> list[list[Decoded]]:
    """Continue a prompt, or each of a batch, by the strategy that the arguments imply.

    A `penalty_alpha` above 0 means contrastive search, `num_beams` above 1 beam search, `do_sample` sampling, and none
    of these greedy decoding. An argument that the strategy has no use for is an error.

    Parameters
    ----------
    step, prompt, max_new_tokens, eos_token_id : as for `greedy`
    do_sample : bool
    num_return_sequences : int ≥ 1
        How many texts to return for each prompt: so many draws of sampling (the i-th text of the j-th prompt with the
        seed seed + j · num_return_sequences + i), or so many of the best that beam search has found. The other
        strategies write one.
    **options
        suppress_tokens (all strategies); min_new_tokens, repetition_penalty, no_repeat_ngram_size (all but contrastive
        search); temperature, top_k (by default all tokens, where transformers keeps 50), top_p, min_p, typical_p and
        seed, see `sample`; num_beams, length_penalty, early_stopping, num_beam_groups, diversity_penalty, see
        `beam_search`; penalty_alpha, top_k and hidden, see `contrastive_search`.

    Returns
    -------
    list of Decoded, `num_return_sequences` of them (fewer where beam search finds fewer); for a batch a list of such
    lists.

    Raises
    ------
    ValueError
        For an argument that is out of range, or that the strategy does not know.
    """
    num_return_sequences = check_count("num_return_sequences", num_return_sequences)
    strategy = _strategy(do_sample, options)
    for name, value in options.items():
        if name in COUNTED_WITH_PROMPT:
            instead = COUNTED_WITH_PROMPT[name]
            raise ValueError(f"{name} must be left out, but it is {value!r}; say {instead}, which counts no prompt")
        if name not in OPTIONS[strategy]:
            raise ValueError(
                f"{name} must be left out of {strategy}, which has no use for it, but it is {value!r}; "
                "num_beams, do_sample and penalty_alpha choose the strategy"
            )
    common = (max_new_tokens, eos_token_id)
    if strategy == "sampling":
        return _draws(step, prompt, common, num_return_sequences, **options)
    if strategy == "beam search":
        options["num_beams"] = check_count("num_beams", options["num_beams"])
        rule = f"at most num_beams, {options['num_beams']}"
        check("num_return_sequences", num_return_sequences, num_return_sequences <= options["num_beams"], rule)
        return [texts[:num_return_sequences] for texts in beam_search(step, prompt, *common, **options)]
    check("num_return_sequences", num_return_sequences, num_return_sequences == 1, f"1, for {strategy} writes one text")
    decode = greedy if strategy == "greedy decoding" else contrastive_search
    return [[text] for text in decode(step, prompt, *common, **options)]


def _strategy(do_sample: bool, options: dict[str, Any]) -> str:
    """Return the key of `OPTIONS` that the arguments imply; arguments that only name it are taken out."""
    if not options.get("penalty_alpha"):
        options.pop("penalty_alpha", None)
    if options.get("num_beams") == 1:
        options.pop("num_beams")
    chosen = [name for name in ("penalty_alpha", "num_beams") if name in options] + ["do_sample"] * bool(do_sample)
    if len(chosen) > 1:
        raise ValueError(f"{chosen[1]} must be left out where {chosen[0]} is given: each means another strategy")
    strategies = {"penalty_alpha": "contrastive search", "num_beams": "beam search", "do_sample": "sampling"}
    return strategies[chosen[0]] if chosen else "greedy decoding"


def _draws(
    step: StepFn, prompts: Sequence[list[int]], common: tuple, num_draws: int, *, seed: int = 0, **filters: Any
) -> list[list[Decoded]]:
    """Return `num_draws` texts for each prompt, all drawn in one batch."""
    seed = check_count("seed", seed, least=0)
    copies = [prompt for prompt in prompts for _ in range(num_draws)]
    texts = sample(step, copies, *common, seed=[(seed + row) % NUM_SEEDS for row in range(len(copies))], **filters)
    return [texts[start : start + num_draws] for start in range(0, len(texts), num_draws)]
