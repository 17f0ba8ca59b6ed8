"""Training in several processes at once: `torchrun --nproc-per-node 2 -m lmkit train …`.

Every process holds the whole model and reads its share of the rows of a batch. Before each update the gradients of all
are added up, so all make the same update, that of the joined batch. Where there is one process, nothing here does
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

APART = 1_000_003  # between the seeds of processes, so that nearby seeds of runs do not meet


@dataclass(frozen=True)
class Processes:
    """The processes that train one model together.

    Attributes
    ----------
    rank : int
        Which of them this one is; 0 is the first, which prints, measures and writes for all.
    count : int ≥ 1
    """

    rank: int = 0
    count: int = 1

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    def share(self, stream: Tensor) -> Tensor:
        """This process's rows (N / count, T) of a stream (N, T), which must be the same in all.

        Raises
        ------
        ValueError
            If the rows cannot be shared out evenly.
        """
        size, left_over = divmod(len(stream), self.count)
        if left_over or not size:
            rule = f"must be a multiple of the number of processes, {self.count}"
            raise ValueError(f"batch_size {rule}, but it is {len(stream)}; change either")
        return stream[size * self.rank : size * (self.rank + 1)]

    def total(self, *numbers: float) -> list[float]:
        """The sums of numbers over all processes."""
        if self.count == 1:
            return list(numbers)
        sums = torch.tensor(numbers, dtype=torch.float64)
        dist.all_reduce(sums)
        return sums.tolist()

    def add_gradients(self, model: nn.Module) -> None:
        """Give every parameter the sum of the gradients that it has in all processes, in one message."""
        if self.count == 1:
            return
        gradients = [weight.grad for weight in model.parameters() if weight.grad is not None]
        joined = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(joined)
        for gradient, part in zip(gradients, joined.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def told(self, value: Any) -> Any:
        """What the first process hands to this function, in all of them."""
        if self.count == 1:
            return value
        message = [value]
        dist.broadcast_object_list(message, src=0)
        return message[0]

    def collected(self, value: Any) -> list[Any]:
        """What every process hands to this function, in the order of ranks; an empty list except in the first."""
        if self.count == 1:
            return [value]
        values = [None] * self.count if self.is_first else None
        dist.gather_object(value, values, dst=0)
        return values or []

    @contextmanager
    def own_masks(self) -> Iterator[None]:
        """Let torch's generator draw something else in each process; afterwards all go on where the first is."""
        if not self.is_first:
            seed = torch.initial_seed() + APART * self.rank
            torch.set_rng_state(torch.Generator().manual_seed(seed % 2**63).get_state())
        yield
        torch.set_rng_state(self.told(torch.get_rng_state()))


def present() -> Processes:
    """The processes that were joined, or the only one."""
    if dist.is_available() and dist.is_initialized():
        return Processes(dist.get_rank(), dist.get_world_size())
    return Processes()


@contextmanager
def joined() -> Iterator[Processes]:
    """Join the other processes, if torchrun started this one among several, and part from them at the end.

    Processes on one machine talk over its loopback interface only; the environment variable GLOO_SOCKET_IFNAME names
    another.
    """
    if int(os.environ.get("WORLD_SIZE", 1)) == 1:
        yield Processes()
        return
    if os.environ.get("LOCAL_WORLD_SIZE") == os.environ["WORLD_SIZE"] and (loopback := _loopback()):
        os.environ.setdefault("GLOO_SOCKET_IFNAME", loopback)
    dist.init_process_group("gloo")
    try:
        yield present()
    finally:
        dist.destroy_process_group()


def started_first() -> bool:
    """Whether this process is the first of those that torchrun started, or the only one; also before they join."""
    return os.environ.get("RANK", "0") == "0"


def _loopback() -> str | None:
    """The name of the loopback interface: lo, or lo0 on a Mac."""
    names = [name for _, name in socket.if_nameindex()] if hasattr(socket, "if_nameindex") else []
    return next((name for name in ("lo", "lo0") if name in names), None)
