"""The letters of formulas: those of the table in the glossary, each in its place."""

import re
from pathlib import Path

import nbformat
import pytest

from lmkit.study import load_all

BOOK = Path(__file__).resolve().parents[1] / "book"
MATHS = re.compile(r"\$\$.+?\$\$|\$[^$\n]+?\$|^```\{math\}.+?^```", re.S | re.M)
GREEK = re.compile(r"\\(alpha|beta|gamma|delta|epsilon|eta|theta|kappa|lambda|mu|nu|rho|sigma|tau|phi|psi|omega|ell)\b")
# A matrix or a bias with its subscript; a subscript of one letter may stand without braces.
WEIGHT = re.compile(r"(?<![A-Za-z\\])([WUVb])_(?:\{(\w+)\}|(\w))")
GATES = {"i", "f", "g", "o", "r", "u", "n"}
WEIGHTS = {"W_e", "W_ih", "W_hh", "W_hy", "b_ih", "b_hh", "b_y", "b_t", "W_a", "U_a", "W_c"} | {
    f"{letter}_{source}{gate}" for letter in "Wb" for source in "ih" for gate in GATES
}
# Letters that mean one thing: the pages that treat it, by their names.
REVIEWING = {"glossary", "cheat_sheet", "misconceptions"}
HOMES = {
    "alpha": {"weight_decay", "awd_lstm"},
    "beta": {"weight_decay", "awd_lstm"},
    "gamma": {"attention"},
    "kappa": {"next_token"},
    "lambda": {"awd_lstm"},
    "nu": {"awd_lstm"},
    "mu": {"comparing_decoders"},
    "ell": {"beam_search", "comparing_decoders", "real_english"},
    "rho": {"vanishing_gradients"},
}


def markdown():
    """The prose of every page and of every deck, by name."""
    for path in sorted(BOOK.glob("*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        yield path.stem, "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    for name in ("glossary", "cheat_sheet", "asked_by_readers"):
        yield name, (BOOK / f"{name}.md").read_text("utf-8")
    for deck in load_all():
        yield f"{deck.chapter} (cards)", "\n\n".join(text for card in deck.cards for _, text in card.texts())


PAGES = dict(markdown())


def formulas(text):
    return MATHS.findall(re.sub(r"`[^`\n]*`", "", text))


def greek_astray(page, formula):
    """The Greek letters of a formula whose meaning belongs to other pages."""
    chapter = page.removesuffix(" (cards)")
    return [letter for letter in GREEK.findall(formula) if chapter not in HOMES.get(letter, {chapter}) | REVIEWING]


def unknown_weights(formula):
    found = (f"{letter}_{braced or bare}" for letter, braced, bare in WEIGHT.findall(formula))
    return [name for name in found if name not in WEIGHTS]


@pytest.mark.parametrize("page", PAGES)
def test_letters_have_one_meaning(page):
    assert [(formula, found) for formula in formulas(PAGES[page]) if (found := greek_astray(page, formula))] == []


@pytest.mark.parametrize("page", PAGES)
def test_weights_are_called_as_in_torch(page):
    assert [(formula, found) for formula in formulas(PAGES[page]) if (found := unknown_weights(formula))] == []


def test_the_table_explains_every_letter():
    """What the table's first column holds is all that formulas use of Greek letters and of weights by name."""
    table = re.search(r"^## Notation$(.*?)^## ", PAGES["glossary"], re.S | re.M)[1]
    explained = " ".join(row.split("|")[1] for row in table.splitlines() if row.startswith("|"))
    used = {letter for text in PAGES.values() for formula in formulas(text) for letter in GREEK.findall(formula)}
    assert used <= set(GREEK.findall(explained))
    plain = {name for name in WEIGHTS if name[2:] not in {s + g for s in "ih" for g in GATES} and name != "b_t"}
    assert plain <= {f"{letter}_{braced or bare}" for letter, braced, bare in WEIGHT.findall(explained)}


@pytest.mark.parametrize("formula", [r"$W_h h$", r"$W_{xh} x$", r"$U_b$", r"$b_{hy}$"])
def test_another_name_is_noticed(formula):
    assert unknown_weights(formula)


def test_a_letter_elsewhere_is_noticed():
    assert greek_astray("beam_search", r"$\log p / n^\alpha$") == ["alpha"]
    assert greek_astray("weight_decay (cards)", r"$\alpha$") == []
