"""Labs of every kind as files: a picture that opens alone and looks like the lab, and the numbers it shows."""

import csv
import io
import re
from bisect import bisect_left

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.site import book, pictures
from tests.site.lab import Lab
from tests.site.test_toolbar import SHORT, bar, copied, fields, labs_of, new_labs_of, press, with_clipboard

pytestmark = pytest.mark.site
KINDS = {"svg": "Picture (SVG)", "png": "Picture (PNG)", "csv": "Numbers (CSV)"}
# What tables of a lab show, cell by cell: numbers, and what they are of. Bars are for the eye alone.
CELLS = """(content) => [...content.querySelectorAll("tbody :is(td, th)")].filter((cell) =>
  cell.checkVisibility() && !cell.closest("[aria-hidden=true]")
  && (cell.localName === "th" || /^[-−\\d]/.test(cell.textContent))
).map((cell) => [...cell.childNodes].map((part) => part.textContent).join(" ").replace(/\\s+/g, " ").trim())"""
# What a picture must say: all that can be read in the lab, without what is there to be pressed or for ears alone.
WORDS = """(content) => {
  const left = ".lmkit-button, .lmkit-unseen, details:not([open]), select, svg title, svg desc, [hidden]";
  const walker = document.createTreeWalker(content, NodeFilter.SHOW_TEXT), words = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const { parentElement } = node;
    if (parentElement.closest(left) || !parentElement.checkVisibility({ visibilityProperty: true })) continue;
    words.push(...node.data.split(/\\s+/).filter(Boolean));
  }
  return words;
}"""
NUMBER = re.compile(r"([-−]?\d{1,3}(?:,\d{3})+|[-−]?\d+(?:\.\d+)?)([\u202f ]?%)?")


def save(lab: Lab, kind: str) -> tuple[str, bytes]:
    """Save a lab as a file, and return its name and content."""
    button = bar(lab).get_by_role("button", name=KINDS[kind], exact=True)
    if not button.is_visible():
        press(lab, "Save")
    with lab.page.expect_download() as download:
        button.click()
    expect(bar(lab).get_by_role("status")).to_have_text(f"Saved as {download.value.suggested_filename}.")
    return download.value.suggested_filename, download.value.path().read_bytes()


def content_of(lab: Lab):
    return lab.root.locator(".lmkit-content")


def rows_of(data: bytes) -> list[dict[str, str]]:
    """Read a file as Python's csv does, strictly; all rows are as long as the first."""
    assert data.startswith("\ufeff".encode())
    text = data.decode("utf-8-sig")
    assert "\n" not in text.replace("\r\n", "")
    head, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert len(set(head)) == len(head)
    assert rows and all(len(row) == len(head) for row in rows)
    assert not [cell for row in rows for cell in row if re.match(r"[=+@\t\r].|-(?!inf$|[\d.]+(e-?\d+)?$).", cell)]
    return [dict(zip(head, row, strict=True)) for row in rows]


def numbers_of(rows: list[dict[str, str]]) -> list[float]:
    cells = (cell for row in rows for cell in row.values())
    return sorted(float(cell) for cell in cells if re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell))


def missing(shown: list[str], rows: list[dict[str, str]]) -> list[str]:
    """Return what cells show, numbers to as many digits, and no row has."""
    values = numbers_of(rows)
    cells = {re.sub(r"\s", "", cell) for row in rows for cell in row.values()}

    def is_there(text: str) -> bool:
        numbers = [match[0] for match in NUMBER.finditer(text)] if re.match(r"[-−\d]", text) else []
        return re.sub(r"\s", "", text) in cells or bool(numbers) and all(has_number(one, values) for one in numbers)

    return [text for text in shown if text and not is_there(text)]


def has_number(text: str, values: list[float]) -> bool:
    found = NUMBER.fullmatch(text)
    if not found:
        return False
    digits = found[1].replace(",", "").replace("−", "-")
    scale = 100 if found[2] else 1
    half = 0.51 * 10.0 ** -len(digits.partition(".")[2]) / scale
    place = bisect_left(values, float(digits) / scale - half)
    return place < len(values) and values[place] <= float(digits) / scale + half


@pytest.mark.parametrize("document", book.with_new_labs())
def test_picture_is_the_lab(open_page, browser, document):
    page = open_page(f"{document}.html", prepare=with_clipboard)
    for lab in new_labs_of(page, document):
        name, data = save(lab, "svg")
        svg = data.decode()
        assert pictures.faults(svg) == []
        assert re.fullmatch(r"[a-z-]+-lab-[\d-]+T[\d-]+\.svg", name)
        words = content_of(lab).evaluate(WORDS)
        written = pictures.words_of(svg)
        assert words and [word for word in words if word not in written] == []
        assert copied(lab).split("#")[1] in written
        assert book.notebook(document).cells[0].source.partition("\n")[0].strip("# ").replace(" ", "") in written
        place, picture = pictures.place_of(svg), pictures.drawn(browser, svg)
        assert pictures.looks_alike(pictures.shown(page, content_of(lab)), picture, place), lab.plan.kind
        image = Image.open(io.BytesIO(save(lab, "png")[1])).convert("RGB")
        assert image.size == (2 * picture.width, 2 * picture.height)
        assert pictures.looks_alike(picture, image.resize(picture.size), (0, 0)), lab.plan.kind


