"""The translation lab: a story in English, its translation word by word, where the decoder looks, and the truth."""

from __future__ import annotations

from collections.abc import Sequence

import traitlets as T

from lmkit import pretrained
from lmkit.decoding import Decoded
from lmkit.files import StrPath
from lmkit.pretrained import Translator
from lmkit.widgets.base import decoders
from lmkit.widgets.base.checks import about, check_number, check_words
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.translator_options import TranslatorOption, translator_option
from lmkit.widgets.labs.translate import fallback
from lmkit.widgets.labs.translate.settings import (
    ATTENTION,
    CONTROLS,
    MOST_NEW_TOKENS,
    ONE_VECTOR,
    SOURCES,
    Settings,
)

SHIPPED, SHIPPED_WITHOUT = "translator", "translator_without"
TRAITS = ("own_translator", "own_without")  # where the bytes of a reader's own models are


class TranslateView(decoders.DecoderView, controls=CONTROLS):
    """Shows a translation, its attention and its truth; `TranslateLab` adds the controls."""

    translators = T.List(T.Dict(), help="What can be chosen: name, key, truth, own, attention, longest.").tag(sync=True)
    own_translator = T.Bytes(b"", help="The file of a reader's own translator.").tag(sync=True)
    own_without = T.Bytes(b"", help="The file of a reader's own translator without attention.").tag(sync=True)
    story_seed = T.Int(0, help="Names the story that is drawn next.").tag(sync=True)
    last_position = T.Int(1, help="The words of the translation; the view sets it.").tag(sync=True)
    weights_display = T.Unicode("", help="CSS display of the attention's switch; the view sets it.").tag(sync=True)


