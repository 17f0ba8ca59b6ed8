"""The options of `python -m lmkit train`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from lmkit.commands import running_text, texts
from lmkit.commands.options import number, whole
from lmkit.experiments import recipes
from lmkit.models.seq2seq import ATTENTIONS, DECODERS
from lmkit.training.config import OPTIONS, TrainConfig

Group = argparse._ArgumentGroup
DROPOUTS = {
    "embed": "whole words",
    "input": "what the first layer reads",
    "weight": "hidden-to-hidden weights",
    "hidden": "what a layer hands to the next",
    "output": "what the output layer reads",
}
TEXT_HELP = (
    "Text in any words, UTF-8, from which the vocabulary comes; what is held out adds no token. Unless options say "
    "otherwise, all tokenizers but split train with --optimizer muon --lr 0.02 --shifted --embedding-size 128 "
    "--hidden-size 256, rows, epochs and dropouts by the length of the text; the card names them. --data shakespeare "
    "is 37 plays, of which four are held out."
)


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of this command."""
    parser.description = "Train a language model and write it to a file, with a card that says how it was made."
    parser.epilog = "With torchrun before -m, several processes share the rows of a batch; see the README."
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--recipe", choices=sorted(recipes.RECIPES), help="a shipped model, trained again as it was")
    source.add_argument("--data", choices=["human_numbers", "shakespeare", "stories"], help="a text of the book")
    source.add_argument(
        "--text",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="text files, or folders whose files that end in .txt are read",
    )
    source.add_argument(
        "--pairs", type=Path, metavar="FILE", help="a file whose lines hold a source, a tab and its translation"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="the model file; by default named for the text")
    parser.add_argument("--seed", type=whole, default=0, metavar="N", help="the same seed gives the same model")
    parser.add_argument(
        "--quiet", action="store_true", help="no progress bar, no samples, and only the card at the end"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the losses into a file, .png or .svg")
    _add_text(parser.add_argument_group("text of your own", TEXT_HELP))
    _add_reading(parser.add_argument_group("how the text is read"))
    _add_model(
        parser.add_argument_group(
            "the model", "an AWD-LSTM, with --pairs an encoder-decoder; a dropout is a probability below 1"
        )
    )
    _add_options(parser.add_argument_group("training"), "training")
    _add_evaluation(parser.add_argument_group("evaluation on held-out text, at the end and, if asked, on the way"))
    _add_checkpoints(parser.add_argument_group("checkpoints"))


def _add_options(group: Group, section: str, **defaults: Any) -> None:
    """Add the options of `TrainConfig` that belong to a section, with its defaults or others."""
    for name, option in OPTIONS.items():
        if option.section != section:
            continue
        flag, default = f"--{name.replace('_', '-')}", defaults.get(name, getattr(TrainConfig, name))
        if option.kind is bool:
            group.add_argument(flag, action="store_true", help=option.help)
        else:
            details = {
                "type": {int: whole, float: number}.get(option.kind),
                "choices": option.choices,
                "metavar": option.metavar,
            }
            group.add_argument(flag, default=default, help=option.help, **details)


def _add_text(group: Group) -> None:
    group.add_argument(
        "--held-out",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="what is not trained on, but measured; by default the last files, about a tenth of all characters, or the "
        "last tenth of a single file",
    )
    group.add_argument(
        "--tokenizer",
        choices=list(running_text.TOKENIZERS),
        help=f"what a token is; by default characters for texts below {running_text.LONG:,} characters, bpe from there "
        "on; split is for texts whose words and marks stand apart",
    )
    group.add_argument(
        "--vocab-size",
        type=whole,
        metavar="V",
        help=f"tokens, with bpe and words; by default 512 pieces, from {running_text.VERY_LONG:,} characters on 1024, "
        f"or the {running_text.MOST_WORDS:,} most frequent words",
    )


def _add_reading(group: Group) -> None:
    group.add_argument(
        "--epochs", type=whole, metavar="N", help=f"times that a text is read; {texts.EPOCHS} by default"
    )
    group.add_argument("--steps", type=whole, metavar="N", help=f"updates, with Stories; {texts.STEPS} by default")
    group.add_argument("--batch-size", type=whole, default=16, metavar="N", help="rows that are read side by side")
    _add_options(group, "reading")
    group.add_argument("--shifted", action="store_true", help="cut the text into rows elsewhere in every epoch")


def _add_model(group: Group) -> None:
    group.add_argument("--embedding-size", type=whole, default=96, metavar="E", help="length of a word's vector")
    group.add_argument("--hidden-size", type=whole, default=128, metavar="H", help="memory cells of a layer")
    group.add_argument("--num-layers", type=whole, default=1, metavar="D", help="layers")
    group.add_argument(
        "--chrono-init",
        type=whole,
        metavar="STEPS",
        help="start the cells with memories of 1 to this many steps, or with 0 as torch does; by default the window, "
        "and 0 for Human Numbers and running text",
    )
    for place, what in DROPOUTS.items():
        group.add_argument(f"--{place}-p", type=number, default=0.0, metavar="P", help=f"dropout of {what}")
    kinds = [*ATTENTIONS, "none"]
    group.add_argument("--attention", choices=kinds, default="general", help="score of attention, with --pairs")
    group.add_argument("--timing", choices=list(DECODERS), default="after", help="of attention and step, with --pairs")


def _add_evaluation(group: Group) -> None:
    _add_options(group, "validation", validate_every=None)  # given, it also says that there is to be validation
    group.add_argument(
        "--cache",
        type=number,
        nargs=2,
        metavar=("THETA", "LAMBDA"),
        help="evaluate also with a cache of the last 500 words, of this sharpness and weight; 3 0.2 is usual",
    )


def _add_checkpoints(group: Group) -> None:
    group.add_argument("--checkpoint", type=Path, metavar="FILE", help="keep the run here; if it exists, go on from it")
    _add_options(group, "checkpoints")
