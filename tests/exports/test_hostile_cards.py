"""Cards with texts that mean something in a format, or that no document may hold: they arrive as texts, or are told."""

import html
import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lmkit import study
from lmkit.plots.escaping import showable
from lmkit.study import exports
from lmkit.study.exports import gift, moodle_xml, qti_item
from lmkit.study.exports.questions import Complete, Recall, to_questions
from tests.exports import moodle_reader
from tests.exports.qti_reader import Package
from tests.exports.test_cards_read_back import (
    answers_of,
    check_gaps_alone,
    check_item,
    check_task,
    found_answers,
    normal,
)

SIGNS = [
    *"~=#{}:%*\\\"'<>&[]()/$`|-_",
    "->",
    "]]>",
    "<![CDATA[",
    "&amp;",
    "&#58;",
    "//",
    "::",
    "####",
    "{1:SHORTANSWER:=x}",
    "{#1}",
    "@@PLUGINFILE@@",
    "%50%",
    "[html]",
    "[tag:x]",
    "</script>",
    "<b onclick=alert(1)>",
    "\\#",
    "\\}",
    "\\n",
    "\n",
    "\u0000",
    "\u0007",
    "\ufffe",
    "\u2028",
    "שלום",
    "\u202e",
    "🦀",
    "é",
    "word",
    "7",
]
TEXT = st.lists(st.sampled_from(SIGNS), min_size=1, max_size=6).map("".join).filter(str.strip)
ANSWER = st.lists(st.sampled_from([sign for sign in SIGNS if sign != "\n"]), min_size=1, max_size=5).map("".join)
FILLED = ANSWER.filter(str.strip)


def shown(text):
    """A text that Markdown and TeX leave alone: as code, or as it is where neither can begin."""
    return text.replace("$", "S")


def distinct(values):
    return st.lists(values, min_size=3, max_size=4, unique_by=lambda text: showable(text).strip().casefold())


@st.composite
def decks(draw):
    text = lambda: shown(draw(TEXT))  # noqa: E731
    common = {"section": text(), "covers": ("A3",)}
    choices = [
        {"text": one, "right": place == 0, "why": text()} for place, one in enumerate(draw(distinct(TEXT.map(shown))))
    ]
    right, other, wrong, *_ = draw(distinct(FILLED))
    gaps = {
        "a": {"answers": [right, other], "why": text(), "hints": {wrong: text()}},
        "b": {"answers": [draw(FILLED)], "why": text()},
    }
    number = draw(st.floats(-1e9, 1e9))
    cards = [
        study.Flashcard(id="flash", question=text(), answer=text(), **common),
        study.SingleChoice(id="one", question=text(), choices=choices, explanation=text(), **common),
        study.MultipleChoice(id="many", question=text(), choices=choices, **common),
        study.Fill(id="gaps", question=text(), text=f"{bare(text())} {{{{a}}}} and {{{{b}}}}", gaps=gaps, **common),
        study.Number(
            id="number",
            question=text(),
            answer=number,
            tolerance=draw(st.floats(0, 10)),
            unit=text(),
            why=text(),
            hints={abs(number) * 2 + 100: text()},
            check="1",
            **common,
        ),
        study.Order(
            id="order",
            question=text(),
            items=[{"text": one, "why": text()} for one in draw(distinct(TEXT.map(shown)))],
            **common,
        ),
    ]
    return study.Deck("hostile", text(), tuple(cards))


def bare(text):
    return text.replace("{", "(").replace("}", ")") if "{{" in text or text.endswith("{") else text


def questions(deck, form):
    return {question.id: question for question in to_questions(deck, form, "Title", None)}


def flat(text):
    return " ".join(text.split())


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(decks())
def test_moodle_xml_holds_whatever_a_card_says(deck):
    asked = questions(deck, moodle_xml.FORM)
    data, report = exports.render([deck], "moodle", title="Title")
    entries = moodle_reader.read_xml(data)
    for entry in entries:
        card = entry.id.partition("-gap-")[0]
        assert entry.feedback == asked[card].feedback.strip(moodle_reader.TRIMMED)
        assert flat(entry.title).startswith(flat(asked[card].title))
    whole = {entry.id: entry for entry in entries}
    split = [entry for entry in entries if entry.id.startswith("gaps-gap-")]
    for card in asked.keys() - ({"gaps"} if split else set()):
        check_task(asked[card], as_shown(whole[card]))
    if split:
        assert any(change.card == "gaps" and change.what == moodle_xml.SPLIT for change in report.changes)
        for entry, blank in zip(split, asked["gaps"].task.blanks, strict=True):
            assert found_answers(entry.answers[0]) == [
                (share, answer.strip(moodle_reader.TRIMMED), said) for share, answer, said in answers_of(blank)
            ]


def as_shown(entry):
    """What a browser shows of an entry's text."""
    return entry._replace(prompt=entry.prompt.replace("&#123;", "{"))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(decks())
