"""Every argument of every lab, given what it cannot be: an error that names it, or a lab that shows what was meant.

Labs are found, their arguments are read off their signatures: a new lab is tried without a line here, unless it has
arguments that must be given.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import numbers
import re
from collections.abc import Callable
from functools import cache
from typing import Any

import ipywidgets
import numpy as np
import pytest
import torch
from traitlets import TraitError

from lmkit import runs
from lmkit.models import LSTMLanguageModel, RecurrentLanguageModel
from lmkit.text import Vocab
from lmkit.widgets import LABS
from lmkit.widgets.base.controls import Choice, Control, Slider, TextField, Toggle
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.labs.comparison.lab import MEASURES
from tests.small_translators import random_translator
from tests.widgets.length import made_up


@cache
def few_runs(name: str) -> runs.Runs:
    """Return some of the shipped runs: several seeds of two settings."""
    shipped = runs.load(name)
    return dataclasses.replace(shipped, runs=shipped.runs[::32])


WORDS = Vocab(["a", "b", "c"])
MEASURED = dict.fromkeys(MEASURES, (0.5, 0.1))
# What must be given, for labs that cannot do without.
GIVEN: dict[str, Callable[[], dict[str, Any]]] = {
    "ComparisonLab": lambda: {"points": {"top_k": {5: MEASURED}}, "truth": MEASURED, "prompts": ["one morning anna"]},
    "FillIn": lambda: {"code": "for t in range({{n}}):", "answers": {"n": "8"}},
    "Flashcards": lambda: {"chapter": "lstm", "section": "Two states and a misleading name"},
    "Quiz": lambda: {"chapter": "lstm"},
    "UnrollLab": lambda: {"model": RecurrentLanguageModel(3, 2, 2).eval(), "vocab": WORDS},
    # less than by default, to be quick
    "AblationLab": lambda: {"runs": few_runs("ablation")},
    "RegularisationLab": lambda: {"trained": few_runs("regularisation"), "alpha": 0, "beta": 0, "weight_decay": 0},
    "Review": lambda: {"chapters": ["lstm"]},
    "LengthLab": lambda: {"runs": made_up.RUNS},
    "CountingLab": lambda: {"tokens": "a b c a b . a".split()},
    "TranslateLab": lambda: {"translator": random_translator(), "max_new_tokens": 5},
}


class Odd:
    """Something that is nothing else, and says so in one way."""

    def __repr__(self) -> str:
        return "Odd()"


VALUES: dict[str, Any] = {
    "nothing": None,
    "an object": Odd(),
    "a class": Odd,
    "a function": abs,
    "a complex number": 1j,
    "bytes": b"ab",
    "an empty text": "",
    "white space": "  \n",
    "a digit": "3",
    "a word": "zzz",
    "a text of numpy": np.str_("zzz"),
    "a control character": "\0",
    "half a character": "\ud800",
    "true": True,
    "false": False,
    "truth of numpy": np.bool_(True),
    "minus one": -1,
    "zero": 0,
    "one": 1,
    "two": 2,
    "large": 10**30,
    "larger than a float": 10**400,
    "half": 0.5,
    "two as a float": 2.0,
    "nan": math.nan,
    "infinite": math.inf,
    "an integer of numpy": np.int64(2),
    "a small integer of numpy": np.uint8(1),
    "a number of numpy": np.float32(0.5),
    "nan of numpy": np.float64("nan"),
    "an array": np.array([1, 2]),
    "an empty array": np.array([]),
    "a tensor": torch.tensor(2),
    "a tensor of several": torch.tensor([1.0, 2.0]),
    "an empty list": [],
    "a list of numbers": [1, 2],
    "a list of nothing": [None],
    "a list of lists": [["a"]],
    "a list of words": ["a", "b"],
    "a list of empty texts": [""],
    "a tuple of words": ("a",),
    "a set of words": {"a"},
    "an empty mapping": {},
    "a mapping to numbers": {"a": 1},
    "a mapping to texts": {"n": "8"},
    "a mapping to lists": {"n": []},
    "a mapping to mappings": {"a": {"b": 1.0}},
    "a mapping to nothing": {"a": None},
    "a mapping from numbers": {1: {2: 3}},
    "a mapping from nothing": {None: None},
    "a vocabulary": WORDS,
    "another vocabulary": Vocab(["x", "y"]),
    "a module": torch.nn.Linear(2, 2),
    "a model": LSTMLanguageModel(3, 2, 2).eval(),
}
ARGUMENTS = [(name, argument) for name in LABS for argument in inspect.signature(LABS[name]).parameters]


def made(name: str, **arguments: Any) -> Lab:
    return LABS[name](**{**GIVEN.get(name, dict)(), **arguments})


@pytest.mark.parametrize("name", LABS)
def test_labs_can_be_made_of_what_must_be_given(name):
    assert made(name).fallback()


WITH_CONTROLS = [name for name, argument in ARGUMENTS if argument == "controls"]


@pytest.mark.parametrize("name", WITH_CONTROLS)
def test_controls_can_be_left_out(name):
    """The others stand in the lab's own order, and what has no control is as it was given."""
    whole = made(name)
    first, *others, last = whole.controls
    arguments = inspect.signature(LABS[name]).parameters
    given = {other: another(whole.rows[other], whole.value(other)) for other in others if other in arguments}
    lab = made(name, **given, controls=[last, first])
    assert list(lab.controls) == [first, last]
    assert {other: lab.value(other) for other in given} == given


