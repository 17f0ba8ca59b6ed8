"""How open choices were: closed forms, and the browser's numbers beside Python's."""

import base64
import json
import math

import pytest
import torch

from lmkit import pretrained
from lmkit.datasets import stories
from lmkit.widgets import DecodingLab
from lmkit.widgets.labs.decoding import entropy

LOAD = """([data, table]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  globalThis.session = new lmkit.Session(lmkit.parseModel(bytes, "data"), table && new lmkit.Grammar(table));
}"""
CHOICES = "(settings) => lmkit.choices(session, session.decode(settings))"
SETTINGS = [
    {"method": "greedy"},
    {"method": "beam search", "num_beams": 3},
    {"top_p": 1.0},
    {"top_p": 1.0, "temperature": 0.3},
    {"top_p": 1.0, "temperature": 2.5, "seed": 3},
    {"top_p": 0.7, "top_k": 5},
    {"top_p": 1.0, "min_p": 0.2},
    {"top_p": 1.0, "typical_p": 0.4, "temperature": 1.5},
]
PROMPTS = {
    "stories": ["one morning anna", "<eos>", "anna the the"],
    "human_numbers": ["two hundred seventy eight ."],
}


@pytest.fixture(scope="module")
def node(scripts):
    return scripts(
        "runtime/safetensors.js",
        "runtime/oracle.js",
        "runtime/session.js",
        "runtime/entropy.js",
        "labs/decoding/entropy.js",
    )


@pytest.mark.parametrize("name", PROMPTS)
def test_the_browser_finds_what_python_finds(node, name):
    """For every method and filter, with the truth where it is known."""
    table = json.loads(stories.PATH.read_text(encoding="utf-8")) if name == "stories" else None
    node.evaluate(LOAD, [base64.b64encode(pretrained.path_of(name).read_bytes()).decode(), table])
    for prompt in PROMPTS[name]:
        for given in SETTINGS:
            made = DecodingLab(name, prompt=prompt, max_new_tokens=30, **given)
            settings = made.decoding_settings()
            expected = entropy.choices(made._options[0], settings, made.decode()[0])
            found = node.evaluate(CHOICES, vars(settings))
            assert len(found) == len(expected), (prompt, given)
            for shown, known in zip(found, expected, strict=True):
                for field, value in known._asdict().items():
                    assert shown[field] == pytest.approx(value, abs=2e-4), (prompt, given, field)


def test_greedy_and_beam_search_choose_from_the_models_own():
    for method in ("greedy", "beam search"):
        made = DecodingLab("stories", method=method, temperature=0.5)
        for choice in entropy.choices(made._options[0], made.decoding_settings(), made.decode()[0]):
            assert choice.own == choice.left


def test_a_filter_that_keeps_one_token_leaves_no_choice():
    made = DecodingLab("stories", top_k=1, top_p=1.0)
    for choice in entropy.choices(made._options[0], made.decoding_settings(), made.decode()[0]):
        assert choice.left == 0 and choice.own > 0


def test_truth_is_unknown_where_the_grammar_cannot_write_the_text():
    made = DecodingLab("stories", prompt="anna the the")
    choices = entropy.choices(made._options[0], made.decoding_settings(), made.decode()[0])
    assert all(choice.truth is None for choice in choices)


def test_truth_is_the_grammars_entropy():
    made = DecodingLab("stories", prompt="one morning anna", max_new_tokens=12)
    best = made.decode()[0]
    text = made.decoding_settings().prompt.split()
    for token, choice in zip(
        best.tokens, entropy.choices(made._options[0], made.decoding_settings(), best), strict=True
    ):
        assert choice.truth == pytest.approx(stories.entropy(stories.next_token_distribution(text)))
        assert choice.own == pytest.approx(choice.truth, abs=0.5)
        text.append(made._options[0].trained.vocab.words[token])


def test_surprisal_is_as_expected_under_pure_sampling_and_less_when_it_is_cold():
    """Over many draws the mean surprisal is the mean entropy; a low temperature and greedy decoding fall below."""
    gaps = {}
    for temperature in (0.3, 1.0, 2.0):
        made = [
            DecodingLab("stories", top_p=1.0, temperature=temperature, seed=seed, max_new_tokens=60, controls=[])
            for seed in range(40)
        ]
        each = [c for lab in made for c in entropy.choices(lab._options[0], lab.decoding_settings(), lab.decode()[0])]
        gaps[temperature] = sum(choice.surprisal - choice.own for choice in each) / len(each)
    assert gaps[0.3] < -0.15
    assert abs(gaps[1.0]) < 0.06
    assert gaps[2.0] > 0.1


@pytest.mark.parametrize("size", [1, 2, 37])
def test_entropy_of_equal_choices_is_the_logarithm_of_their_number(node, size):
    logits = torch.full((size + 3,), 2.5)
    logits[size:] = -math.inf
    assert entropy.entropy(logits) == pytest.approx(math.log(size), abs=1e-12)
    kept = node.evaluate(
        """(size) => {
          const status = new Uint8Array(size + 3).fill(1);
          status.fill(0, 0, size);
          const logits = new Float32Array(size + 3).fill(2.5);
          return lmkit.entropyKept({ size: size + 3, logits, status, peak: () => 2.5 });
        }""",
        size,
    )
    assert kept == pytest.approx(math.log(size), abs=1e-12)
