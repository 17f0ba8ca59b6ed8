"""Training on pairs: what batches hold, what the loss counts, and runs that go on as if nothing had happened."""

import itertools
import math
import random

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from lmkit.models.seq2seq import EncoderDecoder
from lmkit.text import Vocab
from lmkit.training import (
    CheckpointError,
    Pair,
    by_length,
    collate,
    encode_pairs,
    evaluate_pairs,
    fresh_pairs,
    guidance_loss,
    loop,
    repeat_pairs,
    set_seed,
    train_pairs,
)
from lmkit.training.config import TrainConfig
from lmkit.training.pair_training import PairCursor
from lmkit.training.parallel import ProcessGroup

WORDS = 6


def reversals(seed=0):
    """Words, and the same from the end: a task whose alignment is known, without end."""
    rng = random.Random(seed)
    while True:
        source = [rng.randint(1, WORDS) for _ in range(rng.randint(1, 6))]
        yield Pair(source, [*source[::-1], 0], [*([place] for place in range(len(source))[::-1]), []])


PAIRS = list(itertools.islice(reversals(), 40))


def model_of(attention="general", seed=0, **options):
    set_seed(seed)
    return EncoderDecoder(WORDS + 1, WORDS + 1, 16, 32, attention=attention, **options)


def run(model=None, batches=None, **options):
    model = model or model_of()
    settings = {"steps": 12, "progress": False, "optimizer": "muon"}
    return model, train_pairs(model, batches or repeat_pairs(PAIRS, 8, 3)[0], **settings | options)


def weights(model):
    return nn.utils.parameters_to_vector(model.parameters())


# What batches hold


def test_batches_hold_what_is_read_and_what_is_predicted():
    batch = collate([([5, 6], [7, 8, 0], [[1], [0, 1], []]), ([4], [9, 0], [[0], []])])
    assert batch.sources.tolist() == [[5, 6], [4, 0]] and batch.lengths.tolist() == [2, 1]
    assert batch.inputs.tolist() == [[0, 7, 8], [0, 9, 0]]
    assert batch.targets.tolist() == [[7, 8, 0], [9, 0, -100]]
    assert batch.alignment.tolist() == [[[0, 1], [0.5, 0.5], [0, 0]], [[1, 0], [0, 0], [0, 0]]]
    assert collate([([5], [0])]).alignment is None


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([([1], [0]), ([], [0])], "the source of pair 1 is empty; leave it out"),
        ([([1], [])], "the target of pair 0 is empty; leave it out"),
        ([([1], [0]), ([1], [2])], r"must all end with the end token, but they end with \[0, 2\]; add it"),
        ([([1], [0], [[0]]), ([1], [0])], "must have an entry for each target token, but that of pair 1 is missing"),
        ([([1], [2, 0], [[0]])], "that of pair 0 has 1 entries for 2 tokens"),
        ([([1], [2, 0], [[1], []])], r"positions in the source, from 0 to 0, but pair 0 has \[1\] at token 0"),
    ],
)
def test_pairs_that_cannot_be_read_are_refused(pairs, message):
    with pytest.raises(ValueError, match=message):
        collate(pairs)


def rows(batches):
    """The pairs in batches, as they were."""
    for batch in batches:
        for source, length, target in zip(batch.sources, batch.lengths, batch.targets, strict=True):
            yield source[:length].tolist(), target[target >= 0].tolist()


def lengths(batch):
    sizes = [(int(n), int((target >= 0).sum())) for n, target in zip(batch.lengths, batch.targets, strict=True)]
    return min(sizes), max(sizes)


def test_every_epoch_has_every_pair_once_beside_others_of_its_length():
    set_seed(1)
    batches, steps = repeat_pairs(PAIRS, 7, 3)
    batches = list(batches)
    assert len(batches) == steps == 18
    epochs = [batches[:6], batches[6:12], batches[12:]]
    for epoch in epochs:
        assert sorted(rows(epoch)) == sorted((list(pair.source), list(pair.target)) for pair in PAIRS)
        spans = sorted(map(lengths, epoch))
        assert all(longest <= shortest for (_, longest), (shortest, _) in itertools.pairwise(spans))
    assert len({tuple(map(str, rows(epoch))) for epoch in epochs}) == 3
    set_seed(1)
    assert list(rows(repeat_pairs(PAIRS, 7, 3)[0])) == list(rows(batches))


def test_fresh_pairs_are_each_taken_once_and_may_end():
    batches = list(fresh_pairs(iter(PAIRS), 6))
    assert [len(batch.sources) for batch in batches].count(6) == 6
    assert sorted(rows(batches)) == sorted((list(pair.source), list(pair.target)) for pair in PAIRS)
    endless = fresh_pairs(reversals(), 2)
    assert len(list(rows(itertools.islice(endless, 200)))) == 400


def test_pairs_of_words_become_ids():
    source, target = Vocab(["a", "b"]), Vocab(["<eos>", "x", "y"])
    given = [(["b", "a"], ["y", "<eos>"], [[0, 1], []]), (["a"], ["<eos>"])]
    assert list(encode_pairs(given, source, target)) == [Pair([1, 0], [2, 0], [[0, 1], []]), Pair([0], [0])]


# What the loss counts


