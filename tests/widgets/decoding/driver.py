"""Drives a decoding lab, and says what Python decodes with the same settings."""

from __future__ import annotations

import math
import re
from functools import cache, partial
from typing import Any

import torch
from playwright.sync_api import Locator, TimeoutError

from lmkit import decoding, pretrained
from lmkit.datasets import stories
from lmkit.pretrained import Pretrained
from lmkit.text import Tokenizer, UnknownWordError, Vocab
from tests.site.lab import PATIENCE, Lab, Plan, eventually

FILTERS = ("temperature", "top_k", "top_p", "min_p", "typical_p")
SLIDERS = (*FILTERS, "num_beams", "length_penalty", "position")
APPLICABLE = {
    "greedy": set(),
    "sampling": {*FILTERS, "seed"},
    "beam search": {"num_beams", "length_penalty"},
}

# What a lab shows, apart from numbers that both sides round.
SNAPSHOT = """root => {
  const texts = (selector) => Array.from(root.querySelectorAll(selector), (node) => node.textContent);
  const shown = (node) => Boolean(node) && node.getClientRects().length > 0;
  const tokens = [...root.querySelectorAll(".lmkit-token")];
  const table = [...root.querySelectorAll(".lmkit-next tbody tr")];
  const hypotheses = root.querySelector(".lmkit-hypotheses");
  return {
    ready: shown(root.querySelector(".lmkit-content")) && !root.querySelector(".lmkit-content").inert,
    prompt: root.querySelector(".lmkit-view .lmkit-prompt")?.textContent,
    tokens: texts(".lmkit-token .lmkit-word"),
    step: tokens.findIndex((token) => token.ariaChecked === "true") + 1,
    heading: root.querySelector(".lmkit-next .lmkit-title")?.textContent,
    words: table.map((row) => row.querySelector("th").textContent),
    kept: table.map((row) => row.classList.contains("lmkit-kept")),
    chosen: table.map((row) => row.classList.contains("lmkit-chosen")),
    entropies: shown(root.querySelector(".lmkit-entropy")) ? texts(".lmkit-entropy-column").length : 0,
    columnShown: [...root.querySelectorAll(".lmkit-entropy-column")].findIndex(
      (column) => shown(column) && column.classList.contains("lmkit-entropy-shown")) + 1,
    hypotheses: shown(hypotheses) ? texts(".lmkit-hypotheses td:first-child") : [],
  };
}"""
# The texts on the page that hold numbers.
NUMBERS = """root => {
  const texts = (selector) => Array.from(root.querySelectorAll(selector), (node) => node.textContent);
  return {
    chances: texts(".lmkit-token .lmkit-chance"),
    bars: texts(".lmkit-next tbody .lmkit-model"),
    kept: texts(".lmkit-kept-line"),
    scores: texts(".lmkit-hypotheses:not([hidden]) tbody td:nth-child(2)"),
    entropy: texts(".lmkit-entropy:not([hidden]) :is(.lmkit-entropy-step, .lmkit-entropy-means)"),
  };
}"""
EQUALS = f"([root, expected]) => JSON.stringify(({SNAPSHOT})(root)) === JSON.stringify(expected)"


@cache
def shipped(name: str) -> tuple[Pretrained, Any]:
    trained = pretrained.load(name)
    return trained, trained.model.stepper()


@cache
def from_file(data: bytes) -> tuple[Pretrained, Any]:
    """A model that a page brings along."""
    trained = pretrained.from_bytes(data)
    return trained, trained.model.stepper()


def without(step: decoding.StepFn, unk: int | None) -> decoding.StepFn:
    """A step by which `<unk>` cannot come, which decoders never write."""
    if unk is None:
        return step

    def stepped(tokens, state):
        log_probs, state = step(tokens, state)
        return log_probs.index_fill(-1, torch.tensor([unk]), -math.inf), state

    return stepped


