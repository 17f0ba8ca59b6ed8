// ipywidgets' sliders come without accessible names: the handle has none, and the number beside it is an editable
// div. The view stands in the same box as its controls, and names them from their visible descriptions.

import { setAttribute, uniqueId } from "./dom.js";

/** @typedef {{ set(value: number): void, options: { range: { max: number } } }} NoUiSlider */
/** @typedef {Element & { noUiSlider?: NoUiSlider }} SliderElement */

/**
 * Names the controls beside `view` for as long as they are there.
 *
 * @param {Element} view
 * @returns {() => void} The clean-up.
 */
export function nameControls(view) {
  const observer = new MutationObserver((changes) => {
    for (const box of new Set(changes.map(({ target }) => boxOf(target)))) if (box) nameAll(box);
  });
  const closing = new AbortController();
  let frame = 0;
  const attach = () => {
    /** @type {HTMLElement | null | undefined | false} */
    const box = view.isConnected && view.closest(".lmkit-lab")?.querySelector(".lmkit-controls");
    if (!box) {
      frame = requestAnimationFrame(attach); // siblings are made after us, in their own time
      return;
    }
    nameAll(box);
    box.addEventListener("keydown", moveToEnd, { capture: true, signal: closing.signal });
    observer.observe(box, {
      subtree: true,
      childList: true,
      characterData: true,
      attributeFilter: ["contenteditable"],
    });
  };
  attach();
  return () => {
    cancelAnimationFrame(frame);
    observer.disconnect();
    closing.abort();
  };
}

/**
 * For the End key noUiSlider remembers where a slider ended at first, but a range may have changed since.
 *
 * @param {KeyboardEvent} event
 */
function moveToEnd(event) {
  if (event.key !== "End" || !(event.target instanceof Element)) return;
  /** @type {SliderElement | null} */
  const target = event.target.closest(".noUi-target");
  const slider = target?.noUiSlider;
  if (!slider) return;
  event.preventDefault();
  event.stopPropagation();
  slider.set(slider.options.range.max);
}

/** @param {Node} node */
function boxOf(node) {
  return (node instanceof Element ? node : node.parentElement)?.closest(".lmkit-controls");
}

/** @param {Element} box */
function nameAll(box) {
  for (const slider of box.querySelectorAll(".widget-slider")) nameSlider(slider);
  for (const radios of box.querySelectorAll(".widget-radio")) nameRadios(radios);
}

/**
 * Radio buttons of one name are one group: the arrow keys move within it.
 *
 * @param {Element} radios
 */
function nameRadios(radios) {
  const group = radios.querySelector(".widget-radio-box");
  if (!group) return;
  group.id ||= uniqueId("lmkit-radios");
  setAttribute(group, "role", "radiogroup");
  setAttribute(group, "aria-label", labelOf(radios));
  for (const radio of group.querySelectorAll("input")) setAttribute(radio, "name", group.id);
}

/** @param {Element} slider */
function nameSlider(slider) {
  const name = labelOf(slider);
  const readout = slider.querySelector(".widget-readout");
  for (const handle of slider.querySelectorAll(".noUi-handle")) {
    setAttribute(handle, "aria-label", name);
    if (readout) setAttribute(handle, "aria-valuetext", readout.textContent);
  }
  if (!readout) return;
  // A choice among labels cannot be typed: its readout is for reading only.
  const typed = !slider.classList.contains("lmkit-choice");
  if (!typed) setAttribute(readout, "contenteditable", "false");
  setAttribute(readout, "role", typed ? "textbox" : null);
  setAttribute(readout, "aria-label", typed ? `${name}: type a value` : null);
  setAttribute(readout, "aria-hidden", typed ? null : "true");
}

/** @param {Element} widget */
function labelOf(widget) {
  return widget.querySelector(".widget-label")?.textContent.trim() || "value";
}
