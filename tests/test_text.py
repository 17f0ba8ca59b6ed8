"""Vocabularies, rows and windows, against plain Python lists."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lmkit.text import UnknownWordError, Vocab, batchify, to_tensor, tokenize, windows

WORD = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=5)


@given(st.lists(WORD, min_size=1, unique=True))
def test_vocab_gives_each_word_its_place(words):
    vocab = Vocab(words)
    assert len(vocab) == len(words)
    assert vocab.ids(words) == list(range(len(words)))
    assert [vocab.id(word) for word in words] == vocab.ids(words)
    assert all(word in vocab for word in words)


@given(st.lists(WORD, min_size=1))
def test_encode_and_decode_are_inverse(tokens):
    text = " ".join(tokens)
    vocab = Vocab.of(tokens)
    assert vocab.decode(vocab.encode(text)) == text
    assert vocab.words == sorted(set(tokens), key=tokens.index)


def test_tokenize_splits_at_any_white_space():
    assert tokenize("  one\ttwo\n.  ") == ["one", "two", "."]


def test_decode_takes_tensors_and_arrays():
    vocab = Vocab(["a", "b"])
    assert vocab.decode(torch.tensor([1, 0])) == "b a"
    assert vocab.decode(torch.tensor([1, 0]).numpy()) == "b a"


def test_vocabs_are_equal_if_their_words_are():
    assert Vocab(["a", "b"]) == Vocab(["a", "b"])
    assert Vocab(["a", "b"]) != Vocab(["b", "a"])
    assert Vocab(["a"]) != ["a"]


@pytest.mark.parametrize(
    "words, named",
    [([], "empty"), (["a", "b", "a"], "'a'"), (["a", ""], "''"), (["b c"], "'b c'"), (["\n"], r"'\\n'"), ([7], "7")],
)
def test_vocab_refuses_words_it_cannot_tell_apart(words, named):
    with pytest.raises(ValueError, match=f"words must .*{named}"):
        Vocab(words)


def test_unknown_word_is_named():
    with pytest.raises(UnknownWordError, match="'dragon', .* 2 words .* use"):
        Vocab(["a", "b"]).encode("a dragon b")
    with pytest.raises(UnknownWordError, match="'dragon'"):
        Vocab(["a"]).id("dragon")


@given(st.integers(2, 200), st.integers(1, 20))
def test_batchify_makes_rows_that_continue_one_another(length, batch_size):
    tokens = torch.arange(length)
    if length < 2 * batch_size:
        with pytest.raises(ValueError, match=f"2 × batch_size = {2 * batch_size} .* holds {length}"):
            batchify(tokens, batch_size)
        return
    stream = batchify(tokens, batch_size)
    assert stream.shape == (batch_size, length // batch_size)
    assert stream.flatten().tolist() == list(range(batch_size * (length // batch_size)))


@given(st.integers(1, 4), st.integers(2, 40), st.integers(1, 50))
def test_windows_predict_every_token_but_the_first_once(batch_size, width, length):
    stream = torch.arange(batch_size * width).view(batch_size, width)
    pairs = list(windows(stream, length))
    assert torch.equal(torch.cat([x for x, _ in pairs], dim=1), stream[:, :-1])
    assert torch.equal(torch.cat([y for _, y in pairs], dim=1), stream[:, 1:])
    assert all(x.shape == y.shape and x.shape[1] <= length for x, y in pairs)
    assert all(x.shape[1] == length for x, _ in pairs[:-1])


def test_to_tensor_makes_ids():
    ids = to_tensor([3, 1, 2])
    assert ids.dtype == torch.int64
    assert ids.tolist() == [3, 1, 2]


@pytest.mark.parametrize("batch_size", [0, -1])
def test_batchify_refuses_a_batch_size_below_1(batch_size):
    with pytest.raises(ValueError, match=f"batch_size must be at least 1, but it is {batch_size}"):
        batchify(torch.arange(10), batch_size)


@pytest.mark.parametrize("length", [0, -1])
def test_windows_refuse_a_length_below_1(length):
    with pytest.raises(ValueError, match=f"length must be at least 1, but it is {length}"):
        next(windows(torch.zeros(2, 5), length))


def test_windows_refuse_rows_with_nothing_to_predict():
    with pytest.raises(ValueError, match=r"stream must hold at least 2 tokens a row, .* \(3, 1\)"):
        next(windows(torch.zeros(3, 1), 4))
