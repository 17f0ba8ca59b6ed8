"""An exam's PDF: the words of the HTML, formulas as Typst's own, and no text that becomes a command."""

import html
import re
import unicodedata
from collections import Counter
from io import BytesIO
from xml.etree import ElementTree

import pypdf
import pytest
import typst

from lmkit import study
from lmkit.study import exam
from lmkit.study.cards import SingleChoice
from lmkit.study.exam import pdf, sheets
from lmkit.study.exam.choosing import Question
from lmkit.study.exam.formulas import linear, typst_formula
from lmkit.study.exam.typesetting import typst_body
from lmkit.study.markup import to_page

PAIRS = [  # TeX, and what somebody would write in Typst for the same
    (r"x_t^2", "x_t^2"),
    (r"W_{ih}", "W_(i h)"),
    (r"\frac{a}{b+1}", "a/(b + 1)"),
    (r"\sqrt{x+1}", "sqrt(x + 1)"),
    (r"\sqrt[3]{x}", "root(3, x)"),
    (r"\hat y_t", "hat(y)_t"),
    (r"\bar x", "macron(x)"),
    (r"\overline{x y}", "overline(x y)"),
    (r"\left(\frac{a}{b}\right)", "(a/b)"),
    (r"a = -b - c", "a = -b - c"),
    (r"\theta \odot \sigma", "theta dot.o sigma"),
    (r"P(w \mid c)", r"P\(w divides c\)"),
    (r"h = \tanh(x)", 'h = upright("tanh")(x)'),
    (r"\begin{pmatrix}a&b\\c&d\end{pmatrix}", "lr((mat(delim: #none, a, b; c, d)))"),
    (r"\begin{cases}a&b\\c&d\end{cases}", r"lr(\{ mat(delim: #none, align: #left, a, b; c, d))"),
    (r"4{,}160 \cdot 2", r"4\,160 dot 2"),
    (r"x' \neq \mathbf{W}", "x' != bold(upright(W))"),
    (r"\underbrace{a+b}_{n}", "underbrace(a + b, n)"),
    (r"1/n", r"1\/n"),
    (r"a \text{ per } b", 'a" per "b'),
    (r"10\,\%", "10 #h(0.16666667em) %"),
    (r"\mathbb{R}^n", "RR^n"),
    (r"\binom{n}{k}", "lr((mat(delim: #none, n; k)))"),
]


def mathml(text: str) -> list[ElementTree.Element]:
    """The formulas of a card's text."""
    found = re.findall(r"<math.*?</math>", to_page(text), re.DOTALL)
    return [ElementTree.fromstring(re.sub(r"&\w+;", lambda name: _plain(name[0]), formula)) for formula in found]


def _plain(entity: str) -> str:
    return entity if entity in ("&amp;", "&lt;", "&gt;") else html.unescape(entity)


def picture(source: str) -> bytes:
    page = "#set page(width: 8cm, height: 3cm)\n"
    return typst.compile((page + source).encode(), format="png", ppi=72, ignore_system_fonts=True)


def pages(source: str) -> list[str]:
    data = typst.compile(source.encode(), format="pdf", ignore_system_fonts=True)
    return [page.extract_text() for page in pypdf.PdfReader(BytesIO(data)).pages]


@pytest.mark.parametrize("tex, native", PAIRS, ids=[tex for tex, _ in PAIRS])
def test_a_formula_is_the_picture_that_typst_makes_of_its_own(tex, native):
    assert picture(typst_body(to_page(f"${tex}$"))) == picture(f"${native}$")


def test_a_formula_of_its_own_line_is_one_in_the_pdf():
    assert picture(typst_body(to_page(r"$$\sum_{i=1}^n x$$"))) == picture("#block[ $ sum_(i = 1)^n x $ ]")


def test_every_formula_of_the_book_has_its_letters():
    texts = dict.fromkeys(text for deck in study.load_all() for card in deck.cards for _, text in card.texts())
    formulas = list({ElementTree.tostring(one): one for text in texts for one in mathml(text)}.values())
    assert len(formulas) > 200
    source = "#set page(width: 40cm, height: 4cm)\n" + "\n#pagebreak()\n".join(map(typst_formula, formulas))
    for text, formula in zip(pages(source), formulas, strict=True):
        drawn = characters(text) - Counter("√")  # which MathML has no letter for
        assert drawn == characters("".join(formula.itertext())), linear(formula)


