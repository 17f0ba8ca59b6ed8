"""Where am I: the built pages mark what was read, and the first page leads on."""

import json
import re

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Page, expect

from lmkit import study
from tests.site import book
from tests.site.rendering import accessibility_faults, overflow, settle
from tests.site.test_surroundings import without_storage

pytestmark = pytest.mark.site
FIRST, CHAPTER, SECTION = book.documents()[0], "book/lstm", "the-additive-path"
READING, ANSWERS = "memory-and-chance:reading", "memory-and-chance:reviews"
UNREAD = {"exercises", "quiz", "where-to-read-on"}
THEN = 1_700_000_000_000  # ms since 1970


def chapter_table() -> list[dict]:
    page = BeautifulSoup((book.SITE / f"{FIRST}.html").read_text(encoding="utf-8"), "html.parser")
    return json.loads(page.find(id="where-chapters").string)


def with_progress(page: Page) -> None:
    """Have a reader come who has read a chapter, is within another, and has answered the first one's questions."""
    chapter = {"place": SECTION, "at": THEN + 1, "seen": [SECTION], "of": 10, "read": False, "set": 0}
    read = chapter | {"place": "", "at": THEN, "read": True, "set": THEN}
    reading = {"format": "memory-and-chance reading", "version": 1, "chapters": {"lstm": chapter, "next_token": read}}
    reviews = [[card.id, 3, THEN] for card in study.load("next_token").quiz()]
    answers = {"format": "memory-and-chance reviews", "version": 1, "reviews": reviews}
    texts = json.dumps({READING: json.dumps(reading), ANSWERS: json.dumps(answers)})
    page.context.add_init_script(
        f"if (!sessionStorage.seen) for (const [key, text] of Object.entries({texts})) localStorage.setItem(key, text);"
        "sessionStorage.seen = true;"
    )


def test_the_first_page_knows_all_chapters_and_sections():
    """Each is on its page, under the title that it has there."""
    table = chapter_table()
    assert [chapter["name"] for chapter in table] == study.chapters()
    for chapter in table:
        html = (book.SITE / f"book/{chapter['name']}.html").read_text(encoding="utf-8")
        page = BeautifulSoup(html, "html.parser")
        own = [section["id"] for section in page.select("article > section section[id]")]
        assert list(chapter["sections"]) == own
        assert page.h1.get_text().startswith(chapter["title"])


@pytest.mark.parametrize("chapter", study.chapters())
def test_a_chapter_has_sections_to_read(chapter):
    """The script looks for them by the structure of the page."""
    page = BeautifulSoup((book.SITE / f"book/{chapter}.html").read_text(encoding="utf-8"), "html.parser")
    ids = [section["id"] for section in page.select("article > section > section[id]")]
    assert len(set(ids) - UNREAD) >= 5 and set(ids) >= UNREAD


def test_a_first_time_reader_begins_with_the_first_chapter(open_page):
    """The page says so itself, and the script changes nothing."""
    words = f"Begin with {chapter_table()[0]['title']}"
    built = BeautifulSoup((book.SITE / f"{FIRST}.html").read_text(encoding="utf-8"), "html.parser")
    assert built.select_one(".where-next").get_text() == words
    page = open_page(f"{FIRST}.html")
    settle(page)
    assert " ".join(page.locator(".where-next").inner_text().split()) == words
    page.locator(".where-next a").click()
    page.wait_for_url(f"**/{book.documents()[1]}.html")
    assert page.locator(".where-mark").count() == 0


@pytest.mark.parametrize(("size", "theme"), [("1280", "light"), ("390", "dark")])
def test_a_reader_who_comes_back_is_led_to_their_section(open_page, size, theme):
    page = open_page(f"{FIRST}.html", size=size, theme=theme, prepare=with_progress)
    settle(page)
    line = page.locator(".where-next")
    expect(line).to_contain_text("Continue where you stopped: The LSTM, gate by gate: The additive path")
    asked = len(study.load("next_token").quiz())
    expect(line).to_contain_text(f"1 of {len(study.chapters())} chapters read, {asked} cards due.")
    mark = page.locator(".toctree-wrapper .where-mark").first
    expect(mark).to_have_text(f"read, quiz {asked} of {asked} right, {asked} due")
    assert overflow(page) <= 0
    assert accessibility_faults(page) == []
    line.locator("a").click()
    page.wait_for_url(f"**/{CHAPTER}.html#{SECTION}")
    assert 0 <= page.locator(f"#{SECTION} h2").bounding_box()["y"] < 300


def test_marks_are_heard_with_the_chapter_and_seen_below_it(open_page):
    page = open_page(f"{CHAPTER}.html", prepare=with_progress)
    asked = len(study.load("next_token").quiz())
    name = f"Predicting the next token read, quiz {asked} of {asked} right, {asked} due"
    link = page.locator(".bd-sidebar-primary").get_by_role("link", name=name)
    expect(link).to_be_visible()
    assert link.locator(".where-mark").bounding_box()["height"] < 40
    expect(page.locator(".bd-sidebar-primary").get_by_role("link", name=f"Review {asked} due")).to_be_visible()


def test_a_chapter_from_a_disk_is_read_and_marked(open_page):
    def clock(page: Page) -> None:
        page.clock.install()

    path = (book.SITE / f"{CHAPTER}.html").as_uri()
    page = open_page(path, prepare=clock, known=re.compile(r"^request to another host: file:"))
    page.locator(".where-box input").wait_for()
    ids = page.locator("article > section > section[id]").evaluate_all("(all) => all.map(({ id }) => id)")
    for name in [each for each in ids if each not in UNREAD]:
        page.evaluate("(id) => document.getElementById(id).scrollIntoView({ block: 'end', behavior: 'instant' })", name)
        page.clock.run_for(110_000)
    expect(page.locator(".where-box input")).to_be_checked()
    expect(page.locator(".bd-sidebar-primary .current .where-mark")).to_have_text("read")


def test_nothing_is_said_where_nothing_is_stored(open_page):
    page = open_page(f"{CHAPTER}.html", prepare=without_storage, known=re.compile("The operation is insecure"))
    settle(page)
    assert page.locator(".where-box, .where-mark").count() == 0