def another(row: Control, value: Any) -> Any:
    """Return a value of a control that is not the present one, where there is one that needs no thought."""
    ends = [row.low, row.high] if isinstance(row, Slider) else [not value] if isinstance(row, Toggle) else []
    return next((other for other in (row.values if isinstance(row, Choice) else ends) if other != value), value)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "argument"), ARGUMENTS, ids=lambda part: part)
def test_an_argument_is_taken_as_it_was_meant_or_refused_by_its_name(name, argument):
    faults = []
    for said, value in VALUES.items():
        try:
            lab = made(name, **{argument: value})
        except (ValueError, TypeError) as error:
            if not re.search(rf"\b{argument}\b", str(error).split("\n")[0]) or not is_ours(error):
                faults.append(f"{said}: {type(error).__name__}: {error}"[:300])
        except Exception as error:
            faults.append(f"{said}: {type(error).__name__}: {error}"[:300])
        else:
            faults += [f"{said}: {fault}" for fault in faults_of(lab, argument, value)]
    assert not faults, "\n" + "\n".join(faults)


def is_ours(error: Exception) -> bool:
    """Whether an error is of Python's classes or of ours: those of libraries speak of what a reader never saw."""
    return type(error).__module__.split(".")[0] in ("builtins", "lmkit")


def faults_of(lab: Lab, argument: str, value: Any) -> list[str]:
    """Return what is wrong with a lab that was made."""
    found = []
    try:
        json.dumps(
            lab.view.get_state(), default=lambda part: "" if isinstance(part, bytes | ipywidgets.Widget) else 1 / 0
        )
        assert repr(lab)
        if argument != "controls" and isinstance(lab.rows.get(argument), TextField | None):  # rows check all others
            lab.picture() if type(lab).fallback is Lab.fallback else lab.fallback()
    except Exception as error:
        found.append(f"taken, but then {type(error).__name__}: {error}")
    if argument in lab.rows and isinstance(value, str | numbers.Number | np.bool_):
        kept = lab.value(argument)
        if kept != value or isinstance(kept, bool) != isinstance(value, bool | np.bool_):
            found.append(f"taken as {kept!r}")
        if type(kept).__module__ != "builtins":
            found.append(f"kept as {type(kept)}")
    return found


SETTINGS = [(name, setting) for name in LABS for setting in made(name).rows]


@pytest.mark.parametrize(("name", "setting"), SETTINGS, ids=lambda part: part)
def test_what_a_control_is_given_later_is_shown_or_told(name, setting):
    """A control takes any text; whatever it and the view hold, the lab is displayed, if with a message."""
    lab = made(name)
    row = lab.rows[setting]
    targets = [(lab.view, row.trait_name(setting))]
    targets += [(lab.controls[setting], row.source)] if setting in lab.controls else []
    for value in ("zzz", "", "\0", "3", -1, 10**6, 0.5, True, None, [1]):
        for target, trait in targets:
            before = getattr(target, trait)
            try:
                setattr(target, trait, value)
            except (TraitError, ValueError, TypeError):
                assert getattr(target, trait) == before  # refused, with nothing changed
        if isinstance(row, TextField):
            assert "text/html" in lab._repr_mimebundle_()
