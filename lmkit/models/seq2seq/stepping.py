"""Encoder-decoders as decoders want them: a function of the last word and a state, for many sources at once.

What decoders pick, repeat and reorder row by row is small: h, c, and the number of the source. The memories stay where
they are, one for each source, and rows that stand side by side for one source, as its beams do, look at it together.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from lmkit.decoding import StepFn
from lmkit.models.seq2seq.attention import Attention
from lmkit.models.seq2seq.decoders import Attend, Decoder, Memory
from lmkit.models.seq2seq.encoder import CellState


def padded(sources: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Return sources as one tensor (N, S), zeros behind their ends, and their lengths (N,)."""
    rows = [torch.tensor([int(token) for token in source], dtype=torch.int64) for source in sources]
    return pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows])


def prompts_for(sources: Sequence[Any]) -> list[list[int]]:
    """Return what a decoder is to continue for each source: [-1] for the first, [-2] for the second, and so on.

    A negative number is no word, so penalties on repetition do not see it.
    """
    return [[-1 - row] for row in range(len(sources))]


def stepper(decoder: Decoder, memory: Memory, start: CellState, eos_token_id: int) -> StepFn:
    """Return a function that reads one token per row, for the decoders of `lmkit.decoding`.

    Parameters
    ----------
    decoder : Decoder
        In evaluation mode. Later changes of its weights are not to be made.
    memory : Memory
        Of N sources.
    start : (h, c), each (N, H)
        The states in which their targets begin.
    eos_token_id : int
        The end token, which the decoder reads first.

    Returns
    -------
    step : function (tokens, state) -> (log_probs, state)
        tokens (n,) int64; without a state they name sources as `prompts_for` does. log_probs (n, V), natural
        logarithms. state (h, c, sources), where h and c are (n, 1, H), and sources (n,) the numbers of the sources.
    """
    memories = _Memories(decoder.attention, memory)
    decoder_step = decoder.stepper()

    @torch.inference_mode()
    def step(tokens: Tensor, state: tuple[Tensor, Tensor, Tensor] | None = None) -> tuple[Tensor, Any]:
        tokens = tokens.to(start[0].device)
        if state is None:
            sources = _numbers(tokens, len(start[0]))
            (h, c), tokens = (part[sources] for part in start), torch.full_like(tokens, eos_token_id)
        else:
            h, c, sources = state[0][:, 0], state[1][:, 0], state[2]
        logits, h, c = decoder_step(tokens, h, c, memories.of(sources))
        return logits.log_softmax(dim=-1), (h[:, None], c[:, None], sources)

    vars(step)["names_sources"] = True  # prompts hold more than words
    return step


def _numbers(prompts: Tensor, count: int) -> Tensor:
    """Return the numbers of the sources that prompts name."""
    numbers = -1 - prompts
    if ((numbers < 0) | (numbers >= count)).any():
        rule = f"[-1 - row], where row from 0 to {count - 1} is the number of a source"
        raise ValueError(f"prompt must begin with {rule}, but they begin with {prompts.tolist()}; see prompts_for")
    return numbers


class _Memories:
    """The memories of all sources, at which rows look; neighbouring rows with one source look at it together."""

    def __init__(self, attention: Attention | None, memory: Memory):
        self.attention, self.memory = attention, memory
        self.taken, self.current = list(range(len(memory.mask))), memory  # a few sources, and their memories

    def of(self, sources: Tensor) -> Attend:
        """Return what turns queries (n, H) of rows into contexts, given the number of each row's source (n,)."""
        if self.attention is None:
            return _blind
        groups, sizes = sources.unique_consecutive(return_counts=True)
        if (taken := groups.tolist()) != self.taken:  # looked up when a source is finished, and not at every step
            longest = int(self.memory.mask[groups].sum(dim=1).max())
            self.taken, self.current = taken, Memory(*(part[groups, :longest] for part in self.memory))
        return partial(_look, self.attention, self.current, sizes)


def _look(attention: Attention, memory: Memory, sizes: Tensor, query: Tensor) -> Tensor:
    """Return the contexts (n, H) of queries (n, H): groups of so many neighbours, sizes (G,), share a memory."""
    groups, most = len(sizes), int(sizes.max())
    if groups * most == len(query):
        return attention(query.view(groups, most, -1), *memory)[0].flatten(0, 1)
    group = torch.arange(groups, device=query.device).repeat_interleave(sizes)
    place = torch.arange(len(query), device=query.device) - (sizes.cumsum(0) - sizes)[group]
    queries = query.new_zeros(groups, most, query.shape[1])
    queries[group, place] = query
    return attention(queries, *memory)[0][group, place]


def _blind(query: Tensor) -> Tensor:
    """Stand in for attention where there is none."""
    raise AssertionError("a decoder without attention must not look")
