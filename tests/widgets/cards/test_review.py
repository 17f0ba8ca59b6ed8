"""The Review page's widget: what it asks, how it grades and marks, and that no answer is lost."""

import json
import re
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from lmkit import study
from lmkit.study.classroom import read_class
from lmkit.widgets import Review
from tests.widgets.cards.driver import LOG

ADDRESS = "http://book.test/book/review.html"
KEY = "memory-and-chance:reviews"
EXAMPLES = study.read_deck(Path(__file__).parents[2] / "example_cards.yml", "Examples")
SECOND = study.Deck(
    "second",
    "The second chapter",
    (
        study.SingleChoice(
            id="second-single",
            section="Its section",
            question="Which is right?",
            choices=[{"text": "this", "right": True, "why": "It is."}, {"text": "that", "why": "It is not."}],
        ),
        study.Flashcard(id="second-flash", section="Its section", question="Who?", answer="**Nobody**."),
    ),
)
DAY = 86_400_000
NOW = round(datetime(2027, 3, 10, 12).timestamp() * 1000)  # noon by the clock of this machine
RIGHT = {  # how a reader answers each of the examples
    "example-single": lambda page: page.get_by_label("the forget gate").check(),
    "example-multiple": lambda page: [page.get_by_label(name, exact=True).check() for name in ("input", "forget")],
    "example-fill": lambda page: page.locator(".lmkit-card input:visible").fill("Forget"),
    "example-code": lambda page: page.locator(".lmkit-card input:visible").fill("vocab_size"),
    "example-number": lambda page: page.locator(".lmkit-card input:visible").fill("4,160"),
    "second-single": lambda page: page.get_by_label("this", exact=True).check(),
}


@pytest.fixture(scope="module")
def lab():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "load_all", lambda chapters: [EXAMPLES, SECOND])
        return Review(seed=3)


@pytest.fixture
def opened(view, lab):
    """A function that opens the page at a time; what was stored before stays, unless it is given anew."""
    page = view.page
    empty = {"body": "<!doctype html>", "content_type": "text/html; charset=utf-8"}
    page.route("http://book.test/**", lambda route: route.fulfill(**empty))
    page.goto(ADDRESS)
    page.evaluate("localStorage.clear(), sessionStorage.clear()")

    def open_(*reviews, now: int = NOW, stored: str | None = None):
        page.goto(ADDRESS)
        page.evaluate("(now) => { Date.now = () => now; }", now)
        if reviews or stored is not None:
            text = stored if stored is not None else log_text(*reviews)
            page.evaluate("([key, text]) => localStorage.setItem(key, text)", [KEY, text])
        return view.put(lab)

    yield open_
    page.evaluate("localStorage.clear()")
    page.unroute("http://book.test/**")


def log_text(*reviews) -> str:
    return json.dumps({"format": "memory-and-chance reviews", "version": 1, "reviews": reviews})


def stored(page) -> list:
    return json.loads(page.evaluate("(key) => localStorage.getItem(key)", KEY))["reviews"]


def last(page) -> list:
    """The newest answer: card and grade. The clock of these pages stands still, so what is stored does not tell."""
    return page.evaluate(f"[...{LOG}.entries.values()].map(({{ card, grade }}) => [card, grade]).at(-1)")


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def exported(page) -> dict:
    """The file of a reader's progress, as a field for files takes it."""
    with page.expect_download() as download:
        press(page, "Export as a file")
    content = Path(download.value.path()).read_bytes()
    return {"name": "progress.json", "mimeType": "application/json", "buffer": content}


