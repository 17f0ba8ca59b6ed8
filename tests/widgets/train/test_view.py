"""The training lab's view in a browser: it shows what the trainer computes in Node, and says what is wrong."""

import re

import pytest
from playwright.sync_api import Page, expect

from lmkit.widgets import TrainLab
from tests.widgets.train.driver import LAST, finish, points, press, shows, status
from tests.widgets.train.test_lab import SMALL, TRAIN, VERSE, run_settings, source
from tests.widgets.view_harness import check_drawn_for_width


@pytest.fixture
def trainer(view):
    """A function that shows a lab, small unless it is told otherwise, on an empty page."""
    yield shows(view)
    view.page.unroute_all()


def test_nothing_runs_until_the_reader_wants_it(trainer, view):
    page = trainer()
    expect(status(page)).to_have_text("Nothing is trained yet: press Train.")
    assert page.evaluate("heard") == [] and view.problems == []


def test_page_shows_what_node_computes(trainer, scripts):
    page = trainer()
    press(page, "Train")
    finish(page)
    wanted = scripts("labs/train/training.js").evaluate(TRAIN, [source("human_numbers"), run_settings()])
    assert points(page) == wanted["points"]
    last = wanted["points"][-1]
    expect(status(page)).to_contain_text(f"held out {last['heldLoss']:.2f} nats")
    said = page.locator(".lmkit-train-loss svg.lmkit-run-chart").get_attribute("aria-label")
    first = wanted["points"][0]
    assert said == (
        f"Loss from step 1 to {LAST}: {first['loss']:.2f} to {last['loss']:.2f} in training, "
        f"{first['heldLoss']:.2f} to {last['heldLoss']:.2f} held out"
    )
    written = page.locator(".lmkit-train-text").inner_text().split()
    assert len(written) == 44 and set(written) <= set(TrainLab().view.texts[0]["words"])


@pytest.mark.parametrize(
    ("trouble", "note"),
    [
        ("delete globalThis.Worker;", "can start no worker|lets the page start no worker"),
        ("globalThis.Worker = class { constructor() { throw new Error('policy'); } };", "start no worker"),
        (
            """globalThis.Worker = class {
              constructor() { setTimeout(() => this.onerror(new Event("error", { cancelable: true }))); }
              postMessage() {}
              terminate() {}
            };""",
            "start no worker",
        ),
        ("WebAssembly.validate = () => false;", "no vector instructions"),
    ],
)
def test_browsers_that_lack_something_compute_the_same_and_say_that_it_is_slow(trainer, scripts, trouble, note):
    page = trainer(script=trouble)
    press(page, "Train")
    finish(page)
    expect(page.locator(".lmkit-train-run .lmkit-footnote")).to_have_text(re.compile(note))
    wanted = scripts("labs/train/training.js").evaluate(TRAIN, [source("human_numbers"), run_settings()])
    last = wanted["points"][-1]
    said = page.locator(".lmkit-train-loss svg.lmkit-run-chart").get_attribute("aria-label")
    assert f"to {last['loss']:.2f} in training" in said and f"to {last['heldLoss']:.2f} held out" in said


def test_reader_pauses_goes_on_and_looks_at_single_steps(trainer, scripts):
    """However it is interrupted, a run is the same run."""
    page = trainer(steps=5000)
    press(page, "One step")
    expect(page.locator(".lmkit-train-step-head")).to_contain_text("Step 1, loss 3.")
    press(page, "One step")
    expect(page.locator(".lmkit-train-step-head")).to_contain_text("Step 2,")
    press(page, "Go on")
    expect(page.locator(".lmkit-train-main")).to_have_text("Pause")
    page.locator(".lmkit-train-main").click(force=True)
    finish_or_go_on(page)
    finish(page, 5000)
    wanted = scripts("labs/train/training.js").evaluate(TRAIN, [source("human_numbers"), run_settings(steps=5000)])
    assert points(page) == wanted["points"]


def finish_or_go_on(page: Page) -> None:
    """The run may have ended before the button was pressed."""
    expect(page.locator(".lmkit-train-main")).not_to_have_text("Pause")
    if page.locator(".lmkit-train-main").inner_text() == "Go on":
        press(page, "Go on")


def test_one_batch_from_inside(trainer):
    page = trainer(num_layers=2)
    for _ in range(3):
        press(page, "One step")
    expect(page.locator(".lmkit-train-step-head")).to_contain_text("Step 3,")
    trace = page.evaluate("heard.filter(({ tells }) => tells === 'trace').at(-1).traced")
    rows = {
        row.locator("th").inner_text(): row.locator("td").all_inner_texts()
        for row in page.locator(".lmkit-train-window tr").all()
    }
    assert rows["reads"] == trace["words"] and rows["must say"] == trace["next"]
    assert rows["reads"][1:] == rows["must say"][:-1] and len(rows["reads"]) == SMALL["window"]
    losses = list(trace["trace"]["losses"])[: SMALL["window"]]
    assert rows["loss"] == [f"{loss:.2f}" for loss in losses]
    gradients = [name for name in rows if name.startswith("gradient")]
    assert gradients == [f"gradient at {what} of layer {d}" for d in (1, 2) for what in "hc"]
    top = list(trace["trace"]["layers"][1]["h"])
    assert [float(value) for value in rows["gradient at h of layer 2"]] == pytest.approx(top[1:], rel=0.06)
    names = page.locator(".lmkit-train-updates tbody th").all_inner_texts()
    assert names == [tensor["name"] for tensor in trace["trace"]["tensors"]]


