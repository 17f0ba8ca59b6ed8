"""A question as a reader of another format finds it."""

from typing import NamedTuple


class Answer(NamedTuple):
    """What one may answer: its share of the mark, what is said to it, and how far off a number may be."""

    share: float  # in percent
    text: str
    feedback: str
    tolerance: float = 0.0


class Entry(NamedTuple):
    """A question: what kind it is there, what is asked, what may be answered, and what is said to everybody."""

    category: str
    kind: str
    id: str
    title: str
    tags: tuple[str, ...]
    prompt: str
    feedback: str
    answers: tuple[tuple[Answer, ...], ...] = ()  # for each gap; one list where there are no gaps
    pairs: tuple[tuple[str, str], ...] = ()
    several: bool = False
    exact: bool = False
    files: tuple[tuple[str, bytes], ...] = ()
    grade: float = 1.0
