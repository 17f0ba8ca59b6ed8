"""Decoders against transformers' `generate`, or against exhaustive search where transformers has nothing like them.

Both get the very same log-probabilities, of a random model in which every token of a text matters, and random numbers
that are the same. transformers 5 has moved contrastive search and groups of beams out of itself, so these are compared
with their definitions, written anew over whole texts.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any
from unittest import mock

import torch
from hypothesis import strategies as st
from torch import Tensor

from lmkit import decoding
from lmkit.decoding import Decoded
from tests.fuzz.filters import SHARES, numbers
from tests.fuzz.judge import NEAR, SAME, Jitter, judge
from tests.fuzz.table_model import FACTOR, PRIME, TableModel, models, wrapped
from tests.fuzz.target import target
from tests.random_lm import diverse_beam_search


def prompts(most: int = 8) -> st.SearchStrategy[list[list[int]]]:
    """Some prompts of one length; their ids are taken modulo the size of the vocabulary."""
    return st.integers(1, 4).flatmap(
        lambda length: st.lists(
            st.lists(st.integers(0, 20), min_size=length, max_size=length), min_size=1, max_size=most
        )
    )


ENDS = st.lists(st.integers(0, 20), max_size=2, unique=True)
RULES = st.fixed_dictionaries(
    {},
    optional={
        "repetition_penalty": st.floats(0.5, 3),
        "no_repeat_ngram_size": st.integers(1, 3),
        "min_new_tokens": st.integers(0, 4),
    },
)
LENGTHS = st.integers(4, 8)


class Case:
    """Model, prompts and end tokens of a case, with ids that the vocabulary has."""

    def __init__(self, model: list[list[float]], prompts: list[list[int]], ends: list[int], dtype: torch.dtype):
        self.lm = TableModel(model, dtype)
        size = self.lm.vocab_size
        self.prompts = [[token % size for token in prompt] for prompt in prompts]
        self.ends = list(dict.fromkeys(end % size for end in ends))
        self.end: Any = None if not self.ends else self.ends[0] if len(self.ends) == 1 else self.ends

    def generated(self, length: int, **options: Any) -> tuple[list[list[int]], Any]:
        """Return the texts that transformers writes, and all else that it returns."""
        theirs = wrapped()
        theirs.model = self.lm
        ids = torch.tensor(self.prompts)
        mask = torch.ones_like(ids)
        fixed = {"max_new_tokens": length, "eos_token_id": self.end, "pad_token_id": 0, "use_cache": False}
        out = theirs.generate(
            ids, attention_mask=mask, return_dict_in_generate=True, output_scores=True, **fixed, **options
        )
        return [self.cut(row[ids.shape[1] :].tolist()) for row in out.sequences], out

    def cut(self, text: list[int]) -> list[int]:
        """Return a text up to its first end token."""
        return next((text[: n + 1] for n, token in enumerate(text) if token in self.ends), text)

    def useful(self, rules: dict[str, Any]) -> dict[str, Any]:
        """Return rules without those that ours refuses where no token ends a text."""
        return {name: value for name, value in rules.items() if self.ends or name != "min_new_tokens"}

    def compare(self, decode: Callable, expected: Any, read: Callable = lambda texts: [t.tokens for t in texts]) -> str:
        """Compare what `decode(step)` makes with what is expected; `read` takes from a result what is compared."""
        dtype = torch.float32  # in which transformers adds up, whatever the model's type
        return judge(read(decode(self.lm)), expected, lambda jitter: read(decode(self.lm.noisy(jitter))), dtype)


def compare_each(case: Case, decode: Callable, expected: list, read: Callable = lambda text: text.tokens) -> list[str]:
    """Compare what is written after each prompt; `decode(step, rows)` decodes some of the prompts."""

    def verdict(row: int, found: Any) -> str:
        if read(found) == expected[row]:
            return SAME
        return judge(read(found), expected[row], lambda jitter: read(decode(case.lm.noisy(jitter), [row])[0]))

    rows = range(len(case.prompts))
    return [verdict(row, found) for row, found in zip(rows, decode(case.lm, rows), strict=True)]


def compare_chains(case: Case, decode: Callable, theirs: Callable) -> list[str]:
    """Compare decoders that write one text for each prompt; where no token is left ours must say so."""
    texts, out = theirs()
    try:
        found = decode(case.lm, range(len(case.prompts)))
    except ValueError as error:
        none_left = any((step == -math.inf).all(dim=-1).any() for step in out.scores)
        assert "must leave a token" in str(error) and none_left, error
        return []
    for prompt, text in zip(case.prompts, found, strict=True):
        case.lm.prompt = prompt
        assert text.log_probs == case.lm.log_probs(text.tokens), (text.log_probs, case.lm.log_probs(text.tokens))
    return compare_each(case, decode, texts)


@target(bfloat16=1000, model=models(), prompts=prompts(), ends=ENDS, length=LENGTHS, rules=RULES)
def greedy(model, prompts, ends, length, rules, dtype):
    case = Case(model, prompts, ends, dtype)
    rules = case.useful(rules)
    return compare_chains(
        case,
        lambda step, rows: decoding.greedy(step, [case.prompts[row] for row in rows], length, case.end, **rules),
        lambda: case.generated(length, do_sample=False, **rules),
    )


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0.2, 5),
        "top_k": st.integers(1, 10),
        "top_p": SHARES,
        "min_p": SHARES,
        "typical_p": SHARES,
    },
)


class Drawn:
    """In the place of `torch.multinomial`: the t-th call draws row i with the t-th number of the i-th stream."""

    def __init__(self, seeds: list[int]):
        self.seeds, self.step = seeds, 0

    def __call__(self, probs: Tensor, num_samples: int) -> Tensor:
        assert num_samples == 1
        numbers = [decoding.uniform(seed, self.step) for seed in self.seeds]
        self.step += 1
        below = (probs.double().cumsum(dim=-1) <= torch.tensor(numbers, dtype=torch.float64)[:, None]).sum(dim=-1)
        last = torch.where(probs > 0, torch.arange(probs.shape[1]), 0).amax(dim=-1)  # 0 where no token is left
        return torch.minimum(below, last)[:, None]


@target(
    bfloat16=1000,
    model=models(),
    prompts=prompts(),
    ends=ENDS,
    length=LENGTHS,
    rules=RULES,
    filters=FILTERS,
    seed=st.integers(0, 2**32 - 10),
)
def sample(model, prompts, ends, length, rules, filters, seed, dtype):
    case = Case(model, prompts, ends, dtype)
    seeds, rules = [seed + row for row in range(len(prompts))], case.useful(rules)

    def ours(step: Callable, rows: Sequence[int]) -> list[Decoded]:
        chosen = {"seed": [seeds[row] for row in rows], **filters, **rules}
        return decoding.sample(step, [case.prompts[row] for row in rows], length, case.end, **chosen)

    def theirs():
        with mock.patch("torch.multinomial", Drawn(seeds)):
            return case.generated(length, do_sample=True, **{"top_k": 0, **filters}, **rules)

    return compare_chains(case, ours, theirs)


BEAMS = st.fixed_dictionaries(
    {"num_beams": st.integers(2, 4), "length_penalty": st.sampled_from([1.0, 0.0, -1.0, 2.0]) | st.floats(-2, 3)},
    optional={"early_stopping": st.sampled_from([True, False, "never"])},
)


@target(
    bfloat16=1000,
    model=models(16, 18),  # wide enough that real candidates fill all places; transformers fills them with others
    prompts=prompts(),
    ends=ENDS,
    length=LENGTHS,
    rules=RULES.filter(lambda rules: rules.get("no_repeat_ngram_size") != 1),
    beams=BEAMS,
    data=st.integers(1, 4),
)
def beam_search(model, prompts, ends, length, rules, beams, data, dtype):
    case = Case(model, prompts, ends, dtype)
    options, wanted = {**beams, **case.useful(rules)}, min(data, beams["num_beams"])
    # What it gets are log-probabilities; of narrow types they do not sum to 1, and would be changed.
    with mock.patch("torch.nn.functional.log_softmax", lambda log_probs, dim: log_probs):
        texts, out = case.generated(length, do_sample=False, num_return_sequences=wanted, **options)

    def decode(step: Callable, rows: Sequence[int]) -> list[list[Decoded]]:
        chosen = [case.prompts[row] for row in rows]
        return decoding.generate(step, chosen, length, case.end, num_return_sequences=wanted, **options)

    expected = [texts[start : start + wanted] for start in range(0, len(texts), wanted)]
    verdicts = compare_each(case, decode, expected, lambda found: [text.tokens for text in found])
    if NEAR not in verdicts:
        scores = [text.score for one in decode(case.lm, range(len(prompts))) for text in one]
        close = zip(scores, out.sequences_scores.tolist(), strict=True)
        assert all(math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-4) for a, b in close), (scores, out.sequences_scores)
    return verdicts


@target(
    bfloat16=1000,
    model=models(2, 4),
    prompt=st.lists(st.integers(0, 20), min_size=1, max_size=3),
    ends=ENDS,
    length=st.integers(1, 4),
    length_penalty=st.sampled_from([0.0, 1.0]) | st.floats(-2, 3),
)
def exact_search(model, prompt, ends, length, length_penalty, dtype):
    """Exhaustive search: all texts, scored one by one."""
    case = Case(model, [prompt], ends, dtype)
    (case.lm.prompt,) = case.prompts
    scores = {
        tuple(text): math.fsum(case.lm.log_probs(text)) / len(text) ** length_penalty
        for text in case.lm.texts(length, case.ends)
    }
    options = {"length_penalty": length_penalty}

    def decode(step: Callable) -> list[Decoded]:
        return decoding.exact_search(step, case.prompts, length, case.end, **options)

    verdict = case.compare(decode, [list(max(scores, key=scores.__getitem__))])
    (found,) = decode(case.lm)
    assert math.isclose(found.score, max(scores.values()), rel_tol=1e-5, abs_tol=1e-6), (found.score, scores)
    return verdict


@target(
    model=models(2, 6),
    prompt=st.lists(st.integers(0, 20), min_size=1, max_size=3),
    length=st.integers(1, 4),
    shape=st.tuples(st.integers(1, 3), st.integers(1, 3)),
    diversity_penalty=st.floats(0, 3),
    length_penalty=st.floats(-1, 2),
    wanted=2000,
)
def groups_of_beams(model, prompt, length, shape, diversity_penalty, length_penalty):
    """A second algorithm over lists of texts, which waits for every one of them."""
    case = Case(model, [prompt], [], torch.float64)
    (case.lm.prompt,) = case.prompts
    groups, width = shape
    penalty = diversity_penalty if groups > 1 else 0.0
    expected = diverse_beam_search(case.lm, length, case.end, groups, width, penalty, length_penalty)[: groups * width]

    def decode(step: Callable) -> list[Decoded]:
        options = {"num_beams": groups * width, "num_beam_groups": groups, "diversity_penalty": penalty}
        options |= {"length_penalty": length_penalty, "early_stopping": "never"}
        return decoding.beam_search(step, case.prompts[0], length, case.end, **options)

    return case.compare(decode, sorted(text for _, text in expected), lambda found: sorted(t.tokens for t in found))


@target(
    bfloat16=1000,
    model=models(2, 6),
    vectors=numbers(21, 1),
    prompts=st.lists(st.lists(st.integers(0, 20), min_size=1, max_size=3), min_size=1, max_size=2),
    ends=ENDS,
    length=st.integers(1, 6),
    penalty_alpha=st.floats(0, 1),
    top_k=st.integers(1, 7),
)
def contrastive_search(model, vectors, prompts, ends, length, penalty_alpha, top_k, dtype):
    """Its definition (Su et al. 2022, equation 5), with every text read anew."""
    case = Case(model, prompts, ends, dtype)
    hiddens = torch.tensor(vectors, dtype=torch.float64).view(7, 3) + torch.tensor([0.5, 0, 0], dtype=torch.float64)

    def hidden(state: Tensor) -> Tensor:
        return hiddens[state % 7]

    def most_contrastive(text: list[int]) -> int:
        probs = case.lm.after(torch.tensor([text]))[0].double().exp()
        ranked = sorted(range(len(probs)), key=lambda token: (-probs[token], token))
        scores = {}
        for token in sorted(ranked[:top_k]):
            states = list(itertools.accumulate([*text, token], lambda h, t: (h * FACTOR + t + 1) % PRIME, initial=0))[
                1:
            ]
            past, now = hiddens[torch.tensor(states[:-1]) % 7], hiddens[states[-1] % 7]
            likeness = torch.nn.functional.cosine_similarity(past, now[None], dim=-1).max()
            scores[token] = float((1 - penalty_alpha) * probs[token] - penalty_alpha * likeness)
        return max(scores, key=scores.__getitem__)

    expected = []
    for prompt in case.prompts:
        text: list[int] = []
        while len(text) < length and text[-1:] not in [[end] for end in case.ends]:
            text.append(most_contrastive([*prompt, *text]))
        expected.append(text)

    def decode(step: Callable) -> list[Decoded]:
        options = {"penalty_alpha": penalty_alpha, "top_k": top_k}
        noise = getattr(step, "jitter", Jitter(0.0))
        seen = lambda state: noise(hidden(state))  # noqa: E731
        return decoding.contrastive_search(step, case.prompts, length, case.end, hidden=seen, **options)

    return case.compare(decode, expected)
