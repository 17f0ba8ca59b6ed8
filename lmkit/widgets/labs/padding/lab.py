"""The padding lab: what padding behind a source does to a translator that masks it, and to one that reads it."""

from __future__ import annotations

from collections.abc import Sequence

import traitlets as T

from lmkit import runs as shipped
from lmkit.files import StrPath
from lmkit.pretrained import Translator
from lmkit.runs import Runs
from lmkit.widgets.base.checks import about, check, check_words
from lmkit.widgets.base.controls import Controls, Slider, TextField
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.translator_options import translator_option
from lmkit.widgets.base.view import View
from lmkit.widgets.labs.padding import fallback
from lmkit.widgets.labs.padding.shares import rows_of
from lmkit.widgets.labs.padding.translating import MOST_NEW_TOKENS, PAD, Judged, judge, translated

CLEAN, FAULTY = "padding_masked", "padding_read"
MOST_PADDING = 20
MOST_WORDS = 100  # of a source: with its padding a page can read it
CONTROLS = Controls(
    source=TextField("Source", "A beginning of a story in English; words and marks apart", wide=True),
    padding=Slider("Padding", "Words of padding behind the source", 0, MOST_PADDING, wide=True),
)
SOURCES = [
    "oscar , the captain 's shy son , woke early .",
    "one evening ida walked past the castle .",
    "emma was a kind girl who lived near the wall .",
    "one morning maya rode to the river in silence .",
    "on a windy night ben went past the castle in the wind .",
]


class PaddingView(View, controls=CONTROLS):
    """Shows both translations of a padded source; `PaddingLab` adds the controls."""

    clean = T.Dict(help="The translator that masks padding, see `TranslatorOption.entry`.").tag(sync=True)
    faulty = T.Dict(help="The translator that reads padding.").tag(sync=True)
    own_clean = T.Bytes(b"", help="The file of a reader's own translator that masks padding.").tag(sync=True)
    own_faulty = T.Bytes(b"", help="The file of a reader's own translator that reads padding.").tag(sync=True)
    most_new_tokens = T.Int(MOST_NEW_TOKENS).tag(sync=True)
    shares = T.List(T.Dict(), help="What larger translators did with many sources, see `rows_of`.").tag(sync=True)


class PaddingLab(Lab[PaddingView]):
    """Add padding behind a source, and see which translation changes; works with a kernel, and on a page without one.

    Both translators are greedy. To one padding is masked: its encoder does not read it, and its decoder cannot look at
    it. To the other `<pad>` is a word like any other, and its loss counted the padding behind targets.

    Parameters
    ----------
    clean : str, path or Translator, optional
        A shipped translator's name, the path of a translator's file, or what `lmkit.pretrained.load_translator` gives,
        such as one of your own. It masks padding; by default the shipped one.
    faulty : str, path or Translator, optional
        One that reads padding: its source vocabulary is that of `clean` and `<pad>` behind it. By default the shipped
        one.
    runs : Runs, optional
        Runs of the experiment `padding`, told below; by default the shipped ones, where there are any.
    source : str, optional
        What is to be translated, at most 100 words.
    padding : int in [0, 20]
    controls : sequence of str, optional
        The controls to show, by default all. Among `CONTROLS`.

    Examples
    --------
    >>> PaddingLab(source="one evening ida walked past the castle .", padding=5)
    PaddingLab(8 words, padding=5)
    """

    def __init__(
        self,
        clean: StrPath | Translator | None = None,
        faulty: StrPath | Translator | None = None,
        runs: Runs | None = None,
        *,
        source: str | None = None,
        padding: int = MOST_PADDING,
        controls: Sequence[str] | None = None,
    ):
        self._options = {
            "clean": translator_option("clean", CLEAN if clean is None else clean),
            "faulty": translator_option("faulty", FAULTY if faulty is None else faulty),
        }
        first = self._options["clean"]
        _check_vocabularies(*(option.translator for option in self._options.values()))
        suggestions = SOURCES if first.has_truth() else [first.translator.source_vocab.words[0]]
        source = suggestions[0] if source is None else source
        check_words("source", source, MOST_WORDS)
        with about("source"):
            first.translator.source_ids(source)  # raises for a source that it cannot read
        if runs is None and "padding" in shipped.names():
            runs = shipped.load("padding")
        check("runs", runs, isinstance(runs, Runs | None), "runs such as lmkit.runs.load gives")
        rows = CONTROLS.given(source={"suggestions": suggestions})
        view = PaddingView(
            **rows.stored(source=source, padding=padding),
            **{name: option.entry(f"own_{name}") for name, option in self._options.items()},
            **{f"own_{name}": option.data for name, option in self._options.items()},
            shares=[] if runs is None else rows_of(runs),
        )
        super().__init__(view, rows, controls)

    def translations(self) -> dict[str, list[str]]:
        """Return what Python's own decoder makes of the padded source, in words; the page shows the same.

        Returns
        -------
        dict
            "clean" and "faulty": the words of the translation, with the end token where it has ended.
        """
        source, padding = self.value("source"), self.value("padding")
        return {name: translated(option.translator, source, padding) for name, option in self._options.items()}

    def judged(self) -> dict[str, Judged]:
        """Return the same with what the truth says of it, and what the padding has changed."""
        source, padding = self.value("source"), self.value("padding")
        truth = self._options["clean"].has_truth()
        return {name: judge(option.translator, source, padding, truth) for name, option in self._options.items()}

    def __repr__(self) -> str:
        return f"PaddingLab({len(self.value('source').split())} words, padding={self.value('padding')})"

    def picture(self) -> tuple[str, str]:
        """Draw the padded source and both translations, as Python computes them."""
        return fallback.render(self.value("source"), self.value("padding"), self.judged(), self.view.shares)


def _check_vocabularies(clean: Translator, faulty: Translator) -> None:
    """Raise ValueError unless the one translator lacks a word for padding that the other has, and no other word."""
    words = clean.source_vocab.words
    check("clean", words[-1], PAD not in words, f"a translator whose source has no word {PAD}")
    if faulty.source_vocab.words != [*words, PAD]:
        rule = f"faulty must have the source vocabulary of clean, and {PAD} behind it"
        raise ValueError(f"{rule}, but it ends with {faulty.source_vocab.words[-1]!r}; train both on the same words")
