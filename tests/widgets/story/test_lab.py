"""The story lab: its Python side against lmkit's decoder and the grammar, and its view against its Python side."""

import html
import math
import re

import pytest
import torch
from playwright.sync_api import expect

from lmkit import decoding, pretrained
from lmkit.datasets import stories
from lmkit.models import LSTMLanguageModel
from lmkit.text import UnknownWordError, Vocab
from lmkit.widgets import StoryLab
from lmkit.widgets.base import assets
from tests.site.rendering import accessibility_faults

SETTINGS = [(1.0, 0.9, 0), (0.1, 1.0, 1), (3.0, 1.0, 2), (1.5, 0.95, 3), (1.0, 0.05, 4), (0.8, 0.5, 2**32 - 1)]
WORDS = ["<eos>", *"abcdefgh"]


def own_model():
    """A model with clear preferences, so that rounding decides nothing."""
    torch.manual_seed(1)
    model = LSTMLanguageModel(len(WORDS), 6, 10)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    return model.eval(), Vocab(WORDS)


# --- in Python --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("temperature", "top_p", "seed"), SETTINGS)
@pytest.mark.parametrize("model", ["stories", "shakespeare"])
def test_the_text_is_the_samplers_and_the_choice_is_what_torch_makes_of_it(model, temperature, top_p, seed):
    made = StoryLab(model, temperature=temperature, top_p=top_p, seed=seed)
    trained = pretrained.load(model)
    prompt, filters = trained.prompt_ids(made.value("prompt")), {"temperature": temperature, "top_p": top_p}
    common = {"suppress_tokens": trained.suppress_tokens, "seed": seed}
    tokens = decoding.sample(trained.model.stepper(), prompt, 40, trained.eos_token_id, **filters, **common).tokens
    found = made.written()
    assert found.tokens == tokens
    logits = trained.model(torch.tensor([prompt + tokens[:-1]]))[0][0, len(prompt) - 1 :].detach().double()
    kept = torch.distributions.Categorical(logits=decoding.filter_logits(logits, **filters).clamp(min=-1e9))
    assert math.log(found.choice) == pytest.approx(float(kept.entropy().mean()), abs=1e-4)


def test_what_the_grammar_cannot_write_is_found_at_its_first_word():
    impossible = set()
    for seed in range(12):
        made = StoryLab(temperature=1.0 + seed / 8, top_p=1.0, seed=seed, max_new_tokens=60)
        found, words = made.written(), pretrained.load("stories").vocab.words
        prompt, said = made.value("prompt").split(), [words[token] for token in found.tokens]
        first = next(
            (n for n in range(len(said)) if not stories.next_token_distribution([*prompt, *said[: n + 1]])), None
        )
        if first is not None and said[first] == "<eos>":  # after which there is nothing more
            first = None if stories.is_grammatical([*prompt, *said[: first + 1]]) else first
        assert found.impossible == first
        impossible.add(first is not None)
        assert ("cannot write" in made.verdict(found)) == (first is not None)
    assert impossible == {True, False}


def test_the_picture_says_the_text_and_the_verdict():
    for made in (StoryLab(), StoryLab("shakespeare", temperature=1.3), StoryLab(*own_model())):
        svg, words = made.picture()
        written = made.written()
        assert made.verdict(written) in words and made.verdict(written)[:20] in svg
        assert html.escape(words) in made.fallback()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": ["stories", "shakespeare"]}, "model must be a shipped .* but it is \\['stories', 'shakespeare'\\]"),
        ({"model": "tales"}, "model must be one of .* but it is 'tales'"),
        ({"temperature": 0}, "temperature must be a number from 0.1 to 3.0, but it is 0"),
        ({"top_p": 1.1}, "top_p must be a number from 0.05 to 1.0, but it is 1.1"),
        ({"max_new_tokens": 61}, "max_new_tokens must be a whole number from 1 to 60, but it is 61"),
        ({"seed": -1}, "seed must be a whole number from 0 to 4294967295, but it is -1"),
        ({"prompt": " "}, "prompt must hold at least one word, but it is empty"),
        ({"controls": ["prompt"]}, "controls must be among .* but 'prompt' is not"),
    ],
)
def test_a_bad_argument_is_named_with_its_rule(settings, message):
    with pytest.raises(ValueError, match=message):
        StoryLab(**settings)


