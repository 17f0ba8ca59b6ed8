"""What readers that others wrote find in the exports: gift-pegjs, moodle-xml-parser and onyx2moodle."""

import html
import re
from functools import cache
from pathlib import Path

import onyx2moodle.parser
import pytest
from moodle_xml_parser.parser import parse_bytes

from lmkit import study
from lmkit.study.exports import gift, moodle_xml, qti_item
from lmkit.study.exports.questions import Choose, Complete, Compute, Recall, Sort
from tests.exports.test_cards_read_back import CHAPTERS, answers_of, normal, package, questions, written
from tests.widgets import node

READ_GIFT = Path(__file__).with_name("read_gift.mjs")

# --- GIFT, by gift-pegjs --------------------------------------------------------------------------------------------

TYPES = {Choose: "MC", Complete: "Short", Compute: "Numerical", Sort: "Matching", Recall: "Essay"}


@cache
def by_pegjs():
    """Questions by the ids of cards; several where a card needed several."""
    found = {}
    for entry in node.run(READ_GIFT, data=written("gift")[0].decode()):
        if entry["type"] != "Category":
            found.setdefault(re.sub(r"-gap-\d+$", "", entry["id"]), []).append(entry)
    return found


def choices_of(entry):
    return [(c["weight"], c["text"]["text"], c["feedback"]["text"]) for c in entry["choices"]]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_gift_pegjs_finds_every_card(chapter):
    for question in questions(chapter, gift.FORM):
        task, entries = question.task, by_pegjs()[question.id]
        for entry in entries:
            assert entry["type"] == TYPES[type(task)], question.id
            assert entry["stem"]["format"] == "html" and entry["stem"]["text"].startswith(question.prompt)
            assert entry["globalFeedback"]["text"] == question.feedback, question.id
            assert entry["tags"] == list(question.tags)
        entry = entries[0]
        match task:
            case Choose():
                texts = [(c["text"]["text"], c["feedback"]["text"]) for c in entry["choices"]]
                assert texts == [(option.text, option.why) for option in task.options], question.id
                key = (lambda c: (c["weight"] or 0) > 0) if task.several else (lambda c: c["isCorrect"])
                assert list(map(key, entry["choices"])) == [option.right for option in task.options]
            case Complete():
                for entry, blank in zip(entries, task.blanks, strict=True):
                    assert choices_of(entry) == answers_of(blank), question.id
            case Compute():
                numbers = [(c["weight"], c["text"]["number"], c["feedback"]["text"]) for c in entry["choices"]]
                wrong = [(0, value, hint) for value, hint in task.hints.items()]
                assert numbers == [(100, task.answer, task.why), *wrong], question.id
                assert entry["choices"][0]["text"]["range"] == task.tolerance
            case Sort():
                pairs = [(pair["subquestion"]["text"], pair["subanswer"]) for pair in entry["matchPairs"]]
                assert pairs == [(text, str(place)) for place, text in enumerate(task.items, 1)], question.id
    assert set(by_pegjs()) == {card.id for deck in study.load_all() for card in deck.cards}


# --- Moodle XML, by moodle-xml-parser -------------------------------------------------------------------------------


@cache
def by_parser():
    """Questions with choices by the ids at the end of their titles; of gaps it reads the simplest ones only."""
    found = parse_bytes(written("moodle")[0])
    return {re.search(r"\(([a-z0-9-]+)\)$", q.name)[1]: q for q in found["multichoice"]}


def twice(text):
    """This reader decodes entities of HTML once more, and takes marks of CDATA away."""
    return html.unescape(text)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_moodle_xml_parser_finds_every_choice(chapter):
    for question in questions(chapter, moodle_xml.FORM):
        task = question.task
        if isinstance(task, Choose):
            entry = by_parser()[question.id]
            assert entry.text_pre_parse == twice(question.prompt) and entry.single != task.several
            assert entry.general_feedback == twice(question.feedback)
            texts = [(option.answer, option.score_fraction > 0, option.feedback) for option in entry.options]
            assert texts == [(twice(option.text), option.right, twice(option.why)) for option in task.options]
    wanted = {c.id for c in study.load(chapter).cards if c.kind in ("single", "multiple")}
    assert wanted <= set(by_parser())


# --- QTI, by onyx2moodle --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def by_onyx(tmp_path_factory):
    """A function that reads an item as onyx2moodle does."""
    folder = tmp_path_factory.mktemp("onyx")

    def read(question):
        path = folder / f"{question.id}.xml"
        path.write_bytes(package().files[f"items/{question.id}.xml"])
        return onyx2moodle.parser.parse_item(path)

    return read


def bare(markup):
    """Markup as onyx2moodle leaves it, without declarations of namespaces."""
    return normal(re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", markup))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_onyx2moodle_finds_every_item(by_onyx, chapter):
    for question in questions(chapter, qti_item.FORM):
        task, item = question.task, by_onyx(question)
        assert (item.identifier, item.title) == (f"card-{question.id}", question.title)
        said = {feedback.identifier: bare(feedback.html) for feedback in item.feedback}
        assert said["general_feedback"] == bare(f"<div>{question.feedback}</div>"), question.id
        declared = list(item.response_decls.values())
        match task:
            case Choose():
                (interaction,), (response,) = item.interactions, declared
                assert interaction.kind == "choice" and (interaction.max_choices == 0) == task.several
                assert [bare(c.html) for c in interaction.choices] == [bare(o.text) for o in task.options], question.id
                names = [c.identifier for c in interaction.choices]
                right = [name for name, option in zip(names, task.options, strict=True) if option.right]
                assert response.correct_values == right
                whys = [bare(f"<div>{option.why}</div>") for option in task.options]
                assert [said[f"why_{n}"] for n in range(1, len(names) + 1)] == whys
            case Complete():
                assert [i.kind for i in item.interactions] == ["textEntry"] * len(task.blanks)
                for response, blank in zip(declared, task.blanks, strict=True):
                    assert response.mapping == dict.fromkeys(blank.accepted, 1.0), question.id
            case Compute():
                assert [i.kind for i in item.interactions] == ["textEntry"] and declared[0].base_type == "float"
                assert [float(value) for value in declared[0].correct_values] == [task.answer]
            case Recall():
                assert [i.kind for i in item.interactions] == ["extendedText"] and not declared[0].correct_values
            case Sort():
                assert declared[0].cardinality == "ordered"
                assert len(declared[0].correct_values) == len(task.items)
