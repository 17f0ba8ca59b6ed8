"""The options of training: defaults, ranges, and that nobody else has a list of them."""

import ast
import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest

import lmkit
from lmkit import experiments
from lmkit.__main__ import _parser
from lmkit.commands.options import number, whole
from lmkit.models import FixedContextRNN
from lmkit.training import TrainConfig, train
from lmkit.training.config import OPTIONS, check_counts, check_options

# Cards of trained models leave out options with their defaults, so that another default would make the cards wrong.
DEFAULTS = {
    "window": 64,
    "variable_window": False,
    "loss_at": "every",
    "carry_state": True,
    "optimizer": "adamw",
    "lr": 0.01,
    "schedule": "one-cycle",
    "warmup": 0.03,
    "weight_decay": 0.01,
    "alpha": 0.0,
    "beta": 0.0,
    "clip": 1.0,
    "averaging": None,
    "validate_every": 100,
    "checkpoint_every": 200,
}
WHOLE = "must be a whole number of at least 1"
ALLOWED = {
    "window": [1, 2, 500],
    "variable_window": [True, False],
    "loss_at": ["every", "last"],
    "carry_state": [True, False],
    "optimizer": ["adamw", "adam", "sgd", "muon"],
    "lr": [1e-9, 3, math.inf],
    "schedule": ["one-cycle", "cosine", "constant"],
    "warmup": [1e-6, 0.5, 1 - 1e-6],
    "weight_decay": [0, 0.0, 5],
    "alpha": [0, 2.0],
    "beta": [0, 1],
    "clip": [1e-9, math.inf],
    "averaging": [None, 0, 1, 7],
    "validate_every": [1, 10**6],
    "checkpoint_every": [1, 10**6],
}
METAVARS = {"window": "L", "averaging": "N", "validate_every": "STEPS", "checkpoint_every": "STEPS"}  # X for others
REFUSED = [
    ("window", 0, f"{WHOLE}, but it is 0; leave it out for 64"),
    ("window", 7.5, f"{WHOLE}, but it is 7.5; leave it out for 64"),
    ("variable_window", "no", "must be True or False, but it is 'no'; leave it out for False"),
    ("loss_at", "first", "must be 'every' or 'last', but it is 'first'; leave it out for 'every'"),
    ("carry_state", 1, "must be True or False, but it is 1; leave it out for True"),
    ("optimizer", "lion", "must be 'adamw', 'adam', 'sgd' or 'muon', but it is 'lion'; leave it out for 'adamw'"),
    ("lr", 0, "must be above 0, but it is 0; leave it out for 0.01"),
    ("lr", math.nan, "must be above 0, but it is nan; leave it out for 0.01"),
    ("schedule", "step", "must be 'one-cycle', 'cosine' or 'constant', but it is 'step'; leave it out for 'one-cycle'"),
    ("warmup", 0.0, "must be above 0 and below 1, but it is 0.0; leave it out for 0.03"),
    ("warmup", 1.0, "must be above 0 and below 1, but it is 1.0; leave it out for 0.03"),
    ("weight_decay", -1e-9, "must be at least 0, but it is -1e-09; leave it out for 0.01"),
    ("alpha", -1e-9, "must be at least 0, but it is -1e-09; leave it out for 0.0"),
    ("beta", math.nan, "must be at least 0, but it is nan; leave it out for 0.0"),
    ("clip", 0, "must be above 0, but it is 0; leave it out for 1.0"),
    ("averaging", -1, "must be None or a whole number of at least 0, but it is -1; leave it out for None"),
    ("averaging", 0.5, "must be None or a whole number of at least 0, but it is 0.5; leave it out for None"),
    ("validate_every", 0, f"{WHOLE}, but it is 0; leave it out for 100"),
    ("checkpoint_every", 0, f"{WHOLE}, but it is 0; leave it out for 200"),
]


def test_defaults_are_those_that_cards_rely_on():
    assert TrainConfig().options() == dataclasses.asdict(TrainConfig()) == DEFAULTS
    assert list(OPTIONS) == list(DEFAULTS)


@pytest.mark.parametrize("name, value", [(name, value) for name, values in ALLOWED.items() for value in values])
def test_every_value_of_the_range_is_taken(name, value):
    assert getattr(TrainConfig(**{name: value}), name) == value
    check_options(**{name: value})


@pytest.mark.parametrize("name, value, complaint", REFUSED)
def test_values_out_of_the_range_are_refused_with_rule_value_and_remedy(name, value, complaint):
    for refuse in (TrainConfig, check_options):
        with pytest.raises(ValueError) as refused:
            refuse(**{name: value})
        assert str(refused.value) == f"{name} {complaint}"


def test_every_option_has_a_value_that_is_refused():
    assert {name for name, *_ in REFUSED} == set(DEFAULTS)


