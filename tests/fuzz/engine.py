"""The page's engine against Python, in one process of Node.

Both compute in float32 where they read a model and filter, and add up log-probabilities in float64.
"""

from __future__ import annotations

import base64
import json
import math
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import strategies as st

from lmkit import decoding, pretrained, text
from lmkit.datasets import stories
from lmkit.models import AWDLSTM, LSTMLanguageModel
from lmkit.pretrained import Pretrained
from lmkit.text import Vocab
from tests.fuzz.decoders import BEAMS, FILTERS, LENGTHS, Case
from tests.fuzz.filters import SHARES, TEMPERATURES, TOP_KS, numbers
from tests.fuzz.judge import NEAR, Jitter, judge
from tests.fuzz.layers import LAYERS, SEEDS, SIZES
from tests.fuzz.table_model import models
from tests.fuzz.target import target
from tests.vectors import statuses_of
from tests.widgets.node import Scripts

GRAMMAR = json.loads(Path(stories.__file__).with_name("stories.json").read_text(encoding="utf-8"))


@cache
def node() -> Scripts:
    return Scripts(str(Path(__file__).with_suffix(".js")))


def ask(function: str, **case: Any) -> Any:
    """Return what a function of engine.js answers."""
    return node().evaluate(f"(lmkit.{function})", case)


@target(
    row=st.integers(1, 16).flatmap(lambda size: numbers(size, 8)),
    temperature=TEMPERATURES,
    top_k=st.none() | TOP_KS,
    top_p=st.just(1.0) | SHARES,
    min_p=st.just(0.0) | SHARES,
    typical_p=st.just(1.0) | SHARES,
    u=st.floats(0, 1, exclude_max=True),
)
def filters(row, temperature, top_k, top_p, min_p, typical_p, u):
    """What dropped each token, and the token that a random number draws."""
    log_probs = torch.tensor(row).log_softmax(dim=-1)
    settings = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "min_p": min_p, "typical_p": typical_p}
    theirs = ask("filtered", logProbs=log_probs.tolist(), settings=settings, u=u)

    def ours(numbers: torch.Tensor, shares: dict[str, float], u: float) -> list[Any]:
        changed = {**settings, **shares}
        return [statuses_of(numbers, changed), decoding.draw(decoding.filter_logits(numbers, **changed), u)]

    def again(jitter: Jitter) -> list[Any]:
        shares = {
            name: jitter.share(settings[name]) if settings[name] else 0.0 for name in ("top_p", "min_p", "typical_p")
        }
        return ours(jitter(log_probs), shares, min(max(jitter(u), 0.0), math.nextafter(1, 0)))

    return judge(ours(log_probs, {}, u), [theirs["statuses"], theirs["drawn"]], again)


def compare_texts(case: Case, method: str, length: int, options: dict[str, Any], javascript: dict[str, Any]) -> str:
    """Compare the texts that a decoder writes: tokens, log-probabilities and scores."""
    settings = {"max_new_tokens": length, "length_penalty": 1.0, **options, **javascript}
    common = {"table": case.lm.table.tolist(), "prompt": case.prompts[0], "end": case.end}
    theirs = ask("decoded", method=method, settings=settings, **common)

    def decode(step: Any) -> list[decoding.Decoded]:
        texts = getattr(decoding, method)(step, case.prompts[0], length, case.end, **options)
        return texts if isinstance(texts, list) else [texts]

    verdict = case.compare(decode, [text["tokens"] for text in theirs])
    if verdict != NEAR:
        for one, other in zip(decode(case.lm), theirs, strict=True):
            assert one.log_probs == pytest.approx(other["logProbs"], abs=1e-9), (one, other)
            assert one.score == pytest.approx(other["score"], rel=1e-12), (one, other)
    return verdict


PROMPT = st.lists(st.integers(0, 20), min_size=1, max_size=4)
END = st.lists(st.integers(0, 20), max_size=1)


