"""Dropout in its forms, against torch's own, closed forms, and networks whose weights were masked by hand."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lmkit.dropout import Dropout, EmbeddingDropout, LockedDropout, drop, drop_locked, drop_weights, keep_mask
from lmkit.rnn import GRU, LSTM, RNN

KINDS = [RNN, LSTM, GRU]
DRAWS = 40_000


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9])
def test_element_dropout_is_torchs(p):
    x = torch.randn(50, 7)
    torch.manual_seed(3)
    ours = drop(x, p)
    torch.manual_seed(3)
    assert torch.equal(ours, F.dropout(x, p))


@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_dropout_keeps_the_mean_and_adds_the_variance_predicted(p):
    """A sum of w·x has the variance p/(1−p) Σ (w x)²; checked within five standard errors of each estimate."""
    x, w = torch.randn(12).double(), torch.randn(12).double()
    sums = drop(x.expand(DRAWS, -1), p) @ w
    predicted = p / (1 - p) * (x * w).square().sum()
    assert abs(sums.mean() - x @ w) < 5 * (predicted / DRAWS).sqrt()
    fourth = (sums - sums.mean()).pow(4).mean()
    assert abs(sums.var() - predicted) < 5 * ((fourth - predicted**2) / DRAWS).sqrt()


def test_mask_has_two_values_and_its_share():
    mask = keep_mask((DRAWS,), 0.2, torch.zeros(1, dtype=torch.float64))
    assert set(mask.tolist()) == {0.0, 1 / 0.8}
    assert mask.dtype == torch.float64
    assert abs((mask == 0).double().mean() - 0.2) < 5 * (0.2 * 0.8 / DRAWS) ** 0.5


def test_locked_dropout_has_one_mask_per_sequence():
    x = torch.randn(4, 9, 30)
    mask = drop_locked(x, 0.5) / x
    assert torch.allclose(mask, mask[:, :1].expand_as(mask))
    assert not torch.allclose(mask[0], mask[1])
    assert set(mask.round().unique().tolist()) == {0.0, 2.0}


def test_embedding_dropout_drops_whole_words():
    embedding, tokens = nn.Embedding(20, 6), torch.randint(20, (5, 40))
    embedded = EmbeddingDropout(0.5)(embedding, tokens)
    factor = embedded / embedding(tokens)
    assert torch.allclose(factor, factor[..., :1].expand_as(factor))
    by_word = set(zip(tokens.flatten().tolist(), factor[..., 0].flatten().round().tolist(), strict=True))
    assert len(by_word) == len(tokens.unique())  # a word has one factor in the whole batch
    assert {factor for _, factor in by_word} == {0, 2}
    embedded.sum().backward()
    lost = {word for word, factor in by_word if factor == 0}
    assert all((embedding.weight.grad[word] == 0).all() for word in lost)


@pytest.mark.parametrize("layer", [Dropout(0.5), LockedDropout(0.5)], ids=lambda layer: type(layer).__name__)
def test_evaluation_changes_nothing(layer):
    x = torch.randn(2, 3, 4)
    assert not torch.equal(layer.train()(x), x)
    assert torch.equal(layer.eval()(x), x)


def test_evaluation_of_an_embedding_changes_nothing():
    embedding, tokens = nn.Embedding(20, 6), torch.randint(20, (5, 40))
    assert torch.equal(EmbeddingDropout(0.5).eval()(embedding, tokens), embedding(tokens))


def test_dropping_nothing_draws_nothing():
    """So that a model without dropout reads the same random numbers as one that never had any."""
    x, embedding, tokens = torch.randn(2, 3, 4), nn.Embedding(5, 3), torch.tensor([[0, 4, 4]])
    before = torch.get_rng_state()
    assert drop(x, 0.0) is x and drop_locked(x, 0.0) is x and drop_weights(x, 0.0) is x
    assert torch.equal(EmbeddingDropout(0.0)(embedding, tokens), embedding(tokens))
    assert torch.equal(torch.get_rng_state(), before)


def test_mask_is_drawn_for_its_shape_and_like_its_tensor():
    like = torch.zeros(1, dtype=torch.float64)
    assert keep_mask((3, 1, 2), 0.5, like).shape == (3, 1, 2)
    locked = drop_locked(torch.ones(200, 3, 50), 0.5)
    assert 0.45 < float((locked[:, 0] == 0).float().mean()) < 0.55  # entries of a mask are drawn one by one
    assert len(locked[:, 0].unique(dim=0)) == 200 and len(locked[:, 0].unique(dim=1)[0]) == 50


def test_dropout_layers_show_their_probability():
    assert [str(layer) for layer in (Dropout(0.5), LockedDropout(0.25))] == ["Dropout(p=0.5)", "LockedDropout(p=0.25)"]
    assert Dropout(0.5).p == 0.5 and EmbeddingDropout(0.0).p == 0


@pytest.mark.parametrize("p", [-0.1, 1.0, 1.5, float("nan")])
@pytest.mark.parametrize("act", [lambda x, p: Dropout(p)(x), drop, drop_locked, drop_weights])
def test_probabilities_out_of_range_are_refused(act, p):
    with pytest.raises(ValueError, match=r"^p must be at least 0 and below 1, but it is"):
        act(torch.ones(1, 1, 1), p)


# In recurrent layers.


def masked(layers, seed, index=0):
    """torch's kernel over the same weights, some of the recurrent ones zeroed by hand as a seed has it."""
    twin = copy.deepcopy(layers).eval()
    torch.manual_seed(seed)
    with torch.no_grad():
        for d in range(layers.num_layers):
            weight = twin.layer(d)[1]
            weight.copy_(drop_weights(weight, layers.weight_p))
    return twin