def tab(page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def shown_card(page) -> str:
    """The id of the card that is asked: its question is the one with this last word."""
    question = page.locator(".lmkit-card-question:visible").inner_text()
    words = {card.question.replace("`", "").split()[-1]: card.id for card in (*EXAMPLES.cards, *SECOND.cards)}
    return words[question.split()[-1]]


def head(page) -> str:
    return page.locator(".lmkit-review-head:visible").first.inner_text()


# --- in Python ---------------------------------------------------------------------------------------------------


def test_review_takes_the_chapters_that_it_is_given(lab):
    assert repr(lab) == "Review(chapters=['example_cards', 'second'])"
    assert [card["id"] for card in lab.view.cards] == [card.id for card in (*EXAMPLES.cards, *SECOND.cards)]
    assert repr(Review(["lstm"])) == "Review(chapters=['lstm'])"
    assert len(Review().view.cards) == sum(len(deck.cards) for deck in study.load_all())


def test_a_drawing_travels_once(lab):
    names = {card["drawing"] for card in lab.view.cards}
    assert names == {None, "recurrent-network"} == {None, *lab.view.drawings}
    assert set(lab.view.drawings["recurrent-network"]) == {"svg", "alt", "steps"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"chapters": ["poetry"]}, "chapter must be one of .* but it is 'poetry'"),
        ({"chapters": "lstm"}, r"chapters must be a list of names, but it is 'lstm'; write \['lstm'\]"),
        ({"chapters": []}, r"chapters must have at least one card, but \[\] have none"),
        ({"seed": -1}, "seed must be a whole number of at least 0, but it is -1"),
        ({"seed": 0.5}, "seed must be a whole number of at least 0, but it is 0.5"),
    ],
)
def test_what_cannot_be_reviewed_is_named(settings, message):
    with pytest.raises(ValueError, match=message):
        Review(**settings)


def test_without_scripts_all_cards_can_be_read(lab):
    text = lab.fallback()
    assert lab._repr_mimebundle_()["text/html"] == text
    assert text.count("<details><summary>Answer</summary>") == len(EXAMPLES.cards) + len(SECOND.cards)
    assert "<summary>The second chapter: 2 cards</summary>" in text and "<strong>Nobody</strong>" in text
    assert "✓ Right:</strong> It is." in text and "that <strong>✗ Wrong</strong>" in text
    assert "<svg" not in text  # the page is heavy enough: drawings, and why answers are wrong, are in the chapters


# --- sessions ----------------------------------------------------------------------------------------------------


def test_a_flashcard_is_graded_by_its_reader(opened):
    page = opened()
    expect(page.locator(".lmkit-review-summary:visible")).to_have_text("No card is due now; 10 cards are new.")
    press(page, "Start the session")
    assert head(page) == "Card 1 of 10 · Examples · new"
    expect(page.locator(".lmkit-review-grade:visible")).to_have_count(0)
    press(page, "Show the answer")
    labels = page.locator(".lmkit-review-grade:visible").evaluate_all("(all) => all.map((one) => one.ariaLabel)")
    assert [label.replace("\u202f", " ") for label in labels] == [
        "Again, again in 1 min",
        "Hard, again in 6 min",
        "Good, again in 10 min",
        "Easy, again in 8 days",
    ]
    page.keyboard.press("4")
    assert head(page).startswith("Card 2 of 10")
    assert stored(page) == [["example-flashcard", 4, NOW]]


def test_a_drawing_is_graded_when_all_its_steps_are_shown(opened):
    page = opened(["example-flashcard", 4, NOW - DAY])
    press(page, "Start the session")
    assert shown_card(page) == "example-draw"
    for _ in range(5):
        expect(page.locator(".lmkit-review-grade:visible")).to_have_count(0)
        page.locator(".lmkit-card button:visible").click()
    page.keyboard.press("Enter")  # the marked one, Good
    expect(page.locator(".lmkit-review-head:visible")).to_contain_text("Card 2 of")
    assert last(page) == ["example-draw", 3] and len(stored(page)) == 2


def sort_list(page) -> None:
    """Bring the list of the example into its order: forget, write, show; it must be moved at least once."""
    for name, moves in (("forget", 2), ("show", 2)):
        for _ in range(moves):
            button = page.get_by_label(f"Move {'up' if name == 'forget' else 'down'}: {name}")
            if button.is_enabled():
                button.click()


def answer_all(page) -> list[str]:
    """Go through a session, all answers right; returns the ids in the order of their asking."""
    asked = []
    while page.locator(".lmkit-review-running:visible").count() and len(asked) < 12:
        asked.append(shown_card(page))
        if page.get_by_role("button", name="Check", exact=True).is_visible():
            RIGHT.get(asked[-1], sort_list)(page)
            press(page, "Check")
        while page.locator(".lmkit-card button:visible").count():
            page.locator(".lmkit-card button:visible").first.click()
        page.keyboard.press("Enter")
    return asked


