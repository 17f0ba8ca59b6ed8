"""Every card of the book, exported and read back: texts, choices, answers, tolerances, feedback, pictures, tags."""

import html
import io
import json
import re
import zipfile
from functools import cache

import pytest
from bs4 import BeautifulSoup

from lmkit import study
from lmkit.study import drawings, exports
from lmkit.study.card_sides import media_files
from lmkit.study.cards import GAP
from lmkit.study.exports import gift, moodle_xml, qti_item
from lmkit.study.exports.questions import Choose, Complete, Compute, Recall, Sort, to_questions
from lmkit.widgets.cards._sco.scorm import scorm
from tests.exports import moodle_reader
from tests.exports.qti_reader import Package

TITLE, ADDRESS = "A book of chance", "https://example.org/book"
CHAPTERS = study.chapters()


@cache
def written(kind):
    return exports.render(study.load_all(), kind, title=TITLE, address=ADDRESS)


@cache
def read(kind):
    """The file's questions, by the ids of cards; several where a card needed several."""
    reader = {"moodle": moodle_reader.read_xml, "gift": moodle_reader.read_gift}[kind]
    found = {}
    for entry in reader(written(kind)[0]):
        found.setdefault(re.sub(r"-gap-\d+$", "", entry.id), []).append(entry)
    return found


@cache
def package():
    return Package(written("qti")[0])


def questions(chapter, form):
    return list(to_questions(study.load(chapter), form, TITLE, ADDRESS))


def numbered(task: Complete, sign):
    """The text with something in place of each gap, by its number from 1."""
    places = {blank.name: number for number, blank in enumerate(task.blanks, 1)}
    return GAP.sub(lambda gap: sign(places[gap[1]]), task.text)


def answers_of(blank):
    r"""What Moodle finds in a gap: right answers with the reason, wrong ones with their hints; `\*` is a star."""
    found = [(100.0, text, blank.why) for text in blank.accepted]
    found += [(0.0, text, hint) for text, hint in blank.hints.items()]
    return [(share, text.replace("*", r"\*"), said) for share, text, said in found]


def found_answers(answers):
    return [(answer.share, answer.text, answer.feedback) for answer in answers]


# --- the questions themselves ---------------------------------------------------------------------------------------


def spelt_out(markup):
    """Markup with each character as it is: what two ways of writing it have in common."""
    return html.unescape(re.sub(r'<(/?)(?:div|span)( class="math inline")?>|\sxmlns="[^"]*"', r"", markup))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_question_has_what_the_book_s_own_page_has(chapter):
    deck = study.load(chapter)
    for card, question in zip(deck.cards, questions(chapter, qti_item.FORM), strict=True):
        page = study.card_to_json(card, deck)
        assert (question.id, question.kind, question.chapter) == (card.id, card.kind, chapter)
        assert spelt_out(page["question"]) in spelt_out(question.prompt)
        assert spelt_out(page["explanation"]) in spelt_out(question.feedback)
        assert f"{ADDRESS}/{chapter}.html#{page['anchor']}" in question.feedback
        assert {f"chapter:{chapter}", f"kind:{card.kind}"} | {f"syllabus:{item}" for item in card.covers} <= set(
            question.tags
        )
        assert ("lab" in question.tags) == card.lab
        assert question.pictures == media_files(card)
        task = question.task
        match task:
            case Choose():
                of_page = [(spelt_out(c["text"]), c["right"], spelt_out(c["why"])) for c in page["choices"]]
                assert [(spelt_out(o.text), o.right, spelt_out(o.why)) for o in task.options] == of_page
                assert task.several == (card.kind == "multiple")
            case Compute():
                assert (task.answer, task.tolerance) == (page["answer"], page["tolerance"])
                assert spelt_out(task.why) == spelt_out(page["why"])
                hints = {hint["value"]: spelt_out(hint["why"]) for hint in page["hints"]}
                assert {value: spelt_out(hint) for value, hint in task.hints.items()} == hints
                assert page["unit"] in question.prompt
            case Complete():
                assert spelt_out(task.text) == spelt_out(page["text"]) and task.exact == card.code
                for blank, gap in zip(task.blanks, page["gaps"], strict=True):
                    assert blank.name == gap["name"] and set(card.gaps[blank.name].answers) <= set(blank.accepted)
                    assert blank.accepted[0] == gap["answer"] and spelt_out(blank.why) == spelt_out(gap["why"])
                    assert [spelt_out(hint) for hint in blank.hints.values()] == list(
                        map(spelt_out, gap["hints"].values())
                    )
            case Sort():
                assert [spelt_out(text) for text in task.items] == [spelt_out(item["text"]) for item in page["items"]]
                assert all(spelt_out(item["why"]) in spelt_out(question.feedback) for item in page["items"])
            case Recall():
                for text in [page["answer"]] if card.kind == "flashcard" else page["steps"]:
                    assert spelt_out(text) in spelt_out(task.answer) and spelt_out(text) in spelt_out(question.feedback)


