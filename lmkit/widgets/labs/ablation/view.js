// The ablation lab: parts of an AWD-LSTM on and off, with the runs behind every combination that was run.

import { RunCurves } from "../../base/charts/run_curves.js";
import { RunDots } from "../../base/charts/run_dots.js";
import { setText } from "../../base/dom.js";
import { sentencesOf } from "../../base/news.js";
import { column, folded, LabView, panel, stage, widgetOf } from "../../base/view.js";
import { ChoicePanel } from "./choice_panel.js";
import { CombinationTable } from "./combination_table.js";
import { combinationOf, MEASURES, rangeOf, runText } from "./measures.js";
import { combinationName, nearestCombinations, ranked } from "./model.js";

/** @typedef {import("../../base/charts/run_chart.js").LegendEntry} LegendEntry */
/** @typedef {import("../../base/charts/run_chart.js").Mark} Mark */
/** @typedef {import("../../base/charts/run_chart.js").Point} RunPoint */
/** @typedef {import("../../base/charts/run_curves.js").Series} Series */
/** @typedef {import("../../base/charts/run_dots.js").Dot} Dot */
/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("./combination_table.js").Shown} Shown */
/** @typedef {import("./measures.js").Combination} Combination */
/** @typedef {import("./measures.js").Measure} Measure */
/** @typedef {import("./model.js").Part} Part */

/** @type {(keyof Shown)[]} */
const CURVES = ["none", "chosen", "all"];
/** @type {Record<keyof Shown, Mark>} */
const MARKS = { none: "square", all: "diamond", chosen: "circle" };
const ROLES = { none: "input", all: "model", chosen: "chosen", other: "muted" };
const EPOCH_TICKS = [1, 5, 10, 15];
const MOST_OFFERS = 6;

