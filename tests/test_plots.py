"""Diagrams and charts: what is drawn, where, in whose colour, and that no label runs into another."""

import math
import re
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import same_color, to_hex, to_rgb
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.text import Annotation

from lmkit import plots
from lmkit.plots import heatmaps, line_labels, measurements
from lmkit.plots.sketch import PLAIN, THICK, THIN, tint
from tests.colour import contrast, luminance

WORDS = "one . two . three".split()
PAIR = "seven hundred five <eos>".split(), "7 0 5 <eos>".split()
VALUES = {"f": 0.93, "i": 0.41, "g": -0.72, "o": 0.88, "c_prev": 1.24, "c": 0.858, "h_prev": -0.31, "h": 0.612}
GATES = np.random.default_rng(0).uniform(size=(5, 7))
DRAWINGS = {
    "rnn": lambda **kw: plots.plot_rnn(tokens=WORDS, **kw),
    "rolled": lambda **kw: plots.plot_rnn(unrolled=False, **kw),
    "lstm": lambda **kw: plots.plot_lstm_cell(**kw),
    "seq2seq": lambda **kw: plots.plot_seq2seq(*PAIR, attention=1, **kw),
    "dropout": lambda **kw: plots.plot_dropout_places(**kw),
    "gates": lambda **kw: plots.plot_gates(GATES, WORDS, **kw),
    "attention": lambda **kw: plots.plot_attention(np.eye(3)[[0, 2, 1]], WORDS[:3], WORDS[2:], **kw),
    "reach": lambda **kw: plots.plot_reach([1, 2, 3], {"RNN": [1, 0.1, 0.01], "LSTM": [1, 0.9, 0.8]}, **kw),
    "losses": lambda **kw: plots.plot_losses([3, 2, 1.5], [(2, 2.1), (3, 1.8)], **kw),
    "curves": lambda **kw: plots.plot_curves([1, 2], {"a": [1, 2], "b": [2, 1]}, **kw),
}


@pytest.fixture(autouse=True)
def book_style():
    with plt.style.context(plots.STYLE):
        yield
    plt.close("all")


def canvas(width=6.8, height=3.4):
    return plt.subplots(figsize=(width, height))[1]


def named(ax, pattern, kind=object):
    """The things drawn whose name matches a pattern as a whole, by name."""
    things = [thing for thing in ax.get_children() if thing.get_gid() and isinstance(thing, kind)]
    return {thing.get_gid(): thing for thing in things if re.fullmatch(pattern, thing.get_gid())}


def only(ax, name):
    (thing,) = named(ax, re.escape(name)).values()
    return thing


def texts(ax, pattern=".*"):
    return {name: text.get_text() for name, text in named(ax, pattern, Annotation).items()}


def hue(thing):
    """The colour of a line, of a shape's border or of a text."""
    return to_hex(thing.get_color() if isinstance(thing, Annotation) else thing.get_edgecolor())


def ends(arrow):
    """Where an arrow starts and where it ends, on the screen."""
    path = arrow._get_path_in_displaycoord()[0]
    path = path[0] if isinstance(path, (list, tuple)) else path
    return path.vertices[0], path.vertices[-1]


def overlaps(ax, slack=1.0):
    """Pairs of labels that share more than a few pixels."""
    ax.figure.canvas.draw()
    boxes = [(t.get_text(), t.get_window_extent().padded(-slack)) for t in ax.texts if t.get_text().strip()]
    return [(a, b) for (a, box), (b, other) in combinations(boxes, 2) if box.overlaps(other)]


# --- all of them ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawing_goes_to_the_given_axes_and_changes_nothing_else(name, monkeypatch):
    monkeypatch.setattr(plt, "show", lambda *_: pytest.fail("a drawing must not be shown by the function"))
    ax, settings = canvas(), dict(plt.rcParams)
    other = canvas()
    assert DRAWINGS[name](ax=ax) is ax
    assert len(plt.get_fignums()) == 2
    assert not other.has_data() and not other.texts and not other.patches
    assert dict(plt.rcParams) == settings


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawing_takes_the_current_axes_by_default(name):
    ax = canvas()
    assert DRAWINGS[name]() is ax


@pytest.mark.parametrize("name", DRAWINGS)
def test_text_is_large_enough_to_read(name):
    ax = DRAWINGS[name](ax=canvas())
    ax.figure.canvas.draw()
    shown = [t for t in ax.figure.findobj(plt.Text) if t.get_text().strip() and t.get_visible()]
    assert shown and min(t.get_fontsize() for t in shown) >= 9


@pytest.mark.parametrize("name", ["rnn", "rolled", "lstm", "dropout"])
def test_parts_of_a_diagram_have_names_of_their_own(name):
    ax = DRAWINGS[name](ax=canvas())
    names = [thing.get_gid() for thing in ax.get_children() if thing.get_gid()]
    assert len(names) > 10 and len(names) == len(set(names))
    assert all(text.get_gid() for text in ax.texts)


def test_everything_public_is_exported():
    assert sorted(plots.__all__) == sorted(set(plots.__all__))
    assert {"plot_rnn", "plot_lstm_cell", "plot_gates", "plot_reach", "plot_losses"} <= set(plots.__all__)
    assert all(hasattr(plots, name) for name in plots.__all__)


