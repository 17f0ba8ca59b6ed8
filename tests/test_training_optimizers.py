"""Muon against torch's and against singular values; which weights an optimizer gets; schedules."""

import math

import pytest
import torch
from torch import nn

from lmkit.models import AWDLSTM, FixedContextRNN, RecurrentLanguageModel
from lmkit.training import Muon, TrainConfig
from lmkit.training.muon import orthogonalized
from lmkit.training.optimizers import make_optimizers, make_scheduler, scaled_lr

COEFFICIENTS = (3.4445, -4.775, 2.0315)
SHAPES = [(12, 4), (4, 12), (7, 7), (1, 5)]


def matrix(shape, seed=0, dtype=torch.float32):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def by_singular_values(matrix, coefficients=COEFFICIENTS, steps=5, eps=1e-7):
    """Newton–Schulz in float64, one singular value at a time."""
    a, b, c = coefficients
    u, s, vh = torch.linalg.svd(matrix.double(), full_matrices=False)
    s = s / s.norm().clamp(min=eps)
    for _ in range(steps):
        s = a * s + b * s**3 + c * s**5
    return (u * s) @ vh


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("steps", [1, 2, 5])
def test_orthogonalized_changes_singular_values_only(shape, steps):
    found = orthogonalized(matrix(shape), COEFFICIENTS, steps)
    assert found.shape == shape and found.dtype == torch.float32
    torch.testing.assert_close(found.double(), by_singular_values(matrix(shape), steps=steps), rtol=1e-5, atol=2e-5)


def test_orthogonalized_takes_all_singular_values_near_1():
    """Jordan et al.'s coefficients bring them to between about .7 and 1.2 in five steps."""
    s = torch.linalg.svdvals(orthogonalized(matrix((40, 20)), COEFFICIENTS, 5))
    assert 0.6 < s.min() < s.max() < 1.25
    assert torch.linalg.svdvals(matrix((40, 20))).min() < 0.3 * torch.linalg.svdvals(matrix((40, 20))).max()


def test_orthogonalized_computes_float64_in_float64():
    g = matrix((9, 5), dtype=torch.float64)
    torch.testing.assert_close(orthogonalized(g, COEFFICIENTS, 5), by_singular_values(g), rtol=1e-11, atol=1e-12)


def test_orthogonalized_computes_narrow_types_in_float32():
    g = matrix((9, 5)).bfloat16()
    torch.testing.assert_close(orthogonalized(g, COEFFICIENTS, 5).double(), by_singular_values(g), rtol=1e-4, atol=1e-5)


def test_orthogonalized_is_as_exact_for_gradients_of_low_rank():
    g = matrix((60, 3)) @ matrix((3, 20))
    assert (orthogonalized(g, COEFFICIENTS, 5) - by_singular_values(g)).abs().max() < 5e-5


def test_orthogonalized_zero_is_zero():
    assert torch.equal(orthogonalized(torch.zeros(3, 5), COEFFICIENTS, 5), torch.zeros(3, 5))


def test_tiny_gradients_are_divided_by_eps_at_least():
    g = matrix((4, 6)) * 1e-6
    for given, eps in (([1e-3], 1e-3), ([1e-9], 1e-9), ([], 1e-7)):
        expected = by_singular_values(g, steps=1, eps=eps)
        torch.testing.assert_close(orthogonalized(g, COEFFICIENTS, 1, *given).double(), expected, rtol=1e-4, atol=1e-8)


OPTIONS = [
    {},
    {"adjust_lr_fn": "original"},
    {"adjust_lr_fn": "match_rms_adamw"},
    {"nesterov": False},
    {"momentum": 0.5},
    {"weight_decay": 0.0},
    {"weight_decay": 2.0},
    {"ns_steps": 3},
    {"ns_coefficients": (2.0, -1.5, 0.5)},
]


def steps_of(make, shapes=SHAPES, dtype=torch.float32, count=4, **options):
    """Weights after some steps with random gradients."""
    weights = [nn.Parameter(matrix(shape, seed, dtype)) for seed, shape in enumerate(shapes)]
    optimizer = make(weights, lr=0.1, **options)
    for step in range(count):
        for seed, weight in enumerate(weights):
            weight.grad = matrix(weight.shape, 100 * step + seed, dtype)
        optimizer.step()
    return weights


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_muon_is_torchs_but_for_bfloat16(options):
    start = [matrix(shape, seed) for seed, shape in enumerate(SHAPES)]
    pair = (steps_of(kind, **options) for kind in (Muon, torch.optim.Muon))
    for ours, theirs, begun in zip(*pair, start, strict=True):
        moved = (theirs - begun).abs().max()
        assert (ours - theirs).abs().max() < 0.03 * moved
        assert moved > 0.05


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_muon_is_its_formula(options):
    """Momentum, Nesterov's look ahead, the orthogonal update, decoupled decay: in float64, written out."""
    given = {"momentum": 0.95, "nesterov": True, "weight_decay": 0.1, "ns_steps": 5, "adjust_lr_fn": None} | options
    coefficients, mu = given.get("ns_coefficients", COEFFICIENTS), given["momentum"]
    for seed, (shape, found) in enumerate(zip(SHAPES, steps_of(Muon, dtype=torch.float64, **options), strict=True)):
        weight, buffer = matrix(shape, seed, torch.float64), torch.zeros(shape, dtype=torch.float64)
        matched = given["adjust_lr_fn"] == "match_rms_adamw"
        factor = 0.2 * math.sqrt(max(shape)) if matched else math.sqrt(max(1, shape[0] / shape[1]))
        for step in range(4):
            gradient = matrix(shape, 100 * step + seed, torch.float64)
            buffer = mu * buffer + (1 - mu) * gradient
            direction = mu * buffer + (1 - mu) * gradient if given["nesterov"] else buffer
            update = by_singular_values(direction, coefficients, given["ns_steps"])
            weight = weight * (1 - 0.1 * given["weight_decay"]) - 0.1 * factor * update
        torch.testing.assert_close(found.detach(), weight, rtol=1e-8, atol=1e-9)


