"""The microscope on the published page: every control, by pointer and by keyboard, compared with torch."""

import re
from dataclasses import replace
from functools import cache

import pytest
from playwright.sync_api import TimeoutError, expect

from lmkit.widgets.base.model_options import model_options
from lmkit.widgets.labs.microscope import lab as microscope
from tests.site.lab import PATIENCE, Lab
from tests.site.rendering import SIZES, faults_everywhere, overflow, show

pytestmark = pytest.mark.site
KIND, CHAPTER = "MicroscopeView", "book/lstm"
QUANTITIES = {label: name for name, label in microscope.QUANTITIES.items()}
TITLES = {
    "f": "Forget gate f",
    "i": "Input gate i",
    "g": "Candidate g",
    "o": "Output gate o",
    "c": "Cell state c",
    "h": "Hidden state h",
}

SNAPSHOT = """root => {
  const texts = (selector) => Array.from(root.querySelectorAll(selector), (node) => node.textContent);
  const rows = (part) => Array.from(root.querySelectorAll(`.lmkit-microscope-${part} tbody tr`),
    (row) => Array.from(row.children, (cell) => cell.textContent));
  const content = root.querySelector(".lmkit-content");
  return {
    ready: !content.hidden && !content.inert,
    titles: texts(".lmkit-panel > .lmkit-title").slice(0, 2),
    tokens: texts(".lmkit-microscope-token"),
    units: rows("map").map(([unit]) => unit),
    words: rows("likely").map(([word]) => word),
    heat: rows("map").map(([, ...cells]) => cells),
    numbers: rows("numbers").map(([, ...cells]) => cells),
    chances: rows("likely").map((cells) => cells[2]),
  };
}"""
EQUALS = f"""([root, expected]) => {{
  const shown = ({SNAPSHOT})(root);
  return Object.keys(expected).every((name) => JSON.stringify(shown[name]) === JSON.stringify(expected[name]));
}}"""


@cache
def offered() -> dict:
    """The shipped models by title."""
    return {offer.title: offer for offer in model_options(None, None)}


class Microscope(Lab):
    """One microscope on an open page, and what torch computes with the same settings."""

    @property
    def entry(self) -> dict:
        """The model that is chosen, as the page's state describes it."""
        models = self.plan.view["models"]
        title = self.values.get("model", models[0]["title"])
        return next(entry for entry in models if entry["title"] == title)

    def choose(self, name: str, value: str, keyboard: bool = False) -> None:
        super().choose(name, value, keyboard)
        if name == "model":  # another model comes with units and, where it cannot read the old one, a text of its own
            self.values |= {"text": self.entry["prompts"][0], "units": self.entry["presets"][0][0]}
            self.values["step"] = last = len(self.look().tokens)
            self.plan.controls["step"] = replace(self.plan.controls["step"], high=last)

    def type(self, name: str, value: str, keyboard: bool = False) -> None:
        at_end = self.values["step"] == len(self.look().tokens)
        super().type(name, value, keyboard)
        if name == "text":
            last = len(self.look().tokens)
            self.values["step"] = last if at_end else min(self.values["step"], last)
            self.plan.controls["step"] = replace(self.plan.controls["step"], high=last)

    def look(self) -> microscope.Look:
        offer = offered()[self.entry["title"]]
        size = offer.trained.model.hidden_size
        units = microscope.units_of(self.values["units"], self.entry["presets"], size)
        return microscope.look(offer, self.values["text"], units)

    def check(self) -> dict:
        """Wait until the page shows what torch computes with the present settings; return what it shows."""
        look, t, quantity = self.look(), self.values["step"] - 1, QUANTITIES[self.values["quantity"]]
        words = offered()[self.entry["title"]].trained.vocab.words
        top = look.log_probs[t].sort(descending=True, stable=True).indices[:8].tolist()
        step_title = f"Step {t + 1} of {len(look.tokens)}: after ‘{look.tokens[t]}’"
        expected = {
            "ready": True,
            "titles": [f"{TITLES[quantity]}, after each token", step_title],
            "tokens": look.tokens,
            "units": [str(unit) for unit in look.units],
        }
        try:
            self.page.wait_for_function(EQUALS, arg=[self.root.element_handle(), expected], timeout=PATIENCE)
        except TimeoutError:
            shown = self.root.evaluate(SNAPSHOT)
            problem = self.problem.text_content()
            assert {name: shown[name] for name in expected} == expected, (problem, self.values)
        shown = self.root.evaluate(SNAPSHOT)
        for u in range(len(look.units)):
            close(shown["heat"][u], look.values[quantity][u].tolist())
            before = float(look.values["c"][u, t - 1]) if t else 0.0
            close(shown["numbers"][u], [before, *(float(look.values[name][u, t]) for name in "figcoh")])
        for word, chance, token in zip(shown["words"], shown["chances"], top, strict=True):
            p = float(look.log_probs[t, words.index(word)].exp())
            assert p == pytest.approx(float(look.log_probs[t, token].exp()), rel=1e-3)  # the ranks below are near ties
            if "<" in chance:
                assert 100 * p < number(chance)
            else:
                assert abs(number(chance) - 100 * p) <= 0.51 * (0.1 if "." in chance else 1)
        return shown


def number(text: str) -> float:
    return float(re.search(r"[-−]?\d+(\.\d+)?", text)[0].replace("−", "-"))


