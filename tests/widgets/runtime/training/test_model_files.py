"""Files of models travel from the page's trainer to Python and back, and say the same on both sides."""

import base64
import json

import pytest
import torch

from lmkit import pretrained
from lmkit.models import AWDLSTM, LSTMLanguageModel, RecurrentLanguageModel
from lmkit.text import BPE, Characters, Vocab, Words
from tests.widgets.node import ScriptError
from tests.widgets.runtime.training import driver

SCRIPTS = ("training/trainer", "training/model_file", "training/batches", "tokenizers", "safetensors", "lstm")
HELPERS = """() => Object.assign(lmkit, {
  bytesOf: (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)),
  textOf: (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")),
  trained: ({ settings, windows }) => {
    const trainer = new lmkit.Trainer(settings);
    for (const { inputs, targets } of windows) trainer.step(Int32Array.from(inputs), Int32Array.from(targets));
    return trainer;
  },
  logProbs: (trainer, prompt) => Array.from({ length: trainer.settings.vocab_size }, (_, id) => {
    const targets = new Int32Array(prompt.length).fill(-100);
    targets[prompt.length - 1] = id;
    return -trainer.evaluate(Int32Array.from(prompt), targets, 1).loss;
  }),
}) && null"""
SAVE = """({ words, prompt, ...run }) => {
  const trainer = lmkit.trained(run);
  const file = lmkit.modelFile(trainer, lmkit.tokenizerOf(words), { maker: "the page, 1 + 1 = ²" });
  const answer = { file: lmkit.textOf(file), logProbs: lmkit.logProbs(trainer, prompt), weights: trainer.weights() };
  trainer.close();
  return answer;
}"""
OPEN = """({ file, prompt }) => {
  const { settings, tensors, vocab, card } = lmkit.openModel(lmkit.bytesOf(file));
  const trainer = new lmkit.Trainer({ batch_size: 3, window: 4, ...settings });
  trainer.load(tensors);
  const answer = { logProbs: lmkit.logProbs(trainer, prompt), words: vocab.words, card };
  trainer.close();
  return answer;
}"""
OPEN_LARGE = """({ file, prompt, id }) => {
  const { settings, tensors } = lmkit.openModel(lmkit.bytesOf(file));
  const trainer = new lmkit.Trainer({ batch_size: 1, window: 3, ...settings });
  trainer.load(tensors);
  const targets = Int32Array.from(prompt, (_, place) => (place === prompt.length - 1 ? id : -100));
  const { loss } = trainer.evaluate(Int32Array.from(prompt), targets, 1);
  trainer.close();
  return loss;
}"""
IN_THE_ENGINE = """({ words, prompt, ...run }) => {
  const trainer = lmkit.trained(run), vocab = lmkit.tokenizerOf(words);
  const read = (parsed) => {
    const model = new lmkit.LanguageModel(parsed);
    let [state, next] = [model.newState(), model.newState()];
    for (const [place, id] of prompt.entries()) {
      model.step(id, place ? state : null, next);
      [state, next] = [next, state];
    }
    return Array.from(state.logProbs);
  };
  const parsed = [trainer.parsed(vocab), lmkit.parseModel(lmkit.modelFile(trainer, vocab))];
  const answer = [...parsed.map(read), lmkit.logProbs(trainer, prompt)];
  trainer.close();
  return answer;
}"""
SHAPES = {
    "lstm": {"cell": "lstm"},
    "lstm with a projection": {"cell": "lstm", "embedding_size": 5, "num_layers": 2, "output_p": 0.25},
    "untied lstm": {"cell": "lstm", "tied": False},
    "gru": {"cell": "gru", "num_layers": 2},
    "relu": {"cell": "rnn", "nonlinearity": "relu", "tied": False, "embedding_size": 4},
}
WORDS = ["<eos>", "one", "‘tis", 'quo"te', "ö", "f", "g", "h", "i", "j", "k"]
TOKENIZERS = {
    "split": Vocab(WORDS),
    "characters": Characters(list("abc \nö"), unk=False),
    "characters with <unk>": Characters(list("abc\t"), unk=True),
    "words": Words(["the", "cat", ".", "’"]),
    "bpe": BPE(["th", "the", "Ġa"]),
}


@pytest.fixture(scope="module")
def page(scripts):
    started = scripts(*(f"runtime/{name}.js" for name in SCRIPTS))
    started.evaluate(HELPERS)
    return started


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def log_probs(model, prompt):
    """Return the log-probabilities of what follows some tokens, in double precision."""
    model = model.double().eval()
    with torch.no_grad():
        logits, _ = model(torch.tensor([prompt]))
    return torch.log_softmax(logits[0, -1], 0).tolist()


def saved(page, shape="lstm", tokenizer="split", **more):
    vocab = TOKENIZERS[tokenizer]
    settings = {"vocab_size": len(vocab), "hidden_size": 11, "batch_size": 3, "window": 4, **SHAPES[shape], **more}
    asked = {"settings": settings, "windows": driver.windows({**settings}, 3, seed=1), "prompt": [3, 1, 2, 0, 1, 4]}
    answer = page.evaluate(SAVE, {**asked, "words": vocab.config()})
    return answer, base64.b64decode(answer["file"]), asked["prompt"]


