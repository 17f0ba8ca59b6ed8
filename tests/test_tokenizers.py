"""Tokenizers: round trips, byte-pair encoding against a second trainer and a second encoder, and what is refused."""

import copy
import json
import pickle
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer as LibraryTokenizer
from tokenizers import models, pre_tokenizers, trainers

from lmkit.text import BPE, Characters, Tokenizer, UnknownWordError, Vocab, Words, tokenizer_from_config
from lmkit.text.bpe import byte_letters
from tests.vectors.tokenizers import HELD_OUT, TRAINED_ON, prose, tokenizers

TEXT = (
    "To be, or not to be: that is the question.\n\tWhether 'tis nobler—in the mind (to suffer)…\n\n“Don't,”  he said. "
)
UNICODE = st.text(st.characters(exclude_categories=("Cs",)))
KINDS = [Vocab(["to", "be", "<eos>"]), Characters.of(TEXT), Characters.of(TEXT, unk=True), Words.of(TEXT, min_count=1)]
KINDS += [BPE.train(TEXT, 280), tokenizers()["bpe"]]


# All kinds


@pytest.mark.parametrize("tokenizer", KINDS, ids=lambda each: each.kind)
def test_a_config_makes_the_same_tokenizer(tokenizer):
    config = json.loads(json.dumps(tokenizer.config()))
    made = tokenizer_from_config(config)
    assert type(made) is type(tokenizer) and made == tokenizer
    assert made.words == tokenizer.words and made.unk == tokenizer.unk and made.end == tokenizer.end
    for again in (copy.deepcopy(tokenizer), pickle.loads(pickle.dumps(tokenizer))):
        assert again == tokenizer and again.encode("to be") == tokenizer.encode("to be")


def test_tokenizers_of_other_kinds_or_tokens_are_not_equal():
    assert all((a == b) == (i == j) for i, a in enumerate(KINDS) for j, b in enumerate(KINDS))
    assert Vocab(["a"]) != Characters(["a"]) and Characters(["a"]) != "a"


@pytest.mark.parametrize("tokenizer", KINDS, ids=lambda each: each.kind)
def test_every_token_has_its_id_and_is_shown(tokenizer):
    assert isinstance(tokenizer, Tokenizer)
    assert len(tokenizer) == len(tokenizer.words) == len({tokenizer.id(token) for token in tokenizer._ids} | {0})
    assert all(token in tokenizer for token in tokenizer._ids) and "no such token" not in tokenizer
    assert [tokenizer.show(i) for i in range(len(tokenizer))] == tokenizer.words
    assert not any(word == "" or set(word) & set(" \n\t\r") for word in tokenizer.words)
    assert repr(tokenizer).startswith(type(tokenizer).__name__)
    with pytest.raises(UnknownWordError, match="'no such token'"):
        tokenizer.id("no such token")


@pytest.mark.parametrize("tokenizer", KINDS[1:], ids=lambda each: each.kind)
def test_training_text_is_given_back(tokenizer):
    text = TEXT if tokenizer is not KINDS[-1] else "".join(prose(*TRAINED_ON))
    assert tokenizer.decode(tokenizer.encode(text)) == text
    assert not tokenizer.unknown(text)
    assert tokenizer.encode("") == [] and tokenizer.decode([]) == ""


@pytest.mark.parametrize("tokenizer", KINDS, ids=lambda each: each.kind)
def test_only_ids_of_tokens_are_decoded(tokenizer):
    for ids in ([len(tokenizer)], [-1], ["a"], [1.0]):
        with pytest.raises(ValueError, match="ids must be ids"):
            tokenizer.decode(ids)


def test_what_ends_a_text_is_a_word():
    assert Vocab(["a", "<eos>"]).end == 1 and Vocab(["a"]).end is None
    assert {tokenizer.end for tokenizer in KINDS[1:]} == {None}


