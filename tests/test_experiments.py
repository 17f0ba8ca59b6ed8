"""How runs are made: what they read, that they can be made again, and that a broken-off experiment goes on."""

from concurrent.futures import Future
from dataclasses import replace
from itertools import islice
from statistics import fmean

import pytest

from lmkit import runs
from lmkit.datasets import human_numbers
from lmkit.experiments import making, reading, sweeps
from lmkit.experiments.making import EXPERIMENTS, make
from lmkit.experiments.sweeps import (
    BASE,
    MAX_PARAMETERS,
    OURS,
    OURS_DIAGONAL,
    PARTS,
    PEER,
    run,
    texts,
    with_parts,
)

TINY = replace(BASE, hidden_size=4, batch_size=64, window=64, output_p=0.1)


@pytest.fixture
def short(monkeypatch):
    """Experiments of two epochs of a tiny model."""
    monkeypatch.setattr(sweeps, "EPOCHS", 2)
    jobs = [(replace(TINY, weight_decay=decay), {"decay": decay}, seed) for seed in (1, 2) for decay in (0.0, 0.5)]
    monkeypatch.setitem(EXPERIMENTS, "decay", lambda: iter(jobs))
    EXPERIMENTS["decay"].__doc__ = "A trial."
    return jobs


def test_nested_splits_stay_within_the_training_parts():
    training, held_out = texts("sequential")
    inner, development = texts("nested sequential")
    assert inner + development == training
    assert len(inner) / len(training) == pytest.approx(0.8, abs=0.001)
    assert (training, held_out) == human_numbers.sequential_split()
    assert texts("diagonal") == human_numbers.diagonal_split()
    assert sorted(sum(texts("nested diagonal"), [])) == sorted(texts("diagonal")[0])


def test_record_is_measured_on_seeds_and_text_that_nothing_was_chosen_on():
    chosen = list(EXPERIMENTS["development"]())
    assert {recipe.split for recipe, *_ in chosen} == {"nested sequential", "nested diagonal"}
    judged = list(EXPERIMENTS["record"]())
    assert not {seed for *_, seed in judged} & {seed for *_, seed in chosen}
    assert {recipe for recipe, *_ in judged} == {PEER, replace(PEER, split="diagonal"), OURS, OURS_DIAGONAL}
    assert {(settings["name"], recipe.split) for recipe, settings, _ in judged} == {
        (name, split) for name in ("peer", "ours") for split in ("sequential", "diagonal")
    }


@pytest.mark.parametrize("name", sorted(sweeps.EXPERIMENTS))
def test_every_model_is_within_the_budget(name):
    counts = set()
    for recipe in {recipe for recipe, *_ in EXPERIMENTS[name]()}:
        counts.add(sum(parameter.numel() for parameter in sweeps._model(recipe, 30).parameters()))
    assert max(counts) <= MAX_PARAMETERS
    assert min(counts) > 0.99 * MAX_PARAMETERS


def test_peers_model_has_the_budget():
    assert sum(parameter.numel() for parameter in sweeps._model(PEER, 30).parameters()) == MAX_PARAMETERS


def test_larger_models_are_refused():
    with pytest.raises(ValueError, match="must make 68,510 parameters at most, but make 83,830"):
        run(replace(OURS, hidden_size=100), 1)


def test_ablation_has_every_part_alone_and_all_but_each():
    present = {frozenset(part for part in PARTS if settings[part]) for _, settings, _ in EXPERIMENTS["ablation"]()}
    everything = frozenset(PARTS)
    assert present == {frozenset(), everything} | {frozenset({p}) for p in PARTS} | {everything - {p} for p in PARTS}
    assert len({with_parts(parts) for parts in present}) == 2 + 2 * len(PARTS)  # every part changes something


def test_run_can_be_made_again(short):
    first, second = run(TINY, 1, {"a": 1}), run(TINY, 1, {"a": 1})
    assert first == second
    assert first.settings == {"a": 1} and first.seed == 1
    assert run(TINY, 2).valid_loss != first.valid_loss


def test_run_learns_and_measures(short):
    made = run(replace(TINY, hidden_size=16, window=16), 1)
    assert made.train_loss[0] > made.train_loss[-1] > made.measures["train_cross_entropy"]
    assert made.measures["accuracy"] == pytest.approx(made.valid_accuracy[-1])
    assert 0 < made.measures["change"] < 2 * made.measures["activation"] < 2


class EnoughError(Exception):
    """Raised where a run is not to go on."""


