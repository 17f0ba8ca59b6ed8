"""The shipped models reach their figures on fresh data, and the recipes make what they say."""

import math
from itertools import islice

import pytest
import torch

from lmkit import decoding, pretrained
from lmkit.datasets import human_numbers, stories
from lmkit.datasets.stories import Oracle
from lmkit.experiments import recipes
from lmkit.models import LSTMLanguageModel
from lmkit.text import Vocab

FEMALE, MALE = ("she", "her"), ("he", "his", "him")


@pytest.fixture(scope="module")
def shipped_stories():
    return pretrained.load("stories")


@pytest.fixture(scope="module")
def shipped_numbers():
    return pretrained.load("human_numbers")


@pytest.fixture(scope="module")
def fresh():
    """Stories from another supply than the card's and the training's, the model's log-probabilities beside them."""
    trained = pretrained.load("stories")
    texts = list(islice(stories.stories(987_654_321), 800))
    end, out = trained.eos_token_id, []
    with torch.inference_mode():
        for text in texts:
            ids = trained.vocab.ids(text)
            logits, _ = trained.model(torch.tensor([[end, *ids[:-1]]]))
            out.append((text, ids, logits[0].log_softmax(dim=-1)))
    return out


def excess(fresh):
    """By how much the model's cross-entropy exceeds the grammar's own on the same texts, and the standard error."""
    floors, gaps = [], []
    for text, ids, log_probs in fresh:
        floors.append(-stories.log_prob(text))
        gaps.append(-float(log_probs[range(len(ids)), ids].sum()) - floors[-1])
    ratio = sum(gaps) / sum(floors)
    noise = [gap - ratio * floor for gap, floor in zip(gaps, floors, strict=True)]
    return ratio, math.sqrt(sum(n * n for n in noise)) / sum(floors)


# Stories


@pytest.mark.slow
def test_stories_model_is_at_most_2_percent_above_the_grammar(fresh, shipped_stories):
    ratio, error = excess(fresh)
    assert error < 0.002
    assert ratio - 3 * error > 0  # nothing can be below the grammar
    assert ratio + 3 * error <= 0.02
    assert abs(100 * ratio - shipped_stories.card["metrics"]["excess_percent"]) < 4 * 100 * error


@pytest.mark.slow
def test_stories_model_agrees_with_the_person_last_named(fresh, shipped_stories):
    """At every pronoun the oracle knows one gender only; the model gives that one more of its probability."""
    vocab, right, total = shipped_stories.vocab, 0, 0
    for text, _, log_probs in fresh:
        oracle = Oracle()
        for token, row in zip(text, log_probs.exp(), strict=True):
            possible = oracle.next()
            oracle.read(token)
            if token in FEMALE + MALE:
                mass = [float(row[vocab.ids(words)].sum()) for words in (FEMALE, MALE)]
                female = token in FEMALE
                assert not any(word in possible for word in (MALE if female else FEMALE))
                right += mass[0] > mass[1] if female else mass[1] > mass[0]
                total += 1
    assert total > 2000
    assert right / total >= 0.999


@pytest.mark.slow
def test_stories_model_writes_grammatical_texts(shipped_stories):
    """At top-p .9, on 1,000 samples with other seeds than the card's."""
    step, end = shipped_stories.model.stepper(), shipped_stories.eos_token_id
    seeds = range(10**6, 10**6 + 1000)
    texts = decoding.sample(step, [[end]] * 1000, 150, end, top_p=0.9, seed=seeds)
    good = sum(stories.is_grammatical(map(shipped_stories.vocab.words.__getitem__, text.tokens)) for text in texts)
    assert good >= 900
    on_card = shipped_stories.card["metrics"]["grammatical_at_top_p_0.9_percent"] / 100
    assert abs(good / 1000 - on_card) < 4 * math.sqrt(2 * on_card * (1 - on_card) / 1000) + 0.001


@pytest.mark.slow
def test_stories_card_tells_what_the_recipe_measures(shipped_stories):
    measured = recipes.stories_metrics(shipped_stories.model, shipped_stories.vocab, num_texts=100)
    card = shipped_stories.card["metrics"]
    assert measured.keys() == card.keys()
    assert measured["excess_percent"] == pytest.approx(card["excess_percent"], abs=0.5)
    assert measured["cross_entropy"] == pytest.approx(card["cross_entropy"], rel=0.05)
    assert card["excess_percent"] == pytest.approx(
        100 * (card["cross_entropy"] / card["grammar_cross_entropy"] - 1), abs=0.02
    )
    assert card["pronoun_agreement_percent"] >= 99.9
    assert card["grammatical_at_top_p_0.9_percent"] >= 90


def test_stories_model_has_the_vocabulary_of_its_grammar(shipped_stories):
    assert shipped_stories.vocab == stories.vocab()


# Human Numbers


@pytest.mark.slow
def test_human_numbers_model_counts_on(shipped_numbers):
    """What greedy decoding writes after a number alone, parsed and compared as numbers."""
    step, vocab = shipped_numbers.model.stepper(), shipped_numbers.vocab
    asked, right = range(3, 9998, 23), 0
    for number in asked:
        prompt = shipped_numbers.prompt_ids(" ".join([*human_numbers.words(number), "."]))
        written = vocab.decode(decoding.greedy(step, prompt, 8, vocab.id(".")).tokens)
        right += [human_numbers.parse(n) for n in human_numbers.numerals(written.split())] == [number + 1]
    measured = recipes.human_numbers_metrics(shipped_numbers.model, vocab, stride=23)
    assert right / len(asked) >= 0.99
    assert measured.keys() == shipped_numbers.card["metrics"].keys()
    assert measured["correct_successors_percent"] == pytest.approx(
        shipped_numbers.card["metrics"]["correct_successors_percent"], abs=0.7
    )


