"""How the shipped translators were trained and how good they are: `python -m lmkit train --recipe NAME`.

As with the recipes of language models, the figures on a card are those of the int8 weights that readers get.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lmkit import pretrained
from lmkit.experiments import judging
from lmkit.experiments.translating import BASE, PairRecipe
from lmkit.models.seq2seq import EncoderDecoder
from lmkit.pretrained import Translator
from lmkit.text import Vocab

TRANSLATOR = replace(BASE, steps=2400)
FINISH = {"data": "stories", "steps": 800, "lr": 0.003}  # what follows at the end, on whole stories alone
# Two small ones for the page where padding is added to sources: all that differs is what padding is to them.
PADDING_MASKED = replace(BASE, padding="mixed", longest=15, embedding_size=24, hidden_size=56, steps=600)
PADDING_READ = replace(PADDING_MASKED, padding="read and counted")
NUMBERS = replace(BASE, data="words to digits", embedding_size=32, hidden_size=64, steps=1000)


def translator(progress: bool = True) -> bytes:
    """Train the translator with attention, and return its file."""
    return _trained("translator", "Stories in German", TRANSLATOR, progress, stories_metrics)


def translator_without(progress: bool = True) -> bytes:
    """Train the same translator without attention, and return its file."""
    recipe = replace(TRANSLATOR, attention="none")
    return _trained("translator_without", "Stories in German, without attention", recipe, progress, stories_metrics)


def numbers_translator(progress: bool = True) -> bytes:
    """Train the model that writes numbers in digits, and return its file."""
    return _trained("numbers", "Numbers in digits", NUMBERS, progress, numbers_metrics)


def padding_masked(progress: bool = True) -> bytes:
    """Train a small translator that never sees padding, and return its file."""
    recipe = PADDING_MASKED
    return _trained("padding_masked", "Stories in German, padding masked", recipe, progress, padding_metrics(recipe))


def padding_read(progress: bool = True) -> bytes:
    """Train the same translator with padding as a word that is read and counted in the loss; return its file."""
    recipe = PADDING_READ
    return _trained("padding_read", "Stories in German, padding read", recipe, progress, padding_metrics(recipe))


RECIPES: dict[str, Callable[[bool], bytes]] = {
    "numbers": numbers_translator,
    "padding_masked": padding_masked,
    "padding_read": padding_read,
    "translator": translator,
    "translator_without": translator_without,
}


def stories_metrics(model: EncoderDecoder) -> dict[str, Any]:
    """Return how good a translator is on whole stories that it has not read, beside the truth."""
    recipe = replace(TRANSLATOR, data="stories", attention=model.attention)
    found = judging.accuracy(model, recipe)
    pairs = judging.held_out("stories", None)
    searched = judging.translated(model, recipe, pairs, num_beams=5, length_penalty=0.0)
    metrics = {
        "cross_entropy": found["cross_entropy"],
        "true_cross_entropy": found["floor"],
        "possible_percent": round(100 * found["possible"], 1),
        "best_percent": round(100 * found["best"], 1),
        "best_with_5_beams_percent": round(100 * judging.share_best(searched, pairs), 1),
    }
    if model.attention == "none":
        return metrics
    return metrics | {"alignment_error_rate": judging.alignment(model, recipe)["alignment_error_rate"]}


def numbers_metrics(model: EncoderDecoder) -> dict[str, Any]:
    """Return for how many of the numbers that were held out a model writes the right digits."""
    return {"correct_percent": round(100 * judging.accuracy(model, NUMBERS)["possible"], 1)}


def padding_metrics(recipe: PairRecipe) -> Callable[[EncoderDecoder], dict[str, Any]]:
    """Return what measures how good a translator is with padding behind its sources, and without."""

    def metrics(model: EncoderDecoder) -> dict[str, Any]:
        found = judging.padding(model, recipe)
        most = judging.EXTRA[-1]
        return {
            "possible_percent": round(100 * found["possible_by_padding"][0], 1),
            f"possible_with_{most}_more_percent": round(100 * found["possible_by_padding"][-1], 1),
            f"changed_by_{most}_more_percent": round(100 * found["changed_by_padding"][-1], 1),
        }

    return metrics


def _trained(
    name: str, title: str, recipe: PairRecipe, progress: bool, metrics: Callable[[EncoderDecoder], dict[str, Any]]
) -> bytes:
    """Train as a recipe says, stories of any length at last on whole ones, and return the file with its card."""
    seed, lengths = 1, list[int]()
    model, history = recipe.train(seed, seed + 1, progress=progress, lengths=lengths)
    tokens = history.tokens
    if recipe.data == "beginnings" and recipe.longest is None:
        finish = replace(recipe, **FINISH)
        model, history = finish.train(seed + 1, seed + 2, model, progress, lengths)
        tokens += history.tokens
    card = {
        "title": title,
        "data": f"{tokens:,} tokens of fresh {recipe.described}",
        "command": f"python -m lmkit train --recipe {name}",
        "seed": seed,
        "longest_source": max(lengths),
    }
    languages = recipe.languages()
    made = Translator(model, Vocab(languages.source), Vocab(languages.target), card)
    shipped = pretrained.translator_from_bytes(pretrained.translator_to_bytes(made))
    card["metrics"] = metrics(shipped.model)
    return pretrained.translator_to_bytes(made)
