"""How long a reader waits: from a slider's step to the changed page, measured in a real browser.

`python -m tests.site.latency URL` opens a page with a decoding lab, moves every slider through its range by
the keyboard, and prints the median and the 95th percentile per slider. The clock starts in the page when the
key goes down; it stops when the view has changed and the browser has laid it out. A second figure goes on to
the next frame. With `--while-training` the page's training lab trains meanwhile, again and again.
"""

from __future__ import annotations

import statistics
import sys

from playwright.sync_api import Page, sync_playwright

from tests.site import browser

# Presses keys on a slider's handle from inside the page, one at a time, and times each until the view has
# changed. A wider nucleus that holds the same draw changes the numbers shown at least; a step that truly
# changes nothing is not counted.
PROBE = """async ({ handle, keys }) => {
  const view = handle.closest(".lmkit-lab").querySelector(".lmkit-content");
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  const times = [];
  handle.focus();
  for (const key of keys) {
    await frame(); await new Promise((resolve) => setTimeout(resolve, 30));
    let changed = null;
    const observer = new MutationObserver(() => { view.offsetHeight; changed ??= performance.now(); });
    observer.observe(view, { subtree: true, childList: true, characterData: true, attributes: true });
    const start = performance.now();
    handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    const patience = start + 300;
    while (changed === null && performance.now() < patience) await frame();
    observer.disconnect();
    if (changed !== null) times.push([changed - start, performance.now() - start]);
  }
  return times;
}"""


def measure(page: Page, lab: int = 0) -> dict[str, dict[str, float]]:
    """Milliseconds per slider of one lab on an open page: median and p95 to the change, p95 to the frame."""
    root = page.locator(".lmkit-lab").nth(lab)
    root.locator(".lmkit-token").first.wait_for()
    page.wait_for_timeout(1500)  # what the view warms up while the reader reads
    out = {}
    for method in ("sampling", "beam search"):
        choice = root.locator(".lmkit-method").get_by_label(method, exact=True)
        if choice.count():
            choice.check()
        for handle in root.locator(".noUi-handle").all():
            if handle.is_visible():
                out[f"{method}: {handle.get_attribute('aria-label')}"] = _summary(_times(page, handle))
    return out


def _times(page: Page, handle) -> list[list[float]]:
    """There and back through the range, after a jump to its start."""
    keys = ["Home"] + ["ArrowRight"] * 30 + ["ArrowLeft"] * 30
    return page.evaluate(PROBE, {"handle": handle.element_handle(), "keys": keys})


def _summary(times: list[list[float]]) -> dict[str, float]:
    changed, framed = ([t[i] for t in times] for i in (0, 1))
    p95 = [statistics.quantiles(values, n=20, method="inclusive")[-1] for values in (changed, framed)]
    return {"steps": len(times), "median": statistics.median(changed), "p95": p95[0], "p95 to frame": p95[1]}


def train_on(page: Page) -> None:
    """Let the page's training lab train, and begin again whenever it has ended."""
    page.locator(".lmkit-train-main").scroll_into_view_if_needed()
    page.evaluate("""() => setInterval(() => {
      const button = document.querySelector(".lmkit-train-main");
      if (button.textContent === "Train") button.click();
    }, 100)""")
    page.wait_for_function("() => document.querySelector('.lmkit-train-main').textContent !== 'Train'")


def main(url: str, *options: str) -> None:
    """Print a table for the first lab of a page."""
    path = browser.executable()  # looks for one with a Playwright of its own, so before ours starts
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=browser.ARGUMENTS)
        page = chromium.new_page()
        page.goto(url)
        if "--while-training" in options:
            train_on(page)
        for name, figures in measure(page).items():
            print(f"{name:28}", "  ".join(f"{key} {value:6.1f}" for key, value in figures.items()))
        chromium.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
