"""How far gradients reach, held to closed forms, to torch's own Jacobians and to finite differences."""

import math
import re

import pytest
import torch
from torch.autograd.functional import jacobian

from lmkit.analysis import gradients
from lmkit.rnn import GRU, LSTM, RNN, GRUCell, LSTMCell, RNNCell

CELLS = {"rnn": RNNCell, "relu": lambda e, h: RNNCell(e, h, "relu"), "gru": GRUCell, "lstm": LSTMCell}


def linear_rnn(weight_hh: torch.Tensor) -> RNN:
    """A ReLU network whose units are all active while inputs stay positive: it is linear there."""
    size = len(weight_hh)
    layers = RNN(size, size, nonlinearity="relu", batch_first=True).double()
    with torch.no_grad():
        for parameter in layers.parameters():
            parameter.zero_()
        layers.weight_ih_l0.copy_(torch.eye(size))
        layers.weight_hh_l0.copy_(weight_hh)
    return layers


# --- norms by distance ------------------------------------------------------------------------------------


def test_gradient_norms_of_a_linear_network_are_powers():
    """With W = ρ Q, Q a rotation, the gradient of v · h is ρᵏ ‖v‖ long at distance k."""
    angle = torch.tensor(0.01)
    turn = torch.tensor([[angle.cos(), -angle.sin()], [angle.sin(), angle.cos()]]).double()
    layers = linear_rnn(0.7 * turn)
    x = 1 + torch.rand(3, 12, 2).double()
    v = torch.tensor([0.6, -0.8]).double()
    norms = gradients.gradient_norms(lambda x: layers(x)[0][:, -1] @ v, x)
    assert norms.shape == (3, 12)
    torch.testing.assert_close(norms, 0.7 ** torch.arange(12).double().expand(3, 12))


@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_gradient_norms_are_those_of_finite_differences(kind):
    layers, v = kind(3, 4, num_layers=2, batch_first=True).double(), torch.randn(4).double()
    x = torch.randn(2, 6, 3).double()

    def score(x):
        return layers(x)[0][:, -1] @ v

    norms = gradients.gradient_norms(score, x)
    for row, k, step in [(0, 0, 1e-6), (1, 3, 1e-6), (1, 5, 1e-6)]:
        slopes = []
        for e in range(3):
            moved = torch.zeros_like(x)
            moved[row, -1 - k, e] = step
            slopes.append(float((score(x + moved) - score(x - moved)).sum().detach()) / (2 * step))
        assert float(norms[row, k]) == pytest.approx(math.hypot(*slopes), rel=1e-5)


def test_gradient_norms_leave_the_input_and_the_weights_alone():
    layers, x = RNN(3, 4, batch_first=True), torch.randn(2, 5, 3)
    gradients.gradient_norms(lambda x: layers(x)[0][:, -1].sum(dim=1), x)
    assert not x.requires_grad and x.grad is None
    assert all(parameter.grad is None for parameter in layers.parameters())


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("kind", [RNN, LSTM, GRU])
def test_jacobian_norms_are_those_of_torchs_jacobian(kind, batch_first):
    layers = kind(3, 5, batch_first=batch_first).double()
    x = torch.randn(7, 3).double()
    whole = jacobian(lambda x: layers(x[None] if batch_first else x[:, None])[0].reshape(7, 5)[-1], x)  # (5, 7, 3)
    expected = whole.norm(dim=(0, 2)).flip(dims=[0])
    torch.testing.assert_close(gradients.jacobian_norms(layers, x), expected)


def test_jacobian_norms_take_torchs_own_layers():
    ours, theirs = LSTM(3, 4), torch.nn.LSTM(3, 4)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(6, 3)
    torch.testing.assert_close(gradients.jacobian_norms(ours, x), gradients.jacobian_norms(theirs, x))


# --- reach ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("norms", "expected"),
    [
        ([2.0, 1.0, 0.02, 0.019, 5.0], 3.0),
        ([1.0, 50.0, 100.0, 101.0], 3.0),
        ([1.0, math.nan], 1.0),
        ([1.0, math.inf], 1.0),
        ([1.0, 0.5, 0.01], math.inf),
        ([3.0], math.inf),
    ],
)
def test_reach_is_where_the_norms_first_leave_the_band(norms, expected):
    assert gradients.reach(torch.tensor(norms, dtype=torch.float64)) == expected


