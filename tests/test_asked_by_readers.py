"""The appendix *Asked by readers*: each question leads to a section, and in it a cell measures the answer."""

import re
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).resolve().parents[1] / "book"
PAGE = BOOK / "asked_by_readers.md"
QUESTIONS = 20
ENTRY = re.compile(r"^## (\d+)\. ([^\n]+\?)\n(.*?)(?=^## |\Z)", re.M | re.S)
LINK = re.compile(r"\]\(#asked-(\d+)\)")


def entries():
    return {int(number): (question, answer) for number, question, answer in ENTRY.findall(PAGE.read_text("utf-8"))}


def chapter_of(label):
    """The chapter that has a label; Sphinx finds it for a link, wherever that stands."""
    (path,) = [path for path in BOOK.glob("*.ipynb") if f"({label})=" in path.read_text("utf-8")]
    return nbformat.read(path, as_version=4)


def section_of(notebook, label):
    """The cells from a label to the next heading after its own, and what the label's cell says."""
    cells = iter(notebook.cells)
    first = next(cell for cell in cells if cell.cell_type == "markdown" and f"({label})=" in cell.source)
    found = [first]
    for cell in cells:
        if cell.cell_type == "markdown" and re.match(r"(\([\w-]+\)=\n)*#", cell.source):
            break
        found.append(cell)
    return found


def test_all_questions_are_there_in_order():
    assert list(entries()) == list(range(1, QUESTIONS + 1))


@pytest.mark.parametrize("number", range(1, QUESTIONS + 1))
def test_an_answer_is_measured_where_its_link_leads(number):
    _, answer = entries()[number]
    links = LINK.findall(answer)
    assert [int(link) for link in links] == [number]
    section = section_of(chapter_of(f"asked-{number}"), f"asked-{number}")
    measuring = [cell for cell in section if f"asked-{number}" in cell.metadata.get("tags", [])]
    assert len(measuring) == 1 and measuring[0].cell_type == "code"
    assert measuring[0].outputs, "the cell prints or draws nothing"


@pytest.mark.parametrize("number", range(1, QUESTIONS + 1))
def test_an_answer_is_short_and_says_something(number):
    assert 12 <= len(re.sub(LINK, "", entries()[number][1]).split()) <= 90


def test_every_label_is_asked():
    """No chapter answers a question that the page does not ask."""
    found = {int(n) for path in BOOK.glob("*.ipynb") for n in re.findall(r"\(asked-(\d+)\)=", path.read_text("utf-8"))}
    assert found == set(range(1, QUESTIONS + 1))
