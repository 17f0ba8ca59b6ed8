"""The length lab: its summaries against a second aggregation of the same runs, its words, and its view in a browser."""

import dataclasses
import html
import re
import statistics

import numpy as np
import pytest
from playwright.sync_api import expect

from lmkit.experiments import judging
from lmkit.runs import Runs
from lmkit.widgets import LengthLab
from lmkit.widgets.labs.length import lab as module
from lmkit.widgets.labs.length.lab import EDGES, GROUPS
from lmkit.widgets.labs.length.wording import percent, sentence
from tests.site.rendering import accessibility_faults
from tests.widgets.length.made_up import ALL, KINDS, LONGESTS, RUNS, SETTINGS, SIZES, seeds_of, shares
from tests.widgets.view_harness import check_drawn_for_width

T_95 = {3: 4.302653, 5: 2.776445}  # Student's t for so many seeds, from a table


def lab(**options):
    return LengthLab(RUNS, **options)


def interval(values):
    """The ends of the 95 % interval, by the textbooks' formulas: Student's, or Wilson's for one share of 60."""
    n, mean, spread = len(values), statistics.fmean(values), statistics.stdev(values)
    if spread:
        half = T_95[n] * spread / n**0.5
        return mean, max(0, mean - half), min(1, mean + half)
    z2 = 1.96**2
    root = (z2 * mean * (1 - mean) / 60 + z2 * z2 / (4 * 60**2)) ** 0.5
    ends = [(mean + z2 / (2 * 60) + side * root) / (1 + z2 / 60) for side in (-1, 1)]
    return mean, ends[0], ends[1]


# --- in Python --------------------------------------------------------------------------------------------


def test_groups_and_stories_are_those_of_the_experiment():
    assert EDGES == judging.EDGES and module.STORIES == judging.PER_LENGTH
    assert GROUPS[0] == (8, 9) and GROUPS[-1] == (61, 100)


@pytest.mark.parametrize(("longest", "size"), SETTINGS)
def test_summary_is_mean_and_interval_over_seeds(longest, size):
    summary = lab().summary(longest=longest, hidden_size=size)
    for name, kind in zip(("attention", "without"), KINDS, strict=True):
        seeds = [shares(longest, size, kind, seed) for seed in range(1, seeds_of(size) + 1)]
        assert summary[name]["seeds"] == seeds
        for group, (mean, low, high) in enumerate(map(interval, zip(*seeds, strict=True))):
            found = [summary[name][key][group] for key in ("mean", "low", "high")]
            assert found == pytest.approx([mean, low, high], abs=1e-4)
            assert found[1] < found[2]


def test_setting_follows_the_controls():
    made = lab()
    assert made.settings() == {"longest": 30, "hidden_size": 128}
    made.controls["longest"].index = 2
    made.controls["hidden_size"].index = 0
    assert repr(made) == "LengthLab(longest=None, hidden_size=64)"
    made.controls["longest"].index = 0
    assert made.summary() == lab().summary(longest=15, hidden_size=64)


def test_settings_that_were_not_trained_have_no_summary_and_no_picture():
    made = lab(longest=None)
    made.controls["hidden_size"].index = 0
    assert made.summary() is None
    with pytest.raises(ValueError, match=r"hidden_size must be one of \[128\] where longest is None, but it is 64"):
        made.picture()
    assert "lmkit-problem" in made.fallback()


def test_controls_offer_the_settings_that_were_trained():
    labels = {name: [label for label, _ in control.options] for name, control in lab().controls.items()}
    assert labels == {"longest": ["15 words", "30 words", "whole stories"], "hidden_size": ["64", "128"]}
    assert list(lab(controls=["hidden_size"]).controls) == ["hidden_size"]


def without(name):
    return dataclasses.replace(ALL[0], **{name: {}})


