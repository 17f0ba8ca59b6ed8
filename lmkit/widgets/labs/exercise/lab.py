"""A fill-in exercise: code with gaps, each checked in its place as soon as it is filled."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import traitlets as T

from lmkit.study.normalize_code import normalize_code
from lmkit.widgets.base.checks import check, check_text, checked_texts
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.svg import INK, LINE, MUTED, document, text
from lmkit.widgets.base.view import View

GAP = re.compile(r"\{\{(\w+)\}\}", re.ASCII)
ANOTHER = ""  # the key of the hint for every wrong answer that has none of its own
NO_HINT = "Not this; try again"
CLOSE_HINT = "Almost: look at the capital letters, and at the module before the dot"


class Judgement(NamedTuple):
    """The verdict on an answer: "right", "wrong" or "empty", and why a wrong one is wrong."""

    verdict: str
    hint: str = ""


class FillInView(View):
    """Shows code with gaps that are text fields; `FillIn` makes it."""

    code = T.Unicode(help="The code, a gap written as {{name}}.").tag(sync=True)
    gaps = T.List(T.Dict(), help="For each: name, answer, accepted normal forms, hints by normal form.").tag(sync=True)
    explanation = T.Unicode(help="What is said when all gaps are right, or shown.").tag(sync=True)
    typed = T.Dict(help="What stands in each gap, by name; the view sets it.").tag(sync=True)


class FillIn(Lab[FillInView]):
    """Code with gaps to fill in; each is checked in the browser when the reader leaves it or presses Enter.

    Answers are compared as Python would read them: spaces make no difference, `nn.Embedding` is `torch.nn.Embedding`
    and `Embedding`, and so on (`normalize_code`).

    Parameters
    ----------
    code : str
        The code; every gap is written as its name in double braces, ``{{rows}}``.
    answers : mapping from a gap's name to one right answer, or to several
        The first is shown to a reader who gives up.
    hints : mapping from a gap's name to a hint, or to a mapping from wrong answers to hints, optional
        A hint explains why a wrong answer is wrong. The key "" has the hint for all other wrong answers.
    explanation : str
        What is said in the end.

    Raises
    ------
    ValueError
        If gaps, answers and hints do not fit together.

    Examples
    --------
    >>> FillIn("for t in range({{steps}}):", {"steps": "8"}, {"steps": {"7": "range(7) ends with step 6"}})
    FillIn(gaps=['steps'])
    """

    def __init__(
        self,
        code: str,
        answers: Mapping[str, str | Sequence[str]],
        hints: Mapping[str, str | Mapping[str, str]] | None = None,
        *,
        explanation: str = "",
    ):
        check_text("code", code)
        check_text("explanation", explanation)
        code = code.strip("\n")
        names = gap_names(code)
        _check_names("answers", answers, names, all_of_them=True)
        hints = {} if hints is None else hints
        _check_names("hints", hints, names, all_of_them=False)
        gaps = [_gap(name, answers[name], hints.get(name, {})) for name in names]
        super().__init__(FillInView(code=code, gaps=gaps, explanation=explanation))
        self.gaps = {gap["name"]: gap for gap in gaps}

    def judge(self, name: str, answer: str) -> Judgement:
        """Return what the reader is told of an answer in a gap."""
        if name not in self.gaps:
            raise ValueError(f"name must be one of the gaps {list(self.gaps)}, but it is {name!r}")
        return judge(self.gaps[name], answer)

    def picture(self) -> tuple[str, str]:
        """Draw the code with numbered blanks."""
        lines = blanked(self.view.code).split("\n")
        body = [
            text(16, 64 + LINE * i, line, INK, 'font-family="monospace" font-size="13" xml:space="preserve"')
            for i, line in enumerate(lines)
        ]
        title = "Exercise: what belongs in the numbered gaps?"
        drawn = document([text(16, 28, title, MUTED), *body], 64 + LINE * len(lines))
        return drawn, f"{title} The code: {' ⏎ '.join(line.strip() for line in lines if line.strip())}"

    def __repr__(self) -> str:
        return f"FillIn(gaps={list(self.gaps)})"


def judge(gap: Mapping, answer: str) -> Judgement:
    """Judge an answer by a gap's accepted forms and hints; the browser's `judge` says the same."""
    form = normalize_code(answer)
    if not form:
        return Judgement("empty")
    if form in gap["accepted"]:
        return Judgement("right")
    if form in gap["hints"]:
        return Judgement("wrong", gap["hints"][form])
    if _loose(form) in map(_loose, gap["accepted"]):
        return Judgement("wrong", CLOSE_HINT)
    return Judgement("wrong", gap["hints"].get(ANOTHER, NO_HINT))


def gap_names(code: str) -> list[str]:
    """Return the names of the gaps in the order in which they stand."""
    names = GAP.findall(code)
    if not names:
        raise ValueError("code must have at least one gap, written as {{name}}, but it has none")
    if len(set(names)) < len(names):
        repeated = next(name for i, name in enumerate(names) if name in names[:i])
        raise ValueError(f"code must have each gap once, but {{{{{repeated}}}}} stands there twice; give it two names")
    return names


def blanked(code: str) -> str:
    """Return the code with a number in place of every gap."""
    number = iter(range(1, code.count("{{") + 1))
    return GAP.sub(lambda _: f"___({next(number)})", code)


def _loose(form: str) -> str:
    """Return a form without torch's modules, ASCII letters small: what others become, languages disagree about."""
    small = re.sub("[A-Z]", lambda letter: letter[0].lower(), form)
    return re.sub(r"(^| )(?:(?:torch|nn|functional|f)\.)+", r"\1", small)


def _gap(name: str, answers: str | Sequence[str], hints: str | Mapping[str, str]) -> dict:
    answers = [answers] if isinstance(answers, str) else checked_texts(f"answers[{name!r}]", answers)
    accepted = [normalize_code(answer) for answer in answers]
    if not accepted or not all(accepted):
        raise ValueError(f"answers[{name!r}] must hold at least one answer, none of them empty, but it is {answers}")
    hints = {ANOTHER: hints} if isinstance(hints, str) else hints
    whole = isinstance(hints, Mapping) and all(isinstance(text, str) for pair in hints.items() for text in pair)
    check(f"hints[{name!r}]", hints, whole, "a text, or a mapping from wrong answers to texts")
    formed = {normalize_code(wrong): hint for wrong, hint in hints.items()}
    if right := [form for form in formed if form in accepted]:
        raise ValueError(f"hints[{name!r}] must be about wrong answers, but {right[0]!r} is right; remove it")
    return {"name": name, "answer": answers[0], "accepted": accepted, "hints": formed}


def _check_names(argument: str, given: Mapping, names: Sequence[str], all_of_them: bool) -> None:
    check(argument, given, isinstance(given, Mapping), f"a mapping from the names of the gaps, {list(names)}")
    if unknown := [name for name in given if name not in names]:
        raise ValueError(f"{argument} must be for the gaps {list(names)}, but there is one for {unknown[0]!r}")
    if all_of_them and (missing := [name for name in names if name not in given]):
        raise ValueError(f"{argument} must be there for every gap, but {missing[0]!r} has none")
