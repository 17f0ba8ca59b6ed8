"""The dropout lab: its Python side, its masks in JavaScript against Python's, and its view in a browser."""

import itertools
import json
import re

import pytest
import torch
from playwright.sync_api import expect

from lmkit.decoding import uniform
from lmkit.widgets import DropoutLab
from lmkit.widgets.labs.dropout import lab as dropout
from lmkit.widgets.labs.dropout.fallback import BIN, HIGH, LOW, histogram
from tests.widgets.view_harness import check_drawn_for_width

CONTRIBUTIONS = [w * a for w, a in zip(dropout.WEIGHTS, dropout.ACTIVATIONS, strict=True)]
PS = (0.0, 0.05, 0.3, 0.5, 0.9)

# --- in Python --------------------------------------------------------------------------------------------


def test_the_whole_sum_is_two():
    assert sum(CONTRIBUTIONS) == pytest.approx(2)
    assert DropoutLab(mode="evaluation").statistics() == pytest.approx((2, 0), abs=1e-12)


def all_masks(p):
    """Mean and variance over all masks of ten units, each with its probability: no formula, no chance."""
    contributions = torch.tensor(CONTRIBUTIONS, dtype=torch.float64)
    masks = torch.tensor(list(itertools.product((0, 1), repeat=len(contributions)))).double()
    weights = (p ** (1 - masks) * (1 - p) ** masks).prod(dim=1)
    sums = masks @ contributions
    mean = float(weights @ sums)
    return mean, float(weights @ (sums - mean).square())


COMPENSATIONS = dropout.CONTROLS["compensation"].values


@pytest.mark.parametrize("p", PS)
@pytest.mark.parametrize("compensation", COMPENSATIONS)
def test_prediction_is_that_of_all_masks(p, compensation):
    mean, variance = all_masks(p)
    scale = {"training": 1 / (1 - p)}.get(compensation, 1)
    predicted = DropoutLab(p=p, compensation=compensation).predicted()
    assert predicted == pytest.approx((scale * mean, scale**2 * variance))


@pytest.mark.parametrize("p", PS)
@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_measured_is_near_the_prediction(p, seed):
    lab = DropoutLab(p=p, seed=seed)
    measured, predicted = lab.statistics(), lab.predicted()
    assert measured.mean == pytest.approx(predicted.mean, abs=4 * (predicted.variance / 2000) ** 0.5 + 1e-12)
    assert measured.variance == pytest.approx(predicted.variance, rel=0.15, abs=1e-12)


@pytest.mark.parametrize(
    ("compensation", "training", "evaluation"),
    [("training", 2, 2), ("evaluation", 1.4, 1.4), ("neither", 1.4, 2)],
)
def test_compensation_gives_both_modes_one_scale(compensation, training, evaluation):
    settings = {"p": 0.3, "compensation": compensation}
    assert DropoutLab(**settings).predicted().mean == pytest.approx(training)
    assert DropoutLab(**settings, mode="evaluation").predicted().mean == pytest.approx(evaluation)
    assert DropoutLab(**settings, mode="evaluation").statistics() == pytest.approx((evaluation, 0), abs=1e-12)


def test_masks_are_drawn_in_a_fixed_order():
    lab = DropoutLab(p=0.4, seed=9, compensation="neither")
    for draw in (0, 1, 1999):
        kept = [uniform(9, 10 * draw + j) >= 0.4 for j in range(10)]
        terms = (w * a for w, a, keep in zip(dropout.WEIGHTS, dropout.ACTIVATIONS, kept, strict=True) if keep)
        assert float(lab.outputs()[draw]) == pytest.approx(sum(terms))


@pytest.mark.parametrize("p", [0.0, 0.05, 0.1, 0.5])
@pytest.mark.parametrize("sharing", dropout.SHARINGS)
def test_what_a_memory_keeps_is_near_what_is_expected(p, sharing):
    measured, expected = DropoutLab(p=p, sharing=sharing).carried()
    assert expected == pytest.approx((1 - p) ** (24 if sharing == "at each step" else 1))
    assert measured == pytest.approx(expected, abs=0.04)
    assert DropoutLab(p=p, sharing=sharing, mode="evaluation").carried() == (1, 1)


