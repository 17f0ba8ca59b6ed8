"""Every public function that takes tensors takes them of every floating type, and on every device."""

import math

import pytest
import torch

from lmkit import decoding, dropout, metrics, models, rnn, training
from lmkit.analysis import counting, gradients, kneser_ney, probing
from lmkit.training.cache import _seen
from tests.elsewhere import DEVICE, Elsewhere, ElsewhereIsThere, away

TYPES = [torch.float32, torch.bfloat16, torch.float16]
ROOMS = [decoding, metrics, training, rnn, dropout, models, counting, kneser_ney, gradients, probing]
GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(3, 11, generator=GENERATOR).bfloat16().double()  # numbers that every type holds, and no ties
LOG_P = torch.randn(3, 11, generator=GENERATOR).bfloat16().double()
X, STATE = torch.randn(5, 2, 4, generator=GENERATOR), torch.randn(1, 2, 4, generator=GENERATOR)
TOKENS = torch.tensor([[0, 3, 4, 3, 1, 2, 0, 5], [5, 5, 2, 0, 1, 1, 3, 4]])
CLASSES = torch.tensor([0, 1] * 10)
STATES = torch.randn(20, 4, generator=GENERATOR) + CLASSES[:, None]
HISTORY = torch.tensor([[1, 2, 1], [-1, 4, 4], [5, 6, 7]])


def here(value):
    return value


def model_of(kind, to, **options):
    torch.manual_seed(1)
    return to(kind(6, 4, 4, **options).eval())


def lstm(to):
    return model_of(models.LSTMLanguageModel, to, num_layers=2)


def module(kind, to, *sizes, **options):
    torch.manual_seed(2)
    return to(kind(*sizes, **options).eval())


def decoded(decode, to, **options):
    """Decode with the model itself, and with a step that works where the logits are."""
    options = {"max_new_tokens": 5, "eos_token_id": 0, **options}
    by_model = decode(lstm(to), [[1, 2], [3]], **options)
    table = to(LOGITS[:, :3].log_softmax(-1))
    by_table = decode(lambda tokens, state: (table[tokens % 3], table[tokens % 3, :2, None]), [1, 2], **options)
    return texts(by_model) + texts([by_table])


def texts(found):
    """The texts and what is known of them, of any list of lists of `Decoded`."""
    if isinstance(found, decoding.Decoded):
        return [*found.tokens, *found.log_probs, found.score]
    return [number for each in found for number in texts(each)]


def gradients_after(function, to):
    """A loss and the gradients of a model under it."""
    model = lstm(to)
    function(model).backward()
    return [parameter.grad for parameter in model.parameters()]


def trained(to, optimizer):
    torch.manual_seed(3)
    model = to(models.AWDLSTM(6, 4, 4, 2))
    options = {"optimizer": optimizer, "window": 3, "averaging": 0, "validate_every": 1, "alpha": 1.0, "beta": 1.0}
    history = training.train(model, [to(TOKENS)] * 2, steps=4, validation=to(TOKENS), progress=False, **options)
    return [*history.losses, *(at.cross_entropy for at in history.validation), *model.parameters()]


def averaged(to):
    layer = module(torch.nn.Linear, to, 2, 1)
    average = training.WeightAverage(layer, 0)
    average.start_if_non_monotone([1.0, 2.0])
    average.update()
    with average.swapped_in():
        return [weight.detach().clone() for weight in layer.parameters()]


