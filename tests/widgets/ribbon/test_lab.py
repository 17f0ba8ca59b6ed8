"""The ribbon lab: its Python side, its measuring in JavaScript against Python's, and its view alone in a browser."""

import base64
import itertools
import math
import re

import pytest
import torch

from lmkit import decoding
from lmkit.datasets import stories
from lmkit.text import UnknownWordError
from lmkit.widgets import RibbonLab
from lmkit.widgets.base import assets
from lmkit.widgets.labs.ribbon import lab as ribbon
from lmkit.widgets.labs.ribbon import texts
from tests.widgets.view_harness import shipped

OPENING = "one morning anna walked to the river . she found a"
WRONG = "one morning anna walked to the river . anna anna found a kite ."
PERCENT = r"([\d.]+)\u202f%"

# --- in Python --------------------------------------------------------------------------------------------


def test_read_along_is_the_model_and_the_truth_step_by_step():
    lab = RibbonLab(text=OPENING)
    log_probs, truth = lab.read_along()
    trained = lab._option.trained
    words, step = OPENING.split(), trained.model.stepper()
    assert log_probs.shape == truth.shape == (len(words), len(trained.vocab))
    for t in range(len(words)):
        before = words[:t] or ["<eos>"]
        alone = decoding.read_prompt(step, trained.prompt_ids(" ".join(before)))[0][0]
        torch.testing.assert_close(log_probs[t], alone)
        expected = stories.next_token_distribution(words[:t])
        assert {trained.vocab.words[v]: float(truth[t, v]) for v in truth[t].nonzero()[:, 0]} == expected


@pytest.mark.parametrize("settings", [{"top_k": 4}, {"top_p": 0.8}, {"min_p": 0.05}, {"typical_p": 0.6}])
def test_measure_counts_words_one_by_one(settings):
    """A second algorithm: sets of words instead of tensors."""
    method = {name: method for method, name in ribbon.PARAMETERS.items()}[next(iter(settings))]
    lab = RibbonLab(method=method, temperature=1.5, **settings)
    measured, (log_probs, truth) = lab.filter_effect(), lab.read_along()
    for t, word in enumerate(lab.value("text").split()):
        cut = decoding.filter_logits(log_probs[t], temperature=1.5, **settings)
        p = cut.double().softmax(dim=-1).tolist()
        kept = {v for v in range(len(p)) if p[v] > 0}
        possible = {v for v in range(len(p)) if truth[t, v] > 0}
        assert int(measured.kept[t]) == len(kept)
        assert int(measured.right[t]) == len(kept & possible)
        assert int(measured.wrong[t]) == len(kept - possible)
        assert int(measured.missing[t]) == len(possible - kept)
        assert float(measured.false_mass[t]) == pytest.approx(math.fsum(p[v] for v in kept - possible), abs=1e-12)
        assert float(measured.missed_mass[t]) == pytest.approx(math.fsum(float(truth[t, v]) for v in possible - kept))
        assert bool(measured.allowed[t]) == (lab._option.trained.vocab.id(word) in kept)
        assert measured.known[t]


def test_truth_ends_after_a_word_that_cannot_come_and_begins_anew_with_a_story():
    measured = RibbonLab(text=f"{WRONG} <eos> one morning").filter_effect()
    place = WRONG.split().index("anna", 3) + 1  # a second anna
    known = measured.known.tolist()
    assert known == [True] * (place + 1) + [False] * (len(known) - place - 1)
    assert not measured.false_mass[~measured.known].any() and not measured.wrong[~measured.known].any()
    story = texts.examples()[0]
    assert RibbonLab(text=f"{story} one morning").filter_effect().known.all()


def test_examples_are_whole_stories_that_fit():
    told = texts.examples()
    assert len(set(told)) == len(told) >= 3
    for story in told:
        assert story.endswith(" <eos>") and stories.is_grammatical(story)
        assert RibbonLab(text=story).view.steps <= ribbon.MOST_WORDS


