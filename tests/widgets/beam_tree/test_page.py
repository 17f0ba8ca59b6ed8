"""The beam tree lab on the published page: the tree of every setting is Python's, by pointer and by keyboard."""

import math
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from lmkit.widgets import BeamTreeLab
from lmkit.widgets.labs.beam_tree.tables import LANGUAGES, TABLES
from tests.site.lab import Lab, eventually
from tests.site.rendering import SIZES, faults_everywhere, show

pytestmark = pytest.mark.site
KIND, DOCUMENT = "BeamTreeView", "book/beam_search"

SNAPSHOT = """root => {
  const cells = (row) => Array.from(row.children, (cell) => cell.textContent);
  return {
    rows: Array.from(root.querySelectorAll(".lmkit-beam-texts tbody tr"), cells),
    dropped: root.querySelectorAll(".lmkit-beam-node.lmkit-beam-dropped").length,
    ended: root.querySelectorAll(".lmkit-beam-node.lmkit-beam-ended").length,
    winners: root.querySelectorAll(".lmkit-beam-winner").length,
    ready: !root.querySelector(".lmkit-content").inert,
  };
}"""


def as_number(text: str) -> float:
    return float(text.replace("−", "-")) if text else math.nan  # a row that is being written


class Driver(Lab):
    """One beam tree lab on an open page, and Python's own search with its settings."""

    def wait_until_ready(self):
        super().wait_until_ready()
        self.fit_range()

    def fit_range(self) -> None:
        """The step slider's range is that of the language."""
        self.plan.controls["step"] = replace(self.plan.controls["step"], high=self.python.table.max_new_tokens)

    @property
    def python(self) -> BeamTreeLab:
        names = ("num_beams", "length_penalty", "step")
        settings = {name: self.values.get(name, self.plan.view[name]) for name in names}
        language = self.values.get("language", LANGUAGES[self.plan.view["language_index"]].name)
        return BeamTreeLab(language=language, **settings)

    def check(self) -> list[list[str]]:
        """Wait until the page shows Python's tree; return the first rows of the table."""
        lab = self.python
        search, table, step = lab.search(), lab.table, self.values["step"]
        over = step >= len(search.steps)
        statuses = [status for beam in search.steps[:step] for status in beam.statuses]
        expected = {
            "dropped": statuses.count("dropped"),
            "ended": statuses.count("ended"),
            "winners": len(search.texts[0].tokens) if over else 0,
            "ready": True,
        }
        texts = search.texts if over else []
        rows = [[str(place), table.text(text.tokens)] for place, text in enumerate(texts, 1)]
        stars = {sign: [table.text(text.tokens)] for sign, text in {"◆": lab.optimum(), "●": lab.greedy()}.items()}

        def holds(shown: dict) -> bool:
            listed = shown["rows"][: len(rows)]
            numbers = [[as_number(cell) for cell in row[2:4]] for row in listed]
            marked = {sign: [row[1] for row in shown["rows"] if sign in row[4]] for sign in stars}
            near = [
                found == pytest.approx([text.log_prob, text.score], abs=0.0051)
                for found, text in zip(numbers, texts, strict=False)
            ]
            rest = [row[:2] for row in listed] == rows and marked == stars and all(near)
            return expected.items() <= shown.items() and rest

        return eventually(self.page, lambda: self.root.evaluate(SNAPSHOT), holds)["rows"]

    def choose(self, name, value, keyboard=False):
        """Another language is shown grown, and its longest texts are the step slider's range."""
        super().choose(name, value, keyboard)
        if name == "language":
            self.values["step"] = next(table for table in LANGUAGES if table.name == value).max_new_tokens
            self.fit_range()


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_control_grows_python_s_tree(lab, by):
    lab = lab()
    keyboard, seen = by == "keyboard", [lab.check()]
    changes = [
        ("language", TABLES[1].name),
        ("length_penalty", 3.0),
        ("num_beams", 3),
        ("num_beams", 5),
        ("length_penalty", -1.0),
        ("step", 0),
        ("language", TABLES[2].name),
        ("num_beams", 1),
        ("step", 2),
        ("length_penalty", 3.0),
        ("language", LANGUAGES[-1].name),
        ("num_beams", 5),
    ]
    for name, value in changes:
        lab.set(name, value, keyboard=keyboard)
        seen.append(lab.check())
    assert len({str(rows) for rows in seen}) > 6


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_buttons_grow_the_tree(lab, by):
    lab = lab()
    for name, direction in [("Back", -1), ("Back", -1), ("Grow", 1), ("Grow", 1)]:
        button = lab.root.get_by_role("button", name=name)
        button.click() if by == "pointer" else button.press("Enter")
        lab.values["step"] += direction
        lab.check()
        expect(lab["step"].locator(".widget-readout")).to_have_text(str(lab.values["step"]))


def test_controls_have_their_visible_names(lab):
    lab = lab()
    for name in ("Beam width", "Length penalty", "Step"):
        expect(lab.root.get_by_role("slider", name=name, exact=True)).to_have_count(1)
    expect(lab["language"].get_by_label("Language", exact=True)).to_have_count(1)


def test_everybody_can_use_it(lab):
    lab = lab(theme="auto")
    lab.root.locator("summary").press("Enter")
    for language in LANGUAGES:
        lab.choose("language", language.name)
        lab.check()
        assert faults_everywhere(lab.page, lab.root) == []
    smallest = """root => Math.min(...Array.from(root.querySelectorAll("svg text"), (node) => {
      return node.getCTM().a * parseFloat(getComputedStyle(node).fontSize);
    }))"""
    for size in SIZES:
        show(lab.page, size, "light")
        assert lab.root.evaluate(smallest) >= 10.9


def test_a_tree_wider_than_a_phone_scrolls_to_the_step_that_grows(lab):
    lab = lab(size="390")
    lab.choose("language", TABLES[1].name)
    frame = lab.root.get_by_role("group", name="Tree of the beam search")
    lab.press_to("step", 0)
    expect(lab.root.get_by_text("nothing written yet")).to_be_visible()
    assert frame.evaluate("node => node.scrollLeft") == 0
    lab.press_to("step", 6)
    lab.check()
    assert frame.evaluate("node => node.scrollLeft + node.clientWidth >= node.scrollWidth - 1")


def test_works_offline(lab):
    lab = lab()
    lab.page.context.set_offline(True)
    lab.press_to("num_beams", 5)
    lab.check()
