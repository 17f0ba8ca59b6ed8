"""Beam search against exhaustive search and invariants: one group, several, watched, and branch and bound."""

import itertools
import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lmkit.decoding import beam_search, exact, exact_search, greedy
from tests.random_lm import RandomLM, assert_tells_the_truth, diverse_beam_search, score


@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(1, 5), st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]))
def test_wide_beam_search_finds_what_exhaustive_search_finds(seed, vocab_size, length, length_penalty):
    lm = RandomLM(vocab_size, length, seed)
    expected = sorted(lm.texts(length, eos=1), key=lambda text: -score(lm, text, length_penalty))
    found = beam_search(lm, [0], length, 1, num_beams=vocab_size**length, length_penalty=length_penalty)
    assert [tuple(decoded.tokens) for decoded in found] == expected
    for decoded in found:
        assert_tells_the_truth(lm, decoded, length_penalty)
    assert math.isclose(sum(math.exp(decoded.log_prob) for decoded in found), 1)


@given(
    st.integers(0, 10**6),
    st.integers(2, 4),
    st.integers(1, 5),
    st.integers(1, 8),
    st.booleans(),
    st.sampled_from([None, 1]),
    st.sampled_from([-1.0, 0.0, 1.0, 2.0]),
)
def test_beam_search_ranks_distinct_texts_and_never_beats_the_best(
    seed, vocab_size, length, num_beams, early_stopping, eos, length_penalty
):
    lm = RandomLM(vocab_size, length, seed)
    options = {"num_beams": num_beams, "length_penalty": length_penalty, "early_stopping": early_stopping}
    found = beam_search(lm, [0], length, eos, **options)
    assert 1 <= len(found) <= num_beams
    assert len({tuple(decoded.tokens) for decoded in found}) == len(found)
    assert [d.score for d in found] == sorted((d.score for d in found), reverse=True)
    for decoded in found:
        assert_tells_the_truth(lm, decoded, length_penalty)
        assert len(decoded.tokens) == length or decoded.tokens[-1] == eos
        assert eos not in decoded.tokens[:-1]
    best = max(score(lm, text, length_penalty) for text in lm.texts(length, -1 if eos is None else eos))
    assert found[0].score <= best + 1e-9


@given(
    st.integers(0, 10**6),
    st.integers(1, 5),
    st.integers(1, 6),
    st.sampled_from(
        [
            {},
            {"eos_token_id": 0},
            {"length_penalty": 0.0, "eos_token_id": 0},
            {"length_penalty": 1.0, "eos_token_id": 0, "early_stopping": True},
        ]
    ),
)
def test_one_beam_is_greedy_search(seed, vocab_size, length, options):
    lm = RandomLM(vocab_size, length, seed)
    (found,) = beam_search(lm, [0], length, num_beams=1, **options)
    expected = greedy(lm, [0], length, options.get("eos_token_id"))
    assert found.tokens == expected.tokens
    assert found.log_probs == pytest.approx(expected.log_probs)


def half_way(tokens, state):
    """A text that ends has p = .5 at first; the other branch, .4, is certain from then on."""
    after = {None: [0.1, 0.5, 0.4], 2: [0.0, 1.0, 0.0], 0: [1.0, 0.0, 0.0]}
    rows = [after[None if state is None else int(token)] for token in tokens]
    return torch.tensor(rows, dtype=torch.float64).log(), torch.zeros(len(tokens))


@pytest.mark.parametrize(
    "early_stopping, tokens, best",
    [
        (True, [1], math.log(0.5)),
        (False, [1], math.log(0.5)),
        ("never", [2, 1], math.log(0.4) / 2),
    ],
)
def test_early_stopping_says_whether_a_longer_text_is_awaited(early_stopping, tokens, best):
    """Greedy search ends at once; log .4 / 2 beats log .5 / 1, but log .4 / 1, its present score, does not."""
    assert greedy(half_way, [0], 5, 1).tokens == [1]
    (found,) = beam_search(half_way, [0], 5, 1, num_beams=1, early_stopping=early_stopping)
    assert found.tokens == tokens
    assert found.score == pytest.approx(best)


