// Charts of training runs that were repeated with several seeds: curves with a band, and dots with a bar. Both are drawn
// anew at every width. Styles are in run_charts.css, which lmkit/widgets/run_charts.py puts before a lab's own sheet.
//
//   const curves = new RunCurves({ onResize: () => this.ask() });    // called when there is another width to draw for
//   box.append(curves.root);                                         // a legend above a chart
//   curves.show({
//     series: [{ name: "none", role: "muted", mark: "square", points: [[x, mean, half], …], strong: true, dashed: true }],
//     x: { label: "epoch", ticks: [[1, "1"], [5, "5"]], range: [1, 15] },
//     y: { label: "held-out accuracy", times: 100, unit: "\u202f%", range: [0.4, 1] },
//     lines: [{ value: 0.9834, name: "a perfect oracle" }],
//     words: "The same in a sentence or two.",
//   });
//   const dots = new RunDots({ label: "All runs; arrow keys choose", onResize, onSelect: (index) => … });
//   dots.show({
//     dots: [{ name: "all but TAR", role: "model", mark: "circle", point: [x, mean, half], strong: true }, …],
//     chosen: 3,                                                     // or null; later dots lie above earlier ones
//     legend: [{ name: "all", role: "model", mark: "diamond" }, …], x, y, lines, words,                      // as above
//   });
//   curves.close(); dots.close();                                    // in the view's close()
//
// `role` is one of roles.json, `mark` one of RUN_MARKS. `half` is half an interval; 0 or null draws none. All of `x`
// and `y` but the labels, and `strong`, `dashed`, `lines` and `legend`, may be left out: ranges then follow the points,
// and ticks are round numbers; `times` and `unit` say how a value is written (0.5 as 50 %). A chart without `onSelect`
// is one picture with `words` as its text; with it, every dot is a radio button that a pointer or the arrow keys reach.

import { element, resize, setAttribute, setText, svgElement, uniqueId } from "../dom.js";

const RUN_HEIGHT = 300,
  RUN_EDGE = { top: 30, bottom: 46, left: 50, right: 14 };
const RUN_REACH = 24; // how near a pointer must come to a dot, in pixels

export const RUN_MARKS = ["circle", "square", "diamond", "up", "down", "plus"];

class RunChart {
  constructor({ onResize, role }) {
    this.svg = svgElement("svg", { class: "lmkit-run-chart", height: String(RUN_HEIGHT) });
    if (role) this.svg.setAttribute("role", role);
    this.legend = element("p", { class: "lmkit-run-legend", "aria-hidden": "true" });
    this.frame = element("div", { class: "lmkit-run-frame" }, this.svg);
    this.root = element("div", { class: "lmkit-run" }, this.legend, this.frame);
    const clip = uniqueId("lmkit-clip");
    this.box = svgElement("rect");
    this.axes = svgElement("g", { "aria-hidden": "true" });
    this.drawn = svgElement("g", { "clip-path": `url(#${clip})`, "aria-hidden": "true" });
    this.svg.append(svgElement("clipPath", { id: clip }, this.box), this.axes, this.drawn);
    this.observer = new ResizeObserver(() => {
      if (this.frame.clientWidth !== this.width) onResize();
    });
    this.observer.observe(this.frame);
  }

  close() {
    this.observer.disconnect();
  }

  /** Scales and axes; nothing is touched while they stay as they are. */
  layOut(points, x, y, lines = [], air = 0) {
    const width = this.frame.clientWidth || 640; // hidden until there is something to show
    const heights = [
      ...points.flatMap(([, mean, half]) => [mean - (half ?? 0), mean + (half ?? 0)]),
      ...lines.map(({ value }) => value),
    ];
    const across =
      x.range ??
      runRange(
        points.map(([at]) => at),
        air,
      );
    const up = y.range ?? runRange(heights, 0.06);
    const key = JSON.stringify([width, across, up, x, y, lines]);
    if (this.key === key) return;
    Object.assign(this, { key, width, right: width - RUN_EDGE.right, bottom: RUN_HEIGHT - RUN_EDGE.bottom });
    this.x = runScale(across, RUN_EDGE.left + 8, this.right - 8);
    this.y = runScale(up, this.bottom, RUN_EDGE.top);
    setAttribute(this.svg, "viewBox", `0 0 ${width} ${RUN_HEIGHT}`);
    const box = {
      x: RUN_EDGE.left,
      y: RUN_EDGE.top - 2,
      width: this.right - RUN_EDGE.left,
      height: this.bottom - RUN_EDGE.top + 4,
    };
    for (const [name, value] of Object.entries(box)) setAttribute(this.box, name, String(value));
    this.axes.replaceChildren(...this.axesOf(x, y, across, up), ...lines.flatMap((line) => this.lineOf(line)));
  }

