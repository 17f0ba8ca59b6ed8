"""The ribbon lab: what a filter keeps at every step of a text, beside what can truly come next."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import torch
import traitlets as T
from torch import Tensor
from torch.nn import Module

from lmkit import decoding
from lmkit.datasets import stories
from lmkit.text import Tokenizer, tokenize
from lmkit.widgets.base.checks import about, check_number, check_text, check_words
from lmkit.widgets.base.controls import Choice, Controls, Slider, TextField
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.model_options import ModelOption, model_options
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.ribbon import fallback
from lmkit.widgets.labs.ribbon.filter_effect import FilterEffect

MOST_WORDS = 120
MIN_PS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0]
OWN_TEXT = "a text of your own"
# The parameter of each method; its control is shown only while its method is chosen.
PARAMETERS = {"top-k": "top_k", "top-p": "top_p", "min-p": "min_p", "typical": "typical_p"}
CONTROLS = Controls(
    story=Choice("Story", "A story that the grammar has written", form="list", wide=True),
    text=TextField("Text", "The text that is read, words and punctuation marks apart", wide=True),
    method=Choice("Filter", "Which words are kept", tuple(PARAMETERS), wide=True),
    top_k=Slider("Top k", "Keep the k most probable words", 1, 50),
    top_p=Slider("Top p", "Keep the fewest words whose probabilities reach p", 0.05, 1.0, step=0.01),
    min_p=Choice("Min p", "Keep words at least so many times as probable as the best", MIN_PS, "slider"),
    typical_p=Slider(
        "Typical p",
        "Keep the words whose surprisal is nearest to the entropy, until they reach p",
        0.05,
        1.0,
        step=0.01,
    ),
    temperature=Slider(
        "Temperature",
        "Below 1 sharpens the distribution, above 1 flattens it, before the filter",
        0.1,
        3.0,
        step=0.05,
    ),
    step=Slider("Step shown", "The step whose words are shown", 1, 1),
)


class RibbonView(View, controls=CONTROLS):
    """Filters every step of a text; `RibbonLab` adds the controls."""

    option = T.Dict(help="The model: name, title, key, truth, own.").tag(sync=True)
    weights = T.Bytes(b"", help="The model file of a reader's own model.").tag(sync=True)
    stories = T.List(T.Unicode(), help="Texts to choose from.").tag(sync=True)
    min_ps = T.List(T.Float(), help="The choices for min-p.").tag(sync=True)
    steps = T.Int(1, help="How many there are; the view sets it.").tag(sync=True)
    top_k_display = T.Unicode("", help="CSS display of the control; the view sets these four.").tag(sync=True)
    top_p_display = T.Unicode("").tag(sync=True)
    min_p_display = T.Unicode("").tag(sync=True)
    typical_p_display = T.Unicode("").tag(sync=True)


class RibbonLab(Lab[RibbonView]):
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
    vocab : Tokenizer, optional
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
        vocab: Tokenizer | None = None,
        controls: Sequence[str] | None = None,
    ):
        self._option = _checked_offer(model, vocab)
        self._read: tuple[str, tuple[Tensor, Tensor]] | None = None  # a text, and what was found along it
        told = examples()
        text = told[0] if text is None else text
        steps = len(self._ids(text)) - 1
        check_number("min_p", min_p, 0, 1)
        min_ps = sorted({*MIN_PS, float(min_p)})
        rows = CONTROLS.given(
            story={"options": dict(zip([*told, OWN_TEXT], _titles(told), strict=True))},
            min_p={"options": min_ps},
            step={"high": steps},
        )
        stored = rows.stored(
            story=text if text in told else OWN_TEXT,
            text=text,
            method=method,
            top_k=top_k,
            top_p=top_p,
            min_p=float(min_p),
            typical_p=typical_p,
            temperature=temperature,
            step=step,
        )
        view = RibbonView(
            **stored,
            option=self._option.entry(),
            weights=self._option.weights,
            stories=told,
            min_ps=min_ps,
            steps=steps,
            **{f"{name}_display": "" if method == known else "none" for known, name in PARAMETERS.items()},
        )
        super().__init__(view, rows, controls)
        self.follow("steps", "max", "step")
        for name in PARAMETERS.values():
            self.follow(f"{name}_display", "display", name)

    def settings(self) -> dict[str, Any]:
        """Return the present settings, as the controls have them, by the names of `filter_logits`."""
        return {name: self.value(name) for name in (PARAMETERS[self.value("method")], "temperature")}

    def filter_effect(self) -> FilterEffect:
        """Apply Python's own filter at every step with the present settings; the page shows the same."""
        ids = self._ids(self.value("text"))
        log_probs, truth = self.read_along()
        cut = decoding.filter_logits(log_probs, **self.settings())
        kept, known = cut.isfinite(), truth.sum(dim=-1) > 0
        possible = truth > 0
        wrong = kept & ~possible & known[:, None]
        return FilterEffect(
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
        """Return the model's log-probabilities before every token of the text, and true probabilities, each (L, V)."""
        text = self.value("text")
        if self._read is None or self._read[0] != text:
            self._read = text, self._read_anew(self._ids(text))
        return self._read[1]

    def _read_anew(self, ids: list[int]) -> tuple[Tensor, Tensor]:
        words = self._option.trained.vocab.words
        rows, state, oracle = [], None, stories.Oracle()
        truth = torch.zeros(len(ids) - 1, len(words), dtype=torch.float64)
        for t, (token, following) in enumerate(zip(ids, ids[1:], strict=False)):
            log_probs, state = self._option.step(torch.tensor([token]), state)
            rows.append(log_probs[0])
            for word, p in oracle.next().items():
                truth[t, self._option.trained.vocab.id(word)] = p
            ended = oracle.read(words[following]) and following == self._option.trained.eos_token_id
            oracle = stories.Oracle() if ended else oracle
        return torch.stack(rows), truth

    def __repr__(self) -> str:
        settings = self.settings()
        named = {"method": self.value("method"), **settings, "step": self.value("step")}
        return f"RibbonLab({self.value('text')!r}, {', '.join(f'{k}={v!r}' for k, v in named.items())})"

    def picture(self) -> tuple[str, str]:
        """Draw the ribbon of the present settings, and in words what it comes to."""
        return fallback.render(self.filter_effect(), self.value("method"), self.settings(), self.value("text"))

    def _ids(self, text: str) -> list[int]:
        """Return the end token and the text, if it is one that can be shown."""
        check_text("text", text)
        if tokenize(text) in ([], [stories.load_grammar().end]):
            raise ValueError("text must hold at least one word, but it is empty; give it a few words")
        check_words("text", text, MOST_WORDS)
        with about("text"):
            return self._option.trained.prompt_ids(text)


def examples() -> list[str]:
    """Return some stories that the grammar has written, end token included."""
    supply = list(islice(stories.stories(seed=11), 24))
    return [" ".join(supply[place]) for place in (0, 5, 23, 12)]


def _checked_offer(model: str | Module, vocab: Tokenizer | None) -> ModelOption:
    if model is None:
        raise ValueError("model must be a model of Stories, but it is None; leave it out for the one that is shipped")
    option = model_options(model, vocab)[0]
    if not option.has_truth():
        raise ValueError(f"model must speak Stories, whose truth is known, but {option.name!r} has another vocabulary")
    return option


def _titles(told: Sequence[str]) -> list[str]:
    shown = [f"{' '.join(story.split()[:8])} … ({len(story.split())} tokens)" for story in told]
    return [*shown, OWN_TEXT]