def test_settings_are_those_of_the_filter_that_is_chosen():
    lab = RibbonLab(text=OPENING, method="min-p", min_p=0.03, temperature=0.7, step=3)
    assert lab.settings() == {"min_p": 0.03, "temperature": 0.7}
    assert repr(lab) == f"RibbonLab('stories', text={OPENING!r}, method='min-p', min_p=0.03, temperature=0.7, step=3)"
    displays = {
        name: control.layout.display for name, control in lab.controls.items() if name in ribbon.PARAMETERS.values()
    }
    assert displays == {"top_k": "none", "top_p": "none", "min_p": "", "typical_p": "none"}
    lab.controls["method"].value = 0
    assert lab.settings() == {"top_k": 5, "temperature": 0.7}


def test_a_text_of_ones_own_is_the_choice_after_the_last_story():
    lab = RibbonLab(text=OPENING)
    assert lab.controls["story"].value == len(texts.examples()) == len(lab.controls["story"].options) - 1
    assert RibbonLab().controls["story"].value == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": " "}, "text must hold at least one word, but it is empty"),
        ({"text": "<eos>"}, "text must hold at least one word, but it is empty"),
        ({"text": "a " * 121}, "text must hold at most 120 words, but it holds 121"),
        ({"method": "top"}, "method must be one of ['top-k', 'top-p', 'min-p', 'typical'], but it is 'top'"),
        ({"top_k": 0}, "top_k must be a whole number from 1 to 50, but it is 0"),
        ({"top_k": 2.5}, "top_k must be a whole number from 1 to 50, but it is 2.5"),
        ({"top_p": 1.1}, "top_p must be a number from 0.05 to 1.0, but it is 1.1"),
        ({"min_p": -0.1}, "min_p must be a number from 0 to 1, but it is -0.1"),
        ({"typical_p": 0}, "typical_p must be a number from 0.05 to 1.0, but it is 0"),
        ({"temperature": 0}, "temperature must be a number from 0.1 to 3.0, but it is 0"),
        ({"text": OPENING, "step": 12}, "step must be a whole number from 1 to 11, but it is 12"),
        ({"model": ["stories"]}, "or a language model with its vocab, but it is ['stories']"),
        ({"model": "hamlet"}, "which are shipped, or the path of a file, but it is 'hamlet'"),
        ({"model": "stories", "vocab": stories.vocab()}, "vocab goes with a model of your own"),
        ({"model": "shakespeare", "text": ""}, "text: prompt must hold at least one character, but it is empty"),
        (
            {"model": "shakespeare", "text": "a"},
            "text must hold at least two tokens, for nothing stands before",
        ),
        (
            {"model": "shakespeare", "text": "to be " * 61},
            "text must hold at most 120 tokens, but it holds 123",
        ),
        ({"model": "shakespeare", "text": 7}, "text must be a text, but it is 7"),
        ({"model": "shakespeare", "text": "to be", "step": 3}, "step must be a whole number from 1 to 2, but it is 3"),
        ({"controls": ["seed"]}, "controls must be among"),
    ],
)
def test_a_bad_argument_is_named_with_its_rule(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        RibbonLab(**arguments)


def test_an_unknown_word_is_named():
    with pytest.raises(UnknownWordError, match="'unicorn'"):
        RibbonLab(text="one morning anna saw a unicorn .")


def test_picture_says_what_the_lab_measures():
    lab = RibbonLab(method="top-k", top_k=5)
    svg, words = lab.picture()
    measured = lab.filter_effect()
    false_mass, missed_mass = 100 * float(measured.false_mass.mean()), 100 * float(measured.missed_mass.mean())
    assert f"5.0 words kept per step, false mass {false_mass:.2f} %, missed mass {missed_mass:.1f} %." in words
    assert "Top-k: words kept at each of 50 steps, with top k 5, temperature 1.0" in words
    bars = re.findall(r'<path d="(M[^"]*z)" fill', svg)
    counts = [(measured.right + measured.missing), measured.right, measured.wrong]
    assert [path.count("M") for path in bars] == [int((count > 0).sum()) for count in counts]
    assert "jack was" in lab.fallback()


def test_picture_of_a_text_without_truth_still_counts():
    words = RibbonLab(text="was was was", method="top-k", top_k=3).picture()[1]
    assert "3.0 words kept per step" in words


# --- measuring in the browser -----------------------------------------------------------------------------

ERRORS = {"falseMass": "false_mass", "missedMass": "missed_mass"}  # in the browser, and in Python
MEASURE = """([text, settings]) => {
  const ribbon = new lmkit.Ribbon(lmkit.session, text);
  return settings.map((one) => ({ ...ribbon.measure(one), rows: ribbon.rows(0, one) }));
}"""
TEXTS = [*texts.examples(), OPENING, WRONG, f"<eos> {OPENING}", "was"]


@pytest.fixture(scope="module")
def measuring(scripts):
    """Node with the shipped model and the grammar in a session."""
    process = scripts("labs/ribbon/model.js", "runtime/session.js", "runtime/safetensors.js", "runtime/oracle.js")
    process.evaluate(
        """([data, grammar]) => {
          const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
          lmkit.session = new lmkit.Session(lmkit.parseModel(bytes, "stories"), new lmkit.Grammar(grammar));
        }""",
        [base64.b64encode(assets.model_bytes("stories")).decode(), assets.grammar()],
    )
    return process


def settings_of_every_kind() -> list[tuple[str, dict]]:
    values = {
        "top_k": [1, 2, 7, 50],
        "top_p": [0.05, 0.5, 0.9, 0.97, 1.0],
        "min_p": [0.0005, 0.02, 0.2, 1.0],
        "typical_p": [0.05, 0.4, 0.85, 1.0],
    }
    by_method = zip(ribbon.PARAMETERS, values.items(), strict=True)
    return [
        (method, {name: value, "temperature": temperature})
        for method, (name, found) in by_method
        for value, temperature in itertools.product(found, (0.6, 1.0, 2.3))
    ]


@pytest.mark.parametrize("text", TEXTS)
def test_browser_measures_what_python_measures(measuring, text):
    asked = settings_of_every_kind()
    off = {"top_k": None, "top_p": 1, "min_p": 0, "typical_p": 1}
    found = measuring.evaluate(MEASURE, [text, [off | settings for _, settings in asked]])
    lab = RibbonLab(text=text)
    for got, (method, settings) in zip(found, asked, strict=True):
        put(lab, method, settings)
        measured = lab.filter_effect()
        column = {name: [step[name] for step in got["steps"]] for name in got["steps"][0]}
        assert column["known"] == measured.known.tolist()
        for name in ("kept", "right", "wrong", "missing", "allowed"):
            known = measured.known if name in ("right", "wrong", "missing") else torch.ones_like(measured.known)
            assert column[name] == (getattr(measured, name) * known).tolist(), (name, settings)
        for name, attribute in ERRORS.items():
            assert column[name] == pytest.approx(getattr(measured, attribute).tolist(), abs=2e-6), (name, settings)
        check_totals(got, measured)


def put(lab: RibbonLab, method: str, settings: dict) -> None:
    """Move a lab's controls."""
    lab.controls["method"].value = list(ribbon.PARAMETERS).index(method)
    for name, value in settings.items():
        lab.controls[name].value = lab.view.min_ps.index(value) if name == "min_p" else value
    assert lab.settings() == settings


def check_totals(got: dict, measured: ribbon.FilterEffect) -> None:
    """Means, and the chance that something happens at least once."""
    assert got["kept"] == pytest.approx(float(measured.kept.double().mean()))
    assert got["most"] == int(measured.kept.max())
    assert got["known"] == int(measured.known.sum())
    assert got["dropped"] == (~measured.allowed).nonzero()[:, 0].tolist()
    for (name, attribute), ever in zip(ERRORS.items(), ("everFalse", "everMissed"), strict=True):
        values = getattr(measured, attribute)[measured.known]
        assert got[name] == pytest.approx(float(values.mean()), abs=2e-6)
        assert got[ever] == pytest.approx(1 - math.prod(1 - p for p in values.tolist()), abs=1e-4)


@pytest.mark.parametrize(("method", "setting"), [("top-k", {"top_k": 3}), ("typical", {"typical_p": 0.5})])
def test_rows_are_the_words_that_are_kept_or_can_come_next(measuring, method, setting):
    off = {"top_k": None, "top_p": 1, "min_p": 0, "typical_p": 1, "temperature": 1}
    rows = measuring.evaluate(MEASURE, [OPENING, [off | setting]])[0]["rows"]
    lab = RibbonLab(text=OPENING, method=method, **setting)
    log_probs, truth = (found[0] for found in lab.read_along())
    cut, words = decoding.filter_logits(log_probs, **setting), lab._option.trained.vocab.words
    expected = {words[v] for v in range(len(words)) if cut[v].isfinite() or truth[v] > 0}
    assert {row["word"] for row in rows} == expected and len(rows) == len(expected)
    assert [row["p"] for row in rows] == sorted((row["p"] for row in rows), reverse=True)
    for row in rows:
        v = lab._option.trained.vocab.id(row["word"])
        assert row["p"] == pytest.approx(float(log_probs[v].exp()), abs=1e-5)
        assert row["drawn"] == pytest.approx(float(cut.softmax(dim=-1)[v]), abs=1e-5)
        assert row["truth"] == pytest.approx(float(truth[v]), abs=1e-12)
        assert row["kept"] == bool(cut[v].isfinite())
        assert row["own"] == (row["word"] == "one")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" ", "prompt must hold at least one word"),
        ("<eos>", "text must hold at least one word"),
        ("a " * 121, "text must hold at most 120 words, but it holds 121"),
        ("one unicorn", "‘unicorn’, which is not among the 396 words"),
    ],
)
def test_browser_says_what_is_wrong_with_a_text(measuring, text, message):
    script = "(text) => { try { new lmkit.Ribbon(lmkit.session, text); } catch (error) { return error.message; } }"
    assert message in measuring.evaluate(script, text)


