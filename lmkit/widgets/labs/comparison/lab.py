"""The comparison lab: measured decoders in the plane of quality and diversity, and texts decoded at each point."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
import traitlets as T

from lmkit import decoding
from lmkit.decoding import Decoded
from lmkit.text import Tokenizer
from lmkit.widgets.base.checks import about, check, check_choice, check_number, check_truth, checked_texts
from lmkit.widgets.base.controls import Choice, Controls, Slider
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.model_options import Model, files_of, model_option
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.comparison import fallback

Measure = tuple[float, float]  # a mean, and half its interval
Point = Mapping[str, Measure]

# Name and symbol of the one setting that a strategy is swept over; the browser has these strategies, and no others.
STRATEGIES = {
    "temperature": ("temperature", "T"),
    "top_k": ("top-k", "k"),
    "top_p": ("top-p", "p"),
    "min_p": ("min-p", "p"),
    "typical_p": ("typical", "p"),
    "num_beams": ("beam search", "B"),
}
QUALITIES = {"grammatical": "grammatical", "log_prob": "log p per word"}
DIVERSITIES = {"distinct_2": "distinct-2", "self_bleu": "self-BLEU", "things": "things"}
MEASURES = {**QUALITIES, **DIVERSITIES}
PARTS = ("whole plane", "near the truth")
TEXTS, MAX_NEW_TOKENS = 3, 150  # at a time; and tokens each
DRAWS = 10**6  # batches of texts that a reader can ask for
CONTROLS = Controls(
    strategy=Choice("Strategy", "The way to decode whose curve is followed", wide=True),
    place=Slider("Point", "Which point of the curve, from the first value to the last", 1, 1, wide=True),
    quality=Choice("Quality", "The measure on the vertical axis", QUALITIES),
    diversity=Choice("Diversity", "The measure on the horizontal axis", DIVERSITIES),
    part=Choice("Shown", "All points, or the neighbourhood of the truth enlarged", PARTS),
    draw=Slider("Texts", "Which batch of texts is read, from 0", 0, DRAWS, offered=False),
)


class ComparisonView(View, controls=CONTROLS):
    """Draws the points and decodes texts at one of them; `ComparisonLab` adds the controls."""

    model = T.Dict(help="The model of the texts, see `ModelOption.entry`.").tag(sync=True)
    weights = T.Dict(help="The files of a reader's own models, by key.").tag(sync=True)
    curves = T.List(T.Dict(), help="Per strategy its name, label, symbol, and points (value, measures).").tag(sync=True)
    truth = T.Dict(help="The measures of the truth itself.").tag(sync=True)
    prompts = T.List(T.Unicode()).tag(sync=True)
    last_place = T.Int(1, help="Points of the chosen curve; the view sets it.").tag(sync=True)


class ComparisonLab(Lab[ComparisonView]):
    """Look at measured decoders in a plane, and read texts decoded at each; works with a kernel, and on a page without.

    Texts are decoded by a model of Stories: text i (from 0) continues prompt i, or i modulo their number, and is
    drawn with the seed i, as `decoding.sample` draws row i of a batch with the seed 0.

    Parameters
    ----------
    model : str, path, Pretrained or language model, optional
        A shipped model's name, the path of a model file, what `lmkit.pretrained.load` gives, or a model together with
        its `vocab`. By default Stories; another must have the vocabulary of Stories, under whose grammar texts are
        judged.
    vocab : Tokenizer, optional
        What the model was trained with, where `model` is a model alone.
    points : mapping from a strategy to a mapping from a value to measures
        Strategies are `STRATEGIES`: the setting that is swept. Measures map every name of `MEASURES` to a pair: the
        mean and half the width of its interval.
    truth : mapping
        The measures of true texts.
    prompts : sequence of str
        The texts to continue.
    strategy : str, optional
        The one that is shown first; by default the first.
    value : float, optional
        The value that is shown first; by default the strategy's middle one.
    quality, diversity : str
        The measures on the axes.
    near : bool
        Show the neighbourhood of the truth only.
    draw : int ≥ 0
        Which batch of three texts is read.
    controls : sequence of str, optional
        The controls to show, among `CONTROLS`; by default all.

    Raises
    ------
    ValueError
        For an unknown strategy or measure, a measure that is missing or not a pair of finite numbers, a strategy
        without points, a prompt that the model cannot read, or a setting out of range.
    """

    def __init__(
        self,
        model: Model | None = None,
        vocab: Tokenizer | None = None,
        *,
        points: Mapping[str, Mapping[float, Point]],
        truth: Point,
        prompts: Sequence[str],
        strategy: str | None = None,
        value: float | None = None,
        quality: str = "grammatical",
        diversity: str = "distinct_2",
        near: bool = False,
        draw: int = 0,
        controls: Sequence[str] | None = None,
    ):
        self.points = {name: dict(curve) for name, curve in _checked(points).items()}
        self.truth = _checked_measures("truth", truth)
        self._option = model_option(model, vocab)
        if not self._option.has_truth():
            found = f"{self._option.name!r} has another"
            raise ValueError(f"model must have the vocabulary of Stories, which judge the texts, but {found}")
        self.prompts = _checked_prompts(prompts, self._option.trained)
        strategy = next(iter(self.points)) if strategy is None else strategy
        check_choice("strategy", strategy, self.points)
        check_truth("near", near)
        place = _place(self.points, strategy, value)
        rows = CONTROLS.given(
            strategy={"options": {name: STRATEGIES[name][0] for name in self.points}},
            place={"high": len(self.points[strategy])},
        )
        stored = rows.stored(
            strategy=strategy,
            place=place,
            quality=quality,
            diversity=diversity,
            part=PARTS[int(near)],
            draw=draw,
        )
        view = ComparisonView(
            **stored,
            last_place=len(self.points[strategy]),
            model=self._option.entry(),
            weights=files_of([self._option]),
            curves=_curves(self.points),
            truth=self.truth,
            prompts=self.prompts,
        )
        super().__init__(view, rows, controls)
        self.follow("last_place", "max", "place")

    @property
    def strategy(self) -> str:
        """The way to decode whose curve is followed."""
        return self.value("strategy")

    @property
    def setting(self) -> dict[str, Any]:
        """The strategy's parameter and its value at the present point."""
        values = list(self.points[self.strategy])
        return {self.strategy: values[min(self.value("place"), len(values)) - 1]}

    def decode(self) -> list[tuple[str, Decoded]]:
        """Return prompts, and what Python's decoders write after them at the present point; the page shows the same."""
        first = TEXTS * self.value("draw")
        prompts = [self.prompts[i % len(self.prompts)] for i in range(first, first + TEXTS)]
        ids = [self._option.trained.prompt_ids(prompt) for prompt in prompts]
        common = (self._option.step, ids, MAX_NEW_TOKENS, self._option.trained.eos_token_id)
        if self.strategy == "num_beams":
            found = [best[0] for best in decoding.beam_search(*common, **self.setting)]
        else:
            found = decoding.sample(*common, seed=first, **self.setting)
        return list(zip(prompts, found, strict=True))

    def texts(self) -> list[str]:
        """Return the same as text, prompts included."""
        vocab = self._option.trained.vocab
        return [f"{prompt} {vocab.decode(found.tokens)}" for prompt, found in self.decode()]

    def __repr__(self) -> str:
        axes = self.value("quality"), self.value("diversity")
        named = {**self.setting, "quality": axes[0], "diversity": axes[1]}
        shown = ", ".join(f"{name}={value!r}" for name, value in named.items())
        return f"ComparisonLab({self._option.name!r}, {sum(map(len, self.points.values()))} points, {shown})"

    def picture(self) -> tuple[str, str]:
        """Draw all points in the plane, and the first text of the present one."""
        quality, diversity = self.value("quality"), self.value("diversity")
        return fallback.render(
            self.points,
            self.truth,
            (diversity, quality),
            (DIVERSITIES[diversity], QUALITIES[quality]),
            {name: label for name, (label, _) in STRATEGIES.items()},
            self.setting,
            self.texts()[0],
        )


