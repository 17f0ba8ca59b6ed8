// The length lab's view: runs of one setting, with attention and without.

import { element, percent, resize, setText, shareNodes } from "../../base/dom.js";
import { LabError } from "../../base/errors.js";
import { folded, LabView, panel, stage, widgetOf } from "../../base/view.js";
import { ShareCurves } from "./curves.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("./curves.js").ShareSeries} ShareSeries */
/** @typedef {[first: number, last: number]} Group Words of the shortest and of the longest source. */

/** @typedef {{ mean: number[], low: number[], high: number[], seeds: number[][] }} Shares In each group of lengths. */
/** @typedef {{ attention: Shares, without: Shares, words: string }} Point What the runs of one setting did. */

/** @type {[number, string][]} */
const TICKS = [10, 15, 20, 30, 50, 100].map((words) => [Math.log(words), String(words)]);
const AIR = 0.03; // above all and below none, so that marks there are whole
const NAMES = { attention: "with attention", without: "without" };

class LengthView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const curves = panel("lmkit-length-curves", "Possible translations by length");
    const chart = new ShareCurves({ onResize: () => this.ask() });
    const words = element("p", { class: "lmkit-length-words" });
    const table = new ShareTable(model.get("groups"), model.get("stories"));
    curves.root.append(curves.heading, words, chart.root);
    super(model, root, stage(curves.root), folded("In numbers", table.root, table.note));
    this.words = words;
    this.chart = chart;
    this.table = table;
  }

  /** @override */
  close() {
    super.close();
    this.chart.close();
  }

  /** @override */
  update() {
    const { longest_index, hidden_size_index, points, groups, longests } = this.read(
      "longest_index",
      "hidden_size_index",
      "points",
      "groups",
      "longests",
    );
    /** @type {number | null} */
    const longest = longests[longest_index];
    /** @type {Point | undefined} */
    const point = points[`${longest_index} ${hidden_size_index}`];
    if (!point) throw new LabError(`${untrained(longest)}; choose the other size, or other lengths`);
    setText(this.words, point.words);
    this.chart.draw(
      { ...chartOf(point, groups), words: point.words },
      longest === null ? null : { at: Math.log(longest + 0.5), lines: ["trained up", `to ${longest} words`] },
    );
    this.table.show(point, longest);
    this.announce(() => spoken(point, groups));
  }
}

/**
 * The shares of the shortest and of the longest sources.
 *
 * @param {Point} point
 * @param {Group[]} groups
 */
function spoken({ attention, without }, groups) {
  return [0, groups.length - 1].map((place) => {
    const [seen, vector] = [attention, without].map(({ mean }) => percent(mean[place]));
    return `${groups[place].join(" to ")} words: ${seen}, without attention ${vector}.`;
  });
}

/** @param {number | null} longest */
function untrained(longest) {
  return `no translator of this size was trained on ${longest === null ? "whole stories" : `up to ${longest} words`}`;
}

/**
 * @param {Point} point
 * @param {Group[]} groups
 */
function chartOf(point, groups) {
  /** @type {(shares: Shares) => import("../../base/charts/run_chart.js").Point[]} */
  const pointsOf = ({ mean }) => groups.map(([first, last], i) => [Math.log(first * last) / 2, mean[i], null]);
  const { attention, without } = point;
  /** @type {ShareSeries[]} */
  const series = [
    { name: NAMES.attention, role: "model", mark: "circle", strong: true, points: pointsOf(attention), ...attention },
    { name: NAMES.without, role: "one_vector", mark: "square", dashed: true, points: pointsOf(without), ...without },
  ];
  /** @type {[number, number]} */
  const across = [Math.log(groups[0][0]), Math.log(groups[groups.length - 1][1])];
  /** @type {[number, number]} */
  const up = [-AIR, 1 + AIR];
  return {
    series,
    x: { label: "words of the source", ticks: TICKS, range: across, valueAt: Math.exp },
    y: { label: "possible translations", times: 100, unit: "\u202f%", range: up },
  };
}

/** The shares with their intervals, in two parts: lengths that were trained on, and longer ones. */
class ShareTable {
  /**
   * @param {Group[]} groups
   * @param {number} stories - Of each group.
   */
  constructor(groups, stories) {
    this.groups = groups;
    this.stories = stories;
    const heads = ["words of the source", NAMES.attention, NAMES.without];
    const head = element("tr", {}, ...heads.map((name) => element("th", { scope: "col" }, name)));
    this.root = element("table", { class: "lmkit-length-table" }, element("thead", {}, head));
    this.parts = [true, false].map((trained) => {
      const title = element("th", { scope: "rowgroup", colspan: 3 });
      const body = element("tbody", { "data-filled": "" }, element("tr", {}, title));
      this.root.append(body);
      return { trained, title, body };
    });
    this.note = element("p", { class: "lmkit-footnote" });
  }

  /**
   * @param {Point} point
   * @param {number | null} longest
   */
  show({ attention, without }, longest) {
    const { groups } = this;
    for (const { trained, title, body } of this.parts) {
      setText(title, trained ? "as in training" : "longer than any in training");
      const places = [...groups.keys()].filter((i) => trained === (longest === null || groups[i][1] <= longest));
      body.hidden = !places.length;
      const rows = resize(body, 1 + places.length, () =>
        element("tr", {}, element("th", { scope: "row" }), element("td"), element("td")),
      ).slice(1);
      for (const [n, row] of rows.entries()) {
        const i = places[n];
        setText(row.children[0], `${groups[i][0]}–${groups[i][1]}`);
        row.children[1].replaceChildren(...nodesOf(attention, i));
        row.children[2].replaceChildren(...nodesOf(without, i));
      }
    }
    const seeds = attention.seeds.length;
    setText(
      this.note,
      `Mean and 95\u202f% interval over ${seeds} seeds, each a small dot: Student’s t, or Wilson’s where all agree. ` +
        `Every seed translates ${this.stories} sources of each length; the grammar tells which translations are possible.`,
    );
  }
}

/**
 * @param {Shares} shares
 * @param {number} i
 */
function nodesOf({ mean, low, high }, i) {
  return shareNodes(mean[i], low[i], high[i]);
}

export default widgetOf(LengthView);
