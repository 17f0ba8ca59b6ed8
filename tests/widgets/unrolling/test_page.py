"""The unrolling lab on the published page: at every step it shows what Python computes, by pointer and by keyboard."""

import base64
import re

import pytest
import torch
from playwright.sync_api import expect

from lmkit.models import RecurrentLanguageModel
from lmkit.text import Vocab
from lmkit.widgets import UnrollLab
from tests.site import book
from tests.site.lab import PATIENCE, Lab
from tests.site.rendering import SIZES, faults_everywhere, overflow, show

pytestmark = pytest.mark.site
KIND, DOCUMENT = "UnrollView", "book/recurrent_networks"

SNAPSHOT = """root => {
  const texts = (selector) => Array.from(root.querySelectorAll(selector), (node) => node.textContent.trim());
  return {
    heading: texts(".lmkit-unroll-walk .lmkit-title")[0],
    read: texts(".lmkit-unroll-read, .lmkit-unroll-now"),
    next: texts(".lmkit-unroll-next tbody th"),
    boxes: root.querySelectorAll(".lmkit-unroll-box-hidden").length,
    ready: !root.querySelector(".lmkit-content").inert,
  };
}"""
EQUALS = f"([root, expected]) => JSON.stringify(({SNAPSHOT})(root)) === JSON.stringify(expected)"


def model_on_page() -> tuple[RecurrentLanguageModel, Vocab]:
    """The model whose weights the page carries."""
    state = book.widget_state((book.SITE / f"{DOCUMENT}.html").read_text(encoding="utf-8")).values()
    found = next(entry for entry in state if entry["state"].get("_anywidget_id", "").endswith(KIND))
    config = found["state"]["config"]
    sizes = [config[name] for name in ("vocab_size", "embedding_size", "hidden_size", "num_layers")]
    data = next(buffer["data"] for buffer in found["buffers"] if buffer["path"] == ["weights"])
    numbers = torch.frombuffer(bytearray(base64.b64decode(data)), dtype=torch.float32)
    model = RecurrentLanguageModel(*sizes, cell="rnn")
    tensors = dict(model.named_parameters())
    sent = [name for name in tensors if "bias_hh" not in name]  # it travels as a part of the other bias
    with torch.no_grad():
        for name in tensors:
            tensors[name].zero_()
        for name, part in zip(sent, numbers.split([tensors[name].numel() for name in sent]), strict=True):
            tensors[name].copy_(part.view_as(tensors[name]))
    return model, Vocab(found["state"]["words"])


class Driver(Lab):
    """One unrolling lab on an open page, and Python's own reading of its text."""

    def check(self) -> list[str]:
        """Wait until the page shows what Python computes at the present step; return the words that may come next."""
        text, step = self.values["text"], self.values["step"]
        readings = UnrollLab(*model_on_page(), text=text).readings()
        probs = readings[step - 1].probs
        order = probs.sort(descending=True, stable=True).indices[:6].tolist()
        words = self.plan.view["words"]
        expected = {
            "heading": f"Step {step} of {len(readings)}: after reading ‘{readings[step - 1].token}’",
            "read": text.split()[:step],
            "next": [words[token] for token in order],
            "ready": True,
        }
        shown = self.wait_for(expected)
        rows = self.root.locator(".lmkit-unroll-next tbody td:last-child").all_text_contents()
        for row, token in zip(rows, order, strict=True):
            assert abs(float(re.search(r"[\d.]+", row)[0]) - 100 * float(probs[token])) < 0.51
        assert 1 <= shown["boxes"] <= step
        return shown["next"]

    def wait_for(self, expected: dict) -> dict:
        for _ in range(PATIENCE // 50):
            shown = self.root.evaluate(SNAPSHOT)
            if expected.items() <= shown.items():
                return shown
            self.page.wait_for_timeout(50)
        assert shown == expected | {"boxes": shown["boxes"]}, self.values
        return shown


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_step_shows_what_python_computes(lab, by):
    lab = lab()
    steps, seen = lab.plan.view["steps"], []
    for step in [1, 2, steps, 3] if by == "pointer" else range(1, steps + 1):
        lab.set("step", step, keyboard=by == "keyboard")
        seen.append(tuple(lab.check()))
    assert len(set(seen)) > len(seen) // 2


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_buttons_walk_through_the_text(lab, by):
    """Back and Forward move the slider as well, down to the network rolled up."""
    lab = lab()
    for name, direction in [("Forward", 1), ("Forward", 1), *[("Back", -1)] * 4]:
        button = lab.root.get_by_role("button", name=name)
        button.click() if by == "pointer" else button.press("Enter")
        lab.values["step"] += direction
        lab.check()
        expect(lab["step"].locator(".widget-readout")).to_have_text(str(lab.values["step"]))
    lab.press_to("step", 0)
    expect(lab.root.get_by_role("img", name="A recurrent network rolled up")).to_be_visible()
    lab.root.get_by_role("button", name="Forward").click()
    lab.values["step"] = 1
    lab.check()


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_any_text_can_be_read(lab, by):
    """The slider's range follows the text, and a step beyond its end is its end."""
    lab = lab()
    for text in [*lab.plan.controls["text"].options[:2], "nine"]:
        lab.type("text", text, keyboard=by == "keyboard")
        steps = len(text.split())
        lab.values["step"] = min(lab.values["step"], steps)
        lab.check()
        lab.handle("step").press("End")
        lab.values["step"] = steps
        lab.check()
        expect(lab["step"].locator(".widget-readout")).to_have_text(str(steps))


def test_controls_have_their_visible_names(lab):
    lab = lab()
    expect(lab.root.get_by_role("slider", name="Step", exact=True)).to_have_count(1)
    expect(lab["text"].get_by_label("Text", exact=True)).to_have_count(1)


BAD_TEXTS = {
    "one zyzzyva": "‘zyzzyva’",
    " ": "at least one word",
    "one " * 41: "at most 40 words",
    '<img src="absent.png" onerror="globalThis.ran = true">': "‘<img’",
}


def test_bad_text_is_explained_and_the_lab_recovers(lab):
    lab = lab()
    good = lab.values["text"]
    before = lab.check()
    for text, part in BAD_TEXTS.items():
        lab.type("text", text)
        expect(lab.problem).to_contain_text(part)
        assert lab.page.evaluate("globalThis.ran") is None and overflow(lab.page) <= 0
        lab.type("text", good)
        lab.values["step"] = lab.plan.controls["step"].default
        assert lab.check() == before
        expect(lab.problem).to_be_hidden()


def test_everybody_can_use_it(lab):
    lab = lab(theme="auto")
    for summary in lab.root.locator("summary").all():
        summary.press("Enter")
    assert lab.root.locator("details[open]").count() == 2
    for step in (lab.plan.view["steps"], 0):
        lab.press_to("step", step)
        if step:
            lab.check()
        else:
            expect(lab.root.get_by_role("img", name="A recurrent network rolled up")).to_be_visible()
        assert faults_everywhere(lab.page, lab.root) == []
    smallest = """root => Math.min(...Array.from(root.querySelectorAll("svg text"), (node) => {
      const scale = node.getCTM().a;
      return scale * Math.min(...[node, ...node.children].map((part) => parseFloat(getComputedStyle(part).fontSize)));
    }))"""
    for size in SIZES:
        show(lab.page, size, "light")
        assert lab.root.evaluate(smallest) >= 10.9


def test_works_offline(lab):
    lab = lab()
    lab.page.context.set_offline(True)
    lab.press_to("step", 1)
    lab.check()
