"""The beam tree lab: a beam search that grows step by step, with everything that it looks at, keeps and drops."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import traitlets as T

from lmkit import decoding
from lmkit.decoding import BeamStep, Decoded
from lmkit.text import Tokenizer
from lmkit.widgets.base.checks import check_choice, check_number
from lmkit.widgets.base.controls import Choice, Controls, Slider, TextField
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.model_options import Model, ModelOption, files_of, model_option
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.beam_tree import fallback
from lmkit.widgets.labs.beam_tree.tables import LANGUAGES, MOST_TOKENS, Continuation, Rows, Table

FIRST_LENGTH = 6  # tokens that a model writes
CONTROLS = Controls(
    language=Choice("Language", "A small language with a table of next words", form="list", wide=True),
    prompt=TextField("Prompt", "The text that the model continues; in running text ⏎ ends a line", wide=True),
    num_beams=Slider("Beam width", "How many texts are kept at each step", 1, 5),
    length_penalty=Slider(
        "Length penalty", "Finished texts are ranked by log p / length to this power", -1.0, 3.0, step=0.1
    ),
    early_stopping=Choice(
        "Early stopping",
        "When the search ends, once B texts have ended",
        {False: "False: the leader is behind", True: "True: at once", "never": "never: no hope is left"},
        "list",
        wide=True,
        shown=False,
    ),
    step=Slider("Step", "How far the tree has grown", 0, 0, wide=True),
)


class BeamTreeView(View, controls=CONTROLS):
    """Searches and draws the tree; `BeamTreeLab` adds the controls."""

    languages = T.List(T.Dict(), help="What `Table.traits` gives for each.").tag(sync=True)
    weights = T.Dict(help="The files of a reader's own models, by key.").tag(sync=True)
    steps = T.Int(0, help="The longest texts of the language; the view sets it.").tag(sync=True)


class Search(NamedTuple):
    """The steps that a beam search looked at, and the texts that it returns.

    Attributes
    ----------
    steps : list of BeamStep
    texts : list of Decoded, best score first
    """

    steps: list[BeamStep]
    texts: list[Decoded]


class BeamTreeLab(Lab[BeamTreeView]):
    """Grow the tree of a beam search over a small language or a model; works with a kernel, and on a page without one.

    Parameters
    ----------
    model : str, path, Pretrained or language model, optional
        A shipped model's name, the path of a model file, what `lmkit.pretrained.load` gives, or a model together with
        its `vocab`. It takes the place of a table, and has too many texts for the best of all to be found, unless
        they are very short; so the lab shows what the beam finds, and greedy decoding beside it.
    vocab : Tokenizer, optional
        What the model was trained with, where `model` is a model alone.
    prompt : str, optional
        The text that the model continues, by default one that suits it.
    table : mapping of word to mapping of word to probability, or Table, optional
        The language: what may follow each word. By default some of the book's, one of them to be chosen.
    start, end, max_new_tokens : optional
        As for `Table`, where `table` is a mapping. With a model, `max_new_tokens` from 1 to 8 is 6 by default.
    language : str, optional
        Which of the book's languages is shown first, by its name.
    num_beams : int in [1, 5]
    length_penalty : float in [-1, 3]
    early_stopping : False, True or "never"
    step : int, optional
        How far the tree has grown; by default to its end.
    controls : sequence of str, optional
        The controls to show, among `CONTROLS`; by default all that make a difference but `early_stopping`.

    Raises
    ------
    ValueError
        If an argument is not what it should be; for what a table must be, see `Table`.
    UnknownWordError
        If the prompt holds a word that the model's vocabulary has not.

    Examples
    --------
    >>> BeamTreeLab(table={"go": {"left": 0.7, "right": 0.3}}, num_beams=1)
    BeamTreeLab(language='a table', num_beams=1, length_penalty=0.0, step=1)
    >>> BeamTreeLab("shakespeare", prompt="To be, or", num_beams=3)
    BeamTreeLab('shakespeare', prompt='To be, or', num_beams=3, length_penalty=0.0, step=6)
    """

    def __init__(
        self,
        model: Model | None = None,
        vocab: Tokenizer | None = None,
        *,
        prompt: str | None = None,
        table: Rows | Table | None = None,
        start: str | None = None,
        end: str | None = None,
        max_new_tokens: int | None = None,
        language: str | None = None,
        num_beams: int = 2,
        length_penalty: float = 0.0,
        early_stopping: bool | str = False,
        step: int | None = None,
        controls: Sequence[str] | None = None,
    ):
        option = _model(model, vocab, prompt, {"table": table, "start": start, "end": end, "language": language})
        if option is None:
            self.tables, prompt = _tables(table, start, end, max_new_tokens), ""
        else:
            continuation = _continuation(option, prompt, max_new_tokens)
            self.tables, prompt = [continuation], continuation.text_before
        by_name = {table.name: table for table in self.tables}
        language = next(iter(by_name)) if language is None else language
        check_choice("language", language, by_name)
        steps = by_name[language].max_new_tokens
        # A slider's End key goes to the largest end that it has ever had, so it starts with the largest of all.
        longest = max(table.max_new_tokens for table in self.tables)
        check_number("step", steps if step is None else step, 0, steps, whole=True)
        rows = CONTROLS.given(
            language={"options": list(by_name), "offered": len(by_name) > 1},
            prompt={"offered": option is not None, "suggestions": option.prompts if option else None},
            # texts that do not end are equally long, and then the penalty ranks none before another
            length_penalty={"shown": any(table.eos_token_id is not None for table in self.tables) or option is None},
            step={"high": longest},
        )
        stored = rows.stored(
            language=language,
            prompt=prompt,
            num_beams=num_beams,
            length_penalty=length_penalty,
            early_stopping=early_stopping,
            step=steps if step is None else step,
        )
        languages = [table.traits() for table in self.tables]
        weights = files_of([option] if option else [])
        view = BeamTreeView(languages=languages, weights=weights, steps=longest, **stored)
        super().__init__(view, rows, controls)
        self.follow("steps", "max", "step")

    @property
    def table(self) -> Table | Continuation:
        """The language that is shown."""
        found = next(table for table in self.tables if table.name == self.value("language"))
        if isinstance(found, Continuation) and found.typed:
            return replace(found, text_before=self.value("prompt"))
        return found

    def settings(self) -> dict[str, Any]:
        """Return what `decoding.beam_search` is called with, at the present settings."""
        known = {name: self.value(name) for name in ("num_beams", "length_penalty", "early_stopping")}
        return {"max_new_tokens": self.table.max_new_tokens, "eos_token_id": self.table.eos_token_id, **known}

    def search(self) -> Search:
        """Return what Python's beam search looks at with the present settings; the page shows the same."""
        steps: list[BeamStep] = []
        texts = decoding.beam_search(self.table.step, self.table.prompt, on_step=steps.append, **self.settings())
        return Search(steps, texts)

    def optimum(self) -> Decoded | None:
        """Return the text with the best score of all, as `decoding.exact_search` finds it, or None for too many."""
        if not self.table.known:
            return None
        known = {name: self.settings()[name] for name in ("max_new_tokens", "eos_token_id", "length_penalty")}
        return decoding.exact_search(self.table.step, self.table.prompt, **known)

    def greedy(self) -> Decoded:
        """Return greedy decoding's text."""
        table = self.table
        return decoding.greedy(table.step, table.prompt, table.max_new_tokens, table.eos_token_id)

    def picture(self) -> tuple[str, str]:
        """Draw the tree up to the present step."""
        return fallback.render(self)

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={self.value(name)!r}" for name in ("num_beams", "length_penalty", "step"))
        table = self.table
        if isinstance(table, Continuation) and table.typed:
            return f"BeamTreeLab({table.option.name!r}, prompt={table.text_before!r}, {settings})"
        return f"BeamTreeLab(language={table.name!r}, {settings})"


