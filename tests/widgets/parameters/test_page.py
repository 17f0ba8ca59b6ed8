"""The parameter lab on the published page: it counts what Python counts, by pointer and by keyboard."""

import pytest
from playwright.sync_api import expect

from lmkit.widgets.labs.parameters.lab import CELLS, CONTROLS, parameters
from tests.site.lab import PATIENCE, Lab
from tests.site.rendering import SIZES, faults_everywhere, show

pytestmark = pytest.mark.site
KIND, DOCUMENT = "ParameterView", "book/recurrent_networks"
COUNTED = ("vocab_size", "embedding_size", "hidden_size", "num_layers", "cell", "tied")
FREE = ("nonlinearity", "length")
SLIDERS = ("vocab_size", "embedding_size", "hidden_size", "num_layers", "length")

SNAPSHOT = """root => {
  const cells = (row) => [...row.querySelectorAll("code, td")].slice(0, 3).map((node) => node.textContent);
  return {
    total: root.querySelector(".lmkit-parameters .lmkit-title").textContent,
    rows: [...root.querySelectorAll(".lmkit-parameters tbody:first-of-type tr")].map(cells),
  };
}"""


class Driver(Lab):
    """One parameter lab on an open page."""

    def settings(self) -> dict:
        values = {name: self.values[name] for name in COUNTED}
        cells = {title: cell for cell, title in CELLS.items()}
        return values | {"vocab_size": int(values["vocab_size"].replace(",", "")), "cell": cells[values["cell"]]}

    def check(self) -> dict:
        """Wait until the page shows what Python counts with the present settings; return what it shows."""
        tensors = parameters(**self.settings())
        shapes = ["\u202f×\u202f".join(f"{size:,}" for size in tensor.shape) for tensor in tensors]
        counts = [f"{tensor.num_parameters:,}" if tensor.num_parameters else "0, shared" for tensor in tensors]
        rows = [[tensor.name, shape, count] for tensor, shape, count in zip(tensors, shapes, counts, strict=True)]
        expected = {"total": f"{sum(tensor.num_parameters for tensor in tensors):,} parameters", "rows": rows}
        for _ in range(PATIENCE // 50):
            shown = self.root.evaluate(SNAPSHOT)
            if shown == expected:
                return shown
            self.page.wait_for_timeout(50)
        assert shown == expected, self.values
        return shown


def values_of(control) -> list:
    """Some values to which a control is driven; the default comes last."""
    if control.kind == "Checkbox":
        return [not control.default, control.default]
    if control.kind == "RadioButtons":
        return [*(option for option in control.options if option != control.default), control.default]
    return control.extremes


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_control_that_counts_changes_the_count_as_python_does(lab, by):
    lab = lab()
    lab.set("embedding_size", 64, keyboard=True)  # as large as the hidden state, so that weights can be tied
    for name in COUNTED:
        lab.step_through(name, values_of(lab.plan.controls[name]), by == "keyboard")
        if name == "embedding_size":
            lab.set(name, 64, keyboard=True)


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_activation_and_longest_text_change_no_count(lab, by):
    """They change their own line, which says 0."""
    lab = lab()
    before, free = lab.check(), lab.root.locator(".lmkit-parameters-free tr")
    for name, row in zip(FREE, free.all(), strict=False):
        for value in values_of(lab.plan.controls[name])[:2]:
            lab.set(name, value, keyboard=by == "keyboard")
            shown = f"{value:,} token" if name == "length" else str(value)
            expect(row.locator("td").nth(0)).to_contain_text(shown if name != "length" else shown[:-6])
            expect(row.locator("td").nth(1)).to_have_text("0")
            assert lab.check() == before
    expect(free.last).to_contain_text("Word frequency counts")


def test_tied_sizes_follow_each_other_with_their_sliders(lab):
    lab = lab()
    lab.set("tied", True)
    lab.values["embedding_size"] = lab.values["hidden_size"]
    lab.check()
    for moved, follows in (("embedding_size", "hidden_size"), ("hidden_size", "embedding_size")):
        lab.handle(moved).press("ArrowRight")
        lab.values[moved] += 1
        lab.values[follows] = lab.values[moved]
        lab.check()
        expect(lab[follows].locator(".widget-readout")).to_have_text(str(lab.values[moved]))


def test_controls_have_their_visible_names(lab):
    lab = lab()
    for name, label in ((name, row.label) for name, row in CONTROLS.items()):
        if name in SLIDERS:
            expect(lab[name].get_by_role("slider", name=label, exact=True)).to_have_count(1)
        elif name == "tied":
            expect(lab[name].get_by_role("checkbox", name=label)).to_have_count(1)
        else:
            expect(lab[name].get_by_role("radiogroup", name=label)).to_have_count(1)


def test_everybody_can_use_it(lab):
    lab = lab(theme="auto")
    for name, value in {"cell": "LSTM", "num_layers": 4, "vocab_size": "50,000"}.items():
        lab.set(name, value, keyboard=True)
    lab.check()
    assert faults_everywhere(lab.page, lab.root) == []
    cut = "(table) => [...table.querySelectorAll('td, th')].filter((c) => c.scrollWidth > c.clientWidth + 1).length"
    for size in SIZES:
        show(lab.page, size, "light")
        assert lab.root.locator("table").evaluate(cut) == 0
