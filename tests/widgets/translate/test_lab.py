"""The translation lab: its Python side, and its view in a browser."""

import base64
import dataclasses
import re

import pytest
import torch
from playwright.sync_api import expect

from lmkit import pretrained
from lmkit.datasets import stories, translation
from lmkit.models.seq2seq import REWEIGHTINGS, EncoderDecoder
from lmkit.pretrained import Translator
from lmkit.text import UnknownWordError, Vocab
from lmkit.widgets import TranslateLab
from lmkit.widgets.base import assets
from lmkit.widgets.labs.translate import fallback
from lmkit.widgets.labs.translate.settings import CONTROLS, SOURCES
from tests.site.rendering import accessibility_faults
from tests.small_translators import SOURCE, learned_translator, random_translator

METHODS = ("greedy", "sampling", "beam search")
SHORT = {"max_new_tokens": 12}


def lab(**settings) -> TranslateLab:
    return TranslateLab(random_translator(), random_translator(attention="none"), **{**SHORT, **settings})


def other_words(**options) -> Translator:
    """A translator of languages of which nothing is known; the source has no end token."""
    torch.manual_seed(1)
    model = EncoderDecoder(5, 6, 4, 6, **options)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    return Translator(model.eval(), Vocab(["<b>", "a&b", "s2", "s3", "s4"]), Vocab(["<eos>", *"uvwxy"]), {})


# --- in Python --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_translation_is_what_the_translator_writes(method):
    made = lab(source=SOURCES[1], method=method, seed=4, top_p=0.8, num_beams=3)
    options = {
        "greedy": {},
        "sampling": {"top_p": 0.8, "seed": 4, "do_sample": True},
        "beam search": {"num_beams": 3},
    }[method]
    assert made.translation() == random_translator().translate(SOURCES[1], 12, **options)
    assert len(made.decode()) == (3 if method == "beam search" else 1)


def test_switches_choose_the_model_and_its_weights():
    made = lab(source=SOURCES[1])
    for place, kind in enumerate(REWEIGHTINGS):
        made.controls["weights"].index = place
        assert made.translation() == random_translator().reweighted(kind).translate(SOURCES[1], 12)
    made.controls["sees"].index = 1
    assert made.translation() == random_translator(attention="none").translate(SOURCES[1], 12)
    assert made.translator.model.attention == "none"


def test_a_model_alone_has_no_switch():
    made = TranslateLab(random_translator(), **SHORT)
    assert "sees" not in made.controls and "weights" in made.controls
    made = TranslateLab(random_translator(attention="none"), **SHORT)
    assert "sees" not in made.controls and "weights" not in made.controls
    assert made.value("sees") == "one vector"


def test_sources_on_offer_are_beginnings_and_whole_stories():
    lengths = [len(source.split()) for source in SOURCES]
    assert lengths == sorted(lengths) and lengths[0] < 10 and lengths[-1] > 70
    for source in SOURCES:
        assert translation.translations(source).count() >= 1
    assert [translation.translations([*s.split(), "<eos>"]).count() > 0 for s in SOURCES] == [True] * 4
    assert [stories.is_grammatical(f"{source} <eos>") for source in SOURCES] == [False, False, True, True]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"translator": 3}, "translator must be a shipped translator's name, .*, or a Translator, but it is 3"),
        ({"translator": "shakespeare"}, "translator must be one of .* but it is 'shakespeare'"),
        ({"without": EncoderDecoder(2, 2, 2, 2)}, "without must be a shipped translator's name, .*, or a Translator"),
        ({"without": random_translator(1)}, "without must have no attention, but its attention is 'general'"),
        (
            {"translator": random_translator(attention="none")},
            "translator must have attention where without is given, but its attention is 'none'; swap them",
        ),
        ({"without": other_words(attention="none")}, "without must have the vocabularies of translator"),
        ({"source": " "}, "source must hold at least one word, but it is empty; type a few words"),
        ({"source": "the " * 201}, "source must hold at most 200 words, but it holds 201; shorten it"),
        ({"source": 3}, "source must be a text, but it is 3"),
        ({"sees": "two vectors"}, r"sees must be one of \['attention', 'one vector'\], but it is 'two vectors'"),
        ({"weights": "soft"}, "weights must be one of .*'hardest'.*, but it is 'soft'"),
        ({"method": "magic"}, "method must be one of .* but it is 'magic'"),
        ({"temperature": 0}, "temperature must be a number from 0.1 to 3.0, but it is 0"),
        ({"top_k": 0}, "top_k must be a whole number of at least 1, but it is 0"),
        ({"top_p": 1.5}, "top_p must be a number from 0.05 to 1.0, but it is 1.5"),
        ({"min_p": 0.6}, "min_p must be a number from 0.0 to 0.5, but it is 0.6"),
        ({"typical_p": 0}, "typical_p must be a number from 0.05 to 1.0, but it is 0"),
        ({"num_beams": 11}, "num_beams must be a whole number from 1 to 10, but it is 11"),
        ({"length_penalty": 9}, "length_penalty must be a number from -1.0 to 2.0, but it is 9"),
        ({"max_new_tokens": 101}, "max_new_tokens must be a whole number from 1 to 100, but it is 101"),
        ({"seed": -1}, "seed must be a whole number from 0 to .* but it is -1"),
        ({"position": 13}, "position must be a whole number from 1 to 12, but it is 13"),
        ({"controls": ["volume"]}, "controls must be among .* but 'volume' is not"),
    ],
)
def test_a_bad_setting_is_named_with_its_rule(settings, message):
    translators = {"translator": random_translator(), "without": random_translator(attention="none")}
    with pytest.raises(ValueError, match=message):
        TranslateLab(**{**translators, **SHORT, **settings})


