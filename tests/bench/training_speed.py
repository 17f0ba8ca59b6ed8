"""How long the book's best recipe takes to train, beside a plain loop in torch with the same budget.

``python -m tests.bench.training_speed``. The plain loop is written as one would without a package: nn.LSTM, nn.Dropout,
the same optimizer, schedule, penalties and clipping, as many windows of the same size. It has the dropout of
fastai's book, before the output layer; our model has every place of dropout besides.
"""

from functools import partial

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import OneCycleLR

from lmkit.datasets import human_numbers
from lmkit.experiments import OURS, PEER, Recipe
from lmkit.models import AWDLSTM
from lmkit.text import batchify, to_tensor
from lmkit.training import repeat, train
from tests.bench.bench_python import seconds

EPOCHS = 3
RECIPES = {"fastai's book": PEER, "ours": OURS}


class PlainModel(nn.Module):
    """Embedding, torch's LSTM, dropout, and an output layer that shares its weights."""

    def __init__(self, recipe: Recipe):
        super().__init__()
        size = recipe.hidden_size
        self.embedding, self.output = nn.Embedding(30, size), nn.Linear(size, 30)
        self.lstm = nn.LSTM(size, size, recipe.num_layers, batch_first=True)
        self.dropout = nn.Dropout(recipe.output_p)
        self.output.weight = self.embedding.weight

    def forward(self, x, state):
        raw, state = self.lstm(self.embedding(x), state)
        dropped = self.dropout(raw)
        return self.output(dropped), raw, dropped, state


def plain_optimizers(model: PlainModel, recipe: Recipe) -> list[torch.optim.Optimizer]:
    options = {"lr": recipe.lr, "weight_decay": recipe.weight_decay}
    if recipe.optimizer == "adamw":
        return [torch.optim.AdamW(model.parameters(), fused=True, **options)]
    hidden = [p for p in model.lstm.parameters() if p.dim() == 2]
    others = [p for p in model.parameters() if p.dim() == 1 or p is model.embedding.weight]
    muon = torch.optim.Muon(hidden, adjust_lr_fn="match_rms_adamw", **options)
    return [muon, torch.optim.AdamW(others, fused=True, **options)]


def plain(recipe: Recipe, stream: torch.Tensor) -> None:
    model = PlainModel(recipe)
    optimizers = plain_optimizers(model, recipe)
    starts = range(0, stream.shape[1] - 1, recipe.window)
    schedules = [OneCycleLR(o, recipe.lr, total_steps=EPOCHS * len(starts), cycle_momentum=False) for o in optimizers]
    for _ in range(EPOCHS):
        state = None
        for start in starts:
            x = stream[:, start : start + recipe.window][:, : stream.shape[1] - 1 - start]
            y = stream[:, start + 1 : start + 1 + recipe.window]
            logits, raw, dropped, state = model(x, state)
            state = tuple(part.detach() for part in state)
            loss = cross_entropy(logits.flatten(0, 1), y.flatten()) + recipe.alpha * dropped.pow(2).mean()
            loss = loss + recipe.beta * (raw[:, 1:] - raw[:, :-1]).pow(2).mean()
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
            for stepping in (*optimizers, *schedules):
                stepping.step()


def ours(recipe: Recipe, stream: torch.Tensor) -> None:
    size = recipe.hidden_size
    model = AWDLSTM(30, size, size, recipe.num_layers, input_p=recipe.input_p, output_p=recipe.output_p)
    streams, steps = repeat(stream, EPOCHS, recipe.window)
    train(model, streams, steps=steps, progress=False, **recipe.options())


def main() -> None:
    """Print the ratios."""
    torch.set_num_threads(1)
    training = to_tensor(human_numbers.vocab().ids(human_numbers.sequential_split()[0]))
    print(f"Training on Human Numbers, {EPOCHS} epochs: seconds (ratio to a plain loop; 1 wanted)")
    for name, recipe in RECIPES.items():
        stream = batchify(training, recipe.batch_size)
        times = seconds({"plain": partial(plain, recipe, stream), "lmkit": partial(ours, recipe, stream)}, rounds=5)
        print(f"  {name} recipe: {times['plain']:.2f}, {times['lmkit']:.2f} ({times['lmkit'] / times['plain']:.2f})")


if __name__ == "__main__":
    main()