# --- the view alone ---------------------------------------------------------------------------------------


@pytest.fixture
def shown(view):
    """A function that puts a lab's view on a page of its own, where Python answers for its assets."""
    return lambda lab: view.put(lab, answers=shipped("stories"))


def bars(page, part: str) -> int:
    return (page.locator(f".lmkit-ribbon-{part}").first.get_attribute("d") or "").count("M")


def totals(page) -> list[list[str]]:
    return [row.locator("td").all_inner_texts() for row in page.locator(".lmkit-ribbon-totals tbody tr").all()]


def test_view_shows_a_bar_for_every_step_and_the_totals(shown, view):
    lab = RibbonLab(method="top-k", top_k=5)
    page, measured = shown(lab), lab.filter_effect()
    assert bars(page, "possible") == bars(page, "right") == 50
    assert bars(page, "wrong") == int((measured.wrong > 0).sum())
    assert bars(page, "dropped") == int((~measured.allowed).sum())
    false_mass, missed_mass = totals(page)
    kept = page.locator(".lmkit-ribbon-mean").inner_text()
    assert kept == "Kept per step: 5.00 words on average, 5 at most."
    assert float(re.match(PERCENT, false_mass[0])[1]) == pytest.approx(
        100 * float(measured.false_mass.mean()), abs=0.0051
    )
    assert float(re.match(PERCENT, missed_mass[0])[1]) == pytest.approx(
        100 * float(measured.missed_mass.mean()), abs=0.0051
    )
    assert "‘jack’ at step 1" in page.locator(".lmkit-ribbon-own").inner_text()
    view.set(method_index=1)
    assert view.get("top_k_display") == "none" and view.get("top_p_display") == ""
    assert bars(page, "wrong") < 5


