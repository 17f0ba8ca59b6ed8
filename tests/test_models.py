"""The language model against torch's own pieces put together, and its stepper against its forward pass."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from lmkit.models import LSTMLanguageModel

SHAPE = st.tuples(st.integers(1, 9), st.integers(1, 6), st.integers(1, 6), st.integers(1, 3))  # V, E, H, D


def randomised(model):
    """The model with weights large enough to tell tokens apart."""
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    return model


@given(SHAPE, st.integers(1, 3), st.integers(1, 5), st.booleans())
def test_forward_is_embedding_lstm_projection_and_tied_output(shape, N, L, fused):
    V, E, H, D = shape
    model = randomised(LSTMLanguageModel(*shape, fused=fused).double())
    theirs = nn.LSTM(E, H, D, batch_first=True).double()
    theirs.load_state_dict(model.rnn.state_dict())
    tokens, state = torch.randint(V, (N, L)), tuple(torch.randn(2, D, N, H).double())
    hidden, last = theirs(F.embedding(tokens, model.embedding.weight), state)
    if H != E:
        hidden = F.linear(hidden, model.projection.weight)
    expected = F.linear(hidden, model.embedding.weight, model.decoder.bias)
    logits, after = model(tokens, state)
    torch.testing.assert_close([logits, *after], [expected, *last], rtol=1e-9, atol=1e-9)


@given(SHAPE, st.integers(1, 3), st.integers(1, 5), st.sampled_from([torch.float32, torch.float64]))
def test_stepper_equals_forward(shape, N, L, dtype):
    V, _, _, _ = shape
    model = randomised(LSTMLanguageModel(*shape)).to(dtype)
    tokens = torch.randint(V, (N, L))
    with torch.no_grad():
        logits, (h, c) = model(tokens)
    step, state = model.stepper(), None
    for t in range(L):
        log_probs, state = step(tokens[:, t], state)
        torch.testing.assert_close(log_probs, logits[:, t].log_softmax(dim=-1), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close([s.transpose(0, 1) for s in state], [h, c], rtol=1e-4, atol=1e-4)


def test_stepper_rows_are_independent():
    step = randomised(LSTMLanguageModel(7, 3, 5, 2)).stepper()
    tokens = torch.tensor([2, 4, 6])
    together, state = step(tokens)
    picked = tuple(part[[2, 0, 0]] for part in state)
    again, _ = step(tokens, picked)
    for row, source in enumerate([2, 0, 0]):
        _, own = step(tokens[source : source + 1])
        alone, _ = step(tokens[row : row + 1], own)
        torch.testing.assert_close(again[row], alone[0])
    torch.testing.assert_close(together.exp().sum(dim=1), torch.ones(3))


@pytest.mark.parametrize("sizes", [(7, 4, 4), (7, 3, 4)])
def test_stepper_is_a_snapshot(sizes):
    model = randomised(LSTMLanguageModel(*sizes, 2))
    step, token = model.stepper(), torch.tensor([1])
    before, _ = step(token)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    after, _ = step(token)
    assert torch.equal(before, after)
    assert not torch.equal(model.stepper()(token)[0], before)


def test_output_shares_its_weights_with_the_embedding():
    model = LSTMLanguageModel(9, 4, 6, 2)
    assert model.decoder.weight is model.embedding.weight
    cells = 4 * 6 * (4 + 6 + 2) + 4 * 6 * (6 + 6 + 2)
    assert sum(p.numel() for p in model.parameters()) == 9 * 4 + cells + 6 * 4 + 9
    model(torch.tensor([[1, 2]]))[0].sum().backward()
    assert model.embedding.weight.grad.abs().sum(dim=1).min() > 0  # every word gets a gradient, through the output


def test_model_needs_a_projection_only_where_sizes_differ():
    assert not list(LSTMLanguageModel(9, 4, 4).projection.parameters())
    assert LSTMLanguageModel(9, 4, 6).projection.weight.shape == (4, 6)


@given(SHAPE)
def test_config_builds_a_model_of_the_same_shape(shape):
    model = LSTMLanguageModel(*shape)
    copy = LSTMLanguageModel(**model.config())
    copy.load_state_dict(model.state_dict())
    assert [p.shape for p in copy.parameters()] == [p.shape for p in model.parameters()]


def test_forward_reads_on_from_a_state():
    model = randomised(LSTMLanguageModel(9, 4, 6, 2)).double()
    tokens = torch.randint(9, (3, 10))
    whole, last = model(tokens)
    first, state = model(tokens[:, :4])
    second, end = model(tokens[:, 4:], state)
    torch.testing.assert_close([torch.cat([first, second], dim=1), *end], [whole, *last])


@pytest.mark.parametrize("name", ["vocab_size", "embedding_size", "hidden_size", "num_layers"])
def test_model_refuses_sizes_below_1(name):
    sizes = {"vocab_size": 5, "embedding_size": 5, "hidden_size": 5, "num_layers": 5}
    with pytest.raises(ValueError, match=f"{name} must be at least 1, but it is 0"):
        LSTMLanguageModel(**sizes | {name: 0})
