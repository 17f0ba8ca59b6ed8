// The diagram of a recurrent network, unrolled up to a step: time to the right, depth upwards, the same names at the
// arrows of every step. In a box lie the numbers of its vector, one bar each: to the right above zero, to the left below.

import { element, percent, svgElement } from "../../base/dom.js";
import { mostProbable } from "./model.js";

const WIDE = { pitch: 92, box: 60, left: 58, right: 42 };
const NARROW = { pitch: 68, box: 42, left: 44, right: 26 };
const NARROW_BELOW = 520;
const ARROW = 34,
  OUTPUT = 40,
  CHIP = 24,
  PAD = 5;
const HIDDEN = 150,
  EMBEDDED = 84; // the heights that strips of bars share, in pixels

export class Diagram {
  /** `redraw` is called when the width has changed. */
  constructor(redraw) {
    this.svg = svgElement("svg", { role: "img", class: "lmkit-unroll-diagram" });
    this.root = element("div", { class: "lmkit-unroll-frame" }, this.svg);
    this.watch = new ResizeObserver(redraw);
    this.watch.observe(this.root);
  }

  close() {
    this.watch.disconnect();
  }

  show({ network, readings, step, words }) {
    const width = this.root.clientWidth || 640;
    const sizes = width < NARROW_BELOW ? NARROW : WIDE;
    const columns = Math.max(1, Math.floor((width - sizes.left - sizes.right) / sizes.pitch));
    const first = Math.max(0, step - columns); // steps before the first column are folded away
    const drawing = new Drawing(network, sizes, scales(network, readings));
    const shown = readings.slice(first, step);
    const parts = step
      ? shown.flatMap((reading, i) => drawing.column(first + i + 1, reading, words, network, first + i + 1 === step))
      : drawing.rolled();
    const start = step ? drawing.start(first) : [];
    this.svg.replaceChildren(drawing.heads, ...start, ...parts);
    const total = sizes.left + sizes.right + sizes.pitch * Math.max(1, shown.length) + (step ? 0 : 40);
    for (const [name, value] of Object.entries({
      width: total,
      height: drawing.height,
      viewBox: `0 0 ${total} ${drawing.height}`,
    })) {
      this.svg.setAttribute(name, value);
    }
    this.svg.setAttribute("aria-label", inWords(shown, first, step, words));
  }
}

/** What a full bar stands for: 1 for tanh, and the largest number there is where there is no such limit. */
function scales(network, readings) {
  const largest = (numbers, start) => numbers.reduce((most, number) => Math.max(most, Math.abs(number)), start);
  return {
    embedding: largest(network.embedding, 1e-9),
    hidden: readings.reduce((most, { h }) => h.reduce((m, layer) => largest(layer, m), most), 1),
  };
}

/** Knows where everything stands, from the top: output, cells of the layers, embedding, token. */
class Drawing {
  constructor({ size: { E, H, D }, nonlinearity }, sizes, scale) {
    Object.assign(this, sizes, { scale, nonlinearity, layers: D });
    this.bar = {
      hidden: Math.min(10, Math.max(0.5, HIDDEN / (D * H))),
      embedding: Math.min(8, Math.max(0.5, EMBEDDED / E)),
    };
    this.cell = Math.max(36, H * this.bar.hidden + 2 * PAD);
    this.vector = Math.max(26, E * this.bar.embedding + 2 * PAD);
    this.id = `lmkit-head-${Math.random().toString(36).slice(2)}`; // arrow heads are found by a name of the page's
    this.outputY = 2;
    this.cellY = Array.from({ length: D }, (_, d) => this.outputY + OUTPUT + ARROW + (D - 1 - d) * (this.cell + ARROW));
    this.vectorY = this.cellY[0] + this.cell + ARROW;
    this.chipY = this.vectorY + this.vector + ARROW;
    this.height = this.chipY + CHIP + 4;
  }

