"""The ribbon lab with models whose truth nobody knows: real English, and models of a reader's own."""

import base64
import itertools
import re
import xml.etree.ElementTree as ET

import pytest
import torch
from playwright.sync_api import expect

from lmkit import decoding
from lmkit.datasets import shakespeare
from lmkit.widgets import RibbonLab
from lmkit.widgets.base import assets
from lmkit.widgets.labs.ribbon import lab as ribbon
from lmkit.widgets.labs.ribbon import texts
from tests.opinionated import SOME, TOKENIZERS, opinionated
from tests.widgets.view_harness import check_drawn_for_width, shipped

HAMLET = "Hamlet:⏎To be, or not to be, that is the question:⏎"
FILTERS = {
    "top_k": [1, 7, 50],
    "top_p": [0.05, 0.9, 1.0],
    "min_p": [0.0, 0.02, 1.0],
    "typical_p": [0.05, 0.85, 1.0],
}


def own_lab(name: str, text: str = "the winter of our sun\nall", **settings) -> RibbonLab:
    """A lab with a model that has opinions about a vocabulary of each kind."""
    vocab = TOKENIZERS[name]
    text = "is the winter of our summer" if name == "split" else text
    return RibbonLab(opinionated(vocab, 8, 12, 0.7, seed=4), vocab, text=text, **settings)


def labs() -> dict[str, RibbonLab]:
    shipped_ones = {name: RibbonLab(model=name) for name in texts.TEXTS}
    strange = own_lab("characters with unk", "the zoo at sea")  # of which z is not known
    return {**shipped_ones, **{name: own_lab(name) for name in TOKENIZERS}, "an unknown character": strange}


# --- in Python --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{"top_k": 9}, {"top_p": 0.8}, {"min_p": 0.05}, {"typical_p": 0.6}])
def test_effect_is_counted_from_a_reading_at_one_go(settings):
    """The oracle is the model's own forward pass over the whole text, and sets of tokens."""
    method = {name: method for method, name in ribbon.PARAMETERS.items()}[next(iter(settings))]
    text = texts.TEXTS["shakespeare"][3]
    lab = RibbonLab("shakespeare", text=text, method=method, temperature=1.3, **settings)
    trained = lab._option.trained
    ids = trained.vocab.encode(text.replace("⏎", "\n"))
    with torch.no_grad():
        expected = trained.model(torch.tensor([ids]))[0][0].log_softmax(dim=-1)
    log_probs, truth = lab.read_along()
    torch.testing.assert_close(log_probs, expected[:-1], atol=1e-4, rtol=0)
    assert truth.shape == log_probs.shape == (len(ids) - 1, 1024) and not truth.any()
    measured = lab.filter_effect()
    for t, following in enumerate(ids[1:]):
        cut = decoding.filter_logits(log_probs[t], temperature=1.3, **settings)
        kept = {v for v, logit in enumerate(cut.tolist()) if logit > float("-inf")}
        assert int(measured.kept[t]) == len(kept) and bool(measured.allowed[t]) == (following in kept)
    for part in (measured.right, measured.wrong, measured.missing, measured.false_mass, measured.missed_mass):
        assert not part.any()
    assert not measured.known.any() and 0 < int(measured.allowed.sum()) < len(ids) - 1


def test_texts_on_offer_are_of_the_held_out_plays_and_fit():
    told = texts.TEXTS["shakespeare"]
    held_out = [shakespeare.plays()[name] for name in shakespeare.HELD_OUT]
    for text in told:
        speaker, lines = text.replace("⏎", "\n").split("\n", 1)
        assert any(f"{speaker}\n" in play and lines in play for play in held_out), text
        assert 20 < RibbonLab("shakespeare", text=text).view.steps <= ribbon.MOST_WORDS
    lab = RibbonLab("shakespeare")
    assert lab.value("text") == told[0] and lab.controls["story"].description == "Passage"
    assert len(lab.controls["story"].options) == len(told) + 1


def test_what_is_never_written_is_not_kept():
    lab = own_lab("characters with unk", "the zoo at sea", method="top-p", top_p=1.0)
    size, unk = len(lab._option.trained.vocab), lab._option.trained.vocab.unk
    ids = lab._option.trained.prompt_ids("the zoo at sea")
    measured = lab.filter_effect()
    assert set(measured.kept.tolist()) == {size - 1}
    assert measured.allowed.tolist() == [token != unk for token in ids[1:]] and unk in ids


def test_ends_of_lines_are_typed_and_shown_as_marks():
    lab = RibbonLab("shakespeare", text=HAMLET.replace("⏎", "\n"), top_p=0.5, step=4)
    assert lab.value("text") == HAMLET
    assert repr(lab) == f"RibbonLab('shakespeare', text={HAMLET!r}, method='top-p', top_p=0.5, temperature=1.0, step=4)"
    assert lab.controls["text"].tooltip == "The text that is read; ⏎ ends a line"