def test_a_source_with_an_unknown_word_names_it():
    with pytest.raises(UnknownWordError, match="source: .*'dragon', which is not among the 396 words"):
        lab(source="the dragon")


def test_a_translator_that_has_diverged_is_refused():
    broken = random_translator(7)
    torch.nn.init.constant_(broken.model.decoder.output.bias, float("nan"))
    with pytest.raises(ValueError, match=r"translator must have finite weights, but decoder\.output\.bias has not"):
        TranslateLab(broken)


def test_a_translator_must_be_given_where_none_is_shipped(monkeypatch):
    monkeypatch.setattr(pretrained, "translator_names", list)
    with pytest.raises(ValueError, match="translator must be given, for none is shipped"):
        TranslateLab()


def test_every_control_has_a_trait_and_settings_follow_it():
    made = lab(source=SOURCES[1], temperature=0.55, top_k=7, position=4)
    assert list(made.controls) == [name for name, row in CONTROLS.items() if row.offered]
    assert made.view.top_ks[made.view.top_k_index] == 7
    made.controls["num_beams"].value = 3
    made.controls["position"].value = 5
    settings = made.translation_settings()
    assert (settings.temperature, settings.top_k, settings.num_beams, settings.position) == (0.55, 7, 3, 5)


def test_repr_is_short_and_says_what_matters():
    assert repr(lab(source=SOURCE)) == (
        "TranslateLab(8 words, sees='attention', weights='as trained', method='greedy')"
    )
    assert repr(lab(source=SOURCE, sees="one vector", method="beam search")) == (
        "TranslateLab(8 words, sees='one vector', method='beam search', num_beams=5, length_penalty=1.0)"
    )


# --- the picture ------------------------------------------------------------------------------------------


def look(made: TranslateLab) -> fallback.Shown:
    return fallback.look(made._options[made.value("sees")], made.translation_settings())


def test_picture_shows_pythons_translation_weights_and_truth():
    made = TranslateLab(learned_translator(), source=SOURCE)
    shown, oracle = look(made), translation.translations(f"{SOURCE} <eos>")
    assert shown.target == oracle.best().words and shown.alignment == oracle.best().alignment
    assert shown.verdict == "A possible translation, and the most probable of all."
    model = learned_translator().model
    ids = learned_translator().target_vocab.ids(shown.target)
    expected = model.attention_of(learned_translator().source_ids(SOURCE), ids)
    torch.testing.assert_close(shown.weights, expected)
    drawing = base64.b64decode(re.search(r"base64,([\w+/=]+)", made.fallback())[1]).decode()
    assert drawing.count('fill="none"') == sum(map(len, oracle.best().alignment))
    assert drawing.count("<rect") - drawing.count('fill="none"') == 1 + int((expected >= fallback.LEAST).sum())


def test_picture_says_where_a_translation_goes_wrong_and_what_is_unknown():
    assert look(lab(source=SOURCE)).verdict.startswith("No translation: word 1, “")
    cut = look(TranslateLab(learned_translator(), source=SOURCE, max_new_tokens=3))
    assert cut.verdict == "So far a translation; it has not ended after 3 words." and len(cut.weights) == 3
    assert look(lab(source="the the")).verdict.startswith("No truth is known: source must be a story")
    shown = look(TranslateLab(other_words(), **SHORT))
    assert shown.verdict == "No truth is known of these words." and shown.alignment == []
    assert look(lab(sees="one vector")).weights is None


