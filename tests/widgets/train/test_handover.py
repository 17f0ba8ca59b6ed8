"""What becomes of a model trained in the page: a file that Python reads, kept in the browser, run by other labs."""

import re
from pathlib import Path

import pytest
import torch
from playwright.sync_api import Page, expect

from lmkit import decoding, pretrained
from lmkit.datasets import human_numbers
from lmkit.models import LSTMLanguageModel, RecurrentLanguageModel
from lmkit.text import Characters
from lmkit.widgets import DecodingLab
from tests.widgets.train.driver import ORIGIN, finish, press, shows
from tests.widgets.train.test_lab import SMALL
from tests.widgets.view_harness import shipped


@pytest.fixture
def trainer(view):
    """A function that shows a lab, small unless it is told otherwise, on an empty page."""
    yield shows(view)
    view.page.unroute_all()


def saved(page: Page, folder: Path) -> bytes:
    """The bytes of the file that the lab saves."""
    page.locator(".lmkit-train-keep").evaluate("(details) => { details.open = true; }")
    with page.expect_download() as download:
        press(page, "Save as a file")
    download.value.save_as(folder / "model.safetensors")
    return (folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn", "relu"])
def test_a_saved_file_is_a_model_in_python(trainer, tmp_path, cell):
    """Its held-out loss is that of the page, within rounding of float32."""
    page = trainer(cell=cell, seed=3)
    press(page, "Train")
    finish(page)
    trained = pretrained.from_bytes(saved(page, tmp_path))
    assert trained.card["seed"] == 3 and trained.card["metrics"]["held_out_accuracy"] > 0.1
    weights = page.evaluate("heard.filter(({ tells }) => tells === 'progress').at(-1).points.at(-1).heldLoss")
    assert trained.card["metrics"]["held_out_loss"] == pytest.approx(weights, abs=1e-4)
    assert loss_of(trained) == pytest.approx(weights, rel=1e-4)


def loss_of(trained) -> float:
    """The loss on the rows that the lab measures, by torch."""
    _, held = human_numbers.sequential_split()
    ids = torch.tensor(trained.vocab.ids(held))
    length = len(ids) // 32
    columns = max(2 * SMALL["window"], -(-1 * SMALL["batch_size"] * SMALL["window"] // 32))
    rows = ids[: 32 * length].view(32, length)[:, : columns + 1]
    with torch.no_grad():
        logits = trained.model(rows[:, :-1])[0]
    return float(torch.nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten()))


def test_a_model_is_kept_chosen_in_another_lab_and_deleted(trainer, view, tmp_path):
    page = trainer(origin=ORIGIN)
    press(page, "Train")
    finish(page)
    data = saved(page, tmp_path)
    page.get_by_label("Name").fill("Mine")
    press(page, "Keep in this browser")
    expect(page.locator(".lmkit-train-kept li")).to_contain_text("Mine (")
    page.goto(ORIGIN)
    view.put(DecodingLab("human_numbers", method="greedy", max_new_tokens=12), shipped("human_numbers"))
    page.get_by_label("Your models").select_option("Mine")
    trained = pretrained.from_bytes(data)
    expect(page.locator(".lmkit-words")).to_be_visible()
    view.settle()
    prompt = view.get("prompt")
    best = decoding.greedy(trained.model.stepper(), trained.prompt_ids(prompt), 12, trained.eos_token_id)
    expect(page.locator(".lmkit-token .lmkit-word")).to_have_text([trained.vocab.words[i] for i in best.tokens])
    trainer(origin=ORIGIN)
    page.locator(".lmkit-train-keep").evaluate("(details) => { details.open = true; }")
    press(page, "Delete Mine")
    expect(page.locator(".lmkit-train-kept li")).to_have_count(0)
    page.goto(ORIGIN)
    view.put(DecodingLab("human_numbers"), shipped("human_numbers"))
    expect(page.locator(".lmkit-own-models")).to_be_hidden()


def test_where_nothing_can_be_kept_the_lab_says_so(trainer):
    page = trainer()  # an empty page has no storage
    press(page, "Train")
    finish(page)
    page.locator(".lmkit-train-keep").evaluate("(details) => { details.open = true; }")
    press(page, "Keep in this browser")
    expect(page.locator(".lmkit-train-keep [role=status]")).to_contain_text("keeps nothing for this page")


def test_where_there_is_no_room_the_lab_says_so(trainer):
    page = trainer(origin=ORIGIN)
    press(page, "Train")
    finish(page)
    page.evaluate(
        "() => { IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError'); }; }"
    )
    page.locator(".lmkit-train-keep").evaluate("(details) => { details.open = true; }")
    press(page, "Keep in this browser")
    expect(page.locator(".lmkit-train-keep [role=status]")).to_contain_text("no room left for the model; delete one")


def opened(page: Page, name: str, content: bytes) -> None:
    page.locator(".lmkit-train-keep").evaluate("(details) => { details.open = true; }")
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.get_by_label("Open a model file").last.set_input_files(file)


def test_files_from_python_open_and_damaged_ones_are_explained(trainer):
    page = trainer()
    told = page.locator(".lmkit-train-keep [role=status]")
    vocab = Characters.of("abc def")
    data = pretrained.to_bytes(LSTMLanguageModel(len(vocab), 8, 8), vocab, {"title": "From Python"})
    opened(page, "x.safetensors", data)
    expect(told).to_have_text(
        f"Opened: From Python, LSTM of 8 units, {len(vocab)} tokens. The labs of this page offer it."
    )
    written = page.locator(".lmkit-train-text")
    expect(written.locator(".lmkit-train-prompt")).to_have_text("f")  # the last of its characters
    assert set(written.inner_text()) <= set("abc def⏎␣") and len(written.inner_text()) > 30
    gru = RecurrentLanguageModel(len(vocab), 8, 8, cell="gru", tied=True)
    opened(page, "gru.safetensors", pretrained.to_bytes(gru, vocab))
    expect(told).to_contain_text("Opened: gru, GRU of 8 units")
    expect(told).to_contain_text("run LSTMs only")
    for name, content in {"cut": data[:-5], "text": b"not a model at all", "empty": b""}.items():
        opened(page, f"{name}.safetensors", content)
        expect(told).to_contain_text(re.compile(f"^{name.capitalize()}.safetensors .*get it or train it again"))


def test_a_model_that_no_lab_runs_can_be_kept_and_opened_again(trainer, view, tmp_path):
    page = trainer(origin=ORIGIN, cell="gru")
    press(page, "Train")
    finish(page)
    data = saved(page, tmp_path)
    press(page, "Keep in this browser")
    expect(page.locator(".lmkit-train-kept li")).to_have_count(1)
    page.goto(ORIGIN)
    view.put(DecodingLab("human_numbers"), shipped("human_numbers"))
    expect(page.locator(".lmkit-own-models")).to_be_hidden()
    page.goto(ORIGIN)
    trainer(origin=ORIGIN)
    page.locator(".lmkit-train-keep").evaluate("(details) => { details.open = true; }")
    page.locator(".lmkit-train-kept").get_by_role("button", name="Open").click()
    expect(page.locator(".lmkit-train-keep [role=status]")).to_contain_text("GRU of 16 units, 30 tokens")
    assert saved(page, tmp_path) == data
    page.locator(".lmkit-train-kept").get_by_role("button", name="Delete").click()
    expect(page.locator(".lmkit-train-kept li")).to_have_count(0)
