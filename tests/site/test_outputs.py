"""What the build of the book has just computed is what its chapters were saved with.

The rules are those of nbval, with which the Makefile runs the chapters once more as on an old processor. Pictures and
the states of widgets are not compared; nor are cells with the tag `nbval-ignore-output`.
"""

import re
from collections import defaultdict

import nbformat
import pytest

from tests.site import book

pytestmark = pytest.mark.site
PICTURES = {"image/png", "image/jpeg", "image/svg+xml"}
NOT_COMPARED = {"metadata", "output_type", "name", "execution_count", *PICTURES, book.WIDGET_VIEW}
# Pairs of lines: what is replaced in stored and in new outputs, and what it is replaced by.
REPLACED = re.findall(r"^regex: (.*)\nreplace: (.*)$", (book.ROOT / "tests" / "nbval.cfg").read_text(), re.MULTILINE)


def replaced(text):
    for pattern, replacement in REPLACED:
        text = re.sub(pattern, replacement, text) if isinstance(text, str) else text
    return text


def fields(outputs: list) -> dict[str, list]:
    """The values of each kind that the outputs of a cell hold, in order; what is printed to a stream is one text."""
    found, streams = defaultdict(list), defaultdict(str)
    for output in outputs:
        if output.output_type == "stream":
            streams[output.name] += output.text
            continue
        for name, value in [*output.items(), *output.get("data", {}).items()]:
            if name not in NOT_COMPARED | {"data"}:
                found[name].append(replaced(value))
    return found | {name: [replaced(text)] for name, text in streams.items()}


def differences(stored, executed) -> list[tuple[str, dict, dict]]:
    """The cells whose outputs differ: their code, what is stored, and what was computed."""
    cells = zip(*([cell for cell in one.cells if cell.cell_type == "code"] for one in (stored, executed)), strict=True)
    compared = [pair for pair in cells if "nbval-ignore-output" not in pair[0].metadata.get("tags", [])]
    outputs = [(cell.source, fields(cell.outputs), fields(new.outputs)) for cell, new in compared]
    return [(source, before, after) for source, before, after in outputs if before != after]


@pytest.mark.parametrize("document", book.notebooks())
def test_build_computed_what_is_stored(site, document):
    stored, executed = book.notebook(document), book.executed(document)
    assert [cell.source for cell in executed.cells] == [cell.source for cell in stored.cells]
    assert differences(stored, executed) == []


CHANGES = {
    "a number": lambda outputs: outputs[0].update(text="0.25\n"),
    "a line more": lambda outputs: outputs.append(nbformat.v4.new_output("stream", name="stdout", text="more\n")),
    "a warning": lambda outputs: outputs.append(nbformat.v4.new_output("stream", name="stderr", text="beware\n")),
    "an output less": lambda outputs: outputs.pop(),
    "another result": lambda outputs: outputs[1].data.update({"text/plain": "[1, 3]"}),
    "another kind of result": lambda outputs: outputs[1].data.update({"text/html": "<b>2</b>"}),
    "an error": lambda outputs: outputs.append(
        nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=["no"])
    ),
}


def notebook(change=lambda outputs: None, tags=()):
    """A notebook of one cell, which prints a number and has a list as its result."""
    new = nbformat.v4.new_output
    outputs = [new("stream", name="stdout", text="0.5\n"), new("execute_result", data={"text/plain": "[1, 2]"})]
    change(outputs)
    cell = nbformat.v4.new_code_cell("run()", outputs=outputs, metadata={"tags": list(tags)})
    return nbformat.v4.new_notebook(cells=[cell])


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_another_output_is_noticed(change):
    assert differences(notebook(), notebook(change))
    assert differences(notebook(change), notebook())
    assert not differences(notebook(change), notebook(change))
    assert not differences(notebook(tags=["nbval-ignore-output"]), notebook(change))


def test_pictures_their_forms_and_dates_may_differ():
    def drawn(data):
        return notebook(lambda outputs: outputs[1].data.update(data))

    svg = "<?xml version='1.0'?>\n<svg><!-- {} --></svg>"
    assert not differences(drawn({"image/svg+xml": svg.format(1)}), drawn({"image/svg+xml": svg.format(2)}))
    assert not differences(drawn({"image/png": "AAAA"}), drawn({"image/png": "BBBB"}))
    assert not differences(drawn({"image/png": "AAAA"}), drawn({"image/svg+xml": svg.format(2)}))
