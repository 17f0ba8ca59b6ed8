// A drawing of a lab, copied out of its page: what its style sheet said of it stands in its attributes.

import { svgElement } from "../dom.js";
import { colourOf } from "./colours.js";

/** @typedef {{ x: number, y: number, width: number, height: number }} Box */

// Attributes that a style sheet may set, and what they are where nobody says anything.
/** @type {Record<string, string>} */
const INHERITED = {
  fill: "#000000",
  "fill-opacity": "1",
  "fill-rule": "nonzero",
  "clip-rule": "nonzero",
  stroke: "none",
  "stroke-opacity": "1",
  "stroke-width": "1px",
  "stroke-dasharray": "none",
  "stroke-dashoffset": "0px",
  "stroke-linecap": "butt",
  "stroke-linejoin": "miter",
  "font-family": "",
  "font-size": "",
  "font-weight": "400",
  "font-style": "normal",
  "letter-spacing": "normal",
  "text-anchor": "start",
  "paint-order": "normal",
  visibility: "visible",
};
/** @type {Record<string, string>} */
const OWN = {
  opacity: "1",
  "dominant-baseline": "auto",
  "clip-path": "none",
  mask: "none",
  "marker-start": "none",
  "marker-end": "none",
  "stop-color": "#000000",
  "stop-opacity": "1",
  "vector-effect": "none",
};
const OPACITIES = new Map([
  ["fill-opacity", "fill"],
  ["stroke-opacity", "stroke"],
  ["stop-opacity", "stop-color"],
]);
const COLOURS = new Set(OPACITIES.values());
const DROPPED = /^(class|style|role|tabindex|aria-.*|data-.*|focusable|xmlns.*)$/;
const REFERENCE = /url\("?[^"#]*(#[^")]+)"?\)/g;

/**
 * @param {SVGSVGElement} drawing - On a page, where its styles apply.
 * @param {Box} box - Where it is to stand.
 * @returns {SVGElement}
 */
export function copyOf(drawing, { x, y, width, height }) {
  const copy = copied(drawing, {}) ?? svgElement("svg");
  for (const [name, value] of Object.entries({ x, y, width, height })) copy.setAttribute(name, String(value));
  const overflow = getComputedStyle(drawing).overflow === "visible" ? "visible" : "hidden";
  copy.setAttribute("overflow", overflow);
  return copy;
}

/**
 * @param {Element} node
 * @param {Record<string, string>} around - What is inherited.
 * @returns {SVGElement | null} Null of what is not shown.
 */
function copied(node, around) {
  const style = getComputedStyle(node);
  if (style.display === "none" && !node.closest("clipPath, defs, mask, pattern, marker")) return null;
  const copy = svgElement(/** @type {keyof SVGElementTagNameMap} */ (node.localName));
  for (const { name, value } of node.attributes) if (!DROPPED.test(name)) copy.setAttribute(name, local(value));
  const own = setStyles(copy, style, around);
  for (const child of node.childNodes) {
    if (child instanceof SVGElement) copy.append(copied(child, own) ?? "");
    else if (child instanceof Text) copy.append(child.data);
  }
  return copy;
}

/**
 * @param {SVGElement} copy
 * @param {CSSStyleDeclaration} style
 * @param {Record<string, string>} around
 * @returns {Record<string, string>} What is inherited from here on.
 */
function setStyles(copy, style, around) {
  /** @type {Record<string, string>} */
  const own = {};
  for (const [name, initial] of Object.entries(INHERITED)) {
    own[name] = propertyOf(name, style);
    setWhereNew(copy, name, own[name], around[name] ?? initial);
  }
  for (const [name, initial] of Object.entries(OWN)) setWhereNew(copy, name, propertyOf(name, style), initial);
  return own;
}

/**
 * @param {SVGElement} copy
 * @param {string} name
 * @param {string} value
 * @param {string} known - What it is without being said.
 */
function setWhereNew(copy, name, value, known) {
  if (!value || value === known) copy.removeAttribute(name);
  else copy.setAttribute(name, local(value));
}

/**
 * The value of a property, where colours have no opacity of their own: that is in the property beside them.
 *
 * @param {string} name
 * @param {CSSStyleDeclaration} style
 */
function propertyOf(name, style) {
  const value = style.getPropertyValue(name);
  if (COLOURS.has(name)) return isColour(value) ? colourOf(value).hex : value;
  const colour = OPACITIES.get(name);
  const beside = colour && style.getPropertyValue(colour);
  if (!beside || !isColour(beside)) return value;
  return String(Math.round(Number(value) * colourOf(beside).opacity * 1000) / 1000);
}

/** @param {string} value */
function isColour(value) {
  return value !== "none" && !value.startsWith("url(") && !value.startsWith("context-");
}

/**
 * References to other parts of the page's document, as references within the file.
 *
 * @param {string} value
 */
function local(value) {
  return value.replace(REFERENCE, "url($1)");
}
