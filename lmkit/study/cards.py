"""The kinds of cards, and the rules that each of them must keep."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)

from lmkit.study import drawings
from lmkit.study.normalize_code import normalize_code
from lmkit.study.yaml_source import KeyPath

GAP = re.compile(r"\{\{(\w+)\}\}", re.ASCII)

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
CardId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
SyllabusId = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]+$")]


def _reject_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError(f"must be a number, but it is {value!r}")
    return value


def _keep_each(hints: object, validate: ValidatorFunctionWrapHandler) -> dict:
    kept = validate(hints)
    if isinstance(hints, dict) and len(kept) < len(hints):
        raise ValueError(f"must be about different answers, but of {list(hints)} two are the same; remove one")
    return kept


Finite = Annotated[float, BeforeValidator(_reject_bool), Field(allow_inf_nan=False)]


class StrictModel(BaseModel):
    """The base of cards and of their parts: unknown fields are refused, and nothing is changed later."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(StrictModel):
    """One of the choices of a card: its text, whether it is right, and why."""

    text: Text
    right: bool = False
    why: Text


class Gap(StrictModel):
    """A gap in a text: right answers (the first is shown), why, and a hint for each typical wrong one."""

    answers: Annotated[tuple[Text, ...], Field(min_length=1)]
    why: Text
    hints: Annotated[dict[Text, Text], WrapValidator(_keep_each)] = {}


class Item(StrictModel):
    """One of several things in order, and why it stands where it stands."""

    text: Text
    why: Text


class BaseCard(StrictModel):
    """The fields of every card.

    Attributes
    ----------
    id : str
        Never changed: a reader's progress and an Anki collection know the card by it.
    covers : tuple of str
        Ids of the syllabus that it asks.
    section : str
        The heading of the chapter's section that teaches it.
    question : str
        Markdown, like all texts of a card.
    explanation : str
        Said after the answer.
    drawing : str or None
        Shown with the answer: one of `lmkit.study.drawings.NAMES`.
    lab : bool
        Whether it asks what the book's own runs measured. Exams leave such a card out unless they are asked for it.
    """

    in_quiz: ClassVar[bool] = True

    id: CardId
    section: Text
    question: Text
    covers: tuple[SyllabusId, ...] = ()
    explanation: str = ""
    drawing: str | None = None
    lab: bool = False

    @model_validator(mode="after")
    def _has_a_known_drawing(self):
        if self.drawing is not None and self.drawing not in drawings.NAMES:
            raise ValueError(f"drawing must be one of {sorted(drawings.NAMES)}, but it is {self.drawing!r}")
        return self

    def texts(self) -> Iterator[tuple[KeyPath, str]]:
        """Yield every Markdown text on the card, with the path of keys that leads to it."""
        yield ("question",), self.question
        if self.explanation:
            yield ("explanation",), self.explanation


class Flashcard(BaseCard):
    """A question that the reader answers in their head, and then compares."""

    in_quiz: ClassVar[bool] = False
    kind: Literal["flashcard"] = "flashcard"
    answer: Text

    def texts(self):
        yield from super().texts()
        yield ("answer",), self.answer


