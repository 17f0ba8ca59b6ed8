"""Model files: what goes in comes out, and what is damaged is refused with a remedy."""

import json
import re
import shutil
import struct
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load as unpack
from safetensors.torch import save as pack

from lmkit import decoding, pretrained
from lmkit.models import AWDLSTM, LSTMLanguageModel, RecurrentLanguageModel
from lmkit.pretrained import ModelFileError, from_bytes, prompt_ids, to_bytes
from lmkit.text import UnknownWordError, Vocab
from lmkit.training import evaluate

SHIPPED = ["human_numbers", "shakespeare", "stories"]
VOCAB = Vocab(["<eos>", "the", "café", "“", "."])
CARD = {"title": "A test", "data": "none – “really”", "seed": 3, "metrics": {"loss": 1.25}}


class AnyPath:
    """A path that is neither a string nor a Path."""

    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return str(self.path)


def random_model(*sizes):
    torch.manual_seed(1)
    model = LSTMLanguageModel(*(sizes or (5, 4, 6, 2)))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter)
    return model


def parts(data):
    """The header of a model file as a dict, and what follows it."""
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length]), data[8 + length :]


def joined(header, rest):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + rest


def rewritten(data, tensors=None, **metadata):
    """A model file with other tensors or metadata; a value of None takes an entry away."""
    merged = unpack(data) | (tensors or {})
    header = parts(data)[0]["__metadata__"] | metadata
    return pack({k: t for k, t in merged.items() if t is not None}, {k: v for k, v in header.items() if v is not None})


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 3))
def test_unquantised_file_gives_the_same_model(embedding_size, hidden_size, num_layers):
    model = random_model(5, embedding_size, hidden_size, num_layers)
    back = from_bytes(to_bytes(model, VOCAB, CARD, quantise=False))
    assert back.model.config() == model.config()
    assert back.model.state_dict().keys() == model.state_dict().keys()
    assert all(torch.equal(a, b) for a, b in zip(back.model.parameters(), model.parameters(), strict=True))
    assert (back.vocab, back.card) == (VOCAB, CARD)
    assert not back.model.training
    assert back.model.decoder.weight is back.model.embedding.weight


def test_quantised_weights_are_off_by_half_a_step_at_most():
    model = random_model(5, 7, 9, 2)
    back = from_bytes(to_bytes(model, VOCAB)).model.state_dict()
    for name, weight in model.state_dict().items():
        step = weight.abs().amax(dim=1, keepdim=True) / 127 if weight.dim() == 2 else torch.zeros(1)
        assert ((back[name] - weight).abs() <= step * 0.5001).all()
        assert weight.dim() == 1 or (back[name] != weight).any()


def test_quantised_weights_survive_a_second_journey():
    once = to_bytes(random_model(), VOCAB, CARD)
    back = from_bytes(once)
    twice = unpack(to_bytes(back.model, back.vocab, back.card))
    assert all(torch.allclose(tensor.float(), twice[name].float()) for name, tensor in unpack(once).items())


def test_row_of_zeros_stays_zero():
    model = random_model()
    with torch.no_grad():
        model.embedding.weight[2] = 0
    assert not from_bytes(to_bytes(model, VOCAB)).model.embedding.weight[2].any()


def test_file_is_int8_with_a_scale_per_row_and_carries_the_tied_weights_once():
    tensors = unpack(to_bytes(random_model(5, 4, 6, 1), VOCAB))
    kinds = {name: (tensor.dtype, tuple(tensor.shape)) for name, tensor in tensors.items()}
    whole, single = torch.int8, torch.float32
    assert kinds == {
        "embedding.weight": (whole, (5, 4)),
        "embedding.weight.scale": (single, (5,)),
        "rnn.weight_ih_l0": (whole, (24, 4)),
        "rnn.weight_ih_l0.scale": (single, (24,)),
        "rnn.weight_hh_l0": (whole, (24, 6)),
        "rnn.weight_hh_l0.scale": (single, (24,)),
        "rnn.bias_ih_l0": (single, (24,)),
        "rnn.bias_hh_l0": (single, (24,)),
        "projection.weight": (whole, (4, 6)),
        "projection.weight.scale": (single, (4,)),
        "decoder.bias": (single, (5,)),
    }


