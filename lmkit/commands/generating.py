"""`python -m lmkit generate`: continue a prompt with a trained model."""

from __future__ import annotations

import argparse

from lmkit import decoding, pretrained
from lmkit.decoding.generation import OPTIONS

METHODS = {  # the decoder, and its name in decoding.generation.OPTIONS
    "greedy": (decoding.greedy, "greedy decoding"),
    "sample": (decoding.sample, "sampling"),
    "beam": (decoding.beam_search, "beam search"),
    "contrastive": (decoding.contrastive_search, "contrastive search"),
}


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of this command."""
    parser.description = "Continue a prompt and print each text with its log-probability."
    parser.add_argument("model", help=f"a shipped model ({', '.join(pretrained.names())}) or the path of a model file")
    parser.add_argument("prompt", help="the words to continue, with white space between words and marks")
    parser.add_argument("--method", choices=list(METHODS), default="sample")
    parser.add_argument("--max-new-tokens", type=int, default=60)
    parser.add_argument("--temperature", type=float, default=1.0, help="above 0; below 1 is bolder, above 1 wilder")
    parser.add_argument(
        "--top-k", type=int, help="keep, or with contrastive search compare, the k most probable tokens"
    )
    parser.add_argument("--top-p", type=float, default=0.9, help="keep the nucleus of this mass, above 0, at most 1")
    parser.add_argument("--min-p", type=float, default=0.0, help="drop tokens below this share of the largest")
    parser.add_argument("--typical-p", type=float, default=1.0, help="keep this mass nearest to the entropy")
    parser.add_argument("--num-beams", type=int, default=5)
    parser.add_argument("--length-penalty", type=float, default=1.0, help="0 ranks by probability alone")
    parser.add_argument("--num-beam-groups", type=int, default=1, help="above 1 is diverse beam search")
    parser.add_argument("--diversity-penalty", type=float, default=0.0, help="nats for what an earlier group took")
    parser.add_argument("--penalty-alpha", type=float, default=0.6, help="contrastive search; 0 is greedy decoding")
    parser.add_argument("--min-new-tokens", type=int, default=0, help="at least this many tokens before the end")
    parser.add_argument("--repetition-penalty", type=float, default=1.0, help="above 1 makes used tokens less probable")
    parser.add_argument("--no-repeat-ngram-size", type=int, default=0, help="write no run of this many tokens twice")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same draw")
    parser.add_argument("--count", type=int, default=1, help="number of texts")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Continue a prompt and print the text with its log-probability."""
    if options.count < 1:
        raise ValueError(f"count must be at least 1, but it is {options.count}")
    trained = pretrained.load(options.model)
    prompt = trained.prompt_ids(options.prompt)
    decode, strategy = METHODS[options.method]
    given = {name: getattr(options, name, None) for name in OPTIONS[strategy]}
    chosen = {name: value for name, value in given.items() if value is not None}
    copies = options.count if options.method == "sample" else 1  # the others write the same again
    common = (trained.model.stepper(), [prompt] * copies, options.max_new_tokens, trained.eos_token_id)
    texts = decode(*common, **chosen)
    if options.method == "beam":
        texts = texts[0][: options.count]
    for text in texts:
        print(f"{options.prompt} | {trained.vocab.decode(text.tokens)}")
        print(f"    log-probability {text.log_prob:.2f} nats, {len(text.tokens)} tokens, score {text.score:.3f}")