  axesOf(x, y, across, up) {
    const { right, bottom } = this,
      parts = [];
    const text = (attributes, content) => parts.push(svgElement("text", attributes, content));
    const { values, digits } = runTicks(up, (bottom - RUN_EDGE.top) / 45, y.times);
    for (const value of values) {
      const at = this.y(value);
      parts.push(svgElement("path", { class: "lmkit-run-grid", d: `M${RUN_EDGE.left} ${at}H${right}` }));
      text({ x: RUN_EDGE.left - 6, y: at + 4, "text-anchor": "end" }, runNumber(value, y, digits));
    }
    const round = () => runTicks(across, (right - RUN_EDGE.left) / 60);
    for (const [value, label] of x.ticks ?? round().values.map((at) => [at, runNumber(at, {}, round().digits)])) {
      text({ x: this.x(value), y: bottom + 18, "text-anchor": "middle" }, label);
    }
    text({ class: "lmkit-run-axis", x: 0, y: 14 }, `↑ ${y.label}`);
    text({ class: "lmkit-run-axis", x: right, y: RUN_HEIGHT - 6, "text-anchor": "end" }, `${x.label} →`);
    return parts;
  }

  /** A dashed line across, such as a ceiling, with its name. */
  lineOf({ value, name }) {
    const at = this.y(value),
      above = at - RUN_EDGE.top > 20;
    return [
      svgElement("path", { class: "lmkit-run-ceiling", d: `M${RUN_EDGE.left} ${at}H${this.right}` }),
      svgElement("text", { class: "lmkit-run-ceiling-name", x: RUN_EDGE.left + 6, y: above ? at - 5 : at + 15 }, name),
    ];
  }

  showLegend(entries) {
    const key = JSON.stringify(entries.map(({ name, role, mark }) => [name, role, mark]));
    if (this.legendKey === key) return;
    this.legendKey = key;
    this.legend.replaceChildren(
      ...entries.map(({ name, role, mark }) => {
        const picture = svgElement(
          "svg",
          { viewBox: "-8 -8 16 16", width: "16", height: "16" },
          runPath(runMark(mark, 0, 0, 5.5)),
        );
        const entry = element("span", { class: "lmkit-run-key" }, picture, element("span", {}, name));
        runColor(picture, role);
        entry.lastChild.style.color = `var(--lm-${role}-text)`;
        return entry;
      }),
    );
    this.legend.hidden = !entries.length;
  }
}

/** Curves with a mark at every tick, each on a band of mean ± half. */
export class RunCurves extends RunChart {
  constructor({ onResize }) {
    super({ onResize, role: "img" });
    this.bands = svgElement("g"); // below all lines
    this.lines = svgElement("g");
    this.drawn.append(this.bands, this.lines);
  }

  show({ series, x, y, lines, words }) {
    this.layOut(
      series.flatMap(({ points }) => points),
      x,
      y,
      lines,
    );
    setAttribute(this.svg, "aria-label", words);
    this.showLegend(series);
    resize(this.bands, series.length, () => runPath("", "lmkit-run-band"));
    resize(this.lines, series.length, () => svgElement("g"));
    const marked = x.ticks && new Set(x.ticks.map(([value]) => value));
    series.forEach((one, n) => {
      this.showBand(this.bands.children[n], one);
      this.showLine(this.lines.children[n], one, marked);
    });
  }

  showBand(band, { points, role }) {
    const edge = (side) => points.map(([at, mean, half]) => `${this.x(at)} ${this.y(mean + side * (half ?? 0))}`);
    const known = points.some(([, , half]) => half);
    setAttribute(band, "d", known ? `M${[...edge(1), ...edge(-1).reverse()].join("L")}Z` : "");
    runColor(band, role);
  }

