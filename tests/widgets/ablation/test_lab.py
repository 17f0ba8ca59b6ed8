"""The ablation lab: its Python side, its combinations in JavaScript against Python, and its view in a browser."""

import base64
import gzip
import json
import random
import re
from itertools import combinations
from statistics import fmean

import pytest
from playwright.sync_api import expect

from lmkit import experiments
from lmkit.models import AWDLSTM
from lmkit.runs import Run, Runs
from lmkit.statistics import interval
from lmkit.widgets import AblationLab
from lmkit.widgets.labs.ablation import lab as ablation
from lmkit.widgets.labs.ablation.lab import MEASURES, PARTS
from tests.widgets.view_harness import check_drawn_for_width

EVERY = frozenset(PARTS)


def run_of(on, seed, accuracy=0.5):
    """A run with these parts, whose numbers follow from its accuracy."""
    curve = [round(accuracy * (epoch + 1) / 3, 4) for epoch in range(3)]
    ends = {
        "accuracy": accuracy,
        "cross_entropy": 1 - accuracy,
        "cached_accuracy": accuracy + 0.02,
        "cached_cross_entropy": 0.9 - accuracy,
        "train_cross_entropy": 0.5 - accuracy / 2,
    }
    settings = {part: part in on for part in PARTS}
    return Run(settings, seed, [1 - a for a in curve], [2 - a for a in curve], curve, ends)


ON = [frozenset(), EVERY, frozenset({"tar"}), frozenset({"tied", "decay"}), EVERY - {"ar"}, EVERY - {"embed", "tied"}]


@pytest.fixture(scope="module")
def made():
    """Six combinations, 4 seeds each but for one with a single seed; their order by accuracy is that of `ON`."""
    made = [run_of(on, seed, 0.4 + 0.09 * n + 0.002 * seed**2) for n, on in enumerate(ON) for seed in range(4)]
    return Runs({}, [run for run in made if run.seed == 0 or run.settings != run_of(ON[3], 0).settings])


# --- in Python --------------------------------------------------------------------------------------------


def test_shipped_runs_hold_every_part_alone_and_all_but_each():
    on = {one.on for one in AblationLab().combinations}
    assert {frozenset(), EVERY} | {frozenset({part}) for part in PARTS} | {EVERY - {part} for part in PARTS} <= on


def test_what_travels_is_small():
    entries = json.dumps([one.entry() for one in AblationLab().combinations])
    assert len(gzip.compress(entries.encode())) < 60_000


def test_runs_of_one_combination_stand_together(made):
    found = AblationLab(made).combinations
    assert sorted(map(len, (one.runs for one in found))) == [1, 4, 4, 4, 4, 4]
    for one in found:
        assert one.bits == sum(2**place for place, part in enumerate(PARTS) if one.runs[0].settings[part])


def test_means_and_intervals_are_those_of_the_seeds(made):
    (one,) = (one for one in AblationLab(made).combinations if one.on == EVERY)
    values = made.values("accuracy", **dict.fromkeys(PARTS, True))
    assert one.end("accuracy") == interval(values) and one.end("accuracy")[0] == fmean(values)
    middle = [run.valid_loss[1] for run in one.runs]
    assert one.curve("valid_loss")[1] == interval(middle)
    entry = one.entry()
    assert entry["ends"]["accuracy"] == [round(10_000 * x) for x in interval(values)]
    assert entry["curves"]["valid_loss"][0][1] == round(10_000 * fmean(middle))


def test_a_single_seed_has_no_interval(made):
    lab = AblationLab(made, on=["tied", "decay"])
    assert lab.found().end("accuracy") == (pytest.approx(0.67), None)
    assert lab.found().entry()["ends"]["accuracy"] == [6700, 0]


@pytest.mark.parametrize("on", ON, ids=ablation.name_of)
def test_parameters_are_those_of_the_models_that_were_run(made, on):
    (one,) = (one for one in AblationLab(made).combinations if one.on == on)
    recipe = experiments.with_parts(on)
    model = AWDLSTM(30, recipe.hidden_size, recipe.hidden_size, recipe.num_layers, tied=recipe.tied)
    assert one.parameters == sum(parameter.numel() for parameter in model.parameters())


def test_parts_are_those_of_the_experiment():
    assert list(PARTS) == list(experiments.PARTS)


def test_nearest_differ_by_the_fewest_switches(made):
    lab = AblationLab(made, on=EVERY - {"ar", "tied"})
    assert lab.found() is None
    assert {one.on for one in lab.nearest()} == {EVERY - {"ar"}}
    lab = AblationLab(made, on=["tar", "decay"])
    assert {one.on for one in lab.nearest()} == {frozenset({"tar"})}
    assert AblationLab(made).nearest() == [AblationLab(made).found()]


