"""The decoding lab: real ipywidgets sliders, linked in the browser to a view that decodes there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import ipywidgets
from IPython.display import HTML, display
from ipywidgets import Widget
from torch.nn import Module

from lmkit.decoding import Decoded
from lmkit.text import Vocab
from lmkit.widgets import picture, settings
from lmkit.widgets.offers import offers
from lmkit.widgets.settings import METHODS, Settings
from lmkit.widgets.view import DecodingView

CONTROLS = (
    "model", "method", "prompt", "temperature", "top_k", "top_p", "num_beams", "length_penalty", "seed",
    "position",
)  # fmt: skip
TOP_KS = [*range(1, 21), 25, 30, 40, 50, 75, 100, 150, 200, 300, 500]
# Where a control's value lies, and the trait of the view that it is linked to.
_BY_INDEX = {"model": "model_index", "method": "method_index", "top_k": "top_k_index"}
_SAMPLING, _BEAM = ("temperature", "top_k", "top_p", "seed"), ("num_beams", "length_penalty")


class DecodingLab(ipywidgets.VBox):
    """Decode text from a language model with sliders; works with a kernel, and on a page without one.

    Parameters
    ----------
    model : str or LSTMLanguageModel, optional
        The name of a shipped model, or any model together with its `vocab`. By default all shipped models are
        on offer.
    vocab : Vocab, optional
        The vocabulary of a model that is not shipped.
    prompt : str, optional
        The text to continue, by default one that suits the model. Where texts end with `<eos>`, the prompt
        `<eos>` begins a new text.
    method : {"greedy", "sampling", "beam search"}
    temperature : float in [0.1, 3]
    top_k : int ≥ 1, optional
        None keeps every token.
    top_p : float in [0.05, 1]
    num_beams : int in [1, 10]
    length_penalty : float in [-1, 2]
    max_new_tokens : int in [1, 100]
    seed : int in [0, 2³²)
        Names the stream of random numbers: the same seed, the same draw.
    position : int in [1, max_new_tokens]
        The step whose distribution is shown.
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
        model: str | Module | None = None,
        vocab: Vocab | None = None,
        *,
        prompt: str | None = None,
        method: str = "sampling",
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float = 0.9,
        num_beams: int = 5,
        length_penalty: float = 1.0,
        max_new_tokens: int = 20,
        seed: int = 0,
        position: int = 1,
        controls: Sequence[str] | None = None,
    ):
        self._offers = offers(model, vocab)
        prompt = self._offers[0].prompts[0] if prompt is None else prompt
        self._offers[0].trained.prompt_ids(prompt)  # raises for a prompt that the model cannot read
        start = Settings(
            prompt,
            method,
            temperature,
            top_k,
            top_p,
            num_beams,
            length_penalty,
            max_new_tokens,
            seed,
            position,
        )
        self._top_ks = [*sorted({*TOP_KS, *([top_k] if top_k else [])}), None]
        self.view = self._make_view(start)
        self.controls = {name: self._make_control(name, start) for name in self._shown(controls)}
        for name, control in self.controls.items():
            self._link(name, control)
        super().__init__(self._parts())
        self.add_class("lmkit-lab")

    def settings(self) -> Settings:
        """The present settings, as the controls have them."""
        values = {name: self._value(name) for name in Settings.__dataclass_fields__}
        values |= {"method": METHODS[values["method"]], "top_k": self._top_ks[values["top_k"]]}
        # A slider in the browser counts its steps in binary: .9 comes back as .9000000000000001.
        return Settings(**{name: round(v, 9) if isinstance(v, float) else v for name, v in values.items()})

    def decode(self) -> list[Decoded]:
        """What Python's own decoders write with the present settings, best first; the page shows the same."""
        return self._offers[self._value("model")].decode(self.settings())

    def decoded(self) -> str:
        """The new tokens of the best text, as Python decodes them."""
        return self._offers[self._value("model")].trained.vocab.decode(self.decode()[0].tokens)

    def __repr__(self) -> str:
        named = ", ".join(f"{k}={v!r}" for k, v in self.settings().applicable().items() if v is not None)
        return f"DecodingLab({self._offers[self._value('model')].name!r}, {named})"

    def _ipython_display_(self) -> None:
        """A picture for readers without JavaScript, then the widget."""
        display(HTML(picture.noscript(self._offers[self._value("model")], self.settings())))
        display(self._repr_mimebundle_(), raw=True)

    def _make_view(self, start: Settings) -> DecodingView:
        traits = {
            name: getattr(start, name) for name in Settings.__dataclass_fields__ if name not in _BY_INDEX
        }
        return DecodingView(
            **traits,
            models=[offer.entry() for offer in self._offers],
            weights=self._offers[0].weights,
            suggestions=self._offers[0].prompts,
            method_index=METHODS.index(start.method),
            top_ks=self._top_ks,
            top_k_index=self._top_ks.index(start.top_k),
            sampling_display="" if start.method == "sampling" else "none",
            beam_display="" if start.method == "beam search" else "none",
        )

    def _shown(self, names: Iterable[str] | None) -> list[str]:
        if names is None:
            return [name for name in CONTROLS if name != "model" or len(self._offers) > 1]
        if unknown := [name for name in names if name not in CONTROLS]:
            raise ValueError(f"controls must be among {list(CONTROLS)}, but {unknown[0]!r} is not")
        return [name for name in CONTROLS if name in set(names)]

    def _make_control(self, name: str, start: Settings) -> Widget:
        make = {
            "model": lambda: ipywidgets.Dropdown(options=_places([offer.title for offer in self._offers])),
            "method": lambda: ipywidgets.RadioButtons(
                options=_places(METHODS), value=METHODS.index(start.method), orientation="horizontal"
            ),
            "prompt": lambda: ipywidgets.Combobox(
                value=start.prompt, options=self._offers[0].prompts, continuous_update=True
            ),
            "temperature": lambda: _slider(start.temperature, settings.TEMPERATURE, 0.05),
            "top_k": lambda: self._top_k_slider(start),
            "top_p": lambda: _slider(start.top_p, settings.TOP_P, 0.05),
            "num_beams": lambda: _slider(start.num_beams, settings.NUM_BEAMS),
            "length_penalty": lambda: _slider(start.length_penalty, settings.LENGTH_PENALTY, 0.1),
            "seed": lambda: _number(start.seed, settings.SEED),
            "position": lambda: _slider(start.position, (1, start.max_new_tokens)),
        }[name]
        control = make()
        control.description, control.tooltip = LABELS[name]
        control.add_class(f"lmkit-{name.replace('_', '-')}")
        return control

    def _top_k_slider(self, start: Settings) -> ipywidgets.SelectionSlider:
        """Small k in single steps, large k in wide ones, and at the end all tokens."""
        labels = ["all" if k is None else str(k) for k in self._top_ks]
        slider = ipywidgets.SelectionSlider(options=_places(labels), value=self._top_ks.index(start.top_k))
        return slider.add_class("lmkit-choice")

    def _link(self, name: str, control: Widget) -> None:
        """Tie a control to the view in the browser, so that it also works where no Python listens."""
        ipywidgets.jslink(
            (control, "index" if name in _BY_INDEX else "value"), (self.view, _BY_INDEX.get(name, name))
        )
        if name == "prompt":
            ipywidgets.jslink((self.view, "suggestions"), (control, "options"))
        for group, display_trait in ((_SAMPLING, "sampling_display"), (_BEAM, "beam_display")):
            if name in group:
                control.layout.display = getattr(self.view, display_trait)
                ipywidgets.jslink((self.view, display_trait), (control.layout, "display"))

    def _value(self, name: str) -> Any:
        """The value of a control, or of the view where the lab does not show that control."""
        if name in self.controls:
            return self.controls[name].value
        return getattr(self.view, _BY_INDEX.get(name, name))

    def _parts(self) -> list[Widget]:
        box = ipywidgets.VBox(list(self.controls.values()))
        box.add_class("lmkit-controls")
        return [box, self.view] if self.controls else [self.view]