@pytest.mark.parametrize(
    ("trained", "options", "rule"),
    [
        (3, {}, "runs must be runs such as lmkit.runs.load gives, but it is 3"),
        (Runs({}, []), {}, "runs must be of the experiment 'lengths', but there is none"),
        (
            Runs({}, [without("settings")]),
            {},
            "of the experiment 'lengths', with the settings .*attention",
        ),
        (Runs({}, [without("measures")]), {}, "8 shares as 'possible_by_length', but one has .* the measures \\[\\]"),
        (Runs({}, ALL[1:]), {"longest": 15}, None),
        (Runs({}, ALL[2:]), {}, "at least two seeds of every setting, but of .*'general'.* it is 1"),
        (Runs({}, ALL[3:]), {}, "at least two seeds of every .*'general'.* it is 0"),
        (RUNS, {"longest": 20}, r"longest must be one of \[15, 30, None\], but it is 20"),
        (RUNS, {"hidden_size": 32}, r"hidden_size must be one of \[64, 128\], but it is 32"),
        (RUNS, {"longest": None, "hidden_size": 64}, r"must be one of \[128\] where longest is None, but it is 64"),
        (RUNS, {"controls": ["seed"]}, "controls must be among .* but 'seed' is not"),
    ],
)
def test_a_bad_argument_is_named_with_its_rule(trained, options, rule):
    if rule is None:  # two seeds are enough
        assert len(LengthLab(trained, hidden_size=64, **options).summary()["attention"]["seeds"]) == 2
        return
    with pytest.raises(ValueError, match=rule):
        LengthLab(trained, **options)


@pytest.mark.parametrize(("longest", "size"), SETTINGS)
def test_the_picture_shows_both_curves_and_says_every_share(longest, size):
    made = lab(longest=longest, hidden_size=size)
    svg, words = made.picture()
    summary = made.summary()
    assert words.startswith(summary["words"]) and html.escape(words) in made.fallback()
    for name in ("attention", "without"):
        assert f"31 to 40 words: {percent(summary[name]['mean'][5])}" in words
    assert svg.count("<circle") == 2 * len(GROUPS) and "nan" not in svg
    assert ("trained up to" in svg) == (longest is not None)


FALLING, NONE = [1, 1, 0.995, 0.93, 0.5, 0.2, 0.004, 0], [0] * 8


def test_words_name_where_translations_end():
    assert sentence(FALLING, [0.25, 0.13, *NONE[:6]], GROUPS, 30) == (
        "With attention, 50\u202f% to 100\u202f% of the translations are possible at the lengths of training, up to 30 "
        "words, and 20\u202f% at 31 to 40 words. Without, it is 25\u202f% at 8 to 9 words, and less than 1\u202f% "
        "from 12 words on."
    )
    first = "With attention, 100\u202f% of the translations are possible at every length. Without"
    assert sentence([1] * 8, FALLING, GROUPS, None).startswith(first)
    assert sentence([1] * 8, NONE, GROUPS, None).endswith("0\u202f% at 8 to 9 words, and at no length 1\u202f%.")
    assert sentence([1] * 8, [0.5] * 8, GROUPS, None).endswith("at 8 to 9 words, and 50\u202f% at 61 to 100 words.")


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0"), (0.004, "0.4"), (0.0095, "1"), (0.5, "50"), (0.994, "99"), (0.998, "99.8"), (1, "100")],
)
def test_hardly_any_is_not_none_and_nearly_all_is_not_all(share, text):
    assert percent(share) == f"{text}\u202f%"


# --- the view ---------------------------------------------------------------------------------------------


def places(longest, size):
    return {"longest_index": LONGESTS.index(longest), "hidden_size_index": SIZES.index(size)}


def corners(page, selector, n):
    """Places that a path goes through."""
    path = page.locator(selector).nth(n).get_attribute("d")
    return [tuple(map(float, pair)) for pair in re.findall(r"([\d.]+) ([\d.]+)", path)]


def heights(page, all_shares):
    """Where shares are drawn, by two that are labelled."""
    ends = [page.locator(".lmkit-run-grid").nth(n).get_attribute("d") for n in (0, -1)]
    low, high = (float(re.match(r"M\d+ ([\d.]+)", end)[1]) for end in ends)
    return [low + share * (high - low) for share in all_shares]


@pytest.mark.parametrize(("longest", "size"), [(30, 64), (None, 128)])
def test_view_draws_means_intervals_and_seeds_in_proportion(view, longest, size):
    page = view.put(lab(longest=longest, hidden_size=size))
    summary = lab().summary(longest=longest, hidden_size=size)
    for n, name in enumerate(("attention", "without")):
        curve = summary[name]
        line, band = corners(page, ".lmkit-run-line", n), corners(page, ".lmkit-run-band", n)
        assert [y for _, y in line] == pytest.approx(heights(page, curve["mean"]), abs=0.2)
        assert [y for _, y in band] == pytest.approx(heights(page, [*curve["high"], *curve["low"][::-1]]), abs=0.2)
        assert len(corners(page, ".lmkit-length-seeds path", n)) >= len(GROUPS) * seeds_of(size)
        xs = [x for x, _ in line]
        wanted = [0.5 * np.log(first * last) for first, last in GROUPS]
        slope, start = np.polyfit(wanted, xs, 1)
        assert np.abs(np.array(xs) - (start + slope * np.array(wanted))).max() < 0.2
    assert view.problems == []


