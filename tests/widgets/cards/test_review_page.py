"""The Review page as its readers use it: sessions, exams, progress that stays; with no server and no network."""

import json
import re
from functools import cache
from itertools import islice
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.site import book
from tests.site.lab import Lab
from tests.site.rendering import faults_everywhere, names, overflow, structure_faults

pytestmark = pytest.mark.site
KIND, DOCUMENT = "ReviewView", "book/review"
KEY = "memory-and-chance:reviews"
QUESTIONS = 5


class Driver(Lab):
    """The widget of the Review page."""

    @property
    def cards(self) -> dict[str, dict]:
        return {card["id"]: card for card in self.plan.view["cards"]}

    def press(self, name: str) -> None:
        self.root.get_by_role("button", name=name, exact=True).click()

    def tab(self, name: str) -> None:
        self.root.get_by_role("tab", name=name).click()

    def choose_kind(self, name: str) -> None:
        """Take the cards of one kind only."""
        self.root.locator(".lmkit-review-filter summary").click()
        self.press("Kinds of cards: None")
        self.root.get_by_label(name, exact=True).check()

    @property
    def stored(self) -> list:
        return json.loads(self.page.evaluate("(key) => localStorage.getItem(key)", KEY) or '{"reviews": []}')["reviews"]

    def expect_stage(self, stage: str, count: int) -> None:
        self.tab("Progress")
        rows = self.root.get_by_role("table", name="Cards by stage").get_by_role("row", name=stage)
        expect(rows.get_by_role("cell").first).to_have_text(str(count))

    def answer_flashcards(self, grades: str) -> None:
        """Begin a session of flashcards and grade as many of them, by keyboard."""
        self.choose_kind("Flashcards")
        self.press("Start the session")
        for place, grade in enumerate(grades, 1):
            expect(self.root.locator(".lmkit-review-head:visible")).to_contain_text(f"Card {place} of 20")
            self.root.get_by_role("button", name="Show the answer").press("Enter")
            expect(self.root.locator(".lmkit-review-grade:visible")).to_have_count(4)
            self.page.keyboard.press(grade)

    def start_exam(self, questions: int, *, with_lab: bool = False) -> None:
        self.tab("Exam")
        self.root.get_by_label("Also ask what the book's own runs measured").set_checked(with_lab)
        self.root.get_by_label("Questions").fill(str(questions))
        self.press("Start the exam")

    def hand_in_empty_exam(self, questions: int = QUESTIONS) -> None:
        self.start_exam(questions)
        self.press("Hand in")
        self.root.locator(".lmkit-review-asked:visible").get_by_role("button", name="Hand in").click()
        expect(self.root.locator(".lmkit-review-mark")).to_have_text(f"0 of {questions} points, 0\u202f%")


def test_answers_survive_a_reload_and_travel_as_a_file(lab):
    lab = lab()
    count = len(lab.cards)
    lab.answer_flashcards("341")
    expect(lab.root.locator(".lmkit-review-head:visible")).to_contain_text("Card 4 of 20")
    lab.page.reload()
    lab.wait_until_ready()
    assert sorted(grade for _, grade, _ in lab.stored) == [1, 3, 4]
    lab.expect_stage("Learning", 3)
    lab.expect_stage("New", count - 3)
    with lab.page.expect_download() as download:
        lab.press("Export as a file")
    file = Path(download.value.path())
    lab.press("Reset…")
    lab.press("Remove all of it")
    lab.expect_stage("New", count)
    exported = {"name": "progress.json", "mimeType": "application/json", "buffer": file.read_bytes()}
    lab.root.locator("input[type=file]").set_input_files(exported)
    expect(lab.root.locator(".lmkit-review-message")).to_have_text("3 answers added.")
    lab.expect_stage("Learning", 3)
    assert len(lab.stored) == 3


@cache
def anchors(chapter: str) -> set[str]:
    """The ids of a chapter's page."""
    return set(re.findall(r'\bid="([^"]+)"', (book.SITE / "book" / f"{chapter}.html").read_text(encoding="utf-8")))


