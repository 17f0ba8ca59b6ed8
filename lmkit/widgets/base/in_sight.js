// A lab's controls and what they change are seen together: its style learns how much of the screen is left for what
// stands below them, and the browser how much to bring into sight with a control that gets the keyboard's focus.

import { setAttribute } from "./dom.js";

/** @typedef {{ above: number, below: number }} Margins */

const FOCUSED = ".noUi-handle, .widget-readout, input, select";
const SCROLLING = ".lmkit-stage .lmkit-panel, .lmkit-scrolls"; // where a screen is too small for all of them
const AIR = 4; // px that stay free

/**
 * Keeps this up for as long as a view is there.
 *
 * @param {HTMLElement} view
 * @returns {() => void} The clean-up.
 */
export function keepInSight(view) {
  let frame = 0;
  const observer = new ResizeObserver(() => {
    cancelAnimationFrame(frame); // in a frame of its own, for it may change sizes again
    frame = requestAnimationFrame(() => measure(view));
  });
  const attach = () => {
    const lab = view.isConnected && view.closest(".lmkit-lab");
    if (!lab) {
      frame = requestAnimationFrame(attach); // what is around a view is made in its own time
      return;
    }
    const parts = lab.querySelectorAll(`.lmkit-controls > *, .lmkit-stage, .lmkit-problem, ${SCROLLING}`);
    for (const part of [lab, view, ...parts]) observer.observe(part);
  };
  attach();
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
  };
}

/** @param {HTMLElement} view */
function measure(view) {
  /** @type {HTMLElement | null} */
  const lab = view.closest(".lmkit-lab"),
    stage = view.querySelector(".lmkit-stage");
  if (!lab || !stage?.getClientRects().length) return;
  const zoom = "currentCSSZoom" in stage ? Number(stage.currentCSSZoom) : 1;
  const controls = lab.querySelector(".lmkit-controls"),
    box = controls?.getBoundingClientRect();
  const isBeside = box !== undefined && box.right <= view.getBoundingClientRect().left;
  const top = (isBeside ? view : lab).getBoundingClientRect().top;
  const above = isBeside ? 0 : stage.getBoundingClientRect().top - top;
  const panels = [...lab.querySelectorAll(SCROLLING)].map((panel) => ({ panel, isScrolling: scrolls(panel) }));
  /** @type {HTMLElement[]} */
  const targets = [...(controls?.querySelectorAll(FOCUSED) ?? [])].filter((target) => target instanceof HTMLElement);
  const screen = screenHeight();
  const margins = targets.map((target) => {
    const [own, whole] = [target, target.closest(".lmkit-controls > *") ?? target].map((part) => placeIn(lab, part));
    const { above, below } = marginsOf(whole, screen);
    return { above: above + own.top - whole.top, below: below + whole.top + whole.height - own.top - own.height };
  });
  lab.style.setProperty("--lmkit-above", `${Math.ceil(above / zoom)}px`);
  lab.style.setProperty("--lmkit-beside", `${isBeside ? Math.ceil(box.height / zoom) : 0}px`);
  for (const [i, target] of targets.entries()) target.style.scrollMarginBlock = marginText(margins[i]);
  for (const { panel, isScrolling } of panels) setAttribute(panel, "tabindex", isScrolling ? "0" : null);
}

/** How much of the screen is free for a page's text. */
function screenHeight() {
  const hidden = Number.parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;
  return innerHeight - hidden;
}

/**
 * Where something lies in its lab, from the lab's upper edge.
 *
 * @param {Element} lab
 * @param {Element} target
 */
function placeIn(lab, target) {
  const { top } = lab.getBoundingClientRect(),
    place = target.getBoundingClientRect();
  return { top: place.top - top, height: place.height };
}

/**
 * What is to be seen above and below a control: the lab from its upper edge on, as much as a screen holds. Where the stage
 * stands beside controls that are longer than the screen, it goes along with them.
 *
 * @param {{ top: number, height: number }} place
 * @param {number} screen
 * @returns {Margins}
 */
export function marginsOf({ top, height }, screen) {
  const above = Math.max(0, Math.min(top, screen - height - AIR));
  return { above, below: Math.max(0, screen - above - height - AIR) };
}

/** @param {Margins} margins */
function marginText({ above, below }) {
  return `${Math.floor(above)}px ${Math.floor(below)}px`;
}

/**
 * Whether something of a panel is out of sight: then the keyboard can scroll it.
 *
 * @param {Element} panel
 */
function scrolls(panel) {
  return panel.scrollHeight > panel.clientHeight + 1 && getComputedStyle(panel).overflowY === "auto";
}
