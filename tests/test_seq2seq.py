"""Encoder-decoders against the formulas, one sentence and one step at a time, and laws of batches."""

from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

from lmkit.models.seq2seq import ATTENTIONS, EncoderDecoder, length_mask, padded
from tests import seq2seq_reference

KINDS = [*((kind, timing) for kind in ATTENTIONS for timing in ("after", "before")), ("none", "after")]
SOURCES = [[3, 1, 4, 1], [5], [2, 6, 5, 3, 5, 8]]
INPUTS = [[0, 2, 7], [0], [0, 1, 8, 2]]


def model_of(attention="general", timing="after", two_way=True, seed=0, **options):
    torch.manual_seed(seed)
    model = EncoderDecoder(9, 10, 4, 6, attention=attention, timing=timing, two_way=two_way, **options).double()
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.7)  # far enough from zero that every term counts
    return model


@cache
def shared_model(attention, timing):
    return model_of(attention, timing)


def batch():
    inputs, counts = padded(INPUTS)
    targets = inputs.roll(-1, dims=1).masked_fill(~length_mask(counts, inputs.shape[1]), -100)
    return *padded(SOURCES), inputs, targets


@pytest.mark.parametrize("two_way", [True, False])
@pytest.mark.parametrize(("attention", "timing"), KINDS)
def test_model_is_the_formula_in_values_and_gradients(attention, timing, two_way):
    model = model_of(attention, timing, two_way)
    sources, lengths, inputs, targets = batch()
    logits, weights = model(sources, lengths, inputs)
    found = torch.autograd.grad(model.loss(sources, lengths, inputs, targets), list(model.parameters()))
    total, count = 0, 0
    for row, (source, read) in enumerate(zip(SOURCES, INPUTS, strict=True)):
        expected, looks = seq2seq_reference.run(model, source, read)
        torch.testing.assert_close(logits[row, : len(read)], expected)
        if looks is not None:
            torch.testing.assert_close(weights[row, : len(read), : len(source)], looks)
        log_probs = expected.log_softmax(dim=-1)
        total = total - sum(log_probs[t, target] for t, target in enumerate(targets[row, : len(read)]))
        count += len(read)
    assert (weights is None) == (attention == "none")
    torch.testing.assert_close(model.loss(sources, lengths, inputs, targets), total / count)
    torch.testing.assert_close(found, torch.autograd.grad(total / count, list(model.parameters())))


@pytest.mark.parametrize("two_way", [True, False])
def test_encoder_is_torchs_lstm_on_each_source_alone(two_way):
    encoder = model_of(two_way=two_way).encoder
    lstm = nn.LSTM(4, 3 if two_way else 6, batch_first=True, bidirectional=two_way).double()
    lstm.load_state_dict(encoder.rnn.state_dict())
    outputs, (h, c) = encoder(*padded(SOURCES))
    for row, source in enumerate(SOURCES):
        expected, states = lstm(encoder.embedding(torch.tensor([source])))
        torch.testing.assert_close(outputs[row, : len(source)], expected[0])
        assert (outputs[row, len(source) :] == 0).all()
        for found, state in zip((h, c), states, strict=True):
            torch.testing.assert_close(found[row], state[:, 0].flatten())
    packed = pack_padded_sequence(
        encoder.embedding(padded(SOURCES)[0]), [4, 1, 6], batch_first=True, enforce_sorted=False
    )
    torch.testing.assert_close(h, lstm(packed)[1][0].transpose(0, 1).flatten(1))


sentences = st.lists(st.lists(st.integers(0, 8), min_size=1, max_size=7), min_size=1, max_size=4)


