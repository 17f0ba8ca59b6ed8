"""The regularisation lab: its summaries against a second aggregation of the same runs, and its view in a browser."""

import html
import re
import statistics

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

from lmkit.runs import Run, Runs
from lmkit.widgets import RegularisationLab
from lmkit.widgets.labs.regularisation.lab import MEASURES
from tests.widgets.view_harness import check_drawn_for_width

T_95 = {3: 4.302653}  # Student's t for three seeds, from a table
EPOCHS, MISSING = 15, (2, 1, 0)


def run(setting, seed):
    """A run whose numbers are random, yet the same whenever they are asked for."""
    draws = np.random.default_rng([*(int(10 * value) for value in setting), seed])
    names = ("alpha", "beta", "weight_decay")
    shares = draws.dirichlet(np.ones(21)).tolist()
    curves = [sorted(draws.uniform(0.1, 3, EPOCHS).tolist(), reverse=True) for _ in range(3)]
    measures = {name: float(draws.uniform(0.2, 0.9)) for name in MEASURES} | {"histogram": shares}
    return Run(dict(zip(names, setting, strict=True)), seed, *curves, measures)


def settings():
    every = [(a, b, w) for a in (0, 1, 2) for b in (0, 1) for w in (0, 0.1)]
    return [setting for setting in every if setting != MISSING]


RUNS = Runs({}, [run(setting, seed) for setting in settings() for seed in range(3)])


def lab(**options):
    return RegularisationLab(RUNS, **options)


def interval(values):
    """Mean and half the 95 % interval of three values, by the textbook's formula."""
    return statistics.fmean(values), T_95[len(values)] * statistics.stdev(values) / len(values) ** 0.5


# --- in Python --------------------------------------------------------------------------------------------


def test_summary_is_mean_and_interval_over_seeds():
    for alpha, beta, weight_decay in settings():
        summary = lab().summary(alpha=alpha, beta=beta, weight_decay=weight_decay)
        group = [run((alpha, beta, weight_decay), seed) for seed in range(3)]
        assert summary["seeds"] == 3
        for name in MEASURES:
            assert summary[name] == pytest.approx(interval([one.measures[name] for one in group]), abs=2e-4)
        for name, curves in (("train", [r.train_loss for r in group]), ("held_out", [r.valid_loss for r in group])):
            found = torch.tensor(summary[name])
            expected = torch.tensor([interval(values) for values in zip(*curves, strict=True)]).T
            torch.testing.assert_close(found, expected, rtol=0, atol=4e-4)
        shares = np.mean([one.measures["histogram"] for one in group], axis=0)
        assert summary["histogram"] == pytest.approx(shares.tolist(), abs=6e-5)


def test_a_setting_that_was_not_trained_has_no_summary():
    assert lab().summary(alpha=2, beta=1, weight_decay=0) is None


def test_setting_follows_the_controls():
    made = lab(alpha=1, beta=0)
    assert made.settings() == {"alpha": 1, "beta": 0, "weight_decay": 0.1}
    made.controls["alpha"].index = 2
    made.controls["weight_decay"].index = 0
    assert repr(made) == "RegularisationLab(alpha=2, beta=0, weight_decay=0)"
    assert made.summary() == lab().summary(alpha=2, beta=0, weight_decay=0)


def test_controls_offer_the_values_that_were_trained():
    made = lab()
    labels = {name: [label for label, _ in control.options] for name, control in made.controls.items()}
    assert labels == {"alpha": ["0", "1", "2"], "beta": ["0", "1"], "weight_decay": ["0", "0.1"]}
    assert list(lab(controls=["beta"]).controls) == ["beta"]


@pytest.mark.parametrize(
    ("trained", "options", "rule"),
    [
        (RUNS, {"alpha": 3}, r"alpha must be one of \[0, 1, 2\], but it is 3"),
        (RUNS, {"weight_decay": 1}, "weight_decay must be one of"),
        (RUNS, {"controls": ["seed"]}, "controls must be among"),
        (Runs({}, [run((2, 1, 0.1), seed) for seed in range(2)]), {}, "settings are all 0"),
        (Runs({}, RUNS.runs[2:]), {}, "at least two seeds of every setting"),
    ],
)
def test_a_bad_argument_is_named_with_its_rule(trained, options, rule):
    with pytest.raises(ValueError, match=rule):
        RegularisationLab(trained, **options)


def test_the_picture_shows_both_settings_and_says_the_measures():
    made = lab()
    svg, words = made.picture()
    mean, half = made.summary()["accuracy"]
    assert f"accuracy, held-out: {mean:.3f} ± {half:.3f}; without any" in words
    assert svg.count("stroke-dasharray") == 2 and "nan" not in svg
    assert html.escape(words) in made.fallback()


# --- the view ---------------------------------------------------------------------------------------------


def places(setting):
    grid = lab().grid
    return {f"{name}_index": grid[name].index(value) for name, value in zip(grid, setting, strict=True)}


def wait_for(page, setting):
    alpha, beta, weight_decay = setting
    title = f"α {alpha}, β {beta}, weight decay {weight_decay}"
    expect(page.locator(".lmkit-regularisation-table thead th").first).to_have_text(title)


def numbers(text):
    """The mean and half its interval, as fractions."""
    mean, half = map(float, re.findall(r"[0-9.]+", text)[:2])
    return (mean / 100, half / 100) if "%" in text else (mean, half)


