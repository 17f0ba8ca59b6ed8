"""Training and evaluation of encoder-decoders on pairs; loop, options and checkpoints are those of texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lmkit.files import StrPath
from lmkit.training import loop
from lmkit.training.callbacks import Validate
from lmkit.training.checkpoints import describe_run
from lmkit.training.config import TrainConfig, check_counts
from lmkit.training.evaluation import EvalResult
from lmkit.training.history import History
from lmkit.training.modes import mode_of
from lmkit.training.pairs import PairBatch
from lmkit.training.parallel import ProcessGroup
from lmkit.training.state import TrainState
from lmkit.training.windows import Prediction

OF_TEXTS = ("window", "variable_window", "loss_at", "carry_state", "alpha", "beta")  # options that pairs do not have
LEAST_WEIGHT = 1e-12  # of an attention weight whose logarithm is taken


def guidance_loss(weights: Tensor, alignment: Tensor) -> Tensor:
    """Return −Σ a log w: the cross-entropy of attention weights against true alignments, summed over target tokens.

    Parameters
    ----------
    weights, alignment : Tensors (N, T, S)
        Rows of the alignment sum to 1, or to 0 for tokens that translate nothing.

    Source: Garg et al. (2019), section 4.2; the idea of Chen et al. (2016) and Liu et al. (2016).
    """
    return -(alignment * weights.clamp(min=LEAST_WEIGHT).log()).sum()


class PairCursor:
    """The place that a run has reached in its batches of pairs.

    Parameters
    ----------
    processes : ProcessGroup
        Where there are several, each reads its share of the rows.
    guidance : float ≥ 0
        λ of `train_pairs`.
    """

    def __init__(self, processes: ProcessGroup, guidance: float = 0.0):
        self.processes, self.guidance, self.batches_begun = processes, guidance, 0

    def predictions(self, model: nn.Module, batches: Iterable[PairBatch]) -> Iterator[Prediction]:
        """Let a model read on in batches, which are the same as before, from their beginning."""
        for batch in islice(batches, self.batches_begun, None):
            self.batches_begun += 1
            yield self._read(model, batch.map(self.processes.shard))

    def _read(self, model: nn.Module, batch: PairBatch) -> Prediction:
        logits, weights = model(batch.sources, batch.lengths, batch.inputs)
        guided = None
        if self.guidance:
            if weights is None or batch.alignment is None:
                missing = "the model has no attention" if weights is None else "a batch has no alignment"
                raise ValueError(f"guidance must be 0 without true alignments to guide attention, but {missing}")
            guided = self.guidance * guidance_loss(weights, batch.alignment)
        return Prediction(logits.flatten(0, 1), batch.targets.flatten(), batch.inputs.shape[1], penalty_sum=guided)

    def state_dict(self) -> dict[str, Any]:
        """Return how many batches have been begun."""
        return {"batches_begun": self.batches_begun}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a `state_dict`."""
        self.batches_begun = state["batches_begun"]


@torch.no_grad()
def evaluate_pairs(model: nn.Module, batches: Iterable[PairBatch]) -> EvalResult:
    """Predict every target word from the true ones before it, and return cross-entropy and accuracy.

    Parameters
    ----------
    model : Module
        As for `train_pairs`; it is evaluated in evaluation mode.
    batches : iterable of PairBatch
        As `by_length` makes them; how pairs are put together makes no difference.

    Returns
    -------
    EvalResult : cross_entropy (nats per token), accuracy (0 to 1) and tokens, the end tokens counted, padding not

    Raises
    ------
    ValueError
        If there are no batches.
    """
    total, right, count = 0.0, 0, 0
    with mode_of(model, training=False):
        for prediction in PairCursor(ProcessGroup()).predictions(model, batches):
            total += float(cross_entropy(prediction.logits, prediction.targets, reduction="sum"))
            right += int((prediction.logits.argmax(dim=1) == prediction.targets).sum())
            count += prediction.num_counted
    if not count:
        raise ValueError("batches must hold at least one pair, but there is none; give some")
    return EvalResult(total / count, right / count, count)


class ValidatePairs(Validate):
    """Evaluate the model, or its average, on held-out pairs; the history keeps the results.

    Parameters
    ----------
    batches : sequence of PairBatch
    """

    def __init__(self, batches: Sequence[PairBatch]):
        self.batches = batches

    def evaluate(self, run: TrainState) -> EvalResult:
        return evaluate_pairs(run.model, self.batches)


def train_pairs(
    model: nn.Module,
    batches: Iterable[PairBatch],
    *,
    steps: int,
    validation: Sequence[PairBatch] | None = None,
    checkpoint: StrPath | None = None,
    progress: bool = True,
    guidance: float = 0.0,
    **options: Any,
) -> History:
    """Train an encoder-decoder with teacher forcing; it is changed in place, and left in evaluation mode.

    The loss is the mean cross-entropy of the targets' words; padding is not counted. All else is as for `train`.

    Parameters
    ----------
    model : Module
        (sources (N, S), lengths (N,), inputs (N, T)) -> (logits (N, T, V), attention weights (N, T, S) or None)
    batches : iterable of PairBatch
        One for each update, as `repeat_pairs` and `fresh_pairs` make them.
    steps : int ≥ 1
        How many updates to make; fewer are made if the batches run out.
    validation : sequence of PairBatch, optional
        Held-out pairs, to be evaluated on the way and after the last step; `by_length` makes them.
    checkpoint, progress : as for `train`
    guidance : float ≥ 0
        λ: add λ times `guidance_loss` to the loss, per target word, so that attention learns the true alignment, which
        the batches must have. `History.penalties` keeps what it adds.
    **options
        Those of `TrainConfig`, without those that say how a text is read in windows, and without alpha and beta.

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
    for name in OF_TEXTS:
        if name in options:
            raise ValueError(
                f"{name} must be left out for pairs, which are not read in windows; it is {options[name]!r}"
            )
    if not guidance >= 0:
        raise ValueError(f"guidance must be at least 0, but it is {guidance}; 0 leaves attention to itself")
    config = TrainConfig(**options)
    check_counts(steps=steps)
    loop.check_averaging(config, validation)
    run = TrainState.start(model, config, steps, lambda processes: PairCursor(processes, guidance))
    batches = iter(batches)
    first = list(islice(batches, 1))  # at which a checkpoint looks

    def settings() -> dict[str, Any]:
        given = {"steps": steps, "guidance": guidance, **config.options()}
        held_out = None if validation is None else _numbers(validation)
        return describe_run(given, model, first_batch=_numbers(first), held_out_pairs=held_out)

    callbacks = [] if validation is None else [ValidatePairs(validation)]
    callbacks += loop.usual_callbacks(run, settings, checkpoint, progress)
    return loop.run_steps(run, run.cursor.predictions(model, chain(first, batches)), callbacks)


def _numbers(batches: Sequence[PairBatch]) -> Tensor:
    """Return all numbers of batches in one tensor, for a fingerprint."""
    parts = [part.double().flatten() for batch in batches for part in batch if part is not None]
    return torch.cat(parts) if parts else torch.zeros(0)
