"""The command line: `python -m lmkit train …` and `python -m lmkit generate …`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from torch import Tensor

from lmkit import decoding, pretrained, recipes
from lmkit.decoding.generating import OPTIONS
from lmkit.models import LSTMLanguageModel
from lmkit.rnn import State
from lmkit.text import Vocab, rows, to_tensor, tokenize
from lmkit.training import evaluate, perplexity, repeat, set_seed, train

METHODS = {  # the decoder, and its name in decoding.generating.OPTIONS
    "greedy": (decoding.greedy, "greedy decoding"),
    "sample": (decoding.sample, "sampling"),
    "beam": (decoding.beam_search, "beam search"),
    "contrastive": (decoding.contrastive_search, "contrastive search"),
}
SETTINGS = ("epochs", "embedding_size", "hidden_size", "num_layers", "batch_size", "window", "lr", "seed")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return the exit status: 0, or 2 when the input was bad."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (ValueError, OSError) as error:
        print(f"lmkit {options.command}: {error}", file=sys.stderr)
        return 2
    return 0


def train_command(options: argparse.Namespace) -> None:
    """Train a shipped model again, or a model of the reader's own text."""
    if options.recipe:
        data = recipes.RECIPES[options.recipe](not options.quiet)
        out = options.out or pretrained.FOLDER / f"{options.recipe}.safetensors"
    else:
        data = _train_on_text(options)
        out = options.out or options.text.with_suffix(".safetensors")
    out.write_bytes(data)
    print(f"wrote {out}, {len(data) / 1000:.0f} KB")
    print(json.dumps(pretrained.from_bytes(data).card, indent=2, ensure_ascii=False))


def _train_on_text(options: argparse.Namespace) -> bytes:
    tokens = tokenize(options.text.read_text(encoding="utf-8"))
    set_seed(options.seed)
    vocab = Vocab.of(tokens)
    stream = to_tensor(vocab.ids(tokens))
    held_out = max(2, len(stream) // 10)
    stream, rest = rows(stream[:-held_out], options.batch_size), rows(stream[-held_out:], 1)
    model = LSTMLanguageModel(len(vocab), options.embedding_size, options.hidden_size, options.num_layers)
    recipes.remember_long(model, options.window)
    streams, steps = repeat(stream, options.epochs, options.window)
    train(model, streams, steps=steps, window=options.window, lr=options.lr, progress=not options.quiet)
    settings = " ".join(f"--{name.replace('_', '-')} {getattr(options, name)}" for name in SETTINGS)
    card = {
        "title": options.text.stem,
        "data": f"{options.text.name}: {len(tokens):,} tokens, the last tenth held out",
        "command": f"python -m lmkit train --text {options.text.name} {settings}",
        "seed": options.seed,
        "metrics": {"held_out_perplexity": round(perplexity(evaluate(model, rest, options.window)), 2)},
    }
    return pretrained.to_bytes(model, vocab, card)


def generate_command(options: argparse.Namespace) -> None:
    """Continue a prompt and print the text with its log-probability."""
    if options.count < 1:
        raise ValueError(f"count must be at least 1, but it is {options.count}")
    trained = pretrained.load(options.model)
    prompt = trained.prompt_ids(options.prompt)
    decode, strategy = METHODS[options.method]
    given = {name: getattr(options, name, None) for name in OPTIONS[strategy]}
    chosen = {name: value for name, value in given.items() if value is not None}
    if options.method == "contrastive":
        chosen["hidden"] = _last_hidden
    copies = options.count if options.method == "sample" else 1  # the others write the same again
    common = (trained.model.stepper(), [prompt] * copies, options.max_new_tokens, trained.eos_token_id)
    texts = decode(*common, **chosen)
    if options.method == "beam":
        texts = texts[0][: options.count]
    for text in texts:
        print(f"{options.prompt} | {trained.vocab.decode(text.tokens)}")
        print(f"    log-probability {text.log_prob:.2f} nats, {len(text.tokens)} tokens, score {text.score:.3f}")


def _last_hidden(state: State) -> Tensor:
    """The hidden vectors (N, H) of the last layer, in what a stepper of ours returns."""
    return (state if isinstance(state, Tensor) else state[0])[:, -1]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lmkit", description="Train language models and decode text.")
    commands = parser.add_subparsers(dest="command", required=True)
    defaults = {"formatter_class": argparse.ArgumentDefaultsHelpFormatter}
    _train_parser(commands.add_parser("train", help="train a shipped model again, or one of your own text", **defaults))
    _generate_parser(commands.add_parser("generate", help="continue a prompt with a trained model", **defaults))
    return parser


def _train_parser(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--recipe", choices=sorted(recipes.RECIPES), help="a shipped model")
    source.add_argument("--text", type=Path, help="a text file whose words and marks are separated by white space")
    parser.add_argument("--out", type=Path, help="where to write the model file; by default its usual place")
    parser.add_argument("--epochs", type=int, default=10, help="how often a text file is read")
    parser.add_argument("--embedding-size", type=int, default=96)
    parser.add_argument("--hidden-size", type=int, default=128)
    parser.add_argument("--num-layers", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=16, help="rows that are read side by side")
    parser.add_argument("--window", type=int, default=64, help="steps that gradients flow back")
    parser.add_argument("--lr", type=float, default=0.01, help="peak learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.set_defaults(run=train_command)


def _generate_parser(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", help=f"a shipped model ({', '.join(pretrained.names())}) or the path of a model file")
    parser.add_argument("prompt", help="the words to continue, with white space between words and marks")
    parser.add_argument("--method", choices=list(METHODS), default="sample")
    parser.add_argument("--max-new-tokens", type=int, default=60)
    parser.add_argument("--temperature", type=float, default=1.0, help="above 0; below 1 is bolder, above 1 wilder")
    parser.add_argument("--top-k", type=int, help="keep the k most probable tokens, or try so many")
    parser.add_argument("--top-p", type=float, default=0.9, help="keep the nucleus of this mass, above 0, at most 1")
    parser.add_argument("--min-p", type=float, default=0.0, help="drop tokens below this share of the largest")
    parser.add_argument("--typical-p", type=float, default=1.0, help="keep this mass nearest to the entropy")
    parser.add_argument("--num-beams", type=int, default=5)
    parser.add_argument("--length-penalty", type=float, default=1.0, help="0 ranks by probability alone")
    parser.add_argument("--num-beam-groups", type=int, default=1, help="above 1 is diverse beam search")
    parser.add_argument("--diversity-penalty", type=float, default=0.0, help="nats for what an earlier group took")
    parser.add_argument("--penalty-alpha", type=float, default=0.6, help="contrastive search; 0 is greedy decoding")
    parser.add_argument("--min-new-tokens", type=int, default=0, help="no end before")
    parser.add_argument("--repetition-penalty", type=float, default=1.0, help="above 1 makes used tokens less probable")
    parser.add_argument("--no-repeat-ngram-size", type=int, default=0, help="no run of so many tokens twice")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same draw")
    parser.add_argument("--count", type=int, default=1, help="how many texts")
    parser.set_defaults(run=generate_command)


if __name__ == "__main__":
    sys.exit(main())
