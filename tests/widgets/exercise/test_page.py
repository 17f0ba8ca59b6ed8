"""The fill-in exercise on the published page: it judges as Python does, by pointer and by keyboard."""

import pytest
from playwright.sync_api import expect

from lmkit.widgets.labs.exercise.lab import judge
from tests.site.lab import Lab
from tests.site.rendering import faults_everywhere

pytestmark = pytest.mark.site
KIND, DOCUMENT = "FillInView", "book/recurrent_networks"
TRIED = ("64", "37", "8", "7", " 6_4 ", "nn.Linear", "128", "0x40", "1")


class Driver(Lab):
    """One exercise on an open page."""

    @property
    def gaps(self) -> list[dict]:
        return self.plan.view["gaps"]

    def field(self, place: int):
        return self.root.locator(".lmkit-fill-input").nth(place)

    def expect_judged(self, place: int, answer: str) -> str:
        """The verdict in the page is Python's, and so is the hint."""
        verdict, hint = judge(self.gaps[place], answer)
        gap, line = self.root.locator(".lmkit-fill-gap").nth(place), self.root.locator(".lmkit-fill-hint").nth(place)
        expect(gap).to_have_attribute("data-verdict", verdict)
        if hint:
            expect(line).to_have_text(f"{hint}.")
            expect(line).to_be_visible()
        else:
            expect(line).to_be_hidden()
        return verdict


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_gap_is_judged_as_python_judges(lab, by):
    lab, verdicts = lab(), set()
    for place in range(len(lab.gaps)):
        for answer in TRIED:
            if by == "pointer":
                lab.field(place).fill(answer)
                lab.root.locator(".lmkit-title").click()  # leaving the gap
            else:
                lab.field(place).focus()
                lab.page.keyboard.press("ControlOrMeta+a")
                lab.page.keyboard.type(answer)
                lab.page.keyboard.press("Enter")
            verdicts.add(lab.expect_judged(place, answer))
        expect(lab.root.locator(".lmkit-fill-explanation")).to_be_hidden()
    assert verdicts == {"right", "wrong"}


def test_the_exercise_can_be_solved_by_keyboard_alone(lab):
    """Enter goes from each right gap to the next, and the last brings the explanation."""
    lab = lab()
    lab.field(0).focus()
    for gap in lab.gaps:
        lab.page.keyboard.type(gap["answer"])
        lab.page.keyboard.press("Enter")
    count = len(lab.gaps)
    expect(lab.root.locator(".lmkit-numbers")).to_have_text(f"{count} of {count} right")
    expect(lab.root.locator(".lmkit-fill-explanation")).to_have_text(lab.plan.view["explanation"])


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_answers_are_shown_and_taken_back(lab, by):
    lab = lab()
    answers = [gap["answer"] for gap in lab.gaps]
    for name, values in (("Show the answers", answers), ("Start again", [""] * len(answers))):
        button = lab.root.get_by_role("button", name=name)
        button.click() if by == "pointer" else button.press("Enter")
        for place, value in enumerate(values):
            expect(lab.field(place)).to_have_value(value)
        visible = name == "Show the answers"
        expect(lab.root.locator(".lmkit-fill-explanation")).to_be_visible(visible=visible)


def test_everybody_can_use_it(lab):
    """With right and wrong answers and all answers shown."""
    lab = lab(theme="auto")
    for place, answer in enumerate(("37", "37", "a long answer that fits in no gap at all")):
        lab.field(place).fill(answer)
        lab.field(place).press("Enter")
    assert faults_everywhere(lab.page, lab.root) == []
    lab.root.get_by_role("button", name="Show the answers").click()
    assert faults_everywhere(lab.page, lab.root) == []


def test_markup_in_an_answer_stays_text(lab):
    lab = lab()
    lab.field(0).fill('<img src="absent.png" onerror="globalThis.ran = true">')
    lab.field(0).press("Enter")
    assert lab.expect_judged(0, "<img") == "wrong"
    assert lab.root.locator("img").count() == 0 and lab.page.evaluate("globalThis.ran") is None