def test_muon_leaves_weights_without_a_gradient_alone_and_returns_the_closures_loss():
    used, unused = nn.Parameter(matrix((3, 3))), nn.Parameter(matrix((3, 3)))
    optimizer = Muon([used, unused], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = used.square().sum()
        loss.backward()
        return loss.detach()

    before = float(used.detach().square().sum())
    assert float(optimizer.step(closure)) == pytest.approx(before)
    assert not torch.equal(used, matrix((3, 3))) and torch.equal(unused, matrix((3, 3)))
    assert optimizer.step() is None
    assert unused not in optimizer.state


def test_muon_takes_bfloat16_weights():
    weight = nn.Parameter(matrix((3, 3)).bfloat16())
    weight.grad = matrix((3, 3), 1).bfloat16()
    Muon([weight], lr=0.1).step()
    assert weight.dtype == torch.bfloat16 and not torch.equal(weight.float(), matrix((3, 3)).bfloat16().float())


# Which weights an optimizer gets.

MODELS = {
    "tied": lambda: AWDLSTM(11, 6, 6, 2),
    "projected": lambda: AWDLSTM(11, 5, 6),
    "untied": lambda: AWDLSTM(11, 6, 6, tied=False),
    "gru": lambda: RecurrentLanguageModel(11, 5, 6, cell="gru"),
    "without a state": lambda: FixedContextRNN(11, 6, 3),
}


@pytest.mark.parametrize("name", MODELS)
def test_muon_gets_the_matrices_and_adamw_embeddings_and_biases(name):
    model = MODELS[name]()
    muon, adamw = make_optimizers(model, TrainConfig(optimizer="muon", lr=0.02, weight_decay=0.3))
    names = {id(weight): name for name, weight in model.named_parameters()}
    hidden, others = ([names[id(p)] for p in o.param_groups[0]["params"]] for o in (muon, adamw))
    assert sorted(hidden + others) == sorted(names.values())  # each once
    assert set(others) == {name for name in names.values() if "bias" in name or "embedding" in name}
    assert type(muon) is Muon and type(adamw) is torch.optim.AdamW
    settings = {name: muon.defaults[name] for name in ("lr", "weight_decay", "momentum", "nesterov", "adjust_lr_fn")}
    expected = {"lr": 0.02, "weight_decay": 0.3, "momentum": 0.95, "nesterov": True, "adjust_lr_fn": "match_rms_adamw"}
    assert settings == expected
    assert [adamw.defaults[name] for name in ("lr", "weight_decay", "betas", "fused")] == [0.02, 0.3, (0.9, 0.99), True]


@pytest.mark.parametrize("name", ["adamw", "adam", "sgd"])
def test_other_optimizers_get_all_weights_and_have_torchs_defaults(name):
    kinds = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam, "sgd": torch.optim.SGD}
    model, kind = AWDLSTM(11, 6, 6), kinds[name]
    (optimizer,) = make_optimizers(model, TrainConfig(optimizer=name, lr=0.02, weight_decay=0.3))
    assert type(optimizer) is kind
    assert {id(p) for p in optimizer.param_groups[0]["params"]} == {id(p) for p in model.parameters()}
    usual = kind(model.parameters()).defaults | {"lr": 0.02, "weight_decay": 0.3, "fused": True}
    assert optimizer.defaults == usual


# Schedules.


@pytest.mark.parametrize("optimizer", ["adamw", "muon", "sgd"])
@pytest.mark.parametrize("schedule", ["one-cycle", "cosine", "constant"])
def test_schedules_change_the_rate_and_nothing_else(optimizer, schedule):
    """OneCycleLR would cycle momenta as well."""
    config = TrainConfig(optimizer=optimizer, schedule=schedule, lr=0.4, warmup=0.25)
    for each in make_optimizers(AWDLSTM(11, 6, 6), config):
        before = {name: value for name, value in each.param_groups[0].items() if name not in ("params", "lr")}
        scheduler, rates = make_scheduler(each, config, steps=12), []
        for _ in range(12):
            rates.append(each.param_groups[0]["lr"])
            now = each.param_groups[0]
            assert {name: now[name] for name in before} == before
            each.step()
            scheduler.step()
        assert max(rates) == pytest.approx(0.4, rel=1e-6)
        assert rates.index(max(rates)) == (2 if schedule == "one-cycle" else 0)
        assert (len(set(rates)) == 1) is (schedule == "constant")


def test_scaled_rates_come_back_also_after_an_error():
    optimizers = make_optimizers(AWDLSTM(11, 6, 6), TrainConfig(optimizer="muon", lr=0.5))
    optimizers[1].param_groups[0]["lr"] = 0.3

    def rates():
        return [group["lr"] for optimizer in optimizers for group in optimizer.param_groups]

    with scaled_lr(optimizers, 0.5):
        assert rates() == [0.25, 0.15]
    assert rates() == [0.5, 0.3]
    with pytest.raises(RuntimeError, match="inside"), scaled_lr(optimizers, 3.0):
        raise RuntimeError("inside")
    assert rates() == [0.5, 0.3]
