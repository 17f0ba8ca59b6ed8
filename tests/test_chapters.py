"""What every chapter keeps: it has been run as it stands, shows lmkit's own code, and can be read by everybody."""

import ast
import copy
import re
from functools import cache
from pathlib import Path
from statistics import median

import pytest
from pybtex.database import parse_file

from tests.site import book
from tests.test_figures_in_prose import plain

ROOT = Path(__file__).parents[1]
CHAPTERS = book.notebooks()
SYLLABUS = {
    "book/next_token": "A10 A12 B24 B25 B26 B28 B29 B30".split(),
    "book/tokens": "D1".split(),
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
    "book/real_english": "B2 B4 B5".split(),
    "book/seq2seq": "C1 C2".split(),
    "book/attention": "B4 C3".split(),
}
WIDGETS = {
    "book/intro": "StoryLab",
    "book/next_token": "CountingLab",
    "book/tokens": "TokensLab",
    "book/recurrent_networks": "UnrollLab ParameterLab FillIn",
    "book/training": "TrainLab",
    "book/vanishing_gradients": "ReachLab TrainLab",
    "book/lstm": "Microscope",
    "book/dropout": "DropoutLab TrainLab",
    "book/weight_decay": "RegularisationLab TrainLab",
    "book/awd_lstm": "AblationLab",
    "book/sampling": "DecodingLab",
    "book/truncation": "RibbonLab",
    "book/beam_search": "BeamTreeLab",
    "book/comparing_decoders": "ComparisonLab DecodingLab",
    "book/real_english": "DecodingLab Microscope RibbonLab TrainLab",
    "book/seq2seq": "LengthLab PaddingLab",
    "book/attention": "TranslateLab",
    "book/playground": "TrainLab",
    "book/own_text": "Microscope DecodingLab",
    "book/review": "Review",
    "book/class_results": "ClassResults",
}
MOST_WORDS, MOST_CELLS, MEDIAN_LINES, MOST_ASSERTS = 2200, 30, 8, 4  # of a lesson
FOLDED = {"hide-input", "hide-cell", "remove-input", "remove-cell"}
LONGEST_CELL = 30
STORED_WIDGETS = ("application/vnd.jupyter.widget", "_anywidget_id", "export default", "__lmkit")

every_chapter = pytest.mark.parametrize("chapter", CHAPTERS)
every_document = pytest.mark.parametrize("document", book.documents())


def test_there_are_chapters():
    assert CHAPTERS


@every_chapter
def test_cells_were_run_once_and_in_order(chapter):
    """A cell without a count would be run by nbval, but not compared."""
    counts = [cell.execution_count for cell in book.code_cells(chapter)]
    rule = "a chapter must be saved as it runs from a fresh kernel, cell by cell"
    remedy = f"choose Restart Kernel and Run All Cells, and save {chapter}.ipynb"
    assert counts == list(range(1, len(counts) + 1)), f"{rule}, but its counts are {counts}; {remedy}"


@every_chapter
def test_no_cell_is_empty(chapter):
    empty = [place for place, cell in enumerate(book.notebook(chapter).cells, 1) if not cell.source.strip()]
    assert not empty, f"a chapter must have no empty cells, but those at {empty} of {chapter}.ipynb are; delete them"


@every_chapter
def test_stored_outputs_have_no_errors_and_no_warnings(chapter):
    noisy = [
        cell.execution_count
        for cell in book.code_cells(chapter)
        for output in cell.outputs
        if output.output_type == "error" or output.get("name") == "stderr"
    ]
    rule = "stored outputs must have no errors and no warnings: readers would see them"
    assert not noisy, f"{rule}, but cells {noisy} have some; mend what they complain of, and run the chapter again"


@every_chapter
def test_chapter_stores_no_widgets_and_no_code(chapter):
    """Whoever changes a script changes no chapter; see book/_ext/run_chapters.py."""
    text = book.source(chapter).read_text(encoding="utf-8")
    found = [sign for sign in STORED_WIDGETS if sign in text]
    remedy = f"make chapters CHAPTER={chapter.removeprefix('book/')}"
    assert not found, (
        f"a chapter must be stored without widgets, but {chapter}.ipynb has {found}; store it by `{remedy}`"
    )


@pytest.mark.parametrize("chapter", WIDGETS)
def test_chapter_has_its_widgets(chapter):
    lost = set(WIDGETS[chapter].split()) - set(book.shown_labs(chapter))
    assert not lost, f"WIDGETS says that {chapter} shows {sorted(lost)}, but it does not; show it, or change WIDGETS"


@every_chapter
def test_cells_are_short(chapter):
    lengths = {cell.execution_count: len(cell.source.splitlines()) for cell in book.code_cells(chapter)}
    long = {number: length for number, length in lengths.items() if length > LONGEST_CELL}
    remedy = "divide them, or move a function that is not the point into lmkit"
    assert not long, f"a cell must have at most {LONGEST_CELL} lines, but of cells {long} have more; {remedy}"


