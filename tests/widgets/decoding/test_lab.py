"""The decoding lab: its Python side, and its view in a browser."""

import base64
import inspect
import math
import re

import ipywidgets
import pytest
import torch

from lmkit import decoding, pretrained
from lmkit.models import LSTMLanguageModel
from lmkit.text import UnknownWordError, Vocab
from lmkit.widgets import DecodingLab
from lmkit.widgets.base.decoders import top_ks
from lmkit.widgets.labs.decoding import entropy, fallback
from lmkit.widgets.labs.decoding import lab as decoding_lab

WORDS = ["<eos>", *(f"w{i}" for i in range(29))]


def own_model(seed: int = 0) -> tuple[LSTMLanguageModel, Vocab]:
    torch.manual_seed(seed)
    model = LSTMLanguageModel(len(WORDS), embedding_size=6, hidden_size=10)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return model, Vocab(WORDS)


def own_lab(**settings) -> DecodingLab:
    return DecodingLab(*own_model(), **settings)


def test_lab_writes_as_many_tokens_as_the_decoders_unless_it_is_told_otherwise():
    for decoder in (decoding.greedy, decoding.sample, decoding.beam_search, DecodingLab):
        assert inspect.signature(decoder).parameters["max_new_tokens"].default == 20
    assert own_lab(max_new_tokens=40).view.max_new_tokens == 40


@pytest.mark.parametrize("size", [2, 30, 396, 5000])
def test_choices_for_k_end_where_the_vocabulary_does(size):
    *ks, last = top_ks(size)
    assert last is None and ks == sorted(set(ks))
    assert ks[0] == 1 and ks[-1] < size <= 2 * ks[-1] + 1
    assert top_ks(size, given=size + 7)[-2:] == [size + 7, None]


# --- the lab in Python ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "magic"}, "method must be one of .* but it is 'magic'"),
        ({"temperature": 0}, "temperature must be a number from 0.1 to 3.0, but it is 0"),
        ({"temperature": float("nan")}, "temperature must be a number .* but it is nan"),
        ({"top_k": 0}, "top_k must be a whole number of at least 1, but it is 0"),
        ({"top_k": 2.5}, "top_k must be a whole number of at least 1, but it is 2.5"),
        ({"top_p": 0}, "top_p must be a number from 0.05 to 1.0, but it is 0"),
        ({"top_p": 1.5}, "top_p must be a number from 0.05 to 1.0, but it is 1.5"),
        ({"min_p": 0.6}, "min_p must be a number from 0.0 to 0.5, but it is 0.6"),
        ({"typical_p": 0}, "typical_p must be a number from 0.05 to 1.0, but it is 0"),
        ({"show_entropy": "yes"}, "show_entropy must be True or False, but it is 'yes'"),
        ({"num_beams": 0}, "num_beams must be a whole number from 1 to 10, but it is 0"),
        ({"length_penalty": 9}, "length_penalty must be a number from -1.0 to 2.0, but it is 9"),
        ({"max_new_tokens": 0}, "max_new_tokens must be a whole number from 1 to 100, but it is 0"),
        ({"seed": -1}, "seed must be a whole number from 0 to .* but it is -1"),
        ({"position": 21}, "position must be a whole number from 1 to 20, but it is 21"),
        (
            {"prompt": " "},
            "prompt must hold at least one word, but it is empty; type .* <eos> to begin a new text",
        ),
        ({"prompt": "w1 " * 201}, "prompt must hold at most 200 words, but it holds 201; shorten it"),
        ({"controls": ["volume"]}, "controls must be among .* but 'volume' is not"),
    ],
)
def test_a_bad_setting_is_named_with_its_rule(settings, message):
    with pytest.raises(ValueError, match=message):
        own_lab(**settings)


def test_a_prompt_with_an_unknown_word_names_it():
    with pytest.raises(UnknownWordError, match="'dragon', which is not among the 30 words"):
        own_lab(prompt="w1 dragon")


def test_a_model_of_ones_own_needs_its_vocabulary():
    with pytest.raises(ValueError, match="vocab must be the Vocab or other Tokenizer .*, but it is None"):
        DecodingLab(own_model()[0])
    with pytest.raises(ValueError, match="vocab must hold the model's 30 words, but it holds 1"):
        DecodingLab(own_model()[0], Vocab(["a"]))


