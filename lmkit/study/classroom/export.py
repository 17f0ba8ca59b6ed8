"""One student's file, as the Review page exports it: read as anybody's text would be, for it may come from anybody.

The browser reads and writes the same in `lmkit/widgets/base/progress/file.js`.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple

FORMAT, VERSION = "memory-and-chance reviews", 1
LONGEST_FILE = 10_000_000  # bytes
LATEST = 8_640_000_000_000_000  # ms: the last moment that a browser can name
SKEW = 86_400_000  # ms: clocks may differ by so much
LONGEST_NAME, LONGEST_TYPED, LONGEST_RESPONSE, LONGEST_WORDS = 100, 200, 60, 300
TAKEN_BACK = 0

_CARD = re.compile(r"[a-z0-9-]{1,200}", re.ASCII)
_AGAIN = "ask for a file that the Review page exports"

Response = tuple[int | str, ...]


class ExportError(ValueError):
    """A file is no export that can be read; the message says why, and what to do."""


class Answer(NamedTuple):
    """An answer to a card.

    Attributes
    ----------
    card : str
        Its id.
    grade : int
        1 again, 2 hard, 3 good, 4 easy; 1 is what the page or the student judged as wrong.
    at : int
        In ms since 1970.
    response : tuple of int or str, or None
        What was answered: the places of choices or of things in order, from 0 on the card, or what was typed; None
        where the file does not say it, as in files of earlier editions.
    """

    card: str
    grade: int
    at: int
    response: Response | None = None


class Export(NamedTuple):
    """The content of a file.

    Attributes
    ----------
    name : str or None
        Of the student, if it was typed when the file was exported.
    answers : tuple of Answer
        In the order of time, without those that were taken back.
    predictions, came_true : int
        How often a lab was predicted, and how often that came true.
    notes : tuple of str
        What is odd, though the file counts.
    """

    name: str | None
    answers: tuple[Answer, ...]
    predictions: int = 0
    came_true: int = 0
    notes: tuple[str, ...] = ()


def read_export(data: bytes, now: int) -> Export:
    """Return what a file holds.

    Parameters
    ----------
    data : bytes
    now : int
        In ms since 1970: later answers come from a clock that was wrong, and are noted.

    Raises
    ------
    ExportError
        If it is no export of an edition that is known here, or an entry is not as it must be.
    """
    if len(data) > LONGEST_FILE:
        raise ExportError(f"it is too large ({len(data) / 1e6:.1f} MB; exports stay below 10 MB); {_AGAIN}")
    content = _parsed(data)
    if content.get("format") != FORMAT:
        raise ExportError(f"its format is {_quoted(content.get('format'))}, not {FORMAT!r}; {_AGAIN}")
    _check_version(content.get("version"))
    reviews, predictions, given = (content.get(key, []) for key in ("reviews", "predictions", "responses"))
    if "reviews" not in content:
        raise ExportError(f"it has no list of answers; {_AGAIN}")
    _check_entries(predictions, "prediction", _prediction_fault)
    _check_entries(given, "response", _response_fault)
    _check_entries(reviews, "answer", _answer_fault)
    answers = _counting(reviews, {(card, int(at)): tuple(response) for card, at, response in given})
    name, notes = _name(content.get("name"))
    if ahead := sum(answer.at > now + SKEW for answer in answers):
        notes += (f"{ahead} of its answers bear a date in the future, because a clock was wrong",)
    came_true = sum(predicted == happened for _, predicted, happened, _ in predictions)
    return Export(name, answers, len(predictions), came_true, notes)


def _parsed(data: bytes) -> dict[str, Any]:
    try:
        text = data.decode("utf-8-sig")
        content = json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise ExportError(f"it is not text in UTF-8; {_AGAIN}") from None
    except RecursionError:
        raise ExportError(f"it is nested deeper than any export; {_AGAIN}") from None
    except ValueError as error:
        why = "it is empty" if not data.strip() else f"it is not whole JSON ({str(error)[:90]})"
        raise ExportError(f"{why}; {_AGAIN}") from None
    if not isinstance(content, dict):
        raise ExportError(f"it holds {_quoted(content)} where an export has its format; {_AGAIN}")
    return content


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")


def _check_version(version: object) -> None:
    if _is_whole(version) and version == VERSION:
        return
    if isinstance(version, int | float) and not isinstance(version, bool) and version > VERSION:
        known = f"this lmkit knows version {VERSION}"
        raise ExportError(f"a newer edition of the book wrote it, in version {version:g}; {known}; update lmkit")
    raise ExportError(f"its version is {_quoted(version)}, not {VERSION}; {_AGAIN}")


def _check_entries(entries: object, what: str, fault: Callable[[object], str]) -> None:
    if not isinstance(entries, list):
        raise ExportError(f"its {what}s are no list; {_AGAIN}")
    for place, entry in enumerate(entries, 1):
        if found := fault(entry):
            raise ExportError(f"{what} {place} has {found}; {_AGAIN}")


def _answer_fault(entry: object) -> str:
    if not isinstance(entry, list) or len(entry) != 3:
        return f"{_quoted(entry)}, but it must be [card, grade, time]"
    card, grade, at = entry
    if fault := _card_fault(card):
        return fault
    if not _is_whole(grade) or not TAKEN_BACK <= grade <= 4:
        return f"the grade {_quoted(grade)}, but it must be 1, 2, 3 or 4 (or 0, taken back)"
    return _time_fault(at)


def _card_fault(card: object) -> str:
    if isinstance(card, str) and _CARD.fullmatch(card):
        return ""
    return f"the card {_quoted(card)}, but it must be a name of small letters, digits and hyphens"


def _time_fault(at: object) -> str:
    if _is_whole(at) and 0 < at <= LATEST:  # pyright: ignore[reportOperatorIssue]
        return ""
    return f"the time {_quoted(at)}, but it must be a whole number of milliseconds since 1970"


def _prediction_fault(entry: object) -> str:
    if not isinstance(entry, list) or len(entry) != 4:
        return f"{_quoted(entry)}, but it must be [question, predicted, happened, time]"
    odd = [words for words in entry[:3] if not _is_line(words, LONGEST_WORDS) or not words.strip()]
    return (
        f"the words {_quoted(odd[0])}, but they must be 1 to {LONGEST_WORDS} characters in a line"
        if odd
        else _time_fault(entry[3])
    )


def _response_fault(entry: object) -> str:
    if not isinstance(entry, list) or len(entry) != 3:
        return f"{_quoted(entry)}, but it must be [card, time, response]"
    card, at, response = entry
    if fault := _card_fault(card) or _time_fault(at):
        return fault
    if not isinstance(response, list) or not 1 <= len(response) <= LONGEST_RESPONSE:
        return f"the response {_quoted(response)}, but it must be a list of 1 to {LONGEST_RESPONSE} parts"
    odd = [part for part in response if not (_is_line(part, LONGEST_TYPED) or (_is_whole(part) and 0 <= part < 100))]
    return f"the response {_quoted(odd[0])}, but it must be a place or what was typed" if odd else ""


def _is_line(words: object, longest: int) -> bool:
    """Return whether this is text without control characters; its length is counted as browsers count."""
    if not isinstance(words, str) or len(words.encode("utf-16-le", "surrogatepass")) > 2 * longest:
        return False
    return not any(unicodedata.category(character) in ("Cc", "Cs") for character in words)


def _is_whole(value: object) -> bool:
    """Return whether this is a whole number, also one that is written as 3.0, which a browser takes for 3."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, int) or value.is_integer()


def _counting(reviews: list, given: dict[tuple[str, int], Response]) -> tuple[Answer, ...]:
    """Return the answers that count, each once, in the order of time."""
    back = {(card, at) for card, grade, at in reviews if grade == TAKEN_BACK}
    kept = {(int(at), card, int(grade)) for card, grade, at in reviews if (card, at) not in back}
    return tuple(Answer(card, grade, at, given.get((card, at))) for at, card, grade in sorted(kept))


def _name(name: object) -> tuple[str | None, tuple[str, ...]]:
    """Return a student's name, and what is odd about it: one that cannot be shown is left out."""
    if name is None:
        return None, ()
    if isinstance(name, str) and (plain := " ".join(name.split())) and _is_line(plain, LONGEST_NAME):
        shown = "".join(sign for sign in plain if unicodedata.category(sign) != "Cf" or sign in "\u200c\u200d")
        if shown.strip():
            return shown.strip(), ()
    return None, (f"its name {_quoted(name)} is none in a line of at most {LONGEST_NAME} characters, and is left out",)


def _quoted(value: object) -> str:
    """Return a value as JSON has it, cut short."""
    text = json.dumps(value, default=str) if value is not None else "missing"
    return text if len(text) <= 60 else f"{text[:59]}…"
