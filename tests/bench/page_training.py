"""How fast the page trains, beside torch on one thread: ``python -m tests.bench.page_training``.

A step is a window forward and backward, clipping and an update, of an LSTM with tied weights. The page's trainer runs
in Node, which has the engine of Chromium; torch's is nn.LSTM with a fused AdamW, and Muon as lmkit has it. They take
turns, so that a busy machine slows all alike; a figure is a median of processor times.

jax-js and TensorFlow.js, on their WebAssembly, compute the gradient of the same network, compiled where the library can
do that; clipping and update are given to them free. Only the smallest shape is theirs, for they take long.

And what a minute of processor time makes of a megabyte of a reader's own text: plays of Shakespeare, of which the last
tenth is held out, where `lmkit.datasets.shakespeare` finds them.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from lmkit.datasets import shakespeare
from lmkit.training import TrainConfig
from lmkit.training.optimizers import make_optimizers
from lmkit.widgets.base import assets
from tests.bench.npm import installed
from tests.widgets.node import executable

SCRIPT = Path(__file__).with_suffix(".mjs")
WEB = Path(__file__).with_name("training_web")
LIBRARIES = {"jax-js": "jax.mjs", "TensorFlow.js": "tensorflow.mjs"}
ROUNDS = 15
SHAPES = [  # V, H, N, L, and steps in a round
    (30, 64, 32, 16, 30),
    (30, 96, 32, 16, 20),
    (80, 128, 32, 64, 5),
]
WANTED = {64: 0.9, 128: 0.5}  # of torch's speed
OWN_TEXT, OWN_CHARACTERS, OWN_SECONDS, OWN_WANTED = SCRIPT.with_name("own_text.mjs"), 1_000_000, 60, 2.0
OWN = {"cell": "lstm", "hidden_size": 96, "num_layers": 1, "window": 32, "batch_size": 16, "seed": 0, "clip": 1.0}
OWN |= {"optimizer": "muon", "lr": 0.02, "decay": 0.01, "dropout": 0.0, "alpha": 0.0, "beta": 0.0}


class PlainModel(nn.Module):
    """Embedding, torch's LSTM, and an output layer that shares its weights."""

    def __init__(self, vocab_size: int, size: int):
        super().__init__()
        self.embedding, self.output = nn.Embedding(vocab_size, size), nn.Linear(size, vocab_size)
        self.lstm = nn.LSTM(size, size, batch_first=True)
        self.output.weight = self.embedding.weight

    def forward(self, x, state):
        h, state = self.lstm(self.embedding(x), state)
        return self.output(h), state


class TorchSteps:
    """Steps of torch on one window again and again, with the state carried."""

    def __init__(self, vocab_size: int, size: int, rows: int, window: int, optimizer: str):
        self.model = PlainModel(vocab_size, size)
        self.optimizers = make_optimizers(self.model, TrainConfig(optimizer=optimizer))
        self.x, self.y = torch.randint(vocab_size, (2, rows, window))
        self.state = None

    def run(self, steps: int) -> float:
        """Make steps; return the milliseconds of one."""
        start = time.process_time()
        for _ in range(steps):
            self._step()
        return 1000 * (time.process_time() - start) / steps

    def _step(self) -> None:
        logits, state = self.model(self.x, self.state)
        self.state = tuple(part.detach() for part in state)
        for optimizer in self.optimizers:
            optimizer.zero_grad()
        cross_entropy(logits.flatten(0, 1), self.y.flatten()).backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for optimizer in self.optimizers:
            optimizer.step()


@contextmanager
def node_steps(script: Path, settings: dict):
    """Yield a function that lets a script in Node make steps, and returns the milliseconds of one."""
    command = [executable(), str(script), json.dumps(settings)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin and process.stdout

        def run(steps: int) -> float:
            process.stdin.write(f"{steps}\n")
            process.stdin.flush()
            return float(process.stdout.readline())

        yield run
        process.stdin.close()


def print_beside_torch() -> None:
    """Print steps a second of the page and of torch, and their ratio."""
    print("Training an LSTM in the page, and in torch on one thread: steps a second (ratio to torch)")
    for vocab_size, size, rows, window, steps in SHAPES:
        for optimizer in ("adamw", "muon"):
            settings = {"vocab_size": vocab_size, "hidden_size": size, "batch_size": rows, "window": window}
            with node_steps(SCRIPT, {**settings, "optimizer": optimizer}) as page:
                theirs = TorchSteps(vocab_size, size, rows, window, optimizer)
                times = [(page(steps), theirs.run(steps)) for _ in range(ROUNDS + 2)][2:]
            ours, torchs = (median(each) for each in zip(*times, strict=True))
            wanted = f"; wanted: {WANTED[size]}" if size in WANTED else ""
            shape = f"H = {size}, V = {vocab_size}, {rows} × {window}, {optimizer}"
            print(f"  {shape}: page {1000 / ours:.0f}, torch {1000 / torchs:.0f} ({torchs / ours:.2f}{wanted})")


def print_beside_libraries() -> None:
    """Print steps a second of the page and of libraries that differentiate in a browser, and the ratios."""
    if not installed(WEB, "jax-js and TensorFlow.js"):
        return
    vocab_size, size, rows, window, _ = SHAPES[0]
    settings = {"vocab_size": vocab_size, "hidden_size": size, "batch_size": rows, "window": window}
    with ExitStack() as stack:
        page = stack.enter_context(node_steps(SCRIPT, settings))
        libraries = {title: stack.enter_context(node_steps(WEB / name, settings)) for title, name in LIBRARIES.items()}
        rounds = [(page(20), [run(3) for run in libraries.values()]) for _ in range(ROUNDS + 2)][2:]
    ours = median(mine for mine, _ in rounds)
    for place, title in enumerate(LIBRARIES):
        theirs = median(times[place] for _, times in rounds)
        print(f"  {title}, gradient alone: {1000 / theirs:.0f} (page: {theirs / ours:.0f} times as fast)")


def own_text() -> dict | None:
    """Return what `own_text.mjs` tells of a megabyte of plays; None where they are not installed."""
    try:
        text = shakespeare.split()[0][:OWN_CHARACTERS]
    except ModuleNotFoundError as error:
        print(f"  own text: left out, {error}")
        return None
    with tempfile.TemporaryDirectory() as folder:
        paths = {"text": Path(folder, "text"), "pieces": Path(folder, "pieces")}
        paths["text"].write_text(text, encoding="utf-8")
        paths["pieces"].write_text(json.dumps(assets.pieces()), encoding="utf-8")
        given = {name: str(path) for name, path in paths.items()}
        given |= {"unit": "pieces", "seconds": OWN_SECONDS, "settings": OWN}
        command = [executable(), "--expose-gc", str(OWN_TEXT), json.dumps(given)]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def print_own_text() -> None:
    """Print what a minute makes of a megabyte of text, and whether memory stays where it is over ten runs."""
    told = own_text()
    if told is None:
        return
    found = f"{told['bits']:.2f} bits per character held out (wanted: {OWN_WANTED})"
    cost = f"{told['seconds']:.0f} s of processor time, {told['steps']} steps"
    print(f"  own text, {OWN_CHARACTERS:,} characters in pieces of words, H = {OWN['hidden_size']}: {found}, {cost}")
    first, *_, last = (size / 1e6 for size in told["memory"])
    print(f"  memory after each of ten more runs: {first:.1f} to {last:.1f} MB")


def main() -> None:
    """Print all comparisons."""
    torch.set_num_threads(1)
    print_beside_torch()
    print_beside_libraries()
    print_own_text()


if __name__ == "__main__":
    main()