def test_a_model_that_has_diverged_is_refused():
    model, vocab = own_model()
    torch.nn.init.constant_(model.decoder.bias, float("nan"))
    with pytest.raises(ValueError, match=r"model must have finite weights, but decoder\.bias has not"):
        DecodingLab(model, vocab)


@pytest.mark.parametrize("model", [3, torch.nn.LSTM(2, 2)])
def test_a_model_of_another_kind_is_refused(model):
    with pytest.raises(ValueError, match="model must be .* language model with its vocab, but it is"):
        DecodingLab(model, Vocab(["a"]))


def test_an_unknown_shipped_model_is_named():
    with pytest.raises(ValueError, match="model must be one of .*'stories'.* but it is 'goethe'"):
        DecodingLab("goethe")


def test_models_to_choose_from_are_those_that_are_named():
    by_default = [option["name"] for option in DecodingLab().view.models]
    assert by_default == ["stories", "human_numbers"]  # a page fetches no other
    several = DecodingLab(["shakespeare", "stories", "shakespeare"])
    assert [option["name"] for option in several.view.models] == ["shakespeare", "stories"]
    assert several.view.models[0]["truth"] is None and several.view.models[0]["title"] == "Shakespeare"
    assert several.controls["prompt"].options == tuple(several.view.models[0]["prompts"])
    for bad in ([], ["stories", 3], ("gpt",)):
        with pytest.raises(ValueError, match="model must be"):
            DecodingLab(bad)


def test_ends_of_lines_in_a_prompt_are_shown_in_the_field_and_read_from_it():
    given, shown = "Hamlet:\nTo be", "Hamlet:⏎To be"
    made = [DecodingLab("shakespeare", prompt=prompt) for prompt in (given, shown, "Hamlet:⏎\nTo be")]
    assert {lab.controls["prompt"].value for lab in made} == {shown}
    assert len({lab.decoded() for lab in made}) == 1
    trained = pretrained.load("shakespeare")
    assert trained.vocab.decode(trained.prompt_ids(shown)) == given
    assert shown in made[0].picture()[1]


def test_controls_are_ipywidgets_linked_to_the_view():
    made = own_lab(top_k=7)
    assert list(made.controls) == [
        name for name, row in decoding_lab.CONTROLS.items() if row.offered and name != "model"
    ]
    links = [w for w in ipywidgets.widgets.widget._instances.values() if hasattr(w, "source") and hasattr(w, "target")]
    linked = {(w.source[0], w.source[1], w.target[1]) for w in links if w.target[0] is made.view}
    assert (made.controls["temperature"], "value", "temperature") in linked
    assert (made.controls["top_k"], "index", "top_k_index") in linked
    assert (made.controls["method"], "index", "method_index") in linked
    assert len(linked) == len(made.controls)
    assert all(
        made.controls[name].continuous_update
        for name in made.controls
        if name not in ("model", "method", "seed", "show_entropy")
    )


def test_controls_agree_with_the_traits_they_are_linked_to():
    made = own_lab(
        temperature=0.55,
        top_k=7,
        top_p=0.83,
        min_p=0.07,
        typical_p=0.62,
        num_beams=3,
        length_penalty=0.25,
        seed=9,
        position=4,
    )
    settings = made.decoding_settings()
    assert settings.top_k == 7 and made.view.top_ks[made.view.top_k_index] == 7
    for name in (
        "temperature",
        "top_p",
        "min_p",
        "typical_p",
        "num_beams",
        "length_penalty",
        "seed",
        "position",
        "prompt",
    ):
        assert getattr(made.view, name) == made.controls[name].value == getattr(settings, name)
    for name in ("temperature", "top_p", "min_p", "typical_p", "length_penalty"):
        slider = made.controls[name]
        assert (slider.value - slider.min) / slider.step == pytest.approx(
            round((slider.value - slider.min) / slider.step)
        )


def test_only_the_controls_asked_for_are_made():
    made = own_lab(controls=["top_p", "temperature"], top_k=5)
    assert list(made.controls) == ["temperature", "top_p"]
    assert made.decoding_settings().top_k == 5
    assert len(own_lab(controls=[]).children) == 1


@pytest.mark.parametrize("method", ["greedy", "sampling", "beam search"])
def test_decoded_is_what_the_decoders_write(method):
    made = own_lab(method=method, prompt="w3", seed=4, top_p=0.8, num_beams=3)
    texts = made.decode()
    assert made.decoded() == made._options[0].trained.vocab.decode(texts[0].tokens)
    assert len(texts) == (3 if method == "beam search" else 1)
    made.controls["seed"].value = 5
    assert (made.decoded() != own_lab(method=method, prompt="w3", seed=4, top_p=0.8).decoded()) == (
        method == "sampling"
    )