# Each makes its arguments by `to`, which gives tensors and modules a type or a place; and returns numbers or tensors.
CALLS = {
    "apply_temperature": lambda to: decoding.apply_temperature(to(LOGITS), 0.5).softmax(-1),
    "apply_repetition_penalty": lambda to: decoding.apply_repetition_penalty(to(LOGITS), HISTORY, 2.0),
    "no_repeat_ngram_filter": lambda to: decoding.no_repeat_ngram_filter(to(LOGITS), HISTORY, 2),
    "top_k_filter": lambda to: decoding.top_k_filter(to(LOGITS), 4),
    "top_p_filter": lambda to: decoding.top_p_filter(to(LOGITS), 0.7),
    "min_p_filter": lambda to: decoding.min_p_filter(to(LOGITS), 0.1),
    "typical_filter": lambda to: decoding.typical_filter(to(LOGITS), 0.6),
    "filter_logits": lambda to: decoding.filter_logits(to(LOGITS), 2.0, 9, 0.8, 0.05, 0.9).softmax(-1),
    "draw": lambda to: [decoding.draw(to(LOGITS[0]), u) for u in (0.0, 0.3, 0.9)],
    "greedy": lambda to: decoded(decoding.greedy, to, repetition_penalty=1.3, no_repeat_ngram_size=2, min_new_tokens=2),
    "sample": lambda to: decoded(decoding.sample, to, seed=5, top_p=0.9, top_k=3, temperature=1.5),
    "beam_search": lambda to: decoded(decoding.beam_search, to, num_beams=2, num_beam_groups=2, diversity_penalty=0.5),
    "contrastive_search": lambda to: decoded(decoding.contrastive_search, to, top_k=3),
    "exact_search": lambda to: decoded(decoding.exact_search, to),
    "generate": lambda to: decoded(decoding.generate, to, do_sample=True, num_return_sequences=2),
    "read_prompt": lambda to: decoding.read_prompt(lstm(to), [1, 2, 3])[0],
    "last_hidden": lambda to: decoding.last_hidden(to(X)),
    "select_rows": lambda to: decoding.select_rows({"h": to(X)}, torch.tensor([2, 2, 0]))["h"],
    "concat_rows": lambda to: decoding.concat_rows([to(X), to(X)]),
    **{
        name: lambda to, name=name: getattr(metrics, name)(
            to(LOGITS).log_softmax(-1), to(LOG_P).masked_fill(to(LOG_P) < -1, -math.inf)
        )
        for name in ("total_variation", "jensen_shannon", "false_mass", "missed_mass")
    },
    "kl_divergence": lambda to: metrics.kl_divergence(to(LOGITS).log_softmax(-1), to(LOG_P).log_softmax(-1)),
    "text_total_variation": lambda to: list(metrics.text_total_variation(to(LOGITS[0]), to(LOG_P[0]))),
    "text_kl_divergence": lambda to: list(metrics.text_kl_divergence(to(LOGITS[0]), to(LOG_P[0]))),
    "step_distances": lambda to: list(metrics.step_distances(to(LOGITS), to(LOG_P).log_softmax(-1)).values()),
    "text_log_probs": lambda to: metrics.text_log_probs(lstm(to), [[1], [2, 3]], [[1, 4], [0]]),
    "surprisal_excess": lambda to: [metrics.surprisal_excess(to(LOGITS[0]), to(LOG_P[0]))],
    "frontier_area": lambda to: [
        metrics.frontier_area(to(torch.tensor([0.5, 0.5, 0])), to(torch.tensor([0.25, 0.5, 0.25])))
    ],
    "mauve_like": lambda to: [metrics.mauve_like(to(STATES.bfloat16().double()[:10]), to(LOGITS[:, :4]), 2)],
    "KneserNey": lambda to: list(kneser_ney.KneserNey(3).fit([to(TOKENS[0]), TOKENS[1]], 6).log_probs(to(TOKENS[0]))),
    "choose_order": lambda to: [kneser_ney.choose_order(to(TOKENS.flatten()), 6, most=2)],
    "evaluate": lambda to: list(training.evaluate(lstm(to), to(TOKENS), window=3)),
    "evaluate_with_cache": lambda to: list(training.evaluate_with_cache(lstm(to), to(TOKENS), window=3, size=4)),
    "cache_probabilities": lambda to: training.cache_probabilities(
        to(X[:, :, :]), to(X), to(TOKENS[:, :2].repeat(3, 1)[:5]), to(_seen(2, 2, 2)), 1.0, 6
    ),
    "activation_penalty": lambda to: training.activation_penalty(to(X), 2.0),
    "temporal_activation_penalty": lambda to: training.temporal_activation_penalty(to(X), 2.0),
    "detach_state": lambda to: training.detach_state([{"h": to(X)}])[0]["h"],
    "repeat": lambda to: list(training.repeat(to(TOKENS), 2, 3)[0])[1],
    "repeat_shifted": lambda to: list(training.repeat_shifted(to(TOKENS.flatten()), 2, 1, 3)[0])[0].sort().values,
    "variable_windows": lambda to: next(training.variable_windows(to(TOKENS), 3, torch.Generator().manual_seed(0)))[0],
    "WeightAverage": averaged,
    "rnn_step": lambda to: rnn.rnn_step(to(X[0]), to(X[1:3].reshape(4, 4)), to(X[4])),
    "lstm_gates": lambda to: torch.cat(
        rnn.lstm_gates(to(X[0].repeat(1, 4)), to(X[1:3].reshape(4, 4).repeat(4, 1)), to(X[4]))
    ),
    "lstm_step": lambda to: rnn.lstm_step(
        to(X[0].repeat(1, 4)), to(X[1:3].reshape(4, 4).repeat(4, 1)), to(X[4]), to(X[3])
    )[1],
    "gru_step": lambda to: rnn.gru_step(
        to(X[0].repeat(1, 3)), to(X[1:3].reshape(4, 4).repeat(3, 1)), to(torch.ones(12)), to(X[4])
    ),
    "RNNCell": lambda to: module(rnn.RNNCell, to, 4, 4)(to(X[0])),
    "LSTMCell": lambda to: module(rnn.LSTMCell, to, 4, 4)(to(X[0]))[1],
    "GRUCell": lambda to: module(rnn.GRUCell, to, 4, 4)(to(X[0])),
    "RNN": lambda to: module(rnn.RNN, to, 4, 4, 2)(to(X))[0],
    "LSTM": lambda to: module(rnn.LSTM, to, 4, 4, 2, fused=True)(to(X))[0],
    "LSTM.trace": lambda to: module(rnn.LSTM, to, 4, 4).trace(to(X))["c"],
    "GRU": lambda to: module(rnn.GRU, to, 4, 4, 2)(to(X))[0],
    "drop": lambda to: dropout.drop(to(X), 0.5) * 0 + to(X),
    "drop_locked": lambda to: dropout.drop_locked(to(X), 0.5) * 0 + to(X),
    "drop_weights": lambda to: dropout.drop_weights(to(X), 0.5) * 0 + to(X),
    "keep_mask": lambda to: dropout.keep_mask((2, 3), 0.0, to(X)),
    "Dropout": lambda to: dropout.Dropout(0.5).eval()(to(X)),
    "LockedDropout": lambda to: dropout.LockedDropout(0.5).train()(to(X)) * 0 + to(X),
    "EmbeddingDropout": lambda to: (
        dropout.EmbeddingDropout(0.5).train()(module(torch.nn.Embedding, to, 6, 4), to(TOKENS)) * 0
    ),
    "FixedContextRNN": lambda to: model_of(models.FixedContextRNN, to)(to(TOKENS[:, :4])),
    "RecurrentLanguageModel": lambda to: model_of(models.RecurrentLanguageModel, to, cell="gru")(to(TOKENS))[0],
    "LSTMLanguageModel": lambda to: lstm(to)(to(TOKENS))[0],
    "AWDLSTM": lambda to: model_of(models.AWDLSTM, to)(to(TOKENS))[0],
    "stepper": lambda to: lstm(to).stepper()(torch.tensor([1, 2]), None)[0],
    "gradient_norms": lambda to: gradients.gradient_norms(lambda x: x.square().sum(dim=(1, 2)), to(X)),
    "jacobian_norms": lambda to: gradients.jacobian_norms(module(rnn.LSTM, to, 4, 4), to(X[:, 0])),
    "step_jacobians": lambda to: gradients.step_jacobians(module(rnn.GRUCell, to, 4, 4), to(X[:, 0])),
    "chain": lambda to: gradients.chain(to(X.reshape(-1)[:32].view(2, 4, 4))),
    "reach": lambda to: gradients.reach(to(torch.tensor([1.0, 0.5, 0.001]))),
    "spectral_radius": lambda to: gradients.spectral_radius(to(LOGITS[:, :3])),
    "with_spectral_radius": lambda to: gradients.with_spectral_radius(to(LOGITS[:, :3]), 0.9),
    "set_forget_bias": lambda to: forget_bias(module(rnn.LSTMCell, to, 4, 4)),
    "Probe": lambda to: probing.Probe(to(X[0, 0]), to(X[0, 0, 0])).reflect(to(STATES)),
    "fit_probe": lambda to: probing.fit_probe(to(STATES), to(CLASSES)).accuracy(to(STATES), to(CLASSES)),
    "unit_accuracies": lambda to: probing.unit_accuracies(to(STATES), to(CLASSES)),
}
TRAINING = {
    "train": lambda to: trained(to, "adamw"),
    "train by sgd": lambda to: trained(to, "sgd"),
    "Muon": lambda to: trained(to, "muon"),
}
OF_TRANSLATORS = {  # their batches are made on the CPU
    *("alignment_error_rate", "bleu", "chrf", "exact_match", "hard_alignment", "Pair", "PairBatch", "by_length"),
    *("collate", "encode_pairs", "evaluate_pairs", "fresh_pairs", "guidance_loss", "repeat_pairs", "train_pairs"),
}
NO_TENSORS = {  # names that take none, or are types, constants or what the calls above are made of
    *("BeamStep", "Decoded", "HasStepper", "StepFn", "as_step_fn", "uniform"),
    *("DISTANCES", "Estimate", "correct_successors", "distinct_n", "grammatical_share", "log_prob_per_token"),
    *("mean_length", "ngrams", "repetition", "self_bleu", "true_distributions", "true_log_probs", "valid_numerals"),
    *("IGNORE_INDEX", "CheckpointError", "EvalResult", "History", "TrainConfig", "Validation", "distributed"),
    *("is_non_monotone", "perplexity", "set_seed"),
    *(
        "Cell",
        "RNNBase",
        "State",
        "check_sizes",
        "check_probability",
        "Activations",
        "ModelStep",
        "KINDS",
        "Config",
        "LanguageModel",
    ),
    *("Context", "Table", "Score", "count", "pairs", "shares", "score", "best_guess", "surprise", "ceiling"),
    *("SmoothedModel", "Recurrent", "half_life"),
    *("Judge", "bits_per_character", "ngram_divergence", "ngram_features", "spelling", "words", "zipf"),
}


