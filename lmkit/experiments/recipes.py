"""How the shipped models were trained and how good they are: `python -m lmkit train --recipe NAME`.

A recipe trains from fresh random weights, turns the model into the bytes that are shipped, reads those back, and
evaluates what came back: the figures on a card are those of the int8 weights that readers get.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import chain, islice
from typing import Any

import torch
from torch import Tensor

from lmkit import decoding, pretrained
from lmkit.datasets import human_numbers, stories
from lmkit.experiments import plays, translators
from lmkit.models import LSTMLanguageModel
from lmkit.text import Vocab, to_tensor
from lmkit.training import IGNORE_INDEX, evaluate, set_seed, train
from lmkit.training.config import check_counts

PRONOUN_PAIRS = [("she", "he"), ("her", "his"), ("her", "him")]


def stories_model(progress: bool = True) -> bytes:
    """Train the Stories model and return its file.

    The first sixth of the text is a primer, because names are hard to learn from Stories alone: in most places where
    one is said a pronoun would do, so little is gained by remembering it, and training may rest for thousands of steps
    on a plateau at a loss a tenth too high.
    """
    seed, steps, batch_size, window, chunk = 1, 6_000, 16, 128, 5
    _seed_one_thread(seed)
    vocab = stories.vocab()
    model = LSTMLanguageModel(len(vocab), embedding_size=96, hidden_size=256)
    chrono_init(model, 80)
    primer = fresh_stories(seed, batch_size, chunk * window, stories.primer())
    streams = chain(islice(primer, steps // 6 // chunk), fresh_stories(seed + 1, batch_size, chunk * window))
    history = train(model, streams, steps=steps, window=window, optimizer="muon", progress=progress)
    card = {
        "title": "Stories",
        "data": f"{history.tokens:,} tokens of fresh text from the Stories grammar, "
        "the first sixth a primer in which people are named more often",
        "command": "python -m lmkit train --recipe stories",
        "seed": seed,
    }
    return _with_metrics(model, vocab, card, stories_metrics)


def human_numbers_model(progress: bool = True) -> bytes:
    """Train the Human Numbers model and return its file."""
    seed, steps, batch_size, window = 1, 6_000, 16, 64
    _seed_one_thread(seed)
    vocab = human_numbers.vocab()
    model = LSTMLanguageModel(len(vocab), embedding_size=64, hidden_size=64)
    chrono_init(model, 40)
    streams = number_runs(seed, batch_size, window)
    history = train(model, streams, steps=steps, window=window, optimizer="muon", progress=progress)
    card = {
        "title": "Human Numbers",
        "data": f"{history.tokens:,} tokens of runs of consecutive numbers in words, from all over 1 … 9999",
        "command": "python -m lmkit train --recipe human_numbers",
        "seed": seed,
    }
    return _with_metrics(model, vocab, card, human_numbers_metrics)


RECIPES: dict[str, Callable[[bool], bytes]] = {
    "human_numbers": human_numbers_model,
    "shakespeare": plays.shakespeare_model,
    "stories": stories_model,
    **translators.RECIPES,
}


def chrono_init(model: LSTMLanguageModel, t_max: int) -> None:
    """Set the gate biases so that the cells start with memories of 1 to `t_max` steps (Tallec & Ollivier 2018).

    b_f ~ log(U[1, T_max]) and b_i = −b_f, in every layer; the biases of the hidden state become 0.

    Parameters
    ----------
    model : LSTMLanguageModel
        It is changed in place.
    t_max : int ≥ 1
        T_max, in steps.
    """
    hidden = model.hidden_size
    with torch.no_grad():
        for layer in range(model.num_layers):
            _, _, bias_ih, bias_hh = model.rnn.layer(layer)
            spans = torch.log(1 + (t_max - 1) * torch.rand(hidden))
            bias_ih[:hidden], bias_ih[hidden : 2 * hidden] = -spans, spans
            bias_hh.zero_()


def fresh_stories(seed: int, batch_size: int, length: int, grammar: stories.Grammar | None = None) -> Iterator[Tensor]:
    """Yield endless streams (N, length + 1) of fresh Stories text, every row beginning with an end token.

    Parameters
    ----------
    seed : int
        Row i of the batch tells the stories of the seed `seed` · N + i.
    batch_size, length : int ≥ 1
        N, and how many tokens follow the end token.
    grammar : Grammar, optional
        Whose stories; by default the grammar of Stories itself.
    """
    check_counts(batch_size=batch_size, length=length)
    vocab, end = stories.vocab(), stories.load_grammar().end
    supplies = [stories.stories(seed * batch_size + row, grammar) for row in range(batch_size)]

    def row(supply: Iterator[list[str]]) -> Tensor:
        tokens = [end]
        while len(tokens) <= length:
            tokens += next(supply)
        return to_tensor(vocab.ids(tokens[: length + 1]))

    while True:
        yield torch.stack([row(supply) for supply in supplies])


def number_runs(seed: int, batch_size: int, length: int) -> Iterator[Tensor]:
    """Yield endless streams (N, length + 1) of consecutive numbers in words; after 9999 a row goes on somewhere else.

    Half of the runs start shortly before a round hundred, because a carry is rare and hard to learn.
    """
    check_counts(batch_size=batch_size, length=length)
    vocab, rng = human_numbers.vocab(), random.Random(seed)

    def start() -> int:
        number = rng.randrange(1, human_numbers.LIMIT)
        return number if rng.randrange(2) else max(1, number // 100 * 100 - rng.randrange(1, 10))

    def row() -> Tensor:
        tokens, number = [human_numbers.SEPARATOR] * rng.randrange(2), start()
        while len(tokens) <= length:
            tokens += human_numbers.tokens([number])
            number = number + 1 if number + 1 < human_numbers.LIMIT else start()
        return to_tensor(vocab.ids(tokens[: length + 1]))

    while True:
        yield torch.stack([row() for _ in range(batch_size)])


def stories_metrics(model: LSTMLanguageModel, vocab: Vocab, num_texts: int = 1000) -> dict[str, Any]:
    """Return cross-entropy beside the grammar's own on fresh texts, pronoun agreement, share of good samples."""
    texts = [text for _, text in zip(range(2 * num_texts), stories.stories(10_000_019), strict=False)]
    end = vocab.id(stories.load_grammar().end)
    ids = [[end, *vocab.ids(text)] for text in texts]
    longest = max(map(len, ids))
    rows = torch.tensor([row + [IGNORE_INDEX] * (longest - len(row)) for row in ids])
    loss = evaluate(model, rows, window=longest).cross_entropy
    floor = -sum(map(stories.log_prob, texts)) / sum(map(len, texts))
    step = model.stepper()
    drawn = [decoding.sample(step, [end], 150, end, top_p=0.9, seed=seed) for seed in range(num_texts)]
    good = sum(stories.is_grammatical(vocab.words[token] for token in text.tokens) for text in drawn)
    return {
        "cross_entropy": round(loss, 4),
        "grammar_cross_entropy": round(floor, 4),
        "excess_percent": round(100 * (loss / floor - 1), 2),
        "pronoun_agreement_percent": round(100 * pronoun_agreement(model, vocab, texts[:num_texts]), 3),
        "grammatical_at_top_p_0.9_percent": round(100 * good / num_texts, 1),
    }