def test_judged_questions_are_graded_by_their_answer(opened):
    page = opened(*[[card.id, 3, NOW - 60_000] for card in EXAMPLES.cards[:2]])
    press(page, "Start the session")
    assert shown_card(page) == "example-single"
    press(page, "Check")
    expect(page.locator(".lmkit-card-message")).to_have_text("Choose an answer first.")
    page.get_by_label("tanh").check()
    press(page, "Check")
    assert [text.split("\n")[0] for text in page.locator(".lmkit-review-grade:visible").all_inner_texts()] == ["Again"]
    page.keyboard.press("3")  # is not offered
    page.keyboard.press(" ")
    assert last(page) == ["example-single", 1]
    RIGHT["example-multiple"](page)
    press(page, "Check")
    grades = page.locator(".lmkit-review-grade:visible")
    assert [text.split("\n")[0] for text in grades.all_inner_texts()] == ["Hard", "Good", "Easy"]
    expect(grades.nth(1)).to_be_focused()
    page.keyboard.press("2")
    assert last(page) == ["example-multiple", 2]
    assert shown_card(page) == "example-fill"
    page.locator(".lmkit-card input:visible").fill("forget")
    page.locator(".lmkit-card input:visible").press("Enter")
    expect(page.locator(".lmkit-card-verdict:visible")).to_contain_text("Right")
    press(page, "Good, again in 10\u202fmin")
    assert last(page) == ["example-fill", 3]


def test_digits_that_are_typed_are_no_grades(opened):
    page = opened(*[[card.id, 3, NOW - 60_000] for card in EXAMPLES.cards[:6]])
    press(page, "Start the session")
    assert shown_card(page) == "example-number"
    page.locator(".lmkit-card input:visible").press_sequentially("4160")
    assert len(stored(page)) == 6
    page.keyboard.press("Enter")
    expect(page.locator(".lmkit-card-verdict:visible")).to_contain_text("Right")


def test_cards_that_were_not_known_come_again_and_then_the_session_ends(opened):
    page = opened()
    page.get_by_label("Cards at most").fill("4")
    press(page, "Start the session")
    press(page, "Show the answer")
    page.keyboard.press("1")
    asked = []
    for _ in range(3):
        asked += [shown_card(page)]
        while page.locator(".lmkit-card button:visible").count():
            page.locator(".lmkit-card button:visible").first.click()
        if asked[-1] in RIGHT:
            RIGHT[asked[-1]](page)
            press(page, "Check")
        page.keyboard.press("Enter")
    assert asked == ["example-draw", "example-single", "example-multiple"]
    assert head(page) == "Once more, 1 card left · Examples"
    press(page, "Show the answer")
    page.keyboard.press("Enter")
    end = page.locator(".lmkit-review-end:visible")
    expect(end).to_be_focused()
    expect(end).to_contain_text("4 cards answered, 3 known at first sight (Again 1, Good 3).")
    expect(end.locator("li")).to_have_text(["Examples: section ‘Two states’ of the notebook example_cards.ipynb"])
    assert sorted(grade for _, grade, _ in stored(page)) == [1, 3, 3, 3, 3]


def test_progress_is_there_after_a_reload_and_cards_come_back(opened):
    page = opened()
    press(page, "Start the session")
    assert sorted(answer_all(page)) == sorted(card.id for card in (*EXAMPLES.cards, *SECOND.cards))
    page = opened()
    lead = page.locator(".lmkit-review-summary:visible")
    met = "No card is due now, and you have met all cards that are chosen. The next one is due in"
    expect(lead).to_contain_text(met)
    expect(page.get_by_role("button", name="Start the session")).to_be_hidden()
    page = opened(now=NOW + 3600_000)
    expect(lead).to_contain_text("10 cards are due now")
    assert len(stored(page)) == 10