def test_repr_is_short_and_says_what_matters():
    own = "DecodingLab('your model', prompt='<eos>', method="
    assert repr(own_lab(top_p=0.8)) == f"{own}'sampling', temperature=1.0, top_p=0.8, seed=0)"
    assert repr(own_lab(method="greedy")) == f"{own}'greedy')"
    filtered = own_lab(top_p=0.8, min_p=0.1, typical_p=0.5, show_entropy=True)
    assert repr(filtered) == (
        f"{own}'sampling', temperature=1.0, top_p=0.8, min_p=0.1, typical_p=0.5, seed=0, show_entropy=True)"
    )


def test_the_picture_shows_what_python_decodes_and_escapes_it():
    vocab = Vocab(["<eos>", "<b>", "a&b", '"'])
    torch.manual_seed(1)
    made = DecodingLab(LSTMLanguageModel(4, 4, 4), vocab, prompt='<b> "')
    html = made.fallback()
    assert "<b>" not in html and "&lt;b&gt;" in html
    drawing = base64.b64decode(re.search(r"base64,([\w+/=]+)", html)[1]).decode()
    assert "<b>" not in drawing and "a&amp;b" in drawing
    assert drawing == base64.b64decode(re.search(r"base64,([\w+/=]+)", made.fallback())[1]).decode()


# --- the view in a browser --------------------------------------------------------------------------------


@pytest.fixture
def shown(view):
    """A function that puts a lab's view on a page of its own, if need be with other traits than the lab's."""
    return lambda made, **traits: view.put(made, **traits)


def text_of(page) -> str:
    page.locator(".lmkit-token").first.wait_for()
    return " ".join(page.locator(".lmkit-word").all_inner_texts())


@pytest.mark.parametrize("method", ["greedy", "sampling", "beam search"])
def test_view_shows_what_python_decodes(shown, method):
    made = own_lab(method=method, prompt="w3 w9", seed=3, top_k=9, num_beams=4)
    page = shown(made)
    assert text_of(page) == made.decoded()
    assert page.locator(".lmkit-hypotheses tbody tr").count() == (4 if method == "beam search" else 0)


def test_view_follows_every_setting(shown, view):
    made = own_lab(prompt="w3", seed=3)
    page = shown(made)
    seen = {text_of(page)}
    for change in (
        {"temperature": 2.5},
        {"top_k_index": 1},
        {"seed": 8},
        {"method_index": 2},
        {"prompt": "w7 w7"},
    ):
        view.set(**change)
        seen.add(text_of(page))
    assert len(seen) == 6


@pytest.mark.parametrize(("filters", "note"), [({"min_p": 0.4}, "min-p"), ({"typical_p": 0.3}, "typical")])
def test_view_says_which_filter_dropped_a_token(shown, filters, note):
    made = own_lab(prompt="w3", seed=3, top_p=1.0, **filters)
    page = shown(made)
    assert text_of(page) == made.decoded()
    notes = page.locator(".lmkit-next tbody .lmkit-note").all_inner_texts()
    assert [text for text in notes if f"dropped by {note}" in text]
    rows, kept = fallback.bars(made._options[0], made.decoding_settings(), made.decode()[0])
    assert f"Kept: {kept} of 30 tokens" in page.locator(".lmkit-kept-line").inner_text()
    assert [f"dropped by {note}" not in text for text in notes[:8]] == [is_kept for _, _, is_kept, _ in rows]


