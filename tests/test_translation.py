"""Translations of Stories: the oracle against brute force, against samples, and against laws that must hold."""

import json
import math
import random
from collections import Counter, defaultdict
from itertools import islice

import pytest

from lmkit.datasets import stories, translation
from lmkit.datasets.translation import SourceError, TargetError
from lmkit.datasets.translation.oracle import Translations
from lmkit.datasets.translation.source import Parser
from lmkit.datasets.translation.table import Table
from lmkit.datasets.translation.wording import Written
from tests.chi_square import assert_fits
from tests.german import Enumeration

GRAMMAR = json.loads(stories.PATH.read_text(encoding="utf-8"))
GERMAN = json.loads(translation.PATH.read_text(encoding="utf-8"))
SHORT = (
    "it was raining when maya left the castle . she had a red lantern and painted it . "
    "and the lantern ? maya still has it . <eos>"
)

# A story that comes about in two ways, and translations that do: of two derivations, and of one.
SMALL = {
    "registers": ["who"],
    "start": "STORY",
    "end": "<eos>",
    "forms": {},
    "rules": {
        "STORY": {"who=NAME SAW it": 2, "who=ANN saw it": 1},
        "NAME": {"ANN": 1, "bo": 1},
        "ANN": ["ann"],
        "SAW": ["saw"],
    },
}
SMALL_GERMAN = {
    "contractions": {"zu dem": "zum"},
    "endings": {"der": {"dat": "dem der dem dem"}},
    "forms": {},
    "rules": {
        "STORY": {
            "who=NAME SAW it": "3 NAME SAW es~2 SAW.part | 1 NAME SAW es~2 | 1 zu~2+der:dat:who NAME SAW",
            "who=ANN saw it": "1 ANN sah~1 es~2 an~ | 1 ANN blickte~1 auf~ es~2",
        },
        "NAME": {"/": "noun/gender", "ANN": "ANN", "bo": "1 Bo/m | 1 Bo/f"},
        "ANN": {"/": "noun/gender", "ann": "Ann/f"},
        "SAW": {"/": "pret/part", "saw": "1 sah/an | 2 sah"},
    },
}


@pytest.fixture(scope="module")
def samples():
    return list(islice(translation.pairs(2), 100))


@pytest.fixture(scope="module")
def enumeration():
    return Enumeration(GRAMMAR, GERMAN)


@pytest.fixture(scope="module")
def few(enumeration):
    """Stories with few translations, their oracle, and all translations by brute force."""
    found = [(story, translation.translations(story)) for story in islice(stories.stories(11), 60)]
    chosen = sorted(found, key=lambda pair: pair[1].count())[:10]
    return [(story, oracle, enumeration.translations(story)) for story, oracle in chosen]


def small_translations(text):
    grammar = stories.Grammar(SMALL)
    return Translations(Table(SMALL_GERMAN, grammar), Parser(grammar).parse(text.split()), Written("<eos>", (3,)))


# Against brute force


def assert_equal(oracle, enumerated):
    """The oracle knows exactly the enumerated translations, their probabilities, their order and their alignments."""
    probabilities = {words: sum(alignments.values()) for words, alignments in enumerated.items()}
    assert math.isclose(sum(probabilities.values()), 1)
    listed = list(map(tuple, oracle))
    assert len(listed) == len(set(listed)) == oracle.count() == len(probabilities)
    assert set(listed) == set(probabilities)
    for words, p in probabilities.items():
        assert math.isclose(math.exp(oracle.log_prob(words)), p, rel_tol=1e-9), words
        alignments = enumerated[words]
        assert math.isclose(alignments[tuple(oracle.align(words).alignment)], max(alignments.values()))
        assert words in oracle
    best = oracle.best()
    assert math.isclose(probabilities[tuple(best.words)], max(probabilities.values()))
    assert best == oracle.align(best.words)
    assert math.isclose(oracle.entropy(), -sum(p * math.log(p) for p in probabilities.values()))
    assert math.isclose(oracle.mean_length(), sum(p * len(words) for words, p in probabilities.items()))


def test_all_translations_of_short_stories_are_the_enumerated_ones(few):
    assert max(len(enumerated) for _, _, enumerated in few) > 30
    for _, oracle, enumerated in few:
        assert_equal(oracle, enumerated)
        assert all(len(alignments) == 1 for alignments in enumerated.values())


def test_next_words_after_every_beginning_are_the_enumerated_ones(few):
    for _, oracle, enumerated in few:
        mass = defaultdict(float)
        for words, alignments in enumerated.items():
            for end in range(len(words) + 1):
                mass[words[:end]] += sum(alignments.values())
        following = defaultdict(dict)
        for beginning, p in mass.items():
            if beginning:
                following[beginning[:-1]][beginning[-1]] = p / mass[beginning[:-1]]
        for beginning in mass:
            assert oracle.next(beginning) == pytest.approx(following[beginning])


