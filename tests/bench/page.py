"""What the built book's pages weigh, and how long a reader waits: ``python -m tests.bench.page [chapter …]``.

Bytes are those of the files that a page requests before anybody scrolls, as they are and after gzip at its strongest.
Times are taken in headless Chromium: a slider's step to the changed page, and the way from a click to a lab that works,
on a fast line and as on a cheap phone (a quarter of the processor, 1.6 Mbit/s).
"""

from __future__ import annotations

import statistics
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from lmkit import pretrained
from tests.site import book, latency, loading
from tests.site import browser as chromium
from tests.site.rendering import settle
from tests.site.server import Line, serve, transferred

SLOWER, BYTES_PER_SECOND, DELAY = 4, 1.6e6 / 8, 0.15

DECODING = ".lmkit-lab:has(.lmkit-method):has(.lmkit-num-beams)"  # the whole laboratory

# Notes when the labs of the page show their text, in ms since the navigation began. Quizzes and flashcards, which are
# there long before, do not count.
LABS = ".lmkit-lab:not(:has(.lmkit-study))"
WATCH = (
    f"""const LABS = "{LABS}";"""
    + """addEventListener("DOMContentLoaded", () => {
  globalThis.labsReady = [];
  const look = () => {
    const views = [...document.querySelectorAll(`${LABS} .lmkit-view`)];
    const ready = views.filter((view) => view.querySelector(".lmkit-content:not([hidden]) [data-filled] > *"));
    while (labsReady.length < ready.length) labsReady.push(performance.now());
    requestAnimationFrame(look);
  };
  look();
});"""
)


@dataclass(frozen=True)
class Weight:
    """Bytes of what a page requests: all of it as it is, all of it compressed, and of that the models."""

    raw: int
    compressed: int
    models: int

    @property
    def without_models(self) -> int:
        return self.compressed - self.models


def weigh(files: list[Path]) -> Weight:
    sizes = {file: len(transferred(file)) for file in files}
    names = pretrained.names() + pretrained.translator_names()
    models = [file for file in files if file.parent.name == "lmkit" and file.stem in names]
    return Weight(sum(file.stat().st_size for file in files), sum(sizes.values()), sum(map(sizes.get, models)))


def seconds_to_labs(browser: Browser, document: str, slower: float = 1, line: Line | None = None) -> list[float]:
    """Seconds from the start of a navigation until the first lab, and until the last one, shows its text.

    The processor is made `slower` by a factor.
    """
    context = browser.new_context()
    context.add_init_script(WATCH)
    page = context.new_page()
    session = context.new_cdp_session(page)  # what it sets ends when nothing refers to it any more
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    with serve(book.SITE, line) as site:
        page.goto(f"{site}/{document}.html", timeout=120_000)
        settle(page, patience=120_000)
        page.wait_for_function("(labs) => labsReady.length === document.querySelectorAll(labs).length", arg=LABS)
        times = page.evaluate("labsReady")
        context.close()
    return [times[0] / 1000, times[-1] / 1000]


def slider_times(page: Page) -> dict[str, list[float]]:
    """Milliseconds from a slider's step to the changed page: sampling, and a beam of 10, as long as the page has them.

    For 40 tokens see `tests.bench.sliders`.
    """
    lab = page.locator(DECODING).first
    lab.locator(".lmkit-token").first.wait_for()
    page.wait_for_timeout(3000)  # what the view warms up while the reader reads
    return {
        "sampling": _steps(lab, "sampling", "Temperature") + _steps(lab, "sampling", "Top p"),
        "beam 10": _steps(lab, "beam search", "Length penalty"),
    }


def _steps(lab, method: str, slider: str) -> list[float]:
    lab.locator(".lmkit-method").get_by_label(method, exact=True).check()
    if method == "beam search":
        lab.get_by_role("slider", name="Beam width").press("End")
    handle = lab.get_by_role("slider", name=slider, exact=True).element_handle()
    keys = ["Home"] + (["ArrowRight"] * 18 + ["ArrowLeft"] * 18) * 2
    return [changed for changed, _ in lab.page.evaluate(latency.PROBE, {"handle": handle, "keys": keys})]


def main(*documents: str) -> None:
    """Print the weights of all pages, and the times of these chapters; without names, of all that have labs."""
    if faults := book.build_faults():
        raise SystemExit("\n".join(faults))
    path = chromium.executable()
    with serve(book.SITE) as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        _print_weights(browser, site)
        for document in documents or book.notebooks():
            if book.shown_labs(document):  # quizzes and flashcards, which every chapter has, are not waited for
                print(f"{document}:")
                _print_slider_times(browser, f"{site}/{document}.html")
                _print_starts(browser, document)
        browser.close()


def _print_weights(browser: Browser, site: str) -> None:
    print("Page bytes in KB: as they are, compressed (600 are wanted), compressed without models")
    for path in book.pages():
        weight = weigh(loading.requested(browser, site, path))
        sizes = (weight.raw, weight.compressed, weight.without_models)
        print(f"  {path:24}", "  ".join(f"{size / 1000:7.0f}" for size in sizes))


def _print_slider_times(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    settle(page)
    if page.locator(DECODING).count():
        print("  slider step to changed page, ms")
        for name, times in slider_times(page).items():
            p95 = statistics.quantiles(times, n=20, method="inclusive")[-1]
            print(f"    {name:10} median {statistics.median(times):6.1f}  p95 {p95:6.1f}  ({len(times)} steps)")
    page.close()


def _print_starts(browser: Browser, document: str) -> None:
    print("  seconds until the first lab shows its text, and until the last does, median of 3 (4 s are wanted)")
    conditions = {
        "as it is": (1, None),
        "CPU / 4": (SLOWER, None),
        "CPU / 4, 1.6 Mbit/s": (SLOWER, Line(BYTES_PER_SECOND, 0)),
        "and 150 ms of latency": (SLOWER, Line(BYTES_PER_SECOND, DELAY)),
    }
    for name, condition in conditions.items():
        runs = [seconds_to_labs(browser, document, *condition) for _ in range(3)]
        first, last = (statistics.median(times) for times in zip(*runs, strict=True))
        print(f"    {name:22} {first:5.1f} {last:5.1f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