@pytest.mark.parametrize(
    ("traits", "message"),
    [
        (
            {"temperature": 0},
            "Temperature must be a finite number above 0; use greedy for the limit 0, but it is 0.",
        ),
        ({"top_ks": [0], "top_k_index": 0}, "Top_k must be a whole number of at least 1, but it is 0."),
        ({"top_p": 0}, "Top_p must be a number above 0 and at most 1, but it is 0."),
        ({"top_p": 1.5}, "Top_p must be a number above 0 and at most 1, but it is 1.5."),
        ({"num_beams": 0}, "Num_beams must be a whole number of at least 1, but it is 0."),
        ({"prompt": ""}, "Prompt must hold at least one word, but it is empty; type a few words"),
        ({"prompt": "w1 <img src=x onerror=alert(1)>"}, "Text holds ‘<img’, which is not among the 30 words"),
    ],
)
def test_view_says_what_is_wrong_and_goes_on_when_it_is_mended(shown, view, traits, message):
    made = own_lab(prompt="w3", seed=3)
    page = shown(made)
    text_of(page)
    before = page.evaluate("(names) => Object.fromEntries(names.map((name) => [name, model.get(name)]))", list(traits))
    view.set(**traits)
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert alert.inner_text().startswith(message)
    assert page.locator("img").count() == 0
    view.set(**before)
    alert.wait_for(state="hidden")
    assert text_of(page) == made.decoded()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-8], "Your model cannot be read as a model file"),
        (
            lambda data: data.replace(b'"version":"1"', b'"version":"9"'),
            "Your model must be a model file of format",
        ),
    ],
)
def test_view_refuses_damaged_weights(shown, damage, message):
    made = own_lab()
    page = shown(made, weights={key: damage(data) for key, data in made.view.weights.items()})
    page.get_by_role("alert").wait_for()
    assert page.get_by_role("alert").inner_text().startswith(message)


def test_view_tells_of_nan_logits(shown):
    model, vocab = own_model()
    torch.nn.init.constant_(model.decoder.bias, 3e38)
    torch.nn.init.constant_(model.embedding.weight, 3e38)
    made = DecodingLab(*own_model())
    broken = pretrained.to_bytes(model, vocab, quantise=False)
    page = shown(made, weights=dict.fromkeys(made.view.weights, broken))
    page.get_by_role("alert").wait_for()
    assert "the model has diverged or its weights are damaged" in page.get_by_role("alert").inner_text()


def test_view_shows_a_prompt_as_text(shown):
    vocab = Vocab(["<b>bold</b>", "&amp;", "a"])
    page = shown(DecodingLab(LSTMLanguageModel(3, 4, 4), vocab, prompt="<b>bold</b> &amp;"))
    text_of(page)
    assert page.locator(".lmkit-prompt").inner_text() == "<b>bold</b> &amp;"
    assert page.locator("b").count() == 0


def test_new_draw_is_the_next_seed_and_the_same_seed_the_same_draw(shown, view):
    made = own_lab(prompt="w3", seed=3)
    page = shown(made)
    first = text_of(page)
    page.get_by_role("button", name="New draw").click()
    made.controls["seed"].value = 4
    assert view.get("seed") == 4
    assert text_of(page) == made.decoded() != first
    view.set(seed=3)
    assert text_of(page) == first


def test_view_writes_only_what_a_reader_did(shown, view):
    page = shown(own_lab(prompt="w3"))
    text_of(page)
    view.set(temperature=0.5)
    view.set(top_k_index=4)
    assert page.evaluate("model.writes") == ["temperature", "top_k_index"]
    page.locator(".lmkit-token").nth(4).click()
    view.settle()
    assert page.evaluate("model.writes.slice(2)") == ["position"]


def test_tokens_are_chosen_by_pointer_and_keys(shown, view):
    endless = Vocab([f"v{i}" for i in range(len(WORDS))])
    page, last = shown(DecodingLab(own_model()[0], endless, max_new_tokens=9)), 9
    text_of(page)
    tokens = page.get_by_role("radiogroup", name=re.compile("New tokens")).get_by_role("radio")
    assert tokens.count() == last
    tokens.nth(2).click()
    assert view.get("position") == 3
    for key, position in [("ArrowRight", 4), ("ArrowLeft", 3), ("End", last), ("ArrowRight", 1), ("Home", 1)]:
        page.keyboard.press(key)
        assert view.get("position") == position
        assert tokens.nth(position - 1).get_attribute("aria-checked") == "true"
        assert [t for t in range(last) if tokens.nth(t).get_attribute("tabindex") == "0"] == [position - 1]
        assert page.locator(".lmkit-next .lmkit-title").inner_text().startswith(f"Step {position} of {last}")


