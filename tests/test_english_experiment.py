"""Decoders on real English: where texts begin, what is measured of them, and that a run says again what it said."""

import math
from collections import Counter
from dataclasses import replace

import pytest
import torch

from lmkit.datasets import shakespeare
from lmkit.experiments import english, english_judging
from lmkit.experiments.english_judging import DECODERS, PEOPLE, PEOPLE_ELSEWHERE, PLACES, READ, STUDIES, WRITTEN
from lmkit.metrics import repetition, words

TINY = replace(english.BASE, steps=2, vocab_size=300, embedding_size=8, hidden_size=8, batch_size=4)
CACHED = ("beginnings", "peoples_pieces", "peoples_lines", "known_words", "judge")


@pytest.fixture
def few(monkeypatch):
    """Parts of the plays, and few texts of them."""
    training, held_out = shakespeare.split()
    parts = training[:60_000], held_out[:80_000]
    monkeypatch.setattr(shakespeare, "split", lambda: parts)
    monkeypatch.setattr(english_judging, "PLACES", 4)
    monkeypatch.setattr(english_judging, "NEW_TOKENS", 40)
    monkeypatch.setattr(english_judging, "LOOP_TOKENS", 60)
    _forget()
    yield
    _forget()


def _forget():
    english.reader.cache_clear()
    for name in CACHED:
        getattr(english_judging, name).cache_clear()


def test_texts_begin_at_speeches_of_held_out_plays_and_do_not_overlap():
    training, held_out = shakespeare.split()
    here, elsewhere = (english_judging.beginnings(flag) for flag in (False, True))
    assert len(here) == len(elsewhere) == PLACES and not set(here) & set(elsewhere)
    starts = []
    for before, text in here + elsewhere:
        assert (len(before), len(text)) == (READ, WRITTEN) and before.endswith(":\n")
        assert before.split("\n")[-3] == ""  # the line of the speaker stands alone
        assert held_out.count(before + text) == 1 and before + text not in training
        starts.append(held_out.index(before + text))
    assert all(b - a >= READ + WRITTEN for a, b in zip(sorted(starts), sorted(starts)[1:], strict=False))


@pytest.mark.parametrize(
    "tokens, period",
    [([1, 1, 1, 1], 1), ([1, 2, 1, 2, 1], 2), ([1, 2, 3], 0), ([3, 1, 2, 1, 2], 0), ([1, 2, 3] * 5, 3)],
)
def test_a_loop_has_the_shortest_period(tokens, period):
    assert english_judging.period_of(tokens) == period


@pytest.mark.slow
def test_every_study_runs_and_says_the_same_again(few):
    chosen = {tuple(settings.items())[:1]: settings for _, settings, _ in english.english()}
    for settings in chosen.values():
        run = TINY.run(1, settings)
        english.reader.cache_clear()
        again = TINY.run(1, settings)
        assert run == again and run.measures and run.settings == settings
    assert {settings["study"] for settings in chosen.values()} == set(STUDIES)


def test_measures_of_people_are_those_of_their_texts(few):
    measures = TINY.run(1, {"study": "decoders", "decoder": PEOPLE}).measures
    texts = [text for _, text in english_judging.beginnings()]
    assert measures["example"] == texts[0]
    mean = sum(repetition(words(text), 4) for text in texts) / len(texts)
    assert measures["repeated_4_grams"] == pytest.approx(mean, abs=1e-5)
    grams = Counter(pair for text in texts for pair in zip(words(text), words(text)[1:], strict=False))
    assert measures["distinct_2"] == pytest.approx(len(grams) / grams.total(), abs=1e-4)


def test_surprise_is_that_of_the_model_step_by_step(few):
    reader = english.reader(TINY, 1)
    prompt, text = reader.tokenizer.encode("Anna:\n"), reader.tokenizer.encode("O no")
    log_probs, entropies = reader.surprise([prompt], [text])
    for t, token in enumerate(text):
        with torch.no_grad():
            logits, _ = reader.model(torch.tensor([[*prompt, *text[:t]]]))
        p = logits[0, -1].double().softmax(dim=-1)
        assert log_probs[t] == pytest.approx(math.log(p[token]), abs=1e-5)
        assert entropies[t] == pytest.approx(float(-(p * p.log()).sum()), abs=1e-5)


def test_greedy_is_what_keeping_one_token_draws(few):
    reader = english.reader(TINY, 1)
    prompts = [reader.tokenizer.encode("Anna:\n")]
    drawn = [english_judging.written(reader.step, prompts, seed, **DECODERS["greedy"]) for seed in (1, 2)]
    assert drawn[0] == drawn[1] == english_judging.written(reader.step, prompts, 1, num_beams=1)


def test_all_jobs_of_a_seed_stand_together_so_that_its_model_is_trained_once():
    jobs = list(english.english())
    seeds = [seed for _, _, seed in jobs]
    assert seeds == sorted(seeds) and len({recipe for recipe, _, _ in jobs}) == 1
    decoders = [settings["decoder"] for _, settings, seed in jobs if "decoder" in settings and seed == 1]
    assert decoders == [PEOPLE, PEOPLE_ELSEWHERE, *DECODERS]
