"""Gaps of Moodle's cloze questions, written and found again by Moodle's own expression, whatever stands in them."""

from hypothesis import assume, example, given
from hypothesis import strategies as st

from lmkit.study.exports.cloze import can_hold, cloze, shielded
from lmkit.study.exports.questions import Blank, Complete
from tests.exports.moodle_reader import GAP, read_cloze

SIGNS = st.sampled_from([*"~=#{}:%*\\\"'<>&;/[]ab1 ", "\\}", "\\#", "{1:SA:=x}", "{#1}", "&amp;", "&#126;", "\n", "é"])
TEXT = st.lists(SIGNS, max_size=8).map("".join)
FILLED = TEXT.filter(str.strip)


@given(FILLED, FILLED, TEXT, TEXT, st.booleans())
@example("a", "b", r"the set \(\{a, b\}\) \# ~ } & &amp; <b>", "\\", True)
@example(r"\}", r"\#", "", "", False)
def test_gaps_are_found_as_they_were_written(answer, wrong, why, hint, exact):
    blank = Blank("gap", (answer,), why, {wrong: hint})
    task = Complete("before {{gap}} after", (blank,), exact)
    assume(can_hold(task))
    text, gaps, found_exact = read_cloze(cloze(task))
    (right, other) = gaps[0]
    assert (text, found_exact) == ("before {#1} after", exact)
    assert (right.share, right.text, right.feedback) == (100, answer.replace("*", r"\*"), why)
    assert (other.share, other.text, other.feedback) == (0, wrong.replace("*", r"\*"), hint)


@given(TEXT)
def test_no_gap_is_found_where_none_is(html):
    assert not GAP.search(shielded(html)) and "{#" not in shielded(html)


@given(TEXT)
def test_a_gap_is_found_between_any_texts(html):
    blank = Blank("gap", ("x",), "why", {})
    text, gaps, _ = read_cloze(cloze(Complete(f"{html} {{{{gap}}}} {html}", (blank,), False)))
    assert text == f"{shielded(html)} {{#1}} {shielded(html)}" and len(gaps) == 1


def test_what_a_cloze_cannot_hold_is_known():
    for answer in ("a~b", "a\\"):
        for blank in (Blank("g", (answer,), "", {}), Blank("g", ("a",), "", {answer: ""})):
            assert not can_hold(Complete("{{g}}", (blank,), False))
    assert can_hold(Complete("{{g}}", (Blank("g", ("a # } % = *",), "~", {}),), False))
