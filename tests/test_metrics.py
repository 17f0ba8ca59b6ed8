"""Metrics against hand counts, nltk, enumeration of every text, and the grammar itself."""

import math
from itertools import islice, product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.translate.bleu_score import SmoothingFunction, sentence_bleu

from lmkit import decoding, metrics
from lmkit.datasets import human_numbers, stories
from lmkit.models import LSTMLanguageModel

LETTERS = st.lists(st.sampled_from("abc"), max_size=8)
TEXTS = st.lists(LETTERS, min_size=2, max_size=6)


# Variety.


def test_distinct_n_counts_by_hand():
    texts = ["a b a b".split(), "b a".split()]
    assert metrics.distinct_n(texts, 1) == 2 / 6
    assert metrics.distinct_n(texts, 2) == 2 / 4  # ab, ba, ab; ba
    with pytest.raises(ValueError, match="at least one run of n = 5"):
        metrics.distinct_n(texts, 5)


def test_repetition_counts_by_hand():
    assert metrics.repetition("abcdabcd") == pytest.approx(1 / 5)  # of five runs, abcd comes twice
    assert metrics.repetition("abc") == 0
    assert metrics.repetition("aaaa", n=1) == 3 / 4


def test_mean_length_counts_by_hand():
    assert metrics.mean_length(["a", "bcd"]) == 2
    with pytest.raises(ValueError, match="at least one text"):
        metrics.mean_length([])


def by_nltk(texts, n):
    smooth, weights = SmoothingFunction(epsilon=0.1).method1, (1 / n,) * n
    rest = [texts[:i] + texts[i + 1 :] for i in range(len(texts))]
    scores = [
        sentence_bleu(others, text, weights, smoothing_function=smooth) if text else 0.0
        for others, text in zip(rest, texts, strict=True)
    ]
    return sum(scores) / len(scores)


@settings(max_examples=200, deadline=None)
@given(texts=TEXTS, n=st.integers(1, 5))
def test_self_bleu_agrees_with_nltk(texts, n):
    assert metrics.self_bleu(texts, n) == pytest.approx(by_nltk(texts, n), abs=1e-12)


def test_self_bleu_of_stories_agrees_with_nltk():
    texts = list(islice(stories.stories(seed=3), 12))
    assert metrics.self_bleu(texts) == pytest.approx(by_nltk(texts, 4), abs=1e-12)


def test_self_bleu_of_equal_and_of_unrelated_texts():
    assert metrics.self_bleu(["abcde"] * 3) == pytest.approx(1)
    assert metrics.self_bleu(["abcde", "fghij"]) == 0


@pytest.mark.parametrize(("texts", "n", "rule"), [(["ab"], 4, "at least two texts"), (["ab", "b"], 0, "n must be")])
def test_self_bleu_says_what_it_needs(texts, n, rule):
    with pytest.raises(ValueError, match=rule):
        metrics.self_bleu(texts, n)


# Distances between distributions of the next token.

WEIGHTS = st.lists(st.sampled_from([0.0, 0.5, 1.0, 3.0]), min_size=4, max_size=4).filter(any)


def log_distribution(weights):
    weights = torch.tensor(weights, dtype=torch.float64)
    return (weights / weights.sum()).log()


@given(q=WEIGHTS, p=WEIGHTS)
def test_distances_keep_their_bounds(q, p):
    log_q, log_p = log_distribution(q), log_distribution(p)
    found = {name: float(distance(log_q, log_p)) for name, distance in metrics.DISTANCES.items()}
    tv, js = found["total variation"], found["Jensen-Shannon"]
    slack = 1e-12
    assert 0 <= tv <= 1 + slack
    assert tv**2 / 2 - slack <= js <= math.log(2) * tv + slack  # Lin (1991)
    assert found["false mass"] <= tv + slack and found["missed mass"] <= tv + slack
    assert found["KL(q‖p)"] >= 2 * tv**2 - slack  # Pinsker
    assert math.isinf(found["KL(q‖p)"]) == (found["false mass"] > 0)
    assert math.isinf(found["KL(p‖q)"]) == (found["missed mass"] > 0)


@given(weights=WEIGHTS)
def test_distances_of_a_distribution_to_itself_are_zero(weights):
    log_q = log_distribution(weights)
    assert all(float(distance(log_q, log_q)) == pytest.approx(0, abs=1e-15) for distance in metrics.DISTANCES.values())


@given(q=WEIGHTS, p=WEIGHTS)
def test_total_variation_is_the_largest_difference_over_all_events(q, p):
    log_q, log_p = log_distribution(q), log_distribution(p)
    gaps = log_q.exp() - log_p.exp()
    events = [gaps[list(event)].sum() for event in product([False, True], repeat=4)]
    assert float(metrics.total_variation(log_q, log_p)) == pytest.approx(float(max(events)), abs=1e-12)


