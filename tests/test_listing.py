"""`python -m lmkit words`: what it prints are the tokens of the model's own vocabulary, all to be seen."""

import re
import shutil

import pytest

from lmkit import pretrained
from lmkit.__main__ import main
from lmkit.models import LSTMLanguageModel
from lmkit.text import BPE, Characters, Vocab, Words

SIGNS = {"␣": " ", "⏎": "\n", "⇥": "\t", "⍽": "\xa0"}


def outcome(arguments, capsys, status):
    """Run the command, which must end with a status, and return what it prints and what it complains of."""
    assert main(["words", *map(str, arguments)]) == status
    return capsys.readouterr()


@pytest.fixture
def listed(capsys):
    """A function that runs the command: its lines as pairs of an id and a token."""

    def lines(*arguments):
        out, err = outcome(arguments, capsys, 0)
        assert err == ""
        return [
            (int(place), token) for place, token in (line.split("\t") for line in out.removesuffix("\n").split("\n"))
        ]

    return lines


@pytest.fixture
def refused(capsys):
    """A function that runs the command in vain: its complaint."""

    def complaint(*arguments):
        out, err = outcome(arguments, capsys, 2)
        assert out == ""
        return err

    return complaint


@pytest.fixture
def saved(tmp_path):
    """A function that saves a model of a vocabulary, and returns its file."""

    def save(vocab):
        pretrained.save(tmp_path / "mine.safetensors", LSTMLanguageModel(len(vocab), 4, 4), vocab)
        return tmp_path / "mine.safetensors"

    return save


@pytest.mark.parametrize("name", pretrained.names())
def test_every_token_is_listed_by_its_id(listed, name):
    assert listed(name) == list(enumerate(pretrained.load(name).vocab.words))


@pytest.mark.parametrize("side", ["source", "target"])
def test_a_translator_has_two_sides(listed, side):
    translator = pretrained.load_translator("numbers")
    words = getattr(translator, f"{side}_vocab").words
    assert listed("numbers", "--side", side) == list(enumerate(words))
    assert listed("numbers") == list(enumerate(translator.source_vocab.words))


def test_a_file_of_either_kind_is_read(listed, saved, tmp_path):
    assert listed(saved(Vocab(["b", "a"]))) == [(0, "b"), (1, "a")]
    shutil.copy(pretrained.path_of("numbers"), tmp_path / "pairs.safetensors")
    assert listed(tmp_path / "pairs.safetensors") == listed("numbers")


def test_what_is_listed_can_be_typed(listed):
    """A token of which the tokenizer makes one id again, once the signs are put back."""
    vocab = pretrained.load("shakespeare").vocab
    words = [(place, token) for place, token in listed("shakespeare", "--prefix", "␣") if token[1:].isalpha()]
    assert len(words) > 100
    for place, token in words:
        assert vocab.encode("".join(SIGNS.get(sign, sign) for sign in token)) == [place]


@pytest.mark.parametrize("typed", [" ki", "␣ki"])
def test_prefix_may_have_its_space_either_way(listed, typed):
    every = listed("shakespeare")
    assert listed("shakespeare", "--prefix", typed) == [pair for pair in every if re.match("␣ki", pair[1])] != []


def test_alphabet_puts_a_word_beside_itself_in_any_form(listed, saved):
    bpe = BPE.train("The kite The kite the Kite zebra Zebra " * 9, 270)
    every = listed(saved(bpe))
    sorted_tokens = listed(saved(bpe), "--order", "alphabet")
    assert sorted(sorted_tokens) == every
    order = [token.replace("␣", "").lower() for _, token in sorted_tokens if token.replace("␣", "").isascii()]
    assert order == sorted(order)
    assert listed(saved(Vocab(["b", "B", "a", "C"])), "--order", "alphabet") == [(2, "a"), (1, "B"), (0, "b"), (3, "C")]


@pytest.mark.parametrize(
    "vocab",
    [
        Vocab(["a\u200bb", "\u202eright", "\x07", "plain"]),
        Characters.of("a\u200b\u202e\n\t \xa0\u2003\x07\x85\ue000é🦊"),
        Words.of("one\u200b two\u2028three\x07 \u2003x", min_count=1),
    ],
    ids=["split", "characters", "words"],
)
def test_every_character_is_to_be_seen(listed, saved, vocab):
    found = listed(saved(vocab))
    assert [place for place, _ in found] == list(range(len(vocab)))
    assert len({token for _, token in found}) == len(vocab)
    assert all(token.isprintable() and " " not in token for _, token in found)


def test_count_is_of_what_would_be_listed(listed, capsys):
    for arguments in ([], ["--prefix", "a"], ["--prefix", "zzz"]):
        assert main(["words", "stories", "--count", *arguments]) == 0
        count = int(capsys.readouterr().out)
        assert count == sum(word.startswith("".join(arguments[1:])) for word in pretrained.load("stories").vocab.words)


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (["stories", "--prefix", "xyz"], "prefix must begin one of the .* 'xyz'; try fewer letters$"),
        (["shakespeare", "--prefix", "kin"], "'kin'; try '␣kin', with a space before it$"),
        (["stories", "--side", "target"], "side must be left out of a language model"),
        (["stories", "--count", "--order", "alphabet"], "order must be left out with --count"),
        (["dragons"], r"one of the shipped models \[.*'stories'.*'translator'.*\], or the path"),
        ([__file__], "cannot be read as a model file"),
        (["nowhere/x.safetensors"], "nowhere/x.safetensors cannot be read: No such file"),
    ],
)
def test_bad_options_are_told(refused, arguments, complaint):
    assert re.search(complaint, refused(*arguments).strip())


@pytest.mark.parametrize("command", [["generate", "stories", "a dragon"], ["translate", "numbers", "dragon"]])
def test_who_types_an_unknown_word_is_told_of_the_list(capsys, command):
    assert main(command) == 2
    assert f"`python -m lmkit words {command[1]}` lists them" in capsys.readouterr().err


def test_a_model_with_a_space_in_its_name_is_quoted(capsys, saved):
    place = saved(Vocab(["a", "b"]))
    spaced = place.rename(place.with_name("my model.safetensors"))
    assert main(["generate", str(spaced), "dragon"]) == 2
    assert f"`python -m lmkit words '{spaced}'` lists them" in capsys.readouterr().err