@pytest.mark.parametrize("name", ["ours", "peer"])
def test_shipped_run_begins_as_it_is_made_again(name, monkeypatch):
    """Two of the fifteen epochs, against the losses and held-out figures that are shipped for each epoch."""
    shipped, full, begun = runs.load("record").where(name=name, split="diagonal"), sweeps.train, []

    def two_epochs(model, streams, *, steps, **options):
        history = full(model, islice(streams, 2), steps=steps, **options)
        begun.append([fmean(history.losses[k * steps // 15 : (k + 1) * steps // 15]) for k in range(2)])
        begun.append([at.accuracy for at in history.validation])
        raise EnoughError

    monkeypatch.setattr(sweeps, "train", two_epochs)
    with pytest.raises(EnoughError):
        run(OURS_DIAGONAL if name == "ours" else replace(PEER, split="diagonal"), shipped[0].seed)
    losses, accuracies = begun
    assert losses == pytest.approx(shipped[0].train_loss[:2], rel=0.02)
    for k in range(2):
        others = [run.valid_accuracy[k] for run in shipped]
        assert min(others) - 0.02 < accuracies[k] < max(others) + 0.02


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ours", "peer"])
def test_shipped_run_can_be_made_again(name):
    """Other processors round otherwise, and training lets that grow: the same within what seeds differ by."""
    shipped = runs.load("record").where(name=name, split="diagonal")
    made = run(OURS_DIAGONAL if name == "ours" else replace(PEER, split="diagonal"), shipped[0].seed)
    assert made.train_loss[0] == pytest.approx(shipped[0].train_loss[0], rel=0.02)
    others = [run.measures["accuracy"] for run in shipped]
    assert min(others) - 0.01 < made.measures["accuracy"] < max(others) + 0.01


def test_experiment_is_written_with_its_card(short, tmp_path):
    out = tmp_path / "decay.json"
    made = make("decay", out, progress=False)
    assert runs.Runs.read(out) == made
    assert [(run.settings, run.seed) for run in made.runs] == [(settings, seed) for _, settings, seed in short]
    assert made.card["title"] == "A trial." and made.card["runs"] == 4
    assert list(tmp_path.iterdir()) == [out]


def test_experiment_goes_on_where_it_was_broken_off(short, tmp_path, monkeypatch):
    out = tmp_path / "decay.json"
    whole = make("decay", out, progress=False)
    part = out.with_name("decay.json.part")
    calls = []
    monkeypatch.setattr(making, "as_completed", list)
    monkeypatch.setattr(making, "ProcessPoolExecutor", lambda jobs, **_: Stopping(calls, after=2))
    with pytest.raises(KeyboardInterrupt):
        make("decay", out, progress=False)
    assert len(part.read_text().splitlines()) == 2
    part.write_text(part.read_text() + '["cut sho')  # as a crash leaves it
    monkeypatch.setattr(making, "ProcessPoolExecutor", lambda jobs, **_: Stopping(calls, after=99))
    assert make("decay", out, progress=False).runs == whole.runs
    assert len(calls) == 4  # none twice


class Stopping:
    """Runs jobs at once in this process, and is interrupted after some."""

    def __init__(self, calls, after):
        self.calls, self.after, self.count = calls, after, 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def shutdown(self, **how):
        assert how == {"wait": False, "cancel_futures": True}

    def submit(self, work, job):
        future = Future()
        self.count += 1
        if self.count > self.after:
            future.set_exception(KeyboardInterrupt())
        else:
            self.calls.append(job)
            future.set_result(work(job))
        return future


def test_unknown_experiment_is_refused():
    with pytest.raises(ValueError, match="name must be one of the experiments .*, but it is 'nothing'"):
        make("nothing")


def test_jobs_below_1_are_refused(tmp_path):
    with pytest.raises(ValueError, match="jobs must be a whole number of at least 1, but it is 0; give 1 or more"):
        make("decay", tmp_path / "decay.json", jobs=0)


def test_table_and_network_read_the_same_stories(monkeypatch):
    read = []

    def told(seed, tokens, original=reading.told):
        read.append((seed, tokens))
        return original(seed, tokens)

    monkeypatch.setattr(reading, "told", told)
    tiny = replace(reading.RECIPES[0], tokens=2_000, hidden_size=4, embedding_size=4, epochs=1)
    measures = tiny.run(3).measures
    assert read == [(reading.FIRST_SEED + 3, 2_000), (reading.FRESH_SEED, reading.FRESH_TOKENS)]
    assert 0 < measures["kneser_ney"] < measures["cross_entropy"] < 10  # one epoch teaches little
    assert reading.FRESH_SEED not in {reading.FIRST_SEED + seed for _, _, seed in reading.same_text()}
