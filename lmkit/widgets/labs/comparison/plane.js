// The plane of quality and diversity: curves of measured points, of which one is chosen, drawn anew at every width.

import { element, setAttribute, setText, svgElement, uniqueId } from "../../base/dom.js";

const PLANE_HEIGHT = 360,
  EDGE = { top: 26, bottom: 46, left: 52, right: 16 };
const REACH = 26; // how near a pointer must come to a point, in pixels
const NEARBY = 0.15; // the neighbourhood of the truth, as a part of the whole range to either side

/** Up and across: what a measure is called, how its values are written, and whether less of it is more diverse. */
export const MEASURED = {
  grammatical: { label: "grammatical texts", digits: 1, unit: "\u202f%", times: 100 },
  log_prob: { label: "true log p per word", digits: 3 },
  distinct_2: { label: "distinct-2", digits: 3 },
  self_bleu: { label: "self-BLEU", digits: 3, falling: true },
  things: { label: "things told", digits: 1 },
};

/** "94.5 ± 1.6 %", with another sign for ± where it is read aloud. */
export function measured(measures, name, between = " ± ") {
  const { digits, unit = "", times = 1 } = MEASURED[name],
    [value, half] = measures[name];
  return `${minus(times * value, digits)}${half ? `${between}${minus(times * half, digits)}` : ""}${unit}`;
}

/** A marked value, with as many digits as tell it from the next. */
function tickText(value, step, name) {
  const { unit = "", times = 1 } = MEASURED[name];
  return `${minus(times * value, Math.max(0, -Math.floor(Math.log10(times * step) + 1e-9)))}${unit}`;
}

const PLUS = [
  [-0.4, -1.1],
  [0.4, -1.1],
  [0.4, -0.4],
  [1.1, -0.4],
  [1.1, 0.4],
  [0.4, 0.4],
  [0.4, 1.1],
  [-0.4, 1.1],
  [-0.4, 0.4],
  [-1.1, 0.4],
  [-1.1, -0.4],
  [-0.4, -0.4],
];

function minus(x, digits) {
  return x.toFixed(digits).replace("-", "\u2212");
}

/** "top-p 0.95". */
export function nameOf({ label }, { value }) {
  return `${label} ${value}`;
}

export class ComparisonPlane {
  /** `onSelect(curve, point)` is called with places; `onResize` when there is another width to draw for. */
  constructor({ onSelect, onResize }) {
    this.onSelect = onSelect;
    this.svg = svgElement("svg", { class: "lmkit-comparison-plane" });
    this.root = element("div", { class: "lmkit-comparison-frame" }, this.svg);
    this.clip = uniqueId("lmkit-clip");
    this.observer = new ResizeObserver(() => {
      if (this.root.clientWidth !== this.width) onResize();
    });
    this.observer.observe(this.root);
    this.svg.addEventListener("click", (event) => this.click(event));
    this.svg.addEventListener("pointermove", (event) => this.hover(this.nearest(event)));
    this.svg.addEventListener("pointerleave", () => this.hover(null));
    this.svg.addEventListener("keydown", (event) => this.press(event));
  }

  close() {
    this.observer.disconnect();
  }

  /** Everything that only the points decide; `show` puts it where it belongs. */
  build(curves, truth) {
    Object.assign(this, { curves, truth });
    this.axes = svgElement("g", { "aria-hidden": "true" });
    this.lines = curves.map(({ name }) => svgElement("path", { class: `lmkit-comparison-line lmkit-by-${name}` }));
    this.bars = curves.map(({ name }) => svgElement("path", { class: `lmkit-comparison-bar lmkit-by-${name}` }));
    this.radios = curves.map((curve) => curve.points.map(() => makeRadio(curve)));
    this.diamond = svgElement("path", { class: "lmkit-comparison-truth" });
    this.truthLabel = svgElement("text", { class: "lmkit-comparison-truth-label" }, "the truth");
    this.ring = svgElement("circle", { class: "lmkit-comparison-ring", r: "10" });
    this.label = svgElement("text", { class: "lmkit-comparison-name" });
    const label = "Measured points; arrow keys left and right follow a curve, up and down change it";
    const group = svgElement("g", { role: "radiogroup", "aria-label": label }, ...this.radios.flat());
    this.box = svgElement("rect");
    const drawn = [...this.bars, ...this.lines, this.diamond];
    const inside = svgElement("g", { "clip-path": `url(#${this.clip})`, "aria-hidden": "true" }, ...drawn);
    const shown = svgElement("g", { "aria-hidden": "true" }, this.ring, this.truthLabel, this.label);
    this.svg.replaceChildren(svgElement("clipPath", { id: this.clip }, this.box), this.axes, inside, group, shown);
  }

