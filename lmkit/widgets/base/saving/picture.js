// The picture of a lab as a file: what it shows, under its settings, above its source.

import { svgElement } from "../dom.js";
import { paint } from "./colours.js";
import { Drawing } from "./drawing.js";
import { withCopy } from "./page_copy.js";
import { ascentOf, plainText } from "./text_lines.js";

/** @typedef {import("./source.js").Source} Source */
/** @typedef {{ text: string, width: number, height: number }} Picture - SVG, and its size in pixels. */

const AIR = 20; // px around everything
const FONT = "system-ui, sans-serif";
const SIZES = { title: 17, text: 13, source: 11.5 };
const LINE = 1.4;
const DENSITY = 2; // pixels of a PNG for each of the page's
const MOST_PIXELS = 16_000_000; // what a phone's browser draws at most

/**
 * @param {HTMLElement} content - What the lab shows.
 * @param {Source} source
 * @returns {Picture}
 */
export function pictureOf(content, source) {
  const drawing = withCopy(content, (copy) => new Drawing(copy));
  const style = getComputedStyle(content);
  const width = Math.ceil(drawing.size.width) + 2 * AIR;
  const inner = width - 2 * AIR;
  const head = new Writing(AIR, AIR, inner, style);
  head.write(source.title, SIZES.title, "600");
  head.write(source.settings, SIZES.text);
  const top = head.bottom + AIR / 2;
  const foot = new Writing(AIR, top + Math.ceil(drawing.size.height) + AIR / 2, inner, style);
  foot.write(source.origin, SIZES.source);
  const height = Math.ceil(foot.bottom + AIR / 2);
  drawing.root.setAttribute("transform", `translate(${AIR} ${top})`);
  const paper = paint("fill", paperOf(content)) ?? { fill: "#ffffff" };
  const root = svgElement(
    "svg",
    { xmlns: "http://www.w3.org/2000/svg", width, height, viewBox: `0 0 ${width} ${height}` },
    svgElement("title", {}, plainText(source.caption)),
    svgElement("desc", {}, plainText(source.origin)),
    svgElement("rect", { width, height, ...paper }),
    ...head.lines,
    drawing.root,
    ...foot.lines,
  );
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(root)}\n`;
  return { text, width, height };
}

/**
 * The first colour behind an element.
 *
 * @param {Element} content
 */
function paperOf(content) {
  for (let node = /** @type {Element | null} */ (content); node; node = node.parentElement) {
    const { backgroundColor } = getComputedStyle(node);
    if (paint("fill", backgroundColor)) return backgroundColor;
  }
  return "#ffffff";
}

/** Lines of text, one below the other, each as long as there is room. */
class Writing {
  /**
   * @param {number} left
   * @param {number} top
   * @param {number} width
   * @param {CSSStyleDeclaration} style - Its colour.
   */
  constructor(left, top, width, { color }) {
    this.left = left;
    this.bottom = top;
    this.width = width;
    this.colour = paint("fill", color) ?? { fill: "#000000" };
    /** @type {SVGElement[]} */
    this.lines = [];
  }

  /**
   * @param {string} text
   * @param {number} size
   * @param {string} [weight]
   */
  write(text, size, weight = "400") {
    const ascent = ascentOf(
      /** @type {CSSStyleDeclaration} */ ({
        fontStyle: "normal",
        fontWeight: weight,
        fontSize: `${size}px`,
        fontFamily: FONT,
      }),
    );
    const font = { "font-family": FONT, "font-size": size, ...(weight !== "400" && { "font-weight": weight }) };
    for (const line of broken(plainText(text), this.width, `${weight} ${size}px ${FONT}`)) {
      const y = Math.round(this.bottom + (size * (LINE - 1)) / 2 + size * ascent * 1.1);
      this.lines.push(svgElement("text", { x: this.left, y, ...font, ...this.colour }, line));
      this.bottom += Math.round(size * LINE);
    }
  }
}

/**
 * A text in lines that fit, broken between words, and within those that are longer than a line.
 *
 * @param {string} text
 * @param {number} width
 * @param {string} font
 */
function broken(text, width, font) {
  const ruler = document.createElement("canvas").getContext("2d");
  if (!ruler) return [text];
  ruler.font = font;
  /** @param {string} line */
  const fits = (line) => ruler.measureText(line).width <= width;
  /** @type {string[]} */
  const lines = [];
  let line = "";
  for (const word of text.split(/(?<= )|(?<=[&?#])/)) {
    if (!fits(line + word.trimEnd()) && line) {
      lines.push(line.trimEnd());
      line = "";
    }
    line += word;
    while (!fits(line.trimEnd())) {
      const letters = [...line];
      let most = letters.length - 1;
      while (most > 1 && !fits(letters.slice(0, most).join(""))) most -= 1;
      lines.push(letters.slice(0, most).join(""));
      line = letters.slice(most).join("");
    }
  }
  return line.trim() ? [...lines, line.trimEnd()] : lines;
}

/**
 * The same picture in pixels.
 *
 * @param {Picture} picture
 * @returns {Promise<Blob>}
 */
export async function pngOf({ text, width, height }) {
  const address = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const density = Math.min(DENSITY, Math.sqrt(MOST_PIXELS / (width * height)));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(width * density);
    canvas.height = Math.round(height * density);
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) => {
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture came of it"))), "image/png");
    });
  } finally {
    URL.revokeObjectURL(address);
  }
}
