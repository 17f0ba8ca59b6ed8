"""Encoder-decoders in the hands of decoders: batches against sources alone, steps against teacher forcing."""

import itertools
from functools import wraps

import pytest
import torch
from torch import nn

from lmkit import decoding
from lmkit.models.seq2seq import ATTENTIONS, EncoderDecoder, padded, prompts_for

EOS, V = 0, 4
SOURCES = [[3, 1, 4, 1, 5], [5], [2, 6, 5], [1, 2]]
KINDS = [*((kind, timing) for kind in ATTENTIONS for timing in ("after", "before")), ("none", "after")]
STRATEGIES = {
    "greedy": {},
    "greedy, penalised": {"repetition_penalty": 1.7, "no_repeat_ngram_size": 3},
    "sampling": {"do_sample": True, "num_return_sequences": 3, "top_p": 0.9, "seed": 5},
    "beams of 2": {"num_beams": 2},
    "beams of 7": {"num_beams": 7, "num_return_sequences": 7, "length_penalty": 0.0},
    "beams in groups": {"num_beams": 6, "num_beam_groups": 3, "diversity_penalty": 1.0},
    "contrastive": {"penalty_alpha": 0.6},
}


def model_of(attention="general", timing="after", seed=0):
    torch.manual_seed(seed)
    model = EncoderDecoder(9, V, 4, 6, attention=attention, timing=timing).double()
    for weight in model.parameters():
        nn.init.normal_(weight, std=0.8)
    return model


def forced_log_probs(model, source, target):
    """The log-probability of every word of a target, all read at once."""
    logits, _ = model(*padded([source]), torch.tensor([[EOS, *target[:-1]]]))
    return logits[0].log_softmax(dim=-1).gather(1, torch.tensor(target)[:, None])[:, 0]


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize(("attention", "timing"), [("general", "after"), ("additive", "before"), ("none", "after")])
def test_a_batch_of_sources_gets_what_each_gets_alone(attention, timing, strategy):
    model, options = model_of(attention, timing), STRATEGIES[strategy]
    together = model.translate(SOURCES, 9, eos_token_id=EOS, **options)
    for row, (source, found) in enumerate(zip(SOURCES, together, strict=True)):
        seeds = {"seed": options["seed"] + 3 * row} if "seed" in options else {}
        (alone,) = model.translate([source], 9, eos_token_id=EOS, **options | seeds)
        assert [text.tokens for text in found] == [text.tokens for text in alone]
        assert [text.score for text in found] == pytest.approx([text.score for text in alone])


@pytest.mark.parametrize(("attention", "timing"), KINDS)
def test_steps_give_what_teacher_forcing_gives(attention, timing):
    model = model_of(attention, timing)
    for source, found in zip(SOURCES, model.translate(SOURCES, 9, eos_token_id=EOS, num_beams=3), strict=True):
        with torch.no_grad():
            assert found[0].log_probs == pytest.approx(forced_log_probs(model, source, found[0].tokens).tolist())


@pytest.mark.parametrize(("attention", "timing"), [("dot", "after"), ("general", "before"), ("none", "after")])
def test_exact_search_and_wide_beams_find_the_best_of_all_targets(attention, timing):
    model, length = model_of(attention, timing), 3
    prefixes = [list(text) for n in range(length) for text in itertools.product(range(1, V), repeat=n)]
    whole = [[*prefix, EOS] for prefix in prefixes]
    whole += [[*prefix, word] for prefix in prefixes if len(prefix) == length - 1 for word in range(1, V)]
    step, prompts = model.stepper(SOURCES, EOS), prompts_for(SOURCES)
    exact = decoding.exact_search(step, prompts, length, EOS)
    wide = decoding.beam_search(step, prompts, length, EOS, num_beams=V**length, length_penalty=0.0)
    for source, one, beams in zip(SOURCES, exact, wide, strict=True):
        with torch.no_grad():
            scores = {tuple(text): float(forced_log_probs(model, source, text).sum()) for text in whole}
        assert tuple(one.tokens) == tuple(beams[0].tokens) == max(scores, key=scores.__getitem__)
        assert one.score == pytest.approx(max(scores.values()))
        assert {tuple(text.tokens): text.score for text in beams} == pytest.approx(scores)


