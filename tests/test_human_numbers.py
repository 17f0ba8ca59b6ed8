"""Human Numbers against figures that were counted elsewhere, and against a second way to write numerals."""

from collections import Counter

import pytest

from lmkit.datasets import human_numbers

UNITS = "one two three four five six seven eight nine".split()
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()


def in_words(number):
    """A numeral by the rules of arithmetic."""
    thousands, rest = divmod(number, 1000)
    hundreds, rest = divmod(rest, 100)
    tens, units = divmod(rest, 10)
    out = [UNITS[thousands - 1], "thousand"] if thousands else []
    out += [UNITS[hundreds - 1], "hundred"] if hundreds else []
    if tens == 1:
        return [*out, TEENS[units]]
    out += [TENS[tens - 2]] if tens else []
    return out + ([UNITS[units - 1]] if units else [])


def test_words_are_right_for_every_number():
    assert all(list(human_numbers.words(n)) == in_words(n) for n in human_numbers.numbers())


def test_numbers_are_all_from_1_to_9999():
    assert human_numbers.numbers() == list(range(1, 10_000))


def test_variant_lacks_8000_only():
    assert set(human_numbers.numbers()) - set(human_numbers.numbers(without_8000=True)) == {8000}
    assert len(human_numbers.numbers(without_8000=True)) == 9998


def test_variant_is_the_widely_used_one():
    joined = human_numbers.tokens(human_numbers.numbers(without_8000=True))[:-1]  # no full stop after the last
    assert len(joined) == 63_095
    assert len(set(joined)) == 30
    assert " ".join(joined[:9]) == "one . two . three . four . five"


def test_vocab_has_30_tokens_and_the_full_stop_second():
    vocab = human_numbers.vocab()
    assert len(vocab) == 30
    assert sorted(vocab.words) == sorted([".", "hundred", "thousand", *UNITS, *TEENS, *TENS])
    assert vocab.id(human_numbers.SEPARATOR) == 1


def test_parse_is_the_inverse_of_words():
    assert all(human_numbers.parse(list(human_numbers.words(n))) == n for n in human_numbers.numbers())


@pytest.mark.parametrize("text", ["", "thousand", "one one", "twenty ten", "nine .", "ten thousand", "one hundred and"])
def test_parse_gives_none_for_what_is_no_numeral(text):
    assert human_numbers.parse(text.split()) is None


def test_tokens_after_two_hundred_seventy_eight_are_counted():
    stream = " ".join(human_numbers.tokens())
    following = stream.split(" two hundred seventy eight . ")[1:]
    expected = Counter({"two": 2}) + Counter(dict.fromkeys([w for w in UNITS if w != "two"], 1))
    assert Counter(rest.split()[0] for rest in following) == expected
    whole = stream.split(" . two hundred seventy eight . ")[1:]
    assert [rest.split()[0] for rest in whole] == ["two"]


def test_numerals_split_at_full_stops():
    which = [7, 2078, 9999]
    tokens = human_numbers.tokens(which)
    assert list(map(human_numbers.parse, human_numbers.numerals(tokens))) == which
    assert human_numbers.numerals([*tokens, "six", "thousand"]) == human_numbers.numerals(tokens)
    assert human_numbers.numerals([".", "one", "."]) == [[], ["one"]]


@pytest.mark.parametrize("number", [0, -3, 10_000, 2.5, "two"])
def test_words_refuse_other_numbers(number):
    with pytest.raises(ValueError, match=f"number must be a whole number from 1 to 9999, but it is {number!r}"):
        human_numbers.words(number)


def test_sequential_split_is_the_first_four_fifths():
    training, held_out = human_numbers.sequential_split()
    whole = human_numbers.tokens(human_numbers.numbers(without_8000=True))
    assert training + held_out == whole[:-1]
    assert len(training) % 3 == 0
    assert len(training) / len(training + held_out) == pytest.approx(0.8, abs=1e-4)
    assert " ".join(training).count("nine thousand") == 0


@pytest.mark.parametrize("k", range(5))
def test_diagonal_split_hides_a_fifth_and_no_digit(k):
    training, held_out = (
        {human_numbers.parse(n) for n in human_numbers.numerals(part)} for part in human_numbers.diagonal_split(k)
    )
    assert training | held_out == set(human_numbers.numbers()) and not training & held_out
    assert len(held_out) == pytest.approx(2000, abs=1)
    for place in range(4):
        for part in (training, held_out):
            assert len({f"{n:04}"[place] for n in part}) == 10


def test_diagonal_splits_hide_everything_once():
    held_out = [human_numbers.diagonal_split(k)[1] for k in range(5)]
    assert sorted(word for part in held_out for word in part) == sorted(human_numbers.tokens())


def test_nested_diagonal_stays_within_the_training_part():
    training, held_out = human_numbers.diagonal_split(2)
    inner, development = human_numbers.diagonal_split(2, nested=1)
    assert sorted(inner + development) == sorted(training)
    assert development == human_numbers.diagonal_split(1)[1]


@pytest.mark.parametrize(
    "arguments, rule",
    [
        ((5,), "k must be one of 0 … 4, but it is 5"),
        ((2, 2), "nested must be one of 0 … 4 other than k = 2, but it is 2"),
        ((2, 7), "nested must be one of 0 … 4 other than k = 2, but it is 7"),
    ],
)
def test_diagonal_split_refuses_what_is_no_diagonal(arguments, rule):
    with pytest.raises(ValueError, match=rule):
        human_numbers.diagonal_split(*arguments)
