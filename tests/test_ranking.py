"""Ties: of equally good tokens the one with the lowest id wins, in every decoder."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lmkit.decoding import (
    beam_search,
    contrastive_search,
    draw,
    exact_search,
    filter_logits,
    generate,
    greedy,
    sample,
    top_k_filter,
)
from lmkit.decoding.ranking import argmax, top_k
from tests.random_lm import RandomLM, diverse_beam_search, score

V = 300  # where torch.topk no longer happens to return equal values in order
VALUES = st.lists(st.sampled_from([-math.inf, -1.0, 0.0, 0.5]), min_size=1, max_size=9)


@given(st.lists(VALUES, min_size=1, max_size=3), st.integers(1, 12))
def test_top_k_is_a_stable_sort(rows, k):
    size = min(map(len, rows))
    rows = [row[:size] for row in rows]
    values, indices = top_k(torch.tensor(rows), k)
    for row, found, at in zip(rows, values.tolist(), indices.tolist(), strict=True):
        expected = sorted(range(size), key=lambda i: (-row[i], i))[:k]
        assert at == expected and found == [row[i] for i in expected]
    assert argmax(torch.tensor(rows)).tolist() == [row.index(max(row)) for row in rows]


@pytest.mark.parametrize("k", [1, 2, 5, V - 1, V, V + 1])
def test_top_k_of_many_equal_values_takes_the_first(k):
    for values in (torch.zeros(2, V), torch.cat([torch.zeros(2, V - 2), torch.ones(2, 2)], dim=1)):
        expected = values.sort(dim=1, descending=True, stable=True).indices[:, :k]
        assert torch.equal(top_k(values, k)[1], expected)


def test_top_k_without_ties_is_torchs():
    values = torch.randn(5, V)
    for found, expected in zip(top_k(values, 7), values.topk(7), strict=True):
        assert torch.equal(found, expected)


def uniform(tokens, state):
    """All tokens are equally probable, and all hidden states the same."""
    return torch.full((len(tokens), V), -math.log(V), dtype=torch.float64), torch.ones(len(tokens), 1, 2)


FIRST = {
    "greedy": (greedy, {}),
    "beam search": (beam_search, {"num_beams": 4}),
    "one beam": (beam_search, {"num_beams": 1}),
    "groups": (beam_search, {"num_beams": 4, "num_beam_groups": 2}),
    "contrastive search": (contrastive_search, {"top_k": 5}),
    "contrastive search by states alone": (contrastive_search, {"top_k": 5, "penalty_alpha": 1.0}),
    "exact search": (exact_search, {}),
    "generate": (generate, {}),
    "generate with beams": (generate, {"num_beams": 3, "num_return_sequences": 3}),
}


@pytest.mark.parametrize("prompt", [[0], [[7], [1, 2]]])
@pytest.mark.parametrize("name", FIRST)
def test_uniform_steps_give_the_lowest_ids(name, prompt):
    decode, options = FIRST[name]
    found = decode(uniform, prompt, 2, **options)
    best = [one[0] if isinstance(one, list) else one for one in (found if isinstance(prompt[0], list) else [found])]
    assert [decoded.tokens for decoded in best] == [[0, 0]] * len(best)


@pytest.mark.parametrize("num_beams", [1, 2, 5, 8])
def test_beams_of_equal_texts_are_the_first_in_order(num_beams):
    found = beam_search(uniform, [0], 3, num_beams=num_beams)
    assert [decoded.tokens for decoded in found] == [[0, 0, last] for last in range(num_beams)]


@given(st.integers(0, 10**6), st.integers(2, 5), st.integers(1, 4), st.integers(1, 4), st.sampled_from([None, 1]))
def test_beams_with_many_ties_are_those_of_a_stable_sort(seed, vocab_size, length, num_beams, eos):
    lm = RandomLM(vocab_size, length, seed, levels=2)
    options = {"length_penalty": 0.0, "early_stopping": "never"}
    found = beam_search(lm, [0], length, eos, num_beams=num_beams, **options)
    expected = diverse_beam_search(lm, length, eos, 1, num_beams, 0.0, 0.0)
    assert [decoded.tokens for decoded in found] == [text for _, text in expected[:num_beams]]


@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(1, 4))
def test_exact_search_of_ties_is_as_good_as_any(seed, vocab_size, length):
    lm = RandomLM(vocab_size, length, seed, levels=2)
    found = exact_search(lm, [0], length, 1)
    assert found.score == pytest.approx(max(score(lm, text, 0.0) for text in lm.texts(length, 1)))


def test_contrastive_search_prefers_the_lower_id_where_scores_tie():
    """Token 1 is more probable than token 0; by states alone (α = 1) all are equal."""

    def step(tokens, state):
        return torch.tensor([[0.3, 0.5, 0.2]] * len(tokens)).log(), torch.ones(len(tokens), 1, 2)

    assert contrastive_search(step, [2], 1, penalty_alpha=1.0, top_k=3).tokens == [0]
    assert contrastive_search(step, [2], 1, penalty_alpha=0.5, top_k=3).tokens == [1]
    assert contrastive_search(step, [2], 1, penalty_alpha=1.0, top_k=1).tokens == [1]


def test_the_filter_keeps_all_that_tie_with_the_kth():
    """As transformers does; a decoder that needs k of them takes the first."""
    assert (top_k_filter(torch.zeros(V), 3) == 0).all()


# Every table of log-probabilities -1 or -2 of two words, and every one of three words whose rows turn round: sums of
# whole numbers are exact, so ties are ties.
TABLES = [
    *(torch.tensor(values).view(2, 2) for values in itertools.product([-1.0, -2.0], repeat=4)),
    *(torch.tensor([row[k:] + row[:k] for k in range(3)]) for row in itertools.product([-1.0, -2.0, -3.0], repeat=3)),
]
LENGTH = 3


def beams_by_hand(table, width, eos):
    """Beam search over lists, with Python's stable sort; it waits for all texts."""
    running, done = [((), 0.0)], []
    for length in range(1, LENGTH + 1):
        longer = [
            ((*text, token), total + float(table[text[-1] if text else 0, token]))
            for text, total in running
            for token in range(len(table))
        ]
        looked = sorted(longer, key=lambda pair: -pair[1])[: 2 * width]
        done += [pair for pair in looked[:width] if pair[0][-1] == eos]
        running = [pair for pair in looked if pair[0][-1] != eos][:width]
        done += running if length == LENGTH else []
    return [list(text) for text, _ in sorted(done, key=lambda pair: -pair[1])[:width]]


