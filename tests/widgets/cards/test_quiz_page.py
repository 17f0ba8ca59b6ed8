"""The quiz and the flashcards of a chapter's page, which may be any chapter that has cards."""

import re

import pytest
from playwright.sync_api import expect

from tests.site.lab import Lab
from tests.site.rendering import faults_everywhere

pytestmark = pytest.mark.site
KIND, DOCUMENT = "StudyView", "book/lstm"
STORED = "() => JSON.parse(localStorage.getItem('memory-and-chance:reviews') ?? '{\"reviews\": []}').reviews"
PLAIN = "(html) => new DOMParser().parseFromString(html, 'text/html').body.textContent.trim()"


class Driver(Lab):
    """A quiz, or the flashcards of a section, on an open page."""

    @property
    def cards(self) -> list[dict]:
        return self.plan.view["cards"]

    @property
    def card(self):
        return self.root.locator(".lmkit-card")

    @property
    def verdict(self):
        return self.root.locator(".lmkit-card-verdict")

    def press(self, name: str | re.Pattern, by: str = "pointer") -> None:
        button = self.root.get_by_role("button", name=name, exact=isinstance(name, str))
        button.click() if by == "pointer" else button.press("Enter")

    def go(self, place: int) -> dict:
        """Jump to a question."""
        self.press(re.compile(rf"^Question {place + 1},"))
        return self.cards[place]

    def plain(self, html: str) -> str:
        return self.page.evaluate(PLAIN, html)

    def choice(self, card: dict, place: int):
        """The row of a choice, wherever it was shuffled to."""
        shown = [text.strip() for text in self.card.locator(".lmkit-card-choice label").all_text_contents()]
        return self.card.locator(".lmkit-card-choice").nth(shown.index(self.plain(card["choices"][place]["text"])))

    def answer(self, card: dict, right: bool, by: str = "pointer") -> None:
        """Answer the question that is shown, and check it."""
        getattr(self, f"answer_{card['kind']}", self.answer_choices)(card, right, by)
        if card["kind"] == "draw":
            self.press("I had it" if right else "Not quite", by)
        elif by == "pointer" or card["kind"] == "order":
            self.press("Check", by)
        else:
            self.page.keyboard.press("Enter")

    def answer_choices(self, card: dict, right: bool, by: str) -> None:
        for place, choice in enumerate(card["choices"]):
            if bool(choice["right"]) == right:
                row = self.choice(card, place)
                row.locator("label").click() if by == "pointer" else row.locator("input").press("Space")
                if card["kind"] == "single":
                    return

    def answer_fill(self, card: dict, right: bool, by: str) -> None:
        for place, gap in enumerate(card["gaps"]):
            self.write(self.card.locator("input").nth(place), gap["answer"] if right else "something else", by)

    def answer_number(self, card: dict, right: bool, by: str) -> None:
        value = card["answer"] if right else card["answer"] + 1e6 + 2 * card["tolerance"]
        self.write(self.card.locator("input"), f"{value:,.12g}".replace("-", "−"), by)

    def write(self, field, text: str, by: str) -> None:
        if by == "pointer":
            field.fill(text)
        else:
            field.focus()
            self.page.keyboard.type(text)

    def answer_order(self, card: dict, right: bool, by: str) -> None:
        """Bring each item up to its place, or, to be wrong, the second to the first."""
        items = [self.plain(item["text"]) for item in card["items"]]
        wanted = items if right else [items[1], items[0], *items[2:]]
        moves = self.card.get_by_role("button", name=re.compile("^Move down"))
        moves.first.click()  # the list may begin as it is wanted; only what was moved counts as an answer
        for place, text in enumerate(wanted):
            row = self.card.locator("li", has=self.page.get_by_role("button", name=f"Move up: {text}", exact=True))
            for _ in range(row.evaluate("(row) => [...row.parentElement.children].indexOf(row)") - place):
                up = row.get_by_role("button", name=f"Move up: {text}", exact=True)
                up.click() if by == "pointer" else up.press("Enter")

    def answer_draw(self, card: dict, right: bool, by: str) -> None:
        for _ in card["steps"]:
            self.press(re.compile("^Show step"), by)


@pytest.fixture
def labs(open_labs):
    """A function that opens the page and returns its quiz, and its sets of flashcards."""

    def open_(**options) -> tuple[Driver, list[Driver]]:
        found = open_labs(DOCUMENT, KIND, Driver, **options)
        quiz = [lab for lab in found if lab.plan.view["mode"] == "quiz"]
        assert len(quiz) == 1
        return quiz[0], [lab for lab in found if lab.plan.view["mode"] == "cards"]

    return open_


def one_of_each_kind(cards: list[dict]) -> list[int]:
    """The places of the first card of each kind."""
    kinds = [card["kind"] for card in cards]
    return sorted({kinds.index(kind) for kind in kinds})


def logged(lab: Driver) -> list[tuple[str, int]]:
    return [(card, grade) for card, grade, _ in lab.page.evaluate(STORED)]


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_the_whole_quiz_is_answered_right(labs, by):
    """Each question in turn, by the button that leads to the next; in a page that has lost its network."""
    quiz, _ = labs()
    quiz.page.context.set_offline(True)
    total = len(quiz.cards)
    for place, card in enumerate(quiz.cards):
        expect(quiz.root.locator(".lmkit-head .lmkit-numbers")).to_have_text(f"Question {place + 1} of {total}")
        quiz.answer(card, True, by)
        if card["kind"] != "draw":
            expect(quiz.verdict).to_have_text("✓ Right.")
        quiz.press("Next question" if place + 1 < total else "See the result", by)
    expect(quiz.root.locator(".lmkit-study-summary")).to_have_text(f"{total} of {total} right at the first try.")
    assert logged(quiz) == [(card["id"], 3) for card in quiz.cards]


