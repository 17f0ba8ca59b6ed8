"""Attention against torch's own, the formulas written out, and laws of weights."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import scaled_dot_product_attention

from lmkit.models.seq2seq import ATTENTIONS, ScaledDotAttention, attention_weights, length_mask
from tests import seq2seq_reference


def example(seed=0, n=3, t=4, s=5, h=6):
    generator = torch.Generator().manual_seed(seed)
    query, memory = (torch.randn(n, size, h, generator=generator, dtype=torch.float64) for size in (t, s))
    return query, memory, torch.randint(1, s + 1, (n,), generator=generator)


@pytest.mark.parametrize("kind", ATTENTIONS)
def test_attention_is_the_formula_written_out(kind):
    query, memory, lengths = example()
    attention = ATTENTIONS[kind](6).double()
    context, weights = attention(query, memory, length_mask(lengths, 5))
    named = {f"decoder.attention.{name}": weight for name, weight in attention.named_parameters()}
    for row, length in enumerate(lengths.tolist()):
        for t in range(query.shape[1]):
            expected = seq2seq_reference.look(kind, query[row, t], list(memory[row, :length]), named)
            torch.testing.assert_close(context[row, t], expected[0])
            torch.testing.assert_close(weights[row, t, :length], expected[1])


def test_scaled_dot_attention_is_torchs_in_values_and_gradients():
    query, memory, lengths = example()
    mask, found = length_mask(lengths, 5), []
    for attend in (
        lambda q, m: ScaledDotAttention(6)(q, m, mask)[0],
        lambda q, m: scaled_dot_product_attention(q, m, m, attn_mask=mask[:, None]),
    ):
        leaves = [query.clone().requires_grad_(), memory.clone().requires_grad_()]
        context = attend(*leaves)
        context.square().sum().backward()
        found.append([context.detach(), *(leaf.grad for leaf in leaves)])
    torch.testing.assert_close(*found)


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(sorted(ATTENTIONS)), st.floats(0.1, 50))
def test_weights_are_shares_of_real_positions_alone(seed, kind, scale):
    query, memory, lengths = example(seed)
    mask = length_mask(lengths, 5)
    context, weights = ATTENTIONS[kind](6).double()(scale * query, memory, mask)
    assert (weights >= 0).all() and (weights.masked_select(~mask[:, None]) == 0).all()
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(3, 4, dtype=torch.float64))
    torch.testing.assert_close(context, torch.einsum("nts,nsh->nth", weights, memory))


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(sorted(ATTENTIONS)))
def test_what_lies_behind_the_end_is_not_seen(seed, kind):
    query, memory, lengths = example(seed)
    mask, attention = length_mask(lengths, 5), ATTENTIONS[kind](6).double()
    changed = torch.where(mask[..., None], memory, 1e6)
    assert torch.equal(attention(query, memory, mask)[0], attention(query, changed, mask)[0])


@pytest.mark.parametrize("kind", ATTENTIONS)
def test_keys_may_be_made_beforehand(kind):
    query, memory, lengths = example()
    attention = ATTENTIONS[kind](6).double()
    mask = length_mask(lengths, 5)
    again = attention(query, memory, mask, attention.keys(memory))
    assert all(map(torch.equal, attention(query, memory, mask), again))


def test_length_mask_marks_as_many_as_there_are():
    assert length_mask(torch.tensor([2, 0, 3]), 3).tolist() == [[True, True, False], [False] * 3, [True] * 3]


def test_a_mask_that_leaves_nothing_is_refused_at_the_door():
    with pytest.raises(ValueError, match="must leave a position in every row, but row 1 has none; leave out empty"):
        attention_weights(torch.zeros(3, 2, 4), length_mask(torch.tensor([1, 0, 2]), 4))


@pytest.mark.parametrize("mask", [torch.ones(3, 5, dtype=torch.bool), torch.ones(3, 4)])
def test_a_mask_of_another_shape_or_kind_is_refused(mask):
    with pytest.raises(ValueError, match=r"mask must be of torch.bool and shape \(3, 4\).*but it is of"):
        attention_weights(torch.zeros(3, 2, 4), mask)


def test_scaling_gives_scores_of_independent_numbers_a_variance_of_one():
    query, memory, _ = example(n=1, t=200, s=200, h=64)
    assert float(ScaledDotAttention(64).scores(query, memory).var()) == pytest.approx(1, rel=0.05)
    assert float((query @ memory.mT).var()) == pytest.approx(64, rel=0.05)


def test_sizes_are_checked():
    with pytest.raises(ValueError, match="hidden_size must be at least 1, but it is 0"):
        ScaledDotAttention(0)
    assert math.isclose(float(ScaledDotAttention(4).scores(torch.ones(1, 1, 4), torch.ones(1, 1, 4))), 2.0)