@pytest.mark.parametrize("batch_size", [1, 7, 40])
def test_evaluation_is_the_mean_over_words_of_pairs_read_alone(batch_size):
    model = model_of(input_p=0.5)
    total, right, count = 0.0, 0, 0
    for pair in PAIRS:
        batch = collate([pair])
        with torch.no_grad():
            logits = model.eval()(batch.sources, batch.lengths, batch.inputs)[0][0]
        total += float(cross_entropy(logits, batch.targets[0], reduction="sum"))
        right += int((logits.argmax(dim=1) == batch.targets[0]).sum())
        count += len(pair.target)
    found = evaluate_pairs(model.train(), by_length(PAIRS, batch_size))
    assert found == pytest.approx((total / count, right / count, count))
    assert model.training


def test_first_loss_is_that_of_the_model_and_guidance_is_added():
    batch, model = collate(PAIRS[:8]), model_of()
    with torch.no_grad():
        loss = float(model.loss(*batch[:4]))
        _, looks = model(*batch[:3])
    guided = 0.0
    for row, pair in enumerate(PAIRS[:8]):
        for t, places in enumerate(pair.alignment):
            guided -= sum(math.log(float(looks[row, t, place])) for place in places)
    assert float(guidance_loss(looks, batch.alignment)) == pytest.approx(guided, rel=1e-5)
    _, history = run(model, [batch], steps=1, guidance=0.5)
    assert history.losses == pytest.approx([loss])
    assert history.tokens == sum(len(pair.target) for pair in PAIRS[:8])
    assert history.penalties == pytest.approx([0.5 * guided / history.tokens], rel=1e-5)


def test_shares_of_processes_add_up_to_the_objective_of_one():
    model, batch = model_of(), collate(PAIRS[:8])

    def objective(rank, world_size):
        (window,) = PairCursor(ProcessGroup(rank, world_size), guidance=0.5).predictions(model, [batch])
        return torch.stack(loop._objective(window, TrainConfig(), int((batch.targets >= 0).sum()), world_size))

    torch.testing.assert_close(objective(0, 2) + objective(1, 2), objective(0, 1))


# Runs


@pytest.mark.parametrize("attention", ["general", "none"])
def test_training_learns_pairs_by_heart_and_validates(attention):
    few = by_length(PAIRS[:6], 6)
    model, history = run(model_of(attention), few * 60, steps=60, lr=0.05, validation=few, validate_every=40)
    assert not model.training and len(history.losses) == 60
    assert [each.step for each in history.validation] == [40, 60]
    assert history.validation[-1] == (60, *evaluate_pairs(model, few)[:2])
    assert history.validation[-1].accuracy == 1
    found = model.translate([pair.source for pair in PAIRS[:6]], eos_token_id=0)
    assert [texts[0].tokens for texts in found] == [list(pair.target) for pair in PAIRS[:6]]


def test_guided_attention_looks_where_it_should():
    few, right = by_length(PAIRS[:6], 6), {}
    for guidance in (0.0, 1.0):
        model, _ = run(batches=few * 50, steps=50, lr=0.05, guidance=guidance)
        looks = [model.attention_of(pair.source, pair.target).argmax(dim=1).tolist() for pair in PAIRS[:6]]
        places = [place for pair in PAIRS[:6] for place in pair.alignment[:-1]]
        found = [at for look in looks for at in look[:-1]]
        right[guidance] = sum(at in place for at, place in zip(found, places, strict=True)) / len(places)
    assert right[1.0] > 0.95 > right[0.0]


@pytest.mark.parametrize("source", ["list", "generator"])
def test_a_run_goes_on_to_the_very_weights(tmp_path, source):
    def batches(most=None):
        endless = repeat_pairs(PAIRS, 8, 4)[0] if source == "list" else fresh_pairs(reversals(3), 8)
        return itertools.islice(endless, most)

    options = {"guidance": 0.3, "validation": by_length(PAIRS[:9], 4), "validate_every": 5, "averaging": 0}
    whole, history = run(model_of(output_p=0.2), batches(), **options)
    path = tmp_path / "run"
    run(model_of(output_p=0.2), batches(7), checkpoint=path, checkpoint_every=3, **options)  # breaks off after 7
    resumed, again = run(model_of(output_p=0.2), batches(), checkpoint=path, checkpoint_every=3, **options)
    assert torch.equal(weights(resumed), weights(whole))
    assert (again.losses, again.penalties) == (history.losses, history.penalties)


@pytest.mark.parametrize("changed", [{"guidance": 0.1}, {"lr": 0.5}, {"batches": [collate(PAIRS[:3])]}])
def test_a_checkpoint_of_another_run_is_refused(tmp_path, changed):
    path = tmp_path / "run"
    run(checkpoint=path, steps=2)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="is of a run whose .* was"):
        run(checkpoint=path, **{"steps": 2, **changed})
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 10}, "window must be left out for pairs, which are not read in windows; it is 10"),
        ({"alpha": 1.0}, "alpha must be left out for pairs"),
        ({"guidance": -1}, "guidance must be at least 0, but it is -1"),
        ({"guidance": math.nan}, "guidance must be at least 0, but it is nan"),
        ({"steps": 0}, "steps must be a whole number of at least 1"),
        ({"averaging": 3}, "validation must be given where averaging is"),
        ({"guidance": 1, "model": model_of("none")}, "but the model has no attention"),
        ({"guidance": 1, "batches": [collate([([1], [0])])]}, "but a batch has no alignment"),
    ],
)
def test_arguments_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        run(**options)


def test_nothing_held_out_is_refused():
    with pytest.raises(ValueError, match="batches must hold at least one pair, but there is none"):
        evaluate_pairs(model_of(), [])
