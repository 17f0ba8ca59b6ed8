// The plane of quality and diversity: curves of measured points, of which one is chosen, drawn anew at every width.

import { placeOf, sizeOf, watchSize } from "../../base/charts/place.js";
import { setAttribute, setText, svgElement, uniqueId } from "../../base/dom.js";
import { hasNumbers } from "../../base/shown_numbers.js";
import { markOf } from "./marks.js";
import { inWords, MEASURES, nameOf, tickText } from "./measures.js";
import { roundTenth, scaleOf } from "./scale.js";

/** @typedef {import("./measures.js").Curve} Curve */
/** @typedef {import("./measures.js").Measures} Measures */
/** @typedef {import("./measures.js").Point} Point */
/** @typedef {import("./scale.js").Scale} Scale */
/** @typedef {import("./scale.js").Span} Span */
/** @typedef {{ curve: number, point: number }} Choice Places of a curve and of a point on it. */
/** @typedef {{ x: number, y: number, visible: boolean }} Spot */
/** @typedef {{ quality: string, diversity: string, x: Scale, y: Scale }} Axes Names of measures, and their scales. */

const PLANE_HEIGHT = 360;
const EDGE = { top: 26, bottom: 46, left: 52, right: 16 };
const REACH = 26; // how near a pointer must come to a point, in pixels
const NEARBY = 0.15; // the neighbourhood of the truth, as a part of the whole range to either side

/**
 * @param {Curve[]} curves
 * @param {Measures} truth
 */
function numbersOf(curves, truth) {
  const names = Object.keys(MEASURES);
  const columns = names.flatMap((name) => [MEASURES[name].label, `${MEASURES[name].label} ±`]);
  /** @param {Measures} measures */
  const values = (measures) => names.flatMap((name) => measures[name]);
  const rows = curves.flatMap(({ label, points }) =>
    points.map(({ value, measures }) => [label, value, ...values(measures)]),
  );
  return { columns: ["decoder", "value", ...columns], rows: [...rows, ["the truth", null, ...values(truth)]] };
}

export class ComparisonPlane {
  /**
   * Everything that only the points decide; `show` puts it where it belongs.
   * @param {object} given
   * @param {Curve[]} given.curves
   * @param {Measures} given.truth
   * @param {(curve: number, point: number) => void} given.onSelect is called with places
   * @param {() => void} given.onResize is called when there is another width to draw for
   */
  constructor({ curves, truth, onSelect, onResize }) {
    this.curves = curves;
    this.truth = truth;
    this.onSelect = onSelect;
    this.width = 0;
    this.height = PLANE_HEIGHT;
    this.frame = ""; // what the layout follows from
    /** @type {Choice | null} */
    this.chosen = null;
    /** @type {Spot[][]} */
    this.spots = [];
    this.truthAt = { x: 0, y: 0 };
    this.svg = svgElement("svg", { class: "lmkit-comparison-plane" });
    this.root = placeOf("lmkit-comparison-frame", this.svg, PLANE_HEIGHT);
    this.axes = svgElement("g", { "aria-hidden": "true" });
    this.lines = curves.map(({ name }) => svgElement("path", { class: `lmkit-comparison-line lmkit-by-${name}` }));
    this.bars = curves.map(({ name }) => svgElement("path", { class: `lmkit-comparison-bar lmkit-by-${name}` }));
    this.radios = curves.map((curve) => curve.points.map(() => makeRadio(curve)));
    this.diamond = svgElement("path", { class: "lmkit-comparison-truth" });
    this.truthLabel = svgElement("text", { class: "lmkit-comparison-truth-label" }, "the truth");
    this.ring = svgElement("circle", { class: "lmkit-comparison-ring", r: "10" });
    this.label = svgElement("text", { class: "lmkit-comparison-name" });
    const clip = uniqueId("lmkit-clip");
    const label = "Measured points; arrow keys left and right follow a curve, up and down change it";
    const group = svgElement("g", { role: "radiogroup", "aria-label": label }, ...this.radios.flat());
    this.box = svgElement("rect");
    const drawn = [...this.bars, ...this.lines, this.diamond];
    const inside = svgElement("g", { "clip-path": `url(#${clip})`, "aria-hidden": "true" }, ...drawn);
    const shown = svgElement("g", { "aria-hidden": "true" }, this.ring, this.truthLabel, this.label);
    this.svg.replaceChildren(svgElement("clipPath", { id: clip }, this.box), this.axes, inside, group, shown);
    this.observer = watchSize(this.root, this, onResize);
    hasNumbers(this.root, () => numbersOf(curves, truth));
    this.svg.addEventListener("click", (event) => this.click(event));
    this.svg.addEventListener("pointermove", (event) => this.hover(this.nearest(event)));
    this.svg.addEventListener("pointerleave", () => this.hover(null));
    this.svg.addEventListener("keydown", (event) => this.press(event));
  }

  close() {
    this.observer.disconnect();
  }

