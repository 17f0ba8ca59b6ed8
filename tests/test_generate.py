"""Against transformers' own loop with one of our models inside, and one entry against its parts."""

import pytest
import torch
from transformers import GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import CausalLMOutput

from lmkit.decoding import beam_search, contrastive_search, generate, greedy, sample
from lmkit.models import LSTMLanguageModel
from tests.random_lm import RandomLM


class Wrapped(PreTrainedModel, GenerationMixin):
    """A model of ours as transformers' `generate` wants it, reading the whole text at each step."""

    config_class = PretrainedConfig

    def __init__(self, model):
        super().__init__(PretrainedConfig(vocab_size=model.vocab_size, is_encoder_decoder=False))
        self.model = model
        self.post_init()

    def _init_weights(self, module):
        """Leave the weights as they are."""

    def prepare_inputs_for_generation(self, input_ids, attention_mask=None, **_):
        return {"input_ids": input_ids}

    def forward(self, input_ids, attention_mask=None, **_):
        return CausalLMOutput(logits=self.model(input_ids)[0])


class LogProbabilities(LSTMLanguageModel):
    """A model whose logits are log-probabilities: a repetition penalty looks at their signs."""

    def forward(self, tokens, state=None):
        logits, state = super().forward(tokens, state)
        return logits.log_softmax(dim=-1), state


EOS, MAX_NEW = 0, 12


def random_model(seed, eos_bias=1.0):
    """A language model with peaked distributions over 30 words, whose texts end now and then."""
    torch.manual_seed(seed)
    model = LogProbabilities(30, 8, 16)
    with torch.no_grad():
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.9)
        model.decoder.bias[EOS] += eos_bias
    return model.eval()


def generated(model, *prompts, **options):
    """Texts and scores by transformers, for prompts of one length."""
    fixed = {"max_new_tokens": MAX_NEW, "eos_token_id": EOS, "pad_token_id": EOS, "use_cache": False}
    out = Wrapped(model).generate(
        torch.tensor(prompts),
        attention_mask=torch.ones(len(prompts), len(prompts[0])),
        return_dict_in_generate=True,
        output_scores=True,
        do_sample=False,
        **fixed,
        **options,
    )
    texts = [row[len(prompts[0]) :].tolist() for row in out.sequences]
    return [text[: text.index(EOS) + 1] if EOS in text else text for text in texts], out


RULES = [
    {},
    {"repetition_penalty": 1.7},
    {"no_repeat_ngram_size": 2},
    {"min_new_tokens": 6},
    {"suppress_tokens": [4, 1, 17, 28]},
    {"repetition_penalty": 0.8, "no_repeat_ngram_size": 3, "min_new_tokens": 4, "suppress_tokens": [2, 9]},
]


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("seed", range(8))
def test_greedy_writes_what_transformers_writes(seed, rules):
    model, prompt = random_model(seed), [3, 7, 1]
    (text,), _ = generated(model, prompt, **rules)
    assert greedy(model.stepper(), prompt, MAX_NEW, EOS, **rules).tokens == text


@pytest.mark.parametrize("early_stopping", [False, True, "never"])
@pytest.mark.parametrize("length_penalty", [-0.7, 0.0, 1.0, 2.0])
@pytest.mark.parametrize("num_beams", [2, 3, 5, 10])
def test_beam_search_finds_what_transformers_finds(num_beams, length_penalty, early_stopping):
    ended = 0
    for seed in range(6):
        model, prompt = random_model(seed, eos_bias=2.0 * seed + 2), [3, 7, 1]
        options = {
            "num_beams": num_beams,
            "length_penalty": length_penalty,
            "early_stopping": early_stopping,
        } | RULES[seed % len(RULES)]
        texts, out = generated(model, prompt, num_return_sequences=num_beams, **options)
        found = generate(model.stepper(), prompt, MAX_NEW, EOS, num_return_sequences=num_beams, **options)
        assert [decoded.tokens for decoded in found] == texts
        assert [decoded.score for decoded in found] == pytest.approx(out.sequences_scores.tolist(), abs=1e-4)
        ended += sum(text[-1] == EOS for text in texts)
    assert ended > num_beams, "too few texts that end"