def test_a_session_can_be_ended_early(opened):
    page = opened()
    press(page, "Start the session")
    press(page, "Show the answer")
    page.keyboard.press("3")
    press(page, "End the session")
    end = page.locator(".lmkit-review-end:visible")
    expect(end).to_contain_text("1 card answered, 1 known at first sight (Good 1).")
    lead = "No card is due now; 9 cards are new. The next one is due in 10\u202fmin, at 12:10."
    expect(page.locator(".lmkit-review-summary:visible")).to_have_text(lead)


def grade_flashcard_and_drawing(page, first: str, second: str) -> None:
    """Answer the first two of the examples, each with the key of a grade."""
    press(page, "Show the answer")
    page.keyboard.press(first)
    for _ in range(5):  # the drawing's steps
        page.locator(".lmkit-card button:visible").click()
    page.keyboard.press(second)


def test_the_last_answers_can_be_taken_back(opened):
    page = opened()
    page.get_by_label("Cards at most").fill("2")
    press(page, "Start the session")
    back = page.get_by_role("button", name=re.compile("^Take back"))
    expect(back).to_have_count(0)
    grade_flashcard_and_drawing(page, "1", "4")
    assert (shown_card(page), head(page)) == ("example-flashcard", "Once more, 1 card left · Examples")
    press(page, "Take back ‘Easy’")
    assert (shown_card(page), head(page)) == ("example-draw", "Card 2 of 2 · Examples · new")
    press(page, "Take back ‘Again’")
    assert (shown_card(page), head(page)) == ("example-flashcard", "Card 1 of 2 · Examples · new")
    expect(back).to_have_count(0)
    grade_flashcard_and_drawing(page, "3", "2")
    said = "2 cards answered, 2 known at first sight (Hard 1, Good 1)."
    expect(page.locator(".lmkit-review-end:visible")).to_contain_text(said)
    press(page, "Take back ‘Hard’")
    assert shown_card(page) == "example-draw"
    press(page, "End the session")
    page = opened()
    expect(page.locator(".lmkit-review-summary:visible")).to_contain_text("9 cards are new.")
    tab(page, "Progress")
    expect(page.locator(".lmkit-review-keeping > p").first).to_contain_text("1 answer since")


def test_a_session_waits_while_the_reader_looks_elsewhere(opened):
    page = opened(*[[card.id, 3, NOW - 60_000] for card in EXAMPLES.cards[:6]])
    press(page, "Start the session")
    page.locator(".lmkit-card input:visible").fill("41")
    tab(page, "Browse")
    expect(page.locator(".lmkit-card:visible")).to_have_count(0)
    tab(page, "Session")
    expect(page.locator(".lmkit-card input:visible")).to_have_value("41")


# --- exams -------------------------------------------------------------------------------------------------------


def test_an_exam_says_nothing_until_it_is_handed_in_and_then_gives_a_mark(opened):
    page = opened()
    tab(page, "Exam")
    expect(page.locator(".lmkit-review-summary:visible")).to_have_text("7 questions can be asked.")
    press(page, "Start the exam")
    page.evaluate("() => { globalThis.asks = !dispatchEvent(new Event('beforeunload', { cancelable: true })); }")
    assert page.evaluate("asks")  # the browser asks before it leaves
    asked = []
    for number in range(7):
        assert head(page).startswith(f"Question {number + 1} of 7 · ")
        asked.append(shown_card(page))
        if asked[-1] in RIGHT and asked[-1] != "second-single":
            RIGHT[asked[-1]](page)
        elif asked[-1] == "second-single":
            page.get_by_label("that", exact=True).check()
        expect(page.locator(".lmkit-card-verdict:visible")).to_have_count(0)
        if number < 6:
            press(page, "Next")
    assert sorted(asked) == sorted([*RIGHT, "example-order"])
    press(page, f"Question {asked.index('example-number') + 1}, answered")
    expect(page.locator(".lmkit-card input:visible")).to_have_value("4,160")
    page.locator(".lmkit-card input:visible").fill("4096")  # a wrong answer after all
    press(page, "Hand in")
    place = asked.index("example-order") + 1
    question = page.locator(".lmkit-review-asked:visible p")
    asks = f"1 question has no full answer yet ({place}). Hand in? Answers cannot be changed afterwards."
    expect(question).to_have_text(asks)
    press(page, "Go on with the exam")
    expect(question).to_have_count(0)
    press(page, "Hand in")
    page.locator(".lmkit-review-asked:visible").get_by_role("button", name="Hand in").click()
    expect(page.locator(".lmkit-review-mark")).to_have_text("4 of 7 points, 57\u202f%")
    rows = page.locator(".lmkit-review-marks tbody tr")
    assert set(rows.all_text_contents()) == {"Examples4 of 667\u202f%", "The second chapter0 of 10\u202f%"}
    expect(page.locator(".lmkit-review-papers > li")).to_have_count(7)
    expect(page.locator(".lmkit-review-papers .lmkit-card-verdict")).to_have_count(7)
    expect(page.locator(".lmkit-review-reread li")).to_have_count(2)
    grades = {card: grade for card, grade, _ in stored(page)}
    assert grades == {card: 1 if card in ("example-number", "second-single") else 3 for card in RIGHT}
    assert not page.evaluate("!dispatchEvent(new Event('beforeunload', { cancelable: true }))")


