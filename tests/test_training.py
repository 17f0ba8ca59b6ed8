"""The training loop, with models that tell what they were handed, and its measures, against closed forms."""

import itertools
import math
import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text
from torch import nn
from torch.nn import functional as F

from lmkit import plots
from lmkit.models import FixedContextRNN, LSTMLanguageModel, RecurrentLanguageModel
from lmkit.text import Vocab, batchify, to_tensor, windows
from lmkit.training import IGNORE_INDEX, History, detach_state, evaluate, perplexity, repeat, set_seed, train

TEXT = "the cat sat on the mat . the dog sat on the cat . the mat was red . " * 12
TOKENS = TEXT.split()
VOCAB = Vocab.of(TOKENS)
STREAM = batchify(to_tensor(VOCAB.ids(TOKENS)), 4)


class Uniform(nn.Module):
    """Finds every token equally likely."""

    def __init__(self, vocab_size):
        super().__init__()
        self.scores = nn.Parameter(torch.zeros(vocab_size))

    def forward(self, tokens, state=None):
        return self.scores.expand(*tokens.shape, -1), (torch.zeros(1),)


class Counting(Uniform):
    """Notes the states it is handed; its own state counts the tokens it has read."""

    def __init__(self, vocab_size):
        super().__init__(vocab_size)
        self.seen, self.modes = [], []

    def forward(self, tokens, state=None):
        self.seen.append(state)
        self.modes.append(self.training)
        logits, _ = super().forward(tokens)
        count = 0 if state is None else state[0]
        return logits, (count + tokens.shape[1] + 0 * self.scores.sum(),)


class Cyclic(nn.Module):
    """Knows nothing but that id + 1 follows id; remembers nothing, and answers for the last token only."""

    def __init__(self, vocab_size, certainty):
        super().__init__()
        self.scores = nn.Parameter(certainty * torch.eye(vocab_size).roll(1, dims=1))

    def forward(self, tokens):
        return self.scores[tokens[:, -1]]


def small_model(seed=0, kind="lstm, projected"):
    set_seed(seed)
    if kind == "lstm, projected":
        return LSTMLanguageModel(len(VOCAB), 16, 32)
    return RecurrentLanguageModel(len(VOCAB), 16, 32, cell=kind)


def run(seed=0, streams=None, **options):
    model, settings = small_model(seed), {"steps": 30, "window": 6, "progress": False}
    return model, train(model, streams or itertools.repeat(STREAM), **settings | options)


def weights(model):
    return nn.utils.parameters_to_vector(model.parameters())


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"optimizer": "muon"},
        {"kind": "rnn"},
        {"kind": "gru"},
        {"kind": "lstm"},
        {"schedule": "cosine"},
        {"schedule": "constant"},
        {"warmup": 0.5},
    ],
    ids=str,
)
def test_training_learns_a_small_text(options):
    settings = dict(options)
    model = small_model(kind=settings.pop("kind", "lstm, projected"))
    before = evaluate(model, STREAM).cross_entropy
    streams, steps = repeat(STREAM, 40, 16)
    history = train(model, streams, steps=steps, window=16, progress=False, **settings)
    assert perplexity(before) > 7
    assert perplexity(evaluate(model, STREAM).cross_entropy) < 1.7
    assert np.mean(history.losses[-5:]) < 0.5 < history.losses[0]
    assert len(history.losses) == steps


def test_training_can_be_repeated_from_its_seed():
    (first, one), (second, two), (third, _) = run(1), run(1), run(2)
    assert torch.equal(weights(first), weights(second))
    assert one.losses == two.losses
    assert not torch.equal(weights(first), weights(third))


def test_training_carries_the_state_and_cuts_the_gradient():
    model = Counting(5)
    stream = torch.randint(5, (2, 10))
    train(model, [stream, stream], steps=99, window=4, progress=False)
    given_states = [None if state is None else int(state[0]) for state in model.seen]
    assert given_states == [None, 4, 8, None, 4, 8]  # from zero with each stream
    assert not any(state[0].requires_grad for state in model.seen if state is not None)
    assert all(model.modes) and not model.training


def along_cosine(start, end, share):
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2


