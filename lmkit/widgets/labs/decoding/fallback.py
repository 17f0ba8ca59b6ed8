"""The decoding lab's picture, drawn from Python's own decoding."""

from __future__ import annotations

import math
import textwrap

import torch

from lmkit import decoding
from lmkit.decoding import Decoded
from lmkit.plots.roles import color
from lmkit.widgets.base.model_options import ModelOption
from lmkit.widgets.base.svg import INK, LINE, MUTED, document, text
from lmkit.widgets.labs.decoding.entropy import Choice, choices
from lmkit.widgets.labs.decoding.settings import Settings

BARS = 8
COLUMNS_HEIGHT, MOST_NATS = 88, 8


def render(option: ModelOption, settings: Settings, show_entropy: bool = False) -> tuple[str, str]:
    """Draw the picture as an SVG document, and say in words what it shows."""
    best = settings.decode(option)[0]
    rows, kept = bars(option, settings, best)
    made = choices(option, settings, best) if show_entropy else []
    words = describe(option, settings, best, rows)
    return svg(option, settings, best, rows, kept, made), f"{words} {means(made)}" if made else words


def bars(option: ModelOption, settings: Settings, best: Decoded) -> tuple[list[tuple[str, int, bool, bool]], int]:
    """Return the most probable tokens at one step as (word, percent, kept, chosen), and how many are kept."""
    at = min(settings.position, len(best.tokens)) - 1
    prompt = option.trained.prompt_ids(settings.prompt) + best.tokens[:at]
    log_probs = option.allowed(decoding.read_prompt(option.step, prompt)[0][0])
    kept = decoding.filter_logits(log_probs, **settings.filters) > -math.inf
    probs = decoding.apply_temperature(log_probs, settings.filters["temperature"]).softmax(dim=-1)
    order = torch.sort(probs, descending=True, stable=True).indices[:BARS].tolist()
    show = option.trained.vocab.show
    rows = [(show(v), round(100 * float(probs[v])), bool(kept[v]), v == best.tokens[at]) for v in order]
    return rows, int(kept.sum())


def describe(option: ModelOption, settings: Settings, best: Decoded, rows: list) -> str:
    """Return in words what the picture shows."""
    shown = ", ".join(f"{word} {percent} %" for word, percent, _, _ in rows[:4])
    step = min(settings.position, len(best.tokens))
    written = f"“{settings.prompt}” is continued by “{option.trained.vocab.text(best.tokens)}”"
    return f"{_title(option, settings)}. {written}. Step {step}, most probable: {shown}."


def means(made: list[Choice]) -> str:
    """Return the mean entropy and surprisal of the new tokens, in words."""
    own, surprisal = (sum(values) / len(made) for values in zip(*((c.own, c.surprisal) for c in made), strict=True))
    return f"On average the model’s entropy is {own:.1f} nats, the surprisal of the new tokens {surprisal:.1f}."


def svg(option: ModelOption, settings: Settings, best: Decoded, rows: list, kept: int, made: list[Choice]) -> str:
    """Draw the text, a column for each choice, and a bar for each of the most probable tokens at one step."""
    lines = textwrap.wrap(f"{settings.prompt} ▸ {option.trained.vocab.text(best.tokens)}", 76)
    parts, y = [text(16, 28, _title(option, settings), MUTED)], 28
    for line in lines:
        parts.append(text(16, y := y + LINE, line, INK))
    if made:
        parts += _columns(y := y + COLUMNS_HEIGHT + 16, made)
        parts.append(text(16, y := y + LINE, means(made), MUTED))
    step = min(settings.position, len(best.tokens))
    parts.append(text(16, y := y + LINE + 10, f"step {step}: {kept} of {len(option.trained.vocab)} tokens kept", MUTED))
    for row in rows:
        parts += _bar(y := y + LINE, *row)
    return document(parts, y + 16)


def _title(option: ModelOption, settings: Settings) -> str:
    values = {name: value for name, value in settings.shown().items() if name not in ("prompt", "method")}
    return ", ".join([option.title, settings.method, *(f"{name.replace('_', ' ')} {v}" for name, v in values.items())])


def _columns(bottom: int, made: list[Choice]) -> list[str]:
    """Draw the entropy of each choice as a column, the surprisal of the chosen token as a dot."""
    pitch, parts = min(24.0, 648 / len(made)), []
    bar, dot = f'fill="{color("kept")}"', f'r="3" fill="{color("chosen")}" stroke="#fff"'
    for i, choice in enumerate(made):
        x, width = 16 + i * pitch, 0.7 * pitch
        height, up = (round(COLUMNS_HEIGHT * min(1, nats / MOST_NATS)) for nats in (choice.left, choice.surprisal))
        parts.append(f'<rect x="{x:.1f}" y="{bottom - height}" width="{width:.1f}" height="{height}" {bar}/>')
        parts.append(f'<circle cx="{x + width / 2:.1f}" cy="{bottom - up}" {dot}/>')
    return parts


def _bar(y: int, word: str, percent: int, kept: bool, chosen: bool) -> list[str]:
    fill = f'fill="{color("kept")}"' if kept else f'fill="none" stroke="{color("dropped")}" stroke-dasharray="3 2"'
    note = f"{percent} %{'' if kept else ', dropped'}{', chosen' if chosen else ''}"
    width = max(1, 4 * percent)
    return [
        text(128, y, word, INK, 'text-anchor="end"'),
        f'<rect x="136" y="{y - 13}" width="{width}" height="16" {fill}/>',
        text(144 + width, y, note, MUTED),
    ]
