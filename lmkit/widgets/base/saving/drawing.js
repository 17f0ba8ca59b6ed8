// A part of a page drawn anew as SVG, box by box and line by line: no drawing program knows HTML within it, and browsers
// refuse to make a PNG of it.

import { svgElement, uniqueId } from "../dom.js";
import { drawnBox } from "./boxes.js";
import { paint } from "./colours.js";
import { copyOf } from "./copy_svg.js";
import { ascentOf, drawnText, lettersOf, plainText, round } from "./text_lines.js";

/** @typedef {import("./copy_svg.js").Box} Box */
/** @typedef {import("./page_copy.js").Place} Place */

/** @type {Record<string, string>} */
const MARKERS = { "disclosure-open": "▾", "disclosure-closed": "▸" };
const FIELDS = "input, select, textarea";
const UNSEEN_PX = 1; // what is no larger is there for screen readers only

/** A drawing of what stands within a part of a page. */
export class Drawing {
  /** @param {HTMLElement} part - On the page, where it can be measured. */
  constructor(part) {
    const { left, top, width, height } = part.getBoundingClientRect();
    /** @type {Place} */
    this.place = { left, top };
    this.size = { width, height };
    this.definitions = svgElement("defs");
    this.root = svgElement("g");
    /** @type {Element[] | null} */
    this.sticky = null; // what stays where it is while all else in a box is scrolled: it lies above
    this.draw(part, this.root);
    if (this.definitions.childElementCount) this.root.prepend(this.definitions);
  }

  /**
   * @param {Element} node
   * @param {SVGElement} into
   */
  draw(node, into) {
    const style = getComputedStyle(node);
    if (style.display === "none" || isUnseen(node, style)) return;
    if (style.position === "sticky" && this.sticky) {
      this.sticky.push(node);
      return;
    }
    const turned = style.transform === "none" ? null : this.turn(node, style);
    const group = grouped(into, style, turned);
    const boxes = this.boxesOf(node, style);
    if (node instanceof SVGSVGElement) {
      if (style.visibility === "visible" && boxes[0]) group.append(copyOf(node, boxes[0]));
      return;
    }
    const clipped = boxes[0] ? this.clip(style, boxes[0], group) : group;
    if (style.visibility === "visible") {
      for (const box of boxes) clipped.append(...drawnBox(box, style, (shape) => this.define(shape)));
      if (style.display === "list-item" && boxes[0]) clipped.append(...markerOf(node, style, boxes[0]));
    }
    if (node.matches(FIELDS)) return clipped.append(...drawnField(node, style, boxes[0]));
    const inner = this.window(node, style, boxes[0], clipped);
    if (inner === clipped) this.drawInside(node, style, inner);
    else this.drawScrolled(node, style, inner);
  }

  /**
   * @param {Element} node
   * @param {CSSStyleDeclaration} style
   * @param {SVGElement} into
   */
  drawScrolled(node, style, into) {
    const outer = this.sticky;
    /** @type {Element[]} */
    const sticky = [];
    this.sticky = sticky;
    this.drawInside(node, style, into);
    this.sticky = null;
    for (const above of sticky.sort((a, b) => heightOf(a) - heightOf(b))) this.draw(above, into);
    this.sticky = outer;
  }

  /**
   * @param {Element} node
   * @param {CSSStyleDeclaration} style
   * @param {SVGElement} into
   */
  drawInside(node, { visibility }, into) {
    for (const child of node.childNodes) {
      if (child instanceof Text) {
        if (visibility === "visible") into.append(...drawnText(child, this.place));
      } else if (child instanceof Element) this.draw(child, into);
    }
  }

  /**
   * The boxes of an element: several where it is broken into lines.
   *
   * @param {Element} node
   * @param {CSSStyleDeclaration} style
   * @returns {Box[]}
   */
  boxesOf(node, { display }) {
    const rectangles = display === "inline" ? [...node.getClientRects()] : [node.getBoundingClientRect()];
    return rectangles.map(({ left, top, width, height }) => ({
      x: left - this.place.left,
      y: top - this.place.top,
      width,
      height,
    }));
  }

  /**
   * What is turned is drawn upright within a group that turns it.
   *
   * @param {Element} node
   * @param {CSSStyleDeclaration} style
   */
  turn(node, style) {
    const [a, b, c, d, e, f] = (style.transform.match(/^matrix\((.*)\)$/)?.[1] ?? "1, 0, 0, 1, 0, 0")
      .split(", ")
      .map(Number);
    if ((a === 1 && !b && !c && d === 1) || !(node instanceof HTMLElement)) return null;
    const origin = style.transformOrigin.split(" ").map(Number.parseFloat);
    node.style.transform = "none";
    const [box] = this.boxesOf(node, style);
    const [x, y] = [box.x + origin[0], box.y + origin[1]].map(round);
    return `translate(${x} ${y}) matrix(${[a, b, c, d, e, f].map(round).join(" ")}) translate(${-x} ${-y})`;
  }

  /**
   * A group cut to a polygon, where the element is.
   *
   * @param {CSSStyleDeclaration} style
   * @param {Box} box
   * @param {SVGElement} group
   */
  clip({ clipPath }, { x, y, width, height }, group) {
    const corners = clipPath.match(/^polygon\((.*)\)$/)?.[1];
    if (!corners) return group;
    const points = corners.split(",").map((corner) => {
      const [across, down] = corner.trim().split(" ");
      return `${round(x + part(across, width))},${round(y + part(down, height))}`;
    });
    return this.cut(group, svgElement("polygon", { points: points.join(" ") }));
  }