@settings(max_examples=30)
@given(sentences, st.sampled_from(KINDS), st.integers(0, 20), st.integers(0, 8))
def test_padding_changes_nothing(sources, kind, extra, filler):
    """Whatever stands behind the ends, and however much of it."""
    model = shared_model(*kind)
    tokens, lengths = padded(sources)
    inputs = torch.arange(len(sources) * 3).view(-1, 3) % 10
    wider = torch.cat([tokens, tokens.new_zeros(len(tokens), extra)], dim=1)
    wider[~length_mask(lengths, wider.shape[1])] = filler
    logits, weights = model(tokens, lengths, inputs)
    more, looks = model(wider, lengths, inputs)
    torch.testing.assert_close(more, logits)
    if weights is not None:
        torch.testing.assert_close(looks[..., : weights.shape[2]], weights)
        assert (looks[..., weights.shape[2] :] == 0).all()


@settings(max_examples=30)
@given(sentences, st.sampled_from(KINDS))
def test_other_sentences_in_the_batch_change_nothing(sources, kind):
    model = shared_model(*kind)
    inputs = torch.arange(len(sources) * 3).view(-1, 3) % 10
    logits, _ = model(*padded(sources), inputs)
    for row, source in enumerate(sources):
        torch.testing.assert_close(model(*padded([source]), inputs[row : row + 1])[0][0], logits[row])


@pytest.mark.parametrize(("attention", "timing"), KINDS)
def test_targets_behind_the_end_are_not_counted(attention, timing):
    model = model_of(attention, timing)
    sources, lengths, inputs, targets = batch()
    wider = [torch.cat([part, torch.full((3, 2), filler)], dim=1) for part, filler in ((inputs, 7), (targets, -100))]
    torch.testing.assert_close(model.loss(sources, lengths, *wider), model.loss(sources, lengths, inputs, targets))


@pytest.mark.parametrize("kind", [("general", "after"), ("additive", "before"), ("none", "after")])
def test_dropout_is_of_training_alone(kind):
    model = model_of(*kind, input_p=0.4, output_p=0.3)
    sources, lengths, inputs, _ = batch()
    assert not torch.equal(model(sources, lengths, inputs)[0], model(sources, lengths, inputs)[0])
    model.eval()
    torch.testing.assert_close(model(sources, lengths, inputs)[0], model_of(*kind)(sources, lengths, inputs)[0])


def test_attention_of_a_pair_is_that_of_teacher_forcing():
    model = model_of(input_p=0.5).train()
    target = [4, 2, 7, 0]
    found = model.attention_of(SOURCES[0], target)
    assert model.training
    expected = model.eval()(*padded(SOURCES[:1]), torch.tensor([[0, 4, 2, 7]]))[1]
    torch.testing.assert_close(found, expected[0].detach())


def test_config_builds_the_same_model():
    model = model_of("additive", "before", two_way=False, input_p=0.1, output_p=0.2)
    again = EncoderDecoder(**model.config()).double()
    again.load_state_dict(model.state_dict())
    assert again.config() == model.config() and str(again) == str(model)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"attention": "soft"}, "attention must be one of 'dot', .*'none', but it is 'soft'"),
        ({"timing": "during"}, "timing must be one of 'after', 'before', but it is 'during'"),
        ({"attention": "none", "timing": "before"}, "timing must be 'after' where attention is 'none'"),
        ({"input_p": 1.0}, "p must be at least 0 and below 1"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        EncoderDecoder(9, 10, 4, 6, **options)


def test_sizes_are_checked():
    with pytest.raises(ValueError, match="hidden_size must be even where two_way is True, but it is 5"):
        EncoderDecoder(9, 10, 4, 5)
    with pytest.raises(ValueError, match="vocab_size must be at least 1, but it is 0"):
        EncoderDecoder(9, 0, 4, 6)


@pytest.mark.parametrize("lengths", [[1, 0], [1, 4], [1]])
def test_sources_that_are_empty_or_end_behind_the_rows_are_refused(lengths):
    with pytest.raises(ValueError, match="lengths must be one number from 1 to 3 for each of 2 sources"):
        model_of().encode(torch.zeros(2, 3, dtype=torch.int64), torch.tensor(lengths))


def test_weights_of_a_model_without_attention_are_refused():
    with pytest.raises(ValueError, match="attention must not be 'none' where weights are asked for"):
        model_of("none").attention_of([1], [0])
