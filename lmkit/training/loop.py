"""The training loop.

It is handed a model and streams of tokens in rows, and trains by truncated back-propagation through time: the state is
carried from window to window, gradients are not. A model is a function (tokens (N, L), state) -> (logits (N, L, V),
state), called without a state at the start of a stream; or, where it remembers nothing, a function tokens (N, L) ->
logits (N, V) of the one token that follows.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from tqdm.auto import trange

from lmkit.training.averaging import Averaging
from lmkit.training.checkpoints import Checkpoint, Parts, RandomGenerators, description
from lmkit.training.history import History, Validation, perplexity
from lmkit.training.measuring import measured
from lmkit.training.optimizers import make_optimizers, make_schedule, scaled_rates
from lmkit.training.parallel import Processes, present
from lmkit.training.penalties import activation_penalty, temporal_activation_penalty
from lmkit.training.place import Place
from lmkit.training.reading import IGNORED, Prediction, Reading, check_at_least_1, new_generator


def set_seed(seed: int) -> None:
    """Seed the generators of Python, NumPy and torch, so that a run can be repeated."""
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def train(
    model: nn.Module,
    streams: Iterable[Tensor],
    *,
    steps: int,
    window: int = 64,
    variable_window: bool = False,
    loss_at: str = "every",
    carry_state: bool = True,
    lr: float = 0.01,
    schedule: str = "one-cycle",
    warmup: float = 0.03,
    weight_decay: float = 0.01,
    alpha: float = 0.0,
    beta: float = 0.0,
    clip: float = 1.0,
    optimizer: str = "adamw",
    averaging: int | None = None,
    validation: Tensor | None = None,
    validate_every: int = 100,
    checkpoint: Path | None = None,
    checkpoint_every: int = 200,
    progress: bool = True,
) -> History:
    """Train a language model; it is changed in place.

    Within `parallel.joined`, several processes train one model: all call this with the same arguments, each reads its
    share of the rows, and all make the same updates, those of the joined batch, whose losses they record.

    Parameters
    ----------
    model : Module
        (tokens (N, L), state) -> (logits (N, L, V), state); or tokens (N, L) -> logits (N, V)
    streams : iterable of Tensors of int64, each (N, T)
        Rows of tokens, read one stream after the other; the state starts at zero with each. Repeat one tensor
        for epochs over a fixed text (`repeat`, `repeat_shifted`), or generate fresh text without end.
    steps : int ≥ 1
        How many updates to make; fewer are made if the streams run out.
    window : int ≥ 1
        L, how many steps gradients flow back.
    variable_window : bool
        Draw the length of every window around `window` (see `variable_windows`), and scale the rate of its step by
        its share of `window`, since a short window speaks for fewer tokens.
    loss_at : "every" or "last"
        Which targets of a window count: the one after every token, or only the one after the last token. With "last",
        what is left at the end of a stream and does not fill a window is not used.
    carry_state : bool
        Start a window from the state after the one before, rather than from zero.
    lr : float > 0
        The learning rate, or its peak.
    schedule : "one-cycle", "cosine" or "constant"
        How the rate changes: up from a 25th of its peak, then down to nearly zero along a cosine (Smith 2018); the same
        without the rise (Loshchilov & Hutter 2017); not at all.
    warmup : float between 0 and 1
        The share of the steps in which a one-cycle rate rises.
    weight_decay : float ≥ 0
        λ: every step multiplies the weights by 1 − lr · λ, apart from the gradient (decoupled; Loshchilov & Hutter
        2019); with "adam" and "sgd" it adds λ · w to the gradient (coupled: the gradient of λ/2 · Σ w²).
    alpha, beta : float ≥ 0
        Of `activation_penalty` and `temporal_activation_penalty`; above 0 the model must have `with_activations`.
    clip : float > 0
        The largest allowed norm of the gradient (Pascanu et al. 2013); inf for no limit.
    optimizer : "adamw", "adam", "sgd" or "muon"
        Muon (Jordan et al. 2024) makes every update of a hidden weight matrix orthogonal; AdamW still updates
        embeddings and biases.
    averaging : int ≥ 0, optional
        n, the non-monotone interval: once a held-out loss is worse than the best of those more than n measurements
        before, the weights of all further steps are averaged; held-out text is measured with the average, and the
        model ends with it. With "sgd" and a constant rate this is NT-ASGD (Merity et al. 2018). Needs `validation`.
    validation : Tensor of int64 (N, T), optional
        Rows of held-out tokens, to be measured every `validate_every` steps and after the last one, read as the text
        that is trained on (see `measure`).
    validate_every : int ≥ 1
    checkpoint : Path, optional
        A file to write every `checkpoint_every` steps and at the end, with all that the run depends on. If it exists
        already, the run goes on from there, to the very losses and weights that it would have had without the break.
        The call must be the first one again: the same settings, the model and the generators as they were at the start
        (see `set_seed`), and the streams from their beginning.
    checkpoint_every : int ≥ 1
    progress : bool
        Show a progress bar with the running perplexity.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If an argument is out of its range, or a loss or gradient is no longer finite.
    CheckpointError
        If the checkpoint is damaged or that of another run; it stays as it is.
    """
    given = dict(locals())
    check_at_least_1(steps=steps, validate_every=validate_every)
    _check_at_least_0(weight_decay=weight_decay, alpha=alpha, beta=beta)
    if not (lr > 0 and clip > 0):
        raise ValueError(f"lr and clip must be above 0, but they are {lr} and {clip}")
    if not 0 < warmup < 1:
        raise ValueError(f"warmup must be above 0 and below 1, but it is {warmup}")
    if averaging is not None and validation is None:
        raise ValueError("validation must be given where averaging is, for held-out loss decides when it begins")
    penalised = alpha > 0 or beta > 0
    if penalised and not hasattr(model, "with_activations"):
        raise ValueError(f"alpha and beta must be 0 for a {type(model).__name__}, which has no with_activations")
    processes = present()
    reading = Reading(window, loss_at, carry_state, new_generator() if variable_window else None, penalised)
    lr, weight_decay = float(lr), float(weight_decay)  # NumPy's would end in checkpoints, which hold plain numbers
    optimizers = make_optimizers(model, optimizer, lr, weight_decay)
    run = _Run(
        model=model,
        optimizers=optimizers,
        schedules=[make_schedule(schedule, part, lr, steps, warmup) for part in optimizers],
        average=None if averaging is None else Averaging(model, averaging),
        place=Place(reading, processes),
        processes=processes,
    )
    saved = None
    if checkpoint is not None:
        first, streams = _with_first(streams)
        begun = description(given, model, first_stream=first, held_out_text=validation)
        saved = Checkpoint(checkpoint, checkpoint_every, begun, run.parts(), processes)
    model.train()
    with processes.own_masks():
        if saved and not saved.read():
            saved.write()
        done = len(run.history.losses)
        quiet = not (progress and processes.is_first)
        bar = trange(done + 1, steps + 1, initial=done, total=steps, desc="training", disable=quiet, mininterval=1)
        for step, prediction in zip(bar, run.place.predictions(model, streams), strict=False):
            _update(run, prediction, alpha, beta, clip, rate=prediction.length / window if variable_window else 1.0)
            if validation is not None and step % validate_every == 0:
                _validate(run, validation, window)
            if saved and step % checkpoint_every == 0:
                saved.write()
            bar.set_postfix_str(_progress(run.history), refresh=False)
        if validation is not None and len(run.history.losses) > run.measured_steps:
            _validate(run, validation, window)
        if saved:
            saved.write()
    if run.average is not None:
        run.average.finish()
    model.eval()
    return run.history


@dataclass
class _Run:
    """All that changes in the course of training."""

    model: nn.Module
    optimizers: list[Optimizer]
    schedules: list[LRScheduler]
    average: Averaging | None
    place: Place
    processes: Processes
    history: History = field(default_factory=History)

    @property
    def measured_steps(self) -> int:
        """After how many steps held-out text was measured last."""
        return self.history.validation[-1].step if self.history.validation else 0

    def parts(self) -> Parts:
        """What a checkpoint holds: what all processes share, and what each has of its own."""
        many = {"optimizer": self.optimizers, "schedule": self.schedules}
        shared = {f"{name} {i}": part for name, parts in many.items() for i, part in enumerate(parts)}
        shared |= {"model": self.model, "history": self.history}
        if self.average is not None:
            shared["average"] = self.average
        return Parts(shared, own={"place": self.place, "random generators": RandomGenerators()})


def _update(run: _Run, prediction: Prediction, alpha: float, beta: float, clip: float, rate: float) -> None:
    """One step down the gradient of one window's loss, with `rate` times the scheduled learning rate."""
    counted = int(run.processes.total(int((prediction.targets != IGNORED).sum()))[0])
    loss, penalty = _objective(prediction, alpha, beta, counted, run.processes.count)
    for optimizer in run.optimizers:
        optimizer.zero_grad()
    (loss + penalty).backward()
    run.processes.add_gradients(run.model)
    grad_norm = float(nn.utils.clip_grad_norm_(run.model.parameters(), clip))
    loss, penalty = run.processes.total(float(loss.detach()), float(penalty.detach()))
    run.history.record(loss, grad_norm, counted, penalty)
    with scaled_rates(run.optimizers, rate) if rate != 1.0 else nullcontext():
        for optimizer in run.optimizers:
            optimizer.step()
    for schedule in run.schedules:
        schedule.step()
    if run.average is not None:
        run.average.add()


