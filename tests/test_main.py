"""The command line, called as a function, and once as a reader would."""

import argparse
import json
import re
import shlex
import subprocess
import sys
from itertools import islice

import pytest

from lmkit import decoding, experiments, pretrained
from lmkit.__main__ import main
from lmkit.commands import texts, training
from lmkit.datasets import human_numbers, stories
from lmkit.experiments import recipes
from lmkit.runs import Run, Runs
from lmkit.text import batchify, to_tensor
from lmkit.training import evaluate, evaluate_with_cache, perplexity

TEXT = "the cat sat on the mat . the dog sat on the cat . the mat was red . <eos> " * 20
SMALL = ["--embedding-size", "8", "--hidden-size", "12", "--batch-size", "4", "--window", "8", "--quiet"]
SPLIT = ["--tokenizer", "split"]
REGULARISED = (
    "--embed-p .1 --input-p .2 --weight-p .3 --hidden-p .2 --output-p .4 --num-layers 2 --alpha 2 --beta 1 "
    "--weight-decay .1 --optimizer muon --schedule cosine --variable-window --shifted --averaging 0 "
    "--validate-every 5 --clip .5 --cache 3 .2"
).split()


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "cats.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


def run(capsys, *arguments):
    """The exit status, what was printed, and what was complained about."""
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as left:
        status = left.code
    out, err = capsys.readouterr()
    return status, out, err


def test_train_then_generate(capsys, text):
    status, out, err = run(capsys, "train", "--text", text, "--epochs", 20, *SMALL, *SPLIT)
    assert (status, err) == (0, "")
    path = text.with_suffix(".safetensors")
    assert out.startswith(f"wrote {path}, ")
    trained = pretrained.load(path)
    assert json.loads(out.split("\n", 1)[1]) == trained.card
    assert trained.card["title"] == "cats"
    assert trained.card["data"].startswith("cats.txt: 400 tokens")
    assert 1 < trained.card["metrics"]["held_out_perplexity"] < 6  # 10 words; the text hardly surprises
    assert set(trained.vocab.words) == set(TEXT.split())

    for method in ("greedy", "sample", "beam", "contrastive"):
        status, out, err = run(capsys, "generate", path, "the cat", "--method", method, "--max-new-tokens", 12)
        assert (status, err) == (0, "")
        written, figures = out.splitlines()
        assert written.startswith("the cat | ")
        assert set(written.split(" | ")[1].split()) <= set(trained.vocab.words)
        assert re.fullmatch(r" +log-probability -\d+\.\d\d nats, \d+ tokens, score -\d+\.\d{3}", figures)


def test_training_can_be_repeated(capsys, text, tmp_path):
    for out, seed in (("a", 1), ("b", 1), ("c", 2)):
        path = tmp_path / f"{out}.safetensors"
        assert run(capsys, "train", "--text", text, "--epochs", 1, "--seed", seed, "--out", path, *SMALL)[0] == 0
    a, b, c = (tmp_path.joinpath(f"{name}.safetensors").read_bytes() for name in "abc")
    assert a == b != c