def test_texts_are_shown_with_the_ends_of_lines():
    characters = KINDS[1]
    assert characters.text(characters.encode("to\n\tbe")) == "to⏎\n\tbe"
    assert [characters.show(i) for i in characters.encode(" \n\t")] == ["␣", "⏎", "⇥"]
    bpe = KINDS[4]
    assert bpe.text(bpe.encode("a\x00\r\nb")) == "a␀␍⏎\nb"
    assert [bpe.show(i) for i in bpe.encode("\xe9\x7f")] == [r"\xc3", r"\xa9", "␡"]


@pytest.mark.parametrize(
    "config, message",
    [
        ([], "tokenizer must be a table"),
        (
            {"kind": "syllables", "version": 1},
            "kind must be one of split, characters, words, bpe, but it is 'syllables'",
        ),
        ({"kind": ["bpe"], "version": 1}, "kind must be one of"),
        ({"kind": "bpe", "version": 2, "tokens": []}, "version must be 1 for kind 'bpe', but it is 2"),
        ({"kind": "bpe", "version": True, "tokens": []}, "version must be 1"),
        ({"kind": "bpe", "tokens": []}, "version must be 1"),
        ({"kind": "bpe", "version": 1}, "must have the parts of kind 'bpe'"),
        ({"kind": "bpe", "version": 1, "tokens": [], "merges": []}, "must have the parts of kind 'bpe'"),
        ({"kind": "bpe", "version": 1, "tokens": "th"}, "tokens must be a list"),
        ({"kind": "characters", "version": 1, "characters": ["a"], "unk": 1}, "unk must be True or False, but it is 1"),
    ],
)
def test_a_config_of_something_else_is_refused(config, message):
    with pytest.raises(ValueError, match=message):
        tokenizer_from_config(config)


# Characters


@given(UNICODE.filter(bool))
def test_characters_give_their_text_back(text):
    for unk in (False, True):
        characters = Characters.of(text, unk)
        assert characters.decode(characters.encode(text)) == text
        assert characters.characters == sorted(set(text))
        assert len(characters) == len(set(text)) + unk


@given(UNICODE, UNICODE.filter(bool))
def test_unknown_characters_are_told_and_replaced(text, known):
    missing = Counter(c for c in text if c not in known)
    with_unk, without = Characters.of(known, unk=True), Characters.of(known)
    assert with_unk.unknown(text) == without.unknown(text) == missing
    assert with_unk.encode(text).count(with_unk.unk) == sum(missing.values())
    if missing:
        with pytest.raises(UnknownWordError, match="characters of the vocabulary; leave it out, or .* unk=True"):
            without.encode(text)
    else:
        assert without.decode(without.encode(text)) == text


def test_an_unknown_character_is_written_as_such():
    characters = Characters.of("ab", unk=True)
    assert characters.words == ["<unk>", "a", "b"] and characters.decode(characters.encode("a€b")) == "a<unk>b"


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Characters.of(""), "text must hold at least one character, but it is empty"),
        (lambda: Characters.of(b"ab"), "text must be a string, but it is of type bytes"),
        (lambda: Characters.of("a\ud800"), "text must be text that UTF-8 can write, .* at character 1"),
        (lambda: Characters([]), "characters must hold at least one"),
        (lambda: Characters(["ab"]), "single ones, but one is 'ab'"),
        (lambda: Characters(["a", "a"]), "distinct, but 'a'"),
        (lambda: Characters([7]), "strings, but one is 7"),
    ],
)
def test_characters_refuse_what_is_none(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# Words


@given(st.text(st.sampled_from("ab B1'-’—.,!(“ \n\t_§"), max_size=40).filter(str.strip))
def test_words_give_back_a_text_whose_words_they_know(text):
    words = Words.of(text, min_count=1)
    assert words.decode(words.encode(text)) == text and not words.unknown(text)


@given(st.text(st.sampled_from("ab B1'-’—.,!(“ \n\t_§"), max_size=40))
def test_unknown_words_take_nothing_else_with_them(text):
    """The text is given back with each unknown piece replaced where it stands."""
    words = Words(["a", "b", ".", "(", "'", "—"])
    found = words.decode(words.encode(text))
    pieces = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*|.", text, re.DOTALL)
    assert found == "".join(piece if piece in words else "<unk>" for piece in pieces)
    assert words.unknown(text) == Counter(piece for piece in pieces if piece not in words)


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("to be, or not.", "to be , or not ."),
        ("(to be)", "( to be )"),
        ("don't to-day", "don't to-day"),
        ("a—b", "a — b"),
        ("be ,", "be ␣ ,"),
        ("be  or", "be ␣ ␣ or"),
        ("be\nor", "be ⏎ or"),
        (" be ", "␣ be ␣"),
        ("a/b", "a ‿ / ‿ b"),
        ("“be”", "“ be ”"),
    ],
)
def test_a_space_is_a_token_only_where_none_is_expected(text, tokens):
    words = Words.of("to be, or not. (to be) don't to-day a—b / “”", min_count=1)
    assert " ".join(map(words.show, words.encode(text))) == tokens
    assert words.decode(words.encode(text)) == text


