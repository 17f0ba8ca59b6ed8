"""The parameter lab: what the sizes of a recurrent language model cost, tensor by tensor."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

import traitlets as T

from lmkit.plots.roles import color
from lmkit.widgets.base.checks import check_number
from lmkit.widgets.base.controls import Choice, Controls, Slider, Toggle
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.svg import INK, LINE, MUTED, document, text
from lmkit.widgets.base.view import View

CELLS = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}
BLOCKS = {"rnn": 1, "gru": 3, "lstm": 4}  # how many gates and candidates of H units each
VOCAB_SIZES = [10, 20, 30, 37, 50, 100, 200, 300, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000]
CONTROLS = Controls(
    vocab_size=Choice("Vocabulary", "How many different tokens there are", VOCAB_SIZES, "slider"),
    embedding_size=Slider("Embedding", "The length of the vector of a token", 1, 512),
    hidden_size=Slider("Hidden state", "The length of the hidden state", 1, 512),
    num_layers=Slider("Layers", "How many recurrent layers stand one above the other", 1, 4),
    cell=Choice("Kind", "What happens at a step", CELLS, wide=True),
    tied=Toggle("Tie the output weights to the embedding", "The output layer uses the embedding's matrix", wide=True),
    nonlinearity=Choice("Activation", "The function that a plain RNN applies at every step", ("tanh", "relu")),
    length=Slider("Longest text", "How many tokens the longest text has", 1, 1000),
)
_ROLES = {"embedding": "embedding", "rnn": "hidden", "decoder": "output"}  # by the first part of a tensor's name


class Parameters(NamedTuple):
    """One tensor of a model.

    Attributes
    ----------
    name : str
        As in the model's state dict.
    shape : tuple of int
    num_parameters : int
        How many parameters of its own it has: none if it is another tensor under a second name.
    """

    name: str
    shape: tuple[int, ...]
    num_parameters: int


def parameters(
    vocab_size: int, embedding_size: int, hidden_size: int, num_layers: int = 1, cell: str = "rnn", tied: bool = False
) -> list[Parameters]:
    """Return the tensors of a `RecurrentLanguageModel` with these arguments, in order; the browser counts the same."""
    rows = BLOCKS[cell] * hidden_size
    shapes = {"embedding.weight": (vocab_size, embedding_size)}
    for layer in range(num_layers):
        shapes[f"rnn.weight_ih_l{layer}"] = (rows, hidden_size if layer else embedding_size)
        shapes[f"rnn.weight_hh_l{layer}"] = (rows, hidden_size)
        shapes |= {f"rnn.bias_ih_l{layer}": (rows,), f"rnn.bias_hh_l{layer}": (rows,)}
    shapes |= {"decoder.weight": (vocab_size, hidden_size), "decoder.bias": (vocab_size,)}
    own = {name: 0 if tied and name == "decoder.weight" else prod(shape) for name, shape in shapes.items()}
    return [Parameters(name, shape, own[name]) for name, shape in shapes.items()]


class ParameterView(View, controls=CONTROLS):
    """Counts; `ParameterLab` adds the controls. Where tied weights need equal sizes, the view sets them."""

    vocab_sizes = T.List(T.Int(), help="The choices for the vocabulary.").tag(sync=True)


class ParameterLab(Lab[ParameterView]):
    """Count the parameters of a recurrent language model with sliders, two of which make no difference.

    Parameters
    ----------
    vocab_size : int ≥ 1
        V.
    embedding_size, hidden_size : int in [1, 512]
        E and H. With tied weights they are equal, and in the browser each follows the other.
    num_layers : int in [1, 4]
        D.
    cell : "rnn", "gru" or "lstm"
    tied : bool
        Whether the output layer has the embedding's weights.
    nonlinearity : "tanh" or "relu"
        The activation function. It has no parameters.
    length : int in [1, 1000]
        The longest sequence, in tokens. It has no parameters either.
    controls : sequence of str, optional
        The controls to show, by default all. Among `CONTROLS`.

    Examples
    --------
    >>> ParameterLab(30, 32, 64).count()
    9182
    """

    def __init__(
        self,
        vocab_size: int = 37,
        embedding_size: int = 64,
        hidden_size: int = 64,
        num_layers: int = 1,
        cell: str = "rnn",
        tied: bool = False,
        *,
        nonlinearity: str = "tanh",
        length: int = 8,
        controls: Sequence[str] | None = None,
    ):
        check_number("vocab_size", vocab_size, 1, whole=True)
        vocab_sizes = sorted({*VOCAB_SIZES, int(vocab_size)})
        rows = CONTROLS.given(vocab_size={"options": {size: f"{size:,}" for size in vocab_sizes}})
        stored = rows.stored(
            vocab_size=vocab_size,
            embedding_size=embedding_size,
            hidden_size=hidden_size,
            num_layers=num_layers,
            cell=cell,
            tied=tied,
            nonlinearity=nonlinearity,
            length=length,
        )
        if tied and embedding_size != hidden_size:
            sizes = {"embedding_size": embedding_size, "hidden_size": hidden_size}
            raise ValueError(f"tied must be False where sizes differ, but they are {sizes}; make them equal")
        super().__init__(ParameterView(**stored, vocab_sizes=vocab_sizes), rows, controls)

    def settings(self) -> dict[str, Any]:
        """Return the present arguments of `RecurrentLanguageModel`."""
        free = ("nonlinearity", "length")
        return {name: value for name, value in super().settings().items() if name not in free}

    def parameters(self) -> list[Parameters]:
        """Return every tensor of the present model."""
        return parameters(**self.settings())

    def count(self) -> int:
        """Return how many parameters the present model has."""
        return sum(tensor.num_parameters for tensor in self.parameters())

    def picture(self) -> tuple[str, str]:
        """Draw the tensors as lines with bars, and the total."""
        tensors, total = self.parameters(), f"{_title(self.settings())}: {self.count():,} parameters"
        most, parts = max(tensor.num_parameters for tensor in tensors), [text(16, 28, total, MUTED)]
        for i, tensor in enumerate(tensors, 1):
            parts += _line(28 + 8 + LINE * i, tensor, most)
        words = "; ".join(f"{tensor.name} {_times(tensor)}: {tensor.num_parameters:,}" for tensor in tensors)
        return document(parts, 28 + 16 + LINE * (len(tensors) + 1)), f"{total}. {words}."

    def __repr__(self) -> str:
        return f"ParameterLab({', '.join(f'{name}={value!r}' for name, value in self.settings().items())})"


def _title(settings: dict) -> str:
    sizes = "vocabulary {vocab_size:,}, embedding {embedding_size}, hidden {hidden_size}, layers {num_layers}"
    return f"{CELLS[settings['cell']]}, {sizes.format(**settings)}{', tied' if settings['tied'] else ''}"


def _times(tensor: Parameters) -> str:
    return " × ".join(f"{size:,}" for size in tensor.shape)


def _line(y: float, tensor: Parameters, most: int) -> list[str]:
    width, hue = 200 * tensor.num_parameters / most, color(_ROLES[tensor.name.split(".")[0]])
    return [
        text(16, y, tensor.name),
        text(260, y, _times(tensor), MUTED, 'text-anchor="end"'),
        text(360, y, f"{tensor.num_parameters:,}", INK, 'text-anchor="end"'),
        f'<rect x="376" y="{y - 12}" width="{width:.0f}" height="14" fill="{hue}"/>',
    ]