def test_command_on_the_card_trains_the_same_model(capsys, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    first = tmp_path / "first.safetensors"
    run(capsys, "train", "--text", text, "--epochs", 2, "--seed", 5, "--out", first, *SMALL)
    command = pretrained.load(first).card["command"].split()
    assert command[:3] == ["python", "-m", "lmkit"]
    again = tmp_path / "again.safetensors"
    assert run(capsys, *command[3:], "--out", again, "--quiet")[0] == 0
    assert again.read_bytes() == first.read_bytes()


def test_command_on_the_card_has_every_setting(capsys, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spaced = text.rename(tmp_path / "two cats.txt")
    first, again = tmp_path / "first.safetensors", tmp_path / "again.safetensors"
    out = run(capsys, "train", "--text", spaced, "--epochs", 3, "--out", first, *SMALL, *REGULARISED)[1]
    assert out.startswith("wrote")  # nothing about the way, with --quiet
    command = shlex.split(pretrained.load(first).card["command"])
    assert run(capsys, *command[3:], "--out", again, "--quiet")[0] == 0
    assert again.read_bytes() == first.read_bytes()
    for option in filter(lambda part: part.startswith("--"), [*REGULARISED, "--epochs", "--seed", "--text"]):
        assert option in command


def handed_on(monkeypatch):
    """What `train` is given, as it is called."""
    given, full = {}, training.train
    monkeypatch.setattr(
        training,
        "train",
        lambda model, streams, **kw: (given.update(kw, model=model, streams=streams), full(model, streams, **kw))[1],
    )
    return given


def test_train_hands_every_option_on(capsys, text, monkeypatch):
    given = handed_on(monkeypatch)
    more = ["--warmup", ".2", "--lr", ".02", "--checkpoint", text.with_name("run"), "--checkpoint-every", 7]
    more += ["--schedule", "one-cycle"]  # the last one counts
    assert run(capsys, "train", "--text", text, "--epochs", 2, *SMALL, *SPLIT, *REGULARISED, *more)[0] == 0
    expected = {
        "window": 8,
        "variable_window": True,
        "lr": 0.02,
        "schedule": "one-cycle",
        "warmup": 0.2,
        "weight_decay": 0.1,
        "alpha": 2.0,
        "beta": 1.0,
        "clip": 0.5,
        "optimizer": "muon",
        "averaging": 0,
        "validate_every": 5,
        "checkpoint": text.with_name("run"),
        "checkpoint_every": 7,
        "progress": False,
    }
    assert {name: given[name] for name in expected} == expected
    assert given["validation"].shape == (1, 41)
    model = given["model"]
    assert (model.embedding_dropout.p, model.input_dropout.p, model.output_dropout.p) == (0.1, 0.2, 0.4)
    assert (model.rnn.weight_p, model.rnn.hidden_p, model.rnn.num_layers) == (0.3, 0.2, 2)


def test_plain_training_has_no_regularisation_but_light_decay(capsys, text, monkeypatch):
    given = handed_on(monkeypatch)
    assert run(capsys, "train", "--text", text, *SMALL, *SPLIT)[0] == 0
    assert (given["alpha"], given["beta"], given["weight_decay"], given.get("averaging")) == (0, 0, 0.01, None)
    assert not given["model"].output_dropout.p and given["validation"] is None and given["checkpoint"] is None


def test_train_on_human_numbers_measures_the_sequential_split(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, _ = run(
        capsys, "train", "--data", "human_numbers", "--epochs", 1, *SMALL, "--batch-size", 64, "--cache", 3, 0.2
    )
    assert status == 0
    assert out.startswith("wrote human_numbers.safetensors")
    trained = pretrained.load(tmp_path / "human_numbers.safetensors")
    assert trained.vocab == human_numbers.vocab()
    parts = human_numbers.sequential_split()
    assert all(f"{len(part):,}" in trained.card["data"] for part in parts)
    held_out, metrics = batchify(to_tensor(trained.vocab.ids(parts[1])), 64), trained.card["metrics"]
    plain = evaluate(trained.model, held_out)
    cached = evaluate_with_cache(trained.model, held_out, theta=3.0, lam=0.2)
    assert metrics["held_out_accuracy"] == pytest.approx(plain.accuracy, abs=0.02)  # the file's weights are rounded
    assert metrics["held_out_perplexity"] == pytest.approx(perplexity(plain.cross_entropy), rel=0.02)
    assert metrics["cached_accuracy"] == pytest.approx(cached.accuracy, abs=0.02)
    assert metrics["cached_perplexity"] == pytest.approx(perplexity(cached.cross_entropy), rel=0.02)
    assert metrics["cached_perplexity"] < 0.98 * metrics["held_out_perplexity"]


def test_train_on_stories_reads_fresh_text(capsys, tmp_path, monkeypatch):
    given = handed_on(monkeypatch)
    out = tmp_path / "new.safetensors"
    assert run(capsys, "train", "--data", "stories", "--steps", 12, "--out", out, *SMALL)[0] == 0
    trained = pretrained.load(out)
    assert trained.vocab == stories.vocab()
    assert given["steps"] == 12
    assert "--steps 12" in trained.card["command"] and "--epochs" not in trained.card["command"]
    options = argparse.Namespace(data="stories", epochs=None, steps=None, shifted=False, seed=0, batch_size=4, window=8)
    options.given = set()
    text = texts.load(options)
    assert text.steps == 1000
    streams = list(islice(text.streams, 3))
    assert {stream.shape for stream in streams} == {(4, 41)}
    told = [trained.vocab.decode(row[:30]) for row in [*text.held_out, *(row for stream in streams for row in stream)]]
    assert len(set(told)) == len(told) == 64 + 12


@pytest.mark.parametrize(
    "source, chrono, expected",
    [
        ("split", None, 8),
        ("text", None, 0),
        ("human_numbers", None, 0),
        ("text", 0, 0),
        ("human_numbers", 30, 30),
    ],
)
def test_cells_begin_with_the_memory_asked_for(capsys, text, tmp_path, monkeypatch, source, chrono, expected):
    begun = []
    monkeypatch.setattr(recipes, "chrono_init", lambda model, t_max: begun.append(t_max))
    what = {"text": ["--text", text], "split": ["--text", text, *SPLIT]}.get(source, ["--data", source])
    asked = [] if chrono is None else ["--chrono-init", chrono]
    out = tmp_path / "new.safetensors"
    assert run(capsys, "train", *what, "--epochs", 1, *SMALL, "--batch-size", 30, "--out", out, *asked)[0] == 0
    assert begun == [expected] * (expected > 0)
    assert f"--chrono-init {expected} " in pretrained.load(out).card["command"]


def test_train_tells_what_was_measured_on_the_way(capsys, text):
    loud = [option for option in SMALL if option != "--quiet"]
    status, out, err = run(capsys, "train", "--text", text, "--epochs", 2, *loud, *SPLIT, "--validate-every", 10)
    assert status == 0
    told = re.findall(r"^after (\d+) steps: held-out perplexity (\d+\.\d\d), accuracy (0\.\d{3})$", out, re.MULTILINE)
    assert [int(step) for step, *_ in told] == [10, 20, 22]
    metrics = pretrained.load(text.with_suffix(".safetensors")).card["metrics"]
    assert (float(told[-1][1]), float(told[-1][2])) == (
        metrics["held_out_perplexity"],
        pytest.approx(metrics["held_out_accuracy"], abs=6e-4),
    )
    assert "training" in err and "held-out" in err


def test_train_goes_on_from_its_checkpoint(capsys, text, tmp_path):
    kept, out = tmp_path / "run", text.with_suffix(".safetensors")
    command = ["train", "--text", text, "--epochs", 3, *SMALL, "--weight-p", 0.2, "--checkpoint", kept]
    first = run(capsys, *command), out.read_bytes(), kept.read_bytes()
    out.unlink()
    assert run(capsys, *command) == first[0]
    assert out.read_bytes() == first[1]
    out.unlink()
    status, printed, err = run(capsys, *command, "--weight-p", 0.3)
    assert (status, printed) == (2, "")
    assert f"lmkit train: checkpoint {kept} is of a run whose rnn.weight_p was 0.2, but now it is 0.3" in err
    kept.write_bytes(first[2][:9999])
    status, _, err = run(capsys, *command)
    assert status == 2 and f"checkpoint {kept} is damaged; delete it to begin anew" in err
    assert kept.read_bytes() == first[2][:9999] and not out.exists()


def test_experiment_is_made_by_name(capsys, tmp_path, monkeypatch):
    called = []
    made = Runs({}, [Run({}, 1, [], [], [], {})] * 3)
    monkeypatch.setattr(experiments, "make", lambda *given: called.append(given) or made)
    name, path = sorted(experiments.EXPERIMENTS)[0], tmp_path / "runs.json"
    status, out, _ = run(capsys, "experiment", name, "--out", path, "--jobs", 2, "--quiet")
    assert (status, out) == (0, f"wrote {path}, 3 runs\n")
    assert called == [(name, path, 2, False)]
    assert run(capsys, "experiment", name)[1].endswith(f"{name}.json, 3 runs\n")


def test_recipe_is_trained_by_name(capsys, tmp_path, monkeypatch):
    data = pretrained.path_of("human_numbers").read_bytes()
    monkeypatch.setitem(recipes.RECIPES, "human_numbers", lambda progress: data)
    path = tmp_path / "again.safetensors"
    status, out, _ = run(capsys, "train", "--recipe", "human_numbers", "--out", path)
    assert status == 0
    assert path.read_bytes() == data
    assert '"title": "Human Numbers"' in out


def test_generate_prints_what_the_decoder_writes(capsys):
    trained, prompt = pretrained.load("human_numbers"), "two hundred seventy eight ."
    arguments = ["--method", "greedy", "--max-new-tokens", 9]
    status, out, _ = run(capsys, "generate", "human_numbers", prompt, *arguments)
    expected = decoding.greedy(trained.model.stepper(), trained.prompt_ids(prompt), 9)
    assert status == 0
    assert out.splitlines()[0] == f"{prompt} | {trained.vocab.decode(expected.tokens)}"


@pytest.mark.parametrize(
    "method, options",
    [
        ("sample", {"min_p": 0.2, "typical_p": 0.8, "top_p": 0.7, "repetition_penalty": 1.3, "seed": 3}),
        ("beam", {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1.0, "length_penalty": 0.5}),
        ("contrastive", {"penalty_alpha": 0.8, "top_k": 6}),
    ],
)
def test_generate_hands_every_option_on(capsys, method, options):
    trained, prompt = pretrained.load("stories"), "one morning anna"
    arguments = [part for name, value in options.items() for part in (f"--{name.replace('_', '-')}", value)]
    _, out, _ = run(capsys, "generate", "stories", prompt, "--method", method, "--max-new-tokens", 9, *arguments)
    names = {"sample": "sample", "beam": "beam_search", "contrastive": "contrastive_search"}
    decode = getattr(decoding, names[method])
    hidden = {"hidden": lambda state: state[0][:, -1]} if method == "contrastive" else {}
    found = decode(trained.model.stepper(), trained.prompt_ids(prompt), 9, trained.eos_token_id, **options, **hidden)
    text = found[0] if method == "beam" else found
    assert out.splitlines()[0] == f"{prompt} | {trained.vocab.decode(text.tokens)}"
    assert out.splitlines()[1].endswith(f"score {text.score:.3f}")


def test_generate_writes_as_many_texts_as_asked(capsys):
    arguments = ["generate", "stories", "one morning anna", "--max-new-tokens", 8]
    for method in ("sample", "beam"):
        status, out, _ = run(capsys, *arguments, "--method", method, "--count", 3)
        assert status == 0
        assert len({line for line in out.splitlines() if "|" in line}) == 3
    first = run(capsys, *arguments, "--seed", 4)
    assert run(capsys, *arguments, "--seed", 4) == first != run(capsys, *arguments, "--seed", 5)


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (
            ["generate", "gpt", "a"],
            r"name must be one of the shipped models \['human_numbers', 'shakespeare', 'stories'\], .* 'gpt'",
        ),
        (["generate", "nowhere.safetensors", "a"], "nowhere.safetensors"),
        (["generate", "stories", "a dragon"], "text holds 'dragon', which is not among"),
        (["generate", "stories", ""], "prompt must hold at least one word, but it is empty; type a few words"),
        (["generate", "stories", "anna", "--top-k", "0"], "top_k must be a whole number of at least 1, but it is 0"),
        (["generate", "stories", "anna", "--top-p", "1.5"], "top_p must be .* but it is 1.5"),
        (["generate", "stories", "anna", "--temperature", "0"], "temperature must be .* but it is 0.0"),
        (["generate", "stories", "anna", "--method", "beam", "--num-beams", "0"], "num_beams must be .* but it is 0"),
        (["generate", "stories", "anna", "--max-new-tokens", "0"], "max_new_tokens must be .* but it is 0"),
        (["generate", "stories", "anna", "--seed", "-1"], "seed must be .* but it is -1"),
        (["generate", "stories", "anna", "--count", "0"], "count must be at least 1, but it is 0"),
        (["generate", "stories", "anna", "--method", "magic"], "argument --method: invalid choice: 'magic'"),
        (["train", "--text", "nowhere.txt"], "nowhere.txt"),
        (["train", "--recipe", "gpt"], "argument --recipe: invalid choice: 'gpt'"),
        (["train"], "one of the arguments --recipe --data --text --pairs is required"),
        (["train", "--recipe", "stories", "--text", "a.txt"], "not allowed with argument"),
        (["train", "--data", "stories", "--text", "a.txt"], "not allowed with argument"),
        (["train", "--data", "poems"], "argument --data: invalid choice: 'poems'"),
        (
            ["train", "--recipe", "stories", "--alpha", "2"],
            "alpha must not be given with --recipe, .* it is 2.0; leave it",
        ),
        (["train", "--recipe", "stories", "--shifted"], "shifted must not be given with --recipe"),
        (["train", "--recipe", "stories", "--out", "nowhere/a"], "out must name a file in a folder .* is nowhere/a"),
        (["train", "--recipe", "stories", "--out", "."], "out must be a file, but . is a folder; choose another name"),
        (
            ["train", "--data", "stories", "--epochs", "3"],
            "epochs must not be given with Stories, .* is 3; give --steps",
        ),
        (["train", "--data", "stories", "--shifted"], "shifted must not be given with Stories, .*; leave it out"),
        (["train", "--data", "human_numbers", "--steps", "3"], "steps must not be given with a text that has an end"),
        (["experiment", "magic"], "invalid choice: 'magic'"),
        (["sing"], "invalid choice: 'sing'"),
        ([], "arguments are required: command"),
    ],
)
def test_bad_input_ends_with_status_2_and_a_message(capsys, arguments, complaint):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert re.search(complaint, err)
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "option, value, complaint",
    [
        ("--epochs", 0, "epochs must be a whole number of at least 1, but it is 0; give 1 or more"),
        ("--window", 0, "window must be a whole number of at least 1, but it is 0; leave it out for 64"),
        ("--batch-size", 0, "batch_size must be a whole number of at least 1, but it is 0"),
        ("--batch-size", 800, "text must hold at least 2 × batch_size = 1600 tokens"),
        ("--hidden-size", 0, "hidden_size must be at least 1, but it is 0"),
        ("--embedding-size", -1, "embedding_size must be at least 1, but it is -1"),
        ("--num-layers", 0, "num_layers must be at least 1, but it is 0"),
        ("--lr", 0, "lr must be above 0, but it is 0.0; leave it out for 0.01"),
        ("--seed", -1, "seed must be at least 0 and below 2**32, but it is -1; choose another"),
        ("--seed", 2**32, "seed must be at least 0 and below 2**32, but it is 4294967296; choose another"),
        ("--embed-p", 1, "embed_p must be at least 0 and below 1, but it is 1.0"),
        ("--input-p", -0.1, "input_p must be at least 0 and below 1, but it is -0.1"),
        ("--weight-p", 1.5, "weight_p must be at least 0 and below 1, but it is 1.5"),
        ("--hidden-p", 2, "hidden_p must be at least 0 and below 1, but it is 2.0"),
        ("--output-p", "nan", "output_p must be at least 0 and below 1, but it is nan"),
        ("--chrono-init", -1, "chrono_init must be at least 0, but it is -1; 0 starts as torch does"),
        ("--alpha", -1, "alpha must be at least 0, but it is -1.0"),
        ("--beta", "nan", "beta must be at least 0, but it is nan"),
        ("--weight-decay", -1, "weight_decay must be at least 0, but it is -1.0"),
        ("--clip", 0, "clip must be above 0, but it is 0.0; leave it out for 1.0"),
        ("--warmup", 1, "warmup must be above 0 and below 1, but it is 1.0"),
        ("--averaging", 5, "but averaging is 5 and validate_every is not given; add --validate-every"),
        ("--validate-every", 0, "validate_every must be a whole number of at least 1, but it is 0"),
        ("--checkpoint-every", 0, "checkpoint_every must be a whole number of at least 1, but it is 0"),
        ("--checkpoint", "nowhere/run", "checkpoint must name a file in a folder that exists, but it is nowhere/run"),
        ("--out", "nowhere/model", "out must name a file in a folder that exists, but it is nowhere/model"),
        ("--optimizer", "lion", "argument --optimizer: invalid choice: 'lion'"),
        ("--schedule", "none", "argument --schedule: invalid choice: 'none'"),
    ],
)
def test_train_refuses_bad_numbers(capsys, text, option, value, complaint):
    before = ["--checkpoint", text.with_name("run")] if option == "--checkpoint-every" else []
    status, _, err = run(capsys, "train", "--text", text, *SMALL, *before, option, value)
    assert status == 2
    assert err.startswith(("lmkit train: ", "usage: python -m lmkit train"))
    assert complaint in err
    assert [file.name for file in text.parent.iterdir()] == [text.name]