def _checked(points: Mapping[str, Mapping[float, Point]]) -> dict[str, dict[float, dict[str, Measure]]]:
    """Return the points as plain numbers, in the order in which they are given."""
    check("points", points, isinstance(points, Mapping), "a mapping from strategies to values and their measures")
    if not points:
        raise ValueError("points must hold at least one strategy, but there is none")
    out = {}
    for strategy, curve in points.items():
        if strategy not in STRATEGIES:
            raise ValueError(f"points must be of strategies among {list(STRATEGIES)}, but one is {strategy!r}")
        check(f"points of {strategy}", curve, isinstance(curve, Mapping), "a mapping from values to measures")
        if not curve:
            raise ValueError(f"points must hold at least one value of {strategy}, but there is none")
        out[strategy] = {}
        for value, found in curve.items():
            name = f"points of {strategy} {value!r}"
            with about(name):
                _check_value(strategy, value)
            out[strategy][value] = _checked_measures(name, found)
    return out


def _check_value(strategy: str, value: Any) -> None:
    """Raise ValueError for a value that the strategy's decoder cannot have."""
    check_number(strategy, value, -math.inf)
    if strategy == "num_beams":
        check_number(strategy, value, 1, whole=True)
    else:
        decoding.filter_logits(torch.zeros(2), **{strategy: value})


def _checked_measures(name: str, found: Point) -> dict[str, Measure]:
    check(name, found, isinstance(found, Mapping), f"a mapping from measures, {list(MEASURES)}")
    if missing := [measure for measure in MEASURES if measure not in found]:
        raise ValueError(f"{name} must have the measures {list(MEASURES)}, but {missing[0]!r} is missing")
    out = {}
    for measure in MEASURES:
        try:
            pair = tuple(float(part) for part in found[measure])
        except (TypeError, ValueError):
            pair = ()
        if len(pair) != 2 or not all(map(math.isfinite, pair)) or pair[1] < 0:
            rule = f"{name} must have a finite mean and half an interval of at least 0 for {measure}"
            raise ValueError(f"{rule}, but it has {found[measure]!r}")
        out[measure] = pair
    return out


def _checked_prompts(prompts: Sequence[str], trained) -> list[str]:
    texts = checked_texts("prompts", prompts)
    check("prompts", prompts, bool(texts), "a sequence of at least one text")
    with about("prompts"):
        for prompt in texts:
            trained.prompt_ids(prompt)  # raises for a prompt that the model cannot read
    return texts


def _place(points: Mapping[str, Mapping[float, Point]], strategy: str, value: float | None) -> int:
    """Return the place of a value on a strategy's curve, from 1; the middle one for None."""
    values = list(points[strategy])
    value = values[len(values) // 2] if value is None else value
    check_choice("value", value, values)
    return values.index(value) + 1


def _curves(points: Mapping[str, Mapping[float, Point]]) -> list[dict[str, Any]]:
    """Return the points as they travel."""
    return [
        {
            "name": name,
            "label": STRATEGIES[name][0],
            "symbol": STRATEGIES[name][1],
            "points": [
                {"value": value, "measures": {measure: list(pair) for measure, pair in found.items()}}
                for value, found in curve.items()
            ],
        }
        for name, curve in points.items()
    ]