class AblationView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    /** @type {Part[]} */
    const parts = model.get("parts");
    const whole = (1 << parts.length) - 1;
    /** @type {Combination[]} */
    const combinations = model.get("combinations").map(combinationOf);
    /** @param {Combination} one */
    const outer = ({ bits }) => Number(bits === 0 || bits === whole); // none and all come last, and so lie above others
    combinations.sort((a, b) => outer(a) - outer(b));
    const choice = new ChoicePanel((bits) => this.choose(bits), parts);
    const curves = new RunCurves({ onResize: () => this.ask() });
    const dots = new RunDots({
      label: "All combinations that were run, from the worst to the best; arrow keys choose",
      onResize: () => this.ask(),
      onSelect: (index) => this.choose(combinations[index].bits),
    });
    const learning = panel("lmkit-ablation-curves", "Learning curves");
    const all = panel("lmkit-ablation-dots", "Combinations");
    const table = new CombinationTable();
    learning.root.append(learning.heading, curves.root);
    all.root.append(all.heading, dots.root);
    super(model, root, stage(column(choice.root, learning.root), all.root), folded("In numbers", table.root));
    this.combinations = combinations;
    this.parts = parts;
    this.whole = whole;
    this.choice = choice;
    this.curves = curves;
    this.dots = dots;
    this.table = table;
    this.headings = [learning.heading, all.heading];
    /** @type {Record<string, [number, number]>} */
    this.ranges = {}; // of the curves, by their names
  }

  close() {
    super.close();
    this.curves.close();
    this.dots.close();
  }

  /**
   * Switch to a combination; the controls follow.
   * @param {number} bits
   */
  choose(bits) {
    this.write(Object.fromEntries(this.parts.map(([name], place) => [name, Boolean(bits & (1 << place))])));
  }

  update() {
    const { cache, measure_index } = this.read("cache", "measure_index");
    const measure = MEASURES[measure_index];
    const bits = this.parts.reduce((sum, [name], place) => sum + (this.model.get(name) ? 1 << place : 0), 0);
    /** @param {number} wanted */
    const find = (wanted) => this.combinations.find((one) => one.bits === wanted) ?? null;
    const shown = { none: find(0), chosen: find(bits), all: find(this.whole) };
    const name = combinationName(bits, this.parts);
    const end = cache ? measure.cached : measure.plain;
    const values = this.combinations.map(({ ends }) => ends[end][0]);
    const order = ranked(values, measure.rising);
    const words = this.inWords(name, shown.chosen, end, measure, order);
    this.choice.show(bits, words, shown.chosen ? [] : this.offers(bits, values, measure.rising));
    this.showCurves(shown, name, measure, bits);
    this.showDots(shown.chosen, order, end, measure, words);
    const last = cache && end !== measure.plain ? "with the cache" : "after the last epoch";
    setText(this.headings[0], `Learning curves: ${measure.label}`);
    setText(this.headings[1], `${order.length} combinations, ${last}`);
    this.table.show(shown, !shown.chosen || bits === 0 || bits === this.whole ? null : name);
    this.announce(() => sentencesOf(words.slice(words.indexOf(": ") + 2)).map(capital));
  }

  /**
   * @param {string} name
   * @param {Combination | null} chosen
   * @param {string} end
   * @param {Measure} measure
   * @param {number[]} order from the worst to the best
   */
  inWords(name, chosen, end, measure, order) {
    if (!chosen) return `${capital(name)}: not run.`;
    const place = order.length - order.indexOf(this.combinations.indexOf(chosen));
    const seeds = `${chosen.seeds} ${chosen.seeds === 1 ? "seed" : "seeds"}`;
    const rank = order.length > 1 ? ` Place ${place} of ${order.length}.` : "";
    const label = `${measure.label}${end === measure.plain ? "" : " with the cache"}`;
    return `${capital(name)}: ${label} ${runText(chosen.ends[end], measure)}, ${seeds}.${rank}`;
  }

  /**
   * The nearest combinations that were run, the best of them first.
   * @param {number} bits
   * @param {number[]} values
   * @param {boolean} rising
   */
  offers(bits, values, rising) {
    const sign = rising ? -1 : 1;
    const near = nearestCombinations(bits, this.combinations).sort((a, b) => sign * (values[a] - values[b]) || a - b);
    return near.slice(0, MOST_OFFERS).map((place) => this.combinations[place].bits);
  }

  /**
   * @param {Shown} shown
   * @param {string} name of the choice
   * @param {Measure} measure
   * @param {number} bits
   */
  showCurves(shown, name, measure, bits) {
    /** @type {Series[]} */
    const series = CURVES.flatMap((key) => {
      const one = shown[key];
      if (!one || (key === "chosen" && (bits === 0 || bits === this.whole))) return [];
      /** @type {RunPoint[]} */
      const points = one.curves[measure.curve].map(([mean, half], n) => [n + 1, mean, half]);
      const look = { role: ROLES[key], mark: MARKS[key], strong: one === shown.chosen, dashed: key === "none" };
      return [{ name: key === "chosen" ? name : key, points, ...look }];
    });
    const last = Math.max(...series.map(({ points }) => points.length), 1);
    /** @type {[number, string][]} */
    const ticks = EPOCH_TICKS.filter((at) => at <= last).map((at) => [at, String(at)]);
    const words = `Learning curves of ${series.map((one) => one.name).join(", ")}; the table says where they end.`;
    this.curves.show({
      series,
      x: { label: "epoch", ticks, range: [1, Math.max(last, 2)] },
      y: this.axis(measure),
      words,
    });
  }

  /**
   * The same range whatever is switched, so that curves can be compared: half of the values, and all that matter.
   * @param {Measure} measure
   */
  axis({ label, axis = "", curve, times, unit, rising }) {
    this.ranges[curve] ??= rangeOf(
      this.combinations.map(({ curves }) => curves[curve]),
      rising,
    );
    return { label: label + axis, times, unit, range: this.ranges[curve] };
  }

  /**
   * @param {Combination | null} chosen
   * @param {number[]} order from the worst to the best
   * @param {string} end
   * @param {Measure} measure
   * @param {string} words
   */
  showDots(chosen, order, end, measure, words) {
    const places = new Map(order.map((index, rank) => [index, rank + 1]));
    /** @type {Dot[]} */
    const dots = this.combinations.map((one, index) => {
      const kind = one === chosen ? "chosen" : one.bits === 0 ? "none" : one.bits === this.whole ? "all" : "other";
      const mark = one.bits === 0 ? MARKS.none : one.bits === this.whole ? MARKS.all : MARKS.chosen;
      const [mean, half] = one.ends[end];
      const name = combinationName(one.bits, this.parts);
      return { name, role: ROLES[kind], mark, point: [places.get(index) ?? 0, mean, half], strong: kind !== "other" };
    });
    /** @type {LegendEntry[]} */
    const legend = [
      { name: "none", role: ROLES.none, mark: MARKS.none },
      { name: "all", role: ROLES.all, mark: MARKS.all },
      ...(chosen ? [{ name: "your choice", role: ROLES.chosen, mark: MARKS.chosen }] : []),
      { name: "others", role: ROLES.other, mark: MARKS.chosen },
    ];
    const lines = measure.rising ? [{ value: this.model.get("oracle"), name: "one who can count" }] : [];
    const { label, axis = "", times, unit } = measure;
    const y = { label: label + axis, times, unit };
    /** @type {import("../../base/charts/run_chart.js").AxisX} */
    const x = { label: "from worst to best", ticks: [], range: [0.5, order.length + 0.5] };
    this.dots.show({ dots, chosen: chosen && this.combinations.indexOf(chosen), legend, x, y, lines, words });
  }
}

/** @param {string} text */
function capital(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}`;
}

export default widgetOf(AblationView);
