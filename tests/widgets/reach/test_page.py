"""The reach lab on the published page: every control, by pointer and by keyboard, compared with torch's autograd."""

import re

import pytest

from lmkit.widgets import ReachLab
from lmkit.widgets.labs.reach.lab import CONTROLS
from tests.site.lab import Lab, eventually

pytestmark = pytest.mark.site
DOCUMENT, KIND = "book/vanishing_gradients", "ReachView"
SUPERSCRIPT = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def number(text: str) -> float:
    """0.24, or 4.1 × 10⁻⁶."""
    digits, _, power = text.partition(" × 10")
    return float(digits) * 10.0 ** int(power.translate(SUPERSCRIPT) or 0)


class Driver(Lab):
    """One reach lab on an open page."""

    def shown(self) -> dict[str, list[str]]:
        """The table: label to the texts of both networks."""
        read = "(rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent))"
        return {label: cells for label, *cells in self.root.locator(".lmkit-reach-table tbody tr").evaluate_all(read)}

    def python(self) -> ReachLab:
        values = {"nonlinearity": CONTROLS["nonlinearity"].value(self.plan.view["nonlinearity_index"]), **self.values}
        return ReachLab(**{name: round(v, 9) if isinstance(v, float) else v for name, v in values.items()})

    def check(self) -> dict[str, list[str]]:
        """Wait for the page to show the present settings; all its numbers must be those of autograd."""
        lab = self.python()
        norms, reach = lab.gradient_norms(), list(lab.reach().values())

        def right(shown: dict[str, list[str]]) -> bool:
            rows = {int(row[8:]): texts for row, texts in shown.items() if row.startswith("norm at ")}
            expected = {k: [float(norms[name][k]) for name in ("RNN", "LSTM")] for k in rows}
            found = {k: [number(text) for text in texts] for k, texts in rows.items()}
            reached = [float((re.match(r"\d+(?= steps?,)", text) or ["inf"])[0]) for text in shown["reach"]]
            near = all(found[k] == pytest.approx(expected[k], rel=0.06) for k in rows)
            return near and reached == reach and self.values["distance"] in rows

        return eventually(self.page, self.shown, right)


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_control_changes_the_page_as_autograd_finds(lab, by):
    lab = lab()
    for name, control in lab.plan.controls.items():
        values = {"nonlinearity": ["relu", "tanh"], "seed": [7, control.default]}.get(name, control.extremes)
        lab.step_through(name, values, by == "keyboard")


def test_the_sentence_of_the_chapter_holds(lab):
    """Raising the bias to 3 carries the LSTM's gradient over the whole picture."""
    lab = lab()
    lab.press_to("forget_bias", 3.0)
    assert lab.check()["reach"][1] == "more than 100 steps"


def test_works_offline(lab):
    lab = lab()
    lab.page.context.set_offline(True)
    lab.press_to("spectral_radius", lab.plan.controls["spectral_radius"].high)
    lab.check()
