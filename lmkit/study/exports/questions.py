"""Cards as learning platforms have questions: what is asked, what is to be done, and what is said to each answer.

All formats are written from these. A format says how it has formulas and pictures (`Form`); the rest is one for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, cast

from lmkit.plots.escaping import escape, showable
from lmkit.study import drawings
from lmkit.study.anki import source_line
from lmkit.study.card_sides import format_number, media_files
from lmkit.study.cards import GAP, Card, ChoiceCard, Draw, Fill, Flashcard, Gap, MultipleChoice, Number, Order
from lmkit.study.deck_file import Deck
from lmkit.study.exports.markup_text import tag
from lmkit.study.normalize_code import normalize_code


class Form(NamedTuple):
    """The way in which a format has texts: Markdown as its HTML, and a drawing up to a step as an element."""

    html: Callable[[str], str]
    image: Callable[[str, int], str]


class Option(NamedTuple):
    """A choice, whether it is right, and why; texts are HTML."""

    text: str
    right: bool
    why: str


class Blank(NamedTuple):
    """A gap: answers that count (the card's own first), why, and what is said to typical wrong ones."""

    name: str
    accepted: tuple[str, ...]
    why: str
    hints: dict[str, str]


class Choose(NamedTuple):
    """Choose one option, or all that are right."""

    options: tuple[Option, ...]
    several: bool


class Complete(NamedTuple):
    """Fill the gaps of a text, in which each stands as its name in double braces."""

    text: str
    blanks: tuple[Blank, ...]
    exact: bool  # else upper and lower case are one


class Compute(NamedTuple):
    """Find a number, and what is said to it and to typical wrong ones."""

    answer: float
    tolerance: float
    why: str
    hints: dict[float, str]


class Sort(NamedTuple):
    """Put items in order; they are in the right one."""

    items: tuple[str, ...]


class Recall(NamedTuple):
    """Answer in your head or on paper, and compare: nothing is marked."""

    answer: str


Task = Choose | Complete | Compute | Sort | Recall


class Question(NamedTuple):
    """A card as a question.

    Attributes
    ----------
    id, kind : str
        The card's.
    title : str
        What lists show: the section and the card's id.
    chapter, chapter_title : str
    tags : tuple of str
        Chapter, section, kind and items of the syllabus, as ``name:value``.
    prompt : str
        What is asked, as HTML.
    task : Task
    feedback : str
        Said to everybody afterwards, as HTML: the solution, the explanation, the picture and where it is taught.
    pictures : dict of str to str
        SVG documents by the names of their files.
    """

    id: str
    kind: str
    title: str
    chapter: str
    chapter_title: str
    tags: tuple[str, ...]
    prompt: str
    task: Task
    feedback: str
    pictures: dict[str, str]


def to_questions(deck: Deck, form: Form, title: str, address: str | None) -> Iterator[Question]:
    """Yield the cards of a deck as questions."""
    for card in deck.cards:
        yield to_question(card, deck, form, source_line(card, deck, title, address))


def to_question(card: Card, deck: Deck, form: Form, source: str) -> Question:
    """Return a card as a question of a platform that takes texts in this form."""
    section = card.section.replace("`", "")
    return Question(
        id=card.id,
        kind=card.kind,
        title=showable(f"{section} ({card.id})"),
        chapter=deck.chapter,
        chapter_title=showable(deck.title),
        tags=_tags(card, deck, section),
        prompt=_prompt(card, form),
        task=_task(card, form),
        feedback=_feedback(card, form, source),
        pictures=media_files(card),
    )


def _tags(card: Card, deck: Deck, section: str) -> tuple[str, ...]:
    syllabus = (f"syllabus:{known}" for known in card.covers)
    lab = ("lab",) if card.lab else ()
    return tuple(map(showable, (f"chapter:{deck.chapter}", f"section:{section}", f"kind:{card.kind}", *syllabus, *lab)))


def _prompt(card: Card, form: Form) -> str:
    asked = block(form.html(card.question))
    return asked + tag("p", f"Unit: {escape(card.unit)}") if isinstance(card, Number) and card.unit else asked


def block(html: str) -> str:
    """Return HTML as an element of its own, be it a line or several paragraphs."""
    return tag("div", html)


def _task(card: Card, form: Form) -> Task:
    match card:
        case Flashcard():
            return Recall(form.html(card.answer))
        case Draw():
            return Recall(_drawn(card, form))
        case Fill():
            blanks = (_blank(name, card.gaps[name], card.code, form) for name in card.names)
            return Complete(form.html(card.text), tuple(blanks), card.code)
        case Number():
            hints = {wrong: form.html(hint) for wrong, hint in card.hints.items()}
            return Compute(card.answer, card.tolerance, form.html(card.why), hints)
        case Order():
            return Sort(tuple(form.html(item.text) for item in card.items))
    options = (Option(form.html(c.text), c.right, form.html(c.why)) for c in card.choices)
    return Choose(tuple(options), isinstance(card, MultipleChoice))


def _drawn(card: Draw, form: Form) -> str:
    drawing = cast(str, card.drawing)  # of a card to draw it is checked
    steps = (tag("li", form.html(text), "<br/>", form.image(drawing, n)) for n, text in enumerate(card.steps, 1))
    return tag("ol", *steps)


def _blank(name: str, gap: Gap, code: bool, form: Form) -> Blank:
    hints = {showable(wrong): form.html(hint) for wrong, hint in gap.hints.items()}
    accepted = dict.fromkeys(map(showable, gap.answers))
    if code:
        accepted |= dict.fromkeys(spelling for answer in accepted for spelling in _spellings(answer))
    return Blank(name, tuple(accepted), form.html(gap.why), hints)


def _spellings(code: str) -> Iterator[str]:
    """Yield other ways to write an answer in code: platforms compare letter by letter, and the book as Python reads."""
    normal = normalize_code(code)
    for other in (normal, normal.replace(" ", ""), code.replace(" ", "")):
        if other != code and normalize_code(other) == normal:
            yield other


def _feedback(card: Card, form: Form, source: str) -> str:
    parts = [_solution(card, form)]
    if card.explanation:
        parts.append(block(form.html(card.explanation)))
    if card.drawing and not isinstance(card, Draw):
        parts.append(tag("p", form.image(card.drawing, drawings.steps(card.drawing))))
    return "".join([*filter(None, parts), tag("p", tag("small", source))])


def _solution(card: Card, form: Form) -> str:
    """Return what was to be answered; choices say it themselves."""
    match card:
        case ChoiceCard():
            return ""
        case Flashcard():
            return block(form.html(card.answer))
        case Draw():
            return _drawn(card, form)
        case Fill():
            return _filled(card, form)
        case Number():
            value = f"{format_number(card.answer)} {card.unit}".strip()
            near = f", or at most {card.tolerance:g} off" if card.tolerance else ""
            return tag("p", tag("strong", escape(value)), near) + block(form.html(card.why))
    items = (tag("li", form.html(item.text), "<br/>", form.html(item.why)) for item in card.items)
    return tag("ol", *items)


def _filled(card: Fill, form: Form) -> str:
    """Return the text with its gaps filled, and why each is so."""
    answers = {name: escape(gap.answers[0]) for name, gap in card.gaps.items()}
    whole = GAP.sub(lambda found: tag("strong", answers[found[1]]), form.html(card.text))
    reasons = (
        tag("li", " or ".join(tag("strong", escape(a)) for a in card.gaps[name].answers), ": ", why)
        for name in card.names
        for why in [form.html(card.gaps[name].why)]
    )
    return block(whole) + tag("ol", *reasons)


def alone(question: Question, place: int) -> Question:
    """Return a question about one gap of a text, for formats that have no text with gaps: the others are numbered."""
    task = cast(Complete, question.task)
    places = {blank.name: number for number, blank in enumerate(task.blanks, 1)}
    several = len(task.blanks) > 1
    text = GAP.sub(lambda gap: tag("strong", f"({places[gap[1]]})" if several else "(…)"), task.text)
    asked = tag("p", f"What belongs at ({place + 1})?") if several else ""
    blank = task.blanks[place]
    return question._replace(
        id=f"{question.id}-gap-{place + 1}" if several else question.id,
        title=f"{question.title}, gap {place + 1}" if several else question.title,
        prompt=question.prompt + block(text) + asked,
        task=Complete(f"{{{{{blank.name}}}}}", (blank,), task.exact),
    )
