"""From a slider's step to the changed page, for 40 tokens of Stories: ``python -m tests.bench.sliders``.

Times are taken in headless Chromium at full speed and at a quarter of it, with WebAssembly and without. A step sets
a trait of the lab's view, as a slider does; the clock stops when the view has changed and is laid out again.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from lmkit.widgets.base.model_options import PROMPTS
from tests.bench import lab_page
from tests.site import browser as chromium
from tests.site.server import serve

NO_WEBASSEMBLY = "delete globalThis.WebAssembly;"
READY = "document.querySelector('.lmkit-content:not([hidden]) [data-filled] > *')"
REST = 3000  # ms, in which the view warms up while the reader reads

# Sets one trait after the other, and times each until the view has changed and is laid out. A step that changes nothing
# is not counted.
STEPS = """async (steps) => {
  const view = document.querySelector(".lmkit-content"), times = [];
  for (const [name, value] of steps) {
    await new Promise(requestAnimationFrame);
    await new Promise((done) => setTimeout(done, 30));
    let observer;
    const change = new Promise((done) => {
      observer = new MutationObserver(() => { view.offsetHeight; done(performance.now()); });
      observer.observe(view, { subtree: true, childList: true, characterData: true, attributes: true });
      setTimeout(done, 1500, null);
    });
    const start = performance.now();
    model.set(name, value);
    const changed = await change;
    observer.disconnect();
    if (changed !== null) times.push(changed - start);
  }
  return times;
}"""


def slider_steps() -> dict[str, tuple[dict, list]]:
    """For each figure the settings to begin with and the steps: a trait and its value."""
    there_and_back = [*range(10), *range(10, 0, -1)]
    return {
        "sampling": (
            {"method_index": 1},
            [("temperature", 0.3 + 0.1 * k) for k in there_and_back]
            + [("top_p", 0.5 + 0.04 * k) for k in there_and_back]
            + [("seed", k) for k in range(1, 31)],
        ),
        "beam 10": (
            {"method_index": 2, "num_beams": 10},
            [("length_penalty", -1 + 0.2 * k) for k in there_and_back] + [("num_beams", 1 + k % 10) for k in range(20)],
        ),
        "beam 10, new prompts": (
            {"method_index": 2, "num_beams": 10, "length_penalty": 1.0},
            [("prompt", prompt) for prompt in unread_prompts()],
        ),
    }


def unread_prompts() -> list[str]:
    """Beginnings of which no other one is a beginning: nothing that was read before helps."""
    first, names = PROMPTS["stories"][0].rsplit(" ", 1)[0], ("felix", "clara", "emma", "oscar", "lily", "max", "nina")
    words = lab_page.DecodingLab("stories")._options[0].trained.vocab.words
    return [
        f"{first} {name} {word}"
        for name in names
        if name in words
        for word in ("was", "had", "saw", "went")
        if word in words
    ]


def times(
    browser: Browser, address: str, slower: float, simd: bool = True, steps: dict[str, tuple[dict, list]] | None = None
) -> dict[str, list[float]]:
    """Milliseconds per figure, on a page of its own."""
    context = browser.new_context()
    if not simd:
        context.add_init_script(NO_WEBASSEMBLY)
    page = context.new_page()
    page.goto(address)
    page.wait_for_function(READY)
    page.wait_for_timeout(REST)
    session = context.new_cdp_session(page)  # what it sets ends when nothing refers to it any more
    session.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    out = {name: _times(page, *moved) for name, moved in (steps or slider_steps()).items()}
    context.close()
    return out


def _times(page: Page, settings: dict, steps: list) -> list[float]:
    page.evaluate("(traits) => Object.entries(traits).forEach((trait) => model.set(...trait))", settings)
    page.wait_for_timeout(500)
    return page.evaluate(STEPS, steps)


def main() -> None:
    """Print the medians and the 95th percentiles."""
    print(f"Slider step to changed page, {lab_page.TOKENS} tokens of Stories, ms (wanted: p95 of 16 at full speed;")
    print("of 40 for sampling and 80 for a beam of 10 at a quarter of it)")
    path = chromium.executable()  # looks for one with a Playwright of its own, so before ours starts
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        lab_page.write(Path(folder))
        browser = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        with serve(Path(folder)) as site:
            for simd, slower in ((True, 1), (True, 4), (False, 1), (False, 4)):
                print(f"  {'WebAssembly' if simd else 'plain loops'}, CPU / {slower}")
                for name, values in times(browser, f"{site}/{lab_page.NAME}", slower, simd).items():
                    p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
                    figures = f"median {statistics.median(values):6.1f}  p95 {p95:6.1f}"
                    print(f"    {name:22} {figures}  ({len(values)} steps)")
        browser.close()


if __name__ == "__main__":
    main()
