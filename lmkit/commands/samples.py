"""What a model writes at every evaluation of a training, for a person who waits."""

from __future__ import annotations

from typing import cast

from torch import Tensor
from tqdm.auto import tqdm

from lmkit.decoding import sample
from lmkit.models import LanguageModel
from lmkit.text import Tokenizer
from lmkit.training.callbacks import Callback
from lmkit.training.modes import mode_of
from lmkit.training.state import TrainState

PROMPT, NEW_TOKENS = 6, 60


class ShowSamples(Callback):
    """Print how the model goes on from the first tokens of held-out text, at top-p .9 and always by the same draw.

    Parameters
    ----------
    vocab : Tokenizer
    held_out : Tensor of int64 (N, T)
    """

    def __init__(self, vocab: Tokenizer, held_out: Tensor):
        self.vocab = vocab
        self.prompt: list[int] = held_out[0, : min(PROMPT, held_out.shape[1] - 1)].tolist()
        self.shown = 0

    def on_step_end(self, run: TrainState) -> None:
        if run.step % run.config.validate_every == 0:
            self.show(run)

    def on_train_end(self, run: TrainState) -> None:
        if run.step > self.shown:
            self.show(run)

    def show(self, run: TrainState) -> None:
        """Print a sample of the model as it is, or of the average of its weights where that has begun."""
        self.shown = run.step
        if not run.processes.is_main:
            return
        unk = self.vocab.unk
        with run.average.swapped_in(), mode_of(run.model, training=False):
            drawn = sample(
                cast(LanguageModel, run.model).stepper(),
                self.prompt,
                NEW_TOKENS,
                self.vocab.end,
                top_p=0.9,
                seed=0,
                suppress_tokens=None if unk is None else [unk],
            )
        lines = f"{self.vocab.text(self.prompt)} | {self.vocab.text(drawn.tokens)}".splitlines()
        tqdm.write(f"step {run.step} writes:\n" + "\n".join(f"    {line}" for line in lines))