@pytest.mark.parametrize(
    "schedule, factor",
    [
        ("one-cycle", lambda t: along_cosine(1 / 25, 1, t / 4) if t <= 4 else along_cosine(1, 4e-6, (t - 4) / 15)),
        ("cosine", lambda t: along_cosine(1, 0, t / 20)),
        ("constant", lambda t: 1.0),
    ],
)
def test_learning_rate_follows_its_schedule(monkeypatch, schedule, factor):
    """Against the formulas: the rates that the optimizer has when it steps."""
    rates, step = [], torch.optim.AdamW.step
    monkeypatch.setattr(torch.optim.AdamW, "step", lambda self: (rates.append(self.param_groups[0]["lr"]), step(self)))
    run(steps=20, schedule=schedule, warmup=0.25, lr=0.004)
    assert rates == pytest.approx([0.004 * factor(t) for t in range(20)])


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_training_cuts_the_gradient_of_every_kind_of_state(kind):
    """The losses of two windows one after the other, by hand: the second starts from a state without history."""
    streams = [STREAM[:, :13]]
    model, by_hand = small_model(kind=kind), small_model(kind=kind)
    history = train(model, streams, steps=2, window=6, lr=1e-3, schedule="constant", weight_decay=0, progress=False)
    optimizer, state = torch.optim.AdamW(by_hand.parameters(), lr=1e-3, weight_decay=0), None
    for (x, y), loss, grad_norm in zip(windows(streams[0], 6), history.losses, history.grad_norms, strict=True):
        if state is not None:
            state = tuple(part.detach() for part in state) if kind == "lstm" else state.detach()
        logits, state = by_hand(x, state)
        expected = F.cross_entropy(logits.flatten(0, 1), y.flatten())
        optimizer.zero_grad()
        expected.backward()
        norm = math.sqrt(sum(float((p.grad**2).sum()) for p in by_hand.parameters()))
        nn.utils.clip_grad_norm_(by_hand.parameters(), 1.0)
        optimizer.step()
        assert (loss, grad_norm) == (pytest.approx(float(expected.detach())), pytest.approx(norm, rel=1e-4))
    torch.testing.assert_close(weights(model), weights(by_hand))


@pytest.mark.parametrize("make", [lambda x: x, lambda x: (x, x), lambda x: [x, (x, None)], lambda x: None])
def test_detach_state_keeps_the_form_of_a_state(make):
    state = make(torch.ones(2, requires_grad=True) * 2)

    def tensors(part):
        return [part] if isinstance(part, torch.Tensor) else [t for inner in part or () for t in tensors(inner)]

    cut = detach_state(state)
    assert type(cut) is type(state)
    assert [t.requires_grad for t in tensors(cut)] == [False] * len(tensors(state))
    assert all(torch.equal(a, b) for a, b in zip(tensors(cut), tensors(state), strict=True))


def test_training_need_not_carry_the_state():
    model = Counting(5)
    train(model, [torch.randint(5, (2, 10))], steps=99, window=4, carry_state=False, progress=False)
    assert model.seen == [None] * 3


def test_loss_at_the_last_token_leaves_the_others_out():
    model, by_hand = small_model(), small_model()
    history = train(model, [STREAM], steps=1, window=5, loss_at="last", progress=False)
    expected = F.cross_entropy(by_hand(STREAM[:, :5])[0][:, -1], STREAM[:, 5])
    assert history.losses == [pytest.approx(float(expected.detach()))]
    assert history.tokens == len(STREAM)


def test_loss_at_the_last_token_reads_whole_windows_only():
    model = Counting(5)
    history = train(model, [torch.randint(5, (2, 12))], steps=99, window=4, loss_at="last", progress=False)
    assert [None if state is None else int(state[0]) for state in model.seen] == [None, 4]  # 3 tokens are left over
    assert history.tokens == 2 * 2


def test_models_without_a_state_are_trained():
    set_seed(0)
    model = FixedContextRNN(len(VOCAB), 32, 3)
    streams, steps = repeat(STREAM, 30, 3, "last")
    history = train(model, streams, steps=steps, window=3, loss_at="last", progress=False)
    assert len(history.losses) == steps
    assert evaluate(model, STREAM, 3, "last").accuracy > 0.9


def test_models_of_one_prediction_need_the_loss_at_the_last_token():
    with pytest.raises(ValueError, match="loss_at must be 'last' for a model that predicts one token per window"):
        evaluate(Cyclic(5, 1.0), torch.zeros(2, 4, dtype=torch.int64))