@pytest.mark.parametrize("document", book.with_new_labs())
def test_numbers_are_those_of_the_lab(open_page, document):
    page = open_page(f"{document}.html", prepare=with_clipboard)
    for lab in new_labs_of(page, document):
        rows = rows_of(save(lab, "csv")[1])
        assert all(row["table"] for row in rows)
        assert missing(content_of(lab).evaluate(CELLS), rows) == [], lab.plan.kind
        assert rows[0]["source"].endswith(copied(lab))
        settings = {name for name in rows[0] if name.startswith("setting: ")}
        shown = visible_controls(lab)
        labels = {row["label"] for row in lab.plan.view["toolbar"]["controls"] if row["name"] in shown}
        assert settings == {f"setting: {label}" for label in labels}
        assert len({tuple(row[name] for name in settings) for row in rows}) == 1, "settings hold for every row"


def visible_controls(lab: Lab) -> list[str]:
    return [name for name in lab.plan.controls if lab[name].is_visible()]


def test_numbers_follow_the_controls(open_page):
    page = open_page(f"{SHORT}.html", prepare=with_clipboard)
    lab = next(lab for lab in labs_of(page, SHORT) if lab.plan.kind == "ParameterView")
    before = rows_of(save(lab, "csv")[1])
    lab.set("hidden_size", 100, keyboard=True)
    after = rows_of(save(lab, "csv")[1])
    assert (before[0]["setting: Hidden state"], after[0]["setting: Hidden state"]) != ("100", "100")
    assert after[0]["setting: Hidden state"] == fields(copied(lab))["hidden_size"] == "100"
    counts = [int(row["parameters"]) for row in after if row["parameters"].isdigit()]
    assert sum(counts) == int(lab.root.locator(".lmkit-title").first.inner_text().split()[0].replace(",", ""))


def test_lab_is_saved_from_a_disk_without_a_network(open_page, browser):
    page = open_page(
        (book.SITE / f"{SHORT}.html").as_uri(),
        prepare=with_clipboard,
        known=re.compile("file:"),
    )
    page.context.set_offline(True)
    lab = labs_of(page, SHORT)[0]
    svg = save(lab, "svg")[1].decode()
    assert pictures.faults(svg) == []
    assert str(book.ROOT) not in svg and f"{SHORT}.html#lab=" in pictures.words_of(svg)
    assert Image.open(io.BytesIO(save(lab, "png")[1])).getextrema() != ((255, 255),) * 4
    assert rows_of(save(lab, "csv")[1])


@pytest.mark.parametrize(("size", "theme"), [("390", "light"), ("390", "dark"), ("1280", "dark")])
def test_phone_and_full_screen_give_a_picture_too(open_page, browser, size, theme):
    page = open_page(f"{SHORT}.html", size=size, theme=theme)
    page.set_viewport_size({"width": int(size), "height": 2400})  # of a lab that is scrolled only a part could be seen
    lab = labs_of(page, SHORT)[0]
    for is_full in (False, True):
        if is_full:
            press(lab, "Full screen")
            expect(lab.root).to_have_class(re.compile("lmkit-full"))
        svg = save(lab, "svg")[1].decode()
        place, picture = pictures.place_of(svg), pictures.drawn(browser, svg)
        seen = pictures.shown(page, content_of(lab))
        zoom = float(lab.root.evaluate("(lab) => getComputedStyle(lab).getPropertyValue('--lmkit-zoom') || 1"))
        seen = seen.resize((round(seen.width / zoom), round(seen.height / zoom)))
        assert pictures.looks_alike(seen, picture, place), pictures.differences(seen, picture, place)


def test_save_is_a_disclosure_that_keys_reach(open_page):
    page: Page = open_page(f"{SHORT}.html")
    lab = labs_of(page, SHORT)[0]
    button = bar(lab).get_by_role("button", name="Save", exact=True)
    expect(button).to_have_attribute("aria-expanded", "false")
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    for name in ("Full screen", *KINDS.values()):
        page.keyboard.press("Tab")
        expect(bar(lab).get_by_role("button", name=name, exact=True)).to_be_focused()
    with page.expect_download():
        page.keyboard.press("Enter")
    button.click()
    expect(bar(lab).get_by_role("button", name=KINDS["svg"])).to_be_hidden()


def test_what_makes_files_is_loaded_by_who_saves(open_page):
    page = open_page(f"{SHORT}.html")
    lab = labs_of(page, SHORT)[0]
    assert not [address for address in page.seen.requests if "base-saving" in address]
    save(lab, "csv")
    save(lab, "svg")
    assert len([address for address in page.seen.requests if "base-saving" in address]) == 1