def test_a_batch_of_beams_is_searched_as_transformers_searches_it():
    model, prompts = random_model(3, eos_bias=4.0), [[3, 7, 1], [5, 5, 2], [9, 8, 7], [1, 2, 3]]
    options = {"num_beams": 4, "num_return_sequences": 4, "length_penalty": 0.5}
    texts, _ = generated(model, *prompts, **options)
    found = generate(model.stepper(), prompts, MAX_NEW, EOS, **options)
    assert [decoded.tokens for one in found for decoded in one] == texts


# One entry to all decoders


def test_generate_is_its_parts():
    lm, prompts = RandomLM(4, 9), [[0, 2], [0], [0, 1, 1]]
    common = (lm, prompts, 5, 1)
    hidden = lambda state: torch.stack([state, state**2 + 1], dim=1).double()  # noqa: E731
    beams = {"num_beams": 3, "length_penalty": 0.3, "early_stopping": True}
    assert generate(*common) == [[text] for text in greedy(*common)]
    assert generate(*common, **beams) == [texts[:1] for texts in beam_search(*common, **beams)]
    assert generate(*common, **beams, num_return_sequences=3) == beam_search(*common, **beams)
    assert generate(*common, do_sample=True, top_k=3, seed=5) == [[t] for t in sample(*common, top_k=3, seed=5)]
    assert generate(*common, penalty_alpha=0.4, top_k=2, hidden=hidden) == [
        [text] for text in contrastive_search(*common, penalty_alpha=0.4, top_k=2, hidden=hidden)
    ]
    assert generate(*common, num_beams=1, penalty_alpha=0) == generate(*common)


def test_generate_draws_several_texts_for_each_prompt():
    lm, prompts = RandomLM(4, 9), [[0, 2], [0]]
    found = generate(lm, prompts, 5, 1, do_sample=True, num_return_sequences=3, seed=4)
    assert found == [[sample(lm, p, 5, 1, seed=4 + 3 * j + i) for i in range(3)] for j, p in enumerate(prompts)]


def test_seeds_of_several_draws_go_round():
    lm = RandomLM(4, 5)
    found = generate(lm, [0], 5, do_sample=True, num_return_sequences=2, seed=2**32 - 1)
    assert found == [sample(lm, [0], 5, seed=seed) for seed in (2**32 - 1, 0)]
    assert generate(lm, [0], 5, do_sample=True) == [sample(lm, [0], 5, seed=0)]


@pytest.mark.parametrize(
    "options, rule",
    [
        ({"temperature": 0.5}, "temperature must be left out of greedy decoding, .* but it is 0.5; .*do_sample"),
        ({"num_beams": 2, "top_p": 0.5}, "top_p must be left out of beam search"),
        ({"do_sample": True, "length_penalty": 0.5}, "length_penalty must be left out of sampling"),
        ({"do_sample": True, "num_beams": 2}, "do_sample must be left out where num_beams is given"),
        ({"penalty_alpha": 0.6, "num_beams": 2}, "num_beams must be left out where penalty_alpha is given"),
        (
            {"num_return_sequences": 2},
            "num_return_sequences must be 1, for greedy decoding writes one text, but it is 2",
        ),
        ({"num_beams": 2, "num_return_sequences": 3}, "num_return_sequences must be at most num_beams, 2, but it is 3"),
        ({"num_return_sequences": 0}, "num_return_sequences must be a whole number of at least 1, but it is 0"),
        ({"beams": 3}, "beams must be left out of greedy decoding"),
    ],
)
def test_generate_refuses_what_would_change_nothing(options, rule):
    with pytest.raises(ValueError, match=rule):
        generate(RandomLM(3, 4), [0], 3, 1, **options)


# Tokens that are never written

LIKELY = [4, 1, 17, 28, 9, 22]


@pytest.mark.parametrize("options", [{}, {"num_beams": 4, "num_return_sequences": 4}])
def test_suppressed_tokens_are_also_bad_words_of_transformers(options):
    for seed in range(4):
        model, prompt = random_model(seed), [3, 7, 1]
        texts, _ = generated(model, prompt, bad_words_ids=[[token] for token in LIKELY], **options)
        found = generate(model.stepper(), prompt, MAX_NEW, EOS, suppress_tokens=LIKELY, **options)
        assert [decoded.tokens for decoded in found] == texts


