"""The picture of a lab: what a page can show is drawn anew as SVG, without HTML, and looks the same."""

import xml.etree.ElementTree as ET

import pytest

from lmkit.widgets import DropoutLab
from tests.site import pictures
from tests.widgets.view_harness import ViewPage, exporting

SOURCE = {
    "title": "Trial lab",
    "fields": [],
    "settings": "Temperature: 0.7 · Prompt: <a> & “b”",
    "caption": "Trial lab. Temperature: 0.7",
    "origin": "A book, ‘A page’, https://example.org/page.html#lab=trial-1&v=1",
    "name": "trial",
}
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>trial</title><style>
body { margin: 0; background: #fff; color: #123; font: 16px/1.5 sans-serif; }
.lmkit-lab, .lmkit-view { position: relative; } .lmkit-content { display: flow-root; width: 460px; } p { margin: 0; }
.lmkit-copy { position: absolute; inset: 0 auto auto 0; z-index: -1; }
.lmkit-copy-ready ::before, .lmkit-copy-ready ::after { content: none !important; }
STYLE</style><div class="lmkit-lab"><div class="lmkit-view"><div class="lmkit-content">BODY</div></div></div>"""
MADE = """(source) => {
  const content = document.querySelector(".lmkit-content"), before = document.body.innerHTML;
  const { text } = lmkit.pictureOf(content, source);
  return { text, untouched: document.body.innerHTML === before };
}"""
BOXES = '<p class="a">one</p><p class="b">two</p><p class="c">three</p><p class="d">four</p>'
PARTS = {
    "lines of text": (
        "p { width: 150px; color: #a03; } i { font-weight: 700; }",
        "<p>A text that is <i>broken into</i> several lines, and Donaudampfschifffahrtsgesellschaft.</p>",
    ),
    "spaces that stay": ("p { white-space: pre-wrap; font-family: monospace }", "<p>a   b\n  c = 1</p>"),
    "boxes": (
        """p { margin: 8px; padding: 4px } .a { background: #fc0; border-radius: 9px } .b { border: 3px solid #06a }
        .c { border-left: 6px solid #a03; border-bottom: 2px dashed #333; background: rgb(0 90 200 / 0.2) }
        .d { border-radius: 0 12px 12px 0; background: #9c9; opacity: 0.5 }""",
        BOXES,
    ),
    "rings": (
        """p { margin: 9px; width: 90px } .a { box-shadow: 0 0 0 3px #a03 } .b { box-shadow: inset 0 0 0 4px #06a }
        .c { outline: 3px solid #393; outline-offset: 2px } .d { border: 2px dotted #333; border-radius: 50% }""",
        BOXES,
    ),
    "colours that are mixed": (
        ".a { background: color-mix(in srgb, #06a 40%, transparent); color: color-mix(in oklab, #a03, #393) }",
        BOXES,
    ),
    "stripes, and a share of a box": (
        """p { margin: 6px; height: 30px }
        .a { background: repeating-linear-gradient(135deg, transparent 0 3px, #06a 3px 5px) }
        .b { background: linear-gradient(#fc0, #fc0) bottom / 100% 40% no-repeat }""",
        BOXES,
    ),
    "what styles alone draw": (
        """p { position: relative; width: 120px; margin: 5px } .a::before { content: "◂ "; color: #a03 }
        .b::after { content: ""; position: absolute; inset: auto 0 0; height: 5px; background: #393 }
        .c::before { content: ""; display: inline-block; width: 26px; border-top: 4px dotted #06a }""",
        BOXES,
    ),
    "what is turned, and cut": (
        """p { display: inline-block; margin: 14px; width: 60px; height: 40px; background: #9cf }
        .a { transform: rotate(45deg) } .b { writing-mode: vertical-rl; transform: rotate(180deg) }
        .c { clip-path: polygon(50% 0, 100% 100%, 0 100%) } .d { transform: translate(10px, 6px) }""",
        BOXES,
    ),
    "what is scrolled": (
        """div div { width: 200px; height: 90px; overflow: auto; scrollbar-width: none } td { min-width: 60px }
        table { border-collapse: collapse } td { background: #9cf } th { position: sticky; left: 0 }
        th { background: #fc0 }""",
        "<div id='s'><table>"
        + "".join(f"<tr><th>{r}<td>{r}a<td>{r}b<td>{r}c<td>{r}d" for r in "12345")
        + "</table></div>",
    ),
    "lists and fields": (
        "ul, ol { margin: 0; padding-left: 2em } input, select { font: inherit; border: 1px solid #333; padding: 4px }",
        """<ul><li>one<li>two</ul><ol><li>one<li>two</ol><input value="a word" size="12">
        <select><option>first<option selected>second</select>""",
    ),
    "a drawing": (
        """.bar { fill: #06a; fill-opacity: 0.5; stroke: #a03; stroke-width: 3 } text { fill: #393; font-size: 20px }
        .gone { display: none } g { color: #c60 } .line { stroke: currentColor; fill: none; stroke-dasharray: 6 3 }
        .clear { fill: color-mix(in srgb, #393 30%, transparent) }""",
        """<svg viewBox="0 0 200 100" width="400" height="200">
        <clipPath id="cut"><rect width="60" height="90"/></clipPath>
        <rect class="bar" x="10" y="20" width="80" height="60"/>
        <g clip-path="url(#cut)"><circle cx="60" cy="40" r="30"/></g>
        <rect class="gone" width="200" height="100"/><text x="110" y="40">word</text>
        <rect class="clear" x="90" width="90" height="90"/>
        <g><path class="line" d="M100 60H190" stroke-width="4"/></g></svg>""",
    ),
}


def shown(view_page: ViewPage, style: str, body: str) -> dict:
    view_page.clear()
    page = view_page.page
    page.set_content(PAGE.replace("STYLE", style).replace("BODY", body))
    page.add_script_tag(content=exporting("base/saving/picture.js"))
    page.evaluate("() => { for (const box of document.querySelectorAll('#s')) box.scrollTo(70, 20); }")
    return page.evaluate(MADE, SOURCE)


@pytest.mark.parametrize("name", PARTS)
def test_part_of_a_page_looks_the_same_in_its_picture(view_page, browser, name):
    made = shown(view_page, *PARTS[name])
    svg = made["text"]
    assert made["untouched"] and pictures.faults(svg) == []
    seen = pictures.shown(view_page.page, view_page.page.locator(".lmkit-content"))
    picture = pictures.drawn(browser, svg)
    assert pictures.looks_alike(seen, picture, pictures.place_of(svg)), pictures.differences(
        seen, picture, pictures.place_of(svg)
    )


def test_comparison_notices_what_is_missing(view_page, browser):
    svg = shown(view_page, *PARTS["boxes"])["text"]
    shown(view_page, PARTS["boxes"][0].replace("#fc0", "#fff"), PARTS["boxes"][1])
    seen = pictures.shown(view_page.page, view_page.page.locator(".lmkit-content"))
    assert not pictures.looks_alike(seen, pictures.drawn(browser, svg), pictures.place_of(svg))


def test_picture_says_what_it_is_of_and_where_it_is_from(view_page):
    svg = shown(view_page, "", "<p>one</p>")["text"]
    root = ET.fromstring(svg)
    assert root.findtext(f"{pictures.SVG}title") == SOURCE["caption"]
    assert root.findtext(f"{pictures.SVG}desc") == SOURCE["origin"]
    for part in ("title", "settings", "origin"):
        assert SOURCE[part].replace(" ", "") in pictures.words_of(svg)


def test_what_xml_cannot_hold_breaks_no_file(view_page):
    page = view_page.page
    shown(view_page, "", "<p>one</p>")
    page.evaluate("() => { document.querySelector('p').textContent = 'a\\u0001b \\ud800 ]]> <b> &amp; \\u{1f600}'; }")
    svg = page.evaluate(MADE, {**SOURCE, "settings": "\u0000\u0008", "caption": "\u000b"})["text"]
    assert pictures.words_of(svg).count("\ufffd") == 4
    assert "]]><b>&amp;\U0001f600" in pictures.words_of(svg)


def test_what_does_something_is_left_out_and_what_is_for_ears_too(view):
    """By the labs' own style sheet: a copy has no buttons."""
    page = view.put(DropoutLab())
    page.evaluate("""() => {
      document.querySelector(".lmkit-panel").insertAdjacentHTML("beforeend", `
        <button class="lmkit-button">Press</button>
        <p class="lmkit-unseen">Heard</p><details><summary>More</summary></details>`);
    }""")
    page.add_script_tag(content=exporting("base/saving/picture.js"))
    words = pictures.words_of(page.evaluate(MADE, SOURCE)["text"])
    assert "variance" in words and not any(word in words for word in ("Press", "Heard", "More"))