def _model(model, vocab, prompt, others: dict[str, Any]) -> ModelOption | None:
    """Return the model that is given in place of a table, if one is."""
    if model is None:
        given = {"vocab": vocab, "prompt": prompt}
        if lost := [name for name, value in given.items() if value is not None]:
            raise ValueError(f"{lost[0]} must come with a model, but model is None; give both or neither")
        return None
    if lost := [name for name, value in others.items() if value is not None]:
        raise ValueError(f"{lost[0]} must be left out with a model, which takes its place; give one of them")
    return model_option(model, vocab)


def _continuation(option: ModelOption, prompt: str | None, max_new_tokens: int | None) -> Continuation:
    length = FIRST_LENGTH if max_new_tokens is None else max_new_tokens
    check_number("max_new_tokens", length, 1, MOST_TOKENS, whole=True)
    prompt = option.prompts[0] if prompt is None else prompt
    option.ids("prompt", prompt)  # raises for a prompt that the model cannot read
    return Continuation(option, option.one_line(prompt), int(length), option.title)


def _tables(table, start, end, max_new_tokens) -> Sequence[Table | Continuation]:
    if isinstance(table, Table):
        return [table]
    if table is not None:
        return [Table(table, start, end, max_new_tokens)]
    given = {"start": start, "end": end, "max_new_tokens": max_new_tokens}
    if lost := [name for name, value in given.items() if value is not None]:
        raise ValueError(f"{lost[0]} must come with a table of your own, but table is None; give both or neither")
    return LANGUAGES