def test_a_memory_is_lost_at_the_first_step_that_drops_it():
    seed, p, first = 3, 0.06, 2000 * 10
    for sharing, steps in (("at each step", range(24)), ("once per sequence", [0])):
        left = [
            all(uniform(seed, first + (draw * 24 + t) * 16 + j) >= p for t in steps)
            for draw in range(200)
            for j in range(16)
        ]
        assert DropoutLab(p=p, seed=seed, sharing=sharing).carried()[0] == pytest.approx(sum(left) / len(left))


def test_histogram_counts_every_output_once():
    counts = histogram(torch.tensor([LOW - 99, LOW, LOW + 0.75 * BIN, 2.0, HIGH, HIGH + 99]).double())
    assert len(counts) == 41 and sum(counts) == 6
    assert (counts[0], counts[1], counts[20], counts[40]) == (2, 1, 1, 2)


def test_settings_follow_the_controls():
    lab = DropoutLab()
    lab.controls["p"].value = 0.30000000000000004  # as a slider in the browser counts
    lab.controls["sharing"].index = 1
    lab.controls["compensation"].index = 2
    expected = {"p": 0.3, "draw": 1, "compensation": "neither", "mode": "training", "sharing": "once per sequence"}
    assert lab.settings() == {**expected, "seed": 0}
    assert eval(repr(lab)).settings() == lab.settings()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p": 1.0}, "p must be a number from 0.0 to 0.9, but it is 1.0"),
        ({"p": -0.1}, "p must be a number from 0.0 to 0.9, but it is -0.1"),
        ({"draw": 0}, "draw must be a whole number from 1 to 100, but it is 0"),
        ({"seed": 0.5}, "seed must be a whole number from 0 to 4294967295, but it is 0.5"),
        ({"mode": "eval"}, "mode must be one of ['training', 'evaluation'], but it is 'eval'"),
        ({"compensation": True}, "compensation must be one of ['training', 'evaluation', 'neither'], but"),
        ({"sharing": "locked"}, "sharing must be one of ['at each step', 'once per sequence'], but it is 'locked'"),
        ({"controls": ["units"]}, "controls must be among"),
    ],
)
def test_a_bad_argument_is_named_with_its_rule(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        DropoutLab(**arguments)


def test_the_picture_says_what_is_measured():
    lab = DropoutLab(p=0.5)
    svg, words = lab.picture()
    mean, variance = lab.statistics()
    assert f"mean {mean:.2f} (formula 2.00), variance {variance:.2f} (formula 3.25)" in words
    assert "0.0% of memories reach the end" in words
    assert svg.count("<rect") == 1 + sum(count > 0 for count in histogram(lab.outputs()))


# --- the masks in the browser -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def module(scripts):
    return scripts("labs/dropout/model.js")


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1])
def test_browser_draws_the_masks_that_python_draws(module, seed):
    labs = [
        DropoutLab(p=p, compensation=compensation, sharing=sharing, seed=seed)
        for p, compensation, sharing in itertools.product(PS, COMPENSATIONS[::2], dropout.SHARINGS)
    ]
    found = module.evaluate(
        """([contributions, all]) => {
          const draws = new lmkit.Draws(all[0].seed, contributions.length);
          return all.map(({ p, compensation, sharing }) => {
            const scale = lmkit.factor(p, compensation, "training"), outputs = draws.outputs(contributions, p, scale);
            const carried = draws.carried(p, sharing !== "at each step");
            const { mean, variance } = lmkit.predicted(contributions, p, scale), got = lmkit.measured(outputs);
            return {
              outputs: [...outputs], counts: lmkit.histogram(outputs), carried,
              predicted: [mean, variance], measured: [got.mean, got.variance],
            };
          });
        }""",
        [CONTRIBUTIONS, [lab.settings() for lab in labs]],
    )
    for lab, got in zip(labs, found, strict=True):
        torch.testing.assert_close(torch.tensor(got["outputs"], dtype=torch.float64), lab.outputs())
        assert got["counts"] == histogram(lab.outputs())
        assert got["predicted"] == pytest.approx(lab.predicted(), abs=1e-12)
        assert got["measured"] == pytest.approx(lab.statistics(), abs=1e-12)
        assert got["carried"] == lab.carried()[0]


