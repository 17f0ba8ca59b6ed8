"""What the card of a model of running text says: how well it predicts text held out, beside what counting can do."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from lmkit.analysis.kneser_ney import KneserNey, choose_order
from lmkit.metrics import bits_per_character
from lmkit.models import LanguageModel
from lmkit.text import Tokenizer, batchify, to_tensor
from lmkit.training import evaluate, perplexity
from lmkit.training.config import TrainConfig

MOST_ROWS, ROW_LENGTH = 64, 2000


def in_rows(ids: Tensor) -> Tensor:
    """Return held-out text (T,) as rows that are read side by side: one for every 2000 tokens, at most 64."""
    return batchify(ids, min(MOST_ROWS, max(1, len(ids) // ROW_LENGTH)))


def characters_read(tokenizer: Tokenizer, text: str) -> int:
    """Return how many characters of a text its tokens spell: all but those that `<unk>` stands for."""
    return len(text) - sum(len(piece) * count for piece, count in tokenizer.unknown(text).items())


def held_out_metrics(
    model: LanguageModel, tokenizer: Tokenizer, training: Tensor, held_out: str, window: int = TrainConfig.window
) -> dict[str, Any]:
    """Return how well a model predicts a text, and how well counts of the same tokens do.

    Parameters
    ----------
    model : LanguageModel
    tokenizer : Tokenizer
        The model's.
    training : Tensor of int64 (T,)
        What it was trained on, for the counts.
    held_out : str
        Its first token, and those that begin a row (see `in_rows`), are read and not predicted.
    window : int ≥ 1
        How many tokens are read at once, which makes no difference.

    Returns
    -------
    dict
        Bits per character, perplexity per token and accuracy; bits per character of `KneserNey` of the order that
        `choose_order` finds, and that order. Bits of unknown tokens count, their characters do not, so that no model
        gains by knowing little.
    """
    ids, characters = to_tensor(tokenizer.encode(held_out)), max(1, characters_read(tokenizer, held_out))
    found = evaluate(model, in_rows(ids), window)
    order = choose_order(training, len(tokenizer))
    counted = -KneserNey(order).fit(training, len(tokenizer)).log_probs(ids).mean()
    return {
        "held_out_bits_per_character": round(bits_per_character(found.cross_entropy, len(ids), characters), 3),
        "held_out_perplexity": round(perplexity(found.cross_entropy), 2),
        "held_out_accuracy": round(found.accuracy, 4),
        "kneser_ney_bits_per_character": round(bits_per_character(float(counted), len(ids), characters), 3),
        "kneser_ney_order": order,
    }
