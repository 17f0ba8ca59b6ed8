// ipywidgets' sliders come without accessible names: the handle has none, and the number beside it is an editable
// div. The view stands in the same box as its controls, and names them from their visible descriptions.

import { setAttribute, uniqueId } from "./dom.js";
import { typedNumber } from "./numbers.js";

/** @typedef {{ set(value: number): void, options: { range: { min: number, max: number }, step: number } }} NoUiSlider */
/** @typedef {Element & { noUiSlider?: NoUiSlider }} SliderElement */

/** @typedef {{ onWrong: (error: unknown) => void, onRight: () => void }} Listeners - Of numbers that are typed. */

/**
 * Names the controls beside `view` for as long as they are there, and reads the numbers that are typed into them.
 *
 * @param {Element} view
 * @param {Listeners} listeners
 * @returns {() => void} The clean-up.
 */
export function tendControls(view, listeners) {
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
    const early = { capture: true, signal: closing.signal };
    box.addEventListener("keydown", moveToEnd, early);
    readNumbers(box, listeners, early);
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

/**
 * ipywidgets takes letters out of what is typed and reads what is left: 1e3 as 13. It sees only whole numbers here.
 *
 * @param {HTMLElement} box
 * @param {Listeners} listeners
 * @param {AddEventListenerOptions} early - Before ipywidgets hears of it.
 */
function readNumbers(box, { onWrong, onRight }, early) {
  /** @type {WeakMap<HTMLElement, string | null>} */
  const shown = new WeakMap(); // what a slider's number was before the reader typed
  /** @param {EventTarget | null} target */
  const remember = (target) => {
    if (isReadout(target)) shown.set(target, target.textContent);
  };
  /** @param {Event} event */
  const keep = (event) => {
    if (isNumberField(event.target)) event.stopPropagation();
  };
  /** @param {Event} event */
  const read = (event) => {
    const { target, type } = event;
    const typed = type === "change" ? isNumberField(target) : isReadout(target) && (type === "blur" || isEnter(event));
    if (!typed) return;
    try {
      if (isNumberField(target)) target.value = String(readField(target));
      else if (isReadout(target)) target.textContent = String(readReadout(target));
      onRight();
      setTimeout(remember, 0, target); // when ipywidgets has taken it
    } catch (error) {
      event.stopPropagation();
      event.preventDefault();
      if (isReadout(target)) target.textContent = shown.get(target) ?? "";
      onWrong(error);
    }
  };
  box.addEventListener("focus", ({ target }) => remember(target), early);
  for (const type of ["keypress", "keyup"]) box.addEventListener(type, keep, early);
  for (const type of ["change", "blur", "keydown"]) box.addEventListener(type, read, early);
}

/** @param {Event} event */
function isEnter(event) {
  return event instanceof KeyboardEvent && event.key === "Enter";
}

/**
 * @param {EventTarget | null} target
 * @returns {target is HTMLInputElement}
 */
function isNumberField(target) {
  return target instanceof HTMLInputElement && target.type === "number";
}

/**
 * @param {EventTarget | null} target
 * @returns {target is HTMLElement}
 */
function isReadout(target) {
  return target instanceof HTMLElement && target.isContentEditable && target.classList.contains("widget-readout");
}

/** @param {HTMLInputElement} field */
function readField(field) {
  const rule = { low: Number(field.min), high: Number(field.max), whole: true };
  return typedNumber(labelOf(field.closest(".widget-text")), field.value, rule);
}

/** @param {HTMLElement} readout */
function readReadout(readout) {
  const widget = readout.closest(".widget-slider");
  /** @type {SliderElement | null | undefined} */
  const target = widget?.querySelector(".noUi-target");
  if (!target?.noUiSlider) return readout.textContent;
  const { range, step } = target.noUiSlider.options;
  const whole = Number.isInteger(step) && Number.isInteger(range.min);
  return typedNumber(labelOf(widget), readout.textContent, { low: range.min, high: range.max, whole });
}

/** @param {Node} node */
function boxOf(node) {
  return (node instanceof Element ? node : node.parentElement)?.closest(".lmkit-controls");
}

/** @param {Element} box */
function nameAll(box) {
  for (const slider of box.querySelectorAll(".widget-slider")) nameSlider(slider);
  for (const radios of box.querySelectorAll(".widget-radio")) nameRadios(radios);
  // What a browser restores when a reader comes back, the lab knows nothing of.
  for (const field of box.querySelectorAll("input, select")) setAttribute(field, "autocomplete", "off");
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

/** @param {Element | null} widget */
function labelOf(widget) {
  return widget?.querySelector(".widget-label")?.textContent?.trim() || "value";
}
