"""The counting lab: a context is looked up in a text, and every continuation is shown with its count."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import traitlets as T

from lmkit.analysis import counting
from lmkit.datasets import human_numbers
from lmkit.plots.roles import color
from lmkit.text import Vocab, tokenize
from lmkit.widgets.base.assets import digest
from lmkit.widgets.base.checks import about, check_words, checked_texts
from lmkit.widgets.base.controls import Controls, Slider, TextField
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.svg import INK, LINE, MUTED, document, text
from lmkit.widgets.base.view import View

MOST_USED = 8  # tokens of a context
BARS = 10
NUMBERS = [
    ". two hundred seventy eight .",
    "two thousand three hundred",
    "nine hundred ninety nine .",
    "sixty",
    ". nine",
    "eight thousand eight hundred eighty",
    "twenty ten",
]


CONTROLS = Controls(
    context=TextField("Context", "The tokens before, separated by spaces", wide=True),
    context_length=Slider("Tokens used", "How many at its end are used", 1, MOST_USED, wide=True),
)


class CountingView(View, controls=CONTROLS):
    """Looks a context up in a text that travels with it; `CountingLab` adds the controls."""

    words = T.List(T.Unicode(), help="The distinct tokens of the text in id order.").tag(sync=True)
    stream = T.Bytes(b"", help="The text's ids, see `id_bytes`, in zlib's format.").tag(sync=True)
    key = T.Unicode(help="Names the text: views of one text unpack it once.").tag(sync=True)


class CountingLab(Lab[CountingView]):
    """Look up what follows a context in a text, and how often; works with a kernel, and on a page without one.

    Parameters
    ----------
    tokens : sequence of str, optional
        The text, as words and punctuation marks free of white space; by default all of Human Numbers. It travels with
        the page: about 0.3 bytes per token for Human Numbers, 0.7 for Stories.
    context : str, optional
        The context, its tokens separated by spaces; by default one that occurs.
    context_length : int in [1, 8]
        n, how many tokens at the end of the context are used.
    suggestions : sequence of str, optional
        Contexts on offer beside the field; by default some that occur in the text.

    Raises
    ------
    ValueError
        If the text is empty or holds tokens with white space, the context is empty, or `context_length` is out of
        range.
    UnknownWordError
        If the context holds a word that the text does not.

    Examples
    --------
    >>> CountingLab(context="nine hundred ninety nine .")
    CountingLab(63099 tokens, context='nine hundred ninety nine .', context_length=5)
    """

    def __init__(
        self,
        tokens: Sequence[str] | None = None,
        *,
        context: str | None = None,
        context_length: int = 5,
        suggestions: Sequence[str] | None = None,
    ):
        self.tokens = _checked(human_numbers.tokens() if tokens is None else tokens)
        with about("tokens"):
            vocab = Vocab.of(self.tokens)
        offered = NUMBERS if tokens is None else _excerpts(self.tokens)
        suggestions = offered if suggestions is None else checked_texts("suggestions", suggestions)
        context = [*suggestions, *offered][0] if context is None else context
        for name, given in [*(("suggestions", suggestion) for suggestion in suggestions), ("context", context)]:
            check_words(name, given)
            with about(name):
                if not vocab.encode(given):  # raises for an unknown word
                    raise ValueError(f"{name} must hold at least one token, but it is empty; give words of the text")
        rows = CONTROLS.given(context={"suggestions": list(dict.fromkeys([context, *suggestions]))})
        stored = rows.stored(context=context, context_length=context_length)
        super().__init__(CountingView(**_text_traits(self.tokens, vocab), **stored), rows)

    def used(self) -> list[str]:
        """Return the tokens of the context that are looked up."""
        return tokenize(self.value("context"))[-self.value("context_length") :]

    def continuations(self) -> Counter[str]:
        """Return what Python counts with the present settings; the page shows the same."""
        used = tuple(self.used())
        return Counter(token for context, token in counting.pairs(self.tokens, len(used)) if context == used)

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={self.value(name)!r}" for name in self.controls)
        return f"CountingLab({len(self.tokens)} tokens, {settings})"

    def picture(self) -> tuple[str, str]:
        """Draw the context and the bars of its most frequent continuations."""
        counts = self.continuations()
        rows = [(token, counts[token], share) for token, share in list(counting.shares(counts).items())[:BARS]]
        after = f"After “{' '.join(self.used())}”"
        counted = f"counted {counts.total():,} times in {len(self.tokens):,} tokens"
        listed = ", ".join(f"{token} {number:,}" for token, number, _ in rows) or "nothing"
        left = f", and {len(counts) - len(rows)} more" if len(counts) > len(rows) else ""
        bars = [part for i, row in enumerate(rows) for part in _bar(62 + LINE * i + LINE, *row)]
        svg = document([text(16, 28, after, INK), text(16, 52, counted, MUTED), *bars], 80 + LINE * len(rows))
        return svg, f"{after}, {counted}: {listed}{left}."


def _checked(tokens: Sequence[str]) -> list[str]:
    if isinstance(tokens, str):
        raise ValueError("tokens must be a sequence of tokens, but it is a string; split it: lmkit.text.tokenize(text)")
    found = checked_texts("tokens", tokens)
    if not found:
        raise ValueError("tokens must hold at least one token, but it is empty")
    return found


def _text_traits(tokens: Sequence[str], vocab: Vocab) -> dict[str, Any]:
    """Return the text as it travels."""
    raw = id_bytes(vocab.ids(tokens), len(vocab))
    return {"words": vocab.words, "stream": zlib.compress(raw, 9), "key": digest(raw + repr(vocab.words).encode())}


def id_bytes(ids: Sequence[int], vocab_size: int) -> bytes:
    """Return ids as little-endian numbers of one, two or four bytes, whatever the vocabulary needs."""
    kind = "<u1" if vocab_size <= 2**8 else "<u2" if vocab_size <= 2**16 else "<u4"
    return np.array(ids, dtype=kind).tobytes()


def _excerpts(tokens: Sequence[str], number: int = 6) -> list[str]:
    """Return contexts from evenly spaced places of a text, as long as the slider reaches if the text allows."""
    length = min(MOST_USED, len(tokens))
    starts = sorted({round(i * (len(tokens) - length) / number) for i in range(number)})
    return [" ".join(tokens[start : start + length]) for start in starts]


def _bar(y: int, token: str, number: int, share: float) -> list[str]:
    width = max(1, round(400 * share))
    return [
        text(128, y, token, INK, 'text-anchor="end"'),
        f'<rect x="136" y="{y - 13}" width="{width}" height="16" fill="{color("model")}"/>',
        text(144 + width, y, f"{number} ({round(100 * share)} %)", MUTED),
    ]