# The label of each control, and what it says when a pointer rests on it.
LABELS = {
    "model": ("Model", "The language model that writes"),
    "method": ("Method", "How the next token is chosen"),
    "prompt": ("Prompt", "The text to continue, words and punctuation marks apart"),
    "temperature": ("Temperature", "Below 1 sharpens the distribution, above 1 flattens it"),
    "top_k": ("Top k", "Keep the k most probable tokens"),
    "top_p": ("Top p", "Keep the fewest tokens whose probabilities reach p"),
    "num_beams": ("Beam width", "How many hypotheses go on side by side"),
    "length_penalty": ("Length penalty", "Above 0 favours longer texts, below 0 shorter ones"),
    "seed": ("Seed", "Names the random numbers: the same seed, the same draw"),
    "position": ("Step shown", "The new token whose alternatives are shown"),
}


def _places(labels: Iterable[str]) -> list[tuple[str, int]]:
    """Options whose value is their place: the browser knows the place only."""
    return [(label, place) for place, label in enumerate(labels)]


def _slider(value: float, limits: tuple[float, float], step: float | None = None) -> Widget:
    low, high = limits
    if step is None:
        return ipywidgets.IntSlider(value, low, high)
    fine = abs(value / step - round(value / step)) > 1e-9  # a slider shows only values on its grid
    return ipywidgets.FloatSlider(value=value, min=low, max=high, step=0.01 if fine else step)


def _number(value: int, limits: tuple[int, int]) -> Widget:
    return ipywidgets.BoundedIntText(value=value, min=limits[0], max=limits[1])