@pytest.mark.parametrize("shape", SHAPES)
def test_python_reads_what_the_page_has_trained(page, shape, tmp_path):
    answer, data, prompt = saved(page, shape)
    (tmp_path / "mine.safetensors").write_bytes(data)
    trained = pretrained.load(tmp_path / "mine.safetensors")
    assert trained.vocab.words == WORDS and trained.card == {"maker": "the page, 1 + 1 = ²"}
    weights = driver.tensors(answer["weights"])
    stored = trained.model.state_dict()
    assert all(torch.equal(stored[name].double(), weight) for name, weight in weights.items())
    assert log_probs(trained.model, prompt) == pytest.approx(answer["logProbs"], abs=3e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_file_says_what_python_would_have_written(page, shape):
    """All but the order: Python writes the model that it has read again."""
    _, data, _ = saved(page, shape)
    trained = pretrained.from_bytes(data)
    again = pretrained.to_bytes(trained.model, trained.vocab, trained.card, quantise=False)
    ours, theirs = (header(each) for each in (data, again))
    assert ours == theirs


def header(data: bytes) -> dict:
    """Return a file's header without places."""
    length = int.from_bytes(data[:8], "little")
    assert length % 8 == 0
    entries = json.loads(data[8 : 8 + length])
    metadata = entries.pop("__metadata__")
    parts = {name: json.loads(metadata.pop(name)) for name in ("config", "card", "vocab") if name in metadata}
    return {**metadata, **parts, "tensors": {name: (e["dtype"], e["shape"]) for name, e in entries.items()}}


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_every_tokenizer_travels(page, tokenizer):
    _, data, _ = saved(page, tokenizer=tokenizer)
    found = pretrained.from_bytes(data).vocab
    assert type(found) is type(TOKENIZERS[tokenizer]) and found.config() == TOKENIZERS[tokenizer].config()
    assert (
        page.evaluate("(config) => lmkit.tokenizerConfig(lmkit.tokenizerOf(config))", found.config()) == found.config()
    )


@pytest.mark.parametrize("quantise", [False, True])
@pytest.mark.parametrize(
    "make",
    [
        lambda: LSTMLanguageModel(11, 6, 9, 2),
        lambda: AWDLSTM(11, 9, 9, tied=False, weight_p=0.3),
        lambda: AWDLSTM(11, 6, 9, 2, tied=False),
        lambda: RecurrentLanguageModel(11, 6, 9, 2, cell="gru"),
        lambda: RecurrentLanguageModel(11, 9, 9, cell="rnn", nonlinearity="relu", tied=True),
        lambda: RecurrentLanguageModel(11, 9, 9, cell="lstm", tied=True),
    ],
    ids=["LSTM", "AWDLSTM", "AWDLSTM with a projection", "GRU", "relu", "recurrent LSTM"],
)
def test_page_trains_on_with_what_python_has_saved(page, make, quantise):
    data = pretrained.to_bytes(make(), Vocab(WORDS), {"a": 1}, quantise=quantise)
    prompt = [5, 0, 10, 1, 1]
    answer = page.evaluate(OPEN, {"file": encoded(data), "prompt": prompt})
    assert answer["words"] == WORDS and answer["card"] == {"a": 1}
    assert answer["logProbs"] == pytest.approx(log_probs(pretrained.from_bytes(data).model, prompt), abs=3e-6)


def test_shipped_models_open(page):
    for name in pretrained.names():
        data = pretrained.path_of(name).read_bytes()
        prompt = [3, 2, 1]
        loss = page.evaluate(OPEN_LARGE, {"file": encoded(data), "prompt": prompt, "id": 7})
        assert -loss == pytest.approx(log_probs(pretrained.load(name).model, prompt)[7], abs=1e-5)


def test_the_pages_engine_runs_what_was_trained(page):
    """From a file, and without one."""
    settings = {"vocab_size": 11, "embedding_size": 7, "hidden_size": 10, "num_layers": 2, "batch_size": 2, "window": 3}
    asked = {"settings": settings, "windows": driver.windows(settings, 5, seed=2), "prompt": [1, 2, 3, 4]}
    direct, stored, own = page.evaluate(IN_THE_ENGINE, {**asked, "words": Vocab(WORDS).config()})
    assert direct == stored
    assert direct == pytest.approx(own, abs=3e-6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: data[:-4], "cannot be read as a model file"),
        (
            lambda data: data.replace(b"lmkit-lstm-language-model", b"another-lstm-language-mod"),
            "must be a model file of format",
        ),
        (lambda data: data.replace(b'\\"hidden_size\\":11', b'\\"hidden_size\\":12'), "does not fit together"),
        (lambda data: data.replace(b"AWDLSTM", b"AWDGRUX"), "model_class must be one of LSTMLanguageModel"),
    ],
    ids=["cut", "format", "sizes", "class"],
)
def test_damaged_file_is_refused(page, change, words):
    _, data, _ = saved(page)
    assert change(data) != data
    with pytest.raises(ScriptError, match=words):
        page.evaluate(OPEN, {"file": encoded(change(data)), "prompt": [1]})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            "modelFile(trainer, new lmkit.Characters(['a'], false))",
            "vocab must hold the model's 11 tokens, but it holds 1",
        ),
        ("parsedOf(trainer)", "model must be an LSTM with tied weights .* cell is 'gru'"),
    ],
)
def test_what_cannot_be_saved_says_why(page, call, words):
    source = f"""() => {{
      lmkit.parsedOf = (trainer) => trainer.parsed(new lmkit.Characters([..."abcdefghijk"], false));
      const trainer = new lmkit.Trainer({{ vocab_size: 11, hidden_size: 4, cell: "gru" }});
      return lmkit.{call};
    }}"""
    with pytest.raises(ScriptError, match=words):
        page.evaluate(source)