def test_wrong_answers_are_explained_and_can_be_tried_again(labs):
    quiz, _ = labs()
    tried = one_of_each_kind(quiz.cards)
    for place in tried:
        card = quiz.go(place)
        quiz.answer(card, False)
        if card["kind"] != "draw":
            expect(quiz.verdict).to_contain_text("✗ Not right")
        for i, choice in enumerate(card.get("choices", ())):
            expect(quiz.choice(card, i).locator(".lmkit-card-why")).to_contain_text(quiz.plain(choice["why"]))
    quiz.press("Result")
    sections = list(dict.fromkeys(quiz.cards[place]["section"] for place in tried))
    expect(quiz.root.locator(".lmkit-study-summary").get_by_role("link")).to_have_text(sections)
    quiz.press("Try the wrong ones again")
    for place in tried:
        quiz.answer(quiz.cards[place], True)
        if place != tried[-1]:
            quiz.go(tried[tried.index(place) + 1])
    assert logged(quiz) == [(quiz.cards[place]["id"], 1) for place in tried]


def test_links_lead_to_sections_of_the_page(labs):
    quiz, sets = labs()
    anchors = {card["anchor"] for lab in [quiz, *sets] for card in lab.cards}
    missing = quiz.page.evaluate("(ids) => ids.filter((id) => !document.getElementById(id))", sorted(anchors))
    assert missing == []
    place = one_of_each_kind(quiz.cards)[0]
    quiz.answer(quiz.go(place), False)
    link = quiz.card.get_by_role("link", name=quiz.cards[place]["section"])
    assert link.evaluate("(link) => link.href").endswith(f"/{DOCUMENT}.html#{quiz.cards[place]['anchor']}")


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_flashcards_stand_in_their_sections_and_are_remembered(labs, by):
    _, sets = labs()
    grades = []
    for lab in sets:
        for n, card in enumerate(lab.cards):
            expect(lab.card.locator(".lmkit-card-question")).to_be_visible()
            assert lab.root.evaluate("(node) => node.closest('section').id") == card["anchor"]
            expect(lab.card.locator(".lmkit-card-answer")).to_be_hidden()
            lab.press("Show the answer", by)
            expect(lab.card.locator(".lmkit-card-answer")).to_have_text(lab.plain(card["answer"]))
            grades.append((card["id"], 3 if n % 2 == 0 else 1))
            lab.press("Knew it" if n % 2 == 0 else "Not yet", by)
            lab.press("Next card" if n + 1 < len(lab.cards) else "Start again", by)
    assert logged(sets[0]) == grades
    sets[0].page.reload()
    sets[0].wait_until_ready()
    sets[0].press("Show the answer", by)
    sets[0].press("Not yet", by)
    assert logged(sets[0]) == [*grades, (sets[0].cards[0]["id"], 1)]


def test_everybody_can_use_them(labs):
    """Every kind before and after it is checked, the result, and a flashcard on both sides."""
    quiz, sets = labs(theme="auto")

    def check(lab: Driver, what: str) -> None:
        assert faults_everywhere(lab.page, lab.root) == [], what

    for place in one_of_each_kind(quiz.cards):
        card = quiz.go(place)
        check(quiz, card["id"])
        quiz.answer(card, False)
        check(quiz, f"{card['id']}, checked")
    quiz.press("Result")
    check(quiz, "result")
    sets[0].press("Show the answer")
    check(sets[0], "flashcard")


@pytest.mark.parametrize("device", [{}, {"has_touch": True, "is_mobile": True}], ids=["mouse", "touch"])
def test_targets_are_large_enough(labs, device):
    quiz, sets = labs(size="390", **device)
    least = 44 if device else 32
    for place in one_of_each_kind(quiz.cards):
        quiz.go(place)
        for lab in [quiz, sets[0]]:
            targets = lab.root.locator("button:visible, .lmkit-card-choice label, .lmkit-card input[type=text]")
            sizes = targets.evaluate_all(
                "(all) => all.map((node) => [node.offsetWidth, node.offsetHeight, node.textContent])"
            )
            assert [what for what in sizes if min(what[:2]) < least] == []


def test_without_scripts_questions_stand_there_with_folded_answers(open_page, labs):
    quiz, sets = labs()
    questions = [quiz.plain(card["question"]) for lab in [*sets, quiz] for card in lab.cards]
    page = open_page(f"{DOCUMENT}.html", java_script_enabled=False, known=re.compile(r"\.js\b.*: csp$"))
    items = page.locator(".lmkit-cards > ol > li")
    expect(items).to_have_count(len(questions))
    shown = [" ".join(text.split()) for text in items.all_text_contents()]
    assert all(text.startswith(" ".join(question.split())) for text, question in zip(shown, questions, strict=True))
    answers = items.locator("details")
    expect(answers).to_have_count(len(questions))
    expect(answers.first.locator("div").first).to_be_hidden()
    answers.first.locator("summary").click()
    expect(answers.first.locator("div").first).to_be_visible()
