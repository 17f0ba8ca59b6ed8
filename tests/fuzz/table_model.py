"""A random model in which every token of a text matters, for our decoders and for transformers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import torch
from hypothesis import strategies as st
from torch import Tensor
from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

from tests.fuzz.filters import numbers
from tests.fuzz.judge import Jitter

PRIME, FACTOR = 1_000_003, 31


class TableModel:
    """A step function: a text is hashed to a row of a table, so that all its tokens matter, and their order."""

    def __init__(self, logits: list[list[float]], dtype: torch.dtype = torch.float32):
        self.table = torch.tensor(logits, dtype=torch.float64).log_softmax(dim=-1).to(dtype)
        self.lists = self.table.tolist()
        self.vocab_size = self.table.shape[1]
        self.prompt: list[int] = []  # that `log_probs` puts before a text

    def __call__(self, tokens: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
        hashes = self.extended(torch.zeros_like(tokens) if state is None else state, tokens)
        return self.rows(hashes), hashes

    def extended(self, hashes: Tensor, tokens: Tensor) -> Tensor:
        return (hashes * FACTOR + tokens + 1) % PRIME

    def rows(self, hashes: Tensor) -> Tensor:
        return self.table[hashes % len(self.table)]

    def after(self, texts: Tensor) -> Tensor:
        """Return what follows whole texts (N, L): log-probabilities (N, V)."""
        hashes = torch.zeros_like(texts[:, 0])
        for tokens in texts.unbind(dim=1):
            hashes = self.extended(hashes, tokens)
        return self.rows(hashes)

    def noisy(self, jitter: Jitter) -> Callable:
        """Return the step function with other noise at every step."""

        def step(tokens: Tensor, state: Tensor | None) -> tuple[Tensor, Tensor]:
            log_probs, state = self(tokens, state)
            return jitter(log_probs), state

        step.jitter = jitter
        return step

    def log_probs(self, text: list[int]) -> list[float]:
        """Return the log-probability of every token of a text after `prompt`."""
        hashed, found = 0, []
        for place, token in enumerate([*self.prompt, *text]):
            if place >= len(self.prompt):
                found.append(self.lists[hashed % len(self.lists)][token])
            hashed = (hashed * FACTOR + token + 1) % PRIME
        return found

    def texts(self, length: int, ends: list[int]) -> Iterator[list[int]]:
        """Yield all texts that end with one of `ends`, or are cut at `length`."""
        stack: list[list[int]] = [[]]
        while stack:
            text = stack.pop()
            if text and (text[-1] in ends or len(text) == length):
                yield text
            else:
                stack += [[*text, token] for token in range(self.vocab_size)]


class Wrapped(PreTrainedModel, GenerationMixin):
    """A table model as transformers' `generate` wants it; its logits are log-probabilities."""

    config_class = PretrainedConfig

    def __init__(self):
        super().__init__(PretrainedConfig(vocab_size=32, is_encoder_decoder=False))
        self.place = torch.nn.Parameter(torch.zeros(1))  # tells the device
        self.post_init()

    def _init_weights(self, module):
        """Leave the weights as they are."""

    def prepare_inputs_for_generation(self, input_ids, attention_mask=None, **_):
        return {"input_ids": input_ids}

    def forward(self, input_ids, attention_mask=None, **_):
        return CausalLMOutput(logits=self.model.after(input_ids)[:, None])


wrapped = cache(Wrapped)


@st.composite
def models(draw: st.DrawFn, smallest: int = 2, largest: int = 10) -> list[list[float]]:
    """Logits of one to twelve rows, over a vocabulary of some size."""
    size, rows = draw(st.integers(smallest, largest)), draw(st.integers(1, 12))
    flat = draw(numbers(rows * size, 5))
    return [flat[row * size : (row + 1) * size] for row in range(rows)]
