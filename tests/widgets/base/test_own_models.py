"""A model of a reader's own: a lab refuses it with the reason, or the page's engine writes what Python writes."""

import base64

import pytest
import torch

from lmkit import decoding
from lmkit.datasets import stories
from lmkit.models import AWDLSTM, FixedContextRNN, LSTMLanguageModel, RecurrentLanguageModel
from lmkit.text import Vocab
from lmkit.widgets import BeamTreeLab, DecodingLab, Lab, Microscope, RibbonLab, UnrollLab
from tests.widgets.node import Scripts

WORDS = stories.vocab()
V = len(WORDS)
KINDS = {
    "an LSTM": lambda: LSTMLanguageModel(V, 12, 12),
    "with a projection": lambda: LSTMLanguageModel(V, 10, 14),
    "two layers": lambda: LSTMLanguageModel(V, 12, 16, num_layers=2),
    "AWD-LSTM": lambda: AWDLSTM(V, 12, 16, num_layers=2),
    "a fixed context": lambda: FixedContextRNN(V, 8, 3),
    "a bare layer": lambda: torch.nn.LSTM(4, 4),
} | {
    f"{'tied' if tied else 'untied'} {cell}, {layers} layers": (
        lambda cell=cell, tied=tied, layers=layers: RecurrentLanguageModel(
            V, 12, 12, num_layers=layers, cell=cell, tied=tied
        )
    )
    for cell in ("rnn", "gru", "lstm")
    for tied in (True, False)
    for layers in (1, 2)
}
CHANGES = {
    "as it is": lambda model: model,
    "in training": lambda model: model.train(),
    "float64": lambda model: model.double(),
    "bfloat16": lambda model: model.bfloat16(),
    "float16": lambda model: model.half(),
    "on another device": lambda model: model.to("meta"),
}
LABS = {
    "BeamTreeLab": lambda model: BeamTreeLab(model, WORDS, prompt="one morning anna"),
    "DecodingLab": lambda model: DecodingLab(model, WORDS, prompt="one morning anna", method="greedy"),
    "Microscope": lambda model: Microscope(model, WORDS, text="one morning anna", units=[0, 7]),
    "RibbonLab": lambda model: RibbonLab(model, WORDS, text="one morning anna"),
    "UnrollLab": lambda model: UnrollLab(model, WORDS, text="one morning anna"),
}
WRITE = """({ data, prompt, length }) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const model = new lmkit.LanguageModel(lmkit.parseModel(bytes, "data"));
  const cache = new lmkit.StateCache(model);
  const text = cache.readAll(model.vocab.promptIds(prompt));
  const settings = { max_new_tokens: length, eos_token_id: model.vocab.end };
  return lmkit.complete(lmkit.greedy(cache, text, settings)).tokens;
}"""


@pytest.fixture(scope="module")
def engine(scripts) -> Scripts:
    return scripts(*(f"runtime/{name}.js" for name in ("kernel", "safetensors", "lstm", "state_cache", "decoding")))


def model_of(kind: str, change: str) -> torch.nn.Module:
    """Return a model with clear preferences, so that rounding decides nothing."""
    torch.manual_seed(4)
    model = KINDS[kind]()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    return CHANGES[change](model)


def is_run(lab: str, kind: str, change: str) -> bool:
    """Whether a lab shows such a model: the page's engine runs tied LSTMs, the drawing of a network plain ones."""
    shown = "rnn," in kind if lab == "UnrollLab" else "LSTM" in kind or kind in ("with a projection", "two layers")
    return (shown or (lab != "UnrollLab" and kind.startswith("tied lstm"))) and change != "on another device"


@pytest.mark.parametrize("lab", LABS)
@pytest.mark.parametrize("kind", KINDS)
def test_labs_refuse_a_model_with_the_reason_or_the_page_writes_the_same(engine, lab, kind):
    for change in CHANGES:
        model = model_of(kind, change)
        if not is_run(lab, kind, change):
            with pytest.raises(ValueError, match="^model must "):
                LABS[lab](model)
            continue
        made = LABS[lab](model)
        assert made.fallback().startswith("<img") and repr(made)
        if lab != "UnrollLab":
            assert written(engine, weights_of(made)) == written_by_python(made), (lab, kind, change)


def weights_of(made: Lab) -> bytes:
    (data,) = made.view.weights.values()
    return data


def written(engine: Scripts, data: bytes) -> list[int]:
    told = {"data": base64.b64encode(data).decode(), "prompt": "one morning anna", "length": 20}
    return engine.evaluate(WRITE, told)


def written_by_python(lab) -> list[int]:
    if isinstance(lab, DecodingLab):
        return lab.decode()[0].tokens
    if isinstance(lab, BeamTreeLab):
        option = lab.table.option
    else:
        option = lab._option if isinstance(lab, RibbonLab) else lab._options[0]
    ids = option.trained.prompt_ids("one morning anna")
    return decoding.greedy(option.step, ids, 20, option.trained.eos_token_id).tokens


def test_a_huge_vocabulary_travels(engine):
    words = Vocab(["<eos>", "one", "morning", "anna", *(f"w{i}" for i in range(20_000))])
    lab = DecodingLab(LSTMLanguageModel(len(words), 4, 4), words, prompt="one morning anna", method="greedy")
    assert written(engine, weights_of(lab)) == lab.decode()[0].tokens
