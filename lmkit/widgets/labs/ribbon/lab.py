"""The ribbon lab: what a filter keeps at every step of a text, beside what can truly come next."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import ipywidgets
import torch
import traitlets as T
from torch import Tensor
from torch.nn import Module

from lmkit import decoding
from lmkit.datasets import stories
from lmkit.text import Vocab, tokenize
from lmkit.widgets.base.lab import Lab, check_controls, check_number, described, places, slider
from lmkit.widgets.base.model_options import Offer, offers
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.ribbon import fallback
from lmkit.widgets.labs.ribbon.measured import Measured

METHODS = ("top-k", "top-p", "min-p", "typical")
MOST_TOKENS = 120
MIN_PS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0]
LIMITS = {
    "top_k": (1, 50),
    "top_p": (0.05, 1.0),
    "min_p": (0.0, 1.0),
    "typical_p": (0.05, 1.0),
    "temperature": (0.1, 3.0),
}
# The parameter of each method, in their order; its control is shown only while its method is chosen.
OWN = ("top_k", "top_p", "min_p", "typical_p")
CONTROLS = ("story", "text", "method", *OWN, "temperature", "step")
_BY_PLACE = {name: ("index", f"{name}_index") for name in ("story", "method", "min_p")}


class RibbonView(View):
    """Filters every step of a text; `RibbonLab` adds the controls."""

    offer = T.Dict(help="The model: name, title, key, truth, own.").tag(sync=True)
    weights = T.Bytes(b"", help="The model file of a reader's own model.").tag(sync=True)
    stories = T.List(T.Unicode(), help="Texts to choose from.").tag(sync=True)
    story_index = T.Int(0, help="Place in `stories`; the place after the last is the reader's own text.").tag(sync=True)
    text = T.Unicode().tag(sync=True)
    method_index = T.Int(1, help="Place in METHODS.").tag(sync=True)
    top_k = T.Int(5).tag(sync=True)
    top_p = T.Float(0.9).tag(sync=True)
    min_ps = T.List(T.Float(), help="The choices for min-p.").tag(sync=True)
    min_p_index = T.Int(0).tag(sync=True)
    typical_p = T.Float(0.9).tag(sync=True)
    temperature = T.Float(1.0).tag(sync=True)
    step = T.Int(1, help="The step whose words are shown, from 1.").tag(sync=True)
    steps = T.Int(1, help="How many there are; the view sets it.").tag(sync=True)
    top_k_display = T.Unicode("", help="CSS display of the control; the view sets these four.").tag(sync=True)
    top_p_display = T.Unicode("").tag(sync=True)
    min_p_display = T.Unicode("").tag(sync=True)
    typical_p_display = T.Unicode("").tag(sync=True)


class RibbonLab(Lab):
    """See what a filter keeps at every step of a text; works with a kernel, and on a page without one.

    Parameters
    ----------
    text : str, optional
        The text that the model reads, in words of Stories; by default the first of some stories to choose from.
    method : {"top-k", "top-p", "min-p", "typical"}
        The filter. The next four are its parameter, one for each filter.
    top_k : int in [1, 50]
    top_p : float in [0.05, 1]
    min_p : float in [0, 1]
    typical_p : float in [0.05, 1]
    temperature : float in [0.1, 3]
        Divides the logits before the filter.
    step : int in [1, number of tokens]
        The step whose words are shown.
    model : str or LSTMLanguageModel
        A model of Stories, whose truth is known.
    vocab : Vocab, optional
        The vocabulary of a model that is not shipped.
    controls : sequence of str, optional
        The controls to show, among `CONTROLS`; by default all.

    Raises
    ------
    ValueError
        If an argument is out of range, or the model does not speak Stories.
    UnknownWordError
        If the text holds a word that Stories has not.

    Examples
    --------
    >>> RibbonLab("one morning anna walked to the river .", method="top-k", top_k=3)
    RibbonLab('one morning anna walked to the river .', method='top-k', top_k=3, temperature=1.0, step=1)
    """

    def __init__(
        self,
        text: str | None = None,
        *,
        method: str = "top-p",
        top_k: int = 5,
        top_p: float = 0.9,
        min_p: float = 0.1,
        typical_p: float = 0.9,
        temperature: float = 1.0,
        step: int = 1,
        model: str | Module = "stories",
        vocab: Vocab | None = None,
        controls: Sequence[str] | None = None,
    ):
        self._offer, self._read = _checked_offer(model, vocab), (None, None)
        told = examples()
        text = told[0] if text is None else text
        steps = len(self._ids(text)) - 1
        values = {"top_k": top_k, "top_p": top_p, "min_p": min_p, "typical_p": typical_p, "temperature": temperature}
        for name, value in values.items():
            check_number(name, value, LIMITS[name], whole=name == "top_k")
        if method not in METHODS:
            raise ValueError(f"method must be one of {list(METHODS)}, but it is {method!r}")
        check_number("step", step, (1, steps), whole=True)
        min_ps = sorted({*MIN_PS, float(values.pop("min_p"))})
        view = RibbonView(
            **values,
            offer=self._offer.entry(),
            weights=self._offer.weights,
            stories=told,
            text=text,
            story_index=told.index(text) if text in told else len(told),
            method_index=METHODS.index(method),
            min_ps=min_ps,
            min_p_index=min_ps.index(min_p),
            step=step,
            steps=steps,
            **{f"{name}_display": "" if method == METHODS[i] else "none" for i, name in enumerate(OWN)},
        )
        super().__init__(view, {name: _control(name, view) for name in check_controls(controls, CONTROLS)}, _BY_PLACE)
        self._link_more()

    def settings(self) -> dict[str, Any]:
        """The present settings, as the controls have them, by the names of `filter_logits`."""
        method = self.value("method")
        # A slider in the browser counts its steps in binary: .9 comes back as .9000000000000001.
        value = self.view.min_ps[self.value("min_p")] if OWN[method] == "min_p" else round(self.value(OWN[method]), 9)
        return {OWN[method]: value, "temperature": round(self.value("temperature"), 9)}

    def measure(self) -> Measured:
        """What Python's own filter does at every step with the present settings; the page shows the same."""
        ids = self._ids(self.value("text"))
        log_probs, truth = self.read_along()
        cut = decoding.filter_logits(log_probs, **self.settings())
        kept, known = cut.isfinite(), truth.sum(dim=-1) > 0
        possible = truth > 0
        wrong = kept & ~possible & known[:, None]
        return Measured(
            kept=kept.sum(dim=-1),
            right=(kept & possible).sum(dim=-1),
            wrong=wrong.sum(dim=-1),
            missing=(~kept & possible).sum(dim=-1),
            false_mass=(cut.double().softmax(dim=-1) * wrong).sum(dim=-1),
            missed_mass=(truth * ~kept).sum(dim=-1),
            allowed=kept[torch.arange(len(kept)), torch.tensor(ids[1:])],
            known=known,
        )

    def read_along(self) -> tuple[Tensor, Tensor]:
        """The model's log-probabilities before every token of the text, and the true probabilities, each (L, V)."""
        if self._read[0] != self.value("text"):
            self._read = (self.value("text"), self._read_anew(self._ids(self.value("text"))))
        return self._read[1]

    def _read_anew(self, ids: list[int]) -> tuple[Tensor, Tensor]:
        words = self._offer.trained.vocab.words
        rows, state, oracle = [], None, stories.Oracle()
        truth = torch.zeros(len(ids) - 1, len(words), dtype=torch.float64)
        for t, (token, following) in enumerate(zip(ids, ids[1:], strict=False)):
            log_probs, state = self._offer.step(torch.tensor([token]), state)
            rows.append(log_probs[0])
            for word, p in oracle.next().items():
                truth[t, self._offer.trained.vocab.id(word)] = p
            ended = oracle.read(words[following]) and following == self._offer.trained.eos_token_id
            oracle = stories.Oracle() if ended else oracle
        return torch.stack(rows), truth

    def __repr__(self) -> str:
        settings = self.settings()
        named = {"method": METHODS[self.value("method")], **settings, "step": self.value("step")}
        return f"RibbonLab({self.value('text')!r}, {', '.join(f'{k}={v!r}' for k, v in named.items())})"

    def picture(self) -> tuple[str, str]:
        """The ribbon of the present settings, and in words what it comes to."""
        return fallback.render(self.measure(), METHODS[self.value("method")], self.settings(), self.value("text"))

    def _ids(self, text: str) -> list[int]:
        """The end token and the text, if it is one that can be shown."""
        if tokenize(text) in ([], [stories.load_grammar().end]):
            raise ValueError("text must hold at least one word, but it is empty; give it a few words")
        ids = self._offer.trained.prompt_ids(text)
        if len(ids) - 1 > MOST_TOKENS:
            raise ValueError(f"text must hold at most {MOST_TOKENS} words, but it holds {len(ids) - 1}; shorten it")
        return ids

    def _link_more(self) -> None:
        """What the view tells its controls: how many steps there are, and which filter's parameter applies."""
        if "step" in self.controls:
            ipywidgets.jslink((self.view, "steps"), (self.controls["step"], "max"))
        for name in (name for name in OWN if name in self.controls):
            self.controls[name].layout.display = getattr(self.view, f"{name}_display")
            ipywidgets.jslink((self.view, f"{name}_display"), (self.controls[name].layout, "display"))


