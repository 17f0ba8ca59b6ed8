"""The Stories grammar: its oracle against samples, plain facts, and a second algorithm that rewrites symbols."""

import json
import math
import random
import re
from collections import Counter, defaultdict
from itertools import islice

import pytest

from lmkit.datasets import stories
from lmkit.datasets.stories import Grammar, Oracle
from tests.chi_square import assert_fits

TABLE = json.loads(stories.PATH.read_text(encoding="utf-8"))
GIRLS, BOYS = set(TABLE["rules"]["GIRL"]), set(TABLE["rules"]["BOY"])
FEMALE, MALE = {"she", "her", "girl", "daughter"}, {"he", "his", "him", "boy", "son"}

# Registers, forms, exclusion, weights, rules within rules, and texts that can come about in two ways.
SMALL = {
    "registers": ["hero", "friend", "who"],
    "start": "STORY",
    "end": "<eos>",
    "forms": {"she": {"GIRL": "she", "bo": "he"}},
    "rules": {
        "STORY": {"hero,who=NAME MEETS friend,who=NAME!hero THEN": 3, "hero,who=GIRL sang .": 1, "ann THEN-ANN": 2},
        "NAME": {"GIRL": 1, "ann": 1, "bo": 2},  # ann in two ways
        "GIRL": {"ann": 3, "eve": 1},
        "MEETS": ["met", "saw", "met again"],
        "THEN": {"$who.she smiled .": 1, "$hero smiled at $friend .": 2, "and then who=$hero THEN-WHO": 1},
        "THEN-WHO": ["smiled .", "saw that $who.she smiled ."],
        "THEN-ANN": {"sang .": 1, "met bo .": 1, ".": 1},
    },
}


def derivations(table, text=None):
    """The texts of a grammar and their probabilities, or those of its texts that begin with `text` up to its end.

    Rewrites the first symbol of a list until only words are left; reads the notation of the table by itself.
    """
    rules = {n: a if isinstance(a, dict) else dict.fromkeys(a, 1) for n, a in table["rules"].items()}
    found = defaultdict(float)

    def words_of(name):
        return {word for below in rules[name] for word in words_of(below)} if name in rules else {name}

    def rewrite(symbols, memory, written, p):
        if not symbols or (text is not None and len(written) == len(text)):
            found[tuple(written)] += p
            return
        head, rest = symbols[0], symbols[1:]
        store, name, banned = re.fullmatch(r"(?:([\w,]+)=)?(.+?)(?:!(\w+))?", head).groups()
        if name in rules:
            options = {below: weight for below, weight in rules[name].items() if below != memory.get(banned)}
            for below, weight in options.items():
                duty = head.replace(name, below) if store or banned else below
                rewrite(duty.split() + rest, memory, written, p * weight / sum(options.values()))
            return
        register, _, form = name[1:].partition(".")
        word = memory[register] if name[0] == "$" else name
        if name[0] == "$" and form:
            word = next(value for known, value in table["forms"][form].items() if word in words_of(known))
        if text is None or word == text[len(written)]:
            memory = memory | dict.fromkeys(store.split(",") if store else [], word)
            rewrite(rest, memory, [*written, word], p)

    rewrite([table["start"], table["end"]], {}, [], 1.0)
    return dict(found)


def after(tokens, grammar=None):
    """The oracle after reading tokens."""
    oracle = Oracle(grammar)
    for token in tokens:
        oracle.read(token)
    return oracle


@pytest.fixture(scope="module")
def samples():
    return list(islice(stories.stories(2), 10_000))


# The grammar's machinery, on a grammar small enough to write out


def test_small_grammar_has_the_enumerated_probabilities():
    grammar, texts = Grammar(SMALL), derivations(SMALL)
    assert math.isclose(sum(texts.values()), 1)
    assert len(texts) > 50
    for text, p in texts.items():
        assert math.isclose(math.exp(after(text, grammar).log_prob), p, rel_tol=1e-9), text


def test_small_grammar_has_the_enumerated_distribution_after_every_beginning():
    grammar, texts = Grammar(SMALL), derivations(SMALL)
    mass = defaultdict(float)
    for text, p in texts.items():
        for end in range(len(text) + 1):
            mass[text[:end]] += p
    for beginning in mass:
        following = {t[-1]: m / mass[beginning] for t, m in mass.items() if t and t[:-1] == beginning}
        assert after(beginning, grammar).next() == pytest.approx(following), beginning


