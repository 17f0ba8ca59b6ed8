"""What happens beside the updates of the training loop: validation, checkpoints, averaging and a progress bar.

The moments are named as those of transformers' `TrainerCallback`. At each, callbacks are called in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext

from torch import Tensor
from tqdm.auto import tqdm

from lmkit.training.checkpoints import Checkpoint
from lmkit.training.evaluation import EvalResult, evaluate
from lmkit.training.history import Validation, perplexity
from lmkit.training.interrupts import DeferredInterrupt
from lmkit.training.state import TrainState

GO_ON = "the same command goes on from there"


class Callback:
    """Do nothing at any moment; subclasses do more at some."""

    def around(self, run: TrainState) -> AbstractContextManager:
        """Return what is entered before the run begins, and left however it ends."""
        return nullcontext()

    def on_train_begin(self, run: TrainState) -> None:
        """Act before the first step."""

    def on_optimizer_step(self, run: TrainState) -> None:
        """Act as soon as the weights have changed."""

    def on_step_end(self, run: TrainState) -> None:
        """Act when a step is complete."""

    def on_train_end(self, run: TrainState) -> None:
        """Act after the last step."""


@contextmanager
def attached(callbacks: Iterable[Callback], run: TrainState) -> Iterator[None]:
    """Let callbacks begin, and end what they have begun, also after an error."""
    with ExitStack() as stack:
        for callback in callbacks:
            stack.enter_context(callback.around(run))
        yield


class Validate(Callback):
    """Evaluate the model, or its average, on held-out text; the history keeps the results.

    The main process does so for all, and in windows of one length.

    Parameters
    ----------
    stream : Tensor of int64 (N, T)
    """

    def __init__(self, stream: Tensor):
        self.stream = stream

    def on_step_end(self, run: TrainState) -> None:
        if run.step % run.config.validate_every == 0:
            self.validate(run)

    def on_train_end(self, run: TrainState) -> None:
        done = run.history.validation
        if run.step > (done[-1].step if done else 0):
            self.validate(run)

    def validate(self, run: TrainState) -> None:
        """Evaluate, and start to average the weights if the results say so."""
        result = None
        if run.processes.is_main:
            with run.average.swapped_in():
                result = self.evaluate(run)
        result = run.processes.broadcast(result)
        run.history.validation.append(Validation(run.step, result.cross_entropy, result.accuracy))
        run.average.start_if_non_monotone([each.cross_entropy for each in run.history.validation])

    def evaluate(self, run: TrainState) -> EvalResult:
        """Return how well the model predicts the held-out text."""
        config = run.config
        return evaluate(run.model, self.stream, config.window, config.loss_at, carry_state=config.carry_state)


class SaveCheckpoints(Callback):
    """Go on from a checkpoint if it has been written before; write it again and again, and when Ctrl-C is pressed."""

    def __init__(self, checkpoint: Checkpoint):
        self.checkpoint, self.interrupts = checkpoint, DeferredInterrupt()

    def around(self, run: TrainState) -> AbstractContextManager:
        # several processes would have to stop at the same step
        return self.interrupts if run.processes.world_size == 1 else nullcontext()

    def on_train_begin(self, run: TrainState) -> None:
        if not self.checkpoint.read():
            self.checkpoint.write()

    def on_step_end(self, run: TrainState) -> None:
        if self.interrupts.pending or run.step % run.config.checkpoint_every == 0:
            self.checkpoint.write()
        if self.interrupts.pending:
            raise KeyboardInterrupt(f"{self.checkpoint.path} keeps {run.step} of {run.steps} steps; {GO_ON}")

    def on_train_end(self, run: TrainState) -> None:
        self.checkpoint.write()


class AverageWeights(Callback):
    """Keep the average of the weights, once it has started, and leave it in the model.

    It stands behind `SaveCheckpoints`: a run that goes on needs the weights of the last step.
    """

    def on_optimizer_step(self, run: TrainState) -> None:
        run.average.update()

    def on_train_end(self, run: TrainState) -> None:
        run.average.copy_to_model()


class ShowProgress(Callback):
    """Show a progress bar with the perplexity of the last window, and that of held-out text."""

    bar: tqdm | None = None

    @contextmanager
    def around(self, run: TrainState) -> Iterator[None]:
        try:
            yield
        finally:
            if self.bar is not None:
                self.bar.close()

    def on_train_begin(self, run: TrainState) -> None:
        self.bar = tqdm(initial=run.step, total=run.steps, desc="training", mininterval=1)

    def on_step_end(self, run: TrainState) -> None:
        text = f"perplexity {perplexity(run.history.losses[-1]):.2f}"
        if run.history.validation:
            text += f", held-out {perplexity(run.history.validation[-1].cross_entropy):.2f}"
        if self.bar is not None:
            self.bar.set_postfix_str(text, refresh=False)
            self.bar.update()
