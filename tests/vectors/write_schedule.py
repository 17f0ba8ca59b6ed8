"""Write schedule.json: what FSRS's own Python package says of random answers, which ts-fsrs must agree with.

``python tests/vectors/write_schedule.py`` in an environment that has the package `fsrs` 6.3.2; the book needs it for
nothing else. Each case is the answers to one card: [grade, time in ms, state, stability, difficulty, due in ms].

The two packages count days differently (a day is 24 hours, or ends at midnight by UTC), so times are chosen for which
both count alike.
"""

import json
import random
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from fsrs import Card, Rating, Scheduler

START = datetime(2026, 1, 5, 6, tzinfo=UTC)
DAYS = (1, 2, 3, 5, 8, 13, 30, 90)


def case(rng: random.Random, scheduler: Scheduler) -> list[list]:
    """Return the random answers to one card, each with what FSRS says after it."""
    card, at, steps = Card(), START + timedelta(minutes=rng.randrange(240)), []
    for _ in range(rng.randint(1, 9)):
        grade = rng.choice([1, 2, 3, 3, 3, 4])
        card, _ = scheduler.review_card(card, Rating(grade), at)
        memory = [card.state.name.lower(), round(card.stability, 6), round(card.difficulty, 6)]
        steps.append([grade, milliseconds(at), *memory, milliseconds(card.due)])
        gap = rng.choice([timedelta(0), timedelta(days=rng.choice(DAYS))])
        at = at + gap + timedelta(minutes=rng.randrange(1, 60))
    return steps


def milliseconds(moment: datetime) -> int:
    """Return a moment in ms since 1970."""
    return int(moment.timestamp() * 1000)


if __name__ == "__main__":
    rng, scheduler = random.Random(3), Scheduler(enable_fuzzing=False)
    cases = [case(rng, scheduler) for _ in range(60)]
    content = {"written by": f"fsrs {version('fsrs')} (Python), fuzzing off", "cases": cases}
    Path(__file__).with_name("schedule.json").write_text(json.dumps(content, separators=(",", ":")))