class DecodingLab(Lab):
    """One decoding lab on an open page; `own` is the (step, tokenizer) of a model that is not shipped."""

    def __init__(self, root: Locator | None, plan: Plan, own: tuple[decoding.StepFn, Tokenizer] | None = None):
        super().__init__(root, plan)
        self.own = own
        names = (
            "prompt",
            "temperature",
            "top_p",
            "min_p",
            "typical_p",
            "num_beams",
            "length_penalty",
            "seed",
            "position",
            "show_entropy",
        )
        view = {name: plan.view[name] for name in names}
        k, method = plan.view["top_ks"][plan.view["top_k_index"]], plan.view["method_index"]
        view |= {"top_k": "all" if k is None else str(k), "method": list(APPLICABLE)[method]}
        self.values = view | self.values

    def choose(self, name: str, value: str, keyboard: bool = False) -> None:
        super().choose(name, value, keyboard)
        if name == "model" and not self._reads(self.values["prompt"]):
            self.values["prompt"] = self.prompts[0]

    def applies(self, name: str) -> bool:
        """Whether a control makes a difference to the present method."""
        return name not in set().union(*APPLICABLE.values()) or name in APPLICABLE[self.values["method"]]

    def new_draw(self, keyboard: bool = False) -> None:
        button = self.root.locator(".lmkit-draw")
        if keyboard:
            button.focus()
            self.page.keyboard.press("Enter")
        else:
            button.click()
        self.values["seed"] = (self.values["seed"] + 1) % 2**32

    # what the page shows, and what Python says

    def snapshot(self) -> dict[str, Any]:
        return self.root.evaluate(SNAPSHOT)

    def check(self) -> dict[str, Any]:
        """Wait until the page shows what Python decodes with the present settings; return what it shows."""
        expected = self.expected()
        exact = {key: value for key, value in expected.items() if key != "numbers"}
        try:
            self.page.wait_for_function(EQUALS, arg=[self.root.element_handle(), exact], timeout=PATIENCE)
        except TimeoutError:
            shown = self.snapshot()
            differences = {key: (shown[key], exact[key]) for key in exact if shown[key] != exact[key]}
            assert not differences, f"shown, and decoded by Python with {self.values}: {differences}"
        wrong = partial(wrong_numbers, expected=expected["numbers"])
        return exact | {"numbers": eventually(self.page, self.numbers, lambda found: not wrong(found), explain=wrong)}

    def numbers(self) -> dict[str, list[tuple[float, float]]]:
        """The numbers on the page, each with the unit of its last digit."""
        found = self.root.evaluate(NUMBERS)
        found["entropy"] = [number for line in found["entropy"] for number in re.findall(r"\d+\.\d+", line)]
        found["kept"] = [line.split(":")[1] for line in found["kept"] if line.startswith("Kept:")]
        return {name: [_number(line) for line in lines] for name, lines in found.items()}

    def expected(self) -> dict[str, Any]:
        """What `SNAPSHOT` and `numbers` must find with the present settings, computed in Python."""
        step, vocab, end = self._decoder()
        v, method = self.values, self.values["method"]
        prompt = pretrained.prompt_ids(vocab, v["prompt"])
        length = self.plan.view["max_new_tokens"]
        filters = {"temperature": 1.0, "top_k": None, "top_p": 1.0}
        if method == "sampling":
            filters = {name: v[name] for name in FILTERS}
            filters["top_k"] = None if v["top_k"] == "all" else int(v["top_k"])
            texts = [decoding.sample(step, prompt, length, end, **filters, seed=v["seed"])]
        elif method == "greedy":
            texts = [decoding.greedy(step, prompt, length, end)]
        else:
            widths = {name: v[name] for name in ("num_beams", "length_penalty")}
            texts = decoding.beam_search(step, prompt, length, end, **widths)
        tokens = texts[0].tokens
        at = min(v["position"], len(tokens))
        beyond = f", where the text ends before step {v['position']}" if v["position"] > len(tokens) else ""
        log_probs = decoding.read_prompt(step, prompt + tokens[: at - 1])[0][0]
        kept = decoding.filter_logits(log_probs, **filters) > -math.inf
        probs = (log_probs / filters["temperature"]).softmax(dim=-1)
        order = log_probs.sort(descending=True, stable=True).indices.tolist()
        rows = order[:12] if tokens[at - 1] in order[:12] else [*order[:11], tokens[at - 1]]
        several = method == "beam search"
        return {
            "ready": True,
            "prompt": v["prompt"],
            "tokens": [vocab.show(token) for token in tokens],
            "step": at,
            "heading": f"Step {at} of {len(tokens)}{beyond}: what could come next",
            "words": [vocab.show(token) for token in rows],
            "kept": [bool(kept[token]) for token in rows],
            "chosen": [token == tokens[at - 1] for token in rows],
            "entropies": len(tokens) if v["show_entropy"] else 0,
            "columnShown": at if v["show_entropy"] else 0,
            "hypotheses": [vocab.text(text.tokens) for text in texts] if several else [],
            "numbers": {
                "chances": [100 * math.exp(x) for x in texts[0].log_probs],
                "bars": [100 * float(probs[token]) for token in rows],
                "entropy": self._entropies(prompt, texts[0], filters, at) if v["show_entropy"] else [],
                "kept": [int(kept.sum())] if method == "sampling" and not kept.all() else [],
                "scores": [text.score for text in texts] if several else [],
            },
        }

    def _entropies(self, prompt: list[int], text: decoding.Decoded, filters: dict[str, Any], at: int) -> list[float]:
        """The numbers in the entropy panel's lines: of the step that is shown, means up to it, means of all."""
        step, vocab, _ = self._decoder()
        log_probs, state = decoding.read_prompt(step, prompt)
        own, left = [], []
        for token in text.tokens:
            own.append(_entropy(log_probs[0]))
            left.append(_entropy(decoding.filter_logits(log_probs[0], **filters)))
            log_probs, state = step(torch.tensor([token]), state)
        changed = max(abs(a - b) for a, b in zip(own, left, strict=True)) > 1e-6
        shown = [left[at - 1], math.exp(left[at - 1])]
        if changed:
            shown += [own[at - 1], math.exp(own[at - 1])]
        if self._entry()["truth"] and (true := _truth(vocab, prompt + text.tokens[: at - 1])):
            shown.append(stories.entropy(true))
        shown.append(-text.log_probs[at - 1])
        for length in sorted({at, len(text.tokens)}):
            every = [own, left, [-x for x in text.log_probs]] if changed else [own, [-x for x in text.log_probs]]
            shown += [sum(values[:length]) / length for values in every]
        return shown

    @property
    def prompts(self) -> list[str]:
        """What the lab suggests for the chosen model."""
        return self._entry()["prompts"]

    @property
    def vocab(self) -> Tokenizer:
        """The words of the chosen model."""
        return self._decoder()[1]

    def _reads(self, prompt: str) -> bool:
        try:
            return bool(pretrained.prompt_ids(self.vocab, prompt))
        except UnknownWordError:
            return False

    def _entry(self) -> dict[str, Any]:
        """The model that is chosen."""
        models = self.plan.view["models"]
        first = models[self.plan.view["model_index"]]
        return next(entry for entry in models if entry["title"] == self.values.get("model", first["title"]))

    def _decoder(self) -> tuple[decoding.StepFn, Tokenizer, int | None]:
        if self.own:
            step, vocab = self.own
        else:
            entry = self._entry()
            trained, step = (
                from_file(self.plan.view["weights"][entry["key"]]) if entry["own"] else shipped(entry["name"])
            )
            vocab = trained.vocab
        return without(step, vocab.unk), vocab, vocab.end