@pytest.mark.parametrize("eos", [None, 0, 1])
def test_every_small_table_of_whole_numbers_is_searched_lowest_id_first(eos):
    for table in TABLES:

        def step(tokens, state, table=table):
            return table[tokens], table[tokens][:, None]

        size, text, options = len(table), [], {"length_penalty": 0.0, "early_stopping": "never"}
        while len(text) < LENGTH and (not text or text[-1] != eos):
            row = table[text[-1] if text else 0].tolist()
            text.append(row.index(max(row)))
        assert greedy(step, [0], LENGTH, eos).tokens == text == generate(step, [0], LENGTH, eos)[0].tokens
        assert contrastive_search(step, [0], LENGTH, eos, penalty_alpha=0.0, top_k=size).tokens == text
        for width in (1, 2, 3, 5, size**LENGTH):
            found = beam_search(step, [0], LENGTH, eos, num_beams=width, **options)
            assert [one.tokens for one in found] == beams_by_hand(table, width, eos)
        everything = beams_by_hand(table, size**LENGTH, eos)
        assert exact_search(step, [0], LENGTH, eos).score == sum(
            float(table[a, b]) for a, b in itertools.pairwise([0, *everything[0]])
        )


@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_contrastive_search_of_every_small_table_takes_the_lowest_id_of_the_best_scores(alpha):
    hidden = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)
    for table in TABLES:

        def step(tokens, state, table=table):
            return table[tokens].double(), tokens

        size = len(table)
        for k in range(1, size + 1):
            text = [0]
            for _ in range(LENGTH):
                row = table[text[-1]].double()
                candidates = sorted(sorted(range(size), key=lambda token: (-float(row[token]), token))[:k])
                scores = [
                    (1 - alpha) * float(row[token].exp()) - alpha * max(float(hidden[token] @ hidden[t]) for t in text)
                    for token in candidates
                ]
                text.append(candidates[scores.index(max(scores))])
            found = contrastive_search(
                step, [0], LENGTH, hidden=lambda tokens: hidden[tokens], penalty_alpha=alpha, top_k=k
            )
            assert found.tokens == text[1:]


def test_filters_of_every_small_row_keep_all_that_tie_and_draws_go_by_id():
    for size in (1, 2, 3, 4):
        for row in itertools.product([0.0, 1.0, 2.0], repeat=size):
            logits = torch.tensor(row)
            for k in range(1, size + 1):
                kept = [value >= sorted(row, reverse=True)[k - 1] for value in row]
                assert (top_k_filter(logits, k) > -math.inf).tolist() == kept
                probs = torch.where(torch.tensor(kept), logits.double().exp(), 0.0)
                edges = (probs / probs.sum()).cumsum(0).tolist()
                for u in (0.0, 0.2, 0.55, 0.9, 1 - 2**-32):
                    expected = next(i for i in range(size) if kept[i] and (u < edges[i] or not any(kept[i + 1 :])))
                    assert draw(filter_logits(logits, top_k=k), u) == expected
    assert sample(uniform, [0], 3, top_k=1).tokens == sample(uniform, [0], 3).tokens  # all tie, so all are kept
