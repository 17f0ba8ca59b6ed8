"""What labs that decode share: controls of decoders, the view's traits that go with them, and Python's own decoding.

A lab takes the rows that it wants, among its own::

    CONTROLS = Controls(prompt=TextField(…), **ROWS, position=…)

    class DecodingView(DecoderView, controls=CONTROLS): ...
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import traitlets as T

from lmkit import decoding
from lmkit.decoding import Decoded, StepFn
from lmkit.widgets.base.checks import check_number
from lmkit.widgets.base.controls import SEED, Choice, Control, Slider
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.view import View

METHODS = ("greedy", "sampling", "beam search")
METHOD = Choice("Method", "How the next token is chosen", METHODS, wide=True)
MOST_NEW_TOKENS = 100
TOP_KS = [*range(1, 21), 25, 30, 40, 50, 75, 100, 150, 200, 300, 500, 750]
ROWS: dict[str, Control] = dict(
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
)
# A filter at this value keeps every token: it is not spoken of.
OFF = {"top_k": None, "min_p": 0, "typical_p": 1}
FILTERS = ("temperature", "top_k", "top_p", "min_p", "typical_p")
SAMPLING, BEAM_SEARCH = (*FILTERS, "seed"), ("num_beams", "length_penalty")


class DecoderView(View):
    """The base of views whose controls are `ROWS`; their scripts write the two displays."""

    top_ks = T.List(T.Int(allow_none=True), help="The choices for k; None keeps every token.").tag(sync=True)
    sampling_display = T.Unicode("", help="CSS display of sampling's controls; the view sets it.").tag(sync=True)
    beam_display = T.Unicode("", help="CSS display of beam search's controls; the view sets it.").tag(sync=True)


def choices_for_k(vocab_size: int, top_k: Any) -> list[int | None]:
    """Return the choices for k, that which was given among them; raise ValueError where it is none."""
    if top_k is not None:
        check_number("top_k", top_k, 1, whole=True)
    return top_ks(vocab_size, None if top_k is None else int(top_k))


def top_ks(size: int, given: int | None = None) -> list[int | None]:
    """Return the choices for k: those that drop some of so many words, the one that was given, and None for all."""
    thinned = [*TOP_KS, *range(1000, size, 500)]
    return [*sorted({k for k in thinned if k < size} | ({given} if given else set())), None]


def labels_for_k(ks: list[int | None]) -> dict[int | None, str]:
    """Return the choices for k as a reader sees them."""
    return {k: "all" if k is None else str(k) for k in ks}


def displays(method: str) -> dict[str, str]:
    """Return the view's traits that put away controls of other methods."""
    shown = {"sampling_display": "sampling", "beam_display": "beam search"}
    return {name: "" if method == own else "none" for name, own in shown.items()}


def follow_displays(lab: Lab) -> None:
    """Have the controls of each method come and go as the view says."""
    lab.follow("sampling_display", "display", *SAMPLING)
    lab.follow("beam_display", "display", *BEAM_SEARCH)


@dataclass(frozen=True)
class DecoderSettings:
    """One setting of all decoders' controls; the parameters are those of `DecodingLab`."""

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

    def texts(
        self,
        step: StepFn,
        prompt: list[int],
        eos_token_id: int | None,
        suppress_tokens: list[int] | None = None,
    ) -> list[Decoded]:
        """Return the texts that Python's decoders write, best first; only beam search writes more than one."""
        common = (step, prompt, self.max_new_tokens, eos_token_id)
        if self.method == "greedy":
            return [decoding.greedy(*common, suppress_tokens=suppress_tokens)]
        if self.method == "sampling":
            return [decoding.sample(*common, **self.filters, seed=self.seed, suppress_tokens=suppress_tokens)]
        beams = {"num_beams": self.num_beams, "length_penalty": self.length_penalty}
        return decoding.beam_search(*common, **beams, suppress_tokens=suppress_tokens)

    @property
    def filters(self) -> dict[str, Any]:
        """The arguments of `filter_logits`; greedy and beam search filter nothing."""
        if self.method != "sampling":
            return {"temperature": 1.0, "top_p": 1.0, **OFF}
        return {name: getattr(self, name) for name in FILTERS}

    def applicable(self, *names: str) -> dict[str, Any]:
        """Return settings by these names and the method, and those that make a difference to the method."""
        own = {
            "greedy": (),
            "sampling": SAMPLING,
            "beam search": BEAM_SEARCH,
        }[self.method]
        values = {name: getattr(self, name) for name in (*names, "method", *own)}
        return {name: value for name, value in values.items() if name not in OFF or value != OFF[name]}
