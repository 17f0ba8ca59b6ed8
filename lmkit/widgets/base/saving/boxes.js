// The boxes of a page as shapes of SVG: what is behind a text, around it, and drawn with nothing but styles.

import { svgElement } from "../dom.js";
import { paint } from "./colours.js";
import { round } from "./text_lines.js";

/** @typedef {import("./copy_svg.js").Box} Box */
/** @typedef {(shape: SVGElement) => string} Define - Keeps a shape among the definitions, and returns its name. */

const SIDES = /** @type {const} */ (["Top", "Right", "Bottom", "Left"]);
const CORNERS = /** @type {const} */ (["TopLeft", "TopRight", "BottomRight", "BottomLeft"]);
const COLOUR = "(?:[a-z]+\\([^()]*\\)|#[0-9a-f]+|[a-z]+)";
const STRIPES = /^repeating-linear-gradient\(135deg, (.*)\)$/;
const STOP = new RegExp(`(${COLOUR})((?: [\\d.]+px)+)`, "g");
const ONE_COLOUR = new RegExp(
  `^linear-gradient\\((?:to bottom, |180deg, )?(${COLOUR})(?: 0%)?, (${COLOUR})(?: 100%)?\\)$`,
);
/** @type {Record<string, (width: number) => string>} */
const DASHES = { dashed: (width) => `${3 * width} ${2 * width}`, dotted: (width) => `${width} ${width}` };

/**
 * What a box shows of itself, from the back to the front.
 *
 * @param {Box} box
 * @param {CSSStyleDeclaration} style
 * @param {Define} define
 * @returns {SVGElement[]}
 */
export function drawnBox(box, style, define) {
  const radii = CORNERS.map((corner) => radiusOf(style[`border${corner}Radius`], box));
  const shapes = [];
  const colour = paint("fill", style.backgroundColor);
  if (colour) shapes.push(outline(box, radii, colour));
  if (style.backgroundImage !== "none") shapes.push(...images(box, radii, style, define));
  return [...ring(box, radii, style), ...shapes, ...borders(box, radii, style), ...contour(box, radii, style)];
}

/**
 * @param {string} radius
 * @param {Box} box
 */
function radiusOf(radius, { width, height }) {
  const least = Math.min(width, height);
  const value = Number.parseFloat(radius) || 0;
  return Math.min(radius.endsWith("%") ? (value / 100) * least : value, least / 2);
}

/**
 * @param {Box} box
 * @param {number[]} radii
 * @param {import("../dom.js").Attributes} look
 */
function outline({ x, y, width, height }, radii, look) {
  const [first] = radii;
  if (radii.every((radius) => radius === first)) {
    const place = { x: round(x), y: round(y), width: round(Math.max(0, width)), height: round(Math.max(0, height)) };
    return svgElement("rect", { ...place, ...(first > 0 && { rx: round(first) }), ...look });
  }
  const [a, b, c, d] = radii.map(round);
  const path =
    `M${round(x + a)} ${round(y)}H${round(x + width - b)}a${b} ${b} 0 0 1 ${b} ${b}V${round(y + height - c)}` +
    `a${c} ${c} 0 0 1 ${-c} ${c}H${round(x + d)}a${d} ${d} 0 0 1 ${-d} ${-d}V${round(y + a)}a${a} ${a} 0 0 1 ${a} ${-a}Z`;
  return svgElement("path", { d: path, ...look });
}

/**
 * Stripes, and gradients of one colour that fill a part of the box.
 *
 * @param {Box} box
 * @param {number[]} radii
 * @param {CSSStyleDeclaration} style
 * @param {Define} define
 * @returns {SVGElement[]}
 */
function images(box, radii, { backgroundImage, backgroundSize, backgroundPosition }, define) {
  const [, stops] = backgroundImage.match(STRIPES) ?? [];
  if (stops) {
    const pattern = patternOf(stops);
    return pattern ? [outline(box, radii, { fill: `url(#${define(pattern)})` })] : [];
  }
  const [, colour, end] = backgroundImage.match(ONE_COLOUR) ?? [];
  const fill = colour === end && colour ? paint("fill", colour) : null;
  return fill ? [outline(partOf(box, backgroundSize, backgroundPosition), [0, 0, 0, 0], fill)] : [];
}

/**
 * Stripes that rise to the right: what is not striped is clear.
 *
 * @param {string} stops - Colours with the pixels at which they begin and end.
 */
