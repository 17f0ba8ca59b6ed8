"""What every chapter keeps: it has been run as it stands, shows lmkit's own code, and can be read by everybody."""

import ast
import copy
import re
from functools import cache
from pathlib import Path

import pytest
from pybtex.database import parse_file

from tests.site import book
from tests.site.lab import plans

ROOT = Path(__file__).parents[1]
CHAPTERS = book.notebooks()
SYLLABUS = {
    "book/next_token": "A10 A12 B24 B25 B26 B28 B29 B30".split(),
    "book/recurrent_networks": "A1 A13 A14 A15 B16 B22 B27".split(),
    "book/training": "A2 B20 B25 B26 B30 B31".split(),
    "book/vanishing_gradients": "B6 B8 B10 B27 B31".split(),
    "book/lstm": "A3 A4 A5 A6 B7 B8 B9 B11 B12 B13 B14 B15".split(),
    "book/dropout": "A7 A11".split(),
    "book/weight_decay": "A8".split(),
    "book/awd_lstm": "A9".split(),
    "book/sampling": "B2 B5 B21".split(),
    "book/truncation": "B1 B3".split(),
    "book/beam_search": "B4 B17 B18 B19 B23".split(),
    "book/comparing_decoders": "B4 B5".split(),
}
WIDGETS = {
    "book/next_token": "CountingView",
    "book/recurrent_networks": "UnrollView ParameterView FillInView",
    "book/vanishing_gradients": "ReachView",
    "book/lstm": "MicroscopeView",
    "book/dropout": "DropoutView",
    "book/weight_decay": "RegularisationView",
    "book/awd_lstm": "AblationView",
    "book/sampling": "DecodingView",
    "book/truncation": "RibbonView",
    "book/beam_search": "BeamTreeView",
    "book/comparing_decoders": "ComparisonView DecodingView",
    "book/review": "ReviewView",
}
LONGEST_CELL = 30

every_chapter = pytest.mark.parametrize("chapter", CHAPTERS)
every_document = pytest.mark.parametrize("document", book.documents())


def test_there_are_chapters():
    assert CHAPTERS


@every_chapter
def test_cells_were_run_once_and_in_order(chapter):
    """A cell without a count would be run by nbval, but not compared."""
    cells = book.code_cells(chapter)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))


@every_chapter
def test_no_cell_is_empty(chapter):
    assert all(cell.source.strip() for cell in book.notebook(chapter).cells)


@every_chapter
def test_stored_outputs_have_no_errors_and_no_warnings(chapter):
    outputs = [output for cell in book.code_cells(chapter) for output in cell.outputs]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]


@every_chapter
def test_widgets_have_their_state(chapter):
    """A view without a state renders nothing on the page, silently."""
    state = book.notebook(chapter).metadata.get("widgets", {}).get(book.WIDGET_STATE, {}).get("state", {})
    views = [view["model_id"] for view in outputs_of(chapter, book.WIDGET_VIEW)]
    assert [view for view in views if view not in state] == []
    assert views or not state


@pytest.mark.parametrize("chapter", WIDGETS)
def test_chapter_has_its_widgets(chapter):
    assert {plan.kind for plan in plans(*book.stored_widgets(chapter))} >= set(WIDGETS[chapter].split())


def outputs_of(chapter: str, mime: str) -> list:
    outputs = [output for cell in book.code_cells(chapter) for output in cell.outputs]
    return [output.data[mime] for output in outputs if mime in output.get("data", {})]


@every_chapter
def test_cells_are_short(chapter):
    lengths = {cell.execution_count: len(cell.source.splitlines()) for cell in book.code_cells(chapter)}
    assert {number: length for number, length in lengths.items() if length > LONGEST_CELL} == {}


@every_chapter
def test_chapter_declares_its_syllabus(chapter):
    declared = book.notebook(chapter).metadata.get("syllabus", [])
    assert declared
    assert [item for item in declared if not re.fullmatch(r"[A-Z]\d+", item)] == []
    assert len(set(declared)) == len(declared)
    assert [item for item in SYLLABUS.get(chapter, []) if item not in declared] == []


# A chapter shows lmkit's code as it is, or gives its draft another name.