@pytest.mark.parametrize("text", ["ann saw it", "bo saw it"])
def test_a_story_that_comes_about_in_two_ways_has_the_translations_of_both(text):
    enumerated = Enumeration(SMALL, SMALL_GERMAN).translations([*text.split(), "<eos>"])
    assert_equal(small_translations(text), enumerated)
    derivations = Parser(stories.Grammar(SMALL)).parse(text.split())
    assert len(derivations) == (2 if text.startswith("ann") else 1)
    assert any(len(alignments) > 1 for alignments in enumerated.values()) == text.startswith("ann")


def test_the_translations_of_first_sentences_are_how_those_of_the_story_begin(few):
    for story, _, enumerated in few:
        for end in translation.sentence_ends(story)[:-1]:
            oracle, total = translation.translations([*story[:end], "<eos>"]), 0.0
            for *words, mark in oracle:
                p = sum(
                    sum(alignments.values())
                    for whole, alignments in enumerated.items()
                    if list(whole[: len(words)]) == words
                )
                assert mark == "<eos>" and math.exp(oracle.log_prob([*words, mark])) == pytest.approx(p)
                total += p
                longer = next(w for w in enumerated if list(w[: len(words)]) == words)
                assert oracle.align(words).alignment == list(next(iter(enumerated[longer])))[: len(words)]
            assert total == pytest.approx(1)


# Against samples


def test_english_is_that_of_stories(samples):
    assert [pair.source for pair in samples] == list(islice(stories.stories(2), len(samples)))


def test_english_has_the_probability_that_stories_knows(samples):
    parser = Parser(stories.load_grammar())
    for source, _, _ in samples[:40]:
        total = sum(p for p, _ in parser.parse(source[:-1]))
        assert math.isclose(math.log(total), stories.log_prob(source), rel_tol=1e-9)


def test_no_story_comes_about_in_two_ways(samples):
    parser = Parser(stories.load_grammar())
    assert all(len(parser.parse(source[:-1])) == 1 for source, _, _ in samples)


def test_translations_are_drawn_with_their_probabilities():
    oracle, rng = translation.translations(SHORT), random.Random(0)
    drawn = Counter(tuple(oracle.sample(rng).words) for _ in range(4000))
    assert_fits(drawn, {tuple(words): math.exp(oracle.log_prob(words)) for words in oracle})


def test_an_ambiguous_story_is_drawn_with_its_probabilities():
    oracle, rng = small_translations("ann saw it"), random.Random(1)
    drawn = Counter(tuple(oracle.sample(rng).words) for _ in range(4000))
    assert_fits(drawn, {tuple(words): math.exp(oracle.log_prob(words)) for words in oracle})


def test_distributions_sum_to_one_and_log_probabilities_add_up(samples):
    vocab = translation.target_vocab()
    for source, target, _ in samples[:25]:
        oracle = translation.translations(source)
        log_probs = oracle.token_log_probs(target)
        for place, word in enumerate(target):
            following = oracle.next(target[:place])
            assert math.isclose(sum(following.values()), 1, rel_tol=1e-12)
            assert all(0 < p <= 1 and each in vocab for each, p in following.items())
            assert math.isclose(math.log(following[word]), log_probs[place], abs_tol=1e-12)
        assert oracle.next(target) == {}
        assert math.isclose(oracle.log_prob(target), sum(log_probs))


def test_drawn_alignments_are_the_true_ones(samples):
    for source, target, alignment in samples[:60]:
        assert translation.translations(source).align(target) == (target, alignment)


def test_every_english_word_comes_through(samples):
    """Only articles that German leaves out, and nothing else, may be lost."""
    for source, _, alignment in samples:
        assert {place for links in alignment for place in links} == set(range(len(source))), " ".join(source)


def test_entropy_is_the_mean_surprise_of_samples(samples):
    gaps = []
    for source, target, _ in samples:
        oracle = translation.translations(source)
        gaps.append(-oracle.log_prob(target) - oracle.entropy())
    assert abs(sum(gaps)) < 3 * math.sqrt(sum(gap * gap for gap in gaps))


def test_loss_floor_is_the_mean_entropy_a_word():
    found = [translation.translations(source) for source in islice(stories.stories(3), 8)]
    floor = sum(x.entropy() for x in found) / sum(x.mean_length() for x in found)
    assert math.isclose(translation.loss_floor(3, 8), floor)
    assert 0.05 < floor < 0.3


def test_the_best_is_at_least_as_probable_as_what_is_drawn(samples):
    for source, target, _ in samples[:40]:
        oracle = translation.translations(source)
        assert oracle.log_prob(oracle.best().words) >= oracle.log_prob(target)


def test_seed_names_the_supply(samples):
    assert list(islice(translation.pairs(2), 5)) == samples[:5]
    assert list(islice(translation.pairs(3), 5)) != samples[:5]


