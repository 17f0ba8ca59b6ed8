"""`train --pairs` and `translate`: files of pairs, their faults, and what is written and printed."""

import importlib.util
import json
import re
import shlex

import pytest
import sacrebleu
import torch

from lmkit import decoding, pretrained
from lmkit.__main__ import main
from lmkit.commands.pair_files import read_pairs
from lmkit.models.seq2seq import padded
from lmkit.training import by_length, encode_pairs, evaluate_pairs

PAIRS = (
    "the dog sleeps .\tder hund schläft .\nthe cat sleeps .\tdie katze schläft .\nthe dog eats .\tder hund frisst .\n"
)
SMALL = shlex.split("--epochs 3 --batch-size 2 --embedding-size 4 --hidden-size 6 --quiet")


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file of pairs in the folder from which commands are run."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "mine.tsv"
    path.write_text(PAIRS, encoding="utf-8")
    return path


def train(*options):
    return main(["train", "--pairs", "mine.tsv", *SMALL, *options])


def test_the_card_tells_how_like_the_references_translations_are(file, monkeypatch):
    assert train("--epochs", "30", "--seed", "1") == 0
    translator = pretrained.load_translator("mine.safetensors")
    found = translator.translate("the dog eats .", 28)
    metrics = translator.card["metrics"]
    assert metrics["exact_match"] == float(found == "der hund frisst .")
    assert metrics["bleu"] == pytest.approx(sacrebleu.corpus_bleu([found], [["der hund frisst ."]]).score, abs=0.06)
    assert metrics["chrf"] == pytest.approx(sacrebleu.corpus_chrf([found], [["der hund frisst ."]]).score, abs=0.06)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert train("--out", "without.safetensors") == 0
    assert "bleu" not in pretrained.load_translator("without.safetensors").card["metrics"]


def test_lines_are_pairs_with_end_tokens(tmp_path):
    path = tmp_path / "pairs"
    path.write_bytes("\ufeffa b\tc\r\n\r\n \t \r\nd\te  f".encode())
    expected = [(["a", "b", "<eos>"], ["c", "<eos>"]), (["d", "<eos>"], ["e", "f", "<eos>"])]
    assert read_pairs(path) == (expected, ["byte order mark dropped"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\nc d\n", r"one tab between source and translation, but \S+mine.tsv, line 2, has no tab; correct it"),
        ("a\tb\n\nc\td\te\n", "line 3, has 2 tabs"),
        ("a\tb\n\tc\n", "words on both sides, but .*mine.tsv, line 2, has an empty source; fill or remove it"),
        ("a\t \nb\tc", "line 1, has an empty translation"),
        ("a\tb\nc\td <eos>\n", "must not hold <eos>, which is added at the end, but .*line 2, does"),
        ("a\tb\n", "at least two, one to train on and one to hold out, but .*mine.tsv holds 1; give more"),
        ("", "but .*mine.tsv holds 0"),
    ],
)
def test_faults_of_files_name_file_and_line(file, capsys, text, message):
    file.write_text(text, encoding="utf-8")
    assert main(["train", "--pairs", str(file), *SMALL]) == 2
    assert re.search(message, capsys.readouterr().err)
    assert not file.with_suffix(".safetensors").exists()


def test_training_writes_a_translator_whose_card_makes_it_again(file, capsys):
    assert train("--attention", "additive", "--timing", "before", "--output-p", "0.1", "--validate-every", "2") == 0
    first = file.with_suffix(".safetensors").read_bytes()
    translator = pretrained.load_translator("mine.safetensors")
    card = translator.card
    assert json.loads(capsys.readouterr().out.partition("\n")[2]) == card
    assert (card["title"], card["data"]) == ("mine", "mine.tsv: 3 pairs, the last tenth held out")
    config = translator.model.config()
    assert (config["attention"], config["timing"], config["output_p"]) == ("additive", "before", 0.1)
    words = read_pairs(file)[0]
    held_out = by_length(encode_pairs(words[2:], translator.source_vocab, translator.target_vocab), 2)
    found = evaluate_pairs(translator.model, held_out)
    assert torch.tensor(found.cross_entropy).exp() == pytest.approx(card["metrics"]["held_out_perplexity"], abs=0.006)
    command = shlex.split(card["command"])
    assert command[:6] == ["python", "-m", "lmkit", "train", "--pairs", "mine.tsv"]
    file.with_suffix(".safetensors").unlink()
    assert main([*command[3:], "--quiet"]) == 0
    assert file.with_suffix(".safetensors").read_bytes() == first


