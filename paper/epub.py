"""Write the book as an EPUB 3: a document for each page, formulas in MathML, labs as pictures."""

from __future__ import annotations

import base64
import hashlib
import io
import mimetypes
import posixpath
import uuid
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import unquote
from xml.sax.saxutils import escape

from paper import tree
from paper.links import ANSWERS, Links
from paper.pages import Page, read
from paper.settings import Settings
from paper.style import style
from paper.tree import HTML, MATHML, SVG, Element, elements, serialised, text_of

EPUB = "http://www.idpf.org/2007/ops"
TYPE = f"{{{EPUB}}}type"
FONT = "stix-two-math.woff2"
TYPES = {".xhtml": "application/xhtml+xml", ".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
FIXED = (1980, 1, 1, 0, 0, 0)  # the same sources give the same file

CONTAINER = """<?xml version="1.0" encoding="UTF-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
  <rootfiles><rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""

PACKAGE = """<?xml version="1.0" encoding="UTF-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="id" xml:lang="{language}">
  <metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
    <dc:identifier id="id">{identifier}</dc:identifier>
    <dc:title>{title}</dc:title>
    <dc:creator>{author}</dc:creator>
    <dc:language>{language}</dc:language>
    <dc:source>{address}</dc:source>
    <meta property="dcterms:modified">{modified}</meta>
    <meta property="schema:accessMode">textual</meta>
    <meta property="schema:accessMode">visual</meta>
    <meta property="schema:accessModeSufficient">textual</meta>
    <meta property="schema:accessibilityFeature">alternativeText</meta>
    <meta property="schema:accessibilityFeature">MathML</meta>
    <meta property="schema:accessibilityFeature">structuralNavigation</meta>
    <meta property="schema:accessibilityFeature">tableOfContents</meta>
    <meta property="schema:accessibilityHazard">none</meta>
    <meta property="schema:accessibilitySummary">Figures have texts, formulas are MathML, headings are in order.</meta>
  </metadata>
  <manifest>
    {manifest}
  </manifest>
  <spine>
    {spine}
  </spine>
</package>
"""


@dataclass(frozen=True)
class Item:
    """A file of the book: its path beside the package, what it holds, and what a reader must know of it."""

    path: str
    content: bytes
    properties: str = ""

    @property
    def id(self) -> str:
        return "item-" + "".join(sign if sign.isalnum() else "-" for sign in self.path)

    @property
    def entry(self) -> str:
        """Its line in the package's list of files."""
        kind = TYPES.get(Path(self.path).suffix) or mimetypes.guess_type(self.path)[0]
        more = f' properties="{self.properties}"' if self.properties else ""
        return f'<item id="{self.id}" href="{self.path}" media-type="{kind}"{more}/>'


def place(key: str, identity: str) -> str:
    """Return the address of a place of a page, from another page."""
    return f"{key}.xhtml" + (f"#{identity}" if identity else "")


def document(title: str, body: Element, language: str) -> Element:
    """Return a document with this body."""
    link = tree.make("link", rel="stylesheet", href="book.css", type="text/css")
    whole = tree.make("html", tree.make("head", tree.make("title", title), link), body, lang=language)
    whole.set("{http://www.w3.org/XML/1998/namespace}lang", language)
    return whole


def as_item(key: str, whole: Element, more: str = "") -> Item:
    """Return a document as a file; the package must say what it has besides text."""
    found = {part.tag for part in whole.iter()}
    kinds = {"mathml": f"{{{MATHML}}}math", "svg": f"{{{SVG}}}svg"}
    properties = [more] if more else []
    properties += [name for name, tag in kinds.items() if tag in found]
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n{serialised(whole)}'
    return Item(f"{key}.xhtml", text.encode(), " ".join(properties))


def take_pictures(root: Element, site: Path, page: str) -> dict[str, Item]:
    """Address the pictures of a page within the book, and return their files by path."""
    taken = {}
    for picture in elements(root, "img"):
        source = picture.get("src")
        kind, _, data = source.partition(",")
        if kind == "data:image/svg+xml;base64":
            content, suffix = base64.b64decode(data), ".svg"
        elif kind == "data:image/svg+xml":
            content, suffix = unquote(data).encode(), ".svg"
        else:
            path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(source)))
            content, suffix = (site / path).read_bytes(), Path(path).suffix
        name = f"images/{hashlib.sha256(content).hexdigest()[:16]}{suffix}"
        picture.set("src", name)
        taken[name] = Item(name, content)
    return taken


def tidy(root: Element) -> None:
    """Drop what HTML allows only to browsers, and give each cell of code a way to scroll no wider than the page."""
    for node in root.iter():
        for attribute in [name for name in node.attrib if name in OBSOLETE.get(local(node), ())]:
            del node.attrib[attribute]


OBSOLETE = {"table": ("border", "align"), "td": ("align",), "th": ("align",), "tr": ("align",), "ol": ("type",)}


def local(node: Element) -> str:
    """Return the name of an element without its name space."""
    return node.tag.rsplit("}", 1)[-1] if isinstance(node.tag, str) else ""


