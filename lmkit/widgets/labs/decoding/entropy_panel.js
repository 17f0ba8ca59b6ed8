// The entropy panel: one column for every new token, with the entropy of the choice and the token's surprisal.

import { element, resize, setAttribute, setText, svgElement } from "../../base/dom.js";
import { hasNumbers } from "../../base/shown_numbers.js";
import { panel } from "../../base/view.js";
import { runningMeans } from "./entropy.js";

/** @typedef {import("./entropy.js").Choice} Choice */
/** @typedef {{ own: number[], left: number[], surprisal: number[] }} Means Up to every step. */

const HEIGHTS = [2, 4, 8, 12, 16, 24]; // nats at the top of the chart
const HEADROOM = 1.4; // a token may surprise more than expected; what goes beyond the chart is marked at its top
const TICKS = 4;
const CHOICES = [1, 3, 10, 30, 100, 300, 1000]; // numbers that stand beside the chart
const LEAST_GAP = 0.11; // of the height, between two of them

/** Columns above the step's numbers; a column that is clicked is the step that is shown. */
export class EntropyPanel {
  /** @param {{ onSelect: (step: number) => void }} listeners */
  constructor({ onSelect }) {
    const { root, heading } = panel("lmkit-entropy", "How open each choice was");
    this.root = root;
    this.columns = element("div", { class: "lmkit-entropy-columns" });
    this.ownLine = svgElement("polyline", { class: "lmkit-entropy-own-line" });
    this.surprisalLine = svgElement("polyline", { class: "lmkit-entropy-surprisal-line" });
    this.lines = svgElement("svg", { class: "lmkit-entropy-lines", preserveAspectRatio: "none" });
    this.lines.append(this.ownLine, this.surprisalLine);
    this.chart = element("div", { class: "lmkit-entropy-chart", role: "img" }, this.columns, this.lines);
    this.scroll = element("div", { class: "lmkit-entropy-scroll", tabindex: "0", role: "group" }, this.chart);
    this.scroll.setAttribute("aria-label", "Entropy of every step; scrolls sideways");
    this.nats = element("div", { class: "lmkit-entropy-axis", "aria-hidden": "true" });
    this.choices = element("div", { class: "lmkit-entropy-axis lmkit-entropy-choices", "aria-hidden": "true" });
    this.legend = makeLegend();
    this.step = element("p", { class: "lmkit-numbers lmkit-entropy-step" });
    this.means = element("p", { class: "lmkit-numbers lmkit-entropy-means" });
    const names = element("p", { class: "lmkit-entropy-names", "aria-hidden": "true" });
    names.append(element("span", {}, "nats"), element("span", {}, "equal choices"));
    const plot = element("div", { class: "lmkit-entropy-plot" }, this.nats, this.scroll, this.choices);
    root.append(heading, this.legend.root, names, plot, this.step, this.means);
    this.columns.addEventListener("click", (event) => {
      const column = event.target instanceof Element ? event.target.closest(".lmkit-entropy-column") : null;
      if (column) onSelect([...this.columns.children].indexOf(column));
    });
  }

  /**
   * @param {Choice[] | null} made of all new tokens; null: the panel is put away
   * @param {number[]} tokens
   * @param {import("../../base/tokenizer.js").Tokenizer} vocab
   * @param {number} step
   */
  show(made, tokens, vocab, step) {
    this.root.hidden = !made;
    if (!made) return;
    hasNumbers(this.root, () => ({
      columns: ["step", "token", "entropy", "entropy after filters", "surprisal", "true entropy"],
      rows: made.map(({ own, left, surprisal, truth }, t) => [
        t + 1,
        vocab.show(tokens[t]),
        own,
        left,
        surprisal,
        truth,
      ]),
    }));
    const most = HEADROOM * Math.max(...made.flatMap(({ own, left, truth }) => [own, left, truth ?? 0]));
    const top = HEIGHTS.find((height) => most <= height) ?? most;
    const changed = made.some(({ own, left }) => Math.abs(own - left) > 1e-6);
    const means = {
      own: runningMeans(made.map(({ own }) => own)),
      left: runningMeans(made.map(({ left }) => left)),
      surprisal: runningMeans(made.map(({ surprisal }) => surprisal)),
    };
    this.showAxes(top);
    this.legend.show({
      changed,
      known: made.some(({ truth }) => truth !== null),
      beyond: made.some(({ surprisal }) => surprisal > top),
    });
    resize(this.columns, made.length, makeColumn);
    for (const [t, choice] of made.entries()) {
      showColumn(this.columns.children[t], choice, { top, changed, shown: t === step });
    }
    this.showLines(means, top);
    setText(this.step, stepLine(made[step], vocab.show(tokens[step]), step, changed));
    setText(this.means, meansLine(means, step, changed));
    const said = `Columns for ${made.length} steps. ${lineOf(means, made.length - 1, changed)}.`;
    setAttribute(this.chart, "aria-label", said);
    this.bringIntoSight(step);
  }

  /** @param {number} top */
  showAxes(top) {
    const ofNats = Array.from({ length: TICKS + 1 }, (_, i) => ({ at: i / TICKS, label: String((i * top) / TICKS) }));
    let next = 0;
    const ofChoices = CHOICES.flatMap((count) => {
      const at = Math.log(count) / top;
      if (at < next || at > 1) return [];
      next = at + LEAST_GAP;
      return [{ at, label: String(count) }];
    });
    showTicks(this.nats, ofNats);
    showTicks(this.choices, ofChoices);
  }

