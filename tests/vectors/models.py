"""The models whose texts the vectors hold: the shipped ones, and one that is hard on the page's engine."""

from __future__ import annotations

import torch

from lmkit import pretrained
from lmkit.models import LSTMLanguageModel
from lmkit.pretrained import Pretrained
from lmkit.text import Vocab, Words
from lmkit.widgets.base.model_options import PROMPTS

RANDOM = "random"


def names() -> list[str]:
    """Return the names of all models that have vectors."""
    return [RANDOM, *pretrained.names()]


def load(name: str) -> tuple[Pretrained, bytes]:
    """Return a model and its file."""
    if name != RANDOM:
        return pretrained.load(name), pretrained.path_of(name).read_bytes()
    trained = random_model()
    return trained, pretrained.to_bytes(trained.model, trained.vocab, quantise=False)


def random_model() -> Pretrained:
    """Return two layers, sizes that no vector instruction likes, clear preferences, and texts that end now and then."""
    torch.manual_seed(3)
    model = LSTMLanguageModel(vocab_size=37, embedding_size=10, hidden_size=22, num_layers=2)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    with torch.no_grad():
        model.decoder.bias[0] += 4
    return Pretrained(model.eval(), Vocab(["<eos>", *(f"w{i}" for i in range(36))]), {})


def unknowing_model() -> Pretrained:
    """Return a model of words that would write `<unk>` at most steps."""
    torch.manual_seed(5)
    vocab = Words([*"abcdefghijklmnopqrst", ".", ","])
    model = LSTMLanguageModel(vocab_size=len(vocab), embedding_size=10, hidden_size=22)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.8)
    with torch.no_grad():
        model.decoder.bias[vocab.unk] += 3
    return Pretrained(model.eval(), vocab, {})


def prompts(name: str, trained: Pretrained) -> list[str]:
    """Return the prompts that the labs offer for a model, or two of its words."""
    return PROMPTS.get(name, trained.vocab.words[1:3])
