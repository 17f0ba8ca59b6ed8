"""Figures of translations against nltk's, and translators that travel in files."""

import builtins
import json
import random

import pytest
import torch
from nltk.translate import alignment_error_rate as nltk_error_rate
from nltk.translate.bleu_score import corpus_bleu
from nltk.translate.chrf_score import corpus_chrf
from torch import nn

from lmkit import metrics, pretrained
from lmkit.models.seq2seq import EncoderDecoder, attention_weights
from lmkit.pretrained import ModelFileError, Translator, translator_from_bytes, translator_to_bytes
from lmkit.text import UnknownWordError, Vocab
from tests.test_pretrained import joined, parts, rewritten

ENGLISH = Vocab(["<eos>", "the", "dog", "sleeps", "."])
GERMAN = Vocab(["<eos>", "der", "hund", "schläft", "“", "."])
CARD = {"title": "Ein Test", "seed": 3}


def translator(seed=0, **options):
    torch.manual_seed(seed)
    model = EncoderDecoder(5, 6, 4, 6, **options).eval()
    for weight in model.parameters():
        nn.init.normal_(weight)
    return Translator(model, ENGLISH, GERMAN, CARD)


# Figures


def random_links(rng):
    return {(rng.randrange(4), rng.randrange(4)) for _ in range(rng.randint(1, 6))}


@pytest.mark.parametrize("seed", range(10))
def test_alignment_error_rate_is_nltks(seed):
    rng = random.Random(seed)
    found, sure = random_links(rng), random_links(rng)
    possible = sure | random_links(rng)
    expected = nltk_error_rate(sure, found, possible)
    assert metrics.alignment_error_rate([found], [sure], [possible]) == pytest.approx(expected)
    assert metrics.alignment_error_rate([found], [sure]) == pytest.approx(nltk_error_rate(sure, found))
    # what is sure is possible, too
    assert metrics.alignment_error_rate([found], [sure], [possible - sure]) == pytest.approx(expected)


def test_alignment_error_rate_counts_over_all_pairs():
    found, sure = [{(0, 0)}, {(1, 0), (2, 1)}], [{(0, 0)}, {(0, 0), (2, 1)}]
    assert metrics.alignment_error_rate(found, sure) == pytest.approx(1 - 2 * 2 / 6)
    assert metrics.alignment_error_rate(sure, sure) == 0
    assert metrics.alignment_error_rate([{(0, 1)}], [{(1, 0)}]) == 1


def test_hard_alignment_is_where_each_word_looks_most():
    weights = attention_weights(torch.tensor([[[1.0, 3.0, 9.0], [2.0, 1.0, 0.0]]]), torch.tensor([[True, True, False]]))
    assert metrics.hard_alignment(weights[0]) == {(1, 0), (0, 1)}


def test_exact_match_is_to_the_last_word():
    found = [["a", "b"], ["a"], []]
    assert metrics.exact_match(found, [("a", "b"), ("a", "b"), []]) == pytest.approx(2 / 3)
    assert metrics.exact_match(["ab", "a"], ["ab", "b"]) == 0.5


TEXTS = ["the small dog sleeps in the old house .", "she has found a red kite ."]
REFERENCES = ["the little dog sleeps in the old house .", "she found a red kite in the garden ."]


def test_bleu_and_chrf_are_nltks():
    words = [[text.split() for text in texts] for texts in (TEXTS, REFERENCES)]
    assert metrics.bleu(TEXTS, REFERENCES) == pytest.approx(100 * corpus_bleu([[r] for r in words[1]], words[0]))
    assert metrics.bleu(REFERENCES, REFERENCES) == pytest.approx(100)
    one = [texts[:1] for texts in (REFERENCES, TEXTS)]  # nltk averages over texts, sacrebleu counts over all
    assert metrics.chrf(*one[::-1]) == pytest.approx(100 * corpus_chrf(*one, beta=2.0), rel=1e-3)
    assert metrics.chrf(REFERENCES, REFERENCES) == pytest.approx(100)


def test_without_sacrebleu_the_remedy_is_told(monkeypatch):
    imported = builtins.__import__

    def missing(name, *args, **kwargs):
        if name == "sacrebleu":
            raise ModuleNotFoundError("No module named 'sacrebleu'", name=name)
        return imported(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ModuleNotFoundError, match="sacrebleu must be installed .* pip install sacrebleu"):
        metrics.bleu(TEXTS, REFERENCES)


@pytest.mark.parametrize("figure", [metrics.exact_match, metrics.bleu, metrics.chrf])
def test_as_many_references_as_translations_are_asked_for(figure):
    with pytest.raises(ValueError, match="must be equally many, and at least one, but there are 2 and 1"):
        figure(TEXTS, REFERENCES[:1])
    with pytest.raises(ValueError, match="but there are 0 and 0"):
        figure([], [])


def test_alignments_without_a_link_are_refused():
    with pytest.raises(ValueError, match="found and sure must hold a link in some pair"):
        metrics.alignment_error_rate([set()], [set()])
    with pytest.raises(ValueError, match="found and possible must be equally many"):
        metrics.alignment_error_rate([set()], [set()], [])


# Translators


def test_a_batch_of_texts_gets_what_each_gets_alone():
    trained, texts = translator(), ["the dog sleeps .", "dog", ". the"]
    for options in ({}, {"num_beams": 3, "num_return_sequences": 2}):
        alone = [trained.translate(text, 8, **options) for text in texts]
        assert trained.translate(texts, 8, **options) == alone
    assert trained.translate(texts, 8, seed=4)[0] == trained.translate(texts[0], 8, do_sample=True, seed=4)
    assert trained.translate([]) == []


