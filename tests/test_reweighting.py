"""Attention weights that are replaced: laws of shares, the formulas written out, and steps against teacher forcing."""

import itertools
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lmkit.decoding import uniform
from lmkit.models.seq2seq import REWEIGHTINGS, EncoderDecoder, attention_weights, padded
from lmkit.models.seq2seq.reweighting import reweighting
from lmkit.pretrained import Translator, translator_from_bytes, translator_to_bytes
from lmkit.text import Vocab

EOS = 0
SOURCES = [[3, 1, 4, 1, 5], [5], [2, 6, 5]]
KINDS = [("general", "after"), ("additive", "before")]


def model_of(attention="general", timing="after"):
    torch.manual_seed(0)
    model = EncoderDecoder(9, 7, 4, 6, attention=attention, timing=timing).double()
    for weight in model.parameters():
        torch.nn.init.normal_(weight, std=0.8)
    return model


def some_weights(seed, n=3, t=4, s=6):
    generator = torch.Generator().manual_seed(seed)
    mask = torch.rand(n, s, generator=generator) < 0.6
    mask[:, seed % s] = True
    return attention_weights(3 * torch.randn(n, t, s, generator=generator, dtype=torch.float64), mask), mask


def expected(kind, weights, words, seed):
    """One row of weights, at the positions of its words."""
    found = dict.fromkeys(words, 0.0)
    if kind == "uniform":
        return dict.fromkeys(words, 1 / len(words))
    if kind == "hardest":
        return found | {max(words, key=lambda position: weights[position]): 1.0}
    taken = sorted(words, key=lambda position: uniform(seed, position)) if kind == "permuted" else words
    return {position: weights[other] for position, other in zip(words, taken, strict=True)}


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(sorted(REWEIGHTINGS)), st.integers(0, 2**32 - 1))
def test_each_kind_is_its_formula_and_leaves_shares_of_real_positions(number, kind, seed):
    weights, mask = some_weights(number)
    seed = seed if kind == "permuted" else 0
    found = reweighting(kind, seed)(weights, mask)
    torch.testing.assert_close(found.sum(dim=-1), torch.ones(3, 4, dtype=torch.float64))
    assert (found.masked_select(~mask[:, None]) == 0).all()
    for row, t in itertools.product(range(3), range(4)):
        words = mask[row].nonzero()[:, 0].tolist()
        given_weights = dict(enumerate(weights[row, t].tolist()))
        assert {p: found[row, t, p].item() for p in words} == pytest.approx(expected(kind, given_weights, words, seed))


def test_as_trained_changes_no_bit():
    model = model_of()
    assert torch.equal(
        model.reweighted("as trained").attention_of(SOURCES[0], [2, 0]), model.attention_of(SOURCES[0], [2, 0])
    )


@pytest.mark.parametrize("kind", REWEIGHTINGS)
@pytest.mark.parametrize(("attention", "timing"), KINDS)
def test_steps_losses_and_weights_have_them_alike(attention, timing, kind):
    """A batch gets what each source gets alone, and what teacher forcing gives."""
    model = model_of(attention, timing).reweighted(kind)
    found = model.translate(SOURCES, 6, eos_token_id=EOS, num_beams=3)
    for source, (text, *_) in zip(SOURCES, found, strict=True):
        target = torch.tensor([text.tokens])
        inputs = torch.tensor([[EOS, *text.tokens[:-1]]])
        with torch.no_grad():
            logits, weights = model(*padded([source]), inputs)
            loss = model.loss(*padded([source]), inputs, target)
        log_probs = logits[0].log_softmax(dim=-1).gather(1, target.T)[:, 0]
        assert text.log_probs == pytest.approx(log_probs.tolist())
        assert float(loss) == pytest.approx(-sum(text.log_probs) / len(text.tokens))
        if kind == "uniform":
            torch.testing.assert_close(weights, torch.full_like(weights, 1 / len(source)))


def test_permutation_is_one_for_all_steps_and_moves_something():
    model, target = model_of(), [2, 3, 1, 0]
    before = model.attention_of(SOURCES[0], target)
    after = model.reweighted("permuted", seed=4).attention_of(SOURCES[0], target)
    order = sorted(range(5), key=partial(uniform, 4))
    assert order != list(range(5))
    torch.testing.assert_close(after, before[:, order])


def test_reweighted_model_is_a_copy_with_the_same_weights():
    model = model_of().train()
    other = model.reweighted("uniform")
    assert other.training and other.config() == model.config()
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))
    assert not torch.equal(other.attention_of([1, 2], [2, 0]), model.attention_of([1, 2], [2, 0]))


def test_gradients_pass_where_weights_are_replaced_by_what_depends_on_them():
    for kind, trained in (("permuted", True), ("uniform", False), ("hardest", False)):
        model = model_of().reweighted(kind)
        model.loss(*padded(SOURCES[:1]), torch.tensor([[EOS, 2]]), torch.tensor([[2, EOS]])).backward()
        grad = model.decoder.attention.key.weight.grad
        assert (grad is not None and bool(grad.abs().sum() > 0)) == trained


def test_translators_have_it_too_and_files_do_not_keep_it():
    words = [[chr(97 + i) for i in range(9)], ["<eos>", *"uvwxyz"]]
    translator = Translator(model_of().float(), *map(Vocab, words), card={})
    other = translator.reweighted("permuted", seed=3)
    assert other.source_vocab == translator.source_vocab
    assert other.translate("a b c d") == translator.text(
        translator.model.reweighted("permuted", 3).translate([[0, 1, 2, 3]], 100, eos_token_id=0)[0][0].tokens
    )
    assert translator_to_bytes(other) == translator_to_bytes(translator)
    assert (
        translator_from_bytes(translator_to_bytes(other)).model.decoder.attention.reweight is REWEIGHTINGS["as trained"]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("soft",), "weights must be one of 'as trained', 'uniform', 'permuted', 'hardest', but it is 'soft'"),
        (("permuted", -1), "seed must be a whole number from 0 to 2³² - 1, but it is -1"),
        (("permuted", 1.5), "seed must be a whole number from 0 to 2³² - 1, but it is 1.5"),
        (("uniform", 1), "seed must be left out where weights is 'uniform', which draws nothing, but it is 1"),
    ],
)
def test_what_is_no_reweighting_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        model_of().reweighted(*arguments)


def test_without_attention_there_is_nothing_to_replace():
    with pytest.raises(ValueError, match="attention must not be 'none' where weights are replaced"):
        model_of("none").reweighted("uniform")
