"""Our recurrent layers against torch's: values, gradients and weights, over many shapes and all kinds."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from lmkit import rnn
from lmkit.rnn import (
    GRU,
    LSTM,
    RNN,
    GRUCell,
    LSTMCell,
    RNNCell,
    gru_step,
    lstm_gates,
    lstm_step,
    rnn_step,
)

SIZE = st.integers(1, 6)
KINDS = {  # our layers, torch's, our cell, torch's, options
    "rnn": (RNN, nn.RNN, RNNCell, nn.RNNCell, {}),
    "relu": (RNN, nn.RNN, RNNCell, nn.RNNCell, {"nonlinearity": "relu"}),
    "lstm": (LSTM, nn.LSTM, LSTMCell, nn.LSTMCell, {}),
    "gru": (GRU, nn.GRU, GRUCell, nn.GRUCell, {}),
}
KIND = st.sampled_from(sorted(KINDS))
every_kind = pytest.mark.parametrize("kind", KINDS)


def same(ours, theirs, tolerance=1e-6):
    torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def our_layers(kind, *sizes, **options):
    ours, _, _, _, kind_options = KINDS[kind]
    return ours(*sizes, **kind_options, **options).double()


def twins(kind, *sizes, **options):
    """Our layers and torch's in float64, with the same weights."""
    fused = options.pop("fused", False)
    theirs = KINDS[kind][1](*sizes, **KINDS[kind][4], **options).double()
    ours = our_layers(kind, *sizes, fused=fused, **options)
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def twin_cells(kind, E, H):
    _, _, our_cell, their_cell, options = KINDS[kind]
    ours, theirs = our_cell(E, H, **options).double(), their_cell(E, H, **options).double()
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


def random_state(kind, *shape):
    """What layers of this kind take as their state: h, or (h, c)."""
    return tuple(torch.randn(2, *shape).double()) if kind == "lstm" else torch.randn(shape).double()


def tensors(*outputs):
    """Tensors and tuples of them as one flat list."""
    return [part for output in outputs for part in ([output] if isinstance(output, Tensor) else output)]


def values_and_gradients(module, x, state):
    """All outputs, and the gradients of a weighted sum of them with respect to inputs, state and weights."""
    x, state = copy.deepcopy((x, state))
    leaves = [leaf.requires_grad_() for leaf in tensors(x, *([] if state is None else [state]))]
    output = module(x, state)
    outputs = tensors(*output) if isinstance(output, tuple) else [output]
    weighting = torch.Generator().manual_seed(1)
    total = sum((o * torch.randn(o.shape, generator=weighting, dtype=o.dtype)).sum() for o in outputs)
    return outputs + list(torch.autograd.grad(total, [*leaves, *module.parameters()]))


@given(KIND, SIZE, SIZE, SIZE, st.booleans())
def test_cells_have_torchs_values_and_gradients(kind, N, E, H, with_state):
    ours, theirs = twin_cells(kind, E, H)
    x, state = torch.randn(N, E).double(), random_state(kind, N, H) if with_state else None
    same(values_and_gradients(ours, x, state), values_and_gradients(theirs, x, state))


@pytest.mark.parametrize("fused", [False, True])
@every_kind
@given(SIZE, SIZE, SIZE, SIZE, st.integers(1, 3), st.booleans(), st.booleans())
def test_layers_have_torchs_values_and_gradients(kind, fused, N, L, E, H, D, batch_first, with_state):
    ours, theirs = twins(kind, E, H, D, batch_first=batch_first, fused=fused)
    x = torch.randn(*((N, L) if batch_first else (L, N)), E).double()
    state = random_state(kind, D, N, H) if with_state else None
    same(values_and_gradients(ours, x, state), values_and_gradients(theirs, x, state))


@every_kind
@given(SIZE, SIZE, SIZE, SIZE, st.integers(1, 3))
def test_loop_and_fused_kernel_are_equal(kind, N, L, E, H, D):
    loop, fused = our_layers(kind, E, H, D), our_layers(kind, E, H, D, fused=True)
    fused.load_state_dict(loop.state_dict())
    x, state = torch.randn(L, N, E).double(), random_state(kind, D, N, H)
    same(values_and_gradients(loop, x, state), values_and_gradients(fused, x, state))


