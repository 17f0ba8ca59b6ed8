"""The unrolling lab: a recurrent network drawn step by step, with the hidden state that it has at each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import torch
import traitlets as T
from torch import Tensor

from lmkit.models import RecurrentLanguageModel
from lmkit.rnn import RNN
from lmkit.text import Tokenizer, Vocab, tokenize
from lmkit.widgets.base.checks import about, check_words, checked_texts
from lmkit.widgets.base.controls import Controls, Slider, TextField
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.model_options import Model, given_model
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.unrolling import fallback

MOST_WORDS = 40  # longer texts make no picture


class UnrolledStep(NamedTuple):
    """The state of the network after one step.

    Attributes
    ----------
    token : str
        The word that was read.
    h : Tensor (D, H)
        The hidden states of all layers.
    probs : Tensor (V,)
        The probability of each word to come next.
    """

    token: str
    h: Tensor
    probs: Tensor


CONTROLS = Controls(
    text=TextField("Text", "What the network reads, words and punctuation marks apart", wide=True),
    step=Slider("Step", "How far the network has read", 0, MOST_WORDS, wide=True),
)


class UnrollView(View, controls=CONTROLS):
    """Draws a recurrent network unrolled up to a step; `UnrollLab` adds the controls."""

    config = T.Dict(help="Sizes, and the nonlinearity.").tag(sync=True)
    words = T.List(T.Unicode(), help="The vocabulary.").tag(sync=True)
    weights = T.Bytes(b"", help="All weights, float32: embedding, layers from below, output layer.").tag(sync=True)
    steps = T.Int(0, help="How many steps the text has; the view sets it.").tag(sync=True)


class UnrollLab(Lab[UnrollView]):
    """Unroll a plain recurrent network over a text; works with a kernel, and on a page without one.

    Parameters
    ----------
    model : str, path, Pretrained or language model
        A shipped model's name, the path of a model file, what `lmkit.pretrained.load` gives, or a model together with
        its `vocab`. It must be a RecurrentLanguageModel with cell="rnn", of any number of layers; no shipped one is.
    vocab : Tokenizer, optional
        What the model was trained with, where `model` is a model alone. Here it must be a `Vocab`.
    text : str, optional
        What it reads; the first words of the vocabulary by default.
    step : int in [0, number of tokens], optional
        The step that is shown, by default the last. At 0 nothing has been read, and the network is rolled up.
    suggestions : sequence of str
        Texts to choose from; others can be typed.
    controls : sequence of str, optional
        The controls to show, by default all. Among `CONTROLS`.

    Raises
    ------
    ValueError
        If an argument is not what it should be; `UnknownWordError` if a text holds a word that is not in `vocab`.
    """

    def __init__(
        self,
        model: Model,
        vocab: Tokenizer | None = None,
        *,
        text: str | None = None,
        step: int | None = None,
        suggestions: Sequence[str] = (),
        controls: Sequence[str] | None = None,
    ):
        self.name, self.model, self.vocab = _plain_model(model, vocab)
        text = " ".join(self.vocab.words[:4]) if text is None else text
        steps = len(self.ids(text))
        suggestions = list(dict.fromkeys([*checked_texts("suggestions", suggestions), text]))
        with about("suggestions"):
            for suggestion in suggestions:
                self.ids(suggestion)
        step = steps if step is None else step
        rows = CONTROLS.given(text={"suggestions": suggestions}, step={"high": steps})
        stored = rows.stored(text=text, step=step)
        view = UnrollView(
            config=_config(self.model), words=self.vocab.words, weights=weights(self.model), steps=steps, **stored
        )
        super().__init__(view, rows, controls)
        self.follow("steps", "max", "step")

    def ids(self, text: str) -> list[int]:
        """Return the tokens of a text, if it is one that can be shown."""
        check_words("text", text, MOST_WORDS)
        ids = self.vocab.ids(tokenize(text))
        if not ids:
            raise ValueError("text must hold at least one word, but it is empty; give it a few words")
        return ids

    def readings(self) -> list[UnrolledStep]:
        """Return what the network has after every step of the present text; the page shows the same."""
        step, state, out = self.model.stepper(), None, []
        for token in self.ids(self.value("text")):
            log_probs, state = step(torch.tensor([token]), state)
            out.append(UnrolledStep(self.vocab.words[token], state[0].float(), log_probs[0].float().exp()))
        return out

    def picture(self) -> tuple[str, str]:
        """Draw the diagram up to the present step."""
        return fallback.render(self.readings(), self.value("step"), self.vocab)

    def __repr__(self) -> str:
        return f"UnrollLab({self.name!r}, text={self.value('text')!r}, step={self.value('step')})"


def weights(model: RecurrentLanguageModel) -> bytes:
    """Return all weights as float32, little-endian, in the order in which `model.js` reads them."""
    layers = [model.rnn.recurrence(layer) for layer in range(model.num_layers)]
    parts = [model.embedding.weight]
    for index, (weight_ih, bias, _) in enumerate(layers):
        parts += [weight_ih, model.rnn.layer(index)[1], bias]
    parts += [model.decoder.weight, model.decoder.bias]
    flat = torch.cat([part.detach().flatten() for part in parts])
    return flat.to("cpu", torch.float32).numpy().astype("<f4").tobytes()


def _config(model: RecurrentLanguageModel) -> dict[str, Any]:
    sizes = ("vocab_size", "embedding_size", "hidden_size", "num_layers")
    return {name: getattr(model, name) for name in sizes} | {"nonlinearity": cast(RNN, model.rnn).nonlinearity}


def _plain_model(model: Model, vocab: Tokenizer | None) -> tuple[str, RecurrentLanguageModel, Vocab]:
    """Return the name of the model that is given, the model, if it can be drawn, and its vocabulary."""
    name, trained, _ = given_model(model, vocab)
    found, words = trained.model, trained.vocab
    kind = f"{type(found).__name__} with cell={getattr(found, 'cell', None)!r}"
    if not isinstance(found, RecurrentLanguageModel) or found.cell != "rnn":
        raise ValueError(f"model must be a RecurrentLanguageModel with cell='rnn', but it is of class {kind}")
    if not isinstance(words, Vocab):
        raise ValueError(f"vocab must be a Vocab, whose words stand apart, but it is {words!r}")
    return name, found, words