def test_picture_escapes_words():
    made = TranslateLab(other_words(), source="<b> a&b", **SHORT)
    drawing = base64.b64decode(re.search(r"base64,([\w+/=]+)", made.fallback())[1]).decode()
    assert "<b>" not in drawing and "&lt;b&gt;" in drawing and "a&amp;b" in drawing


# --- the view in a browser --------------------------------------------------------------------------------


@pytest.fixture
def shown(view):
    """A function that puts a lab's view on a page of its own, if need be with other traits than the lab's."""
    return lambda made, **traits: view.put(made, answers=assets.tables(), **traits)


def words_of(page) -> str:
    page.locator(".lmkit-token").first.wait_for()
    return " ".join(word for word in page.locator(".lmkit-word").all_inner_texts() if word != "<eos>")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("sees", ["attention", "one vector"])
def test_view_shows_what_python_translates(shown, method, sees):
    made = lab(source=SOURCES[1], method=method, sees=sees, seed=3, top_k=9, num_beams=4)
    page = shown(made)
    assert words_of(page) == made.translation()
    assert page.locator(".lmkit-hypotheses tbody tr").count() == (4 if method == "beam search" else 0)


def test_view_follows_every_setting(shown, view):
    made = lab(source=SOURCES[1], method="sampling", seed=3, max_new_tokens=20)
    page = shown(made)
    for change in (
        {"temperature": 2.5},
        {"top_k_index": 3},
        {"seed": 8},
        {"weights_index": 1},
        {"weights_index": 2},
        {"weights_index": 3},
        {"source": SOURCE},
        {"method_index": 2},
        {"num_beams": 2},
        {"sees_index": 1},
    ):
        view.set(**change)
        for name, value in change.items():
            setattr(made.view, name, value)
            control = made.controls[name.removesuffix("_index")]
            setattr(control, made.rows[name.removesuffix("_index")].source, value)
        assert words_of(page) == made.translation(), change


def matrix_of(page) -> tuple[int, int]:
    """How many squares and frames are drawn."""
    paths = ".lmkit-matrix-weight, .lmkit-matrix-true"
    return tuple(
        page.eval_on_selector_all(paths, "paths => paths.map((path) => path.getAttribute('d').split('M').length - 1)")
    )


def test_view_draws_the_weights_and_the_truth_that_python_knows(shown, view):
    made = TranslateLab(learned_translator(), source=SOURCE)
    page, known = shown(made), look(made)
    squares, frames = matrix_of(page)
    assert squares == int((known.weights >= fallback.LEAST).sum())
    assert frames == sum(map(len, known.alignment))
    expect(page.locator(".lmkit-text .lmkit-numbers")).to_contain_text(
        "A true translation, and the most probable of all."
    )
    source = [*SOURCE.split(), "<eos>"]
    for position in range(1, len(known.target) + 1):
        view.set(position=position)
        weights, links = known.weights[position - 1], known.alignment[position - 1]
        most = source[int(weights.argmax())]
        line = page.locator(".lmkit-look-line").inner_text()
        assert line.startswith(f"For ‘{known.target[position - 1]}’ the decoder looks at ‘{most}’")
        assert line.endswith(f"It truly comes from {' and '.join(f'‘{source[j]}’' for j in links)}.")
        assert page.locator(".lmkit-source-line .lmkit-most").all_inner_texts() == [most]
        assert [text.strip() for text in page.locator(".lmkit-from").all_inner_texts()] == [source[j] for j in links]
        assert page.locator(".lmkit-matrix-rows .lmkit-shown").all_inner_texts() == [known.target[position - 1]]
    right = sum(int(known.weights[t].argmax()) in links for t, links in enumerate(known.alignment))
    expect(page.locator(".lmkit-matrix .lmkit-footnote")).to_contain_text(f"for {right} of {len(known.target)} words")


@pytest.mark.parametrize("place", range(1, len(REWEIGHTINGS)))
def test_view_draws_the_weights_that_the_decoder_was_given(shown, place):
    made = lab(source=SOURCE, weights=list(REWEIGHTINGS)[place])
    page, known = shown(made), look(made)
    assert matrix_of(page)[0] == int((known.weights >= fallback.LEAST).sum())
    most = [] if made.value("weights") == "uniform" else [known.source[int(known.weights[0].argmax())]]
    assert page.locator(".lmkit-source-line .lmkit-most").all_inner_texts() == most


