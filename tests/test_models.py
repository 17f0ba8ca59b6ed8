"""The language models against torch's own pieces put together, and their steppers against their forward passes."""

import copy
import itertools
import math
from functools import partial

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from lmkit.decoding import beam_search, select_rows
from lmkit.dropout import drop_locked, drop_weights, keep_mask
from lmkit.models import AWDLSTM, FixedContextRNN, LSTMLanguageModel, RecurrentLanguageModel

SHAPE = st.tuples(st.integers(1, 9), st.integers(1, 6), st.integers(1, 6), st.integers(1, 3))  # V, E, H, D
TORCHS = {"rnn": nn.RNN, "relu": partial(nn.RNN, nonlinearity="relu"), "gru": nn.GRU, "lstm": nn.LSTM}
CELLS = st.sampled_from(sorted(TORCHS))
KINDS = ["lstm, projected", *TORCHS]
every_kind = pytest.mark.parametrize("kind", KINDS)


def make(kind, *sizes, **options):
    """A language model of any kind, with weights large enough to tell tokens apart."""
    projected = kind == "lstm, projected"
    model = LSTMLanguageModel(*sizes, **options) if projected else recurrent(kind, *sizes, **options)
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    return model


def recurrent(kind, *sizes, **options):
    named = {"cell": "rnn", "nonlinearity": "relu"} if kind == "relu" else {"cell": kind}
    return RecurrentLanguageModel(*sizes, **named, **options)


def tensors(state):
    return [state] if isinstance(state, Tensor) else list(state)


def random_state(kind, *shape):
    """A state as models of this kind take it: h, or (h, c)."""
    return tuple(torch.randn(2, *shape).double()) if kind.startswith("lstm") else torch.randn(shape).double()


@given(SHAPE, st.integers(1, 3), st.integers(1, 5), st.booleans())
def test_lstm_model_is_embedding_lstm_projection_and_tied_output(shape, N, L, fused):
    V, E, H, D = shape
    model = make("lstm, projected", *shape, fused=fused).double()
    theirs = nn.LSTM(E, H, D, batch_first=True).double()
    theirs.load_state_dict(model.rnn.state_dict())
    tokens, state = torch.randint(V, (N, L)), random_state("lstm", D, N, H)
    hidden, last = theirs(F.embedding(tokens, model.embedding.weight), state)
    if H != E:
        hidden = F.linear(hidden, model.projection.weight)
    expected = F.linear(hidden, model.embedding.weight, model.decoder.bias)
    logits, after = model(tokens, state)
    torch.testing.assert_close([logits, *after], [expected, *last], rtol=1e-9, atol=1e-9)


@given(CELLS, SHAPE, st.integers(1, 3), st.integers(1, 5), st.booleans(), st.booleans())
def test_recurrent_model_is_embedding_layers_and_output(cell, shape, N, L, tied, fused):
    V, E, H, D = shape
    E = H if tied else E
    model = make(cell, V, E, H, D, tied=tied, fused=fused).double()
    theirs = TORCHS[cell](E, H, D, batch_first=True).double()
    theirs.load_state_dict(model.rnn.state_dict())
    tokens, state = torch.randint(V, (N, L)), random_state(cell, D, N, H)
    hidden, last = theirs(F.embedding(tokens, model.embedding.weight), state)
    expected = F.linear(hidden, model.embedding.weight if tied else model.decoder.weight, model.decoder.bias)
    logits, after = model(tokens, state)
    expected, actual = [expected, *tensors(last)], [logits, *tensors(after)]
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9)


@every_kind
@given(SHAPE, st.integers(1, 3), st.integers(1, 5), st.sampled_from([torch.float32, torch.float64]))
def test_stepper_equals_forward(kind, shape, N, L, dtype):
    V, _, _, _ = shape
    model = make(kind, *shape).to(dtype)
    tokens = torch.randint(V, (N, L))
    with torch.no_grad():
        logits, last = model(tokens)
    step, state = model.stepper(), None
    for t in range(L):
        log_probs, state = step(tokens[:, t], state)
        torch.testing.assert_close(log_probs, logits[:, t].log_softmax(dim=-1), rtol=1e-4, atol=1e-4)
    after = [part.transpose(0, 1) for part in tensors(state)]
    torch.testing.assert_close(after, tensors(last), rtol=1e-4, atol=1e-4)


