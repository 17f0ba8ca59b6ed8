"""How the shipped model of Shakespeare's plays was trained: pieces of words, and four plays held out.

The recipe takes about seven minutes of one processor core.
"""

from __future__ import annotations

from typing import Any

import torch

from lmkit import pretrained
from lmkit.datasets import shakespeare
from lmkit.decoding import sample
from lmkit.experiments.held_out import held_out_metrics
from lmkit.metrics import spelling, words
from lmkit.models import LSTMLanguageModel
from lmkit.pretrained import Pretrained
from lmkit.text import BPE, to_tensor
from lmkit.training import repeat_shifted, set_seed, train

SEED, EPOCHS, ROWS, WINDOW = 1, 4, 32, 64
VOCAB_SIZE = 1024
PROMPT, NEW_TOKENS = 60, 120  # characters, and tokens that a sample goes on for
STARTS = 20  # pieces of a row in an epoch, each read from a state of zero: so the model learns to begin anywhere


def trained_on_plays(progress: bool = True) -> tuple[LSTMLanguageModel, BPE, dict[str, Any]]:
    """Train the model, and return it with its tokenizer and the card without figures."""
    torch.set_num_threads(1)
    set_seed(SEED)
    text, _ = shakespeare.split()
    tokenizer = BPE.train(text, VOCAB_SIZE)
    ids = to_tensor(tokenizer.encode(text))
    model = LSTMLanguageModel(VOCAB_SIZE, embedding_size=128, hidden_size=256)
    streams, steps = repeat_shifted(ids, ROWS, EPOCHS, WINDOW, starts=STARTS)
    history = train(model, streams, steps=steps, window=WINDOW, optimizer="muon", lr=0.02, progress=progress)
    card = {
        "title": "Shakespeare",
        "data": f"{history.tokens:,} tokens of {len(text):,} characters, 33 plays; "
        f"held out are {', '.join(shakespeare.HELD_OUT[:-1])} and {shakespeare.HELD_OUT[-1]}",
        "command": "python -m lmkit train --recipe shakespeare",
        "seed": SEED,
    }
    return model, tokenizer, card


def shakespeare_model(progress: bool = True) -> bytes:
    """Train the Shakespeare model and return its file."""
    model, tokenizer, card = trained_on_plays(progress)
    shipped = pretrained.from_bytes(pretrained.to_bytes(model, tokenizer, card))
    card["metrics"] = shakespeare_metrics(shipped)
    return pretrained.to_bytes(model, tokenizer, card)


def shakespeare_metrics(shipped: Pretrained, num_texts: int = 200) -> dict[str, Any]:
    """Return how well the plays held out are predicted, and how many words of samples are ones that the plays have.

    The samples go on from places in the held-out plays, where people's own texts go on, too.
    """
    training, held_out = shakespeare.split()
    ids = to_tensor(shipped.vocab.encode(training))
    cuts = [len(held_out) * place // num_texts for place in range(num_texts)]
    prompts = [shipped.prompt_ids(held_out[cut : cut + PROMPT]) for cut in cuts]
    drawn = sample(shipped.model.stepper(), prompts, NEW_TOKENS, top_p=0.9, seed=range(num_texts))
    own = [shipped.vocab.decode(text.tokens) for text in drawn]
    people = [held_out[cut + PROMPT : cut + PROMPT + 300] for cut in cuts]
    known = set(words(training))
    return {
        **held_out_metrics(shipped.model, shipped.vocab, ids, held_out),
        "known_words_at_top_p_0.9_percent": round(100 * spelling(own, known, cut=True), 1),
        "known_words_of_held_out_plays_percent": round(100 * spelling(people, known, cut=True), 1),
    }
