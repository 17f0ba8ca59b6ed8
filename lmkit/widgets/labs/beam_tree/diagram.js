// The picture of a beam tree: steps to the right, a chip for every text that was looked at, lines for whose path it is.

import { svgElement } from "../../base/dom.js";
import { hasNumbers } from "../../base/shown_numbers.js";
import { curve, nodesBelow, placeRows, sizesFor } from "./layout.js";
import { tokensTo } from "./search.js";

/** @typedef {import("./layout.js").Sizes} Sizes */
/** @typedef {import("./search.js").Mark} Mark */
/** @typedef {import("./search.js").Tree} Tree */
/** @typedef {import("./search.js").TreeNode} TreeNode */

/** Symbols of the three paths. */
export const SYMBOLS = { best: "★", optimum: "◆", greedy: "●" };
/** @type {Mark[]} */
export const MARKS = ["best", "optimum", "greedy"]; // in the order in which they are drawn
const PATH_SHIFT = { best: 0, optimum: -6, greedy: 6 }; // pixels, so that paths of one edge lie side by side
const LETTER = 7.2; // the width of a letter, about, in pixels

/**
 * @param {TreeNode[]} nodes
 * @param {Tree} tree
 * @param {import("./languages.js").Language["vocab"]} vocab
 */
function numbersOf(nodes, tree, vocab) {
  const columns = ["step", "text", "token", "p of the token", "Σ log p", "score", "fate", "rank in its step"];
  const rows = nodes.map((node) => {
    const { length, token, logProb, total, status, rank } = node;
    const text = vocab.text(tokensTo(node));
    const place = rank === null ? null : Number(rank);
    return [length, text, vocab.show(token), Math.exp(logProb), total, tree.score(node), status, place];
  });
  return { title: "Texts of the tree", columns, rows };
}

export class BeamDiagram {
  /**
   * `redraw` is called when the width has changed.
   * @param {HTMLElement} root
   * @param {() => void} redraw
   */
  constructor(root, redraw) {
    this.svg = svgElement("svg", { role: "img", class: "lmkit-beam-diagram" });
    this.root = root;
    this.root.append(this.svg);
    /** @type {Set<string> | null} */
    this.known = null; // the chips of the drawing before, by the text that each stands for
    /** @type {number | null} */
    this.followed = null; // the step that was brought into sight
    this.observer = new ResizeObserver(redraw);
    this.observer.observe(root);
  }

  close() {
    this.observer.disconnect();
  }

  /**
   * Draw a tree up to a step.
   * @param {object} given
   * @param {Tree} given.tree
   * @param {number} given.step
   * @param {boolean} given.over whether the search is
   * @param {number} given.depth how many steps there can be
   * @param {import("./languages.js").Language["vocab"]} given.vocab
   * @param {string} given.start what stands at the root
   * @param {string} given.label the picture in words
   */
  show({ tree, step, over, depth, vocab, start, label }) {
    const rows = placeRows(tree.root);
    hasNumbers(this.root, () => numbersOf(shown, tree, vocab));
    const width = this.root.clientWidth || 640;
    const nodes = nodesBelow(tree.root);
    const shown = nodes.filter(({ length }) => over || length <= step);
    const longest = Math.max(...nodes.map(({ token }) => vocab.show(token).length * LETTER));
    const drawing = new BeamDrawing(tree, vocab, sizesFor(width, depth, longest), over);
    const chips = shown.map((node) => drawing.chip(node));
    const keys = shown.map(keyOf);
    for (const [i, key] of keys.entries()) {
      if (this.known && !this.known.has(key)) chips[i].classList.add("lmkit-beam-new");
    }
    this.known = new Set(keys);
    const edges = shown.flatMap((node) => drawing.edges(node));
    this.svg.replaceChildren(...drawing.headings(depth, step), ...edges, drawing.start(start), ...chips);
    const total = drawing.far(depth);
    const height = drawing.sizes.top + rows * drawing.sizes.row + 4;
    for (const [name, value] of Object.entries({ width: total, height, viewBox: `0 0 ${total} ${height}` })) {
      this.svg.setAttribute(name, String(value));
    }
    this.svg.setAttribute("aria-label", label);
    if (this.followed !== null && this.followed !== step) this.follow(drawing.far(step));
    this.followed = step;
  }

  /**
   * Where the tree is wider than its frame, the present step comes into sight.
   * @param {number} right
   */
  follow(right) {
    this.root.scrollLeft = Math.max(0, right - this.root.clientWidth);
  }
}

/**
 * @param {TreeNode} node
 * @returns {string}
 */
function keyOf(node) {
  return node.parent ? `${keyOf(node.parent)} ${node.token}` : "";
}

/**
 * What a text is shown as: its status, or "cut" by the limit, or "left" where it was when the search stopped.
 * @param {TreeNode} node
 * @param {boolean} over whether the search is
 */
export function kindOf({ status, finished, children }, over) {
  if (status !== "kept" || !over) return status;
  return finished ? "cut" : children.some((child) => child.status !== "unseen") ? "kept" : "left";
}

class BeamDrawing {
  /**
   * @param {Tree} tree
   * @param {import("./languages.js").Language["vocab"]} vocab
   * @param {Sizes} sizes
   * @param {boolean} over
   */
  constructor(tree, vocab, sizes, over) {
    this.tree = tree;
    this.vocab = vocab;
    this.sizes = sizes;
    this.over = over;
    this.chipWidth = sizes.chip;
  }

  /**
   * The left side of the chips of a step.
   * @param {number} step
   */
  x(step) {
    return step ? this.sizes.root + this.sizes.gap + (step - 1) * this.sizes.pitch : 1;
  }

