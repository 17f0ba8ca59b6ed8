"""Which units carry a digit: transplants against plain facts, and the experiment's own model and measures."""

from dataclasses import replace

import pytest
import torch

from lmkit import pretrained
from lmkit.datasets import human_numbers
from lmkit.experiments import digits
from lmkit.experiments.digits import DigitsRecipe


@pytest.fixture(scope="module")
def model():
    return pretrained.load("human_numbers").model


def test_drawn_numbers_have_a_next_one_with_the_same_thousands_digit():
    numbers = digits.drawn_numbers(50, seed=1)
    assert len(numbers) == 50
    assert all(number // 1000 == (number + 1) // 1000 in range(1, 10) for number in numbers)
    assert digits.drawn_numbers(50, seed=1) == numbers != digits.drawn_numbers(50, seed=2)


def test_vocabulary_is_that_of_the_shipped_model():
    assert digits.VOCAB.words == human_numbers.vocab().words == pretrained.load("human_numbers").vocab.words


def test_a_good_model_goes_on_with_the_digit_that_it_has_read(model):
    numbers = digits.drawn_numbers(20, seed=3)
    found = digits.next_digits(model, numbers, digits.states(model, numbers))
    assert found.tolist() == [number // 1000 for number in numbers]


def test_next_digit_is_that_of_the_whole_text_read_at_once(model):
    numbers = digits.drawn_numbers(5, seed=4)
    for number, found in zip(numbers, digits.next_digits(model, numbers, digits.states(model, numbers)), strict=True):
        text = [human_numbers.SEPARATOR, *human_numbers.tokens(range(number - 3, number + 1))]
        logits = model(torch.tensor([digits.VOCAB.ids(text)]))[0][0, -1]
        assert int(logits[digits.DIGITS].argmax()) + 1 == found


def test_transplanting_no_unit_changes_nothing_and_all_units_give_the_donors_cell_state():
    (h, c), (other_h, other_c) = torch.randn(2, 2, 1, 1, 6).unbind()
    assert digits.transplanted((h, c), (other_h, other_c), [])[1].equal(c)
    assert digits.transplanted((h, c), (other_h, other_c), list(range(6)))[1].equal(other_c)
    new_h, new_c = digits.transplanted((h, c), (other_h, other_c), [1, 4])
    assert new_h is h
    assert (new_c != c).nonzero()[:, -1].tolist() == [1, 4]


def test_units_are_ranked_by_how_far_the_digits_means_lie_apart(model):
    numbers = digits.drawn_numbers(100, seed=5)
    order, means = digits.ranked(model, numbers)
    assert sorted(order) == list(range(64)) and means.shape == (9, 64)
    spread = means.var(dim=0)[order]
    assert (spread[:-1] >= spread[1:]).all()


def test_a_run_is_made_and_made_again(monkeypatch):
    monkeypatch.setattr(digits, "RANKING", 60)
    monkeypatch.setattr(digits, "PAIRS", 20)
    tiny = replace(next(digits.digits())[0], steps=3, hidden_size=4, embedding_size=4)
    first, again = (tiny.run(7) for _ in range(2))
    assert first == again and first.measures["counts"] == [1, 2, 3, 4]


def test_every_seed_is_a_model_of_its_own():
    jobs = list(digits.digits())
    assert [seed for *_, seed in jobs] == list(range(1, 11))
    assert {recipe for recipe, *_ in jobs} == {DigitsRecipe(lr=0.02, optimizer="muon")}
