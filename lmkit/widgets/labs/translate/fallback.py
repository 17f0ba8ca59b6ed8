"""The translation lab's picture, drawn from Python's own decoding."""

from __future__ import annotations

import textwrap
from typing import NamedTuple

from torch import Tensor

from lmkit.datasets import translation
from lmkit.datasets.translation import SourceError, Translations
from lmkit.plots.roles import color
from lmkit.widgets.base.svg import INK, LINE, MUTED, document, text
from lmkit.widgets.base.translator_options import TranslatorOption
from lmkit.widgets.labs.translate.settings import Settings

LEFT, TOP, ACROSS = 112, 96, 544  # px beside the matrix, above it, and as wide as it may be
LARGEST_CELL = 14
LEAST = 0.004  # a weight that is drawn: less than one of 201 equal ones


class Shown(NamedTuple):
    """The parts of a picture: words of both sides, weights (T, S) if there are any, and what is true."""

    source: list[str]
    target: list[str]
    weights: Tensor | None
    alignment: list[tuple[int, ...]]
    verdict: str


def render(option: TranslatorOption, settings: Settings) -> tuple[str, str]:
    """Draw the picture as an SVG document, and say in words what it shows."""
    shown = look(option, settings)
    title = ", ".join(f"{value}" for value in settings.shown().values())
    words = f"{title}. “{settings.source}” becomes “{' '.join(shown.target)}”. {shown.verdict}"
    return svg(title, shown), words


def look(option: TranslatorOption, settings: Settings) -> Shown:
    """Decode, look where the decoder looks, and ask the truth."""
    translator = option.translator
    source = translator.source_ids(settings.source)
    tokens = settings.decode(translator)[0].tokens
    words = [translator.target_vocab.words[token] for token in tokens]
    weights = None
    if option.has_attention():
        ended = tokens if tokens[-1] == translator.eos_token_id else [*tokens, translator.eos_token_id]
        weights = translator.model.reweighted(settings.weights).attention_of(source, ended)[: len(tokens)]
    source_words = [translator.source_vocab.words[word] for word in source]
    return Shown(source_words, words, weights, *_judged(option, source_words, words))


def _judged(option: TranslatorOption, source: list[str], target: list[str]) -> tuple[list[tuple[int, ...]], str]:
    """Return the true alignment of as many words as are possible, and what is to be said of the translation."""
    if not option.has_truth():
        return [], "No truth is known of these words."
    try:
        oracle = translation.translations(source)
    except SourceError as error:
        return [], f"No truth is known: {error}."
    wrong = next((t for t in range(len(target)) if target[t] not in oracle.next(target[:t])), None)
    return oracle.align(target[:wrong]).alignment, _verdict(oracle, target, wrong)


def _verdict(oracle: Translations, target: list[str], wrong: int | None) -> str:
    if wrong is not None:
        return f"No translation: word {wrong + 1}, “{target[wrong]}”, cannot come there."
    if target not in oracle:
        return f"So far a translation; it has not ended after {len(target)} words."
    best = target == oracle.best().words
    return "A possible translation, and the most probable of all." if best else "A possible translation."


def svg(title: str, shown: Shown) -> str:
    """Draw both texts, and the matrix of weights with the true alignment as frames."""
    parts, y = [text(16, 28, title, MUTED)], 28
    for words, fill in ((shown.source, MUTED), (shown.target, INK)):
        for line in textwrap.wrap(" ".join(words), 80):
            parts.append(text(16, y := y + LINE, line, fill))
        y += 6
    for line in textwrap.wrap(shown.verdict, 80):
        parts.append(text(16, y := y + LINE, line, MUTED))
    cell = min(LARGEST_CELL, ACROSS // len(shown.source))
    parts += _matrix(shown, y + TOP, cell)
    return document(parts, y + TOP + cell * len(shown.target) + 16)


def _matrix(shown: Shown, top: int, cell: int) -> list[str]:
    size = f'font-size="{min(11, cell)}"'
    parts = []
    for j, word in enumerate(shown.source):
        x = LEFT + j * cell + 0.75 * cell
        parts.append(text(x, top - 4, word, MUTED, f'{size} transform="rotate(-90 {x} {top - 4})"'))
    for t, word in enumerate(shown.target):
        parts.append(text(LEFT - 4, top + t * cell + 0.8 * cell, word, MUTED, f'{size} text-anchor="end"'))
        for j in shown.alignment[t] if t < len(shown.alignment) else ():
            place = f'x="{LEFT + j * cell + 0.5}" y="{top + t * cell + 0.5}"'
            parts.append(
                f'<rect {place} width="{cell - 1}" height="{cell - 1}" fill="none" stroke="{color("truth")}"/>'
            )
        for j, weight in enumerate(shown.weights[t].tolist() if shown.weights is not None else ()):
            if weight >= LEAST:
                parts.append(_square(LEFT + (j + 0.5) * cell, top + (t + 0.5) * cell, round(cell * weight**0.5 - 1)))
    return parts


def _square(x: float, y: float, side: int) -> str:
    side = max(1, side)
    place = f'x="{x - side / 2}" y="{y - side / 2}"'
    return f'<rect {place} width="{side}" height="{side}" fill="{color("model")}"/>'