def answers_of(pages: list[Page]) -> Element:
    """Return the document of all answers, by page, each with a way back to its questions."""
    body = tree.make("body", tree.make("h1", "Answers"))
    for page in pages:
        if not page.answers:
            continue
        part = tree.make("section", tree.make("h2", page.title), id=page.key)
        for answers in page.answers:
            back = tree.make("a", answers.title, href=place(page.key, answers.place))
            part.append(tree.make("div", tree.make("p", back, class_="cards-title"), *answers.body, id=answers.id))
        body.append(part)
    return body


def navigation(settings: Settings, pages: dict[str, Page]) -> Element:
    """Return the list of contents that e-readers show: parts, pages and their sections."""
    top = tree.make("ol")
    for part in settings.parts:
        entries = [entry(pages[name]) for name in part.pages]
        if part.caption:
            inner = tree.make("ol", *entries)
            entries = [tree.make("li", tree.make("span", part.caption), inner)]
        top.extend(entries)
    top.append(tree.make("li", tree.make("a", "Answers", href=place(ANSWERS, ""))))
    contents = tree.make("nav", tree.make("h1", "Contents"), top, id="contents")
    contents.set(TYPE, "toc")
    landmarks = tree.make("nav", tree.make("h2", "Landmarks"), tree.make("ol"), hidden="hidden")
    landmarks.set(TYPE, "landmarks")
    first = settings.pages[0].rsplit("/", 1)[-1]
    for kind, title, target in [("cover", "Cover", "cover.xhtml"), ("bodymatter", "Beginning", place(first, ""))]:
        link = tree.make("a", title, href=target)
        link.set(TYPE, kind)
        landmarks[1].append(tree.make("li", link))
    return tree.make("body", contents, landmarks)


def entry(page: Page) -> Element:
    """Return a page's entry in the contents, with its sections."""
    item = tree.make("li", tree.make("a", page.title, href=place(page.key, "")))
    sections = [node for node in page.section if node.tag == f"{{{HTML}}}section"]
    lines = [
        tree.make("li", tree.make("a", text_of(heading), href=place(page.key, section.get("id"))))
        for section in sections
        for heading in elements(section, "h2")[:1]
    ]
    if lines:
        item.append(tree.make("ol", *lines))
    return item


def items(settings: Settings, site: Path, cover: bytes) -> tuple[list[Item], list[Item]]:
    """Return the files of the book: its documents in the order of reading, and all others."""
    pages = {name: read(site, name, settings.address) for name in settings.pages}
    links = Links(pages.values(), settings.address)
    contents = navigation(settings, pages)
    bodies = {}
    for page in pages.values():
        links.resolve(page, place)
        bodies[page.key] = (page.title, tree.make("body", page.section), page.name)
    bodies[ANSWERS] = ("Answers", answers_of(list(pages.values())), settings.pages[0])
    documents, pictures = [], {}
    for key, (title, body, name) in bodies.items():
        pictures |= take_pictures(body, site, name)
        tidy(body)
        documents.append(as_item(key, document(title, body, settings.language)))
    nav = as_item("contents", document("Contents", contents, settings.language), "nav")
    front = tree.make("body", tree.make("div", tree.make("img", src="cover.png", alt=settings.title), class_="cover"))
    first = as_item("cover", document(settings.title, front, settings.language))
    sheet = style(site, FONT, "epub.css")
    others = [
        Item("cover.png", cover, "cover-image"),
        Item("book.css", sheet.encode()),
        Item(FONT, (site / "_static" / "vendor" / FONT).read_bytes()),
        *pictures.values(),
    ]
    return [first, nav, *documents], others


def make(settings: Settings, site: Path, cover: bytes, modified: datetime) -> bytes:
    """Return the book as an EPUB; `cover` is a PNG, `modified` when its text was last changed."""
    documents, others = items(settings, site, cover)
    package = PACKAGE.format(
        identifier=f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, settings.address)}",
        title=escape(settings.title),
        author=escape(settings.author),
        language=settings.language,
        address=escape(settings.address),
        modified=modified.strftime("%Y-%m-%dT%H:%M:%SZ"),
        manifest="\n    ".join(item.entry for item in [*documents, *others]),
        spine="\n    ".join(f'<itemref idref="{item.id}"/>' for item in documents),
    )
    files = {"META-INF/container.xml": CONTAINER.encode(), "book/package.opf": package.encode()}
    files |= {f"book/{item.path}": item.content for item in [*documents, *others]}
    return zipped(files)


def zipped(files: dict[str, bytes]) -> bytes:
    """Return the archive; its first file says what it is, and is not compressed."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as book:
        book.writestr(zipfile.ZipInfo("mimetype", FIXED), "application/epub+zip", zipfile.ZIP_STORED)
        for path, content in files.items():
            info = zipfile.ZipInfo(path, FIXED)
            info.compress_type = zipfile.ZIP_DEFLATED
            book.writestr(info, content)
    return archive.getvalue()
