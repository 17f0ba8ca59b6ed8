"""The whole book as one document, to be printed: title page, contents with page numbers, parts, answers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from paper.cover import title_page
from paper.links import ANSWERS, Links, prefix_ids
from paper.pages import HEADINGS, Page, read
from paper.settings import Part, Settings
from paper.style import style
from paper.tree import HTML, Element, by_class, elements, make, serialised, text_of

MATH_FONT = "_static/vendor/stix-two-math.woff2"  # as the built book has it
UNKNOWN = "000"  # as wide as a number of a page: it stands where the page is not yet known


def anchor(key: str, identity: str) -> str:
    """Return the id that a place of a page has in the document."""
    return f"{key}--{identity}" if identity else key


def lower_headings(section: Element) -> None:
    """Make every heading one level lower: those of parts stand above."""
    for heading in elements(section, *HEADINGS):
        level = min(int(heading.tag[-1]) + 1, 6)
        heading.tag = f"{{{HTML}}}h{level}"


def chapter(page: Page, links: Links, lowered: bool) -> Element:
    """Return the section of a page, ready for the document."""
    links.resolve(page, lambda key, identity: f"#{anchor(key, identity)}")
    prefix_ids(page.section, f"{page.key}--")
    page.section.set("id", page.key)
    if lowered:
        lower_headings(page.section)
    return make("div", page.section, class_="chapter", style=f"page: {page_name(page.key)}")


def page_name(key: str) -> str:
    """Return the name by which style rules know the sheets of a page of the book."""
    return f"sheet-{key.replace('_', '-')}"


def answers_of(pages: list[Page]) -> Element:
    """Return the last chapter: all answers, by page, each with a way back to its questions."""
    whole = make("section", make("h1", "Answers"), id=ANSWERS, class_="answers")
    for page in pages:
        if not page.answers:
            continue
        part = make("section", make("h2", page.title))
        for answers in page.answers:
            back = make("a", answers.title, href=f"#{anchor(page.key, answers.place)}", class_="page-ref")
            body = make("div", make("p", back, class_="cards-title"), *answers.body, id=anchor(ANSWERS, answers.id))
            part.append(body)
        whole.append(part)
    return make("div", whole, class_="chapter", style=f"page: {page_name(ANSWERS)}")


def contents(body: Element) -> Element:
    """Return the table of contents: parts, chapters and their sections, as they stand in the document."""
    top = make("ol")
    lists = {0: top}
    for number, heading in enumerate(elements(body, "h1", "h2", "h3")):
        level = int(heading.tag[-1])
        named = heading.getparent()
        if not named.get("id") or named.index(heading):
            named = heading
            named.set("id", named.get("id") or f"heading-{number}")
        entry = make("li", make("a", text_of(heading), href=f"#{named.get('id')}", class_="page-ref"))
        above = max(known for known in lists if known < level)
        lists[above].append(entry)
        lists = {known: node for known, node in lists.items() if known < level}
        lists[level] = inner = make("ol")
        entry.append(inner)
    for empty in [node for node in elements(top, "ol") if not len(node)]:
        empty.getparent().remove(empty)
    return make("nav", make("h1", "Contents", id="contents"), top, class_="contents", role="doc-toc")


def running_heads(keys: Mapping[str, str]) -> str:
    """Return style rules that put the title of a chapter at the head of its sheets."""
    rules = [f'@page {page_name(key)} {{ @top-center {{ content: "{_css(title)}"; }} }}' for key, title in keys.items()]
    return "\n".join(rules)


def _css(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def whole(settings: Settings, site: Path) -> Element:
    """Return the document of the book; its page numbers are not yet known."""
    pages = {name: read(site, name, settings.address) for name in settings.pages}
    links = Links(pages.values(), settings.address)
    titles = {page.key: page.title for page in pages.values()} | {ANSWERS: "Answers"}
    body = make("body")
    for part in settings.parts:
        body.extend(_part(part, [pages[name] for name in part.pages], links))
    body.append(answers_of(list(pages.values())))
    body.insert(0, contents(body))
    body.insert(0, title_page(settings))
    head = make("head", make("meta", charset="utf-8"), make("title", settings.title))
    head.append(make("meta", name="author", content=settings.author))
    head.append(make("style", "\n".join([style(site, MATH_FONT, "cover.css", "print.css"), running_heads(titles)])))
    show_page_numbers(body, {})
    address_pictures(body)
    return make("html", head, body, lang=settings.language)


def _part(part: Part, pages: list[Page], links: Links) -> list[Element]:
    chapters = [chapter(page, links, lowered=bool(part.caption)) for page in pages]
    if part.caption:
        chapters[0].insert(0, make("h1", part.caption, class_="part"))
    return chapters


def address_pictures(body: Element) -> None:
    """Address pictures from the site's root, where the document lies."""
    for picture in elements(body, "img"):
        picture.set("src", picture.get("src").removeprefix("../"))


def show_page_numbers(body: Element, numbers: Mapping[str, int]) -> None:
    """Write behind every reference to a page the number of the page, as far as it is known."""
    for link in by_class(body, "page-ref"):
        for old in by_class(link, "page-number"):
            link.remove(old)
        number = numbers.get(link.get("href")[1:])
        link.append(make("span", UNKNOWN if number is None else str(number), class_="page-number"))


def written(document: Element) -> str:
    """Return the document as XHTML."""
    return f"<!DOCTYPE html>\n{serialised(document)}"
