"""A page with one view on it, and stand-ins for what is around it in a notebook: anywidget's model, the controls."""

from __future__ import annotations

import base64
from typing import Any

from playwright.sync_api import Browser, Page

from lmkit.widgets.base import assets, bundle
from lmkit.widgets.base.lab import Lab
from lmkit.widgets.base.view import View

PATIENCE = 20_000  # ms

# What stands around a view: anywidget's model, with Python at its other end; and `settled`, which waits while an update
# that was asked for has not begun or not ended. For that it takes the place of functions of base/view.js and dom.js.
MODEL = """
class Model {
  constructor(state, answers) { Object.assign(this, { state, answers, handlers: [], writes: [] }); }
  get(name) { return this.state[name]; }
  set(name, value) { this.state[name] = value; this.writes.push(name); this.tell("change"); }
  save_changes() {}
  on(name, handler) { this.handlers.push([name, handler]); }
  off(name, handler) { this.handlers = this.handlers.filter(([n, h]) => n !== name || h !== handler); }
  tell(name, ...what) { for (const [n, handler] of [...this.handlers]) if (n === name) handler(...what); }
  send({ need }) {
    const answer = this.answers[need];
    if (answer instanceof DataView) this.tell("msg:custom", { asset: need }, [answer]);
    else if (answer !== undefined) this.tell("msg:custom", { asset: need, content: answer }, []);
  }
}
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
const isPlain = (value) => value !== null && Object.getPrototypeOf(value) === Object.prototype;
const unpacked = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) =>
  [name, value?.base64 !== undefined ? bytes(value.base64) : isPlain(value) ? unpacked(value) : value]));
globalThis.start = (state, answers) => {
  globalThis.model = new Model(unpacked(state), unpacked(answers));
  globalThis.stop = widget().render({ model, el: document.querySelector("#view") });
};
{
  const asked = new Set(), views = new Set();
  const dom = __lmkit.require("DOM"), asItIs = dom.coalesced;
  dom.coalesced = (work) => {
    let closed = false;
    const served = asItIs(() => { asked.delete(served); work(); });
    const ask = () => { if (!closed) asked.add(served); served(); };
    ask.close = () => { closed = true; asked.delete(served); served.close(); };
    return ask;
  };
  const { LabView } = __lmkit.require("VIEW"), { run } = LabView.prototype;
  LabView.prototype.run = function () { views.add(this); run.call(this); };
  const frame = () => new Promise(requestAnimationFrame);
  const busy = () => asked.size > 0 || [...views].some((view) => view.work);
  globalThis.settled = async (patience) => {
    const end = performance.now() + patience;
    for (let quiet = 0; quiet < 2; quiet = busy() ? 0 : quiet + 1) {
      if (performance.now() > end) throw new Error("the view is still at work");
      await frame();
    }
  };
}
"""
BODY = """<!doctype html><html lang="en"><title>view</title><style>STYLE</style>
<div class="lmkit-lab"><div class="lmkit-controls"></div><div id="view"></div></div>"""
UNFOLD = "for (const part of document.querySelectorAll('.lmkit-folded')) part.open = true"  # what tests read
SHOWN = ".lmkit-content:not([hidden]), .lmkit-problem:not([hidden])"


