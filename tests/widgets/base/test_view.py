"""The base of all views: long work runs in slices, the newest setting wins, and nothing runs after close."""

import pytest
from playwright.sync_api import Error

from tests.widgets import view_harness as harness

# A view whose update takes `steps` steps of `cost` milliseconds and then shows its `name`. A step notes when it ran.
VIEWS = """
const { LabError, LabView, element, widgetOf } = lmkit;
const spend = (milliseconds) => { const stop = performance.now() + milliseconds; while (performance.now() < stop); };
globalThis.ran = []; globalThis.shown = []; globalThis.ended = [];
class SlowView extends LabView {
  constructor(model, root) {
    super(model, root, element("p"));
  }

  *update() {
    const { name, steps, cost, fault } = this.read("name", "steps", "cost", "fault");
    try {
      for (let step = 0; step < steps; step++) {
        ran.push({ name, at: performance.now() });
        spend(cost);
        yield;
      }
      if (fault) throw new LabError(fault);
      shown.push(name);
    } finally {
      ended.push(name);
    }
  }
}
class PlainView extends LabView {
  constructor(model, root) {
    super(model, root, element("p"));
  }

  update() {
    shown.push(this.model.get("name"));
  }
}
"""
HARNESS = """
class Model {
  constructor(state) { Object.assign(this, { state, handlers: [] }); }
  get(name) { return this.state[name]; }
  set(changes) { Object.assign(this.state, changes); for (const handler of [...this.handlers]) handler(); }
  on(_, handler) { this.handlers.push(handler); }
  off(_, handler) { this.handlers = this.handlers.filter((other) => other !== handler); }
}
globalThis.start = (state, View = SlowView) => {
  globalThis.model = new Model({ fault: "", ...state });
  globalThis.stop = widgetOf(View).render({ model, el: document.querySelector("#view") });
};
globalThis.startPlain = (state) => start(state, PlainView);
globalThis.longTasks = [];
new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((entry) => entry.duration)))
  .observe({ entryTypes: ["longtask"] });
"""
SCRIPTS = harness.exporting("base/view.js", "base/dom.js", "base/errors.js")
AFTER = "(milliseconds) => new Promise((done) => setTimeout(done, milliseconds))"
# A clock that goes on when it is looked at: work that is quick stays quick on a busy machine.
OWN_CLOCK = "() => { let time = performance.now(); performance.now = () => (time += 0.05); }"
QUICK, SLOW = {"steps": 3, "cost": 1}, {"steps": 2000, "cost": 2}


@pytest.fixture
def page(browser):
    """A page with the views' code; no error may reach the console."""
    page, problems = browser.new_page(), []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.set_content("<!doctype html><html lang='en'><title>view</title><div id='view'></div>")
    page.add_script_tag(content=f"{SCRIPTS}{VIEWS}{HARNESS}")
    yield page
    page.close()
    assert not problems


def start(page, name: str, **state) -> None:
    page.evaluate("(state) => start(state)", {"name": name, **state})


def change(page, name: str, **state) -> None:
    page.evaluate("(changes) => model.set(changes)", {"name": name, **state})


def wait_for(page, *names: str) -> None:
    page.wait_for_function("(names) => JSON.stringify(shown) === JSON.stringify(names)", arg=list(names))


def test_long_work_makes_no_long_task(page):
    """However long it takes, the page takes timers and paints all the while."""
    page.evaluate(AFTER, 100)
    page.evaluate("longTasks.length = 0")
    start(page, "a", steps=1_000_000, cost=2)
    page.evaluate(
        """() => {
          globalThis.frames = 0;
          const count = () => { globalThis.frames++; requestAnimationFrame(count); };
          requestAnimationFrame(count);
        }"""
    )
    spent = "ran.at(-1).at - ran[0].at"
    page.wait_for_function(f"globalThis.frames >= 5 && {spent} > 1000", timeout=harness.PATIENCE)
    page.evaluate(AFTER, 100)  # the observer is told a little later
    assert page.evaluate("shown") == []
    # None on a machine that is free; on a busy one a slice may have had to wait, but no task is all of the work.
    assert max(page.evaluate("longTasks"), default=0) < page.evaluate(spent) / 2


