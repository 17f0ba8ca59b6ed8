"""Decoders on random texts: a step function whose every distribution depends on all tokens before, and oracles."""

import itertools

import pytest
import torch


class RandomLM:
    """Random next-token distributions for every text of at most `depth` tokens over V words.

    With `levels` there are only so many different logits, so that many texts tie.
    """

    def __init__(self, vocab_size, depth, seed=0, sharpness=1.5, levels=None):
        nodes = sum(vocab_size**d for d in range(depth + 1))
        generator = torch.Generator().manual_seed(seed)
        logits = sharpness * torch.randn(nodes, vocab_size, dtype=torch.float64, generator=generator)
        if levels:
            logits = torch.randint(levels, (nodes, vocab_size), generator=generator).double()
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


def diverse_beam_search(lm, length, eos, groups, width, diversity_penalty, length_penalty):
    """Diverse beam search over lists of texts, written anew; waits for every text."""
    running, done = [[[]]] * groups, []
    for _ in range(length):
        taken, after = {}, []
        for texts in running:
            longer = [[*text, token] for text in texts for token in range(lm.vocab_size)]
            rank = {tuple(t): sum(lm.log_probs(t)) - diversity_penalty * taken.get(t[-1], 0) for t in longer}
            looked = sorted(longer, key=lambda text: -rank[tuple(text)])[: 2 * width]
            done += [text for text in looked[:width] if text[-1] == eos]
            after.append([text for text in looked if text[-1] != eos][:width])
            for text in after[-1]:
                taken[text[-1]] = taken.get(text[-1], 0) + 1
        running = after
    done += [text for texts in running for text in texts]
    scored = [(score(lm, text, length_penalty), text) for text in done]
    return sorted(scored, key=lambda pair: -pair[0])
