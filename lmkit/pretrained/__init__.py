"""Trained language models and the files they travel in.

A model file is a safetensors file: a matrix is stored as int8 with one float32 scale per row (`<name>.scale`), a
vector as float32. Its metadata hold the model's shape, its vocabulary and its card: data, command, seed, metrics.
The page reads the same bytes, so both sides decode from the same numbers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save as pack
from torch import Tensor

from lmkit.models import LSTMLanguageModel
from lmkit.text import Vocab

FOLDER = Path(__file__).parent
FORMAT, VERSION = "lmkit-lstm-language-model", "1"
END = "<eos>"  # ends a text, in vocabularies that have it


class ModelFileError(ValueError):
    """A model file is damaged, of another version, or not a model file."""


@dataclass
class Pretrained:
    """A trained model, the vocabulary it reads, and the card that tells where it comes from."""

    model: LSTMLanguageModel
    vocab: Vocab
    card: dict[str, Any]

    def prompt_ids(self, text: str) -> list[int]:
        """Return the ids of a prompt as the model reads it; see `prompt_ids`."""
        return prompt_ids(self.vocab, text)

    @property
    def eos_token_id(self) -> int | None:
        """The id of the end token, or None if the vocabulary has none."""
        return self.vocab.id(END) if END in self.vocab else None


def prompt_ids(vocab: Vocab, text: str) -> list[int]:
    """Return the ids of a prompt as a model reads it, from its zero state.

    A model of texts that end with the end token was trained to begin after one, so where the vocabulary has an end
    token, one is put before the prompt (unless the prompt begins with it). The prompt `<eos>` alone begins a new text.

    Raises
    ------
    UnknownWordError
        If the vocabulary lacks a word of the text.
    ValueError
        If the text is empty.
    """
    ids = vocab.encode(text)
    end = vocab.id(END) if END in vocab else None
    if not ids:
        remedy = "type a few words" if end is None else f"type a few words, or {END} to begin a new text"
        raise ValueError(f"prompt must hold at least one word, but it is empty; {remedy}")
    return ids if end is None or ids[0] == end else [end, *ids]


def names() -> list[str]:
    """Return the names of the models that are shipped with lmkit."""
    return sorted(path.stem for path in FOLDER.glob("*.safetensors"))


def path_of(name: str) -> Path:
    """Return the file of a shipped model; raises ValueError for an unknown name."""
    if name not in names():
        raise ValueError(f"name must be one of the shipped models {names()}, but it is {name!r}")
    return FOLDER / f"{name}.safetensors"


def load(name: str | Path) -> Pretrained:
    """Load a shipped model by name (`names()` lists them), or any model file by its path.

    Returns
    -------
    Pretrained
        The model, in evaluation mode, with its vocabulary and card.

    Raises
    ------
    ValueError
        For a name that is not shipped.
    ModelFileError
        For a file that is damaged, of another version, or not a model file.
    """
    path = name if isinstance(name, Path) else Path(name) if str(name).endswith(".safetensors") else path_of(name)
    return from_bytes(path.read_bytes(), source=str(path))


def from_bytes(data: bytes, source: str = "data") -> Pretrained:
    """Read the bytes of a model file; `source` names them in errors."""
    try:
        tensors = safetensors.torch.load(data)
        metadata = _header(data)[0]["__metadata__"]
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise ModelFileError(f"{source} cannot be read as a model file ({error}); get it or train it again") from error
    if (found := (metadata.get("format"), metadata.get("version"))) != (FORMAT, VERSION):
        raise ModelFileError(
            f"{source} must be a model file of format {FORMAT!r}, version {VERSION!r}, but it says {found}; "
            "train it again with this version of lmkit"
        )
    try:
        return _rebuilt(tensors, metadata)
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())  # torch's has several lines
        raise ModelFileError(f"{source} does not fit together ({reason}); get it or train it again") from error


def _rebuilt(tensors: dict[str, Tensor], metadata: dict[str, str]) -> Pretrained:
    """Return the model, vocabulary and card of a file; any of a few errors if they do not fit together."""
    vocab, card = Vocab(json.loads(metadata["vocab"])), json.loads(metadata["card"])
    model = LSTMLanguageModel(**json.loads(metadata["config"]))
    if len(vocab) != model.vocab_size:
        raise ValueError(f"{len(vocab)} words for a model of {model.vocab_size}")
    stored = {name: tensor for name, tensor in tensors.items() if not name.endswith(".scale")}
    weights = {name: _dequantised(name, tensor, tensors.get(f"{name}.scale")) for name, tensor in stored.items()}
    missing, unexpected = model.load_state_dict(weights, strict=False)
    if unexpected or missing != ["decoder.weight"]:
        raise ValueError(f"tensors missing: {missing}, unexpected: {unexpected}")
    if damaged := [name for name, weight in weights.items() if not weight.isfinite().all()]:
        raise ValueError(f"{', '.join(damaged)} must hold finite numbers only")
    return Pretrained(model.eval(), vocab, card)


def to_bytes(
    model: LSTMLanguageModel, vocab: Vocab, card: dict[str, Any] | None = None, quantise: bool = True
) -> bytes:
    """Return the bytes of a model file; with `quantise=False` matrices stay float32 and load back exactly."""
    if len(vocab) != model.vocab_size:
        raise ValueError(f"vocab must hold the model's {model.vocab_size} words, but it holds {len(vocab)}")
    if model.decoder.weight is not model.embedding.weight:
        raise ValueError("model must have tied weights to fit a model file, but it has not; build it with tied=True")
    tensors = {}
    for name, weight in model.state_dict().items():
        if name == "decoder.weight":  # tied to the embedding
            continue
        if quantise and weight.dim() == 2:
            scale = weight.abs().amax(dim=1).clamp(min=1e-12) / 127
            tensors[name] = (weight / scale[:, None]).round().to(torch.int8)
            tensors[f"{name}.scale"] = scale.float()
        else:
            tensors[name] = weight.float().contiguous()
    metadata = {
        "format": FORMAT,
        "version": VERSION,
        "config": json.dumps(model.config()),
        "vocab": json.dumps(vocab.words, ensure_ascii=False),
        "card": json.dumps(card or {}, ensure_ascii=False),
    }
    return _in_order(pack(tensors, metadata))


def save(path: Path, model: LSTMLanguageModel, vocab: Vocab, card: dict[str, Any]) -> None:
    """Write a model file, int8 with a scale per row."""
    path.write_bytes(to_bytes(model, vocab, card))


def _header(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Take a safetensors file apart: an 8-byte length, a JSON header of that length, and the numbers."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def _in_order(data: bytes) -> bytes:
    """Sort a file's metadata: safetensors writes them in any order, and a model should have one file."""
    header, numbers = _header(data)
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the numbers begin at a multiple of 8
    return len(text).to_bytes(8, "little") + text + numbers


def _dequantised(name: str, weight: Tensor, scale: Tensor | None) -> Tensor:
    if weight.dtype == torch.float32 and scale is None:
        return weight
    if weight.dtype != torch.int8 or scale is None or scale.shape != weight.shape[:1]:
        raise ValueError(f"{name} must be float32, or int8 with a scale for each of its rows")
    return weight.float() * scale[:, None]