def pronoun_agreement(model: LSTMLanguageModel, vocab: Vocab, texts: list[list[str]]) -> float:
    """Return the share of pronouns in texts for which the model prefers the right gender to the wrong one."""
    other = {a: b for pair in PRONOUN_PAIRS for a, b in (pair, pair[::-1])}
    right = total = 0
    for text in texts:
        ids = vocab.ids(text)
        with torch.no_grad():
            logits = model(torch.tensor([[vocab.id(stories.load_grammar().end), *ids[:-1]]]))[0][0]
        for scores, token in zip(logits, text, strict=True):
            if token in other:
                rivals = [other[token]] if token != "her" else ["his", "him"]
                right += all(scores[vocab.id(token)] > scores[vocab.id(rival)] for rival in rivals)
                total += 1
    return right / total


def human_numbers_metrics(model: LSTMLanguageModel, vocab: Vocab, stride: int = 1) -> dict[str, Any]:
    """Return for how many of the numbers 1 … 9998 (or every `stride`-th) greedy decoding writes the right successor."""
    step, stop = model.stepper(), vocab.id(human_numbers.SEPARATOR)
    asked, right = range(1, human_numbers.LIMIT - 1, stride), 0
    for number in asked:
        prompt, wanted = (vocab.ids(human_numbers.tokens([n])) for n in (number, number + 1))
        right += decoding.greedy(step, prompt, len(wanted), stop).tokens == wanted
    return {"correct_successors_percent": round(100 * right / len(asked), 2)}


def _seed_one_thread(seed: int) -> None:
    """Seed the generators, and add in the same order on every machine."""
    torch.set_num_threads(1)
    set_seed(seed)


def _with_metrics(model: LSTMLanguageModel, vocab: Vocab, card: dict[str, Any], metrics: Callable) -> bytes:
    """Return the model's file, its card completed by what the model that comes back out of the file achieves."""
    shipped = pretrained.from_bytes(pretrained.to_bytes(model, vocab, card))
    card["metrics"] = metrics(shipped.model, vocab)
    return pretrained.to_bytes(model, vocab, card)