@pytest.mark.parametrize("fused", [False, True])
@every_kind
def test_layers_are_torchs_in_single_precision_too(kind, fused):
    ours, theirs = (layers.float() for layers in twins(kind, 12, 32, 2, fused=fused))
    x = torch.randn(20, 4, 12)
    same(tensors(*ours(x)), tensors(*theirs(x)), 1e-5)


@every_kind
def test_state_comes_back_in_torchs_form(kind):
    ours, theirs = twins(kind, 3, 4, 2)
    (_, our_state), (_, their_state) = ours(torch.ones(5, 2, 3).double()), theirs(torch.ones(5, 2, 3).double())
    assert type(our_state) is type(their_state)
    assert [part.shape for part in tensors(our_state)] == [part.shape for part in tensors(their_state)]


@given(KIND, SIZE, SIZE, st.integers(1, 3))
def test_weights_go_to_torch_and_back(kind, E, H, D):
    for ours, theirs in [twins(kind, E, H, D), twin_cells(kind, E, H)]:
        assert list(ours.state_dict()) == list(theirs.state_dict())
        for source, target in [(ours, theirs), (theirs, ours)]:
            nn.init.normal_(next(source.parameters()))
            target.load_state_dict(source.state_dict())
            assert all(torch.equal(a, b) for a, b in zip(source.parameters(), target.parameters(), strict=True))