def test_distances_by_hand():
    log_q, log_p = log_distribution([0.5, 0.5, 0, 0]), log_distribution([0.25, 0.25, 0.5, 0])
    assert metrics.total_variation(log_q, log_p) == pytest.approx(0.5)
    assert metrics.kl_divergence(log_q, log_p) == pytest.approx(math.log(2))
    assert metrics.kl_divergence(log_p, log_q) == math.inf
    assert metrics.false_mass(log_q, log_p) == 0
    assert metrics.missed_mass(log_q, log_p) == pytest.approx(0.5)
    m = [0.375, 0.375, 0.25]
    by_hand = 0.5 * (2 * 0.5 * math.log(0.5 / m[0])) + 0.5 * (2 * 0.25 * math.log(0.25 / m[0]) + 0.5 * math.log(2))
    assert metrics.jensen_shannon(log_q, log_p) == pytest.approx(by_hand)


def test_kl_divergence_agrees_with_torch():
    log_q, log_p = torch.randn(2, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).log_softmax(-1)
    wanted = torch.nn.functional.kl_div(log_p, log_q, reduction="none", log_target=True).sum(-1)
    torch.testing.assert_close(metrics.kl_divergence(log_q, log_p), wanted)


def test_kl_divergence_of_nearly_equal_distributions_does_not_fall_below_zero():
    """Its terms cancel to less than rounding leaves of them."""
    generator = torch.Generator().manual_seed(0)
    logits, noise = torch.randn(2, 2000, 9, dtype=torch.float64, generator=generator)
    log_q, log_p = logits.log_softmax(-1), (logits + 1e-9 * noise).log_softmax(-1)
    assert ((log_q.exp() * (log_q - log_p)).sum(-1) < 0).any()
    assert metrics.kl_divergence(log_q, log_p).min() == 0
    assert (
        metrics.kl_divergence(log_q, log_p).dtype
        == metrics.false_mass(log_q.float(), log_p.float()).dtype
        == torch.float64
    )


def test_step_distances_average_over_positions_and_normalise():
    log_p = torch.stack([log_distribution([1, 1, 0, 0]), log_distribution([1, 1, 1, 1])])
    logits = torch.tensor([[5.0, 5.0, -math.inf, -math.inf], [7.0, -math.inf, -math.inf, -math.inf]])
    found = metrics.step_distances(logits, log_p)
    assert found["total variation"] == pytest.approx((0 + 0.75) / 2)
    assert found["missed mass"] == pytest.approx(0.75 / 2)
    assert found["false mass"] == 0 and found["KL(p‖q)"] == math.inf
    assert found["KL(q‖p)"] == pytest.approx(math.log(4) / 2)


def test_distances_refuse_shapes_that_differ():
    with pytest.raises(ValueError, match="one shape"):
        metrics.total_variation(torch.zeros(3), torch.zeros(4))


# Whole texts: tiny languages of which every text can be written down.

END, LONGEST = 0, 4
MODEL = [[0.0, 0.5, 0.5], [0.4, 0.3, 0.3], [0.2, 0.6, 0.2]]  # what follows token i; a text begins after the end token
TRUTH = [[0.0, 0.7, 0.3], [0.3, 0.0, 0.7], [0.5, 0.5, 0.0]]


def table_step(table):
    log_probs = torch.tensor(table, dtype=torch.float64).log()
    return lambda tokens, state: (log_probs[tokens], tokens)


def every_text():
    """All texts that end, and those that are cut at the limit."""
    for length in range(1, LONGEST + 1):
        for inner in product([1, 2], repeat=length - 1):
            yield [*inner, END]
    yield from map(list, product([1, 2], repeat=LONGEST))


def log_prob(table, text):
    steps = zip([END, *text], text, strict=False)
    return sum(math.log(table[a][b]) if table[a][b] else -math.inf for a, b in steps)


def exact(function, table):
    rows = [(log_prob(table, text), log_prob(TRUTH, text)) for text in every_text()]
    return sum(function(math.exp(q), math.exp(p)) for q, p in rows)


def drawn(table, count=4000):
    """Log-probabilities, under both tables, of texts drawn from the first."""
    texts = [drawn.tokens for drawn in decoding.sample(table_step(table), [[END]] * count, LONGEST, END)]
    scores = [metrics.text_log_probs(table_step(t), [[END]] * count, texts) for t in (table, TRUTH)]
    assert scores[0].tolist() == pytest.approx([log_prob(table, text) for text in texts])
    return scores


def test_every_text_is_there():
    assert exact(lambda q, p: q, MODEL) == pytest.approx(1)
    assert exact(lambda q, p: p, MODEL) == pytest.approx(1)


