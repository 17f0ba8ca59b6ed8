"""A class that answered: students of different skill and cards of different difficulty, as the Review page exports."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lmkit import study
from lmkit.study.cards import Card, Fill, MultipleChoice, Number, Order, SingleChoice
from lmkit.study.exam.choosing import ASKED

START = 1_790_000_000_000  # ms: in September 2026
DAY = 86_400_000
FORMAT = "memory-and-chance reviews"


def export(reviews: Sequence, *, name: str | None = None, **more: Any) -> str:
    """A file, as the page writes it."""
    named = {} if name is None else {"name": name}
    return json.dumps({"format": FORMAT, "version": 1, "exported": "2026-12-01", **named, **more, "reviews": reviews})


def judged(chapters: Sequence[str]) -> list[Card]:
    """The cards of chapters that the page judges."""
    return [card for deck in study.load_all(chapters) for card in deck.cards if card.kind in ASKED]


def response(card: Card, right: bool, chance: random.Random) -> list[int | str]:
    """An answer to a card, right or wrong, as the page writes it."""
    match card:
        case SingleChoice(choices=choices):
            wrong = [place for place in range(len(choices)) if place not in card.right]
            return card.right if right else [wrong[min(len(wrong) - 1, int(chance.expovariate(1.0)))]]
        case MultipleChoice(choices=choices):
            return card.right if right else [chance.choice(range(len(choices)))] if len(card.right) > 1 else [0, 1]
        case Order(items=items):
            order = list(range(len(items)))
            return order if right else [order[1], order[0], *order[2:]]
        case Fill():
            return [card.gaps[name].answers[0] if right else "nothing" for name in card.names]
        case Number():
            return [str(card.answer) if right else "−1"]
    raise AssertionError(card)


def student(seed: int, cards: Sequence[Card], *, missing: float = 0.0, name: str | None = None) -> str:
    """The file of a student whose skill the seed decides."""
    chance = random.Random(seed)
    skill, at = chance.gauss(0, 1.2), START + seed * 1_000
    reviews, responses = [], []
    for card in cards:
        if chance.random() < missing:
            continue
        hard = random.Random(card.id).gauss(0, 1)
        right = chance.random() < 1 / (1 + math.exp(hard - skill))
        at += chance.randrange(20_000, 90_000) + (DAY if chance.random() < 0.02 else 0)
        reviews.append([card.id, 3 if right else 1, at])
        responses.append([card.id, at, response(card, right, chance)])
    return export(reviews, name=name, responses=responses)


def write(folder: Path, count: int, chapters: Sequence[str], *, missing: float = 0.0, first: int = 0) -> None:
    """Write the files of a class."""
    cards = judged(chapters)
    for seed in range(first, first + count):
        path = folder / f"student-{seed:05}.json"
        path.write_text(student(seed, cards, missing=missing, name=f"Student {seed}"), encoding="utf-8")
