"""The toolbar in other browsers: a link and Reset, the full screen, and files, of the labs of one page."""

import csv
import io
import struct
import xml.etree.ElementTree as ET
from base64 import b64decode

import pytest
from selenium.webdriver import Keys

from tests.site.engines.fixtures import ENGINES
from tests.site.engines.test_smoke import MS, SLOW_START, open_page
from tests.site.engines.window import Window

pytestmark = pytest.mark.site
PAGE = "book/recurrent_networks.html"

# A lab's toolbar as a reader finds it. What would be copied, or saved on a disk, is kept here.
TOOLS = """() => {
  const labs = () => [...document.querySelectorAll(".lmkit-lab")].filter((lab) => lab.querySelector(".lmkit-toolbar"));
  const until = async (read) => {
    const end = performance.now() + 30_000;
    while (!read() && performance.now() < end) await smoke.frame();
    return read();
  };
  const files = [];
  Object.defineProperty(navigator, "clipboard", {
    value: { writeText: async (text) => { globalThis.copied = text; } }, configurable: true,
  });
  const { createObjectURL } = URL;
  URL.createObjectURL = (blob) => { files.push(blob); return createObjectURL.call(URL, blob); };
  const { click } = HTMLAnchorElement.prototype;
  HTMLAnchorElement.prototype.click = function () { if (!this.download) click.call(this); };
  globalThis.tools = {
    count: () => labs().length,
    focus(i, name) {
      const button = [...labs()[i].querySelectorAll(".lmkit-toolbar button")].find((one) => one.textContent === name);
      button.focus();
      return button === document.activeElement && button.getClientRects().length > 0;
    },
    async copied(i) {
      globalThis.copied = "";
      [...labs()[i].querySelectorAll(".lmkit-toolbar button")].find((one) => one.textContent === "Copy link").click();
      return until(() => globalThis.copied);
    },
    says: (i, start) => until(() => {
      const { textContent } = labs()[i].querySelector(".lmkit-toolbar [role=status]");
      return textContent.startsWith(start) && textContent;
    }),
    silence(i) { labs()[i].querySelector(".lmkit-toolbar [role=status]").textContent = ""; },
    move(i) {
      const handle = labs()[i].querySelector(".lmkit-controls .noUi-handle");
      handle.focus();
      return handle.getAttribute("aria-valuenow");
    },
    follow(link) { location.hash = ""; location.href = link; },
    values: (i) => [...labs()[i].querySelectorAll(".noUi-handle")].map((one) => one.getAttribute("aria-valuenow")),
    becomes: (i, values) => until(() => String(tools.values(i)) === String(values)).then(() => tools.values(i)),
    isFull: (i) => until(() => labs()[i].matches(".lmkit-full")),
    isLeft: (i) => until(() => !labs()[i].matches(".lmkit-full") && !document.fullscreenElement),
    covers: () => [[4, 4], [innerWidth - 30, 4], [4, innerHeight - 4]].every(
      ([x, y]) => document.elementFromPoint(x, y)?.closest(".lmkit-lab")),
    async file() {
      const blob = files.at(-1);
      const address = await new Promise((resolve) => {
        const reader = new FileReader();
        reader.onload = () => resolve(reader.result);
        reader.readAsDataURL(blob);
      });
      return { type: blob.type, data: address.split(",")[1] };
    },
    async size(data, type) {
      const image = new Image();
      image.src = `data:${type};base64,${data}`;
      await image.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width: 60, height: 60 });
      const brush = canvas.getContext("2d");
      brush.drawImage(image, 0, 0, 60, 60);
      const colours = new Set(new Uint32Array(brush.getImageData(0, 0, 60, 60).data.buffer));
      return [image.naturalWidth, image.naturalHeight, colours.size];
    },
  };
}"""


@pytest.fixture
def page(window: Window, sites) -> Window:
    open_page(window, f"{sites(window)}/{PAGE}")
    window.run("(patience) => smoke.settle(patience)", MS)
    window.run(TOOLS)
    return window


def labs(page: Window) -> range:
    return range(page.run("() => tools.count()"))


def press(page: Window, lab: int, name: str) -> None:
    """Press a button by the keyboard."""
    assert page.run("(i, name) => tools.focus(i, name)", lab, name)
    page.press(Keys.ENTER)


@pytest.mark.parametrize("engine", ENGINES)
def test_link_and_reset_work_in_another_browser(page):
    assert len(labs(page)) > 1
    for lab in labs(page):
        start = page.run("(i) => tools.values(i)", lab)
        page.run("(i) => tools.move(i)", lab)
        page.press(Keys.HOME)
        page.press(Keys.ARROW_RIGHT)
        moved = page.run("(i) => tools.values(i)", lab)
        assert moved != start
        link = page.run("(i) => tools.copied(i)", lab)
        press(page, lab, "Reset")
        assert page.run("(i) => tools.says(i, 'Back at its start.')", lab)
        assert page.run("(i, values) => tools.becomes(i, values)", lab, start) == start
        page.run("(link) => tools.follow(link)", link)
        assert page.run("(i) => tools.says(i, 'Set as in the link.')", lab)
        assert page.run("(i, values) => tools.becomes(i, values)", lab, moved) == moved
        assert page.run("(i) => tools.copied(i)", lab) == link
    assert faults(page) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_full_screen_works_in_another_browser(page):
    press(page, 0, "Full screen")
    assert page.run("(i) => tools.isFull(i)", 0)
    assert page.run("() => tools.covers()")
    press(page, 0, "Leave full screen")
    assert page.run("(i) => tools.isLeft(i)", 0)
    assert faults(page) == []


@pytest.mark.parametrize("engine", ENGINES)
def test_files_are_made_in_another_browser(page):
    for lab in labs(page):
        press(page, lab, "Save")
        made = {}
        for kind, name in {"svg": "Picture (SVG)", "png": "Picture (PNG)", "csv": "Numbers (CSV)"}.items():
            page.run("(i) => tools.silence(i)", lab)
            press(page, lab, name)
            assert page.run("(i) => tools.says(i, 'Saved as ')", lab).endswith(f".{kind}.")
            made[kind] = page.run("() => tools.file()")
        svg = read(made["svg"])
        root = ET.fromstring(svg)
        width, height = int(root.get("width")), int(root.get("height"))
        *size, colours = page.run("(data, type) => tools.size(data, type)", made["svg"]["data"], "image/svg+xml")
        assert size == [width, height] and colours > 3
        assert struct.unpack(">II", read(made["png"])[16:24]) == (2 * width, 2 * height)
        *size, colours = page.run("(data, type) => tools.size(data, type)", made["png"]["data"], "image/png")
        assert size == [2 * width, 2 * height] and colours > 3
        head, *rows = csv.reader(io.StringIO(read(made["csv"]).decode("utf-8-sig"), newline=""), strict=True)
        assert rows and {len(row) for row in rows} == {len(head)}
    assert faults(page) == []


def faults(page: Window) -> list[str]:
    return [fault for fault in page.faults() if not SLOW_START.search(fault)]


def read(file: dict) -> bytes:
    return b64decode(file["data"])
