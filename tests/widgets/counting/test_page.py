"""The counting labs on the published page: what they show is what Python counts, by pointer and by keyboard."""

import math
import re
from collections import Counter
from itertools import chain, islice

import pytest
from playwright.sync_api import TimeoutError, expect

from lmkit.analysis import counting
from lmkit.datasets import human_numbers, stories
from tests.site import book
from tests.site.lab import PATIENCE, Lab, plans
from tests.site.rendering import accessibility_faults, faults_everywhere, overflow

pytestmark = pytest.mark.site
KIND, CHAPTER = "CountingView", "book/next_token"
NUMBERS, STORIES = 0, 1  # the labs of the chapter, in order
TEXTS = {
    NUMBERS: human_numbers.tokens(),
    STORIES: list(islice(chain.from_iterable(stories.stories(seed=1)), 100_000)),
}
CONTEXTS = {
    NUMBERS: ["nine hundred ninety nine .", "ten", "eight thousand eight hundred eighty"],
    STORIES: ["“ is that your kite ? ” asked", "anna found a", "."],
}
UNSEEN = "twenty ten"
SHOWN = 12

SNAPSHOT = """root => {
  const texts = (selector) => Array.from(root.querySelectorAll(selector), (node) => node.textContent.trim());
  const table = root.querySelector(".lmkit-counting table");
  return {
    used: texts(".lmkit-counting-context .lmkit-counting-used")[0],
    title: texts(".lmkit-counting .lmkit-title")[0],
    words: table.hidden ? [] : texts(".lmkit-counting tbody th"),
    counts: table.hidden ? [] : texts(".lmkit-counting tbody td:nth-of-type(2)"),
  };
}"""
EQUALS = f"([root, expected]) => JSON.stringify(({SNAPSHOT})(root)) === JSON.stringify(expected)"


class CountingLab(Lab):
    """One counting lab on an open page, and the text that it looks things up in."""

    text: list[str]

    def counts(self) -> tuple[list[str], Counter]:
        """The tokens that are looked up, and what Python counts after them."""
        used = self.values["context"].split()[-self.values["context_length"] :]
        n = len(used)
        return used, Counter(self.text[i + n] for i in range(len(self.text) - n) if self.text[i : i + n] == used)

    def check(self) -> dict:
        """Wait until the page shows what Python counts with the present settings; return what it shows."""
        used, counts = self.counts()
        ranked = sorted(counts.items(), key=lambda item: -item[1])[:SHOWN]
        total, size = counts.total(), f"{len(self.text):,}"
        times = "once" if total == 1 else f"{total:,} times"
        expected = {
            "used": " ".join(used),
            "title": f"Counted {times} in {size} tokens" if total else f"Not once counted in {size} tokens",
            "words": [word for word, _ in ranked],
            "counts": [f"{count:,}" for _, count in ranked],
        }
        try:
            self.page.wait_for_function(EQUALS, arg=[self.root.element_handle(), expected], timeout=PATIENCE)
        except TimeoutError:
            assert self.root.evaluate(SNAPSHOT) == expected, self.values
        self.check_facts(counts)
        self.check_places(used, counts)
        return expected

    def check_facts(self, counts: Counter) -> None:
        """Shares, entropy and the best guess."""
        facts = self.root.locator(".lmkit-counting-facts").inner_text()
        if not counts:
            assert "never occurs in the text" in facts
            return
        shares = counting.shares(counts)
        shown = self.root.locator(".lmkit-counting tbody td:nth-of-type(3)").all_inner_texts()
        for text, share in zip(shown, shares.values(), strict=False):
            percent = float(re.search(r"[\d.]+", text)[0])
            assert text.startswith("<") or abs(percent - 100 * share) <= 0.5001
        entropy = sum(p * math.log(1 / p) for p in shares.values())
        assert abs(float(re.search(r"Entropy ([\d.]+)", facts)[1]) - entropy) <= 0.00501
        best = next(iter(shares))
        if len(shares) == 1:
            assert facts.startswith(f"Followed by ‘{best}’{' every time' if counts.total() > 1 else ''}.")
            return
        assert f"Best guess: ‘{best}’" in facts
        assert f"right in {counts[best]:,} of {counts.total():,} places" in facts

    def check_places(self, used: list[str], counts: Counter) -> None:
        """Every place that is shown is one of the text's, continuation included."""
        lines = self.root.locator(".lmkit-counting-places li").all_text_contents() if counts else []
        assert len(lines) == min(6, counts.total())
        text = f" {' '.join(self.text)} "
        for line in lines:
            words = line.removeprefix("… ").split()
            assert f" {' '.join(words)} " in text
            assert words[-len(used) - 1 : -1] == used
            assert words[-1] in counts


@pytest.fixture
def counting_lab(open_labs):
    """A function that opens the chapter and returns one of its labs."""

    def open_(place: int, **options) -> CountingLab:
        lab = open_labs(CHAPTER, KIND, CountingLab, **options)[place]
        lab.text = TEXTS[place]
        return lab

    return open_


