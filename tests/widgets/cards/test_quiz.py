"""Quizzes and flashcards in a browser: answered by pointer and keyboard, explained, logged; and without scripts."""

import json
import re

import pytest
from playwright.sync_api import expect

from lmkit import study
from lmkit.widgets import Flashcards, Quiz
from tests.sample_cards import CARDS, CHOICES, FLASH, RIGHT, SECTION, WRONG, deck
from tests.site.rendering import names
from tests.widgets.cards.driver import LOG

# --- the quiz ---------------------------------------------------------------------------------------------------


class Quizzed:
    """A quiz on a page, answered as a reader does."""

    def __init__(self, view, *cards: study.Card, **traits):
        self.view = view
        self.lab = Quiz(deck(*cards))
        self.page = view.put(self.lab, **traits)
        self.card = self.page.locator(".lmkit-card")
        self.verdict = self.page.locator(".lmkit-card-verdict")

    def button(self, name: str):
        return self.page.get_by_role("button", name=name, exact=True)

    def reviews(self) -> list[tuple[str, int]]:
        return [
            (card, grade)
            for card, grade in self.page.evaluate(f"{LOG}.reviews.map(({{ card, grade }}) => [card, grade])")
        ]

    def places(self) -> list[str]:
        """What is said of each question, without its number."""
        labels = self.page.locator(".lmkit-study-places button").evaluate_all(
            "(all) => all.map((node) => node.ariaLabel)"
        )
        return [label.split(", ")[1] for label in labels[:-1]]

    def choice(self, place: int):
        """The row of a choice, by its place in the card."""
        shown = self.card.locator(".lmkit-card-choice label").all_text_contents()
        wanted = self.page.evaluate(
            "(html) => new DOMParser().parseFromString(html, 'text/html').body.textContent",
            self.lab.view.cards[0]["choices"][place]["text"],
        )
        return self.card.locator(".lmkit-card-choice").nth(shown.index(wanted))

    def order(self) -> list[str]:
        return self.card.locator(".lmkit-card-item > .lmkit-card-text").all_inner_texts()

    def answer(self, kind: str, response, by: str = "pointer") -> None:
        press = by == "keyboard"
        if kind in ("single", "multiple"):
            for place in [response] if kind == "single" else response:
                box = self.choice(place).locator("input")
                box.press("Space") if press else self.choice(place).click()
        elif kind == "order":
            self.arrange(response, press)
        else:
            fields = self.card.locator("input")
            for place, text in enumerate([response] if kind == "number" else response):
                if press:
                    fields.nth(place).focus()
                    self.page.keyboard.type(text)
                else:
                    fields.nth(place).fill(text)

    def arrange(self, wanted: list[str], press: bool) -> None:
        self.card.get_by_role("button", name="Move down").first.click()  # it may begin as wanted
        for place, text in enumerate(wanted):
            up = self.card.get_by_role("button", name=f"Move up: {text}")
            for _ in range(self.order().index(text) - place):
                up.press("Enter") if press else up.click()

    def check(self, by: str = "pointer") -> None:
        if by == "pointer":
            self.button("Check").click()
        else:
            self.page.keyboard.press("Enter")


@pytest.fixture
def quiz(view):
    """A function that puts a quiz of these cards on a page."""
    return lambda *cards, **traits: Quizzed(view, *cards, **traits)


ANSWERED = ["single", "multiple", "fill", "code", "number"]


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
@pytest.mark.parametrize("verdict", ["right", "wrong"])
@pytest.mark.parametrize("kind", ANSWERED)
def test_every_kind_is_answered(quiz, kind, verdict, by):
    shown = quiz(CARDS[kind], CARDS["single"])
    shown.answer(kind, (RIGHT if verdict == "right" else WRONG)[kind], by)
    shown.check(by)
    expect(shown.verdict).to_contain_text("✓ Right" if verdict == "right" else "✗ Not right")
    assert shown.reviews() == [(CARDS[kind].id, 3 if verdict == "right" else 1)]
    assert shown.places() == ["right" if verdict == "right" else "not right", "open"]
    expect(shown.button("Next question")).to_be_focused()
    shown.page.keyboard.press("Enter")
    expect(shown.card.locator(".lmkit-card-question")).to_have_text("Which state is seen?")
    expect(shown.card.locator(".lmkit-card-question")).to_be_focused()


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_a_list_is_put_in_order(quiz, by):
    shown, items = quiz(CARDS["order"]), ["forget", "write", "squash", "show"]
    assert sorted(shown.order()) == sorted(items) and shown.order() != items
    shown.answer("order", items, by)
    assert shown.order() == items
    shown.button("Check").press("Enter")
    expect(shown.verdict).to_have_text("✓ Right.")
    expect(shown.card.locator(".lmkit-card-why")).to_contain_text([f"{item} stands here." for item in items])


