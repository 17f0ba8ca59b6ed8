"""Where vectors are kept: `_build/vectors/<key>/`, made again only when something changed that they come from.

The key is a digest of the shipped weights, of the sources that decode, and of the code that writes the vectors. Tests
in Node read the folder that `_build/vectors/newest` names, or the one in the environment variable LMKIT_VECTORS.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import torch

from lmkit import pretrained
from lmkit.datasets import stories
from lmkit.pretrained import Pretrained
from tests import vectors
from tests.vectors import models, ties, tokenizers, translation, translators

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "_build" / "vectors"
NEWEST = FOLDER / "newest"

# What decides about a vector: parts of lmkit (modules or packages), the models' prompts, and the writers.
PARTS = ("decoding", "models", "rnn", "text", "datasets", "pretrained")
WRITING = ("__init__", "models", "ties", "tokenizers", "store", "translation", "translators")
WRITERS = (
    "lmkit/widgets/base/model_options.py",
    *(f"tests/vectors/{name}.py" for name in WRITING),
)

READINGS = 12  # texts that are read side by side: so many at most


def sources() -> list[Path]:
    """Return the files that vectors come from."""
    found = [ROOT / name for name in WRITERS]
    for part in PARTS:
        found += [ROOT / "lmkit" / f"{part}.py", *(ROOT / "lmkit" / part).rglob("*")]
    return sorted(path for path in found if path.is_file() and "__pycache__" not in path.parts)


def key(files: list[Path] | None = None) -> str:
    """Return the digest that names the vectors of these sources."""
    digest = hashlib.sha256(torch.__version__.encode())
    for path in sources() if files is None else files:
        digest.update(f"\0{path.relative_to(ROOT).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def ensure() -> Path:
    """Return the folder of the newest vectors; write them where they are missing."""
    folder = FOLDER / key()
    if not folder.is_dir():
        making = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir(parents=True)
        write(making)
        making.replace(folder)
    NEWEST.write_text(f"{folder.name}\n", encoding="utf-8")
    return folder


def write(folder: Path) -> None:
    """Write all vectors into a folder, as the other tests compute: on one thread."""
    torch.set_num_threads(1)
    for name, content in contents():
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        (folder / f"{name}.json").write_text(text, encoding="utf-8")
    for name in models.names():
        (folder / f"{name}.safetensors").write_bytes(models.load(name)[1])
    unknowing = models.unknowing_model()
    data = pretrained.to_bytes(unknowing.model, unknowing.vocab, quantise=False)
    (folder / "unknowing.safetensors").write_bytes(data)
    for name in translators.names():
        (folder / f"{name}.safetensors").write_bytes(translators.load(name)[1])


def contents() -> Iterator[tuple[str, object]]:
    """Yield every file of vectors: its name and what it holds."""
    yield "uniform", vectors.uniforms()
    yield "filters", vectors.filtered()
    yield "filters-ties", ties.filtered()
    yield "decoding-ties", ties.decoded()
    yield (
        "oracle",
        {"grammar": json.loads(stories.PATH.read_text(encoding="utf-8")), "texts": vectors.oracle_prefixes()},
    )
    yield "translation", translation.tables() | {"cases": translation.cases(), "faults": translation.faults()}
    yield "tokenizers", tokenizers.contents()
    yield "unknowing", suppressed(models.unknowing_model())
    yield "translators", translators.names()
    for name in translators.names():
        yield name, translators.contents(name)
    yield "readings", [reading(count) for count in range(1, READINGS)]
    yield "models", models.names()
    for name in models.names():
        trained, _ = models.load(name)
        prompts = models.prompts(name, trained)
        cases, watched = vectors.of_model(trained, prompts), vectors.beam_steps(trained, prompts)
        yield (
            name,
            {"cases": cases, "watched": [case | {"steps": list(map(as_step, case["steps"]))} for case in watched]},
        )


def suppressed(trained: Pretrained) -> list[dict]:
    """Return decoded cases of a model that must not write some of its tokens."""
    ids = [trained.prompt_ids(prompt) for prompt in ("a, b", "what is c")]
    more = {"suppress_tokens": trained.suppress_tokens}
    return vectors.of_step(trained.model.stepper(), ids, trained.eos_token_id, every=5, more=more)


def as_step(step: dict) -> dict:
    """Return a step of a beam search under the names that the tests in Node know."""
    return dict(zip(("length", "parents", "tokens", "totals", "statuses"), step.values(), strict=True))


def reading(count: int) -> dict:
    """Return random texts (6, count), a column a text, and the log-probabilities (count, V) of what follows them."""
    trained = models.random_model()
    tokens = torch.randint(37, (6, count), generator=torch.Generator().manual_seed(count))
    step, state = trained.model.stepper(), None
    for column in tokens:
        log_probs, state = step(column, state)
    return {"tokens": tokens.tolist(), "logProbs": log_probs.tolist()}
