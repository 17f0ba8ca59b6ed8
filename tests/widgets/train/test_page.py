"""The training lab on the published page: it trains what Node trains, and hands its model on."""

import re

import pytest
from playwright.sync_api import expect

from lmkit import decoding, pretrained
from lmkit.widgets import TrainLab as PythonLab
from lmkit.widgets.labs.train.lab import CONTROLS
from tests.site import book
from tests.site.lab import Lab, plans
from tests.site.rendering import faults_everywhere, overflow
from tests.widgets.train.test_lab import TRAIN, VERSE, source

pytestmark = pytest.mark.site
KIND, DOCUMENT = "TrainView", "book/playground"
SMALL = {"hidden_size": "16", "window": "4", "batch_size": "4", "steps": "100", "optimizer": "AdamW", "cell": "GRU"}


class Driver(Lab):
    """The training lab on an open page."""

    def set_all(self, values: dict, keyboard: bool = False) -> None:
        for name, value in values.items():
            self.set(name, value, keyboard)

    def press(self, name: str, keyboard: bool = False) -> None:
        button = self.root.get_by_role("button", name=name, exact=True)
        button.press("Enter") if keyboard else button.click()

    def finish(self, steps: int) -> str:
        """Wait until a run is over; return where it stands."""
        status = self.root.locator(".lmkit-train-status")
        expect(status).to_contain_text(f"Step {steps:,} of {steps:,}")
        expect(self.root.locator(".lmkit-train-main")).to_have_text("Train")
        return status.inner_text()

    def open_part(self, name: str) -> None:
        self.root.locator(f".lmkit-train-{name}").evaluate("(details) => { details.open = true; }")

    @property
    def settings(self) -> dict:
        """The settings of the page, as Python's lab has them."""
        shown = {name: control for name, control in self.plan.controls.items() if name not in ("text", "unit")}
        rows = PythonLab(controls=CONTROLS).rows
        values = {}
        for name, control in shown.items():
            place = control.options.index(self.values[name]) if control.options else None
            values[name] = self.values[name] if place is None else rows[name].values[place]
        return values


def test_the_page_has_the_lab_tested_here():
    (plan,) = plans(*book.built_widgets(DOCUMENT), KIND)
    assert set(plan.controls) == set(CONTROLS)


@pytest.mark.parametrize("by", ["pointer", "keyboard"])
def test_every_control_counts_and_the_page_trains_as_node_does(lab, scripts, by):
    lab, keyboard = lab(), by == "keyboard"
    others = {
        "num_layers": "2",
        "lr": "0.03",
        "clip": "0.5",
        "dropout": 0.3,
        "decay": "0.1",
        "alpha": 1.0,
        "beta": 2.0,
        "seed": 7,
    }
    lab.set_all(SMALL | others, keyboard)
    lab.press("Train", keyboard)
    said = lab.finish(100)
    settings = lab.settings
    assert settings | {"lr": 0.03, "clip": 0.5, "cell": "gru", "num_layers": 2, "seed": 7, "steps": 100} == settings
    node = scripts("labs/train/training.js")
    last = node.evaluate(TRAIN, [source("human_numbers"), settings])["points"][-1]
    assert f"held out {last['heldLoss']:.2f} nats, {100 * last['heldAccuracy']:.0f}\u202f% right" in said


@pytest.mark.parametrize("text", ["Stories", "Shakespeare", "Your own text"])
def test_every_text_can_be_learned_from(lab, text):
    lab = lab()
    lab.set_all(SMALL | {"text": text})
    if text == "Your own text":
        lab.root.locator(".lmkit-train-own textarea").fill(VERSE)
    lab.press("Train")
    assert ("bits per character" in lab.finish(100)) == (text != "Stories")
    expect(lab.root.locator(".lmkit-train-text")).not_to_contain_text("Nothing yet")
    if text != "Stories":
        lab.set("unit", "pieces of words")
        lab.press("Train")
        lab.root.get_by_text(re.compile("1,024 kinds of tokens")).wait_for()
        lab.finish(100)


def test_a_model_is_trained_here_and_decoded_on_another_page(lab, tmp_path):
    lab = lab()
    page = lab.page
    lab.set_all(SMALL | {"cell": "LSTM"})
    lab.press("Train")
    lab.finish(100)
    lab.open_part("keep")
    lab.root.get_by_label("Name").fill("My first model")
    with page.expect_download() as download:
        lab.press("Save as a file")
    download.value.save_as(tmp_path / "mine.safetensors")
    lab.press("Keep in this browser")
    expect(lab.root.locator(".lmkit-train-kept")).to_contain_text("My first model")
    page.goto(page.url.replace("playground", "sampling"))
    other = page.locator(".lmkit-lab:has(.lmkit-own-models)").first
    other.scroll_into_view_if_needed()
    other.get_by_label("Your models").select_option("My first model")
    expect(other.locator(".lmkit-progress")).to_be_hidden()
    trained = pretrained.load(tmp_path / "mine.safetensors")
    prompt = other.locator(".lmkit-view .lmkit-words .lmkit-prompt").first.inner_text()
    settings = plans(*book.built_widgets("book/sampling"), "DecodingView")[0].view
    chosen = {name: settings[name] for name in ("temperature", "top_p", "seed")}
    best = decoding.sample(
        trained.model.stepper(), trained.prompt_ids(prompt), settings["max_new_tokens"], None, **chosen
    )
    words = [trained.vocab.words[i] for i in best.tokens]
    expect(other.locator(".lmkit-token .lmkit-word")).to_have_text(words)


def test_lab_is_accessible_and_fits(lab):
    lab = lab(theme="auto")
    named = set()
    for text in ("Shakespeare", "Recall a symbol", "Human Numbers"):  # with all controls between them
        lab.set("text", text)
        named |= lab.check_names()
    assert named == set(lab.plan.controls)
    assert faults_everywhere(lab.page, lab.root) == []
    lab.set_all(SMALL)
    for seed in (1, 2):
        lab.set("seed", seed)
        lab.press("Train")
        lab.finish(100)
    lab.set("seed", 3)
    lab.press("One step")
    expect(lab.root.locator(".lmkit-train-step-head")).to_contain_text("Step 1,")
    lab.open_part("keep")
    assert faults_everywhere(lab.page, lab.root) == []
    lab.set("text", "Your own text")
    lab.press("Train")
    expect(lab.root.locator(".lmkit-train-problem")).to_contain_text("Paste a text or open a file first")
    assert faults_everywhere(lab.page, lab.root) == []
    assert overflow(lab.page) <= 0


def test_works_offline_and_sends_nothing(lab):
    lab = lab()
    lab.page.context.set_offline(True)
    requests = len(lab.page.seen.requests)
    lab.set_all(SMALL)
    lab.press("Train")
    lab.finish(100)
    lab.set("text", "Your own text")
    lab.root.locator(".lmkit-train-own textarea").fill(VERSE)
    lab.press("Train")
    lab.finish(100)
    assert len(lab.page.seen.requests) == requests


def test_picture_stands_in_where_scripts_do_not_run(open_page):
    page = open_page(f"{DOCUMENT}.html", java_script_enabled=False, known=re.compile(r"\.js\b.*: csp$"))
    picture = page.locator("img.lmkit-picture")
    expect(picture).to_have_count(1)
    assert picture.is_visible() and picture.bounding_box()["height"] > 60
    assert "Train a small language model in your browser" in picture.get_attribute("alt")