@pytest.mark.parametrize("factor", [0.3, 0.9, 1.5])
def test_reach_of_an_exponential_is_known(factor):
    norms = factor ** torch.arange(80).double()
    limit = 0.01 if factor < 1 else 100.0
    assert gradients.reach(norms) == math.floor(math.log(limit) / math.log(factor)) + 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"norms": [0.0, 1.0]}, "norms must start above 0, but norms[0] is 0.0"),
        ({"norms": [math.nan, 1.0]}, "norms must start above 0, but norms[0] is nan"),
        ({"norms": [1.0], "low": 0.0}, "low must be between 0 and 1 and high above 1, but they are 0.0 and 100.0"),
        ({"norms": [1.0], "high": 1.0}, "low must be between 0 and 1 and high above 1, but they are 0.01 and 1.0"),
    ],
)
def test_reach_names_a_bad_argument(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        gradients.reach(**{**arguments, "norms": torch.tensor(arguments["norms"])})


# --- Jacobians --------------------------------------------------------------------------------------------


def final_state(cell, x, s):
    """The state after all inputs, h and c one after the other, from a state in that form."""
    parts = 2 if isinstance(cell, LSTMCell) else 1
    for x_t in x:
        state = tuple(s[None].chunk(2, dim=1)) if parts == 2 else s[None]
        state = cell(x_t[None], state)
        s = (torch.cat(state, dim=1) if parts == 2 else state)[0]
    return s


@pytest.mark.parametrize("kind", CELLS)
def test_the_chain_of_step_jacobians_is_torchs_jacobian(kind):
    cell, x = CELLS[kind](3, 4).double(), torch.randn(6, 3).double()
    size = 8 if kind == "lstm" else 4
    start = torch.randn(size).double()
    chain = gradients.chain(gradients.step_jacobians(cell, x, start))
    assert chain.shape == (7, size, size)
    torch.testing.assert_close(chain[0], torch.eye(size).double())
    for k in (1, 3, 6):
        before = final_state(cell, x[: 6 - k], start).detach()
        expected = jacobian(lambda s, k=k: final_state(cell, x[6 - k :], s), before)
        torch.testing.assert_close(chain[k], expected)


def test_the_jacobian_of_a_plain_step_is_the_slope_times_the_matrix():
    cell, x = RNNCell(3, 4).double(), torch.randn(5, 3).double()
    h = torch.zeros(1, 4).double()
    for x_t, found in zip(x, gradients.step_jacobians(cell, x), strict=True):
        h = cell(x_t[None], h).detach()
        torch.testing.assert_close(found, (1 - h[0] ** 2)[:, None] * cell.weight_hh.detach())


def test_without_recurrent_weights_the_cell_states_jacobian_is_the_product_of_forget_gates():
    cell, x = LSTMCell(3, 4).double(), torch.randn(9, 3).double()
    with torch.no_grad():
        cell.weight_hh.zero_()
    chain = gradients.chain(gradients.step_jacobians(cell, x))
    forget = torch.sigmoid(x @ cell.weight_ih[4:8].T + cell.bias_ih[4:8] + cell.bias_hh[4:8]).detach()
    for k in (1, 4, 9):
        torch.testing.assert_close(chain[k, 4:, 4:], forget[9 - k :].prod(dim=0).diag())


def test_chain_multiplies_later_steps_on_the_left():
    first, second = torch.tensor([[1.0, 2.0], [0.0, 1.0]]), torch.tensor([[1.0, 0.0], [3.0, 1.0]])
    chain = gradients.chain(torch.stack([first, second]))
    assert torch.equal(chain[1], second)
    assert torch.equal(chain[2], second @ first)


# --- spectral radius --------------------------------------------------------------------------------------


def test_spectral_radius_counts_complex_eigenvalues():
    assert gradients.spectral_radius(torch.tensor([[0.0, -3.0], [3.0, 0.0]])) == pytest.approx(3)
    assert gradients.spectral_radius(torch.tensor([[0.5, 100.0], [0.0, -0.7]])) == pytest.approx(0.7)


def test_spectral_radius_is_the_growth_of_powers():
    matrix = torch.randn(12, 12).double()
    power = float(torch.linalg.matrix_norm(matrix.matrix_power(200)))
    assert gradients.spectral_radius(matrix) == pytest.approx(power ** (1 / 200), rel=0.02)


@pytest.mark.parametrize("radius", [0.0, 0.9, 2.5])
def test_with_spectral_radius_scales(radius):
    matrix = torch.randn(7, 7).double()
    scaled = gradients.with_spectral_radius(matrix, radius)
    assert gradients.spectral_radius(scaled) == pytest.approx(radius, rel=1e-12)
    torch.testing.assert_close(scaled * matrix.norm(), matrix * scaled.norm())


@pytest.mark.parametrize(("matrix", "radius"), [(torch.eye(2), -0.1), (torch.zeros(2, 2), 1.0)])
def test_with_spectral_radius_names_a_bad_argument(matrix, radius):
    with pytest.raises(ValueError, match="radius must be at least 0 and that of the matrix above 0, but the radius is"):
        gradients.with_spectral_radius(matrix, radius)


# --- the forget gate's bias -------------------------------------------------------------------------------


@pytest.mark.parametrize("lstm", [LSTM(3, 4, num_layers=2), LSTMCell(3, 4), torch.nn.LSTM(3, 4)])
def test_set_forget_bias_sets_the_forget_gates_alone(lstm):
    before = {name: parameter.detach().clone() for name, parameter in lstm.named_parameters()}
    gradients.set_forget_bias(lstm, 2.5)
    for name, parameter in lstm.named_parameters():
        if name.startswith("bias"):
            assert (parameter[4:8] == (2.5 if name.startswith("bias_ih") else 0)).all()
            before[name][4:8] = parameter.detach()[4:8]
        assert torch.equal(parameter, before[name])


def test_set_forget_bias_sets_where_the_gates_start():
    lstm = LSTM(3, 4, batch_first=True)
    gradients.set_forget_bias(lstm, 1.5)
    gates = lstm.trace(torch.zeros(1, 1, 3))["f"]
    torch.testing.assert_close(gates, torch.full_like(gates, torch.sigmoid(torch.tensor(1.5)).item()))


@pytest.mark.parametrize("bias", [-2.0, 0.0, 1.0, 5.0, 30.0])
def test_half_life_halves(bias):
    log_gate = torch.nn.functional.logsigmoid(torch.tensor(bias, dtype=torch.float64))
    assert float(log_gate * gradients.half_life(bias)) == pytest.approx(math.log(0.5), rel=1e-9)


def test_a_cell_state_lives_for_its_half_life():
    """A cell of which only the forget gate's bias is not zero keeps one half after that many steps."""
    cell = LSTMCell(1, 1).double()
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.zero_()
    gradients.set_forget_bias(cell, 3.0)
    kept = gradients.chain(gradients.step_jacobians(cell, torch.zeros(15, 1).double()))[:, 1, 1]
    assert kept[14] > 0.5 > kept[15]
    assert gradients.half_life(3.0) == pytest.approx(14 + float((kept[14] / 0.5).log() / (kept[14] / kept[15]).log()))