  show({ quality, diversity, near, chosen }) {
    const width = this.root.clientWidth || 640; // hidden until the first measurement is there
    const frame = [width, quality, diversity, near].join();
    if (this.frame !== frame) this.layOut(width, quality, diversity, near);
    this.frame = frame;
    this.chosen = chosen;
    this.curves.forEach(({ points }, c) => {
      const follows = c === chosen.curve;
      for (const node of [this.lines[c], this.bars[c]]) node.classList.toggle("lmkit-comparison-followed", follows);
      points.forEach((_, n) => {
        const radio = this.radios[c][n],
          checked = follows && n === chosen.point;
        radio.classList.toggle("lmkit-comparison-followed", follows);
        setAttribute(radio, "aria-checked", String(checked));
        setAttribute(radio, "tabindex", checked ? "0" : "-1");
      });
    });
    this.showRing();
    this.hover(null);
  }

  /** Scales, axes, and every point in its place. */
  layOut(width, quality, diversity, near) {
    this.width = width;
    const across = { from: EDGE.left, to: width - EDGE.right, apart: 60 };
    const up = { from: PLANE_HEIGHT - EDGE.bottom, to: EDGE.top, apart: 45 };
    const turned = MEASURED[diversity].falling ? { ...across, from: across.to, to: across.from } : across;
    const seen = this.seen(diversity, near);
    this.x = scaleOf(
      seen.map((measures) => measures[diversity][0]),
      turned,
    );
    this.y = scaleOf(
      seen.map((measures) => measures[quality][0]),
      up,
    );
    setAttribute(this.svg, "viewBox", `0 0 ${width} ${PLANE_HEIGHT}`);
    setAttribute(this.svg, "height", String(PLANE_HEIGHT));
    const box = { x: across.from, y: up.to - 8, width: across.to - across.from, height: up.from - up.to + 8 };
    for (const [name, value] of Object.entries(box)) setAttribute(this.box, name, String(value));
    this.axes.replaceChildren(...axesOf(this.x, this.y, quality, diversity, across, up));
    const at = (measures) => {
      const x = this.x.at(measures[diversity][0]),
        y = this.y.at(measures[quality][0]);
      return { x, y, visible: x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height };
    };
    this.places = this.curves.map(({ points }) => points.map(({ measures }) => at(measures)));
    this.curves.forEach((curve, c) => this.layOutCurve(curve, c, quality, diversity));
    this.layOutTruth(at(this.truth));
  }

  /** The measures that decide what is shown: all, or those whose diversity is near that of the truth. */
  seen(diversity, near) {
    const all = [this.truth, ...this.curves.flatMap(({ points }) => points.map(({ measures }) => measures))];
    if (!near) return all;
    const values = all.map((measures) => measures[diversity][0]),
      middle = this.truth[diversity][0];
    const window = NEARBY * (Math.max(...values) - Math.min(...values));
    return all.filter((measures) => Math.abs(measures[diversity][0] - middle) <= window);
  }

  layOutTruth({ x, y }) {
    setAttribute(this.diamond, "d", markOf("truth", x, y, 9));
    const left = x > this.width - 90;
    setAttribute(this.truthLabel, "text-anchor", left ? "end" : "start");
    this.truthAt = { x, y: y - 8 };
    setAttribute(this.truthLabel, "x", String(left ? x - 14 : x + 14));
    setAttribute(this.truthLabel, "y", String(y - 8));
  }

  layOutCurve(curve, c, quality, diversity) {
    const places = this.places[c];
    setAttribute(this.lines[c], "d", `M${places.map(({ x, y }) => `${x} ${y}`).join("L")}`);
    setAttribute(
      this.bars[c],
      "d",
      curve.points
        .map(({ measures }, n) => {
          const { x, y } = places[n];
          const dx = this.x.length(measures[diversity][1]),
            dy = this.y.length(measures[quality][1]);
          return `M${roundTenth(x - dx)} ${y}H${roundTenth(x + dx)}M${x} ${roundTenth(y - dy)}V${roundTenth(y + dy)}`;
        })
        .join(""),
    );
    curve.points.forEach((point, n) => {
      const { x, y, visible } = places[n],
        radio = this.radios[c][n];
      const words = [quality, diversity].map((name) => inWords(point, name)).join(", ");
      setAttribute(radio, "transform", `translate(${x} ${y})`);
      setAttribute(radio, "display", visible ? null : "none");
      setAttribute(radio, "aria-label", `${nameOf(curve, point)}: ${words}`);
    });
  }

  showRing() {
    const { x, y, visible } = this.places[this.chosen.curve][this.chosen.point];
    setAttribute(this.ring, "cx", String(x));
    setAttribute(this.ring, "cy", String(y));
    setAttribute(this.ring, "display", visible ? null : "none");
  }

