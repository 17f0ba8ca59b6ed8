"""The decoding lab: real ipywidgets sliders, linked in the browser to a view that decodes there."""

from __future__ import annotations

from collections.abc import Sequence

import traitlets as T

from lmkit.decoding import Decoded
from lmkit.text import Tokenizer
from lmkit.widgets.base import decoders
from lmkit.widgets.base.checks import check_number
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.model_options import Model, ModelOption, files_of, model_options
from lmkit.widgets.labs.decoding import fallback
from lmkit.widgets.labs.decoding.settings import CONTROLS, Settings


class DecodingView(decoders.DecoderView, controls=CONTROLS):
    """Shows a decoded text and the distribution behind one of its tokens; `DecodingLab` adds the controls."""

    models = T.List(T.Dict(), help="What can be chosen: name, title, key, truth, own, prompts.").tag(sync=True)
    weights = T.Dict(help="The files of a reader's own models, by key.").tag(sync=True)
    suggestions = T.List(T.Unicode(), help="Prompts that suit the model; the view sets them.").tag(sync=True)


class DecodingLab(Lab[DecodingView]):
    """Decode text from a language model with sliders; works with a kernel, and on a page without one.

    Parameters
    ----------
    model : str, path, Pretrained or language model, optional
        A shipped model's name, the path of a model file, what `lmkit.pretrained.load` gives, or a model together with
        its `vocab`. Or a list to choose from, of names, paths and Pretrained: ``["stories", mine]``. By default
        Stories and Human Numbers are on option.
    vocab : Tokenizer, optional
        What the model was trained with, where `model` is a model alone.
    prompt : str, optional
        The text to continue, by default one that suits the model. Where texts end with `<eos>`, the prompt
        `<eos>` begins a new text. Ends of lines are shown, and may be typed, as ⏎.
    method : {"greedy", "sampling", "beam search"}
    temperature : float in [0.1, 3]
    top_k : int ≥ 1, optional
        None keeps every token.
    top_p : float in [0.05, 1]
    min_p : float in [0, 0.5]
        0 keeps every token.
    typical_p : float in [0.05, 1]
        1 keeps every token.
    num_beams : int in [1, 10]
    length_penalty : float in [-1, 2]
    max_new_tokens : int in [1, 100]
    seed : int in [0, 2³²)
        Names the stream of random numbers: the same seed, the same draw.
    position : int in [1, max_new_tokens]
        The step whose distribution is shown.
    show_entropy : bool
        Draw, for every new token, how open the choice was and how much the token surprises.
    controls : sequence of str, optional
        The controls to show, by default all that make a difference. Among `CONTROLS`.

    Attributes
    ----------
    controls : dict of str to ipywidget
    view : DecodingView

    Examples
    --------
    >>> DecodingLab("stories", top_p=0.9)
    DecodingLab('stories', prompt='one morning anna', method='sampling', temperature=1.0, top_p=0.9, seed=0)
    """

    def __init__(
        self,
        model: Model | Sequence[Model] | None = None,
        vocab: Tokenizer | None = None,
        *,
        prompt: str | None = None,
        method: str = "sampling",
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float = 0.9,
        min_p: float = 0.0,
        typical_p: float = 1.0,
        num_beams: int = 5,
        length_penalty: float = 1.0,
        max_new_tokens: int = 20,
        seed: int = 0,
        position: int = 1,
        show_entropy: bool = False,
        controls: Sequence[str] | None = None,
    ):
        self._options = model_options(model, vocab)
        prompt = self._options[0].prompts[0] if prompt is None else prompt
        self._options[0].ids("prompt", prompt)  # raises for a prompt that the model cannot read
        prompt = self._options[0].one_line(prompt)
        check_number("max_new_tokens", max_new_tokens, 1, decoders.MOST_NEW_TOKENS, whole=True)
        ks = decoders.choices_for_k(max(len(option.trained.vocab) for option in self._options), top_k)
        rows = CONTROLS.given(
            model={"options": {option.name: option.title for option in self._options}, "shown": len(self._options) > 1},
            prompt={"suggestions": self._options[0].prompts},
            top_k={"options": decoders.labels_for_k(ks)},
            position={"high": int(max_new_tokens)},
        )
        stored = rows.stored(
            prompt=prompt,
            method=method,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            typical_p=typical_p,
            num_beams=num_beams,
            length_penalty=length_penalty,
            max_new_tokens=max_new_tokens,
            seed=seed,
            position=position,
            show_entropy=show_entropy,
        )
        view = DecodingView(
            **stored,
            models=[option.entry() for option in self._options],
            weights=files_of(self._options),
            suggestions=self._options[0].prompts,
            top_ks=ks,
            **decoders.displays(method),
        )
        super().__init__(view, rows, controls)
        self.follow("suggestions", "options", "prompt")
        decoders.follow_displays(self)

    @property
    def _option(self) -> ModelOption:
        """The model that is chosen."""
        return self._options[self.rows["model"].stored(self.value("model"))]

    def decoding_settings(self) -> Settings:
        """Return those of the present settings that the text depends on, and its step shown."""
        return Settings(**{name: self.value(name) for name in Settings.__dataclass_fields__})

    def decode(self) -> list[Decoded]:
        """Return what Python's own decoders write with the present settings, best first; the page shows the same."""
        return self.decoding_settings().decode(self._option)

    def decoded(self) -> str:
        """Return the new tokens of the best text, as Python decodes them."""
        return self._option.trained.vocab.decode(self.decode()[0].tokens)

    def __repr__(self) -> str:
        values = self.decoding_settings().shown() | ({"show_entropy": True} if self.value("show_entropy") else {})
        named = ", ".join(f"{name}={value!r}" for name, value in values.items())
        return f"DecodingLab({self._option.name!r}, {named})"

    def picture(self) -> tuple[str, str]:
        """Draw the text and the bars of the present settings, as Python decodes them."""
        option = self._option
        return fallback.render(option, self.decoding_settings(), self.value("show_entropy"))