class Draw(BaseCard):
    """A diagram that the reader draws on paper, and then reveals step by step."""

    kind: Literal["draw"] = "draw"
    steps: Annotated[tuple[Text, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _has_a_text_for_each_step(self):
        if self.drawing is None:
            raise ValueError("drawing must be given for a card of the kind draw; name what is drawn")
        if len(self.steps) != (drawn := drawings.steps(self.drawing)):
            raise ValueError(f"steps must be {drawn}, as many as {self.drawing!r} has, but there are {len(self.steps)}")
        return self

    def texts(self):
        yield from super().texts()
        yield from ((("steps", place), text) for place, text in enumerate(self.steps))


class ChoiceCard(BaseCard):
    """The base of the cards with choices."""

    choices: Annotated[tuple[Choice, ...], Field(min_length=2, max_length=6)]

    @property
    def right(self) -> list[int]:
        """The places of the right choices, from 0."""
        return [place for place, choice in enumerate(self.choices) if choice.right]

    @model_validator(mode="after")
    def _has_different_choices(self):
        _check_distinct("choices", [choice.text for choice in self.choices])
        return self

    def texts(self):
        yield from super().texts()
        yield from _texts_and_reasons("choices", self.choices)


class SingleChoice(ChoiceCard):
    """A question with one right choice."""

    kind: Literal["single"] = "single"

    @model_validator(mode="after")
    def _has_one_right_choice(self):
        if len(self.right) != 1:
            raise ValueError(f"choices must have one that is right, but there are {len(self.right)}")
        return self


class MultipleChoice(ChoiceCard):
    """A question with any number of right choices, at least one, and at least one wrong."""

    kind: Literal["multiple"] = "multiple"

    @model_validator(mode="after")
    def _has_right_and_wrong_choices(self):
        if not 0 < len(self.right) < len(self.choices):
            raise ValueError(f"choices must be right and wrong, but {len(self.right)} of {len(self.choices)} are right")
        return self


class Fill(BaseCard):
    """A text, or code, with gaps (a cloze).

    Attributes
    ----------
    text : str
        A gap is written as its name in double braces, ``{{gate}}``.
    code : bool
        Whether answers are compared as Python reads them; else case and spaces make no difference.
    gaps : dict of str to Gap
    """

    kind: Literal["fill"] = "fill"
    text: Text
    code: bool = False
    gaps: dict[str, Gap]

    @property
    def names(self) -> list[str]:
        """The names of the gaps in the order in which they stand."""
        return GAP.findall(self.text)

    @model_validator(mode="after")
    def _has_its_gaps(self):
        if not self.names:
            raise ValueError("text must have at least one gap, written as {{name}}, but it has none")
        _check_distinct("gaps in text", self.names)
        if set(self.names) != set(self.gaps):
            raise ValueError(f"gaps must be those of the text, {self.names}, but they are {list(self.gaps)}")
        for name, gap in self.gaps.items():
            form = normalize_code if self.code else str.casefold
            right = [hint for hint in gap.hints if form(hint) in map(form, gap.answers)]
            if right:
                raise ValueError(f"gaps must have hints about wrong answers, but {right[0]!r} of {name!r} is right")
        return self

    def texts(self):
        yield from super().texts()
        yield ("text",), self.text
        for name, gap in self.gaps.items():
            yield ("gaps", name, "why"), gap.why
            yield from ((("gaps", name, "hints", wrong), hint) for wrong, hint in gap.hints.items())


class Number(BaseCard):
    """A question whose answer is a number.

    Attributes
    ----------
    answer : float
    tolerance : float
        How far off an answer may be, at most.
    unit : str
    why : str
        How to get the number.
    hints : dict of float to str
        Said of typical wrong numbers.
    check : str
        A Python expression that computes the answer; `python -m lmkit cards --check` evaluates it.
    """

    kind: Literal["number"] = "number"
    answer: Finite
    tolerance: Annotated[Finite, Field(ge=0)] = 0.0
    unit: str = ""
    why: Text
    hints: Annotated[dict[Finite, Text], WrapValidator(_keep_each)] = {}
    check: Text

    def accepts(self, value: float) -> bool:
        """Return whether an answer is near enough."""
        return math.isclose(value, self.answer, rel_tol=1e-9, abs_tol=self.tolerance)

    @model_validator(mode="after")
    def _has_hints_about_wrong_numbers(self):
        if right := [value for value in self.hints if self.accepts(value)]:
            raise ValueError(f"hints must be about wrong numbers, but {right[0]:g} is right; remove it")
        return self

    def texts(self):
        yield from super().texts()
        yield ("why",), self.why
        yield from ((("hints", wrong), hint) for wrong, hint in self.hints.items())


class Order(BaseCard):
    """Things to put in order; they are written in the right one."""

    kind: Literal["order"] = "order"
    items: Annotated[tuple[Item, ...], Field(min_length=3, max_length=8)]

    @model_validator(mode="after")
    def _has_different_items(self):
        _check_distinct("items", [item.text for item in self.items])
        return self

    def texts(self):
        yield from super().texts()
        yield from _texts_and_reasons("items", self.items)


Card = Flashcard | Draw | SingleChoice | MultipleChoice | Fill | Number | Order
KINDS = {
    kind.model_fields["kind"].default: kind
    for kind in (Flashcard, Draw, SingleChoice, MultipleChoice, Fill, Number, Order)
}


def _check_distinct(what: str, texts: list[str]) -> None:
    if repeated := [text for place, text in enumerate(texts) if text in texts[:place]]:
        raise ValueError(f"{what} must differ, but {repeated[0]!r} stands there twice; change or remove one")


def _texts_and_reasons(field: str, parts: tuple[Choice, ...] | tuple[Item, ...]) -> Iterator[tuple[KeyPath, str]]:
    for place, part in enumerate(parts):
        yield (field, place, "text"), part.text
        yield (field, place, "why"), part.why
