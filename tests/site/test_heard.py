"""Labs of every kind, by ear: a screen reader says in few words what a move has changed, and nothing else."""

from __future__ import annotations

import pytest

from tests.site import book
from tests.site.lab import Lab, eventually
from tests.site.test_labs import settings_of
from tests.site.test_toolbar import new_labs_of, other_value

pytestmark = pytest.mark.site
LONGEST = 80  # characters of a message
LONGEST_PROBLEM = 300
UNSETTLED = 3000  # ms in which a view begins to answer, if it has an answer

# A lab keeps what it says: politely, and of what is wrong. The pause after a move is cut short.
LISTEN = """(lab) => {
  if (!globalThis.heard) {
    const [asItIs, clear] = [setTimeout, clearTimeout];
    globalThis.pending = new Set();
    globalThis.setTimeout = (run, ms = 0, ...more) => {
      if (ms !== 900) return asItIs(run, ms, ...more);
      const timer = asItIs(() => { pending.delete(timer); run(); }, 50);
      pending.add(timer);
      return timer;
    };
    globalThis.clearTimeout = (timer) => { pending.delete(timer); clear(timer); };
    globalThis.heard = new Map();
  }
  const said = [];
  heard.set(lab, said);
  // That a model is on its way is said, too, before there is anything to tell.
  for (const region of lab.querySelectorAll("[aria-live], [role=status]:not(.lmkit-progress), [role=alert]"))
    new MutationObserver(() => {
      const text = region.hidden ? "" : region.textContent.trim();
      if (text) said.push([region.getAttribute("role") === "alert", text]);
    }).observe(region, { childList: true, characterData: true, subtree: true, attributeFilter: ["hidden"] });
}"""
SHOWN = r"""(lab) => lab.querySelector(".lmkit-content").innerHTML
  .replaceAll(/ (?:id|class)="[^"]*"| [\w-]+="url\([^"]*"/g, "")"""
NOTE = f"(lab) => {{ heard.get(lab).length = 0; globalThis.before = ({SHOWN})(lab); }}"
HEARD = f"(lab) => ({{ said: heard.get(lab), changed: ({SHOWN})(lab) !== before }})"
ANSWERED = f"""async (lab, patience) => {{
  const end = performance.now() + patience;
  while (performance.now() < end && !heard.get(lab).length && ({SHOWN})(lab) === before)
    await new Promise(requestAnimationFrame);
}}"""

# Nothing is about to be said, and nothing has changed for some frames.
QUIET = f"""async (lab) => {{
  for (let frames = 0, shown = ""; frames < 12; frames++) {{
    await new Promise(requestAnimationFrame);
    const now = ({SHOWN})(lab);
    if (now !== shown || pending.size) frames = 0;
    shown = now;
  }}
}}"""


@pytest.mark.parametrize("document", book.with_new_labs())
def test_lab_says_what_a_move_has_changed(open_page, document):
    for lab in new_labs_of(open_page(f"{document}.html"), document):
        lab.root.evaluate(LISTEN)
        tried: set[str] = set()
        moved = {name for _ in settings_of(lab) for name in move_each(lab, tried)}
        assert moved or choose_each(lab), lab.plan.kind


def choose_each(lab: Lab) -> list[str]:
    """The same for a lab that has switches alone."""
    heard = []
    for name, control in lab.plan.controls.items():
        for value in (other_value(lab, name), control.default):
            lab.root.evaluate(NOTE)
            lab.choose(name, value)
            if check_heard(lab, name):
                heard.append(name)
        lab.root.evaluate(QUIET)
    return heard


def move_each(lab: Lab, tried: set[str]) -> list[str]:
    """Move controls in sight, unless they were tried, to another value and back; return those that were heard."""
    heard = []
    lab.root.evaluate(QUIET)  # of the switch that was set before
    for name, control in lab.plan.controls.items():
        if name in tried or control.kind == "RadioButtons" or not lab[name].is_visible():
            continue
        tried.add(name)
        for value in (other_value(lab, name), control.default):
            lab.root.evaluate(NOTE)
            lab.set(name, value, keyboard="Slider" in control.kind)
            if check_heard(lab, name):
                heard.append(name)
        lab.root.evaluate(QUIET)
    return heard


def check_heard(lab: Lab, name: str) -> bool:
    """Whether something is said of a move, which must be so where it has changed something, and only there."""
    lab.root.evaluate(ANSWERED, UNSETTLED)
    found = lab.root.evaluate(HEARD)
    if found["changed"] and not found["said"]:
        found = eventually(lab.page, lambda: lab.root.evaluate(HEARD), lambda now: now["said"])
    assert found["changed"] or not found["said"] or found["said"][0][0], f"{lab.plan.kind}, {name}: {found['said']}"
    for is_problem, text in found["said"]:
        assert len(text) <= (LONGEST_PROBLEM if is_problem else LONGEST), f"{lab.plan.kind}, {name}: {text}"
    return bool(found["said"])
