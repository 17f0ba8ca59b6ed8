"""How a page comes alive on a poor line: ``python -m tests.site.loading [--site FOLDER] [page …]``.

For each page it prints what travels until it is at rest and nobody has scrolled (KB after gzip, and requests), and, at
a quarter of the processor, 1.6 Mbit/s and 150 ms before each answer, the seconds until something is painted, until the
first lab of the page shows its content, and the longest task meanwhile. Times are medians of three; ``--runs 5`` takes
five. Without names all pages with labs of the built book are measured. With ``--site`` twice two builds are measured in
turn, so that a busy machine is as busy for both.
"""

from __future__ import annotations

import argparse
import statistics
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from tests.site import book
from tests.site import browser as chromium
from tests.site.server import Line, serve, transferred

SLOWER, BYTES_PER_SECOND, DELAY = 4, 1.6e6 / 8, 0.15
LAB = ".lmkit-lab:not(:has(.lmkit-study))"  # quizzes and flashcards are no labs

# Notes when the first lab of the page shows its text: the lab that a reader meets first, whichever starts first.
WATCH = f"""addEventListener("DOMContentLoaded", () => {{
  const look = () => {{
    const content = document.querySelector("{LAB} .lmkit-view .lmkit-content:not([hidden])");
    if (content?.closest("{LAB}") === document.querySelector("{LAB}") && content.querySelector("[data-filled] > *"))
      globalThis.firstLab = performance.now();
    else requestAnimationFrame(look);
  }};
  look();
}});
globalThis.tasks = [];
new PerformanceObserver((list) => {{
  for (const {{ startTime, duration }} of list.getEntries()) tasks.push([startTime, duration]);
}}).observe({{ type: "longtask", buffered: true }});"""

PAINTED = """() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0"""


@dataclass(frozen=True)
class Start:
    """What one opening of a page gave: seconds, and the longest task in ms."""

    painted: float
    first_lab: float
    longest_task: float


def requested(browser: Browser, site: str, path: str, folder: Path = book.SITE) -> list[Path]:
    """The files of a built book that a page asks for until it is at rest, without any scrolling."""
    page = browser.new_page()
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    page.goto(f"{site}/{path}")
    rest(page)
    page.close()
    own = dict.fromkeys(urlsplit(address).path for address in addresses if address.startswith(f"{site}/"))
    return [folder / name.lstrip("/") for name in own]


def rest(page: Page) -> None:
    """Wait until the first lab is there and the network is idle."""
    page.wait_for_load_state("load")
    if page.locator(LAB).count() or page.locator(f'script[type="{book.WIDGET_VIEW}"]').count():
        page.wait_for_function("document.querySelector('.lmkit-view .lmkit-content:not([hidden])')")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(300)
    page.wait_for_load_state("networkidle")


def start(browser: Browser, site: str, path: str, slower: float = SLOWER) -> Start:
    """Open a page with a processor that is slower by a factor, and wait for its first lab."""
    context = browser.new_context()
    context.add_init_script(WATCH)
    page = context.new_page()
    session = context.new_cdp_session(page)  # what it sets ends when nothing refers to it any more
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(f"{site}/{path}", timeout=120_000, wait_until="commit")
    page.wait_for_function("globalThis.firstLab", timeout=120_000)
    ready, painted, tasks = page.evaluate(f"[globalThis.firstLab, ({PAINTED})(), globalThis.tasks]")
    context.close()
    return Start(painted / 1000, ready / 1000, max([duration for at, duration in tasks if at < ready], default=0))


def main() -> None:
    """Print a line for each page and build."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", help="such as book/lstm")
    parser.add_argument("--site", type=Path, action="append", help="folder of a built book; twice to compare two")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    folders = arguments.site or [book.SITE]
    pages = arguments.pages or [document for document in book.notebooks() if book.shown_labs(document)]
    path = chromium.executable()  # looks for one with a Playwright of its own, so before ours starts
    with ExitStack() as stack:
        fast = [stack.enter_context(serve(folder)) for folder in folders]
        slow = [stack.enter_context(serve(folder, Line(BYTES_PER_SECOND, DELAY))) for folder in folders]
        browser = stack.enter_context(sync_playwright()).chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        print(f"{'page':30}      KB requests  first paint s  first lab s  longest task ms")
        for name in pages:
            runs = [[] for _ in folders]
            for _ in range(arguments.runs):
                for site, found in zip(slow, runs, strict=True):
                    found.append(start(browser, site, f"{name}.html"))
            for site, folder, found in zip(fast, folders, runs, strict=True):
                files = requested(browser, site, f"{name}.html", folder)
                weight = sum(len(transferred(file)) for file in files) / 1000
                middle = [
                    statistics.median(getattr(one, field) for one in found)
                    for field in ("painted", "first_lab", "longest_task")
                ]
                print(
                    f"{name:30} {weight:7.0f} {len(files):8}  {middle[0]:13.1f}  {middle[1]:11.1f}  {middle[2]:15.0f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
