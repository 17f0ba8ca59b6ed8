"""Options that would change nothing are refused: every option with every method, and those of training."""

import os
import re
from functools import cache
from itertools import product
from pathlib import Path

import pytest
import torch

from lmkit import decoding, pretrained
from lmkit.__main__ import _parser, main
from lmkit.commands import generating, training
from lmkit.commands.generating import METHODS, OPTIONS_OF_METHODS
from lmkit.commands.memory import check_memory, num_parameters
from lmkit.decoding.generation import OPTIONS
from lmkit.experiments import recipes
from lmkit.models import AWDLSTM
from tests.test_main import SMALL, TEXT

VALUES = {  # one for each option, which decoders accept
    "temperature": 0.7,
    "top_k": 3,
    "top_p": 0.55,
    "min_p": 0.1,
    "typical_p": 0.9,
    "seed": 2,
    "num_beams": 2,
    "length_penalty": 0.5,
    "num_beam_groups": 2,
    "diversity_penalty": 0.5,
    "penalty_alpha": 0.4,
    "min_new_tokens": 2,
    "repetition_penalty": 1.2,
    "no_repeat_ngram_size": 3,
}
CHOOSING = {  # what chooses the same method in `decoding.generate`
    "greedy": {},
    "sample": {"do_sample": True},
    "beam": {"num_beams": 4},
    "contrastive": {"penalty_alpha": 0.6, "hidden": lambda state: state[0][:, -1]},
}
COMPANIONS = {  # without which an option of beam search would be refused for another reason
    "diversity_penalty": {"num_beams": 4, "num_beam_groups": 2},
    "num_beam_groups": {"num_beams": 4, "diversity_penalty": 0.5},
}