def test_validation_is_measured_on_the_way_and_at_the_end():
    model, text = small_model(), STREAM[:, -30:]
    reading = {"window": 6, "loss_at": "last", "validation": text, "validate_every": 3}
    history = train(model, itertools.repeat(STREAM), steps=7, progress=False, **reading)
    assert [row.step for row in history.validation] == [3, 6, 7]
    last = evaluate(model, text, 6, "last")
    assert history.validation[-1][1:] == (last.cross_entropy, last.accuracy)


@pytest.mark.parametrize("reading", [{"loss_at": "last"}, {"carry_state": False}, {"window": 9, "carry_state": False}])
def test_held_out_text_is_read_as_the_text_that_is_trained_on(reading):
    text, settings = STREAM[:, -30:], {"window": 6, "loss_at": "every", "carry_state": True, **reading}
    model, history = run(steps=3, validation=text, **settings)
    expected = evaluate(model, text, **settings)
    assert history.validation[-1][1:] == (expected.cross_entropy, expected.accuracy)
    assert expected.cross_entropy != evaluate(model, text).cross_entropy  # the settings make a difference


def test_validation_does_not_measure_the_end_twice():
    _, history = run(steps=6, validation=STREAM, validate_every=3)
    assert [row.step for row in history.validation] == [3, 6]


def test_validation_changes_nothing():
    (plain, one), (watched, two) = run(1), run(1, validation=STREAM[:, :20], validate_every=1)
    assert torch.equal(weights(plain), weights(watched))
    assert one.losses == two.losses
    assert not one.validation


def test_training_goes_on_in_training_mode_after_validation():
    model = Counting(5)
    stream = torch.randint(5, (2, 9))
    train(model, [stream, stream], steps=4, window=4, validation=stream, validate_every=2, progress=False)
    assert model.modes == [True, True, False, False, True, True, False, False]


def test_history_draws_itself():
    _, history = run(steps=20, validation=STREAM, validate_every=5)
    figure, ax = plots.charts.plt.subplots()
    assert history.plot(ax, label="of this run") is ax
    drawn = {line.get_gid(): line for line in ax.lines}
    assert list(drawn["losses"].get_ydata()) == history.losses
    assert [tuple(xy) for xy in drawn["validation"].get_xydata()] == [row[:2] for row in history.validation]
    assert "of this run" in {text.get_text() for text in ax.findobj(Text)}
    plots.charts.plt.close(figure)


def test_carried_state_makes_a_difference():
    windows = [STREAM[:, i : i + 7] for i in range(0, STREAM.shape[1] - 7, 6)]  # the same windows, each from zero
    carried, _ = run(streams=[STREAM], steps=len(windows))
    reset, _ = run(streams=windows, steps=len(windows))
    assert (weights(carried) - weights(reset)).abs().max() > 1e-3


def test_carried_state_can_be_learned_from():
    """What to repeat stands further back than a window: only a carried state can tell."""
    first = torch.arange(2).repeat_interleave(16)[:, None]
    streams = lambda: (torch.cat([first, torch.full((32, 4), 2), first], dim=1) for _ in itertools.count())  # noqa: E731
    set_seed(0)
    model = LSTMLanguageModel(3, 8, 16)
    with torch.no_grad():
        model.rnn.bias_ih_l0[16:32] += 3  # memories that last from the start
    train(model, streams(), steps=600, window=5, progress=False)
    logits, _ = model(next(streams())[:, :-1])
    assert torch.equal(logits[:, -1].argmax(dim=1), first[:, 0])


def test_training_stops_after_the_steps_or_with_the_streams():
    model = Counting(5)
    stream = torch.randint(5, (2, 10))
    history = train(model, itertools.repeat(stream), steps=4, window=4, progress=False)
    assert len(history.losses) == 4
    assert history.tokens == 2 * (4 + 4 + 1 + 4)
    assert len(train(model, [stream], steps=50, window=4, progress=False).losses) == 3


def test_losses_are_recorded_before_their_update():
    _, history = run(steps=1)
    model = small_model()
    loss = F.cross_entropy(model(STREAM[:, :6])[0].flatten(0, 1), STREAM[:, 1:7].flatten())
    assert math.isclose(history.losses[0], float(loss.detach()), rel_tol=1e-5)


def test_progress_shows_the_perplexity(capsys):
    run(steps=3, progress=True)
    assert "perplexity" in capsys.readouterr().err
    run(steps=3)
    assert capsys.readouterr().err == ""


