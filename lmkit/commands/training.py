"""`python -m lmkit train`: a shipped model again, or a regularised model of a text."""

from __future__ import annotations

import argparse
import importlib.util
import json
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from matplotlib.figure import Figure
from torch import Tensor

from lmkit import pretrained
from lmkit.commands import pair_files, places, texts, training_options
from lmkit.commands.memory import check_memory, check_pairs_memory
from lmkit.commands.options import given_in_vain
from lmkit.commands.samples import ShowSamples
from lmkit.commands.training_options import DROPOUTS
from lmkit.experiments import recipes, translators
from lmkit.experiments.held_out import held_out_metrics
from lmkit.files import atomic_write
from lmkit.metrics import bleu, chrf, exact_match
from lmkit.models import AWDLSTM
from lmkit.models.seq2seq import EncoderDecoder
from lmkit.training import (
    EvalResult,
    History,
    evaluate,
    evaluate_pairs,
    evaluate_with_cache,
    perplexity,
    set_seed,
    train,
    train_pairs,
)
from lmkit.training.config import OPTIONS
from lmkit.training.parallel import ProcessGroup, distributed

SIZES = ("embedding_size", "hidden_size", "num_layers")
ON_EVERY_CARD = ("epochs", "steps", *SIZES, "chrono_init", "batch_size", "window", "lr", "seed")
OF_TEXTS = (  # options that change nothing with pairs
    *("steps", "window", "variable_window", "shifted", "num_layers", "chrono_init", "cache", "alpha", "beta"),
    *("embed_p", "weight_p", "hidden_p"),
)
OF_PAIRS = ("attention", "timing")
SCORED = 500  # held-out pairs that are translated at most
OF_RUNNING_TEXT = ("held_out", "tokenizer", "vocab_size")
ON_NO_CARD = ("data", "text", "held_out", "pairs", "recipe", "out", "quiet", "plot", "checkpoint", "checkpoint_every")


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of this command."""
    training_options.add_to(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Train as the options say, write the model file, and print its card."""
    if options.recipe:
        _check_nothing_else(options)
    else:
        _complete(options)
    out = places.model_file(options)
    with distributed() as processes:
        if options.recipe:
            data = recipes.RECIPES[options.recipe](not options.quiet)
        else:
            data = (_train_pairs if options.pairs else _train)(options, processes)
    if processes.is_main:
        translates = options.pairs or options.recipe in translators.RECIPES
        opened = (pretrained.translator_from_bytes if translates else pretrained.from_bytes)(data)
        places.write_model(out, data)
        print(f"wrote {out}, {len(data) / 1000:.0f} KB")
        print(json.dumps(opened.card, indent=2, ensure_ascii=False))


def _check_nothing_else(options: argparse.Namespace) -> None:
    for name in sorted(options.given - {"recipe", "out", "quiet"}):
        rule = "must not be given with --recipe, which has settings of its own"
        raise ValueError(f"{name} {rule}, but it is {getattr(options, name)}; leave it out, or use --data or --text")


def _complete(options: argparse.Namespace) -> None:
    """Check the options that training itself does not see, and fill in the default that depends on the text."""
    if options.schedule != "one-cycle":
        given_in_vain(options, ["warmup"], f"with --schedule {options.schedule}", "only a one-cycle rate rises first")
    if options.checkpoint is None:
        given_in_vain(options, ["checkpoint_every"], "without --checkpoint", "give --checkpoint FILE too")
    if options.num_layers == 1 and 0 < options.hidden_p < 1:
        given_in_vain(options, ["hidden_p"], "with one layer", "give --num-layers 2 or more")
    if not 0 <= options.seed < 2**32:
        raise ValueError(f"seed must be at least 0 and below 2**32, but it is {options.seed}; choose another")
    if options.averaging is not None and options.validate_every is None:
        given = f"but averaging is {options.averaging} and validate_every is not given"
        raise ValueError(f"averaging needs held-out losses to start, {given}; add --validate-every")
    if options.pairs:
        given_in_vain(options, (*OF_TEXTS, *OF_RUNNING_TEXT), "with --pairs", "it is an option of --data and --text")
    else:
        given_in_vain(options, OF_PAIRS, "without --pairs", "give --pairs FILE")
    if options.chrono_init is None:
        options.chrono_init = 0 if options.data == "human_numbers" else max(0, options.window)
    if options.chrono_init < 0:
        raise ValueError(f"chrono_init must be at least 0, but it is {options.chrono_init}; 0 starts as torch does")