  showLine(group, { points, role, mark, strong, dashed }, marked) {
    resize(group, 2, (n) => svgElement("path", { class: n ? "lmkit-run-mark" : "lmkit-run-line" }));
    const [line, marks] = group.children;
    setAttribute(
      line,
      "d",
      points.length ? `M${points.map(([at, mean]) => `${this.x(at)} ${this.y(mean)}`).join("L")}` : "",
    );
    const shown = points.filter(([at]) => !marked || marked.has(at));
    setAttribute(
      marks,
      "d",
      shown.map(([at, mean]) => runMark(mark, this.x(at), this.y(mean), strong ? 5 : 4)).join(""),
    );
    line.classList.toggle("lmkit-run-strong", Boolean(strong));
    line.classList.toggle("lmkit-run-dashed", Boolean(dashed));
    runColor(group, role);
  }
}

/** Dots with a bar of mean ± half; one may be chosen. */
export class RunDots extends RunChart {
  constructor({ label = "", onResize, onSelect = null }) {
    super({ onResize, role: onSelect ? null : "img" });
    this.onSelect = onSelect;
    this.group = svgElement("g", onSelect ? { role: "radiogroup", "aria-label": label } : { "aria-hidden": "true" });
    this.ring = svgElement("circle", { class: "lmkit-run-ring", r: "10", "aria-hidden": "true" });
    this.name = svgElement("text", { class: "lmkit-run-name", "aria-hidden": "true" });
    this.svg.append(this.group, this.ring, this.name);
    this.svg.addEventListener("pointermove", (event) => this.point(this.nearest(event)));
    this.svg.addEventListener("pointerleave", () => this.point(null));
    if (!onSelect) return;
    this.svg.addEventListener("click", (event) => {
      const found = this.nearest(event);
      if (found !== null) onSelect(found);
    });
    this.svg.addEventListener("keydown", (event) => this.press(event));
  }

  show({ dots, chosen = null, legend = [], x, y, lines, words }) {
    this.layOut(
      dots.map(({ point }) => point),
      x,
      y,
      lines,
      0.02,
    );
    Object.assign(this, { dots, chosen });
    if (!this.onSelect) setAttribute(this.svg, "aria-label", words);
    this.showLegend(legend);
    this.places = dots.map(({ point: [at, mean] }) => ({ x: this.x(at), y: this.y(mean) }));
    resize(this.drawn, dots.length, () => runPath("", "lmkit-run-bar"));
    resize(this.group, dots.length, () => this.makeDot());
    dots.forEach((dot, n) => this.showDot(dot, n, y));
    this.order = dots
      .map((_, n) => n)
      .sort((a, b) => this.places[a].x - this.places[b].x || this.places[a].y - this.places[b].y);
    if (this.onSelect) setAttribute(this.group.children[chosen ?? this.order[0]], "tabindex", "0");
    this.showRing();
    this.point(null);
  }

  makeDot() {
    const parts = [svgElement("circle", { class: "lmkit-run-target", r: "12" }), runPath("", "lmkit-run-mark")];
    return svgElement("g", { class: "lmkit-run-dot", ...(this.onSelect && { role: "radio" }) }, ...parts);
  }

  showDot({ name, role, mark, point: [, mean, half], strong }, n, y) {
    const bar = this.drawn.children[n],
      node = this.group.children[n],
      place = this.places[n];
    setAttribute(bar, "d", half ? `M${place.x} ${this.y(mean - half)}V${this.y(mean + half)}` : "");
    setAttribute(node, "transform", `translate(${place.x} ${place.y})`);
    setAttribute(node.lastChild, "d", runMark(mark, 0, 0, strong ? 5.5 : 4.25));
    for (const one of [bar, node]) runColor(one, role);
    bar.classList.toggle("lmkit-run-strong", n === this.chosen);
    if (!this.onSelect) return;
    const more = half ? ` give or take ${runNumber(half, y, 2)}` : "";
    setAttribute(node, "aria-label", `${name}: ${runNumber(mean, y, 2)}${more}`);
    setAttribute(node, "aria-checked", String(n === this.chosen));
    setAttribute(node, "tabindex", "-1");
  }

  showRing() {
    const place = this.places[this.chosen];
    setAttribute(this.ring, "display", place ? null : "none");
    setAttribute(this.ring, "cx", String(place?.x ?? 0));
    setAttribute(this.ring, "cy", String(place?.y ?? 0));
  }

