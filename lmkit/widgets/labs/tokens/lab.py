"""The tokens lab: a text is cut into the tokens of a byte-pair encoding, one merge after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import traitlets as T

from lmkit.text import BPE
from lmkit.text.bpe import NUM_BYTES
from lmkit.text.tokenizer import check_text
from lmkit.widgets.base.assets import digest
from lmkit.widgets.base.checks import about, checked_texts
from lmkit.widgets.base.controls import Controls, Slider, TextField
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.tokens import fallback, shipped

MOST_CHARACTERS = 300  # of a text
NEW_LINE = "⏎"  # a field has one line: this stands for the end of one
TEXTS = [
    "Tomorrow, and tomorrow, and tomorrow,⏎Creeps in this petty pace from day to day,",
    "love Love LOVE lovely beloved unloved",
    "She sells sea shells by the sea shore.",
    "Straße, naïveté, 😀",
    "Pay 1999 ducats   to antidisestablishmentarians.",
]
CONTROLS = Controls(
    text=TextField("Text", f"Up to {MOST_CHARACTERS} characters; {NEW_LINE} begins a new line", wide=True),
    vocab_size=Slider("Vocabulary", "How many tokens there are, the 256 bytes included", NUM_BYTES, shipped.VOCAB_SIZE),
    step=Slider("Merges", "How many of the merges that change this text have been done", 0, 2 * MOST_CHARACTERS),
)


class Merge(NamedTuple):
    """A pair of tokens that become one wherever they stand side by side in a text.

    Attributes
    ----------
    left, right, merged : str
        The tokens as a reader sees them.
    id : int
        Of the merged token.
    places : int
        In how many places of the text it happens.
    """

    left: str
    right: str
    merged: str
    id: int
    places: int


class TokensView(View, controls=CONTROLS):
    """Cuts and merges in the browser; `TokensLab` adds the controls."""

    tokens = T.List(T.Unicode(), help="Those of the encoding from id 256 on, in the letters of bytes.").tag(sync=True)
    key = T.Unicode(help="Names the encoding: views of one encoding build it once.").tag(sync=True)
    last_step = T.Int(1, help="Where the slider of merges ends, 1 at least; the view sets it.").tag(sync=True)


class TokensLab(Lab[TokensView]):
    """Watch a byte-pair encoding merge a text; works with a kernel, and on a page without one.

    Parameters
    ----------
    text : str
        At most 300 characters, and one at least, in one line: ⏎ stands for a new line.
    vocab_size : int in [256, len(tokenizer)], optional
        V, of which only the first tokens are used; all by default.
    step : int ≥ 0, optional
        How many of the merges that change this text have been done, by default all.
    tokenizer : BPE, optional
        By default one of 2,048 tokens, learned from Shakespeare's plays.
    suggestions : sequence of str
        Texts on offer beside the field.
    controls : sequence of str, optional
        The controls to show, by default all. Among `CONTROLS`.

    Raises
    ------
    ValueError
        If an argument is not what it should be.

    Examples
    --------
    >>> TokensLab("the sea", vocab_size=300).shown()
    ['t', 'he', '␣s', 'e', 'a']
    """

    def __init__(
        self,
        text: str = TEXTS[0],
        vocab_size: int | None = None,
        step: int | None = None,
        *,
        tokenizer: BPE | None = None,
        suggestions: Sequence[str] = tuple(TEXTS),
        controls: Sequence[str] | None = None,
    ):
        self.tokenizer = _checked(tokenizer)
        size = len(self.tokenizer)
        offered = [text, *checked_texts("suggestions", suggestions)]
        for name, given in [("suggestions", suggestion) for suggestion in offered[1:]] + [("text", text)]:
            with about(name):
                _read(given)
        rows = CONTROLS.given(text={"suggestions": list(dict.fromkeys(offered))}, vocab_size={"high": size})
        stored = rows.stored(text=text, vocab_size=size if vocab_size is None else vocab_size)
        merges = len(self._merged(self._ids(text, stored["vocab_size"])))
        rows = rows.given(step={"high": max(1, merges)})
        stored |= CONTROLS.given(step={"high": merges}).stored(step=merges if step is None else step)
        tokens = self.tokenizer.tokens
        key = digest("\n".join(tokens).encode())
        super().__init__(TokensView(tokens=tokens, key=key, last_step=max(1, merges), **stored), rows, controls)
        self.follow("last_step", "max", "step")

    def ids(self) -> list[int]:
        """Return the ids of the tokens after the present number of merges; the page shows the same."""
        ids = self._ids(self.value("text"), self.value("vocab_size"))
        merged = self._merged(ids)[: self.value("step")]
        return self._split(ids, merged[-1] if merged else NUM_BYTES - 1)

    def shown(self) -> list[str]:
        """Return these tokens as a reader sees them."""
        return [self.tokenizer.show(i) for i in self.ids()]

    def merges(self) -> list[Merge]:
        """Return the merges that change the text at the present size of the vocabulary, in their order."""
        ids, words = self._ids(self.value("text"), self.value("vocab_size")), self.tokenizer.words
        found, last = [], NUM_BYTES - 1
        for merged in self._merged(ids):
            left, right = self.tokenizer.parts[merged - NUM_BYTES]
            places = len(self._split(ids, last)) - len(self._split(ids, merged))
            found.append(Merge(words[left], words[right], words[merged], merged, places))
            last = merged
        return found

    def picture(self) -> tuple[str, str]:
        """Draw the tokens as boxes, and say what the numbers are."""
        text, merges = _read(self.value("text")), self.merges()
        step = min(self.value("step"), len(merges))
        return fallback.render(self.shown(), text, self.value("vocab_size"), merges, step)

    def __repr__(self) -> str:
        return f"TokensLab({self.value('text')!r}, vocab_size={self.value('vocab_size')}, step={self.value('step')})"

    def _ids(self, text: str, vocab_size: int) -> list[int]:
        """Return the ids of a text in a vocabulary of the first tokens only."""
        return self._split(self.tokenizer.encode(_read(text)), vocab_size - 1)

    def _split(self, ids: Sequence[int], last: int) -> list[int]:
        """Undo the merges that made tokens after `last`: what a vocabulary that ends there makes of the text."""
        split = []
        for i in ids:
            split += [i] if i <= last else self._split(self.tokenizer.parts[i - NUM_BYTES], last)
        return split

    def _merged(self, ids: Sequence[int]) -> list[int]:
        """Return the ids of all tokens that were made on the way to these, in the order of their merges."""
        found: set[int] = set()
        while made := {i for i in ids if i >= NUM_BYTES}:
            found |= made
            ids = [part for i in made for part in self.tokenizer.parts[i - NUM_BYTES]]
        return sorted(found)


def _checked(tokenizer: BPE | None) -> BPE:
    found = shipped.load() if tokenizer is None else tokenizer
    if not isinstance(found, BPE) or len(found) <= NUM_BYTES:
        rule = f"a BPE of more than {NUM_BYTES} tokens"
        raise ValueError(f"tokenizer must be {rule}, but it is {found!r}; make one by BPE.train")
    return found


def _read(text: str) -> str:
    """Return a text with its new lines, if it is one that can be shown; model.js does the same."""
    check_text("text", text)
    if not text:
        raise ValueError("text must hold at least one character, but it is empty; give it a few words")
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"text must hold at most {MOST_CHARACTERS} characters, but it holds {len(text)}; shorten it")
    if found := set(text) & {"\n", "\r"}:
        raise ValueError(f"text must be one line, but it holds {min(found)!r}; write {NEW_LINE} for a new line")
    return text.replace(NEW_LINE, "\n")
