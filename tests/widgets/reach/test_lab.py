"""The reach lab: its Python side, its networks in JavaScript against torch's autograd, and its view in a browser."""

import base64
import itertools
import json
import math
import re

import pytest
import torch
from playwright.sync_api import expect

from lmkit.analysis import gradients
from lmkit.decoding import uniform
from lmkit.widgets import ReachLab
from lmkit.widgets.labs.reach import lab as reach
from tests.widgets.view_harness import check_drawn_for_width, draw_for_width

# --- in Python --------------------------------------------------------------------------------------------


def test_networks_are_what_the_settings_say():
    rnn, lstm, x = reach.networks(1.7, 2.5, "relu", 0.3, seed=4)
    assert gradients.spectral_radius(rnn.weight_hh_l0) == pytest.approx(1.7, rel=1e-9)
    assert rnn.nonlinearity == "relu"
    assert (lstm.bias_ih_l0 + lstm.bias_hh_l0).tolist() == [0.0] * 16 + [2.5] * 16 + [0.0] * 32
    assert x.shape == (151, 8) and x.dtype == torch.float64
    assert float(x.std()) == pytest.approx(0.3, rel=0.05)


def test_weights_are_drawn_in_a_fixed_order():
    rnn, lstm, x = reach.networks(1.0, 0.0, "tanh", 1.0, seed=9)
    sizes = [rnn.weight_ih_l0, rnn.weight_hh_l0, lstm.weight_ih_l0, lstm.weight_hh_l0, x]
    starts = [0, *itertools.accumulate(part.numel() for part in sizes)]
    first = [2 * uniform(9, start) - 1 for start in starts[:-1]]
    for part, drawn, scale in zip(sizes, first, [1 / 4, None, 1 / 4, 1 / 4, math.sqrt(3)], strict=True):
        if scale:
            assert float(part.detach().flatten()[0]) == pytest.approx(drawn * scale)


def test_measure_is_autograd_on_the_networks():
    lab = ReachLab(spectral_radius=1.2, forget_bias=2.0, seed=3)
    rnn, lstm, x = reach.networks(1.2, 2.0, "tanh", 1.0, seed=3)
    for name, layers in (("RNN", rnn), ("LSTM", lstm)):
        norms = lab.gradient_norms()[name]
        assert norms.shape == (101,) and norms[0] == 1
        inputs = x.clone().requires_grad_()
        output = layers(inputs[:, None])[0][-1, 0]
        grads = [torch.autograd.grad(unit, inputs, retain_graph=True)[0] for unit in output]
        expected = torch.stack(grads).norm(dim=(0, 2)).flip(dims=[0])
        torch.testing.assert_close(norms, (expected / expected[0])[:101])


def test_reach_is_that_of_the_measured_norms():
    lab = ReachLab(spectral_radius=0.6, forget_bias=4.0)
    assert lab.reach() == {name: gradients.reach(norms) for name, norms in lab.gradient_norms().items()}
    assert lab.reach()["RNN"] < 15 and lab.reach()["LSTM"] == math.inf


def test_settings_follow_the_controls():
    lab = ReachLab()
    lab.controls["spectral_radius"].value = 0.7000000000000001  # as a slider in the browser counts
    lab.controls["nonlinearity"].index = 1
    assert lab.settings()["spectral_radius"] == 0.7 and lab.settings()["nonlinearity"] == "relu"
    assert repr(lab).startswith("ReachLab(spectral_radius=0.7, forget_bias=1.0, distance=20, nonlinearity='relu', ")
    assert eval(repr(lab)).settings() == lab.settings()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"spectral_radius": 0.0}, "spectral_radius must be a number from 0.1 to 2.0, but it is 0.0"),
        ({"forget_bias": 6.5}, "forget_bias must be a number from -2.0 to 6.0, but it is 6.5"),
        ({"distance": 0}, "distance must be a whole number from 1 to 100, but it is 0"),
        ({"distance": 2.5}, "distance must be a whole number from 1 to 100, but it is 2.5"),
        ({"input_scale": 0}, "input_scale must be a number from 0.05 to 3.0, but it is 0"),
        ({"seed": -1}, "seed must be a whole number from 0 to 4294967295, but it is -1"),
        ({"nonlinearity": "sine"}, "nonlinearity must be one of ['tanh', 'relu'], but it is 'sine'"),
        ({"controls": ["hidden_size"]}, "controls must be among"),
    ],
)
def test_a_bad_argument_is_named_with_its_rule(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        ReachLab(**arguments)


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ({"spectral_radius": 0.6, "forget_bias": 6.0}, "plain RNN: 7 steps, then below 1 %; LSTM: more than 100 steps"),
        ({"spectral_radius": 2.0, "nonlinearity": "relu", "seed": 1}, "plain RNN: 10 steps, then above 100; LSTM: "),
    ],
)
def test_the_picture_says_how_far_gradients_reach(settings, found):
    lab = ReachLab(**settings)
    svg, words = lab.picture()
    assert found in words
    assert svg.count("<path") == 7 + 2 and "nan" not in svg and "inf" not in svg
    assert base64.b64encode(svg.encode()).decode() in lab.fallback()