@every_kind
def test_stepper_rows_are_independent(kind):
    step = make(kind, 7, 3, 5, 2).stepper()
    tokens = torch.tensor([2, 4, 6])
    together, state = step(tokens)
    again, _ = step(tokens, select_rows(state, torch.tensor([2, 0, 0])))
    for row, source in enumerate([2, 0, 0]):
        _, own = step(tokens[source : source + 1])
        alone, _ = step(tokens[row : row + 1], own)
        torch.testing.assert_close(again[row], alone[0])
    torch.testing.assert_close(together.exp().sum(dim=1), torch.ones(3))


@every_kind
def test_beam_search_finds_what_exhaustive_search_finds(kind):
    """Beams swap rows at every step: a state that is picked wrongly scores the texts wrongly."""
    V, prompt, length = 4, [1, 3], 4
    model = make(kind, V, 3, 5, 2).double()
    texts = torch.tensor(list(itertools.product(range(V), repeat=length)))
    with torch.no_grad():
        log_probs = model(torch.cat([torch.tensor([prompt]).expand(len(texts), -1), texts], dim=1))[0].log_softmax(
            dim=-1
        )
    scores = log_probs[:, len(prompt) - 1 : -1].gather(2, texts[..., None]).sum(dim=(1, 2))
    best = scores.topk(20)
    found = beam_search(model.stepper(), prompt, length, num_beams=V**length, length_penalty=0.0)[:20]
    assert [text.tokens for text in found] == texts[best.indices].tolist()
    torch.testing.assert_close([text.score for text in found], best.values.tolist())


@pytest.mark.parametrize("kind, sizes", [(kind, (7, 3, 4)) for kind in KINDS] + [("lstm, projected", (7, 4, 4))])
def test_stepper_is_a_snapshot(kind, sizes):
    model = make(kind, *sizes, 2)
    step, token = model.stepper(), torch.tensor([1])
    before, _ = step(token)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    after, _ = step(token)
    assert torch.equal(before, after)
    assert not torch.equal(model.stepper()(token)[0], before)


def test_lstm_model_shares_its_output_weights_with_the_embedding():
    model = LSTMLanguageModel(9, 4, 6, 2)
    assert model.decoder.weight is model.embedding.weight
    cells = 4 * 6 * (4 + 6 + 2) + 4 * 6 * (6 + 6 + 2)
    assert sum(p.numel() for p in model.parameters()) == 9 * 4 + cells + 6 * 4 + 9
    model(torch.tensor([[1, 2]]))[0].sum().backward()
    assert model.embedding.weight.grad.abs().sum(dim=1).min() > 0  # every word gets a gradient, through the output


def test_lstm_model_needs_a_projection_only_where_sizes_differ():
    assert not list(LSTMLanguageModel(9, 4, 4).projection.parameters())
    assert LSTMLanguageModel(9, 4, 6).projection.weight.shape == (4, 6)


PLACES = ["embed_p", "input_p", "weight_p", "hidden_p", "output_p"]
TOKENS = torch.arange(60).view(3, 20) ** 2 % 11


def test_awd_lstm_ties_by_storage():
    tied, untied = AWDLSTM(11, 6, 6, 2), AWDLSTM(11, 6, 6, 2, tied=False)
    assert tied.decoder.weight is tied.embedding.weight
    assert tied.decoder.weight.data_ptr() == tied.embedding.weight.data_ptr()
    assert untied.decoder.weight.data_ptr() != untied.embedding.weight.data_ptr()
    counts = [sum(parameter.numel() for parameter in model.parameters()) for model in (untied, tied)]
    assert counts[0] - counts[1] == 11 * 6


def test_awd_lstm_is_an_lstm_model_where_nothing_is_dropped():
    torch.manual_seed(0)
    plain = LSTMLanguageModel(11, 6, 8, 2)
    torch.manual_seed(0)
    model = AWDLSTM(11, 6, 8, 2)
    assert torch.equal(model(TOKENS)[0], plain(TOKENS)[0])
    assert model.config().items() >= plain.config().items()


