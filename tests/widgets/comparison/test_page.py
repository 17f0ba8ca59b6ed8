"""The comparison lab of the built chapter, used as a reader uses it."""

import re

import pytest
from playwright.sync_api import expect

from lmkit.widgets import ComparisonLab
from tests.site.lab import Lab, eventually

pytestmark = pytest.mark.site

DOCUMENT, KIND = "book/comparing_decoders", "ComparisonView"


class Driver(Lab):
    """A comparison lab on a page, and the same in Python."""

    def __init__(self, root, plan):
        super().__init__(root, plan)
        self.points = {
            curve["name"]: {point["value"]: point["measures"] for point in curve["points"]}
            for curve in plan.view["curves"]
        }

    def choose_point(self, strategy: int, place: int, keyboard: bool = False) -> None:
        """Choose by the controls; a curve that has fewer points than the last one moves the slider itself."""
        control = self.plan.controls["strategy"]
        self.choose("strategy", control.options[strategy], keyboard)
        last = len(list(self.points.values())[strategy])
        expect(self.handle("place")).to_have_attribute("aria-valuemax", re.compile(rf"^{last}(\.0)?$"))
        self.handle("place").focus()
        self.page.keyboard.press("Home")
        for _ in range(place - 1):
            self.page.keyboard.press("ArrowRight")

    def python(self, strategy: str, value: float, draw: int = 0) -> ComparisonLab:
        view = self.plan.view
        given = {name: view[name] for name in ("truth", "prompts")}
        return ComparisonLab(points=self.points, **given, strategy=strategy, value=value, draw=draw)

    def texts(self, title: str, first: int = 1) -> list[str]:
        """The texts, once their heading says how it ends and which they are: while they are decoded it does not."""
        heading = self.root.locator(".lmkit-comparison-texts .lmkit-title")
        expect(heading).to_have_text(re.compile(rf"^Texts {first} to {first + 2}, decoded at .*{title}"))
        read = """(lines) => lines.map((line) => [...line.children].map((part) => part.textContent.trim())
          .filter(Boolean).join(" "))"""
        return self.root.locator(".lmkit-comparison-text > p:first-child").evaluate_all(read)

    def cells(self) -> dict[str, str]:
        """The measures of the chosen point."""
        read = "(rows) => rows.map((row) => [row.children[0].textContent, row.children[1].textContent])"
        return dict(self.root.locator(".lmkit-comparison-table tbody tr").evaluate_all(read))


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_strategy_shows_its_measures_and_pythons_texts(lab, by):
    lab = lab()
    for place, (strategy, curve) in enumerate(lab.points.items()):
        wanted = 2
        value = list(curve)[wanted - 1]
        lab.choose_point(place, wanted, keyboard=by == "keyboard")
        assert lab.texts(f" {value:g}$") == lab.python(strategy, value).texts()
        share, half = curve[value]["grammatical"]
        shown = f"{100 * share:.1f}{f' ± {100 * half:.1f}' if half else ''}\u202f%"
        assert lab.cells()["grammatical texts"] == shown


def test_the_last_point_of_a_curve_is_the_last_of_its_slider(lab):
    lab = lab()
    lab.handle("place").focus()
    lab.page.keyboard.press("End")
    last = list(lab.points["temperature"])[-1]
    assert lab.texts(f"temperature {last:g}$") == lab.python("temperature", last).texts()


def test_points_of_the_plane_move_the_controls(lab):
    lab = lab()
    lab.page.locator(".lmkit-comparison-plane [role=radio][aria-checked=true]").focus()
    lab.page.keyboard.press("ArrowDown")
    strategy = list(lab.points)[1]
    expect(lab["strategy"].get_by_label(lab.plan.controls["strategy"].options[1], exact=True)).to_be_checked()
    heading = lab.root.locator(".lmkit-comparison-texts .lmkit-title")
    expect(heading).to_contain_text(lab.plan.controls["strategy"].options[1])  # by then the slider has followed
    place = int(lab.readout("place"))
    value = list(lab.points[strategy])[place - 1]
    assert lab.texts(f" {value:g}$") == lab.python(strategy, value).texts()


def test_more_texts_are_pythons_next_ones(lab):
    lab = lab()
    lab.root.get_by_role("button", name="More texts").click()
    value = list(lab.points["temperature"])[lab.plan.view["place"] - 1]
    assert lab.texts(f" {value:g}$", first=4) == lab.python("temperature", value, draw=1).texts()


@pytest.mark.parametrize("name", ["quality", "diversity", "part"])
def test_axes_change_the_plane(lab, name):
    lab = lab()
    curve = lab.root.locator(".lmkit-comparison-line.lmkit-by-top_p")
    seen = {curve.get_attribute("d")}
    for option in lab.plan.controls[name].options[1:]:
        lab.choose(name, option, keyboard=True)
        seen.add(eventually(lab.page, lambda: curve.get_attribute("d"), lambda path: path not in seen))


def test_works_offline(lab):
    lab = lab()
    lab.page.context.set_offline(True)
    lab.choose_point(2, 3)
    value = list(lab.points["top_p"])[2]
    assert lab.texts(f"top-p {value:g}$") == lab.python("top_p", value).texts()