def test_a_run_goes_on_from_its_checkpoint(file, capsys):
    assert train("--checkpoint", "run") == 0
    first = file.with_suffix(".safetensors").read_bytes()
    assert train("--checkpoint", "run") == 0
    assert file.with_suffix(".safetensors").read_bytes() == first


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--window", "3"], "window must be left out with --pairs, where it changes nothing, but it is 3"),
        (["--steps", "3"], "steps must be left out with --pairs"),
        (["--weight-p", "0.5"], "weight_p must be left out with --pairs"),
        (["--hidden-size", "100000000"], "embedding_size, hidden_size and batch_size must leave memory enough"),
        (["--batch-size", "0"], "batch_size must be a whole number of at least 1"),
        (["--out", "mine.tsv"], "out and pairs must not be one file"),
    ],
)
def test_options_are_checked_before_training(file, capsys, options, message):
    assert train(*options) == 2
    assert message in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == PAIRS


def test_options_of_pairs_are_refused_without_them(file, capsys):
    assert main(["train", "--text", "mine.tsv", "--attention", "dot"]) == 2
    assert "attention must be left out without --pairs, where it changes nothing" in capsys.readouterr().err


def test_a_model_of_other_pairs_is_not_replaced(file, capsys):
    assert train() == 0
    file.rename("mine.safetensors.tsv")
    file.with_name("mine").write_text(PAIRS, encoding="utf-8")
    assert main(["train", "--pairs", "mine", *SMALL]) == 2
    assert "the usual place has a model of another text" in capsys.readouterr().err


def test_translations_are_printed_with_their_log_probability(file, capsys):
    assert train() == 0
    translator = pretrained.load_translator("mine.safetensors")
    sources = ["the dog sleeps .", "cat ."]
    capsys.readouterr()
    for options, chosen in (
        (["--max-new-tokens", "7"], {}),
        (shlex.split("--method beam --num-beams 3 --count 2"), {"num_beams": 3, "num_return_sequences": 2}),
    ):
        assert main(["translate", "mine.safetensors", *sources, *options]) == 0
        out = capsys.readouterr().out.splitlines()
        most = 7 if not chosen else 100
        texts = translator.translate(sources, most, **chosen)
        texts = [[text] for text in texts] if not chosen else texts
        assert out[::2] == [
            f"{source} | {text}" for source, several in zip(sources, texts, strict=True) for text in several
        ]
        assert all(line.startswith("    log-probability -") for line in out[1::2])


def test_printed_log_probability_is_that_of_teacher_forcing(file, capsys):
    assert train() == 0
    translator = pretrained.load_translator("mine.safetensors")
    capsys.readouterr()
    assert main(shlex.split("translate mine.safetensors dog --method sample --seed 3 --max-new-tokens 5")) == 0
    text, figures = capsys.readouterr().out.splitlines()
    step = translator.model.stepper([translator.source_ids("dog")], translator.eos_token_id)
    found = decoding.sample(step, [-1], 5, translator.eos_token_id, top_p=0.9, seed=3)
    inputs, targets = torch.tensor([[translator.eos_token_id, *found.tokens[:-1]]]), torch.tensor([found.tokens])
    with torch.no_grad():
        loss = translator.model.loss(*padded([translator.source_ids("dog")]), inputs, targets)
    assert f"log-probability {-float(loss) * len(found.tokens):.2f} nats, {len(found.tokens)} tokens" in figures
    assert text == f"dog | {translator.text(found.tokens)}"


def test_files_of_the_other_kind_and_unknown_words_are_told(file, capsys):
    assert train() == 0
    capsys.readouterr()
    assert main(["translate", str(pretrained.path_of("stories")), "anna"]) == 2
    assert "open it with pretrained.load" in capsys.readouterr().err
    assert main(["generate", "mine.safetensors", "the dog"]) == 2
    assert "open it with pretrained.load_translator" in capsys.readouterr().err
    assert main(["translate", "mine.safetensors", "the horse"]) == 2
    assert "text holds 'horse'" in capsys.readouterr().err
