"""Whether a page shows what it should, and whether everybody can use it."""

from __future__ import annotations

import itertools
from contextlib import suppress

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Locator, Page, TimeoutError

from tests.site import book
from tests.site.lab import PATIENCE

WIDE = "1280"
SIZES = {WIDE: {"width": 1280, "height": 900}, "390": {"width": 390, "height": 844}}
THEMES = ("light", "dark")
BAR = ".bd-header-article, .header-article"  # the only part of a page whose colours depend on the width
OF_COLOURS = ["color-contrast", "link-in-text-block"]  # rules of axe-core, its slowest
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

# An output in a <noscript> or within a widget is none of the page's own.
COUNTS = """() => {
  const count = (selector) => [...document.querySelectorAll(selector)].filter(
    (node) => !node.closest(".widget-subarea, .text_html :not(noscript)")).length;
  return {
    cell: count("div.cell"),
    widget: document.querySelectorAll(".cell_output .widget-subarea").length,
    html: count(".cell_output .output.text_html"),
    image: count(".cell_output img"),
    text: count(".cell_output .output.text_plain"),
    stream: count(".cell_output .output.stream"),
  };
}"""

# Widgets are made of nested boxes; the innermost ones hold what a reader sees. A lab's view marks the elements that
# must never be empty.
AREAS = """[...document.querySelectorAll(".widget-subarea")].filter((area) => !area.closest("[data-aside]"))"""
WIDGETS = (
    f"() => {AREAS}"
    """.map((area) => {
  const shown = (node) => node.parentElement.getClientRects().length > 0;
  const filled = (view) => [...view.querySelectorAll("[data-filled]")].filter(shown);
  const empty = (node) => node.classList.contains("lmkit-view")
    ? filled(node).length === 0 || filled(node).some((part) => !part.childElementCount)
    : !node.innerText.trim() && !node.querySelector("input, select, button, canvas, svg, img");
  const innermost = [...area.querySelectorAll(".lm-Widget")].filter((node) => !node.querySelector(".lm-Widget"));
  return {
    failure: area.querySelector(".widget-failure, .lmkit-problem:not([hidden])")?.innerText ?? "",
    parts: innermost.length,
    empty: innermost.filter((node) => node.style.display !== "none").filter(empty).length,
  };
})"""
)

SETTLED = f"""() => {{
  for (const image of document.images) image.loading = "eager"; // else it comes when a reader comes near
  const complete = ({{ failure, parts, empty }}) => failure || (parts && !empty);
  const views = document.querySelectorAll('script[type="{book.WIDGET_VIEW}"]');
  // Its model comes when a reader comes near, who can't where it isn't shown.
  const far = [...document.querySelectorAll(".lmkit-far")].find((node) => node.getClientRects().length);
  if (far) {{
    globalThis.before ??= scrollY;
    far.scrollIntoView({{ block: "center", behavior: "instant" }});
    return false;
  }}
  if ("before" in globalThis) scrollTo({{ top: globalThis.before, behavior: "instant" }});
  delete globalThis.before;
  if (![...document.images].every((image) => image.complete)) return false;
  return views.length === document.querySelectorAll(".widget-subarea").length && ({WIDGETS})().every(complete);
}}"""

PICTURES = """() => [...document.images].map((image) => ({
  source: image.getAttribute("src").slice(0, 80), alt: image.getAttribute("alt"), loaded: image.naturalWidth > 0,
  inArticle: Boolean(image.closest("article")),
}))"""

# Judging costs milliseconds for each element, and code is thousands of coloured words. One word of each colour on each
# background says all: the others become plain text.
ONE_WORD_PER_COLOUR = """() => {
  const words = [...document.querySelectorAll(".highlight pre span, .sig :is(span, em), code span")], seen = new Set();
  const kinds = words.map((word) => {  // all of them before the first change, or each change costs new styles
    const paper = getComputedStyle(word.closest("pre, .sig, code")).backgroundColor;
    return [word.className, word.parentElement.className, getComputedStyle(word).color, paper].join();
  });
  words.forEach((word, i) => {
    if (seen.has(kinds[i])) word.replaceWith(...word.childNodes);
    seen.add(kinds[i]);
  });
  document.querySelectorAll(".highlight pre, .sig, code").forEach((code) => code.normalize());
}"""