@given(st.integers(2, 50), st.integers(1, 70))
def test_perplexity_of_the_uniform_model_is_the_vocabulary_size(vocab_size, window):
    stream = torch.randint(vocab_size, (3, 40))
    assert math.isclose(
        perplexity(evaluate(Uniform(vocab_size), stream, window).cross_entropy), vocab_size, rel_tol=1e-5
    )


def test_perplexity_is_the_exponential():
    assert perplexity(0.0) == 1
    assert math.isclose(perplexity(1.5), math.e**1.5)
    assert perplexity(5000.0) == math.inf


@given(st.integers(1, 40))
def test_evaluation_does_not_depend_on_the_window(window):
    model = small_model().double()
    with torch.no_grad():
        logits = model(STREAM[:, :-1])[0].flatten(0, 1)
    expected = float(F.cross_entropy(logits, STREAM[:, 1:].flatten()))
    assert math.isclose(evaluate(model, STREAM, window).cross_entropy, expected, rel_tol=1e-9)


def test_measures_of_a_known_model():
    """id + 1 follows id in six of eight places; certain by a known amount, so both measures have a closed form."""
    stream = torch.tensor([[0, 1, 2, 4, 0], [3, 4, 0, 2, 3]])
    certainty = 2.0
    log_z = math.log(4 + math.exp(certainty))
    expected = (6 * (log_z - certainty) + 2 * log_z) / 8
    cross_entropy, accuracy, tokens = evaluate(Cyclic(5, certainty).double(), stream, 1, "last")
    assert (accuracy, tokens) == (0.75, 8)
    assert math.isclose(cross_entropy, expected)


@given(st.integers(1, 12), st.booleans(), st.sampled_from(["every", "last"]))
def test_evaluate_reads_windows_in_order_from_a_cold_start(window, carry_state, loss_at):
    """Against one pass over each text as a whole."""
    model = small_model(kind="gru").double()
    with torch.no_grad():
        whole = model(STREAM[:, :-1])[0]
        if not carry_state:
            starts = range(0, STREAM.shape[1] - 1, window)
            whole = torch.cat([model(STREAM[:, :-1][:, i : i + window])[0] for i in starts], dim=1)
    counted = slice(window - 1, None, window) if loss_at == "last" else slice(None)
    logits, targets = whole[:, counted].flatten(0, 1), STREAM[:, 1:][:, counted].flatten()
    result = evaluate(model, STREAM, window, loss_at, carry_state=carry_state)
    assert result.tokens == len(targets)
    assert math.isclose(result.cross_entropy, float(F.cross_entropy(logits, targets)), rel_tol=1e-9)
    assert math.isclose(result.accuracy, float((logits.argmax(dim=1) == targets).double().mean()))


@pytest.mark.parametrize("training", [False, True])
def test_evaluation_leaves_the_mode_as_it_was(training):
    model = Counting(5).train(training)
    evaluate(model, torch.randint(5, (2, 9)))
    assert model.training is training
    assert not any(model.modes)


def test_evaluate_refuses_a_stream_without_targets():
    with pytest.raises(ValueError, match="stream must hold a target that counts, but all of its targets are -100"):
        evaluate(small_model(), torch.full((2, 5), IGNORE_INDEX))


def test_evaluation_leaves_out_padding():
    model = small_model().double()
    texts = [STREAM[0, :20], STREAM[1, :5], STREAM[2, :11]]
    padded = torch.full((3, 20), IGNORE_INDEX)
    for row, text in zip(padded, texts, strict=True):
        row[: len(text)] = text
    losses = [evaluate(model, text[None]).cross_entropy * (len(text) - 1) for text in texts]
    assert math.isclose(evaluate(model, padded, window=7).cross_entropy, sum(losses) / (19 + 4 + 10), rel_tol=1e-9)


def test_evaluation_changes_no_weight():
    model = small_model()
    before = weights(model).clone()
    evaluate(model, STREAM)
    assert torch.equal(weights(model), before)
    assert all(parameter.grad is None for parameter in model.parameters())


@given(st.integers(1, 4), st.integers(2, 30), st.integers(1, 12))
def test_repeat_knows_the_number_of_steps(epochs, width, window):
    stream = torch.randint(5, (2, width))
    for loss_at in ["every", "last"] if window < width else ["every"]:
        streams, steps = repeat(stream, epochs, window, loss_at)
        history = train(Uniform(5), streams, steps=steps + 3, window=window, loss_at=loss_at, progress=False)
        assert len(history.losses) == steps
        assert history.tokens == (epochs * 2 * (width - 1) if loss_at == "every" else 2 * steps)