def test_sliced_work_is_done_step_by_step_to_its_end(page):
    start(page, "a", steps=250, cost=1)
    wait_for(page, "a")
    assert page.evaluate("ran.length") == 250 and page.evaluate("ended") == ["a"]


def test_quick_work_is_shown_in_the_same_task(page):
    page.evaluate(OWN_CLOCK)
    start(page, "a", **QUICK)
    wait_for(page, "a")
    in_time = page.evaluate(
        """async () => {
          // A frame has one run, and its end comes with the next frame: the page is asked when it has been drawn.
          for (let n = 0; n < 3; n++) await new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)));
          model.set({ name: "b" });
          for (let n = 0; n < 50 && !shown.includes("b"); n++) await null; // nothing but microtasks comes between
          return shown.includes("b");
        }"""
    )
    assert in_time


def test_a_newer_setting_wins(page):
    start(page, "first", **SLOW)
    page.wait_for_function("ran.length > 60")  # it runs for more than a tenth of a second
    change(page, "second", **QUICK)
    wait_for(page, "second")
    page.evaluate(AFTER, 400)
    assert page.evaluate("shown") == ["second"]
    assert page.evaluate("ended") == ["first", "second"]  # what was dropped could clean up
    assert page.evaluate("ran.filter(({ name }) => name === 'first').length") < 2000


def test_of_many_settings_some_are_shown_and_the_last_stays(page):
    """Where settings come faster than they are worked off, the page does not stand still until they end."""
    start(page, "0", steps=15, cost=2)
    last = page.evaluate(
        """async (patience) => {
          let n = 0;
          for (const end = performance.now() + patience; shown.length < 5 && performance.now() < end;) {
            await new Promise((done) => setTimeout(done, 16));
            model.set({ name: String(++n) });
          }
          return n;
        }""",
        harness.PATIENCE,
    )
    assert page.evaluate("shown.length") >= 5, "while settings came, too few were shown"
    page.wait_for_function("(last) => shown.at(-1) === String(last)", arg=last)
    page.evaluate(AFTER, 100)
    shown = page.evaluate("shown.map(Number)")
    assert shown == sorted(set(shown)) and shown[-1] == last


def test_nothing_runs_after_close(page):
    start(page, "a", **SLOW)
    page.wait_for_function("ran.length > 10")
    ran = page.evaluate("(stop(), ran.length)")
    change(page, "b", **QUICK)
    page.evaluate(AFTER, 200)
    assert page.evaluate("ran.length") == ran
    assert page.evaluate("shown") == []
    assert page.evaluate("ended") == ["a"]
    assert page.evaluate("model.handlers.length") == 0


def test_what_goes_wrong_in_a_later_slice_is_told_and_mended(page):
    start(page, "a", steps=40, cost=1, fault="steps must be fewer, but they are 40")
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert alert.inner_text() == "Steps must be fewer, but they are 40."
    change(page, "b", fault="")
    alert.wait_for(state="hidden")
    wait_for(page, "b")


def test_a_plain_update_runs_at_once_and_whole(page):
    page.evaluate("startPlain({ name: 'a' })")
    wait_for(page, "a")
    change(page, "b")
    wait_for(page, "a", "b")


def test_settled_says_when_a_view_has_done_all_it_was_asked_for(browser):
    """So that tests of views, which wait for it, read what a view shows at last."""
    page = browser.new_page()
    page.set_content("<!doctype html><html lang='en'><title>view</title><div id='view'></div>")
    page.add_script_tag(content=f"{SCRIPTS}{VIEWS}const widget = () => widgetOf(SlowView);{harness.model_script()}")
    page.evaluate("(state) => start(state, {})", {"name": "a", "steps": 100, "cost": 2, "fault": ""})
    settled = f"settled({3 * harness.PATIENCE}).then(() => shown)"
    assert page.evaluate(settled) == ["a"]
    assert page.evaluate(f"(model.set('name', 'b'), model.set('name', 'c'), {settled})") == ["a", "c"]
    with pytest.raises(Error, match="still at work"):
        page.evaluate("(model.set('steps', 1e9), settled(100))")
    page.evaluate("stop()")
    assert page.evaluate(settled) == ["a", "c"]
    page.close()
