"""The seam between models and decoders: step functions, prompts (one or a batch), and what decoders return."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar, cast, overload, runtime_checkable

import torch
from torch import Tensor

from lmkit.decoding.state import concat_rows, select_rows

if TYPE_CHECKING:
    from typing_extensions import TypeIs

StepFn = Callable[[Tensor, Any], tuple[Tensor, Any]]
Prompt = Sequence[int]
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


def for_batches(decode: Callable[Concatenate[StepFn, Sequence[Prompt], P], list[T]]) -> Decoder[P, T]:
    """Let a decoder of a batch, `decode(step, prompts, …) -> list`, take a model too, and one prompt for one result."""

    @wraps(decode)
    def decoder(
        step: StepFn | HasStepper, prompt: Prompt | Sequence[Prompt], *args: P.args, **options: P.kwargs
    ) -> T | list[T]:
        step = as_step_fn(step)
        if is_batch(prompt):
            return decode(step, prompt, *args, **options)
        return decode(step, [prompt], *args, **options)[0]

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
    return len(prompt) > 0 and not isinstance(prompt[0], int) and getattr(prompt[0], "ndim", 1) > 0


def read_prompt(step: StepFn | HasStepper, prompt: Prompt) -> tuple[Tensor, Any]:
    """Read a prompt token by token; return the log-probabilities (1, V) of what follows, and the state."""
    return read_prompts(as_step_fn(step), [prompt])


def read_prompts(step: StepFn, prompts: Sequence[Prompt]) -> tuple[Tensor, Any]:
    """Read prompts of any lengths side by side; return the log-probabilities (N, V) of what follows, and the state.

    Raises
    ------
    ValueError
        If a prompt is empty, or the step returns NaN.
    """
    for prompt in prompts:
        if not len(prompt):
            raise ValueError("prompt must hold at least one token, but it is empty; use the end token for a new text")
    longest_first = sorted(range(len(prompts)), key=lambda row: -len(prompts[row]))
    texts = [[int(token) for token in prompts[row]] for row in longest_first]
    running = checked_step(step, torch.tensor([text[0] for text in texts]), None)  # log_probs and state
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


def _split(read: tuple[Tensor, Any], count: int) -> tuple[tuple[Tensor, Any], tuple[Tensor, Any]]:
    """Return log-probabilities and states of the first `count` rows, and of the others."""
    log_probs, state = read
    rows = torch.arange(len(log_probs))
    first, others = rows[:count], rows[count:]
    return (log_probs[first], select_rows(state, first)), (log_probs[others], select_rows(state, others))


def checked_step(step: StepFn, tokens: Tensor, state: Any) -> tuple[Tensor, Any]:
    """Take one step; raise ValueError where it returns NaN."""
    log_probs, state = step(tokens, state)
    if log_probs.amax().isnan():  # one NaN makes the maximum NaN
        raise ValueError("step returned NaN log-probabilities; the model has diverged or its weights are damaged")
    return log_probs, state