def test_variable_windows_and_a_loss_at_the_last_token_exclude_each_other():
    with pytest.raises(ValueError, match="variable_window must be False where loss_at is 'last', but it is True; "):
        TrainConfig(variable_window=True, loss_at="last")
    assert TrainConfig(variable_window=True).variable_window
    assert TrainConfig(loss_at="last").loss_at == "last"


def test_numbers_of_numpy_become_pythons():
    config = TrainConfig(lr=np.float64(0.5), alpha=np.float32(0.25), window=np.int64(3), variable_window=np.True_)
    assert [type(value) for value in (config.lr, config.alpha, config.window, config.variable_window)] == [
        float,
        float,
        int,
        bool,
    ]
    assert (config.lr, config.alpha, config.window, config.variable_window) == (0.5, 0.25, 3, True)


def test_options_cannot_be_changed_later():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainConfig().lr = 0.5


@pytest.mark.parametrize("count", [1, 5])
def test_counts_of_1_and_more_are_taken(count):
    check_counts(starts=count)


@pytest.mark.parametrize("count", [0, -3, 1.5])
def test_other_counts_are_refused(count):
    with pytest.raises(ValueError) as refused:
        check_counts(epochs=2, starts=count)
    assert str(refused.value) == f"starts {WHOLE}, but it is {count}; give 1 or more"


def test_train_takes_options_and_no_others():
    with pytest.raises(TypeError, match="learning_rate"):
        train(FixedContextRNN(5, 4, 2), [], steps=1, learning_rate=0.1)


# Those who take the options from here.


def option_actions():
    """The options of the command line, by name."""
    (commands,) = [action for action in _parser()._actions if action.dest == "command"]
    return {action.dest: action for action in commands.choices["train"]._actions}


def test_command_line_offers_the_options_with_their_defaults_and_help():
    offered = option_actions()
    missing = {name for name in OPTIONS if name not in offered}
    assert missing == {name for name, option in OPTIONS.items() if not option.section} == {"loss_at", "carry_state"}
    for name in OPTIONS.keys() - missing:
        action, option = offered[name], OPTIONS[name]
        assert action.option_strings == [f"--{name.replace('_', '-')}"]
        assert action.default is None  # so that what is given is told from what is usual
        assert action.usual == (None if name == "validate_every" else DEFAULTS[name])
        assert (action.help, action.metavar, action.choices) == (option.help, option.metavar, option.choices)
        assert action.choices == (tuple(ALLOWED[name]) if type(DEFAULTS[name]) is str else None)
        assert action.metavar == METAVARS.get(name, "X" if type(DEFAULTS[name]) is float else None)
        assert len(option.help) > 10 and "\n" not in option.help
        if option.kind is bool:
            assert action.const is True
        else:
            assert option.kind is (int if name == "averaging" else type(DEFAULTS[name]))
            assert action.type is {int: whole, float: number}.get(option.kind)


def test_command_line_lists_the_options_where_they_belong():
    (commands,) = [action for action in _parser()._actions if action.dest == "command"]
    groups = commands.choices["train"]._action_groups
    titles = {action.dest: group.title for group in groups for action in group._group_actions}
    for name, title in {
        "window": "how the text is read",
        "lr": "training",
        "averaging": "training",
        "validate_every": "evaluation on held-out text",
        "checkpoint_every": "checkpoints",
    }.items():
        assert titles[name].startswith(title)


def test_recipes_of_experiments_have_the_options():
    recipe = experiments.Recipe(lr=0.5, hidden_size=4)
    assert recipe.options() == {**DEFAULTS, "lr": 0.5}
    with pytest.raises(ValueError, match="lr must be above 0"):
        experiments.Recipe(lr=-1)


def literal_defaults(source):
    """The names of parameters, and of fields of classes, that have a default written out."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            positional = [*node.args.posonlyargs, *node.args.args]
            pairs = list(zip(reversed(positional), reversed(node.args.defaults), strict=False))
            pairs += zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
            yield from (argument.arg for argument, default in pairs if isinstance(default, ast.Constant))
        elif (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and isinstance(node.value, ast.Constant)
        ):
            yield node.target.id


def test_defaults_of_options_are_said_in_one_place():
    package = Path(lmkit.__file__).parent
    modules = [module for room in ("training", "commands", "experiments") for module in package.glob(f"{room}/*.py")]
    assert {"config.py", "windows.py", "sweeps.py"} < {module.name for module in modules}
    for module in modules:
        assert not set(literal_defaults(module.read_text(encoding="utf-8"))) & set(OPTIONS), module


def test_literal_defaults_are_seen_wherever_they_stand():
    source = "def f(a, b=1, *, c=None, d=X.d, e):\n def g(h='1'): pass\nclass K:\n i: int = 2\n j: int = X.j"
    assert sorted(literal_defaults(source)) == ["b", "c", "h", "i"]
