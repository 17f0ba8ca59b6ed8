"""Checkpoints: a run of training as it stands, in one file, from which it goes on as if nothing had happened.

A file is a line that says what it is, the SHA-256 digest of the rest, and the rest: what torch.save writes of nothing
but numbers, texts, lists, dicts and tensors, so that reading it runs no code. It is first written beside its place and
then moved there, so a process that is killed leaves the checkpoint before.
"""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import random
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from lmkit.training.parallel import Processes

FIRST_LINE = b"lmkit checkpoint 1\n"
DIGEST = hashlib.sha256().digest_size
NO_DIFFERENCE = ("progress", "checkpoint", "checkpoint_every", "training")  # to what a run comes to


class CheckpointError(ValueError):
    """A checkpoint is damaged, of other settings, or not a checkpoint."""


class Stateful(Protocol):
    """Something that tells what it would need to go on, and can go on from that, as torch's optimizers do."""

    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any], /) -> Any: ...


class RandomGenerators:
    """The generators of Python, NumPy and torch, which `set_seed` seeds."""

    def state_dict(self) -> dict[str, Any]:
        kind, numbers, *rest = np.random.get_state()
        version, internal, gauss = random.getstate()
        return {
            "torch": torch.get_rng_state(),
            "numpy": [kind, torch.from_numpy(numbers.astype(np.int64)), *rest],
            "python": [version, torch.tensor(internal), gauss],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        torch.set_rng_state(state["torch"])
        kind, numbers, *rest = state["numpy"]
        np.random.set_state((kind, numbers.numpy().astype(np.uint32), *rest))
        version, internal, gauss = state["python"]
        random.setstate((version, tuple(internal.tolist()), gauss))


class Parts(NamedTuple):
    """What a checkpoint holds: what is the same in all processes, and what each of them has of its own."""

    shared: dict[str, Stateful]
    own: dict[str, Stateful]


class Checkpoint:
    """The file of one run.

    Parameters
    ----------
    path : Path
    every : int ≥ 1
        How many steps lie between two checkpoints.
    settings : dict of texts and numbers
        What the run depends on: a file of other settings is refused.
    parts : Parts
        What changes in the course of the run.
    processes : Processes
        The first of them writes for all.

    Raises
    ------
    ValueError
        If `every` is below 1, or the folder of `path` does not exist.
    """

    def __init__(self, path: Path, every: int, settings: dict[str, Any], parts: Parts, processes: Processes):
        if every < 1:
            raise ValueError(f"checkpoint_every must be at least 1, but it is {every}")
        self.path, self.parts, self.processes = Path(path), parts, processes
        self.settings = {**settings, "number of processes": processes.count}
        if not self.path.parent.is_dir():
            raise ValueError(f"checkpoint must lie in a folder that exists, but {self.path.parent} does not; create it")

    def write(self) -> None:
        """Write the run as it stands."""
        own = self.processes.collected(_states(self.parts.own))
        if self.processes.is_first:
            replace_file(
                self.path, _packed({"settings": self.settings, "shared": _states(self.parts.shared), "own": own})
            )

    def read(self) -> bool:
        """Put the run into the state that the file holds; return False, and do nothing, if there is no file.

        Raises
        ------
        CheckpointError
            If the file is damaged, no checkpoint, or one of other settings. It stays as it is.
        """
        if not self.path.exists():
            return False
        contents = _unpacked(self.path.read_bytes(), self.path)
        self._check(contents["settings"])
        for parts, states in (
            (self.parts.shared, contents["shared"]),
            (self.parts.own, contents["own"][self.processes.rank]),
        ):
            for name, part in parts.items():
                part.load_state_dict(states[name])
        return True

    def _check(self, found: dict[str, Any]) -> None:
        for name in dict.fromkeys([*found, *self.settings]):
            if (before := found.get(name)) != (now := self.settings.get(name)):
                raise CheckpointError(
                    f"checkpoint {self.path} is of a run whose {name} was {before}, but now it is {now}; "
                    "begin as that run did, give another file, or delete this one to begin anew"
                )


def description(given: dict[str, Any], model: nn.Module, **texts: Tensor | None) -> dict[str, Any]:
    """What a run depends on, in few words.

    Parameters
    ----------
    given : dict
        Arguments of `train`, of which the numbers and names are taken.
    model : Module
        Whose class, settings and weights count; so does the state of torch's generator.
    texts : Tensors
        Of which fingerprints are taken.
    """
    found = {**_plain(given), "model": type(model).__name__}
    for place, module in model.named_modules():
        found |= {f"{place}.{name}".strip("."): value for name, value in _plain(vars(module)).items()}
    found["weights at the start"] = fingerprint(*model.state_dict().values())
    found["random numbers at the start"] = fingerprint(torch.get_rng_state())
    return found | {name.replace("_", " "): text if text is None else fingerprint(text) for name, text in texts.items()}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """Numbers and texts among some values; NumPy's as Python's, which can be read without running code."""
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}
    kinds = int | float | str | None
    return {name: value for name, value in plain.items() if isinstance(value, kinds) and name not in NO_DIFFERENCE}


def fingerprint(*tensors: Tensor) -> str:
    """A short text that other numbers, or tensors of other shapes, would hardly share."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]


def replace_file(path: Path, data: bytes) -> None:
    """Write a file so that there is always a whole one at `path`, the old or the new, whenever the process ends."""
    beside = path.with_name(f"{path.name}.part")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)
    if hasattr(os, "O_DIRECTORY"):  # not on Windows
        folder = os.open(path.parent, os.O_DIRECTORY)
        os.fsync(folder)
        os.close(folder)


def _states(parts: dict[str, Stateful]) -> dict[str, dict[str, Any]]:
    return {name: part.state_dict() for name, part in parts.items()}


def _packed(contents: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    torch.save(contents, buffer)
    data = buffer.getvalue()
    return FIRST_LINE + hashlib.sha256(data).digest() + data


def _unpacked(data: bytes, path: Path) -> dict[str, Any]:
    start = len(FIRST_LINE)
    if not data.startswith(FIRST_LINE):
        raise CheckpointError(f"checkpoint {path} is no checkpoint of this version of lmkit; give another file")
    digest, rest = data[start : start + DIGEST], data[start + DIGEST :]
    if hashlib.sha256(rest).digest() != digest:
        raise CheckpointError(f"checkpoint {path} is damaged; delete it to begin anew, or put a copy in its place")
    try:
        return torch.load(io.BytesIO(rest), weights_only=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        raise CheckpointError(f"checkpoint {path} holds more than numbers and texts; give another file") from error