function patternOf(stops) {
  const found = [...stops.matchAll(STOP)].map(([, colour, ends]) => ({
    colour,
    ends: ends.match(/[\d.]+/g)?.map(Number),
  }));
  const last = found.at(-1);
  const colour = last && paint("stroke", last.colour);
  if (!colour) return null;
  const ends = found.filter((stop) => stop.colour === last.colour).flatMap((stop) => stop.ends ?? []);
  const [from, to] = [Math.min(...ends), Math.max(...ends)];
  const line = svgElement("path", { d: `M0 ${(from + to) / 2}H${to}`, "stroke-width": round(to - from), ...colour });
  const turned = { width: to, height: to, patternUnits: "userSpaceOnUse", patternTransform: "rotate(-45)" };
  return svgElement("pattern", turned, line);
}

/**
 * @param {Box} box
 * @param {string} sizes
 * @param {string} positions
 * @returns {Box}
 */
function partOf({ x, y, width, height }, sizes, positions) {
  const [across, down = "auto"] = sizes.split(" ");
  const part = { width: lengthOf(across, width), height: lengthOf(down, height) };
  const [left, top] = positions.split(" ");
  return { x: x + lengthOf(left, width - part.width), y: y + lengthOf(top, height - part.height), ...part };
}

/**
 * A length of CSS of a whole: pixels, a share, or calc() of a share.
 *
 * @param {string} text
 * @param {number} whole
 */
function lengthOf(text, whole) {
  if (text === "auto") return whole;
  const value = Number.parseFloat(text.replace(/^calc\(/, ""));
  return text.includes("%") ? (value / 100) * whole : value || 0;
}

/**
 * A shadow without blur is a ring.
 *
 * @param {Box} box
 * @param {number[]} radii
 * @param {CSSStyleDeclaration} style
 */
function ring({ x, y, width, height }, radii, { boxShadow }) {
  const found = boxShadow.match(/^(.*?) 0px 0px 0px ([\d.]+)px( inset)?$/);
  const colour = found && paint("stroke", found[1]);
  if (!colour) return [];
  const wide = Number(found[2]);
  const out = (found[3] ? -1 : 1) * (wide / 2);
  const box = { x: x - out, y: y - out, width: width + 2 * out, height: height + 2 * out };
  return [
    outline(
      box,
      radii.map((radius) => radius && radius + out),
      { fill: "none", ...colour, "stroke-width": wide },
    ),
  ];
}

/**
 * @param {Box} box
 * @param {number[]} radii
 * @param {CSSStyleDeclaration} style
 */
function contour({ x, y, width, height }, radii, { outlineStyle, outlineWidth, outlineColor, outlineOffset }) {
  const colour = outlineStyle === "none" || outlineStyle === "auto" ? null : paint("stroke", outlineColor);
  const wide = Number.parseFloat(outlineWidth);
  if (!colour || !wide) return [];
  const out = wide / 2 + (Number.parseFloat(outlineOffset) || 0);
  const box = { x: x - out, y: y - out, width: width + 2 * out, height: height + 2 * out };
  const line = {
    fill: "none",
    ...colour,
    "stroke-width": wide,
    "stroke-dasharray": DASHES[outlineStyle]?.(wide) ?? "none",
  };
  return [
    outline(
      box,
      radii.map((radius) => radius && radius + out),
      line,
    ),
  ];
}

/**
 * @param {Box} box
 * @param {number[]} radii
 * @param {CSSStyleDeclaration} style
 * @returns {SVGElement[]}
 */
function borders({ x, y, width, height }, radii, style) {
  const sides = SIDES.map((side) => {
    const line = style[`border${side}Style`];
    const wide = Number.parseFloat(style[`border${side}Width`]);
    const colour = line === "none" || line === "hidden" || !wide ? null : paint("stroke", style[`border${side}Color`]);
    const dashes = DASHES[line]?.(wide);
    return colour && { ...colour, "stroke-width": wide, ...(dashes && { "stroke-dasharray": dashes }) };
  });
  const [first] = sides;
  if (first && sides.every((side) => JSON.stringify(side) === JSON.stringify(first))) {
    const half = Number(first["stroke-width"]) / 2;
    const box = { x: x + half, y: y + half, width: width - 2 * half, height: height - 2 * half };
    return [
      outline(
        box,
        radii.map((radius) => Math.max(0, radius - half)),
        { fill: "none", ...first },
      ),
    ];
  }
  return sides.flatMap((side, n) => {
    if (!side) return [];
    const half = Number(side["stroke-width"]) / 2;
    const [left, top, right, bottom] = [x, y, x + width, y + height].map(round);
    const ways = [
      `M${left} ${round(top + half)}H${right}`,
      `M${round(right - half)} ${top}V${bottom}`,
      `M${left} ${round(bottom - half)}H${right}`,
      `M${round(left + half)} ${top}V${bottom}`,
    ];
    return [svgElement("path", { d: ways[n], fill: "none", ...side })];
  });
}