@pytest.mark.parametrize(
    "options", [{}, {"do_sample": True, "seed": 3}, {"num_beams": 3}, {"penalty_alpha": 0.6}, {"num_beams": 1}]
)
def test_suppressed_tokens_are_as_if_their_probability_were_none(options):
    """Against a step whose log-probabilities are cut by hand; what is reported is the model's own."""
    model, banned = random_model(2), torch.tensor(LIKELY)

    step = model.stepper()

    def cut(tokens, state):
        log_probs, state = step(tokens, state)
        return log_probs.index_fill(1, banned, -torch.inf), state

    prompts = [[3, 7, 1], [4, 4], [9]]
    plain = generate(model, prompts, MAX_NEW, EOS, **options)
    found = generate(model, prompts, MAX_NEW, EOS, suppress_tokens=banned, **options)
    assert found == generate(cut, prompts, MAX_NEW, EOS, **options)
    assert not {token for one in found for text in one for token in text.tokens} & set(LIKELY)
    assert {token for one in plain for text in one for token in text.tokens} & set(LIKELY)


@pytest.mark.parametrize(
    "options", [{}, {"do_sample": True}, {"num_beams": 2}, {"penalty_alpha": 0.6, "hidden": torch.ones_like}]
)
@pytest.mark.parametrize(
    "suppress_tokens, message",
    [
        ([4], "suppress_tokens must be ids, whole numbers from 0 to 3, but one is 4"),
        ([-1], "suppress_tokens must be ids"),
        ([1.5], "suppress_tokens must be ids"),
        (2, "suppress_tokens must be a sequence of ids"),
        ([0, 1, 2, 3], r"suppress_tokens must leave a token, but \[0, 1, 2, 3\] forbids all that may come after 0 new"),
    ],
)
def test_tokens_to_suppress_are_some_of_the_vocabulary(options, suppress_tokens, message):
    options = options | ({"hidden": lambda state: state[:, None].double()} if "hidden" in options else {})
    with pytest.raises(ValueError, match=message):
        generate(RandomLM(4, 5), [0], 3, 1, suppress_tokens=suppress_tokens, **options)


def test_no_token_to_suppress_changes_nothing():
    lm = RandomLM(4, 5)
    assert generate(lm, [0], 3, 1, suppress_tokens=[]) == generate(lm, [0], 3, 1, suppress_tokens=None)


# Contrastive search


@pytest.mark.parametrize("penalty_alpha, top_k", [(0.0, 5), (0.3, 3), (0.6, 4), (1.0, 8), (0.6, 100)])
def test_contrastive_search_is_its_definition(penalty_alpha, top_k):
    """Every candidate read anew with its whole text, cosines by torch."""
    for seed in range(4):
        model, text = random_model(seed, eos_bias=1.0), [3, 7, 1]
        found = contrastive_search(
            model.stepper(),
            text,
            MAX_NEW,
            EOS,
            hidden=lambda state: state[0][:, -1],
            penalty_alpha=penalty_alpha,
            top_k=top_k,
        )
        expected = list(text)
        while len(expected) < len(text) + MAX_NEW and expected[3:][-1:] != [EOS]:
            expected.append(most_contrastive(model, expected, penalty_alpha, top_k))
        assert found.tokens == expected[3:]


@torch.no_grad()
def most_contrastive(model, text, alpha, k):
    best = {}
    probs = model(torch.tensor([text]))[0][0, -1].softmax(dim=-1)
    for token in probs.topk(min(k, len(probs))).indices.tolist():
        states, _ = model.rnn(model.embedding(torch.tensor([[*text, token]])))
        likeness = torch.nn.functional.cosine_similarity(states[0, :-1], states[0, -1:]).max()
        best[token] = float((1 - alpha) * probs[token] - alpha * likeness)
    return max(best, key=best.get)


def test_contrastive_search_without_a_penalty_is_greedy():
    model = random_model(1)
    found = contrastive_search(
        model.stepper(), [3, 7], MAX_NEW, EOS, hidden=lambda state: state[0][:, -1], penalty_alpha=0.0
    )
    assert found.tokens == greedy(model.stepper(), [3, 7], MAX_NEW, EOS).tokens
