"""The training loop.

It is handed a model and streams of tokens in rows, and trains by truncated back-propagation through time: the state is
carried from window to window, gradients are not. A model is a function (tokens (N, L), state) -> (logits (N, L, V),
state), called without a state at the start of a stream; or, where it remembers nothing, a function tokens (N, L) ->
logits (N, V) of the one token that follows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from lmkit.files import StrPath
from lmkit.training.callbacks import AverageWeights, Callback, SaveCheckpoints, ShowProgress, Validate, attached
from lmkit.training.checkpoints import Checkpoint, describe_run
from lmkit.training.config import TrainConfig, check_counts
from lmkit.training.history import History
from lmkit.training.modes import mode_of
from lmkit.training.optimizers import scaled_lr
from lmkit.training.penalties import activation_penalty, temporal_activation_penalty
from lmkit.training.state import TrainState
from lmkit.training.windows import Prediction


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
    validation: Tensor | None = None,
    checkpoint: StrPath | None = None,
    progress: bool = True,
    callbacks: Sequence[Callback] = (),
    **options: Any,
) -> History:
    """Train a language model; it is changed in place, and left in evaluation mode.

    Within `parallel.distributed`, several processes train one model: all call this with the same arguments, each reads
    its share of the rows, and all make the same updates, those of the whole batch, whose losses they record.

    Parameters
    ----------
    model : Module
        (tokens (N, L), state) -> (logits (N, L, V), state); or tokens (N, L) -> logits (N, V)
    streams : iterable of Tensors of int64, each (N, T)
        Rows of tokens, read one stream after the other; the state starts at zero with each. Repeat one tensor
        for epochs over a fixed text (`repeat`, `repeat_shifted`), or generate fresh text without end.
    steps : int ≥ 1
        How many updates to make; fewer are made if the streams run out.
    validation : Tensor of int64 (N, T), optional
        Rows of held-out tokens, to be evaluated on the way and after the last step, read as the text that is trained
        on (see `evaluate`).
    checkpoint : path, optional
        A file to write on the way and at the end, with all that the run depends on. If it exists already, the run goes
        on from there, to the very losses and weights that it would have had without the break. The call must be the
        first one again: the same settings, the model and the generators as they were at the start (see `set_seed`),
        and the streams from their beginning. Where the run is interrupted (Ctrl-C), its step is completed and kept; a
        second Ctrl-C breaks it off.
    progress : bool
        Show a progress bar with the running perplexity.
    callbacks : sequence of Callback
        What else happens on the way, after a validation and before a checkpoint.
    **options
        Those of `TrainConfig`: `window`, `lr`, `schedule`, `optimizer`, `weight_decay` and others.

    Returns
    -------
    History

    Raises
    ------
    TypeError
        If there is no option of that name.
    ValueError
        If an argument is out of its range, or a loss or gradient is no longer finite.
    CheckpointError
        If the checkpoint is damaged or that of another run; it stays as it is.
    """
    config = TrainConfig(**options)
    check_counts(steps=steps)
    steps = int(steps)  # torch's schedules take no number of NumPy
    _check_together(model, config, validation)
    run = TrainState.start(model, config, steps)
    streams = iter(streams)
    first = list(islice(streams, 1))  # at which a checkpoint looks

    def settings() -> dict[str, Any]:
        given = {"steps": steps, **config.options()}
        return describe_run(given, model, first_stream=first[0] if first else None, held_out_text=validation)

    measured: list[Callback] = [] if validation is None else [Validate(validation)]
    attended = [*measured, *callbacks, *usual_callbacks(run, settings, checkpoint, progress)]
    return run_steps(run, run.cursor.predictions(model, chain(first, streams)), attended)


def run_steps(run: TrainState, predictions: Iterator[Prediction], callbacks: Sequence[Callback]) -> History:
    """Make the steps of a run that are left, each for a window or batch that its model has read."""
    model, config = run.model, run.config
    with mode_of(model, training=True), run.processes.per_rank_rng(), attached(callbacks, run):
        for callback in callbacks:
            callback.on_train_begin(run)
        for window in islice(predictions, run.steps - run.step):
            tokens = int(run.processes.all_reduce(window.num_counted)[0])
            if not tokens:
                rule = f"must hold a target that counts in every window, but in that of step {run.step} none does"
                raise ValueError(f"streams {rule}; cut off what is only padding, or give a larger window")
            loss, penalty = _objective(window, config, tokens, run.processes.world_size)
            for optimizer in run.optimizers:
                optimizer.zero_grad()
            (loss + penalty).backward()
            run.processes.all_reduce_gradients(model)
            grad_norm = float(clip_grad_norm_(model.parameters(), config.clip))
            loss, penalty = run.processes.all_reduce(float(loss.detach()), float(penalty.detach()))
            run.history.record(loss, grad_norm, tokens, penalty)
            with scaled_lr(run.optimizers, window.length / config.window if config.variable_window else 1.0):
                for optimizer in run.optimizers:
                    optimizer.step()
            for callback in callbacks:
                callback.on_optimizer_step(run)
            for scheduler in run.schedulers:
                scheduler.step()
            for callback in callbacks:
                callback.on_step_end(run)
        for callback in callbacks:
            callback.on_train_end(run)
    model.eval()
    return run.history


def _objective(window: Prediction, config: TrainConfig, tokens: int, world_size: int) -> tuple[Tensor, Tensor]:
    """Return this process's share of the whole batch's mean cross-entropy, and of its penalty."""
    if world_size == 1:
        loss = cross_entropy(window.logits, window.targets)
    else:
        loss = cross_entropy(window.logits, window.targets, reduction="sum") / tokens
    penalty = loss.new_zeros(())
    if window.activations is not None:
        raw, dropped = window.activations
        penalty = activation_penalty(dropped, config.alpha) + temporal_activation_penalty(raw, config.beta)
    if window.penalty_sum is not None:
        penalty = penalty + world_size * window.penalty_sum / tokens
    return loss, penalty / world_size


def _check_together(model: nn.Module, config: TrainConfig, validation: Tensor | None) -> None:
    check_averaging(config, validation)
    if (config.alpha or config.beta) and not hasattr(model, "with_activations"):
        rule = f"must be 0 for a {type(model).__name__}, which has no with_activations"
        raise ValueError(f"alpha and beta {rule}, but they are {config.alpha} and {config.beta}; leave them out")


def check_averaging(config: TrainConfig, validation: Any) -> None:
    """Raise ValueError where weights are to be averaged and nothing held out says when to begin."""
    if config.averaging is not None and validation is None:
        rule = "must be given where averaging is, for held-out loss decides when it starts"
        raise ValueError(f"validation {rule}, but it is None; give held-out rows, or leave averaging out")


def usual_callbacks(
    run: TrainState, settings: Callable[[], dict[str, Any]], checkpoint: StrPath | None, progress: bool
) -> list[Callback]:
    """Return the callbacks that stand behind validation, in their order; `settings` describe a run with checkpoints."""
    callbacks: list[Callback] = []
    if checkpoint is not None:
        saved = Checkpoint(checkpoint, settings(), run.shared(), run.per_rank(), run.processes)
        callbacks.append(SaveCheckpoints(saved))
    callbacks.append(AverageWeights())
    if progress and run.processes.is_main:
        callbacks.append(ShowProgress())
    return callbacks