@given(st.integers(0, 10**6), st.integers(1, 4), st.sampled_from([-1.0, 0.0, 0.7, 2.0]))
def test_more_patience_never_finds_less(seed, num_beams, length_penalty):
    lm = RandomLM(3, 6, seed)
    options = {"num_beams": num_beams, "length_penalty": length_penalty}
    eager, usual, patient = (beam_search(lm, [0], 6, 1, **options, early_stopping=e) for e in (True, False, "never"))
    assert patient[0].score >= max(usual[0].score, eager[0].score) - 1e-12


@given(
    st.integers(0, 10**6),
    st.integers(2, 4),
    st.integers(1, 6),
    st.integers(1, 3),
    st.sampled_from([-2.0, -0.5, 0.0, 0.5, 2.0]),
)
def test_never_stopping_early_finds_what_waiting_for_every_text_finds(seed, vocab_size, length, num_beams, penalty):
    lm = RandomLM(vocab_size, length, seed)
    found = beam_search(lm, [0], length, 1, num_beams=num_beams, length_penalty=penalty, early_stopping="never")
    expected = diverse_beam_search(lm, length, 1, 1, num_beams, 0.0, penalty)[:num_beams]
    assert [decoded.tokens for decoded in found] == [text for _, text in expected]


def chain(**after):
    """A step function whose distribution depends on the number of tokens read; counts its calls."""
    calls = []

    def step(tokens, state):
        calls.append(len(tokens))
        length = torch.zeros(len(tokens)) if state is None else state + 1
        return torch.tensor([after[f"t{int(n)}"] for n in length], dtype=torch.float64).log(), length

    step.calls = calls
    return step


@pytest.mark.parametrize(
    "early_stopping, penalty, texts, steps",
    [
        # Two texts have ended after two steps, [1] with log .3 and [2, 1] with log .065; [2, 2] runs on with log .585.
        ("never", -1.0, [[1], [2, 2, 1]], 3),
        ("never", 1.0, [[2, 2, 1], [2, 2, 2, 1]], 13),
        (False, -1.0, [[1], [2, 2, 1]], 3),
        (True, -1.0, [[1], [2, 1]], 2),
        (True, 1.0, [[1], [2, 1]], 2),
    ],
)
def test_a_search_stops_as_soon_as_its_bound_says_so(early_stopping, penalty, texts, steps):
    """A bound that is too low loses [2, 2, 1]; one that is too high reads on to the limit."""
    early = {"t0": [0.0, 0.3, 0.65, 0.05], "t1": [0.0, 0.1, 0.9, 0.0]}
    step = chain(**early, **{f"t{n}": [0.0, 0.6, 0.4, 0.0] for n in range(2, 30)})
    options = {"num_beams": 2, "length_penalty": penalty, "early_stopping": early_stopping}
    found = beam_search(step, [0], 20, 1, **options)
    assert [decoded.tokens for decoded in found] == texts
    assert len(step.calls) == steps


def test_a_running_text_that_only_equals_the_worst_finished_one_is_not_awaited():
    for early_stopping in (False, "never"):
        step = chain(**{f"t{n}": [0.5, 0.5] for n in range(9)})
        found = beam_search(step, [0], 9, 0, num_beams=1, length_penalty=0.0, early_stopping=early_stopping)
        assert [decoded.tokens for decoded in found] == [[0]] and len(step.calls) == 1


def test_a_search_without_running_texts_is_over():
    step = chain(t0=[1.0, 0.0], t1=[1.0, 0.0])
    (found,) = beam_search(step, [1], 9, 0, num_beams=3, early_stopping="never")
    assert found.tokens == [0] and step.calls == [1]


def test_early_stopping_ends_with_the_first_texts_that_end():
    lm = RandomLM(4, 6, seed=1)
    eager = beam_search(lm, [0], 6, 1, num_beams=3, early_stopping=True)
    eager_steps, lm.steps = lm.steps, 0
    patient = beam_search(lm, [0], 6, 1, num_beams=3, early_stopping="never")
    assert eager_steps < lm.steps
    assert patient[0].score >= eager[0].score