  /** Arrow heads, one for each colour of arrows. */
  get heads() {
    const head = (role) => {
      const size = {
        viewBox: "0 0 8 8",
        refX: 7,
        refY: 4,
        markerWidth: 7,
        markerHeight: 7,
        markerUnits: "userSpaceOnUse",
      };
      const marker = { ...size, id: `${this.id}-${role}`, orient: "auto" };
      return svgElement(
        "marker",
        marker,
        svgElement("path", { d: "M0 0 8 4 0 8z", class: `lmkit-unroll-fill-${role}` }),
      );
    };
    return svgElement("defs", {}, ...["input", "embedding", "hidden"].map(head));
  }

  column(t, { token, h, probs }, words, network, now) {
    const x = this.left + this.box / 2 + this.pitch * (this.place = (this.place ?? -1) + 1);
    const [most] = mostProbable(probs, 1);
    const mark = now ? " lmkit-unroll-current" : "";
    return [
      ...this.ascending(x, String(t), mark),
      ...h.flatMap((state, d) => [
        ...this.strip(x, this.cellY[d], this.bar.hidden, state, this.scale.hidden),
        ...this.across(x + this.box / 2, d, `${t}`, now),
      ]),
      ...this.strip(x, this.vectorY, this.bar.embedding, network.embeddingOf(token), this.scale.embedding),
      this.word(x, this.outputY + 16, words[most], "output"),
      this.text(x, this.outputY + 32, percent(probs[most]), "lmkit-unroll-small lmkit-unroll-output"),
      this.word(x, this.chipY + 17, words[token], "input"),
    ];
  }

  /** The network rolled up: one cell with a loop, and letters in place of words. */
  rolled() {
    const x = this.left + this.box / 2,
      side = x + this.box / 2;
    const loops = this.cellY.flatMap((top) => {
      const y = top + this.cell / 2;
      const d = `M${side} ${y - 14}C${side + 52} ${y - 44} ${side + 52} ${y + 44} ${side + 4} ${y + 14}`;
      return [
        svgElement("path", { d, class: "lmkit-unroll-arrow-hidden", "marker-end": `url(#${this.id}-hidden)` }),
        this.text(x, y + 4, this.nonlinearity, "lmkit-unroll-word lmkit-unroll-hidden"),
        this.symbol(side + 34, y - 30, "h", "t", "hidden"),
        this.symbol(side + 34, y + 40, "W", "h", "weight"),
      ];
    });
    return [
      ...this.ascending(x, "t", ""),
      ...loops,
      this.symbol(x - 6, this.outputY + 25, "ŷ", "t", "output"),
      this.symbol(x - 6, this.vectorY + this.vector / 2 + 4, "x", "t", "embedding"),
      this.symbol(x - 6, this.chipY + 16, "w", "t", "input"),
    ];
  }

  /** What enters the first column: the zero state, or that of the steps that are folded away. */
  start(first) {
    const arrows = this.cellY.flatMap((top) => {
      const y = top + this.cell / 2;
      return [this.arrow(8, y, this.left - 3, y, "hidden"), ...this.names(8 + (this.left - 14) / 2, y, String(first))];
    });
    return first ? [...arrows, this.text(this.left / 2, this.chipY + 15, "…", "lmkit-unroll-small")] : arrows;
  }