def test_view_selects_the_step_that_is_clicked_in_chart_and_text(shown, view):
    page = shown(RibbonLab())
    page.locator(".lmkit-ribbon-words span").nth(9).click()
    assert view.get("step") == 10
    title = page.locator(".lmkit-ribbon-step .lmkit-title")
    assert title.inner_text() == "Step 10 of 50: after “… who lived near the” the text has ‘tower’"
    box = page.locator(".lmkit-ribbon-chart").bounding_box()
    pitch = (box["width"] - 40) / 50
    page.mouse.click(box["x"] + 34 + 20.5 * pitch, box["y"] + 60)
    assert view.get("step") == 21
    page.mouse.click(box["x"] + 10, box["y"] + 60)  # on the axis: no step
    assert view.get("step") == 21


def test_view_follows_the_story_and_tells_a_text_of_ones_own(shown, view):
    page = shown(RibbonLab())
    view.set(story_index=1)
    assert view.get("text") == texts.examples()[1] and view.get("steps") == 57
    view.set(text=OPENING)
    assert view.get("story_index") == len(texts.examples()) and view.get("steps") == 11
    view.set(story_index=2)
    assert view.get("text") == texts.examples()[2]
    view.set(text=texts.examples()[0])
    assert view.get("story_index") == 0
    view.set(text="one unicorn")
    page.locator(".lmkit-problem:not([hidden])").wait_for()
    assert "‘unicorn’" in page.locator(".lmkit-problem").inner_text()
    view.set(text=OPENING)
    assert page.locator(".lmkit-problem").is_hidden()