@pytest.mark.parametrize(("attention", "timing"), KINDS)
def test_rows_may_stand_in_any_order(attention, timing):
    """Decoders pick, repeat and reorder rows; those of one source need not stand side by side."""
    step = model_of(attention, timing).stepper(SOURCES, EOS)
    rows, tokens = torch.tensor([2, 0, 0, 3, 2, 0]), torch.tensor([1, 2, 3, 1, 0, 2])
    first, state = step(-1 - rows, None)
    second, _ = step(tokens, state)
    for i in range(len(rows)):
        alone, state = step(-1 - rows[i : i + 1], None)
        torch.testing.assert_close(alone[0], first[i])
        torch.testing.assert_close(step(tokens[i : i + 1], state)[0][0], second[i])


@pytest.mark.parametrize("timing", ["after", "before"])
def test_beams_look_at_one_memory_for_each_running_source(timing):
    """What is copied for each beam is its state and the number of its source."""
    model, seen = model_of("general", timing), []
    model.decoder.attention.register_forward_hook(lambda module, inputs, output: seen.append(inputs[1].shape))
    step, shapes = model.stepper(SOURCES, EOS), []

    @wraps(step)
    def watched(tokens, state):
        found = step(tokens, state)
        shapes.append((len(tokens), [tuple(part.shape) for part in found[1]]))
        return found

    decoding.beam_search(watched, prompts_for(SOURCES), 9, EOS, num_beams=10)
    assert all(parts == [(n, 1, 6), (n, 1, 6), (n,)] for n, parts in shapes)
    assert [tuple(shape[:2]) for shape in seen[:2]] == [(4, 5), (4, 5)] and shapes[1][0] == 40
    assert all(10 * shape[0] == n for shape, (n, _) in zip(seen[1:], shapes[1:], strict=True))


def test_longest_source_left_sets_the_length_of_memories():
    model, seen = model_of(), []
    model.decoder.attention.register_forward_hook(lambda module, inputs, output: seen.append(inputs[1].shape[:2]))
    step = model.stepper(SOURCES, EOS)
    _, state = step(torch.tensor([-1, -2, -3, -4]), None)
    step(torch.tensor([1, 1]), decoding.select_rows(state, torch.tensor([2, 3])))
    assert [tuple(shape) for shape in seen] == [(4, 5), (2, 3)]


def test_stepper_is_a_snapshot_and_leaves_the_mode():
    model = model_of().train()
    step = model.stepper(SOURCES, EOS)
    before, _ = step(torch.tensor([-1]), None)
    with torch.no_grad():
        for weight in model.parameters():
            weight.zero_()
    assert model.training and torch.equal(step(torch.tensor([-1]), None)[0], before)


def test_targets_may_be_begun_by_the_prompt():
    model = model_of()
    begun = [[*prompt, 2, 3] for prompt in prompts_for(SOURCES)]
    step = model.stepper(SOURCES, EOS)
    for source, found in zip(SOURCES, decoding.greedy(step, begun, 5, EOS), strict=True):
        with torch.no_grad():
            expected = forced_log_probs(model, source, [2, 3, *found.tokens])[2:]
        assert found.log_probs == pytest.approx(expected.tolist())


@pytest.mark.parametrize("prompt", [[0], [3], [-5]])
def test_prompts_that_name_no_source_are_refused(prompt):
    with pytest.raises(ValueError, match=r"prompt must begin with \[-1 - row\], where row from 0 to 3 is the number"):
        decoding.greedy(model_of().stepper(SOURCES, EOS), prompt, 5, EOS)


def test_no_sources_give_no_targets_and_empty_ones_are_refused():
    assert model_of().translate([], eos_token_id=EOS) == []
    with pytest.raises(ValueError, match=r"lengths must be one number from 1 to 2 .*but they are \[2, 0\]; leave out"):
        model_of().translate([[1, 2], []], eos_token_id=EOS)