  /** The boxes of a column and the arrows between them, from the token up to the output. */
  ascending(x, t, mark) {
    const { box, cell, vector, outputY, cellY, vectorY, chipY } = this;
    const frame = (y, height, role, wider = 0) => {
      const place = { x: x - box / 2 - wider, y, width: box + 2 * wider, height, rx: 5 };
      return svgElement("rect", { ...place, class: `lmkit-unroll-box lmkit-unroll-box-${role}${mark}` });
    };
    const up = (from, to, role, letter) => [
      this.arrow(x, from - 2, x, to + 3, role),
      this.symbol(x + 5, (from + to) / 2 + 5, "W", letter, "weight"),
    ];
    const above = (this.pitch - box) / 2 - 3;
    const cells = cellY.flatMap((top, d) => [
      frame(top, cell, "hidden"),
      ...up(
        top,
        d + 1 < this.layers ? cellY[d + 1] + cell : outputY + OUTPUT,
        "hidden",
        d + 1 < this.layers ? "x" : "y",
      ),
    ]);
    return [
      frame(outputY, OUTPUT, "output", above),
      ...cells,
      frame(vectorY, vector, "embedding"),
      ...up(vectorY, cellY[0] + cell, "embedding", "x"),
      frame(chipY, CHIP, "input", above),
      ...up(chipY, vectorY + vector, "input", "e"),
    ];
  }

  /** The state that a cell hands to the next step. */
  across(side, d, t, last) {
    const y = this.cellY[d] + this.cell / 2,
      length = last ? this.right - 4 : this.pitch - this.box;
    const names = this.names(side + length / 2 - 1, y, t);
    return [this.arrow(side + 2, y, side + length - 3, y, "hidden"), ...(last ? names.slice(0, 1) : names)];
  }

  names(x, y, t) {
    return [this.symbol(x, y - 8, "h", t, "hidden", "middle"), this.symbol(x, y + 18, "W", "h", "weight", "middle")];
  }

  arrow(x1, y1, x2, y2, role) {
    const ends = { x1, y1, x2, y2, "marker-end": `url(#${this.id}-${role})` };
    return svgElement("line", { ...ends, class: `lmkit-unroll-arrow-${role}` });
  }

  /** A vector as bars, from top to bottom: right of the middle above zero, left of it below. */
  strip(x, top, height, values, scale) {
    const most = this.box / 2 - PAD,
      paths = { positive: "", negative: "" };
    const thick = height > 3 ? height - 1 : height;
    values.forEach((value, i) => {
      const length = (most * value) / scale,
        y = top + PAD + i * height;
      paths[value > 0 ? "positive" : "negative"] +=
        `M${x} ${y.toFixed(2)}h${length.toFixed(2)}v${thick.toFixed(2)}H${x}z`;
    });
    const middle = { x1: x, x2: x, y1: top + PAD, y2: top + PAD + values.length * height, class: "lmkit-unroll-zero" };
    const bars = Object.entries(paths).map(([sign, d]) =>
      svgElement("path", { d, class: `lmkit-unroll-fill-${sign}` }),
    );
    return [...bars, svgElement("line", middle)];
  }

  /** A word in its box, pressed together where it is too long for it. */
  word(x, y, word, role) {
    const room = this.pitch - 14,
      text = this.text(x, y, word, `lmkit-unroll-word lmkit-unroll-${role}`);
    if (word.length * 7.2 > room) text.setAttribute("textLength", room);
    text.setAttribute("lengthAdjust", "spacingAndGlyphs");
    return text;
  }

  text(x, y, content, names) {
    return svgElement("text", { x, y, class: names }, content);
  }

  /** A letter with a letter or number below. */
  symbol(x, y, letter, below, role, anchor = "start") {
    const sub = svgElement("tspan", { dy: 4, class: "lmkit-unroll-below" }, below);
    return svgElement(
      "text",
      { x, y, class: `lmkit-unroll-symbol lmkit-unroll-${role}`, "text-anchor": anchor },
      letter,
      sub,
    );
  }
}

/** The diagram for who cannot see it. */
function inWords(shown, first, step, words) {
  if (!step)
    return "A recurrent network rolled up: token, embedding, one cell with a loop for the hidden state, output.";
  const columns = shown.map(({ token, probs }, i) => {
    const [most] = mostProbable(probs, 1);
    return `step ${first + i + 1} reads ${words[token]} and expects ${words[most]}`;
  });
  return `A recurrent network unrolled over time: ${columns.join("; ")}. The weights are the same at every step.`;
}
