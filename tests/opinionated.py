"""Models that nobody trained and that have clear preferences all the same."""

import torch

from lmkit.models import LSTMLanguageModel
from lmkit.text import Tokenizer


def opinionated(vocab: Tokenizer, embedding_size: int, hidden_size: int, std: float, seed: int) -> LSTMLanguageModel:
    """Return a model with random weights whose first choice is `<unk>`, where its vocabulary has that."""
    torch.manual_seed(seed)
    model = LSTMLanguageModel(len(vocab), embedding_size, hidden_size)
    with torch.no_grad():
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=std)
        if vocab.unk is not None:
            model.decoder.bias[vocab.unk] += 4
    return model.eval()