def definitions(tree: ast.AST) -> dict[str, ast.AST]:
    """The functions and classes of a module or a cell, by name, those within others too."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name: node for node in ast.walk(tree) if isinstance(node, kinds)}


def shape(definition: ast.AST) -> str:
    """The syntax tree of a definition as text, docstrings left out."""
    definition = copy.deepcopy(definition)
    for node in definitions(definition).values():
        if ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(definition)


@cache
def shared_names() -> dict[str, list[str]]:
    """The shapes of every function and class that stands by itself in a module of lmkit, by name."""
    shapes = {}
    for module in sorted((ROOT / "lmkit").rglob("*.py")):
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            for name, definition in definitions(ast.Module([node], [])).items():
                if definition is node:
                    shapes.setdefault(name, []).append(shape(definition))
    return shapes


def drifted(source: str) -> list[str]:
    """The names in a cell that lmkit uses as well, for another definition."""
    ours = shared_names()
    found = definitions(ast.parse(source)).items()
    return [name for name, node in found if name in ours and shape(node) not in ours[name]]


@every_chapter
def test_definitions_are_lmkits_or_have_another_name(chapter):
    assert [name for cell in book.code_cells(chapter) for name in drifted(without_magics(cell.source))] == []


def without_magics(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))


def test_drift_is_noticed():
    module = ROOT / "lmkit" / "decoding" / "rng.py"
    tree = ast.parse(module.read_text(encoding="utf-8"))
    retyped = ast.unparse(definitions(tree)["draw_rows"])
    assert drifted(retyped) == []
    assert drifted(retyped.replace("right=True", "right=False")) == ["draw_rows"]
    assert drifted("def draw(x):\n    return x") == ["draw"]
    assert drifted("def draw_draft(x):\n    return x") == []
    assert drifted(re.sub(r'"""(.|\n)*?"""', '"Another description."', retyped, count=1)) == []


# Nothing of the machine on which it was written.

ABSOLUTE = re.compile(r"(?:^|[\s'\"(=])(/(?:[\w.-]+/)+[\w.-]*|~/[\w.-]+|[A-Za-z]:\\[\w.-]+)")


def absolute_paths(text: str) -> list[str]:
    return ABSOLUTE.findall(text)


@every_chapter
def test_no_absolute_paths(chapter):
    cells = book.code_cells(chapter)
    texts = [cell.source for cell in cells]
    for output in (output for cell in cells for output in cell.outputs):
        texts += [output.get("text", ""), str(output.get("data", {}).get("text/plain", ""))]
    assert [path for text in texts for path in absolute_paths(text)] == []


@pytest.mark.parametrize("text", ['open("/srv/data/x.txt")', "cd ~/book", r"C:\Users\me", "'/opt/x/y'"])
def test_absolute_path_is_noticed(text):
    assert absolute_paths(text)


@pytest.mark.parametrize("text", ["a / b", "x = y/z", "https://example.org/a/b", "and/or", "loss/len(x)", "1/2"])
def test_division_is_no_path(text):
    assert absolute_paths(text) == []


# What it cites and shows.

CITATION = re.compile(r"\{(?:cite|footcite)[:\w]*\}`([^`]+)`")


def prose(document: str) -> str:
    if document in CHAPTERS:
        return "\n\n".join(cell.source for cell in book.notebook(document).cells if cell.cell_type == "markdown")
    return book.source(document).read_text(encoding="utf-8")


@every_document
def test_cited_works_are_in_the_bibliography(document):
    keys = [key.strip() for keys in CITATION.findall(prose(document)) for key in keys.split(",")]
    known = parse_file(ROOT / "book" / "references.bib", bib_format="bibtex").entries
    assert [key for key in keys if key not in known] == []


def test_chapters_cite():
    assert CITATION.findall("".join(map(prose, CHAPTERS)))


def undescribed(text: str) -> list[str]:
    """Pictures in Markdown that have no alternative text."""
    marks = re.findall(r"!\[\s*\]\([^)]*\)", text)
    tags = [tag for tag in re.findall(r"<img\b[^>]*>", text) if not re.search(r"""\balt=["'][^"']""", tag)]
    blocks = re.findall(r"(?ms)^[`:]{3,}\{(?:figure|image)\}.*?^[`:]{3,}", text)
    return marks + tags + [block for block in blocks if not re.search(r"(?m)^:?alt: *\S", block)]


@every_document
def test_pictures_in_prose_are_described(document):
    assert undescribed(prose(document)) == []


@pytest.mark.parametrize(
    "text", ["![](a.png)", "<img src='a.png'>", "```{figure} a.png\n:name: a\n\nCaption\n```", ":::{image} a.svg\n:::"]
)
def test_undescribed_picture_is_noticed(text):
    assert undescribed(text)
    assert undescribed(f"{text}\n\n![A tree](b.png)") == undescribed(text)


@every_chapter
def test_figures_are_described(chapter):
    """Where a cell draws, its metadata hold an alternative text: mystnb.image.alt."""
    for cell in book.code_cells(chapter):
        draws = any(set(output.get("data", {})) & {"image/png", "image/svg+xml"} for output in cell.outputs)
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        assert not draws or len(alt.split()) >= 5, f"cell {cell.execution_count} draws, but its alt text is {alt!r}"
