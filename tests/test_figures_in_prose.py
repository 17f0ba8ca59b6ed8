"""Figures in a chapter's sentences are printed by a cell of the same page; every ± comes from `lmkit.statistics`."""

import re
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).resolve().parents[1] / "book"
CHAPTERS = sorted(BOOK.glob("*.ipynb"))
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?|\.\d+")
# A decimal fraction or a percentage that stands for itself.
FIGURE = re.compile(r"(?<![\w.,])(?:\d[\d,]*\.\d+|\.\d+|\d[\d,]*(?=\s?%))(?!\w|\.\d)(?P<percent>\s?%)?")
NO_PROSE = [
    re.compile(r"^(```|~~~|:::)\s*\{?(math|code|mermaid).*?^\1", re.S | re.M),
    re.compile(
        r"\b(?:[Vv]ersion|transformers|torch|PyTorch|TensorFlow|Keras|d2l|\*Dive into Deep Learning\*) \d[\d.]*\d"
    ),
    re.compile(r"`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)", re.S),
]
LEVEL = 95.0  # per cent: how sure an interval is
BY_HAND = {"Exercises", "Quiz"}  # their figures are the reader's own arithmetic


def plain(source):
    """The running text of a cell, without mathematics, code and addresses."""
    for pattern in NO_PROSE:
        source = pattern.sub(" ", source)
    return source


def prose(source):
    """The running text without the paragraphs that cite, whose figures are others'."""
    return "\n\n".join(paragraph for paragraph in plain(source).split("\n\n") if "{cite" not in paragraph)


def paragraphs(notebook):
    """The texts of the sections that make claims."""
    section = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for part in re.split(r"^(?=## )", cell.source, flags=re.M):
                if heading := re.match(r"## (.*)", part):
                    section = heading[1]
                if section not in BY_HAND:
                    yield cell.id, prose(part)


def printed(output):
    """What a reader sees of an output as text."""
    if output.output_type == "stream":
        return output.text
    data = output.get("data", {})
    return data.get("text/plain", "") + re.sub(r"<[^>]+>", " ", data.get("text/html", ""))


def numbers_of(text):
    return {float(found.replace(",", "")) for found in NUMBER.findall(text)}


def known_numbers(notebook):
    """The numbers that cells print, and those that they set."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return numbers_of(
        " ".join([cell.source for cell in code] + [printed(out) for cell in code for out in cell.outputs])
    )


def strays(text, known):
    """The figures of a text that round no known number, a percentage as such or as a share."""
    found = []
    for match in FIGURE.finditer(text):
        figure = match.group().replace(",", "").strip(" %\u202f")
        value, step = float(figure), 0.5 * 10.0 ** -len(figure.partition(".")[2]) + 1e-9
        scales = (1, 100) if match["percent"] else (1,)
        if not (match["percent"] and value == LEVEL) and not any(
            abs(scale * number - value) <= step for scale in scales for number in known
        ):
            found.append(match.group())
    return found


@pytest.fixture(params=CHAPTERS, ids=lambda path: path.stem)
def chapter(request):
    return nbformat.read(request.param, as_version=4)


def test_figures_in_prose_are_printed(chapter):
    known = known_numbers(chapter)
    found = [(cell, strange) for cell, text in paragraphs(chapter) if (strange := strays(text, known))]
    rule = "a decimal or a percentage in a sentence must be one that a cell of the chapter sets or prints"
    assert not found, (
        f"{rule}, but in these cells there are others: {found}; print it, or put arithmetic into a formula"
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It reaches 0.83 of 40 % and 1,234.5.", ["0.83", "40 %", "1,234.5"]),
        ("It reaches .5, and 25 % in a 95 % interval; version 2 has 17.", []),
        ("Half a nat, $0.77$, `0.78` and [there](a0.79.html).", []),
        ("It reaches 0.5 and 0.52.", ["0.52"]),
        ("It reaches 0.77 {cite:p}`merity2018`.\n\nThen 0.76.", ["0.76"]),
    ],
)
def test_a_figure_that_nothing_prints_is_noticed(text, found):
    assert strays(prose(text), {0.5, 0.25}) == found


def test_every_interval_is_of_statistics(chapter):
    """No cell puts ± between two numbers of its own."""
    code = [cell.source for cell in chapter.cells if cell.cell_type == "code"]
    assert [source for source in code if re.search(r"[}%dfg]\s?±|±\s?[{%]", source)] == []


def test_no_interval_has_no_width(chapter):
    outputs = [printed(out) for cell in chapter.cells if cell.cell_type == "code" for out in cell.outputs]
    assert [found for text in outputs for found in re.findall(r".*± 0(?:\.0*)?(?!\d|\.).*", text)] == []
