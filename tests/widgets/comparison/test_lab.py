"""The comparison lab: its checks, its texts against the decoders', and its view in a browser."""

import re

import pytest
from playwright.sync_api import expect

from lmkit import decoding, pretrained
from lmkit.datasets import stories
from lmkit.widgets import ComparisonLab
from lmkit.widgets.labs.comparison.lab import DIVERSITIES, MEASURES, QUALITIES, STRATEGIES
from tests.widgets import view_harness

PROMPTS = ["one morning anna", "one evening felix", "one night ida", "one night jack"]


def measures(grammatical, distinct, half=0.02):
    pairs = {"grammatical": (grammatical, half), "log_prob": (-0.9 - distinct / 9, half / 2)}
    return pairs | {
        "distinct_2": (distinct, half / 4),
        "self_bleu": (1 - distinct, half),
        "things": (30 * distinct, 1.0),
    }


POINTS = {
    "temperature": {0.5: measures(0.97, 0.37), 1.0: measures(0.85, 0.44), 1.3: measures(0.65, 0.45)},
    "top_k": {5: measures(0.98, 0.36), 20: measures(0.87, 0.43)},
    "top_p": {
        0.3: measures(1, 0.16),
        0.9: measures(0.98, 0.42),
        0.95: measures(0.95, 0.43),
        0.99: measures(0.92, 0.44),
    },
    "min_p": {0.2: measures(0.97, 0.4), 0.05: measures(0.94, 0.43)},
    "typical_p": {0.9: measures(0.97, 0.42), 0.99: measures(0.92, 0.44)},
    "num_beams": {1: measures(1, 0.06, half=0), 4: measures(1, 0.07, half=0)},
}
TRUTH = measures(1, 0.437)


def lab(**options):
    return ComparisonLab(points=POINTS, truth=TRUTH, **{"prompts": PROMPTS, **options})


# --- in Python --------------------------------------------------------------------------------------------


def test_every_strategy_and_measure_is_in_the_points():
    assert set(POINTS) == set(STRATEGIES)
    assert set(TRUTH) == set(MEASURES) == set(QUALITIES) | set(DIVERSITIES)


def test_texts_are_rows_of_a_batch_with_the_seed_0():
    """The texts of all batches together are those that a chapter samples for its measurements."""
    trained = pretrained.load("stories")
    ids = [trained.prompt_ids(prompt) for prompt in PROMPTS] * 3
    batch = decoding.sample(trained.model.stepper(), ids, 150, trained.eos_token_id, seed=0, top_p=0.95)
    found = [text.tokens for draw in range(4) for _, text in lab(strategy="top_p", value=0.95, draw=draw).decode()]
    assert found == [text.tokens for text in batch]
    prompts = [prompt for draw in range(4) for prompt, _ in lab(draw=draw).decode()]
    assert prompts == PROMPTS * 3


def test_texts_of_beam_search_are_its_best():
    trained = pretrained.load("stories")
    for (prompt, found), wanted in zip(lab(strategy="num_beams", value=4).decode(), PROMPTS, strict=False):
        assert prompt == wanted
        ids = trained.prompt_ids(prompt)
        best = decoding.beam_search(trained.model.stepper(), ids, 150, trained.eos_token_id, num_beams=4)[0]
        assert found.tokens == best.tokens


def test_settings_follow_the_controls():
    made = lab(strategy="top_p")
    assert made.setting == {"top_p": 0.95}  # the middle one
    made.controls["place"].value = 1
    assert made.setting == {"top_p": 0.3}
    made.controls["strategy"].index = 1
    assert made.setting == {"top_k": 5}
    made.controls["diversity"].index = 2
    assert repr(made) == "ComparisonLab('stories', 15 points, top_k=5, quality='grammatical', diversity='things')"


def test_controls_can_be_left_out():
    made = lab(controls=["strategy"], quality="log_prob", near=True)
    assert list(made.controls) == ["strategy"]
    assert made.view.part_index == 1 and made.view.quality_index == 1


def without(points, strategy, value, measure):
    changed = {name: {v: dict(found) for v, found in curve.items()} for name, curve in points.items()}
    del changed[strategy][value][measure]
    return changed