# What decides whether a text can be read: its colour, its size and weight, what is behind it and around it. Of texts
# that are alike in all of these, the first and the last are judged; but all that may lie on top of something else.
ONE_TEXT_PER_LOOK = """(within) => {
  const OFF = "[aria-hidden=true], [inert], :disabled, [aria-disabled=true]";
  const FLOATS = ["absolute", "fixed", "sticky"];
  const root = within ?? document.documentElement, papers = new Map(), looks = new Map(), floating = new Set();
  const paper = (node) => {  // of a node and all around it
    if (node && !papers.has(node)) {
      const { backgroundColor, backgroundImage, opacity, position } = getComputedStyle(node);
      const around = paper(node.parentElement);
      const floats = FLOATS.includes(position) || floating.has(node.parentElement);
      if (floats && node.closest(".lmkit-lab")) floating.add(node);
      papers.set(node, `${around} ${backgroundColor} ${backgroundImage} ${opacity}`);
    }
    return papers.get(node) ?? "";
  };
  const all = [];
  for (const node of [root, ...root.querySelectorAll("*")]) {
    const written = [...node.childNodes].some((child) => child.nodeType === Node.TEXT_NODE && child.data.trim());
    if (!(written || node.matches("input, select, textarea")) || !node.checkVisibility()) continue;
    const { color, fontSize, fontWeight, textDecorationLine } = getComputedStyle(node);
    const name = `${node.localName} ${node.getAttribute("class")} ${node.type} ${Boolean(node.closest(OFF))}`;
    const around = node.parentElement && getComputedStyle(node.parentElement).color;
    const look = [name, paper(node), color, around, fontSize, fontWeight, textDecorationLine].join();
    if (floating.has(node)) all.push(node);
    else looks.set(look, [looks.get(look)?.[0] ?? node, node]);
  }
  return [...new Set([...all, ...[...looks.values()].flat()])];
}"""


# Puts away all of a page but an element, or brings it back: a chapter takes long to be laid out anew.
ALONE = """([within, alone]) => {
  for (const node of document.querySelectorAll("[data-aside]")) delete node.dataset.aside;
  for (let at = within; alone && at !== document.documentElement; at = at.parentElement)
    for (const other of at.parentElement.children) if (other !== at) other.dataset.aside = "";
  if (!document.querySelector("#aside")) document.head.append(Object.assign(document.createElement("style"),
    { id: "aside", textContent: "body [data-aside] { display: none !important }" }));
}"""


# A page that is as wide as it will be: charts are drawn anew a frame after the width has changed, and the theme lets
# keys reach what has become too wide for it, a moment later.
DRAWN = """async (theme) => {
  const frame = () => new Promise(requestAnimationFrame);
  const scrollable = () => [...document.querySelectorAll("pre, .pst-scrollable-table-container")].filter(
    (node) => node.scrollWidth > node.clientWidth && node.getClientRects().length && node.tabIndex < 0);
  for (let frames = 0; frames < 3 || (scrollable().length && frames < 90); frames++) await frame();
  for (const animation of document.getAnimations()) animation.finish();
  return document.documentElement.dataset.theme === theme;
}"""


def show(page: Page, size: str, theme: str) -> None:
    """Give a loaded page another size and theme, as a reader does who turns a phone, and wait until both are drawn.

    The page must have been opened with the theme "auto".
    """
    page.set_viewport_size(SIZES[size])
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    assert page.evaluate(DRAWN, theme), "the page does not follow the reader's theme"
    settle(page)


def faults_everywhere(page: Page, within: Locator | None = None) -> list[str]:
    """What is wrong with a page, or with an element of it, in any size and theme, and in forced colours.

    Afterwards it is wide and light.
    """
    found = []
    if within:
        page.mouse.move(0, 0)  # for what is under it would be another part, and look otherwise
        page.evaluate(ALONE, [within.element_handle(), True])
    for size, theme in itertools.product(SIZES, THEMES):
        show(page, size, theme)
        faults = [*structure_faults(page, within)] if theme == THEMES[0] else []
        if size == WIDE:
            faults += colour_faults(page, within)
        elif within is None and theme != THEMES[0]:
            faults += colour_faults(page, page.locator(BAR).first)
        if (pixels := overflow(page)) > 0:
            faults.append(f"{pixels} pixels too wide")
        found += [f"{size} {theme}: {fault}" for fault in faults]
    found += [f"forced colours: {fault}" for fault in forced_faults(page, within)]
    if within:
        page.evaluate(ALONE, [within.element_handle(), False])
    show(page, WIDE, THEMES[0])
    return found