# --- Moodle XML and GIFT --------------------------------------------------------------------------------------------

KINDS = {
    "moodle": {Choose: "multichoice", Complete: "cloze", Compute: "numerical", Sort: "ordering", Recall: "essay"},
    "gift": {Choose: "multichoice", Complete: "shortanswer", Compute: "numerical", Sort: "match", Recall: "essay"},
}
FORMS = {"moodle": moodle_xml.FORM, "gift": gift.FORM}


@pytest.mark.parametrize("chapter", CHAPTERS)
@pytest.mark.parametrize("kind", ["moodle", "gift"])
def test_cards_are_the_same_after_moodle_xml_and_gift(kind, chapter):
    for question in questions(chapter, FORMS[kind]):
        entries = read(kind)[question.id]
        for entry in entries:
            assert entry.kind == KINDS[kind][type(question.task)], question.id
            assert entry.category == f"$course$/top/{TITLE}/{study.load(chapter).title}"
            assert entry.title.startswith(question.title) and entry.tags == question.tags
            assert entry.feedback == question.feedback, question.id
        whole = isinstance(question.task, Complete) and kind == "gift"
        check_gaps_alone(question, entries) if whole else check_task(question, *entries)
        if kind == "moodle":
            check_pictures(question, *entries)


def check_task(question, entry):
    task, (answers, *more) = question.task, entry.answers or [()]
    if isinstance(task, Complete):
        assert entry.prompt == f"{question.prompt}<div>{numbered(task, '{{#{}}}'.format)}</div>", question.id
        assert [found_answers(gap) for gap in entry.answers] == list(map(answers_of, task.blanks)), question.id
        assert entry.exact == task.exact
        return
    assert entry.prompt == question.prompt and not more, question.id
    match task:
        case Choose():
            texts = [(answer.text, answer.feedback) for answer in answers]
            assert texts == [(option.text, option.why) for option in task.options], question.id
            assert entry.several == task.several
            shares = [answer.share for answer in answers]
            assert [share > 0 for share in shares] == [option.right for option in task.options], question.id
            if task.several:
                assert sum(share for share in shares if share > 0) == pytest.approx(100, abs=1e-3)
                assert sum(shares) == pytest.approx(0, abs=1e-3)  # ticking all is worth nothing
            else:
                assert sorted(shares) == [0.0] * (len(shares) - 1) + [100.0]
        case Compute():
            (right, *wrong) = answers
            assert (right.share, float(right.text), right.tolerance) == (100.0, task.answer, task.tolerance)
            assert right.feedback == task.why
            found = {float(answer.text): answer.feedback for answer in wrong}
            assert found == task.hints and all(a.share == a.tolerance == 0 for a in wrong), question.id
        case Sort():
            pairs = entry.pairs or tuple((answer.text, f"{answer.share:g}") for answer in answers)
            assert pairs == tuple((text, str(place)) for place, text in enumerate(task.items, 1)), question.id
        case Recall():
            assert not answers and not entry.pairs and task.answer in entry.feedback


def check_gaps_alone(question, entries):
    """A question for each gap, which shows the whole text with the gaps' numbers."""
    task, several = question.task, len(question.task.blanks) > 1
    text = numbered(task, (lambda n: f"<strong>({n})</strong>") if several else (lambda n: "<strong>(…)</strong>"))
    for place, (entry, blank) in enumerate(zip(entries, task.blanks, strict=True), 1):
        assert entry.prompt.startswith(f"{question.prompt}<div>{text}</div>"), question.id
        assert (f"({place})?" in entry.prompt) == several
        assert [found_answers(gap) for gap in entry.answers] == [answers_of(blank)], question.id