def test_beam_search_passes_over_what_is_impossible():
    def step(tokens, state):
        row = [0.0, 1.0, 0.0] if state is None else [0.5, 0.0, 0.5]
        return torch.tensor([row] * len(tokens)).log(), torch.zeros(len(tokens))

    found = beam_search(step, [0], 2, num_beams=5)
    assert sorted(decoded.tokens for decoded in found) == [[1, 0], [1, 2]]


@given(
    st.integers(0, 10**6),
    st.integers(2, 4),
    st.integers(1, 5),
    st.sampled_from([(2, 1), (2, 2), (3, 1), (3, 2)]),
    st.sampled_from([0.0, 0.4, 1.5]),
    st.sampled_from([0.0, 1.0]),
)
def test_groups_find_what_a_second_algorithm_finds(seed, vocab_size, length, shape, diversity_penalty, length_penalty):
    lm, (groups, width) = RandomLM(vocab_size, length, seed), shape
    options = {"num_beam_groups": groups, "diversity_penalty": diversity_penalty, "length_penalty": length_penalty}
    found = beam_search(lm, [0], length, None, num_beams=groups * width, early_stopping="never", **options)
    expected = diverse_beam_search(lm, length, None, groups, width, diversity_penalty, length_penalty)[: groups * width]
    assert [decoded.score for decoded in found] == pytest.approx([best for best, _ in expected])
    assert sorted(decoded.tokens for decoded in found) == sorted(text for _, text in expected)


@given(st.integers(0, 10**6), st.integers(1, 3), st.integers(2, 3))
def test_groups_without_a_penalty_each_search_alone(seed, width, groups):
    lm = RandomLM(4, 5, seed)
    alone = beam_search(lm, [0], 5, 1, num_beams=width)
    found = beam_search(lm, [0], 5, 1, num_beams=width * groups, num_beam_groups=groups)
    assert sorted(d.tokens for d in found) == sorted(d.tokens for d in alone * groups)


def test_a_diversity_penalty_makes_groups_differ():
    lm = RandomLM(5, 4, seed=3)
    options = {"num_beams": 4, "num_beam_groups": 4}
    same, other = (beam_search(lm, [0], 4, **options, diversity_penalty=d) for d in (0.0, 50.0))
    assert len({d.tokens[0] for d in same}) == 1
    assert len({d.tokens[0] for d in other}) == 4
    for decoded in other:
        assert_tells_the_truth(lm, decoded, 1.0)


@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(1, 4), st.integers(1, 4), st.sampled_from([None, 1]))
def test_on_step_tells_how_the_texts_came_about(seed, vocab_size, length, num_beams, eos):
    """Following what was kept from step to step leads to the texts that are returned."""
    lm, steps = RandomLM(vocab_size, length, seed), []
    options = {"num_beams": num_beams, "length_penalty": 0.0, "early_stopping": "never"}
    found = beam_search(lm, [0], length, eos, **options, on_step=steps.append)
    running, done = [()], []
    for number, step in enumerate(steps, start=1):
        assert step.length == number
        assert step.totals == sorted(step.totals, reverse=True)
        texts = [(*running[p], token) for p, token in zip(step.parents, step.tokens, strict=True)]
        assert step.totals == pytest.approx([sum(lm.log_probs(text)) for text in texts])
        assert len(texts) == min(2 * num_beams, vocab_size * len(running))
        by_status = {
            status: [t for t, s in zip(texts, step.statuses, strict=True) if s == status]
            for status in set(step.statuses)
        }
        others = [rank for rank, text in enumerate(texts) if text[-1] != eos]
        expected = ["ended" if rank < num_beams else "dropped" for rank in range(len(texts))]
        for place, rank in enumerate(others):
            expected[rank] = "kept" if place < num_beams else "dropped"
        assert step.statuses == expected
        running, ended = by_status.get("kept", []), by_status.get("ended", [])
        assert len(running) <= num_beams and all(text[-1] == eos for text in ended)
        done += ended
    done += running if len(steps) == length else []
    best = sorted((sum(lm.log_probs(text)) for text in done), reverse=True)[:num_beams]
    assert [decoded.score for decoded in found] == pytest.approx(best)