def test_set_seed_seeds_all_generators():
    def draws():
        set_seed(3)
        return random.random(), np.random.rand(), torch.rand(2).tolist()

    assert draws() == draws()


def test_history_stops_at_a_loss_that_is_no_number():
    history = History()
    history.record(1.5, 0.5, 10)
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match=f"loss must stay finite, but it is {bad} at step 1; lower lr"):
            history.record(bad, 0.5, 10)
        with pytest.raises(
            ValueError, match=f"norm of the gradient must stay finite, but it is {bad} at step 1; lower"
        ):
            history.record(1.5, bad, 10)
    assert (history.losses, history.grad_norms, history.tokens) == ([1.5], [0.5], 10)


def test_training_stops_at_a_loss_that_is_no_number():
    model = small_model()
    with torch.no_grad():
        model.embedding.weight[0] = math.nan
    with pytest.raises(ValueError, match="loss must stay finite, but it is nan at step 0"):
        train(model, [STREAM], steps=5, progress=False)


def test_training_stops_before_a_gradient_that_is_no_number_spoils_the_weights():
    model = small_model()
    model.decoder.bias.register_hook(lambda gradient: gradient * math.inf)
    before = weights(model).clone()
    with pytest.raises(
        ValueError, match="norm of the gradient must stay finite, but it is .* at step 0; lower lr or clip"
    ):
        train(model, [STREAM], steps=5, progress=False)
    assert torch.equal(weights(model), before)


def test_training_survives_a_huge_loss():
    model = Uniform(3)
    with torch.no_grad():
        model.scores[0] = -5000
    history = train(model, [torch.zeros(1, 4, dtype=torch.int64)], steps=1)
    assert history.losses == [pytest.approx(5000 + math.log(2))]


def test_streams_too_short_to_predict_are_refused():
    with pytest.raises(ValueError, match=r"stream must hold at least 2 tokens a row, .* \(2, 1\)"):
        train(small_model(), itertools.repeat(torch.zeros(2, 1, dtype=torch.int64)), steps=3, progress=False)
    with pytest.raises(ValueError, match="stream must hold at least 2 tokens a row"):
        evaluate(small_model(), torch.zeros(2, 1, dtype=torch.int64))
    with pytest.raises(ValueError, match=r"stream must hold more than window = 4 tokens a row .* shape is \(2, 4\)"):
        evaluate(small_model(), torch.zeros(2, 4, dtype=torch.int64), 4, "last")
    with pytest.raises(ValueError, match="tokens must hold at least 2 × batch_size = 128 tokens, .* but it holds 100"):
        batchify(torch.zeros(100, dtype=torch.int64), 64)


@pytest.mark.parametrize(
    "name, value, rule",
    [
        ("steps", 0, "steps must be a whole number of at least 1, but it is 0"),
        ("window", 0, "window must be a whole number of at least 1, but it is 0"),
        ("lr", 0.0, "lr must be above 0, but it is 0.0; leave it out for 0.01"),
        ("lr", math.nan, "lr must be above 0, but it is nan"),
        ("clip", -1.0, "clip must be above 0, but it is -1.0; leave it out for 1.0"),
        ("weight_decay", -0.5, "weight_decay must be at least 0, but it is -0.5"),
        ("validate_every", 0, "validate_every must be a whole number of at least 1, but it is 0"),
        ("warmup", 0.0, "warmup must be above 0 and below 1, but it is 0.0"),
        ("warmup", 1.0, "warmup must be above 0 and below 1, but it is 1.0"),
        ("loss_at", "first", "loss_at must be 'every' or 'last', but it is 'first'"),
        ("schedule", "linear", "schedule must be 'one-cycle', 'cosine' or 'constant', but it is 'linear'"),
        ("optimizer", "adagrad", "optimizer must be 'adamw', 'adam', 'sgd' or 'muon', but it is 'adagrad'"),
    ],
)
def test_training_refuses_what_it_cannot_use(name, value, rule):
    with pytest.raises(ValueError, match=rule):
        run(**{name: value})


@pytest.mark.parametrize("epochs, window, rule", [(0, 4, "epochs must be .* is 0"), (1, -1, "window must be .* is -1")])
def test_repeat_refuses_counts_below_1(epochs, window, rule):
    with pytest.raises(ValueError, match=rule):
        repeat(STREAM, epochs, window)
