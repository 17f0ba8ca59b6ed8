"""The drawing of attention: weights where their words are, the truth around them, and errors with a remedy."""

import math
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import same_color

from lmkit import plots
from lmkit.datasets import translation
from tests.colour import contrast

SOURCE, TARGET = ["the", "red", "kite"], ["der", "rote", "Drachen", "<eos>"]
WEIGHTS = np.array([[0.2, 0.1, 0.7], [0.0, 1.0, 0.0], [0.05, 0.05, 0.9], [1 / 3, 1 / 3, 1 / 3]])
ALIGNMENT = [(0, 2), (1,), (2,), ()]


@pytest.fixture(autouse=True)
def book_style():
    with plt.style.context(plots.STYLE):
        yield
    plt.close("all")


def drawn(**arguments):
    arguments = {"weights": WEIGHTS, "source": SOURCE, "target": TARGET, **arguments}
    return plots.plot_attention(**arguments, ax=plt.subplots(figsize=(4, 4))[1])


def frames(ax, kind):
    """Where frames of a kind stand: the places of their middles, as (target row, source column)."""
    boxes = [patch for patch in ax.patches if (patch.get_gid() or "").startswith(kind)]
    middles = ((box.get_y() + box.get_height() / 2, box.get_x() + box.get_width() / 2) for box in boxes)
    return sorted((round(row, 6), round(column, 6)) for row, column in middles)


def test_weights_stand_below_their_source_words_and_beside_their_target_words():
    ax = drawn()
    (image,) = ax.images
    assert np.array_equal(image.get_array(), WEIGHTS) and image.get_clim() == (0, 1)
    assert [label.get_text() for label in ax.get_xticklabels()] == SOURCE
    assert [label.get_text() for label in ax.get_yticklabels()] == TARGET
    ax.figure.canvas.draw()
    corners = [label.get_window_extent() for label in ax.get_xticklabels()]
    assert all(box.y0 >= ax.bbox.y1 for box in corners)  # above the matrix
    first, last = ax.transData.transform([(0, 0), (0, len(TARGET) - 1)])
    assert first[1] > last[1]


def test_a_frame_stands_around_every_true_link_and_no_other_cell():
    links = sorted((row, place) for row, places in enumerate(ALIGNMENT) for place in places)
    ax = drawn(alignment=ALIGNMENT)
    assert frames(ax, "link") == frames(ax, "halo") == links
    assert frames(drawn(), "link") == []


def test_a_frame_can_be_seen_on_every_weight():
    ax = drawn(alignment=ALIGNMENT)
    (image,) = ax.images
    truth = next(patch for patch in ax.patches if patch.get_gid() == "link-0-0").get_edgecolor()
    assert same_color(truth, plots.color("truth"))
    assert contrast(plots.color("truth"), "#ffffff") >= 3  # on a light cell, and on its halo on a dark one
    assert np.allclose(image.cmap(0.0), 1, atol=0.01)


def test_pairs_of_the_data_can_be_drawn_as_they_are():
    pair = next(translation.beginnings(1, 12))
    uniform = np.full((len(pair.target), len(pair.source)), 1 / len(pair.source))
    ax = drawn(weights=uniform, source=pair.source, target=pair.target, alignment=pair.alignment)
    assert len(frames(ax, "link")) == sum(map(len, pair.alignment))


def test_words_that_mean_something_to_matplotlib_are_written_as_they_are():
    ax = drawn(source=["$x$", "_", "%"])
    ax.figure.canvas.draw()
    assert [label.get_text() for label in ax.get_xticklabels()][1:] == ["_", "%"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weights": WEIGHTS[None]}, "weights must have shape (T, S), target by source words, but it is (1, 4, 3)"),
        ({"weights": WEIGHTS[:0]}, "weights must have shape (T, S), target by source words, but it is (0, 3)"),
        ({"source": SOURCE[:2]}, "source must have a word for each of 3, but has 2"),
        ({"target": SOURCE}, "target must have a word for each of 4, but has 3"),
        ({"weights": 2 * WEIGHTS}, "weights must be at least 0, and each row must sum to 1, but row"),
        (
            {"weights": [[1.5, -0.5, 0]] * 4},
            "weights must be at least 0, and each row must sum to 1, but row 0 is [1.5",
        ),
        ({"weights": WEIGHTS * math.nan}, "weights must be at least 0, and each row must sum to 1, but row 0 is [nan"),
        ({"alignment": ALIGNMENT[:2]}, "alignment must say for each of 4 target words where it comes from, but says"),
        ({"alignment": [(3,), (), (), ()]}, "alignment must hold positions from 0 to 2, but one is 3"),
        ({"alignment": [(-1,), (), (), ()]}, "alignment must hold positions from 0 to 2, but one is -1"),
    ],
)
def test_what_cannot_be_drawn_is_named(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        drawn(**arguments)
