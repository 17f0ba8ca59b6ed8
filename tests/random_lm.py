"""Decoders on random texts: a step function whose every distribution depends on all tokens before."""

import itertools

import pytest
import torch


class RandomLM:
    """Random next-token distributions for every text of at most `depth` tokens over V words."""

    def __init__(self, vocab_size, depth, seed=0, sharpness=1.5):
        nodes = sum(vocab_size**d for d in range(depth + 1))
        generator = torch.Generator().manual_seed(seed)
        logits = sharpness * torch.randn(nodes, vocab_size, dtype=torch.float64, generator=generator)
        self.table, self.vocab_size, self.steps = logits.log_softmax(dim=-1), vocab_size, 0

    def __call__(self, tokens, state):
        self.steps += 1
        node = torch.zeros_like(tokens) if state is None else state * self.vocab_size + tokens + 1
        return self.table[node], node

    def log_probs(self, text):
        """The log-probability of every token of a text, looked up one by one."""
        node, out = 0, []
        for token in text:
            out.append(float(self.table[node, token]))
            node = node * self.vocab_size + token + 1
        return out

    def texts(self, length, eos):
        """All texts that end with `eos`, or are cut at `length`."""
        for text in itertools.product(range(self.vocab_size), repeat=length):
            end = text.index(eos) + 1 if eos in text else length
            if all(token == 0 for token in text[end:]):  # each once
                yield text[:end]


def score(lm, text, length_penalty):
    return sum(lm.log_probs(text)) / len(text) ** length_penalty


def assert_tells_the_truth(lm, decoded, length_penalty=0.0):
    assert decoded.log_probs == pytest.approx(lm.log_probs(decoded.tokens))
    assert decoded.log_prob == pytest.approx(sum(lm.log_probs(decoded.tokens)))
    assert decoded.score == pytest.approx(score(lm, decoded.tokens, length_penalty))