def test_human_numbers_model_has_the_vocabulary_of_its_data(shipped_numbers):
    assert shipped_numbers.vocab == human_numbers.vocab()


# What the recipes train on


def test_fresh_stories_are_rows_of_whole_stories_each_from_its_own_supply():
    vocab = stories.vocab()
    first, second = islice(recipes.fresh_stories(seed=4, batch_size=3, length=300), 2)
    assert first.shape == second.shape == (3, 301)
    for row in [*first, *second]:
        texts = vocab.decode(row).split("<eos>")
        assert texts[0] == ""
        assert all(stories.is_grammatical([*text.split(), "<eos>"]) for text in texts[1:-1])
        assert stories.is_grammatical(texts[-1])
    beginnings = {vocab.decode(row[:20]) for row in [*first, *second]}
    assert len(beginnings) == 6
    again = next(recipes.fresh_stories(seed=4, batch_size=3, length=300))
    assert torch.equal(again, first)


def test_number_runs_are_consecutive_and_reach_every_hundred():
    vocab, seen, leads = human_numbers.vocab(), set(), set()
    for stream in islice(recipes.number_runs(seed=3, batch_size=8, length=120), 150):
        assert stream.shape == (8, 121)
        for row in stream:
            tokens = vocab.decode(row).split()
            leads.add(tokens[0] == ".")
            numerals = human_numbers.numerals(tokens[1:] if tokens[0] == "." else tokens)
            values = list(map(human_numbers.parse, numerals))
            assert all(after == before + 1 or before == 9999 for before, after in zip(values, values[1:], strict=False))
            seen.update(values)
    assert {value // 100 for value in seen} == set(range(100))
    assert 9999 in seen
    assert leads == {True, False}


def test_primer_has_the_words_of_stories_and_names_people_more_often():
    primer, grammar = stories.primer(), stories.load_grammar()
    assert primer.vocab == grammar.vocab
    names = grammar.words_of("NAME")

    def share_of_names(texts):
        tokens = [token for text in texts for token in text]
        return sum(token in names for token in tokens) / len(tokens)

    texts = [list(islice(stories.stories(1, table), 300)) for table in (primer, grammar)]
    assert share_of_names(texts[0]) > 1.3 * share_of_names(texts[1])


def test_chrono_init_opens_the_forget_gates():
    model = LSTMLanguageModel(5, 4, 500, 2)
    before = [weight.clone() for weight in model.rnn.layer(1)]
    recipes.chrono_init(model, 80)
    for layer in range(2):
        weight_ih, _, bias_ih, bias_hh = model.rnn.layer(layer)
        i, f, g, o = bias_ih.detach().chunk(4)
        spans = 1 / (1 - torch.sigmoid(f))  # how many steps a cell with this forget gate remembers
        assert torch.equal(i, -f)
        assert 2 <= spans.min() and spans.max() <= 81
        assert spans.mean() == pytest.approx(41, abs=4)
        assert not bias_hh.any() and g.any() and o.any()
    assert torch.equal(model.rnn.layer(1)[0], before[0])


# The recipes themselves, shortened


def shortened(monkeypatch):
    full = recipes.train
    monkeypatch.setattr(recipes, "train", lambda *args, **kw: full(*args, **kw | {"steps": 25}))
    metrics = recipes.stories_metrics
    monkeypatch.setattr(recipes, "stories_metrics", lambda model, vocab: metrics(model, vocab, num_texts=3))
    count = recipes.human_numbers_metrics
    monkeypatch.setattr(recipes, "human_numbers_metrics", lambda model, vocab: count(model, vocab, stride=997))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["human_numbers", "stories"])
def test_recipe_makes_a_model_file_with_a_card(name, monkeypatch):
    shortened(monkeypatch)
    trained = pretrained.from_bytes(recipes.RECIPES[name](False))
    shipped = pretrained.load(name)
    assert trained.model.config() == shipped.model.config()
    assert trained.vocab == shipped.vocab
    for entry in ("title", "command", "seed"):
        assert trained.card[entry] == shipped.card[entry]
    assert trained.card["metrics"].keys() == shipped.card["metrics"].keys()


def test_recipe_can_be_repeated(monkeypatch):
    shortened(monkeypatch)
    monkeypatch.setattr(recipes, "human_numbers_metrics", lambda model, vocab: {})
    assert recipes.human_numbers_model(False) == recipes.human_numbers_model(False)


def test_every_shipped_model_has_a_recipe():
    assert sorted(recipes.RECIPES) == sorted(pretrained.names() + pretrained.translator_names())


def test_pronoun_agreement_counts_the_model_that_knows_nothing_as_wrong():
    vocab = stories.vocab()
    model = LSTMLanguageModel(len(vocab), 4, 4)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    texts = list(islice(stories.stories(3), 20))
    assert recipes.pronoun_agreement(model, vocab, texts) == 0  # a tie is not a preference
    with torch.no_grad():
        model.decoder.bias[vocab.ids(["she", "her"])] = 1
    share = recipes.pronoun_agreement(model, vocab, texts)
    tokens = [token for text in texts for token in text if token in FEMALE + MALE]
    assert share == pytest.approx(sum(token in FEMALE for token in tokens) / len(tokens))
    assert isinstance(vocab, Vocab)