# --- roles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "group",
    [
        "input embedding hidden weight output muted",
        "i f g o hidden cell input muted",
        "model validation accuracy truth",
        "rnn gru lstm",
        "negative positive muted",
    ],
)
@pytest.mark.parametrize("dark", [False, True])
def test_roles_that_meet_in_a_drawing_have_different_colours(group, dark):
    assert len({plots.color(role, dark) for role in group.split()}) == len(group.split())


@pytest.mark.parametrize("role", "i f g o hidden cell input embedding output muted".split())
def test_text_of_a_role_can_be_read_on_its_tint(role):
    assert contrast(tint(role), plots.color(role, text=True)) >= 4.5


def test_tint_is_between_white_and_the_colour():
    assert tint("f", 0) == "#ffffff"
    assert tint("f", 1) == plots.color("f")


# --- losses -----------------------------------------------------------------------------------------------


def line_of(ax, name):
    (line,) = [line for line in ax.lines if line.get_gid() == name]
    return line


def test_losses_are_drawn_at_the_steps_after_which_they_stand():
    losses = [3.0, 2.5, 2.7, 2.0]
    line = line_of(plots.plot_losses(losses, ax=canvas()), "losses")
    assert line.get_xdata().tolist() == [1, 2, 3, 4]
    assert line.get_ydata().tolist() == losses


@pytest.mark.parametrize("smooth", [1, 4])
def test_running_mean_is_the_mean_of_all_neighbours(smooth):
    losses = np.random.default_rng(1).normal(2, 1, 30)
    line = line_of(plots.plot_losses(losses, smooth=smooth, ax=canvas()), "running-mean")
    steps = range(1 + smooth, 31 - smooth)
    assert line.get_xdata().tolist() == list(steps)
    expected = [np.mean([losses[s - 1] for s in range(t - smooth, t + smooth + 1)]) for t in steps]
    assert np.allclose(line.get_ydata(), expected)


def test_running_mean_does_not_lag_behind_a_falling_loss():
    falling = np.linspace(5, 1, 50)
    assert np.allclose(measurements.running_mean(falling, 7), falling[7:-7])


def test_losses_of_a_long_run_are_smoothed_by_default_and_those_of_a_short_one_are_not():
    long, short = plots.plot_losses(np.ones(200), ax=canvas()), plots.plot_losses(np.ones(20), ax=canvas())
    assert [line.get_gid() for line in long.lines] == ["losses", "running-mean"]
    assert line_of(long, "losses").get_alpha() < 1
    assert [line.get_gid() for line in short.lines] == ["losses"]


def test_one_loss_can_be_seen():
    assert line_of(plots.plot_losses([2.0], ax=canvas()), "losses").get_marker() == "o"


def test_losses_of_several_models_take_their_colours_and_names():
    ax = canvas()
    for role in ("rnn", "lstm"):
        plots.plot_losses(np.ones(100), role=role, label=role.upper(), ax=ax)
    strong = [line for line in ax.lines if line.get_gid() == "running-mean"]
    assert [line.get_color() for line in strong] == [plots.color("rnn"), plots.color("lstm")]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["RNN", "LSTM"]


def test_validation_points_stand_where_they_were_measured():
    ax = plots.plot_losses([3, 2, 1], [(1, 3.2, 0.1), (3, 1.4, 0.6)], ax=canvas())
    points = line_of(ax, "validation")
    assert points.get_xydata().tolist() == [[1, 3.2], [3, 1.4]]
    assert points.get_linestyle() == "None"
    assert len(ax.figure.axes) == 1