def test_small_grammar_samples_what_was_enumerated():
    grammar, rng = Grammar(SMALL), random.Random(0)
    assert_fits(Counter(tuple(grammar.sample(rng)) for _ in range(20_000)), derivations(SMALL))


def test_small_grammar_knows_its_words():
    written = {word for text in derivations(SMALL) for word in text}
    assert Grammar(SMALL).vocab.words == ["<eos>", *sorted(written - {"<eos>"})]


def test_register_is_none_while_the_text_leaves_it_open():
    grammar = Grammar(SMALL)
    assert after(["ann"], grammar).register("hero") is None  # ann is the hero in two of three rules
    assert after(["ann", "saw"], grammar).register("hero") == "ann"
    assert after(["ann", "saw"], grammar).register("friend") is None
    assert after(["ann", "saw", "bo"], grammar).register("friend") == "bo"


# The oracle of the shipped grammar


def test_distributions_sum_to_one_along_stories():
    vocab = stories.vocab()
    for story in islice(stories.stories(1), 60):
        oracle = Oracle()
        for token in story:
            following = oracle.next()
            assert math.isclose(sum(following.values()), 1, rel_tol=1e-12)
            assert all(0 < p <= 1 and word in vocab for word, p in following.items())
            assert math.isclose(oracle.read(token), following[token], rel_tol=1e-12)
        assert oracle.next() == {}


def test_first_tokens_have_their_frequencies(samples):
    assert_fits(Counter(story[0] for story in samples), stories.next_token_distribution(""))


@pytest.mark.parametrize("prefix", ["once a", "last winter", "it was raining when", "maya", "on a windy", "tom , the"])
def test_tokens_after_a_beginning_have_their_frequencies(samples, prefix):
    beginning = prefix.split()
    counts = Counter(story[len(beginning)] for story in samples if story[: len(beginning)] == beginning)
    assert sum(counts.values()) > 80
    assert_fits(counts, stories.next_token_distribution(prefix))


def test_every_word_comes_as_often_as_the_distributions_along_the_way_say(samples):
    """Over all positions, Σ (word drawn - its probability) has mean 0 and variance Σ p (1 - p)."""
    surprise, variance = Counter(), Counter()
    for story in samples[:500]:
        oracle = Oracle()
        for token in story:
            for word, p in oracle.next().items():
                surprise[word] += (word == token) - p
                variance[word] += p * (1 - p)
            oracle.read(token)
    deviations = {w: surprise[w] / math.sqrt(v) for w, v in variance.items() if v > 5}
    assert len(deviations) > 250
    assert max(map(abs, deviations.values())) < 4.5
    assert abs(sum(z * z for z in deviations.values()) / len(deviations) - 1) < 0.3