class ViewPage:
    """A lab's view on a page of its own.

    Attributes
    ----------
    page : Page
        After an action on it, `settle` before you read it, or read it with `expect`.
    problems : list of str
        Errors and warnings that reached the console.
    """

    def __init__(self, browser: Browser, **options: Any):
        self.page, self.problems = browser.new_page(**options), []
        self.size = self.page.viewport_size
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def _console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.problems.append(message.text)

    def clear(self) -> None:
        """Make it an empty page again, with nothing left of what was on it."""
        self.page.goto("about:blank")
        self.page.set_viewport_size(self.size)
        self.page.mouse.move(0, 0)
        self.problems.clear()

    def put(self, lab: Lab, answers: dict[str, Any] | None = None, **traits: Any) -> Page:
        """Show the view of a lab and return the page, when there is something to see.

        Parameters
        ----------
        lab : Lab
        answers : dict of str to bytes, or what JSON can say
            The assets that Python has for it.
        **traits
            Set in the view other than they are in the lab.
        """
        self.page.set_content(BODY.replace("STYLE", lab.view._css))
        self.page.add_script_tag(content=script_of(lab.view.file("view.js")))
        own = set(lab.view.traits(sync=True)) - set(View.class_traits()) - {"_anywidget_id", "_css", "_esm"}
        state = {name: getattr(lab.view, name) for name in own} | traits
        self.page.evaluate("([state, answers]) => start(state, answers)", [packed(state), packed(answers or {})])
        self.page.locator(SHOWN).first.wait_for(timeout=PATIENCE)
        self.page.evaluate(UNFOLD)
        self.settle()
        return self.page

    def set(self, **traits: Any) -> None:
        """Change traits, as a control would, and wait until they are shown."""
        change = "(traits) => { for (const [name, value] of Object.entries(traits)) model.set(name, value); }"
        self.page.evaluate(change, traits)
        self.settle()

    def get(self, name: str) -> Any:
        """A trait, when the view has done what it was asked for."""
        self.settle()
        return self.page.evaluate("(name) => model.get(name)", name)

    def settle(self) -> None:
        """Wait until the view has nothing more to do, and the browser has drawn it."""
        self.page.evaluate("(patience) => settled(patience)", PATIENCE)


def script_of(entry: str) -> str:
    """A classic script with a view's modules, and `start`, which shows the view on a model of these tests."""
    parts = bundle.modules(entry)
    widget = f'const widget = () => __lmkit.require("{parts[-1].name}").default;\n'
    return bundle.script(parts) + widget + model_script()


def model_script() -> str:
    """Return what stands around a view, behind the modules and `widget`, a function that returns what they export."""
    names = {module.path: module.name for module in bundle.modules("base/view.js")}
    return MODEL.replace("DOM", names["base/dom.js"]).replace("VIEW", names["base/view.js"])


def packed(values: dict[str, Any]) -> dict[str, Any]:
    """Values as they can travel to a page."""
    packs = {bytes: lambda value: {"base64": base64.b64encode(value).decode()}, dict: packed}
    return {name: packs.get(type(value), lambda value: value)(value) for name, value in values.items()}


def shipped(*names: str) -> dict[str, Any]:
    """What Python answers a view that asks for these models, and for the grammar."""
    return {assets.GRAMMAR: assets.grammar(), **{name: assets.model_bytes(name) for name in names}}


# At one go: between two, a chart may be drawn anew, and what was found is no longer there.
TEXTS = """(selector) => [...document.querySelectorAll(selector)].map((text) => {
  const box = text.getBoundingClientRect();
  return [text.textContent, box.height, box.left, box.right];
})"""


DRAWN = """([chart, width]) => innerWidth === width && [...document.querySelectorAll(chart)].every(
  (svg) => Math.abs(svg.viewBox.baseVal.width - svg.getBoundingClientRect().width) < 2
)"""


def draw_for_width(page: Page, chart: str, width: int) -> None:
    """Make a page so wide, and wait until its charts of a kind are drawn for the width that they have there."""
    page.set_viewport_size({"width": width, "height": 900})
    page.wait_for_function(DRAWN, arg=[chart, width])


def check_drawn_for_width(page: Page, chart: str, width: int) -> None:
    """At this width a chart is drawn anew: its text has its full size, and nothing sticks out."""
    draw_for_width(page, chart, width)
    for text, height, left, right in page.evaluate(TEXTS, f"{chart} text"):
        assert not text or height >= 11, text
        assert 0 <= left and right <= width, text
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def module_page(browser: Browser, *paths: str) -> Page:
    """An empty page with all that some scripts export on `globalThis.lmkit`."""
    page = browser.new_page()
    page.add_script_tag(content=exporting(*paths))
    return page


def exporting(*paths: str) -> str:
    """A classic script that puts all that some scripts export on `globalThis.lmkit`."""
    modules = list(dict.fromkeys(module for path in paths for module in bundle.modules(path)))
    wanted = (f'__lmkit.require("{bundle.modules(path)[-1].name}")' for path in paths)
    return bundle.script(modules) + f"globalThis.lmkit = Object.assign({{}}, {', '.join(wanted)});"
