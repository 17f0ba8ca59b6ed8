"""The ribbon lab: what a filter keeps at every step of a text, beside what can truly come next where that is known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import traitlets as T
from torch import Tensor

from lmkit import decoding
from lmkit.datasets import stories
from lmkit.text import END, Tokenizer, tokenize
from lmkit.widgets.base.checks import check_number, check_text
from lmkit.widgets.base.controls import Choice, Controls, Slider, TextField
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.model_options import Model, files_of, model_option
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.ribbon import fallback
from lmkit.widgets.labs.ribbon.filter_effect import FilterEffect
from lmkit.widgets.labs.ribbon.texts import OWN_TEXT, texts_for, titles, written_by

MOST_WORDS = 120
MIN_PS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0]
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


# What the rows say of the text where tokens are not words that stand apart, and where nobody knows what can come next.
RUNNING_TEXT = {"tooltip": "The text that is read; ⏎ ends a line"}
PASSAGE = {"label": "Passage", "tooltip": "A text that suits the model"}


class RibbonView(View, controls=CONTROLS):
    """Filters every step of a text; `RibbonLab` adds the controls."""

    option = T.Dict(help="The model: name, title, key, truth, own.").tag(sync=True)
    weights = T.Dict(help="The files of a reader's own models, by key.").tag(sync=True)
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
    model : str, path, Pretrained or language model, optional
        A shipped model's name, the path of a model file, what `lmkit.pretrained.load` gives, or a model together with
        its `vocab`. By default Stories, the only ones whose truth is known. With other models the lab shows what is
        kept, and whether the text's own tokens are. A model without an end token has nothing before the first token of
        a text, so the steps begin with the second.
    vocab : Tokenizer, optional
        What the model was trained with, where `model` is a model alone.
    text : str, optional
        The text that the model reads, at most 120 tokens; by default the first of some that suit the model, or what a
        model of your own writes by itself. Of running text ⏎ may stand for the end of a line.
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
    controls : sequence of str, optional
        The controls to show, among `CONTROLS`; by default all.

    Raises
    ------
    ValueError
        If an argument is out of range, or the text is empty or too long.
    UnknownWordError
        If the text holds a word that the vocabulary has not.

    Examples
    --------
    >>> RibbonLab(text="one morning anna walked .", method="top-k", top_k=3)
    RibbonLab('stories', text='one morning anna walked .', method='top-k', top_k=3, temperature=1.0, step=1)
    >>> RibbonLab("shakespeare", text="To be, or not to be")
    RibbonLab('shakespeare', text='To be, or not to be', method='top-p', top_p=0.9, temperature=1.0, step=1)
    """

    def __init__(
        self,
        model: Model | None = None,
        vocab: Tokenizer | None = None,
        *,
        text: str | None = None,
        method: str = "top-p",
        top_k: int = 5,
        top_p: float = 0.9,
        min_p: float = 0.1,
        typical_p: float = 0.9,
        temperature: float = 1.0,
        step: int = 1,
        controls: Sequence[str] | None = None,
    ):
        self._option = option = model_option(model, vocab)
        self._read: tuple[str, tuple[Tensor, Tensor]] | None = None  # a text, and what was found along it
        told = texts_for(option)
        text = (told[0] if told else written_by(option)) if text is None else text
        steps = len(self._ids(text)) - 1
        text = option.one_line(text)
        check_number("min_p", min_p, 0, 1)
        min_ps = sorted({*MIN_PS, float(min_p)})
        rows = CONTROLS.given(
            story={"options": dict(zip([*told, OWN_TEXT], titles(option, told), strict=True)), "offered": bool(told)}
            | ({} if option.has_truth() else PASSAGE),
            text={} if option.trained.vocab.kind == "split" else RUNNING_TEXT,
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
            option=option.entry(),
            weights=files_of([option]),
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
        cut = decoding.filter_logits(self._option.allowed(log_probs), **self.settings())
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
        """Return the model's log-probabilities before every token of the text, and true probabilities, each (L, V).

        True probabilities are zeros where they are not known. Of a model without an end token, L is one less than the
        text's length, for the first token has nothing before it.
        """
        text = self.value("text")
        if self._read is None or self._read[0] != text:
            self._read = text, self._read_anew(self._ids(text))
        return self._read[1]

    def _read_anew(self, ids: list[int]) -> tuple[Tensor, Tensor]:
        rows, state = [], None
        for token in ids[:-1]:
            log_probs, state = self._option.step(torch.tensor([token]), state)
            rows.append(log_probs[0])
        told = torch.stack(rows)
        return told, self._truth(ids) if self._option.has_truth() else torch.zeros_like(told, dtype=torch.float64)

    def _truth(self, ids: list[int]) -> Tensor:
        vocab, oracle = self._option.trained.vocab, stories.Oracle()
        truth = torch.zeros(len(ids) - 1, len(vocab), dtype=torch.float64)
        for t, following in enumerate(ids[1:]):
            for word, p in oracle.next().items():
                truth[t, vocab.id(word)] = p
            ended = oracle.read(vocab.words[following]) and following == self._option.trained.eos_token_id
            oracle = stories.Oracle() if ended else oracle
        return truth

    def __repr__(self) -> str:
        settings = self.settings()
        named = {name: self.value(name) for name in ("text", "method")} | settings | {"step": self.value("step")}
        return f"RibbonLab({self._option.name!r}, {', '.join(f'{k}={v!r}' for k, v in named.items())})"

    def picture(self) -> tuple[str, str]:
        """Draw the ribbon of the present settings, and in words what it comes to."""
        words, size = self.value("text"), len(self._option.trained.vocab)
        return fallback.render(self.filter_effect(), self.value("method"), self.settings(), words, size)

    def _ids(self, text: str) -> list[int]:
        """Return a text as the model reads it, if it is one that can be shown: the end token first, if it has one."""
        check_text("text", text)
        begun = self._option.trained.eos_token_id is not None
        if begun and tokenize(text) in ([], [END]):
            raise ValueError("text must hold at least one word, but it is empty; give it a few words")
        ids = self._option.ids("text", text, MOST_WORDS)
        if len(ids) < 2:
            raise ValueError(
                "text must hold at least two tokens, for nothing stands before the first, but it holds 1; lengthen it"
            )
        return ids
