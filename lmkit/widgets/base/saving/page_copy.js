// A part of a page that stands behind it for a moment, to be measured: at rest, and with all of it elements.

import { element } from "../dom.js";

/** @typedef {{ left: number, top: number }} Place - On the page, in its pixels. */

const COPY = "lmkit-copy"; // style.css stills it, and puts away what styles alone have made once elements stand for it
const READY = "lmkit-copy-ready";
const STAND_IN = "lmkit-stand-in"; // an element that no style sheet knows
const FONT = "color font-family font-size font-style font-weight letter-spacing line-height text-align white-space";
const PLACE = "align-self bottom box-sizing display float height left order position right top vertical-align width";
const LOOK = "background-color background-image background-position background-size box-shadow clip-path opacity";
const SIDES = ["top", "right", "bottom", "left"].flatMap((side) => [
  `margin-${side}`,
  `padding-${side}`,
  ...["color", "style", "width"].map((what) => `border-${side}-${what}`),
]);
const CORNERS = ["top-left", "top-right", "bottom-right", "bottom-left"].map((corner) => `border-${corner}-radius`);
const COPIED = [FONT, PLACE, LOOK, "flex-grow flex-shrink transform transform-origin", ...SIDES, ...CORNERS].flatMap(
  (names) => names.split(" "),
);

/**
 * Calls a function with a copy of a part of the page, as wide and as far scrolled, and takes the copy away again.
 *
 * @template T
 * @param {HTMLElement} part
 * @param {(copy: HTMLElement) => T} use
 * @returns {T}
 */
export function withCopy(part, use) {
  const copy = /** @type {HTMLElement} */ (part.cloneNode(true));
  copy.classList.add(COPY);
  copy.inert = false;
  copy.style.width = `${part.getBoundingClientRect().width / scaleOf(part)}px`;
  part.after(copy);
  try {
    const [originals, copies] = [part, copy].map((root) => [...root.querySelectorAll("*")]);
    for (const [n, original] of originals.entries()) keepState(original, copies[n]);
    standIn(copies);
    return use(copy);
  } finally {
    copy.remove();
  }
}

/**
 * How much a part is enlarged, as on the full screen.
 *
 * @param {HTMLElement} part
 */
function scaleOf(part) {
  return part.offsetWidth ? part.getBoundingClientRect().width / part.offsetWidth : 1;
}

/**
 * What no attribute says: what is chosen and written, and how far something is scrolled.
 *
 * @param {Element} original
 * @param {Element} copy
 */
function keepState(original, copy) {
  if (original instanceof HTMLInputElement && copy instanceof HTMLInputElement) {
    if (original.type !== "file") copy.value = original.value;
    copy.checked = original.checked;
  } else if (original instanceof HTMLSelectElement && copy instanceof HTMLSelectElement) {
    copy.selectedIndex = original.selectedIndex;
  } else if (original instanceof HTMLTextAreaElement && copy instanceof HTMLTextAreaElement) {
    copy.value = original.value;
  }
  if (original.scrollLeft) copy.scrollLeft = original.scrollLeft;
  if (original.scrollTop) copy.scrollTop = original.scrollTop;
}

/**
 * Has elements stand for what `::before` and `::after` draw: only elements can be measured.
 *
 * @param {Element[]} copies
 */
function standIn(copies) {
  const found = copies.flatMap((node) =>
    node instanceof SVGElement ? [] : ["::before", "::after"].map((where) => described(node, where)).filter(Boolean),
  );
  copies[0]?.closest(`.${COPY}`)?.classList.add(READY);
  for (const one of found) {
    if (!one) continue;
    const { node, where, text, style } = one;
    const made = element(/** @type {"span"} */ (STAND_IN), { style }, text);
    if (where === "::before") node.prepend(made);
    else node.append(made);
  }
}

/**
 * @param {Element} node
 * @param {string} where
 */
function described(node, where) {
  const style = getComputedStyle(node, where);
  const [, text] = style.content.match(/^"(.*)"$/) ?? [];
  if (text === undefined || style.display === "none") return null;
  const all = COPIED.map((name) => `${name}:${style.getPropertyValue(name)}`);
  return { node, where, text: text.replace(/\\(.)/g, "$1"), style: all.join(";") };
}
