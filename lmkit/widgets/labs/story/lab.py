"""The story lab: a text that writes itself, with temperature and top-p under the reader's thumb."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import torch
import traitlets as T

from lmkit import decoding
from lmkit.datasets import stories
from lmkit.text import Tokenizer
from lmkit.widgets.base import decoders
from lmkit.widgets.base.controls import Controls, Slider, TextField
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.model_options import Model, ModelOption, files_of, model_option
from lmkit.widgets.base.svg import INK, LINE, MUTED, document, text
from lmkit.widgets.base.view import View

CONTROLS = Controls(
    prompt=TextField("Prompt", "The text to continue", offered=False),
    temperature=decoders.ROWS["temperature"],
    top_p=decoders.ROWS["top_p"],
    max_new_tokens=Slider("New tokens", "How many tokens are written at most", 1, 60, offered=False),
    seed=decoders.ROWS["seed"],
)


class Written(NamedTuple):
    """A text as Python writes it with a lab's settings; the page writes the same.

    Attributes
    ----------
    tokens : list of int
    choice : float ≥ 1
        Among how many equally probable tokens each was chosen, on average: e to the mean entropy of what temperature
        and top-p left.
    impossible : int or None
        The first token, counted from 0, that the grammar cannot write there; None where there is none, or no grammar.
    """

    tokens: list[int]
    choice: float
    impossible: int | None


class StoryView(View, controls=CONTROLS):
    """Shows a text that writes itself; `StoryLab` adds the controls."""

    models = T.List(T.Dict(), help="The model, see `ModelOption.entry`.").tag(sync=True)
    unit = T.Unicode("word", help="What a token of the model is.").tag(sync=True)
    weights = T.Dict(help="The files of a reader's own models, by key.").tag(sync=True)


class StoryLab(Lab[StoryView]):
    """Watch a text write itself; works with a kernel, and on a page without one.

    A lab for a first look: one text, two sliders, and a button for another text.

    Parameters
    ----------
    model : str, path, Pretrained or language model, optional
        A shipped model's name, the path of a model file, what `lmkit.pretrained.load` gives, or a model together with
        its `vocab`. By default Stories.
    vocab : Tokenizer, optional
        What the model was trained with, where `model` is a model alone.
    prompt : str, optional
        The text to continue, by default one that suits the model.
    temperature : float in [0.1, 3]
    top_p : float in [0.05, 1]
    max_new_tokens : int in [1, 60]
    seed : int in [0, 2³²)
        Names the stream of random numbers: the same seed, the same draw.
    controls : sequence of str, optional
        The controls to show, by default the two sliders. Among `CONTROLS`.

    Examples
    --------
    >>> StoryLab("stories", temperature=0.8)
    StoryLab('stories', prompt='one morning anna', temperature=0.8, top_p=0.9, seed=0)
    """

    def __init__(
        self,
        model: Model | None = None,
        vocab: Tokenizer | None = None,
        *,
        prompt: str | None = None,
        temperature: float = 1.0,
        top_p: float = 0.9,
        max_new_tokens: int = 40,
        seed: int = 0,
        controls: Sequence[str] | None = ("temperature", "top_p"),
    ):
        self._option = option = model_option(model, vocab)
        prompt = option.prompts[0] if prompt is None else prompt
        option.ids("prompt", prompt)  # raises for a prompt that the model cannot read
        stored = CONTROLS.stored(
            prompt=option.one_line(prompt),
            temperature=temperature,
            top_p=top_p,
            max_new_tokens=max_new_tokens,
            seed=seed,
        )
        unit = "word" if option.trained.vocab.kind == "split" else "token"
        view = StoryView(**stored, models=[option.entry()], unit=unit, weights=files_of([option]))
        super().__init__(view, CONTROLS, controls)

    def written(self) -> Written:
        """Return what Python writes with the present settings."""
        trained, filters = (
            self._option.trained,
            {"temperature": self.value("temperature"), "top_p": self.value("top_p")},
        )
        prompt = trained.prompt_ids(self.value("prompt"))
        tokens = decoding.sample(
            self._option.step,
            prompt,
            self.value("max_new_tokens"),
            trained.eos_token_id,
            **filters,
            seed=self.value("seed"),
            suppress_tokens=trained.suppress_tokens,
        ).tokens
        log_probs, state = decoding.read_prompt(self._option.step, prompt)
        entropies = []
        for token in tokens:
            left = decoding.filter_logits(self._option.allowed(log_probs[0]), **filters)
            entropies.append(float(torch.special.entr(left.double().softmax(dim=-1)).sum()))
            log_probs, state = self._option.step(torch.tensor([token]), state)
        choice = math.exp(sum(entropies) / len(entropies))
        return Written(tokens, choice, first_impossible(self._option, prompt, tokens))

    def __repr__(self) -> str:
        names = ("prompt", "temperature", "top_p", "seed")
        return f"StoryLab({self._option.name!r}, {', '.join(f'{name}={self.value(name)!r}' for name in names)})"

    def picture(self) -> tuple[str, str]:
        """Draw the text and what there is to say of it, as Python writes it."""
        trained, written = self._option.trained, self.written()
        said = trained.vocab.text([*trained.prompt_ids(self.value("prompt")), *written.tokens])
        verdict = self.verdict(written)
        parts, y = [], 10
        for line in textwrap.wrap(said, 76):
            parts.append(text(16, y := y + LINE, line, INK))
        parts.append(text(16, y := y + LINE + 8, verdict, MUTED))
        return document(parts, y + 16), f"{self._option.title} writes: {said} {verdict}"

    def verdict(self, written: Written) -> str:
        """Return what there is to say of a text, in the words of the page."""
        open_to = f"Each {self.view.unit} was one of about {written.choice:.2f}."
        if not self._option.has_truth():
            return open_to
        if written.impossible is None:
            return f"{open_to} The grammar of the stories can write this, too."
        word = self._option.trained.vocab.words[written.tokens[written.impossible]]
        return f"{open_to} The grammar of the stories cannot write ‘{word}’ there."


def first_impossible(option: ModelOption, prompt: list[int], tokens: list[int]) -> int | None:
    """Return the place of the first token that the grammar cannot write; None where there is none, or no grammar."""
    if not option.has_truth():
        return None
    words, oracle = option.trained.vocab.words, stories.Oracle()
    for token in prompt[prompt[0] == option.trained.eos_token_id :]:
        oracle.read(words[token])
    return next((place for place, token in enumerate(tokens) if not oracle.read(words[token])), None)
