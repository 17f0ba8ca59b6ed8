"""Models whose vocabulary is of any kind: their files, their prompts, and the texts that they write."""

import json

import pytest

from lmkit import decoding, pretrained
from lmkit.__main__ import main
from lmkit.pretrained import ModelFileError, Pretrained, from_bytes, to_bytes
from lmkit.text import BPE, Characters, UnknownWordError, Vocab, Words
from tests.opinionated import opinionated
from tests.test_pretrained import parts, rewritten

TEXT = "Now is the winter of our discontent\nMade glorious summer by this sun of York;\nAnd all the clouds, all.\n"
TOKENIZERS = {
    "split": Vocab(["<eos>", "now", "is", "the", "winter", "."]),
    "characters": Characters.of(TEXT),
    "characters with unk": Characters.of(TEXT, unk=True),
    "words": Words.of(TEXT, min_count=1),
    "bpe": BPE.train(TEXT, 280),
}
STRATEGIES = [{}, {"do_sample": True, "seed": 2}, {"num_beams": 4}, {"penalty_alpha": 0.6}]


def trained(vocab, seed=0):
    """An untrained model with clear preferences, of which `<unk>` is the first."""
    return Pretrained(opinionated(vocab, 6, 8, 0.8, seed), vocab, {"title": "Test"})


# Files


@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_file_gives_the_same_tokenizer(name):
    one = trained(TOKENIZERS[name])
    data = to_bytes(one.model, one.vocab, one.card, quantise=False)
    back = from_bytes(data)
    assert back.vocab == one.vocab and type(back.vocab) is type(one.vocab)
    assert to_bytes(back.model, back.vocab, back.card, quantise=False) == data
    assert back.generate("the", 8) == one.generate("the", 8)
    metadata = parts(data)[0]["__metadata__"]
    assert ("tokenizer" in metadata) == (name != "split") and ("vocab" in metadata) == (name == "split")
    if name != "split":
        assert json.loads(metadata["tokenizer"])["kind"] == name.split()[0]


def test_a_file_without_a_tokenizer_has_words_that_stand_apart():
    """The files of before, whose bytes are the same as ever; one may also say so."""
    one = trained(TOKENIZERS["split"])
    data = to_bytes(one.model, one.vocab)
    assert parts(data)[0]["__metadata__"]["vocab"] == '["<eos>", "now", "is", "the", "winter", "."]'
    said = rewritten(data, vocab=None, tokenizer=json.dumps(one.vocab.config()))
    assert from_bytes(said).vocab == one.vocab


@pytest.mark.parametrize(
    "tokenizer, message",
    [
        (
            {"kind": "syllables", "version": 1},
            "kind must be one of split, characters, words, bpe, but it is 'syllables'",
        ),
        ({**TOKENIZERS["bpe"].config(), "version": 2}, "version must be 1 for kind 'bpe', but it is 2; .* wrote it"),
        ({**TOKENIZERS["bpe"].config(), "tokens": ["ab"]}, "257 words for a model of 280"),
        ({**TOKENIZERS["bpe"].config(), "tokens": ["abc"]}, "made of two tokens before it"),
        ({**TOKENIZERS["bpe"].config(), "tokens": [["ab"]]}, r"strings, but one is \['ab'\]"),
        ([], "tokenizer must be a table"),
        (None, "tokenizer must be a table"),
    ],
)
def test_a_file_of_another_tokenizer_is_refused(tokenizer, message):
    one = trained(TOKENIZERS["bpe"])
    with pytest.raises(ModelFileError, match=f"my file does not fit together .*{message}"):
        from_bytes(rewritten(to_bytes(one.model, one.vocab), tokenizer=json.dumps(tokenizer)), source="my file")


def test_a_file_must_have_words_of_some_kind():
    one = trained(TOKENIZERS["bpe"])
    with pytest.raises(ModelFileError, match="vocab"):
        from_bytes(rewritten(to_bytes(one.model, one.vocab), tokenizer=None))
    with pytest.raises(ValueError, match="vocab must hold the model's 280 words, but it holds 256"):
        to_bytes(one.model, BPE([]))


# Prompts