@pytest.mark.parametrize("theta, lam", [(-1, 0.2), (3, 1), (3, -0.1), ("nan", 0.2)])
def test_bad_cache_is_refused_before_training(capsys, text, monkeypatch, theta, lam):
    monkeypatch.delattr(training, "train")
    status, _, err = run(capsys, "train", "--text", text, *SMALL, "--cache", theta, lam)
    assert status == 2
    assert f"theta must be at least 0 and lam in [0, 1), but they are {float(theta)} and {float(lam)}" in err


def test_averaging_must_not_be_negative(capsys, text):
    status, _, err = run(capsys, "train", "--text", text, *SMALL, "--averaging", -1, "--validate-every", 5)
    assert status == 2 and "averaging must be None or a whole number of at least 0, but it is -1" in err


@pytest.mark.parametrize(
    "content, complaint",
    [
        (b"", "text must hold at least 20 characters each, but .*odd.txt has none; give more text"),
        (b"a b c", "text must hold at least 20 characters each, but .*odd.txt has 5 characters"),
        (b"caf\xe9", r"a text must be UTF-8, but .*odd.txt is not: .* at byte 3, in line 1; save it as UTF-8"),
    ],
)
def test_train_refuses_a_text_it_cannot_use(capsys, tmp_path, content, complaint):
    path = tmp_path / "odd.txt"
    path.write_bytes(content)
    status, _, err = run(capsys, "train", "--text", path, "--quiet")
    assert status == 2
    assert re.search(complaint, err)