def test_view_keeps_the_text_when_a_reader_chooses_to_write(shown, view):
    shown(RibbonLab())
    view.set(story_index=len(texts.examples()))
    view.settle()
    assert view.get("text") == texts.examples()[0] and view.get("story_index") == len(texts.examples())
    view.set(story_index=0)
    assert view.get("text") == texts.examples()[0] and view.get("story_index") == 0


def test_view_keeps_a_text_of_ones_own_that_it_starts_with(shown, view):
    shown(RibbonLab(text=OPENING))
    assert view.get("text") == OPENING and view.get("story_index") == len(texts.examples())


def test_view_says_where_the_truth_ends(shown, view):
    page = shown(RibbonLab(text=WRONG, step=12))
    assert "The grammar cannot write ‘anna’ at step 10" in page.locator(".lmkit-ribbon-own").inner_text()
    assert bars(page, "unknown") == 4
    assert "not known here" in page.locator(".lmkit-ribbon-step .lmkit-numbers").inner_text()
    assert page.locator("td.lmkit-ribbon-truth").first.inner_text() == "–"


def test_view_shows_all_words_on_request(shown, view):
    page = shown(RibbonLab(method="top-k", top_k=30))
    rows = page.locator(".lmkit-ribbon-step tbody tr")
    assert rows.count() == 12
    page.locator(".lmkit-ribbon-more").click()
    view.settle()
    assert rows.count() == 30
    view.set(step=1)
    assert rows.count() == 30
    assert page.locator(".lmkit-ribbon-own-word").count() == 1


def test_a_long_text_scrolls_in_its_own_frame(shown, view):
    page = shown(RibbonLab(text=texts.examples()[3]))
    frame = page.locator(".lmkit-ribbon-frame")
    assert frame.get_attribute("tabindex") is None
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function("document.querySelector('.lmkit-ribbon-frame').getAttribute('tabindex') === '0'")
    assert frame.evaluate("(node) => node.scrollWidth > node.clientWidth")
    view.set(step=88)
    assert frame.evaluate("(node) => node.scrollLeft") > 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_view_leaves_nothing_behind(shown, view):
    page = shown(RibbonLab())
    page.evaluate("stop()")
    assert page.evaluate("model.handlers.length") == 0
    page.evaluate("model.state.text = 'unicorn'")
    page.wait_for_timeout(500)  # longer than a view waits before it tells a problem
    assert page.locator(".lmkit-problem").is_hidden()