def test_translations_are_the_models_without_the_end_token():
    trained = translator()
    (found,) = trained.model.translate([[1, 2, 0]], 8, eos_token_id=0)[0]
    words = [GERMAN.words[token] for token in found.tokens if token]
    assert trained.translate("the dog", 8) == " ".join(words) == trained.translate("the dog <eos>", 8)


def test_a_source_vocabulary_without_end_token_adds_none():
    trained = translator()
    trained.source_vocab = Vocab(["a", "b", "c", "d", "e"])
    assert trained.source_ids("c a") == [2, 0]


@pytest.mark.parametrize("text", ["", "  "])
def test_empty_sources_are_refused(text):
    with pytest.raises(ValueError, match="source must hold at least one word, but it is empty"):
        translator().translate(["the dog", text])


def test_unknown_words_are_refused():
    with pytest.raises(UnknownWordError, match="text holds 'cat'"):
        translator().translate("the cat")


# Files

KINDS = [
    {},
    {"attention": "additive", "timing": "before", "two_way": False},
    {"attention": "none", "input_p": 0.1, "output_p": 0.2},
]


@pytest.mark.parametrize("options", KINDS)
def test_what_is_saved_comes_back(tmp_path, options):
    trained = translator(**options)
    pretrained.save_translator(tmp_path / "mine", trained, quantise=False)
    back = pretrained.load_translator(str(tmp_path / "mine"))
    assert (back.source_vocab, back.target_vocab, back.card) == (ENGLISH, GERMAN, CARD)
    assert back.model.config() == trained.model.config() and str(back.model) == str(trained.model)
    assert not back.model.training
    expected = trained.model.state_dict()
    assert all(torch.equal(weight, expected[name]) for name, weight in back.model.state_dict().items())


@pytest.mark.parametrize("options", KINDS)
def test_quantised_weights_are_off_by_half_a_step_at_most(options):
    trained = translator(**options)
    back = translator_from_bytes(translator_to_bytes(trained)).model.state_dict()
    for name, weight in trained.model.state_dict().items():
        step = weight.abs().amax(dim=1, keepdim=True) / 127 if weight.dim() == 2 else torch.zeros(1)
        assert ((back[name] - weight).abs() <= step * 0.5001).all()


def test_files_of_the_other_kind_name_what_opens_them(tmp_path):
    (tmp_path / "mine.safetensors").write_bytes(translator_to_bytes(translator()))
    with pytest.raises(ModelFileError, match="'lmkit-encoder-decoder', '1'.*; open it with pretrained.load_translator"):
        pretrained.load(tmp_path / "mine.safetensors")
    with pytest.raises(ModelFileError, match="; open it with pretrained.load$"):
        pretrained.load_translator(pretrained.path_of("stories"))


def config(**changed):
    return json.dumps({**translator().model.config(), **changed})


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"version": "2"}, "train it again with this version"),
        ({"config": config(hidden_size=10**9)}, "overflowed"),
        ({"config": config(source_vocab_size=10**15)}, "must be of shape"),
        ({"config": config(attention="additive")}, "tensors missing or unexpected: decoder.attention"),
        ({"config": config(attention=3)}, "attention must be one of"),
        ({"config": config(layers=3)}, "layers"),
        ({"config": "[]"}, "card and config must be tables"),
        ({"config": None}, "config"),
        ({"card": "3"}, "card and config must be tables"),
        ({"source_vocab": json.dumps(["a"])}, "source_vocab must hold the model's 5 words, but it holds 1"),
        ({"target_vocab": json.dumps("abcdef")}, "must be lists"),
        ({"target_vocab": json.dumps(list("abcdef"))}, "target_vocab must hold the end token"),
        ({"tensors": {"bridge.h.bias": torch.full((6,), torch.nan)}}, "bridge.h.bias must hold finite numbers only"),
        ({"tensors": {"bridge.h.bias": torch.zeros(5)}}, "bridge.h.bias must be of shape"),
        ({"tensors": {"bridge.h.bias": None}}, "tensors missing or unexpected: bridge.h.bias"),
    ],
)
def test_files_that_do_not_fit_together_are_refused(metadata, message):
    data = rewritten(translator_to_bytes(translator()), **metadata)
    with pytest.raises(ModelFileError, match=message):
        translator_from_bytes(data, "mine")


@pytest.mark.parametrize("data", [b"", b"Hello, I am no model at all", translator_to_bytes(translator())[:200]])
def test_other_files_are_refused(data):
    with pytest.raises(ModelFileError, match="mine cannot be read as a model file"):
        translator_from_bytes(data, "mine")


def test_a_header_is_checked_before_anything_is_allocated():
    """Numbers that are not there are not made room for."""
    header, rest = parts(translator_to_bytes(translator(), quantise=False))
    header["__metadata__"]["config"] = config(hidden_size=10**8, embedding_size=10**8)
    with pytest.raises(ModelFileError, match="must be of shape"):
        translator_from_bytes(joined(header, rest))


def test_vocabularies_must_fit_the_model():
    trained = translator()
    trained.target_vocab = Vocab(list("abcdef"))
    with pytest.raises(ValueError, match="target_vocab must hold the end token <eos>"):
        translator_to_bytes(trained)
    trained.source_vocab = Vocab(["a"])
    with pytest.raises(ValueError, match="source_vocab must hold the model's 5 words, but it holds 1"):
        translator_to_bytes(trained)