def test_log_probabilities_add_up_and_agree_with_a_second_algorithm(samples):
    for story in samples[:25]:
        by_rewriting = math.log(derivations(TABLE, story)[tuple(story)])
        assert math.isclose(sum(stories.token_log_probs(story)), by_rewriting, rel_tol=1e-9)
        assert math.isclose(stories.log_prob(story), by_rewriting, rel_tol=1e-9)
        assert math.isclose(after(story).log_prob, by_rewriting, rel_tol=1e-9)
        half = story[: len(story) // 2]
        assert math.isclose(stories.log_prob(half), math.log(derivations(TABLE, half)[tuple(half)]), rel_tol=1e-9)


def test_text_and_tokens_are_read_alike(samples):
    story = samples[0]
    assert stories.token_log_probs(" ".join(story)) == stories.token_log_probs(story)
    assert stories.next_token_distribution(" ".join(story[:9])) == stories.next_token_distribution(iter(story[:9]))


def test_every_sample_is_grammatical(samples):
    assert all(stories.is_grammatical(story) for story in samples[:500])


def test_wrong_gender_is_impossible(samples):
    wrong = {"she": "he", "he": "she", "his": "her", "him": "her"}
    for story in samples[:300]:
        for i, token in enumerate(story):
            if token in wrong or (token == "her" and "she" in story):
                for other in [wrong[token]] if token in wrong else ["his", "him"]:
                    assert not stories.is_grammatical([*story[:i], other]), " ".join([*story[:i], other])


def test_another_thing_than_the_one_named_is_impossible(samples):
    things = TABLE["rules"]["THING"]
    for story in samples[:200]:
        first, *later = [i for i, token in enumerate(story) if token in things]
        for i in later:
            other = things[things.index(story[first]) - 1]
            assert not stories.is_grammatical([*story[:i], other])


@pytest.mark.parametrize(
    "text", ["dragon", "anna anna", "once a kind girl called ben", "<eos>", "the", "one morning anna walked to the tom"]
)
def test_impossible_texts_have_probability_zero(text):
    assert stories.log_prob(text) == -math.inf
    assert not stories.is_grammatical(text)
    assert stories.next_token_distribution(text) == {}


def test_nothing_follows_the_end(samples):
    assert stories.next_token_distribution(samples[0]) == {}
    assert stories.token_log_probs([*samples[0], "one"])[-1] == -math.inf


def test_a_beginning_is_at_least_as_probable_as_its_continuation(samples):
    for story in samples[:20]:
        totals = [after(story[:end]).log_prob for end in range(0, len(story) + 1, 5)]
        assert totals[0] == 0
        assert totals == sorted(totals, reverse=True)


def test_entropy_is_the_mean_surprise(samples):
    """entropy_per_token averages H, the mean of -log p given the past: over stories the difference is noise."""
    texts = list(islice(stories.stories(5), 400))
    tokens = sum(map(len, texts))
    surprise = [-stories.log_prob(text) for text in texts]
    entropy = stories.entropy_per_token(5, 400)
    gaps = [s - entropy * len(text) for s, text in zip(surprise, texts, strict=True)]
    spread = math.sqrt(sum(gap * gap for gap in gaps))
    assert abs(sum(surprise) / tokens - entropy) < 3 * spread / tokens
    assert spread / tokens < 0.02 * entropy  # the comparison has teeth


def test_entropy_of_a_fair_choice_is_the_logarithm_of_its_size():
    assert math.isclose(stories.entropy(dict.fromkeys("abcd", 0.25)), math.log(4))
    assert stories.entropy({"a": 1.0}) == 0


# What the stories are like


def test_stories_have_three_to_eight_sentences(samples):
    lengths = Counter(story.count(".") for story in samples)
    assert set(lengths) == {3, 4, 5, 6, 7, 8}
    assert all(story[-2:] == [".", "<eos>"] and story.count("<eos>") == 1 for story in samples)


def test_vocabulary_has_250_to_400_words_and_all_are_used(samples):
    vocab = stories.vocab()
    assert 250 <= len(vocab) <= 400
    assert vocab.words[0] == stories.load_grammar().end == "<eos>"
    assert {token for story in samples for token in story} == set(vocab.words)
    assert not any(word != word.lower() or set(word) & set("$=!") - {word} for word in vocab.words)


def test_pronouns_agree_with_the_last_named_person_in_every_sample(samples):
    checked = 0
    for story in samples:
        named = None
        for before, token in zip(["", *story], story, strict=False):
            if token in GIRLS | BOYS and before != "it":  # “ i will call it anna ” names a thing
                named = token
            elif named and token in FEMALE | MALE:
                assert (token in FEMALE) == (named in GIRLS), " ".join(story)
                checked += 1
    assert checked > 2 * len(samples)


def test_a_friend_is_somebody_else(samples):
    for story in samples[:300]:
        oracle = after(story)
        assert oracle.register("hero") in GIRLS | BOYS
        assert oracle.register("friend") != oracle.register("hero")


def test_stories_hardly_ever_repeat(samples):
    assert len(set(map(tuple, samples))) == len(samples)


def test_seed_names_the_supply():
    first = list(islice(stories.stories(7), 5))
    assert list(islice(stories.stories(7), 5)) == first
    assert list(islice(stories.stories(8), 5)) != first


def test_genders_are_those_of_the_grammar():
    assert {name for name, gender in stories.genders().items() if gender == 1} == GIRLS
    assert {name for name, gender in stories.genders().items() if gender == 0} == BOYS


def test_pronouns_stand_at_their_places_and_are_of_the_gender_told():
    for story in islice(stories.stories(3), 20):
        places = stories.pronoun_places(story)
        assert {t for t, word in enumerate(story) if word in ("she", "he")} <= set(places)
        for place, gender in places.items():
            possible = stories.next_token_distribution(story[:place])
            assert (("she" in possible), ("he" in possible)) == (bool(gender), not gender)
        assert stories.pronoun_places(" ".join(story)) == places
