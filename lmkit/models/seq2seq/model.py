"""The encoder-decoder: from a source, and the target's words so far, to scores of the next word."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lmkit.decoding import Decoded, StepFn, generate
from lmkit.models.seq2seq.attention import ATTENTIONS, length_mask
from lmkit.models.seq2seq.decoders import DECODERS, Memory
from lmkit.models.seq2seq.encoder import Bridge, CellState, Encoder
from lmkit.models.seq2seq.reweighting import reweighting
from lmkit.models.seq2seq.stepping import padded, prompts_for, stepper

NONE = "none"
Config = dict[str, int | float | str | bool]  # the arguments of a model


class EncoderDecoder(nn.Module):
    """An LSTM reads the source, another writes the target and looks at what the first has left.

    A target ends with its end token. The decoder begins as the language models of this book do: the first word that it
    reads is the end token.

    Parameters
    ----------
    source_vocab_size, target_vocab_size : int
        The words of either side. There is no word for padding: lengths say where sources end.
    embedding_size, hidden_size : int
        E and H.
    attention : "general", "dot", "scaled_dot", "additive" or "none"
        Its score; "none" leaves the decoder with the encoder's last state alone.
    timing : "after" or "before"
        Whether the decoder looks at the source after its step (`LuongDecoder`) or before it (`BahdanauDecoder`).
    two_way : bool
        Whether the encoder reads from both ends.
    input_p, output_p : float in [0, 1)
        Locked dropout of embedded words, and of what the output layer reads.
    """

    def __init__(
        self,
        source_vocab_size: int,
        target_vocab_size: int,
        embedding_size: int,
        hidden_size: int,
        *,
        attention: str = "general",
        timing: str = "after",
        two_way: bool = True,
        input_p: float = 0.0,
        output_p: float = 0.0,
    ):
        super().__init__()
        _check_one_of("attention", attention, (*ATTENTIONS, NONE))
        _check_one_of("timing", timing, DECODERS)
        if attention == NONE and timing != "after":
            raise ValueError(f"timing must be 'after' where attention is 'none', but it is {timing!r}; leave it out")
        self.source_vocab_size, self.target_vocab_size = source_vocab_size, target_vocab_size
        self.embedding_size, self.hidden_size = embedding_size, hidden_size
        self.attention, self.timing, self.two_way = attention, timing, two_way
        self.input_p, self.output_p = input_p, output_p
        self.encoder = Encoder(source_vocab_size, embedding_size, hidden_size, two_way, input_p)
        self.bridge = Bridge(hidden_size)
        sizes, dropouts = (target_vocab_size, embedding_size, hidden_size), {"input_p": input_p, "output_p": output_p}
        score = None if attention == NONE else ATTENTIONS[attention](hidden_size)
        self.decoder = DECODERS[timing](*sizes, score, **dropouts)
        for module in (self.encoder, self.decoder):
            nn.init.normal_(module.embedding.weight, std=0.1)

    def encode(self, sources: Tensor, lengths: Tensor) -> tuple[Memory, CellState]:
        """Read sources; return what attention looks at, and the state in which the decoder starts.

        Parameters
        ----------
        sources : Tensor of int64 (N, S)
            What stands behind the end of a source makes no difference, but must be an id.
        lengths : Tensor of int64 (N,)

        Raises
        ------
        ValueError
            If a source is empty, or longer than S.
        """
        fits = (lengths >= 1) & (lengths <= sources.shape[1])
        if lengths.shape != (len(sources),) or not fits.all():
            rule = f"one number from 1 to {sources.shape[1]} for each of {len(sources)} sources"
            raise ValueError(f"lengths must be {rule}, but they are {lengths.tolist()}; leave out empty sources")
        outputs, state = self.encoder(sources, lengths)
        attention = self.decoder.attention
        keys = outputs if attention is None else attention.keys(outputs)
        return Memory(outputs, length_mask(lengths, sources.shape[1]), keys), self.bridge(state)

    def forward(self, sources: Tensor, lengths: Tensor, inputs: Tensor) -> tuple[Tensor, Tensor | None]:
        """Read sources, and the true target so far at every step: teacher forcing.

        Parameters
        ----------
        sources, lengths : as for `encode`
        inputs : Tensor of int64 (N, T)
            The end token, then the target without it.

        Returns
        -------
        logits : Tensor (N, T, V)
            Of the next word.
        weights : Tensor (N, T, S), or None without attention
            Where the decoder score to predict it.
        """
        memory, state = self.encode(sources, lengths)
        logits, weights, _ = self.decoder(inputs, state, memory)
        return logits, weights

    def loss(self, sources: Tensor, lengths: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Return the mean cross-entropy of the targets' words, in nats.

        Parameters
        ----------
        sources, lengths, inputs : as for `forward`
        targets : Tensor of int64 (N, T)
            The words to predict, the end token among them; -100 behind the end, which is not counted.
        """
        logits, _ = self(sources, lengths, inputs)
        return cross_entropy(logits.flatten(0, 1), targets.flatten())

    def config(self) -> Config:
        """Return the arguments that build a model of the same shape."""
        sizes = ("source_vocab_size", "target_vocab_size", "embedding_size", "hidden_size")
        return {name: getattr(self, name) for name in (*sizes, "attention", "timing", "two_way", "input_p", "output_p")}

    @torch.no_grad()
    def stepper(self, sources: Sequence[Sequence[int]], eos_token_id: int) -> StepFn:
        """Read sources, and return what decoders of `lmkit.decoding` want; see `lmkit.models.seq2seq.stepper`.

        The function works on a snapshot: it does not see later changes of the weights. ``prompts_for(sources)`` are the
        prompts to hand to a decoder with it.

        Parameters
        ----------
        sources : sequence of N ≥ 1 sequences of int, none empty
        eos_token_id : int
            The target's end token.
        """
        model = copy.deepcopy(self).eval()
        return stepper(model.decoder, *model.encode(*padded(sources)), eos_token_id)

    def translate(
        self, sources: Sequence[Sequence[int]], max_new_tokens: int = 60, *, eos_token_id: int, **options: Any
    ) -> list[list[Decoded]]:
        """Write targets for sources.

        Parameters
        ----------
        sources : sequence of N sequences of int
            Of any lengths; each gets what it would get alone.
        max_new_tokens : int ≥ 1
        eos_token_id : int
            The target's end token.
        **options
            Those of `lmkit.decoding.generate`, which choose the strategy: do_sample, temperature, top_p, num_beams, …

        Returns
        -------
        list of N lists of Decoded : `num_return_sequences` for each source
        """
        if not sources:
            return []
        step = self.stepper(sources, eos_token_id)
        return generate(step, prompts_for(sources), max_new_tokens, eos_token_id, **options)

    def reweighted(self, weights: str, seed: int = 0) -> EncoderDecoder:
        """Return a copy whose decoder is given other attention weights than it computes.

        All that the copy does, it does with them: steps, translations, losses, also training. Files do not keep them.

        Parameters
        ----------
        weights : "as trained", "uniform", "permuted" or "hardest"
            The weights as they are; the same for every word of a source; those that were computed for another word, by
            one permutation of the source's positions; or all of it at the word that has the most.
        seed : int in [0, 2³²)
            Of the permutation.

        Raises
        ------
        ValueError
            If the model has no attention, or there is no such kind.

        Sources: Jain & Wallace (2019), who permute the weights of trained models, and Wiegreffe & Pinter (2019),
        section 3.2, who train models whose weights are uniform from the beginning.
        """
        if self.decoder.attention is None:
            raise ValueError("attention must not be 'none' where weights are replaced; train a model that has one")
        model = copy.deepcopy(self)
        assert model.decoder.attention is not None
        model.decoder.attention.reweight = reweighting(weights, seed)
        return model

    @torch.no_grad()
    def attention_of(self, source: Sequence[int], target: Sequence[int]) -> Tensor:
        """Return where the decoder looks as it writes a target, end token included: weights (T, S), without dropout.

        Raises
        ------
        ValueError
            If the model has no attention.
        """
        if self.decoder.attention is None:
            raise ValueError("attention must not be 'none' where weights are asked for; train a model that has one")
        inputs = torch.tensor([[target[-1], *target[:-1]]])
        return copy.deepcopy(self).eval()(*padded([source]), inputs)[1][0]


def _check_one_of(name: str, value: str, known: Sequence[str] | dict[str, Any]) -> None:
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, known))}, but it is {value!r}")