def test_a_wrong_order_is_shown_in_the_right_one_with_where_each_was(quiz):
    shown, items = quiz(CARDS["order"]), ["forget", "write", "squash", "show"]
    shown.answer("order", [*items[1:], items[0]])
    given = shown.order()
    shown.check()
    expect(shown.verdict).to_contain_text("✗ Not right: 0 of 4 in their place")
    assert shown.order() == items
    ordinals = ["1st", "2nd", "3rd", "4th"]
    words = [f"You had it {ordinals[given.index(item)]}." for item in items]
    expect(shown.card.locator(".lmkit-card-why")).to_contain_text(words)
    expect(shown.card.get_by_role("button")).to_have_count(0)


def test_focus_stays_with_what_is_moved_and_moves_are_said(quiz):
    shown = quiz(CARDS["order"])
    last = shown.order()[-1]
    up = shown.card.get_by_role("button", name=f"Move up: {last}")
    up.focus()
    for place in (3, 2):
        shown.page.keyboard.press("Enter")
        expect(up).to_be_focused()
        expect(shown.card.locator("[aria-live]").last).to_have_text(f"{last}: now place {place} of 4")
    shown.page.keyboard.press("Enter")  # at the top there is no way up
    expect(shown.card.get_by_role("button", name=f"Move down: {last}")).to_be_focused()
    expect(up).to_be_disabled()
    assert shown.order()[0] == last


@pytest.mark.parametrize(
    ("kind", "says", "where"),
    [
        ("single", "Choose an answer first.", ".lmkit-card-choice >> nth=0 >> input"),
        ("multiple", "Choose at least one answer first.", ".lmkit-card-choice >> nth=0 >> input"),
        ("fill", "Gaps 1 and 2 are still empty.", "input >> nth=0"),
        ("number", "Write a number first.", "input"),
        ("order", "Bring the list into its order first.", ".lmkit-button >> nth=1"),
    ],
)
def test_an_empty_answer_is_told_what_it_lacks(quiz, kind, says, where):
    shown = quiz(CARDS[kind])
    shown.check()
    expect(shown.page.get_by_role("alert").filter(has_text=says)).to_be_visible()
    expect(shown.card.locator(where)).to_be_focused()
    assert shown.reviews() == [] and shown.places() == ["open"]
    expect(shown.verdict).to_be_empty()


def test_a_text_that_is_no_number_is_told_in_place(quiz):
    shown = quiz(CARDS["number"])
    field = shown.card.get_by_label("How many?")
    field.fill("<b>many</b>")
    field.press("Enter")
    message = shown.page.get_by_role("alert").filter(has_text="‘<b>many</b>’ is no number")
    expect(message).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    assert message.get_attribute("id") in field.get_attribute("aria-describedby").split()
    field.fill("8,933 parameters")
    expect(message).to_be_hidden()
    field.press("Enter")
    expect(shown.verdict).to_have_text("✓ Right.")
    expect(shown.card).to_contain_text("The answer: 8,933\u00a0parameters. Count.")
    expect(shown.card.locator(".lmkit-card-explanation")).to_have_text("Numbers add up.")


@pytest.mark.parametrize("kind", ["single", "multiple"])
@pytest.mark.parametrize("chosen", [0, 1, 2])
def test_every_choice_is_explained(quiz, kind, chosen):
    """Chosen or not; with words and a sign that say what it is."""
    shown, card = quiz(CARDS[kind]), CARDS[kind]
    shown.answer(kind, chosen if kind == "single" else [chosen])
    shown.check()
    for place, choice in enumerate(card.choices):
        right, picked = choice.right, place == chosen
        what, link = "✓ Right" if right else "✗ Wrong", "and" if right == picked else "but"
        words = f"{what}, {link} {'' if picked else 'not '}chosen. {choice.why}"
        expect(shown.choice(place).locator(".lmkit-card-why")).to_have_text(words)
        expect(shown.choice(place).locator("input")).to_be_disabled()


