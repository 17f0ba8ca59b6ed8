"""Probes, against autograd, hand-made states and brute force."""

import pytest
import torch
from torch.nn import functional as F

from lmkit.analysis.probing import Probe, fit_probe, unit_accuracies


def states(n=400, units=6, noise=0.4, seed=0):
    """States whose unit 2 carries the class, as -1 or 1 and noise; the other units are noise of size 1."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(2, (n,), generator=generator)
    x = torch.randn(n, units, generator=generator)
    x[:, 2] = (2 * y - 1) + noise * x[:, 2]
    return x, y


def test_fitted_probe_has_no_better_neighbour():
    """At the minimum of the loss its gradient, here autograd's in float64, is zero."""
    x, y = states()
    x = x.double()
    probe = fit_probe(x, y, penalty=0.1, max_iter=500)
    weight, bias = probe.weight.clone().requires_grad_(), probe.bias.clone().requires_grad_()
    loss = F.binary_cross_entropy_with_logits(x @ weight + bias, y.double()) + 0.05 * weight @ weight
    for gradient in torch.autograd.grad(loss, [weight, bias]):
        assert gradient.abs().max() < 1e-5


def test_probe_finds_the_unit_that_carries_the_class():
    x, y = states()
    probe = fit_probe(x, y)
    assert probe.weight.abs().argmax() == 2
    assert probe.weight[2] > 0
    assert probe.accuracy(*states(seed=1)) > 0.97


def test_probe_finds_nothing_where_there_is_nothing():
    x, y = states(n=4000, noise=0)
    x[:, 2] = 0
    other, classes = states(n=4000, seed=1, noise=0)
    other[:, 2] = 0
    assert fit_probe(x, y).accuracy(other, classes) == pytest.approx(0.5, abs=0.04)


def test_accuracy_counts():
    probe = Probe(torch.tensor([1.0, -1.0]), torch.tensor(0.5))
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0], [-3.0, 1.0]])
    assert probe.scores(x).tolist() == [1.5, -0.5, 0.5, -3.5]
    assert probe.accuracy(x, torch.tensor([1, 1, 1, 0])) == 0.75


def test_reflection_changes_the_sign_of_every_score_and_nothing_across_the_direction():
    x, y = states()
    probe = fit_probe(x, y)
    mirrored = probe.reflect(x)
    torch.testing.assert_close(probe.scores(mirrored), -probe.scores(x), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(probe.reflect(mirrored), x, rtol=1e-4, atol=1e-4)
    across = torch.randn(6, generator=torch.Generator().manual_seed(3))
    across -= (across @ probe.weight) / probe.weight.square().sum() * probe.weight
    torch.testing.assert_close(mirrored @ across, x @ across, rtol=1e-4, atol=1e-4)


def test_unit_accuracies_are_those_of_a_search_by_hand():
    x, y = states()
    test_x, test_y = states(seed=1)
    expected = []
    for unit in range(6):
        means = [
            sum(v for v, c in zip(x[:, unit].tolist(), y.tolist(), strict=True) if c == k) / y.tolist().count(k)
            for k in (0, 1)
        ]
        guesses = [int(abs(v - means[1]) < abs(v - means[0])) for v in test_x[:, unit].tolist()]
        expected.append(sum(g == c for g, c in zip(guesses, test_y.tolist(), strict=True)) / len(test_y))
    assert unit_accuracies(x, y, test_x, test_y).tolist() == pytest.approx(expected)
    assert unit_accuracies(x, y).argmax() == 2


def test_fit_works_where_gradients_are_off():
    with torch.no_grad():
        assert not fit_probe(*states()).weight.requires_grad


@pytest.mark.parametrize(
    ("x", "y", "penalty", "message"),
    [
        ((4, 3), [0, 1, 1], 0.1, r"x must have shape \(N, H\) .* but they have \(4, 3\) and \(3,\)"),
        ((4,), [0, 1, 1, 0], 0.1, r"x must have shape \(N, H\)"),
        ((4, 3), [1, 1, 1, 1], 0.1, r"y must hold the classes 0 and 1, both of them, but it holds \[1\]"),
        ((4, 3), [0, 1, 2, 1], 0.1, r"y must hold the classes 0 and 1, .* but it holds \[0, 1, 2\]"),
        ((4, 3), [0, 1, 0, 1], 0.0, "penalty must be above 0, but it is 0.0"),
        ((4, 3), [0, 1, 0, 1], float("nan"), "penalty must be above 0, but it is nan"),
    ],
)
def test_a_bad_argument_is_named(x, y, penalty, message):
    with pytest.raises(ValueError, match=message):
        fit_probe(torch.zeros(x), torch.tensor(y), penalty)
