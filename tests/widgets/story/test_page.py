"""The story lab on the published first page: what it shows is what Python writes, by pointer and by keyboard."""

import pytest

from lmkit import pretrained
from lmkit.widgets import StoryLab
from tests.site.lab import Lab, eventually
from tests.site.rendering import faults_everywhere

pytestmark = pytest.mark.site
KIND, DOCUMENT = "StoryView", "book/intro"


class Driver(Lab):
    """A story lab on an open page, and what Python writes with its settings."""

    def check(self, seed: int = 0) -> str:
        """Wait until the page shows Python's text; return it."""
        made = StoryLab(temperature=float(self.values["temperature"]), top_p=float(self.values["top_p"]), seed=seed)
        expected = " " + pretrained.load("stories").vocab.text(made.written().tokens)
        words = self.root.locator(".lmkit-story-words")
        return eventually(self.page, words.text_content, expected.__eq__)


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_sliders_change_the_text_as_python_writes_it(lab, by):
    lab, keyboard = lab(), by == "keyboard"
    first = lab.check()
    for name in ("temperature", "top_p"):
        texts = []
        for value in lab.plan.controls[name].extremes:
            lab.set(name, value, keyboard)
            texts.append(lab.check())
        assert len(set(texts)) > 1 and texts[-1] == first
    button = lab.root.get_by_role("button", name="Write another")
    if keyboard:
        button.focus()
        lab.page.keyboard.press("Enter")
    else:
        button.click()
    assert lab.check(seed=1) != first


def test_the_lab_is_sound_everywhere(lab):
    lab = lab(theme="auto")
    assert faults_everywhere(lab.page, lab.root) == []
