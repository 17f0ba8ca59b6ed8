// What the decoding lab shows. A panel is built once and then only written to, so that a slider step costs little and the
// keyboard's focus stays where it is.

import { element, percent, resize, setAttribute, setText, short, signed } from "../../base/dom.js";
import { panel } from "../../base/view.js";
import { DROPPED_BY_K, DROPPED_BY_MIN_P, DROPPED_BY_P, DROPPED_BY_TYPICAL } from "../../runtime/filters.js";
import { SHOWN_ROWS } from "../../runtime/session.js";

/** @typedef {import("../../runtime/decoding.js").Decoded} Decoded */
/** @typedef {import("../../runtime/session.js").Inspection} Inspection */
/** @typedef {import("../../runtime/session.js").Result} Result */
/** @typedef {import("../../runtime/session.js").Row} Row */
/** @typedef {import("../../runtime/session.js").SessionSettings} SessionSettings */
/** @typedef {import("../../runtime/session.js").Truth} Truth */

/** The prompt and the new tokens, each with its probability; a token is a radio button that says which step is shown. */
export class TextPanel {
  /** @param {{ onSelect: (step: number) => void, onDraw: () => void }} listeners A step is counted from 0. */
  constructor({ onSelect, onDraw }) {
    const { root, heading } = panel("lmkit-text", "Text");
    this.root = root;
    this.seed = element("span", { class: "lmkit-seed" });
    this.draw = element("button", { type: "button", class: "lmkit-button lmkit-draw" }, "New draw");
    this.draw.addEventListener("click", onDraw);
    this.drawRow = element("span", { class: "lmkit-draw-row" }, this.seed, this.draw);
    this.prompt = element("span", { class: "lmkit-prompt" });
    const label = "New tokens; the arrow keys choose the step that is shown below";
    this.tokens = element("span", {
      class: "lmkit-tokens",
      role: "radiogroup",
      "aria-label": label,
      "data-filled": "",
    });
    this.numbers = element("p", { class: "lmkit-numbers" });
    root.append(
      element("div", { class: "lmkit-head" }, heading, this.drawRow),
      element("div", { class: "lmkit-words" }, this.prompt, this.tokens),
      this.numbers,
    );
    this.tokens.addEventListener("click", (event) => {
      const token = tokenOf(event);
      if (token) onSelect([...this.tokens.children].indexOf(token));
    });
    this.tokens.addEventListener("keydown", (event) => this.move(event, onSelect));
  }

