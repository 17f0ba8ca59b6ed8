// The place of a picture that is drawn anew at every size. It is as wide as there is room, and as high as its style says:
// `lmkit-chart` in lab.css, which makes it lower on a stage that has less room.

import { element } from "../dom.js";

/** @typedef {{ width: number, height: number }} Size */

/**
 * @param {string} className
 * @param {SVGSVGElement} svg
 * @param {number} most - The height where there is room enough, in pixels.
 */
export function placeOf(className, svg, most) {
  return element("div", { class: `lmkit-chart ${className}`, style: `--lmkit-chart-most: ${most}px` }, svg);
}

/**
 * @param {Element} place
 * @param {Size} otherwise - While it is hidden.
 * @returns {Size}
 */
export function sizeOf({ clientWidth, clientHeight }, { width, height }) {
  return { width: clientWidth || width, height: clientHeight || height };
}

/**
 * Calls `onResize` when there is another size to draw for.
 *
 * @param {Element} place
 * @param {Size} drawn - The size that was drawn for, which changes.
 * @param {() => void} onResize
 */
export function watchSize(place, drawn, onResize) {
  const observer = new ResizeObserver(() => {
    const { width, height } = sizeOf(place, drawn);
    if (width !== drawn.width || height !== drawn.height) onResize();
  });
  observer.observe(place);
  return observer;
}
