"""How pages look at five sizes: what the first page shows at once, how long lines are, and that nothing sticks out."""

import pytest
from playwright.sync_api import Page

from tests.site import book
from tests.site.rendering import settle

pytestmark = pytest.mark.site
FIRST = book.documents()[0]
KINDS = [FIRST, "book/sampling", "book/playground", "book/misconceptions", "book/cheat_sheet", "book/api"]
SIZES = {"390": (390, 844), "844": (844, 390), "768": (768, 1024), "1280": (1280, 800), "1920": (1920, 1080)}
LONGEST_LINE = 95  # characters; what is longer, the eye does not find back from

# The number of characters in the fullest line of every paragraph: its letters are measured where they stand.
LINES = """() => [...document.querySelectorAll("article section > p")].filter((p) => p.offsetHeight).map((p) => {
  const range = document.createRange(), rows = new Map();
  const walk = document.createTreeWalker(p, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (node.parentElement.closest("math")) continue;
    for (let i = 0; i < node.length; i++) {
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const { top, height } = range.getBoundingClientRect(), row = Math.round((top + height / 2) / 10);
      rows.set(row, (rows.get(row) ?? 0) + 1);
    }
  }
  return Math.max(0, ...rows.values());
})"""

SIZE_OF = "(name) => parseFloat(getComputedStyle(document.querySelector(`article ${name}`)).fontSize)"


def resized(page: Page, size: str) -> Page:
    width, height = SIZES[size]
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_function("(width) => innerWidth === width && scrollY === 0", arg=width)
    return page


def lower_end(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    return box["y"] + box["height"]


def test_the_first_screen_says_what_the_book_is(open_page):
    """One sentence, the way in, and a lab that can be moved: without scrolling, on a phone and on a laptop."""
    page = open_page(f"{FIRST}.html")
    settle(page)
    for size in ("390", "1280", "768", "1920"):
        resized(page, size)
        height = SIZES[size][1]
        assert lower_end(page, ".promise") < lower_end(page, ".where-next a") < height / 2, size
        assert lower_end(page, ".lmkit-controls") < height, size
    assert lower_end(resized(page, "1280"), ".lmkit-story-text") < 800
    assert lower_end(resized(page, "844"), ".where-next a") < 390


@pytest.mark.parametrize("document", KINDS)
def test_lines_can_be_read_and_nothing_sticks_out(open_page, document):
    page = open_page(f"{document}.html")
    settle(page)
    for size in SIZES:
        resized(page, size)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, size
        longest = max(page.evaluate(LINES), default=0)
        assert longest <= LONGEST_LINE, (size, longest)


@pytest.mark.parametrize("size", SIZES)
def test_headings_step_down_to_the_text(open_page, size):
    page = resized(open_page("book/sampling.html"), size)
    h1, h2, h3, text = (page.evaluate(SIZE_OF, name) for name in ("h1", "h2", "h3", "p"))
    assert h1 > h2 > h3 > text
    assert h1 <= 2.25 * 16 and h1 / h2 < 1.5 and h2 / h3 < 1.5
