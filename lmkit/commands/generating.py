"""`python -m lmkit generate`: continue a prompt with a trained model."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from lmkit import decoding, pretrained
from lmkit.commands.listing import naming_words
from lmkit.commands.options import given_in_vain, number, whole
from lmkit.decoding.generation import OPTIONS
from lmkit.decoding.sampling import NUM_SEEDS
from lmkit.text import UNK

AT_ONCE = 64  # texts that are drawn in one batch
METHODS = {  # the decoder, and its name in decoding.generation.OPTIONS
    "greedy": (decoding.greedy, "greedy decoding"),
    "sample": (decoding.sample, "sampling"),
    "beam": (decoding.beam_search, "beam search"),
    "contrastive": (decoding.contrastive_search, "contrastive search"),
}
OPTIONS_OF_METHODS = {  # type, default and purpose; decoding.generation.OPTIONS says which methods have which
    "temperature": (number, 1.0, "above 0; below 1 is bolder, above 1 wilder"),
    "top_k": (whole, None, "keep, or with contrastive search compare, the k most probable tokens"),
    "top_p": (number, 0.9, "keep the nucleus of this mass, above 0, at most 1"),
    "min_p": (number, 0.0, "drop tokens below this share of the largest"),
    "typical_p": (number, 1.0, "keep this mass nearest to the entropy"),
    "seed": (whole, 0, "the same seed gives the same draw"),
    "num_beams": (whole, 5, "texts that are pursued side by side"),
    "length_penalty": (number, 1.0, "0 ranks by probability alone"),
    "num_beam_groups": (whole, 1, "above 1 is diverse beam search"),
    "diversity_penalty": (number, 0.0, "nats for what an earlier group took"),
    "penalty_alpha": (number, 0.6, "weight of being unlike the text so far; 0 is greedy decoding"),
    "min_new_tokens": (whole, 0, "at least this many tokens before the end"),
    "repetition_penalty": (number, 1.0, "above 1 makes used tokens less probable"),
    "no_repeat_ngram_size": (whole, 0, "write no run of this many tokens twice"),
}


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of this command."""
    parser.description = "Continue a prompt and print each text with its log-probability."
    parser.add_argument("model", help=f"a shipped model ({', '.join(pretrained.names())}) or the path of a model file")
    parser.add_argument(
        "prompt",
        help="the text to continue; of models whose words stand apart, with white space between words and marks, "
        "of others with ⏎ for the end of a line, if you like",
    )
    add_methods(parser, "sample", max_new_tokens=60)
    parser.set_defaults(run=run)


def add_methods(parser: argparse.ArgumentParser, usual: str, max_new_tokens: int) -> None:
    """Give a parser the options of all methods of decoding, of which one is usual."""
    length = "where a text ends that does not end before"
    parser.add_argument("--method", choices=list(METHODS), default=usual, help="how tokens are chosen")
    parser.add_argument("--max-new-tokens", type=whole, default=max_new_tokens, help=length)
    parser.add_argument("--count", type=whole, default=1, help="number of texts; above 1 with sample and beam")
    for name, (kind, default, purpose) in OPTIONS_OF_METHODS.items():
        methods = ", ".join(method for method, (_, strategy) in METHODS.items() if name in OPTIONS[strategy])
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=kind, default=default, help=f"{purpose}; with {methods}"
        )


def run(options: argparse.Namespace) -> None:
    """Continue a prompt and print each text with its log-probability."""
    check_effect(options)
    trained = pretrained.load(options.model)
    with naming_words(options.model):
        prompt = trained.prompt_ids(options.prompt)
    if trained.vocab.unk in prompt:
        lacking = ", ".join(map(repr, trained.vocab.unknown(trained.vocab.typed(options.prompt))))
        print(f"note: the vocabulary lacks {lacking}; read as {UNK}", file=sys.stderr)
    options.suppress_tokens = trained.suppress_tokens
    for text in texts(options, trained.model.stepper(), prompt, trained.eos_token_id):
        print(f"{options.prompt} | {trained.vocab.decode(text.tokens)}")
        print(figures(text))


def figures(text: decoding.Decoded) -> str:
    """Return the line below a text: how probable it is, and how long."""
    return f"    log-probability {text.log_prob:.2f} nats, {len(text.tokens)} tokens, score {text.score:.3f}"


def check_effect(options: argparse.Namespace) -> None:
    """Raise ValueError for options that the method has no use for, which `decoding.generate` refuses too."""
    strategy, remedy = METHODS[options.method][1], "leave it out, or choose another --method"
    of_others = {name for names in OPTIONS.values() for name in names} - {*OPTIONS[strategy]}
    given_in_vain(options, sorted(of_others), f"of {strategy}", remedy)
    if options.count < 1:
        raise ValueError(f"count must be at least 1, but it is {options.count}")
    most = {"sample": options.count, "beam": max(options.num_beams, 1)}.get(options.method, 1)
    if options.count > most:
        rule = f"at most {most}, for {strategy} finds no more texts"
        raise ValueError(f"count must be {rule}, but it is {options.count}; {remedy}")


def texts(
    options: argparse.Namespace, step: decoding.StepFn, prompt: list[int], eos_token_id: int | None
) -> Iterator[decoding.Decoded]:
    """Yield the texts; of sampling, as they are drawn, however many there are to be."""
    decode, strategy = METHODS[options.method]
    found = {name: getattr(options, name, None) for name in OPTIONS[strategy]}
    chosen = {name: value for name, value in found.items() if value is not None}
    common = (options.max_new_tokens, eos_token_id)
    if options.method == "beam":
        yield from decode(step, prompt, *common, **chosen)[: options.count]
    elif options.method == "sample":
        for start in range(0, options.count, AT_ONCE):
            copies = [prompt] * min(AT_ONCE, options.count - start)
            yield from decode(step, copies, *common, **chosen)
            chosen["seed"] = (chosen["seed"] + AT_ONCE) % NUM_SEEDS
    else:
        yield decode(step, prompt, *common, **chosen)