def forget_bias(cell):
    gradients.set_forget_bias(cell, 1.0)
    return cell.bias_ih.detach()


def public_names(room):
    """What a room offers: what it lists, or else the functions and classes that it defines."""
    if hasattr(room, "__all__"):
        return set(room.__all__)
    own = [name for name, value in vars(room).items() if getattr(value, "__module__", "") == room.__name__]
    return {name for name in own if not name.startswith("_")}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_every_public_name_is_tried_or_takes_no_tensor(room):
    assert public_names(room) <= {*CALLS, *TRAINING, *NO_TENSORS, *OF_TRANSLATORS}


def numbers(found):
    """Everything in a result as one list of float64 tensors on the CPU."""
    if isinstance(found, torch.Tensor):
        return [found.detach().cpu().double()]
    if isinstance(found, (list, tuple)):
        return [tensor for part in found for tensor in numbers(part)]
    return [torch.tensor(float(found), dtype=torch.float64)]


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("name", CALLS)
def test_every_floating_type_gives_the_same_within_its_precision(name, dtype):
    def typed(value):
        return value if isinstance(value, torch.Tensor) and not value.is_floating_point() else value.to(dtype)

    def rounded(value):
        """The numbers that the type can hold, in double precision."""
        if isinstance(value, torch.nn.Module):
            return value.to(dtype).double()
        return value.to(dtype).double() if value.is_floating_point() else value

    precision = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 1e-2}[dtype]
    for found, expected in zip(numbers(CALLS[name](typed)), numbers(CALLS[name](rounded)), strict=True):
        torch.testing.assert_close(found, expected, rtol=precision, atol=precision)


@pytest.fixture
def elsewhere(monkeypatch):
    """Another device: what is made without saying where cannot meet what is there."""
    monkeypatch.setattr(torch, "inference_mode", torch.no_grad)  # the former knows no other devices than torch's own
    with ElsewhereIsThere():
        yield


@pytest.mark.parametrize("name", [*CALLS, *TRAINING])
def test_every_device_gives_the_same(name, elsewhere):
    call = {**CALLS, **TRAINING}[name]
    for found, expected in zip(numbers(call(away)), numbers(call(here)), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_the_other_device_refuses_what_is_not_there(elsewhere):
    there = away(torch.ones(2))
    assert there.device == DEVICE == (there + 1).device and isinstance(torch.zeros(2, device=there.device), Elsewhere)
    assert (there + torch.tensor(1.0)).tolist() == [2.0, 2.0]  # no dimensions: taken along, as on CUDA
    for mistake in (lambda: there + torch.ones(2), lambda: torch.cat([there, torch.ones(1)])):
        with pytest.raises(RuntimeError, match="expected all tensors on one device"):
            mistake()
    with pytest.raises(TypeError, match="can't convert"):
        there.numpy()