def test_every_seed_is_a_dot(view):
    page = view.put(lab())
    path = page.locator(".lmkit-length-seeds path").first.get_attribute("d")
    middles = [float(y) for y in re.findall(r"M[\d.]+ ([\d.]+)a", path)]
    wanted = [shares(30, 128, "general", seed)[group] for group in range(len(GROUPS)) for seed in range(1, 6)]
    assert middles == pytest.approx(heights(page, wanted), abs=0.2)


def test_the_line_stands_between_the_lengths_of_training_and_longer_ones(view):
    page = view.put(lab())
    for longest, place in ((15, 2), (30, 4)):
        view.set(**places(longest, 128))
        xs = [x for x, _ in corners(page, ".lmkit-run-line", 0)]
        x = float(re.match(r"M([\d.]+)", page.locator(".lmkit-length-end").get_attribute("d"))[1])
        assert xs[place] < x < xs[place + 1]
        expect(page.locator(".lmkit-length-end-name")).to_have_text(f"trained upto {longest} words")
    view.set(**places(None, 128))
    assert page.locator(".lmkit-length-end").get_attribute("d") == ""
    expect(page.locator(".lmkit-length-end-name")).to_have_text("")


def test_the_table_has_every_share_with_its_interval(view):
    page = view.put(lab())
    for longest, size in SETTINGS:
        view.set(**places(longest, size))
        summary = lab().summary(longest=longest, hidden_size=size)
        rows = page.locator(".lmkit-length-table tbody tr:has(td)")
        assert rows.count() == len(GROUPS)
        for n, (first, last) in enumerate(GROUPS):
            head, *cells = rows.nth(n).locator("th, td").all_text_contents()
            assert head == f"{first}–{last}"
            for cell, name in zip(cells, ("attention", "without"), strict=True):
                mean, low, high = (float(part) for part in re.findall(r"[\d.]+", cell))
                assert 100 * summary[name]["mean"][n] == pytest.approx(mean, abs=0.51)
                assert [100 * summary[name][end][n] for end in ("low", "high")] == pytest.approx([low, high], abs=0.51)
        beyond = page.get_by_text("longer than any in training")
        expect(beyond).to_be_hidden() if longest is None else expect(beyond).to_be_visible()
        trained = page.locator("tbody").first.locator("tr:has(td)")
        assert trained.count() == {15: 3, 30: 5, None: 8}[longest]
        expect(page.locator(".lmkit-footnote")).to_contain_text(f"over {seeds_of(size)} seeds")


def test_view_says_what_is_seen(view):
    page = view.put(lab())
    for longest, size in SETTINGS:
        view.set(**places(longest, size))
        words = lab().summary(longest=longest, hidden_size=size)["words"]
        expect(page.locator(".lmkit-length-words")).to_have_text(words)
        expect(page.locator(".lmkit-run-chart")).to_have_attribute("aria-label", words)
    expect(page.locator(".lmkit-unseen")).to_have_text(re.compile(r"^8 to 9 words: \S+\s%, without attention \S+\s%\."))


def test_view_says_what_was_not_trained_and_recovers(view):
    page = view.put(lab(longest=None))
    view.set(hidden_size_index=0)
    problem = page.locator(".lmkit-problem")
    expect(problem).to_have_text(re.compile("^No translator of this size was trained on whole stories; choose the .*"))
    view.set(longest_index=0)
    expect(problem).to_be_hidden()
    expect(page.locator(".lmkit-length-words")).to_have_text(lab().summary(longest=15, hidden_size=64)["words"])


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_view_is_accessible_and_fits_a_phone(view, theme):
    page = view.put(lab())
    page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
    if theme == "dark":
        page.add_style_tag(content=":root { --pst-color-text-base: #ced6dd; --pst-color-text-muted: #9ca4af; "
                           "--pst-color-background: #14181e } body { background: #14181e }")  # fmt: skip
    for width in (390, 320):
        check_drawn_for_width(page, ".lmkit-run-chart", width)
        assert accessibility_faults(page, page.locator(".lmkit-lab")) == []


def test_view_stops_listening_when_it_is_closed(view):
    page = view.put(lab())
    page.evaluate("stop()")
    assert page.evaluate("model.handlers.length") == 0
