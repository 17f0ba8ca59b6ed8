"""Checkpoints: a run of training as it stands, in one file, from which it goes on as if nothing had happened.

A file is a line that says what it is, the SHA-256 digest of the rest, and the rest: what torch.save writes of nothing
but numbers, texts, lists, dicts and tensors, so that reading it runs no code. It is written as `lmkit.files` does, so a
process that is killed leaves the checkpoint before.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import random
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from lmkit.files import StrPath, atomic_write, check_place
from lmkit.training.parallel import ProcessGroup

MAGIC = b"lmkit checkpoint 2\n"
DIGEST_SIZE = hashlib.sha256().digest_size
NOT_COMPARED = ("checkpoint_every", "training")  # makes no difference to what a run comes to


class CheckpointError(ValueError):
    """A checkpoint is damaged, of other settings, or not a checkpoint."""


class Stateful(Protocol):
    """Something that hands out its state and can continue from it, as torch's optimizers do."""

    def state_dict(self) -> dict[str, Any]: ...
    def load_state_dict(self, state: dict[str, Any], /) -> Any: ...


class RNGState:
    """The state of the generators of Python, NumPy and torch, which `set_seed` seeds."""

    def state_dict(self) -> dict[str, Any]:
        """Return the state of each as tensors, numbers and texts."""
        generator = np.random.get_state(legacy=False)
        kind, numbers, place = generator["bit_generator"], generator["state"]["key"], generator["state"]["pos"]
        version, internal, gauss = random.getstate()
        return {
            "torch": torch.get_rng_state(),
            "numpy": [
                kind,
                torch.from_numpy(numbers.astype(np.int64)),
                place,
                generator["has_gauss"],
                generator["gauss"],
            ],
            "python": [version, torch.tensor(internal), gauss],
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Let all three continue from a `state_dict`."""
        torch.set_rng_state(state["torch"])
        kind, numbers, *rest = state["numpy"]
        np.random.set_state((kind, numbers.numpy().astype(np.uint32), *rest))
        version, internal, gauss = state["python"]
        random.setstate((version, tuple(internal.tolist()), gauss))


class Checkpoint:
    """The file of one run.

    Parameters
    ----------
    path : path
    settings : dict of texts and numbers
        What the run depends on (see `describe_run`): a file of other settings is refused.
    shared, per_rank : dicts of Stateful
        What changes in the course of the run: what is the same in all processes, and what each has for itself.
    processes : ProcessGroup
        The main one writes for all.

    Raises
    ------
    ValueError
        If no file can be written at `path`.
    """

    def __init__(
        self,
        path: StrPath,
        settings: dict[str, Any],
        shared: dict[str, Stateful],
        per_rank: dict[str, Stateful],
        processes: ProcessGroup,
    ):
        self.path = check_place("checkpoint", path)
        self.shared, self.per_rank, self.processes = shared, per_rank, processes
        self.settings = {**settings, "number of processes": processes.world_size}

    def write(self) -> None:
        """Write the run as it stands."""
        per_rank = self.processes.gather(_states(self.per_rank))
        if self.processes.is_main:
            contents = {"settings": self.settings, "shared": _states(self.shared), "per_rank": per_rank}
            atomic_write(self.path, _serialize(contents), "checkpoint")

    def read(self) -> bool:
        """Put the run into the state that the file holds; return False, and do nothing, if there is no file.

        Raises
        ------
        CheckpointError
            If the file is damaged, no checkpoint, or one of other settings. It stays as it is.
        """
        if not self.path.exists():
            return False
        contents = _deserialize(self.path.read_bytes(), self.path)
        self._check(contents["settings"])
        for name, part in self.shared.items():
            part.load_state_dict(contents["shared"][name])
        for name, part in self.per_rank.items():
            part.load_state_dict(contents["per_rank"][self.processes.rank][name])
        return True

    def _check(self, found: dict[str, Any]) -> None:
        for name in dict.fromkeys([*found, *self.settings]):
            if (before := found.get(name)) != (now := self.settings.get(name)):
                raise CheckpointError(
                    f"checkpoint {self.path} is of a run whose {name} was {before}, but now it is {now}; "
                    "begin as that run did, give another file, or delete this one to begin anew"
                )


def describe_run(given: dict[str, Any], model: nn.Module, **texts: Tensor | None) -> dict[str, Any]:
    """Return what a run depends on, in numbers and short texts.

    Parameters
    ----------
    given : dict
        Options of which the numbers and names are taken.
    model : Module
        Whose class, settings and weights count; so does the state of torch's generator.
    texts : Tensors
        Of which fingerprints are taken.
    """
    found = {**_scalars(given), "model": type(model).__name__}
    for path, module in model.named_modules():
        found |= {f"{path}.{name}".strip("."): value for name, value in _scalars(vars(module)).items()}
    found["weights at the start"] = fingerprint(*model.state_dict().values())
    found["random numbers at the start"] = fingerprint(torch.get_rng_state())
    return found | {name.replace("_", " "): text if text is None else fingerprint(text) for name, text in texts.items()}


def _scalars(values: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers and texts among some values; NumPy's as Python's, which can be read without running code."""
    plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in values.items()}
    kinds = int | float | str | None
    return {name: value for name, value in plain.items() if isinstance(value, kinds) and name not in NOT_COMPARED}


def fingerprint(*tensors: Tensor) -> str:
    """Return a short text that other numbers, or tensors of other shapes, would hardly share."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(f"{tensor.dtype}{tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:12]


def _states(parts: dict[str, Stateful]) -> dict[str, dict[str, Any]]:
    return {name: part.state_dict() for name, part in parts.items()}


def _serialize(contents: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    torch.save(contents, buffer)
    data = buffer.getvalue()
    return MAGIC + hashlib.sha256(data).digest() + data


def _deserialize(data: bytes, path: Path) -> dict[str, Any]:
    start = len(MAGIC)
    if not data.startswith(MAGIC):
        raise CheckpointError(f"checkpoint {path} is no checkpoint of this version of lmkit; give another file")
    digest, rest = data[start : start + DIGEST_SIZE], data[start + DIGEST_SIZE :]
    if hashlib.sha256(rest).digest() != digest:
        raise CheckpointError(f"checkpoint {path} is damaged; delete it to begin anew, or put a copy in its place")
    try:
        return torch.load(io.BytesIO(rest), weights_only=True)
    except (pickle.UnpicklingError, RuntimeError) as error:
        raise CheckpointError(f"checkpoint {path} holds more than numbers and texts; give another file") from error
