"""A reader's own models: every lab that can run one offers it as soon as it is there, and shows what torch computes."""

import base64

import pytest
import torch
from playwright.sync_api import expect

from lmkit import decoding, pretrained
from lmkit.datasets import human_numbers, stories
from lmkit.models import LSTMLanguageModel
from lmkit.text import BPE, Characters, Tokenizer
from lmkit.widgets import BeamTreeLab, ComparisonLab, DecodingLab, Microscope, RibbonLab
from lmkit.widgets.base import assets, bundle
from tests.widgets.comparison.test_lab import POINTS, PROMPTS, TRUTH
from tests.widgets.view_harness import shipped

STORE = bundle.modules("runtime/own_models.js")[-1].name
OFFER = """([store, { base64, ...model }]) => {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  __lmkit.require(store).offer({ size: bytes.length, at: 0, ...model }, bytes);
}"""
VOCABS = {
    "words": human_numbers.vocab(),
    "characters": Characters.of("abcdefghij klmnop", unk=True),
    "pieces": BPE.train("the sea, the sea shore", 262),
}


def own(vocab: Tokenizer, prompt: str, layers: int = 1) -> tuple[pretrained.Pretrained, dict]:
    """A model with random weights, and what the page is told of it."""
    model = LSTMLanguageModel(len(vocab), 8, 8, layers).eval()
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_(torch.randn_like(weight))
    data = pretrained.to_bytes(model, vocab, quantise=False)
    truth = {"name": assets.GRAMMAR, "key": assets.grammar_key()} if vocab == stories.vocab() else None
    told = {"title": "Mine", "key": "k1", "prompts": [prompt], "hidden_size": 8, "runs": True, "truth": truth}
    return pretrained.from_bytes(data), told | {"base64": base64.b64encode(data).decode()}


def offer(page, told: dict) -> None:
    page.evaluate(OFFER, [STORE, told])
    page.get_by_label("Your models").select_option(told["title"])


@pytest.mark.parametrize("kind", VOCABS)
def test_decoding_lab_writes_what_python_writes(view, kind):
    trained, told = own(VOCABS[kind], {"words": "one two", "characters": "abc", "pieces": "the s"}[kind])
    page = view.put(DecodingLab("stories", method="greedy", max_new_tokens=9), shipped("stories"))
    expect(page.locator(".lmkit-own-models")).to_be_hidden()
    offer(page, told)
    expect(page.locator(".lmkit-progress")).to_be_hidden()
    view.settle()
    ids = trained.prompt_ids(view.get("prompt"))
    step = trained.model.stepper()
    best = decoding.greedy(step, ids, 9, trained.eos_token_id, suppress_tokens=trained.suppress_tokens)
    shown = [trained.vocab.show(i) for i in best.tokens]
    assert [text.strip() for text in page.locator(".lmkit-token .lmkit-word").all_text_contents()] == [
        text.strip() for text in shown
    ]
    page.get_by_label("Your models").select_option("the lab’s model")
    view.settle()
    assert page.locator(".lmkit-token").count() == 9


def test_microscope_looks_into_it(view):
    trained, told = own(human_numbers.vocab(), "one two three .")
    page = view.put(Microscope("human_numbers", quantity="h", layer=1), shipped("human_numbers"))
    offer(page, told)
    expect(page.locator(".lmkit-progress")).to_be_hidden()
    view.settle()
    assert view.get("unit_names") == ["the first units"]
    view.set(text="one two three .", units="0, 5")
    ids = trained.prompt_ids("one two three .")
    with torch.no_grad():
        hidden = trained.model.rnn.trace(trained.model.embedding(torch.tensor([ids])))["h"][0, 0, -1]
    cells = page.locator(".lmkit-microscope-numbers tbody tr").all()
    found = [float(row.locator("td").last.inner_text().replace("−", "-")) for row in cells]
    assert found == pytest.approx([float(hidden[unit]) for unit in (0, 5)], abs=0.006)


def test_ribbon_takes_models_of_stories_only(view):
    _, foreign = own(human_numbers.vocab(), "one two")
    trained, told = own(stories.vocab(), "one morning anna")
    lab = RibbonLab(method="top-k", top_k=7)
    page = view.put(lab, shipped("stories"))
    before = page.locator(".lmkit-ribbon-totals").inner_text()
    page.evaluate(OFFER, [STORE, foreign])
    expect(page.locator(".lmkit-own-models")).to_be_hidden()
    offer(page, told)
    expect(page.locator(".lmkit-ribbon-totals")).not_to_have_text(before)
    assert trained.vocab == stories.vocab()