def _train(options: argparse.Namespace, processes: ProcessGroup) -> bytes:
    _complete(options)
    set_seed(options.seed)
    text = texts.load(options)
    shape = {name: getattr(options, name) for name in (*SIZES, *(f"{place}_p" for place in DROPOUTS))}
    sizes = {name: getattr(options, name) for name in SIZES}
    reading = {"rows": options.batch_size, "window": min(options.window, text.row_length)}
    check_memory(len(text.vocab), **sizes, optimizer=options.optimizer, **reading)
    model = AWDLSTM(len(text.vocab), **shape)
    if options.chrono_init:
        recipes.chrono_init(model, options.chrono_init)
    if options.cache:
        _with_cache(model, text.held_out[:, :2], options)  # so that bad numbers are refused before training
    shown = options.validate_every is not None and not options.quiet
    attending = {"callbacks": [ShowSamples(text.vocab, text.held_out)]} if shown else {}
    with _stopped_in_words(options):
        history = train(model, text.streams, steps=text.steps, **attending, **_run_options(options, text.held_out))
    _draw(history, options, processes)
    if processes.is_main and not options.quiet:
        _print_validation(history)
    card = _card(text.title, text.data, options, processes)
    return pretrained.to_bytes(model, text.vocab, {**card, "metrics": _metrics(model, text, options)})


def _train_pairs(options: argparse.Namespace, processes: ProcessGroup) -> bytes:
    set_seed(options.seed)
    text = pair_files.load(options)
    vocabs = text.source_vocab, text.target_vocab
    sizes = (options.embedding_size, options.hidden_size)
    counts = (len(vocabs[0]), len(vocabs[1]))
    check_pairs_memory(counts, *sizes, optimizer=options.optimizer, rows=options.batch_size, length=text.shortest)
    chosen = {name: getattr(options, name) for name in (*OF_PAIRS, "input_p", "output_p")}
    model = EncoderDecoder(*counts, *sizes, **chosen)
    with _stopped_in_words(options):
        history = train_pairs(model, text.batches, steps=text.steps, **_run_options(options, text.held_out))
    _draw(history, options, processes)
    if processes.is_main and not options.quiet:
        _print_validation(history)
    card = _card(text.title, text.data, options, processes) | {"longest_source": text.longest_source}
    translator = pretrained.Translator(model, *vocabs, card)
    stored = pretrained.translator_from_bytes(pretrained.translator_to_bytes(translator))
    card["metrics"] = _rounded({"held_out": evaluate_pairs(stored.model, text.held_out)}) | _scores(stored, text)
    return pretrained.translator_to_bytes(translator)


def _scores(translator: pretrained.Translator, text: pair_files.Pairs) -> dict[str, float]:
    """Return how like the references greedy translations of held-out sources are; BLEU and chrF need sacrebleu."""
    pairs = [[" ".join(side[:-1]) for side in pair] for pair in text.held_out_pairs[:SCORED]]
    sources, references = zip(*pairs, strict=True)
    longest = 2 * max(len(reference.split()) for reference in references) + 20
    found = translator.translate(sources, longest)
    texts = [str(each) for each in found]
    scores = {"exact_match": round(exact_match(texts, references), 4)}
    if importlib.util.find_spec("sacrebleu"):
        scores |= {"bleu": round(bleu(texts, references), 1), "chrf": round(chrf(texts, references), 1)}
    return scores