def test_a_model_of_ones_own_reads_what_it_writes_and_offers_no_other():
    vocab = TOKENIZERS["bpe"]
    model = opinionated(vocab, 8, 12, 0.7, seed=4)
    lab = RibbonLab(model, vocab)
    prompt = lab._option.prompts[0]
    assert lab.value("text") == lab._option.one_line(lab._option.trained.generate(prompt, texts.MOST_WRITTEN))
    with pytest.raises(ValueError, match="controls must be among"):
        RibbonLab(model, vocab, text=SOME, controls=["story"])
    assert "story" not in RibbonLab(model, vocab, text=SOME).controls


@pytest.mark.parametrize("name", labs())
def test_picture_says_what_is_left_and_draws_it(name):
    lab = labs()[name]
    svg, words = lab.picture()
    ET.fromstring(svg)
    measured = lab.filter_effect()
    steps, dropped = len(measured.kept), int((~measured.allowed).sum())
    share = f"{dropped} of the text’s own {steps} dropped ({100 * dropped / steps:.1f} %)."
    assert f"{float(measured.kept.double().mean()):.1f} tokens kept per step, {share}" in words
    assert "false mass" not in words and "can come next" not in svg and "url(#hatch)" not in svg
    bars = re.findall(r'<path d="(M[^"]*z)" fill', svg)
    assert [path.count("M") for path in bars] == [steps]
    assert svg.count("l6 6m0 -6l-6 6") == dropped


# --- in the browser ---------------------------------------------------------------------------------------

MEASURE = """([data, text, settings]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const ribbon = new lmkit.Ribbon(new lmkit.Session(lmkit.parseModel(bytes, "data"), null), text);
  return settings.map((one) => ({ ...ribbon.measure(one), rows: ribbon.rows(1, one) }));
}"""
OFF = {"top_k": None, "top_p": 1, "min_p": 0, "typical_p": 1}


@pytest.fixture(scope="module")
def measuring(scripts):
    return scripts("labs/ribbon/model.js", "runtime/session.js", "runtime/safetensors.js")


def data_of(lab: RibbonLab) -> str:
    return base64.b64encode(lab._option.weights or assets.model_bytes(lab._option.name)).decode()


@pytest.mark.parametrize("name", labs())
def test_browser_measures_what_python_measures(measuring, name):
    lab = labs()[name]
    asked = [
        {setting: value, "temperature": temperature}
        for (setting, values), temperature in itertools.product(FILTERS.items(), (0.6, 1.0, 2.3))
        for value in values
    ]
    found = measuring.evaluate(MEASURE, [data_of(lab), lab.value("text"), [OFF | one for one in asked]])
    log_probs, _ = lab.read_along()
    following, vocab = lab._ids(lab.value("text"))[1:], lab._option.trained.vocab
    same = []
    for got, settings in zip(found, asked, strict=True):
        cut = decoding.filter_logits(lab._option.allowed(log_probs), **settings)
        kept, counts = cut.isfinite(), cut.isfinite().sum(dim=-1).tolist()
        own = [bool(kept[t, token]) for t, token in enumerate(following)]
        assert got["known"] == 0 and not any(step["known"] or step["wrong"] for step in got["steps"])
        assert got["dropped"] == [t for t, step in enumerate(got["steps"]) if not step["allowed"]]
        for t, step in enumerate(got["steps"]):  # at the edge of a filter the last bit may decide about a token
            assert abs(step["kept"] - counts[t]) <= 1, settings
            same.append(step["kept"] == counts[t] and step["allowed"] == own[t])
        if got["steps"][1]["kept"] == counts[1]:
            expected = {v for v in range(len(vocab)) if kept[1, v]} | {following[1]}
            assert sorted(row["word"] for row in got["rows"]) == sorted(vocab.show(v) for v in expected), settings
        assert all(row["truth"] is None for row in got["rows"])
    assert sum(same) >= 0.99 * len(same)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must hold at least one character, but it is empty"),
        ("a", "must hold at least two tokens, for nothing stands before the first, but it holds 1; lengthen it"),
        ("to be " * 61, "must hold at most 120 tokens, but it holds 123; shorten it"),
    ],
)
def test_browser_says_what_is_wrong_with_a_text(shown, view, text, message):
    page = shown(RibbonLab("shakespeare"))
    view.set(text=text)
    expect(page.locator(".lmkit-problem")).to_contain_text(message)
    view.set(text=HAMLET)
    expect(page.locator(".lmkit-problem")).to_be_hidden()


@pytest.fixture
def shown(view):
    """A function that puts a lab's view on a page of its own, where Python answers for its assets."""
    return lambda lab: view.put(lab, answers=shipped("shakespeare"))