def close(cells: list[str], values: list[float]) -> None:
    """The cells show the values, to the last of their digits."""
    assert len(cells) == len(values)
    for cell, value in zip(cells, values, strict=True):
        unit = 10.0 ** -len(cell.partition(".")[2])
        assert abs(number(cell) - value) <= 0.51 * unit + 1e-4 * abs(value), (cell, value)


@pytest.fixture
def open_microscope(open_labs):
    """A function that opens the chapter and returns its microscope, which offers every model."""
    return lambda **options: open_labs(CHAPTER, KIND, Microscope, **options)[0]


VALUES = {
    "quantity": [*QUANTITIES, "cell c"],
    "units": ["0, 3-5", "12", "gender"],
    "text": ["it was raining when ida left the castle .", "<eos>", "felix was a shy boy who lived by the well ."],
}


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_control_changes_the_page_as_torch_computes(open_microscope, by):
    lab = open_microscope()
    for name, control in lab.plan.controls.items():
        others = [*control.options[1:], control.default]
        values = VALUES.get(name) or ([3, 1, len(lab.check()["tokens"])] if name == "step" else others)
        lab.step_through(name, values, by == "keyboard")


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_token_chooses_the_step_and_the_slider_follows(open_microscope, by):
    lab = open_microscope()
    count = len(lab.check()["tokens"])
    for step in (3, count, 1):
        token = lab.root.locator(".lmkit-microscope-token")
        if by == "pointer":
            token.nth(step - 1).click()
        else:
            lab.root.locator(".lmkit-microscope-token[aria-pressed=true]").focus()
            lab.page.keyboard.press("Home" if step < count else "End")
            for _ in range(step - 1 if step < count else 0):
                lab.page.keyboard.press("ArrowRight")
        lab.values["step"] = step
        lab.check()
        expect(lab["step"].locator(".widget-readout")).to_have_text(str(step))
        assert lab.root.evaluate(
            """root => {
              const pane = root.querySelector(".lmkit-microscope-scroll").getBoundingClientRect();
              const cell = root.querySelector("th.lmkit-microscope-now").getBoundingClientRect();
              return cell.left >= pane.left && cell.right <= pane.right + 1;
            }"""
        )


def test_slider_goes_as_far_as_the_text(open_microscope):
    """At the end of a text it stays at the end of the next one."""
    lab = open_microscope()
    for text, last in (("one morning", 3), ("one morning anna walked", 5)):
        lab.type("text", text)
        assert lab.values["step"] == last
        lab.check()
        assert float(lab.handle("step").get_attribute("aria-valuemax")) == last
    lab.set("step", 2)
    lab.type("text", "one morning anna walked to the river .")
    assert lab.values["step"] == 2
    lab.check()


def test_controls_have_their_visible_names_and_are_reached_by_tab(open_microscope):
    lab = open_microscope()
    for name in lab.plan.controls:
        label = lab[name].locator(".widget-label").inner_text().strip()
        role = {"step": "slider", "quantity": "radiogroup"}.get(name)
        by_role = lab[name].get_by_role(role, name=label, exact=True) if role else None
        expect(by_role or lab[name].get_by_label(label, exact=True)).to_have_count(1)
    where = """root => {
      const at = document.activeElement, part = at.closest(".lmkit-controls > *");
      return !root.contains(at) ? null : part ? part.className : at.className;
    }"""
    lab.root.locator(".lmkit-controls select").focus()
    visited = []
    while (at := lab.root.evaluate(where)) is not None and len(visited) < 30:
        visited.append(at)
        lab.page.keyboard.press("Tab")
    for name in lab.plan.controls:
        assert any(f"lmkit-{name}" in at.split() for at in visited), name
    assert sum("lmkit-microscope-token" in at for at in visited) == 1


MARKUP = '<img src="absent.png" onerror="globalThis.ran = true">'
BAD = {
    "text": {"anna zyzzyva": "‘zyzzyva’", "": "at least one word", MARKUP: "‘<img’"},
    "units": {"256": "‘256’", "some": "‘some’", "": "at least one unit", "0-99": "at most 16"},
}


def test_bad_input_is_explained_and_the_lab_recovers(open_microscope):
    lab = open_microscope(theme="dark")
    before = lab.check()
    for name, cases in BAD.items():
        good = lab.values[name]
        for bad, message in cases.items():
            Lab.type(lab, name, bad)
            expect(lab.problem).to_contain_text(message)
            assert lab.page.evaluate("globalThis.ran") is None
            assert overflow(lab.page) <= 0
            Lab.type(lab, name, good)
            assert lab.check() == before
            expect(lab.problem).to_be_hidden()


def test_is_accessible_and_fits(open_microscope):
    lab = open_microscope(theme="auto")
    lab.check()
    assert faults_everywhere(lab.page, lab.root) == []
    for title in offered():
        if title != lab.values["model"]:
            lab.choose("model", title)
            lab.check()
        lab.type("units", "0-15")
        for quantity in ("forget f", "cell c"):
            lab.choose("quantity", quantity)
            lab.check()
            for size in SIZES:
                show(lab.page, size, "light")
                assert overflow(lab.page) <= 0
    assert faults_everywhere(lab.page, lab.root) == []


def test_works_offline(open_microscope):
    lab = open_microscope()
    before = lab.check()
    lab.page.context.set_offline(True)
    requests = len(lab.page.seen.requests)
    lab.type("text", "felix was a shy boy who lived by the well .")
    lab.choose("quantity", "input i")
    assert lab.check() != before
    assert len(lab.page.seen.requests) == requests
