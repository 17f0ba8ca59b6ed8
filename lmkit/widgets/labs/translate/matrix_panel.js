// The matrix of attention weights beside the true alignment: a row for every word of the translation, a column for every
// word of the source. It scrolls inside itself, and follows the word that is shown.

import { element, resize, setAttribute, setText, svgElement } from "../../base/dom.js";
import { hasNumbers } from "../../base/shown_numbers.js";
import { panel } from "../../base/view.js";
import { agreement, largest } from "./wording.js";

/**
 * @typedef {object} Matrix
 * @property {string} key - The same for the same matrix.
 * @property {string[]} source
 * @property {string[]} target
 * @property {Float32Array[] | null} attention
 * @property {number[][]} alignment - Of as many words as are possible.
 */

const CELL = 16; // px
const LEAST = 0.004; // a weight that is drawn: less than one of 201 equal ones
const NAME = "Attention weights and true alignment, a row for every word of the translation; scrolls";

export class MatrixPanel {
  /** @param {(step: number) => void} onSelect */
  constructor(onSelect) {
    const { root, heading } = panel("lmkit-matrix", "Where the decoder looks");
    this.root = root;
    this.key = "";
    this.legend = element(
      "p",
      { class: "lmkit-matrix-legend" },
      key("weight", "attention weight"),
      key("true", "truth"),
    );
    this.columns = element("div", { class: "lmkit-matrix-columns", "aria-hidden": "true" });
    this.rows = element("div", { class: "lmkit-matrix-rows", "aria-hidden": "true" });
    this.row = svgElement("rect", { class: "lmkit-matrix-row", x: 0, height: CELL });
    this.frames = svgElement("path", { class: "lmkit-matrix-true" });
    this.squares = svgElement("path", { class: "lmkit-matrix-weight" });
    this.drawing = svgElement("svg", { role: "img" }, this.row, this.squares, this.frames);
    this.drawing.addEventListener("click", ({ clientY }) => {
      onSelect(Math.floor((clientY - this.drawing.getBoundingClientRect().top) / CELL));
    });
    const corner = element("div", { class: "lmkit-matrix-corner" });
    const grid = element("div", { class: "lmkit-matrix-grid" }, corner, this.columns, this.rows, this.drawing);
    this.scroller = element(
      "div",
      { class: "lmkit-matrix-scroll", role: "region", tabindex: 0, "aria-label": NAME },
      grid,
    );
    this.note = element("p", { class: "lmkit-footnote" });
    root.append(element("div", { class: "lmkit-head" }, heading, this.legend), this.scroller, this.note);
  }

  /**
   * @param {Matrix} matrix
   * @param {number} step
   */
  show(matrix, step) {
    if (matrix.key !== this.key) this.draw(matrix);
    this.key = matrix.key;
    setAttribute(this.row, "y", String(step * CELL));
    for (const [t, label] of [...this.rows.children].entries()) label.classList.toggle("lmkit-shown", t === step);
    this.follow(matrix, step);
  }

  /** @param {Matrix} matrix */
  draw({ source, target, attention, alignment }) {
    const width = CELL * source.length,
      height = CELL * target.length;
    for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) {
      setAttribute(this.drawing, name, String(value));
    }
    setAttribute(this.row, "width", String(width));
    labels(this.columns, source);
    labels(this.rows, target);
    setAttribute(this.squares, "d", (attention ?? []).flatMap(squaresOf).join(""));
    setAttribute(this.frames, "d", alignment.flatMap((links, t) => links.map((j) => square(j, t, CELL - 2))).join(""));
    hasNumbers(this.root, () => ({
      columns: ["step", "word", "place in the source", "source word", "attention weight", "true"],
      rows: target.flatMap((word, t) =>
        source.map((from, j) => {
          const isTrue = alignment[t]?.includes(j) ? "yes" : "no";
          return [t + 1, word, j + 1, from, attention?.[t][j], t < alignment.length ? isTrue : null];
        }),
      ),
    }));
    const note = agreement(attention, alignment);
    setText(this.note, note);
    setAttribute(this.drawing, "aria-label", `${target.length} by ${source.length} words. ${note}`);
  }

  /**
   * Scroll the row that is shown into sight, and the word at which it looks most, or from which it comes.
   *
   * @param {Matrix} matrix
   * @param {number} step
   */
  follow({ attention, alignment }, step) {
    const column = attention ? largest(attention[step]) : (alignment[step]?.[0] ?? 0);
    const { scroller, columns, rows } = this;
    const inside = { x: scroller.clientWidth - rows.offsetWidth, y: scroller.clientHeight - columns.offsetHeight };
    scroller.scrollTop = placed(scroller.scrollTop, CELL * step, inside.y);
    scroller.scrollLeft = placed(scroller.scrollLeft, CELL * column, inside.x);
  }
}

/**
 * How far to scroll so that a cell is in sight: no further than it is already, if it is.
 *
 * @param {number} scrolled
 * @param {number} cell - Where it begins.
 * @param {number} room
 */
function placed(scrolled, cell, room) {
  return cell >= scrolled && cell + CELL <= scrolled + room ? scrolled : cell + CELL / 2 - room / 2;
}

/**
 * @param {Float32Array} weights
 * @param {number} t
 */
function squaresOf(weights, t) {
  return [...weights].flatMap((weight, j) => (weight < LEAST ? [] : [square(j, t, (CELL - 4) * Math.sqrt(weight))]));
}

/**
 * A square in the middle of a cell: its area is what is to be seen.
 *
 * @param {number} column
 * @param {number} row
 * @param {number} side
 */
function square(column, row, side) {
  const [x, y] = [column, row].map((place) => (CELL * (place + 0.5) - side / 2).toFixed(1));
  const s = side.toFixed(1);
  return `M${x} ${y}h${s}v${s}h-${s}z`;
}

/**
 * @param {HTMLElement} parent
 * @param {string[]} words
 */
function labels(parent, words) {
  for (const [i, label] of resize(parent, words.length, () => element("span")).entries()) setText(label, words[i]);
}

/**
 * @param {string} kind
 * @param {string} name
 */
function key(kind, name) {
  return element("span", {}, element("span", { class: `lmkit-matrix-key lmkit-matrix-key-${kind}` }), name);
}
