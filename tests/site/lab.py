"""Drives a decoding lab as a reader does, and says what Python decodes with the same settings."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from playwright.sync_api import Locator, TimeoutError

from lmkit import decoding, pretrained
from lmkit.pretrained import Pretrained
from lmkit.text import Vocab

PATIENCE = 20_000  # ms after which something that should happen counts as not happening
NAMES = (
    "model", "method", "prompt", "temperature", "top_k", "top_p", "num_beams", "length_penalty", "seed", "position",
)  # fmt: skip
SLIDERS = ("temperature", "top_k", "top_p", "num_beams", "length_penalty", "position")
APPLICABLE = {
    "greedy": set(),
    "sampling": {"temperature", "top_k", "top_p", "seed"},
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
    hypotheses: shown(hypotheses) ? texts(".lmkit-hypotheses td:first-child") : [],
  };
}"""
EQUALS = f"([root, expected]) => JSON.stringify(({SNAPSHOT})(root)) === JSON.stringify(expected)"


@dataclass(frozen=True)
class Control:
    """A control of a lab, as the page's state describes it."""

    name: str
    kind: str
    default: Any
    options: tuple[str, ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float = 1.0

    @classmethod
    def of(cls, name: str, model: dict) -> Control:
        kind, state = model["model_name"].removesuffix("Model"), model["state"]
        if "_options_labels" in state:
            labels = tuple(state["_options_labels"])
            return cls(name, kind, labels[state["index"]], labels, 0, len(labels) - 1)
        if kind == "Combobox":
            return cls(name, kind, state["value"], tuple(state["options"]))
        return cls(name, kind, state["value"], (), state["min"], state["max"], state.get("step") or 1)

    def place(self, value: Any) -> float:
        """Where a value lies on the control's scale: itself, or its place among the options."""
        return self.options.index(value) if self.options else value

    def at(self, place: float) -> Any:
        return self.options[int(place)] if self.options else place

    @property
    def extremes(self) -> list[Any]:
        """The maximum, the minimum and the default."""
        return [self.at(self.high), self.at(self.low), self.default]


@dataclass
class Plan:
    """A lab as the state of a page or notebook describes it: its controls, and the view's own settings."""

    controls: dict[str, Control]
    view: dict[str, Any] = field(repr=False)

    @property
    def models(self) -> list[str]:
        return [entry["name"] for entry in self.view["models"]]


def plans(state: dict[str, dict], shown: list[str]) -> list[Plan]:
    """The labs among the widgets that a page shows, in order."""
    return [_plan(state, key) for key in shown if "lmkit-lab" in state[key]["state"].get("_dom_classes", ())]


def _plan(state: dict[str, dict], key: str) -> Plan:
    def parts(model: dict) -> list[dict]:
        return [state[child.removeprefix("IPY_MODEL_")] for child in model["state"].get("children", ())]

    children = parts(state[key])
    view = next(child for child in children if child["model_name"] == "AnyModel")
    found = {}
    for box in children:
        for model in parts(box):
            classes = (c.removeprefix("lmkit-").replace("-", "_") for c in model["state"]["_dom_classes"])
            name = next(c for c in classes if c in NAMES)
            found[name] = Control.of(name, model)
    return Plan(found, view["state"])


@cache
def shipped(name: str) -> tuple[Pretrained, Any]:
    trained = pretrained.load(name)
    return trained, trained.model.stepper()


class Lab:
    """One lab on an open page.

    Parameters
    ----------
    root : Locator of its `.lmkit-lab`
    plan : Plan
    own : (step, Vocab), optional
        A model that is not shipped.
    """

    def __init__(self, root: Locator, plan: Plan, own: tuple[decoding.Step, Vocab] | None = None):
        self.root, self.plan, self.own = root, plan, own
        self.page = root.page
        self.values = {name: control.default for name, control in plan.controls.items()}
        names = ("prompt", "temperature", "top_p", "num_beams", "length_penalty", "seed", "position")
        view = {name: plan.view[name] for name in names}
        k, method = plan.view["top_ks"][plan.view["top_k_index"]], plan.view["method_index"]
        view |= {"top_k": "all" if k is None else str(k), "method": list(APPLICABLE)[method]}
        self.values = view | self.values

    def __getitem__(self, name: str) -> Locator:
        """The element of a control."""
        return self.root.locator(f".lmkit-controls > .lmkit-{name.replace('_', '-')}")

    def handle(self, name: str) -> Locator:
        return self[name].locator(".noUi-handle")

    @property
    def problem(self) -> Locator:
        return self.root.locator(".lmkit-problem")

    # what the reader does

    def drag(self, name: str, value: Any) -> None:
        """Drag a slider's handle to a value with the mouse."""
        control = self.plan.controls[name]
        fraction = (control.place(value) - control.low) / (control.high - control.low)
        self[name].scroll_into_view_if_needed()
        handle, track = self.handle(name).bounding_box(), self[name].locator(".noUi-base").bounding_box()
        middle = track["y"] + track["height"] / 2
        beyond = {0: -30, 1: 30}.get(fraction, 0)  # the ends are reached by pulling past them
        self.page.mouse.move(handle["x"] + handle["width"] / 2, middle)
        self.page.mouse.down()
        self.page.mouse.move(track["x"] + fraction * track["width"] + beyond, middle, steps=4)
        self.page.mouse.up()
        reached = self.readout(name)
        pixel = (control.high - control.low) / track["width"]
        assert abs(control.place(reached) - control.place(value)) <= max(pixel, 1e-9), (name, value, reached)
        self.values[name] = reached

    def readout(self, name: str) -> Any:
        """The value that a slider shows beside it."""
        shown, control = self[name].locator(".widget-readout").text_content(), self.plan.controls[name]
        return shown if control.options else type(control.default)(float(shown.replace("−", "-")))

    def press_to(self, name: str, value: Any) -> None:
        """Bring a slider to a value by keyboard: Home, End, or the arrow keys from where it stands."""
        control = self.plan.controls[name]
        self.handle(name).focus()
        ends = {control.low: "Home", control.high: "End"}
        if (place := control.place(value)) in ends:
            self.page.keyboard.press(ends[place])
        else:
            steps = round((place - control.place(self.values[name])) / control.step)
            for _ in range(abs(steps)):
                self.page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")
        self.values[name] = value

    def choose(self, name: str, value: str, keyboard: bool = False) -> None:
        """Choose the method or the model."""
        control = self.plan.controls[name]
        if control.kind == "Dropdown":
            select = self[name].locator("select")
            if keyboard:
                steps = control.place(value) - control.place(self.values[name])
                select.focus()
                for _ in range(abs(steps)):
                    self.page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")
            else:
                select.select_option(value)
        else:
            option = self[name].get_by_label(value, exact=True)
            if keyboard:
                option.focus()
                self.page.keyboard.press("Space")
            else:
                option.click()
        self.values[name] = value
        if name == "model" and not self._reads(self.values["prompt"]):
            self.values["prompt"] = self.prompts[0]

    def type(self, name: str, value: Any, keyboard: bool = False) -> None:
        """Write into the field of the prompt or the seed, all at once or key by key."""
        entry = self[name].locator("input")
        if keyboard:
            entry.focus()
            self.page.keyboard.press("ControlOrMeta+a")
            self.page.keyboard.type(str(value))
        else:
            entry.fill(str(value))
        self.page.keyboard.press("Enter")
        self.values[name] = value

    def set(self, name: str, value: Any, keyboard: bool = False) -> None:
        """Bring any control to a value, by pointer or by keyboard."""
        if name in SLIDERS:
            (self.press_to if keyboard else self.drag)(name, value)
        elif name in ("model", "method"):
            self.choose(name, value, keyboard)
        else:
            self.type(name, value, keyboard)

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

    def wait_until_ready(self) -> None:
        self.root.locator(".lmkit-content:not([hidden]) .lmkit-token").first.wait_for(timeout=4 * PATIENCE)

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
        self._check_numbers(expected["numbers"])
        return self.snapshot() | {"numbers": self.numbers()}

    def _check_numbers(self, expected: dict[str, list[float]]) -> None:
        for name, numbers in self.numbers().items():
            assert len(numbers) == len(expected[name]), (name, numbers, expected[name])
            for (shown, unit), true in zip(numbers, expected[name], strict=True):
                error = 0.51 * unit + 1e-5 * abs(true)  # a score multiplies the float32 rounding of its log-probability
                assert abs(shown - true) <= error, f"{name}: {shown} is shown for {true}; {self.values}"

    def numbers(self) -> dict[str, list[tuple[float, float]]]:
        """The numbers on the page, each with the unit of its last digit."""
        texts = {
            "chances": ".lmkit-token .lmkit-chance",
            "bars": ".lmkit-next tbody .lmkit-model",
            "kept": ".lmkit-kept-line",
            "scores": ".lmkit-hypotheses:not([hidden]) tbody td:nth-child(2)",
        }
        found = {name: self.root.locator(selector).all_text_contents() for name, selector in texts.items()}
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
            k = None if v["top_k"] == "all" else int(v["top_k"])
            filters = {"temperature": v["temperature"], "top_k": k, "top_p": v["top_p"]}
            texts = [decoding.sample(step, prompt, length, end, **filters, seed=v["seed"])]
        elif method == "greedy":
            texts = [decoding.greedy(step, prompt, length, end)]
        else:
            widths = {name: v[name] for name in ("num_beams", "length_penalty")}
            texts = decoding.beam_search(step, prompt, length, end, **widths)
        tokens = texts[0].tokens
        at = min(v["position"], len(tokens))
        log_probs = decoding.read_prompt(step, prompt + tokens[: at - 1])[0][0]
        kept = decoding.filter_logits(log_probs, **filters) > -math.inf
        probs = (log_probs / filters["temperature"]).softmax(dim=-1)
        order = log_probs.sort(descending=True, stable=True).indices.tolist()
        rows = order[:12] if tokens[at - 1] in order[:12] else [*order[:11], tokens[at - 1]]
        several = method == "beam search"
        return {
            "ready": True,
            "prompt": v["prompt"],
            "tokens": [vocab.words[token] for token in tokens],
            "step": at,
            "heading": f"Step {at} of {len(tokens)}: what could come next",
            "words": [vocab.words[token] for token in rows],
            "kept": [bool(kept[token]) for token in rows],
            "chosen": [token == tokens[at - 1] for token in rows],
            "hypotheses": [vocab.decode(text.tokens) for text in texts] if several else [],
            "numbers": {
                "chances": [100 * math.exp(x) for x in texts[0].log_probs],
                "bars": [100 * float(probs[token]) for token in rows],
                "kept": [int(kept.sum())] if method == "sampling" and not kept.all() else [],
                "scores": [text.score for text in texts] if several else [],
            },
        }

    @property
    def prompts(self) -> list[str]:
        """What the lab suggests for the chosen model."""
        return self._entry()["prompts"]

    @property
    def vocab(self) -> Vocab:
        """The words of the chosen model."""
        return self._decoder()[1]

    def _reads(self, prompt: str) -> bool:
        return all(word in self.vocab for word in prompt.split())

    def _entry(self) -> dict[str, Any]:
        """The model that is chosen."""
        models = self.plan.view["models"]
        first = models[self.plan.view["model_index"]]
        return next(entry for entry in models if entry["title"] == self.values.get("model", first["title"]))

    def _decoder(self) -> tuple[decoding.Step, Vocab, int | None]:
        if self.own:
            step, vocab = self.own
        else:
            trained, step = shipped(self._entry()["name"])
            vocab = trained.vocab
        return step, vocab, vocab.id("<eos>") if "<eos>" in vocab else None


def _number(text: str) -> tuple[float, float]:
    """The first number in a text, and the unit of its last digit; "< 0.1 %" is a number between 0 and 0.1."""
    digits = re.search(r"\d+(\.\d+)?", text)[0]
    value = float(digits) * (-1 if text.lstrip()[0] in "-−" else 1)
    unit = 10.0 ** -len(digits.partition(".")[2])
    return (value / 2, value) if "<" in text else (value, unit)
