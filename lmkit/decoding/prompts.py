"""The seam between models and decoders: step functions, prompts (one or a batch), and what decoders return."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload, runtime_checkable

import torch
from torch import Tensor

from lmkit.decoding.filters import at_least_float32
from lmkit.decoding.state import concat_rows, select_rows
from lmkit.text import as_ids

if TYPE_CHECKING:
    from typing_extensions import TypeIs

StepFn = Callable[[Tensor, Any], tuple[Tensor, Any]]
Prompt = Sequence[int]
WIDE = (torch.float32, torch.float64)  # types in which decoders compute
P = ParamSpec("P")
T = TypeVar("T")


@runtime_checkable
class HasStepper(Protocol):
    """A model that decoders can use: its `stepper()` returns a step function."""

    def stepper(self) -> StepFn: ...


@dataclass
class Decoded:
    """Text that a decoder wrote after a prompt.

    Attributes
    ----------
    tokens : list of int
        The new tokens, without the prompt; the last is the end token if the decoder reached it.
    log_probs : list of float
        The model's own log-probability (nats, before any filter or penalty) of each new token.
    score : float
        Σ log p; for beam search of the penalised log-probabilities, divided by length^length_penalty.
    """

    tokens: list[int]
    log_probs: list[float] = field(repr=False)
    score: float

    @property
    def log_prob(self) -> float:
        """The model's log-probability of all new tokens together."""
        return sum(self.log_probs)


def as_step_fn(model: StepFn | HasStepper) -> StepFn:
    """Return the step function of a model; a step function is returned as it is.

    Raises
    ------
    TypeError
        For anything else.
    """
    if isinstance(model, HasStepper):
        return model.stepper()
    if isinstance(model, torch.nn.Module) or not callable(model):
        kind = type(model).__name__
        raise TypeError(f"step must be a step function or a model with a method stepper, but it is of class {kind}")
    return model


class Decoder(Protocol[P, T]):
    """A function that continues a prompt, or every prompt of a batch, by a step function or a model."""

    @overload
    def __call__(self, step: StepFn | HasStepper, prompt: Prompt, *args: P.args, **options: P.kwargs) -> T: ...
    @overload
    def __call__(
        self, step: StepFn | HasStepper, prompt: Sequence[Prompt], *args: P.args, **options: P.kwargs
    ) -> list[T]: ...


def for_batches(decode: Callable[Concatenate[StepFn, Sequence[list[int]], P], list[T]]) -> Decoder[P, T]:
    """Let a decoder of a batch, `decode(step, prompts, …) -> list`, take a model too, and one prompt for one result."""

    @wraps(decode)
    def decoder(
        step: StepFn | HasStepper, prompt: Prompt | Sequence[Prompt], *args: P.args, **options: P.kwargs
    ) -> T | list[T]:
        step = as_step_fn(step)
        if is_batch(prompt):
            return decode(step, [prompt_of(one, step) for one in prompt], *args, **options)
        return decode(step, [prompt_of(prompt, step)], *args, **options)[0]

    public = cast(Any, decoder)
    public.__signature__ = _public_signature(decode)
    return public


def _public_signature(decode: Callable) -> inspect.Signature:
    """Return what a decoder's help shows: that it takes a model too, and one prompt for one result."""
    signature = inspect.signature(decode)
    public = {"step": "StepFn | HasStepper", "prompt": "Prompt | Sequence[Prompt]"}
    parameters = [
        each.replace(annotation=public.get(each.name, each.annotation)) for each in signature.parameters.values()
    ]
    batch = str(signature.return_annotation)
    one = batch.removeprefix("list[").removesuffix("]")
    return signature.replace(parameters=parameters, return_annotation=f"{one} | {batch}")


def is_batch(prompt: Prompt | Sequence[Prompt]) -> TypeIs[Sequence[Prompt]]:
    """Return whether this is a sequence of prompts, and not one prompt."""
    first = prompt[0] if _is_row(prompt) and len(prompt) else None
    return _is_row(first) and not isinstance(first, str)


def _is_row(value: Any) -> bool:
    """Return whether a value has places in an order: a sequence, or a tensor or array with dimensions."""
    return isinstance(value, Sequence) or (hasattr(value, "tolist") and getattr(value, "ndim", 0) > 0)