def bars(page, part: str) -> int:
    return (page.locator(f"path.lmkit-ribbon-{part}").get_attribute("d") or "").count("M")


def test_view_shows_what_is_kept_and_nothing_of_a_truth(shown, view):
    lab = RibbonLab("shakespeare", top_p=0.8, step=9)
    page = shown(lab)
    for method, name in enumerate(ribbon.PARAMETERS.values()):
        view.set(method_index=method)
        lab.controls["method"].value = method
        measured = lab.filter_effect()
        steps, dropped = len(measured.kept), int((~measured.allowed).sum())
        assert bars(page, "unknown") == steps and bars(page, "dropped") == dropped > 0, name
        assert page.locator(".lmkit-ribbon-dropped-word").count() == dropped
        mean = f"Kept per step: {float(measured.kept.double().mean()):.2f} tokens on average, "
        assert page.locator(".lmkit-ribbon-mean").inner_text() == f"{mean}{int(measured.kept.max())} at most."
        assert f"it drops {dropped} of its {steps} tokens (" in page.locator(".lmkit-ribbon-own").inner_text()
        own = "among them" if measured.allowed[8] else "dropped"
        facts = f"Kept: {int(measured.kept[8])} of 1024 tokens, the text’s own {own}."
        assert page.locator(".lmkit-ribbon-step .lmkit-numbers").inner_text() == facts
    for part in ("possible", "right", "wrong", "line"):
        assert bars(page, part) == 0
    assert page.locator(".lmkit-ribbon-key li:visible").all_inner_texts() == ["kept", "the text’s own token is dropped"]
    expect(page.locator(".lmkit-ribbon-totals")).to_be_hidden()
    assert page.locator(".lmkit-ribbon-truth:visible, .lmkit-ribbon-truth-bar:visible").count() == 0
    said = page.locator(".lmkit-view").inner_text()
    assert not re.search("come next|false|missed|truth|grammar", said)


def test_view_begins_with_the_second_token(shown, view):
    page = shown(RibbonLab("shakespeare", text=HAMLET, step=2))
    words = page.locator(".lmkit-ribbon-words span")
    vocab = RibbonLab("shakespeare")._option.trained.vocab
    tokens = [vocab.show(token) for token in vocab.encode(HAMLET.replace("⏎", "\n"))]
    assert words.all_inner_texts() == tokens and view.get("steps") == len(tokens) - 1
    words.nth(0).click()
    assert view.get("step") == 2  # nothing stands before it: it is no step
    words.nth(1).click()
    assert view.get("step") == 1
    title = page.locator(".lmkit-ribbon-step .lmkit-title").inner_text()
    assert title == f"Step 1 of {len(tokens) - 1}: after “{tokens[0]}” the text has ‘{tokens[1]}’"
    assert page.locator(".lmkit-ribbon-words [aria-current]").inner_text() == tokens[1]


def test_view_says_how_many_tokens_there_are_to_show(shown, view):
    page = shown(RibbonLab("shakespeare", text=HAMLET, method="top-k", top_k=30))
    more = page.locator(".lmkit-ribbon-more")
    measured = RibbonLab("shakespeare", text=HAMLET, method="top-k", top_k=30).filter_effect()
    names = {True: "Show all 30 tokens that are kept", False: "Show all 31 tokens: those that are kept, and"}
    for step in (measured.allowed.tolist().index(True), measured.allowed.tolist().index(False)):
        view.set(step=step + 1)
        expect(more).to_contain_text(names[bool(measured.allowed[step])])
    more.click()
    view.settle()
    assert page.locator(".lmkit-ribbon-step tbody tr").count() == 31


def test_view_follows_the_passage(shown, view):
    shown(RibbonLab("shakespeare"))
    view.set(story_index=2)
    assert view.get("text") == texts.TEXTS["shakespeare"][2]
    view.set(text=HAMLET)
    assert view.get("story_index") == len(texts.TEXTS["shakespeare"])


FITS = """() => {
  const frame = document.querySelector(".lmkit-ribbon-frame");
  return frame.firstChild.getBoundingClientRect().width <= frame.clientWidth + 1;
}"""


@pytest.mark.parametrize("width", [1280, 390])
def test_chart_is_drawn_for_its_width(shown, width):
    page = shown(RibbonLab("shakespeare", text=HAMLET))
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function(FITS)
    check_drawn_for_width(page, ".lmkit-ribbon-chart", width)


def test_view_shows_a_model_of_ones_own(view):
    lab = own_lab("characters with unk")
    page = view.put(lab)
    kept = float(lab.filter_effect().kept.double().mean())
    assert page.locator(".lmkit-ribbon-mean").inner_text().startswith(f"Kept per step: {kept:.2f} tokens on average")
    assert view.get("story_index") == 0 and not view.problems