  /**
   * @param {Means} means
   * @param {number} top
   */
  showLines({ own, surprisal }, top) {
    const count = own.length;
    setAttribute(this.lines, "viewBox", `0 0 ${count} 1`);
    /** @param {number[]} values */
    const points = (values) =>
      values.map((value, t) => `${t + 0.5},${(1 - Math.min(1, value / top)).toFixed(4)}`).join(" ");
    setAttribute(this.ownLine, "points", points(own));
    setAttribute(this.surprisalLine, "points", points(surprisal));
  }

  /**
   * Scrolls the chart, never the page.
   * @param {number} step
   */
  bringIntoSight(step) {
    const { scroll } = this;
    const column = this.columns.children[step];
    if (scroll.scrollWidth <= scroll.clientWidth || !(column instanceof HTMLElement)) return;
    const left = column.offsetLeft;
    const right = left + column.offsetWidth;
    if (left < scroll.scrollLeft) scroll.scrollLeft = left;
    else if (right > scroll.scrollLeft + scroll.clientWidth) scroll.scrollLeft = right - scroll.clientWidth;
  }
}

function makeColumn() {
  /** @param {string} name */
  const mark = (name) => element("span", { class: `lmkit-entropy-${name}` });
  return element("span", { class: "lmkit-entropy-column" }, ...["left", "own", "truth", "surprisal"].map(mark));
}

/**
 * @param {Element} column
 * @param {Choice} choice
 * @param {{ top: number, changed: boolean, shown: boolean }} state
 */
function showColumn(column, { own, left, surprisal, truth }, { top, changed, shown }) {
  const [leftBar, ownBar, truthMark, dot] = column.querySelectorAll("span");
  /** @param {number} nats */
  const share = (nats) => `${((100 * nats) / top).toFixed(2)}%`;
  column.classList.toggle("lmkit-entropy-shown", shown);
  leftBar.style.height = share(left);
  ownBar.style.height = share(own);
  ownBar.hidden = !changed;
  truthMark.hidden = truth === null;
  truthMark.style.bottom = share(truth ?? 0);
  dot.style.bottom = share(Math.min(surprisal, top));
  dot.classList.toggle("lmkit-entropy-beyond", surprisal > top);
}

/**
 * @param {HTMLElement} axis
 * @param {{ at: number, label: string }[]} ticks
 */
function showTicks(axis, ticks) {
  resize(axis, ticks.length, () => element("span"));
  const marks = axis.querySelectorAll("span");
  for (const [i, { at, label }] of ticks.entries()) {
    marks[i].style.bottom = `${100 * at}%`;
    setText(marks[i], label);
  }
}

/** What the marks mean; those that are not there now are not spoken of. */
function makeLegend() {
  const drawn = new Text("entropy");
  const mean = new Text("mean entropy");
  const left = legendEntry("left", drawn);
  const own = legendEntry("own", "entropy at T = 1, nothing dropped");
  const truth = legendEntry("truth", "true entropy");
  const dot = legendEntry("surprisal", "surprisal of the chosen token");
  const far = legendEntry("beyond", "more than the chart shows");
  const lines = [legendEntry("own-line", mean), legendEntry("surprisal-line", "mean surprisal")];
  const root = element("p", { class: "lmkit-entropy-legend" }, left, own, truth, dot, far, ...lines);
  /** @param {{ changed: boolean, known: boolean, beyond: boolean }} there */
  const show = ({ changed, known, beyond }) => {
    own.hidden = !changed;
    truth.hidden = !known;
    far.hidden = !beyond;
    setText(drawn, changed ? "entropy of what was drawn from" : "entropy");
    setText(mean, changed ? "mean entropy at T = 1" : "mean entropy");
  };
  return { root, show };
}

/**
 * @param {string} name
 * @param {Node | string} text
 */
function legendEntry(name, text) {
  const key = { class: `lmkit-entropy-key lmkit-entropy-key-${name}`, "aria-hidden": "true" };
  return element("span", {}, element("span", key), text);
}

/**
 * @param {Choice} choice
 * @param {string} word
 * @param {number} step
 * @param {boolean} changed whether temperature or filters changed what was drawn from
 */
function stepLine({ own, left, surprisal, truth }, word, step, changed) {
  const open = `${left.toFixed(2)} nats, as open as ${choicesOf(left)}`;
  const before = changed ? ` (the model’s own: ${own.toFixed(2)} nats, ${choicesOf(own)})` : "";
  const known = truth === null ? "" : `; true entropy ${truth.toFixed(2)}`;
  return `Step ${step + 1}, ‘${word}’: entropy ${open}${before}${known}; surprisal ${surprisal.toFixed(2)}.`;
}

/** @param {number} entropy */
function choicesOf(entropy) {
  const count = Math.exp(entropy).toFixed(1);
  return `${count} equal choice${count === "1.0" ? "" : "s"}`;
}

/**
 * @param {Means} means
 * @param {number} step
 * @param {boolean} changed
 */
function meansLine(means, step, changed) {
  const last = means.own.length - 1;
  const all = lineOf(means, last, changed);
  return step === last ? `${all}.` : `${lineOf(means, step, changed)}. ${all}.`;
}

/**
 * @param {Means} means
 * @param {number} at
 * @param {boolean} changed
 */
function lineOf({ own, left, surprisal }, at, changed) {
  const drawn = changed ? ` (drawn from ${left[at].toFixed(2)})` : "";
  const steps = at === 0 ? "step 1" : `steps 1 to ${at + 1}`;
  return `Mean of ${steps}: entropy ${own[at].toFixed(2)}${drawn}, surprisal ${surprisal[at].toFixed(2)} nats`;
}