@pytest.mark.parametrize(
    ("points", "options", "rule"),
    [
        ({}, {}, "at least one strategy"),
        ({"contrastive": {0.6: TRUTH}}, {}, "points must be of strategies among"),
        ({"top_p": {}}, {}, "at least one value of top_p"),
        (without(POINTS, "top_k", 5, "things"), {}, "points of top_k 5 must have the measures .* 'things' is missing"),
        (POINTS, {"truth": {**TRUTH, "things": (float("nan"), 0)}}, "truth must have a finite mean"),
        (POINTS, {"truth": {**TRUTH, "things": (3.0, -1)}}, "half an interval of at least 0 for things"),
        (POINTS, {"strategy": "greedy"}, r"strategy must be one of \['temperature', .*\], but it is 'greedy'"),
        (POINTS, {"strategy": "top_k", "value": 6}, r"value must be one of \[5, 20\], but it is 6"),
        (POINTS, {"quality": "things"}, "quality must be one of"),
        (POINTS, {"diversity": "log_prob"}, "diversity must be one of"),
        (POINTS, {"draw": -1}, "draw must be a whole number from 0"),
        (POINTS, {"prompts": []}, "prompts must be a sequence of at least one text"),
        (POINTS, {"prompts": "one morning"}, "prompts must be a list of texts"),
        (POINTS, {"prompts": ["one zebra"]}, "'zebra'"),
        (POINTS, {"controls": ["seed"]}, "controls must be among"),
    ],
)
def test_a_bad_argument_is_named_with_its_rule(points, options, rule):
    with pytest.raises(ValueError, match=rule):
        ComparisonLab(points=points, **{"truth": TRUTH, "prompts": PROMPTS, **options})


@pytest.mark.parametrize("diversity", DIVERSITIES)
def test_the_picture_shows_the_points_and_a_text(diversity):
    made = lab(strategy="top_p", value=0.9, diversity=diversity)
    svg, words = made.picture()
    assert made.texts()[0] in words and "top-p from 0.3" in words
    assert len(re.findall(">●<", svg)) == 4 and len(re.findall(">■<", svg)) == 2
    assert "lmkit-picture" in made.fallback()


def test_the_picture_turns_the_axis_where_less_is_more_diverse():
    def across(diversity):
        svg = lab(diversity=diversity, strategy="top_p").picture()[0]
        return [int(x) for x in re.findall(r'x="(\d+)" [^>]*>●<', svg)]

    assert across("distinct_2") == sorted(across("distinct_2"))
    assert across("self_bleu") == sorted(across("self_bleu"))


# --- the view ---------------------------------------------------------------------------------------------


@pytest.fixture
def put(view):
    """A function that puts a lab's view on a page of its own, where Python answers for its assets."""
    return lambda made: view.put(made, answers=view_harness.shipped("stories"))


def shown(page):
    """The texts on the page, and the words that are marked in them."""
    page.wait_for_function("!document.querySelector('.lmkit-comparison-old')")
    read = """(nodes) => nodes.map((node) => ({
      text: [...node.firstChild.children].map((part) => part.textContent.trim()).filter(Boolean).join(" "),
      marked: node.querySelector(".lmkit-comparison-marked")?.textContent ?? null,
      before: [...node.firstChild.children].slice(0, 2).map((part) => part.textContent).join(" "),
    }))"""
    return page.locator(".lmkit-comparison-text").evaluate_all(read)


def rows(page):
    read = "(rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent))"
    return {label: cells for label, *cells in page.locator(".lmkit-comparison-table tbody tr").evaluate_all(read)}


def wait_for(page, title):
    """Wait for texts of which the heading says this."""
    expect(page.locator(".lmkit-comparison-texts .lmkit-title")).to_have_text(re.compile(title))


def test_view_decodes_what_python_decodes(put, view):
    page = put(lab())
    for strategy, (name, curve) in enumerate(POINTS.items()):
        for place, value in enumerate(curve):
            view.set(strategy_index=strategy, place=place + 1)
            wait_for(page, f"^Texts 1 to 3, .* {value:g}$")
            assert [entry["text"] for entry in shown(page)] == lab(strategy=name, value=value).texts()


def test_view_marks_the_first_word_that_the_grammar_cannot_write(put, view):
    page = put(lab(strategy="temperature", value=1.3))
    marks = 0
    for draw in range(4):
        view.set(draw=draw)
        wait_for(page, f"^Texts {3 * draw + 1} to")
        for entry in shown(page):
            words = entry["text"].split()
            possible = [stories.is_grammatical(words[: n + 1]) for n in range(len(words))]
            if entry["marked"] is None:
                assert all(possible)
            else:
                first = possible.index(False)
                assert entry["before"].split() == words[:first] and entry["marked"] == words[first]
                marks += 1
    assert marks


def test_view_tells_the_measures_of_the_point_and_of_the_truth(put):
    page = put(lab(strategy="top_p", value=0.95))
    assert rows(page)["grammatical texts"] == ["95.0 ± 2.0\u202f%", "100.0 ± 2.0\u202f%"]
    assert rows(page)["true log p per word"] == ["\u22120.948 ± 0.010", "\u22120.949 ± 0.010"]
    assert rows(page)["things told"] == ["12.9 ± 1.0", "13.1 ± 1.0"]


