"""Speed of our Python code as ratios to torch and transformers, all in one run on one thread.

``python -m tests.bench.bench_python``. The contestants take turns, so that a busy machine slows all of them alike; a
figure is a median.
"""

import time
from collections.abc import Callable
from functools import partial
from itertools import product
from statistics import median

import torch
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.utils import logging

from lmkit.decoding import generate
from lmkit.models import LSTMLanguageModel
from lmkit.rnn import GRU, LSTM, RNN

KINDS = {"RNN": (nn.RNN, RNN), "LSTM": (nn.LSTM, LSTM), "GRU": (nn.GRU, GRU)}
WANTED = "at most 1.90 for the loop, at most 1.10 fused"
VOCAB, NEW_TOKENS, PROMPT = 396, 50, [0, 5, 6]  # the vocabulary of Stories
STRATEGIES = {
    "greedy": {"do_sample": False},
    "top-k 50, top-p .9": {"do_sample": True, "top_k": 50, "top_p": 0.9},
    "beam 5": {"num_beams": 5},
    "beam 10": {"num_beams": 10},
}


def seconds(contestants: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median processor time of each, measured in turn after two rounds to warm up."""
    times = {name: [] for name in contestants}
    for _ in range(rounds + 2):
        for name, act in contestants.items():
            start = time.process_time()
            act()
            times[name].append(time.process_time() - start)
    return {name: median(all_times[2:]) for name, all_times in times.items()}


def forward_and_backward(layers: nn.Module, x: torch.Tensor) -> None:
    layers(x)[0].sum().backward()


def layers_speed(kind: str, hidden_size: int, rounds: int = 7) -> dict[str, float]:
    """Seconds for batch 64, length 64, two layers of a kind."""
    theirs, ours = KINDS[kind]
    x = torch.randn(64, 64, hidden_size)
    layers = {
        f"torch.nn.{kind}": theirs(hidden_size, hidden_size, 2),
        "ours, loop": ours(hidden_size, hidden_size, 2),
        "ours, fused": ours(hidden_size, hidden_size, 2, fused=True),
        "ours, fused, weight dropout": ours(hidden_size, hidden_size, 2, fused=True, weight_p=0.5),
    }
    return seconds({name: partial(forward_and_backward, layer, x) for name, layer in layers.items()}, rounds)


def decoding_speed(batch_size: int, rounds: int) -> dict[str, dict[str, float]]:
    """Seconds for 50 new tokens in every row: a GPT-2 by transformers' `generate`, and our LSTM by lmkit.

    Both have about 450,000 weights: two layers of 128, and one of 256.
    """
    logging.set_verbosity_error()
    sizes = {"n_embd": 128, "n_layer": 2, "n_head": 4, "n_positions": 128}
    gpt2 = GPT2LMHeadModel(GPT2Config(vocab_size=VOCAB, bos_token_id=0, eos_token_id=None, **sizes)).eval()
    prompts = [PROMPT] * batch_size
    theirs = partial(
        gpt2.generate,
        torch.tensor(prompts),
        attention_mask=torch.ones(batch_size, len(PROMPT)),
        max_new_tokens=NEW_TOKENS,
        pad_token_id=0,
    )
    ours = partial(generate, LSTMLanguageModel(VOCAB, 96, 256).eval().stepper(), prompts, NEW_TOKENS)
    return {
        name: seconds({"transformers": partial(theirs, **options), "ours": partial(ours, **options)}, rounds)
        for name, options in STRATEGIES.items()
    }


def main() -> None:
    """Print the ratios."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    print("Layers, forward and backward, batch 64, length 64, two layers: seconds (ratio to torch.nn)")
    print(f"  wanted: {WANTED}")
    for kind, hidden_size in product(KINDS, (64, 256)):
        times = layers_speed(kind, hidden_size)
        theirs = times[f"torch.nn.{kind}"]
        shown = ", ".join(f"{name} {t:.3f} ({t / theirs:.2f})" for name, t in times.items())
        print(f"  H={hidden_size}: {shown}")
    for batch_size, rounds in ((1, 15), (32, 5)):
        print(f"Decoding, batch {batch_size}, {NEW_TOKENS} new tokens: tokens a second (ratio; 3 wanted)")
        for name, times in decoding_speed(batch_size, rounds).items():
            theirs, ours = (batch_size * NEW_TOKENS / times[who] for who in ("transformers", "ours"))
            print(f"  {name}: transformers {theirs:.0f}, ours {ours:.0f} ({ours / theirs:.2f})")


if __name__ == "__main__":
    main()