  /**
   * The right side of all that belongs to a step.
   * @param {number} step
   */
  far(step) {
    return this.x(step) + this.chipWidth + this.sizes.behind;
  }

  /** @param {TreeNode} node */
  y(node) {
    return this.sizes.top + node.row * this.sizes.row + this.sizes.row / 2;
  }

  /** @param {TreeNode} node */
  right(node) {
    return this.x(node.length) + (node.parent ? this.chipWidth : this.sizes.root);
  }

  /**
   * @param {number} depth
   * @param {number} step
   */
  headings(depth, step) {
    return Array.from({ length: depth }, (_, i) => {
      const name = `lmkit-beam-heading${i + 1 === step ? " lmkit-beam-now" : ""}`;
      return this.text(this.x(i + 1) + this.chipWidth / 2, 16, `step ${i + 1}`, name);
    });
  }

  /** @param {string} word */
  start(word) {
    const { root, height } = this.sizes;
    const y = this.y(this.tree.root);
    const frame = { x: 1, y: y - height / 2, width: root, height, rx: 6, class: "lmkit-beam-chip" };
    const name = this.fitted(this.text(1 + root / 2, y + 4, word, "lmkit-beam-heading"), word, root - 8);
    return svgElement("g", { class: "lmkit-beam-root" }, svgElement("rect", frame), name);
  }

  /**
   * The line to a node from its parent, and those of the paths that run along it.
   * @param {TreeNode} node
   */
  edges(node) {
    const { parent } = node;
    if (!parent) return [];
    /** @type {(name: string, shift: number) => SVGPathElement} */
    const line = (name, shift) => {
      const d = curve(this.right(parent), this.y(parent), this.x(node.length), this.y(node), shift);
      return svgElement("path", { d, class: `lmkit-beam-edge lmkit-beam-edge-${name}` });
    };
    const marks = MARKS.filter((mark) => this.marked(node, mark));
    return [line(kindOf(node, this.over), 0), ...marks.map((mark) => line(mark, PATH_SHIFT[mark]))];
  }

  /**
   * The best text is known when the search is over.
   * @param {TreeNode} node
   * @param {Mark} mark
   */
  marked(node, mark) {
    return node.marks.has(mark) && (mark !== "best" || this.over);
  }

  /**
   * The token; below it its probability and Σ log p of the text so far.
   * @param {TreeNode} node
   */
  chip(node) {
    const { height } = this.sizes;
    const width = this.chipWidth;
    const x = this.x(node.length);
    const y = this.y(node);
    const kind = kindOf(node, this.over);
    const word = this.vocab.show(node.token);
    const dropped = kind === "dropped";
    const frame = svgElement("rect", { x, y: y - height / 2, width, height, rx: 6, class: "lmkit-beam-chip" });
    return svgElement(
      "g",
      { class: `lmkit-beam-node lmkit-beam-${kind}${this.marked(node, "best") ? " lmkit-beam-winner" : ""}` },
      frame,
      this.fitted(this.text(x + 6, y - 3, word, "lmkit-beam-word"), word, width - (dropped ? 28 : 14)),
      this.text(x + 6, y + 12, probability(Math.exp(node.logProb)), "lmkit-beam-share"),
      this.text(x + width - 6, y + 12, minus(node.total), "lmkit-beam-total"),
      ...(dropped ? [this.text(x + width - 6, y - 3, "✕", "lmkit-beam-total")] : []),
      ...this.ending(node, kind),
    );
  }

  /**
   * What stands behind a text that is finished: its bars, its score, and whose text it is.
   * @param {TreeNode} node
   * @param {string} kind
   */
  ending(node, kind) {
    const count = kind === "ended" ? 2 : kind === "cut" ? 1 : 0;
    const y = this.y(node);
    const x = this.right(node) + 4;
    const bars = Array.from({ length: count }, (_, i) => {
      return svgElement("line", { x1: x + 4 * i, x2: x + 4 * i, y1: y - 15, y2: y + 15, class: "lmkit-beam-bar" });
    });
    const ends = MARKS.filter((mark) => this.marked(node, mark) && !node.children.some(({ marks }) => marks.has(mark)));
    const badges = ends.map((mark, i) =>
      this.text(x + 9 + 14 * i, y - 2, SYMBOLS[mark], `lmkit-beam-badge lmkit-beam-badge-${mark}`),
    );
    const score =
      count || ends.length ? [this.text(x + 9, y + 12, minus(this.tree.score(node)), "lmkit-beam-score")] : [];
    return [...bars, ...badges, ...score];
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
   * A word that is pressed together where it is too long for its room.
   * @param {SVGTextElement} text
   * @param {string} word
   * @param {number} room
   */
  fitted(text, word, room) {
    if (word.length * LETTER > room) {
      text.setAttribute("textLength", String(room));
      text.setAttribute("lengthAdjust", "spacingAndGlyphs");
    }
    return text;
  }
}

/**
 * −1.4321 as "−1.43", −10.9432 as "−10.9": what a chip has room for.
 * @param {number} x
 */
function minus(x) {
  return x
    .toFixed(x > -9.995 ? 2 : 1)
    .replace("-", "\u2212")
    .replace("\u22120.00", "0.00");
}

/**
 * 0.4217 as "0.42", 0.00312 as "0.003", 0.0000123 as "1e−5".
 * @param {number} p
 */
export function probability(p) {
  if (p >= 0.00995) return p.toFixed(2);
  if (p >= 0.00095) return p.toFixed(3);
  return p.toExponential(0).replace("-", "\u2212");
}
