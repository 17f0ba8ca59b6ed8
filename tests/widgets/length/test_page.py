"""The length lab on the published page: it shows the runs of every setting, by pointer and by keyboard."""

import pytest
from playwright.sync_api import expect

from lmkit.widgets import LengthLab
from tests.site.lab import Lab, eventually
from tests.site.rendering import faults_everywhere

pytestmark = pytest.mark.site
KIND, DOCUMENT = "LengthView", "book/seq2seq"

SNAPSHOT = """root => ({
  words: root.querySelector(".lmkit-length-words").textContent,
  rows: Array.from(root.querySelectorAll(".lmkit-length-table tbody:not([hidden]) tr"),
    (row) => Array.from(row.children, (cell) => cell.textContent)).filter((row) => row.length === 3),
})"""


def as_text(summary: dict, i: int) -> str:
    """A share and its interval as the table has them."""
    mean, low, high = (summary[key][i] for key in ("mean", "low", "high"))
    digits = 1 if 0 < mean < 0.0995 else 0
    share = "< 0.1" if 0 < mean < 0.0005 else f"{100 * mean:.{digits}f}"
    first, last = (int(100 * end + 0.5) for end in (low, high))  # of 10.5 JavaScript makes 11
    return f"{share}\u202f% ({first}–{last})"


class Driver(Lab):
    """A length lab on an open page, and the runs that Python has."""

    def check(self) -> dict:
        """Wait until the page shows the runs of its setting; return what it shows."""
        longest, size = self.values["longest"], int(self.values["hidden_size"])
        lab = LengthLab(longest=None if longest == "whole stories" else int(longest.split()[0]), hidden_size=size)
        summary = lab.summary()
        rows = [
            [f"{first}–{last}", as_text(summary["attention"], i), as_text(summary["without"], i)]
            for i, (first, last) in enumerate(lab.view.groups)
        ]
        expected = {"words": summary["words"], "rows": rows}
        return eventually(self.page, lambda: self.root.evaluate(SNAPSHOT), expected.__eq__)


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_setting_shows_its_runs(lab, by):
    lab = lab()
    keyboard, seen = by == "keyboard", [lab.check()]
    for name, value in [
        ("longest", "15 words"),
        ("hidden_size", "64"),
        ("longest", "30 words"),
        ("hidden_size", "128"),
    ]:
        lab.set(name, value, keyboard)
        seen.append(lab.check())
    lab.set("longest", "whole stories", keyboard)
    seen.append(lab.check())
    assert len({str(shown) for shown in seen}) == 5


def test_a_setting_without_runs_says_which_other_to_choose(lab):
    lab = lab()
    lab.set("longest", "whole stories")
    lab.set("hidden_size", "64")
    expect(lab.problem).to_contain_text("was trained on whole stories; choose")
    lab.set("hidden_size", "128")
    lab.check()
    expect(lab.problem).to_be_hidden()


def test_the_lab_is_sound_everywhere(lab):
    lab = lab(theme="auto")
    assert faults_everywhere(lab.page, lab.root) == []