def test_one_vector_has_no_weights_and_no_switch_for_them(shown, view):
    page = shown(lab(source=SOURCE, sees="one vector"))
    assert matrix_of(page)[0] == 0 and view.get("weights_display") == "none"
    expect(page.locator(".lmkit-look-line")).to_contain_text("One vector: there is nothing to look at.")
    view.set(sees_index=0)
    page.locator(".lmkit-source-line .lmkit-most").wait_for()
    assert matrix_of(page)[0] > 0 and view.get("weights_display") == ""


def test_view_says_at_which_word_a_translation_goes_wrong(shown):
    made = lab(source=SOURCE)
    page = shown(made)
    first = made.translation().split()[0]
    expect(page.locator(".lmkit-text .lmkit-numbers")).to_contain_text(
        f"Not a translation from word 1 on: ‘{first}’ cannot come there."
    )
    impossible = page.locator(".lmkit-impossible")
    assert impossible.count() == 1 and "cannot write it here" in impossible.get_attribute("aria-label")


def test_next_words_stand_beside_their_true_probabilities(shown, view):
    made = TranslateLab(learned_translator(), source=SOURCE, position=2)
    page = shown(made)
    true = translation.translations(SOURCE).next(made.translation().split()[:1])
    for row in page.locator(".lmkit-next tbody tr").all():
        word, cell = row.locator("th").inner_text(), row.locator(".lmkit-truth").inner_text()
        assert (cell == "never") == (word not in true)
        if word in true:
            assert abs(float(re.search(r"[\d.]+", cell)[0]) - 100 * true[word]) <= 0.51


MARKUP = "one <img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "Source must hold at least one word, but it is empty; type a few words."),
        ("one zyzzyva", "Text holds ‘zyzzyva’, which is not among the 396 words of the vocabulary; use its words only"),
        (MARKUP, "Text holds ‘<img’, which is not among"),
        ("the " * 201, "Source must hold at most 200 words, but it holds 201; shorten it."),
    ],
)
def test_view_says_what_is_wrong_with_a_source_and_goes_on_when_it_is_mended(shown, view, source, message):
    made = lab(source=SOURCE)
    page = shown(made)
    before = words_of(page)
    view.set(source=source)
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert alert.inner_text().startswith(message)
    assert view.get("source") == source  # what was typed stays
    assert page.locator("img").count() == 0
    view.set(source=SOURCE)
    alert.wait_for(state="hidden")
    assert words_of(page) == before


def test_what_is_no_story_is_translated_without_a_truth(shown, view):
    page = shown(lab(source="the the"))
    assert page.locator(".lmkit-token").count() > 0
    expect(page.locator(".lmkit-text .lmkit-numbers")).to_contain_text(
        "No truth is known: word 1 of the story, “the”, begins no story."
    )
    assert page.locator(".lmkit-next .lmkit-truth").first.is_hidden() and matrix_of(page)[1] == 0
    view.set(source=SOURCES[1])
    expect(page.locator(".lmkit-text .lmkit-numbers")).to_contain_text("Not a translation from word 1 on")


def test_languages_of_which_nothing_is_known_are_translated_too(shown):
    made = TranslateLab(other_words(), source="<b> a&b s3", **SHORT)
    page = shown(made)
    assert words_of(page) == made.translation()
    assert page.locator(".lmkit-source-line").inner_text().split() == ["<b>", "a&b", "s3"]
    assert page.get_by_role("button", name="New story").count() == 0
    expect(page.locator(".lmkit-text .lmkit-numbers")).to_contain_text("No truth is known: for these words no grammar")


def test_a_source_longer_than_any_in_training_works_and_says_so(shown, view):
    short = dataclasses.replace(random_translator(), card={"longest_source": 20})
    made = TranslateLab(short, source=SOURCES[3], **SHORT)
    page = shown(made)
    assert words_of(page) == made.translation()
    heading = page.locator(".lmkit-source-words .lmkit-title")
    count = len(SOURCES[3].split()) + 1
    expect(heading).to_have_text(f"Source: {count} words with the end token, longer than any in training (20)")
    view.set(source=SOURCE)
    expect(heading).to_have_text("Source: 9 words with the end token")