def test_an_exam_can_be_left(opened):
    page = opened()
    tab(page, "Exam")
    page.get_by_label("Questions").fill("3")
    press(page, "Start the exam")
    press(page, "Leave the exam")
    asked = page.locator(".lmkit-review-asked:visible")
    expect(asked).to_contain_text("Its answers are dropped, and there is no mark.")
    tab(page, "Progress")
    tab(page, "Exam")
    expect(asked).to_be_visible()  # it is still open
    asked.get_by_role("button", name="Leave the exam").click()
    expect(page.get_by_role("button", name="Start the exam")).to_be_focused()
    assert page.evaluate("(key) => localStorage.getItem(key)", KEY) is None
    assert not page.evaluate("!dispatchEvent(new Event('beforeunload', { cancelable: true }))")


def test_an_exam_survives_a_reload(opened):
    page = opened()
    tab(page, "Exam")
    press(page, "Start the exam")
    asked = []
    for number in range(7):
        asked.append(shown_card(page))
        if asked[-1] in RIGHT:
            RIGHT[asked[-1]](page)
        else:
            page.locator(".lmkit-card-moves button:not(:disabled):visible").first.click()
            order = page.locator(".lmkit-card-item:visible").all_inner_texts()
        if number < 6:
            press(page, "Next")
    press(page, f"Question {asked.index('example-order') + 1}, answered")
    page = opened()
    expect(page.get_by_role("tab", name="Exam", selected=True)).to_be_visible()
    expect(page.get_by_text("Your answers are still here.")).to_be_visible()
    assert shown_card(page) == "example-order"
    assert page.locator(".lmkit-card-item:visible").all_inner_texts() == order
    press(page, "Hand in")
    page.locator(".lmkit-review-asked:visible").get_by_role("button", name="Hand in").click()
    expect(page.locator(".lmkit-review-mark")).to_contain_text("of 7 points")
    grades = {card: grade for card, grade, _ in stored(page)}
    assert {card: grades[card] for card in RIGHT} == dict.fromkeys(RIGHT, 3)
    page = opened()
    expect(page.get_by_role("tab", name="Session", selected=True)).to_be_visible()  # the exam is over


@pytest.mark.parametrize(
    "draft",
    ["{", "7", '{"cards": ["lost-card"]}', '{"cards": ["example-order"], "draw": "1", "at": 0, "responses": [[9]]}'],
)
def test_an_exam_that_cannot_be_resumed_is_dropped(opened, draft):
    page = opened()
    page.evaluate("(draft) => sessionStorage.setItem('memory-and-chance:exam', draft)", draft)
    page = opened()
    tab(page, "Exam")
    press(page, "Start the exam")
    assert head(page).startswith("Question 1 of 7")


# --- choice, progress, list --------------------------------------------------------------------------------------