  /**
   * A group cut to the box where what is within has to be scrolled.
   *
   * @param {Element} node
   * @param {CSSStyleDeclaration} style
   * @param {Box | undefined} box
   * @param {SVGElement} group
   */
  window(node, { overflowX, overflowY }, box, group) {
    const isWider = overflowX !== "visible" && node.scrollWidth > node.clientWidth + 1;
    const isHigher = overflowY !== "visible" && node.scrollHeight > node.clientHeight + 1;
    if (!box || !(isWider || isHigher)) return group;
    const { x, y, width, height } = box;
    const place = { x: round(x), y: round(y), width: round(width), height: round(height) };
    return this.cut(group, svgElement("rect", place));
  }

  /**
   * @param {SVGElement} into
   * @param {SVGElement} shape
   */
  cut(into, shape) {
    const group = svgElement("g", { "clip-path": `url(#${this.define(svgElement("clipPath", {}, shape))})` });
    into.append(group);
    return group;
  }

  /** @param {SVGElement} shape */
  define(shape) {
    shape.id = uniqueId("lmkit-drawn");
    this.definitions.append(shape);
    return shape.id;
  }
}

/** @param {Element} node */
function heightOf(node) {
  return Number.parseInt(getComputedStyle(node).zIndex, 10) || 0;
}

/**
 * @param {Element} node
 * @param {CSSStyleDeclaration} style
 */
function isUnseen(node, { position, overflow }) {
  if (position !== "absolute" || overflow !== "hidden") return false;
  const { width, height } = node.getBoundingClientRect();
  return width <= UNSEEN_PX && height <= UNSEEN_PX;
}

/**
 * @param {SVGElement} into
 * @param {CSSStyleDeclaration} style
 * @param {string | null} transform
 */
function grouped(into, { opacity }, transform) {
  if (opacity === "1" && !transform) return into;
  const group = svgElement("g", { ...(opacity !== "1" && { opacity }), ...(transform && { transform }) });
  into.append(group);
  return group;
}

/**
 * @param {string} length - Pixels, or a share of the whole.
 * @param {number} whole
 */
function part(length, whole) {
  const value = Number.parseFloat(length);
  return length.endsWith("%") ? (value / 100) * whole : value;
}

/**
 * The dot or number before an item of a list.
 *
 * @param {Element} node
 * @param {CSSStyleDeclaration} style
 * @param {Box} box
 */
function markerOf(node, style, { x, y }) {
  if (style.listStyleType === "none") return [];
  const [signs, isInside] = [MARKERS[style.listStyleType], style.listStylePosition === "inside"];
  const number = [...(node.parentElement?.children ?? [])].indexOf(node) + 1;
  const text = signs ?? (style.listStyleType === "decimal" ? `${number}.` : "•");
  const size = Number.parseFloat(style.fontSize);
  const line = Number.parseFloat(style.lineHeight) || 1.2 * size;
  /** @type {import("../dom.js").Attributes} */
  const left = isInside ? { x: round(x) } : { x: round(x - 0.5 * size), "text-anchor": "end" };
  const at = { ...left, y: round(y + line / 2 + 0.35 * size) };
  return [svgElement("text", { ...lettersOf(style), ...at }, text)];
}

/**
 * What stands in a field, or whether its box is ticked.
 *
 * @param {Element} node
 * @param {CSSStyleDeclaration} style
 * @param {Box} box
 * @returns {SVGElement[]}
 */
function drawnField(node, style, { x, y, width, height }) {
  const size = Number.parseFloat(style.fontSize);
  if (node instanceof HTMLInputElement && (node.type === "checkbox" || node.type === "radio"))
    return ticked(node, style, { x, y, width, height });
  const text = node instanceof HTMLSelectElement ? (node.selectedOptions[0]?.text ?? "") : writtenIn(node);
  const left = Number.parseFloat(style.paddingLeft) + Number.parseFloat(style.borderLeftWidth);
  const middle = node instanceof HTMLTextAreaElement ? size : height / 2 + size * (ascentOf(style) - 0.5) * 1.1;
  const at = { x: round(x + left), y: round(y + middle) };
  return text ? [svgElement("text", { ...lettersOf(style), ...at }, plainText(text))] : [];
}

/** @param {Element} node */
function writtenIn(node) {
  if (node instanceof HTMLTextAreaElement) return node.value;
  return node instanceof HTMLInputElement && node.type !== "file" ? node.value : "";
}

/**
 * @param {HTMLInputElement} field
 * @param {CSSStyleDeclaration} style
 * @param {Box} box
 */
function ticked({ type, checked }, { color }, { x, y, width, height }) {
  const [middleX, middleY, radius] = [x + width / 2, y + height / 2, Math.min(width, height) / 2 - 1].map(round);
  const line = { fill: "none", ...paint("stroke", color), "stroke-width": 1.25 };
  const dot = svgElement("circle", { cx: middleX, cy: middleY, r: round(radius / 2), ...paint("fill", color) });
  if (type === "radio")
    return [svgElement("circle", { cx: middleX, cy: middleY, r: radius, ...line }), ...(checked ? [dot] : [])];
  const side = 2 * radius;
  const box = svgElement("rect", {
    x: middleX - radius,
    y: middleY - radius,
    width: side,
    height: side,
    rx: 2,
    ...line,
  });
  const tick = `M${middleX - radius / 2} ${middleY}l${radius / 2} ${radius / 2}l${radius * 0.6} ${-radius}`;
  return checked ? [box, svgElement("path", { d: tick, ...line, "stroke-width": 2 })] : [box];
}