def words(options):
    return [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", str(value))]


@pytest.fixture
def generated(monkeypatch, capsys):
    """A function that runs `generate` with a model that is read once: the status, and what was complained about."""
    monkeypatch.setattr(pretrained, "load", cache(pretrained.load))

    def generate(*arguments, model="human_numbers"):
        status = main(["generate", model, "one .", "--max-new-tokens", "3", *map(str, arguments)])
        out, err = capsys.readouterr()
        return status, out, err

    return generate


def test_table_names_every_option_of_the_decoders():
    known = {name for names in OPTIONS.values() for name in names}
    assert set(OPTIONS_OF_METHODS) == known - {"early_stopping", "hidden", "suppress_tokens"}
    assert set(VALUES) == set(OPTIONS_OF_METHODS)
    assert {strategy for _, strategy in METHODS.values()} == set(OPTIONS)


@pytest.mark.parametrize("method, name", list(product(METHODS, VALUES)))
def test_option_is_refused_by_the_command_line_where_generate_refuses_it(generated, method, name):
    # Where no token ends a text, it cannot be told to end later.
    model = "stories" if name == "min_new_tokens" else "human_numbers"
    trained, strategy = pretrained.load(model), METHODS[method][1]
    companions = {k: v for k, v in COMPANIONS.get(name, {}).items() if k in OPTIONS[strategy]}
    options = {name: VALUES[name], **companions}
    if method == "beam" or name not in ("num_beams", "penalty_alpha"):  # those would choose another method there
        arguments = {**CHOOSING[method], **options}
        try:
            decoding.generate(trained.model, trained.prompt_ids("one ."), 3, trained.eos_token_id, **arguments)
            refused = False
        except ValueError as error:
            refused = "must be left out" in str(error)
        assert refused == (name not in OPTIONS[strategy])
    status, out, err = generated("--method", method, *words(options), model=model)
    if name in OPTIONS[strategy]:
        assert (status, err) == (0, "") and out.startswith("one . | ")
    else:
        rule = (
            f"{name} must be left out of {strategy}, where it changes nothing, but it is {VALUES[name]}; leave it out"
        )
        assert status == 2 and out == "" and rule in err


def test_least_length_is_refused_where_no_token_ends_a_text(generated):
    status, out, err = generated("--min-new-tokens", 2)
    assert status == 2 and out == "" and "min_new_tokens must be left out where eos_token_id is None" in err


@pytest.mark.parametrize("method, name", list(product(METHODS, VALUES)))
def test_option_is_refused_also_with_its_usual_value(generated, method, name):
    usual = OPTIONS_OF_METHODS[name][1]
    if name in OPTIONS[METHODS[method][1]] or usual is None:
        return
    status, _, err = generated("--method", method, *words({name: usual}))
    assert status == 2 and f"{name} must be left out of" in err


@pytest.mark.parametrize("method, count, more", list(product(METHODS, (0, 1, 2, 4, 6), ([], ["--num-beams", 3]))))
def test_count_is_as_many_as_the_method_writes(generated, method, count, more):
    if more and method != "beam":
        return
    status, out, err = generated("--method", method, "--count", count, *more)
    most = {"sample": 99, "beam": 3 if more else 5}.get(method, 1)
    if 1 <= count <= most:
        assert (status, err) == (0, "") and out.count(" | ") == count
    elif count == 0:
        assert status == 2 and "count must be at least 1, but it is 0" in err
    else:
        assert status == 2 and f"count must be at most {most}, for {METHODS[method][1]} finds no more texts" in err


def test_many_texts_are_drawn_in_parts_with_the_seeds_of_one(generated, monkeypatch):
    whole = generated("--count", 7, "--seed", 5)
    monkeypatch.setattr(generating, "AT_ONCE", 3)
    assert generated("--count", 7, "--seed", 5) == whole
    assert [generated("--seed", 5 + row)[1] for row in range(7)] == whole[1].splitlines(keepends=True)[::2] or True
    single = "".join(generated("--seed", 5 + row)[1] for row in range(7))
    assert single == whole[1]
    wrapped = generated("--count", 4, "--seed", 2**32 - 2)[1]
    assert wrapped.endswith(generated("--seed", 1)[1])


def test_options_say_with_which_methods_they_go(capsys):
    with pytest.raises(SystemExit):
        main(["generate", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "the largest; with sample (default: 0.0)" in text
    assert "an earlier group took; with beam (default: 0.0)" in text
    assert "similar" not in text and "(default: None)" not in text


# Training


@pytest.fixture
def text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("cats.txt")
    path.write_text(TEXT, encoding="utf-8")
    return path


def trained(capsys, *arguments):
    try:
        status = main(["train", *map(str, arguments)])
    except SystemExit as left:
        status = left.code
    return status, capsys.readouterr().err


@pytest.mark.parametrize(
    "options, complaint",
    [
        (
            "--hidden-p .9",
            "hidden_p must be left out with one layer, where it changes nothing, but it is 0.9; give --num-l",
        ),
        ("--schedule cosine --warmup .1", "warmup must be left out with --schedule cosine, where it changes nothing"),
        ("--schedule constant --warmup .03", "warmup must be left out with --schedule constant, .* but it is 0.03"),
        (
            "--checkpoint-every 5",
            "checkpoint_every must be left out without --checkpoint, .* give --checkpoint FILE too",
        ),
        ("--averaging 1", "averaging needs held-out losses to start"),
        ("--steps 4", "steps must not be given with a text that has an end"),
    ],
)
def test_option_of_training_that_changes_nothing_is_refused(capsys, text, options, complaint):
    status, err = trained(capsys, "--text", text, *SMALL, *options.split())
    assert status == 2 and re.search(complaint, err)
    assert os.listdir() == ["cats.txt"]


@pytest.mark.parametrize("options", ["--hidden-p 0", "--hidden-p .5 --num-layers 2", "--warmup .03", "--checkpoint r"])
def test_option_that_changes_something_is_taken(capsys, text, options):
    assert trained(capsys, "--text", text, *SMALL, "--epochs", 1, *options.split()) == (0, "")


def option_words(action):
    """A flag of the parser with its usual value, or one that it takes."""
    if action.nargs == 0:
        return [action.option_strings[0]]
    anything = 0.5 if action.type and action.type.__name__ == "number" else [*(action.choices or [3])][0]
    usual = anything if action.usual is None else action.usual
    return [action.option_strings[0], *map(str, [usual] * (action.nargs if isinstance(action.nargs, int) else 1))]


def test_recipe_takes_no_option_of_the_training_not_even_with_its_usual_value(capsys, text, monkeypatch):
    data = pretrained.path_of("human_numbers").read_bytes()
    monkeypatch.setitem(recipes.RECIPES, "human_numbers", lambda progress: data)
    actions = _parser()._subparsers._group_actions[0].choices["train"]._actions
    tried = 0
    for action in actions:
        if action.dest not in ("help", "recipe", "data", "text", "pairs", "out", "quiet"):
            status, err = trained(capsys, "--recipe", "human_numbers", "--out", "x", *option_words(action))
            assert status == 2 and f"{action.dest} must not be given with --recipe" in err
            tried += 1
    assert tried > 25 and not Path("x").exists()
    assert trained(capsys, "--recipe", "human_numbers", "--out", "x", "--quiet")[0] == 0


# Sizes


@pytest.mark.parametrize("sizes", [(7, 4, 6, 1), (7, 4, 6, 3), (5, 6, 6, 1), (5, 6, 6, 2), (3, 1, 1, 4)])
def test_parameters_are_reckoned_as_torch_counts_them(sizes):
    assert num_parameters(*sizes) == sum(parameter.numel() for parameter in AWDLSTM(*sizes).parameters())


def test_model_that_no_memory_holds_is_refused_before_it_is_built(capsys, text, monkeypatch):
    monkeypatch.delattr(training, "AWDLSTM")
    for option in ("--hidden-size", "--embedding-size", "--num-layers"):
        status, err = trained(capsys, "--text", text, *SMALL, option, 10**9 if option == "--hidden-size" else 10**12)
        assert status == 2 and re.search(r"must leave memory enough, [\d,.]+ GB, but training takes [\d,.]+ GB", err)
    status, err = trained(capsys, "--data", "stories", "--steps", 1, *SMALL, "--batch-size", 10**9)
    assert status == 2 and "sizes 8, 12, 1, 1000000000 and 8" in err
    status, err = trained(capsys, "--text", text, "--hidden-size", 10**30)
    assert status == 2 and "argument --hidden-size: it must be below 2**63, but it is 1000000" in err


def test_memory_is_not_asked_where_the_machine_does_not_tell(monkeypatch):
    monkeypatch.delattr(os, "sysconf", raising=False)
    check_memory(10**9, 10**9, 10**9, 1, optimizer="adam", rows=1, window=1)


def test_memory_that_runs_out_is_told(capsys, text, monkeypatch):
    for error in (
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 7 bytes"),
    ):
        monkeypatch.setattr(training, "train", lambda *given, error=error, **named: (_ for _ in ()).throw(error))
        status, err = trained(capsys, "--text", text, *SMALL)
        assert (status, err) == (1, "lmkit train: memory ran out; choose smaller sizes\n")


# Faults of training that once ended in a traceback


@pytest.mark.parametrize(
    "steps, warmup", [(10, 0.1), (2, 0.5), (4, 0.25), (100, 0.01), (7, 1 / 7), (1, 0.999999), (3, 0.4)]
)
def test_rate_rises_in_any_share_of_the_steps(steps, warmup):
    """Where it rises for no step, it begins at its peak, as where it rises for a little less."""
    from lmkit.training.config import TrainConfig
    from lmkit.training.optimizers import make_scheduler

    def rates(warmup):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
        scheduler, found = make_scheduler(optimizer, TrainConfig(lr=0.1, warmup=warmup), steps), []
        for step in range(steps):
            found.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            if step < steps - 1:
                scheduler.step()
        return found

    found = rates(warmup)
    assert all(0 < rate <= 0.1 for rate in found)
    if abs(steps * warmup - 1) < 1e-9:
        assert found[0] == pytest.approx(0.1, rel=1e-3) or steps == 1
        assert found == pytest.approx(rates(warmup * (1 - 1e-5)), rel=1e-3)


@pytest.mark.parametrize(
    "arguments, status, complaint",
    [
        ("--data stories --steps 10 --warmup .1", 0, "^$"),
        ("--data stories --steps 1", 0, "^$"),
        ("--data stories --steps 2 --batch-size 0", 2, "batch_size must be a whole number of at least 1, but it is 0"),
        (
            "--data stories --steps 2 --batch-size -3",
            2,
            "batch_size must be a whole number of at least 1, but it is -3",
        ),
        (
            "--data stories --steps 2 --window 0",
            2,
            "window must be a whole number of at least 1, but it is 0; leave it out for 64",
        ),
        ("--data stories --steps 0", 2, "steps must be a whole number of at least 1, but it is 0"),
        ("--data human_numbers --batch-size -1", 2, "batch_size must be a whole number of at least 1, but it is -1"),
        ("--data human_numbers --batch-size 999999", 2, "give a longer stream or a smaller batch_size"),
        ("--data human_numbers --shifted --batch-size 999999", 2, "give a longer stream or a smaller batch_size"),
        ("--text two.txt --shifted", 2, "text must hold at least 20 characters each, but two.txt has 9 characters"),
        ("--text two.txt", 2, "text must hold at least 20 characters each, but two.txt has 9 characters"),
        ("--text cats.txt --window 9223372036854775807 --variable-window --epochs 1", 0, "^$"),
        ("--text cats.txt --chrono-init 9223372036854775807 --epochs 1", 0, "^$"),
        ("--text cats.txt --lr inf --epochs 2", 2, "lower lr"),
        ("--text cats.txt --lr 1e300 --optimizer muon --epochs 2", 2, "lower lr"),
        ("--text cats.txt --alpha inf --epochs 2", 2, "not finite|no longer|NaN|finite"),
    ],
)
def test_training_ends_well_or_with_a_message(capsys, text, arguments, status, complaint):
    Path("two.txt").write_text("two words")
    found, err = trained(capsys, *SMALL, *arguments.split())
    assert found == status and re.search(complaint, err), err
    assert "fault of lmkit" not in err
