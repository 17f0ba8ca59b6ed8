"""Our recurrent layers against torch's: values, gradients and weights, over many shapes."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from lmkit.rnn import LSTM, LSTMCell, lstm_step

SIZE = st.integers(1, 6)


def same(ours, theirs, tolerance=1e-6):
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def leaves(*tensors):
    """Fresh tensors with the same values, that gather gradients."""
    return [tensor.detach().clone().requires_grad_() for tensor in tensors]


def gradients(outputs, inputs, weighting):
    """The gradients of a random weighted sum of all outputs."""
    return torch.autograd.grad(sum((o * w).sum() for o, w in zip(outputs, weighting, strict=True)), inputs)


def twins(*sizes, **options):
    """Our layers and torch's in float64, with the same weights."""
    fused = options.pop("fused", False)
    theirs = nn.LSTM(*sizes, **options).double()
    ours = LSTM(*sizes, fused=fused, **options).double()
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


@given(SIZE, SIZE, SIZE, st.booleans())
def test_lstm_cell_has_torchs_values_and_gradients(N, E, H, with_state):
    ours, theirs = LSTMCell(E, H).double(), nn.LSTMCell(E, H).double()
    ours.load_state_dict(theirs.state_dict())
    inputs = [torch.randn(N, E).double(), *torch.randn(2, N, H).double()]
    weighting = torch.randn(2, N, H).double()
    results = []
    for cell in (ours, theirs):
        x, h, c = leaves(*inputs)
        outputs = cell(x, (h, c) if with_state else None)
        wanted = [x, *cell.parameters(), *((h, c) if with_state else ())]
        results.append([*outputs, *gradients(outputs, wanted, weighting)])
    same(*results)


@given(SIZE, SIZE, SIZE, SIZE, st.integers(1, 3), st.booleans(), st.booleans(), st.booleans())
def test_lstm_has_torchs_values_and_gradients(N, L, E, H, D, batch_first, with_state, fused):
    ours, theirs = twins(E, H, D, batch_first=batch_first, fused=fused)
    inputs = [torch.randn(*((N, L) if batch_first else (L, N)), E).double(), *torch.randn(2, D, N, H).double()]
    weighting = [torch.randn(*inputs[0].shape[:2], H).double(), *torch.randn(2, D, N, H).double()]
    results = []
    for layers in (ours, theirs):
        x, h, c = leaves(*inputs)
        output, state = layers(x, (h, c) if with_state else None)
        wanted = [x, *layers.parameters(), *((h, c) if with_state else ())]
        results.append([output, *state, *gradients((output, *state), wanted, weighting)])
    same(*results)


@given(SIZE, SIZE, SIZE, SIZE, st.integers(1, 3))
def test_loop_and_fused_kernel_are_equal(N, L, E, H, D):
    loop = LSTM(E, H, D).double()
    fused = LSTM(E, H, D, fused=True).double()
    fused.load_state_dict(loop.state_dict())
    x, state = torch.randn(L, N, E).double(), tuple(torch.randn(2, D, N, H).double())
    weighting = [torch.randn(L, N, H).double(), *torch.randn(2, D, N, H).double()]
    results = []
    for layers in (loop, fused):
        output, last = layers(x, state)
        results.append([output, *last, *gradients((output, *last), list(layers.parameters()), weighting)])
    same(*results)


@pytest.mark.parametrize("fused", [False, True])
def test_lstm_is_torchs_in_single_precision_too(fused):
    theirs = nn.LSTM(12, 32, 2)
    ours = LSTM(12, 32, 2, fused=fused)
    ours.load_state_dict(theirs.state_dict())
    x = torch.randn(20, 4, 12)
    same([ours(x)[0], *ours(x)[1]], [theirs(x)[0], *theirs(x)[1]], 1e-5)


@given(SIZE, SIZE, st.integers(1, 3))
def test_weights_go_to_torch_and_back(E, H, D):
    for ours, theirs in [(LSTM(E, H, D), nn.LSTM(E, H, D)), (LSTMCell(E, H), nn.LSTMCell(E, H))]:
        assert list(ours.state_dict()) == list(theirs.state_dict())
        for source, target in [(ours, theirs), (theirs, ours)]:
            nn.init.normal_(next(source.parameters()))
            target.load_state_dict(source.state_dict())
            assert all(torch.equal(a, b) for a, b in zip(source.parameters(), target.parameters(), strict=True))


@given(SIZE, SIZE, st.integers(1, 3), st.integers(0, 99))
def test_one_seed_gives_torchs_initial_weights(E, H, D, seed):
    torch.manual_seed(seed)
    ours = LSTM(E, H, D)
    torch.manual_seed(seed)
    theirs = nn.LSTM(E, H, D)
    assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


@given(st.integers(0, 7), st.booleans())
def test_lstm_reads_on_where_it_stopped(cut, fused):
    layers = LSTM(3, 4, 2, batch_first=True, fused=fused).double()
    x = torch.randn(2, 9, 3).double()
    whole, last = layers(x)
    first, state = layers(x[:, : cut + 1])
    second, end = layers(x[:, cut + 1 :], state)
    same([torch.cat([first, second], dim=1), *end], [whole, *last])


def test_lstm_layer_gives_the_weights_of_one_layer():
    layers = LSTM(3, 4, 2)
    assert [tuple(w.shape) for w in layers.layer(0)] == [(16, 3), (16, 4), (16,), (16,)]
    assert all(w is layers.get_parameter(f"{name}_l1") for w, name in
               zip(layers.layer(1), ["weight_ih", "weight_hh", "bias_ih", "bias_hh"], strict=True))


def test_gates_stand_in_the_order_input_forget_candidate_output():
    """Saturated gates leave plain arithmetic: c' = f c + i g and h' = o tanh(c')."""
    c, no = torch.tensor([[0.5]]), torch.zeros(4, 1)
    for i, f, g, o in [(1, 0, 1, 1), (0, 1, 1, 1), (1, 1, -1, 1), (1, 1, 1, 0)]:
        gates = torch.tensor([[i - 0.5, f - 0.5, g, o - 0.5]]) * 200
        h_new, c_new = lstm_step(gates, no, torch.zeros(1, 1), c)
        expected = f * c + i * g
        same([c_new, h_new], [expected, o * torch.tanh(expected)])


def test_state_is_zero_where_none_is_given():
    cell, layers = LSTMCell(3, 4), LSTM(3, 4, 2)
    same(list(cell(torch.ones(2, 3))), list(cell(torch.ones(2, 3), (torch.zeros(2, 4), torch.zeros(2, 4)))))
    same(layers(torch.ones(5, 2, 3))[0], layers(torch.ones(5, 2, 3), (torch.zeros(2, 2, 4), torch.zeros(2, 2, 4)))[0])


@pytest.mark.parametrize("make, name", [
    (lambda n: LSTMCell(n, 3), "input_size"), (lambda n: LSTMCell(3, n), "hidden_size"),
    (lambda n: LSTM(n, 3), "input_size"), (lambda n: LSTM(3, n), "hidden_size"),
    (lambda n: LSTM(3, 3, n), "num_layers"),
])  # fmt: skip
@pytest.mark.parametrize("size", [0, -2])
def test_layers_refuse_sizes_below_1(make, name, size):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, but it is {size}"):
        make(size)