def characters(text: str) -> Counter:
    """Letters and signs, whatever their style; a hat as a letter is the same as one above a letter."""
    plain = unicodedata.normalize("NFKD", text).replace("ˆ", "\u0302")
    return Counter(re.sub(r"[\s\u2061-\u2064\ufe00-\ufe0f]", "", plain))


@pytest.mark.parametrize(
    "tex, said",
    [
        (r"W_{ih} x_t", "W_ihx_t"),
        (r"\frac{a}{b}", "(a)/(b)"),
        (r"\hat y_t^2", "ŷ_t^2"),
        (r"\sqrt{x}", "√(x)"),
        (r"\begin{pmatrix}a&b\\c&d\end{pmatrix}", "(a, b; c, d)"),
        (r"\tanh x", "tanhx"),
    ],
)
def test_a_formula_is_said_on_a_line(tex, said):
    (formula,) = mathml(f"${tex}$")
    assert unicodedata.normalize("NFC", linear(formula)) == said


def test_the_paper_has_the_words_of_its_html():
    deck = study.load("lstm")
    (version,) = exam.make([deck], questions=23, seed=4)
    paper = sheets.paper(version, "Midterm")
    reader = pypdf.PdfReader(BytesIO(pdf.to_pdf(paper)))
    text = plain(" ".join(page.extract_text() for page in reader.pages))
    for asked in version.asked:
        card = asked.question.card
        if isinstance(card, SingleChoice) and not any(sign in str(card) for sign in "$`*"):
            for place in asked.order:
                assert plain(card.choices[place].text) in text
    assert reader.metadata is not None and reader.metadata.title == "Midterm, version A"
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"] and reader.trailer["/Root"]["/Lang"] == "en"


def plain(text: str) -> str:
    """Letters alone: a line may be broken within a word."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text))


@pytest.mark.slow
def test_every_card_of_the_book_can_be_set():
    decks = study.load_all()
    count = sum(len(deck.cards) for deck in decks)
    kinds = {card.kind for deck in decks for card in deck.cards}
    versions = exam.make(decks, questions=count, versions=2, kinds=sorted(kinds), lab=True)
    data = pdf.to_pdf(sheets.key(versions, "All"))
    text = plain(" ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(data)).pages))
    for deck in decks:
        for card in deck.cards:
            assert plain(card.id) in text


HOSTILE = [
    '#read("/etc/passwd")',
    "] #panic()",
    r"\u{41} \" #",
    "<script>alert(1)</script>",
    "a // b /* c",
    "@x <y> ~ --",
]


@pytest.mark.parametrize("words", HOSTILE)
def test_words_of_a_card_are_no_commands(words):
    choices = [{"text": words, "right": True, "why": words}, {"text": "other", "why": "No."}]
    card = SingleChoice(id="x", section="S", question=words, choices=choices)
    deck = study.Deck("mine", words, (card,))
    versions = exam.make_versions([Question(card, deck)], 1, 0)
    for sheet in (sheets.paper(versions[0], words), sheets.key(versions, words)):
        text = " ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf.to_pdf(sheet))).pages)
        assert plain(words) in plain(text)
        tree = ElementTree.fromstring(f"<body>{sheet.body}</body>")
        assert not list(tree.iter("script")) and words.split()[0] in "".join(tree.itertext())


def test_pages_are_as_large_as_they_are_wished():
    (version,) = exam.make([study.load("lstm")], questions=1)
    sizes = {"a4": (595, 842), "us-letter": (612, 792)}
    for page, (width, height) in sizes.items():
        box = pypdf.PdfReader(BytesIO(pdf.to_pdf(sheets.paper(version, "Exam"), page))).pages[0].mediabox
        assert (round(box.width), round(box.height)) == (width, height)


def test_an_element_that_cannot_be_set_is_named():
    with pytest.raises(ValueError, match="a formula must be of mi, .*, but it has menclose; write it in another way"):
        typst_body("<math><menclose><mi>x</mi></menclose></math>")
    with pytest.raises(ValueError, match="a sheet must be of h1, .*, but it has img; leave it out"):
        typst_body("<p><img/></p>")
