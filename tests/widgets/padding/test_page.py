"""The padding lab on the published page: both translations are Python's, by pointer and by keyboard."""

import pytest

from lmkit.widgets import PaddingLab
from lmkit.widgets.labs.padding.lab import SOURCES
from tests.site.lab import Lab, eventually
from tests.site.rendering import faults_everywhere

pytestmark = pytest.mark.site
KIND, DOCUMENT = "PaddingView", "book/seq2seq"

SNAPSHOT = """root => Array.from(root.querySelectorAll(".lmkit-padding-translation"), (panel) => ({
  words: Array.from(panel.querySelectorAll(".lmkit-padding-line > *"), (word) => word.textContent),
  verdict: panel.querySelector(".lmkit-padding-verdict").textContent,
  changed: panel.querySelector(".lmkit-numbers").textContent.startsWith("The padding has changed"),
}))"""


class Driver(Lab):
    """A padding lab on an open page, and what Python makes of the padded source."""

    def check(self) -> list[dict]:
        """Wait until the page shows Python's translations; return what it shows."""
        lab = PaddingLab(source=self.values["source"], padding=int(self.values["padding"]))
        plain = PaddingLab(source=self.values["source"], padding=0).translations()
        judged, words = lab.judged(), lab.translations()
        expected = [
            {"words": words[name], "verdict": judged[name].verdict, "changed": words[name] != plain[name]}
            for name in ("clean", "faulty")
        ]
        return eventually(self.page, lambda: self.root.evaluate(SNAPSHOT), expected.__eq__)


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_padding_changes_what_it_changes_in_python(lab, by):
    lab = lab()
    keyboard, changed = by == "keyboard", []
    for source in SOURCES[:2]:
        lab.type("source", source, keyboard)
        for padding in (0, 1, 20):
            lab.set("padding", padding, keyboard)
            clean, faulty = lab.check()
            assert not clean["changed"]
            changed.append(faulty["changed"])
    assert any(changed) and not all(changed)


def test_the_lab_is_sound_everywhere(lab):
    lab = lab(theme="auto")
    assert faults_everywhere(lab.page, lab.root) == []
