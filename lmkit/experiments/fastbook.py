"""The ladder of chapter 12 of fastai's book, rebuilt from its notebook, with controls between its rungs.

Its runs are part of `python -m lmkit experiment ladder`.

Source: Howard & Gugger (2020), 12_nlp_dive.ipynb.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from lmkit.datasets import human_numbers
from lmkit.experiments.numbers_judging import ABOUT, mistakes, short, shortened
from lmkit.models import FixedContextRNN, RecurrentLanguageModel
from lmkit.runs import Run
from lmkit.text import to_tensor
from lmkit.training import TrainConfig, detach_state, set_seed

ROWS, SIZE = 64, 64


class LoopedRNN(FixedContextRNN):
    """h = relu(W (h + embedding) + b) with a state that goes in and out, as `LMModel3` and `LMModel4` there."""

    def forward(self, tokens: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:  # pyright: ignore[reportIncompatibleMethodOverride]  # a state as well
        """Read tokens (N, L); return logits (N, L, V) and the state (N, H)."""
        h = self.embedding.weight.new_zeros(len(tokens), SIZE) if state is None else state
        outputs = []
        for x in self.embedding(tokens).unbind(dim=1):
            h = torch.relu(self.hidden(h + x))
            outputs.append(self.output(h))
        return torch.stack(outputs, dim=1), h


@dataclass(frozen=True, kw_only=True)
class FastbookRecipe:
    """A rung of the ladder of fastai's book: its network, data, epochs and rate, by AdamW and one cycle."""

    about: ClassVar[str] = ABOUT

    network: str
    window: int
    epochs: int
    lr: float
    loss_at: str = TrainConfig.loss_at
    carry_state: bool = TrainConfig.carry_state
    shuffled: bool = False

    def run(self, seed: int, settings: dict[str, Any] | None = None) -> Run:
        """Train and judge one model."""
        torch.set_num_threads(1)
        set_seed(seed)
        model = DESIGNS[self.network]()
        batches, held_out = self.batches()
        optimizer = torch.optim.AdamW(model.parameters(), lr=self.lr, betas=(0.95, 0.99), eps=1e-5, weight_decay=0.01)
        steps = self.epochs * len(batches)
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self.lr, steps, pct_start=0.25, final_div_factor=4000, max_momentum=0.95
        )
        losses = []
        for _ in range(self.epochs):
            order = torch.randperm(len(batches)).tolist() if self.shuffled else range(len(batches))
            done = []
            for loss, *_ in self._losses(model, [batches[k] for k in order]):
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                scheduler.step()
                done.append(float(loss.detach()))
            losses.append(short(fmean(done)))
        return Run(settings or {}, seed, losses, [], [], shortened(self._judged(model, held_out)))

    def batches(self) -> tuple[list[Tensor], list[Tensor]]:
        """Return batches (64, L + 1) for training and held-out text, cut as the notebook cuts them."""
        ids = to_tensor(human_numbers.vocab().ids(human_numbers.tokens(human_numbers.numbers(without_8000=True))[:-1]))
        pieces = ids.unfold(0, self.window + 1, self.window)
        cut = 4 * len(pieces) // 5
        if not self.carry_state:  # in the order of the text
            parts = [list(part.split(ROWS)) for part in (pieces[:cut], pieces[cut:])]
        else:  # row r goes on in row r
            parts = []
            for part in (pieces[:cut], pieces[cut:]):
                length = len(part) // ROWS
                parts.append(list(part[: ROWS * length].view(ROWS, length, -1).unbind(dim=1)))
        return parts[0], parts[1]

    def _losses(self, model: nn.Module, batches: Sequence[Tensor]) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        """Yield the loss of each batch, and what was read, guessed and came where the loss looks."""
        state = None
        for batch in batches:
            x, y = batch[:, :-1], batch[:, 1:]
            logits, state = model(x, state)
            state = detach_state(state) if self.carry_state else None
            if self.loss_at == "last":
                logits, x, y = logits[:, -1:], x[:, -1:], y[:, -1:]
            yield cross_entropy(logits.flatten(0, 1), y.flatten()), x, logits.argmax(dim=2), y

    @torch.no_grad()
    def _judged(self, model: nn.Module, held_out: Sequence[Tensor]) -> dict[str, Any]:
        losses, *parts = zip(*self._losses(model, held_out), strict=True)
        read, guesses, came = (torch.cat([part.flatten() for part in each]) for each in parts)
        sizes = [len(batch) for batch in held_out]
        mean = sum(float(loss) * n for loss, n in zip(losses, sizes, strict=True)) / sum(sizes)
        found = {"accuracy": float((guesses == came).float().mean()), "cross_entropy": mean}
        return found | mistakes(read, guesses, came)


DESIGNS: dict[str, Callable[[], nn.Module]] = {
    "looped": lambda: LoopedRNN(30, SIZE, 3),
    "one relu layer": lambda: RecurrentLanguageModel(30, SIZE, SIZE, nonlinearity="relu"),
    "one tanh layer": lambda: RecurrentLanguageModel(30, SIZE, SIZE),
    "two tanh layers": lambda: RecurrentLanguageModel(30, SIZE, SIZE, 2),
}


# The rungs of the notebook, and what lies between them: its fourth changes the layer, its start and the depth at once.
SECOND = FastbookRecipe(network="looped", window=3, epochs=10, lr=3e-3, loss_at="last")
THIRD = replace(SECOND, window=16, epochs=15, loss_at="every")
FIRST = replace(SECOND, epochs=4, lr=1e-3, carry_state=False)
FASTBOOK: dict[str, FastbookRecipe] = {
    "looped": FIRST,
    "stateful": SECOND,
    "every token": THIRD,
    "two layers": replace(THIRD, network="two tanh layers"),
    "looped, batches shuffled": replace(FIRST, shuffled=True),
    "every token, one relu layer": replace(THIRD, network="one relu layer"),
    "every token, one tanh layer": replace(THIRD, network="one tanh layer"),
}
