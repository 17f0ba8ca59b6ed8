// A text as the browser has broken it into lines: each with its place and the font that it is written in.

import { svgElement } from "../dom.js";
import { paint } from "./colours.js";

/** @typedef {import("./page_copy.js").Place} Place */
/** @typedef {{ text: string, left: number, top: number, right: number, bottom: number }} Line */

const NOT_IN_XML = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;
/** @type {CanvasRenderingContext2D | null} */
let ruler = null;

/**
 * What XML can hold of a text.
 *
 * @param {string} text
 */
export function plainText(text) {
  return text.replace(NOT_IN_XML, "\ufffd");
}

/**
 * @param {CSSStyleDeclaration} style
 * @returns {import("../dom.js").Attributes} The font, and the colour of the letters.
 */
export function lettersOf(style) {
  const { fontFamily, fontSize, fontWeight, fontStyle, color } = style;
  return {
    "font-family": fontFamily.replaceAll('"', "'"),
    "font-size": Number.parseFloat(fontSize),
    ...(fontWeight !== "400" && { "font-weight": fontWeight }),
    ...(fontStyle !== "normal" && { "font-style": fontStyle }),
    ...(paint("fill", color) ?? { fill: "none" }),
  };
}

/**
 * How far below the top of its line's box a font has its base line, as a share of the height.
 *
 * @param {CSSStyleDeclaration} style
 */
export function ascentOf({ fontStyle, fontWeight, fontSize, fontFamily }) {
  ruler ??= document.createElement("canvas").getContext("2d");
  if (!ruler) return 0.8;
  ruler.font = `${fontStyle} ${fontWeight} ${fontSize} ${fontFamily}`;
  const { fontBoundingBoxAscent: up, fontBoundingBoxDescent: down } = ruler.measureText("x");
  return up / (up + down) || 0.8;
}

/**
 * A text of the page as elements of SVG.
 *
 * @param {Text} node
 * @param {Place} place - Of the picture on the page.
 * @returns {SVGElement[]}
 */
export function drawnText(node, place) {
  const { parentElement } = node;
  if (!parentElement || !node.data.trim()) return [];
  const style = getComputedStyle(parentElement);
  const isUpright = style.writingMode.startsWith("vertical");
  const letters = lettersOf(style);
  const ascent = ascentOf(style);
  return linesOf(node, style, isUpright).map(({ text, left, top, right, bottom }) => {
    const length = round(isUpright ? bottom - top : right - left);
    const [x, y] = [left - place.left, top - place.top].map(round);
    // Written down a page, letters lie on their side: the line's left is their foot.
    /** @type {import("../dom.js").Attributes} */
    const at = isUpright
      ? { transform: `translate(${round(x + (right - left) * (1 - ascent))} ${y}) rotate(90)` }
      : { x, y: round(y + (bottom - top) * ascent) };
    if (style.textDecorationLine.includes("underline")) at["text-decoration"] = "underline";
    // Another machine may have another font: the words keep their places.
    if ([...text].length > 1) Object.assign(at, { textLength: length, lengthAdjust: "spacingAndGlyphs" });
    return svgElement("text", { ...letters, ...at, "xml:space": "preserve" }, plainText(text));
  });
}

/**
 * @param {Text} node
 * @param {CSSStyleDeclaration} style
 * @param {boolean} isUpright
 * @returns {Line[]}
 */
function linesOf(node, { textTransform, whiteSpace }, isUpright) {
  const keepsSpace = whiteSpace.startsWith("pre") || whiteSpace === "break-spaces";
  const range = document.createRange();
  /** @type {(Line & { from: number, to: number })[]} */
  const lines = [];
  /** @type {(from: number, to: number) => void} */
  const add = (from, to) => {
    range.setStart(node, from);
    range.setEnd(node, to);
    const boxes = [...range.getClientRects()].filter(({ width, height }) => width && height);
    if (boxes.length > 1 && to - from > 1) return addLetters(from, to);
    const [box] = boxes;
    if (!box) return;
    const last = lines.at(-1);
    const isSame =
      last &&
      (isUpright ? Math.abs(last.left - box.left) < 2 : Math.abs(last.top - box.top) < 2 && box.left >= last.left);
    if (!isSame) return lines.push({ from, to, text: "", ...ends(box) });
    last.to = to;
    last.right = Math.max(last.right, box.right);
    last.bottom = Math.max(last.bottom, box.bottom);
  };
  /** @type {(from: number, to: number) => void} */
  const addLetters = (from, to) => {
    let at = from;
    for (const letter of node.data.slice(from, to)) {
      add(at, at + letter.length);
      at += letter.length;
    }
  };
  for (const { 0: word, index } of node.data.matchAll(keepsSpace ? /[^\n]+/g : /[^ \t\n\r\f]+/g))
    add(index, index + word.length);
  return lines.map(({ from, to, ...line }) => {
    const text = node.data.slice(from, to);
    const shown = keepsSpace ? text : text.replace(/[ \t\n\r\f]+/g, " ");
    return { ...line, text: textTransform === "uppercase" ? shown.toUpperCase() : shown };
  });
}

/** @param {DOMRect} box */
function ends({ left, top, right, bottom }) {
  return { left, top, right, bottom };
}

/** @param {number} value */
export function round(value) {
  return Math.round(100 * value) / 100;
}