  /** @param {{ quality: string, diversity: string, near: boolean, chosen: Choice }} given */
  show({ quality, diversity, near, chosen }) {
    const size = sizeOf(this.root, { width: 640, height: PLANE_HEIGHT }); // hidden until the first measurement is there
    const frame = [size.width, size.height, quality, diversity, near].join();
    if (this.frame !== frame) this.layOut(size, quality, diversity, near);
    this.frame = frame;
    this.chosen = chosen;
    for (const [c, radios] of this.radios.entries()) {
      const follows = c === chosen.curve;
      for (const node of [this.lines[c], this.bars[c]]) node.classList.toggle("lmkit-comparison-followed", follows);
      for (const [n, radio] of radios.entries()) {
        const checked = follows && n === chosen.point;
        radio.classList.toggle("lmkit-comparison-followed", follows);
        setAttribute(radio, "aria-checked", String(checked));
        setAttribute(radio, "tabindex", checked ? "0" : "-1");
      }
    }
    this.showRing(chosen);
    this.hover(null);
  }

  /**
   * Scales, axes, and every point in its place.
   * @param {import("../../base/charts/place.js").Size} size
   * @param {string} quality
   * @param {string} diversity
   * @param {boolean} near
   */
  layOut({ width, height }, quality, diversity, near) {
    this.width = width;
    this.height = height;
    const across = { from: EDGE.left, to: width - EDGE.right, apart: 60 };
    const up = { from: height - EDGE.bottom, to: EDGE.top, apart: 45 };
    const turned = MEASURES[diversity].falling ? { ...across, from: across.to, to: across.from } : across;
    const seen = this.seen(diversity, near);
    /** @type {(name: string, span: Span) => Scale} */
    const scale = (name, span) => {
      const values = seen.map((measures) => measures[name][0]);
      return scaleOf(values, span);
    };
    const axes = { quality, diversity, x: scale(diversity, turned), y: scale(quality, up) };
    setAttribute(this.svg, "viewBox", `0 0 ${width} ${height}`);
    setAttribute(this.svg, "height", String(height));
    const box = { x: across.from, y: up.to - 8, width: across.to - across.from, height: up.from - up.to + 8 };
    for (const [name, value] of Object.entries(box)) setAttribute(this.box, name, String(value));
    this.axes.replaceChildren(...axesOf(axes, across, up));
    /** @type {(measures: Measures) => Spot} */
    const at = (measures) => {
      const x = axes.x.at(measures[diversity][0]);
      const y = axes.y.at(measures[quality][0]);
      return { x, y, visible: x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height };
    };
    this.spots = this.curves.map(({ points }) => points.map(({ measures }) => at(measures)));
    for (const [c, curve] of this.curves.entries()) this.layOutCurve(curve, c, axes);
    this.layOutTruth(at(this.truth));
  }

  /**
   * The measures that decide what is shown: all, or those whose diversity is near that of the truth.
   * @param {string} diversity
   * @param {boolean} near
   */
  seen(diversity, near) {
    const all = [this.truth, ...this.curves.flatMap(({ points }) => points.map(({ measures }) => measures))];
    if (!near) return all;
    const values = all.map((measures) => measures[diversity][0]);
    const middle = this.truth[diversity][0];
    const window = NEARBY * (Math.max(...values) - Math.min(...values));
    return all.filter((measures) => Math.abs(measures[diversity][0] - middle) <= window);
  }

  /** @param {Spot} spot */
  layOutTruth({ x, y }) {
    setAttribute(this.diamond, "d", markOf("truth", x, y, 9));
    const left = x > this.width - 90;
    setAttribute(this.truthLabel, "text-anchor", left ? "end" : "start");
    this.truthAt = { x, y: y - 8 };
    setAttribute(this.truthLabel, "x", String(left ? x - 14 : x + 14));
    setAttribute(this.truthLabel, "y", String(y - 8));
  }

  /**
   * @param {Curve} curve
   * @param {number} c its place
   * @param {Axes} axes
   */
  layOutCurve(curve, c, { quality, diversity, x: across, y: up }) {
    const spots = this.spots[c];
    const bars = curve.points.map(({ measures }, n) => {
      const { x, y } = spots[n];
      const dx = across.length(measures[diversity][1]);
      const dy = up.length(measures[quality][1]);
      return `M${roundTenth(x - dx)} ${y}H${roundTenth(x + dx)}M${x} ${roundTenth(y - dy)}V${roundTenth(y + dy)}`;
    });
    setAttribute(this.lines[c], "d", `M${spots.map(({ x, y }) => `${x} ${y}`).join("L")}`);
    setAttribute(this.bars[c], "d", bars.join(""));
    for (const [n, point] of curve.points.entries()) {
      const { x, y, visible } = spots[n];
      const radio = this.radios[c][n];
      const words = [quality, diversity].map((name) => inWords(point, name)).join(", ");
      setAttribute(radio, "transform", `translate(${x} ${y})`);
      setAttribute(radio, "display", visible ? null : "none");
      setAttribute(radio, "aria-label", `${nameOf(curve, point)}: ${words}`);
    }
  }

