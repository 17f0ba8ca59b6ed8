"""The tokens lab on the published page: what it shows is what Python cuts, by pointer and by keyboard."""

import re

import pytest
from playwright.sync_api import TimeoutError, expect

from lmkit.widgets import TokensLab as PythonLab
from tests.site import book
from tests.site.lab import PATIENCE, Lab, plans
from tests.site.rendering import faults_everywhere, overflow

pytestmark = pytest.mark.site
KIND, CHAPTER = "TokensView", "book/tokens"
OWN = "Unhappily, the naïve 😀 sells 3 sea-shells   by the shore.⏎Exeunt"

SNAPSHOT = """root => {
  const texts = (selector) => Array.from(root.querySelectorAll(selector), (node) => node.textContent);
  return {
    tokens: texts(".lmkit-tokens-boxes li > span"),
    ids: texts(".lmkit-tokens-boxes li > small").map(Number),
    done: texts(".lmkit-tokens-merging .lmkit-title")[0],
  };
}"""
EQUALS = f"([root, expected]) => JSON.stringify(({SNAPSHOT})(root)) === JSON.stringify(expected)"


class TokensLab(Lab):
    """The tokens lab on an open page."""

    def python(self, step: int | None = None) -> PythonLab:
        """Python's own lab with the settings of the page, after some of the merges or all."""
        return PythonLab(self.values["text"], self.values["vocab_size"], step)

    def check(self, step: int | None = None) -> dict:
        """Wait until the page shows what Python cuts; return what it shows."""
        lab = self.python(step)
        merges = len(lab.merges())
        done = f"{lab.value('step')} of {merges} merge{'' if merges == 1 else 's'} done"
        expected = {"tokens": lab.shown(), "ids": lab.ids(), "done": done}
        try:
            self.page.wait_for_function(EQUALS, arg=[self.root.element_handle(), expected], timeout=PATIENCE)
        except TimeoutError:
            assert self.root.evaluate(SNAPSHOT) == expected, self.values
        return expected


@pytest.fixture
def tokens_lab(open_labs):
    """A function that opens the chapter and returns its lab."""
    return lambda **options: open_labs(CHAPTER, KIND, TokensLab, **options)[0]


def test_the_chapter_has_the_lab_tested_here():
    (plan,) = plans(*book.built_widgets(CHAPTER), KIND)
    assert set(plan.controls) == {"text", "vocab_size", "step"}


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_control_changes_the_page_as_python_cuts(tokens_lab, by):
    lab, keyboard = tokens_lab(), by == "keyboard"
    seen = [lab.check()]
    for text in (OWN, "e"):
        lab.type("text", text, keyboard)
        seen.append(lab.check())
    lab.type("text", OWN, keyboard)
    for size in (256, 2048, 1200) if not keyboard else (256, 2048):
        lab.set("vocab_size", size, keyboard)
        seen.append(lab.check())
    assert len({str(shown) for shown in seen}) > 4  # neighbouring sizes may cut a short text alike


def test_the_text_is_merged_step_by_step(tokens_lab):
    lab = tokens_lab()
    merges = len(lab.python().merges())
    lab.press_to("step", 0)
    lab.check(0)
    for step in range(1, 6):
        lab.press_to("step", step)
        lab.check(step)
    lab.root.get_by_role("button", name="Forward").click()
    lab.check(6)
    lab.root.get_by_role("button", name="Back").click()
    lab.check(5)
    lab.handle("step").focus()
    lab.page.keyboard.press("End")
    lab.check(merges)


def test_bad_texts_are_explained(tokens_lab):
    lab = tokens_lab()
    good, before = lab.values["text"], lab.check()
    for bad, message in {"": "must hold at least one character", "x" * 301: "at most 300 characters"}.items():
        lab.type("text", bad)
        expect(lab.problem).to_contain_text(message)
        assert overflow(lab.page) <= 0
        lab.type("text", good)
        assert lab.check() == before
        expect(lab.problem).to_be_hidden()


def test_lab_is_accessible_and_fits(tokens_lab):
    lab = tokens_lab(theme="auto")
    lab.check_names()
    for text in (OWN, "x" * 300):
        lab.type("text", text)
        lab.check()
        assert faults_everywhere(lab.page, lab.root) == []


def test_lab_says_what_it_shows(tokens_lab):
    lab = tokens_lab()
    lab.type("text", "the sea")
    count = len(lab.check()["tokens"])
    said = lab.root.locator(".lmkit-view [aria-live=polite]")
    expect(said).to_contain_text(f"{count} token")


def test_works_offline(tokens_lab):
    lab = tokens_lab()
    lab.check()
    lab.page.context.set_offline(True)
    requests = len(lab.page.seen.requests)
    lab.type("text", OWN)
    lab.check()
    assert len(lab.page.seen.requests) == requests


def test_picture_stands_in_where_scripts_do_not_run(open_page):
    page = open_page(f"{CHAPTER}.html", java_script_enabled=False, known=re.compile(r"\.js\b.*: csp$"))
    picture = page.locator("img.lmkit-picture")
    expect(picture).to_have_count(1)
    assert picture.is_visible() and picture.bounding_box()["height"] > 60
    assert "tokens of a vocabulary of 700" in picture.get_attribute("alt")