def prompt_of(ids: Prompt, step: StepFn) -> list[int]:
    """Return a prompt for a step as a list of int.

    Raises
    ------
    ValueError
        If it is empty, or holds what cannot be the id of a token.
    """
    if not _is_row(ids):
        raise ValueError(f"prompt must be a sequence of ids, or a batch of such sequences, but it is {ids!r}")
    prompt = as_ids("prompt", ids, least=-math.inf if _names_sources(step) else 0)
    if not prompt:
        raise ValueError("prompt must hold at least one token, but it is empty; use the end token for a new text")
    return prompt


def read_prompt(step: StepFn | HasStepper, prompt: Prompt) -> tuple[Tensor, Any]:
    """Read a prompt token by token; return the log-probabilities (1, V) of what follows, and the state.

    Raises
    ------
    ValueError
        If the prompt is empty or holds anything but ids below V, or the step returns NaN.
    """
    step = as_step_fn(step)
    return read_prompts(step, [prompt_of(prompt, step)])


def read_prompts(step: StepFn, prompts: Sequence[list[int]]) -> tuple[Tensor, Any]:
    """Read prompts of any lengths side by side; return the log-probabilities (N, V) of what follows, and the state."""
    longest_first = sorted(range(len(prompts)), key=lambda row: -len(prompts[row]))
    texts = [prompts[row] for row in longest_first]
    running = _first_step(step, texts)  # log_probs and state
    finished = []  # the same of shorter prompts
    for position in range(1, len(texts[0])):
        tokens = torch.tensor([text[position] for text in texts if len(text) > position])
        if len(tokens) < len(running[0]):
            running, ended = _split(running, len(tokens))
            finished.insert(0, ended)
        running = checked_step(step, tokens, running[1])
    if not finished:
        return running
    log_probs, states = zip(running, *finished, strict=True)
    original_order = torch.tensor(longest_first).argsort()
    return torch.cat(log_probs)[original_order], select_rows(concat_rows(states), original_order)


def _first_step(step: StepFn, prompts: Sequence[list[int]]) -> tuple[Tensor, Any]:
    """Read the first token of each prompt, and see that the step knows all of their tokens."""
    tokens = torch.tensor([prompt[0] for prompt in prompts])
    try:
        log_probs, state = checked_step(step, tokens, None)
    except (IndexError, RuntimeError):
        with suppress(IndexError, RuntimeError):  # whatever is wrong, it is not an id that is too large
            check_known(step, prompts, checked_step(step, torch.zeros_like(tokens), None)[0])
        raise
    check_known(step, prompts, log_probs)
    return log_probs, state


def check_known(step: StepFn, texts: Sequence[list[int]], log_probs: Tensor, name: str = "prompt") -> None:
    """Raise ValueError, which calls the texts so, if one of their tokens is not among those that a step knows."""
    for text in texts:
        as_ids(name, text[1:] if _names_sources(step) else text, log_probs.shape[-1])


def _names_sources(step: StepFn) -> bool:
    """Return whether a step says, by an attribute, that prompts begin with the number of a source, which it checks."""
    return getattr(step, "names_sources", False)


def _split(read: tuple[Tensor, Any], count: int) -> tuple[tuple[Tensor, Any], tuple[Tensor, Any]]:
    """Return log-probabilities and states of the first `count` rows, and of the others."""
    log_probs, state = read
    rows = torch.arange(len(log_probs))
    first, others = rows[:count], rows[count:]
    return (log_probs[first], select_rows(state, first)), (log_probs[others], select_rows(state, others))


def checked_step(step: StepFn, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
    """Take one step; return its log-probabilities where decoders compute, on the CPU, and in float32 at least.

    Raises
    ------
    ValueError
        Where they hold NaN or inf.
    """
    log_probs, state = step(tokens, state)
    if not (log_probs.is_cpu and log_probs.dtype in WIDE):
        log_probs = log_probs.to("cpu", at_least_float32(log_probs))
    if not (largest := float(log_probs.amax())) < math.inf:  # one NaN makes it NaN
        if math.isnan(largest):
            raise ValueError("step returned NaN log-probabilities; the model has diverged or its weights are damaged")
        raise ValueError("step must return log-probabilities, at most 0, but one is inf")
    return log_probs, state
