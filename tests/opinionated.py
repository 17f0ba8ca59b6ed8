"""Models that nobody trained and that have clear preferences all the same."""

import torch

from lmkit.models import LSTMLanguageModel
from lmkit.text import BPE, Characters, Tokenizer, Vocab, Words

SOME = "Now is the winter of our discontent\nMade glorious summer by this sun of York;\nAnd all the clouds, all.\n"
TOKENIZERS: dict[str, Tokenizer] = {
    "characters": Characters.of(SOME),
    "characters with unk": Characters.of(SOME, unk=True),
    "words": Words.of(SOME, min_count=1),
    "bpe": BPE.train(SOME, 300),
    "split": Vocab.of(SOME.split()),
}


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