def test_hints_for_wrong_answers_and_the_answers_are_shown(quiz):
    shown = quiz(CARDS["fill"])
    shown.answer("fill", ["Input", "output"])
    shown.check()
    lines = shown.card.locator(".lmkit-card-said > li")
    expect(lines.nth(0)).to_contain_text("✗ Not ‘Input’. It writes. The answer: forget. It multiplies")
    assert lines.nth(1).inner_text() == "✓ Right: output. It shows."
    expect(shown.verdict).to_have_text("✗ Not right: 1 of 2 gaps right.")
    field = shown.card.locator("input").first
    assert field.get_attribute("aria-describedby") == lines.nth(0).get_attribute("id")
    assert not field.is_editable()


def test_gaps_are_named_by_the_words_around_them(quiz):
    shown = quiz(CARDS["fill"], CARDS["code"])
    expect(shown.card.get_by_label("Gap 1 of 2: The this gap gate keeps, the … gate shows")).to_have_count(1)
    shown.button("Skip").click()
    expect(shown.card.get_by_label("Gap 2 of 2: net = …( this gap , 64)")).to_have_count(1)
    assert shown.card.locator("pre").inner_text().strip() == "net = (, 64)"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("keeps $w_{t-1}$, *not* $h_t$", "keeps w sub t − 1, not h sub t"),
        (r"$-\log P(w_t)$", "− log P ( w sub t )"),
        (r"$\frac{1}{\sqrt{n}} x^2$", "1 over root of n x to the 2"),
        ("no `formula`", "no formula"),
    ],
)
def test_choices_are_named_with_their_formulas_in_words(quiz, text, name):
    choices = [CHOICES[0] | {"text": text}, CHOICES[1]]
    card = study.MultipleChoice(id="many", question="Which?", section=SECTION, choices=choices)
    assert sorted(names(quiz(card).page, "checkbox")) == sorted([name, CHOICES[1]["text"]])


def test_enter_goes_to_the_next_empty_gap_first(quiz):
    shown = quiz(CARDS["fill"])
    fields = shown.card.locator("input")
    fields.first.fill("forget")
    fields.first.press("Enter")
    expect(fields.nth(1)).to_be_focused()
    expect(shown.verdict).to_be_empty()


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_a_drawing_is_revealed_step_by_step(quiz, by):
    shown, count = quiz(CARDS["draw"], CARDS["single"]), len(CARDS["draw"].steps)
    assert not shown.button("I had it").is_visible()
    for step in range(1, count + 1):
        more = shown.button(f"Show step {step} of {count}")
        more.click() if by == "pointer" else more.press("Enter")
        assert shown.card.locator(".lmkit-card-steps > li").all_inner_texts() == list(CARDS["draw"].steps[:step])
        seen = shown.card.locator("svg [data-step]").evaluate_all(
            "(parts) => parts.filter((part) => part.style.display !== 'none').map((part) => Number(part.dataset.step))"
        )
        assert sorted({*seen}) == list(range(1, step + 1))
    picture = shown.card.get_by_role("img")
    assert picture.get_attribute("aria-label") == study.drawings.alt("lstm-cell")
    graded = shown.button("Not quite")
    graded.click() if by == "pointer" else graded.press("Enter")
    assert shown.reviews() == [("draw", 1)] and shown.places() == ["not right", "open"]
    expect(shown.button("Next question")).to_be_focused()


def test_only_the_first_try_is_logged(quiz):
    shown = quiz(CARDS["number"], CARDS["single"], CARDS["multiple"])
    for kind, response in (("number", "1"), ("single", 0)):
        if kind == "single":
            shown.card.get_by_label("the hidden state").check()
        else:
            shown.answer(kind, response)
        shown.check()
        shown.button("Next question").click()
    shown.button("Skip").click()
    summary = shown.page.locator(".lmkit-study-summary")
    expect(summary).to_be_focused()
    assert summary.locator("p").first.inner_text() == "1 of 3 right at the first try. 1 is still open."
    expect(summary.locator("li")).to_have_text([f"section ‘{SECTION}’ of the notebook lstm.ipynb"])
    shown.button("Try the wrong ones again").click()
    expect(shown.card.locator(".lmkit-card-question")).to_have_text("How many?")
    assert shown.places() == ["open", "right", "open"]
    shown.answer("number", "8933")
    shown.check()
    expect(shown.verdict).to_have_text("✓ Right.")
    assert shown.reviews() == [("number", 1), ("one", 3)]
    shown.page.get_by_role("button", name="Result").click()
    assert "1 of 3 right at the first try. By now 2 of 3 are right." in summary.inner_text()


