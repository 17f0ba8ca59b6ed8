"""A trained encoder-decoder with the vocabularies of both sides, and the files it travels in.

The files are those of `lmkit.pretrained.model_file`, of format `TRANSLATOR_FORMAT`: `config` holds the arguments of
`EncoderDecoder`, `source_vocab` and `target_vocab` the words of either side in the order of their ids.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from lmkit.models.seq2seq import EncoderDecoder
from lmkit.pretrained.model_file import (
    TRANSLATOR_FORMAT,
    check_shapes,
    read_model,
    read_weights,
    stored_shapes,
    written,
)
from lmkit.pretrained.trained import implies_sampling
from lmkit.text import END, Vocab


@dataclass
class Translator:
    """A trained encoder-decoder, the vocabularies of its source and target, and the card that tells where it is from.

    The target's vocabulary has the end token `<eos>`.
    """

    model: EncoderDecoder
    source_vocab: Vocab
    target_vocab: Vocab
    card: dict[str, Any]

    @property
    def eos_token_id(self) -> int:
        """The id of the target's end token."""
        return self.target_vocab.id(END)

    def reweighted(self, weights: str, seed: int = 0) -> Translator:
        """Return a translator whose decoder is given other attention weights; see `EncoderDecoder.reweighted`."""
        return replace(self, model=self.model.reweighted(weights, seed))

    def source_ids(self, text: str) -> list[int]:
        """Return the ids of a source as the model reads it: with an end token, if its vocabulary has one.

        Raises
        ------
        UnknownWordError
            If the vocabulary lacks a word of the text.
        ValueError
            If the text is empty.
        """
        ids = self.source_vocab.encode(text)
        if not ids:
            raise ValueError("source must hold at least one word, but it is empty; type a few words")
        end = self.source_vocab.id(END) if END in self.source_vocab else None
        return ids if end is None or ids[-1] == end else [*ids, end]

    def translate(
        self,
        source: str | Sequence[str],
        max_new_tokens: int = 100,
        *,
        do_sample: bool | None = None,
        num_return_sequences: int = 1,
        **options: Any,
    ) -> str | list[str] | list[list[str]]:
        """Translate a text, or each of a batch, as `Pretrained.generate` continues one.

        Parameters
        ----------
        source : str, or a batch of them
            Words of the source's vocabulary, with white space between words and marks.
        max_new_tokens : int ≥ 1
            A translation ends sooner where the model writes the end token.
        do_sample, num_return_sequences : as for `Pretrained.generate`
        **options
            Those of `lmkit.decoding.generate`: temperature, top_p, num_beams, length_penalty, …

        Returns
        -------
        str
            The translation, without the end token. With `num_return_sequences` above 1 a list of texts; for a batch a
            list with what each source gives.

        Raises
        ------
        UnknownWordError
            If the vocabulary lacks a word of the source.
        ValueError
            If a source is empty, or an argument is out of range or of no use to the strategy.
        """
        do_sample = implies_sampling(options) if do_sample is None else do_sample
        single = isinstance(source, str)
        sources = [self.source_ids(text) for text in ([source] if single else source)]
        options = {"do_sample": do_sample, "num_return_sequences": num_return_sequences, **options}
        found = self.model.translate(sources, max_new_tokens, eos_token_id=self.eos_token_id, **options)
        several = [[self.text(one.tokens) for one in texts] for texts in found]
        texts = several if num_return_sequences > 1 else [one[0] for one in several]
        return texts[0] if single else texts

    def text(self, tokens: Sequence[int]) -> str:
        """Return target tokens in words, without end tokens."""
        return self.target_vocab.decode(token for token in tokens if token != self.eos_token_id)


def translator_to_bytes(translator: Translator, quantise: bool = True) -> bytes:
    """Return the bytes of a translator's file.

    Parameters
    ----------
    translator : Translator
    quantise : bool
        With False matrices stay float32, and load back exactly.

    Raises
    ------
    ValueError
        If a vocabulary has another size than the model, or the target's has no end token.
    """
    model = translator.model
    _check_vocabularies(model, translator.source_vocab, translator.target_vocab)
    metadata = {
        "format": TRANSLATOR_FORMAT[0],
        "version": TRANSLATOR_FORMAT[1],
        "config": json.dumps(model.config()),
        "source_vocab": json.dumps(translator.source_vocab.words, ensure_ascii=False),
        "target_vocab": json.dumps(translator.target_vocab.words, ensure_ascii=False),
        "card": json.dumps(translator.card, ensure_ascii=False),
    }
    return written(model.state_dict(), metadata, quantise)


def translator_from_bytes(data: bytes, source: str = "data") -> Translator:
    """Read the bytes of a translator's file; `source` names them in errors.

    Raises
    ------
    ModelFileError
        If they are damaged, of another version, or not such a file.
    """
    return read_model(data, source, (TRANSLATOR_FORMAT,), _rebuilt)


def _rebuilt(entries: dict[str, Any], tensors: dict[str, Tensor], metadata: dict[str, str]) -> Translator:
    names = ("source_vocab", "target_vocab", "card", "config")
    source_words, target_words, card, config = (json.loads(metadata[name]) for name in names)
    if not (isinstance(source_words, list) and isinstance(target_words, list)):
        raise ValueError("source_vocab and target_vocab must be lists")
    if not (isinstance(card, dict) and isinstance(config, dict)):
        raise ValueError("card and config must be tables")
    shapes = stored_shapes(entries)
    check_shapes(lambda: EncoderDecoder(**config).state_dict(), shapes)
    source_vocab, target_vocab, model = Vocab(source_words), Vocab(target_words), EncoderDecoder(**config)
    _check_vocabularies(model, source_vocab, target_vocab)
    model.load_state_dict(read_weights(shapes, tensors))
    return Translator(model.eval(), source_vocab, target_vocab, card)


def _check_vocabularies(model: EncoderDecoder, source: Vocab, target: Vocab) -> None:
    for side, vocab, size in (
        ("source", source, model.source_vocab_size),
        ("target", target, model.target_vocab_size),
    ):
        if len(vocab) != size:
            raise ValueError(f"{side}_vocab must hold the model's {size} words, but it holds {len(vocab)}")
    if END not in target:
        raise ValueError(f"target_vocab must hold the end token {END}, but it does not; add it")
