"""The beam tree lab: a beam search that grows step by step, with everything that it looks at, keeps and drops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import ipywidgets
import traitlets as T
from ipywidgets import Widget

from lmkit import decoding
from lmkit.decoding import BeamStep, Decoded
from lmkit.widgets import beam_tree_picture
from lmkit.widgets.beam_tree_tables import LANGUAGES, Continuation, Rows, Table
from lmkit.widgets.lab import Lab, check_controls, check_number, described, places, slider
from lmkit.widgets.view import View

CONTROLS = ("language", "num_beams", "length_penalty", "early_stopping", "step")
SHOWN = ("language", "num_beams", "length_penalty", "step")
WIDTHS, PENALTIES = (1, 5), (-1.0, 3.0)
EARLY_STOPPING = {False: "False: the leader is behind", True: "True: at once", "never": "never: no hope is left"}


class BeamTreeView(View):
    """Searches and draws the tree; `BeamTreeLab` adds the controls."""

    _esm, _css = View.code("beam_tree"), View.style("beam_tree")

    languages = T.List(T.Dict(), help="What `Table.traits` gives for each.").tag(sync=True)
    language_index = T.Int(0).tag(sync=True)
    num_beams = T.Int(2).tag(sync=True)
    length_penalty = T.Float(0.0).tag(sync=True)
    early_index = T.Int(0, help="The place of `early_stopping` among False, True, never.").tag(sync=True)
    step = T.Int(0, help="How far the tree has grown.").tag(sync=True)
    steps = T.Int(0, help="The longest texts of the language; the view sets it.").tag(sync=True)


class Search(NamedTuple):
    """What a beam search looked at, and what it returns.

    Attributes
    ----------
    steps : list of BeamStep
    texts : list of Decoded, best score first
    """

    steps: list[BeamStep]
    texts: list[Decoded]


class BeamTreeLab(Lab):
    """Grow the tree of a beam search over a small language; works with a kernel, and on a page without one.

    Parameters
    ----------
    table : mapping of word to mapping of word to probability, or Table, optional
        The language: what may follow each word. By default some of the book's, one of them to be chosen.
    start, end, max_new_tokens : optional
        As for `Table`, where `table` is a mapping.
    language : str, optional
        Which of the book's languages is shown first, by its name.
    num_beams : int in [1, 5]
    length_penalty : float in [-1, 3]
    early_stopping : False, True or "never"
    step : int, optional
        How far the tree has grown; by default to its end.
    controls : sequence of str, optional
        The controls to show, among `CONTROLS`; by default all but `early_stopping`.

    Raises
    ------
    ValueError
        If an argument is not what it should be; for what a table must be, see `Table`.

    Examples
    --------
    >>> BeamTreeLab({"go": {"left": 0.7, "right": 0.3}}, num_beams=1)
    BeamTreeLab('a table', num_beams=1, length_penalty=0.0, step=1)
    """

    def __init__(
        self,
        table: Rows | Table | None = None,
        *,
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
        self.tables = _tables(table, start, end, max_new_tokens)
        index = _index(language, self.tables)
        steps = self.tables[index].max_new_tokens
        check_number("num_beams", num_beams, WIDTHS, whole=True)
        check_number("length_penalty", length_penalty, PENALTIES)
        if not any(early_stopping is known for known in EARLY_STOPPING):
            raise ValueError(f"early_stopping must be False, True or 'never', but it is {early_stopping!r}")
        step = steps if step is None else step
        check_number("step", step, (0, steps), whole=True)
        view = BeamTreeView(
            languages=[table.traits() for table in self.tables],
            language_index=index,
            num_beams=num_beams,
            length_penalty=float(length_penalty),
            early_index=list(EARLY_STOPPING).index(early_stopping),
            step=step,
            # A slider's End key goes to the largest end that it has ever had, so it starts with the largest of all.
            steps=max(table.max_new_tokens for table in self.tables),
        )
        shown = check_controls(SHOWN if controls is None else controls, CONTROLS)
        shown = [name for name in shown if name != "language" or len(self.tables) > 1]
        links = {"language": ("index", "language_index"), "early_stopping": ("index", "early_index")}
        super().__init__(view, {name: self._control(name, view) for name in shown}, links)
        if "step" in self.controls:
            ipywidgets.jslink((view, "steps"), (self.controls["step"], "max"))

    def _control(self, name: str, view: BeamTreeView) -> Widget:
        if name == "language":
            options = places(table.name for table in self.tables)
            return described(ipywidgets.Dropdown(options=options, index=view.language_index), *LABELS[name])
        if name == "early_stopping":
            options = places(EARLY_STOPPING.values())
            return described(ipywidgets.Dropdown(options=options, index=view.early_index), *LABELS[name])
        ranges = {"num_beams": (WIDTHS, None), "length_penalty": (PENALTIES, 0.1), "step": ((0, view.steps), None)}
        limits, by = ranges[name]
        return described(slider(getattr(view, name), limits, by), *LABELS[name])

    @property
    def table(self) -> Table | Continuation:
        """The language that is shown."""
        return self.tables[self.value("language") if "language" in self.controls else self.view.language_index]

    def settings(self) -> dict[str, Any]:
        """What `decoding.beam_search` is called with, at the present settings."""
        index = self.value("early_stopping") if "early_stopping" in self.controls else self.view.early_index
        return {
            "max_new_tokens": self.table.max_new_tokens,
            "eos_token_id": self.table.eos_token_id,
            "num_beams": self.value("num_beams"),
            "length_penalty": self.value("length_penalty"),
            "early_stopping": list(EARLY_STOPPING)[index],
        }

    def search(self) -> Search:
        """What Python's beam search looks at with the present settings; the page shows the same."""
        steps: list[BeamStep] = []
        texts = decoding.beam_search(self.table.step, self.table.prompt, on_step=steps.append, **self.settings())
        return Search(steps, texts)

    def optimum(self) -> Decoded:
        """The text with the best score of all, as `decoding.exact_search` finds it."""
        known = {name: self.settings()[name] for name in ("max_new_tokens", "eos_token_id", "length_penalty")}
        return decoding.exact_search(self.table.step, self.table.prompt, **known)

    def greedy(self) -> Decoded:
        """Greedy decoding's text."""
        table = self.table
        return decoding.greedy(table.step, table.prompt, table.max_new_tokens, table.eos_token_id)

    def picture(self) -> tuple[str, str]:
        """The tree up to the present step."""
        return beam_tree_picture.of(self)

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={self.value(name)!r}" for name in ("num_beams", "length_penalty", "step"))
        return f"BeamTreeLab({self.table.name!r}, {settings})"


# The label of each control, what it says when a pointer rests on it, and how it stands.
LABELS = {
    "language": ("Language", "A small language with a table of next words", "lmkit-wide"),
    "num_beams": ("Beam width", "How many texts are kept at each step"),
    "length_penalty": ("Length penalty", "Finished texts are ranked by log p / length to this power"),
    "early_stopping": ("Early stopping", "When the search ends, once B texts have ended", "lmkit-wide"),
    "step": ("Step", "How far the tree has grown", "lmkit-wide"),
}


def _tables(table, start, end, max_new_tokens) -> Sequence[Table | Continuation]:
    if isinstance(table, Table):
        return [table]
    if table is not None:
        return [Table(table, start, end, max_new_tokens)]
    given = {"start": start, "end": end, "max_new_tokens": max_new_tokens}
    if lost := [name for name, value in given.items() if value is not None]:
        raise ValueError(f"{lost[0]} must come with a table of your own, but table is None; give both or neither")
    return LANGUAGES


def _index(language: str | None, tables: Sequence[Table | Continuation]) -> int:
    names = [table.name for table in tables]
    if language is not None and language not in names:
        raise ValueError(f"language must be among {names}, but it is {language!r}")
    return 0 if language is None else names.index(language)
