"""The dropout lab on the published page: every control, by pointer and by keyboard, compared with Python's masks."""

import pytest
from playwright.sync_api import expect

from lmkit.widgets import DropoutLab
from tests.site.lab import Lab

pytestmark = pytest.mark.site
DOCUMENT, KIND = "book/dropout", "DropoutView"


def shown(value: float) -> str:
    """A number as the page writes it."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "\u2212")


class Driver(Lab):
    """One dropout lab on an open page."""

    def python(self) -> DropoutLab:
        settings = {name: self.values[name] for name in ("compensation", "mode", "sharing")} | {
            "draw": self.values["draw"]
        }
        return DropoutLab(**settings, p=round(self.values["p"], 9), seed=self.plan.view["seed"])

    def check(self) -> str:
        """Wait until the page shows what Python computes; return all that it says."""
        lab = self.python()
        table = self.root.locator(".lmkit-dropout-table tbody").first
        cells = [shown(value) for pair in zip(lab.statistics(), lab.predicted(), strict=True) for value in pair]
        expect(table.locator("td")).to_have_text(cells)
        output = shown(float(lab.outputs()[self.values["draw"] - 1]))
        expect(self.root.locator("text.lmkit-dropout-y")).to_have_text(f"y = {output}")
        reached = f"{100 * lab.carried()[0]:.0f}"
        numbers = self.root.locator(".lmkit-dropout-table tbody").nth(1).locator("td")
        if lab.carried()[0] == 0 or lab.carried()[0] > 0.1:
            expect(numbers.nth(1)).to_have_text(f"{reached}\u202f%")
        if lab.carried()[1] == 1:
            expect(numbers.first).to_have_text("16 of 16")
        return self.root.locator(".lmkit-content").inner_text()


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_control_changes_the_page_as_python_computes(lab, by):
    lab = lab()
    orders = {"p": [0.9, 0.0, 0.2], "draw": [100, 1]}
    for name, control in lab.plan.controls.items():
        lab.step_through(name, orders.get(name) or [*control.options[1:], control.options[0]], by == "keyboard")


def test_the_sentences_of_the_chapter_hold(lab):
    """Without compensation the modes differ; with p = 0.1 one mask keeps far more of a memory than fresh ones."""
    lab = lab()
    lab.choose("compensation", "neither")
    verdict = lab.root.locator(".lmkit-dropout-verdict")
    expect(verdict).to_contain_text("What follows meets 1.60 on average in training, but 2.00 in evaluation")
    lab.press_to("p", 0.1)
    numbers = lab.root.locator(".lmkit-dropout-table tbody").nth(1).locator("td")
    expect(numbers.nth(2)).to_have_text("8.0\u202f%")
    lab.choose("sharing", "once per sequence")
    expect(numbers.nth(2)).to_have_text("90\u202f%")


def test_works_offline(lab):
    lab = lab()
    lab.page.context.set_offline(True)
    lab.press_to("p", 0.9)
    lab.check()