def test_combinations_have_names():
    assert ablation.name_of([]) == "none" and ablation.name_of(PARTS) == "all"
    assert ablation.name_of(["tied", "decay"]) == "weight decay + tied weights"
    assert ablation.name_of(EVERY - {"tar", "embed"}) == "all but embedding dropout, TAR"
    subsets = [set(parts) for size in range(len(PARTS) + 1) for parts in combinations(PARTS, size)]
    assert len({ablation.name_of(on) for on in subsets}) == len(subsets)


def test_settings_are_those_of_the_controls(made):
    lab = AblationLab(made, on=["tar"], cache=True, measure="loss")
    assert repr(lab) == "AblationLab(on=['tar'], cache=True, measure='loss')"
    lab.controls["tied"].value = True
    lab.controls["measure"].index = 2
    assert lab.on == ["tar", "tied"] and lab.measure == "training"
    assert eval(repr(lab)).on == lab.on


def test_controls_can_be_left_out(made):
    lab = AblationLab(made, on=["tar"], controls=["cache", "tied"])
    assert list(lab.controls) == ["tied", "cache"] and lab.on == ["tar"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"on": ["attention"]}, "on must name parts among"),
        ({"measure": "speed"}, "measure must be one of ['accuracy', 'loss', 'training'], but it is 'speed'"),
        ({"controls": ["seed"]}, "controls must be among"),
        ({"runs": Runs({}, [])}, "runs must hold at least one run, but there is none"),
        ({"runs": Runs({}, [Run({"tied": True}, 0, [], [], [], {})])}, "but 'embed' is missing"),
    ],
)
def test_a_bad_argument_is_named_with_its_rule(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        AblationLab(**arguments)


def test_the_picture_says_which_is_best(made):
    lab = AblationLab(made)
    svg, words = lab.picture()
    assert "Held-out accuracy of 6 combinations of parts. Best: all but embedding dropout, tied weights, 0.85" in words
    assert "worst: none, 0.40" in words and "All, 0.49" in words
    assert svg.count("<circle") == 6 and "nan" not in svg
    assert base64.b64encode(svg.encode()).decode() in lab.fallback()
    assert "not run: AR" in AblationLab(made, on=["ar"], measure="loss").picture()[1]


# --- combinations in the browser --------------------------------------------------------------------------


def test_scripts_name_and_find_combinations_as_python_does(scripts, made):
    node = scripts("labs/ablation/model.js")
    labels = [[name, label] for name, label in PARTS.items()]
    entries = [one.entry() for one in AblationLab(made).combinations]
    drawn = random.Random(0)
    for on in [*ON, *({part for part in PARTS if drawn.random() < 0.5} for _ in range(50))]:
        lab = AblationLab(made, on=on)
        bits = sum(1 << place for place, part in enumerate(PARTS) if part in on)
        found = node.evaluate(
            "([bits, parts, all]) => [lmkit.combinationName(bits, parts), lmkit.nearestCombinations(bits, all)]",
            [bits, labels, entries],
        )
        assert found == [ablation.name_of(on), [lab.combinations.index(one) for one in lab.nearest()]]


# --- the view ---------------------------------------------------------------------------------------------


def rows(page):
    """The table: the texts of every row that are shown, its label first."""
    read = """(rows) => rows.map((row) => [...row.children].filter((cell) => cell.checkVisibility())
                                                          .map((cell) => cell.textContent))"""
    return page.locator(".lmkit-ablation-table tr").evaluate_all(read)


def test_view_shows_the_choice_beside_none_and_all(view, made):
    lab = AblationLab(made, on=EVERY - {"ar"})
    shown = rows(view.put(lab))
    assert shown[0] == ["", "■ none", "● all but AR", "◆ all"]
    texts = [one.end("accuracy") for on in ((), EVERY - {"ar"}, EVERY) for one in lab.combinations if one.on == set(on)]
    assert shown[1] == ["held-out accuracy", *(f"{100 * mean:.1f} ± {100 * half:.1f}\u202f%" for mean, half in texts)]
    assert shown[-2] == ["parameters", "68,322", "68,510", "68,510"]
    assert shown[-1] == ["seeds", "4", "4", "4"]


def test_view_says_what_was_not_run_and_offers_the_nearest(view, made):
    page = view.put(AblationLab(made, on=EVERY - {"ar", "tied"}))
    title = page.locator(".lmkit-ablation .lmkit-title")
    expect(title).to_have_text("All but AR, tied weights: not run.")
    assert rows(page)[0] == ["", "■ none", "◆ all"]
    offers = page.locator(".lmkit-ablation-offers button")
    expect(offers).to_have_text(["with tied weights"])
    offers.click()
    expect(title).to_contain_text("All but AR: held-out accuracy")
    expect(offers).to_have_count(0)
    assert view.get("tied") is True and view.get("ar") is False


def test_presets_switch_all_parts(view, made):
    page = view.put(AblationLab(made, on=["tar"]))
    title = page.locator(".lmkit-ablation .lmkit-title")
    page.get_by_role("button", name="None", exact=True).click()
    expect(title).to_contain_text("None: held-out accuracy 40.7")
    page.get_by_role("button", name="All", exact=True).click()
    expect(title).to_contain_text("All: held-out accuracy 49.7")
    assert all(view.get(part) for part in PARTS)


def test_every_dot_is_reached_by_the_arrow_keys_from_worst_to_best(view, made):
    page = view.put(AblationLab(made, on=[]))
    title = page.locator(".lmkit-ablation .lmkit-title")
    dots = page.locator(".lmkit-ablation-dots [role=radio]")
    assert dots.count() == 6
    page.locator(".lmkit-ablation-dots [aria-checked=true]").focus()
    for place, on in enumerate(ON[1:], 2):
        page.keyboard.press("ArrowRight")
        name = ablation.name_of(on)
        expect(title).to_contain_text(f"{name[0].upper()}{name[1:]}: held-out accuracy")
        expect(title).to_contain_text(f"Place {7 - place} of 6.")
    page.keyboard.press("Home")
    expect(title).to_contain_text("None: ")


def test_a_dot_can_be_clicked(view, made):
    page = view.put(AblationLab(made, on=[]))
    page.locator('.lmkit-ablation-dots [aria-label^="all but AR: "]').click()
    expect(page.locator(".lmkit-ablation .lmkit-title")).to_contain_text("All but AR: held-out accuracy")
    assert not view.get("ar") and view.get("tar")


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("cache", [False, True])
def test_dots_say_the_measure_that_is_chosen(view, made, measure, cache):
    lab = AblationLab(made, on=["tar"], measure=measure, cache=cache)
    page = view.put(lab)
    name = MEASURES[measure][3 if cache else 2]
    times = 100 if measure == "accuracy" else 1
    for one in lab.combinations:
        dot = page.locator(f'.lmkit-ablation-dots [aria-label^="{ablation.name_of(one.on)}: "]')
        label = dot.get_attribute("aria-label")
        assert float(re.search(r": ([\d.]+)", label)[1]) == pytest.approx(times * one.end(name)[0], abs=0.0051)
    title = page.locator(".lmkit-ablation .lmkit-title").text_content()
    assert ("with the cache" in title) == (cache and measure != "training")


def heights(page, n):
    """The heights of the points of the n-th learning curve, in pixels."""
    path = page.locator(".lmkit-ablation-curves .lmkit-run-line").nth(n).get_attribute("d")
    return [float(point.split()[1]) for point in path[1:].split("L")]


def test_curves_are_drawn_to_one_scale(view, made):
    lab = AblationLab(made, on=["tar"])
    page = view.put(lab)
    names = page.locator(".lmkit-ablation-curves .lmkit-run-key").all_text_contents()
    assert names == ["none", "TAR", "all"]
    drawn = [y for n in range(3) for y in heights(page, n)]
    true = [
        mean
        for on in ((), ("tar",), EVERY)
        for one in lab.combinations
        if one.on == set(on)
        for mean, _ in one.curve("valid_accuracy")
    ]
    per = (drawn[8] - drawn[0]) / (true[8] - true[0])
    for y, value in zip(drawn, true, strict=True):
        assert y == pytest.approx(drawn[0] + per * (value - true[0]), abs=0.3)
    before = heights(page, 0)
    view.set(ar=True, tar=False)
    assert heights(page, 0) == before
    assert page.locator(".lmkit-ablation-curves .lmkit-run-line").count() == 2


@pytest.mark.parametrize("chart", [".lmkit-ablation-curves .lmkit-run-chart", ".lmkit-ablation-dots .lmkit-run-chart"])
@pytest.mark.parametrize("width", [330, 700])
def test_charts_are_drawn_for_their_width(view, made, width, chart):
    check_drawn_for_width(view.put(AblationLab(made, on=EVERY - {"embed", "tied"})), chart, width)


def test_view_says_the_same_in_words(view, made):
    page = view.put(AblationLab(made))
    view.set(tar=False)
    title = page.locator(".lmkit-ablation .lmkit-title").text_content()
    said = page.locator(".lmkit-unseen")
    expect(said).not_to_be_empty()
    assert said.text_content().lower() in title.lower()


def test_view_cleans_up(view, made):
    page = view.put(AblationLab(made))
    before = rows(page)
    page.evaluate("stop()")
    view.set(tar=False)
    page.set_viewport_size({"width": 400, "height": 800})
    assert rows(page) == before
    assert page.evaluate("model.handlers.length") == 0