@pytest.mark.parametrize("mode", dropout.CONTROLS["mode"].values)
@pytest.mark.parametrize("compensation", COMPENSATIONS)
def test_browser_compensates_where_python_does(module, compensation, mode):
    found = module.evaluate("(given) => lmkit.factor(...given)", [0.2, compensation, mode])
    assert found == dropout.factor(0.2, compensation, mode)


# --- the view ---------------------------------------------------------------------------------------------


def rows(page):
    """Both tables: row label to its cells' texts."""
    read = "(rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent))"
    return {label: cells for label, *cells in page.locator(".lmkit-dropout-table tbody tr").evaluate_all(read)}


def number(text):
    return float(text.replace("\u2212", "-"))


def check(page, lab):
    """All numbers of the page are Python's."""
    shown, measured, predicted = rows(page), lab.statistics(), lab.predicted()
    for place, label in enumerate(("mean of the output", "variance")):
        assert [number(text) for text in shown[label]] == pytest.approx([measured[place], predicted[place]], abs=0.0051)
    left, *shares = shown["left after step 24"]
    assert re.fullmatch(r"\d+ of 16", left)
    for text, share in zip(shares, lab.carried(), strict=True):
        low, value = text.startswith("<"), float(text.strip("< \u202f%")) / 100
        assert share < value if low else share == pytest.approx(value, abs=0.0051)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"p": 0.0},
        {"p": 0.9, "draw": 100, "seed": 4},
        {"p": 0.1, "sharing": "once per sequence"},
        {"p": 0.05, "compensation": "evaluation"},
        {"p": 0.7, "compensation": "evaluation", "mode": "evaluation"},
        {"p": 0.3, "compensation": "neither", "mode": "evaluation"},
    ],
    ids=json.dumps,
)
def test_view_shows_pythons_numbers(view, settings):
    lab = DropoutLab(**settings)
    page = view.put(lab)
    check(page, lab)
    output = number(page.locator("text.lmkit-dropout-y").text_content().removeprefix("y = "))
    assert output == pytest.approx(float(lab.outputs()[lab.value("draw") - 1]), abs=0.0051)


def test_view_crosses_out_what_is_dropped(view):
    lab = DropoutLab(p=0.5, draw=3, seed=2)
    page = view.put(lab)
    kept = [uniform(2, 2 * 10 + j) >= 0.5 for j in range(10)]
    units = page.locator(".lmkit-dropout-layer g > g")
    classes = units.evaluate_all("(units) => units.map((unit) => unit.getAttribute('class'))")
    assert classes == ["lmkit-dropout-kept" if keep else "lmkit-dropout-gone" for keep in kept]
    texts = units.locator("text").all_text_contents()
    assert texts == [f"{2 * a:.1f}" if keep else "" for a, keep in zip(dropout.ACTIVATIONS, kept, strict=True)]
    count = "(paths) => paths.map((path) => path.getAttribute('d').split('M').length)"
    paths = units.locator("path").evaluate_all(count)
    assert paths == [2 if keep else 3 for keep in kept]  # a dropped one has a cross too
    assert page.locator(".lmkit-title").first.text_content() == f"Draw 3: {sum(kept)} of 10 units kept"


