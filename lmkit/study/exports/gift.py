r"""Cards as GIFT, a text format that Moodle and many others read.

How it is read is said by Moodle's importer, `question/format/gift/format.php`: questions are apart by empty lines,
`\n` is the end of a line, and a backslash stands before `~ = # { } :` and before itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from lmkit.plots.escaping import escape, showable
from lmkit.study import drawings
from lmkit.study.exports.cloze import without_wildcards
from lmkit.study.exports.markup_text import number_text, tag
from lmkit.study.exports.moodle_xml import fractions
from lmkit.study.exports.questions import Choose, Complete, Compute, Form, Question, Recall, Sort, alone
from lmkit.study.exports.report import Change, Report
from lmkit.study.markup import to_anki

RECALLED = "became an essay question; the answer is in its general feedback"
SPLIT = "became a question for each gap: GIFT has no text with several gaps"
SORTED = "became a matching question: each item and its place"
IN_WORDS = "its picture is described in words: GIFT has no pictures"
ARROW = "became an essay question: an answer has '->', which GIFT takes for a pair to match"


def _image(name: str, step: int) -> str:
    return tag("em", escape(f"[Picture: {drawings.alt(name, step)}]"))


FORM = Form(to_anki, _image)


def gift(questions: Iterable[Question], title: str) -> tuple[bytes, Report]:
    """Return questions as a GIFT file, in a category for each chapter below the title's, and what was changed."""
    blocks: list[str] = []
    changes: list[Change] = []
    cards, written, chapter = 0, 0, None
    for question in questions:
        cards += 1
        if question.chapter != chapter:
            chapter = question.chapter
            blocks.append(_category(title, question.chapter_title))
        parts = list(_parts(question))
        blocks += map(_question, parts)
        written += len(parts)
        changes += (Change(question.id, question.kind, what) for what in _changes(question, parts))
    return "\n".join(blocks).encode(), Report(cards, written, tuple(changes))


def _category(title: str, chapter: str) -> str:
    path = "/".join(name.replace("/", "//") for name in (showable(title), chapter))
    return f"$CATEGORY: $course$/top/{_one_line(path)}\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _parts(question: Question) -> Iterator[Question]:
    """Yield what GIFT can hold of a question: itself, or one for each gap, or one that nobody marks."""
    task = question.task
    if not isinstance(task, Complete):
        yield question
    elif _has_arrow(task):
        yield question._replace(prompt=question.prompt + tag("div", _numbered(task)), task=Recall(question.feedback))
    else:
        yield from (alone(question, place) for place in range(len(task.blanks)))


def _has_arrow(task: Complete) -> bool:
    return any("->" in answer for blank in task.blanks for answer in (*blank.accepted, *blank.hints))


def _numbered(task: Complete) -> str:
    text = task.text
    for number, blank in enumerate(task.blanks, 1):
        text = text.replace(f"{{{{{blank.name}}}}}", tag("strong", f"({number})"))
    return text


def _changes(question: Question, parts: list[Question]) -> Iterator[str]:
    task = question.task
    if isinstance(task, Recall):
        yield RECALLED
    elif isinstance(task, Sort):
        yield SORTED
    elif isinstance(task, Complete) and _has_arrow(task):
        yield ARROW
    elif len(parts) > 1:
        yield SPLIT
    if question.pictures:
        yield IN_WORDS


def _question(question: Question) -> str:
    tags = " ".join(f"[tag:{_in_comment(name)}]" for name in question.tags)
    lines = [*_LINES[type(question.task)](question), f"####{_option(question.feedback)}"]
    answers = "\n\t".join(["{#" if isinstance(question.task, Compute) else "{", *lines])
    head = f"::{escaped(question.title)}::{_html(question.prompt)}"
    return f"// [id:{question.id}] {tags}\n{head}{answers}\n}}\n"


def _in_comment(name: str) -> str:
    """Return a tag as Moodle reads it from a comment, where `]` ends it and angles are not allowed."""
    text = re.sub(r"[<>`\n]", " ", name).replace("]", r"\]")
    return f"{text} " if text.endswith("\\") else text  # else it would escape the `]` behind it


def escaped(text: str) -> str:
    r"""Return a text with a backslash before each sign that means something, and ``\n`` for the end of a line."""
    return re.sub(r"([\\~=#{}:])", r"\\\1", text).replace("\n", r"\n")


def _html(text: str) -> str:
    return f"[html]{escaped(text)}"


def _option(text: str) -> str:
    """Return HTML within a question that is HTML; what begins with `[` or `%` would be taken for something else."""
    return _html(text) if text.startswith(("[", "%")) else escaped(text)


def _answer(text: str) -> str:
    return f"[plain]{escaped(text)}" if text.startswith("[") else escaped(text)


def _choose(question: Question) -> list[str]:
    task = question.task
    assert isinstance(task, Choose)
    lines = []
    for option, share in zip(task.options, fractions(task), strict=True):
        sign = f"~%{share}%" if task.several else "=" if option.right else "~"
        lines.append(f"{sign}{_option(option.text)}#{_option(option.why)}")
    return lines


def _complete(question: Question) -> list[str]:
    task = question.task
    assert isinstance(task, Complete)
    (blank,) = task.blanks
    right = [f"=%100%{_answer(without_wildcards(text))}#{_option(blank.why)}" for text in blank.accepted]
    wrong = [f"=%0%{_answer(without_wildcards(text))}#{_option(hint)}" for text, hint in blank.hints.items()]
    return [*right, *wrong]


def _compute(question: Question) -> list[str]:
    task = question.task
    assert isinstance(task, Compute)
    right = f"=%100%{number_text(task.answer)}:{number_text(task.tolerance)}#{_option(task.why)}"
    wrong = [f"=%0%{number_text(value)}:0#{_option(hint)}" for value, hint in task.hints.items()]
    return [right, *wrong]


def _sort(question: Question) -> list[str]:
    task = question.task
    assert isinstance(task, Sort)
    return [f"={_option(text)} -> {place}" for place, text in enumerate(task.items, 1)]


def _recall(_: Question) -> list[str]:
    return []


_LINES: dict[type, Callable[[Question], list[str]]] = {
    Choose: _choose,
    Complete: _complete,
    Compute: _compute,
    Sort: _sort,
    Recall: _recall,
}