def test_words_are_the_most_frequent_ones():
    text = "b a c a b a\nd"
    assert Words.of(text, vocab_size=6).words == ["<unk>", "‿", "␣", "⏎", "a", "b"]
    assert Words.of(text, min_count=2) == Words.of(text, 6)
    assert Words.of(text, min_count=1).words[4:] == ["a", "b", "c", "d"]
    assert Words.of(text, 6).unk == 0 and Words.of(text, 6).encode("a z") == [4, 0]


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Words.of("", 5), "at least one character, but it is empty"),
        (
            lambda: Words.of("a b", 7),
            "vocab_size must be a whole number from 5 to 6, .* 2 distinct words .* but it is 7",
        ),
        (lambda: Words.of("a b", 4), "vocab_size must be a whole number from 5 to 6"),
        (lambda: Words.of("a b", 5.0), "vocab_size must be a whole number"),
        (lambda: Words.of("a b"), "either vocab_size or min_count must be given"),
        (lambda: Words.of("a b", 5, min_count=1), "either vocab_size or min_count"),
        (
            lambda: Words.of("a b", min_count=2),
            "min_count must leave a word, but it is 2, and none .* more than 1 times",
        ),
        (lambda: Words.of("a b", min_count=0), "min_count must be a whole number of at least 1"),
        (lambda: Words.of(" \n", min_count=1), "min_count must leave a word"),
        (lambda: Words(["a b"]), "words or single marks, but one is 'a b'"),
        (lambda: Words(["<unk>"]), "'<unk>' occurs more than once"),
        (lambda: Words(["a", "a"]), "distinct"),
    ],
)
def test_words_refuse_what_is_none(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# Byte-pair encoding


def pieces_of(text):
    return [piece for piece, _ in pre_tokenizers.ByteLevel(add_prefix_space=False).pre_tokenize_str(text)]


def trained_slowly(text, vocab_size):
    """Sennrich's algorithm as he gives it: count all pairs anew for each merge; of equals the lowest ids first."""
    tokens = sorted(byte_letters().values())
    ids = {token: i for i, token in enumerate(tokens)}
    counts = Counter(pieces_of(text))
    words = {piece: list(piece) for piece in counts}
    while len(tokens) < vocab_size:
        pairs = Counter()
        for piece, parts in words.items():
            for pair in zip(parts, parts[1:], strict=False):
                pairs[pair] += counts[piece]
        best = min(pairs, key=lambda pair: (-pairs[pair], ids[pair[0]], ids[pair[1]]))
        ids["".join(best)] = len(tokens)
        tokens.append("".join(best))
        words = {piece: joined(parts, best) for piece, parts in words.items()}
    return tokens[256:]


def joined(parts, pair):
    """Parts in which a pair of neighbours is one, wherever they stand, from the left."""
    out = []
    for part in parts:
        if out and (out[-1], part) == pair:
            part = out.pop() + part
        out.append(part)
    return out


def test_training_joins_the_most_frequent_pair_of_neighbours():
    for text, size in ((TEXT * 2, 300), ("".join(prose(*HELD_OUT)), 400), ("aaaa aaaaa baaab " * 3, 262)):
        assert BPE.train(text, size).tokens == trained_slowly(text, size)


def test_the_order_of_tokens_gives_the_merges_of_training():
    """The library's own record of what it joined, and its own ids of other texts."""
    text = "".join(prose(*TRAINED_ON))
    library = LibraryTokenizer(models.BPE())
    library.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    library.train_from_iterator(
        [text],
        trainers.BpeTrainer(vocab_size=900, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False),
    )
    bpe = tokenizers()["bpe"]
    ours, theirs = (json.loads(each.to_str())["model"] for each in (bpe._library, library))
    assert ours["merges"] == theirs["merges"] and ours["vocab"] == theirs["vocab"]
    held_out = "".join(prose(*HELD_OUT))
    assert bpe.encode(held_out) == library.encode(held_out).ids
    assert len(bpe.encode(held_out)) < 0.4 * len(held_out)


@given(st.text(st.sampled_from("ab c'\n"), min_size=1, max_size=60), st.integers(1, 12), UNICODE)
def test_ranks_are_ids_whatever_the_text(text, more, other):
    """Two neighbours that are a token together are joined, the lowest id first: no list of merges is needed."""
    try:
        bpe = BPE.train(text, 256 + more)
    except ValueError as error:
        assert "vocab_size must be at most" in str(error)
        return
    assert BPE(bpe.tokens) == bpe
    for read in (text, text[::-1], other):
        found = []
        for piece in pieces_of(read):
            parts = list(piece)
            while pairs := [pair for pair in zip(parts, parts[1:], strict=False) if "".join(pair) in bpe]:
                parts = joined(parts, min(pairs, key=lambda pair: bpe.id("".join(pair))))
            found += map(bpe.id, parts)
        assert bpe.encode(read) == found
        assert bpe.decode(found) == read


@given(UNICODE)
def test_nothing_is_unknown_to_bytes(text):
    for bpe in (tokenizers()["bpe"], tokenizers()["bytes"]):
        assert bpe.decode(bpe.encode(text)) == text and not bpe.unknown(text)
    assert tokenizers()["bytes"].encode(text) == [tokenizers()["bytes"].id(byte_letters()[b]) for b in text.encode()]


def test_several_texts_are_learned_as_one_vocabulary():
    parts = list(prose(*HELD_OUT))
    assert BPE.train(iter(parts), 300) == BPE.train(parts, 300)
    assert BPE.train(["ab", "ab"], 257).tokens == ["ab"] and BPE.train("ab", 257).tokens == ["ab"]


def test_broken_characters_are_decoded_as_such():
    bpe = tokenizers()["bytes"]
    euro = bpe.encode("€")
    assert bpe.decode(euro[:2]) == "�" and bpe.decode(euro[1:] + euro) == "��€"


@pytest.mark.parametrize(
    "make, message",
    [
        (
            lambda: BPE.train("ab", 255),
            "vocab_size must be a whole number of at least 256, for every byte .* it is 255",
        ),
        (lambda: BPE.train("ab", 300.0), "vocab_size must be a whole number"),
        (lambda: BPE.train("ab cd", 300), "vocab_size must be at most 259, .* but it is 300; give a longer text"),
        (lambda: BPE.train("", 300), "at least one character, but it is empty"),
        (lambda: BPE.train([], 300), "at least one character, but it is empty"),
        (lambda: BPE.train(["a", 7], 300), "texts must be a string, but it is of type int"),
        (lambda: BPE.train("\udc80", 300), "texts must be text that UTF-8 can write"),
        (lambda: tokenizers()["bpe"].encode("\udc80"), "text must be text that UTF-8 can write"),
        (lambda: BPE(["th", "th"]), "distinct"),
        (lambda: BPE(["the", "th"]), "made of two tokens before it, but 'the' is made of"),
        (lambda: BPE(["a"]), "distinct"),
        (lambda: BPE(["t h"]), "in the letters of bytes, but one is 't h'"),
        (lambda: BPE([""]), "made of two tokens before it, but '' is made of"),
        (lambda: BPE([7]), "strings, but one is 7"),
    ],
)
def test_bpe_refuses_what_is_none(make, message):
    with pytest.raises(ValueError, match=message):
        make()