  /** The name of the point under the pointer, or of the chosen one. */
  hover(found) {
    if (!this.chosen) return;
    const { curve, point } = found ?? this.chosen,
      { x, y, visible } = this.places[curve][point];
    setText(this.label, visible ? nameOf(this.curves[curve], this.curves[curve].points[point]) : "");
    const left = x > this.width - 24 - 8 * this.label.textContent.length,
      above = y > PLANE_HEIGHT - EDGE.bottom - 30;
    const { truthAt } = this,
      line = above ? y - 12 : y + 22;
    const covered = Math.abs(line - truthAt.y) < 16 && Math.abs(x - truthAt.x) < 200; // by the name of the truth
    setAttribute(this.label, "x", String(left ? x - 12 : x + 12));
    setAttribute(this.label, "y", String(covered ? truthAt.y - 16 : line));
    setAttribute(this.label, "text-anchor", left ? "end" : "start");
    this.svg.classList.toggle("lmkit-comparison-pointed", Boolean(found));
  }

  /** The visible point nearest to the pointer; those of the chosen curve go first where points crowd. */
  nearest({ clientX, clientY }) {
    const box = this.svg.getBoundingClientRect();
    let best = null,
      least = REACH;
    this.places?.forEach((places, curve) =>
      places.forEach(({ x, y, visible }, point) => {
        const away = Math.hypot(clientX - box.left - x, clientY - box.top - y) - (curve === this.chosen.curve ? 3 : 0);
        if (visible && away < least) [best, least] = [{ curve, point }, away];
      }),
    );
    return best;
  }

  click(event) {
    const found = this.nearest(event);
    if (found) this.onSelect(found.curve, found.point);
  }

  press(event) {
    const { curve, point } = this.chosen,
      last = this.curves[curve].points.length - 1;
    const to = {
      ArrowRight: [curve, Math.min(point + 1, last)],
      ArrowLeft: [curve, Math.max(point - 1, 0)],
      ArrowDown: [(curve + 1) % this.curves.length, point],
      ArrowUp: [(curve + this.curves.length - 1) % this.curves.length, point],
      Home: [curve, 0],
      End: [curve, last],
    }[event.key];
    if (!to || !event.target.closest("[role=radio]")) return;
    event.preventDefault();
    const [toCurve, wanted] = to,
      toPoint = Math.min(wanted, this.curves[toCurve].points.length - 1);
    this.onSelect(toCurve, toPoint);
    this.radios[toCurve][toPoint].focus();
  }
}

function makeRadio({ name }) {
  return svgElement(
    "g",
    { role: "radio", class: `lmkit-comparison-point lmkit-by-${name}` },
    svgElement("circle", { class: "lmkit-comparison-target", r: "12" }),
    svgElement("path", { d: markOf(name, 0, 0, 4.5) }),
  );
}

/** "grammatical texts 94.5 give or take 1.6 %". */
function inWords({ measures }, name) {
  return `${MEASURED[name].label} ${measured(measures, name, " give or take ")}`;
}

function axesOf(x, y, quality, diversity, across, up) {
  const parts = [],
    text = (attributes, content) => parts.push(svgElement("text", attributes, content));
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
  text({ class: "lmkit-comparison-axis", x: 0, y: 13 }, `↑ ${MEASURED[quality].label}`);
  const more = MEASURED[diversity].falling ? " (less is more diverse)" : "";
  const name = `${MEASURED[diversity].label}${more} →`;
  text({ class: "lmkit-comparison-axis", x: across.to, y: PLANE_HEIGHT - 6, "text-anchor": "end" }, name);
  return parts;
}

/** From values to pixels, with some air around, and round numbers to mark on the way, about so many pixels apart. */
function scaleOf(values, { from, to, apart }) {
  const low = Math.min(...values),
    high = Math.max(...values),
    air = 0.06 * (high - low) || 0.5;
  const per = (to - from) / (high - low + 2 * air);
  const at = (value) => roundTenth(from + (value - low + air) * per);
  const rough = (high - low + 2 * air) / Math.max(3, Math.abs(to - from) / apart);
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * [1, 2, 5, 10].find((factor) => factor * size >= rough);
  const ticks = [];
  for (let n = Math.ceil((low - air) / step); n * step <= high + air; n++) ticks.push(n * step);
  return { at, length: (value) => Math.abs(value * per), ticks, step };
}

/** A mark of its own for every strategy: never colour alone. */
export function markOf(name, x, y, r) {
  const corner = ([a, b]) => `${roundTenth(x + a * r)} ${roundTenth(y + b * r)}`;
  const polygon = (...corners) => `M${corners.map(corner).join("L")}Z`;
  if (name === "temperature") return polygon([0, -1.2], [1.1, 0.8], [-1.1, 0.8]);
  if (name === "min_p") return polygon([0, 1.2], [1.1, -0.8], [-1.1, -0.8]);
  if (name === "top_k") return polygon([-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]);
  if (name === "truth") return polygon([0, -1], [1, 0], [0, 1], [-1, 0]);
  if (name === "top_p") return `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
  if (name === "typical_p") return polygon(...PLUS);
  return polygon(...PLUS.map(([a, b]) => [(a + b) * Math.SQRT1_2, (b - a) * Math.SQRT1_2])); // an oblique cross
}

function roundTenth(value) {
  return Math.round(10 * value) / 10;
}