def test_accuracy_has_an_axis_of_its_own_in_percent():
    ax = plots.plot_losses([3, 2, 1], [(1, 3.2, 0.1), (3, 1.4, 0.6)], accuracy=True, ax=canvas())
    (right,) = [other for other in ax.figure.axes if other is not ax]
    assert np.allclose(line_of(right, "accuracy").get_xydata(), [[1, 10], [3, 60]])
    assert right.get_ylabel() == "accuracy (%)" and right.get_ylim() == (0, 100)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["training", "validation", "accuracy"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"losses": []}, "losses must be one number per step, at least one, but their shape is (0,)"),
        ({"losses": [[1.0]]}, "losses must be one number per step, at least one, but their shape is (1, 1)"),
        ({"smooth": -1}, "smooth must be at least 0 and below half of the 4 steps, but it is -1"),
        ({"smooth": 2}, "smooth must be at least 0 and below half of the 4 steps, but it is 2"),
        ({"validation": [(1,)]}, "validation must hold rows (step, cross_entropy[, accuracy]), but one is (1,)"),
        (
            {"validation": [(1, 2.0)], "accuracy": True},
            "validation must hold rows (step, cross_entropy, accuracy), but one is (1, 2.0)",
        ),
        ({"role": "loss"}, "role must be one of"),
    ],
)
def test_losses_that_cannot_be_drawn_are_named(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        plots.plot_losses(**{"losses": [4, 3, 2, 1], "ax": canvas(), **arguments})


# --- reach ------------------------------------------------------------------------------------------------


def test_reach_is_drawn_on_a_logarithmic_axis_in_the_colours_of_the_layers():
    norms = {"RNN": [1, 1e-3, 1e-6], "GRU": [1, 0.8, 0.5], "mine": [1, 0.9, 0.8]}
    ax = plots.plot_reach([1, 5, 9], norms, ax=canvas())
    assert ax.get_yscale() == "log" and ax.get_xscale() == "linear"
    assert {line.get_label(): line.get_ydata().tolist() for line in ax.lines} == norms
    assert [line.get_color() for line in ax.lines] == [plots.color(role) for role in ("rnn", "gru", "model")]
    assert len({line.get_marker() for line in ax.lines}) == 3


def test_reach_names_each_line_at_its_end():
    ax = plots.plot_reach([1, 5], {"RNN": [1, 1e-3], "LSTM": [1, 0.9]}, {"LSTM": "cell"}, ax=canvas())
    labels = {text.get_text(): text for text in ax.texts}
    assert {name: text.xy for name, text in labels.items()} == {"RNN": (5, 1e-3), "LSTM": (5, 0.9)}
    assert labels["LSTM"].get_color() == plots.color("cell", text=True)


def test_reach_names_a_line_where_it_was_last_above_zero():
    ax = plots.plot_reach([1, 5, 9], {"RNN": [1, 1e-30, 0], "none": [0, 0, 0]}, ax=canvas())
    assert [(text.get_text(), text.xy) for text in ax.texts] == [("RNN", (5, 1e-30))]
    ax.figure.canvas.draw()


def test_names_of_lines_that_end_together_lie_apart():
    norms = {name: [1, 0.5 + 0.001 * k] for k, name in enumerate("abcde")} | {"far": [1, 1e-4]}
    ax = plots.plot_reach([1, 2], norms, ax=canvas())
    assert not overlaps(ax)
    (far,) = [text for text in ax.texts if text.get_text() == "far"]
    assert far.xyann == (8, 0)


def test_names_lie_apart_on_the_scale_that_the_data_will_have():
    ax = plots.plot_curves([1, 2], {"a": [1000, 0], "b": [900, 1]}, ax=canvas())
    assert not overlaps(ax)


def test_spread_keeps_order_and_moves_no_more_than_it_must():
    assert line_labels._spread([0, 100, 50]) == [0, 100, 50]
    assert line_labels._spread([10, 10, 10]) == [-3, 10, 23]
    assert line_labels._spread([5, 0, 80]) == [9, -4, 80]
    assert line_labels._spread([]) == []


@pytest.mark.parametrize(
    ("norms", "message"),
    [
        ([1, 2], "norms must have one value per distance, 3, but 'RNN' has shape (2,)"),
        ([1, -2, 3], "norms must be at least 0, but 'RNN' has -2.0"),
    ],
)
def test_reach_refuses_what_is_no_norm(norms, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        plots.plot_reach([1, 2, 3], {"RNN": norms}, ax=canvas())


def test_curves_are_all_drawn_even_if_they_are_many():
    ax = plots.plot_curves([1, 2], {str(k): [k, k] for k in range(9)}, ax=canvas())
    assert len(ax.lines) == len(ax.texts) == 9
    assert not overlaps(ax)


# --- encoder-decoders -------------------------------------------------------------------------------------


def test_encoder_decoder_has_a_cell_for_every_word_and_one_bridge():
    ax = plots.plot_seq2seq(*PAIR, ax=canvas())
    cells = {f"{part}-{t}" for part in ("encoder", "decoder") for t in range(1, 5)}
    assert set(named(ax, ".*", FancyBboxPatch)) == cells | {"bridge"}
    labels = texts(ax)
    assert [labels[f"source-{t}"] for t in range(1, 5)] == PAIR[0]
    assert [labels[f"output-{t}"] for t in range(1, 5)] == PAIR[1]


def test_decoder_reads_the_end_token_and_then_the_words_before():
    labels = texts(plots.plot_seq2seq(*PAIR, ax=canvas()))
    assert [labels[f"input-{t}"] for t in range(1, 5)] == ["<eos>", "7", "0", "5"]


def test_own_words_go_from_each_output_to_the_next_input():
    forced, free = (plots.plot_seq2seq(*PAIR, forced=forced, ax=canvas()) for forced in (True, False))
    assert not named(forced, "own-.*")
    assert set(named(free, "own-.*", FancyArrowPatch)) == {"own-2", "own-3", "own-4"}
    free.figure.canvas.draw()
    for t in (2, 3, 4):
        (x0, y0), (x1, y1) = ends(only(free, f"own-{t}"))
        before, after = (only(free, name).get_window_extent() for name in (f"output-{t - 1}", f"input-{t}"))
        assert before.y0 > y0 > y1 > after.y1 and x1 > x0


def test_attention_is_drawn_at_one_step_as_thick_as_its_weights():
    ax = plots.plot_seq2seq(*PAIR, attention=2, weights=[0.1, 0.6, 0.3, 0], ax=canvas())
    lines = [only(ax, f"attention-{t}").get_linewidth() for t in range(1, 5)]
    assert lines[1] > lines[2] > lines[0] > lines[3] > 0
    ax.figure.canvas.draw()
    (_, _), (x, _) = ends(only(ax, "attention-context"))
    box = only(ax, "decoder-2").get_window_extent()
    assert box.x0 < x < box.x1
    assert not named(plots.plot_seq2seq(*PAIR, ax=canvas()), "attention.*")


@pytest.mark.parametrize(
    ("height", "arguments"),
    [(2.6, {}), (2.6, {"forced": False}), (3.2, {"attention": 2}), (2.6, {"highlight": "bridge"})],
)
def test_labels_of_an_encoder_decoder_do_not_meet(height, arguments):
    assert not overlaps(plots.plot_seq2seq(*PAIR, **arguments, ax=canvas(6.8, height)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], ["<eos>"]), "source must have at least one word"),
        ((["a"], []), "target must have at least one word"),
        ((*PAIR, 5), "attention must be the number of a target word, from 1 to 4, or None, but it is 5"),
        ((*PAIR, 1, [1]), "weights must be 4, one for each word of the source, with attention, but there are 1"),
        ((*PAIR, None, [0.25] * 4), "but attention is None"),
    ],
)
def test_a_bad_pair_or_step_is_named(arguments, message):
    names = ("source", "target", "attention", "weights")
    with pytest.raises(ValueError, match=message):
        plots.plot_seq2seq(**dict(zip(names, arguments, strict=False)), ax=canvas())


