"""The microscope: every gate and state of chosen units while a trained model reads a text, seen in the browser."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from numbers import Integral
from typing import Any, cast

import torch
import traitlets as T

from lmkit.rnn import LSTM
from lmkit.text import Tokenizer
from lmkit.widgets.base.checks import check
from lmkit.widgets.base.controls import Choice, Controls, Slider, TextField
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.model_options import Model, ModelOption, files_of, model_options
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.microscope import fallback
from lmkit.widgets.labs.microscope.look import Look

QUANTITIES = {
    "f": "forget f",
    "i": "input i",
    "g": "candidate g",
    "o": "output o",
    "c": "cell c",
    "h": "hidden h",
}
MOST_UNITS, FIRST_UNITS = 16, "0-7"
CONTROLS = Controls(
    model=Choice("Model", "The language model that reads", form="list", wide=True),
    text=TextField("Text", "The text to read, words and marks apart; in running text ⏎ ends a line", wide=True),
    quantity=Choice("Show", "The gate or state that the heatmap shows", QUANTITIES, wide=True),
    units=TextField("Units", "Numbers of units, ranges such as 8-11, or the name of a group"),
    layer=Slider("Layer", "The layer whose units are shown, from below", 1, 1),
    step=Slider("Step", "The token after which numbers are shown", 1, 1),
)
# What is known of the units of the shipped models. Tests hold it to the weights.
PRESETS = {
    "stories": {"gender": [50, 96, 180]},
    "human_numbers": {"thousands digit": [29, 30, 53, 58]},
    "shakespeare": {"column in a line of verse": [38, 166, 37], "name of a speaker": [207, 153]},
}
TEXTS = {
    "stories": [
        "one morning anna walked to the river . she found a red kite behind the church . near the gate anna met tom . "
        "“ is that your kite ? ” asked tom . “ yes , of course ! ” said anna . when the moon rose , tom went home "
        "and anna put the kite beside her bed .",
        "felix was a shy boy who lived by the tree . his uncle gave him a red bell . behind the church felix met leo .",
        "it was raining when ida left the castle . near a green gate she found a blue , shiny mirror .",
    ],
    "human_numbers": [
        "four thousand three hundred ninety eight . four thousand three hundred ninety nine .",
        "one thousand nine hundred ninety nine . two thousand . two thousand one .",
        "ninety nine . one hundred . one hundred one .",
    ],
    "shakespeare": [
        "Hamlet:⏎To be, or not to be, that is the question:⏎",
        "Macbeth:⏎Is this a dagger which I see before me,⏎The handle toward my hand?⏎⏎Lady Macbeth:⏎",
        "First Witch:⏎When shall we three meet again⏎In thunder, lightning, or in rain?⏎",
    ],
}


class MicroscopeView(View, controls=CONTROLS):
    """Shows gates and states of chosen units over a text; `Microscope` adds the controls."""

    models = T.List(T.Dict(), help="What can be chosen: name, title, key, own, prompts, presets.").tag(sync=True)
    weights = T.Dict(help="The files of a reader's own models, by key.").tag(sync=True)
    suggestions = T.List(T.Unicode(), help="Texts that suit the model; the view sets them.").tag(sync=True)
    unit_names = T.List(T.Unicode(), help="The model's presets; the view sets them.").tag(sync=True)
    last = T.Int(1, help="The number of steps; the view sets it.").tag(sync=True)


class Microscope(Lab[MicroscopeView]):
    """Every gate of every step of a trained LSTM; works with a kernel, and on a page without one.

    Parameters
    ----------
    model : str, path, Pretrained or language model, optional
        A shipped model's name, the path of a model file, what `lmkit.pretrained.load` gives, or a model together with
        its `vocab`. Or a list to choose from, of names, paths and Pretrained: ``["stories", mine]``. By default
        Stories and Human Numbers are on option.
    vocab : Tokenizer, optional
        What the model was trained with, where `model` is a model alone.
    text : str, optional
        The text to read, at most 200 tokens, `<eos>` included, with which a story begins.
    units : str or sequence of int, optional
        At most 16 units: their numbers, a text such as "12, 40-45", or the name of a preset; the first preset by
        default.
    presets : mapping from name to units, optional
        Further names for groups of units of the (first) model.
    quantity : {"f", "i", "g", "o", "c", "h"}
        What the heatmap shows.
    layer : int in [1, D]
    step : int in [1, L], optional
        The step whose numbers are shown, the last by default.
    controls : sequence of str, optional
        The controls to show, by default all that make a difference. Among `CONTROLS`.

    Examples
    --------
    >>> Microscope("stories", text="one morning anna", units=[50], quantity="f")
    Microscope('stories', text='one morning anna', quantity='f', units='50', layer=1, step=4)
    """

    def __init__(
        self,
        model: Model | Sequence[Model] | None = None,
        vocab: Tokenizer | None = None,
        *,
        text: str | None = None,
        units: str | Sequence[int] | None = None,
        presets: Mapping[str, Sequence[int]] | None = None,
        quantity: str = "c",
        layer: int = 1,
        step: int | None = None,
        controls: Sequence[str] | None = None,
    ):
        self._options = model_options(model, vocab)
        presets = {} if presets is None else presets
        known = isinstance(presets, Mapping) and all(isinstance(name, str) for name in presets)
        check("presets", presets, known, "a mapping from names to units")
        self._entries = [_entry(option, {} if place else presets) for place, option in enumerate(self._options)]
        first = self._options[0]
        suggestions: list[str] = self._entries[0]["prompts"]
        unit_names: list[str] = [name for name, _ in self._entries[0]["presets"]]
        text = suggestions[0] if text is None else text
        units = unit_names[0] if units is None else units
        units = units if isinstance(units, str) else ", ".join(map(str, _whole_numbers("units", units)))
        layers, last = first.trained.model.num_layers, len(token_ids(first, text))
        text = first.one_line(text)
        units_of(units, self._entries[0]["presets"], first.trained.model.hidden_size)  # raises for what is none
        rows = CONTROLS.given(
            model={"options": {option.name: option.title for option in self._options}, "shown": len(self._options) > 1},
            text={"suggestions": suggestions},
            units={"suggestions": unit_names},
            layer={"high": layers, "shown": layers > 1},
            step={"high": last},
        )
        step = last if step is None else step
        stored = rows.stored(text=text, units=units, quantity=quantity, layer=layer, step=step)
        view = MicroscopeView(
            models=self._entries,
            weights=files_of(self._options),
            suggestions=suggestions,
            unit_names=unit_names,
            last=last,
            **stored,
        )
        super().__init__(view, rows, controls)
        self.follow("suggestions", "options", "text")
        self.follow("unit_names", "options", "units")
        self.follow("last", "max", "step")

    @property
    def _place(self) -> int:
        """The place of the chosen model among those on option."""
        return self.rows["model"].stored(self.value("model"))

    def look(self) -> Look:
        """Compute what the page shows with the present settings, by torch."""
        place = self._place
        option, layer = self._options[place], self.value("layer") - 1
        units = units_of(self.value("units"), self._entries[place]["presets"], option.trained.model.hidden_size)
        return look(option, self.value("text"), units, layer)

    @property
    def quantity(self) -> str:
        """The gate or state that the heatmap shows: one of "f", "i", "g", "o", "c", "h"."""
        return self.value("quantity")

    def picture(self) -> tuple[str, str]:
        """Draw the heatmap and the numbers of the chosen step, as torch computes them."""
        title = f"{self._options[self._place].title}, {QUANTITIES[self.quantity]}"
        shown = self.look()
        step = min(max(self.value("step"), 1), len(shown.tokens))
        return fallback.render(title, shown, self.quantity, step)

    def __repr__(self) -> str:
        settings = {name: value for name, value in self.settings().items() if name != "model"}
        named = ", ".join(f"{name}={value!r}" for name, value in settings.items())
        return f"Microscope({self._options[self._place].name!r}, {named})"


def token_ids(option: ModelOption, text: str) -> list[int]:
    """Return the ids of a text as the model reads it; raise ValueError if it is too long or cannot be read."""
    return option.ids("text", text)


def units_of(text: str, presets: Iterable[tuple[str, Sequence[int]]], hidden_size: int) -> list[int]:
    """Return the units that a text names: numbers and ranges between commas, or a preset's name; each once.

    Raises
    ------
    ValueError
        If the text names no unit, more than 16, or one that the model does not have.
    """
    named = dict(presets).get(text.strip())
    parts = [part for part in re.split(r"[\s,]+", text) if part]
    units = list(dict.fromkeys(named if named else [u for part in parts for u in _range(part, hidden_size)]))
    if not 1 <= len(units) <= MOST_UNITS:
        raise ValueError(
            f"units must be from 1 to {MOST_UNITS} units, but they are {len(units)}; "
            f"give numbers from 0 to {hidden_size - 1}, such as 0, 5, 8-11"
        )
    return units


def look(option: ModelOption, text: str, units: list[int], layer: int = 0) -> Look:
    """Read a text with torch and keep what the microscope shows; `layer` counts from 0."""
    model, ids = option.trained.model, token_ids(option, text)
    with torch.no_grad():
        tokens = torch.tensor([ids])
        layers = cast(LSTM, model.rnn)  # no other model is on option
        traced = layers.trace(model.embedding(tokens))
        log_probs = model(tokens)[0][0].log_softmax(dim=-1)
    values = {name: value[layer, 0][:, units].T for name, value in traced.items()}
    vocab = option.trained.vocab
    return Look([vocab.show(i) for i in ids], units, values, log_probs, vocab.text(ids))


def _entry(option: ModelOption, presets: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """Return what the browser needs to know of a model; every model has at least one preset."""
    size = option.trained.model.hidden_size
    known = {**presets, **PRESETS.get(option.shipped_name, {})} or {FIRST_UNITS: list(range(min(8, size)))}
    named = [[name, _whole_numbers(f"presets[{name!r}]", units)] for name, units in known.items()]
    for name, units in named:
        if not (1 <= len(units) <= MOST_UNITS and all(0 <= unit < size for unit in units)):
            raise ValueError(
                f"presets must give from 1 to {MOST_UNITS} units from 0 to {size - 1}, but {name!r} is {units}"
            )
    return option.entry() | {"prompts": TEXTS.get(option.shipped_name) or option.prompts, "presets": named}


def _whole_numbers(name: str, values: Any) -> list[int]:
    with suppress(TypeError):
        found = list(values)
        if all(isinstance(value, Integral) and not isinstance(value, bool) for value in found):
            return [int(value) for value in found]
    raise ValueError(f"{name} must be a list of whole numbers, but it is {values!r}")


def _range(part: str, hidden_size: int) -> list[int]:
    match = re.fullmatch(r"([0-9]{1,6})(?:[-–]([0-9]{1,6}))?", part)
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if low <= high < hidden_size:
        return list(range(low, high + 1))
    rule = f"numbers from 0 to {hidden_size - 1} or ranges such as 8-11"
    raise ValueError(f"units must be {rule}, but one is {part!r}")