def test_generate_refuses_a_damaged_file(capsys, tmp_path):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(pretrained.path_of("stories").read_bytes()[:5000])
    status, _, err = run(capsys, "generate", path, "anna")
    assert status == 2
    assert f"{path} cannot be read as a model file" in err
    assert "get it or train it again" in err


def test_help_lists_what_there_is(capsys):
    status, out, _ = run(capsys, "--help")
    assert status == 0
    assert all(re.search(rf"^ +{command} +\w", out, re.MULTILINE) for command in ("train", "generate", "experiment"))
    for command, options in {
        "train": "recipe data text out epochs steps embedding-size hidden-size num-layers batch-size window lr seed "
        "quiet embed-p input-p weight-p hidden-p output-p alpha beta weight-decay optimizer schedule variable-window "
        "chrono-init shifted averaging cache validate-every checkpoint checkpoint-every clip warmup "
        "held-out tokenizer vocab-size plot",
        "experiment": "out jobs quiet",
        "generate": "method max-new-tokens temperature top-k top-p num-beams length-penalty seed count "
        "min-p typical-p num-beam-groups diversity-penalty penalty-alpha min-new-tokens repetition-penalty "
        "no-repeat-ngram-size",
    }.items():
        status, out, _ = run(capsys, command, "--help")
        assert status == 0
        assert all(re.search(rf"^ +--{option} .*\n?.*[a-z]", out, re.MULTILINE) for option in options.split())
        assert "None" not in out and "False" not in out  # no default is no default
        if command == "generate":
            assert "human_numbers, shakespeare, stories" in out


def test_module_runs_as_a_program():
    command = [sys.executable, "-m", "lmkit", "generate", "human_numbers", "six dragons"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert finished.returncode == 2
    assert finished.stderr.startswith("lmkit generate: text holds 'dragons'")
