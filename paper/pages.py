"""A page as paper has it: no buttons, no scripts; labs as pictures, and answers apart from their questions."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from paper.tree import (
    HTML,
    SVG,
    Element,
    above,
    article,
    by_class,
    classes,
    elements,
    make,
    remove,
    replace,
    text_of,
    unwrap,
)

SCREEN_TAGS = ("script", "style", "button", "dialog", "link")
SCREEN_CLASSES = ("headerlink", "screen-only", "toctree-wrapper", "viewcode-link", "figure-file", "paper-editions")
SCREEN_ATTRIBUTES = ("title", "tabindex")
REVIEW = "All cards:"  # so begins what the Review page has where no script runs
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
HEADING_TAGS = [f"{{{HTML}}}{tag}" for tag in HEADINGS]


@dataclass
class Answers:
    """Answers of one list of questions; `place` is the id of the list, `title` what the questions are."""

    place: str
    title: str
    body: list[Element]

    @property
    def id(self) -> str:
        return f"{self.place}-answers"


@dataclass
class Page:
    """A page of the book: its name in the site, such as "book/sampling", its title and its section."""

    name: str
    title: str
    section: Element
    answers: list[Answers] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Its name without folder."""
        return self.name.rsplit("/", 1)[-1]


def read(site: Path, name: str, address: str) -> Page:
    """Return a built page as paper has it; labs lead to the page at the book's address."""
    whole = article(site / f"{name}.html")
    section = elements(whole, "section")[0]
    drop_screen_parts(section)
    page = Page(name, text_of(elements(section, "h1")[0]), section)
    show_labs(page, address)
    set_answers_apart(page)
    return page


def drop_screen_parts(section: Element) -> None:
    """Take away what only a screen needs, and code that the page folds away: it draws, and explains nothing."""
    for node in elements(section, *SCREEN_TAGS):
        remove(node)
    for name in SCREEN_CLASSES:
        for node in by_class(section, name):
            remove(node)
    for node in by_class(section, "admonition", "hide"):
        remove(node)
    for node in elements(section, "noscript"):
        unwrap(node)
    for node in [*by_class(section, "cell"), *reversed(elements(section, "section"))]:
        if not any(text_of(child) or shows(child) for child in node if child.tag not in HEADING_TAGS):
            remove(node)
    for node in section.iter(f"{{{HTML}}}*"):
        for attribute in SCREEN_ATTRIBUTES:
            node.attrib.pop(attribute, None)


def shows(node: Element) -> bool:
    """Tell whether an element is or has a picture."""
    return any(part.tag in (f"{{{HTML}}}img", f"{{{SVG}}}svg") for part in node.iter())


def section_id(node: Element) -> str:
    """Return the id of the innermost section that holds an element."""
    return next((parent.get("id") for parent in above(node) if parent.tag == f"{{{HTML}}}section"), "")


def show_labs(page: Page, address: str) -> None:
    """Put every lab's picture in a figure that leads to the lab itself."""
    for picture in by_class(page.section, "lmkit-picture"):
        online = f"{address}/{page.name}.html#{section_id(picture)}"
        figure = make("figure", class_="lab")
        picture.addprevious(figure)
        figure.tail, picture.tail = picture.tail, None
        figure.append(picture)
        link = make("a", online.removeprefix("https://"), href=online)
        figure.append(make("figcaption", "A lab, as it stands at first. Move it online: ", link))


def set_answers_apart(page: Page) -> None:
    """Keep questions in their places, and set apart the answers that the page folds away.

    They are those of quizzes and flashcards, and those to exercises. What else it folds is shown.
    """
    for node in elements(page.section, "div"):
        if "lmkit-cards" in classes(node):
            if text_of(node).startswith(REVIEW):
                replace(node, make("p", "(The cards stand in their chapters. Online, this page asks them.)"))
            elif elements(node, "ol"):
                set_cards_apart(page, node)
        elif {"dropdown", "admonition"} <= set(classes(node)) and text_of(node[0]) == "Answers":
            set_exercises_apart(page, node)


def set_cards_apart(page: Page, cards: Element) -> None:
    """Take the folded answers out of a list of questions; they get the same numbers."""
    heading, questions = cards
    title, answers = text_of(heading).split(":")[0], make("ol")
    for question in questions:
        item = make("li")
        for folded in [child for child in question if child.tag == f"{{{HTML}}}details"]:
            for part in folded[1:]:
                item.append(part)
            remove(folded)
        answers.append(item)
    heading.getparent().replace(heading, make("p", title, class_="cards-title"))
    set_apart(page, cards, title, [answers])


def set_exercises_apart(page: Page, folded: Element) -> None:
    """Leave only the way to the answers where they were folded away."""
    body = folded[1:]
    note = make("div", class_="cards")
    replace(folded, note)
    set_apart(page, note, "Exercises", body)


def set_apart(page: Page, questions: Element, title: str, body: list[Element]) -> None:
    """Note answers for the end of the book, and lead to them from their questions."""
    answers = Answers(f"{page.key}-questions-{len(page.answers) + 1}", title, body)
    questions.set("id", answers.place)
    link = make("a", "Answers", href=f"#{answers.id}", class_="page-ref")
    questions.append(make("p", link, class_="to-answers"))
    page.answers.append(answers)