def test_text_total_variation_agrees_with_enumeration():
    value, error = metrics.text_total_variation(*drawn(MODEL))
    wanted = exact(lambda q, p: abs(q - p) / 2, MODEL)
    assert 0.1 < wanted < 0.9 and 0 < error < 0.01
    assert abs(value - wanted) < 4 * error


def test_text_kl_divergence_agrees_with_enumeration():
    soft = [[0.0, 0.6, 0.4], [0.4, 0.0, 0.6], [0.3, 0.7, 0.0]]  # like the truth, never the same word twice
    value, error = metrics.text_kl_divergence(*drawn(soft))
    wanted = exact(lambda q, p: q * math.log(q / p) if q else 0.0, soft)
    assert 0 < error < 0.02 < wanted
    assert abs(value - wanted) < 4 * error
    assert metrics.text_kl_divergence(*drawn(MODEL, 50)).value == math.inf  # the model repeats words, the truth never


def test_text_distances_of_equal_distributions_are_zero():
    log_q, log_p = drawn(TRUTH, 50)
    assert metrics.text_total_variation(log_q, log_p) == (0, 0)
    assert metrics.text_kl_divergence(log_q, log_p) == (0, 0)


def test_text_total_variation_of_one_certain_text():
    """A deterministic decoder puts all on one text x: TV = 1 - p(x)."""
    log_p = torch.tensor([0.25, 0.25]).log()
    assert metrics.text_total_variation(torch.zeros(2), log_p).value == pytest.approx(0.75)


def test_errors_of_estimates_are_those_of_a_mean():
    """Two values, 1 and 3: the mean is 2, the standard deviation √2, and that of the mean √2/√2."""
    found = metrics.text_kl_divergence(torch.tensor([1.0, 3.0]), torch.zeros(2))
    assert found == (pytest.approx(2), pytest.approx(1))
    assert found.value == pytest.approx(2) and found.error == pytest.approx(1)
    infinite = metrics.text_kl_divergence(torch.zeros(2), torch.tensor([0.0, -math.inf]))
    assert infinite.value == math.inf and math.isnan(infinite.error)
    varied = metrics.text_total_variation(torch.zeros(3), torch.tensor([0.75, 0.5, 4.0]).log())
    assert varied == (pytest.approx(0.25), pytest.approx(0.25 / math.sqrt(3)))


def test_text_total_variation_of_texts_at_a_filters_edge():
    log_q = torch.tensor([-math.inf, -1.0])
    assert metrics.text_total_variation(log_q, torch.tensor([-2.0, -math.inf])).value == 0.5


def test_text_log_probs_follow_the_filters():
    texts = [[1, 1, END], [2], [1, 2, 1, 2]]

    def reshape(logits):
        return decoding.filter_logits(logits, temperature=0.7, top_k=2)

    found = metrics.text_log_probs(table_step(MODEL), [[END], [END, 2], [END]], texts, reshape)
    for (prompt, text), value in zip(zip([[END], [END, 2], [END]], texts, strict=True), found, strict=True):
        wanted, last = 0.0, prompt[-1]
        for token in text:
            logits = torch.tensor(MODEL[last], dtype=torch.float64).log()
            wanted += float(reshape(logits).log_softmax(-1)[token])
            last = token
        assert float(value) == pytest.approx(wanted)


def test_text_log_probs_of_a_model_are_those_that_decoders_report():
    model, prompts = LSTMLanguageModel(7, 4, 5, 2), [[0], [0, 3, 2], [0, 1]]
    texts = decoding.sample(model, prompts, 6, END)
    found = metrics.text_log_probs(model, prompts, [text.tokens for text in texts])
    assert found.tolist() == pytest.approx([text.log_prob for text in texts], rel=1e-5)
    assert found.dtype == torch.float64


def test_text_log_probs_read_nothing_but_what_they_need():
    calls = []

    def counted(tokens, state):
        calls.append(tokens.tolist())
        return table_step(MODEL)(tokens, None)[0], None

    metrics.text_log_probs(counted, [[0], [0, 2]], [[1, 2], [1]])
    assert calls == [[0, 0], [1, 2]]


@pytest.mark.parametrize(("prompts", "rule"), [([[1]], "as many"), ([[1], []], "at least one token")])
def test_text_log_probs_say_what_they_need(prompts, rule):
    with pytest.raises(ValueError, match=rule):
        metrics.text_log_probs(table_step(MODEL), prompts, [[1], [2]])


def test_text_distances_need_a_sample():
    with pytest.raises(ValueError, match="two or more"):
        metrics.text_total_variation(torch.zeros(1), torch.zeros(1))


# Under the oracle of Stories.

STORIES = list(islice(stories.stories(seed=21), 6))
BROKEN = [*STORIES[0][:10], "teapot", "teapot"]


def test_true_log_probs_are_the_oracles():
    assert metrics.true_log_probs([*STORIES, BROKEN]).tolist() == [*map(stories.log_prob, STORIES), -math.inf]