def check_pictures(question, entry):
    shown = re.findall(r'src="@@PLUGINFILE@@/([^"]+)"', entry.prompt + entry.feedback)
    assert dict(entry.files) == {name: svg.encode() for name, svg in question.pictures.items()}
    assert sorted(set(shown)) == sorted(question.pictures)


def test_moodle_s_gaps_take_the_book_s_answers_and_no_others():
    for chapter in CHAPTERS:
        for card in study.load(chapter).cards:
            if card.kind == "fill":
                (entry,) = read("moodle")[card.id]
                for name, answers in zip(card.names, entry.answers, strict=True):
                    rights = [answer.text for answer in answers if answer.share == 100]
                    taken = lambda text: any(moodle_reader.matches(right, text, card.code) for right in rights)  # noqa: B023, E731
                    assert all(map(taken, card.gaps[name].answers)), card.id
                    assert not any(map(taken, card.gaps[name].hints)), card.id


# --- QTI ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_cards_are_the_same_after_qti(chapter):
    for question in questions(chapter, qti_item.FORM):
        item = package().items[f"card-{question.id}"]
        assert item.title == question.title and package().keywords(f"card-{question.id}") == question.tags
        assert normal(item.said["general_feedback"]) == normal(question.feedback), question.id
        assert normal(qti_body(item)).startswith(normal(question.prompt)), question.id
        check_item(question, item)
        for name, svg in question.pictures.items():
            assert package().files[f"media/{name}"] == svg.encode()
            assert f'src="../media/{name}"' in question.prompt + question.feedback


def normal(markup):
    """Markup as an XML writer has it, whatever its quotes and entities."""
    return html.unescape(re.sub(r"\s*/>", "/>", re.sub(r"<(\w+)([^<>]*)></\1>", r"<\1\2/>", markup)))


def qti_body(item):
    from tests.exports.qti_reader import inner

    return inner(item.body)


def check_item(question, item):
    task = question.task
    general = item.said["general_feedback"]
    match task:
        case Choose():
            choices = item.choices()
            assert list(map(normal, choices.values())) == [normal(option.text) for option in task.options]
            right = [name for name, option in zip(choices, task.options, strict=True) if option.right]
            assert item.correct() == right
            for name, option in zip(choices, task.options, strict=True):
                score, said = item.run(RESPONSE=[name] if task.several else name)
                assert score == float([name] == right), question.id
                assert list(map(normal, said)) == [normal(option.why), normal(general)], question.id
            assert item.run(RESPONSE=right[::-1] if task.several else right[0])[0] == 1
            assert not task.several or item.run(RESPONSE=list(choices))[0] == 0
        case Compute():
            check_number(task, item, general)
        case Complete():
            check_blanks(task, item, general)
        case Sort():
            choices = item.choices()
            assert list(map(normal, choices.values())) == list(map(normal, task.items))
            assert item.correct() == list(choices)
            assert item.run(RESPONSE=list(choices)) == (1, [general])
            assert item.run(RESPONSE=list(choices)[::-1])[0] == 0
        case Recall():
            assert item.run(RESPONSE="anything") == (0, [general]) and normal(task.answer) in normal(general)


def check_number(task, item, general):
    def said_to(value):
        score, said = item.run(RESPONSE=value)
        return score, list(map(normal, said))

    right = (1.0, [normal(task.why), normal(general)])
    assert said_to(task.answer) == right and item.correct() == [f"{task.answer!r}".removesuffix(".0")]
    for side in (-1, 1):
        assert said_to(task.answer + side * task.tolerance) == right
        assert said_to(task.answer + side * (1.001 * task.tolerance + 1e-6))[0] == 0
    for wrong, hint in task.hints.items():
        assert said_to(wrong) == (0, [normal(hint), normal(general)])