@pytest.mark.parametrize("name", TOKENIZERS)
def test_an_empty_prompt_is_refused(name):
    one = trained(TOKENIZERS[name])
    unit = "word" if name == "split" else "character"
    with pytest.raises(ValueError, match=f"prompt must hold at least one {unit}, but it is empty; type a few words"):
        one.prompt_ids("")


def test_white_space_is_a_prompt_where_it_is_read():
    with pytest.raises(ValueError, match="prompt must hold at least one word"):
        trained(TOKENIZERS["split"]).prompt_ids(" \n")
    for name in ("characters", "words", "bpe"):
        vocab = TOKENIZERS[name]
        for text in (" ", "\n", " \n"):
            assert trained(vocab).prompt_ids(text) == vocab.encode(text) != []


def test_a_space_at_the_end_is_left_to_the_next_word():
    for name in ("words", "bpe"):
        vocab = TOKENIZERS[name]
        one = trained(vocab)
        assert one.prompt_ids("the winter  ") == one.prompt_ids("the winter") == vocab.encode("the winter")
        assert one.prompt_ids("the winter\n") == vocab.encode("the winter\n")
    characters = TOKENIZERS["characters"]
    assert trained(characters).prompt_ids("the ") == characters.encode("the ")


def test_a_sign_stands_for_the_end_of_a_line_in_prompts():
    for name in ("characters", "words", "bpe"):
        vocab = TOKENIZERS[name]
        for typed in ("the⏎winter⏎", "the\nwinter\n", "the⏎\nwinter⏎\n"):
            assert trained(vocab).prompt_ids(typed) == vocab.encode("the\nwinter\n")
        shown = vocab.text(vocab.encode("the\nthe"))
        assert trained(vocab).prompt_ids(shown) == vocab.encode("the\nthe")
    assert Vocab(["⏎", "a"]).encode("⏎ a") == pretrained.prompt_ids(Vocab(["⏎", "a"]), "⏎ a")


def test_a_prompt_is_read_as_a_text_file_where_that_helps():
    vocab = Characters.of("café")
    decomposed = "cafe\u0301"
    assert trained(vocab).prompt_ids(decomposed) == vocab.encode("café")
    both = Characters.of(f"café {decomposed}")
    assert trained(both).prompt_ids(decomposed) == both.encode(decomposed)


def test_what_a_vocabulary_lacks_is_told_or_replaced():
    with pytest.raises(UnknownWordError, match="'€', which is not among the"):
        trained(TOKENIZERS["characters"]).prompt_ids("the €")
    for name in ("characters with unk", "words"):
        assert trained(TOKENIZERS[name]).prompt_ids("the €")[-1] == 0


# Texts


@pytest.mark.parametrize("options", STRATEGIES, ids=str)
@pytest.mark.parametrize("name", TOKENIZERS)
def test_a_text_is_prompt_and_continuation_decoded(name, options):
    one = trained(TOKENIZERS[name])
    ids = one.prompt_ids("the winter")
    never = {"suppress_tokens": one.suppress_tokens}
    (found,) = decoding.generate(one.model, ids, 12, one.eos_token_id, **never, **options)
    text = one.generate("the winter", 12, **options)
    assert text == one.vocab.decode(token for token in ids + found.tokens if token != one.eos_token_id)
    assert text.startswith("the winter") and "<unk>" not in text
    assert one.suppress_tokens == (None if one.vocab.unk is None else [one.vocab.unk])


def test_unk_is_written_only_where_that_is_asked_for():
    one = trained(TOKENIZERS["words"])
    assert "<unk>" in one.generate("the winter", 12, suppress_tokens=None)
    assert one.generate("the €", 4).startswith("the <unk>")


def test_the_command_tells_what_it_does_not_know(tmp_path, capsys):
    one = trained(TOKENIZERS["words"])
    path = tmp_path / "words.safetensors"
    pretrained.save(path, one.model, one.vocab)
    for method in ("greedy", "sample", "beam", "contrastive"):
        assert main(["generate", str(path), "the € winter", "--method", method, "--max-new-tokens", "6"]) == 0
        out, err = capsys.readouterr()
        assert out.startswith("the € winter | ") and "<unk>" not in out
        assert err == "note: the vocabulary lacks '€'; read as <unk>\n"
    assert main(["generate", str(path), "the winter "]) == 0
    assert capsys.readouterr().err == ""