def test_a_prompt_with_an_unknown_word_names_it():
    with pytest.raises(UnknownWordError, match="prompt: .*'dragon'"):
        StoryLab(prompt="the dragon")


def test_settings_follow_the_controls():
    made = StoryLab()
    made.controls["temperature"].value = 2.0
    assert repr(made) == "StoryLab('stories', prompt='one morning anna', temperature=2.0, top_p=0.9, seed=0)"
    assert made.written() == StoryLab(temperature=2.0).written()


# --- the view ---------------------------------------------------------------------------------------------


def answers():
    return {**assets.tables(), **{name: assets.model_bytes(name) for name in ("stories", "shakespeare")}}


def shown(page):
    """The text after the prompt, and the note below it."""
    return page.locator(".lmkit-story-words").text_content(), page.locator(".lmkit-numbers").text_content()


@pytest.mark.parametrize("model", ["stories", "shakespeare"])
def test_view_writes_what_python_writes_and_says_what_it_says(view, model):
    page = view.put(StoryLab(model), answers=answers())
    for temperature, top_p, seed in SETTINGS:
        view.set(temperature=temperature, top_p=top_p, seed=seed)
        made = StoryLab(model, temperature=temperature, top_p=top_p, seed=seed)
        written, vocab = made.written(), pretrained.load(model).vocab
        text, note = shown(page)
        prompt = pretrained.load(model).prompt_ids(made.value("prompt"))
        assert page.locator(".lmkit-prompt").text_content() + text == vocab.text([*prompt, *written.tokens])
        assert page.locator(".lmkit-story-words > span").count() == len(written.tokens)
        marked = page.locator(".lmkit-story-words .lmkit-impossible").count()
        assert marked == (written.impossible is not None)
        number = re.compile(r"\d+\.\d+")
        assert number.sub("n", note) == number.sub("n", made.verdict(written))
        assert float(number.search(note)[0]) == pytest.approx(written.choice, rel=1e-4, abs=0.006)
    assert view.problems == []


def test_view_reads_ones_own_model(view):
    made = StoryLab(*own_model(), max_new_tokens=20, temperature=0.7)
    page = view.put(made)
    assert shown(page)[0] == " " + own_model()[1].text(made.written().tokens)


def test_a_new_text_is_written_word_by_word_and_a_changed_one_is_there_at_once(view):
    page = view.put(StoryLab(), answers=answers())
    writing = page.locator(".lmkit-story-writing")
    expect(writing).to_have_count(1)
    view.set(temperature=0.5)
    expect(writing).to_have_count(0)
    before = shown(page)
    page.get_by_role("button", name="Write another").click()
    expect(writing).to_have_count(1)
    assert shown(page) != before and page.evaluate("model.get('seed')") == 1
    delays = page.locator(".lmkit-story-words > span").evaluate_all(
        "(words) => words.map((word) => Number.parseFloat(getComputedStyle(word).animationDelay))"
    )
    assert delays == sorted(delays) and delays[0] == 0 < delays[-1] <= 4


def test_whoever_wants_no_motion_sees_none(view):
    view.page.emulate_media(reduced_motion="reduce")
    page = view.put(StoryLab(), answers=answers())
    assert (
        page.locator(".lmkit-story-words > span").first.evaluate("(word) => getComputedStyle(word).animationName")
        == "none"
    )


def test_view_tells_a_screen_reader_the_text(view):
    page = view.put(StoryLab(), answers=answers())
    view.set(seed=7)
    expect(page.locator(".lmkit-view > .lmkit-unseen")).to_have_text(
        re.compile(r"^Word \d+ now ‘.+’, was ‘.+’; \d+ words")
    )


DARK = """:root { --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af; --pst-color-background: #14181e;
  --pst-color-border: #48566b } body { background: #14181e }"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_view_is_accessible_and_fits_a_phone(view, theme):
    page = view.put(StoryLab(temperature=2.0), answers=answers())
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
    dark = ":root { --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af; --pst-color-background: #14181e }"
    page.add_style_tag(
        content=f"{dark} body {{ background: #14181e }}" if theme == "dark" else "body { background: #fff }"
    )
    page.wait_for_function("document.getAnimations().every((each) => each.playState === 'finished')")
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        view.settle()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert accessibility_faults(page, page.locator(".lmkit-lab")) == []