def test_cards_are_chosen_by_chapter_and_kind(opened):
    page = opened()
    summary, lead = page.locator(".lmkit-review-filter summary"), page.locator(".lmkit-review-summary:visible")
    expect(summary).to_have_text("All 10 cards: choose chapters and kinds")
    summary.click()
    page.get_by_label("Examples").uncheck()
    expect(summary).to_have_text("2 of 10 cards: 1 of 2 chapters")
    expect(lead).to_have_text("No card is due now; 2 cards are new.")
    page.get_by_label("One right choice").uncheck()
    expect(summary).to_have_text("1 of 10 cards: 1 of 2 chapters, 6 of 7 kinds")
    tab(page, "Exam")
    expect(lead).to_contain_text("no question that the page can judge")
    expect(page.get_by_role("button", name="Start the exam")).to_be_disabled()
    press(page, "Kinds of cards: None")
    expect(summary).to_have_text("0 of 10 cards: 1 of 2 chapters, none of 7 kinds")
    for name in ("Session", "Exam", "Progress", "Browse"):
        tab(page, name)
        expect(lead).to_have_text("No card is chosen. Choose chapters and kinds above.")
    press(page, "Kinds of cards: All")
    press(page, "Chapters: All")
    expect(lead).to_have_text("10 cards")


def test_tabs_go_by_arrow_keys(opened):
    page = opened()
    page.get_by_role("tab", name="Session").focus()
    for key, name in (
        ("ArrowRight", "Exam"),
        ("End", "Browse"),
        ("ArrowRight", "Session"),
        ("ArrowLeft", "Browse"),
        ("Home", "Session"),
    ):
        page.keyboard.press(key)
        expect(page.get_by_role("tab", name=name, selected=True)).to_be_focused()
        expect(page.get_by_role("tabpanel", name=name)).to_be_visible()


def test_progress_counts_cards(opened):
    known = [["example-flashcard", 4, NOW - days * DAY] for days in (60, 50, 20)]
    page = opened(*known, ["example-draw", 3, NOW - DAY], ["second-flash", 4, NOW], ["lost-card", 3, NOW - DAY])
    tab(page, "Progress")
    expect(page.locator(".lmkit-review-summary:visible")).to_have_text(
        "Of 10 chosen cards, 1 due today and 1 within seven days."
    )
    table = page.get_by_role("table", name="Cards by stage").locator("tbody tr")
    assert table.all_inner_texts() == ["New\t7\t", "Learning\t2\t", "Known\t1\t"]
    days = page.get_by_role("table", name="Cards due in the next seven days").locator("tbody tr").all_inner_texts()
    assert [day.split("\t")[:2] for day in days][:3] == [["Today", "1"], ["Tomorrow", "0"], ["Fri 12 Mar", "0"]]
    assert len(days) == 7
    expect(page.locator(".lmkit-review-keeping > p").first).to_have_text("6 answers since 9 January 2027.")


def test_answers_go_out_as_a_file_and_come_back(opened):
    page = opened(["example-flashcard", 3, NOW - DAY], ["example-draw", 1, NOW - DAY])
    tab(page, "Progress")
    chosen = exported(page)
    press(page, "Reset…")
    asked = page.locator(".lmkit-review-asked:visible")
    expect(asked).to_contain_text("This removes 2 answers from this browser.")
    expect(asked.get_by_role("button", name="Keep it")).to_be_focused()
    asked.get_by_role("button", name="Remove all of it").click()
    message = page.locator(".lmkit-review-message:visible")
    expect(message).to_have_text("2 answers removed.")
    assert stored(page) == []
    press(page, "Undo")
    expect(message).to_have_text("Everything is back.")
    assert len(stored(page)) == 2
    press(page, "Reset…")
    asked.get_by_role("button", name="Remove all of it").click()
    for said in ("2 answers added.", "0 answers added; 2 answers were here already."):
        page.locator("input[type=file]").set_input_files(chosen)
        expect(message).to_have_text(said)
    assert len(stored(page)) == 2