@every_chapter
def test_a_cell_whose_code_is_left_out_shows_something(chapter):
    notebook = book.notebook(chapter)
    silent = [
        cell.id for cell in notebook.cells if "remove-input" in cell.metadata.get("tags", []) and not cell.outputs
    ]
    assert not silent, (
        f"cells tagged `remove-input` must have an output, but {silent} have none; tag them `remove-cell`"
    )


LESSONS = [document for document in book.teaching() if document != "book/misconceptions"]


@pytest.mark.parametrize("chapter", LESSONS)
def test_a_lesson_is_no_longer_than_a_sitting(chapter):
    """Counted as a reader reads: words without formulas, code and addresses; cells whose code is not folded away."""
    notebook = book.notebook(chapter)
    texts = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    words = re.sub(
        r"\{[\w:]+\}`[^`]*`|^\([\w-]+\)=$|^```.*$|^:\w+:.*$|[|#*>-]+", " ", plain("\n\n".join(texts)), flags=re.M
    )
    tags = (cell.metadata.get("tags", []) for cell in notebook.cells if cell.cell_type == "code")
    seen = [cell for cell, names in zip(book.code_cells(chapter), tags, strict=True) if not FOLDED.intersection(names)]
    count, cells = len(words.split()), len(seen)
    remedy = "say it in fewer words, or give the appendix a page of its own"
    assert count <= MOST_WORDS, f"a chapter must have at most {MOST_WORDS} words, but {chapter} has {count}; {remedy}"
    remedy = "fold away checks and drawing (`hide-input`), or move them into tests"
    assert cells <= MOST_CELLS, f"at most {MOST_CELLS} cells may be unfolded, but {cells} of {chapter} are; {remedy}"
    lines = median(len(cell.source.splitlines()) for cell in seen)
    assert lines <= MEDIAN_LINES, (
        f"half of the cells must have at most {MEDIAN_LINES} lines, but it is {lines}; {remedy}"
    )
    asserted = sum(len(re.findall(r"^assert", cell.source, re.M)) for cell in seen)
    rule = f"unfolded cells must have at most {MOST_ASSERTS} asserts, but {chapter} has {asserted}"
    assert asserted <= MOST_ASSERTS, f"{rule}; a reader needs one for an idea: fold the others away"


@pytest.mark.parametrize("chapter", book.teaching())
def test_chapter_declares_its_syllabus(chapter):
    """The items of the sources that it teaches: a card may ask them of its chapter, and only of it."""
    declared = book.notebook(chapter).metadata.get("syllabus", [])
    where = f"the metadata of {chapter}.ipynb"
    rule = f'{where} must name the items of the syllabus that it teaches, as "syllabus": ["A3", "B7"]'
    assert declared, f"{rule}, but they name none; add them (Property Inspector, Advanced Tools, Notebook Metadata)"
    odd = [item for item in declared if not re.fullmatch(r"[A-Z]\d+", item)]
    assert not odd, f"{rule}, but {odd} are no such items; correct them"
    twice = sorted({item for item in declared if declared.count(item) > 1})
    assert not twice, f"{where} must name each item once, but name {twice} twice; remove one of them"
    lost = [item for item in SYLLABUS.get(chapter, []) if item not in declared]
    assert not lost, (
        f"{where} must name what SYLLABUS says that it teaches, but lack {lost}; add them, or change SYLLABUS"
    )


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
    names = [name for cell in book.code_cells(chapter) for name in drifted(without_magics(cell.source))]
    rule = "a definition with a name of lmkit's must be lmkit's, but for its docstring"
    remedy = "copy lmkit's again, or give a draft another name, such as LSTMCellDraft"
    assert not names, f"{rule}, but {names} in {chapter}.ipynb differ; {remedy}"


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
    found = [path for text in texts for path in absolute_paths(text)]
    rule = "a chapter must name no path of the machine on which it was written"
    assert not found, f"{rule}, but {chapter}.ipynb has {found}; use a relative path, or print only the file's name"


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
    unknown = [key for key in keys if key not in known]
    assert not unknown, f"a cited work must be in book/references.bib, but {unknown} of {document} are not; add them"


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
    bare = undescribed(prose(document))
    assert not bare, f"a picture must have an alternative text that says what it shows, but {bare} have none; write it"


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
        rule = "a cell that draws must have an alternative text of at least five words in its metadata"
        remedy = 'write it there as {"mystnb": {"image": {"alt": "…"}}}'
        found = f"cell {cell.execution_count} of {chapter}.ipynb has {alt!r}"
        assert not draws or len(alt.split()) >= 5, f"{rule}, but {found}; {remedy}"
