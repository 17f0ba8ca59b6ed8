"""Model files: a trained model as the bytes of a safetensors file.

A matrix is stored as int8 with one float32 scale per row (`<name>.scale`), a vector as float32; weights that are tied
are stored once. The metadata hold

- `format` and `version`;
- `model_class`, the name of a class of `lmkit.models`; where it is missing, `LSTMLanguageModel`;
- `config`, the arguments that build the model: sizes, kind of cell, dropouts;
- `vocab`, the words in the order of their ids, of a vocabulary whose words stand apart; or `tokenizer`, what
  `Tokenizer.config` says of one of another kind: its kind, its version and its tokens;
- `card`: data, command, seed, metrics.

A model that the page's engine can run, an LSTM with tied weights, has the format `BROWSER_FORMAT`, and the page reads
the same bytes, so both sides decode from the same numbers. All others have `FORMAT`, which the page refuses.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard, TypeVar

import safetensors
import torch
from safetensors.torch import load as unpack
from safetensors.torch import save as pack
from torch import Tensor
from torch.overrides import TorchFunctionMode

from lmkit.models import AWDLSTM, LanguageModel, LSTMLanguageModel, RecurrentLanguageModel
from lmkit.pretrained.trained import Pretrained
from lmkit.rnn import LSTM
from lmkit.text import Tokenizer, Vocab, tokenizer_from_config

T = TypeVar("T")
FORMAT = ("lmkit-language-model", "2")
HEADER_START = 9  # bytes: the length of the header, and the brace with which it begins
BROWSER_FORMAT = ("lmkit-lstm-language-model", "1")
TRANSLATOR_FORMAT = ("lmkit-encoder-decoder", "1")
OPENED_BY = {
    FORMAT: "open it with pretrained.load",
    BROWSER_FORMAT: "open it with pretrained.load",
    TRANSLATOR_FORMAT: "open it with pretrained.load_translator",
}
Format = tuple[str, str]  # name and version
Rebuild = Callable[[dict[str, Any], dict[str, Tensor], dict[str, str]], T]  # from header's entries, tensors, metadata
MODEL_CLASSES: dict[str, type[LanguageModel]] = {
    kind.__name__: kind for kind in (LSTMLanguageModel, AWDLSTM, RecurrentLanguageModel)
}


class ModelFileError(ValueError):
    """A model file is damaged, of another version, or not a model file."""


def runs_in_browser(model: object) -> TypeGuard[LanguageModel]:
    """Return whether the page's engine can run a model: an LSTM whose output weights are tied to the embedding."""
    return isinstance(model, LanguageModel) and isinstance(model.rnn, LSTM) and _is_tied(model)


def to_bytes(
    model: LanguageModel, vocab: Tokenizer, card: dict[str, Any] | None = None, quantise: bool = True
) -> bytes:
    """Return the bytes of a model file.

    Parameters
    ----------
    model : LSTMLanguageModel, AWDLSTM or RecurrentLanguageModel
        Its class, sizes, kind of cell, ties and dropouts are kept.
    vocab : Tokenizer
        A `Vocab`, `Characters`, `Words` or `BPE` of the model's size.
    card : dict that JSON can hold, optional
    quantise : bool
        With False matrices stay float32, and load back exactly.

    Raises
    ------
    ValueError
        If the vocabulary has another size, or the model is of another class.
    """
    kind = type(model).__name__
    if MODEL_CLASSES.get(kind) is not type(model):
        raise ValueError(f"model must be of a class among {', '.join(MODEL_CLASSES)}, but it is of {kind}")
    if len(vocab) != model.vocab_size:
        raise ValueError(f"vocab must hold the model's {model.vocab_size} words, but it holds {len(vocab)}")
    words = {"vocab": vocab.words} if type(vocab) is Vocab else {"tokenizer": vocab.config()}
    format_name, version = BROWSER_FORMAT if runs_in_browser(model) else FORMAT
    metadata = {
        "format": format_name,
        "version": version,
        "config": json.dumps(model.config()),
        **{name: json.dumps(value, ensure_ascii=False) for name, value in words.items()},
        "card": json.dumps(card or {}, ensure_ascii=False),
    }
    if kind != LSTMLanguageModel.__name__:  # which files have always meant
        metadata["model_class"] = kind
    return written(_stored(model), metadata, quantise)


def from_bytes(data: bytes, source: str = "data") -> Pretrained:
    """Read the bytes of a model file; `source` names them in errors.

    Raises
    ------
    ModelFileError
        If they are damaged, of another version, or not a model file.
    """
    return read_model(data, source, (BROWSER_FORMAT, FORMAT), _rebuilt)


