"""Every function that measures says so where there is nothing to measure; none divides by zero."""

import math

import pytest
import torch

from lmkit import metrics
from lmkit.analysis import counting, gradients, probing
from lmkit.models import AWDLSTM
from lmkit.rnn import LSTM, LSTMCell
from lmkit.training import evaluate, evaluate_with_cache, is_non_monotone, train
from tests.random_lm import RandomLM

MODEL = AWDLSTM(5, 4, 4)
PADDING = torch.full((2, 9), -100)
PADDED_END = torch.tensor([[0, 1, 2, 3, 4] + [-100] * 5, [4, 3, 2, 1] + [-100] * 6])
PROBE = probing.Probe(torch.ones(3), torch.tensor(0.0))
NO_STATES, NO_CLASSES = torch.zeros(0, 3), torch.zeros(0)
STATES, CLASSES = torch.randn(4, 3), torch.tensor([0, 1, 0, 1])

CALLS = {
    "evaluate": (lambda: evaluate(MODEL, PADDING), "stream must hold a target that counts"),
    "evaluate the last": (lambda: evaluate(MODEL, PADDING, 3, "last"), "stream must hold a target that counts"),
    "evaluate no rows": (lambda: evaluate(MODEL, PADDING[:0]), "stream must hold a target that counts"),
    "evaluate no columns": (lambda: evaluate(MODEL, PADDING[:, :1]), "stream must hold at least 2 tokens"),
    "evaluate_with_cache": (lambda: evaluate_with_cache(MODEL, PADDING), "stream must hold a target that counts"),
    "evaluate_with_cache, no rows": (lambda: evaluate_with_cache(MODEL, PADDING[:0]), "stream must hold a target"),
    "train": (
        lambda: train(AWDLSTM(5, 4, 4), [PADDED_END], steps=3, window=4, progress=False),
        "streams must hold a target that counts in every window, but in that of step 1 none does",
    ),
    "step_distances": (lambda: metrics.step_distances(torch.zeros(0, 3), torch.zeros(0, 3)), "logits must hold"),
    "text_total_variation": (lambda: metrics.text_total_variation(torch.zeros(0), torch.zeros(0)), "log_q must hold"),
    "text_kl_divergence": (lambda: metrics.text_kl_divergence(torch.zeros(0), torch.zeros(0)), "log_q must hold"),
    "text_log_probs": (lambda: metrics.text_log_probs(RandomLM(3, 3), [], []), "texts must hold at least one text"),
    "distinct_n": (lambda: metrics.distinct_n([], 1), "texts must hold"),
    "mean_length": (lambda: metrics.mean_length([]), "texts must hold"),
    "self_bleu": (lambda: metrics.self_bleu([]), "texts must hold"),
    "valid_numerals": (lambda: metrics.valid_numerals([]), "texts must hold"),
    "correct_successors": (lambda: metrics.correct_successors([]), "texts must hold"),
    "grammatical_share": (lambda: metrics.grammatical_share([]), "texts must hold"),
    "log_prob_per_token": (lambda: metrics.log_prob_per_token([]), "texts must hold"),
    "true_distributions": (lambda: metrics.true_distributions([]), "texts must hold"),
    "score": (lambda: counting.score({}, [], 0), "tokens must hold more than"),
    "ceiling": (lambda: counting.ceiling([], 0), "tokens must hold more than"),
    "best_guess": (lambda: counting.best_guess({}), "counts must hold at least one token"),
    "shares": (lambda: counting.shares({"a": 0}), "counts must not all be 0"),
    "SmoothedModel": (lambda: counting.SmoothedModel([], -1, 3), "context_length must be at least 0"),
    "cross_entropy": (lambda: counting.SmoothedModel([], 1, 3).cross_entropy([]), "tokens must hold more than"),
    "accuracy": (lambda: PROBE.accuracy(NO_STATES, NO_CLASSES), "x must hold at least one state"),
    "fit_probe": (lambda: probing.fit_probe(NO_STATES, NO_CLASSES), "y must hold the classes 0 and 1"),
    "unit_accuracies": (
        lambda: probing.unit_accuracies(STATES, CLASSES, NO_STATES, NO_CLASSES),
        "x_test must hold at least one state",
    ),
    "unit_accuracies, half": (
        lambda: probing.unit_accuracies(STATES, CLASSES, STATES),
        "x_test and y_test must be given together",
    ),
    "reach": (lambda: gradients.reach(torch.zeros(0)), "norms must hold"),
    "jacobian_norms": (lambda: gradients.jacobian_norms(LSTM(3, 4), torch.zeros(0, 3)), "x must hold at least one"),
    "step_jacobians": (lambda: gradients.step_jacobians(LSTMCell(3, 4), torch.zeros(0, 3)), "x must hold at least one"),
    "spectral_radius": (lambda: gradients.spectral_radius(torch.zeros(0, 0)), "matrix must have at least one row"),
}


@pytest.mark.parametrize("name", CALLS)
def test_measuring_nothing_is_told(name):
    call, rule = CALLS[name]
    with pytest.raises(ValueError, match=rule):
        call()


def test_what_nothing_has_an_answer_for_is_answered():
    assert metrics.repetition([]) == 0.0 and metrics.ngrams([], 2) == [] and counting.count([], 2) == {}
    assert metrics.true_log_probs([]).tolist() == [] and counting.shares({}) == {}
    assert torch.equal(gradients.chain(torch.zeros(0, 2, 2)), torch.eye(2)[None])
    assert not is_non_monotone([], 0) and not is_non_monotone([1.0], 0)
    beginning = ["one", "morning"]
    assert math.isnan(metrics.log_prob_per_token([beginning], [beginning]))
    assert metrics.false_mass(torch.zeros(0, 3), torch.zeros(0, 3)).tolist() == []


def test_padding_that_is_only_the_end_of_rows_is_evaluated():
    whole = evaluate(MODEL, PADDED_END, window=4)
    assert whole.tokens == 7 and whole.cross_entropy == pytest.approx(evaluate(MODEL, PADDED_END, 99).cross_entropy)
    assert evaluate_with_cache(MODEL, PADDED_END, window=4).tokens == 7
