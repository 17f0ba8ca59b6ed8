"""What a reader can set in the translation lab, and what Python's own decoders make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lmkit.decoding import Decoded
from lmkit.models.seq2seq import prompts_for
from lmkit.pretrained import Translator
from lmkit.widgets.base import decoders
from lmkit.widgets.base.controls import Choice, Controls, Slider, TextField

ATTENTION, ONE_VECTOR = "attention", "one vector"
WEIGHTS = {"as trained": "as trained", "uniform": "uniform", "permuted": "permuted", "hardest": "hardest only"}
MOST_NEW_TOKENS = decoders.MOST_NEW_TOKENS
CONTROLS = Controls(
    source=TextField("Source", "A story in English, or its first sentences; words and marks apart", wide=True),
    sees=Choice("Decoder sees", "Every word of the source, or one vector of all", (ATTENTION, ONE_VECTOR)),
    weights=Choice("Weights", "What the decoder is given in place of the attention weights it computes", WEIGHTS),
    method=decoders.METHOD,
    **decoders.ROWS,
    position=Slider("Word shown", "The word of the translation whose weights and alternatives are shown", 1, 100),
)
# A beginning of a story, two sentences, a whole one, and a long one.
SOURCES = [
    "one night david went past the harbour .",
    "emma , the miller 's brave daughter , woke before the sun . for seven weeks she made a broken , cold map .",
    "jack was a lonely boy who lived under the stone . his uncle gave him a blue bell at dawn . he touched the bell "
    "and dreamed of his uncle . he wanted to give the bell to his uncle . at last jack slept , and beside him the bell "
    "rang .",
    "ben was a clever boy who lived under a silver rose . behind the gate he saw a golden , dusty clock . suddenly "
    "anna came walking down the road . “ look at that clock ! ” she whispered . after a while the clock fell into the "
    "well in the rain . ben ran to the beach and saved it . in the end ben and anna sold the clock with a smile .",
]


@dataclass(frozen=True)
class Settings(decoders.DecoderSettings):
    """One setting of all controls; the parameters are `TranslateLab`'s."""

    source: str
    sees: str
    weights: str
    position: int

    def decode(self, translator: Translator) -> list[Decoded]:
        """Return the translations that Python's decoders write, best first."""
        model, end = translator.model, translator.eos_token_id
        if model.attention != "none":
            model = model.reweighted(self.weights)
        sources = [translator.source_ids(self.source)]
        return self.texts(model.stepper(sources, end), prompts_for(sources)[0], end)

    def shown(self) -> dict[str, Any]:
        """Return the settings that make a difference to the model and the method, by name."""
        return self.applicable("sees", *(("weights",) if self.sees == ATTENTION else ()))