@every_kind
def test_layers_have_torchs_attributes_and_defaults(kind):
    ours, theirs = twins(kind, 3, 4, 2)
    for name in ("input_size", "hidden_size", "num_layers", "batch_first"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert (ours.fused, ours.weight_p, ours.hidden_p) == (False, 0, 0)
    assert our_layers(kind, 3, 4).num_layers == 1
    options = {"batch_first": True, "fused": True, "weight_p": 0.25, "hidden_p": 0.5}
    assert {name: getattr(our_layers(kind, 3, 4, **options), name) for name in options} == options
    cell, their_cell = twin_cells(kind, 3, 4)
    for name in ("input_size", "hidden_size"):
        assert getattr(cell, name) == getattr(their_cell, name)
    if kind in ("rnn", "relu"):
        assert ours.nonlinearity == theirs.nonlinearity == cell.nonlinearity


@pytest.mark.parametrize("fused", [False, True])
def test_base_of_layers_has_no_recurrence_of_its_own(fused):
    class Bare(rnn.RNNBase):
        cell = RNNCell

    with pytest.raises(NotImplementedError):
        Bare(3, 4, fused=fused)(torch.zeros(2, 1, 3))


@given(KIND, SIZE, SIZE, st.integers(1, 3), st.integers(0, 99))
def test_one_seed_gives_torchs_initial_weights(kind, E, H, D, seed):
    our_kind, their_kind, our_cell, their_cell, _ = KINDS[kind]
    for make_ours, make_theirs, sizes in [(our_kind, their_kind, (E, H, D)), (our_cell, their_cell, (E, H))]:
        torch.manual_seed(seed)
        ours = make_ours(*sizes)
        torch.manual_seed(seed)
        theirs = make_theirs(*sizes)
        assert all(torch.equal(a, b) for a, b in zip(ours.parameters(), theirs.parameters(), strict=True))


@given(KIND, st.integers(0, 7), st.booleans())
def test_layers_read_on_where_they_stopped(kind, cut, fused):
    layers = our_layers(kind, 3, 4, 2, batch_first=True, fused=fused)
    x = torch.randn(2, 9, 3).double()
    whole, last = layers(x)
    first, state = layers(x[:, : cut + 1])
    second, end = layers(x[:, cut + 1 :], state)
    same(tensors(torch.cat([first, second], dim=1), end), tensors(whole, last))


@every_kind
@given(SIZE, SIZE, SIZE, SIZE)
def test_one_layer_is_its_cell_step_by_step(kind, N, L, E, H):
    layers, (cell, _) = our_layers(kind, E, H), twin_cells(kind, E, H)
    cell.load_state_dict({name.removesuffix("_l0"): weight for name, weight in layers.state_dict().items()})
    x, state = torch.randn(L, N, E).double(), None
    for step in x:
        state = cell(step, state)
    same([part[0] for part in tensors(layers(x)[1])], tensors(state))


@every_kind
@given(SIZE, SIZE, SIZE)
def test_recurrence_is_one_step_of_one_layer(kind, N, E, H):
    layers = our_layers(kind, E, H, 2)
    x, state = torch.randn(1, N, E).double(), random_state(kind, 2, N, H)
    after, parts = tensors(layers(x, state)[1]), tensors(state)
    layer_input = x[0]
    for index in range(2):
        weight_ih, bias, step = layers.recurrence(index)
        new = step(layer_input @ weight_ih.T + bias, *(part[index] for part in parts))
        same(list(new), [part[index] for part in after])
        layer_input = new[0]


@every_kind
def test_layer_gives_the_weights_of_one_layer(kind):
    layers, blocks = our_layers(kind, 3, 5, 2), KINDS[kind][2].blocks
    shapes = [tuple(weight.shape) for weight in layers.layer(0)]
    assert shapes == [(5 * blocks, 3), (5 * blocks, 5), (5 * blocks,), (5 * blocks,)]
    assert all(
        w is layers.get_parameter(f"{name}_l1")
        for w, name in zip(layers.layer(1), ["weight_ih", "weight_hh", "bias_ih", "bias_hh"], strict=True)
    )


def test_lstm_gates_stand_in_the_order_input_forget_candidate_output():
    """Saturated gates leave plain arithmetic: c' = f c + i g and h' = o tanh(c')."""
    h, c, no = torch.zeros(1, 1), torch.tensor([[0.5]]), torch.zeros(4, 1)
    for i, f, g, o in [(1, 0, 1, 1), (0, 1, 1, 1), (1, 1, -1, 1), (1, 1, 1, 0)]:
        input_proj = torch.tensor([[i - 0.5, f - 0.5, g, o - 0.5]]) * 200
        assert [float(gate) for gate in lstm_gates(input_proj, no, h)] == pytest.approx([i, f, g, o])
        h_new, c_new = lstm_step(input_proj, no, h, c)
        expected = f * c + i * g
        same([c_new, h_new], [expected, o * torch.tanh(expected)])


def test_gru_gates_stand_in_the_order_reset_update_candidate():
    """Saturated gates leave plain arithmetic: h' = (1 - u) tanh(r b) + u h, where b is the candidate's own bias."""
    h, no = torch.tensor([[0.25]]), torch.zeros(3, 1)
    bias_hh = torch.tensor([0.0, 0.0, 0.5])
    for r, u, expected in [(1, 0, torch.tanh(torch.tensor(0.5))), (0, 0, 0.0), (1, 1, 0.25), (0, 1, 0.25)]:
        input_proj = torch.tensor([[(r - 0.5) * 200, (u - 0.5) * 200, 0.0]])
        assert float(gru_step(input_proj, no, bias_hh, h)) == pytest.approx(float(expected), abs=1e-6)


def test_rnn_step_squashes_the_sum():
    input_proj, weight_hh, h = (
        torch.tensor([[0.5, -3.0]]),
        torch.tensor([[1.0, 2.0], [0.0, 1.0]]),
        torch.tensor([[1.0, 0.5]]),
    )
    same(rnn_step(input_proj, weight_hh, h), torch.tanh(torch.tensor([[2.5, -2.5]])))
    same(rnn_step(input_proj, weight_hh, h, "relu"), torch.tensor([[2.5, 0.0]]))


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("with_state", [False, True])
def test_trace_is_what_the_cells_did(batch_first, with_state):
    """The second opinion: torch's cells, step by step, with the gates taken from their weights."""
    D, N, L, E, H = 2, 3, 5, 4, 6
    layers = LSTM(E, H, D, batch_first=batch_first).double()
    x, start = torch.randn(N, L, E).double(), random_state("lstm", D, N, H)
    traced = layers.trace(x if batch_first else x.transpose(0, 1), start if with_state else None)
    assert list(traced) == ["i", "f", "g", "o", "c", "h"]
    assert {values.shape for values in traced.values()} == {(D, N, L, H)}
    for d in range(D):
        cell = nn.LSTMCell(E if d == 0 else H, H).double()
        cell.load_state_dict({name: getattr(layers, f"{name}_l{d}") for name in cell.state_dict()})
        h, c = (part[d] for part in start) if with_state else torch.zeros(2, N, H).double()
        for t in range(L):
            seen = {name: values[d, :, t] for name, values in traced.items()}
            sums = x[:, t] @ cell.weight_ih.T + cell.bias_ih + h @ cell.weight_hh.T + cell.bias_hh
            for k, name in enumerate("ifgo"):
                gate = sums[:, k * H : (k + 1) * H]
                same(seen[name], gate.tanh() if name == "g" else gate.sigmoid())
            h, c = cell(x[:, t], (h, c))
            same([seen["h"], seen["c"]], [h, c])
        x = traced["h"][d]


def test_trace_ends_where_the_layers_end():
    for fused in (False, True):
        layers = LSTM(4, 6, 2, batch_first=True, fused=fused)
        x = torch.randn(3, 5, 4)
        traced, (output, (h, c)) = layers.trace(x), layers(x)
        same([traced["h"][-1], traced["h"][:, :, -1], traced["c"][:, :, -1]], [output, h, c])


@every_kind
def test_state_is_zero_where_none_is_given(kind):
    (cell, _), layers = twin_cells(kind, 3, 4), our_layers(kind, 3, 4, 2)
    zeros = lambda *shape: tuple(torch.zeros(2, *shape).double()) if kind == "lstm" else torch.zeros(shape).double()  # noqa: E731
    x = torch.ones(5, 2, 3).double()
    same(tensors(cell(x[0])), tensors(cell(x[0], zeros(2, 4))))
    same(layers(x)[0], layers(x, zeros(2, 2, 4))[0])


@pytest.mark.parametrize("size", [0, -2])
@every_kind
def test_layers_refuse_sizes_below_1(kind, size):
    layers, _, cell, _, _ = KINDS[kind]
    for make, name in [
        (lambda: cell(size, 3), "input_size"),
        (lambda: cell(3, size), "hidden_size"),
        (lambda: layers(size, 3), "input_size"),
        (lambda: layers(3, size), "hidden_size"),
        (lambda: layers(3, 3, size), "num_layers"),
    ]:
        with pytest.raises(ValueError, match=f"^{name} must be at least 1, but it is {size}"):
            make()


@pytest.mark.parametrize("make", [RNN, RNNCell])
def test_plain_layers_refuse_an_unknown_nonlinearity(make):
    with pytest.raises(ValueError, match="^nonlinearity must be 'tanh' or 'relu', but it is 'sigmoid'"):
        make(3, 4, nonlinearity="sigmoid")


@pytest.mark.parametrize("fused", [False, True])
@every_kind
def test_layers_refuse_a_state_of_another_shape(kind, fused):
    """A pair where one tensor is due, layers for rows: torch's loops would broadcast some of them in silence."""
    layers = our_layers(kind, 3, 4, 2, fused=fused)
    x, single = torch.ones(5, 2, 3).double(), torch.zeros(2, 2, 4).double()
    wrong_number = single if kind == "lstm" else (single, single)
    shaped = lambda shape: (torch.zeros(shape).double(),) * 2 if kind == "lstm" else torch.zeros(shape).double()  # noqa: E731
    for state in [wrong_number, shaped((2, 1, 4)), shaped((1, 2, 4)), shaped((2, 2, 3))]:
        with pytest.raises(ValueError, match=r"state must be h.* \(num_layers, N, hidden_size\) = \(2, 2, 4\), but"):
            layers(x, state)


@every_kind
def test_layers_refuse_an_input_of_another_shape(kind):
    layers, batch_first = our_layers(kind, 3, 4), our_layers(kind, 3, 4, batch_first=True)
    with pytest.raises(ValueError, match=r"x must be of shape \(L, N, 3\), but its shape is \(5, 3\)"):
        layers(torch.ones(5, 3).double())
    with pytest.raises(ValueError, match=r"x must be of shape \(N, L, 3\), but its shape is \(2, 5, 4\)"):
        batch_first(torch.ones(2, 5, 4).double())


def test_room_offers_what_it_says():
    assert [name for name in rnn.__all__ if not hasattr(rnn, name)] == []
