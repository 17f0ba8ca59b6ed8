"""Saved pictures of labs: what is wrong with them as files, and how far they are from what the page shows."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, Locator, Page

SVG = "{http://www.w3.org/2000/svg}"
NO_PARTS = {"script", "foreignObject", "image", "style", "use"}  # what would need another file, or a browser
OTHER_FILE = re.compile(r"url\((?!#)|https?://(?!www\.w3\.org/)")

# What a picture leaves out, for it does something and shows nothing; a lab beside it must look the same.
LEFT_OUT = """.lmkit-content :is(.lmkit-button, input[type="file"], details:not([open])) { display: none !important; }
.lmkit-toolbar, #pst-back-to-top, .bd-header, .bd-header-article, #pst-skip-link { visibility: hidden !important; }
* { caret-color: transparent !important; }"""
MOST_DIFFERENT = 0.03  # of the full range of a colour, on average
MOST_FAR = 0.03  # share of places that are clearly another colour
FAR = 0.25


def faults(svg: str) -> list[str]:
    """Return what keeps a file from being a picture that any program opens, alone."""
    root = ET.fromstring(svg)
    found = [f"<{node.tag}>" for node in root.iter() if node.tag.removeprefix(SVG) in NO_PARTS or SVG not in node.tag]
    values = (value for node in root.iter() for value in node.attrib.values())
    found += [value for value in values if OTHER_FILE.search(value) or "var(" in value or "color(" in value]
    names = [node.get("id") for node in root.iter() if node.get("id")]
    used = re.findall(r"url\(#([^)]+)\)", svg)
    found += [f"two parts are called {name}" for name in set(names) if names.count(name) > 1]
    return found + [f"nothing is called {name}" for name in set(used) - set(names)]


def size_of(svg: str) -> tuple[int, int]:
    root = ET.fromstring(svg)
    return int(root.get("width", 0)), int(root.get("height", 0))


def words_of(svg: str) -> str:
    """Return all that is written in a picture, without spaces."""
    return "".join("".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text")).replace(" ", "")


def drawn(browser: Browser, svg: str) -> Image.Image:
    """Return how a browser draws a file, alone, on an empty page."""
    width, height = size_of(svg)
    page = browser.new_page(viewport={"width": width, "height": height})
    try:
        page.set_content('<body style="margin: 0"><img style="display: block">')
        loaded = page.evaluate(
            """async (svg) => {
              const image = document.querySelector("img");
              image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
              await image.decode();
              return [image.naturalWidth, image.naturalHeight];
            }""",
            svg,
        )
        assert loaded == [width, height]
        return Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    finally:
        page.close()


def place_of(svg: str) -> tuple[int, int]:
    """Return where in a picture the lab itself begins."""
    found = (node.get("transform", "") for node in ET.fromstring(svg).iter(f"{SVG}g"))
    x, y = re.findall(r"[\d.]+", next(text for text in found if text.startswith("translate(")))[:2]
    return round(float(x)), round(float(y))


def shown(page: Page, content: Locator) -> Image.Image:
    """Return what a page shows of a lab, without what a picture leaves out."""
    style = page.add_style_tag(content=LEFT_OUT)
    picture = Image.open(io.BytesIO(content.screenshot(animations="disabled"))).convert("RGB")
    style.evaluate("(style) => style.remove()")
    return picture


def differences(seen: Image.Image, picture: Image.Image, place: tuple[int, int]) -> tuple[float, float]:
    """Return how different a lab and its picture are on average, and the share of places that are far apart.

    Both are blurred a little: letters may lie half a pixel apart.
    """
    x, y = place
    part = picture.crop((x, y, x + seen.width, y + seen.height))
    a, b = (np.asarray(image.filter(ImageFilter.GaussianBlur(3)), dtype=float) / 255 for image in (seen, part))
    apart = np.abs(a - b)
    return float(apart.mean()), float((apart.max(axis=2) > FAR).mean())


def looks_alike(seen: Image.Image, picture: Image.Image, place: tuple[int, int]) -> bool:
    mean, far = differences(seen, picture, place)
    return mean <= MOST_DIFFERENT and far <= MOST_FAR