def forced_faults(page: Page, within: Locator | None = None) -> list[str]:
    """What can hardly be read, on the page or in an element of it, in the few colours of a system's dark theme."""
    page.set_viewport_size(SIZES[WIDE])
    page.emulate_media(color_scheme="dark", forced_colors="active", reduced_motion="reduce")
    page.evaluate(DRAWN, "dark")
    faults = colour_faults(page, within)
    page.emulate_media(forced_colors="none")
    return faults


def settle(page: Page, patience: int = 4 * PATIENCE) -> None:
    """Wait until pictures and fonts are there and every widget is drawn or says why it cannot, or patience ends."""
    page.evaluate("() => document.fonts.ready.then(() => null)")
    with suppress(TimeoutError):  # what is missing, `widget_faults` says
        page.wait_for_function(SETTLED, timeout=patience)


def unfold(page: Page) -> None:
    """Open everything that is folded away: code, answers. The theme fades it in; that is skipped."""
    page.evaluate("""() => {
      for (const part of document.querySelectorAll("details")) part.open = true;
      for (const animation of document.getAnimations()) animation.finish();
    }""")


def simplify(page: Page) -> None:
    """Keep of coloured words in code one of each colour as an element: what takes long then takes half the time."""
    page.evaluate(ONE_WORD_PER_COLOUR)


def widget_faults(page: Page) -> list[str]:
    """What is wrong with the widgets of a page."""
    faults = []
    for place, widget in enumerate(page.evaluate(WIDGETS), 1):
        if widget["failure"]:
            faults.append(f"widget {place} says: {widget['failure']}")
        elif widget["empty"] or not widget["parts"]:
            faults.append(f"widget {place} is empty, or a part of it is")
    return faults


def content_faults(page: Page, document: str) -> list[str]:
    """What the page of a notebook lacks of the outputs that the notebook has, or has too much."""
    expected, found = book.expected_counts(document), page.evaluate(COUNTS)
    return [f"{n} × {form}, but the page shows {found[form]}" for form, n in expected.items() if found[form] != n]


def picture_faults(page: Page) -> list[str]:
    """Pictures that are missing, or that say nothing to who cannot see them."""
    faults = []
    for picture in page.evaluate(PICTURES):
        if not picture["loaded"]:
            faults.append(f"{picture['source']} does not load")
        alt = (picture["alt"] or "").strip()
        if picture["inArticle"] and (not alt or alt.endswith((".png", ".svg", ".jpg"))):
            faults.append(f"{picture['source']} has no description: alt={picture['alt']!r}")
    return faults


def accessibility_faults(page: Page, within: Locator | None = None) -> list[str]:
    """Violations of WCAG 2.2 at level AA that axe-core finds on the page, or within an element."""
    return structure_faults(page, within) + colour_faults(page, within)


# What needs judging where, so that nothing is judged twice: colours depend on the theme, all else on the width.
def structure_faults(page: Page, within: Locator | None = None) -> list[str]:
    """The violations that have nothing to do with colours."""
    options = {"runOnly": {"type": "tag", "values": WCAG}, "rules": {rule: {"enabled": False} for rule in OF_COLOURS}}
    return _violations(page, within, "(within) => within ?? document", options)


def colour_faults(page: Page, within: Locator | None = None) -> list[str]:
    """What can hardly be read or told apart, of texts of every look."""
    options = {"runOnly": {"type": "rule", "values": OF_COLOURS}}
    return _violations(page, within, f"(within) => ({{ include: ({ONE_TEXT_PER_LOOK})(within) }})", options)


def _violations(page: Page, within: Locator | None, context: str, options: dict) -> list[str]:
    """Run some rules of axe-core on what the function `context` returns."""
    if not page.evaluate("() => Boolean(globalThis.axe)"):  # else the page has been prepared before
        simplify(page)
        page.evaluate(AXE_SCRIPT)
    # Without preload axe asks the server for nothing; the rules that need it are about video and locked rotation.
    options |= {"preload": False, "resultTypes": ["violations"]}
    run = f"([within, options]) => axe.run(({context})(within), options).then(({{ violations }}) => violations)"
    violations = page.evaluate(run, [within and within.element_handle(), options])
    found = [(v["id"], node["html"][:200], node["failureSummary"]) for v in violations for node in v["nodes"]]
    return [f"{rule}: {html} ({summary})" for rule, html, summary in found]


def names(page: Page, role: str) -> list[str]:
    """The names of all controls of a role, in order, as the browser itself tells them to a screen reader."""
    session = page.context.new_cdp_session(page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [node["name"]["value"] for node in nodes if node["role"]["value"] == role and not node["ignored"]]


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
