"""Whatever characters a text has, SVG and HTML that Python makes of it are well formed; parsers are the oracle."""

import base64
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch

import lmkit
from lmkit import plots, study
from lmkit.models import LSTMLanguageModel, RecurrentLanguageModel
from lmkit.models.seq2seq import EncoderDecoder
from lmkit.plots.escaping import as_label, escape, showable
from lmkit.pretrained import Translator
from lmkit.study import drawings
from lmkit.study.card_sides import render_sides
from lmkit.study.drawings.svg_canvas import SvgCanvas
from lmkit.text import Vocab
from lmkit.widgets import (
    BeamTreeLab,
    CountingLab,
    DecodingLab,
    FillIn,
    Microscope,
    PaddingLab,
    Quiz,
    RibbonLab,
    TranslateLab,
    UnrollLab,
)

# All that XML forbids or HTML calls an error, what has a meaning there, and neighbours that stay as they are.
FORBIDDEN = [*map(chr, [*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000, 97), 0xDFFF, 0xFFFE, 0xFFFF])]
MEANINGFUL = ["&", "<", ">", '"', "'", "&amp;", "]]>", "-->", "</text>", "$", "$x$", "\\$", "$\\q$", "_^"]
NEIGHBOURS = [" ", "~", "\xa0", "\xad", "\u0378", "\ud7ff", "\ue000", "\ufdd0", "\ufffd", "\U0001f600", "\U0010ffff"]
CHARACTERS = [*FORBIDDEN, *MEANINGFUL, *NEIGHBOURS]
WORDS = [f"w{i}{character}" for i, character in enumerate(CHARACTERS) if not (character + "x")[:1].isspace()]


class Reader(HTMLParser):
    """What a parser reads of HTML: its text, and the values of attributes."""

    def __init__(self, html: str):
        super().__init__()
        self.texts, self.values = [], []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, _: str, attributes: list) -> None:
        self.values += [value for _, value in attributes]


def pictures(html: str) -> list[ElementTree.Element]:
    """Return the SVG documents in HTML, read as XML."""
    found = [base64.b64decode(data) for data in re.findall(r"data:image/svg\+xml;base64,([^\"]*)", html)]
    return [ElementTree.fromstring(svg) for svg in [*found, *re.findall(r"<svg.*?</svg>", html, re.DOTALL)]]


@pytest.mark.parametrize("character", CHARACTERS, ids=ascii)
def test_parsers_read_what_was_escaped(character):
    shown = showable(character)
    document = f'<a b="{escape(character)}">{escape(character)}</a>'
    element = ElementTree.fromstring(document.encode("utf-8"))
    assert element.text == shown and element.get("b") == re.sub("[\t\n]", " ", shown)
    assert "".join(Reader(document).texts) == shown and Reader(document).values == [shown]


