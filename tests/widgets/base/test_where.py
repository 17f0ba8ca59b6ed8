"""Where am I: a chapter as a browser shows it, marked while it is read, and the first page that leads on."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from lmkit import study
from tests import extensions

HOST = "http://book.test"
READING, ANSWERS = "memory-and-chance:reading", "memory-and-chance:reviews"
WORDS = "word " * 100  # ten seconds, at the pace that counts
SECTIONS = ("a", "b", "where-to-read-on")
ENOUGH = 30_000  # ms


def page_of(body: str, lstm: str = "lstm.html") -> str:
    links = [
        (lstm, "The LSTM"),
        ("sampling.html", "Sampling"),
        ("review.html", "Review"),
        ("glossary.html", "Glossary"),
    ]
    sidebar = "".join(f'<li><a class="internal" href="{to}">{text}</a></li>' for to, text in links)
    script = '<script defer src="../_static/lmkit/code/where.js"></script>'
    return (
        f'<!doctype html><html lang="en"><title>x</title>{script}'
        f'<nav class="bd-sidebar-primary">{sidebar}</nav><article>{body}</article>'
    )


CHAPTER = page_of(
    '<section id="the-lstm"><h1>The LSTM</h1>'
    + "".join(
        f'<section id="{name}"><h2>{name}</h2><p style="height: 700px">{WORDS}</p></section>' for name in SECTIONS
    )
    + "</section>",
    lstm="#",
)
TABLE = [
    {"name": "lstm", "title": "The LSTM", "sections": {"a": "Section <A>", "b": "B"}},
    {"name": "sampling", "title": "Sampling", "sections": {}},
]
FIRST = page_of(
    '<p class="where-next">Begin with <a href="lstm.html">The LSTM</a></p>'
    f'<script type="application/json" id="where-chapters">{json.dumps(TABLE)}</script>'
)
PAGES = {"lstm": CHAPTER, "intro": FIRST, "glossary": page_of("<h1>Glossary</h1>")}


@pytest.fixture(scope="module")
def code(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("where")
    extensions.load("whereabouts").write_scripts(folder)
    return folder / "lmkit" / "code"


@pytest.fixture
def context(browser, code):
    """A browser with a small book in it, whose clock stands until a test moves it."""
    context = browser.new_context(viewport={"width": 800, "height": 600})

    def answer(route):
        name = route.request.url.split("?")[0].rpartition("/")[2]
        if name.endswith(".js"):
            context.asked.append(name)
            route.fulfill(body=(code / name).read_text(encoding="utf-8"), content_type="text/javascript; charset=utf-8")
        else:
            route.fulfill(body=PAGES[name.removesuffix(".html")], content_type="text/html; charset=utf-8")

    context.asked, problems = [], []
    context.route(f"{HOST}/**", answer)
    context.on("weberror", lambda error: problems.append(str(error.error)))
    context.clock.install()
    yield context
    context.close()
    assert not problems


@pytest.fixture
def opened(context):
    """A function that opens a page of that book; what is stored stays."""

    def open_(name: str) -> Page:
        page = context.new_page()
        page.goto(f"{HOST}/book/{name}.html")
        return page

    return open_


def store(page: Page, key: str, value) -> None:
    text = value if isinstance(value, str) else json.dumps(value)
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [key, text])


def reading(**chapters) -> dict:
    whole = {"place": "", "at": 1, "seen": [], "of": 2, "read": False, "set": 0}
    return {
        "format": "memory-and-chance reading",
        "version": 1,
        "chapters": {name: whole | given for name, given in chapters.items()},
    }


def places(page: Page) -> dict:
    return json.loads(page.evaluate("(key) => localStorage.getItem(key)", READING) or '{"chapters": {}}')["chapters"]


def read_to(page: Page, section: str, ms: int = ENOUGH) -> None:
    """Bring the end of a section to the end of the screen, and stay."""
    page.evaluate("(id) => document.getElementById(id).scrollIntoView({ block: 'end' })", section)
    page.clock.run_for(ms)


def marks(page: Page) -> list[str]:
    return [mark.strip() for mark in page.locator(".where-mark").all_inner_texts()]


def test_a_chapter_is_marked_as_it_is_read(opened):
    page = opened("lstm")
    box = page.get_by_role("checkbox", name="I have read this chapter")
    assert marks(page) == [] and not box.is_checked()
    read_to(page, "a")
    assert marks(page) == ["1 of 2 sections"]
    read_to(page, "b", ms=5_000)  # nobody reads a hundred words in that time
    assert marks(page) == ["1 of 2 sections"]
    read_to(page, "b")
    assert marks(page) == ["read"]
    expect(box).to_be_checked()
    expect(page.get_by_role("link", name="The LSTM read")).to_be_visible()
    assert places(page)["lstm"]["seen"] == ["a", "b"]


def test_a_jump_to_the_end_reads_only_what_is_there(opened):
    page = opened("lstm")
    read_to(page, "where-to-read-on")
    assert places(page)["lstm"]["seen"] == [] and places(page)["lstm"]["place"] == "where-to-read-on"
    assert marks(page) == []


def test_nobody_reads_who_is_away(opened):
    page = opened("lstm")
    read_to(page, "a", ms=1_000)
    page.evaluate("Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })")
    page.clock.run_for(ENOUGH)
    assert places(page) == {}
    page.evaluate("delete document.visibilityState")
    page.clock.run_for(ENOUGH)
    assert places(page)["lstm"]["seen"] == ["a"]
    page.clock.run_for(200_000)
    page.evaluate("scrollTo({ top: document.body.scrollHeight })")  # restored by the browser, say: a stir by itself
    assert places(page)["lstm"]["seen"] == ["a"]


def test_the_reader_has_the_last_word(opened):
    page = opened("lstm")
    box = page.get_by_role("checkbox", name="I have read this chapter")
    box.check()
    assert marks(page) == ["read"]
    box.uncheck()
    assert marks(page) == []
    read_to(page, "a")
    read_to(page, "b")
    assert marks(page) == ["2 of 2 sections"] and not box.is_checked()


def test_a_first_time_reader_is_led_to_the_beginning(opened):
    page = opened("intro")
    expect(page.locator(".where-next")).to_have_text("Begin with The LSTM ")
    assert page.locator(".where-next a").get_attribute("href").endswith("/book/lstm.html")
    assert marks(page) == []


@pytest.mark.parametrize(
    ("chapters", "words", "end"),
    [
        (
            {"lstm": {"place": "a"}},
            "Continue where you stopped: The LSTM: Section <A> 0 of 2 chapters read.",
            "lstm.html#a",
        ),
        ({"lstm": {"place": "gone"}}, "Continue where you stopped: The LSTM 0 of 2 chapters read.", "lstm.html"),
        ({"lstm": {"read": True}}, "Go on with Sampling 1 of 2 chapters read.", "sampling.html"),
        (
            {"lstm": {"read": True}, "sampling": {"read": True}},
            "You have read every chapter. What you are about to forget is asked in Review 2 of 2 chapters read.",
            "review.html",
        ),
    ],
)
def test_a_reader_who_comes_back_is_led_on(opened, chapters, words, end):
    page = opened("glossary")
    store(page, READING, reading(**chapters))
    page = opened("intro")
    expect(page.locator(".where-next")).to_have_text(words)
    assert page.locator(".where-next a").get_attribute("href").endswith(f"/book/{end}")


def test_cards_are_counted_by_a_script_that_only_their_readers_load(opened, context):
    page = opened("glossary")
    assert context.asked == ["where.js"]
    deck = study.load("lstm")
    first, second = deck.quiz()[:2]
    answers = [[first.id, 3, 1_000_000_000_000], [second.id, 1, 1_000_000_000_000]]
    store(page, ANSWERS, {"format": "memory-and-chance reviews", "version": 1, "reviews": answers})
    page = opened("lstm")
    expect(page.locator(".where-mark").first).to_have_text(f"quiz 1 of {len(deck.quiz())} right, 2 due")
    expect(page.get_by_role("link", name="Review 2 due")).to_be_visible()
    assert context.asked[1:] == ["where.js", "where-answers.js"]


def test_marks_follow_another_tab(opened):
    page, other = opened("glossary"), opened("lstm")
    read_to(other, "a")
    expect(page.locator(".where-mark")).to_have_text("1 of 2 sections")
    page.evaluate("localStorage.clear()")
    expect(other.locator(".where-mark")).to_have_count(0)
    other.clock.run_for(ENOUGH)
    assert places(other) == {}, "what was removed must not come back by itself"


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"format": "memory-and-chance reading", "version": 1, "chapters": {"lstm": {"place": "<b>"}}}', "7"],
)
def test_hostile_text_is_nothing(opened, text):
    page = opened("glossary")
    store(page, READING, text)
    store(page, ANSWERS, text.replace("reading", "reviews") + "[[")
    page = opened("intro")
    expect(page.locator(".where-next")).to_have_text("Begin with The LSTM ")
    assert marks(page) == []


def test_without_a_storage_pages_are_as_they_were_built(opened, context):
    context.add_init_script(
        "Object.defineProperty(globalThis, 'localStorage', "
        "{ get() { throw new DOMException('refused', 'SecurityError'); } });"
    )
    page = opened("lstm")
    page.clock.run_for(ENOUGH)
    assert marks(page) == [] and page.get_by_role("checkbox").count() == 0
    expect(opened("intro").locator(".where-next")).to_have_text("Begin with The LSTM")


def test_a_newer_edition_keeps_its_places(opened):
    page = opened("glossary")
    newer = reading(lstm={"place": "a"}) | {"version": 2}
    store(page, READING, newer)
    page = opened("lstm")
    assert page.get_by_role("checkbox").count() == 0
    read_to(page, "a")
    assert json.loads(page.evaluate("(key) => localStorage.getItem(key)", READING)) == newer
