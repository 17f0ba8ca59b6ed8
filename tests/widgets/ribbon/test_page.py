"""The ribbon lab on the published page: what it shows is what Python measures, by pointer and by keyboard."""

import re

import pytest
from playwright.sync_api import TimeoutError, expect

from lmkit.widgets import RibbonLab as PythonLab
from lmkit.widgets.labs.ribbon.lab import PARAMETERS
from lmkit.widgets.labs.ribbon.texts import examples
from tests.site import book
from tests.site.lab import PATIENCE, Lab, plans
from tests.site.rendering import faults_everywhere, overflow

pytestmark = pytest.mark.site
KIND, CHAPTER = "RibbonView", "book/truncation"
SHOWN = 12  # rows of the table of words
OWN_TEXT = "one morning anna walked to the river . she found a red kite ."

SNAPSHOT = """root => {
  const texts = (selector) => Array.from(root.querySelectorAll(selector), (node) => node.textContent.trim());
  const bars = (part) => (root.querySelector(`path.lmkit-ribbon-${part}`).getAttribute("d").match(/M/g) ?? []).length;
  return {
    totals: texts(".lmkit-ribbon-mean, .lmkit-ribbon-totals tbody td"),
    bars: ["possible", "right", "wrong", "dropped"].map(bars),
    struck: root.querySelectorAll(".lmkit-ribbon-dropped-word").length,
    facts: texts(".lmkit-ribbon-step .lmkit-numbers")[0],
    rows: root.querySelectorAll(".lmkit-ribbon-step tbody tr").length,
  };
}"""
EQUALS = f"([root, expected]) => JSON.stringify(({SNAPSHOT})(root)) === JSON.stringify(expected)"


def fine(p: float) -> str:
    """A share as the lab writes it."""
    if 0 < p < 0.00005:
        return "< 0.01\u202f%"
    return f"{100 * p:.{2 if p < 0.0995 else 0}f}\u202f%"


class RibbonLab(Lab):
    """The ribbon lab on an open page."""

    def python(self) -> PythonLab:
        """Python's own lab with the settings of the page."""
        values = dict(self.values)
        values.pop("story")
        number = {name: float(values[name]) for name in ("top_p", "min_p", "typical_p", "temperature")}
        return PythonLab(**values | number | {"top_k": int(values["top_k"]), "step": int(values["step"])})

    def check(self) -> dict:
        """Wait until the page shows what Python measures with the present settings; return what it shows."""
        expected = self.expected(self.python())
        try:
            self.page.wait_for_function(EQUALS, arg=[self.root.element_handle(), expected], timeout=PATIENCE)
        except TimeoutError:
            assert self.root.evaluate(SNAPSHOT) == expected, self.values
        return expected

    def expected(self, lab: PythonLab) -> dict:
        found = lab.filter_effect()
        ever = {name: 1 - float((1 - getattr(found, name)).prod()) for name in ("false_mass", "missed_mass")}
        at = lab.value("step") - 1
        kept, right, wrong, missing = (int(part[at]) for part in (found.kept, found.right, found.wrong, found.missing))
        split = f", of which {wrong} cannot come next (false mass {fine(float(found.false_mass[at]))})" if wrong else ""
        missed = f"{missing} dropped that can (missed mass {fine(float(found.missed_mass[at]))})"
        gone = missed if missing else "none dropped that can"
        dropped, mean = int((~found.allowed).sum()), float(found.kept.double().mean())
        return {
            "totals": [
                f"Kept per step: {mean:.2f} words on average, {int(found.kept.max())} at most.",
                fine(float(found.false_mass.mean())),
                fine(ever["false_mass"]),
                fine(float(found.missed_mass.mean())),
                fine(ever["missed_mass"]),
            ],
            "bars": [*(int((n > 0).sum()) for n in (found.right + found.missing, found.right, found.wrong)), dropped],
            "struck": dropped,
            "facts": f"Kept: {kept} of 396 words{split}; {right + missing} can come next; {gone}.",
            "rows": min(SHOWN, kept + missing),
        }


@pytest.fixture
def ribbon_lab(open_labs):
    """A function that opens the chapter and returns its lab."""

    def open_(**options) -> RibbonLab:
        return open_labs(CHAPTER, KIND, RibbonLab, **options)[0]

    return open_


def test_the_chapter_has_the_lab_tested_here(site):
    assert [plan.view["stories"] for plan in plans(*book.built_widgets(CHAPTER), KIND)] == [examples()]


VALUES = {"top_k": (17, 50), "top_p": (0.6, 1.0), "min_p": ("0.02", "1.0"), "typical_p": (0.5, 0.05)}


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_control_changes_the_page_as_python_measures(ribbon_lab, by):
    lab, keyboard = ribbon_lab(), by == "keyboard"
    seen = [lab.check()]
    for method, name in PARAMETERS.items():
        if lab.values["method"] != method:
            lab.set("method", method, keyboard)
            seen.append(lab.check())
        for other in PARAMETERS.values():
            expect(lab[other]).to_be_visible() if other == name else expect(lab[other]).to_be_hidden()
        for value in VALUES[name]:
            lab.set(name, value, keyboard)
            seen.append(lab.check())
    lab.set("temperature", 2.0, keyboard)
    seen.append(lab.check())
    lab.set("step", 9, keyboard)
    seen.append(lab.check())
    assert all(one != other for one, other in zip(seen, seen[1:], strict=False))


