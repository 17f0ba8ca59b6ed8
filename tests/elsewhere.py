"""Another device without an accelerator: tensors that say they are elsewhere, and refuse to meet those of the CPU.

What a tensor of `Elsewhere` computes is computed on the CPU, so results can be compared. As on CUDA, a CPU tensor takes
part only if it has no dimensions, or as an index; `numpy` fails, and so does a tensor that is made without a device.
"""

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("meta")  # a device that torch knows on every machine: here it stands for another one
aten = torch.ops.aten
TAKE_CPU_INDICES = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default, aten._index_put_impl_.default}
MOVES = {aten._to_copy.default, aten.copy_.default}


class Elsewhere(torch.Tensor):
    """A tensor that is on another device."""

    @staticmethod
    def __new__(cls, here):
        return torch.Tensor._make_wrapper_subclass(
            cls, here.shape, here.stride(), here.storage_offset(), dtype=here.dtype, device=DEVICE
        )

    def __init__(self, here):
        self.here = here

    def __repr__(self):
        return f"Elsewhere({self.here})"

    def numpy(self, **options):
        raise TypeError("can't convert a tensor of another device to numpy; use Tensor.cpu()")

    def tolist(self):
        return self.here.tolist()

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return dispatch(func, args, kwargs or {})


class ElsewhereIsThere(TorchDispatchMode):
    """Make what is asked for on the other device, too."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return dispatch(func, args, kwargs or {})


def dispatch(func, args, kwargs):
    parts = tree_flatten((args, kwargs))[0]
    tensors = [part for part in parts if isinstance(part, torch.Tensor)]
    away = [part for part in tensors if isinstance(part, Elsewhere)]
    strangers = [part for part in tensors if not isinstance(part, Elsewhere) and part.dim()]
    if away and strangers and func not in TAKE_CPU_INDICES | MOVES:
        raise RuntimeError(f"{func}: expected all tensors on one device, but found two")
    device = kwargs.get("device")
    result_is_away = torch.device(device) == DEVICE if device is not None else bool(away)
    if func is aten.copy_.default:
        result_is_away = isinstance(args[0], Elsewhere)
    here = {**kwargs, "device": torch.device("cpu")} if device is not None else kwargs
    args, here = tree_map(lambda part: part.here if isinstance(part, Elsewhere) else part, (args, here))
    result = func(*args, **here)
    if result is None:
        return None
    if func._schema.is_mutable and away:  # in place: the same tensor
        return next(part for part in parts if isinstance(part, Elsewhere))
    return tree_map(lambda part: Elsewhere(part) if result_is_away and isinstance(part, torch.Tensor) else part, result)


def away(value):
    """Move a tensor, or all of a module, to the other device."""
    if isinstance(value, nn.Module):
        moved = {id(p): nn.Parameter(Elsewhere(p.detach().clone())) for p in value.parameters()}
        for module in value.modules():
            for name, parameter in list(module.named_parameters(recurse=False)):
                setattr(module, name, moved[id(parameter)])
        return value
    return Elsewhere(value)