@target(model=models(), prompt=PROMPT, ends=END, length=LENGTHS, wanted=5000)
def greedy(model, prompt, ends, length):
    return compare_texts(Case(model, [prompt], ends, torch.float32), "greedy", length, {}, {})


@target(
    model=models(),
    prompt=PROMPT,
    ends=END,
    length=LENGTHS,
    filters=FILTERS,
    seed=st.integers(0, 2**32 - 1),
    wanted=5000,
)
def sample(model, prompt, ends, length, filters, seed):
    case = Case(model, [prompt], ends, torch.float32)
    return compare_texts(case, "sample", length, {**filters, "seed": seed}, {})


@target(model=models(), prompt=PROMPT, ends=END, length=LENGTHS, beams=BEAMS, wanted=5000)
def beam_search(model, prompt, ends, length, beams):
    return compare_texts(Case(model, [prompt], ends, torch.float32), "beam_search", length, beams, {})


@target(seed=st.integers(0, 2**32 - 1), counter=st.integers(0, 2**32 - 1))
def uniform(seed, counter):
    assert decoding.uniform(seed, counter) == ask("drawnNumber", seed=seed, counter=counter)


def random_model(sizes: tuple[int, ...], scale: float, tied_class: bool, seed: int) -> Pretrained:
    torch.manual_seed(seed)
    model = (LSTMLanguageModel if tied_class else AWDLSTM)(*sizes)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=scale)
    return Pretrained(model.eval(), Vocab(["<eos>", *(f"wört{i}" for i in range(1, sizes[0]))]), {"note": "ß"})


MODEL_SIZES = st.tuples(st.integers(2, 40), st.integers(1, 20), st.integers(1, 40), LAYERS)


@target(
    sizes=MODEL_SIZES,
    scale=st.floats(0.01, 2),
    plain=st.booleans(),
    quantise=st.booleans(),
    tokens=st.lists(st.integers(0, 39), min_size=1, max_size=6),
    options=st.sampled_from([{}, {"fused": False}, {"simd": False}]),
    seed=SEEDS,
    wanted=2000,
)
def lstm(sizes, scale, plain, quantise, tokens, options, seed):
    """A model file read by both, and what both make of a text, token by token, on each of the page's kernels."""
    trained = random_model(sizes, scale, plain, seed)
    data = pretrained.to_bytes(trained.model, trained.vocab, trained.card, quantise=quantise)
    tokens = [token % sizes[0] for token in tokens]
    theirs = ask("read", data=base64.b64encode(data).decode(), tokens=tokens, options=options)
    step, state, found = pretrained.from_bytes(data).model.double().stepper(), None, []
    for token in tokens:
        log_probs, state = step(torch.tensor([token]), state)
        found.append(log_probs[0].tolist())
    assert theirs["words"] == trained.vocab.words
    for ours, other in zip(found, theirs["logProbs"], strict=True):
        assert ours == pytest.approx(other, rel=1e-3, abs=1e-3)


@target(
    story=st.integers(0, 10**6),
    place=st.integers(0, 60),
    wrong=st.none() | st.sampled_from(["the", ".", "anna", "<eos>", "dragon"]),
    wanted=1000,
)
def oracle(story, place, wrong):
    """The true probabilities along a story, which may take a wrong turn."""
    tokens = next(iter(stories.stories(seed=story)))[: place + 1]
    tokens = [*tokens, *([] if wrong is None else [wrong, "the"])]
    known = stories.Oracle()
    for token, theirs in zip(tokens, ask("oracle", grammar=GRAMMAR, tokens=tokens), strict=True):
        assert known.next() == pytest.approx(theirs["next"], abs=1e-9)
        assert known.read(token) == pytest.approx(theirs["probability"], abs=1e-9)
        if theirs["probability"] and token == GRAMMAR["end"]:
            known = stories.Oracle()  # as the page's begins a new story by itself