def test_story_and_text_belong_together(ribbon_lab):
    lab = ribbon_lab()
    titles = lab.plan.controls["story"].options
    for place, keyboard in ((1, False), (2, True)):
        lab.choose("story", titles[place], keyboard)
        lab.values["text"] = examples()[place]
        lab.check()
        expect(lab["text"].locator("input")).to_have_value(examples()[place])
    lab.press_to("step", 30)
    lab.check()
    lab.type("text", OWN_TEXT, keyboard=True)
    expect(lab["story"].locator("select")).to_have_value(titles[-1])
    expect(lab.handle("step")).to_have_attribute("aria-valuemax", f"{len(OWN_TEXT.split())}.0")
    lab.values["step"] = lab.readout("step")  # 1 where the first word was read while it stood there alone
    lab.check()


def test_the_end_key_goes_to_the_end_of_a_longer_text(ribbon_lab):
    lab = ribbon_lab()
    longest = max(examples(), key=lambda text: len(text.split()))
    assert len(longest.split()) > lab.plan.controls["step"].high
    lab.choose("story", lab.plan.controls["story"].options[examples().index(longest)])
    handle = lab.handle("step")
    expect(handle).to_have_attribute("aria-valuemax", f"{len(longest.split())}.0")
    handle.press("End")
    expect(handle).to_have_attribute("aria-valuetext", str(len(longest.split())))
    handle.press("Home")
    expect(handle).to_have_attribute("aria-valuetext", "1")


def test_a_click_in_the_chart_or_the_text_moves_the_slider(ribbon_lab):
    lab = ribbon_lab()
    lab.root.locator(".lmkit-ribbon-words span").nth(7).click()
    lab.values["step"] = 8
    lab.check()
    expect(lab["step"].locator(".widget-readout")).to_have_text("8")
    chart = lab.root.locator(".lmkit-ribbon-chart")
    box = chart.bounding_box()
    chart.click(position={"x": 34 + 30.5 * (box["width"] - 40) / 50, "y": 60})
    lab.values["step"] = 31
    lab.check()


def test_a_word_that_cannot_be_read_is_explained(ribbon_lab):
    lab = ribbon_lab()
    before, good = lab.check(), lab.values["text"]
    for bad, message in {
        "one unicorn": "‘unicorn’, which is not among the 396 words",
        " ": "must hold at least one word",
        "the " * 121: "at most 120 words, but it holds 121",
    }.items():
        lab.type("text", bad)
        expect(lab.problem).to_contain_text(message)
        assert overflow(lab.page) <= 0
        lab.type("text", good)
        assert lab.check() == before
        expect(lab.problem).to_be_hidden()


def test_controls_have_their_visible_names(ribbon_lab):
    lab = ribbon_lab()
    names = {"top_k": "Top k", "top_p": "Top p", "min_p": "Min p", "typical_p": "Typical p"}
    for name, label in {"temperature": "Temperature", "step": "Step shown"}.items():
        expect(lab[name].get_by_role("slider", name=label, exact=True)).to_have_count(1)
    for method, name in PARAMETERS.items():
        lab.choose("method", method)
        expect(lab[name].get_by_role("slider", name=names[name], exact=True)).to_have_count(1)
    expect(lab["story"].get_by_label("Story", exact=True)).to_have_count(1)
    expect(lab["text"].get_by_label("Text", exact=True)).to_have_count(1)


def test_lab_is_accessible_and_fits(ribbon_lab):
    lab = ribbon_lab(theme="auto")
    for story, method in ((lab.plan.controls["story"].options[3], "typical"), (None, "top-k")):
        if story:
            lab.choose("story", story)
            lab.values["text"] = examples()[3]
        lab.choose("method", method)
        lab.check()
        assert faults_everywhere(lab.page, lab.root) == []


def test_lab_says_what_it_measures(ribbon_lab):
    lab = ribbon_lab()
    lab.set("method", "min-p")
    kept = float(lab.python().filter_effect().kept.double().mean())
    said = lab.root.locator(".lmkit-view [aria-live=polite]")
    expect(said).to_have_text(re.compile(rf"^{kept:.1f} words kept per step, false mass .+, missed mass"))


def test_works_offline(ribbon_lab):
    lab = ribbon_lab()
    lab.check()
    lab.page.context.set_offline(True)
    requests = len(lab.page.seen.requests)
    lab.set("method", "min-p")
    lab.type("text", OWN_TEXT)
    lab.check()
    assert len(lab.page.seen.requests) == requests


def test_picture_stands_in_where_scripts_do_not_run(open_page):
    page = open_page(f"{CHAPTER}.html", java_script_enabled=False, known=re.compile(r"\.js\b.*: csp$"))
    picture = page.locator("img.lmkit-picture")
    assert picture.is_visible() and picture.bounding_box()["height"] > 200
    assert "5.0 words kept per step, false mass 0.02 %, missed mass 9.1 %." in picture.get_attribute("alt")
