"""Every lab of every page, by ear: of each move a screen reader says in few words what has changed, and nothing else."""

from __future__ import annotations

import pytest

from tests.site import book
from tests.site.lab import PATIENCE, Lab, eventually
from tests.site.rendering import settle
from tests.site.test_labs import WITH_LABS, labs, settings_of
from tests.site.test_toolbar import other_value

pytestmark = pytest.mark.site
LONGEST = 80  # characters of a message
LONGEST_PROBLEM = 300
UNSETTLED = 3000  # ms in which a view begins to answer, if it has an answer

# A lab keeps what it says: politely, and of what is wrong. The pause after a move is cut short.
LISTEN = """(lab) => {
  if (!globalThis.heard) {
    const asItIs = setTimeout;
    globalThis.setTimeout = (run, ms = 0, ...more) => asItIs(run, ms === 900 ? 50 : ms, ...more);
    globalThis.heard = new Map();
  }
  const said = [];
  heard.set(lab, said);
  for (const region of lab.querySelectorAll("[aria-live], [role=status], [role=alert]"))
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


@pytest.mark.parametrize("labs", WITH_LABS, indirect=True)
def test_every_lab_says_what_a_move_has_changed(labs):
    for lab in labs:
        lab.root.evaluate(LISTEN)
        moved = {name for _ in settings_of(lab) for name in move_each(lab)}
        assert moved, lab.plan.kind


def move_each(lab: Lab) -> list[str]:
    """Move every control in sight to another value and back, each for itself; return those that were heard."""
    heard = []
    for name, control in lab.plan.controls.items():
        if control.kind == "RadioButtons" or not lab[name].is_visible():
            continue
        lab.root.evaluate(NOTE)
        lab.set(name, other_value(lab, name), keyboard="Slider" in control.kind)
        if check_heard(lab, name):
            heard.append(name)
        lab.set(name, control.default, keyboard="Slider" in control.kind)
        settle(lab.page)
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
    assert len([text for _, text in found["said"]]) <= 2, f"{lab.plan.kind}, {name}: {found['said']}"
    return bool(found["said"])