def test_new_stories_are_stories(shown, view):
    page = shown(lab(source=SOURCE, position=3))
    button, seen = page.get_by_role("button", name="New story"), {SOURCE}
    for seed in range(1, 4):
        button.focus()
        page.keyboard.press("Enter")
        source = view.get("source")
        assert stories.is_grammatical(f"{source} <eos>") and source not in seen
        assert view.get("story_seed") == seed and view.get("position") == 1
        seen.add(source)
        assert page.locator(".lmkit-source-line").inner_text().split() == [*source.split(), "<eos>"]


def test_the_slider_ends_where_the_translation_does(shown, view):
    page = shown(TranslateLab(learned_translator(), source=SOURCE, position=50))
    count = page.locator(".lmkit-token").count()
    assert view.get("last_position") == view.get("position") == count < 50
    view.set(position=2)
    assert page.locator(".lmkit-token[aria-checked=true] .lmkit-word").inner_text() == words_of(page).split()[1]


def test_words_are_chosen_by_pointer_and_keys(shown, view):
    page = shown(TranslateLab(learned_translator(), source=SOURCE))
    tokens = page.get_by_role("radiogroup", name=re.compile("New tokens")).get_by_role("radio")
    last = tokens.count()
    tokens.nth(2).click()
    assert view.get("position") == 3
    for key, position in [("ArrowRight", 4), ("End", last), ("ArrowRight", 1), ("Home", 1)]:
        page.keyboard.press(key)
        assert view.get("position") == position
        assert page.locator(".lmkit-matrix-row").get_attribute("y") == str(16 * (position - 1))
    page.locator(".lmkit-matrix svg").click(position={"x": 5, "y": 16 * 4 + 8})
    assert view.get("position") == 5


def test_long_matrices_scroll_inside_themselves_and_follow_the_word(shown, view):
    view.page.set_viewport_size({"width": 390, "height": 800})
    page = shown(lab(source=SOURCES[3], max_new_tokens=100))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    scroller = page.get_by_role("region", name=re.compile("Attention weights and true alignment"))
    for position in (90, 1, 45):
        view.set(position=position)
        inside = page.evaluate(
            """() => {
              const box = document.querySelector(".lmkit-matrix-scroll").getBoundingClientRect();
              const head = document.querySelector(".lmkit-matrix-columns").getBoundingClientRect();
              const row = document.querySelector(".lmkit-matrix-rows .lmkit-shown").getBoundingClientRect();
              return row.top >= head.bottom - 1 && row.bottom <= box.bottom && row.left >= box.left - 1;
            }"""
        )
        assert inside, position
    scroller.focus()
    before = scroller.evaluate("node => node.scrollLeft")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("before => document.activeElement.scrollLeft > before", arg=before)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_view_is_accessible_at_every_width_in_both_themes(shown, view, scheme, width):
    view.page.emulate_media(color_scheme=scheme)
    view.page.set_viewport_size({"width": width, "height": 900})
    page = shown(lab(source=SOURCES[1], method="beam search"))
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", scheme)
    page.add_style_tag(content=THEMES[scheme])
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert accessibility_faults(page, page.locator(".lmkit-lab")) == []
    view.page.emulate_media(color_scheme=None)


THEMES = {
    "light": "body { background: #fff }",
    "dark": """:root { --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af; --pst-color-background: #14181e;
      --pst-color-border: #48566b } body { background: #14181e }""",
}


def test_a_screen_reader_hears_one_short_message(shown, view):
    page = shown(TranslateLab(learned_translator(), source=SOURCE))
    said = page.locator(".lmkit-view > .lmkit-unseen")
    view.set(position=4)
    expect(said).to_have_text(re.compile(r"^Word 4: \S+, \d+\u202f%\.$"))


def test_view_refuses_damaged_weights(shown):
    made = lab(source=SOURCE)
    page = shown(made, own_translator=made.view.own_translator[:-8])
    page.get_by_role("alert").wait_for()
    assert page.get_by_role("alert").inner_text().startswith("Your translator cannot be read as a model file")


def test_view_loads_a_shipped_translator_and_both_tables(shown, view):
    """As on a page of the book: the bytes are an asset, and those of int8 matrices."""
    translator = random_translator()
    data = pretrained.translator_to_bytes(translator)
    made = TranslateLab(pretrained.translator_from_bytes(data), source=SOURCE, **SHORT)
    entry = made.view.translators[0] | {"own": "", "name": "shipped", "key": "0"}
    page = view.put(made, answers={**assets.tables(), "shipped": data}, translators=[entry])
    assert words_of(page) == made.translation()