def check_blanks(task, item, general):
    names = list(item.responses)
    assert [node.get("responseIdentifier") for node in item.interactions("textEntryInteraction")] == names
    assert item.run()[0] == 0
    best = {name: blank.accepted[0] for name, blank in zip(names, task.blanks, strict=True)}
    assert item.run(**best)[0] == pytest.approx(1)
    for name, blank in zip(names, task.blanks, strict=True):
        assert item.correct(name) == [blank.accepted[0]] and item.mapped(name) == list(blank.accepted)
        for answer in blank.accepted:
            score, said = item.run(**{name: answer})
            assert score == pytest.approx(1 / len(names)) and list(map(normal, said)) == [
                normal(blank.why),
                normal(general),
            ]
            assert (item.run(**{name: answer.swapcase()})[0] > 0) == (not task.exact or answer.swapcase() == answer)
        for wrong, hint in blank.hints.items():
            score, said = item.run(**{name: wrong})
            assert score == 0 and list(map(normal, said)) == [normal(hint), normal(general)]


def test_the_package_s_tests_ask_every_card_in_the_book_s_order():
    for chapter in CHAPTERS:
        test = package().tests[f"test-{chapter}"]
        assert test.get("title") == study.load(chapter).title
        asked = [node.get("identifier") for node in test.iter("{*}assessmentItemRef")]
        assert asked == [f"card-{card.id}" for card in study.load(chapter).cards]
        sections = [node.get("title") for node in test.iter("{*}assessmentSection")]
        wanted = [card.section.replace("`", "") for card in study.load(chapter).cards]
        assert sections == [name for place, name in enumerate(wanted) if place == 0 or wanted[place - 1] != name]


def test_every_file_of_the_package_is_in_its_manifest():
    listed = {node.get("href") for node in package().manifest.iter("{*}file")}
    assert listed == set(package().files) - {"imsmanifest.xml"}
    for node in package().manifest.iter("{*}dependency"):
        assert node.get("identifierref") in package().resources


# --- all together ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", exports.FORMATS)
def test_no_card_is_missing_and_what_was_changed_is_told(kind):
    cards = [card for deck in study.load_all() for card in deck.cards]
    _, report = written(kind)
    ids = list(package().items) if kind == "qti" else list(read(kind))
    assert [key.removeprefix("card-") for key in ids] == [card.id for card in cards]
    assert report.cards == len(cards)
    told = {change.card for change in report.changes}
    assert told >= {card.id for card in cards if card.kind in ("flashcard", "draw")}
    kept = {"moodle": {"single", "multiple", "number", "order", "fill"}, "qti": {"single", "number", "order", "fill"}}
    assert not told & {card.id for card in cards if card.kind in kept.get(kind, ())}
    for line in report.text().splitlines():
        assert line.split(" (")[0] in told


@pytest.mark.parametrize("kind", exports.FORMATS)
def test_the_same_cards_make_the_same_bytes(kind):
    decks = study.load_all(["lstm"])
    assert exports.render(decks, kind) == exports.render(decks, kind)


def test_gift_describes_each_picture_in_words():
    for deck in study.load_all():
        for card in deck.cards:
            if card.drawing:
                (entry,) = read("gift")[card.id]
                assert html.escape(drawings.alt(card.drawing), quote=True) in entry.feedback


# --- SCORM ----------------------------------------------------------------------------------------------------------


@cache
def scorm_package():
    content, report = scorm(study.load_all(), TITLE, ADDRESS)
    return zipfile.ZipFile(io.BytesIO(content)), report


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_scorm_holds_each_card_of_the_quiz(chapter):
    """As the page's own script gets it, from a parser of HTML; the flashcards are told as left out."""
    archive, report = scorm_package()
    page = BeautifulSoup(archive.read(f"{chapter}.html"), "html.parser")
    found = {card["id"]: card for card in json.loads(page.select_one("script#cards").string)}
    deck = study.load(chapter)
    assert list(found) == [card.id for card in deck.cards if card.kind != "flashcard"]
    for card in deck.quiz():
        assert found[card.id] == json.loads(json.dumps(study.card_to_json(card, deck)))
    left_out = {change.card for change in report.changes if "left out" in change.what}
    assert left_out >= {card.id for card in deck.cards if card.kind == "flashcard"}
    assert not left_out & set(found)