def test_the_picture_survives_a_gradient_of_exactly_zero():
    """All units of a ReLU network can be switched off at once; then nothing at all gets through."""
    lab = ReachLab(spectral_radius=1.25, nonlinearity="relu", seed=3)
    assert lab.gradient_norms()["RNN"].min() >= 0
    assert "nan" not in lab.picture()[0]


# --- the networks in the browser --------------------------------------------------------------------------

SEEDS = (7, 2**32 - 1)
VECTORS = [
    {"spectral_radius": radius, "forget_bias": bias, "nonlinearity": nonlinearity, "input_scale": scale, "seed": seed}
    for seed, (radius, bias), nonlinearity, scale in itertools.product(
        SEEDS, [(0.1, -2.0), (1.0, 1.0), (2.0, 6.0)], ("tanh", "relu"), (0.05, 1.0, 3.0)
    )
]


@pytest.fixture(scope="module")
def module(scripts):
    return scripts("labs/reach/model.js")


def test_browser_measures_what_autograd_finds(module):
    found = module.evaluate(
        """(cases) => cases.map((settings) => {
          const material = new lmkit.Material(settings.seed);
          const norms = { RNN: material.rnnNorms(settings), LSTM: material.lstmNorms(settings) };
          return { norms, reach: Object.values(norms).map((all) => lmkit.reach(all)) };
        })""",
        VECTORS,
    )
    for settings, got in zip(VECTORS, found, strict=True):
        lab = ReachLab(**settings)
        for name, norms in lab.gradient_norms().items():
            torch.testing.assert_close(torch.tensor(got["norms"][name], dtype=torch.float64), norms, rtol=1e-5, atol=0)
        assert got["reach"] == list(lab.reach().values())


def test_browsers_spectral_radius_is_that_of_the_eigenvalues(module):
    for size in (2, 5, 16):
        matrix = torch.randn(4 * size, 4 * size).double()  # a multiple of 4, as the networks' are
        numbers = matrix.flatten().tolist()
        found = module.evaluate("([numbers, H]) => lmkit.spectralRadius(numbers, H)", [numbers, 4 * size])
        assert found == pytest.approx(gradients.spectral_radius(matrix), rel=1e-9)


def test_browsers_reach_is_pythons(module):
    for norms in ([1, 0.5, 0.01, 0.0099], [1, 100, 100.1], [1, 0.5]):
        found = module.evaluate("(norms) => lmkit.reach(norms)", norms)
        assert found == gradients.reach(torch.tensor(norms, dtype=torch.float64))


# --- the view ---------------------------------------------------------------------------------------------


def rows(page):
    """The table: row label to the two cells' texts."""
    read = "(rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent))"
    return {label: cells for label, *cells in page.locator(".lmkit-reach-table tbody tr").evaluate_all(read)}


SUPERSCRIPT = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def number(text):
    """0.24, or 4.1 × 10⁻⁶."""
    digits, _, power = text.partition(" × 10")
    return float(digits) * 10.0 ** int(power.translate(SUPERSCRIPT) or 0)