def test_quantising_changes_the_loss_of_a_shipped_model_little():
    """The shipped weights, moved by as much noise as rounding once more makes, predict as well."""
    shipped = pretrained.load("human_numbers")
    stream = torch.tensor([shipped.vocab.encode("one . two . three . four . five . six . seven . eight . nine .")])
    torch.manual_seed(0)
    noisy = from_bytes(to_bytes(shipped.model, shipped.vocab)).model
    with torch.no_grad():
        for weight in noisy.parameters():
            if weight.dim() == 2:
                weight += (torch.rand_like(weight) - 0.5) * weight.abs().amax(dim=1, keepdim=True) / 127
    assert abs(evaluate(noisy, stream).cross_entropy - evaluate(shipped.model, stream).cross_entropy) < 0.01


@pytest.mark.parametrize("kind", [str, Path, AnyPath])
def test_save_and_load_by_path(tmp_path, kind):
    path, model = tmp_path / "mine.safetensors", random_model()
    pretrained.save(kind(path), model, VOCAB, CARD)
    for name in (path, str(path), AnyPath(path)):
        loaded = pretrained.load(name)
        assert (loaded.vocab, loaded.card) == (VOCAB, CARD)
    tokens = torch.tensor([[1, 2, 3]])
    torch.testing.assert_close(loaded.model(tokens)[0], model(tokens)[0], rtol=0.1, atol=0.3)


def test_vocabulary_must_have_the_size_of_the_model():
    with pytest.raises(ValueError, match="vocab must hold the model's 5 words, but it holds 2"):
        to_bytes(random_model(), Vocab(["a", "b"]))


# Classes of models

DROPOUTS = {"embed_p": 0.1, "input_p": 0.2, "weight_p": 0.3, "hidden_p": 0.4, "output_p": 0.5}
MODELS = {
    "lstm": lambda: LSTMLanguageModel(5, 4, 6, 2),
    "awd-lstm": lambda: AWDLSTM(5, 4, 6, 2, **DROPOUTS),
    "untied awd-lstm": lambda: AWDLSTM(5, 4, 4, 2, tied=False, **DROPOUTS),
    "recurrent lstm": lambda: RecurrentLanguageModel(5, 4, 6, 2, cell="lstm"),
    "tied recurrent lstm": lambda: RecurrentLanguageModel(5, 4, 4, cell="lstm", tied=True),
    "gru": lambda: RecurrentLanguageModel(5, 4, 6, cell="gru"),
    "tied gru": lambda: RecurrentLanguageModel(5, 4, 4, 3, cell="gru", tied=True),
    "rnn": lambda: RecurrentLanguageModel(5, 4, 6, 2),
    "relu rnn": lambda: RecurrentLanguageModel(5, 4, 6, nonlinearity="relu"),
}
IN_BROWSERS = {"lstm", "awd-lstm", "tied recurrent lstm"}


