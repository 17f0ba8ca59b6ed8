"""Look at a PDF as its readers' programs do: tags, outline, texts of figures, page numbers, links, empty sheets."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pikepdf
import pypdf

from paper.pages import HEADINGS
from paper.tree import HTML, SVG, Element, by_class, elements, text_of

LEAST = 40  # letters on a sheet, besides the running head and the number


def faults(content: bytes, document: Element, language: str) -> list[str]:
    """Return what is wrong with the print of a document, a line for each fault."""
    texts = [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [
            *catalogue_faults(pdf, language),
            *figure_faults(pdf, document),
            *outline_faults(pdf, document, texts),
            *reference_faults(pdf, document),
            *link_faults(pdf),
            *sheet_faults(pdf, texts),
        ]


def catalogue_faults(pdf: pikepdf.Pdf, language: str) -> Iterator[str]:
    """Yield what the file does not say of itself."""
    root = pdf.Root
    if not root.get("/MarkInfo", {}).get("/Marked") or "/StructTreeRoot" not in root:
        yield "the file must be tagged, but it is not"
    if str(root.get("/Lang", "")) != language:
        yield f"the language must be {language!r}, but it is {str(root.get('/Lang', ''))!r}"
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle"):
        yield "the title must be shown in place of the file's name"
    yield from (f"the file must have {name}" for name in ("/Title", "/Author") if not str(pdf.docinfo.get(name, "")))


def structure(pdf: pikepdf.Pdf) -> Iterator[pikepdf.Object]:
    """Yield all elements of the tree of tags."""
    waiting = [pdf.Root.get("/StructTreeRoot")]
    while waiting:
        node = waiting.pop()
        if isinstance(node, pikepdf.Array):
            waiting.extend(node)
        elif isinstance(node, pikepdf.Dictionary):
            if "/S" in node:
                yield node
            waiting.append(node.get("/K"))


def figure_faults(pdf: pikepdf.Pdf, document: Element) -> Iterator[str]:
    """Yield where a picture has no text for those who do not see it."""
    told = {_plain(str(node.Alt)) for node in structure(pdf) if node.S == "/Figure" and "/Alt" in node}
    for picture in [*elements(document, "img"), *document.iter(f"{{{SVG}}}svg")]:
        text = picture.get("alt") or picture.get("aria-label") or "".join(picture.itertext(f"{{{SVG}}}title"))
        if not text:
            yield f"a figure must have a text, but one has none: {picture.get('src', 'a drawing')[:60]}"
        elif _plain(text) not in told:
            yield f"a figure's text is not among the tags: {text[:60]!r}"


def sheets(pdf: pikepdf.Pdf) -> dict[tuple[int, int], int]:
    """Return the number of each sheet, by the object that it is."""
    return {page.obj.objgen: number for number, page in enumerate(pdf.pages, 1)}


def places(pdf: pikepdf.Pdf) -> dict[str, int]:
    """Return the named places of a file, and the numbers of their sheets."""
    numbers, named = sheets(pdf), pdf.Root.get("/Dests", {})
    found = {name.removeprefix("/"): numbers[place[0].objgen] for name, place in named.items()}
    if tree := pdf.Root.get("/Names", {}).get("/Dests"):
        found |= {str(name): numbers[place[0].objgen] for name, place in pikepdf.NameTree(tree).items()}
    return found


def outline(pdf: pikepdf.Pdf) -> list[tuple[int, str, int]]:
    """Return the outline in order: level, title, and the number of the sheet."""
    numbers, named, found = sheets(pdf), places(pdf), []

    def walk(entries: list[pikepdf.OutlineItem], level: int) -> None:
        for entry in entries:
            place = entry.destination or entry.action.D
            at = numbers[place[0].objgen] if isinstance(place, pikepdf.Array) else named[str(place).removeprefix("/")]
            found.append((level, entry.title, at))
            walk(entry.children, level + 1)

    with pdf.open_outline() as tree:
        walk(tree.root, 1)
    return found


def headings(document: Element) -> list[Element]:
    return elements(document.find(f"{{{HTML}}}body"), *HEADINGS)


def outline_faults(pdf: pikepdf.Pdf, document: Element, texts: list[str]) -> Iterator[str]:
    """Yield where the outline differs from the headings, or leads to another sheet."""
    wanted = [_plain(text_of(heading)) for heading in headings(document)]
    found = outline(pdf)
    if [_plain(title) for _, title, _ in found] != wanted:
        differing = [title for _, title, _ in found if _plain(title) not in wanted] or wanted[len(found) :]
        yield f"the outline must be the headings, but it has {len(found)}, not {len(wanted)}: {differing[:5]}"
        return
    for _, title, sheet in found:
        if _plain(title) not in _plain(texts[sheet - 1]):
            yield f"the outline leads to {title!r} on sheet {sheet}, where it is not"


def reference_faults(pdf: pikepdf.Pdf, document: Element) -> Iterator[str]:
    """Yield where the contents, or another reference, name another sheet than that to which they lead."""
    known = places(pdf)
    for link in by_class(document, "page-ref"):
        sheet = known.get(link.get("href")[1:])
        if str(sheet) != text_of(link[-1]):
            yield f"{text_of(link)!r} must name sheet {sheet}"


def link_faults(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Yield links that lead nowhere, or to the machine on which the book was printed."""
    known = set(places(pdf))
    for page in pdf.pages:
        for link in page.obj.get("/Annots", []):
            action = link.get("/A", {})
            place = link.get("/Dest", action.get("/D"))
            name, address = str(place).removeprefix("/"), str(action.get("/URI", ""))
            if isinstance(place, pikepdf.Name | pikepdf.String) and name not in known:
                yield f"a link leads to {name}, which is nowhere"
            if re.match(r"https?://(?:127\.|localhost)", address):
                yield f"a link leads to {address}, which only this machine knows"


def sheet_faults(pdf: pikepdf.Pdf, texts: list[str]) -> Iterator[str]:
    """Yield sheets that are blank, or do not show their number."""
    for number, (page, text) in enumerate(zip(pdf.pages, texts, strict=True), 1):
        if len(_plain(text)) < LEAST and not page.get_images():
            yield f"sheet {number} is blank"
        if number > 1 and str(number) not in text.split():
            yield f"sheet {number} does not show its number"


def _plain(text: str) -> str:
    """Return a text without spaces, soft hyphens and line breaks' hyphens, which depend on where lines end."""
    return re.sub(r"[\s\u00ad\u200b\u2010-]", "", text)
