"""The options of training, said once: `train`, the experiments and the command line take them from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from lmkit.text import as_whole

OPTIMIZERS = ("adamw", "adam", "sgd", "muon")
SCHEDULES = ("one-cycle", "cosine", "constant")
LOSS_PLACES = ("every", "last")


class Rule(NamedTuple):
    """A rule for a value: the words that follow "must be" in an error, and the check itself."""

    text: str
    allows: Callable[[Any], bool]


class Option(NamedTuple):
    """An option of training: all but its name and default.

    Attributes
    ----------
    rule : Rule
    help : str
        One line, for the command line.
    section : str
        The heading under which the command line offers it; it does not offer an option of section "".
    metavar : str, optional
        What stands for the value there.
    kind : type
        Of a value.
    choices : tuple of str, optional
        All values, where they are names.
    """

    rule: Rule
    help: str
    section: str
    metavar: str | None
    kind: type
    choices: tuple[str, ...] | None


def _is_count(value: Any, least: int) -> bool:
    whole = as_whole(value)
    return whole is not None and whole >= least


def _one_of(*choices: str) -> Rule:
    return Rule(f"{', '.join(map(repr, choices[:-1]))} or {choices[-1]!r}", choices.__contains__)


FLAG = Rule("True or False", lambda value: isinstance(value, bool))
COUNT = Rule("a whole number of at least 1", lambda value: _is_count(value, 1))
INTERVAL = Rule("None or a whole number of at least 0", lambda value: value is None or _is_count(value, 0))
AT_LEAST_0 = Rule("at least 0", lambda value: value >= 0)
ABOVE_0 = Rule("above 0", lambda value: value > 0)
SHARE = Rule("above 0 and below 1", lambda value: 0 < value < 1)


def _option(
    default: Any,
    rule: Rule,
    help: str,
    section: str = "training",
    metavar: str | None = None,
    *,
    kind: type | None = None,
    choices: tuple[str, ...] | None = None,
) -> Any:
    option = Option(rule, help, section, metavar, kind or type(default), choices)
    return field(default=default, metadata={"option": option})


def _choice(choices: tuple[str, ...], help: str, section: str = "training") -> Any:
    return _option(choices[0], _one_of(*choices), help, section, choices=choices)


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """The options of `train`, checked.

    Parameters
    ----------
    window : int ≥ 1
        L, how many steps gradients flow back.
    variable_window : bool
        Draw the length of every window around `window` (see `variable_windows`), and scale the rate of its step by
        its share of `window`, since a short window speaks for fewer tokens.
    loss_at : "every" or "last"
        Which targets of a window count: the one after every token, or only the one after the last token. With "last",
        what is left at the end of a stream and does not fill a window is not used.
    carry_state : bool
        Start a window from the state after the one before, rather than from zero.
    optimizer : "adamw", "adam", "sgd" or "muon"
        `Muon` makes every update of a hidden weight matrix orthogonal; AdamW still updates embeddings and biases.
    lr : float > 0
        The learning rate, or its peak.
    schedule : "one-cycle", "cosine" or "constant"
        How the rate changes: up from a 25th of its peak, then down to nearly zero along a cosine (Smith 2018); the same
        without the rise (Loshchilov & Hutter 2017); not at all.
    warmup : float between 0 and 1
        The share of the steps in which a one-cycle rate rises.
    weight_decay : float ≥ 0
        λ: every step multiplies the weights by 1 − lr · λ, apart from the gradient (decoupled; Loshchilov & Hutter
        2019); with "adam" and "sgd" it adds λ · w to the gradient (coupled: the gradient of λ/2 · Σ w²).
    alpha, beta : float ≥ 0
        Of `activation_penalty` and `temporal_activation_penalty`; above 0 the model must have `with_activations`.
    clip : float > 0
        The largest norm of the gradient (Pascanu et al. 2013); inf for no limit.
    averaging : int ≥ 0, optional
        n, the non-monotone interval: once a held-out loss is worse than the best of those more than n validations
        before, the weights of all further steps are averaged; held-out text is measured with the average, and the
        model ends with it. With "sgd" and a constant rate this is NT-ASGD (Merity et al. 2018). Needs held-out text.
    validate_every : int ≥ 1
        How many steps lie between two validations; one follows the last step.
    checkpoint_every : int ≥ 1
        How many steps lie between two checkpoints; one follows the last step.

    Raises
    ------
    ValueError
        If an option is out of its range.
    """

    window: int = _option(64, COUNT, "steps that gradients flow back", "reading", "L")
    variable_window: bool = _option(False, FLAG, "draw the length of each window around L", "reading")
    loss_at: str = _choice(LOSS_PLACES, "targets of a window that count", section="")
    carry_state: bool = _option(True, FLAG, "start a window from the state after the one before", section="")
    optimizer: str = _choice(OPTIMIZERS, "muon takes adamw for embeddings and biases")
    lr: float = _option(0.01, ABOVE_0, "peak learning rate", metavar="X")
    schedule: str = _choice(SCHEDULES, "how the rate changes")
    warmup: float = _option(0.03, SHARE, "share of one cycle in which the rate rises", metavar="X")
    weight_decay: float = _option(
        0.01,
        AT_LEAST_0,
        "with adam and sgd it is added to the gradient; with adamw and muon weights shrink apart from it",
        metavar="X",
    )
    alpha: float = _option(0.0, AT_LEAST_0, "activation regularisation, AR", metavar="X")
    beta: float = _option(0.0, AT_LEAST_0, "temporal activation regularisation, TAR", metavar="X")
    clip: float = _option(1.0, ABOVE_0, "largest norm of a gradient", metavar="X")
    averaging: int | None = _option(
        None,
        INTERVAL,
        "average the weights once held-out loss is worse than the best of those more than N validations before",
        metavar="N",
        kind=int,
    )
    validate_every: int = _option(100, COUNT, "steps between validations", "validation", "STEPS")
    checkpoint_every: int = _option(200, COUNT, "steps between checkpoints", "checkpoints", "STEPS")

    def __post_init__(self):
        for name, value in self.options().items():
            if hasattr(value, "item"):  # NumPy's would end in checkpoints, which hold plain numbers
                object.__setattr__(self, name, value.item())
        check_options(**self.options())
        if self.variable_window and self.loss_at == "last":
            raise ValueError(
                "variable_window must be False where loss_at is 'last', but it is True; leave it out, or give 'every'"
            )

    def options(self) -> dict[str, Any]:
        """Return the options of training as keywords for `train`; a subclass may have other fields besides."""
        return {name: getattr(self, name) for name in OPTIONS}


OPTIONS: dict[str, Option] = {each.name: each.metadata["option"] for each in fields(TrainConfig)}


def check_options(**values: Any) -> None:
    """Raise ValueError if one of these options of `TrainConfig` has a value that it must not have."""
    for name, value in values.items():
        _check(name, value, OPTIONS[name].rule, f"leave it out for {getattr(TrainConfig, name)!r}")


def check_counts(**counts: int) -> None:
    """Raise ValueError if one of these numbers is not whole or below 1."""
    for name, count in counts.items():
        _check(name, count, COUNT, "give 1 or more")


def _check(name: str, value: Any, rule: Rule, remedy: str) -> None:
    try:
        allowed = rule.allows(value)
    except TypeError:  # of another kind
        allowed = False
    if not allowed:
        raise ValueError(f"{name} must be {rule.text}, but it is {value!r}; {remedy}")
