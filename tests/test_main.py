"""The command line, called as a function, and once as a reader would."""

import json
import re
import subprocess
import sys

import pytest

from lmkit import decoding, pretrained, recipes
from lmkit.__main__ import main

TEXT = "the cat sat on the mat . the dog sat on the cat . the mat was red . <eos> " * 20
SMALL = ["--embedding-size", "8", "--hidden-size", "12", "--batch-size", "4", "--window", "8", "--quiet"]


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
    status, out, err = run(capsys, "train", "--text", text, "--epochs", 20, *SMALL)
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


@pytest.mark.parametrize("method, options", [
    ("sample", {"min_p": 0.2, "typical_p": 0.8, "top_p": 0.7, "repetition_penalty": 1.3, "seed": 3}),
    ("beam", {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 1.0, "length_penalty": 0.5}),
    ("contrastive", {"penalty_alpha": 0.8, "top_k": 6}),
])  # fmt: skip
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


@pytest.mark.parametrize("arguments, complaint", [
    (["generate", "gpt", "a"], r"name must be one of the shipped models \['human_numbers', 'stories'\], .* 'gpt'"),
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
    (["train"], "one of the arguments --recipe --text is required"),
    (["train", "--recipe", "stories", "--text", "a.txt"], "not allowed with argument"),
    (["sing"], "invalid choice: 'sing'"),
    ([], "arguments are required: command"),
])  # fmt: skip
def test_bad_input_ends_with_status_2_and_a_message(capsys, arguments, complaint):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert re.search(complaint, err)
    assert "Traceback" not in err


@pytest.mark.parametrize("option, value, complaint", [
    ("--epochs", 0, "epochs must be at least 1, but it is 0"),
    ("--window", 0, "window must be at least 1, but it is 0"),
    ("--batch-size", 0, "batch_size must be at least 1, but it is 0"),
    ("--batch-size", 500, "tokens must hold at least 2 × batch_size = 1000"),
    ("--hidden-size", 0, "hidden_size must be at least 1, but it is 0"),
    ("--embedding-size", -1, "embedding_size must be at least 1, but it is -1"),
    ("--num-layers", 0, "num_layers must be at least 1, but it is 0"),
    ("--lr", 0, "lr and clip must be above 0"),
    ("--seed", -1, "Seed must be between 0 and"),
])  # fmt: skip
def test_train_refuses_bad_numbers(capsys, text, option, value, complaint):
    status, _, err = run(capsys, "train", "--text", text, *SMALL, option, value)
    assert status == 2
    assert err.startswith("lmkit train: ")
    assert complaint in err
    assert not text.with_suffix(".safetensors").exists()


@pytest.mark.parametrize("content, complaint", [
    (b"", "it is empty"), (b"a b c", "tokens must hold at least 2"), (b"\xff\xfe\x00 a", "utf-8"),
])  # fmt: skip
def test_train_refuses_a_text_it_cannot_use(capsys, tmp_path, content, complaint):
    path = tmp_path / "odd.txt"
    path.write_bytes(content)
    status, _, err = run(capsys, "train", "--text", path, "--quiet")
    assert status == 2
    assert complaint in err


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
    assert all(re.search(rf"^ +{command} +\w", out, re.MULTILINE) for command in ("train", "generate"))
    for command, options in {
        "train": "recipe text out epochs embedding-size hidden-size num-layers batch-size window lr seed quiet",
        "generate": "method max-new-tokens temperature top-k top-p num-beams length-penalty seed count "
        "min-p typical-p num-beam-groups diversity-penalty penalty-alpha min-new-tokens repetition-penalty "
        "no-repeat-ngram-size",
    }.items():
        status, out, _ = run(capsys, command, "--help")
        assert status == 0
        assert all(f"--{option}" in out for option in options.split())
    assert "human_numbers, stories" in out


def test_module_runs_as_a_program():
    command = [sys.executable, "-m", "lmkit", "generate", "human_numbers", "six dragons"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert finished.returncode == 2
    assert finished.stderr.startswith("lmkit generate: text holds 'dragons'")
