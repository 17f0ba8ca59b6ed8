"""Whether a page follows what a reader sets: forced colours, wide text, 400 % zoom, keys instead of a pointer."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from tests.site.rendering import DRAWN, SIZES, overflow

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
ZOOMED = {"width": 320, "height": 800}  # 1280 pixels at 400 %
# WCAG 1.4.12: what readers may set without losing a word. It is about languages, not about drawings and formulas.
SPACED = """
html.spaced *:not(svg *, math, math *) { line-height: 1.5 !important; letter-spacing: 0.12em !important; }
html.spaced *:not(svg *, math, math *) { word-spacing: 0.16em !important; }
html.spaced math { letter-spacing: 0; word-spacing: 0; }
html.spaced p { margin-block-end: 2em !important; }
"""


def adaptation_faults(page: Page) -> list[str]:
    """What a page loses where readers set what they need; afterwards it is light, and narrow."""
    page.evaluate(SCRIPT)
    page.add_style_tag(content=SPACED)
    page.set_viewport_size(SIZES["1280"])
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.evaluate(DRAWN, "light")
    faults = motion_faults(page) + focus_faults(page) + colour_faults(page)
    for width, spaced in ((390, True), (320, False), (320, True)):
        faults += narrow_faults(page, width, spaced)
    return faults + focus_faults(page)  # some menus are there on a narrow page only


def colour_faults(page: Page) -> list[str]:
    """What cannot be read or seen in a system's few colours, bright ones on black and dark ones on white."""
    page.evaluate("() => adaptation.remember()")
    faults = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, forced_colors="active", reduced_motion="reduce")
        page.evaluate(DRAWN, scheme)
        faults += [f"{scheme}: {fault}" for fault in page.evaluate("() => adaptation.forced()")]
    page.emulate_media(color_scheme="light", forced_colors="none", reduced_motion="reduce")
    return faults


def narrow_faults(page: Page, width: int, spaced: bool) -> list[str]:
    """What does not fit a narrow page, with letters and lines as the book has them or as wide as readers may want."""
    page.set_viewport_size({**ZOOMED, "width": width})
    page.evaluate("(on) => document.documentElement.classList.toggle('spaced', on)", spaced)
    page.evaluate(DRAWN, "light")
    faults = page.evaluate("() => adaptation.cut()")
    if (pixels := overflow(page)) > 0:
        faults.append(f"the page is {pixels} pixels too wide")
    page.evaluate("() => document.documentElement.classList.remove('spaced')")
    return [f"{width} px{', spaced' * spaced}: {fault}" for fault in faults]


def focus_faults(page: Page) -> list[str]:
    """What keys reach without showing that they have."""
    page.keyboard.press("Tab")
    return page.evaluate("() => adaptation.focus()")


def motion_faults(page: Page) -> list[str]:
    """What moves though the reader wants nothing to move."""
    return page.evaluate("""() => {
      const moving = document.getAnimations().filter(({ playState }) => playState === "running");
      const smooth = [...document.querySelectorAll("html, body, .lmkit-lab *")].filter(
        (node) => getComputedStyle(node).scrollBehavior === "smooth");
      const all = [...moving.map(({ effect }) => effect.target), ...smooth];
      return all.map((node) => `${node.tagName}.${node.className} moves`);
    }""")