def test_the_chapter_has_the_labs_tested_here():
    found = plans(*book.built_widgets(CHAPTER), KIND)
    assert [set(plan.view["words"]) for plan in found] == [set(text) for text in TEXTS.values()]


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
@pytest.mark.parametrize("place", TEXTS)
def test_every_control_changes_the_page_as_python_counts(counting_lab, place, by):
    lab, keyboard = counting_lab(place), by == "keyboard"
    for context in [lab.values["context"], *CONTEXTS[place]]:
        if context != lab.values["context"]:
            before = lab.check()
            lab.type("context", context, keyboard)
            assert lab.check() != before
        for context_length in (1, 8, 3):
            lab.set("context_length", context_length, keyboard)
            assert lab.check()["used"].split() == context.split()[-context_length:]


def test_every_context_length_is_counted(counting_lab):
    """Arrow by arrow, from one token to eight."""
    lab = counting_lab(NUMBERS)
    lab.type("context", "seven . two thousand two hundred seventy eight .")
    lab.press_to("context_length", 1)
    seen = [lab.check()]
    for context_length in range(2, 9):
        lab.press_to("context_length", context_length)
        seen.append(lab.check())
    assert len(set(map(str, seen))) == 8


def test_suggestion_can_be_taken(counting_lab):
    """What the field suggests can be looked up, each of them."""
    lab = counting_lab(NUMBERS)
    suggestions = lab.plan.controls["context"].options
    assert len(suggestions) >= 5
    for suggestion in suggestions:
        lab.type("context", suggestion)
        lab.check()
        assert lab.problem.is_hidden()


def test_unseen_context_and_unknown_word_are_explained(counting_lab):
    lab = counting_lab(NUMBERS)
    good, before = lab.values["context"], lab.check()
    lab.type("context", UNSEEN)
    lab.check()
    facts = lab.root.locator(".lmkit-counting-facts")
    expect(facts).to_contain_text("the table has no distribution for it. Its last token, ‘ten’, can be looked up")
    for bad, message in {
        "two million .": "‘million’, which does not occur in the text",
        "<img src=x onerror=alert(1)>": "‘<img’, which does not occur in the text",
        " ": "must hold at least one token",
    }.items():
        lab.type("context", bad)
        expect(lab.problem).to_contain_text(message)
        assert overflow(lab.page) <= 0
        assert lab.root.locator("img").count() == 0
        lab.type("context", good)
        assert lab.check() == before
        expect(lab.problem).to_be_hidden()


def test_all_continuations_are_shown_on_request(counting_lab):
    lab = counting_lab(STORIES)
    lab.press_to("context_length", 1)
    lab.check()
    counts = lab.counts()[1]
    button = lab.root.get_by_role("button", name=f"Show all {len(counts)}")
    button.focus()
    lab.page.keyboard.press("Enter")
    expect(lab.root.locator(".lmkit-counting tbody tr")).to_have_count(len(counts))
    shown = lab.root.evaluate(SNAPSHOT)
    assert dict(zip(shown["words"], map(int, shown["counts"]), strict=True)) == counts
    assert accessibility_faults(lab.page, lab.root) == []
    lab.root.get_by_role("button", name=f"Show only the first {SHOWN}").click()
    lab.check()


def test_controls_have_their_visible_names(counting_lab):
    lab = counting_lab(NUMBERS)
    expect(lab["context"].get_by_label("Context", exact=True)).to_have_count(1)
    slider = lab["context_length"].get_by_role("slider", name="Tokens used", exact=True)
    expect(slider).to_have_count(1)
    lab.press_to("context_length", 2)
    expect(slider).to_have_attribute("aria-valuetext", "2")


def test_lab_is_accessible_and_fits(counting_lab):
    lab = counting_lab(STORIES, theme="auto")
    for context_length in (4, 1, 8):
        lab.set("context_length", context_length, keyboard=True)
        lab.check()
        assert faults_everywhere(lab.page, lab.root) == []


def test_lab_says_what_it_counts(counting_lab):
    """When the hand rests, assistive technology hears the result in a sentence."""
    lab = counting_lab(NUMBERS)
    lab.press_to("context_length", 6)
    said = lab.root.locator(".lmkit-view [aria-live=polite]")
    expect(said).to_have_text("Counted once. Next: two 100\u202f%.")


def test_works_offline(counting_lab):
    lab = counting_lab(NUMBERS)
    lab.check()
    lab.page.context.set_offline(True)
    requests = len(lab.page.seen.requests)
    lab.type("context", "nine hundred ninety nine .")
    lab.press_to("context_length", 3)
    lab.check()
    assert len(lab.page.seen.requests) == requests


def test_picture_stands_in_where_scripts_do_not_run(open_page):
    page = open_page(f"{CHAPTER}.html", java_script_enabled=False, known=re.compile(r"\.js\b.*: csp$"))
    pictures = page.locator("img.lmkit-picture")
    assert pictures.count() == len(TEXTS)
    for picture in pictures.all():
        assert picture.is_visible()
        assert picture.bounding_box()["height"] > 100
    assert "counted 10 times in 63,099 tokens: two 2, one 1" in pictures.nth(NUMBERS).get_attribute("alt")
    assert "counted 25 times in 100,000 tokens: red 6" in pictures.nth(STORIES).get_attribute("alt")
