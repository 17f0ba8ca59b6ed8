r"""Gaps as Moodle's cloze questions write them: `{1:SHORTANSWER:=forget#why~%0%input#hint}` in the question's text.

Moodle finds them with one regular expression (`ANSWER_REGEX` in its `question/type/multianswer/questiontype.php`). An
answer ends at `~`, `#` or `}` unless a backslash stands before, and only `\#` and `\}` lose theirs again: `~` can't be
in an answer. Feedback may hold numbers of characters (`&#126;`), which are read before anything else is.
"""

from __future__ import annotations

import re

from lmkit.plots.escaping import escape
from lmkit.study.cards import GAP
from lmkit.study.exports.questions import Blank, Complete

_LOOKS_LIKE_A_GAP = re.compile(r"\{(?=#|[0-9]*:)")
_IN_FEEDBACK = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "~": "&#126;", "}": "&#125;", "\\": "&#92;"}


def can_hold(task: Complete) -> bool:
    r"""Return whether a cloze can have these gaps: no answer may have a `~`, nor end in a backslash."""
    answers = [answer for blank in task.blanks for answer in (*blank.accepted, *blank.hints)]
    return not any("~" in answer or answer.endswith("\\") for answer in answers)


def cloze(task: Complete) -> str:
    """Return the text with Moodle's gaps in it."""
    blanks = {blank.name: blank for blank in task.blanks}
    parts = GAP.split(shielded(task.text))  # between texts stand the names
    return "".join(part if place % 2 == 0 else _gap(blanks[part], task.exact) for place, part in enumerate(parts))


def shielded(html: str) -> str:
    """Return HTML in which Moodle finds no gap that is none."""
    return _LOOKS_LIKE_A_GAP.sub("&#123;", html)


def _gap(blank: Blank, exact: bool) -> str:
    right = [f"={_answer(text)}#{_feedback(blank.why)}" for text in blank.accepted]
    wrong = [f"%0%{_answer(text)}#{_feedback(hint)}" for text, hint in blank.hints.items()]
    return f"{{1:SHORTANSWER{'_C' if exact else ''}:{'~'.join([*right, *wrong])}}}"


def _answer(text: str) -> str:
    return escape(without_wildcards(text)).replace("&#x27;", "'").replace("#", r"\#").replace("}", r"\}")


def without_wildcards(text: str) -> str:
    r"""Return an answer in which a star is a star: Moodle's short answers take `*` for any text, and `\*` for it."""
    return text.replace("*", r"\*")


def _feedback(html: str) -> str:
    kept = html.replace("\\}", "\\\\}").replace("\\#", "\\\\#")  # of which Moodle takes one backslash away
    return "".join(_IN_FEEDBACK.get(sign, sign) for sign in kept)