def test_earlier_runs_stay_as_faint_curves_with_what_was_different(trainer, view):
    page = trainer()
    for n in range(7):
        view.set(seed=n)
        press(page, "Again" if n else "Train")
        expect(status(page)).to_contain_text(f"Step {LAST} of {LAST}")
        page.wait_for_function("(n) => heard.some(({ run, isOver }) => run === n && isOver)", arg=n + 1)
        view.settle()
    names = page.locator(".lmkit-train-loss .lmkit-run-key").all_inner_texts()
    assert names == [*(f"run {n}: seed {n - 1}" for n in range(2, 7)), "training", "held out"]
    assert page.locator(".lmkit-train-loss .lmkit-run-faint").count() == 5


def test_changed_settings_count_from_the_next_run(trainer, view):
    page = trainer()
    note = page.locator(".lmkit-train-run .lmkit-footnote")
    press(page, "One step")
    expect(status(page)).to_contain_text("Step 1 of 60")
    assert note.is_hidden()
    view.set(seed=5)
    expect(note).to_have_text("Changed for the next run: seed 5. Press Train or, while one runs, Again.")
    press(page, "Train")
    finish(page)
    assert note.is_hidden()
    assert page.evaluate("heard.filter(({ tells }) => tells === 'ready').length") == 2


def test_a_run_that_diverges_says_so_and_again_works(trainer, view):
    page = trainer(cell="relu", optimizer="sgd", lr=100.0, clip=None, steps=300)
    press(page, "Train")
    expect(status(page)).to_contain_text(re.compile(r"It diverged at step \d+: .* press Again\."), timeout=20_000)
    values = view.get("values")
    view.set(lr_index=values["lr"].index(0.03), clip_index=values["clip"].index(1.0))
    press(page, "Again")
    finish(page, 300)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Paste a text or open a file first"),
        ("too short", "must have at least 500 characters, but it has 9"),
        ("a" * 1000, "must hold different characters, but it holds ‘a’ only"),
    ],
)
def test_texts_that_nothing_can_be_learned_from_are_explained(trainer, view, text, message):
    page = trainer("own")
    page.locator(".lmkit-train-own textarea").fill(text)
    press(page, "Train")
    alert = page.locator(".lmkit-train-problem")
    expect(alert).to_have_text(re.compile(message))
    page.locator(".lmkit-train-own textarea").fill(VERSE)
    expect(alert).to_be_hidden()
    press(page, "Train")
    finish(page)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("big.txt", b"ab" * 10_000_000, "at most 10 MB, but it has 20.0 MB"),
        ("a.zip", b"PK\x03\x04\0\0" * 500, "it is binary; save it as plain text"),
        ("latin.txt", "Straße ".encode("latin-1") * 200, "must be text in UTF-8"),
    ],
)
def test_files_that_are_no_texts_are_explained(trainer, name, content, message):
    page = trainer("own")
    field = page.get_by_label("Open a text file")
    field.set_input_files({"name": name, "mimeType": "text/plain", "buffer": content})
    expect(page.locator(".lmkit-train-problem")).to_contain_text(message.replace(" MB", "\u202fMB"))
    field.set_input_files({"name": "ok.txt", "mimeType": "text/plain", "buffer": VERSE.encode()})
    expect(page.locator(".lmkit-train-problem")).to_be_hidden()
    press(page, "Train")
    finish(page)


def test_view_fits_every_width(trainer, view):
    page = trainer()
    press(page, "Train")
    finish(page)
    press(page, "Again")
    finish(page)
    check_drawn_for_width(page, ".lmkit-train-loss .lmkit-run-chart", 1280)
    page.set_viewport_size({"width": 320, "height": 800})
    page.locator(".lmkit-train-step summary").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    for name in ("Accuracy", "Gradient", "Loss"):
        page.get_by_label(name, exact=True).check()
        shown = page.locator(".lmkit-train-chart:visible")
        assert shown.count() == 1
    check_drawn_for_width(page, ".lmkit-train-loss .lmkit-run-chart", 390)


def test_a_screen_reader_hears_little(trainer):
    page = trainer()
    live = page.locator(".lmkit-view > [aria-live=polite]")
    press(page, "Train")
    finish(page)
    expect(live).to_have_text(re.compile(rf"Step {LAST} of {LAST}: held out [\d.]+ nats, \d+\u202f% right\."))
    assert len(live.inner_text()) <= 80


def test_a_tab_that_is_hidden_draws_nothing_and_shows_the_end_when_it_comes_back(trainer):
    page = trainer(steps=5000)
    page.evaluate(
        """() => {
          const asked = [], frame = globalThis.requestAnimationFrame;
          globalThis.requestAnimationFrame = (draw) => asked.push(draw);
          globalThis.comeBack = () => { globalThis.requestAnimationFrame = frame; asked.splice(0).forEach(frame); };
        }"""
    )
    press(page, "Train")
    page.wait_for_function("heard.some(({ isOver }) => isOver)")
    page.wait_for_function("heard.some(({ tells }) => tells === 'file')")
    assert page.evaluate("heard.length") < 200
    page.evaluate("comeBack()")
    finish(page, 5000)


def test_view_leaves_nothing_behind(trainer):
    page = trainer(steps=20_000)
    press(page, "Train")
    expect(status(page)).to_contain_text("of 20,000: held out")
    page.evaluate("stop()")
    assert page.evaluate("model.handlers.length") == 0
    count = page.evaluate("heard.length")
    page.wait_for_timeout(400)
    assert page.evaluate("heard.length") == count