def examples() -> list[str]:
    """Some stories that the grammar has written, end token included."""
    supply = list(islice(stories.stories(seed=11), 24))
    return [" ".join(supply[place]) for place in (0, 5, 23, 12)]


def _checked_offer(model: str | Module, vocab: Vocab | None) -> Offer:
    if model is None:
        raise ValueError("model must be a model of Stories, but it is None; leave it out for the one that is shipped")
    offer = offers(model, vocab)[0]
    if not offer.has_truth():
        raise ValueError(f"model must speak Stories, whose truth is known, but {offer.name!r} has another vocabulary")
    return offer


def _control(name: str, view: RibbonView) -> ipywidgets.Widget:
    value = getattr(view, _BY_PLACE.get(name, ("", name))[1])
    make = {
        "story": lambda: ipywidgets.Dropdown(options=places(_titles(view.stories)), value=value),
        "text": lambda: ipywidgets.Text(value=value, continuous_update=True),
        "method": lambda: ipywidgets.RadioButtons(options=places(METHODS), value=value, orientation="horizontal"),
        "top_k": lambda: slider(value, LIMITS[name]),
        "top_p": lambda: slider(value, LIMITS[name], 0.01),
        "min_p": lambda: ipywidgets.SelectionSlider(options=places(map(str, view.min_ps)), value=value),
        "typical_p": lambda: slider(value, LIMITS[name], 0.01),
        "temperature": lambda: slider(value, LIMITS[name], 0.05),
        "step": lambda: slider(value, (1, view.steps)),
    }[name]
    return described(make(), *LABELS[name])


def _titles(told: Sequence[str]) -> list[str]:
    shown = [f"{' '.join(story.split()[:8])} … ({len(story.split())} tokens)" for story in told]
    return [*shown, "a text of your own"]


# The label of each control, what it says when a pointer rests on it, and how it stands.
LABELS = {
    "story": ("Story", "A story that the grammar has written", "lmkit-wide"),
    "text": ("Text", "The text that is read, words and punctuation marks apart", "lmkit-wide"),
    "method": ("Filter", "Which words are kept", "lmkit-wide", "lmkit-switch"),
    "top_k": ("Top k", "Keep the k most probable words"),
    "top_p": ("Top p", "Keep the fewest words whose probabilities reach p"),
    "min_p": ("Min p", "Keep words at least so many times as probable as the best", "lmkit-choice"),
    "typical_p": ("Typical p", "Keep the words whose surprisal is nearest to the entropy, until they reach p"),
    "temperature": ("Temperature", "Below 1 sharpens the distribution, above 1 flattens it, before the filter"),
    "step": ("Step shown", "The step whose words are shown"),
}