@pytest.mark.parametrize("quantise", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_file_keeps_class_sizes_ties_and_dropouts(name, quantise):
    model = MODELS[name]()
    loaded = from_bytes(to_bytes(model, VOCAB, CARD, quantise)).model
    assert type(loaded) is type(model)
    assert loaded.config() == model.config()
    assert str(loaded) == str(model)  # the modules inside, with their dropouts
    assert (loaded.decoder.weight is loaded.embedding.weight) == (model.decoder.weight is model.embedding.weight)
    tokens = torch.arange(len(VOCAB))[None]
    found, expected = loaded(tokens)[0], model.eval()(tokens)[0]
    torch.testing.assert_close(found, expected, rtol=0, atol=0.05 if quantise else 0)


def test_loaded_awd_lstm_drops_again_in_training():
    model = AWDLSTM(5, 4, 6, 2, **DROPOUTS)
    assert {name: model.config()[name] for name in DROPOUTS} == DROPOUTS
    loaded = from_bytes(to_bytes(model, VOCAB, quantise=False)).model.train()
    torch.manual_seed(1)
    expected = model(torch.arange(5)[None])[0]
    torch.manual_seed(1)
    assert torch.equal(loaded(torch.arange(5)[None])[0], expected)


@pytest.mark.parametrize("name", MODELS)
def test_file_says_whether_pages_can_run_the_model(name):
    """The page's engine reads one format only; every file that it must not show has another."""
    model = MODELS[name]()
    metadata = parts(to_bytes(model, VOCAB))[0]["__metadata__"]
    assert pretrained.runs_in_browser(model) == (name in IN_BROWSERS)
    found = (metadata["format"], metadata["version"])
    assert found == (pretrained.BROWSER_FORMAT if name in IN_BROWSERS else pretrained.FORMAT)
    assert metadata.get("model_class", "LSTMLanguageModel") == type(model).__name__
    config = json.loads(metadata["config"])
    assert config == model.config()


def test_only_models_of_known_classes_are_written():
    class Mine(LSTMLanguageModel):
        pass

    with pytest.raises(ValueError, match="model must be of a class among LSTMLanguageModel, .* but it is of Mine"):
        to_bytes(Mine(5, 4, 4), VOCAB)
    with pytest.raises(ValueError, match="but it is of Linear"):
        to_bytes(torch.nn.Linear(5, 4), VOCAB)
    assert not pretrained.runs_in_browser(torch.nn.Linear(5, 4))


@pytest.mark.parametrize("size", ["vocab_size", "embedding_size", "hidden_size", "num_layers"])
@pytest.mark.parametrize("wrong", [1, 7, 10**6, 10**12, 10**25])
def test_sizes_that_the_tensors_do_not_have_are_refused_before_memory_is_taken(size, wrong, monkeypatch):
    devices, init = [], LSTMLanguageModel.__init__

    def noted(self, *args, **options):
        devices.append(torch.get_default_device().type)
        init(self, *args, **options)

    data = whole_file()
    monkeypatch.setattr(LSTMLanguageModel, "__init__", noted)
    config = from_bytes(data).model.config()
    assert devices == ["meta", "cpu"]  # its shapes, then the model
    with pytest.raises(ModelFileError, match="^data does not fit together"):
        from_bytes(rewritten(data, config=json.dumps(config | {size: wrong})))
    assert devices[2:] in ([], ["meta"])


# Text


@pytest.fixture(scope="module")
def stories_model():
    return pretrained.load("stories")


def text_of(trained, prompt, decoded):
    words = [trained.vocab.words[token] for token in decoded.tokens]
    return " ".join([*prompt.split(), *(word for word in words if word != "<eos>")])


def test_generate_writes_what_the_decoders_write(stories_model):
    trained, prompt = stories_model, "one morning anna"
    ids, end = trained.prompt_ids(prompt), trained.eos_token_id
    step = trained.model.stepper()
    assert trained.generate(prompt, 12) == text_of(trained, prompt, decoding.greedy(step, ids, 12, end))
    for options in (
        {"top_p": 0.9},
        {"seed": 3},
        {"temperature": 1.3},
        {"top_k": 5},
        {"min_p": 0.1},
        {"typical_p": 0.8},
    ):
        expected = text_of(trained, prompt, decoding.sample(step, ids, 12, end, **options))
        assert trained.generate(prompt, 12, **options) == expected, options
    beams = decoding.beam_search(step, ids, 12, end, num_beams=3)
    assert trained.generate(prompt, 12, num_beams=3) == text_of(trained, prompt, beams[0])
    several = trained.generate(prompt, 12, num_beams=3, num_return_sequences=2)
    assert several == [text_of(trained, prompt, beam) for beam in beams[:2]]
    contrastive = decoding.contrastive_search(step, ids, 12, end, penalty_alpha=0.5, top_k=3)
    assert trained.generate(prompt, 12, penalty_alpha=0.5, top_k=3) == text_of(trained, prompt, contrastive)
    assert trained.generate(prompt, 12, do_sample=True) == trained.generate(prompt, 12, seed=0)
    assert trained.generate(prompt, 12, num_beams=1, seed=4) == trained.generate(prompt, 12, seed=4)
    with pytest.raises(ValueError, match="top_p must be left out of greedy decoding"):
        trained.generate(prompt, do_sample=False, top_p=0.9)
    with pytest.raises(ValueError, match="top_p must be left out of beam search"):
        trained.generate(prompt, num_beams=2, top_p=0.9)


def test_generate_takes_batches_and_ends_where_the_model_does(stories_model):
    trained, prompts = stories_model, ["one morning anna", "<eos>"]
    whole = trained.generate(prompts, 200, seed=1)
    assert whole == [trained.generate(prompts[0], 200, seed=1), trained.generate("<eos>", 200, seed=2)]
    assert whole[0].startswith("one morning anna ") and whole[1].endswith(" .") and "<eos>" not in " ".join(whole)
    pairs = trained.generate(prompts, 8, top_k=5, num_return_sequences=2)
    assert [len(texts) for texts in pairs] == [2, 2] and pairs[0][0] != pairs[0][1]
    assert trained.generate(prompts[:1], 8) == [trained.generate(prompts[0], 8)]
    beyond = trained.generate("<eos>", 200, seed=2, eos_token_id=None)
    assert beyond.startswith(whole[1]) and len(beyond.split()) > len(whole[1].split())
    assert len(trained.generate(prompts[0], seed=1, eos_token_id=None).split()) >= 60
    numbers = pretrained.load("human_numbers")
    assert len(numbers.generate("one .").split()) == 2 + 60  # no end token: the default length


# Prompts


def test_prompt_of_a_model_with_an_end_token_begins_with_it():
    assert prompt_ids(VOCAB, "the .") == [0, 1, 4]
    assert prompt_ids(VOCAB, "<eos> the") == [0, 1]
    assert prompt_ids(VOCAB, "<eos>") == [0]
    assert prompt_ids(Vocab(["a", "b"]), "b a") == [1, 0]
    assert from_bytes(to_bytes(random_model(), VOCAB)).prompt_ids("the") == [0, 1]


def test_end_token_is_known():
    assert from_bytes(to_bytes(random_model(), VOCAB)).eos_token_id == 0
    assert from_bytes(to_bytes(random_model(), Vocab(list("abcde")))).eos_token_id is None


@pytest.mark.parametrize("text", ["", "   "])
def test_empty_prompt_is_refused(text):
    with pytest.raises(ValueError, match="prompt must hold at least one word, but it is empty; type .* <eos> to begin"):
        prompt_ids(VOCAB, text)
    with pytest.raises(ValueError, match="prompt must hold at least one word, but it is empty; type a few words$"):
        prompt_ids(Vocab(["a"]), text)


def test_prompt_with_an_unknown_word_is_refused():
    with pytest.raises(UnknownWordError, match="'<b>dragon</b>', which is not among the 5 words"):
        prompt_ids(VOCAB, "the <b>dragon</b>")


# Damaged files


def whole_file():
    return to_bytes(random_model(), VOCAB, CARD)


DAMAGED = {
    "empty": lambda data: b"",
    "no model file": lambda data: b"<!doctype html><title>Not found</title>" * 9,
    "three bytes": lambda data: data[:3],
    "cut in the header": lambda data: data[:200],
    "cut in the weights": lambda data: data[:-1],
    "too long": lambda data: data + b"\0",
    "flipped length": lambda data: bytes([data[0] ^ 255]) + data[1:],
    "flipped brace": lambda data: data[:8] + b"[" + data[9:],
    "not UTF-8": lambda data: data.replace(b"embedding", b"embedd\xff\xfeg"),
    "without metadata": lambda data: pack(unpack(data)),
    "without a card": lambda data: rewritten(data, card=None),
    "without a configuration": lambda data: rewritten(data, config=None),
    "broken configuration": lambda data: rewritten(data, config='{"vocab_size": 5'),
    "unknown size": lambda data: rewritten(data, config='{"vocab_size": 5, "hidden": 6}'),
    "configuration no table": lambda data: rewritten(data, config="7"),
    "size as a word": lambda data: rewritten(
        data, config='{"vocab_size": 5, "embedding_size": "four", "hidden_size": 6, "num_layers": 2}'
    ),
    "configuration a list": lambda data: rewritten(data, config="[5, 4, 6, 2]"),
    "unknown class": lambda data: rewritten(data, model_class="Transformer"),
    "class of another shape": lambda data: rewritten(data, model_class="RecurrentLanguageModel"),
    "metadata no table": lambda data: joined({**parts(data)[0], "__metadata__": 7}, parts(data)[1]),
    "header a list": lambda data: joined([1, 2], b""),
    "no layers": lambda data: rewritten(
        data, config='{"vocab_size": 5, "embedding_size": 4, "hidden_size": 6, "num_layers": 0}'
    ),
    "too few words": lambda data: rewritten(data, vocab='["a", "b"]'),
    "repeated words": lambda data: rewritten(data, vocab='["a", "a", "b", "c", "d"]'),
    "words that are numbers": lambda data: rewritten(data, vocab="[1, 2, 3, 4, 5]"),
    "missing tensor": lambda data: rewritten(data, {"decoder.bias": None}),
    "strange tensor": lambda data: rewritten(data, {"attention": torch.zeros(3)}),
    "wrong shape": lambda data: rewritten(data, {"decoder.bias": torch.zeros(6)}),
    "wrong type": lambda data: rewritten(data, {"decoder.bias": torch.zeros(5, dtype=torch.int32)}),
    "missing scale": lambda data: rewritten(data, {"embedding.weight.scale": None}),
    "scale of one number": lambda data: rewritten(data, {"embedding.weight.scale": torch.ones(1)}),
    "NaN scale": lambda data: rewritten(data, {"embedding.weight.scale": torch.full((5,), torch.nan)}),
    "infinite bias": lambda data: rewritten(data, {"decoder.bias": torch.full((5,), torch.inf)}),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_file_is_refused_with_a_remedy(damage):
    with pytest.raises(ModelFileError, match="^from school .*; get it or train it again$"):
        from_bytes(DAMAGED[damage](whole_file()), source="from school")


@pytest.mark.parametrize("metadata", [{"version": "0"}, {"version": "2"}, {"format": "another"}, {"version": None}])
def test_file_of_another_version_is_refused_with_a_remedy(metadata):
    with pytest.raises(ModelFileError, match="version '2', but it says .*; train it again with this version of lmkit"):
        from_bytes(rewritten(whole_file(), **metadata))


@given(st.data())
def test_flipped_header_is_refused_or_harmless(data):
    """No byte of the header can make another error than the one that readers are told of."""
    whole = whole_file()
    (length,) = struct.unpack("<Q", whole[:8])
    position = data.draw(st.integers(0, 7 + length))
    flipped = bytearray(whole)
    flipped[position] ^= data.draw(st.integers(1, 255))
    try:
        trained = from_bytes(bytes(flipped))
    except ModelFileError:
        return
    assert len(trained.vocab) == trained.model.vocab_size


def test_damaged_file_on_disk_is_named(tmp_path):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(whole_file()[:100])
    with pytest.raises(ModelFileError, match=re.escape(str(path))):
        pretrained.load(path)


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere.safetensors"):
        pretrained.load(str(tmp_path / "nowhere.safetensors"))


# What is shipped


def test_names_lists_what_is_shipped():
    assert pretrained.names() == SHIPPED


def test_unknown_name_is_refused():
    with pytest.raises(ValueError, match=r"name must be one of the shipped models \['human_numbers', .*'gpt'"):
        pretrained.load("gpt")


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_file_is_small(name):
    assert pretrained.path_of(name).stat().st_size <= (700_000 if name == "shakespeare" else 450_000)


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_model_has_a_card(name):
    card = pretrained.load(name).card
    assert card.keys() == {"title", "data", "command", "seed", "metrics"}
    assert card["command"] == f"python -m lmkit train --recipe {name}"
    assert isinstance(card["seed"], int)
    assert re.search(r"\d,\d{3},\d{3} tokens", card["data"])
    assert all(isinstance(value, (int, float)) for value in card["metrics"].values())


@pytest.mark.parametrize("name", SHIPPED)
def test_cut_shipped_file_is_refused(name, tmp_path):
    path = tmp_path / "model.safetensors"
    shutil.copy(pretrained.path_of(name), path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(ModelFileError, match="cannot be read as a model file"):
        pretrained.load(path)