def read_model(data: bytes, source: str, formats: tuple[Format, ...], rebuild: Rebuild[T]) -> T:
    """Open the bytes of a file of certain formats, and return what is rebuilt from its parts.

    Raises
    ------
    ModelFileError
        If they are damaged, of another format, or do not fit together.
    """
    check_start(data[:HEADER_START], source)
    try:
        entries = _header(data)[0]
        metadata = dict(entries.pop("__metadata__"))
        tensors = unpack(data)
    except (safetensors.SafetensorError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise _unreadable(source, error) from error
    if (found := (metadata.get("format"), metadata.get("version"))) not in formats:
        known = " or ".join(f"{name!r}, version {version!r}" for name, version in formats)
        remedy = OPENED_BY.get(found, "train it again with this version of lmkit")
        raise ModelFileError(f"{source} must be a model file of format {known}, but it says {found}; {remedy}")
    try:
        return rebuild(entries, tensors, metadata)
    except (ValueError, TypeError, LookupError, AttributeError, RuntimeError, OverflowError) as error:
        reason = " ".join(str(error).split())  # torch's has several lines
        raise ModelFileError(f"{source} does not fit together ({reason}); get it or train it again") from error


def check_start(start: bytes, source: str) -> None:
    """Raise ModelFileError unless a file begins as model files do."""
    if len(start) < HEADER_START or start[-1:] != b"{":
        raise _unreadable(source, "its beginning is not that of a safetensors file")


def _unreadable(source: str, reason: object) -> ModelFileError:
    return ModelFileError(f"{source} cannot be read as a model file ({reason}); get it or train it again")


def _is_tied(model: LanguageModel) -> bool:
    return model.decoder.weight is model.embedding.weight


def _stored(model: LanguageModel) -> dict[str, Tensor]:
    """Return a model's weights, those that are tied once."""
    return {name: w for name, w in model.state_dict().items() if not (name == "decoder.weight" and _is_tied(model))}


def written(weights: Mapping[str, Tensor], metadata: dict[str, str], quantise: bool) -> bytes:
    """Return the bytes of a file with these weights, of which matrices become int8 with scales, and these metadata."""
    tensors = {}
    for name, weight in weights.items():
        if quantise and weight.dim() == 2:
            scale = weight.abs().amax(dim=1).clamp(min=1e-12) / 127
            tensors[name] = (weight / scale[:, None]).round().to(torch.int8)
            tensors[f"{name}.scale"] = scale.float()
        else:
            tensors[name] = weight.float().contiguous()
    return _with_sorted_metadata(pack(tensors, metadata))


def _rebuilt(entries: dict[str, Any], tensors: dict[str, Tensor], metadata: dict[str, str]) -> Pretrained:
    """Return the model, vocabulary and card of a file; raise any of a few errors if they do not fit together."""
    card, config = (json.loads(metadata[name]) for name in ("card", "config"))
    words = None if "tokenizer" in metadata else json.loads(metadata["vocab"])
    if not isinstance(words, list | None) or not isinstance(card, dict):
        raise ValueError("vocab must be a list, and card a table")
    name = metadata.get("model_class", LSTMLanguageModel.__name__)
    if name not in MODEL_CLASSES:
        raise ValueError(f"model_class must be one of {', '.join(MODEL_CLASSES)}, but it is {name!r}")
    shapes = stored_shapes(entries)
    _check_layers(config, shapes)
    check_shapes(lambda: _stored(MODEL_CLASSES[name](**config)), shapes)
    vocab = tokenizer_from_config(json.loads(metadata["tokenizer"])) if words is None else Vocab(words)
    model = MODEL_CLASSES[name](**config)
    if len(vocab) != model.vocab_size:
        raise ValueError(f"{len(vocab)} words for a model of {model.vocab_size}")
    model.load_state_dict(read_weights(shapes, tensors), strict=False)  # tied weights are stored once: see above
    return Pretrained(model.eval(), vocab, card)


def stored_shapes(entries: dict[str, Any]) -> dict[str, list[int]]:
    """Return the shapes of the weights that a header lists."""
    return {name: entry["shape"] for name, entry in entries.items() if not name.endswith(".scale")}


def read_weights(shapes: dict[str, list[int]], tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights of a file as float32; raise ValueError if a number is not finite."""
    weights = {name: _dequantised(name, tensors[name], tensors.get(f"{name}.scale")) for name in shapes}
    if damaged := [name for name, weight in weights.items() if not weight.isfinite().all()]:
        raise ValueError(f"{', '.join(damaged)} must hold finite numbers only")
    return weights


def _check_layers(config: Any, shapes: dict[str, list[int]]) -> None:
    layers = sum(name.startswith("rnn.weight_hh_l") for name in shapes)
    if not isinstance(config, dict) or config.get("num_layers") != layers:
        raise ValueError(f"config must be a table with num_layers {layers}, the file's, but it is {config}")


def check_shapes(weights: Callable[[], Mapping[str, Tensor]], shapes: dict[str, list[int]]) -> None:
    """Raise ValueError unless the weights of the model that a config describes have these shapes; allocate nothing."""
    with torch.device("meta"), _Unfilled():
        expected = {name: list(weight.shape) for name, weight in weights().items()}
    if missing_or_unexpected := sorted(expected.keys() ^ shapes.keys()):
        raise ValueError(f"tensors missing or unexpected: {', '.join(missing_or_unexpected)}")
    for name, shape in shapes.items():
        if shape != expected[name]:
            raise ValueError(f"{name} must be of shape {expected[name]}, but its shape is {shape}")


class _Unfilled(TorchFunctionMode):
    """Leave embeddings as they are made: without memory there is nothing to fill, and trying takes torch seconds."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        return kwargs.get("tensor", *args[:1]) if func is torch.nn.init.normal_ else func(*args, **kwargs)


def _dequantised(name: str, weight: Tensor, scale: Tensor | None) -> Tensor:
    """Return a stored tensor as float32."""
    if weight.dtype == torch.float32 and scale is None:
        return weight
    if weight.dtype != torch.int8 or scale is None or scale.shape != weight.shape[:1] or scale.dtype != torch.float32:
        raise ValueError(f"{name} must be float32, or int8 with a float32 scale for each of its rows")
    return weight.float() * scale[:, None]


def _header(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Take a safetensors file apart: an 8-byte length, a JSON header of that length, and the numbers."""
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def _with_sorted_metadata(data: bytes) -> bytes:
    """Sort a file's metadata: safetensors writes them in any order, and a model should have one file."""
    header, numbers = _header(data)
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the numbers begin at a multiple of 8
    return len(text).to_bytes(8, "little") + text + numbers