@pytest.mark.parametrize("fused", [False, True], ids=["loop", "fused"])
@pytest.mark.parametrize("kind", KINDS)
def test_weight_dropout_is_a_network_with_fewer_weights(kind, fused):
    layers, x = kind(5, 8, 2, weight_p=0.4, fused=fused), torch.randn(11, 3, 5)
    torch.manual_seed(7)
    output, _ = layers(x)
    expected, _ = masked(layers, 7)(x)
    assert torch.allclose(output, expected, atol=1e-6)
    assert not torch.allclose(output, layers(x)[0], atol=1e-3)  # drawn anew


@pytest.mark.parametrize("fused", [False, True], ids=["loop", "fused"])
def test_gradients_reach_the_weights_themselves(fused):
    """d/dw of f(w · m) is m f'(w · m): nothing for a dropped weight, 1/(1−p) of the twin's for the others."""
    layers, x = LSTM(5, 8, weight_p=0.4, fused=fused), torch.randn(6, 3, 5)
    twin = masked(layers, 7)
    twin(x)[0].square().sum().backward()
    torch.manual_seed(7)
    layers(x)[0].square().sum().backward()
    torch.manual_seed(7)
    mask = drop_weights(torch.ones_like(layers.weight_hh_l0), 0.4)
    assert 0.2 < float((mask == 0).float().mean()) < 0.6
    assert torch.allclose(layers.weight_hh_l0.grad, mask * twin.weight_hh_l0.grad, atol=1e-5)
    assert torch.allclose(layers.weight_ih_l0.grad, twin.weight_ih_l0.grad, atol=1e-5)


@pytest.mark.parametrize("fused", [False, True], ids=["loop", "fused"])
@pytest.mark.parametrize("kind", KINDS)
def test_evaluation_of_layers_is_exact(kind, fused):
    torch.manual_seed(1)
    plain = kind(5, 8, 2, fused=fused)
    torch.manual_seed(1)
    dropped = kind(5, 8, 2, fused=fused, weight_p=0.4, hidden_p=0.3).eval()
    x = torch.randn(6, 3, 5)
    assert torch.equal(dropped(x)[0], plain(x)[0])


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("fused", [False, True], ids=["loop", "fused"])
@pytest.mark.parametrize("kind", KINDS)
def test_hidden_dropout_is_locked_and_between_layers(kind, fused, batch_first):
    layers, x = kind(5, 8, 3, hidden_p=0.5, fused=fused, batch_first=batch_first), torch.randn(4, 4, 5)
    each = [kind(8 if d else 5, 8, batch_first=True) for d in range(3)]
    for d, alone in enumerate(each):
        alone.load_state_dict(dict(zip(alone.state_dict(), layers.layer(d), strict=True)))
    torch.manual_seed(9)
    output, state = layers(x)
    torch.manual_seed(9)
    expected, h = (x if batch_first else x.transpose(0, 1)), []
    for d, alone in enumerate(each):
        expected, last = alone(drop_locked(expected, 0.5) if d else expected)
        h.append(last if isinstance(last, torch.Tensor) else last[0])
    assert torch.allclose(output if batch_first else output.transpose(0, 1), expected, atol=1e-6)
    assert torch.allclose(state if isinstance(state, torch.Tensor) else state[0], torch.cat(h), atol=1e-6)


@pytest.mark.parametrize("name", ["weight_p", "hidden_p"])
def test_layers_refuse_probabilities_out_of_range(name):
    with pytest.raises(ValueError, match=f"^{name} must be at least 0 and below 1, but it is 1"):
        LSTM(3, 4, **{name: 1})
