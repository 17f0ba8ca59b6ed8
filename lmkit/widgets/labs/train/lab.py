"""The training lab: a reader trains a small recurrent language model in the page, with no kernel and no server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import traitlets as T

from lmkit.widgets.base import assets
from lmkit.widgets.base.checks import about, check_choice, check_number, check_text
from lmkit.widgets.base.controls import SEED, Choice, Controls, Slider
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.predictions import NUMBER, Prediction, checked_predictions
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.train import fallback, recall
from lmkit.widgets.labs.train.texts import texts

CELLS = {"lstm": "LSTM", "gru": "GRU", "rnn": "RNN, tanh", "relu": "RNN, relu"}
OPTIMIZERS = {"adamw": "AdamW", "muon": "Muon", "sgd": "SGD"}
UNITS = {"characters": "characters", "pieces": "pieces of words"}
WIDTHS, LAYERS = (16, 32, 64, 96, 128, 192, 256), (1, 2)
WINDOWS, BATCHES = (2, 4, 8, 16, 32, 64, 128), (4, 8, 16, 32, 64)
RATES = (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.02, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
DECAYS = (0.0, 0.01, 0.1, 0.3, 0.5, 0.7, 1.0)
CLIPS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
STEPS = (100, 300, 1000, 2000, 5000, 10_000, 20_000)
CONTROLS = Controls(
    text=Choice("Text", "What is learned from", form="list"),
    unit=Choice("Tokens", "What running text is cut into", UNITS, form="list"),
    cell=Choice("Cell", "The kind of the recurrent layers", CELLS, form="list"),
    hidden_size=Choice("Width", "Units of a layer, and numbers that stand for a token: H", form="slider"),
    num_layers=Choice("Layers", "Recurrent layers, one above the other", form="switch", shown=False),
    window=Choice("Window", "Tokens through which a gradient flows back: L", form="slider"),
    distance=Slider(
        "Distance", "Words without a meaning between a symbol and the place where it is asked for", 1, recall.LONGEST
    ),
    batch_size=Choice("Batch", "Places of the text that are read at the same time: N", form="slider", shown=False),
    optimizer=Choice("Optimiser", "How gradients become changes of the weights", OPTIMIZERS, form="list"),
    lr=Choice("Learning rate", "How far a step goes, at its highest", form="slider"),
    clip=Choice("Clip", "The length to which a longer gradient is cut", form="slider"),
    dropout=Slider("Dropout", "The share of outputs that are dropped in training", 0.0, 0.8, step=0.05),
    decay=Choice("Weight decay", "Each step shrinks weights by this times the rate", form="slider", shown=False),
    alpha=Slider(
        "AR", "Activation regularisation: what large outputs of the layers cost", 0.0, 5.0, step=0.5, shown=False
    ),
    beta=Slider("TAR", "Temporal AR: what outputs cost that change from step to step", 0.0, 5.0, step=0.5, shown=False),
    forget_bias=Slider(
        "Forget bias", "Added to the biases of an LSTM's forget gates at the start", 0.0, 6.0, step=0.5, shown=False
    ),
    steps=Choice("Steps", "How many batches are learned from", form="slider", shown=False),
    seed=SEED,
)


class TrainView(View, controls=CONTROLS):
    """Trains in the browser, and shows how it goes; `TrainLab` adds the controls."""

    texts = T.List(T.Dict(), help="The texts on offer, as `texts.Text.entry` gives them.").tag(sync=True)
    values = T.Dict(help="Of each choice its values, in order; None is no clipping.").tag(sync=True)
    scalar = T.Unicode(help="The version of the asset for browsers without vector instructions.").tag(sync=True)
    presets = T.List(T.Dict(), help="Settings that race against each other: their names and what differs.").tag(
        sync=True
    )
    questions = T.List(T.Dict(), help="See `base.predictions.checked_predictions`.").tag(sync=True)
    unit_display = T.Unicode("", help="The CSS display of what only running text needs; the view sets it.").tag(
        sync=True
    )
    distance_display = T.Unicode("none", help="That of what only recall needs.").tag(sync=True)
    window_display = T.Unicode("", help="That of what all but recall need.").tag(sync=True)


class TrainLab(Lab[TrainView]):
    """Train a small recurrent language model in the page; works with a kernel, and on a page without one.

    Nothing runs until the reader presses *Train*. What is trained stays in the browser; it can be saved as a file that
    `lmkit.pretrained.load` reads, and other labs of the page offer it.

    Parameters
    ----------
    text : {"human_numbers", "stories", "shakespeare", "recall", "own"}
        "recall" asks for a symbol that was read `distance` words before: its window is one question, and only the
        answer counts. "own" lets the reader paste a text or open a file.
    unit : {"characters", "pieces"}
        What running text is cut into: characters, or the 1,024 pieces of words of the shipped model of Shakespeare.
    cell : {"lstm", "gru", "rnn", "relu"}
        "relu" is an RNN with that nonlinearity.
    hidden_size : int in [8, 512], a multiple of 8
        H, also of the embedding, which is tied to the output layer.
    num_layers : 1 or 2
    window : int in [2, 256]
        L, the tokens of a window: gradients flow back no further, the state is carried on.
    batch_size : int in [4, 128], a multiple of 4
        N.
    lr : float in (0, 100]
        The highest rate; it rises in the first tenth of the steps and then falls to 0.
    optimizer : {"adamw", "muon", "sgd"}
    dropout : float in [0, 0.8]
        Of what the output layer reads.
    decay : float in [0, 10]
        Weight decay.
    alpha, beta : float in [0, 5]
        Of activation regularisation and temporal activation regularisation.
    forget_bias : float in [0, 6]
        Added to the biases of the forget gates before the first step, where the cell is an LSTM.
    clip : float in (0, 1000], optional
        None never clips.
    steps : int in [1, 100000]
    distance : int in [1, 60]
        Of "recall".
    seed : int in [0, 2³²)
        The same seed gives the same weights, bit for bit, in every browser.
    controls : sequence of str, optional
        The controls to show. Among `CONTROLS`; by default all but some that rarely matter: layers, batch, decay, AR,
        TAR, forget bias and steps.
    presets : mapping of str to mapping, optional
        Two to four settings with a name, each the arguments in which it differs: *Race* trains them one after the
        other, with all else as the controls stand. What a preset sets needs no control.
    predict : sequence of (question, choices, measure) or (question, choices, measure, bounds), optional
        What the reader is asked before the run, all that can come out, and how the run answers it. After a race:
        "lowest_loss" (the preset that ends with the lowest held-out loss; a choice for each, and if you like one more
        for a difference below 1 %) and "second_beside_first" (of two presets, the second ends lower, higher, or
        diverges). After a run: "lowest_at" (in which part of the run the held-out loss is lowest; the parts are equal,
        one for each choice), and numbers that `bounds` divide into ranges: "held_out_loss" in nats,
        "held_out_accuracy" and "bits_per_character".

    Raises
    ------
    ValueError
        If an argument is not what it should be.

    Examples
    --------
    >>> TrainLab("human_numbers", hidden_size=32, lr=0.01)
    TrainLab('human_numbers', cell='lstm', hidden_size=32, window=16, lr=0.01, optimizer='muon', seed=0)
    """

    def __init__(
        self,
        text: str = "human_numbers",
        *,
        unit: str = "characters",
        cell: str = "lstm",
        hidden_size: int = 96,
        num_layers: int = 1,
        window: int = 16,
        batch_size: int = 32,
        lr: float = 0.02,
        optimizer: str = "muon",
        dropout: float = 0.1,
        decay: float = 0.7,
        alpha: float = 2.0,
        beta: float = 1.0,
        forget_bias: float = 0.0,
        clip: float | None = 1.0,
        seed: int = 0,
        steps: int = 1000,
        distance: int = 6,
        controls: Sequence[str] | None = None,
        presets: Mapping[str, Mapping[str, Any]] | None = None,
        predict: Sequence[Prediction] = (),
    ):
        given = dict(hidden_size=hidden_size, num_layers=num_layers, window=window, batch_size=batch_size)
        given |= dict(steps=steps, lr=lr, decay=decay, clip=clip)
        _check(given)
        offered = texts()
        check_choice("text", text, [known.name for known in offered])
        values: dict[str, list[Any]] = {
            "hidden_size": _with(WIDTHS, hidden_size),
            "num_layers": list(LAYERS),
            "window": _with(WINDOWS, window),
            "batch_size": _with(BATCHES, batch_size),
            "lr": _with(RATES, lr),
            "decay": _with(DECAYS, decay),
            "clip": [*_with(CLIPS, 1.0 if clip is None else clip), None],
            "steps": _with(STEPS, steps),
        }
        rows = CONTROLS.given(
            text={"options": {known.name: known.title for known in offered}},
            **{name: {"options": _labels(known)} for name, known in values.items()},
        )
        running = next(known for known in offered if known.name == text).is_running()
        named = {"unit": list(UNITS), "cell": list(CELLS), "optimizer": list(OPTIMIZERS)}
        view = TrainView(
            **rows.stored(
                text=text,
                unit=unit,
                cell=cell,
                hidden_size=hidden_size,
                num_layers=num_layers,
                window=window,
                batch_size=batch_size,
                lr=lr,
                optimizer=optimizer,
                dropout=dropout,
                decay=decay,
                alpha=alpha,
                beta=beta,
                forget_bias=forget_bias,
                clip=clip,
                steps=steps,
                distance=distance,
                seed=seed,
            ),
            texts=[known.entry() for known in offered],
            values=values | named,
            scalar=assets.scalar_key(),
            presets=_checked_presets({} if presets is None else presets, rows),
            questions=checked_predictions(predict, _measures(len(presets or {}))),
            unit_display="" if running else "none",
            distance_display="" if text == "recall" else "none",
            window_display="none" if text == "recall" else "",
        )
        super().__init__(view, rows, controls)
        for name in ("unit", "distance", "window"):
            self.follow(f"{name}_display", "display", name)

    def picture(self) -> tuple[str, str]:
        """Say what the lab is, and with which settings it begins: nothing is trained where no script runs."""
        displays = {name: getattr(self.view, f"{name}_display", "") for name in self.rows}
        shown = {name: self._label(name) for name in self.rows if displays[name] != "none"}
        return fallback.render({self.rows[name].label: value for name, value in shown.items()})

    def _label(self, name: str) -> str:
        row, value = self.rows[name], self.value(name)
        return row.labels[row.stored(value)] if isinstance(row, Choice) else f"{value:g}"

    def __repr__(self) -> str:
        names = ("cell", "hidden_size", "window", "lr", "optimizer", "seed")
        named = ", ".join(f"{name}={self.value(name)!r}" for name in names)
        return f"TrainLab({self.value('text')!r}, {named})"


LIMITS = {"window": (2, 256), "steps": (1, 100_000), "lr": (1e-6, 100), "decay": (0, 10), "clip": (1e-6, 1000)}
WHOLE = {"hidden_size": (8, 512), "batch_size": (4, 128)}  # multiples of the first number


def _check(given: Mapping[str, Any]) -> None:
    """Raise ValueError for a setting of those whose controls offer some values only, if it is not what it must be."""
    for name, value in given.items():
        if name == "num_layers":
            check_choice(name, value, LAYERS)
        elif name in WHOLE:
            low, high = WHOLE[name]
            check_number(name, value, low, high, whole=True)
            if value % low:
                raise ValueError(f"{name} must be a multiple of {low}, but it is {value}; take {value // low * low}")
        elif name in LIMITS and not (name == "clip" and value is None):
            check_number(name, value, *LIMITS[name], whole=name in ("window", "steps"))


def _checked_presets(presets: Mapping[str, Mapping[str, Any]], rows: Controls) -> list[dict[str, Any]]:
    """Return presets as the page takes them."""
    if not isinstance(presets, Mapping) or len(presets) not in (0, 2, 3, 4):
        raise ValueError(f"presets must be two to four settings with names, but they are {presets!r}")
    known = [name for name in rows if name not in ("text", "unit")]
    for title, settings in presets.items():
        with about("presets"):
            check_text("a name", title)
            if not isinstance(settings, Mapping) or not settings:
                raise ValueError(f"a preset must name the settings in which it differs, but {title!r} is {settings!r}")
            for name, value in settings.items():
                check_choice("a setting", name, known)
                if name not in (*LIMITS, *WHOLE, "num_layers"):
                    rows[name].check(name, value)
            _check(settings)
    return [{"name": title, "settings": dict(settings)} for title, settings in presets.items()]


def _measures(presets: int) -> dict[str, tuple[int, ...]]:
    """Return what can answer a prediction, and how many choices fit; races need presets."""
    races: dict[str, tuple[int, ...]] = {"lowest_loss": (presets, presets + 1)} if presets else {}
    if presets == 2:
        races["second_beside_first"] = (3,)
    return (
        races | {"lowest_at": ()} | dict.fromkeys(("held_out_loss", "held_out_accuracy", "bits_per_character"), NUMBER)
    )


def _with(known: Sequence[Any], value: Any) -> list[Any]:
    """Return some values in order, with one more if it is not among them."""
    return sorted({*known, type(known[0])(value)})


def _labels(values: Sequence[Any]) -> dict[Any, str]:
    return {value: "never" if value is None else f"{value:g}" for value in values}