@pytest.mark.parametrize("place", PLACES)
def test_awd_lstm_drops_in_training_only(place):
    torch.manual_seed(0)
    plain = AWDLSTM(11, 6, 8, 2)
    model = AWDLSTM(11, 6, 8, 2, **{place: 0.5})
    model.load_state_dict(plain.state_dict())
    assert not torch.allclose(model(TOKENS)[0], plain(TOKENS)[0], atol=1e-4)
    assert not torch.equal(model(TOKENS)[0], model(TOKENS)[0])
    assert torch.equal(model.eval()(TOKENS)[0], plain(TOKENS)[0])


def test_awd_lstm_is_its_five_dropouts_around_an_lstm():
    """Every mask drawn by hand, in the order of the model, around torch's LSTM."""
    p = dict(zip(PLACES, (0.1, 0.2, 0.3, 0.4, 0.5), strict=True))
    model = AWDLSTM(11, 6, 6, 2, **p)
    each = [nn.LSTM(6, 6, batch_first=True) for _ in range(2)]
    for d, layer in enumerate(each):
        layer.load_state_dict(dict(zip(layer.state_dict(), model.rnn.layer(d), strict=True)))
    torch.manual_seed(5)
    logits, _, (raw, dropped) = model.with_activations(TOKENS)
    torch.manual_seed(5)
    words = model.embedding.weight * keep_mask((11, 1), 0.1, model.embedding.weight)
    x = drop_locked(F.embedding(TOKENS, words), 0.2)
    for d, layer in enumerate(each):
        weight = drop_weights(layer.weight_hh_l0, 0.3)
        x = x if d == 0 else drop_locked(x, 0.4)
        layer.weight_hh_l0.data.copy_(weight)
        x = layer(x)[0]
    assert torch.allclose(raw, x, atol=1e-6)
    x = drop_locked(x, 0.5)
    assert torch.allclose(dropped, x, atol=1e-6)
    assert torch.allclose(logits, F.linear(x, model.embedding.weight, model.decoder.bias), atol=1e-6)


def test_awd_lstms_stepper_does_not_drop():
    model = AWDLSTM(11, 6, 8, 2, **dict.fromkeys(PLACES, 0.5))  # in training mode
    logits, _ = copy.deepcopy(model).eval()(TOKENS[:1])
    step, state = model.stepper(), None
    for t, token in enumerate(TOKENS[0]):
        log_probs, state = step(token[None], state)
        assert torch.allclose(log_probs[0], logits[0, t].log_softmax(0), atol=1e-5)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("p", [1.0, -0.5])
def test_awd_lstm_refuses_probabilities_out_of_range(place, p):
    with pytest.raises(ValueError, match=f"{place} must be at least 0 and below 1, but it is {p}"):
        AWDLSTM(11, 6, 6, **{place: p})


def test_activations_are_what_the_output_layer_reads():
    model = LSTMLanguageModel(11, 6, 8, 2)
    logits, state, (raw, dropped) = model.with_activations(TOKENS)
    assert torch.equal(logits, model(TOKENS)[0]) and torch.equal(raw, dropped)
    assert torch.equal(raw[:, -1], state[0][-1])


@pytest.mark.parametrize("cell, blocks", [("rnn", 1), ("gru", 3), ("lstm", 4)])
def test_recurrent_model_ties_only_when_asked(cell, blocks):
    cells = blocks * 6 * (6 + 6 + 2) * 2
    for tied, outputs in [(False, 9 * 6 + 9), (True, 9)]:
        model = RecurrentLanguageModel(9, 6, 6, 2, cell=cell, tied=tied)
        assert sum(p.numel() for p in model.parameters()) == 9 * 6 + cells + outputs
    assert model.decoder.weight is model.embedding.weight


@every_kind
@given(SHAPE, st.booleans())
def test_config_builds_a_model_of_the_same_shape(kind, shape, tied):
    V, E, H, D = shape
    model = make(kind, *shape) if kind == "lstm, projected" or not tied else make(kind, V, H, H, D, tied=True)
    copy = type(model)(**model.config())
    copy.load_state_dict(model.state_dict())
    tokens = torch.randint(V, (2, 3))
    assert torch.equal(copy(tokens)[0], model(tokens)[0])
    assert [p.shape for p in copy.parameters()] == [p.shape for p in model.parameters()]