def test_an_exam_ends_with_a_mark_and_links_that_lead_somewhere(lab, site):
    lab = lab()
    lab.hand_in_empty_exam()
    links = lab.root.locator(".lmkit-review-end a:visible")
    assert links.count() >= QUESTIONS + 1
    for address in links.evaluate_all("(all) => all.map(({ href }) => href)"):
        chapter, anchor = re.fullmatch(rf"{re.escape(site)}/book/(\w+)\.html#(.+)", address).groups()
        assert anchor in anchors(chapter)
    assert lab.stored == []  # what was not answered says nothing
    links.first.click()
    expect(lab.page.locator("article h1")).to_be_visible()
    assert "/book/review.html" not in lab.page.url


def test_every_card_names_a_section_of_its_chapter(lab):
    cards = lab().cards.values()
    assert [card["id"] for card in cards if card["anchor"] not in anchors(card["chapter"])] == []


def test_page_works_from_a_disk_and_keeps_answers_there(open_labs):
    path = (book.SITE / f"{DOCUMENT}.html").as_uri()
    (lab,) = open_labs(DOCUMENT, KIND, Driver, path=path, known=re.compile(r"^request to another host: file:"))
    lab.answer_flashcards("33")
    expect(lab.root.locator(".lmkit-log-notice")).to_be_hidden()
    lab.page.reload()
    lab.wait_until_ready()
    lab.expect_stage("Learning", 2)


def test_page_needs_no_network_once_it_is_loaded(lab):
    lab = lab()
    lab.page.context.set_offline(True)
    lab.page.seen.requests.clear()
    lab.answer_flashcards("34")
    lab.expect_stage("Learning", 2)
    lab.tab("Browse")
    lab.root.locator(".lmkit-review-folded summary").first.click()
    expect(lab.root.locator(".lmkit-review-answer").first).to_be_visible()
    assert lab.page.seen.requests == []


def test_everybody_can_answer_every_question(lab):
    """All that the page can judge, in one exam: every choice has a name, and no two of a question have the same."""
    lab = lab(size="390", theme="dark")
    asked = [card for card in lab.cards.values() if card["kind"] not in ("flashcard", "draw")]
    lab.start_exam(len(asked), with_lab=True)
    forms = lab.root.locator(".lmkit-review-running .lmkit-card")
    forms.evaluate_all("(all) => { for (const form of all) form.hidden = false; }")
    lab.page.evaluate("scrollTo(0, 0)")  # else the page's bar may lie on something
    assert structure_faults(lab.page, lab.root) == []
    assert overflow(lab.page) <= 0
    for role in ("radio", "checkbox"):
        cards = lab.root.locator(f".lmkit-card:has([type={role}])")
        counts = cards.evaluate_all("(all) => all.map((card) => card.querySelectorAll('input').length)")
        found = iter(names(lab.page, role))
        for count in counts:
            choices = list(islice(found, count))
            assert all(choices) and len(set(choices)) == count, choices
        assert len(counts) > QUESTIONS and not list(found)


def test_everybody_can_use_it(lab):
    """The choice of cards, a session with its grades, an exam and its mark, progress, and an answer in the list."""
    lab = lab(theme="auto")

    def check():
        assert faults_everywhere(lab.page, lab.root) == []

    lab.root.locator(".lmkit-review-filter summary").click()
    check()
    lab.press("Start the session")
    lab.press("Show the answer")
    check()
    lab.hand_in_empty_exam()
    check()
    lab.tab("Progress")
    check()
    lab.press("Chapters: None")
    lab.root.locator(".lmkit-review-boxes").first.get_by_role("checkbox").nth(1).check()
    lab.tab("Browse")
    lab.root.locator(".lmkit-review-folded").evaluate_all("(all) => { for (const part of all) part.open = true; }")
    expect(lab.root.locator(".lmkit-review-answer").last).to_be_visible()
    check()
