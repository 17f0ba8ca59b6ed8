"""Cards as Moodle XML, the format from which Moodle's question bank takes most: pictures, feedback, tags, ids.

What elements there are and how they are read is said by Moodle's importer, `question/format/xml/format.php`, and for
questions about an order by `question/type/ordering/questiontype.php` (a part of Moodle since 4.4, a plugin before).
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator

from lmkit.plots.escaping import escape
from lmkit.study import drawings
from lmkit.study.card_sides import media_name
from lmkit.study.exports.cloze import can_hold, cloze, shielded, without_wildcards
from lmkit.study.exports.markup_text import number_text, tag
from lmkit.study.exports.questions import Choose, Complete, Compute, Form, Question, Recall, Sort, alone
from lmkit.study.exports.report import Change, Report
from lmkit.study.markup import to_anki

_FILES = "@@PLUGINFILE@@/"  # Moodle's own name for where a question's files are

RECALLED = "became an essay question that is worth no marks; its general feedback has the answer"
SPLIT = "became a question for each gap, because an answer has a sign that Moodle's cloze questions can't hold"


def _image(name: str, step: int) -> str:
    return tag("img", src=f"{_FILES}{media_name(name, step)}", alt=drawings.alt(name, step))


FORM = Form(to_anki, _image)


def moodle_xml(questions: Iterable[Question], title: str) -> tuple[bytes, Report]:
    """Return questions as a Moodle XML file, in a category for each chapter below the title's, and what was changed."""
    entries: list[str] = []
    changes: list[Change] = []
    cards, written, chapter = 0, 0, None
    for question in questions:
        cards += 1
        if question.chapter != chapter:
            chapter = question.chapter
            entries.append(_category(title, question.chapter_title))
        if isinstance(question.task, Recall):
            changes.append(Change(question.id, question.kind, RECALLED))
        parts = list(_parts(question))
        if len(parts) > 1 or (isinstance(question.task, Complete) and parts[0] is not question):
            changes.append(Change(question.id, question.kind, SPLIT))
        entries += [_WRITERS[type(part.task)](part) for part in parts]
        written += len(parts)
    content = "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<quiz>", *entries, "</quiz>", ""])
    return content.encode(), Report(cards, written, tuple(changes))


def _parts(question: Question) -> Iterator[Question]:
    """Yield the question, or one for each gap where a cloze can't have them."""
    task = question.task
    if isinstance(task, Complete) and not can_hold(task):
        yield from (alone(question, place) for place in range(len(task.blanks)))
    else:
        yield question


def _category(title: str, chapter: str) -> str:
    """Return an entry that opens a category; a slash in a name is written twice."""
    path = "/".join(name.replace("/", "//") for name in (title, chapter))
    return tag("question", tag("category", _text(f"$course$/top/{path}")), type="category")


def _text(value: str) -> str:
    return tag("text", escape(value))


def _question(question: Question, kind: str, prompt: str, *parts: str, grade: str = "1") -> str:
    """Return an entry with what all kinds have, and the parts of its own."""
    tags = tag("tags", *(tag("tag", _text(name)) for name in question.tags))
    return tag(
        "question",
        tag("name", _text(question.title)),
        _formatted("questiontext", prompt, question),
        _formatted("generalfeedback", question.feedback, question),
        tag("defaultgrade", grade),
        tag("penalty", "0.3333333"),
        tag("hidden", "0"),
        tag("idnumber", question.id),
        *parts,
        tags,
        type=kind,
    )


def _formatted(name: str, html: str, question: Question, **attributes: str) -> str:
    """Return a text in HTML with the pictures that it shows."""
    shown = {file: svg for file, svg in question.pictures.items() if f"{_FILES}{file}" in html}
    files = (
        tag("file", b64encode(svg.encode()).decode(), name=file, path="/", encoding="base64")
        for file, svg in shown.items()
    )
    return tag(name, _text(html), *files, format="html", **attributes)


def _feedback(html: str) -> str:
    return tag("feedback", _text(html), format="html")


def _choose(question: Question) -> str:
    task = question.task
    assert isinstance(task, Choose)
    answers = (
        tag("answer", _text(option.text), _feedback(option.why), fraction=fraction, format="html")
        for option, fraction in zip(task.options, fractions(task), strict=True)
    )
    return _question(
        question,
        "multichoice",
        question.prompt,
        tag("single", "false" if task.several else "true"),
        tag("shuffleanswers", "true"),
        tag("answernumbering", "ABCD"),
        tag("showstandardinstruction", "1"),
        *answers,
    )


def fractions(task: Choose) -> list[str]:
    """Return each option's share of the mark in percent: ticking all that are right gives 100, ticking all gives 0."""
    if not task.several:
        return ["100" if option.right else "0" for option in task.options]
    right = sum(option.right for option in task.options)
    wrong = len(task.options) - right
    return [_percent(100 / right if option.right else -100 / wrong) for option in task.options]


def _percent(value: float) -> str:
    return f"{value:.5f}".rstrip("0").rstrip(".")  # Moodle's list has 33.33333 and 16.66667


def _complete(question: Question) -> str:
    task = question.task
    assert isinstance(task, Complete)
    if can_hold(task):
        return _question(question, "cloze", shielded(question.prompt) + tag("div", cloze(task)))
    (blank,) = task.blanks
    answers = [("100", text, blank.why) for text in blank.accepted]
    answers += [("0", text, hint) for text, hint in blank.hints.items()]
    entries = (
        tag("answer", _text(without_wildcards(text)), _feedback(why), fraction=share, format="plain_text")
        for share, text, why in answers
    )
    return _question(question, "shortanswer", question.prompt, tag("usecase", str(int(task.exact))), *entries)


def _compute(question: Question) -> str:
    task = question.task
    assert isinstance(task, Compute)
    answers = [("100", task.answer, task.tolerance, task.why)]
    answers += [("0", wrong, 0.0, hint) for wrong, hint in task.hints.items()]
    entries = (
        tag(
            "answer",
            _text(number_text(value)),
            _feedback(why),
            tag("tolerance", number_text(tolerance)),
            fraction=share,
            format="plain_text",
        )
        for share, value, tolerance, why in answers
    )
    return _question(question, "numerical", question.prompt, *entries, tag("unitgradingtype", "0"))


def _sort(question: Question) -> str:
    task = question.task
    assert isinstance(task, Sort)
    items = (tag("answer", _text(text), fraction=str(n), format="html") for n, text in enumerate(task.items, 1))
    settings = {
        "layouttype": "VERTICAL",
        "selecttype": "ALL",
        "selectcount": str(len(task.items)),
        "gradingtype": "ABSOLUTE_POSITION",
        "showgrading": "SHOW",
        "numberingstyle": "none",
        "shownumcorrect": "1",
    }
    return _question(question, "ordering", question.prompt, *(tag(k, v) for k, v in settings.items()), *items)


def _recall(question: Question) -> str:
    settings = {"responseformat": "editor", "responserequired": "0", "responsefieldlines": "5", "attachments": "0"}
    parts = (tag(name, value) for name, value in settings.items())
    return _question(question, "essay", question.prompt, *parts, grade="0")


_WRITERS: dict[type, Callable[[Question], str]] = {
    Choose: _choose,
    Complete: _complete,
    Compute: _compute,
    Sort: _sort,
    Recall: _recall,
}
