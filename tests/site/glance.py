"""What a reader sees of a lab while moving a control; ``python -m tests.site.glance`` prints it for the built book.

A control is reached as by the keyboard: it gets the focus, from a place above its lab, and the browser scrolls as far
as it likes. Then it is moved one step, and what changes is compared with what is on the screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.site import book, rendering
from tests.site import browser as chromium
from tests.site.server import serve

SCREENS = {"390": (390, 844), "844": (844, 390), "768": (768, 1024), "1280": (1280, 800), "1920": (1920, 1080)}
PHONE = SCREENS["390"]
MOST_SCREENS = 1.5  # the height of a lab on a phone

# Of every lab: its kind, its height, and of each of its controls the panels of the stage that change when it is moved,
# with what of them lies outside of the free part of the screen. A lab without a stage is one as a whole. Controls that
# belong to an option of a switch are tried with it. Texts are left as they were.
GLANCE = """async (bar) => {
  const PATIENCE = 1000, AIR = 1;
  const frame = () => new Promise(requestAnimationFrame);
  const shown = (node) => node.checkVisibility() && node.getClientRects().length > 0;
  const header = document.querySelector(bar);
  const top = () => Math.max(0, header?.getBoundingClientRect().bottom ?? 0);
  const outside = (node) => {
    const place = node.getBoundingClientRect();
    return Math.round(Math.max(0, top() - place.top - AIR, place.bottom - innerHeight - AIR));
  };
  const targetOf = (control) => control.querySelector("input[type=radio]:checked, .noUi-handle, select")
    ?? control.querySelector("input");
  const changeOf = (target) => target.dispatchEvent(new Event("change", { bubbles: true }));
  const move = (control, target) => {
    if (target.matches(".noUi-handle")) {
      const isLast = target.getAttribute("aria-valuenow") >= Number(target.getAttribute("aria-valuemax"));
      const key = isLast ? "ArrowLeft" : "ArrowRight";
      target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
    } else if (target.matches("select")) {
      target.selectedIndex = (target.selectedIndex + 1) % target.options.length;
      changeOf(target);
    } else if (target.matches("[type=radio]")) {
      const all = [...control.querySelectorAll("input")];
      all[(all.indexOf(target) + 1) % all.length].click();
    } else if (target.matches("[type=checkbox]")) target.click();
    else {
      const words = target.value.split(" ");
      target.value = target.matches("[type=number]") ? Number(target.value) + 1
        : words.length > 2 ? words.slice(0, -1).join(" ") : [...target.value].slice(0, -1).join("");
      target.dispatchEvent(new Event("input", { bubbles: true }));
      changeOf(target);
    }
  };
  const found = [];
  for (const lab of document.querySelectorAll(".lmkit-lab:has(.lmkit-controls)")) {
    const view = lab.querySelector(".lmkit-view"), stage = lab.querySelector(".lmkit-stage") ?? view;
    const panels = () => [...stage.querySelectorAll(".lmkit-panel")].filter(shown);
    const settled = async (before) => {
      const end = performance.now() + PATIENCE;
      while (stage.innerHTML === before && performance.now() < end) await frame();
      for (let frames = 0; frames < 3; frames++) await frame();
    };
    const nameOf = (control) => control.querySelector(".widget-label")?.textContent.trim().replaceAll("\\u200b", "")
      || control.textContent.trim();
    const kind = panels()[0]?.className.replace("lmkit-panel", "").trim().replace("lmkit-", "").split(" ")[0] ?? "";
    const left = () => [...lab.querySelectorAll(".lmkit-controls > *")].some((control) => !tried.has(control));
    const entry = { kind, height: lab.getBoundingClientRect().height, pairs: [], silent: [] };
    const tried = new Set();
    const tryAll = async () => {
      for (const control of lab.querySelectorAll(".lmkit-controls > *")) {
        const target = targetOf(control);
        if (tried.has(control) || !shown(control) || !target) continue;
        tried.add(control);
        target.blur();
        scrollTo({ top: lab.getBoundingClientRect().top + scrollY - innerHeight - 40, behavior: "instant" });
        await frame();
        target.focus();
        await frame();
        const before = stage.innerHTML, contents = new Map(panels().map((panel) => [panel, panel.innerHTML]));
        const typed = target.value;
        move(control, target);
        await settled(before);
        const changed = panels().filter((panel) => contents.get(panel) !== panel.innerHTML);
        if (stage.innerHTML === before) entry.silent.push(nameOf(control));
        for (const panel of changed) {
          const name = panel.className.replace("lmkit-panel", "").replaceAll("lmkit-", "").trim().split(" ")[0];
          const missing = Math.max(outside(control), outside(panel));
          entry.pairs.push({ control: nameOf(control), panel: name, missing });
        }
        if (target.matches("[type=text]") && target.value !== typed) {
          const after = stage.innerHTML;
          target.value = typed;
          for (const type of ["input", "change"]) target.dispatchEvent(new Event(type, { bubbles: true }));
          await settled(after);
        }
        entry.height = Math.max(entry.height, lab.getBoundingClientRect().height);
      }
    };
    await tryAll();
    for (const radio of lab.querySelectorAll(".lmkit-controls input[type=radio]")) {
      const before = stage.innerHTML;
      if (!left()) break;
      if (radio.checked || !shown(radio)) continue;
      radio.click();
      await settled(before);
      await tryAll();
    }
    found.push(entry);
  }
  return found;
}"""


@dataclass(frozen=True)
class Glance:
    """One lab on one screen.

    Attributes
    ----------
    screen : str
    kind : str
        The first of its panels.
    height : float
        In pixels, the highest that was seen.
    pairs : list of dict
        A control, a panel that it changed, and how many pixels of either were out of sight.
    silent : list of str
        Controls whose step changed nothing.
    """

    screen: str
    kind: str
    height: float
    pairs: list[dict[str, Any]]
    silent: list[str]

    @property
    def hidden(self) -> list[dict[str, Any]]:
        """The pairs that were not wholly in sight."""
        return [pair for pair in self.pairs if pair["missing"]]

    @property
    def faults(self) -> list[str]:
        """What a reader would miss."""
        where = f"{self.kind} at {self.screen}"
        faults = [f"{where}: {pair['control']} → {pair['panel']}, {pair['missing']} px hidden" for pair in self.hidden]
        if not self.pairs:
            faults.append(f"{where}: no control changes anything")
        if self.screen == "390" and self.height > MOST_SCREENS * PHONE[1]:
            faults.append(f"{where}: {self.height:.0f} px high")
        return faults


def glances(page: Page, screen: str) -> list[Glance]:
    """Move every control of every lab of an open page, on a screen of a size."""
    width, height = SCREENS[screen]
    page.set_viewport_size({"width": width, "height": height})
    page.evaluate("async () => { for (let n = 0; n < 4; n++) await new Promise(requestAnimationFrame); }")
    return [Glance(screen, **found) for found in page.evaluate(GLANCE, rendering.BAR)]


def main() -> None:
    """Print every lab's figures."""
    path = chromium.executable()
    pairs = hidden = 0
    print(f"{'page':28} {'lab':22} {'screen':>6} {'height':>6} {'pairs':>5} {'hidden':>6}")
    with serve(book.SITE) as site, sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=chromium.ARGUMENTS)
        page = running.new_page(reduced_motion="reduce")
        for document in book.with_labs():
            page.goto(f"{site}/{document}.html")
            rendering.settle(page)
            for screen in SCREENS:
                for seen in glances(page, screen):
                    pairs, hidden = pairs + len(seen.pairs), hidden + len(seen.hidden)
                    counts = f"{seen.height:6.0f} {len(seen.pairs):5} {len(seen.hidden):6}"
                    print(f"{document:28} {seen.kind:22} {screen:>6} {counts}")
        running.close()
    print(f"{hidden} of {pairs} pairs are not wholly in sight")


if __name__ == "__main__":
    main()
