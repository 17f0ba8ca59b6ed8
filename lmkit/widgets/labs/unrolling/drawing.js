// A drawing of a recurrent network, unrolled up to a step: time to the right, depth upwards, the same names at the
// arrows of every step. In a box lie the numbers of its vector, one bar each: to the right above zero, to the left below.

import { percent, svgElement } from "../../base/dom.js";
import { mostProbable } from "./model.js";

/**
 * @typedef {import("./model.js").PlainRNN} PlainRNN
 * @typedef {import("./model.js").Reading} Reading
 * @typedef {{ pitch: number, box: number, left: number, right: number }} Sizes
 * @typedef {{ embedding: number, hidden: number }} Scale what a full bar stands for
 */

const ARROW = 34,
  OUTPUT = 40,
  CHIP = 24,
  PAD = 5;
const HIDDEN = 150,
  EMBEDDED = 84; // the heights that strips of bars share, in pixels

/** Knows where everything stands, from the top: output, cells of the layers, embedding, token. */
export class Drawing {
  /**
   * @param {PlainRNN} network
   * @param {Sizes} sizes
   * @param {Scale} scale
   */
  constructor({ size: { E, H, D }, nonlinearity }, { pitch, box, left, right }, scale) {
    this.pitch = pitch;
    this.box = box;
    this.left = left;
    this.right = right;
    this.scale = scale;
    this.nonlinearity = nonlinearity;
    this.layers = D;
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
    /** @type {(role: string) => SVGMarkerElement} */
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

  /**
   * @param {number} place - Of the column, from 0.
   * @param {number} t - The step that it shows.
   * @param {Reading} reading
   * @param {string[]} words
   * @param {PlainRNN} network
   * @param {boolean} now - Whether the reader is there.
   */
  column(place, t, { token, h, probs }, words, network, now) {
    const x = this.left + this.box / 2 + this.pitch * place;
    const [most] = mostProbable(probs, 1);
    const mark = now ? " lmkit-unroll-current" : "";
    return [
      ...this.ascending(x, mark),
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
        this.symbol(side + 34, y + 40, "W", "hh", "weight"),
      ];
    });
    return [
      ...this.ascending(x, ""),
      ...loops,
      this.symbol(x - 6, this.outputY + 25, "ŷ", "t", "output"),
      this.symbol(x - 6, this.vectorY + this.vector / 2 + 4, "x", "t", "embedding"),
      this.symbol(x - 6, this.chipY + 16, "w", "t", "input"),
    ];
  }

  /**
   * What enters the first column: the zero state, or that of the steps that are folded away.
   *
   * @param {number} first - How many are folded away.
   * @returns {SVGElement[]}
   */
  start(first) {
    const arrows = this.cellY.flatMap((top) => {
      const y = top + this.cell / 2;
      return [this.arrow(8, y, this.left - 3, y, "hidden"), ...this.names(8 + (this.left - 14) / 2, y, String(first))];
    });
    return first ? [...arrows, this.text(this.left / 2, this.chipY + 15, "…", "lmkit-unroll-small")] : arrows;
  }

  /**
   * The boxes of a column and the arrows between them, from the token up to the output.
   *
   * @param {number} x
   * @param {string} mark - A class that all boxes have.
   */
  ascending(x, mark) {
    const { box, cell, vector, outputY, cellY, vectorY, chipY } = this;
    /** @type {(y: number, height: number, role: string, wider?: number) => SVGRectElement} */
    const frame = (y, height, role, wider = 0) => {
      const place = { x: x - box / 2 - wider, y, width: box + 2 * wider, height, rx: 5 };
      return svgElement("rect", { ...place, class: `lmkit-unroll-box lmkit-unroll-box-${role}${mark}` });
    };
    /** @type {(from: number, to: number, role: string, letter: string) => SVGElement[]} */
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
        d + 1 < this.layers ? "ih" : "hy",
      ),
    ]);
    return [
      frame(outputY, OUTPUT, "output", above),
      ...cells,
      frame(vectorY, vector, "embedding"),
      ...up(vectorY, cellY[0] + cell, "embedding", "ih"),
      frame(chipY, CHIP, "input", above),
      ...up(chipY, vectorY + vector, "input", "e"),
    ];
  }

  /**
   * The state that a cell hands to the next step.
   *
   * @param {number} side
   * @param {number} d
   * @param {string} t
   * @param {boolean} last
   */
  across(side, d, t, last) {
    const y = this.cellY[d] + this.cell / 2,
      length = last ? this.right - 4 : this.pitch - this.box;
    const names = this.names(side + length / 2 - 1, y, t);
    return [this.arrow(side + 2, y, side + length - 3, y, "hidden"), ...(last ? names.slice(0, 1) : names)];
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {string} t
   */
  names(x, y, t) {
    return [this.symbol(x, y - 8, "h", t, "hidden", "middle"), this.symbol(x, y + 18, "W", "hh", "weight", "middle")];
  }

  /**
   * @param {number} x1
   * @param {number} y1
   * @param {number} x2
   * @param {number} y2
   * @param {string} role
   */
  arrow(x1, y1, x2, y2, role) {
    const ends = { x1, y1, x2, y2, "marker-end": `url(#${this.id}-${role})` };
    return svgElement("line", { ...ends, class: `lmkit-unroll-arrow-${role}` });
  }

  /**
   * A vector as bars, from top to bottom: right of the middle above zero, left of it below.
   *
   * @param {number} x
   * @param {number} top
   * @param {number} height
   * @param {Float32Array | Float64Array} values
   * @param {number} scale
   */
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

  /**
   * A word in its box, pressed together where it is too long for it.
   *
   * @param {number} x
   * @param {number} y
   * @param {string} word
   * @param {string} role
   */
  word(x, y, word, role) {
    const room = this.pitch - 14,
      text = this.text(x, y, word, `lmkit-unroll-word lmkit-unroll-${role}`);
    if (word.length * 7.2 > room) text.setAttribute("textLength", String(room));
    text.setAttribute("lengthAdjust", "spacingAndGlyphs");
    return text;
  }

  /**
   * @param {number} x
   * @param {number} y
   * @param {string} content
   * @param {string} names
   */
  text(x, y, content, names) {
    return svgElement("text", { x, y, class: names }, content);
  }

  /**
   * A letter with a letter or number below.
   *
   * @param {number} x
   * @param {number} y
   * @param {string} letter
   * @param {string} below
   * @param {string} role
   * @param {string} anchor
   */
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