def test_view_follows_its_traits(view):
    page = view.put(DropoutLab())
    view.set(p=0.25, draw=8, compensation_index=2, sharing_index=1)
    check(page, DropoutLab(p=0.25, draw=8, compensation="neither", sharing="once per sequence"))
    verdict = page.locator(".lmkit-dropout-verdict")
    assert verdict.text_content().startswith("What follows meets 1.50 on average in training, but 2.00 in evaluation")
    view.set(compensation_index=1, mode_index=1, seed=6)
    check(page, DropoutLab(p=0.25, compensation="evaluation", sharing="once per sequence", mode="evaluation"))
    assert verdict.text_content().startswith("What follows meets the same scale in both modes: 1.50 on average")
    view.set(p=0)
    assert verdict.text_content() == "With p = 0 nothing is dropped, and both modes are the same."


def bars(page, selector):
    """How far up or along the shapes of a path reach, as its numbers say."""
    return page.locator(selector).get_attribute("d")


def test_histogram_is_drawn_to_scale(view):
    lab = DropoutLab(p=0.6)
    page, counts = view.put(lab), histogram(lab.outputs())
    tall = [-float(v) for v in re.findall(r"v(-[\d.]+)h", bars(page, ".lmkit-dropout-bars"))]
    shown = [count for count in counts if count]
    assert [h / max(tall) for h in tall] == pytest.approx([count / max(counts) for count in shown], abs=0.002)


def test_memory_bars_end_at_the_first_drop(view):
    p, seed = 0.15, 1
    page = view.put(DropoutLab(p=p, seed=seed, draw=2))
    first = 2000 * 10 + 24 * 16
    kept = [[uniform(seed, first + t * 16 + j) >= p for t in range(24)] for j in range(16)]
    lasts = [len(list(itertools.takewhile(bool, row))) for row in kept]
    ends = [float(x) for x in re.findall(r"M\S+ \S+H([\d.]+)v", bars(page, "path.lmkit-dropout-alive"))]
    start = float(re.search(r"M([\d.]+) ", bars(page, "path.lmkit-dropout-alive"))[1])
    longest = max(ends) - start
    assert [(end - start) / longest for end in ends] == pytest.approx([n / max(lasts) for n in lasts if n], abs=0.005)
    crosses = bars(page, "path.lmkit-dropout-dropped").count("M")
    dots = bars(page, "path.lmkit-dropout-vain").count("M")
    assert crosses == sum(not keep for row in kept for keep in row)
    assert crosses + dots + sum(lasts) == 24 * 16
    assert rows(page)["left after step 24"][0] == f"{sum(n == 24 for n in lasts)} of 16"


def test_view_says_the_same_in_words(view):
    lab = DropoutLab(p=0.3)
    page = view.put(lab)
    labels = page.get_by_role("img").evaluate_all("(charts) => charts.map((chart) => chart.getAttribute('aria-label'))")
    assert labels[0].endswith(f"the output is {float(lab.outputs()[0]):.2f}.".replace("-", "\u2212"))
    mean, variance = lab.statistics()
    assert labels[1].startswith(f"In training the output is {mean:.2f} on average, with a variance of {variance:.2f};")
    assert labels[2].startswith("With a fresh mask at each step ")
    view.set(p=0.05)
    left = rows(page)["left after step 24"][0]
    mean, variance = DropoutLab(p=0.05).statistics()
    outputs = f"In training: mean {mean:.2f}, variance {variance:.2f}.".replace("-", "\u2212")
    expect(page.locator(".lmkit-unseen")).to_have_text(f"{outputs} {left} units remember to the end.")


@pytest.mark.parametrize("chart", ["layer", "histogram", "memory"])
@pytest.mark.parametrize("width", [330, 600])
def test_view_is_drawn_for_its_width(view, width, chart):
    check_drawn_for_width(view.put(DropoutLab(p=0.9)), f".lmkit-dropout-{chart}", width)


def test_view_cleans_up(view):
    page = view.put(DropoutLab())
    before = rows(page)
    page.evaluate("stop()")
    view.set(p=0.2)
    page.set_viewport_size({"width": 400, "height": 800})
    assert rows(page) == before
    assert page.evaluate("model.handlers.length") == 0
