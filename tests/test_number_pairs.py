"""Number pairs: words and digits name the same number, and what is held out is what the split says."""

import random
from collections import Counter

import pytest
from num2words import num2words

from lmkit.datasets import human_numbers, number_pairs

SOME = [
    *range(1, 1200),
    9999,
    10_000,
    12_078,
    99_999,
    100_000,
    100_001,
    999_999,
    *random.Random(0).sample(range(1_000_000), 500),
]


def by_library(number):
    """A numeral as num2words writes it, without what Human Numbers leaves out."""
    text = num2words(number).replace("-", " ").replace(",", " ")
    return [word for word in text.split() if word != "and"]


def test_words_are_those_of_the_library():
    assert all(number_pairs.words(number) == by_library(number) for number in SOME if number)


def test_words_are_those_of_human_numbers():
    assert all(tuple(number_pairs.words(n)) == human_numbers.words(n) for n in human_numbers.numbers())


@pytest.mark.parametrize("to", ["digits", "words"])
def test_both_sides_of_a_pair_name_the_number(to):
    for number, (source, target) in zip(SOME, number_pairs.pairs(SOME, to), strict=True):
        assert number_pairs.parse(source) == number_pairs.parse(target) == number
        assert source[-1] == target[-1] == "<eos>"
        digits = target if to == "digits" else source
        assert "".join(digits[:-1]) == str(number)


def test_directions_are_one_another_turned_round():
    assert [pair[::-1] for pair in number_pairs.pairs(SOME)] == [tuple(p) for p in number_pairs.pairs(SOME, "words")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<eos>",
        "0",
        "0 7",
        "1 2 3 4 5 6 7",
        "thousand",
        "one thousand thousand",
        "two three",
        "3 hundred",
        "7 <eos> 7",
    ]
    + ["one thousand one thousand", "one thousand two thousand one"],
)
def test_what_is_no_number_has_no_value(text):
    assert number_pairs.parse(text.split()) is None


def test_vocabularies_have_all_tokens_and_the_end_first():
    for to, vocab in (("digits", number_pairs.digit_vocab()), ("words", number_pairs.word_vocab())):
        assert vocab.id("<eos>") == 0
        assert {token for _, target in number_pairs.pairs(SOME, to) for token in target} == set(vocab.words)
    assert (len(number_pairs.digit_vocab()), len(number_pairs.word_vocab())) == (11, 30)


def test_values_are_held_out_at_random():
    training, held = number_pairs.value_split(0.2, seed=3)
    assert sorted(training + held) == human_numbers.numbers() and len(held) == 2000
    assert (training, held) == number_pairs.value_split(0.2, seed=3) != number_pairs.value_split(0.2, seed=4)
    assert training == sorted(training) and held == sorted(held)
    thousands = Counter(n // 1000 for n in held)
    assert all(150 < thousands[i] < 250 for i in range(10))  # of 1000 each, 200 are expected, give or take 13


@pytest.mark.parametrize("k", range(5))
def test_diagonals_are_those_of_human_numbers(k):
    for numbers, tokens in zip(number_pairs.diagonal_split(k), human_numbers.diagonal_split(k), strict=True):
        assert human_numbers.tokens(numbers) == tokens


def test_lengths_are_held_out():
    training, held = number_pairs.length_split(per_length=300)
    assert Counter(len(str(n)) for n in training) == {1: 9, 2: 90, 3: 300, 4: 300, 6: 300}
    assert Counter(len(str(n)) for n in held) == {5: 300}
    assert len(set(training + held)) == len(training + held)
    # The supply of a length is the same whichever is held out.
    assert number_pairs.length_split((4,), (5,), 300) == (list(held), [n for n in training if 999 < n < 10_000])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: number_pairs.words(0), "number must be a whole number from 1 to 999999, but it is 0"),
        (lambda: number_pairs.words(1_000_000), "number must be .* but it is 1000000"),
        (lambda: number_pairs.pairs([1], "roman"), "to must be 'digits' or 'words', but it is 'roman'"),
        (lambda: number_pairs.value_split(1.0), "share must be between 0 and 1, but it is 1.0"),
        (lambda: number_pairs.value_split(limit=5), "limit must be a whole number from 10 to 1000000, but it is 5"),
        (lambda: number_pairs.diagonal_split(5), "k must be one of 0 … 4, but it is 5"),
        (lambda: number_pairs.length_split((5,), (5, 6)), "none of them twice, but they are"),
        (lambda: number_pairs.length_split((7,)), "lengths from 1 to 6 digits"),
        (lambda: number_pairs.length_split((), (1,)), "lengths from 1 to 6 digits"),
        (lambda: number_pairs.length_split(per_length=0), "per_length must be at least 1, but it is 0"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