def test_only_a_drawing_with_attention_has_that_part():
    with pytest.raises(ValueError, match="highlight must name parts"):
        plots.plot_seq2seq(*PAIR, highlight="attention", ax=canvas())


# --- recurrent networks -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("layers", "steps"), [(1, 1), (1, 4), (2, 3), (3, 2)])
def test_unrolled_network_has_every_part_at_every_step(layers, steps):
    ax = plots.plot_rnn(layers, steps, ax=canvas())
    boxes = named(ax, ".*", FancyBboxPatch)
    expected = {f"cell-{d}-{t}" for d in range(1, layers + 1) for t in range(1, steps + 1)}
    expected |= {f"{name}-{t}" for name in ("input", "output") for t in range(1, steps + 1)}
    assert set(boxes) == expected
    arrows = named(ax, ".*", FancyArrowPatch)
    assert len(arrows) == steps * (layers + 1) + layers * (steps + 1)  # upwards; to the right, from h_0 to h_T


def test_unrolled_network_has_the_same_letter_on_each_arrow():
    labels = texts(plots.plot_rnn(1, 4, tokens=WORDS, ax=canvas()))
    for weight in ("W_e", "W_ih", "W_hy"):
        assert [labels[f"{weight}-{name}-text"] for name in _names(weight)] == [f"$W_{{{weight[2:]}}}$"] * 4
    assert [labels[f"W_hh-1-{t}-text"] for t in range(1, 5)] == ["$W_{hh}$"] * 4
    assert [labels[f"hidden-1-{t}-text"] for t in range(5)] == [f"$h_{{{t}}}$" for t in range(5)]


def _names(weight):
    return [f"1-{t}" if weight == "W_ih" else str(t) for t in range(1, 5)]


def test_layers_have_weights_of_their_own():
    labels = texts(plots.plot_rnn(2, 1, ax=canvas()), "[Wh].*")
    assert labels["W_ih-1-1-text"] == "$W_{ih}^{(1)}$" and labels["W_hh-2-1-text"] == "$W_{hh}^{(2)}$"
    assert labels["hidden-2-1-text"] == "$h_{1}^{(2)}$"
    assert labels["W_hy-1-text"] == "$W_{hy}$"


def test_time_runs_to_the_right_and_depth_upwards():
    ax = plots.plot_rnn(2, 3, tokens=WORDS[:3], ax=canvas())
    ax.figure.canvas.draw()
    for name, arrow in named(ax, ".*", FancyArrowPatch).items():
        (x0, y0), (x1, y1) = ends(arrow)
        if name.startswith("hidden"):
            assert x1 > x0 and y1 == pytest.approx(y0)
        else:
            assert y1 > y0 and x1 == pytest.approx(x0)


def test_arrows_end_before_the_boxes_they_point_to():
    ax = plots.plot_rnn(2, 3, tokens=WORDS[:3], ax=canvas(6.8, 3.6))
    ax.figure.canvas.draw()
    boxes = [box.get_window_extent() for box in named(ax, ".*", FancyBboxPatch).values()]
    for arrow in named(ax, ".*", FancyArrowPatch).values():
        assert not [box for box in boxes for end in ends(arrow) if box.contains(*end)]


def test_tokens_are_read_below_and_predicted_above():
    labels = texts(plots.plot_rnn(1, 4, tokens=WORDS, ax=canvas()))
    assert [labels[f"input-{t}"] for t in range(1, 5)] == WORDS[:4]
    assert [labels[f"target-{t}"] for t in range(1, 5)] == WORDS[1:]
    assert labels["embedding-2-text"] == "$x_{2}$" and labels["output-2-text"] == r"$\hat y_{2}$"
    without = texts(plots.plot_rnn(1, 4, tokens=WORDS[:4], ax=canvas()))
    assert not [name for name in without if name.startswith("target")]


def test_rolled_network_is_one_cell_with_a_loop_for_each_layer():
    ax = plots.plot_rnn(2, tokens=WORDS, unrolled=False, ax=canvas(3, 4))
    assert set(named(ax, "cell.*", FancyBboxPatch)) == {"cell-1-t", "cell-2-t"}
    assert set(named(ax, "hidden.*", FancyArrowPatch)) == {"hidden-1-t", "hidden-2-t"}
    labels = texts(ax)
    assert labels["hidden-1-t-text"] == "$h_{t}^{(1)}$" and labels["W_hh-1-t-text"] == "$W_{hh}^{(1)}$"
    assert labels["input-t"] == "$w_t$" and labels["target-t"] == "$w_{t+1}$"


