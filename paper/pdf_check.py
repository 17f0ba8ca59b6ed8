"""Look at a PDF as its readers' programs do: tags, outline, texts of figures, page numbers, links, empty sheets."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pypdf
from pypdf.generic import DictionaryObject, IndirectObject

from paper.pages import HEADINGS
from paper.tree import HTML, Element, elements, text_of

LEAST = 40  # letters on a sheet, besides the running head and the number


def faults(pdf: bytes, document: Element, language: str) -> list[str]:
    """Return what is wrong with the print of a document, a line for each fault."""
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    texts = [page.extract_text() for page in reader.pages]
    return [
        *catalogue_faults(reader, language),
        *figure_faults(reader, document),
        *outline_faults(reader, document, texts),
        *link_faults(reader),
        *sheet_faults(reader, texts),
    ]


def catalogue_faults(reader: pypdf.PdfReader, language: str) -> Iterator[str]:
    """Yield what the file does not say of itself."""
    root, said = reader.trailer["/Root"], reader.metadata or {}
    if not root.get("/MarkInfo", {}).get("/Marked") or "/StructTreeRoot" not in root:
        yield "the file must be tagged, but it is not"
    if root.get("/Lang") != language:
        yield f"the language must be {language!r}, but it is {root.get('/Lang')!r}"
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        yield "the title must be shown in place of the file's name"
    yield from (f"the file must have {name}" for name in ("/Title", "/Author") if not said.get(name))


def structure(root: DictionaryObject) -> Iterator[DictionaryObject]:
    """Yield all elements of the tree of tags, from the root of a file."""
    waiting = [root.get("/StructTreeRoot")]
    while waiting:
        node = waiting.pop()
        node = node.get_object() if isinstance(node, IndirectObject) else node
        if isinstance(node, list):
            waiting.extend(node)
        elif isinstance(node, DictionaryObject):
            if "/S" in node:
                yield node
            waiting.append(node.get("/K"))


def figure_faults(reader: pypdf.PdfReader, document: Element) -> Iterator[str]:
    """Yield where a picture has no text for those who do not see it."""
    shown = [picture for picture in elements(document, "img") if picture.get("alt")]
    told = {
        str(node["/Alt"]) for node in structure(reader.trailer["/Root"]) if node["/S"] == "/Figure" and node.get("/Alt")
    }
    lost = [picture.get("alt") for picture in shown if _plain(picture.get("alt")) not in set(map(_plain, told))]
    yield from (f"a figure's text is not among the tags: {alt[:60]!r}" for alt in lost)
    silent = len(elements(document, "img")) - len(shown)
    if silent:
        yield f"every figure must have a text, but {silent} have none"


def outline(reader: pypdf.PdfReader) -> list[tuple[int, str, int]]:
    """Return the outline in order: level, title, and the number of the sheet."""
    found = []

    def walk(entries: list, level: int) -> None:
        for entry in entries:
            if isinstance(entry, list):
                walk(entry, level + 1)
            else:
                found.append((level, entry.title, reader.get_destination_page_number(entry) + 1))

    walk(reader.outline, 1)
    return found


def headings(document: Element) -> list[Element]:
    return elements(document.find(f"{{{HTML}}}body"), *HEADINGS)


def outline_faults(reader: pypdf.PdfReader, document: Element, texts: list[str]) -> Iterator[str]:
    """Yield where the outline differs from the headings, or leads to another sheet, and so for the contents."""
    wanted = [_plain(text_of(heading)) for heading in headings(document)]
    found = outline(reader)
    if [_plain(title) for _, title, _ in found] != wanted:
        differing = [title for _, title, _ in found if _plain(title) not in wanted] or wanted[len(found) :]
        yield f"the outline must be the headings, but it has {len(found)}, not {len(wanted)}: {differing[:5]}"
        return
    for _, title, sheet in found:
        if _plain(title) not in _plain(texts[sheet - 1]):
            yield f"the outline leads to {title!r} on sheet {sheet}, where it is not"
    places = {name.removeprefix("/"): place for name, place in reader.named_destinations.items()}
    for link in elements(document, "a"):
        if "page-ref" in link.get("class", ""):
            place = places.get(link.get("href")[1:])
            sheet = place and reader.get_destination_page_number(place) + 1
            if str(sheet) != text_of(link[-1]):
                yield f"{text_of(link)!r} must name sheet {sheet}"


def link_faults(reader: pypdf.PdfReader) -> Iterator[str]:
    """Yield links that lead nowhere, or to the machine on which the book was printed."""
    places = set(reader.named_destinations)
    for page in reader.pages:
        for note in page.get("/Annots", []):
            link = note.get_object()
            action = link.get("/A", {})
            place = link.get("/Dest") or action.get("/D")
            address = str(action.get("/URI", ""))
            if isinstance(place, str) and place not in places:
                yield f"a link leads to {place}, which is nowhere"
            if re.match(r"https?://(?:127\.|localhost)", address):
                yield f"a link leads to {address}, which only this machine knows"


def sheet_faults(reader: pypdf.PdfReader, texts: list[str]) -> Iterator[str]:
    """Yield sheets that are blank, or do not show their number."""
    for number, (page, text) in enumerate(zip(reader.pages, texts, strict=True), 1):
        if len(_plain(text)) < LEAST and not page.get("/Resources", {}).get("/XObject"):
            yield f"sheet {number} is blank"
        if number > 1 and str(number) not in text.split():
            yield f"sheet {number} does not show its number"


def _plain(text: str) -> str:
    """Return a text without spaces, soft hyphens and line breaks' hyphens, which depend on where lines end."""
    return re.sub(r"[\s\u00ad\u200b-]|\u2010", "", text)