def places(page):
    """Every point's place in pixels, by its name."""
    read = """(radios) => radios.map((radio) => [
      radio.getAttribute("aria-label").split(":")[0], radio.getAttribute("transform").match(/[-0-9.]+/g).map(Number),
      radio.getAttribute("display") !== "none",
    ])"""
    found = page.get_by_role("radio", include_hidden=True).evaluate_all(read)
    return {name: (x, y, seen) for name, (x, y), seen in found}


def test_view_puts_points_where_their_measures_say(put, view):
    page = put(lab())
    found = places(page)
    a, b = found["top-p 0.3"], found["temperature 1.0".removesuffix(".0")]
    per_x, per_y = (b[0] - a[0]) / (0.44 - 0.16), (b[1] - a[1]) / (0.85 - 1)
    assert per_x > 500 and per_y < -200  # right is more, up is more
    for name, values in (("top-k 20", (0.43, 0.87)), ("beam search 4", (0.07, 1)), ("min-p 0.05", (0.43, 0.94))):
        assert found[name][0] == pytest.approx(a[0] + per_x * (values[0] - 0.16), abs=0.3)
        assert found[name][1] == pytest.approx(a[1] + per_y * (values[1] - 1), abs=0.3)
    view.set(diversity_index=1)  # self-BLEU: the axis is turned
    turned = places(page)
    assert turned["top-p 0.3"][0] < turned["temperature 1"][0]
    view.set(diversity_index=0, part_index=1)
    close = places(page)
    assert not close["beam search 4"][2] and close["top-p 0.95"][2]
    assert (close["top-p 0.95"][0] - close["top-p 0.9"][0]) > 2 * (found["top-p 0.95"][0] - found["top-p 0.9"][0])


def test_points_are_chosen_by_keyboard(put, view):
    page = put(lab(strategy="top_p", value=0.9))
    radio = page.get_by_role("radio", checked=True)
    words = "grammatical texts 98.0 give or take 2.0\u202f%, distinct-2 0.420 give or take 0.005"
    assert radio.get_attribute("aria-label") == f"top-p 0.9: {words}"
    radio.focus()
    for key, name, place in [
        ("ArrowRight", "top-p 0.95", 3),
        ("End", "top-p 0.99", 4),
        ("ArrowUp", "top-k 20", 2),
        ("Home", "top-k 5", 1),
    ]:
        page.keyboard.press(key)
        view.settle()
        chosen = page.get_by_role("radio", checked=True)
        assert chosen.get_attribute("aria-label").startswith(f"{name}:")
        assert page.evaluate("document.activeElement.getAttribute('aria-checked')") == "true"
        assert view.get("place") == place
    assert view.get("strategy_index") == 1 and view.get("last_place") == 2


def test_points_are_chosen_by_pointer(put, view):
    page = put(lab(strategy="top_p", value=0.9))
    x, y, _ = places(page)["beam search 1"]
    box = page.locator(".lmkit-comparison-plane").bounding_box()
    page.mouse.move(box["x"] + x + 6, box["y"] + y + 4)
    expect(page.locator(".lmkit-comparison-name")).to_have_text("beam search 1")
    page.mouse.click(box["x"] + x + 6, box["y"] + y + 4)
    assert (view.get("strategy_index"), view.get("place")) == (5, 1)
    assert [entry["text"] for entry in shown(page)] == lab(strategy="num_beams", value=1).texts()


def test_a_shorter_curve_has_its_last_point_chosen(put, view):
    page = put(lab(strategy="top_p", value=0.99))
    view.set(strategy_index=1)
    assert page.get_by_role("radio", checked=True).get_attribute("aria-label").startswith("top-k 20:")
    assert view.get("place") == 2 and view.get("last_place") == 2


def test_more_texts_come_by_the_button(put, view):
    page = put(lab(strategy="top_p", value=0.9))
    page.get_by_role("button", name="More texts").click()
    wait_for(page, "^Texts 4 to 6, decoded at top-p 0.9$")
    assert [entry["text"] for entry in shown(page)] == lab(strategy="top_p", value=0.9, draw=1).texts()


@pytest.mark.parametrize("width", [330, 700])
def test_view_is_drawn_for_its_width(put, width):
    view_harness.check_drawn_for_width(put(lab()), ".lmkit-comparison-plane", width)


def test_view_cleans_up(put, view):
    page = put(lab())
    before = shown(page)
    page.evaluate("stop()")
    view.set(draw=3)
    assert shown(page) == before
    assert page.evaluate("model.handlers.length") == 0