class TranslateLab(Lab[TranslateView]):
    """Translate stories with sliders, and see where the decoder looks; works with a kernel, and on a page without one.

    Parameters
    ----------
    translator : str, path or Translator, optional
        A shipped translator's name, the path of a translator's file, or what `lmkit.pretrained.load_translator` gives,
        such as one of your own. By default the shipped one.
    without : str, path or Translator, optional
        One that has no attention, to compare; by default the shipped one, where the first is shipped, too. Their
        vocabularies must be the same.
    source : str, optional
        What is to be translated, at most 200 words. Of Stories' English, whole stories and their first sentences, the
        truth is known.
    sees : {"attention", "one vector"}, optional
        What the decoder sees of the source: which of the two translates first; by default that with attention.
    weights : {"as trained", "uniform", "permuted", "hardest"}
        What the decoder is given in place of its attention weights, see `EncoderDecoder.reweighted`.
    method : {"greedy", "sampling", "beam search"}
    temperature, top_k, top_p, min_p, typical_p, num_beams, length_penalty, seed : as for `DecodingLab`
    max_new_tokens : int in [1, 100]
    position : int in [1, max_new_tokens]
        The word of the translation that is shown.
    controls : sequence of str, optional
        The controls to show, by default all that make a difference. Among `CONTROLS`.

    Attributes
    ----------
    controls : dict of str to ipywidget
    view : TranslateView

    Examples
    --------
    >>> TranslateLab(translator, source="one night david went past the harbour .", method="beam search", num_beams=5)
    TranslateLab(8 words, sees='attention', weights='as trained', method='beam search', num_beams=5, ...)
    """

    def __init__(
        self,
        translator: StrPath | Translator | None = None,
        without: StrPath | Translator | None = None,
        *,
        source: str | None = None,
        sees: str | None = None,
        weights: str = "as trained",
        method: str = "greedy",
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float = 0.9,
        min_p: float = 0.0,
        typical_p: float = 1.0,
        num_beams: int = 5,
        length_penalty: float = 1.0,
        max_new_tokens: int = MOST_NEW_TOKENS,
        seed: int = 0,
        position: int = 1,
        controls: Sequence[str] | None = None,
    ):
        self._options = _options(translator, without)
        first = next(iter(self._options.values()))
        suggestions = SOURCES if first.has_truth() else [first.translator.source_vocab.words[0]]
        source = suggestions[0] if source is None else source
        check_words("source", source)
        with about("source"):
            first.translator.source_ids(source)  # raises for a source that it cannot read
        check_number("max_new_tokens", max_new_tokens, 1, MOST_NEW_TOKENS, whole=True)
        ks = decoders.choices_for_k(len(first.translator.target_vocab), top_k)
        rows = CONTROLS.given(
            source={"suggestions": suggestions},
            sees={"options": list(self._options), "shown": len(self._options) > 1},
            weights={"shown": ATTENTION in self._options},
            top_k={"options": decoders.labels_for_k(ks)},
            position={"high": int(max_new_tokens)},
        )
        sees = next(iter(self._options)) if sees is None else sees
        stored = rows.stored(
            source=source,
            sees=sees,
            weights=weights,
            method=method,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            min_p=min_p,
            typical_p=typical_p,
            num_beams=num_beams,
            length_penalty=length_penalty,
            max_new_tokens=max_new_tokens,
            seed=seed,
            position=position,
        )
        options = list(zip(TRAITS, self._options.values(), strict=False))
        view = TranslateView(
            **stored,
            **{trait: option.data for trait, option in options},
            translators=[option.entry(trait) for trait, option in options],
            top_ks=ks,
            last_position=int(max_new_tokens),
            weights_display="" if sees == ATTENTION else "none",
            **decoders.displays(method),
        )
        super().__init__(view, rows, controls)
        decoders.follow_displays(self)
        self.follow("weights_display", "display", "weights")
        self.follow("last_position", "max", "position")

    @property
    def translator(self) -> Translator:
        """The translator that is chosen, with the weights that it was trained to compute."""
        return self._options[self.value("sees")].translator

    def translation_settings(self) -> Settings:
        """Return those of the present settings that the translation depends on, and its word shown."""
        return Settings(**{name: self.value(name) for name in Settings.__dataclass_fields__})

    def decode(self) -> list[Decoded]:
        """Return what Python's own decoders write with the present settings, best first; the page shows the same."""
        return self.translation_settings().decode(self.translator)

    def translation(self) -> str:
        """Return the best translation, as Python decodes it."""
        return self.translator.text(self.decode()[0].tokens)

    def __repr__(self) -> str:
        settings = self.translation_settings()
        named = ", ".join(f"{name}={value!r}" for name, value in settings.shown().items())
        return f"TranslateLab({len(settings.source.split())} words, {named})"

    def picture(self) -> tuple[str, str]:
        """Draw source, translation, attention and truth of the present settings, as Python computes them."""
        option = self._options[self.value("sees")]
        return fallback.render(option, self.translation_settings())


def _options(
    translator: StrPath | Translator | None, without: StrPath | Translator | None
) -> dict[str, TranslatorOption]:
    """Return the translators on option, by what their decoders see."""
    if translator is None:
        if SHIPPED not in pretrained.translator_names():
            raise ValueError("translator must be given, for none is shipped with this copy of lmkit; train one")
        translator = SHIPPED
        if without is None and SHIPPED_WITHOUT in pretrained.translator_names():
            without = SHIPPED_WITHOUT
    first = translator_option("translator", translator)
    if without is None:
        return {ATTENTION if first.has_attention() else ONE_VECTOR: first}
    second = translator_option("without", without)
    if not first.has_attention():
        raise ValueError(
            "translator must have attention where without is given, but its attention is 'none'; swap them"
        )
    if second.has_attention():
        found = second.translator.model.attention
        raise ValueError(f"without must have no attention, but its attention is {found!r}; give it as translator")
    words = [(o.translator.source_vocab, o.translator.target_vocab) for o in (first, second)]
    if words[0] != words[1]:
        raise ValueError("without must have the vocabularies of translator, but it has others; train both on the same")
    return {ATTENTION: first, ONE_VECTOR: second}