  /** The name of the dot under the pointer, or of the chosen one. */
  point(found) {
    const n = found ?? this.chosen,
      place = this.places?.[n];
    setText(this.name, place ? this.dots[n].name : "");
    this.svg.classList.toggle("lmkit-run-pointed", found !== null && Boolean(this.onSelect));
    if (!place) return;
    const room = this.name.getComputedTextLength() / 2 + 4;
    const middle = Math.min(Math.max(place.x, RUN_EDGE.left + room), this.width - room);
    const up = this.reaches(n, -1) - 12,
      down = this.reaches(n, 1) + 20;
    setAttribute(this.name, "x", String(runRound(middle)));
    setAttribute(this.name, "y", String(runRound(down < this.bottom - 2 ? down : Math.max(up, RUN_EDGE.top + 12))));
    setAttribute(this.name, "text-anchor", "middle");
  }

  /** The end of a dot's bar, or of its ring. */
  reaches(n, side) {
    const {
        point: [, mean, half],
      } = this.dots[n],
      ring = this.places[n].y + 10 * side;
    return side * Math.max(side * ring, side * this.y(mean - side * (half ?? 0)));
  }

  /** The place in `dots` of the dot nearest to a pointer, or null. */
  nearest({ clientX, clientY }) {
    const box = this.svg.getBoundingClientRect();
    let best = null,
      least = RUN_REACH;
    this.places?.forEach(({ x, y }, n) => {
      const away = Math.hypot(clientX - box.left - x, clientY - box.top - y);
      if (away < least) [best, least] = [n, away];
    });
    return best;
  }

  press(event) {
    const from = [...this.group.children].indexOf(event.target.closest("[role=radio]"));
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, " ": 0, Home: -Infinity, End: Infinity }[
      event.key
    ];
    if (from < 0 || step === undefined) return;
    event.preventDefault();
    const last = this.order.length - 1,
      to = this.order[Math.min(Math.max(this.order.indexOf(from) + step, 0), last)];
    this.group.children[to].focus();
    this.onSelect(to);
  }
}

/** A value as it is written: `times` and `unit` say how. */
export function runNumber(value, { times = 1, unit = "" }, digits) {
  return `${(times * value).toFixed(digits).replace("-", "\u2212")}${unit}`;
}

/** The path of a mark around a place; see RUN_MARKS. */
export function runMark(mark, x, y, r) {
  const corner = ([a, b]) => `${runRound(x + a * r)} ${runRound(y + b * r)}`;
  const polygon = (...corners) => `M${corners.map(corner).join("L")}Z`;
  if (mark === "square") return polygon([-0.9, -0.9], [0.9, -0.9], [0.9, 0.9], [-0.9, 0.9]);
  if (mark === "diamond") return polygon([0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]);
  if (mark === "up") return polygon([0, -1.2], [1.1, 0.8], [-1.1, 0.8]);
  if (mark === "down") return polygon([0, 1.2], [1.1, -0.8], [-1.1, -0.8]);
  if (mark === "plus") {
    const a = 0.4,
      b = 1.2;
    return polygon(
      [-a, -b],
      [a, -b],
      [a, -a],
      [b, -a],
      [b, a],
      [a, a],
      [a, b],
      [-a, b],
      [-a, a],
      [-b, a],
      [-b, -a],
      [-a, -a],
    );
  }
  return `M${runRound(x - r)} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
}

function runPath(d, className = "lmkit-run-mark") {
  return svgElement("path", { class: className, d });
}

function runColor(node, role) {
  const color = `var(--lm-${role})`;
  if (node.style.color !== color) node.style.color = color;
}

function runRange(values, air) {
  const known = values.length ? values : [0, 1],
    low = Math.min(...known),
    high = Math.max(...known);
  const more = high > low ? air * (high - low) : 0.5;
  return [low - more, high + more];
}

function runScale([low, high], from, to) {
  return (value) => runRound(from + ((value - low) / (high - low)) * (to - from));
}

/** Round numbers within a range, about `count` of them, and the digits that tell one from the next. */
function runTicks([low, high], count, times = 1) {
  const rough = (high - low) / Math.max(2, count),
    size = 10 ** Math.floor(Math.log10(rough));
  const step = size * [1, 2, 5, 10].find((factor) => factor * size >= rough * (1 - 1e-9)),
    values = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) values.push(n * step);
  return { values, digits: Math.max(0, -Math.floor(Math.log10(times * step) + 1e-9)) };
}

function runRound(value) {
  return Math.round(10 * value) / 10;
}
