"""Training in several processes at once: `torchrun --nproc-per-node 2 -m lmkit train …`.

Every process holds the whole model and reads its share of the rows of a batch. Before each update the gradients of all
are added up, so all make the same update, that of the whole batch. Where there is one process, nothing here does
anything.

Dropout draws its masks in each process by itself: the first draws as a process that is alone would, the others go on
from other seeds. So with dropout a run of two processes is as random as one of one process, but not the same run.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

_INTERFACE = "GLOO_SOCKET_IFNAME"  # the environment variable that names the network interface of gloo
SEED_STRIDE = 1_000_003  # between the seeds of processes, so that nearby seeds of runs do not meet


@dataclass(frozen=True)
class ProcessGroup:
    """The processes that train one model together.

    Attributes
    ----------
    rank : int
        Which of them this one is; 0 is the main one, which prints, validates and writes for all.
    world_size : int ≥ 1
    """

    rank: int = 0
    world_size: int = 1

    @property
    def is_main(self) -> bool:
        """True for the process that prints, validates and writes."""
        return self.rank == 0

    def shard(self, stream: Tensor) -> Tensor:
        """Return this process's rows (N / world_size, T) of a stream (N, T), which must be the same in all.

        Raises
        ------
        ValueError
            If the rows cannot be shared out evenly.
        """
        size, left_over = divmod(len(stream), self.world_size)
        if left_over or not size:
            rule = f"must be a multiple of the number of processes, {self.world_size}"
            raise ValueError(f"batch_size {rule}, but it is {len(stream)}; change either")
        return stream[size * self.rank : size * (self.rank + 1)]

    def all_reduce(self, *numbers: float) -> list[float]:
        """Return the sums of numbers over all processes."""
        if self.world_size == 1:
            return list(numbers)
        sums = torch.tensor(numbers, dtype=torch.float64)
        dist.all_reduce(sums)
        return sums.tolist()

    def all_reduce_gradients(self, model: nn.Module) -> None:
        """Give every parameter the sum of the gradients that it has in all processes, in one message."""
        if self.world_size == 1:
            return
        gradients = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def broadcast(self, value: Any) -> Any:
        """Return, in all processes, what the main one hands to this function."""
        if self.world_size == 1:
            return value
        message = [value]
        dist.broadcast_object_list(message, src=0)
        return message[0]

    def gather(self, value: Any) -> list[Any]:
        """Return what every process hands to this function, in the order of ranks; in others than the main one []."""
        if self.world_size == 1:
            return [value]
        values = [None] * self.world_size if self.is_main else None
        dist.gather_object(value, values, dst=0)
        return values or []

    @contextmanager
    def per_rank_rng(self) -> Iterator[None]:
        """Let torch's generator draw something else in each process; afterwards all go on where the main one is.

        After an error nobody can be asked: the main process goes on where it is, the others where they were before.
        """
        before = torch.get_rng_state()
        try:
            if not self.is_main:
                seed = torch.initial_seed() + SEED_STRIDE * self.rank
                torch.set_rng_state(torch.Generator().manual_seed(seed % 2**63).get_state())
            yield
            after = self.broadcast(torch.get_rng_state())
        except BaseException:
            if not self.is_main:
                torch.set_rng_state(before)
            raise
        torch.set_rng_state(after)


def current() -> ProcessGroup:
    """Return the processes that were joined by `distributed`, or the only one."""
    if dist.is_available() and dist.is_initialized():
        return ProcessGroup(dist.get_rank(), dist.get_world_size())
    return ProcessGroup()


@contextmanager
def distributed() -> Iterator[ProcessGroup]:
    """Join the other processes, if torchrun started this one among several, and part from them at the end.

    Processes on one machine talk over its loopback interface only; the environment variable GLOO_SOCKET_IFNAME names
    another.
    """
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield ProcessGroup()
        return
    named = os.environ.get(_INTERFACE)
    try:
        if os.environ.get("LOCAL_WORLD_SIZE") == os.environ["WORLD_SIZE"] and (loopback := _loopback()):
            os.environ.setdefault(_INTERFACE, loopback)
        dist.init_process_group("gloo")
        try:
            yield current()
        finally:
            dist.destroy_process_group()
    finally:
        if named is None:
            os.environ.pop(_INTERFACE, None)


def is_main_process() -> bool:
    """Return whether torchrun started this process as the main one, or not at all; also before they are joined."""
    return os.environ.get("RANK", "0") == "0"


def _loopback() -> str | None:
    """Return the name of the loopback interface: lo, or lo0 on a Mac."""
    names = [name for _, name in socket.if_nameindex()] if hasattr(socket, "if_nameindex") else []
    return next((name for name in ("lo", "lo0") if name in names), None)
