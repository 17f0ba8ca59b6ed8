"""The regularisation lab on the published page: every slider, by pointer and by keyboard, compared with the runs."""

import re

import pytest
from playwright.sync_api import expect

from lmkit.widgets import RegularisationLab
from lmkit.widgets.labs.regularisation.lab import MEASURES, SETTINGS
from tests.site.lab import Lab

pytestmark = pytest.mark.site
DOCUMENT, KIND = "book/weight_decay", "RegularisationView"


class Driver(Lab):
    """One regularisation lab on an open page."""

    def shown(self) -> dict[str, list[str]]:
        """The table: label to the numbers of the chosen setting and of no regulariser."""
        read = """(rows) => rows.map((row) => {
          return [...row.querySelectorAll("th, td:not([aria-hidden])")].map((cell) => cell.textContent);
        })"""
        rows = self.root.locator(".lmkit-regularisation-table tbody tr").evaluate_all(read)
        return {label: cells for label, *cells in rows}

    def curves(self) -> list[str]:
        lines = self.root.locator(".lmkit-run-line")
        return lines.evaluate_all("(lines) => lines.map((line) => line.getAttribute('d'))")

    def check(self) -> None:
        """Wait for the page to show the present setting; all its numbers must be those of the shipped runs."""
        alpha, beta, weight_decay = (self.values[name] for name in SETTINGS)
        title = f"α {alpha}, β {beta}, weight decay {weight_decay}"
        expect(self.root.locator(".lmkit-regularisation-table thead th").first).to_have_text(title)
        lab, shown = RegularisationLab(), self.shown()
        summaries = [
            lab.summary(**{name: float(self.values[name]) for name in SETTINGS}),
            lab.summary(**dict.fromkeys(SETTINGS, 0)),
        ]
        for name, label in MEASURES.items():
            for text, summary in zip(shown[label], summaries, strict=True):
                scale = 0.01 if "%" in text else 1
                found = [scale * float(part) for part in re.findall(r"[0-9.]+", text)[:2]]
                assert found == pytest.approx(summary[name], abs=6e-4), (label, self.values)


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_slider_shows_the_runs_of_its_setting(lab, by):
    lab = lab()
    lab.check()
    for name, control in lab.plan.controls.items():
        for value in (*control.extremes, control.options[1]):
            before, curves = lab.values[name], lab.curves()
            lab.set(name, value, keyboard=by == "keyboard")
            lab.check()
            assert (lab.curves() == curves) == (before == value), f"{name} at {value}"


def test_works_offline(lab):
    lab = lab()
    lab.page.context.set_offline(True)
    lab.press_to("weight_decay", lab.plan.controls["weight_decay"].options[-1])
    lab.check()