def test_places_in_chapters_go_out_with_the_answers_and_come_back(opened):
    """A reader who has answered nothing has places, too."""
    chapter = {"place": "gates", "at": NOW - DAY, "seen": ["gates"], "of": 3, "read": False, "set": 0}
    text = json.dumps({"format": "memory-and-chance reading", "version": 1, "chapters": {"lstm": chapter}})
    page = opened()
    page.evaluate("(text) => localStorage.setItem('memory-and-chance:reading', text)", text)
    tab(page, "Progress")
    chosen = exported(page)
    press(page, "Reset…")
    asked = page.locator(".lmkit-review-asked:visible")
    expect(asked).to_contain_text("This removes your place in 1 chapter from this browser.")
    asked.get_by_role("button", name="Remove all of it").click()
    message = page.locator(".lmkit-review-message:visible")
    expect(message).to_have_text("Your place in 1 chapter removed.")
    page.locator("input[type=file]").set_input_files(chosen)
    expect(message).to_have_text("0 answers and your place in 1 chapter added.")
    kept = page.evaluate("JSON.parse(localStorage.getItem('memory-and-chance:reading')).chapters")
    assert kept == {"lstm": chapter}


def test_predictions_are_listed_go_out_as_a_file_and_come_back(opened):
    said = [["Which ends <b>lower</b>?", "the RNN", "the LSTM", NOW - DAY], ["Where?", "early", "early", NOW]]
    text = json.loads(log_text(["example-draw", 1, NOW - DAY])) | {"predictions": said}
    page = opened(stored=json.dumps(text))
    tab(page, "Progress")
    listed = page.locator("details:has(.lmkit-review-predictions)")
    listed.locator("summary").click()
    expect(listed.locator("summary")).to_have_text("2 predictions, of which 1 came true")
    assert listed.locator("li").all_inner_texts() == [
        "10 March 2027: Where? You said: early, and so it was.",
        "9 March 2027: Which ends <b>lower</b>? You said: the RNN, and it was: the LSTM.",
    ]
    chosen = exported(page)
    press(page, "Reset…")
    asked = page.locator(".lmkit-review-asked:visible")
    expect(asked).to_contain_text("This removes 1 answer and 2 predictions from this browser.")
    asked.get_by_role("button", name="Remove all of it").click()
    expect(page.locator(".lmkit-review-message:visible")).to_have_text("1 answer and 2 predictions removed.")
    expect(listed).to_be_hidden()
    page.locator("input[type=file]").set_input_files(chosen)
    expect(page.locator(".lmkit-review-message:visible")).to_have_text("1 answer and 2 predictions added.")
    expect(listed.locator("li")).to_have_count(2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "This file cannot be imported: it is not whole JSON: "),
        (log_text(["a", 5, 1]), "grade 5, but it must be 1, 2, 3 or 4 (or 0, taken back); choose a file"),
        ("x" * 10_000_001, "The file is too large (10.0\u202fMB; progress files stay below 10.0\u202fMB)"),
        ("\x00\xff", "it is not whole JSON"),
    ],
    ids=["cut off", "grade", "huge", "binary"],
)
def test_a_bad_file_changes_nothing_and_says_why(opened, content, said):
    page = opened(["example-flashcard", 3, NOW - DAY])
    tab(page, "Progress")
    file = {"name": "x.json", "mimeType": "application/json", "buffer": content.encode("latin-1", "replace")}
    page.locator("input[type=file]").set_input_files(file)
    message = page.locator(".lmkit-review-message:visible")
    expect(message).to_contain_text(said)
    expect(message).to_contain_text("nothing was changed.")
    assert stored(page) == [["example-flashcard", 3, NOW - DAY]]


def test_answers_to_unknown_cards_are_kept_and_named(opened):
    page = opened()
    tab(page, "Progress")
    text = log_text(["old-card", 3, NOW - DAY], ["example-draw", 3, NOW - DAY])
    file = {"name": "x.json", "mimeType": "application/json", "buffer": text.encode()}
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(".lmkit-review-message")).to_have_text(
        "2 answers added. The file has answers to 1 card that this page does not have (old-card): they are kept."
    )
    assert len(stored(page)) == 2