def test_loop_comes_back_to_the_cell_that_it_leaves():
    ax = plots.plot_rnn(unrolled=False, ax=canvas())
    ax.figure.canvas.draw()
    box = only(ax, "cell-1-t").get_window_extent()
    for x, y in ends(only(ax, "hidden-1-t")):
        assert 0 < x - box.x1 < 0.1 * ax.figure.dpi
        assert box.y0 < y < box.y1


def test_rolled_and_unrolled_stand_side_by_side():
    _, (left, right) = plt.subplots(1, 2, figsize=(6.8, 3.2), width_ratios=[1, 3])
    plots.plot_rnn(tokens=WORDS, unrolled=False, ax=left)
    plots.plot_rnn(tokens=WORDS, ax=right)
    left.figure.canvas.draw()
    for rolled, unrolled in (("cell-1-t", "cell-1-1"), ("embedding-t", "embedding-1"), ("output-t", "output-1")):
        a, b = only(left, rolled).get_window_extent(), only(right, unrolled).get_window_extent()
        assert np.allclose([a.y0, a.height, a.width], [b.y0, b.height, b.width])
    assert not set(named(left, ".*")) & set(named(right, ".*"))


@pytest.mark.parametrize(
    ("size", "arguments"),
    [
        ((6.8, 2.6), {"steps": 4}),
        ((6.8, 3.2), {"steps": 4, "tokens": WORDS}),
        ((6.8, 3.6), {"num_layers": 2, "steps": 4, "tokens": WORDS}),
        ((3.0, 3.6), {"num_layers": 2, "tokens": WORDS, "unrolled": False}),
        ((6.8, 3.0), {"steps": 8, "cell": "", "outputs": "last", "tokens": ("seventy " * 8).split()}),
    ],
)
def test_labels_of_a_network_do_not_meet(size, arguments):
    assert not overlaps(plots.plot_rnn(**arguments, ax=canvas(*size)))


def test_output_can_be_at_the_last_step_alone():
    ax = plots.plot_rnn(1, 3, outputs="last", ax=canvas())
    assert set(named(ax, "output-.", FancyBboxPatch)) == {"output-3"}
    assert set(named(ax, "W_hy.*", FancyArrowPatch)) == {"W_hy-3"}


def test_nothing_is_muted_unless_something_is_highlighted():
    ax = plots.plot_rnn(2, 3, tokens=WORDS[:3], ax=canvas())
    for thing in named(ax, ".*", (FancyBboxPatch, FancyArrowPatch, Annotation)).values():
        assert hue(thing) not in (plots.color("muted"), plots.color("muted", text=True))
    assert {arrow.get_linewidth() for arrow in named(ax, ".*", FancyArrowPatch).values()} == {PLAIN}


@pytest.mark.parametrize(
    ("highlight", "pattern", "role"),
    [
        ("hidden", "hidden-1-.", "hidden"),
        ("cell", "cell-1-.", "hidden"),
        ("input", "input-.", "input"),
        ("embedding", "embedding-.", "embedding"),
        ("output", "(output|target)-.", "output"),
        ("W_hh", "hidden-1-[0-2]", "weight"),
        ({"W_ih", "W_hy"}, "W_ih-1-.|W_hy-.", "weight"),
        ("weights", "W_..?-(1-)?.|hidden-1-[0-2]", "weight"),
    ],
)
def test_highlighted_parts_have_their_colour_and_the_rest_is_muted(highlight, pattern, role):
    ax = plots.plot_rnn(1, 3, tokens=WORDS[:4], highlight=highlight, ax=canvas())
    shapes = named(ax, ".*", (FancyBboxPatch, FancyArrowPatch))
    words = named(ax, "input-.|target-.", Annotation)
    chosen = {name for name in {**shapes, **words} if re.fullmatch(pattern, name)}
    assert chosen
    for name, shape in shapes.items():
        assert hue(shape) == plots.color(role if name in chosen else "muted")
        assert shape.get_linewidth() == (THICK if name in chosen else THIN)
    for name, word in words.items():
        assert hue(word) == plots.color(role if name in chosen else "muted", text=True)


def test_letters_of_highlighted_weights_have_their_colour():
    ax = plots.plot_rnn(1, 3, highlight="weights", ax=canvas())
    for name, text in named(ax, ".*-text", Annotation).items():
        assert hue(text) == plots.color("weight" if name.startswith("W") else "muted", text=True)


def test_a_highlighted_step_is_a_column_with_the_state_that_enters_it():
    ax = plots.plot_rnn(2, 3, highlight={2}, ax=canvas())
    shapes = named(ax, ".*", (FancyBboxPatch, FancyArrowPatch))
    bright = {name for name, shape in shapes.items() if hue(shape) != plots.color("muted")}
    assert bright == {
        "input-2",
        "cell-1-2",
        "cell-2-2",
        "output-2",
        "W_ih-1-2",
        "W_ih-2-2",
        "W_hy-2",
        "hidden-1-1",
        "hidden-2-1",
    }
    states = named(ax, "hidden-1-.-text", Annotation).items()
    bright = [name for name, text in states if hue(text) == plots.color("hidden", text=True)]
    assert bright == ["hidden-1-1-text", "hidden-1-2-text"]