def wrong_numbers(found: dict[str, list[tuple[float, float]]], expected: dict[str, list[float]]) -> list[str]:
    """What the page shows otherwise than it is, each number within the unit of its last digit."""
    wrong = [f"{name}: {found[name]} for {expected[name]}" for name in found if len(found[name]) != len(expected[name])]
    for name in found:
        for (shown, unit), true in zip(found[name], expected[name], strict=False):
            error = 0.51 * unit + 1e-5 * abs(true)  # a score multiplies the float32 rounding of its log-probability
            wrong += [f"{name}: {shown} is shown for {true}"] * (abs(shown - true) > error)
    return wrong


def _entropy(logits: torch.Tensor) -> float:
    return float(torch.distributions.Categorical(logits=logits[logits > -math.inf].double()).entropy())


def _truth(vocab: Vocab, prefix: list[int]) -> dict[str, float]:
    """What may truly come next; empty where the grammar cannot have written the text so far."""
    words, end = [vocab.words[token] for token in prefix], vocab.words[0]
    while end in words:
        ended, words = words[: words.index(end)], words[words.index(end) + 1 :]
        if ended and not stories.is_grammatical([*ended, end]):
            return {}
    return stories.next_token_distribution(words)


def _number(text: str) -> tuple[float, float]:
    """The first number in a text, and the unit of its last digit; "< 0.1 %" is a number between 0 and 0.1."""
    digits = re.search(r"\d+(\.\d+)?", text)[0]
    value = float(digits) * (-1 if text.lstrip()[0] in "-−" else 1)
    unit = 10.0 ** -len(digits.partition(".")[2])
    return (value / 2, value) if "<" in text else (value, unit)
