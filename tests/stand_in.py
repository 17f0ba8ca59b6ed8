"""A page with one view on it, and stand-ins for what is around it in a notebook: anywidget's model, the controls."""

from __future__ import annotations

import base64
from typing import Any

from playwright.sync_api import Browser, Page

from lmkit.widgets.bundle import bundle
from lmkit.widgets.lab import Lab
from lmkit.widgets.view import View

PATIENCE = 5000  # ms

MODEL = """
class Model {
  constructor(state) { Object.assign(this, { state, handlers: [], writes: [] }); }
  get(name) { return this.state[name]; }
  set(name, value) { this.state[name] = value; this.writes.push(name); this.tell("change"); }
  save_changes() {}
  on(name, handler) { this.handlers.push([name, handler]); }
  off(name, handler) { this.handlers = this.handlers.filter(([n, h]) => n !== name || h !== handler); }
  tell(name, ...what) { for (const [n, handler] of [...this.handlers]) if (n === name) handler(...what); }
}
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
globalThis.start = (state, buffers) => {
  for (const [name, text] of Object.entries(buffers)) state[name] = bytes(text);
  globalThis.model = new Model(state);
  globalThis.stop = widget.render({ model, el: document.querySelector("#view") });
};
"""
BODY = """<!doctype html><html lang="en"><title>view</title><style>STYLE</style>
<div class="lmkit-lab"><div class="lmkit-controls"></div><div id="view"></div></div>"""


class ViewPage:
    """A lab's view on a page of its own.

    Attributes
    ----------
    page : Page
    problems : list of str
        Errors and warnings that reached the console.
    """

    def __init__(self, browser: Browser, **options: Any):
        self.page, self.problems = browser.new_page(**options), []
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(message.text)

    def put(self, entry: str, lab: Lab) -> Page:
        """Show the view of a lab, whose code is `static/<entry>.js`, and return the page."""
        self.page.set_content(BODY.replace("STYLE", lab.view._css))
        script = bundle(f"{entry}.js").replace("export default", "const widget =") + MODEL
        self.page.add_script_tag(content=script, type="module")
        self.page.wait_for_function("Boolean(globalThis.start)")
        own = set(lab.view.traits(sync=True)) - set(View.class_traits()) - {"_anywidget_id", "_css", "_esm"}
        values = {name: getattr(lab.view, name) for name in own}
        buffers = {name: base64.b64encode(value).decode() for name, value in values.items() if isinstance(value, bytes)}
        state = {name: value for name, value in values.items() if name not in buffers}
        self.page.evaluate("([state, buffers]) => start(state, buffers)", [state, buffers])
        self.page.locator(".lmkit-content:not([hidden])").wait_for(timeout=PATIENCE)
        return self.page

    def set(self, **traits: Any) -> None:
        """Change traits, as a control would, and wait until they are shown."""
        change = "(traits) => { for (const [name, value] of Object.entries(traits)) model.set(name, value); }"
        self.page.evaluate(change, traits)
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def get(self, name: str) -> Any:
        return self.page.evaluate("(name) => model.get(name)", name)


TEXTS = """(texts) => texts.map((text) => {
  const box = text.getBoundingClientRect();
  return [text.textContent, box.height, box.left, box.right];
})"""


def check_drawn_for_width(page: Page, chart: str, width: int) -> None:
    """At this width a chart is drawn anew: its text has its full size, and nothing sticks out."""
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function(f"document.querySelector('{chart}').viewBox.baseVal.width < {width}")
    for text, height, left, right in page.locator(f"{chart} text").evaluate_all(TEXTS):
        assert not text or height >= 11, text
        assert 0 <= left and right <= width, text
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def module_page(browser: Browser, entry: str, *names: str) -> Page:
    """An empty page with names of a module of the runtime on `globalThis.lmkit`."""
    page = browser.new_page()
    exports = f"Object.assign(globalThis.lmkit = {{}}, {{ {', '.join(names)} }});"
    page.add_script_tag(content=bundle(entry) + exports, type="module")
    page.wait_for_function("globalThis.lmkit")
    return page