def test_bars_say_what_is_kept_and_dropped(shown):
    made = own_lab(prompt="w3", top_k=4, top_p=0.6)
    page = shown(made)
    text_of(page)
    rows, kept = fallback.bars(made._options[0], made.decoding_settings(), made.decode()[0])
    shown = [
        row.all_inner_texts()
        for row in (page.locator(".lmkit-next tbody tr").nth(i).locator("th, td") for i in range(8))
    ]
    for (word, percent, is_kept, chosen), cells in zip(rows, shown, strict=True):
        assert cells[0] == word
        assert abs(float(cells[2].strip("<\u202f% ")) - percent) <= 1
        assert ("dropped" not in cells[-1]) == is_kept
        assert ("chosen" in cells[-1]) == chosen
    assert f"Kept: {kept} of 30 tokens" in page.locator(".lmkit-kept-line").inner_text()


def test_entropy_is_shown_when_it_is_asked_for(shown, view):
    page = shown(own_lab(prompt="w3"))
    text_of(page)
    assert page.locator(".lmkit-entropy").is_hidden()
    view.set(show_entropy=True)
    assert page.locator(".lmkit-entropy").is_visible()
    assert page.locator(".lmkit-entropy-column").count() == page.locator(".lmkit-token").count()


@pytest.mark.parametrize("settings", [{}, {"temperature": 0.5, "top_p": 0.8}, {"method": "greedy"}])
def test_entropy_panel_shows_pythons_numbers(shown, settings):
    """In words for the step that is shown, and as heights for all steps."""
    made = own_lab(**{"prompt": "w3", "seed": 3, "top_p": 1.0, "position": 2, "show_entropy": True, **settings})
    page = shown(made)
    text_of(page)
    choices = entropy.choices(made._options[0], made.decoding_settings(), made.decode()[0])
    own, left, surprisal, truth = choices[1]
    changed = bool(settings.get("temperature"))
    line = page.locator(".lmkit-entropy-step").inner_text()
    word = made.decoded().split()[1]
    assert line.startswith(f"Step 2, ‘{word}’: entropy {left:.2f} nats, as open as {math.exp(left):.1f}")
    assert (f"(the model’s own: {own:.2f} nats" in line) == changed
    assert line.endswith(f"; surprisal {surprisal:.2f}.") and truth is None
    count = len(choices)
    average = [sum(values) / count for values in list(zip(*choices, strict=True))[:3]]
    drawn = f" (drawn from {average[1]:.2f})" if changed else ""
    means = f"steps 1 to {count}: entropy {average[0]:.2f}{drawn}, surprisal {average[2]:.2f} nats."
    assert page.locator(".lmkit-entropy-means").inner_text().endswith(means)
    top = float(page.locator(".lmkit-entropy-axis").first.locator("span").last.text_content())
    heights = page.locator(".lmkit-entropy-left").evaluate_all(
        "nodes => nodes.map((node) => parseFloat(node.style.height))"
    )
    assert heights == pytest.approx([100 * choice.left / top for choice in choices], abs=0.02)
    dots = page.locator(".lmkit-entropy-surprisal").evaluate_all(
        "nodes => nodes.map((node) => parseFloat(node.style.bottom))"
    )
    assert dots == pytest.approx([100 * min(1, choice.surprisal / top) for choice in choices], abs=0.02)
    beyond = page.locator(".lmkit-entropy-beyond").count()
    assert beyond == sum(choice.surprisal > top for choice in choices)


def test_a_column_that_is_clicked_is_the_step_that_is_shown(shown, view):
    page = shown(own_lab(prompt="w3", seed=3, show_entropy=True))
    text_of(page)
    page.locator(".lmkit-entropy-column").nth(3).click()
    assert view.get("position") == 4
    assert page.locator(".lmkit-token").nth(3).get_attribute("aria-checked") == "true"
    assert page.locator(".lmkit-entropy-shown").count() == 1
    assert page.locator(".lmkit-entropy-step").inner_text().startswith("Step 4,")


def test_changes_within_a_frame_are_shown_once(shown):
    page = shown(own_lab(prompt="w3"))
    text_of(page)
    count = page.evaluate(
        """async () => {
          let count = 0;
          const seen = model.get.bind(model);
          model.get = (name) => { if (name === "models") count++; return seen(name); };
          for (let seed = 0; seed < 50; seed++) model.set("seed", seed);
          await settled(10_000);
          return count;
        }"""
    )
    assert count <= 2
    assert page.locator(".lmkit-seed").inner_text() == "seed 49"


def test_view_stops_listening_when_it_is_closed(shown, view):
    page = shown(own_lab(prompt="w3"))
    first = text_of(page)
    page.evaluate("stop()")
    view.set(prompt="w7 w7", seed=99)
    assert text_of(page) == first
    assert page.evaluate("model.handlers.length") == 0