@every_kind
def test_forward_reads_on_from_a_state(kind):
    model = make(kind, 9, 4, 6, 2).double()
    tokens = torch.randint(9, (3, 10))
    whole, last = model(tokens)
    first, state = model(tokens[:, :4])
    second, end = model(tokens[:, 4:], state)
    joined = torch.cat([first, second], dim=1)
    torch.testing.assert_close([joined, *tensors(end)], [whole, *tensors(last)])


@given(st.integers(1, 9), st.integers(1, 6), st.integers(1, 5), st.integers(1, 4))
def test_fixed_context_model_is_torchs_relu_network_of_one_layer(V, H, context, N):
    """Its single matrix W reads both the state and the input, so W_ih = W_hh = W."""
    model = FixedContextRNN(V, H, context).double()
    theirs = nn.RNN(H, H, nonlinearity="relu", batch_first=True).double()
    weight, bias = model.hidden.weight, model.hidden.bias
    theirs.load_state_dict(
        {
            "weight_ih_l0": weight,
            "weight_hh_l0": weight,
            "bias_ih_l0": bias,
            "bias_hh_l0": torch.zeros(H),
        }
    )
    tokens = torch.randint(V, (N, context))
    output, _ = theirs(model.embedding(tokens))
    expected = F.linear(output[:, -1], model.output.weight, model.output.bias)
    torch.testing.assert_close(model(tokens), expected)


def test_fixed_context_model_has_the_same_weights_for_every_context():
    counts = [sum(p.numel() for p in FixedContextRNN(37, 64, context).parameters()) for context in (1, 8, 100)]
    assert counts == [8933] * 3
    assert [name for name, _ in FixedContextRNN(37, 64, 8).named_children()] == ["embedding", "hidden", "output"]


def test_an_untrained_model_is_nearly_uniform():
    """So that training starts near ln V: the loss of a guess."""
    tokens = torch.randint(30, (64, 17))
    for kind, tied in itertools.product(TORCHS, (False, True)):
        model = recurrent(kind, 30, 64, 64, tied=tied)
        loss = F.cross_entropy(model(tokens[:, :-1])[0].flatten(0, 1), tokens[:, 1:].flatten())
        assert float(loss.detach()) == pytest.approx(math.log(30), rel=0.05)


@pytest.mark.parametrize("name", ["vocab_size", "embedding_size", "hidden_size", "num_layers"])
@pytest.mark.parametrize("make", [LSTMLanguageModel, RecurrentLanguageModel])
def test_models_refuse_sizes_below_1(make, name):
    sizes = {"vocab_size": 5, "embedding_size": 5, "hidden_size": 5, "num_layers": 5}
    with pytest.raises(ValueError, match=f"{name} must be at least 1, but it is 0"):
        make(**sizes | {name: 0})


@pytest.mark.parametrize("name", ["vocab_size", "hidden_size", "context"])
def test_fixed_context_model_refuses_sizes_below_1(name):
    with pytest.raises(ValueError, match=f"{name} must be at least 1, but it is 0"):
        FixedContextRNN(**{"vocab_size": 5, "hidden_size": 5, "context": 5} | {name: 0})


@pytest.mark.parametrize("length", [2, 4])
def test_fixed_context_model_refuses_another_length(length):
    """A longer text would be cut in silence."""
    with pytest.raises(ValueError, match=f"tokens must be 3 a row, but they are {length}"):
        FixedContextRNN(5, 4, 3)(torch.zeros(2, length, dtype=torch.int64))


def test_recurrent_model_refuses_what_it_cannot_build():
    with pytest.raises(ValueError, match="cell must be one of 'rnn', 'gru', 'lstm', but it is 'LSTM'"):
        RecurrentLanguageModel(5, 4, 4, cell="LSTM")
    with pytest.raises(
        ValueError, match="tied must be False where .* embedding_size 3 and hidden_size 4 do; make them"
    ):
        RecurrentLanguageModel(5, 3, 4, tied=True)
