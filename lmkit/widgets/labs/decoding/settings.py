"""What a reader can set in the decoding lab, checked, and decoded by Python itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lmkit.decoding import Decoded
from lmkit.widgets.base import decoders
from lmkit.widgets.base.controls import Choice, Controls, Slider, TextField, Toggle
from lmkit.widgets.base.model_options import ModelOption

PROMPT_TOOLTIP = (
    "The text to continue. With Stories and Human Numbers, words and punctuation marks apart; with models of "
    "running text, ⏎ stands for the end of a line"
)
CONTROLS = Controls(
    model=Choice("Model", "The language model that writes", form="list"),
    method=decoders.METHOD,
    prompt=TextField("Prompt", PROMPT_TOOLTIP, wide=True),
    **decoders.ROWS,
    position=Slider("Step shown", "The new token whose alternatives are shown", 1, 100),
    show_entropy=Toggle("Show entropy", "How open each choice was, and how much the chosen token surprises"),
)


@dataclass(frozen=True)
class Settings(decoders.DecoderSettings):
    """One setting of all controls; the parameters are `DecodingLab`'s."""

    prompt: str
    position: int

    def decode(self, option: ModelOption) -> list[Decoded]:
        """Return the texts that Python's decoders write, best first; only beam search writes more than one."""
        trained = option.trained
        prompt = trained.prompt_ids(self.prompt)
        return self.texts(option.step, prompt, trained.eos_token_id, trained.suppress_tokens)

    def shown(self) -> dict[str, Any]:
        """Return the settings that make a difference to the method, by name."""
        return self.applicable("prompt")