  /**
   * @param {KeyboardEvent} event
   * @param {(step: number) => void} onSelect
   */
  move(event, onSelect) {
    const token = tokenOf(event);
    if (!token) return;
    const tokens = [...this.tokens.querySelectorAll("button")];
    const at = tokens.indexOf(token);
    const last = tokens.length - 1;
    /** @type {Record<string, number>} */
    const keys = {
      ArrowRight: at === last ? 0 : at + 1,
      ArrowDown: at === last ? 0 : at + 1,
      ArrowLeft: at === 0 ? last : at - 1,
      ArrowUp: at === 0 ? last : at - 1,
      Home: 0,
      End: last,
    };
    const to = keys[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    tokens[to].focus();
    onSelect(to);
  }

  /**
   * @param {Result} result
   * @param {string[]} words
   * @param {number} step
   */
  show({ settings, best, truth }, words, step) {
    setText(this.prompt, settings.prompt);
    this.drawRow.hidden = settings.method !== "sampling";
    setText(this.seed, `seed ${settings.seed}`);
    resize(this.tokens, best.tokens.length, makeToken);
    for (const [t, id] of best.tokens.entries()) {
      const state = { selected: t === step, impossible: t === truth?.wrong?.step };
      showToken(this.tokens.children[t], words[id], best.logProbs[t], state);
    }
    setText(this.numbers, numbersLine(best, truth));
  }
}

/**
 * The token in which something happened.
 * @param {Event} event
 */
function tokenOf({ target }) {
  return target instanceof Element ? target.closest("button") : null;
}

/**
 * @param {Element} token
 * @param {string} word
 * @param {number} logProb
 * @param {{ selected: boolean, impossible: boolean }} state Impossible is what the grammar cannot write.
 */
function showToken(token, word, logProb, { selected, impossible }) {
  const [name, share] = token.children;
  const p = percent(Math.exp(logProb));
  token.classList.toggle("lmkit-impossible", impossible);
  setText(name, word);
  setText(share, p);
  const note = impossible ? ", the grammar cannot write it here" : "";
  setAttribute(token, "aria-label", `${word}, ${p}${note}`);
  setAttribute(token, "aria-checked", String(selected));
  setAttribute(token, "tabindex", selected ? "0" : "-1");
}

function makeToken() {
  return element(
    "button",
    { type: "button", role: "radio", class: "lmkit-token" },
    element("span", { class: "lmkit-word" }),
    element("span", { class: "lmkit-chance" }),
  );
}

/**
 * @param {Decoded} best
 * @param {Truth | null} truth
 */
function numbersLine({ logProb, tokens }, truth) {
  const perToken = signed(logProb / tokens.length);
  const line = `Log-probability of the new tokens under the model: ${signed(logProb, 1)} nats, ${perToken} per token.`;
  if (!truth) return line;
  if (!truth.wrong) return `${line} Under the grammar: ${signed(truth.logProb, 1)}.`;
  const { word, step } = truth.wrong;
  const place = step < 0 ? "where the prompt has it" : `at step ${step + 1}`;
  return `${line} The grammar cannot write ‘${word}’ ${place}.`;
}

/** @type {Record<number, string>} */
const STATUSES = {
  [DROPPED_BY_K]: "dropped by k",
  [DROPPED_BY_P]: "dropped by p",
  [DROPPED_BY_MIN_P]: "dropped by min-p",
  [DROPPED_BY_TYPICAL]: "dropped by typical",
};
const SCALES = [0.1, 0.25, 0.5, 1];

/** The most probable next tokens at one step: a table whose second column is drawn. */
export class BarsPanel {
  constructor() {
    const { root, heading } = panel("lmkit-next", "Next token");
    this.root = root;
    this.heading = heading;
    this.kept = element("p", { class: "lmkit-kept-line" });
    this.body = element("tbody", { "data-filled": "" });
    this.scale = element("th", { scope: "col", class: "lmkit-bar-cell" });
    this.modelHead = makeHead("lmkit-model", "model");
    const truthHead = makeHead("lmkit-truth", "truth");
    const note = makeHead("lmkit-note", element("span", { class: "lmkit-unseen" }, "what happens to it"));
    const heads = [makeHead("lmkit-name", "token"), this.scale, this.modelHead, truthHead, note];
    const head = element("tr", {}, ...heads);
    this.table = element("table", {}, element("thead", {}, head), this.body);
    this.table.setAttribute("aria-labelledby", heading.id);
    this.footnote = element("p", { class: "lmkit-footnote" });
    root.append(heading, this.kept, this.table, this.footnote);
  }