  /** @param {Choice} chosen */
  showRing({ curve, point }) {
    const { x, y, visible } = this.spots[curve][point];
    setAttribute(this.ring, "cx", String(x));
    setAttribute(this.ring, "cy", String(y));
    setAttribute(this.ring, "display", visible ? null : "none");
  }

  /**
   * The name of the point under the pointer, or of the chosen one.
   * @param {Choice | null} found
   */
  hover(found) {
    if (!this.chosen) return;
    const { curve, point } = found ?? this.chosen;
    const { x, y, visible } = this.spots[curve][point];
    const name = visible ? nameOf(this.curves[curve], this.curves[curve].points[point]) : "";
    setText(this.label, name);
    const left = x > this.width - 24 - 8 * name.length;
    const above = y > this.height - EDGE.bottom - 30;
    const { truthAt } = this;
    const line = above ? y - 12 : y + 22;
    const covered = Math.abs(line - truthAt.y) < 16 && Math.abs(x - truthAt.x) < 200; // by the name of the truth
    setAttribute(this.label, "x", String(left ? x - 12 : x + 12));
    setAttribute(this.label, "y", String(covered ? truthAt.y - 16 : line));
    setAttribute(this.label, "text-anchor", left ? "end" : "start");
    this.svg.classList.toggle("lmkit-comparison-pointed", Boolean(found));
  }

  /**
   * The visible point nearest to the pointer; those of the chosen curve go first where points crowd.
   * @param {MouseEvent} event
   */
  nearest({ clientX, clientY }) {
    const box = this.svg.getBoundingClientRect();
    /** @type {Choice | null} */
    let best = null;
    let least = REACH;
    for (const [curve, spots] of this.spots.entries()) {
      for (const [point, { x, y, visible }] of spots.entries()) {
        const away = Math.hypot(clientX - box.left - x, clientY - box.top - y) - (curve === this.chosen?.curve ? 3 : 0);
        if (visible && away < least) [best, least] = [{ curve, point }, away];
      }
    }
    return best;
  }

  /** @param {MouseEvent} event */
  click(event) {
    const found = this.nearest(event);
    if (found) this.onSelect(found.curve, found.point);
  }

  /** @param {KeyboardEvent} event */
  press(event) {
    if (!this.chosen) return;
    const { curve, point } = this.chosen;
    const last = this.curves[curve].points.length - 1;
    /** @type {Record<string, [number, number]>} */
    const keys = {
      ArrowRight: [curve, Math.min(point + 1, last)],
      ArrowLeft: [curve, Math.max(point - 1, 0)],
      ArrowDown: [(curve + 1) % this.curves.length, point],
      ArrowUp: [(curve + this.curves.length - 1) % this.curves.length, point],
      Home: [curve, 0],
      End: [curve, last],
    };
    const to = keys[event.key];
    if (!to || !(event.target instanceof Element && event.target.closest("[role=radio]"))) return;
    event.preventDefault();
    const [toCurve, wanted] = to;
    const toPoint = Math.min(wanted, this.curves[toCurve].points.length - 1);
    this.onSelect(toCurve, toPoint);
    this.radios[toCurve][toPoint].focus();
  }
}

/** @param {Curve} curve */
function makeRadio({ name }) {
  return svgElement(
    "g",
    { role: "radio", class: `lmkit-comparison-point lmkit-by-${name}` },
    svgElement("circle", { class: "lmkit-comparison-target", r: "12" }),
    svgElement("path", { d: markOf(name, 0, 0, 4.5) }),
  );
}

/**
 * @param {Axes} axes
 * @param {Span} across
 * @param {Span} up
 */
function axesOf({ quality, diversity, x, y }, across, up) {
  /** @type {SVGElement[]} */
  const parts = [];
  /** @type {(attributes: Record<string, string | number>, content: string) => void} */
  const text = (attributes, content) => parts.push(svgElement("text", attributes, content));
  for (const tick of y.ticks) {
    const at = y.at(tick);
    parts.push(svgElement("path", { class: "lmkit-comparison-grid", d: `M${across.from} ${at}H${across.to}` }));
    text({ x: across.from - 6, y: at + 4, "text-anchor": "end" }, tickText(tick, y.step, quality));
  }
  for (const tick of x.ticks) {
    const at = x.at(tick);
    parts.push(svgElement("path", { class: "lmkit-comparison-grid", d: `M${at} ${up.from}V${up.to}` }));
    text({ x: at, y: up.from + 17, "text-anchor": "middle" }, tickText(tick, x.step, diversity));
  }
  text({ class: "lmkit-comparison-axis", x: 0, y: 13 }, `↑ ${MEASURES[quality].label}`);
  const more = MEASURES[diversity].falling ? " (less is more diverse)" : "";
  const name = `${MEASURES[diversity].label}${more} →`;
  text({ class: "lmkit-comparison-axis", x: across.to, y: up.from + EDGE.bottom - 6, "text-anchor": "end" }, name);
  return parts;
}