GAPS = " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u200a\u200b\u2028\u2029\u202f\u205f\u3000\ufeff\u180e\u2060"
TEXT = st.text(st.sampled_from("ab.,ßé\u0301𝔸" + GAPS) | st.characters(exclude_categories=["Cs"]), max_size=12)
VOCABULARY = ["<eos>", "a", "b", "ab", ".", "ß"]


@target(words=st.lists(st.sampled_from(VOCABULARY), max_size=4), gaps=TEXT, free=TEXT, wanted=5000)
def vocab(words, gaps, free):
    """Words and ids of a text, with every kind of white space."""
    between = "".join(char for char in gaps if not char.strip()) or " "
    trained = Pretrained(LSTMLanguageModel(len(VOCABULARY), 1, 1), Vocab(VOCABULARY), {})
    for given in (between.join(words), free):
        theirs = ask("words", text=given, vocabulary=VOCABULARY)
        assert text.tokenize(given) == theirs["tokens"], given
        try:
            ids = trained.prompt_ids(given)
        except ValueError:
            ids = None
        assert ids == theirs["ids"], given


CHANGES = st.sampled_from(["dtype", "shape", "data_offsets", "config", "vocab", "version", "bytes", "cut", "name"])


@target(
    sizes=st.tuples(st.integers(2, 4), SIZES, SIZES, st.integers(1, 2)),
    change=CHANGES,
    place=SEEDS,
    value=SEEDS,
    wanted=2000,
)
def damaged_files(sizes, change, place, value):
    """A model file in which one thing was changed: both refuse it, or both read the same numbers."""
    trained = random_model(sizes, 1.0, True, 0)
    data = damaged(pretrained.to_bytes(trained.model, trained.vocab, quantise=place % 2 == 0), change, place, value)
    theirs = ask("opened", data=base64.b64encode(data).decode())
    try:
        ours = pretrained.from_bytes(data)
    except pretrained.ModelFileError:
        ours = None
    refused = "Python" if ours is None else "the page"
    assert (ours is None) == (theirs is None), f"{refused} refuses what the other reads"
    if ours is not None and isinstance(ours.model, LSTMLanguageModel):
        weights = {
            name: w.flatten().tolist() for name, w in ours.model.state_dict().items() if name != "decoder.weight"
        }
        assert [[name, pytest.approx(weights[name], rel=1e-6)] for name in sorted(weights)] == theirs["tensors"]


def damaged(data: bytes, change: str, place: int, value: int) -> bytes:
    """Return a file in which something was changed."""
    if change == "cut":
        return data[: place % len(data)]
    if change == "bytes":
        at = place % len(data)
        return data[:at] + bytes([value % 256]) + data[at + 1 :]
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    names = sorted(header.keys() - {"__metadata__"})
    name, metadata = names[place % len(names)], header["__metadata__"]
    if change == "config":
        config = json.loads(metadata["config"])
        key = sorted(config)[value % len(config)]
        config[key] = [config[key] + 1, 0, -1, 1.5, "2", None, 2**40][value % 7]
        metadata["config"] = json.dumps(config)
    elif change == "vocab":
        words = json.loads(metadata["vocab"])
        metadata["vocab"] = json.dumps(
            [words[:-1], [*words[:-1], words[0]], [*words[:-1], " "], [*words[:-1], 7]][value % 4]
        )
    elif change == "version":
        metadata[["version", "format"][value % 2]] = ["2", "lmkit-language-model", ""][place % 3]
    elif change == "name":
        header[f"{name}x"] = header.pop(name)
    else:
        header[name][change] = {
            "dtype": ["F32", "I8", "F16", "U8", 3][value % 5],
            "shape": [[], [1], header[name]["shape"][::-1], [*header[name]["shape"], 1], [2**40]][value % 5],
            "data_offsets": [[0, 4], [4, 0], [0, 2**40], [-4, 0], header[name]["data_offsets"]][value % 5],
        }[change]
    changed = json.dumps(header, separators=(",", ":")).encode()
    changed += b" " * (-len(changed) % 8)
    return len(changed).to_bytes(8, "little") + changed + data[8 + length :]
