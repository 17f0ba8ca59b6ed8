"""Two tutorials' designs: what they read, that they are what torch computes, and what they print."""

import math
from dataclasses import replace
from itertools import islice

import pytest
import torch
from torch import nn

from lmkit.experiments import judging
from lmkit.experiments.tutorials import DIVE, PAIRS, TORCH, WORDS, filled, tutorials
from lmkit.training import set_seed
from lmkit.training.windows import IGNORE_INDEX

TINY = {"longest": 10, "steps": 2, "batch_size": 6, "embedding_size": 5, "hidden_size": 5}
PRINTED = {
    "d2l": replace(DIVE, padding="read", padded=True, **TINY),
    "PyTorch": replace(TORCH, padding="read and counted", **TINY),
}
both = pytest.mark.parametrize("design", PRINTED)


def model_of(recipe):
    set_seed(3)
    return recipe.model().eval()


@both
def test_texts_are_padded_to_one_length_and_padding_is_read(design):
    recipe = PRINTED[design]
    last = len(recipe.languages().source) - 1
    for batch in islice(recipe.batches(1), 3):
        assert batch.sources.shape == (6, WORDS) and (batch.lengths == WORDS).all()
        assert (batch.sources[:, -1] == last).all()
    plain = next(replace(recipe, padding="mixed").batches(1))
    row, length = batch.sources[0], int((batch.sources[0] != last).sum())
    assert (row[length:] == last).all() and plain.lengths.max() <= 11


def test_only_pytorchs_loss_counts_padding():
    counted, masked = (next(PRINTED[design].batches(1)) for design in ("PyTorch", "d2l"))
    last = len(PRINTED["PyTorch"].languages().target) - 1
    assert counted.targets.shape[1] == WORDS and (counted.targets[:, -1] == last).all()
    assert not (counted.targets == IGNORE_INDEX).any() and (masked.targets == IGNORE_INDEX).any()


@both
def test_words_one_by_one_score_as_all_at_once(design):
    recipe = replace(PRINTED[design], padding="mixed", padded=False)
    model, batch = model_of(recipe), next(recipe.batches(2))
    logits, _ = model(batch.sources, batch.lengths, batch.inputs)
    memory, first = model.encode(batch.sources, batch.lengths)
    state, steps = first, []
    for x in batch.inputs.split(1, dim=1):
        step, state = model.decode(x, state, memory, first)
        steps.append(step)
    assert torch.allclose(logits, torch.cat(steps, dim=1), atol=1e-6)


@both
def test_greedy_translation_takes_the_most_probable_word(design):
    recipe = replace(PRINTED[design], padding="mixed", padded=False)
    model = model_of(recipe)
    sources = [[5, 6, 7, 0], [8, 0]]
    for source, (found,) in zip(sources, model.translate(sources, 6, eos_token_id=0), strict=True):
        inputs = torch.tensor([[0, *found.tokens[:-1]]])
        logits, _ = model(torch.tensor([source]), torch.tensor([len(source)]), inputs)
        assert logits[0].argmax(dim=-1).tolist() == found.tokens
        assert len(found.tokens) == 6 or found.tokens[-1] == 0


def test_printed_encoder_is_torchs_gru_over_all_padding():
    model = model_of(PRINTED["d2l"])
    last = model.vocab_sizes[0] - 1
    _, state = model.encode(torch.tensor([[4, 5, 0]]), torch.tensor([3]))
    read = model.source_embedding(torch.tensor([[4, 5, 0, *[last] * (WORDS - 3)]]))
    assert torch.allclose(state, model.encoder(read)[1], atol=1e-6)


@both
def test_padding_changes_nothing_once_it_is_mended(design):
    model = model_of(replace(PRINTED[design], padding="mixed", padded=False))
    inputs, row = torch.tensor([[0, 4, 5]]), [3, 4, 0]
    plain, _ = model(torch.tensor([row]), torch.tensor([3]), inputs)
    longer, _ = model(torch.tensor([[*row, 7, 7]]), torch.tensor([3]), inputs)
    read, _ = model(torch.tensor([[*row, 7, 7]]), torch.tensor([5]), inputs)
    assert torch.allclose(plain, longer, atol=1e-6) and not torch.allclose(plain, read, atol=1e-4)


def test_filling_keeps_words_and_longer_texts():
    sources, lengths = filled(torch.tensor([[1, 2, 0], [3, 0, 0]]), torch.tensor([3, 1]), 4, 9)
    assert sources.tolist() == [[1, 2, 0, 9], [3, 9, 9, 9]] and lengths.tolist() == [4, 4]
    assert filled(torch.tensor([[1, 2]]), torch.tensor([2]), 1, 9)[0].tolist() == [[1, 2]]


@both
def test_run_is_measured(design, monkeypatch):
    monkeypatch.setattr(judging, "HELD_OUT", 8)
    judging.held_out.cache_clear()
    measures = replace(PRINTED[design], steps=10).run(1, {"design": design}).measures
    judging.held_out.cache_clear()
    assert measures["cross_entropy"] > measures["floor"] and measures["shown_cross_entropy"] > 0
    assert len(measures["possible_by_padding"]) == len(judging.EXTRA)


def test_all_read_as_many_pairs_and_what_is_printed_is_kept():
    jobs = list(tutorials())
    assert {recipe.steps * recipe.batch_size for recipe, *_ in jobs} == {PAIRS}
    assert {recipe.longest for recipe, *_ in jobs} == {15}
    assert len(jobs) == 3 * len({tuple(settings.values()) for _, settings, _ in jobs})
    assert (DIVE.optimizer, DIVE.lr, DIVE.clip, DIVE.batch_size) == ("adam", 0.005, 1.0, 128)
    assert (TORCH.optimizer, TORCH.lr, TORCH.clip, TORCH.batch_size) == ("adam", 0.001, math.inf, 32)
    dive, torchs = DIVE.model(), TORCH.model()
    assert (dive.encoder.num_layers, dive.encoder.hidden_size, dive.encoder.dropout) == (2, 256, 0.2)
    assert (torchs.encoder.num_layers, torchs.encoder.hidden_size, torchs.dropout.p) == (1, 128, 0.1)
    assert isinstance(dive.decoder, nn.GRU) and dive.decoder.input_size == torchs.decoder.input_size * 2 == 512


@pytest.mark.parametrize("recipe, settings", [job[:2] for job in tutorials() if job[2] == 1])
def test_every_run_of_the_experiment_is_made_and_judged(recipe, settings, monkeypatch):
    monkeypatch.setattr(judging, "HELD_OUT", 6)
    judging.held_out.cache_clear()
    run = replace(recipe, **{**TINY, "hidden_size": 6, "embedding_size": 6}).run(1, settings)
    judging.held_out.cache_clear()
    assert run.settings == settings and math.isfinite(run.measures["shown_cross_entropy"])
    if settings["padding"] == "mended":  # what is masked changes nothing
        assert set(run.measures["changed_by_padding"]) == {0.0}
