"""A trained model with the vocabulary it reads, and what it makes of a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lmkit.decoding import Decoded, generate
from lmkit.decoding.generation import SAMPLING
from lmkit.models import LanguageModel
from lmkit.text import END, Tokenizer, normalise


@dataclass
class Pretrained:
    """A trained model, the vocabulary it reads, and the card that tells where it comes from.

    The vocabulary is a `Tokenizer` of any kind: a `Vocab`, `Characters`, `Words` or `BPE`.
    """

    model: LanguageModel
    vocab: Tokenizer
    card: dict[str, Any]

    def prompt_ids(self, text: str) -> list[int]:
        """Return the ids of a prompt as the model reads it; see `prompt_ids`."""
        return prompt_ids(self.vocab, text)

    @property
    def eos_token_id(self) -> int | None:
        """The id of the end token, or None if the vocabulary has none."""
        return self.vocab.end

    @property
    def suppress_tokens(self) -> list[int] | None:
        """The tokens that decoders must not write, for they are no text: `<unk>`, if the vocabulary has it."""
        return None if self.vocab.unk is None else [self.vocab.unk]

    def generate(
        self,
        prompt: str | Sequence[str],
        max_new_tokens: int = 60,
        *,
        do_sample: bool | None = None,
        num_return_sequences: int = 1,
        **options: Any,
    ) -> str | list[str] | list[list[str]]:
        """Continue a text: ``pretrained.load("stories").generate("one morning anna", top_p=0.9)``.

        Parameters
        ----------
        prompt : str, or a batch of them
            Text as the vocabulary cuts it: of a `Vocab`, its words with white space between words and marks. Of the
            others ⏎ may stand for the end of a line.
        max_new_tokens : int ≥ 1
            A text ends sooner where the model writes the end token.
        do_sample : bool, optional
            Whether tokens are drawn at random; by default they are if an argument of `sample` is given (temperature,
            top_k, top_p, min_p, typical_p or seed) that no other strategy claims. Else the strategy is greedy decoding,
            or the one that num_beams or penalty_alpha choose.
        num_return_sequences : int ≥ 1
            How many texts for each prompt.
        **options
            Those of `lmkit.decoding.generate`, where they are described: temperature, top_k, top_p, min_p, typical_p,
            seed; num_beams, length_penalty, early_stopping, num_beam_groups, diversity_penalty; penalty_alpha, hidden;
            min_new_tokens, repetition_penalty, no_repeat_ngram_size; and eos_token_id and suppress_tokens, by default
            the model's own end token, and `<unk>` where it has one.

        Returns
        -------
        str
            Prompt and continuation, without end tokens. With `num_return_sequences` above 1 a list of texts; for a
            batch a list with what each prompt gives.

        Raises
        ------
        UnknownWordError
            If the vocabulary lacks a word of the prompt.
        ValueError
            If the prompt is empty, or an argument is out of range or of no use to the strategy.
        """
        do_sample = implies_sampling(options) if do_sample is None else do_sample
        single = isinstance(prompt, str)
        prompts = [self.prompt_ids(text) for text in ([prompt] if single else prompt)]
        own = {"eos_token_id": self.eos_token_id, "suppress_tokens": self.suppress_tokens}
        options = {**own, "num_return_sequences": num_return_sequences, **options}
        found = generate(self.model, prompts, max_new_tokens, do_sample=do_sample, **options)
        texts = [[self._text(ids, one) for one in several] for ids, several in zip(prompts, found, strict=True)]
        texts = texts if num_return_sequences > 1 else [several[0] for several in texts]
        return texts[0] if single else texts

    def _text(self, prompt: list[int], decoded: Decoded) -> str:
        """Return a prompt and its continuation as a text, without end tokens."""
        return self.vocab.decode(token for token in prompt + decoded.tokens if token != self.eos_token_id)


def implies_sampling(options: dict[str, Any]) -> bool:
    """Return whether arguments of `lmkit.decoding.generate` are those of sampling, and claimed by no other strategy."""
    other_strategy = options.get("num_beams", 1) != 1 or options.get("penalty_alpha")
    return not other_strategy and any(name in options for name in SAMPLING)


def prompt_ids(vocab: Tokenizer, text: str) -> list[int]:
    """Return the ids of a prompt as a model reads it, from its zero state.

    A model of texts that end with the end token was trained to begin after one, so where the vocabulary has an end
    token, one is put before the prompt (unless the prompt begins with it). The prompt `<eos>` alone begins a new text.
    The sign ⏎ stands for the end of a line, unless words stand apart (`Tokenizer.typed`). Where the vocabulary lacks
    something of the prompt, the prompt is read as a text file is, see `normalise`. Spaces at its end are left out where
    a space belongs to the word behind it (`BPE.prompt`).

    Raises
    ------
    UnknownWordError
        If the vocabulary lacks a word of the text, and has no `<unk>`.
    ValueError
        If the text is empty; of a `Vocab` also if it holds nothing but white space.
    """
    text = vocab.typed(text)
    known = not vocab.unknown(text)  # also of a model whose words are not normalised
    ids = vocab.encode(vocab.prompt(text if known else normalise(text)[0]))
    if not ids:
        unit = "word" if vocab.kind == "split" else "character"
        remedy = "type a few words" if vocab.end is None else f"type a few words, or {END} to begin a new text"
        raise ValueError(f"prompt must hold at least one {unit}, but it is empty; {remedy}")
    return ids if vocab.end is None or ids[0] == vocab.end else [vocab.end, *ids]
