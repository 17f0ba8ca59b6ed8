"""Recall: the page asks what Python asks, only answers count, and whoever remembers nothing pays for a guess."""

import math

import pytest

from lmkit.widgets import TrainLab
from lmkit.widgets.labs.train import recall
from tests.widgets.train.test_lab import TEXTS, TRAIN, run_settings, source

EASY = {"distance": 3, "batch_size": 16, "hidden_size": 32, "steps": 300, "optimizer": "muon"}


@pytest.fixture(scope="module")
def node(scripts):
    return scripts("labs/train/recall.js", "labs/train/training.js")


@pytest.mark.parametrize("distance", [1, 6, recall.LONGEST])
def test_page_asks_what_python_asks(node, distance):
    size = distance + 1
    found = node.evaluate(
        """(settings) => {
          const held = lmkit.heldOutRows(settings.distance), windows = lmkit.recallWindows(settings);
          const [first, second] = [windows.next().value, windows.next().value];
          return [first, second, held].map(({ inputs, targets }) => [Array.from(inputs), Array.from(targets)]);
        }""",
        {"distance": distance, "batch_size": 8, "seed": 5},
    )
    rows = [recall.rows(8, distance, 5), recall.rows(8, distance, 5, drawn=8 * size)]
    rows.append(recall.rows(recall.HELD_OUT, distance, recall.HELD_OUT_SEED))
    for (inputs, targets), wanted in zip(found, rows, strict=True):
        assert inputs == [token for row in wanted for token in row]
        assert targets == [target for row in wanted for target in [-100] * distance + [row[0]]]


def test_rows_are_a_symbol_and_distractors_drawn_evenly():
    rows = recall.rows(4000, 3, seed=1)
    symbols = [row[0] for row in rows]
    distractors = [token for row in rows for token in row[1:]]
    for kind, found in ((range(4), symbols), (range(4, 8), distractors)):
        counts = [found.count(token) / len(found) for token in kind]
        assert counts == pytest.approx([0.25] * 4, abs=0.02) and sum(counts) == pytest.approx(1)


def test_a_short_distance_is_learned_and_a_network_that_learned_nothing_guesses(node):
    told = source("recall")
    points = node.evaluate(TRAIN, [told, run_settings(**EASY)])["points"]
    lines = {name: value for value, name in TEXTS["recall"].loss}
    assert points[0]["heldLoss"] == pytest.approx(math.log(8), abs=0.1)  # it does not even know the symbols
    assert points[-1]["heldLoss"] < 0.1 and points[-1]["heldAccuracy"] == 1
    forgets = run_settings(**EASY | {"cell": "rnn", "distance": 40, "optimizer": "adamw", "lr": 0.01})
    points = node.evaluate(TRAIN, [told, forgets])["points"]
    assert points[-1]["heldLoss"] == pytest.approx(lines["a guess"], abs=0.05)


def test_sample_names_the_symbol_of_the_first_question(node):
    prompt, text = node.evaluate(
        """([source, settings]) => {
          const training = new lmkit.Training(source, settings);
          while (!training.isOver) training.step();
          const { prompt, text } = training.sample();
          return [prompt, text];
        }""",
        [source("recall"), run_settings(**EASY)],
    )
    (first,) = recall.rows(1, 3, recall.HELD_OUT_SEED)
    assert prompt.split() == [recall.WORDS[token] for token in first]
    assert text.split() == [recall.WORDS[first[0]]]


def test_a_step_from_inside_counts_the_answer_only(node):
    words, next_words, losses = node.evaluate(
        """([source, settings]) => {
          const { words, next, trace } = new lmkit.Training(source, settings).trace();
          return [words, next, Array.from(trace.losses)];
        }""",
        [source("recall"), run_settings(**EASY)],
    )
    assert next_words == ["", "", "", words[0]]
    assert losses[:3] == [0, 0, 0] and losses[3] > 1


def test_lab_shows_a_distance_in_place_of_the_window():
    words = TrainLab("recall", distance=9).picture()[1]
    assert "Text Recall a symbol" in words and "Distance 9" in words and "Window" not in words
    assert "Distance" not in TrainLab("stories").picture()[1]
