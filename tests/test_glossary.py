"""The glossary: its entries, what they link to, and how mentions in the chapters come to be links."""

import re

import pytest
from docutils import nodes
from docutils.utils import new_document
from sphinx import addnodes

from tests import extensions
from tests.site import book

ROOT = book.ROOT
SOURCE = (ROOT / "book" / "glossary.md").read_text(encoding="utf-8")
LINK = re.compile(r"\[([^\]]+)\]\(([^)#]+)\.ipynb#([^)]+)\)")


links = extensions.load("glossary_links")

GLOSSARY = {
    "cell state": "also: cell states",
    "state": "",
    "gate": "unlinked",
    "LSTM": "",
    "vocabulary": "not: vocabulary cards",
    "candidate|cell gate": "unlinked: candidate",
    "forget-gate bias": "also: forget gate’s bias",
}


def item(names: str, comment: str = "", definition: str = "One sentence. Another.") -> nodes.definition_list_item:
    terms = [nodes.term("", name, ids=[f"term-{name.replace(' ', '-')}"]) for name in names.split("|")]
    parts = [nodes.paragraph("", definition)] + ([nodes.comment("", comment)] if comment else [])
    return nodes.definition_list_item("", *terms, nodes.definition("", *parts))


def page(*parts: nodes.Node) -> nodes.document:
    document = new_document("page")
    document += parts
    return document


def linker(glossary=None) -> "links.Linker":
    items = [item(names, comment) for names, comment in (glossary or GLOSSARY).items()]
    return links.Linker(links.entries(page(addnodes.glossary("", nodes.definition_list("", *items)))))


def linked(document: nodes.document) -> list[tuple[str, str]]:
    """Each linked text and where it leads, after linking; the text of the page must stay what it was."""
    before = document.astext()
    linker().link(document, "glossary.html")
    assert document.astext() == before
    return [
        (found.astext(), found["refuri"])
        for found in document.findall(nodes.reference)
        if "glossary-link" in found["classes"]
    ]


def words(*paragraphs: str) -> list[str]:
    return [word for word, _ in linked(page(*(nodes.paragraph("", text) for text in paragraphs)))]


def test_a_mention_becomes_a_link_with_a_tooltip():
    document = page(nodes.paragraph("", "An LSTM."))
    assert linked(document) == [("LSTM", "glossary.html#term-LSTM")]
    assert next(document.findall(links.glossary_word))["title"] == "One sentence."


def test_only_the_first_mention_is_linked_on_a_page():
    assert words("An LSTM is an LSTM.", "An LSTM.") == ["LSTM"]
    assert words("The cell state, and all cell states.") == ["cell state"]


def test_the_longest_term_wins():
    assert words("The cell state, then a state.") == ["cell state", "state"]
    assert words("A cell state. Once more: the cell state.") == ["cell state"]


@pytest.mark.parametrize("text", ["an LSTMs", "AWD-LSTM", "states", "restate", "state-of-the-art", "lstm", "a_state"])
def test_only_whole_words_in_listed_forms_are_linked(text):
    assert words(text) == []


def test_forms():
    assert words("Cell states differ.") == ["Cell states"]
    assert words("a cell\nstate") == ["cell\nstate"]
    assert words("the forget gate's bias") == ["forget gate's bias"]
    assert words("(LSTM)", "LSTM’s") == ["LSTM"]


def test_everyday_words_are_left_alone():
    assert words("a gate and a candidate, but a cell gate") == ["cell gate"]
    assert words("vocabulary cards are not a vocabulary") == ["vocabulary"]
    document = page(nodes.paragraph("", "vocabulary cards are not a vocabulary"))
    linked(document)
    assert document[0][0] == "vocabulary cards are not a "


@pytest.mark.parametrize(
    "around",
    [
        nodes.title,
        nodes.literal,
        nodes.reference,
        nodes.math,
        addnodes.pending_xref,
        nodes.citation_reference,
        nodes.raw,
    ],
)
def test_no_link_within(around):
    inside = around("", *["", nodes.Text("LSTM")][not issubclass(around, nodes.TextElement) :])
    assert linked(page(nodes.paragraph("", "", inside))) == []


@pytest.mark.parametrize("around", [nodes.table, nodes.legend, nodes.citation, nodes.footnote, addnodes.glossary])
def test_no_link_in_paragraphs_of(around):
    assert linked(page(around("", nodes.paragraph("", "LSTM")))) == []


def test_no_link_in_headings_captions_code_and_output():
    section = nodes.section("", nodes.title("", "LSTM"), nodes.literal_block("", "LSTM"), nodes.caption("", "LSTM"))
    output = nodes.container("", nodes.paragraph("", "LSTM"), classes=["cell_output"])
    assert linked(page(section, output, nodes.paragraph("", "no term"))) == []


@pytest.mark.parametrize("emphasis", [nodes.strong, nodes.emphasis])
def test_a_definition_in_bold_is_linked(emphasis):
    paragraph = nodes.paragraph("", "", nodes.Text("A "), emphasis("", "cell state"), nodes.Text(" lasts."))
    assert linked(page(paragraph)) == [("cell state", "glossary.html#term-cell-state")]
    assert isinstance(paragraph[1][0], nodes.reference)


