"""What a reader can set in the decoding lab, checked, and decoded by Python itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lmkit import decoding
from lmkit.decoding import Decoded
from lmkit.widgets.base.controls import SEED, Choice, Controls, Slider, TextField, Toggle
from lmkit.widgets.base.model_options import ModelOption

METHODS = ("greedy", "sampling", "beam search")
MOST_NEW_TOKENS = 100
TOP_KS = [*range(1, 21), 25, 30, 40, 50, 75, 100, 150, 200, 300, 500, 750]
CONTROLS = Controls(
    model=Choice("Model", "The language model that writes", form="list"),
    method=Choice("Method", "How the next token is chosen", METHODS, wide=True),
    prompt=TextField("Prompt", "The text to continue, words and punctuation marks apart", wide=True),
    temperature=Slider("Temperature", "Below 1 sharpens the distribution, above 1 flattens it", 0.1, 3.0, step=0.05),
    top_k=Choice("Top k", "Keep the k most probable tokens", form="slider"),
    top_p=Slider("Top p", "Keep the fewest tokens whose probabilities reach p", 0.05, 1.0, step=0.05),
    min_p=Slider(
        "Min p",
        "Keep tokens at least this many times as probable as the most probable one; 0 keeps all",
        0.0,
        0.5,
        step=0.01,
    ),
    typical_p=Slider(
        "Typical p",
        "Keep the tokens that surprise about as expected, until they reach p; 1 keeps all",
        0.05,
        1.0,
        step=0.05,
    ),
    num_beams=Slider("Beam width", "How many hypotheses go on side by side", 1, 10),
    length_penalty=Slider("Length penalty", "Above 0 favours longer texts, below 0 shorter ones", -1.0, 2.0, step=0.1),
    max_new_tokens=Slider("New tokens", "How many tokens are written at most", 1, MOST_NEW_TOKENS, offered=False),
    seed=SEED,
    position=Slider("Step shown", "The new token whose alternatives are shown", 1, 100),
    show_entropy=Toggle("Show entropy", "How open each choice was, and how much the chosen token surprises"),
)
# A filter at this value keeps every token: it is not spoken of.
OFF = {"top_k": None, "min_p": 0, "typical_p": 1}
FILTERS = ("temperature", "top_k", "top_p", "min_p", "typical_p")
SAMPLING, BEAM_SEARCH = (*FILTERS, "seed"), ("num_beams", "length_penalty")


def top_ks(size: int, given: int | None = None) -> list[int | None]:
    """Return the choices for k: those that drop some of so many words, the one that was given, and None for all."""
    thinned = [*TOP_KS, *range(1000, size, 500)]
    return [*sorted({k for k in thinned if k < size} | ({given} if given else set())), None]


@dataclass(frozen=True)
class Settings:
    """One setting of all controls; the parameters are `DecodingLab`'s."""

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

    def decode(self, option: ModelOption) -> list[Decoded]:
        """Return the texts that Python's decoders write, best first; only beam search writes more than one."""
        prompt = option.trained.prompt_ids(self.prompt)
        common = (option.step, prompt, self.max_new_tokens, option.trained.eos_token_id)
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
        """Return the settings that make a difference to the method, by name."""
        own = {
            "greedy": (),
            "sampling": SAMPLING,
            "beam search": BEAM_SEARCH,
        }[self.method]
        values = {name: getattr(self, name) for name in ("prompt", "method", *own)}
        return {name: value for name, value in values.items() if name not in OFF or value != OFF[name]}
