"""The shipped model of Shakespeare's plays: what it weighs, predicts and writes, and its recipe, shortened."""

import random
import re

import pytest
import torch

from lmkit import pretrained
from lmkit.datasets import shakespeare
from lmkit.experiments import plays, recipes
from lmkit.metrics import words
from lmkit.pretrained import runs_in_browser
from lmkit.text import BPE


@pytest.fixture(scope="module")
def shipped():
    return pretrained.load("shakespeare")


def test_model_is_one_that_a_page_can_run_and_fetch(shipped):
    assert runs_in_browser(shipped.model) and shipped.model.num_layers == 1
    assert isinstance(shipped.vocab, BPE) and len(shipped.vocab) == plays.VOCAB_SIZE
    assert pretrained.path_of("shakespeare").stat().st_size <= 700_000


def test_model_predicts_better_than_counts_of_its_tokens(shipped):
    metrics = shipped.card["metrics"]
    assert 1.8 < metrics["held_out_bits_per_character"] < metrics["kneser_ney_bits_per_character"] < 2.3


def test_model_goes_on_from_a_line(shipped):
    """In the manner of the plays: lines, speakers' names, words that the plays have."""
    prompt = "Hamlet:\nTo be, or not"
    texts = shipped.generate(prompt, 150, top_p=0.9, num_return_sequences=8)
    assert all(text.startswith(prompt) for text in texts) and len({*texts}) == 8
    written = "".join(text.removeprefix(prompt) for text in texts)
    assert re.search(r"^[A-Z][A-Za-z ]+:$", written, re.MULTILINE)
    known = set(words(shakespeare.split()[0]))
    found = words(written)
    assert sum(word in known for word in found) / len(found) > 0.85
    assert shipped.generate("Hamlet:⏎To be, or not", 20) == shipped.generate(prompt, 20)


@pytest.mark.slow
def test_card_tells_what_is_measured(shipped):
    measured = plays.shakespeare_metrics(shipped)
    card = shipped.card["metrics"]
    assert measured.keys() == card.keys()
    for name, value in measured.items():
        assert card[name] == pytest.approx(value, rel=2e-3), name


def test_held_out_plays_gave_the_vocabulary_nothing(shipped):
    training, _ = shakespeare.split()
    assert BPE.train(training, plays.VOCAB_SIZE) == shipped.vocab


def test_recipe_makes_the_same_file_with_figures_each_time(monkeypatch):
    draw = random.Random(0)

    def lines(count):
        names = ["Romeo", "Juliet", "Nurse"]
        return "".join(
            f"{draw.choice(names)}:\n{' '.join(draw.choices('love night sun o thou art my'.split(), k=7))}\n\n"
            for _ in range(count)
        )

    parts = lines(120), lines(40)
    monkeypatch.setattr(shakespeare, "split", lambda: parts)
    for name, value in {"VOCAB_SIZE": 270, "ROWS": 4, "WINDOW": 16, "STARTS": 3, "EPOCHS": 1, "NEW_TOKENS": 8}.items():
        monkeypatch.setattr(plays, name, value)
    metrics = plays.shakespeare_metrics
    monkeypatch.setattr(plays, "shakespeare_metrics", lambda one: metrics(one, num_texts=4))
    made = recipes.RECIPES["shakespeare"](False)
    one, shipped = pretrained.from_bytes(made), pretrained.load("shakespeare")
    assert one.card.keys() == shipped.card.keys() and one.card["metrics"].keys() == shipped.card["metrics"].keys()
    assert one.card["command"] == shipped.card["command"] == "python -m lmkit train --recipe shakespeare"
    assert {**one.model.config(), "vocab_size": 0} == {**shipped.model.config(), "vocab_size": 0}
    torch.manual_seed(7)
    assert recipes.RECIPES["shakespeare"](False) == made
