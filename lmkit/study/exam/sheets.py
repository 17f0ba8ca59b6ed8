"""An exam's sheets as HTML: the paper of a version, and the key of all. The PDF is set from the same."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lmkit.plots.escaping import escape
from lmkit.study import drawings
from lmkit.study.card_sides import format_number
from lmkit.study.cards import GAP, Card, ChoiceCard, Draw, Fill, Flashcard, Number, Order
from lmkit.study.exam.versions import LETTERS, Asked, Version
from lmkit.study.markup import to_page

ABREAST = 2  # versions in a table of answers


class Sheet(NamedTuple):
    """A document: its title, and the HTML of its body, which is XML, too."""

    title: str
    body: str


def paper(version: Version, title: str) -> Sheet:
    """Return what students get of a version."""
    name = f"{title}, version {version.letter}"
    fields = '<p class="fields">Name: <span class="line"></span> Number: <span class="line short"></span></p>'
    count = len(version.asked)
    points = "1 question, one point" if count == 1 else f"{count} questions, {count} points"
    rule = f"<p>{points}: one for each question that is answered right in all its parts.</p>"
    asked = "".join(f'<section class="question">{_head(one, 2)}{_asked(one)}</section>' for one in version.asked)
    return Sheet(name, f"<h1>{escape(name)}</h1>{fields}{rule}{asked}")


def key(versions: Sequence[Version], title: str) -> Sheet:
    """Return the answers of every version, and below them each question with its solution and all explanations."""
    name = f"{title}, key"
    tables = "".join(_answers(versions[place : place + ABREAST]) for place in range(0, len(versions), ABREAST))
    solved = "".join(_solution(one, versions) for one in versions[0].asked)
    lead = "<p>Questions stand below as in version A, each with its number and its letters in every version.</p>"
    solutions = f"<h2>Solutions</h2>{lead if len(versions) > 1 else ''}{solved}"
    return Sheet(name, f"<h1>{escape(name)}</h1><h2>Answers</h2>{tables}{solutions}")


def _head(asked: Asked, level: int, source: str = "") -> str:
    card = asked.question.card
    return f"<h{level}>{asked.number}. {_TASKS[card.kind]}</h{level}>{source}<div>{to_page(card.question)}</div>"


_TASKS = {
    "flashcard": "Answer in a few sentences",
    "draw": "Draw",
    "single": "Choose one",
    "multiple": "Choose all that are right",
    "fill": "Fill the gaps",
    "number": "Find the number",
    "order": "Put in order",
}


def _asked(asked: Asked) -> str:
    """Return what stands below a question: choices, gaps, or room to write."""
    card = asked.question.card
    match card:
        case Flashcard():
            return '<div class="room"></div>'
        case Draw():
            return '<div class="room tall"></div>'
        case Fill():
            return f"<div>{_with_gaps(card, shown=False)}</div>{_rows(card)}"
        case Number():
            return f'<p>Answer: <span class="line short"></span> {escape(card.unit)}</p>'
        case Order():
            things = [card.items[place].text for place in asked.order]
            return _lettered(map(to_page, things)) + '<p>Order of the letters: <span class="line"></span></p>'
    return _lettered(to_page(card.choices[place].text) for place in asked.order)


def _lettered(entries: Iterable[str]) -> str:
    return f'<ol class="letters" type="A">{"".join(f"<li>{entry}</li>" for entry in entries)}</ol>'


def _with_gaps(card: Fill, *, shown: bool) -> str:
    """Return a text with numbered gaps, or with what belongs there; plain text, for gaps stand in code, too."""
    places = {name: place for place, name in enumerate(card.names, 1)}

    def gap(match) -> str:
        return escape(card.gaps[match[1]].answers[0]) if shown else f"____({places[match[1]]})"

    return GAP.sub(gap, to_page(card.text))


def _rows(card: Fill) -> str:
    """Return a line to write on for each gap."""
    lines = ('<li><span class="line"></span></li>' for _ in card.names)
    return f'<ol class="gaps">{"".join(lines)}</ol>'


def _answers(versions: Sequence[Version]) -> str:
    """Return a table of the answers of some versions."""
    heads = "".join(f'<th scope="col">Version {version.letter}</th>' for version in versions)
    rows = "".join(
        f'<tr><th scope="row">{number}</th>{"".join(map(_answer, asked))}</tr>'
        for number, asked in enumerate(zip(*(version.asked for version in versions), strict=True), 1)
    )
    head = f'<thead><tr><th scope="col">Question</th>{heads}</tr></thead>'
    return f'<table class="answers">{head}<tbody>{rows}</tbody></table>'


def _answer(asked: Asked) -> str:
    answer = escape(asked.answer()) or "see the solution"
    return f"<td>{f'<code>{answer}</code>' if _is_code(asked.question.card) else answer}</td>"


def _is_code(card: Card) -> bool:
    return isinstance(card, Fill) and card.code


def _solution(first: Asked, versions: Sequence[Version]) -> str:
    card, deck = first.question
    where = " · ".join(f"{version.letter}{version.number_of(card.id)}" for version in versions)
    origin = f"{where} · {deck.title}: {card.section.replace('`', '')} · {card.id}"
    source = f'<p class="source">{escape(origin)}</p>'
    explanation = f'<div class="explanation">{to_page(card.explanation)}</div>' if card.explanation else ""
    picture = _picture(card.drawing) if card.drawing and not isinstance(card, Draw) else ""
    solved = _solved(card, [version.of(card.id) for version in versions])
    return f'<section class="solution">{_head(first, 3, source)}{solved}{explanation}{picture}</section>'


def _solved(card: Card, asked: list[Asked]) -> str:
    match card:
        case Flashcard():
            return f'<div class="answer">{to_page(card.answer)}</div>'
        case Draw():
            steps = "".join(f"<li>{to_page(step)}</li>" for step in card.steps)
            return f"<ol>{steps}</ol>{_picture(str(card.drawing))}"
        case Fill():
            return f'<div class="answer">{_with_gaps(card, shown=True)}</div>{_gap_reasons(card)}'
        case Number():
            near = f", or at most {card.tolerance:g} off" if card.tolerance else ""
            answer = f"<p><strong>{escape(asked[0].answer())}</strong>{near}</p>"
            hints = {format_number(value): why for value, why in card.hints.items()}
            return f"{answer}<div>{to_page(card.why)}</div>{_hints(hints)}"
        case Order():
            items = "".join(f"<li>{to_page(item.text)}{_why(to_page(item.why))}</li>" for item in card.items)
            return f"<p>{_right(asked)}</p><ol>{items}</ol>"
    return _judged(card, asked)


def _judged(card: ChoiceCard, asked: list[Asked]) -> str:
    """Return the choices as version A has them, each with its letters in all versions, its verdict and why."""
    entries = []
    for place in asked[0].order:
        choice = card.choices[place]
        verdict = "<strong>✓ right</strong>" if choice.right else "✗ wrong"
        others = ", ".join(f"{one.letters([place])[0]} in {LETTERS[i]}" for i, one in enumerate(asked[1:], 1))
        also = f" ({others})" if others else ""
        entries.append(f"{to_page(choice.text)}{_why(f'{verdict}{also}: {to_page(choice.why)}')}")
    return f"<p>{_right(asked)}</p>{_lettered(entries)}"


def _right(asked: list[Asked]) -> str:
    """Say the right letters in every version."""
    if len(asked) == 1:
        return f"Right: <strong>{asked[0].answer()}</strong>"
    return f"Right: {', '.join(f'<strong>{one.answer()}</strong> in {LETTERS[i]}' for i, one in enumerate(asked))}"


def _gap_reasons(card: Fill) -> str:
    entries = []
    for name in card.names:
        gap = card.gaps[name]
        answers = " or ".join(_typed(answer, code=card.code) for answer in gap.answers)
        entries.append(f"<li>{answers}: {to_page(gap.why)}{_hints(gap.hints, code=card.code)}</li>")
    return f'<ol class="gaps">{"".join(entries)}</ol>'


def _typed(answer: str, *, code: bool) -> str:
    tag = "code" if code else "strong"
    return f"<{tag}>{escape(answer)}</{tag}>"


def _hints(hints: dict[str, str], *, code: bool = False) -> str:
    entries = [f"<li>not {_typed(wrong, code=code)}: {to_page(why)}</li>" for wrong, why in hints.items()]
    return f"<ul>{''.join(entries)}</ul>" if entries else ""


def _why(html: str) -> str:
    return f'<div class="why">{html}</div>'


def _picture(name: str) -> str:
    """Return a whole drawing in literal colours: paper is white."""
    alt = escape(drawings.alt(name))
    return f'<figure role="img" aria-label="{alt}">{drawings.standalone_svg(name)}</figure>'
