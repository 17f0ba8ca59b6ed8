"""Runs whose weights are the same to the last bit in every engine, with SIMD and without.

If the arithmetic of the kernel is meant to change, put what `python -m tests.widgets.runtime.training.golden` prints
into `HASHES`.
"""

from __future__ import annotations

from tests.widgets.node import Scripts
from tests.widgets.runtime.training import driver

DROPOUTS = dict.fromkeys(driver.DROPOUTS, 0.2)
SMALL = {"vocab_size": 21, "hidden_size": 13, "batch_size": 5, "window": 7, "steps": 12, "clip": 0.5}
RUNS = {
    "lstm, adamw": {"cell": "lstm"},
    "lstm, muon, dropout, AR and TAR": {"optimizer": "muon", **DROPOUTS, "alpha": 2, "beta": 1, "num_layers": 2},
    "lstm, projection, cosine": {"embedding_size": 9, "optimizer": "muon", "schedule": "cosine"},
    "gru, sgd": {"cell": "gru", "optimizer": "sgd", "lr": 0.5, "tied": False, "schedule": "constant"},
    "gru, adam, dropout": {"cell": "gru", "optimizer": "adam", **DROPOUTS, "num_layers": 2},
    "tanh, large vocabulary": {"cell": "rnn", "vocab_size": 500, "tied": False, "seed": 2**32 - 1},
    "relu, muon": {"cell": "rnn", "nonlinearity": "relu", "optimizer": "muon"},
    "as readers train": {"hidden_size": 64, "vocab_size": 30, "batch_size": 32, "window": 16, "output_p": 0.1},
}
HASHES = {
    "lstm, adamw": "6b79ff87",
    "lstm, muon, dropout, AR and TAR": "d47d87e2",
    "lstm, projection, cosine": "e6dfd49c",
    "gru, sgd": "632c8b98",
    "gru, adam, dropout": "9cb45cec",
    "tanh, large vocabulary": "7170dccd",
    "relu, muon": "ca4e6a6d",
    "as readers train": "86218928",
}
HASH = """({ run, scalar }) => {
  const trainer = new lmkit.Trainer(run, scalar ? { simd: false, scalar: lmkit.TRAINING_SCALAR } : {});
  const size = run.batch_size * run.window;
  let state = 1; // of Park and Miller's generator, which needs no more than whole numbers
  const draw = () => (state = (state * 48271) % 2147483647) % run.vocab_size;
  for (let step = 0; step < run.steps; step++) {
    const inputs = Int32Array.from({ length: size }, draw);
    trainer.step(inputs, Int32Array.from({ length: size }, draw));
  }
  let hash = 0x811c9dc5; // FNV-1a
  for (const { values } of trainer.weights().values()) {
    for (const byte of new Uint8Array(values.buffer)) hash = Math.imul(hash ^ byte, 16777619) >>> 0;
  }
  trainer.close();
  return { kind: trainer.kind, hash: hash.toString(16).padStart(8, "0") };
}"""


def run_of(name: str) -> dict:
    return {**SMALL, **RUNS[name]}


def answers() -> dict[str, dict[str, str]]:
    """Return what `HASH` must answer to each run where there is SIMD."""
    return {name: {"kind": "vector", "hash": known} for name, known in HASHES.items()}


def main() -> None:
    """Print the hashes."""
    node = Scripts(*driver.MODULES)
    for name in RUNS:
        print(f'    "{name}": "{node.evaluate(HASH, {"run": run_of(name), "scalar": False})["hash"]}",')
    node.close()


if __name__ == "__main__":
    main()
