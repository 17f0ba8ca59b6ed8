"""Two tutorials' encoder-decoders, rebuilt from their description, beside ours: `python -m lmkit experiment tutorials`.

All read as many pairs. What the tutorials print is kept: sizes, optimizer, rate, batch, dropout, and what they do with
padding. "Mended" is the same design with padding masked and not counted.

Sources: Zhang et al. (2023), chapter 10.7 (d2l 1.0.3); Robertson (2017), the version in batches, since June 2023.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from lmkit.decoding import Decoded
from lmkit.experiments.translating import FEW, SHORT, PairJob, PairRecipe
from lmkit.models.seq2seq import AdditiveAttention, EncoderDecoder, Memory, length_mask, padded
from lmkit.training.pairs import PairBatch

WORDS = 20  # to which the tutorials pad every text; no pair of at most 15 English words has more
PAIRS = 25_600  # that every model reads


class GRUTranslator(nn.Module):
    """The base of both designs: GRUs, the decoder begins in the encoder's last states.

    Shapes are those of `EncoderDecoder`; a state is (layers, N, H).

    Parameters
    ----------
    vocab_sizes : (int, int)
        Of source and target.
    size : int
        E and H.
    num_layers : int
    dropout : float
        Between layers; of the embedded words where there is one layer.
    read_padding : int
        To so many words sources are padded in evaluation, with the last word of the vocabulary, which is read; 0 leaves
        them as they are.
    """

    def __init__(self, vocab_sizes: tuple[int, int], size: int, num_layers: int, dropout: float, read_padding: int):
        super().__init__()
        self.vocab_sizes, self.read_padding = vocab_sizes, read_padding
        self.source_embedding, self.target_embedding = (nn.Embedding(number, size) for number in vocab_sizes)
        between = dropout if num_layers > 1 else 0.0
        self.encoder = nn.GRU(size, size, num_layers, batch_first=True, dropout=between)
        self.decoder = nn.GRU(2 * size, size, num_layers, batch_first=True, dropout=between)
        self.output = nn.Linear(size, vocab_sizes[1])
        self.dropout = nn.Dropout(0.0 if num_layers > 1 else dropout)

    def encode(self, sources: Tensor, lengths: Tensor) -> tuple[Memory, Tensor]:
        """Read sources up to their lengths; return the vectors of their words, and the last states."""
        if self.read_padding and not self.training:
            sources, lengths = filled(sources, lengths, self.read_padding, self.vocab_sizes[0] - 1)
        embedded = self.dropout(self.source_embedding(sources))
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        packed, state = self.encoder(packed)
        outputs, _ = pad_packed_sequence(packed, batch_first=True, total_length=sources.shape[1])
        return Memory(outputs, length_mask(lengths, sources.shape[1]), outputs), state

    def decode(self, inputs: Tensor, state: Tensor, memory: Memory, first: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (N, T, V) and the state after inputs (N, T); `first` is the state in which a target begins."""
        raise NotImplementedError

    def forward(self, sources: Tensor, lengths: Tensor, inputs: Tensor) -> tuple[Tensor, None]:
        """Return logits for teacher forcing, as `EncoderDecoder` does, without attention weights."""
        memory, state = self.encode(sources, lengths)
        return self.decode(inputs, state, memory, state)[0], None

    @torch.no_grad()
    def translate(
        self, sources: Sequence[Sequence[int]], max_new_tokens: int, *, eos_token_id: int
    ) -> list[list[Decoded]]:
        """Write a target for each source by greedy decoding, as `EncoderDecoder.translate` does."""
        return self.write(*self.encode(*padded(sources)), max_new_tokens, eos_token_id)

    @torch.no_grad()
    def write(self, memory: Memory, first: Tensor, max_new_tokens: int, eos_token_id: int) -> list[list[Decoded]]:
        """Write a target for each source that was encoded."""
        words, state = torch.full((first.shape[1], 1), eos_token_id), first
        for _ in range(max_new_tokens):
            logits, state = self.decode(words[:, -1:], state, memory, first)
            words = torch.cat([words, logits[:, -1:].argmax(dim=-1)], dim=1)
            if (words[:, 1:] == eos_token_id).any(dim=1).all():
                break
        return [[Decoded(_until(row, eos_token_id), [], 0.0)] for row in words[:, 1:].tolist()]


