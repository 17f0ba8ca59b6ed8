"""How the runs of translators are made and judged: padding as a word, sources backwards, measures against the truth."""

from dataclasses import asdict, replace
from itertools import islice

import pytest
import torch

from lmkit import pretrained
from lmkit.datasets import translation
from lmkit.experiments import judging, translating, translators
from lmkit.experiments.judging import EDGES, EXTRA, PAD
from lmkit.experiments.translating import BASE, EXPERIMENTS
from lmkit.training import set_seed
from lmkit.training.windows import IGNORE_INDEX

TINY = replace(BASE, longest=10, steps=3, batch_size=4, embedding_size=4, hidden_size=6)


@pytest.fixture
def few(monkeypatch):
    """Few stories to judge by."""
    monkeypatch.setattr(judging, "HELD_OUT", 12)
    monkeypatch.setattr(judging, "PER_LENGTH", 2)
    for cached in (judging.held_out, judging.by_lengths):
        cached.cache_clear()
    yield
    for cached in (judging.held_out, judging.by_lengths):
        cached.cache_clear()


def model_of(recipe):
    set_seed(3)
    return recipe.model().eval()


# What is read


def test_batches_come_from_their_seed():
    first, again, other = (list(islice(TINY.batches(seed), 3)) for seed in (5, 5, 6))
    for one, two in zip(first, again, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert any(
        a.sources.shape != b.sources.shape or (a.sources != b.sources).any() for a, b in zip(first, other, strict=True)
    )


def test_a_source_backwards_keeps_its_end_and_its_alignment():
    languages = TINY.languages()
    for pair in islice(translation.beginnings(1), 20):
        forwards, backwards = languages.encoded(pair), languages.encoded(pair, backwards=True)
        assert backwards.source == [*forwards.source[:-1][::-1], forwards.source[-1]]
        assert backwards.target == forwards.target
        for places, mirrored in zip(forwards.alignment, backwards.alignment, strict=True):
            assert sorted(forwards.source[p] for p in places) == sorted(backwards.source[p] for p in mirrored)


@pytest.mark.parametrize("kind", ["mixed", "read", "read and counted"])
def test_padding_is_a_word_only_where_the_recipe_says_so(kind):
    recipe = replace(TINY, padding=kind, batch_size=16)
    batch = next(recipe.batches(1))
    languages = recipe.languages()
    assert (languages.source[-1] == PAD) == (kind != "mixed")
    assert (languages.target[-1] == PAD) == (kind == "read and counted")
    plain = next(replace(TINY, padding="mixed", batch_size=16).batches(1))
    behind = torch.arange(plain.sources.shape[1]) >= plain.lengths[:, None]
    assert behind.any() and torch.equal(batch.sources[~behind], plain.sources[~behind])
    if kind == "mixed":
        assert torch.equal(batch.lengths, plain.lengths)
    else:
        assert (batch.lengths == batch.sources.shape[1]).all()
        assert (batch.sources[behind] == len(languages.source) - 1).all()
    uncounted = plain.targets == IGNORE_INDEX
    expected = len(languages.target) - 1 if kind == "read and counted" else IGNORE_INDEX
    assert uncounted.any() and (batch.targets[uncounted] == expected).all()
    assert torch.equal(batch.targets[~uncounted], plain.targets[~uncounted])


def test_gaps_leave_the_end_token_alone():
    batches = islice(replace(TINY, empty=0.25, batch_size=50).batches(2), 8)
    ends = [int((targets != IGNORE_INDEX).sum(dim=1).eq(1).sum()) for _, _, _, targets, _ in batches]
    assert 0.18 < sum(ends) / 400 < 0.32


def test_numbers_are_drawn_from_those_that_are_not_held_out():
    recipe = replace(TINY, data="words to digits", longest=5)
    training, rest = judging.numbers(5)
    assert {len(str(number)) for number in rest} == {5} and not any(len(str(number)) == 5 for number in training)
    lengths = {int((targets[0] != IGNORE_INDEX).sum()) - 1 for *_, targets, _ in islice(recipe.batches(1), 50)}
    assert 5 not in lengths and lengths <= {1, 2, 3, 4, 6}


# What is measured


def test_the_best_translations_are_possible_and_best(few, monkeypatch):
    best = lambda model, recipe, pairs, **_: [translation.translations(p.source).best().words for p in pairs]  # noqa: E731
    monkeypatch.setattr(judging, "translated", best)
    model = model_of(TINY)
    found = judging.accuracy(model, TINY)
    assert found["possible"] == found["best"] == 1
    pairs = judging.held_out("beginnings", 10)
    floor = -sum(translation.translations(p.source).log_prob(p.target) for p in pairs) / sum(
        len(p.target) for p in pairs
    )
    assert found["floor"] == pytest.approx(floor, rel=1e-3)
    assert found["cross_entropy"] > found["floor"]
    assert judging.lengths(model, TINY) == {"possible_by_length": [1.0] * (len(EDGES) - 1)}


def test_an_impossible_word_makes_a_translation_impossible(few):
    pairs = judging.held_out("beginnings", 10)
    right = [list(pair.target) for pair in pairs]
    assert judging.share_possible(right, pairs) == 1
    wrong = [["Anna", *right[0]], right[1][:-1], *right[2:]]
    assert judging.share_possible(wrong, pairs) == pytest.approx(1 - 2 / len(pairs), abs=1e-3)


def test_groups_of_lengths_are_those_of_the_edges(few):
    groups = judging.by_lengths()
    assert [len(group) for group in groups] == [2] * (len(EDGES) - 1)
    for low, high, group in zip(EDGES, EDGES[1:], groups, strict=False):
        assert all(low <= len(pair.source) - 1 < high for pair in group)


@pytest.mark.parametrize("attention", ["general", "none"])
def test_padding_changes_nothing_unless_it_is_read(few, attention):
    masked = replace(TINY, padding="mixed", attention=attention)
    found = judging.padding(model_of(masked), masked)
    assert found["changed_by_padding"] == [0] * len(EXTRA)
    read = replace(masked, padding="read")
    model = model_of(read)
    with torch.no_grad():  # so that it is noticed
        for parameter in model.parameters():
            parameter.mul_(10)
    assert judging.padding(model, read)["changed_by_padding"][1] > 0


def test_the_loss_with_padding_is_what_training_shows(few):
    recipe = replace(TINY, padding="read and counted")
    model = model_of(recipe)
    with torch.no_grad():  # sure of padding, everywhere
        model.decoder.output.bias[-1] = 30.0
    assert judging.padding(model, recipe)["shown_cross_entropy"] < judging.accuracy(model, recipe)["cross_entropy"]


def test_beams_are_measured_at_every_width_with_a_length_penalty_and_without(few, monkeypatch):
    monkeypatch.setattr(judging, "SEARCHED", 3)
    monkeypatch.setattr(judging, "WIDTHS", (1, 2, 4))
    found = judging.beams(model_of(TINY), TINY)
    assert all(len(values) == 3 for values in found.values())
    assert set(found) == {f"{what}_by_width_{p}" for what in ("possible", "best", "empty", "length") for p in "01"}


def test_alignment_of_attention_that_knows_the_truth_has_no_error(few, monkeypatch):
    model = model_of(TINY)
    pairs = iter(judging.held_out("beginnings", 10))

    def knowing(source, target):
        weights = torch.zeros(len(target), len(source))
        for row, places in enumerate(next(pairs).alignment):
            weights[row, list(places)] = 1
        return weights

    monkeypatch.setattr(model, "attention_of", knowing)
    assert judging.alignment(model, TINY)["alignment_error_rate"] < 0.2  # words of two links, or of none, remain


def test_interventions_name_every_kind(few):
    found = judging.interventions(model_of(TINY), TINY)
    assert set(found) == {"possible_uniform", "possible_permuted", "possible_hardest"}


# Runs and shipped translators


def test_a_run_is_the_same_again(few):
    recipe = replace(TINY, measures=("accuracy",))
    first = recipe.run(4, {"a": 1})
    assert first == recipe.run(4, {"a": 1})
    assert first.train_loss != recipe.run(5).train_loss


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_no_two_jobs_are_the_same(name):
    jobs = [(str(asdict(recipe)), seed) for recipe, _, seed in EXPERIMENTS[name]()]
    named = [(str(settings), seed) for _, settings, seed in EXPERIMENTS[name]()]
    assert len(set(jobs)) == len(set(named)) == len(jobs)


def test_what_is_compared_differs_in_what_is_named():
    for recipe, settings, _ in translating.lengths():
        assert replace(recipe, **{name: getattr(BASE, name) for name in settings}) == BASE


@pytest.mark.parametrize("name", pretrained.translator_names())
def test_a_shipped_translator_has_a_card(name):
    assert pretrained.path_of(name).stat().st_size <= 500_000
    card = pretrained.load_translator(name).card
    assert card.keys() == {"title", "data", "command", "seed", "longest_source", "metrics"}
    assert 0 < card["longest_source"]
    assert card["command"] == f"python -m lmkit train --recipe {name}"


def test_translators_that_come_out_of_a_recipe_are_judged(few, monkeypatch):
    monkeypatch.setattr(translators, "TRANSLATOR", replace(TINY, longest=None))
    monkeypatch.setitem(translators.FINISH, "steps", 2)
    data = translators.translator(progress=False)
    made = pretrained.translator_from_bytes(data)
    assert made.card["metrics"]["possible_percent"] == 0 < made.card["metrics"]["true_cross_entropy"]
    assert translators.translator(progress=False) == data
