"""The decoding lab: real ipywidgets sliders, linked in the browser to a view that decodes there."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets
import traitlets as T
from ipywidgets import Widget
from torch.nn import Module

from lmkit.decoding import Decoded
from lmkit.text import Vocab
from lmkit.widgets.base.lab import Lab, check_controls, described, number, places, slider
from lmkit.widgets.base.model_options import offers
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.decoding import fallback, settings
from lmkit.widgets.labs.decoding.settings import METHODS, Settings

CONTROLS = (
    "model",
    "method",
    "prompt",
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
    "num_beams",
    "length_penalty",
    "seed",
    "position",
    "show_entropy",
)
TOP_KS = [*range(1, 21), 25, 30, 40, 50, 75, 100, 150, 200, 300, 500]
# What is linked by its place among the options.
_BY_PLACE = {name: ("index", f"{name}_index") for name in ("model", "method", "top_k")}
_SAMPLING, _BEAM = (*settings.FILTERS, "seed"), ("num_beams", "length_penalty")


class DecodingView(View):
    """Shows a decoded text and the distribution behind one of its tokens; `DecodingLab` adds the controls."""

    models = T.List(T.Dict(), help="What can be chosen: name, title, key, truth, own, prompts.").tag(sync=True)
    weights = T.Bytes(b"", help="The model file of a reader's own model.").tag(sync=True)
    model_index = T.Int(0).tag(sync=True)
    method_index = T.Int(0, help="Place in settings.METHODS.").tag(sync=True)
    prompt = T.Unicode().tag(sync=True)
    suggestions = T.List(T.Unicode(), help="Prompts that suit the model; the view sets them.").tag(sync=True)
    temperature = T.Float(1.0).tag(sync=True)
    top_ks = T.List(T.Int(allow_none=True), help="The choices for k; None keeps every token.").tag(sync=True)
    top_k_index = T.Int(0).tag(sync=True)
    top_p = T.Float(1.0).tag(sync=True)
    min_p = T.Float(0.0).tag(sync=True)
    typical_p = T.Float(1.0).tag(sync=True)
    num_beams = T.Int(5).tag(sync=True)
    length_penalty = T.Float(1.0).tag(sync=True)
    max_new_tokens = T.Int(20).tag(sync=True)
    seed = T.Int(0).tag(sync=True)
    position = T.Int(1, help="The step that is inspected, from 1.").tag(sync=True)
    show_entropy = T.Bool(False).tag(sync=True)
    sampling_display = T.Unicode("", help="CSS display of sampling's controls; the view sets it.").tag(sync=True)
    beam_display = T.Unicode("", help="CSS display of beam search's controls; the view sets it.").tag(sync=True)


class DecodingLab(Lab):
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
        model: str | Module | None = None,
        vocab: Vocab | None = None,
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
        self._offers = offers(model, vocab)
        prompt = self._offers[0].prompts[0] if prompt is None else prompt
        self._offers[0].trained.prompt_ids(prompt)  # raises for a prompt that the model cannot read
        start = Settings(
            prompt,
            method,
            temperature,
            top_k,
            top_p,
            min_p,
            typical_p,
            num_beams,
            length_penalty,
            max_new_tokens,
            seed,
            position,
        )
        if not isinstance(show_entropy, bool):
            raise ValueError(f"show_entropy must be True or False, but it is {show_entropy!r}")
        self._top_ks = [*sorted({*TOP_KS, *([top_k] if top_k else [])}), None]
        shown = check_controls(controls, CONTROLS)
        if controls is None and len(self._offers) == 1:
            shown.remove("model")
        view = self._make_view(start, show_entropy)
        super().__init__(view, {name: self._make_control(name, start, view) for name in shown}, _BY_PLACE)
        self._link_more()

    def settings(self) -> Settings:
        """The present settings, as the controls have them."""
        values = {name: self.value(name) for name in Settings.__dataclass_fields__}
        values |= {"method": METHODS[values["method"]], "top_k": self._top_ks[values["top_k"]]}
        # A slider in the browser counts its steps in binary: .9 comes back as .9000000000000001.
        return Settings(**{name: round(v, 9) if isinstance(v, float) else v for name, v in values.items()})

    def decode(self) -> list[Decoded]:
        """What Python's own decoders write with the present settings, best first; the page shows the same."""
        return self._offers[self.value("model")].decode(self.settings())

    def decoded(self) -> str:
        """The new tokens of the best text, as Python decodes them."""
        return self._offers[self.value("model")].trained.vocab.decode(self.decode()[0].tokens)

    def __repr__(self) -> str:
        values = self.settings().applicable() | ({"show_entropy": True} if self.value("show_entropy") else {})
        named = ", ".join(f"{name}={value!r}" for name, value in values.items())
        return f"DecodingLab({self._offers[self.value('model')].name!r}, {named})"

    def picture(self) -> tuple[str, str]:
        """The text and the bars of the present settings, as Python decodes them."""
        offer = self._offers[self.value("model")]
        return fallback.render(offer, self.settings(), self.value("show_entropy"))

    def _make_view(self, start: Settings, show_entropy: bool) -> DecodingView:
        traits = {name: getattr(start, name) for name in Settings.__dataclass_fields__ if name not in _BY_PLACE}
        return DecodingView(
            **traits,
            models=[offer.entry() for offer in self._offers],
            weights=self._offers[0].weights,
            suggestions=self._offers[0].prompts,
            method_index=METHODS.index(start.method),
            top_ks=self._top_ks,
            top_k_index=self._top_ks.index(start.top_k),
            show_entropy=show_entropy,
            sampling_display="" if start.method == "sampling" else "none",
            beam_display="" if start.method == "beam search" else "none",
        )

    def _make_control(self, name: str, start: Settings, view: DecodingView) -> Widget:
        make = {
            "model": lambda: ipywidgets.Dropdown(options=places([offer.title for offer in self._offers])),
            "method": lambda: ipywidgets.RadioButtons(
                options=places(METHODS), value=METHODS.index(start.method), orientation="horizontal"
            ),
            "prompt": lambda: ipywidgets.Combobox(
                value=start.prompt, options=self._offers[0].prompts, continuous_update=True
            ),
            "temperature": lambda: slider(start.temperature, settings.TEMPERATURE, 0.05),
            "top_k": lambda: self._top_k_slider(start),
            "top_p": lambda: slider(start.top_p, settings.TOP_P, 0.05),
            "min_p": lambda: slider(start.min_p, settings.MIN_P, 0.01),
            "typical_p": lambda: slider(start.typical_p, settings.TYPICAL_P, 0.05),
            "num_beams": lambda: slider(start.num_beams, settings.NUM_BEAMS),
            "length_penalty": lambda: slider(start.length_penalty, settings.LENGTH_PENALTY, 0.1),
            "seed": lambda: number(start.seed, settings.SEED),
            "position": lambda: slider(start.position, (1, start.max_new_tokens)),
            "show_entropy": lambda: ipywidgets.Checkbox(view.show_entropy, indent=False),
        }[name]
        return described(make(), *LABELS[name])

    def _top_k_slider(self, start: Settings) -> ipywidgets.SelectionSlider:
        """Small k in single steps, large k in wide ones, and at the end all tokens."""
        labels = ["all" if k is None else str(k) for k in self._top_ks]
        return ipywidgets.SelectionSlider(options=places(labels), value=self._top_ks.index(start.top_k))

    def _link_more(self) -> None:
        """What the view tells its controls: prompts to suggest, and which of them apply."""
        if "prompt" in self.controls:
            ipywidgets.jslink((self.view, "suggestions"), (self.controls["prompt"], "options"))
        for group, trait in ((_SAMPLING, "sampling_display"), (_BEAM, "beam_display")):
            for control in (self.controls[name] for name in group if name in self.controls):
                control.layout.display = getattr(self.view, trait)
                ipywidgets.jslink((self.view, trait), (control.layout, "display"))


# The label of each control, what it says when a pointer rests on it, and how it stands.
LABELS = {
    "model": ("Model", "The language model that writes"),
    "method": ("Method", "How the next token is chosen", "lmkit-wide", "lmkit-switch"),
    "prompt": ("Prompt", "The text to continue, words and punctuation marks apart", "lmkit-wide"),
    "temperature": ("Temperature", "Below 1 sharpens the distribution, above 1 flattens it"),
    "top_k": ("Top k", "Keep the k most probable tokens", "lmkit-choice"),
    "top_p": ("Top p", "Keep the fewest tokens whose probabilities reach p"),
    "min_p": ("Min p", "Keep tokens at least this many times as probable as the most probable one; 0 keeps all"),
    "typical_p": ("Typical p", "Keep the tokens that surprise about as expected, until they reach p; 1 keeps all"),
    "num_beams": ("Beam width", "How many hypotheses go on side by side"),
    "length_penalty": ("Length penalty", "Above 0 favours longer texts, below 0 shorter ones"),
    "seed": ("Seed", "Names the random numbers: the same seed, the same draw"),
    "position": ("Step shown", "The new token whose alternatives are shown"),
    "show_entropy": ("Show entropy", "How open each choice was, and how much the chosen token surprises"),
}
