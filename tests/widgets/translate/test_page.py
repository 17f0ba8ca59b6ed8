"""The translation lab on the published page: what it writes, and where it looks, is Python's, by any means."""

import pytest
from playwright.sync_api import expect

from lmkit import pretrained
from lmkit.datasets import translation
from lmkit.pretrained import END
from lmkit.widgets import TranslateLab
from lmkit.widgets.labs.translate.settings import ATTENTION, ONE_VECTOR, SOURCES
from tests.site.lab import Lab, eventually
from tests.site.rendering import faults_everywhere

pytestmark = pytest.mark.site
KIND, DOCUMENT = "TranslateView", "book/attention"
SETTINGS = ("source", "sees", "method", "temperature", "top_p", "num_beams", "length_penalty", "seed")

SNAPSHOT = """root => ({
  words: Array.from(root.querySelectorAll(".lmkit-token .lmkit-word"), (word) => word.textContent),
  chosen: Array.from(root.querySelectorAll(".lmkit-token")).findIndex((token) => token.ariaChecked === "true"),
  beams: root.querySelectorAll(".lmkit-hypotheses:not([hidden]) tbody tr").length,
  rows: root.querySelectorAll(".lmkit-matrix-rows > *").length,
  columns: root.querySelectorAll(".lmkit-matrix-columns > *").length,
  ready: !root.querySelector(".lmkit-content").inert,
})"""


class Driver(Lab):
    """A translation lab on an open page, and Python's own translator with its settings."""

    def python(self) -> TranslateLab:
        """Python's lab with the settings of the page."""
        given = {name: self.values[name] for name in SETTINGS if name in self.values}
        weights = {"hardest only": "hardest"}.get(self.values["weights"], self.values["weights"])
        return TranslateLab(**given, weights=weights)

    def check(self) -> dict:
        """Wait until the page shows Python's translation; return what it shows."""
        lab = self.python()
        texts, translator = lab.decode(), lab.translator
        words = [translator.target_vocab.words[id] for id in texts[0].tokens]
        expected = {
            "words": words,
            "beams": len(texts) if lab.value("method") == "beam search" else 0,
            "rows": len(words),
            "columns": len(translator.source_ids(self.values["source"])),
            "ready": True,
        }

        def holds(shown: dict) -> bool:
            """The word shown is the slider's; a text that was shorter while keys were typed may have moved it."""
            return expected | {"chosen": self.readout("position") - 1} == shown

        return eventually(self.page, lambda: self.root.evaluate(SNAPSHOT), holds)

    def choose(self, name, value, keyboard=False):
        """The weights of a decoder with one vector are put away."""
        super().choose(name, value, keyboard)
        if name == "sees":
            expect(self["weights"]).to_be_visible(visible=value == ATTENTION)


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_control_writes_python_s_translation(lab, by):
    lab = lab()
    keyboard, seen = by == "keyboard", [lab.check()]
    changes = [
        ("source", SOURCES[1]),
        ("weights", "uniform"),
        ("weights", "permuted"),
        ("weights", "hardest only"),
        ("sees", ONE_VECTOR),
        ("source", SOURCES[0]),
        ("method", "beam search"),
        ("num_beams", 10),
        ("length_penalty", -1.0),
        ("sees", ATTENTION),
        ("weights", "as trained"),
        ("method", "sampling"),
        ("temperature", 3.0),
        ("top_p", 1.0),
        ("position", 1),
        ("method", "greedy"),
        ("source", SOURCES[2]),
    ]
    for name, value in changes:
        lab.set(name, value, keyboard)
        seen.append(lab.check())
    assert len({str(shown["words"]) for shown in seen}) > 8


def test_largest_weights_are_python_s(lab):
    """For how many words the largest weight is at a true place: counted from Python's weights and the truth."""
    lab = lab()
    lab.type("source", SOURCES[1])
    words = lab.check()["words"]
    translator = pretrained.load_translator("translator")
    ids = translator.source_ids(SOURCES[1]), translator.target_vocab.ids(words)
    weights = translator.model.attention_of(*ids)
    truth = translation.translations([*SOURCES[1].split(), END]).align(words).alignment
    linked = [(links, int(row.argmax())) for links, row in zip(truth, weights, strict=True) if links]
    right = sum(place in links for links, place in linked)
    expect(lab.root.locator(".lmkit-matrix .lmkit-footnote")).to_contain_text(f"for {right} of {len(linked)} words")


@pytest.mark.parametrize(
    "typed, says",
    [("", "at least one word"), ("anna met a xylophone .", "‘xylophone’"), ("anna " * 201, "at most 200 words")],
)
def test_what_cannot_be_read_is_told_and_loses_nothing(lab, typed, says):
    lab = lab()
    before = lab.check()["words"]
    lab["source"].locator("input").fill(typed)
    expect(lab.problem).to_contain_text(says)
    lab.type("source", lab.values["source"])
    expect(lab.problem).to_be_hidden()
    assert lab.check()["words"] == before


def test_a_drawn_story_is_translated(lab):
    lab = lab()
    lab.root.get_by_role("button", name="New story").click()
    field = lab["source"].locator("input")
    expect(field).not_to_have_value(lab.values["source"])
    lab.values |= {"source": field.input_value(), "position": 1}
    lab.check()


def test_the_lab_is_sound_everywhere(lab):
    lab = lab(theme="auto")
    assert faults_everywhere(lab.page, lab.root) == []