def test_places_bring_one_back_to_what_was_answered(quiz):
    shown = quiz(CARDS["number"], CARDS["single"])
    shown.answer("number", "12")
    shown.page.get_by_role("button", name="Question 2, open").click()
    shown.page.get_by_role("button", name="Question 1, open").click()
    assert shown.card.locator("input").input_value() == "12"
    shown.check()
    shown.page.get_by_role("button", name="Question 2, open").click()
    shown.page.get_by_role("button", name="Question 1, not right").click()
    expect(shown.verdict).to_have_text("✗ Not right.")
    marks = shown.page.locator(".lmkit-study-places button").all_inner_texts()
    assert [mark.replace("\u00a0", " ") for mark in marks] == ["1 ✗", "2", "Result"]


def test_the_order_of_choices_changes_with_the_visit_only(quiz):
    cards = [CARDS["multiple"].model_copy(update={"id": f"c{n}"}) for n in range(8)]
    shown = quiz(*cards)
    texts = shown.card.locator(".lmkit-card-choice")

    def orders() -> list[list[str]]:
        found = []
        for n in range(len(cards)):
            shown.page.locator(".lmkit-study-places button").nth(n).click()
            found.append(texts.all_inner_texts())
        return found

    first = orders()
    assert orders() == first
    assert len({tuple(order) for order in first}) > 1
    assert {tuple(sorted(order)) for order in first} == {tuple(sorted(first[0]))}


HOSTILE = '<img src=x onerror="globalThis.ran=1">'


def test_what_readers_and_authors_write_stays_text(quiz):
    items = tuple(study.Item(text=f"{HOSTILE} {n}", why=HOSTILE) for n in range(3))
    choices = tuple(study.Choice(text=f"{HOSTILE} {n}", right=n == 0, why=HOSTILE) for n in range(3))
    changes = {"fill": {"question": HOSTILE}, "order": {"items": items}, "single": {"choices": choices}}
    cards = [CARDS[kind].model_copy(update=change) for kind, change in changes.items()]
    shown = quiz(*cards)
    shown.answer("fill", [HOSTILE, "<script>globalThis.ran = true</script>"])
    shown.check()
    expect(shown.card.locator(".lmkit-card-said")).to_contain_text(f"Not ‘{HOSTILE}’.")
    expect(shown.card.locator(".lmkit-card-question")).to_have_text(HOSTILE)
    shown.button("Next question").click()
    shown.card.get_by_role("button", name="Move down").first.click()
    shown.check()
    shown.button("Next question").click()
    shown.card.locator("input").first.check()
    shown.check()
    expect(shown.card.locator(".lmkit-card-why").first).to_contain_text(HOSTILE)
    assert shown.page.locator("img, script:not(:is(head script))").count() == 0
    assert shown.page.evaluate("globalThis.ran") is None
    assert "<img" not in shown.lab.fallback()


def test_a_page_of_the_book_links_to_the_section(quiz):
    shown = quiz(CARDS["number"])
    shown.page.evaluate("document.documentElement.dataset.content_root = '../'")
    shown.answer("number", "1")
    shown.check()
    assert shown.card.get_by_role("link", name=SECTION).get_attribute("href") == "../book/lstm.html#two-states"


def test_a_problem_with_the_log_is_said_and_the_quiz_goes_on(quiz):
    """The page of this test may store nothing."""
    shown = quiz(CARDS["number"])
    expect(shown.page.locator(".lmkit-log-notice")).to_contain_text("your answers last until you leave")
    shown.answer("number", "8933")
    shown.check()
    assert shown.reviews() == [("number", 3)]


@pytest.mark.parametrize("kind", ["single", "fill", "order", "draw"])
def test_keys_are_kept_from_jupyterlab(quiz, kind):
    """It takes a key for a command unless the very element with the focus says no: `x` would cut the cell."""
    shown = quiz(CARDS[kind])
    targets = shown.page.locator(".lmkit-study :is(input, button, [tabindex]):visible")
    for target in targets.all():
        if target.is_enabled():
            target.focus()
            expect(target).to_have_attribute("data-lm-suppress-shortcuts", "true")
    assert targets.count() > 3


def test_view_stops_listening_when_it_is_closed(quiz):
    shown = quiz(CARDS["number"])
    shown.page.evaluate("stop()")
    assert shown.page.evaluate(f"[model.handlers.length, {LOG}.listeners.size]") == [0, 0]