def test_a_term_may_run_over_neighbouring_texts_and_text_keeps_its_order():
    texts = [nodes.Text(part) for part in ("one", "\n", "cell", "\n", "state", "\n", "two", "\n", "LSTM")]
    paragraph = nodes.paragraph("", "", *texts)
    assert linked(page(paragraph)) == [
        ("cell\nstate", "glossary.html#term-cell-state"),
        ("LSTM", "glossary.html#term-LSTM"),
    ]


def test_lists_and_admonitions_are_running_text():
    inner = nodes.bullet_list("", nodes.list_item("", nodes.paragraph("", "LSTM")))
    assert linked(page(nodes.admonition("", nodes.title("", "LSTM"), inner))) == [("LSTM", "glossary.html#term-LSTM")]


def test_a_comment_that_says_nothing_known_is_an_error():
    with pytest.raises(ValueError, match="glossary, 'LSTM': a comment must be 'also: …'.*'alias: x'"):
        linker({"LSTM": "alias: x"})


def test_first_sentence_is_plain_text_without_the_link_to_the_chapter():
    link = addnodes.pending_xref("", nodes.Text("Downhill"))
    parts = [nodes.Text("The factor "), nodes.math("", r"\eta > 0"), nodes.Text(" of a step: "), link]
    paragraph = nodes.paragraph("", "", *parts)
    assert links.first_sentence(nodes.definition("", paragraph)) == "The factor η > 0 of a step."
    quoted = nodes.definition("", nodes.paragraph("", "Is “it?” so? No."))
    assert links.first_sentence(quoted) == "Is “it?” so?"


# --- the book's own ---------------------------------------------------------------------------------------------


def source_entries() -> list[tuple[list[str], str]]:
    """Names and definition of every entry, read from the source."""
    body = SOURCE[SOURCE.index(":::{glossary}") + 13 : SOURCE.rindex(":::")]
    blocks = [block.splitlines() for block in body.strip().split("\n\n")]
    return [
        ([line for line in block if line[0] != " "], " ".join(line.strip() for line in block if line[0] == " "))
        for block in blocks
    ]


ENTRIES = source_entries()
TERMS = 5  # at least, in every chapter


def test_terms_are_many_sorted_and_unique():
    first = [names[0].lower().replace("-", " ") for names, _ in ENTRIES]
    assert 60 <= len(ENTRIES) <= 140, f"book/glossary.md must have 60 to 140 entries, but it has {len(ENTRIES)}"
    misplaced = [name for name, at_its_place in zip(first, sorted(first), strict=True) if name != at_its_place]
    assert not misplaced, f"entries of book/glossary.md must be in alphabetical order; move {misplaced[0]!r}"
    every = [name for names, _ in ENTRIES for name in names]
    assert not (twice := repeated(every)), f"a term must stand once in book/glossary.md, but {twice} stand twice"


def repeated(names: list[str]) -> list[str]:
    return sorted({name for name in names if names.count(name) > 1})


def test_no_form_belongs_to_two_entries():
    forms = [
        form.strip()
        for _, definition in ENTRIES
        for listed in re.findall(r"% also: (.*)$", definition)
        for form in listed.split(",")
    ]
    forms += [name for names, _ in ENTRIES for name in names]
    assert not (twice := repeated(forms)), f"a form must belong to one entry, but {twice} belong to two; remove one"


@pytest.mark.parametrize("names, definition", ENTRIES, ids=[names[0] for names, _ in ENTRIES])
def test_entry_is_short_and_links_to_an_existing_section(names, definition):
    said = re.split(" % (?:also|not|unlinked)", definition)[0]
    without = LINK.sub("", re.sub(r"\$[^$]*\$", "x", said))
    sentences = len(re.findall(r"[.:!?](?:\s|$)", without))
    assert 1 <= sentences <= 4, f"an entry must have 1 to 4 sentences, but {names[0]!r} has {sentences}; shorten it"
    rule = "an entry must have one link, to the section that explains it, as [The name](lstm.ipynb#the-name)"
    assert len(found := LINK.findall(said)) == 1, f"{rule}, but {names[0]!r} has {len(found)}; correct it"
    _, chapter, anchor = found[0]
    assert f"book/{chapter}" in book.notebooks(), f"{rule}, but {chapter}.ipynb of {names[0]!r} is not in _toc.yml"
    known = slugs(f"book/{chapter}")
    assert anchor in known, f"{rule}, but {anchor!r} of {names[0]!r} is none of {sorted(known)}; correct it"


def slugs(document: str) -> set[str]:
    """The anchors of a notebook's headings, as the book's configuration makes them."""
    text = "\n".join(cell.source for cell in book.notebook(document).cells if cell.cell_type == "markdown")
    headings = re.findall(r"^#{1,3} +(.+?) *$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", book.teaching())
def test_every_chapter_mentions_terms(document):
    """So that each of them has links; tests/site/test_glossary.py sees them on the page."""
    text = "\n".join(cell.source for cell in book.notebook(document).cells if cell.cell_type == "markdown")
    found = [names[0] for names, _ in ENTRIES if names[0] in text]
    rule = f"a chapter must mention at least {TERMS} terms of the glossary, so that readers can look them up"
    assert len(found) >= TERMS, f"{rule}, but {document} has {found}; add its own terms to book/glossary.md"