  /**
   * @param {Result} result
   * @param {Inspection} inspection
   * @param {Truth | null} truth
   * @param {number} position - The step that the reader wants to see, from 1.
   */
  show({ settings, best }, { rows, step, known, size, keptCount, keptMass }, truth, position) {
    const { length } = best.tokens;
    const beyond = position > length ? `, where the text ends before step ${position}` : "";
    setText(this.heading, `Step ${step + 1} of ${length}${beyond}: what could come next`);
    setText(this.kept, keptLine(settings, size, keptCount, keptMass));
    const tempered = settings.method === "sampling" && settings.temperature !== 1;
    setText(this.modelHead, tempered ? `at T\u202f=\u202f${short(settings.temperature)}` : "model");
    this.table.classList.toggle("lmkit-with-truth", truth !== null);
    const most = Math.max(...rows.map(({ p, truth }) => Math.max(p, truth ?? 0)));
    const scale = SCALES.find((limit) => most <= limit) ?? 1;
    setText(this.scale, `0 to ${100 * scale}\u202f%`);
    resize(this.body, rows.length, makeRow);
    for (const [i, row] of rows.entries()) showRow(this.body.children[i], row, scale, known);
    setText(this.footnote, truth ? truthLine(rows, known) : "");
  }
}

/**
 * @param {string} className
 * @param {Node | string} content
 */
function makeHead(className, content) {
  return element("th", { scope: "col", class: className }, content);
}

/**
 * @param {SessionSettings} settings
 * @param {number} size
 * @param {number} keptCount
 * @param {number} keptMass
 */
function keptLine(settings, size, keptCount, keptMass) {
  const { method, temperature } = settings;
  if (method === "greedy") return `Greedy takes the most probable of ${size} tokens.`;
  if (method === "beam search") return "Along the best hypothesis; beam search may pass over the most probable token.";
  const some = `Kept: ${keptCount} of ${size} tokens, ${percent(keptMass)} of the probability`;
  const kept = keptCount === size ? `All ${size} tokens are kept` : some;
  return `${kept}${by(settings)}; bars show the model’s probabilities at temperature ${short(temperature)}.`;
}

/**
 * The filters that are on, by their values: also where a step of a slider keeps the same tokens, the line is new.
 * @param {SessionSettings} settings
 */
function by({ top_k, top_p, min_p = 0, typical_p = 1 }) {
  const on = [
    top_k !== null && `k\u202f=\u202f${top_k}`,
    top_p < 1 && `p\u202f=\u202f${short(top_p)}`,
    min_p > 0 && `min-p\u202f=\u202f${short(min_p)}`,
    typical_p < 1 && `typical p\u202f=\u202f${short(typical_p)}`,
  ].filter(Boolean);
  return on.length ? ` (${on.join(", ")})` : "";
}

/**
 * @param {Row[]} rows
 * @param {boolean} known
 */
function truthLine(rows, known) {
  if (!known) return "No truth from here on: the grammar cannot have written the text so far.";
  const sums = rows.reduce(([model, truth], row) => [model + row.p, truth + (row.truth ?? 0)], [0, 0]);
  const never = rows.some(({ truth }) => !truth) ? " Never: the grammar rules the token out here." : "";
  const [ofModel, ofTruth] = sums.map(percent);
  return `These tokens have ${ofModel} of the model’s probability and ${ofTruth} of the true one.${never}`;
}

function makeRow() {
  return element(
    "tr",
    {},
    element("th", { scope: "row", class: "lmkit-name" }),
    element(
      "td",
      { class: "lmkit-bar-cell", "aria-hidden": "true" },
      element("span", { class: "lmkit-bar" }),
      element("span", { class: "lmkit-truth-bar" }),
    ),
    ...["lmkit-model", "lmkit-truth", "lmkit-note"].map((name) => element("td", { class: name })),
  );
}

/**
 * @param {Element} node
 * @param {Row} row
 * @param {number} scale the probability that a full bar stands for
 * @param {boolean} known
 */
function showRow(node, { rank, p, word, status, chosen, truth }, scale, known) {
  const [name, bars, model, truthCell, note] = node.children;
  setAttribute(node, "class", `${STATUSES[status] ? "lmkit-dropped" : "lmkit-kept"}${chosen ? " lmkit-chosen" : ""}`);
  setText(name, word);
  const [bar, truthBar] = bars.querySelectorAll("span");
  bar.style.width = `${(100 * p) / scale}%`;
  truthBar.style.width = known ? `${(100 * (truth ?? 0)) / scale}%` : "0";
  setText(model, percent(p));
  setText(truthCell, !known ? "–" : truth ? percent(truth) : "never");
  const notes = [chosen && "chosen", STATUSES[status], rank >= SHOWN_ROWS && `rank ${rank + 1}`];
  setText(note, notes.filter(Boolean).join(", "));
}

/** The hypotheses that beam search found. */
export class HypothesesPanel {
  constructor() {
    const { root, heading } = panel("lmkit-hypotheses", "Finished hypotheses, best first");
    this.root = root;
    this.body = element("tbody");
    const names = ["text", "score", "Σ log p", "tokens"];
    const head = element("tr", {}, ...names.map((name) => element("th", { scope: "col" }, name)));
    const table = element("table", { "aria-labelledby": heading.id }, element("thead", {}, head), this.body);
    root.append(heading, table);
  }

  /**
   * @param {Result} result
   * @param {string[]} words
   */
  show({ settings, texts }, words) {
    this.root.hidden = settings.method !== "beam search";
    if (this.root.hidden) return;
    resize(this.body, texts.length, makeHypothesis);
    for (const [i, { tokens, score, logProb }] of texts.entries()) {
      const { children: cells } = this.body.children[i];
      setText(cells[0], tokens.map((id) => words[id]).join(" "));
      setText(cells[1], signed(score, 3));
      setText(cells[2], signed(logProb));
      setText(cells[3], String(tokens.length));
    }
  }
}

function makeHypothesis() {
  return element("tr", {}, element("td", { class: "lmkit-hypothesis" }), element("td"), element("td"), element("td"));
}