@contextmanager
def _stopped_in_words(options: argparse.Namespace) -> Iterator[None]:
    """Let Ctrl-C say what is kept."""
    try:
        yield
    except KeyboardInterrupt as stopped:
        raise KeyboardInterrupt(f"stopped; {str(stopped) or places.what_is_kept(options.checkpoint)}") from None


def _card(title: str, data: str, options: argparse.Namespace, processes: ProcessGroup) -> dict[str, Any]:
    return {"title": title, "data": data, "command": _command(options, processes), "seed": options.seed}


def _run_options(options: argparse.Namespace, held_out: Any) -> dict[str, Any]:
    """Return the keywords of `train` and `train_pairs`, all but what is read."""
    return {
        "validation": None if options.validate_every is None else held_out,
        "checkpoint": options.checkpoint,
        "progress": not options.quiet,
        **_train_options(options),
    }


def _train_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return the options of `TrainConfig` that the command line offers and that are given or have a default."""
    given = {name: getattr(options, name, None) for name in OPTIONS if not (options.pairs and name in OF_TEXTS)}
    return {name: value for name, value in given.items() if value is not None}


def _print_validation(history: History) -> None:
    for step, cross_entropy, accuracy in history.validation:
        print(f"after {step} steps: held-out perplexity {perplexity(cross_entropy):.2f}, accuracy {accuracy:.3f}")


def _draw(history: History, options: argparse.Namespace, processes: ProcessGroup) -> None:
    """Write the picture of a run, if one is wanted."""
    if options.plot is None or not processes.is_main:
        return
    figure, picture = Figure(figsize=(7, 4), layout="constrained"), BytesIO()
    history.plot(figure.subplots())
    figure.savefig(picture, format=options.plot.suffix[1:].lower(), dpi=150)
    atomic_write(options.plot, picture.getvalue(), "plot")


def _metrics(model: AWDLSTM, text: texts.Text, options: argparse.Namespace) -> dict[str, Any]:
    found = {} if text.running else {"held_out": evaluate(model, text.held_out, options.window)}
    if options.cache:
        found["cached"] = _with_cache(model, text.held_out, options)
    running = text.running
    measured = held_out_metrics(model, text.vocab, running.training, running.held_out_text) if running else {}
    return measured | _rounded(found)


def _rounded(found: dict[str, EvalResult]) -> dict[str, float]:
    metrics = {}
    for name, (cross_entropy, accuracy, _) in found.items():
        metrics[f"{name}_perplexity"] = round(perplexity(cross_entropy), 2)
        metrics[f"{name}_accuracy"] = round(accuracy, 4)
    return metrics


def _with_cache(model: AWDLSTM, held_out: Tensor, options: argparse.Namespace) -> EvalResult:
    theta, lam = options.cache
    return evaluate_with_cache(model, held_out, theta=theta, lam=lam, window=options.window)


def _command(options: argparse.Namespace, processes: ProcessGroup) -> str:
    """Return the command line that trains the same model: its text, the usual options, and those that differ."""
    words = ["python", "-m", "lmkit", "train"]
    if processes.world_size > 1:
        words[:1] = ["torchrun", "--nproc-per-node", str(processes.world_size)]
    words += places.source(options)
    always = (*ON_EVERY_CARD, *getattr(options, "suited", ()))
    for name, default in options.defaults.items():
        value = getattr(options, name)
        matters = name in always and value is not False or value != default
        if matters and name not in (*ON_NO_CARD, *(OF_TEXTS if options.pairs else ())) and value is not None:
            words += [f"--{name.replace('_', '-')}", *_values(value)]
    return shlex.join(words)


def _values(value: Any) -> list[str]:
    """Return the words behind an option on a command line."""
    return [] if value is True else [str(part) for part in (value if isinstance(value, list) else [value])]