def test_what_can_be_shown_stays_as_it_is_and_the_rest_has_one_sign_each():
    every = "".join(map(chr, range(0x11000)))
    kept = re.sub("[\0-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "", every)
    assert showable(kept) == kept and len(showable(every)) == len(every)
    assert showable("\0\x1b\x7f\x85\ud800") == "␀␛␡\ufffd\ufffd"


def test_nothing_else_in_the_package_escapes():
    """One function does it, so that all texts have the same signs."""
    sources = Path(lmkit.__file__).parent.rglob("*.py")
    escapes = re.compile(r"\bhtml\.escape\b|^from html import .*\bescape\b|\bsaxutils\b", re.M)
    users = [path.name for path in sources if escapes.search(path.read_text("utf-8"))]
    assert users == ["escaping.py"]


@pytest.fixture(scope="module")
def own():
    """A model of odd words, of which files can be made, and its vocabulary."""
    vocab = Vocab([word for word in WORDS if word.encode("utf-8", "ignore").decode() == word])
    return LSTMLanguageModel(len(vocab), 4, 4).eval(), vocab


def plain(vocab: Vocab) -> RecurrentLanguageModel:
    return RecurrentLanguageModel(len(vocab), 3, 3).eval()


def translator(vocab: Vocab) -> Translator:
    words = Vocab(["<eos>", *vocab.words])
    return Translator(EncoderDecoder(len(vocab), len(words), 4, 4).eval(), vocab, words, {})


BOARDS = [WORDS[i : i + 30] for i in range(0, len(WORDS), 30)]  # a picture has room for so many
LABS = {
    "counting": lambda own: [CountingLab([word for word in WORDS for _ in (0, 1)], context=word) for word in WORDS],
    "beam tree": lambda own: [
        BeamTreeLab(table={"go": dict.fromkeys(some, 1 / len(some))}, num_beams=5, max_new_tokens=1) for some in BOARDS
    ],
    "beam tree of a model": lambda own: [
        BeamTreeLab(*own, prompt=word, max_new_tokens=2) for word in own[1].words[:20]
    ],
    "ribbon": lambda own: [RibbonLab(*own, text=" ".join(own[1].words[:99]))],
    "decoding": lambda own: [
        DecodingLab(*own, prompt=own[1].words[0], method=method) for method in ("greedy", "sampling", "beam search")
    ],
    "microscope": lambda own: [Microscope(*own, text=" ".join(own[1].words[:99]), units="0")],
    "translation": lambda own: [
        TranslateLab(translator(own[1]), source=" ".join(own[1].words[:99]), max_new_tokens=99)
    ],
    "padding": lambda own: [
        PaddingLab(*map(translator, (own[1], Vocab([*own[1].words, "<pad>"]))), source=" ".join(own[1].words[:99]))
    ],
    "unrolling": lambda own: [UnrollLab(plain(Vocab(WORDS)), Vocab(WORDS), text=" ".join(some)) for some in BOARDS],
    "exercise": lambda own: [FillIn(f"{' '.join(CHARACTERS)}\n{{{{x}}}}", {"x": "y"})],
}


@pytest.mark.parametrize("lab", LABS)
def test_pictures_of_labs_are_well_formed(own, lab):
    torch.manual_seed(0)
    for made in LABS[lab](own):
        html = made.fallback()
        assert pictures(html)
        html.encode("utf-8")
        assert not set("".join(Reader(html).values)) & set(FORBIDDEN) - {"\t", "\n"}


def test_cards_are_well_formed():
    """Also those that no file was read of."""
    odd = "".join(CHARACTERS)
    card = study.Flashcard(id="a", section="s", question="Q", answer="A", drawing=drawings.NAMES[0])
    card = card.model_copy(update=dict.fromkeys(("question", "answer", "explanation"), odd.replace("$", "")))
    gap = study.Gap(answers=("x",), why="w").model_copy(update={"answers": (odd,), "hints": {odd + "y": "no"}})
    fill = study.Fill(id="b", section="s", question="Q", text="{{g}}", gaps={"g": gap})
    deck = study.Deck("x", odd, (card, fill))
    for html in (Quiz(deck).fallback(), *render_sides(card), *render_sides(fill)):
        html.encode("utf-8")
        assert not set(html) & set(FORBIDDEN) - {"\t", "\n"}
        pictures(html)


def test_drawings_are_well_formed():
    canvas = SvgCanvas()
    for word in CHARACTERS:
        canvas.text((0, 0), word)
        canvas.text((0, 0), f"$x_{word.strip('$_')}$")
    ElementTree.fromstring(f"<svg>{''.join(canvas.parts)}</svg>".encode())


FEW = ["a\0", "b\x1b", "c\ud800", "$", "$x$", "$\\q$", "d&<>", "-->"]


@pytest.mark.parametrize(
    "plot",
    [
        lambda ax: plots.plot_next_token(FEW, [0.1] * len(FEW), ax=ax),
        lambda ax: plots.plot_gates(np.zeros((len(FEW), 2)), FEW, role="i", ax=ax),
        lambda ax: plots.plot_rnn(steps=len(FEW) - 1, tokens=FEW, ax=ax),
    ],
)
def test_plots_draw_all_words_as_they_are(plot):
    figure, ax = plt.subplots()
    plot(ax)
    stored = io.BytesIO()
    figure.savefig(stored, format="svg", metadata={"Date": None})
    figure.draw_without_rendering()
    plt.close(figure)
    # matplotlib keeps each text in a comment beside its glyphs
    comments = ElementTree.XMLParser(target=ElementTree.TreeBuilder(insert_comments=True))
    drawn = {e.text.strip() for e in ElementTree.fromstring(stored.getvalue(), comments).iter() if callable(e.tag)}
    assert {
        showable(word).replace("--", "- -").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        for word in FEW
    } <= drawn


@pytest.mark.parametrize("word", ["$", "$x$", "a\\$", "$$", "x"])
def test_labels_have_no_formulas(word):
    figure, ax = plt.subplots()
    text = ax.text(0, 0, as_label(word))
    assert text._preprocess_math(text.get_text()) == (word, False)
    plt.close(figure)