def test_a_highlighted_layer_is_a_row():
    ax = plots.plot_rnn(2, 2, highlight="layer 2", ax=canvas())
    cells = named(ax, "cell.*", FancyBboxPatch)
    assert [name for name, cell in cells.items() if hue(cell) == plots.color("hidden")] == ["cell-2-1", "cell-2-2"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"highlight": {"gates"}}, "highlight must name parts of this drawing, but it names 'gates'; choose from 'in"),
        ({"highlight": 5}, "highlight must name parts of this drawing, but it names 5"),
        ({"highlight": 1, "unrolled": False}, "highlight must name parts of this drawing, but it names 1"),
        ({"highlight": "embedding"}, "but it names 'embedding'"),
        ({"num_layers": 0}, "num_layers must be at least 1, but it is 0"),
        ({"steps": 0}, "steps must be at least 1, but it is 0"),
        ({"tokens": ["one"]}, "tokens must be 4 words, one per step, or one more, but there are 1"),
        ({"outputs": "first"}, "outputs must be 'every' or 'last', but it is 'first'"),
    ],
)
def test_networks_that_cannot_be_drawn_are_named(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        plots.plot_rnn(**arguments, ax=canvas())


# --- the LSTM cell ----------------------------------------------------------------------------------------


def cell(**arguments):
    ax = plots.plot_lstm_cell(**arguments, ax=canvas(6.8, 3.5))
    ax.figure.canvas.draw()
    return ax


def test_four_gates_stand_in_a_row_in_their_order():
    boxes = {name: box.get_window_extent() for name, box in named(cell(), "gate-.", FancyBboxPatch).items()}
    assert sorted(boxes, key=lambda name: boxes[name].x0) == ["gate-f", "gate-i", "gate-g", "gate-o"]
    assert len({round(box.y0) for box in boxes.values()}) == 1
    in_order = sorted(boxes.values(), key=lambda box: box.x0)
    assert all(a.x1 < b.x0 for a, b in zip(in_order, in_order[1:], strict=False))


def test_gates_bear_their_names_and_functions():
    labels = texts(cell())
    names = {"f": "forget gate", "i": "input gate", "g": "candidate", "o": "output gate"}
    for gate, name in names.items():
        assert labels[f"gate-{gate}-name"] == name
        assert labels[f"gate-{gate}-function"] == ("tanh" if gate == "g" else "σ")
        assert labels[f"{gate}-text"] == f"${gate}_t$"
    states = {"c_prev": "$c_{t-1}$", "c": "$c_t$", "h_prev": "$h_{t-1}$", "h": "$h_t$", "x": "$x_t$"}
    assert {name: labels[f"{name}-text"] for name in states} == states


def test_cell_state_is_a_straight_line_on_top():
    ax = cell()
    line = [end for name in ("c-0", "c-1", "c-2") for end in ends(only(ax, name))]
    heights = [y for _, y in line]
    assert np.ptp(heights) < 1e-6
    assert [x for x, _ in line] == sorted(x for x, _ in line)
    arrows = named(ax, ".*", FancyArrowPatch)
    others = [y for name, arrow in arrows.items() if name not in ("c-0", "c-1", "c-2") for _, y in ends(arrow)]
    assert max(others) <= heights[0] + 1e-6
    body = only(ax, "body").get_window_extent()
    assert line[0][0] < body.x0 and line[-1][0] > body.x1


def test_old_state_meets_the_forget_gate_before_something_is_added():
    nodes = {name: node.get_window_extent() for name, node in named(cell(), "node-.*").items()}
    assert set(nodes) == {"node-f-c", "node-i-g", "node-add", "node-o-c"}
    assert nodes["node-f-c"].x1 < nodes["node-add"].x0
    assert nodes["node-f-c"].y0 == pytest.approx(nodes["node-add"].y0)
    assert nodes["node-i-g"].y1 < nodes["node-add"].y0


@pytest.mark.parametrize(
    ("arrow", "node"),
    [("f-out", "f-c"), ("i-out", "i-g"), ("g-out", "i-g"), ("added", "add"), ("o-out", "o-c"), ("tanh-out", "o-c")],
)
def test_arrows_lead_to_their_nodes(arrow, node):
    ax = cell()
    box = only(ax, f"node-{node}").get_window_extent()
    assert box.padded(0.06 * ax.figure.dpi).contains(*ends(only(ax, arrow))[1])


def test_hidden_state_leaves_at_the_bottom_right():
    ax = cell()
    (_, start), (x, y) = ends(only(ax, "h-out"))
    body = only(ax, "body").get_window_extent()
    assert y < start and x > body.x1
    assert y == pytest.approx(ends(only(ax, "h-in"))[0][1])


LEAVES = {  # what each part is made of, besides labels
    "f": {"gate-f": "f", "f-out": "f", "node-f-c": "cell"},
    "i": {"gate-i": "i", "i-out": "i", "node-i-g": "cell", "added": "cell"},
    "g": {"gate-g": "g", "g-out": "g", "node-i-g": "cell", "added": "cell"},
    "o": {"gate-o": "o", "o-out": "o", "node-o-c": "hidden"},
    "c": dict.fromkeys(("c-0", "c-1", "c-2", "node-f-c", "node-add"), "cell"),
    "additive path": dict.fromkeys(("c-0", "c-1", "c-2", "node-f-c", "node-add", "node-i-g", "added"), "cell"),
    "x": dict.fromkeys(("x-in", "gate-inputs", "f-in", "i-in", "g-in", "o-in"), "input"),
    "h": {
        **dict.fromkeys(("h-in", "h-out", "node-o-c"), "hidden"),
        **dict.fromkeys(("c-down", "tanh", "tanh-out"), "cell"),
        **dict.fromkeys(("gate-inputs", "f-in", "i-in", "g-in", "o-in"), "input"),
    },
}


@pytest.mark.parametrize("part", LEAVES)
def test_a_highlighted_part_of_the_cell_has_its_colour_and_the_rest_is_muted(part):
    ax = cell(highlight=part)
    things = named(ax, "(?!body).*", (FancyBboxPatch, FancyArrowPatch)) | named(ax, "node-.*")
    assert set(LEAVES[part]) <= set(things)
    for name, thing in things.items():
        assert hue(thing) == plots.color(LEAVES[part].get(name, "muted")), name


def test_highlighted_parts_add_up():
    both = cell(highlight={"i", "o"})
    bright = {name for name, box in named(both, "gate-.", FancyBboxPatch).items() if hue(box) != plots.color("muted")}
    assert bright == {"gate-i", "gate-o"}


def test_values_are_printed_with_what_follows_from_them():
    labels = texts(cell(values=VALUES))
    assert [labels[f"{gate}-text"] for gate in "figo"] == [
        "$f_t = 0.93$",
        "$i_t = 0.41$",
        "$g_t = -0.72$",
        "$o_t = 0.88$",
    ]
    assert [labels[f"{state}-value"] for state in ("c_prev", "c", "h_prev", "h")] == [
        "$1.24$",
        "$0.86$",
        "$-0.31$",
        "$0.61$",
    ]
    assert labels["kept-text"] == f"${0.93 * 1.24:.2f}$"
    assert labels["added-text"] == f"${0.41 * -0.72:.2f}$"
    assert labels["shown-text"] == f"${math.tanh(0.858):.2f}$"


def test_some_values_are_enough():
    labels = texts(cell(values={"f": 1, "i": -0.001}))
    assert labels["f-text"] == "$f_t = 1.00$" and labels["i-text"] == "$i_t = 0.00$"
    assert labels["kept-text"] == r"$f_t \odot c_{t-1}$" and "c-value" not in labels
    assert labels["c_prev-word"] == "cell\nstate"


@pytest.mark.parametrize("values", [None, VALUES, dict.fromkeys(VALUES, -0.88)])
def test_labels_of_the_cell_do_not_meet_and_stay_inside(values):
    ax = cell(values=values)
    assert not overlaps(ax)
    page = ax.figure.bbox
    for text in ax.texts:
        box = text.get_window_extent()
        assert page.x0 <= box.x0 and box.x1 <= page.x1 and page.y0 <= box.y0 and box.y1 <= page.y1, text


def test_names_fit_into_the_gates():
    ax = cell()
    for gate in "figo":
        box = only(ax, f"gate-{gate}").get_window_extent()
        for label in ("name", "function"):
            text = only(ax, f"gate-{gate}-{label}").get_window_extent()
            assert box.x0 < text.x0 and text.x1 < box.x1 and box.y0 < text.y0 and text.y1 < box.y1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"highlight": "forget"}, "highlight must name parts of this drawing, but it names 'forget'; choose from 'i'"),
        ({"highlight": ["f", 1]}, "highlight must name parts of this drawing, but it names 1"),
        ({"values": {"x": 1.0}}, "values must be given for parts of the cell, but one is for 'x'; choose from"),
    ],
)
def test_cells_that_cannot_be_drawn_are_named(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        cell(**arguments)


# --- heatmaps ---------------------------------------------------------------------------------------------


def test_heatmap_shows_units_downwards_and_time_to_the_right():
    ax = plots.plot_gates(GATES, WORDS, ax=canvas())
    (image,) = ax.images
    assert np.array_equal(image.get_array(), GATES.T)
    assert [label.get_text() for label in ax.get_xticklabels()] == WORDS
    top, bottom = ax.transData.transform([(0, 0), (0, 6)])
    assert top[1] > bottom[1]


def test_heatmap_shows_chosen_units_in_their_order():
    ax = plots.plot_gates(GATES, WORDS, [4, 0], ax=canvas())
    assert np.array_equal(ax.images[0].get_array(), GATES[:, [4, 0]].T)
    assert [label.get_text() for label in ax.get_yticklabels()] == ["4", "0"]


@pytest.mark.parametrize(
    ("role", "limits", "label"),
    [
        ("i", (0, 1), "input gate i"),
        ("f", (0, 1), "forget gate f"),
        ("o", (0, 1), "output gate o"),
        ("g", (-1, 1), "candidate g"),
        ("h", (-1, 1), "hidden state h"),
        ("hidden", (-1, 1), "hidden state h"),
        ("c", (-GATES.max(), GATES.max()), "cell state c"),
        ("cell", (-GATES.max(), GATES.max()), "cell state c"),
    ],
)
def test_role_decides_the_colours_of_a_heatmap(role, limits, label):
    ax = plots.plot_gates(GATES, WORDS, role=role, ax=canvas())
    (image,) = ax.images
    assert image.get_clim() == pytest.approx(limits)
    white_at = 0 if limits[0] == 0 else 0.5
    assert same_color(image.cmap(white_at), "white") or np.allclose(image.cmap(white_at), 1, atol=0.01)
    assert image.cmap.name == (f"lm-{role}" if limits[0] == 0 else "lm-sign")
    (bar,) = [other for other in ax.figure.axes if other is not ax]
    assert bar.get_ylabel() == label


@pytest.mark.parametrize("role", ["i", "f", "o"])
def test_sequential_colours_darken_all_the_way_through_the_role_s_own(role):
    colours = heatmaps.sequential(role)(np.linspace(0, 1, 101))
    assert (np.diff([luminance(c[:3]) for c in colours]) < 0).all()
    assert min(np.abs(colours[:, :3] - to_rgb(plots.color(role))).max(axis=1)) < 0.02


def test_diverging_colours_darken_towards_both_ends_and_differ_in_hue():
    colours = heatmaps.diverging()(np.linspace(0, 1, 201))[:, :3]
    lightness = np.array([luminance(c) for c in colours])
    assert (np.diff(lightness[:100]) > 0).all() and (np.diff(lightness[101:]) < 0).all()
    assert (colours[:60, 0] > colours[:60, 2]).all() and (colours[-60:, 2] > colours[-60:, 0]).all()


def test_a_cell_state_of_zeros_can_be_drawn():
    image = plots.plot_gates(np.zeros((2, 3)), ["a", "b"], role="c", ax=canvas()).images[0]
    assert image.get_clim() == (-1, 1)


def test_words_that_would_meet_are_turned():
    few = plots.plot_gates(GATES, WORDS, ax=canvas())
    many = plots.plot_gates(np.tile(GATES, (4, 1)), ["thousand"] * 20, ax=canvas())
    assert {label.get_rotation() for label in few.get_xticklabels()} == {0}
    assert {label.get_rotation() for label in many.get_xticklabels()} == {55}


def test_many_units_are_not_all_numbered():
    ax = plots.plot_gates(np.full((2, 100), 0.5), ["a", "b"], ax=canvas())
    numbers = [int(label.get_text()) for label in ax.get_yticklabels()]
    assert len(numbers) <= 16 and numbers == ax.get_yticks().tolist()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"role": "gate"}, "role must be one of i, f, o, g, hidden, cell, h or c, but it is 'gate'"),
        ({"values": [0.1, 0.2]}, "values must have shape (L, H), steps by units, but it is (2,)"),
        ({"tokens": ["one"]}, "tokens must be one per step, 5, but there are 1"),
        ({"values": GATES - 1}, "values must be finite numbers from 0 to 1 for role 'f', but one is -"),
        ({"values": GATES * math.nan, "role": "c"}, "values must be finite numbers from -inf to inf for role 'cell'"),
        ({"units": [7]}, "units must be numbers from 0 to 6, but one is 7"),
        ({"units": [-1]}, "units must be numbers from 0 to 6, but one is -1"),
        ({"units": []}, "units must name at least one unit, but it is empty"),
    ],
)
def test_heatmaps_that_cannot_be_drawn_are_named(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        plots.plot_gates(**{"values": GATES, "tokens": WORDS, "ax": canvas(), **arguments})


# --- the places of dropout --------------------------------------------------------------------------------


def mask_drawn(ax, name):
    """The crosses of a mask: the places of its squares that are dropped."""
    return sorted(re.sub(rf"{name}-(\d+)-cross\+", r"\1", gid) for gid in named(ax, rf"{name}-\d+-cross\+"))


def test_dropout_masks_are_the_same_at_every_step():
    ax = plots.plot_dropout_places(ax=canvas(6.8, 4.5))
    for name in ("input", "hidden", "output", "weight-1", "weight-2"):
        first, *others = (mask_drawn(ax, f"{name}-{t}") for t in range(3))
        assert first and others == [first, first], name
    assert mask_drawn(ax, "weight-1-0") != mask_drawn(ax, "weight-2-0")  # each layer has its own


def test_a_dropped_word_is_zero_wherever_it_occurs():
    ax = plots.plot_dropout_places(ax=canvas(6.8, 4.5))
    words, vectors = texts(ax, r"token-\d"), texts(ax, r"vector-\d-text")
    zero = {t for t in range(3) if vectors[f"vector-{t}-text"] == "0 0 0 0"}
    assert zero == {t for t in range(3) if words[f"token-{t}"] == "."} == {0, 2}
    assert named(ax, r"vector-\d-cross\+").keys() == {f"vector-{t}-cross+" for t in zero}


def test_places_of_dropout_are_named_at_the_height_of_their_masks():
    ax = plots.plot_dropout_places(ax=canvas(6.8, 4.5))
    names = texts(ax, r"name-\w+")
    assert sorted(names.values()) == sorted(f"{part}_p" for part in ("embed", "input", "weight", "hidden", "output"))
    ax.figure.canvas.draw()
    for part in ("embed", "input", "hidden", "output"):
        thing = "vector-0" if part == "embed" else f"{part}-0-00"
        boxes = [only(ax, name).get_window_extent() for name in (f"name-{part}", thing)]
        assert boxes[0].y0 < (boxes[1].y0 + boxes[1].y1) / 2 < boxes[0].y1
    assert overlaps(ax) == []


@pytest.mark.parametrize("part", ["embed", "input", "weight", "hidden", "output"])
def test_one_place_of_dropout_can_be_highlighted(part):
    ax = plots.plot_dropout_places(highlight=part, ax=canvas(6.8, 4.5))
    coloured = {name for name, text in named(ax, r"name-\w+").items() if hue(text) != plots.color("muted", text=True)}
    assert coloured == {f"name-{part}"}
    with pytest.raises(ValueError, match="highlight must name parts of this drawing, but it names 'cell'"):
        plots.plot_dropout_places(highlight="cell", ax=canvas())