def test_true_log_probs_of_what_follows():
    openings = [story[:5] for story in STORIES]
    found = metrics.true_log_probs(STORIES, openings)
    wanted = [stories.log_prob(story) - stories.log_prob(story[:5]) for story in STORIES]
    assert found.tolist() == pytest.approx(wanted)
    with pytest.raises(ValueError, match="must begin with what is given"):
        metrics.true_log_probs(STORIES[:1], [["once", "more"]])
    with pytest.raises(ValueError, match="is none"):
        metrics.true_log_probs([["teapot", "teapot"]], [["teapot"]])


def test_grammatical_share_counts_whole_texts():
    assert metrics.grammatical_share(STORIES) == 1
    assert metrics.grammatical_share([*STORIES[:3], BROKEN]) == 0.75


def test_log_prob_per_token_leaves_ungrammatical_texts_out():
    wanted = sum(map(stories.log_prob, STORIES)) / sum(map(len, STORIES))
    assert metrics.log_prob_per_token([*STORIES, BROKEN]) == pytest.approx(wanted)
    assert math.isnan(metrics.log_prob_per_token([BROKEN]))


def test_log_prob_per_token_of_what_follows():
    openings = [text[:3] for text in (*STORIES, BROKEN)]
    wanted = sum(stories.log_prob(story) - stories.log_prob(story[:3]) for story in STORIES)
    wanted /= sum(len(story) - 3 for story in STORIES)
    assert metrics.log_prob_per_token([*STORIES, BROKEN], openings) == pytest.approx(wanted)


@pytest.mark.parametrize(
    "function", [metrics.grammatical_share, metrics.log_prob_per_token, metrics.true_distributions]
)
def test_judging_no_text_is_an_error(function):
    with pytest.raises(ValueError, match="at least one text"):
        function([])


def test_true_distributions_are_those_before_every_token():
    log_p = metrics.true_distributions(STORIES[:2])
    words, vocab = [*STORIES[0], *STORIES[1]], stories.vocab()
    assert log_p.shape == (len(words), len(vocab))
    torch.testing.assert_close(log_p.exp().sum(-1), torch.ones(len(words), dtype=torch.float64))
    read = log_p[range(len(words)), vocab.ids(words)]
    assert float(read.sum()) == pytest.approx(sum(map(stories.log_prob, STORIES[:2])))
    assert metrics.step_distances(log_p, log_p)["total variation"] == pytest.approx(0, abs=1e-12)


def test_true_distributions_refuse_what_is_no_story():
    with pytest.raises(ValueError, match="cannot write 'teapot' at place"):
        metrics.true_distributions([BROKEN])


def test_a_decoder_that_knows_the_truth_has_no_distance():
    vocab = stories.vocab()

    oracles = {}

    def oracle_step(tokens, state):
        """Its state is the number of each row; the oracles are looked up by it."""
        state = torch.arange(len(tokens)) if state is None else state
        rows = torch.full((len(tokens), len(vocab)), -math.inf, dtype=torch.float64)
        for row, token, number in zip(rows, tokens.tolist(), state.tolist(), strict=True):
            if number in oracles:
                oracles[number].read(vocab.words[token])
            else:  # the first end token only begins the text
                oracles[number] = stories.Oracle()
            if following := oracles[number].next():
                row[vocab.ids(following)] = torch.tensor(list(following.values()), dtype=torch.float64).log()
        return rows, state

    ids = [vocab.ids(story) for story in STORIES]
    log_q = metrics.text_log_probs(oracle_step, [[vocab.id("<eos>")]] * len(ids), ids)
    torch.testing.assert_close(log_q, metrics.true_log_probs(STORIES))
    assert metrics.text_total_variation(log_q, metrics.true_log_probs(STORIES)).value == pytest.approx(0, abs=1e-9)


# Human Numbers.


def test_valid_numerals_count_lines():
    texts = ["two . twenty ten . one hundred . two".split(), "nine".split()]
    assert metrics.valid_numerals(texts) == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="at least one line"):
        metrics.valid_numerals(texts[1:])


def test_correct_successors_count_lines():
    assert metrics.correct_successors(["one . two . four . five .".split()]) == pytest.approx(2 / 3)
    assert metrics.correct_successors(["one . two two . three . four .".split()]) == 0.5  # nothing follows nonsense
    assert metrics.correct_successors(["one . two . three".split()]) == 0.5  # an unfinished line is wrong
    assert metrics.correct_successors([human_numbers.tokens(range(250, 320))]) == 1
    last = human_numbers.tokens([9998, 9999, 1])
    assert metrics.correct_successors([last]) == 1  # nothing is asked after 9999
    with pytest.raises(ValueError, match="include the prompts"):
        metrics.correct_successors([["one"], human_numbers.tokens([9999, 1])])