@given(
    st.integers(0, 10**6),
    st.integers(2, 4),
    st.integers(1, 5),
    st.sampled_from([None, 1]),
    st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]),
)
def test_exact_search_finds_what_exhaustive_search_finds(seed, vocab_size, length, eos, length_penalty):
    lm = RandomLM(vocab_size, length, seed)
    texts = lm.texts(length, eos)
    best = max(score(lm, text, length_penalty) for text in texts)
    found = exact_search(lm, [0], length, eos, length_penalty=length_penalty)
    assert found.score == pytest.approx(best)
    assert_tells_the_truth(lm, found, length_penalty)


@pytest.mark.parametrize("chunk_size", [1, 2, 7])
@pytest.mark.parametrize("length_penalty", [-1.0, 0.0, 1.5])
def test_exact_search_is_the_same_in_small_chunks(chunk_size, length_penalty, monkeypatch):
    """Flat distributions: most prefixes are read, and each must find its own state and its own past again."""
    monkeypatch.setattr(exact, "CHUNK_SIZE", chunk_size)
    for seed, eos in itertools.product(range(5), (None, 1)):
        lm = RandomLM(3, 4, seed, sharpness=0.4)
        expected = max(lm.texts(4, eos), key=lambda text: score(lm, text, length_penalty))
        found = exact_search(lm, [0], 4, eos, length_penalty=length_penalty)
        assert tuple(found.tokens) == expected
        assert_tells_the_truth(lm, found, length_penalty)


def test_exact_search_reads_as_many_prefixes_as_its_limit_allows():
    lm, rows, options = RandomLM(3, 5, seed=2, sharpness=0.5), [], {"length_penalty": 1.0}

    def counting(tokens, state):
        rows.append(len(tokens))
        return lm(tokens, state)

    beam_search(counting, [0], 5, num_beams=4, early_stopping="never")
    before = sum(rows) + 1  # and once more the prompt
    rows.clear()
    found = exact_search(counting, [0], 5, **options)
    read = sum(rows) - before
    assert read > 20
    assert exact_search(lm, [0], 5, **options, limit=read) == found
    with pytest.raises(RuntimeError, match=f"more than {read - 1} prefixes"):
        exact_search(lm, [0], 5, **options, limit=read - 1)


def test_exact_search_does_not_read_what_can_only_be_as_good():
    step = chain(**{"t0": [0.5, 0.5], **{f"t{n}": [0.0, 1.0] for n in range(1, 30)}})
    assert exact_search(step, [1], 20, 0, limit=1).tokens == [0]


def test_exact_search_reads_few_prefixes_and_says_when_they_are_too_many():
    lm = RandomLM(4, 7, seed=5)
    beam_search(lm, [0], 7, 1, num_beams=4, early_stopping="never")
    rows = []

    def counting(tokens, state):
        rows.append(len(tokens))
        return lm(tokens, state)

    exact_search(counting, [0], 7, 1)
    assert sum(rows) < sum(4**d for d in range(7)) / 10
    with pytest.raises(RuntimeError, match="limit must be larger: more than 3 prefixes"):
        exact_search(RandomLM(8, 6, seed=1, sharpness=0.1), [0], 6, limit=3)


def test_exact_search_finds_texts_that_beams_miss_and_adds_up_in_double_precision():
    """Of a model that computes in single precision; beam search, where exact search starts, has lost these texts."""
    better = 0
    for seed in range(40):
        lm = RandomLM(4, 6, seed, sharpness=0.3)
        lm.table = lm.table.float()
        found = exact_search(lm, [0], 6)
        assert found.log_probs == lm.log_probs(found.tokens)
        assert found.score == pytest.approx(math.fsum(found.log_probs), rel=1e-13)
        better += found.score > beam_search(lm, [0], 6, num_beams=4, length_penalty=0.0)[0].score
    assert better > 3, "texts that beam search does not find"
