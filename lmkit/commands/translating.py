"""`python -m lmkit translate`: translate texts with a trained encoder-decoder."""

from __future__ import annotations

import argparse

from lmkit import pretrained
from lmkit.commands import generating
from lmkit.commands.listing import naming_words
from lmkit.models.seq2seq import prompts_for


def add_to(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of this command."""
    parser.description = "Translate texts and print each translation with its log-probability."
    parser.add_argument(
        "model",
        help=f"a shipped model ({', '.join(pretrained.translator_names())}) or the path of a file of train --pairs",
    )
    parser.add_argument("source", nargs="+", help="a text to translate, with white space between words and marks")
    generating.add_methods(parser, "greedy", max_new_tokens=100)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Translate texts and print each translation with its log-probability."""
    generating.check_effect(options)
    translator = pretrained.load_translator(options.model)
    with naming_words(options.model):
        sources = [translator.source_ids(source) for source in options.source]
    step = translator.model.stepper(sources, translator.eos_token_id)
    for source, prompt in zip(options.source, prompts_for(sources), strict=True):
        for text in generating.texts(options, step, prompt, translator.eos_token_id):
            print(f"{source} | {translator.text(text.tokens)}")
            print(generating.figures(text))