# --- flashcards -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_flashcards_are_turned_and_graded(view, by):
    page = view.put(Flashcards(deck(*FLASH), SECTION))

    def press(name: str) -> None:
        button = page.get_by_role("button", name=name, exact=True)
        button.click() if by == "pointer" else button.press("Enter")

    question, answer = page.locator(".lmkit-card-question"), page.locator(".lmkit-card-answer")
    for n, (grade, said) in enumerate([("Knew it", "✓ You knew it."), ("Not yet", "✗ Not yet"), ("Knew it", "✓")]):
        expect(question).to_have_text(f"What is {n}?")
        expect(page.locator(".lmkit-head .lmkit-numbers")).to_have_text(f"{n + 1} of 3")
        expect(answer).to_be_hidden()
        expect(page.get_by_role("button", name=grade)).to_be_hidden()
        press("Show the answer")
        expect(answer).to_have_text(f"{n} it is.")
        if by == "keyboard":
            expect(answer).to_be_focused()
        press(grade)
        expect(page.locator(".lmkit-study-actions [role=status]")).to_contain_text(said)
        press("Next card" if n < 2 else "Start again")
    logged = page.evaluate(f"{LOG}.reviews.map(({{ card, grade }}) => [card, grade])")
    assert logged == [["flash-0", 3], ["flash-1", 1], ["flash-2", 3]]
    press("Previous")
    expect(question).to_have_text("What is 2?")
    press("Show the answer")
    press("Not yet")  # no longer the first try
    assert len(page.evaluate(f"{LOG}.reviews")) == 3
    press("Next")
    expect(question).to_have_text("What is 0?")
    expect(answer).to_be_hidden()


def test_a_single_flashcard_needs_no_way_to_others(view):
    page = view.put(Flashcards(deck(FLASH[0]), SECTION))
    expect(page.get_by_role("button", name="Next")).to_be_hidden()
    expect(page.locator(".lmkit-title")).to_have_text("Flashcard")


# --- Python -----------------------------------------------------------------------------------------------------


def test_a_quiz_has_all_but_the_flashcards_in_their_order():
    cards = [FLASH[0], CARDS["order"], FLASH[1], CARDS["single"]]
    assert [card.id for card in Quiz(deck(*cards)).cards] == ["order", "one"]
    assert [card.id for card in Flashcards(deck(*cards), SECTION).cards] == ["flash-0", "flash-1"]
    assert repr(Quiz(deck(*cards))) == "Quiz('lstm')"
    assert repr(Flashcards(deck(*cards), SECTION)) == "Flashcards('lstm', 'Two states')"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Quiz("lstms"), "chapter must be one of .*'lstm'.*, but it is 'lstms'"),
        (lambda: Quiz(deck(*FLASH)), "chapter must have cards that are not flashcards, but 'lstm' has none; add some"),
        (lambda: Flashcards("x", SECTION), "chapter must be one of .*, but it is 'x'"),
        (lambda: Flashcards(deck(*FLASH), "Else"), r"section must be .* one of \['Two states'\], but it is 'Else'"),
        (lambda: Flashcards(deck(CARDS["single"]), SECTION), r"one of \[\], but it is 'Two states'; .* add a flash"),
    ],
)
def test_what_is_not_there_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_without_scripts_every_question_stands_there_with_its_answer_folded():
    lab = Quiz(deck(*CARDS.values()))
    shown = lab.fallback()
    assert lab._repr_mimebundle_()["text/html"] == shown
    folded = re.findall(r"<details><summary>Answer</summary>(.*?)</details>", shown, re.DOTALL)
    assert len(folded) == len(CARDS) == shown.count("<details>")
    open_text = re.sub(r"<details>.*?</details>", "", shown, flags=re.DOTALL)
    for card, answer in zip(lab.view.cards, folded, strict=True):
        assert card["question"] in open_text
        whys = re.findall(r'"why": ("(?:[^"\\]|\\.)*")', json.dumps(card))
        expected = [json.loads(why) for why in whys if json.loads(why) not in json.dumps(card.get("hints", ""))]
        assert all(why in answer for why in expected)
    assert "8,933 parameters" in folded[list(CARDS).index("number")]
    assert "____(2)" in open_text and "{{" not in open_text and "forget, write" not in open_text
    items = re.findall(r"<li>(forget|write|squash|show)</li>", open_text)
    assert items == sorted(items)  # not in the order that is asked for
    answered = folded[list(CARDS).index("order")]
    assert [answered.index(f"{item} stands") for item in ("forget", "write", "squash", "show")] == sorted(
        answered.index(f"{item} stands") for item in ("forget", "write", "squash", "show")
    )
