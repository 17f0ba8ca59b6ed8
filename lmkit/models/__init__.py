"""Language models: from the tokens so far to a distribution over the next.

Shape letters: N batch, L length, V vocabulary, E embedding, H hidden, D number of layers.
"""

from lmkit.models.language import (
    AWDLSTM,
    KINDS,
    Activations,
    Config,
    FixedContextRNN,
    LanguageModel,
    LSTMLanguageModel,
    ModelStep,
    RecurrentLanguageModel,
    stepper,
)

__all__ = [
    "AWDLSTM",
    "KINDS",
    "Activations",
    "Config",
    "FixedContextRNN",
    "LSTMLanguageModel",
    "LanguageModel",
    "ModelStep",
    "RecurrentLanguageModel",
    "stepper",
]