def test_beginnings_end_after_any_sentence_alike():
    found = list(islice(translation.beginnings(4), 600))
    wholes = Counter()
    for (source, target, alignment), story in zip(found, stories.stories(4), strict=False):
        ends = translation.sentence_ends(story)
        assert source[-1] == "<eos>" and source[:-1] == story[: len(source) - 1] and len(source) - 1 in ends
        assert target in translation.translations(source)
        assert alignment == translation.translations(source).align(target).alignment
        if len(ends) == 6:
            wholes[ends.index(len(source) - 1)] += 1
    assert_fits(wholes, dict.fromkeys(range(6), 1 / 6))


def test_beginnings_are_no_longer_than_asked():
    found = list(islice(translation.beginnings(4, longest=10), 300))
    assert {len(pair.source) - 1 for pair in found} == {8, 9, 10}
    assert list(islice(translation.beginnings(4, 10), 5)) == found[:5]
    with pytest.raises(ValueError, match="longest must be at least 8, the words of the shortest first sentence"):
        next(translation.beginnings(4, longest=7))


# Examples, by hand


@pytest.mark.parametrize(
    ("old", "new", "german"),
    [
        ("lantern", "lantern", "und die Laterne ? Maya hat sie noch immer ."),
        ("lantern", "kite", "und der Drachen ? Maya hat ihn noch immer ."),
        ("lantern", "boat", "und das Boot ? Maya hat es noch immer ."),
    ],
)
def test_it_has_the_gender_of_the_german_noun(old, new, german):
    oracle = translation.translations(SHORT.replace(old, new))
    assert " ".join(oracle.best().words).endswith(f"{german} <eos>")


def test_a_noun_stays_the_same_through_a_story():
    words = list(translation.translations(SHORT))
    assert all(("Lampe" in text) != ("Laterne" in text) for text in words)
    assert any("Lampe" in text for text in words)


def test_alignment_crosses_and_contracts():
    source = "maya , the queen 's brave daughter , woke early . she found a red kite near the gate . "
    source += "that night maya dreamed of the kite ."
    target = "Maya , die mutige Tochter der Königin , wachte früh auf . sie fand nahe dem Tor einen roten Drachen . "
    target += "in jener Nacht träumte Maya vom Drachen ."
    words, alignment = translation.translations(source).align(target)
    english = source.split()
    found = [(word, " ".join(english[place] for place in links)) for word, links in zip(words, alignment, strict=True)]
    assert found[:11] == [
        ("Maya", "maya"), (",", ","), ("die", "'s"), ("mutige", "brave"), ("Tochter", "daughter"), ("der", "the"),
        ("Königin", "queen"), (",", ","), ("wachte", "woke"), ("früh", "early"), ("auf", "woke"),
    ]  # fmt: skip
    assert dict(found)["vom"] == "of the"


# Bad input


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("the dragon", "word 1, 'the', begins no story; 'one', "),
        ("one dragon", "word 2, 'dragon', cannot follow 'one'; 'morning', "),
        ("one morning anna walked to the tom", "word 7, 'tom', cannot follow 'anna walked to the'"),
        ("one morning anna", "it ends too early, after 'one morning anna'; "),
        ("", "it is empty; 'one', "),
        (f"{SHORT} one", "'one', cannot follow 'has it . <eos>'; nothing can"),
    ],
)
def test_what_is_no_story_is_named_with_its_first_wrong_word(source, message):
    with pytest.raises(SourceError) as caught:
        translation.translations(source)
    assert message in str(caught.value)
    assert "source must be a story that the grammar of Stories can write" in str(caught.value)


def test_an_impossible_beginning_is_named_with_its_first_wrong_word():
    oracle = translation.translations(SHORT)
    with pytest.raises(TargetError, match=r"word 1, 'der', cannot come; possible is 'es', 'als'"):
        oracle.next("der")
    with pytest.raises(TargetError, match=r"word 4, 'weil', cannot come after 'es regnete ,'; possible is 'als'"):
        oracle.next("es regnete , weil")
    with pytest.raises(TargetError, match="possible is nothing"):
        oracle.align([*oracle.best().words, "es"])


def test_what_is_no_translation_has_no_probability():
    oracle = translation.translations(SHORT)
    best = oracle.best().words
    assert best in oracle and " ".join(best) in oracle
    assert best[:-1] not in oracle and [*best, "es"] not in oracle and "der" not in oracle
    assert oracle.log_prob("es regnete , weil") == oracle.token_log_probs("es regnete , weil ,")[-1] == -math.inf
    assert oracle.log_prob([*best, "es"]) == -math.inf


def test_text_and_words_with_the_end_or_without_are_read_alike():
    words = SHORT.split()
    with_end, without = translation.translations(words), translation.translations(SHORT.removesuffix(" <eos>"))
    assert list(with_end) == list(without)
    assert with_end.best().alignment[-1] == (len(words) - 1,)
    assert without.best().alignment == [*with_end.best().alignment[:-1], ()]


def test_vocabularies_begin_with_the_end_token(samples):
    assert translation.source_vocab() == stories.vocab()
    for vocab in (translation.source_vocab(), translation.target_vocab()):
        assert vocab.id("<eos>") == 0
    assert {word for _, target, _ in samples for word in target} <= set(translation.target_vocab().words)