def best_of_tree(page) -> str:
    """The text that the beam tree lab calls the beam's best."""
    return page.locator(".lmkit-beam-verdict").inner_text()


@pytest.mark.parametrize("kind", VOCABS)
@pytest.mark.parametrize("typed", [True, False], ids=["after a typed prompt", "beside a table"])
def test_beam_tree_grows_in_it(view, kind, typed):
    trained, told = own(VOCABS[kind], {"words": "one two", "characters": "abc", "pieces": "the s"}[kind])
    lab = BeamTreeLab("stories", max_new_tokens=6) if typed else BeamTreeLab()
    page = view.put(lab, shipped("stories"))
    before, prompt = best_of_tree(page), view.get("prompt")
    expect(page.locator(".lmkit-own-models")).to_be_hidden()
    offer(page, told)
    expect(page.locator(".lmkit-beam-verdict")).not_to_have_text(before)
    view.settle()
    assert not typed or view.get("prompt") == told["prompts"][0]
    width, penalty = view.get("num_beams"), view.get("length_penalty")
    found = decoding.beam_search(
        trained.model.stepper(),
        trained.prompt_ids(told["prompts"][0]),
        view.get("steps"),
        trained.eos_token_id,
        num_beams=width,
        length_penalty=penalty,
        suppress_tokens=trained.suppress_tokens,
    )
    text = trained.vocab.decode(found[0].tokens).translate({code: 0x2400 + code for code in range(32)})
    assert f"“{text}”" in best_of_tree(page)
    page.get_by_label("Your models").select_option("the lab’s model")
    expect(page.locator(".lmkit-beam-verdict")).to_have_text(before)
    assert view.get("prompt") == prompt and not view.problems


def test_comparison_takes_models_of_stories_only_and_says_whose_points_are_seen(view):
    _, foreign = own(human_numbers.vocab(), "one two")
    trained, told = own(stories.vocab(), "one morning anna")
    page = view.put(ComparisonLab(points=POINTS, truth=TRUTH, prompts=PROMPTS), shipped("stories"))
    page.evaluate(OFFER, [STORE, foreign])
    expect(page.locator(".lmkit-own-models")).to_be_hidden()
    texts = page.locator(".lmkit-comparison-text > p:first-child")
    before = texts.first.inner_text()
    offer(page, told)
    expect(texts.first).not_to_have_text(before)
    view.settle()
    strategy = list(POINTS)[view.get("strategy_index")]
    value = list(POINTS[strategy])[view.get("place") - 1]
    found = decoding.sample(
        trained.model.stepper(), trained.prompt_ids(PROMPTS[0]), 150, trained.eos_token_id, seed=0, **{strategy: value}
    )
    wanted = f"{PROMPTS[0]} {trained.vocab.decode(found.tokens)}"
    assert texts.first.inner_text().replace(" ", "") == wanted.replace(" ", "")  # a gap stands around what is marked
    expect(page.get_by_text("The points in the plane are those of the lab’s model")).to_be_visible()
    page.get_by_label("Your models").select_option("the lab’s model")
    expect(texts.first).to_have_text(before)
    expect(page.get_by_text("The points in the plane are those of the lab’s model")).to_be_hidden()


def test_what_is_damaged_is_explained_and_the_labs_own_model_comes_back(view):
    _, told = own(human_numbers.vocab(), "one two")
    page = view.put(DecodingLab("human_numbers"), shipped("human_numbers"))
    offer(page, told | {"base64": told["base64"][:-400], "title": "Broken", "key": "k2"})
    expect(page.locator(".lmkit-problem")).to_contain_text("Broken cannot be read as a model file")
    page.get_by_label("Your models").select_option("the lab’s model")
    expect(page.locator(".lmkit-problem")).to_be_hidden()
    view.settle()
    assert page.locator(".lmkit-token").count() > 5


def test_labs_that_close_listen_no_longer(view):
    _, told = own(human_numbers.vocab(), "one two")
    page = view.put(DecodingLab("human_numbers"), shipped("human_numbers"))
    page.evaluate("stop()")
    page.evaluate(OFFER, [STORE, told])
    expect(page.locator(".lmkit-own-models")).to_be_hidden()