def _objective(
    prediction: Prediction, alpha: float, beta: float, counted: int, processes: int
) -> tuple[Tensor, Tensor]:
    """This process's share of the joined batch's mean cross-entropy, and of its penalty."""
    logits, targets, _, activations, _ = prediction
    if processes == 1:
        loss = cross_entropy(logits, targets)
    else:
        loss = cross_entropy(logits, targets, reduction="sum") / counted
    penalty = loss.new_zeros(())
    if activations is not None:
        penalty = activation_penalty(activations.dropped, alpha) + temporal_activation_penalty(activations.raw, beta)
    return loss, penalty / processes


def _validate(run: _Run, stream: Tensor, window: int) -> None:
    """Let the first process measure held-out text, read in windows of one length, with the average if there is one."""
    found, reading = None, run.place.reading
    if run.processes.is_first:
        with nullcontext() if run.average is None else run.average.applied():
            found = measured(run.model, stream, Reading(window, reading.loss_at, reading.carry_state))
    found = run.processes.told(found)
    run.history.validation.append(Validation(len(run.history.losses), found.cross_entropy, found.accuracy))
    if run.average is not None:
        run.average.begin_if([at.cross_entropy for at in run.history.validation])


def _progress(history: History) -> str:
    """What stands beside the progress bar."""
    held_out = f", held-out {perplexity(history.validation[-1].cross_entropy):.2f}" if history.validation else ""
    return f"perplexity {perplexity(history.losses[-1]):.2f}{held_out}"


def _with_first(streams: Iterable[Tensor]) -> tuple[Tensor | None, Iterable[Tensor]]:
    """The first of some streams, or None, and all of them."""
    streams = iter(streams)
    first = next(streams, None)
    return first, streams if first is None else chain([first], streams)


def _check_at_least_0(**amounts: float) -> None:
    for name, amount in amounts.items():
        if not amount >= 0:
            raise ValueError(f"{name} must be at least 0, but it is {amount}")
