"""What a reader can set in the decoding lab, checked, and decoded by Python itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lmkit import decoding
from lmkit.decoding import Decoded, StepFn
from lmkit.widgets.lab import check_number

METHODS = ("greedy", "sampling", "beam search")
# The ranges of the sliders: lowest, highest.
TEMPERATURE, TOP_P, MIN_P, TYPICAL_P, LENGTH_PENALTY = (0.1, 3.0), (0.05, 1.0), (0.0, 0.5), (0.05, 1.0), (-1.0, 2.0)
NUM_BEAMS, MAX_NEW_TOKENS, SEED = (1, 10), (1, 100), (0, 2**32 - 1)
# A filter at this value keeps every token: it is not spoken of.
OFF = {"top_k": None, "min_p": 0, "typical_p": 1}
FILTERS = ("temperature", "top_k", "top_p", "min_p", "typical_p")


@dataclass(frozen=True)
class Settings:
    """One setting of all controls; the parameters are `DecodingLab`'s.

    Raises
    ------
    ValueError
        If a value lies outside its control's range.
    """

    prompt: str
    method: str
    temperature: float
    top_k: int | None
    top_p: float
    min_p: float
    typical_p: float
    num_beams: int
    length_penalty: float
    max_new_tokens: int
    seed: int
    position: int

    def __post_init__(self):
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {list(METHODS)}, but it is {self.method!r}")
        check_number("temperature", self.temperature, TEMPERATURE)
        if self.top_k is not None:
            check_number("top_k", self.top_k, (1, math.inf), whole=True)
        check_number("top_p", self.top_p, TOP_P)
        check_number("min_p", self.min_p, MIN_P)
        check_number("typical_p", self.typical_p, TYPICAL_P)
        check_number("num_beams", self.num_beams, NUM_BEAMS, whole=True)
        check_number("length_penalty", self.length_penalty, LENGTH_PENALTY)
        check_number("max_new_tokens", self.max_new_tokens, MAX_NEW_TOKENS, whole=True)
        check_number("seed", self.seed, SEED, whole=True)
        check_number("position", self.position, (1, self.max_new_tokens), whole=True)

    def decode(self, step: StepFn, prompt: Sequence[int], eos_token_id: int | None) -> list[Decoded]:
        """The texts that Python's decoders write, best first; only beam search writes more than one."""
        common = (step, prompt, self.max_new_tokens, eos_token_id)
        if self.method == "greedy":
            return [decoding.greedy(*common)]
        if self.method == "sampling":
            return [decoding.sample(*common, **self.filters, seed=self.seed)]
        return decoding.beam_search(*common, num_beams=self.num_beams, length_penalty=self.length_penalty)

    @property
    def filters(self) -> dict[str, Any]:
        """The arguments of `filter_logits`; greedy and beam search filter nothing."""
        if self.method != "sampling":
            return {"temperature": 1.0, "top_p": 1.0, **OFF}
        return {name: getattr(self, name) for name in FILTERS}

    def applicable(self) -> dict[str, Any]:
        """The settings that make a difference to the method, by name."""
        own = {
            "greedy": (),
            "sampling": (*FILTERS, "seed"),
            "beam search": ("num_beams", "length_penalty"),
        }[self.method]
        values = {name: getattr(self, name) for name in ("prompt", "method", *own)}
        return {name: value for name, value in values.items() if name not in OFF or value != OFF[name]}