class DiveTranslator(GRUTranslator):
    """The design of Dive into Deep Learning: the encoder's last state is part of all that the decoder reads."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        for name, parameter in self.named_parameters():
            if "embedding" not in name and parameter.dim() == 2:
                nn.init.xavier_uniform_(parameter)

    def decode(self, inputs: Tensor, state: Tensor, memory: Memory, first: Tensor) -> tuple[Tensor, Tensor]:
        context = first[-1][:, None].expand(-1, inputs.shape[1], -1)
        outputs, state = self.decoder(torch.cat([self.target_embedding(inputs), context], dim=-1), state)
        return self.output(outputs), state


class TorchTranslator(GRUTranslator):
    """The design of PyTorch's tutorial: additive attention before each step, dropout of embedded words."""

    def __init__(self, vocab_sizes: tuple[int, int], size: int, *args: Any, **kwargs: Any):
        super().__init__(vocab_sizes, size, *args, **kwargs)
        self.attention = AdditiveAttention(size)

    def decode(self, inputs: Tensor, state: Tensor, memory: Memory, first: Tensor) -> tuple[Tensor, Tensor]:
        keys, outputs = self.attention.keys(memory.values), []
        for x in self.dropout(self.target_embedding(inputs)).split(1, dim=1):
            context, _ = self.attention(state[-1][:, None], memory.values, memory.mask, keys)
            output, state = self.decoder(torch.cat([x, context], dim=-1), state)
            outputs.append(output)
        return self.output(torch.cat(outputs, dim=1)), state


@dataclass(frozen=True, kw_only=True)
class TutorialRecipe(PairRecipe):
    """A tutorial's design; `padding` is what it does in training, and `padded` whether it pads what it translates."""

    about: ClassVar[str] = "beginnings of stories in German, of at most 15 words; judged by their exact translations"

    design: str = "d2l"
    num_layers: int = 1
    dropout: float = 0.0
    padded: bool = False

    def model(self) -> EncoderDecoder:
        languages = self.languages()
        sizes = len(languages.source), len(languages.target)
        words = WORDS if self.padded else 0
        return cast(Any, DESIGNS[self.design](sizes, self.hidden_size, self.num_layers, self.dropout, words))

    def batches(self, seed: int) -> Iterator[PairBatch]:
        """Return batches as the tutorials make them: as pairs come, all texts padded to `WORDS`."""
        counted = len(self.languages().target) - 1 if self.padding == "read and counted" else None
        for sources, lengths, inputs, targets, _ in super().batches(seed):
            if self.reads_padding:
                sources, lengths = filled(sources, lengths, WORDS, len(self.languages().source) - 1)
            if counted is not None:
                behind = (0, max(0, WORDS - targets.shape[1]))
                inputs, targets = (pad(part, behind, value=counted) for part in (inputs, targets))
            yield PairBatch(sources, lengths, inputs, targets)


DESIGNS: dict[str, type[GRUTranslator]] = {"d2l": DiveTranslator, "PyTorch": TorchTranslator}


def filled(sources: Tensor, lengths: Tensor, words: int, padding: int) -> tuple[Tensor, Tensor]:
    """Return sources padded to so many words or more, and lengths as if the padding were read."""
    sources = pad(sources, (0, max(0, words - sources.shape[1])))
    sources = sources.masked_fill(~length_mask(lengths, sources.shape[1]), padding)
    return sources, torch.full_like(lengths, sources.shape[1])


def _until(tokens: list[int], end: int) -> list[int]:
    return tokens[: tokens.index(end) + 1] if end in tokens else tokens


# The experiment

MEASURES = ("accuracy", "padding")
PLAIN = TutorialRecipe(
    longest=15, optimizer="adam", schedule="constant", weight_decay=0.0, attention="none", measures=MEASURES
)
DIVE = replace(
    PLAIN, lr=0.005, batch_size=128, embedding_size=256, hidden_size=256, num_layers=2, dropout=0.2, steps=PAIRS // 128
)
TORCH = replace(
    PLAIN,
    design="PyTorch",
    lr=0.001,
    batch_size=32,
    embedding_size=128,
    hidden_size=128,
    dropout=0.1,
    steps=PAIRS // 32,
    clip=math.inf,
)


def tutorials() -> Iterator[PairJob]:
    """The designs of two tutorials, as printed and with padding mended, beside ours, on the same number of pairs."""
    ours = replace(SHORT, steps=PAIRS // SHORT.batch_size, padding="mixed", measures=MEASURES)
    kinds: dict[tuple[str, str], PairRecipe] = {
        ("d2l", "as printed"): replace(DIVE, padding="read", padded=True),
        ("d2l", "mended"): replace(DIVE, padding="mixed"),
        ("PyTorch", "as printed"): replace(TORCH, padding="read and counted"),
        ("PyTorch", "mended"): replace(TORCH, padding="mixed"),
        ("ours, one vector", "mended"): replace(ours, attention="none"),
        ("ours, attention", "mended"): ours,
    }
    for seed, (design, padding) in product(FEW, kinds):
        yield kinds[design, padding], {"design": design, "padding": padding}, seed


EXPERIMENTS = {"tutorials": tutorials}