def test_gift_holds_whatever_a_card_says(deck):
    asked = questions(deck, gift.FORM)
    data, report = exports.render([deck], "gift", title="Title")
    found = {}
    for entry in moodle_reader.read_gift(data):
        found.setdefault(entry.id.partition("-gap-")[0], []).append(entry)
    assert list(found) == list(asked)
    for card, question in asked.items():
        assert all(entry.feedback == question.feedback for entry in found[card])
        arrow = isinstance(question.task, Complete) and found[card][0].kind == "essay"
        if arrow:
            answers = [text for blank in question.task.blanks for text in (*blank.accepted, *blank.hints)]
            assert any("->" in text for text in answers) and len(found[card]) == 1
            assert any(change.card == card and change.what == gift.ARROW for change in report.changes)
        elif isinstance(question.task, Complete):
            check_gaps_alone(question, found[card])
        else:
            check_task(question, *found[card])
        assert isinstance(question.task, Recall) <= (found[card][0].kind == "essay")


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(decks())
def test_qti_holds_whatever_a_card_says(deck):
    package = Package(exports.render([deck], "qti", title="Title")[0])
    for question in questions(deck, qti_item.FORM).values():
        item = package.items[f"card-{question.id}"]
        assert normal(item.said["general_feedback"]) == normal(question.feedback)
        assert item.title == question.title
        check_item(question, item)


@given(TEXT)
@example("]]> <![CDATA[ & < > \" ' \u0000 \ufffe")
def test_tags_and_titles_are_escaped(text):
    card = study.Flashcard(id="one", section=text, question="What?", answer="That.")
    deck = study.Deck("hostile", text, (card,))
    (entry,) = moodle_reader.read_xml(exports.render([deck], "moodle", title="Title")[0])
    section = showable(text.strip()).replace("`", "")
    assert entry.title == f"{section} (one)".strip(moodle_reader.TRIMMED)
    assert entry.tags[1] == f"section:{section}".strip(moodle_reader.TRIMMED)
    data, _ = exports.render([deck], "gift", title="Title")
    assert not re.search("[\x00-\x08\x0b-\x1f]", data.decode())
    (entry,) = moodle_reader.read_gift(data)
    assert flat(entry.tags[1]) == flat(f"section:{re.sub('[<>]', ' ', section)}")


@pytest.mark.parametrize("kind", exports.FORMATS)
def test_markup_in_a_card_stays_text(kind):
    attack = '<img src=x onerror="alert(1)"> </text></questiontext> ]]> <script>'
    card = study.Flashcard(id="one", section="S", question=attack, answer=attack)
    data, _ = exports.render([study.Deck("hostile", "T", (card,))], kind, title="Title")
    if kind == "qti":
        text = "".join(Package(data).items["card-one"].body.itertext())
        assert text.startswith(attack)
        return
    (entry,) = (moodle_reader.read_xml if kind == "moodle" else moodle_reader.read_gift)(data)
    assert html.unescape(re.sub(r"<[^>]*>", "", entry.prompt)) == attack


def test_choices_in_gift_that_look_like_weights_or_formats_are_texts():
    texts = ["%50% of it", "[html]x", "[plain] y", "%-100%", "[none]"]
    choices = [{"text": text, "right": place == 1, "why": text} for place, text in enumerate(texts)]
    card = study.SingleChoice(id="one", section="S", question="[markdown] What?", choices=choices)
    (entry,) = moodle_reader.read_gift(exports.render([study.Deck("hostile", "T", (card,))], "gift")[0])
    assert entry.prompt == "<div>[markdown] What?</div>"
    assert [(answer.share, answer.text, answer.feedback) for answer in entry.answers[0]] == [
        (100.0 if place == 1 else 0.0, text, text) for place, text in enumerate(texts)
    ]


def test_gaps_in_gift_that_look_like_formats_are_texts():
    gaps = {"a": {"answers": ["[plain]", "[html]x"], "why": "[html]", "hints": {"%50%": "%50%"}}}
    card = study.Fill(id="one", section="S", question="What?", text="It is {{a}}.", gaps=gaps)
    (entry,) = moodle_reader.read_gift(exports.render([study.Deck("hostile", "T", (card,))], "gift")[0])
    found = [("[plain]", "[html]"), ("[html]x", "[html]"), ("%50%", "%50%")]
    assert [(answer.text, answer.feedback) for answer in entry.answers[0]] == found


def test_an_empty_deck_is_an_empty_file():
    for kind in exports.FORMATS:
        data, report = exports.render([study.Deck("empty", "T", ())], kind)
        assert report == exports.Report(0, 0, ()) and (kind != "moodle" or moodle_reader.read_xml(data) == [])


def test_a_star_is_a_star_and_no_wildcard():
    assert moodle_reader.matches(r"a \* b", "a * b", True)
    assert not moodle_reader.matches(r"a \* b", "a then b", True)
    assert moodle_reader.matches("a * b", "a then b", True)