def test_answers_from_the_future_are_told(opened):
    page = opened(["example-draw", 3, NOW + 9 * DAY])
    expect(page.locator(".lmkit-review-summary:visible")).to_contain_text("10 cards are new")
    tab(page, "Progress")
    expect(page.get_by_text("One answer bears a date in the future")).to_be_visible()


def test_list_shows_question_and_folded_answer_of_every_card(opened):
    page = opened()
    tab(page, "Browse")
    cards = page.locator(".lmkit-review-folded")
    expect(cards).to_have_count(10)
    expect(page.locator(".lmkit-review-answer")).to_have_count(0)
    for place in range(10):
        cards.nth(place).locator("summary").click()
    answers = page.locator(".lmkit-review-answer:visible")
    expect(answers).to_have_count(10)
    said = "\n".join(answers.all_inner_texts())
    for words in ("A second state", "✓ Right: the forget gate", "by the forget gate", "4,160 parameters", "Nobody"):
        assert words in said
    assert "{{" not in said
    expect(answers.locator("svg")).to_have_count(1)


# --- a storage that fails ----------------------------------------------------------------------------------------


def test_a_session_goes_on_where_nothing_can_be_stored(view, lab):
    page = view.put(lab)  # about:blank has no storage
    expect(page.locator(".lmkit-log-notice")).to_contain_text("does not let the page store anything")
    press(page, "Start the session")
    press(page, "Show the answer")
    page.keyboard.press("3")
    assert head(page).startswith("Card 2 of")
    with page.expect_download() as download:
        press(page, "Export my answers")
    assert [entry[:2] for entry in json.loads(Path(download.value.path()).read_text())["reviews"]] == [
        ["example-flashcard", 3]
    ]


def test_damaged_progress_is_told_and_kept(opened):
    page = opened(stored='{"format": "memory-and')
    expect(page.locator(".lmkit-log-notice")).to_contain_text("Your stored progress is damaged")
    press(page, "Start the session")
    press(page, "Show the answer")
    page.keyboard.press("3")
    assert page.evaluate("(key) => localStorage.getItem(`${key}:damaged`)", KEY) == '{"format": "memory-and'
    assert len(stored(page)) == 1


def test_another_tab_s_answers_are_shown(opened, view):
    page = opened()
    text = log_text(["example-draw", 1, NOW - DAY])
    page.evaluate(
        """([key, text]) => {
          localStorage.setItem(key, text);
          dispatchEvent(new StorageEvent("storage", { key, newValue: text }));
        }""",
        [KEY, text],
    )
    expect(page.locator(".lmkit-review-summary:visible")).to_have_text("1 card is due now; 9 cards are new.")


def test_view_stops_listening_when_it_is_closed(opened):
    page = opened()
    tab(page, "Exam")
    press(page, "Start the exam")
    page.evaluate("stop()")
    assert page.evaluate(f"[model.handlers.length, {LOG}.listeners.size]") == [0, 0]
    assert not page.evaluate("!dispatchEvent(new Event('beforeunload', { cancelable: true }))")


def test_a_file_for_a_teacher_says_what_was_answered_and_the_name(opened, tmp_path):
    page = opened()
    tab(page, "Exam")
    press(page, "Start the exam")
    for number in range(7):
        card = shown_card(page)
        if card == "second-single":
            page.get_by_label("that", exact=True).check()
        else:
            RIGHT.get(card, sort_list)(page)
        if number < 6:
            press(page, "Next")
    press(page, "Hand in")
    page.locator(".lmkit-review-asked:visible").get_by_role("button", name="Hand in").click()
    tab(page, "Progress")
    page.get_by_label("Your name, only if the file goes to a teacher").fill("  Anna   Berg ")
    (tmp_path / "anna.json").write_bytes(exported(page)["buffer"])
    (student,) = read_class(tmp_path, NOW).students
    responses = {
        "example-single": (0,),
        "example-multiple": (0, 1),
        "example-fill": ("Forget",),
        "example-code": ("vocab_size",),
        "example-number": ("4,160",),
        "example-order": (0, 1, 2),
        "second-single": (1,),
    }
    assert student.name == "Anna Berg"
    assert student.firsts == {card: (card != "second-single", given) for card, given in responses.items()}
    assert "Anna" not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