def rows(page):
    read = """(rows) => rows.map((row) => {
      return [...row.querySelectorAll("th, td:not([aria-hidden])")].map((cell) => cell.textContent);
    })"""
    found = page.locator(".lmkit-regularisation-table tbody tr").evaluate_all(read)
    return {label: [numbers(cell) for cell in cells] for label, *cells in found}


def test_view_tells_the_measures_of_every_setting(view):
    page = view.put(lab())
    plain = lab().summary(alpha=0, beta=0, weight_decay=0)
    for setting in settings():
        view.set(**places(setting))
        wait_for(page, setting)
        summary, shown = lab().summary(**dict(zip(lab().grid, setting, strict=True))), rows(page)
        assert list(shown) == list(MEASURES.values())
        for name, label in MEASURES.items():
            for cell, wanted in zip(shown[label], (summary, plain), strict=True):
                assert cell == pytest.approx(wanted[name], abs=6e-4), (setting, label)
    assert view.problems == []


def line_heights(page, n):
    """Where the n-th line of the learning curves is after each epoch, in pixels from above."""
    path = page.locator(".lmkit-run-line").nth(n).get_attribute("d")
    return [float(point.split(" ")[1]) for point in path[1:].split("L")]


def test_view_draws_the_losses_in_proportion(view):
    """Four lines: training and held-out without any regulariser, then of the setting; higher is larger."""
    page = view.put(lab(alpha=1, beta=1))
    wait_for(page, (1, 1, 0.1))
    drawn = [height for n in range(4) for height in line_heights(page, n)]
    summaries = [lab().summary(alpha=0, beta=0, weight_decay=0), lab().summary(alpha=1, beta=1, weight_decay=0.1)]
    losses = [loss for part in summaries for curve in ("train", "held_out") for loss in part[curve][0]]
    slope, start = np.polyfit(losses, drawn, 1)
    assert slope < -50
    assert np.abs(np.array(drawn) - (start + slope * np.array(losses))).max() < 0.2


def test_view_draws_the_histograms_in_proportion(view):
    page = view.put(lab())
    wait_for(page, (2, 1, 0.1))
    path = page.locator(".lmkit-regularisation-bars").get_attribute("d")
    found = [float(low) - float(high) for low, high in re.findall(r"M[\d.]+ ([\d.]+)V([\d.]+)", path)]
    outline = page.locator(".lmkit-regularisation-outline").get_attribute("d")
    bottom = float(re.match(r"M[\d.]+ ([\d.]+)", outline)[1])
    found += [bottom - float(high) for high in re.findall(r"V([\d.]+)H", outline)]
    summaries = [lab().summary(), lab().summary(alpha=0, beta=0, weight_decay=0)]
    shares = [share for part in summaries for share in part["histogram"]]
    assert len(found) == len(shares) == 42
    slope = found[0] / shares[0]
    assert slope > 100
    assert found == pytest.approx([slope * share for share in shares], abs=1.5)


def test_view_puts_the_dot_between_the_lowest_and_the_highest(view):
    page = view.put(lab())
    wait_for(page, (2, 1, 0.1))
    ends = [lab().summary(**dict(zip(lab().grid, setting, strict=True)))["accuracy"] for setting in settings()]
    low, high = min(mean - half for mean, half in ends), max(mean + half for mean, half in ends)
    mean, half = lab().summary()["accuracy"]
    read = "(node) => [node.style.left, node.style.width].map(parseFloat)"
    strip, percent = page.locator(".lmkit-regularisation-strip").first, 100 / (high - low)
    left, _ = strip.locator(".lmkit-regularisation-dot").evaluate(read)
    assert left == pytest.approx(percent * (mean - low), abs=0.05)
    found = strip.locator(".lmkit-regularisation-bar").evaluate(read)
    assert found == pytest.approx([percent * (mean - half - low), percent * 2 * half], abs=0.05)


def test_view_says_what_was_not_trained_and_recovers(view):
    page = view.put(lab())
    view.set(**places(MISSING))
    problem = page.locator(".lmkit-problem")
    expect(problem).to_have_text(re.compile("^No network was trained with α 2, β 1, weight decay 0; the nearest .* α"))
    view.set(**places((2, 1, 0.1)))
    expect(problem).to_be_hidden()
    wait_for(page, (2, 1, 0.1))


def test_view_announces_the_setting_in_words(view):
    page = view.put(lab(alpha=1))
    view.set(**places((0, 0, 0.1)))
    words = re.compile(r"^Held-out loss \d\.\d\d, accuracy [\d.]+ ± [\d.]+\u202f%\. Training loss \d\.\d\d\.$")
    expect(page.locator(".lmkit-unseen")).to_have_text(words)


def test_charts_are_drawn_for_a_phone(view):
    page = view.put(lab())
    wait_for(page, (2, 1, 0.1))
    check_drawn_for_width(page, ".lmkit-run-chart", 390)
    check_drawn_for_width(page, ".lmkit-regularisation-histogram", 380)


def test_view_stops_listening_when_it_is_closed(view):
    page = view.put(lab())
    wait_for(page, (2, 1, 0.1))
    page.evaluate("stop()")
    assert page.evaluate("model.handlers.length") == 0
