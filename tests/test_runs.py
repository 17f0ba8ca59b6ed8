"""Shipped runs: their files, their sums, and that they are the experiments that lmkit says they are."""

import json
from collections import Counter

import pytest

from lmkit import runs
from lmkit.experiments import EXPERIMENTS, digits, sweeps, translating, tutorials
from lmkit.runs import BINS, Run, Runs, RunsFileError

RUN = Run({"alpha": 1.0}, 3, [2.0], [1.0], [0.5], {"accuracy": 0.5})
CARD = {"title": "A trial", "command": "none"}


def test_file_gives_back_what_was_written(tmp_path):
    path = tmp_path / "trial.json"
    several = [RUN, Run({"alpha": 0.0}, 2, [2.5], [1.5], [0.25], {"accuracy": 0.25, "histogram": [0.5, 0.5]})]
    Runs(CARD, several).write(path)
    assert Runs.read(path) == Runs(CARD, several)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 8  # a run a line


def test_runs_are_found_by_their_settings():
    def run(seed, accuracy, **settings):
        return Run(settings, seed, [], [], [], {"accuracy": accuracy})

    some = Runs(CARD, [run(2, 0.1, a=1, b=0), run(1, 0.2, a=1, b=0), run(1, 0.3, a=1, b=1), run(1, 0.4, a=0, b=0)])
    assert some.values("accuracy", a=1, b=0) == [0.2, 0.1]  # in the order of seeds
    assert some.values("accuracy", a=1) == [0.2, 0.3, 0.1]
    assert some.all_settings() == [{"a": 1, "b": 0}, {"a": 1, "b": 1}, {"a": 0, "b": 0}]
    assert some.where(a=5) == []
    with pytest.raises(ValueError, match="settings must be some of a run, but no run has {'a': 5}"):
        some.values("accuracy", a=5)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"card": {}, "runs": [{}]}', '{"card": {}, "runs": [{"seed": 1'])
def test_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "damaged.json"
    path.write_text(content)
    with pytest.raises(RunsFileError, match=r"damaged.json cannot be read as a file of runs"):
        Runs.read(path)


def test_unknown_experiment_is_refused():
    with pytest.raises(ValueError, match="name must be one of the shipped experiments .*, but it is 'nothing'"):
        runs.load("nothing")


# What is shipped.


def test_all_that_is_shipped_is_an_experiment():
    assert set(sweeps.EXPERIMENTS) | set(translating.EXPERIMENTS) <= set(runs.names()) <= set(EXPERIMENTS)


@pytest.mark.parametrize("name", runs.names())
def test_shipped_runs_are_the_experiment(name):
    shipped = runs.load(name)
    wanted = Counter(json.dumps([settings, seed]) for _, settings, seed in EXPERIMENTS[name]())
    assert Counter(json.dumps([run.settings, run.seed]) for run in shipped.runs) == wanted
    assert shipped.card["command"] == f"python -m lmkit experiment {name}"
    assert shipped.card["runs"] == len(shipped)


@pytest.mark.parametrize("name", sorted({**translating.EXPERIMENTS, **tutorials.EXPERIMENTS}))
def test_shipped_runs_of_translators_fit_together(name):
    for run in runs.load(name).runs:
        assert run.measures["cross_entropy"] > run.measures.get("floor", 0) > -1
        assert run.measures.get("best", 0) <= run.measures["possible"] <= 1
        shares = [value for name, value in run.measures.items() if name.startswith(("possible", "changed", "empty"))]
        assert all(0 <= x <= 1 for share in shares for x in (share if isinstance(share, list) else [share]))


def test_shipped_runs_of_english_fit_together():
    """What people wrote is the same for every seed, but for what the models say of it; shares are shares."""
    shipped = runs.load("english")
    for name in ("spelling", "distinct_2", "judge", "mauve_like"):
        assert len(set(shipped.values(name, study="decoders", decoder="people"))) == 1
    shares = ("repeated_4_grams", "distinct_2", "spelling", "mauve_like", "share", "different")
    assert all(0 <= run.measures[name] <= 1 for run in shipped.runs for name in shares if name in run.measures)


def test_shipped_runs_of_digits_fit_together():
    """Shares are shares; none of the units moves no digit, and all of them move every one."""
    for run in runs.load("digits").runs:
        measures = run.measures
        assert measures["right"] > 0.95 and measures["pairs"] == digits.PAIRS
        shares = [measures[name] for name in ("read", "moved", "rest", "random")]
        assert all(len(share) == len(measures["counts"]) and all(0 <= x <= 1 for x in share) for share in shares)
        assert measures["counts"][-1] == 64
        assert measures["moved"][-1] == measures["random"][-1] > 0.99 and measures["rest"][-1] == 0


def test_reading_more_lowers_every_loss():
    shipped = runs.load("same_text")
    for measure in ("kneser_ney", "cross_entropy"):
        curves = zip(*(shipped.values(measure, **settings) for settings in shipped.all_settings()), strict=True)
        assert all(list(curve) == sorted(curve, reverse=True) for curve in curves)


@pytest.mark.parametrize("name", sorted(sweeps.EXPERIMENTS))
def test_shipped_runs_fit_together(name):
    for run in runs.load(name).runs:
        assert len(run.train_loss) == len(run.valid_loss) == len(run.valid_accuracy) == 15
        assert run.measures["accuracy"] == pytest.approx(run.valid_accuracy[-1], abs=1e-3)
        assert run.measures["cross_entropy"] == pytest.approx(run.valid_loss[-1], rel=1e-2)
        assert len(run.measures["histogram"]) == BINS
        assert sum(run.measures["histogram"]) == pytest.approx(1, abs=2e-3)


def test_every_setting_has_as_many_seeds():
    seeds = {
        "regularisation": 3,
        "decay": 8,
        "optimizers": 5,
        "sources": 12,
        "strengths": 5,
        "company": 5,
        "ablation": 8,
        "record": 10,
        "development": 3,
    }
    for name, count in seeds.items():
        shipped = runs.load(name)
        assert {len(shipped.where(**settings)) for settings in shipped.all_settings()} == {count}