def test_view_shows_the_norms_as_text(view):
    lab = ReachLab(spectral_radius=0.6, forget_bias=3.0, distance=37)
    shown, norms = rows(view.put(lab)), lab.gradient_norms()
    assert shown["reach"] == ["7 steps, then below 1\u202f%", "more than 100 steps"]
    for k, label in [(37, "norm at 37"), *((k, f"norm at {k}") for k in (1, 5, 10, 25, 50, 100))]:
        for text, name in zip(shown[label], ("RNN", "LSTM"), strict=True):
            assert number(text) == pytest.approx(float(norms[name][k]), rel=0.06), (label, text)
    for text, base in zip(shown["ρ³⁷ and σ(b)³⁷"], (0.6, 1 / (1 + math.exp(-3))), strict=True):
        assert number(text) == pytest.approx(base**37, rel=0.06)


def line(page, name):
    """The points of a network's line."""
    path = page.locator(f".lmkit-reach-chart path.lmkit-reach-{name}-line:not(.lmkit-reach-power)").get_attribute("d")
    return [tuple(map(float, point.split())) for point in path[1:].split("L")]


def test_view_draws_the_norms_on_a_logarithmic_scale(view):
    lab = ReachLab(spectral_radius=1.0, forget_bias=2.0)
    page, norms = view.put(lab), lab.gradient_norms()
    for name in ("rnn", "lstm"):
        points = line(page, name)
        assert len(points) == 101
        logs = norms[name.upper()].log10()
        decade = (points[50][1] - points[0][1]) / float(logs[50] - logs[0])
        assert decade < -15  # pixels up for a factor of ten
        for k in (10, 20, 30, 70):
            assert points[k][1] - points[0][1] == pytest.approx(decade * float(logs[k]), abs=0.5)
            assert points[k][0] == pytest.approx(points[0][0] + k * (points[100][0] - points[0][0]) / 100, abs=0.11)


def test_view_follows_its_traits_and_recomputes_only_what_changed(view):
    page = view.put(ReachLab())
    before = rows(page)
    view.set(forget_bias=4.0)
    after = rows(page)
    assert after["reach"] != before["reach"]
    assert [cells[0] for cells in after.values()] == [cells[0] for cells in before.values()]
    view.set(distance=63)
    assert "norm at 63" in rows(page) and "norm at 20" not in rows(page)
    view.set(seed=1, nonlinearity_index=1)
    lab = ReachLab(forget_bias=4.0, seed=1, nonlinearity="relu")
    assert number(rows(page)["norm at 25"][0]) == pytest.approx(float(lab.gradient_norms()["RNN"][25]), rel=0.06)


def test_view_says_the_same_in_words(view):
    page = view.put(ReachLab(spectral_radius=2.0, nonlinearity="relu", seed=1))
    words = page.get_by_role("img").get_attribute("aria-label")
    assert words.startswith("Reach of the plain RNN: 10 steps, then above 100; of the LSTM: ")
    assert ". At distance 20 the gradient is " in words
    view.set(distance=21)
    expect(page.locator(".lmkit-unseen")).to_have_text(re.compile(r"^At distance 21: \S+.* and \S+.*\.$"))


@pytest.mark.parametrize("width", [330, 700])
def test_view_is_drawn_for_its_width(view, width):
    check_drawn_for_width(view.put(ReachLab()), ".lmkit-reach-chart", width)


@pytest.mark.parametrize(
    "settings",
    [
        {"spectral_radius": 0.6, "forget_bias": 0.0},
        {"spectral_radius": 1.0, "forget_bias": 1.0},
        {"spectral_radius": 2.0, "nonlinearity": "relu", "seed": 1, "forget_bias": 6.0},
        {"spectral_radius": 0.1, "forget_bias": -2.0},
    ],
    ids=json.dumps,
)
@pytest.mark.parametrize("width", [330, 700])
def test_names_of_lines_do_not_cover_each_other(view, width, settings):
    page = view.put(ReachLab(**settings))
    draw_for_width(page, ".lmkit-reach-chart", width)
    a, b = (page.locator(f"text.lmkit-reach-{name}").bounding_box() for name in ("rnn", "lstm"))
    apart_across = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
    apart_down = a["y"] + a["height"] <= b["y"] + 7 or b["y"] + b["height"] <= a["y"] + 7  # a halo of 3 each
    assert apart_across or apart_down, (a, b)


def test_view_cleans_up(view):
    page = view.put(ReachLab())
    before = rows(page)
    page.evaluate("stop()")
    view.set(forget_bias=5.0)
    page.set_viewport_size({"width": 400, "height": 800})
    assert rows(page) == before
    assert page.evaluate("model.handlers.length") == 0
