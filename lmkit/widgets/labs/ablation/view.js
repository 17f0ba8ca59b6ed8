// The ablation lab: parts of an AWD-LSTM on and off, with the runs behind every combination that was run.

import { RunCurves } from "../../base/charts/run_curves.js";
import { RunDots } from "../../base/charts/run_dots.js";
import { element, resize, setText } from "../../base/dom.js";
import { LabView, panel, widgetOf } from "../../base/view.js";
import { combinationName, nearestCombinations, ranked, stepsBetween } from "./model.js";

const WHOLE = 10000; // numbers travel as whole ten-thousandths
const SHARE = { times: 100, unit: "\u202f%", digits: 1 },
  NATS = { digits: 3, axis: " (nats)" };
const MEASURED_RUNS = [
  {
    label: "held-out accuracy",
    curve: "valid_accuracy",
    plain: "accuracy",
    cached: "cached_accuracy",
    rising: true,
    ...SHARE,
  },
  { label: "held-out loss", curve: "valid_loss", plain: "cross_entropy", cached: "cached_cross_entropy", ...NATS },
  { label: "training loss", curve: "train_loss", plain: "train_cross_entropy", cached: "train_cross_entropy", ...NATS },
];
const ABLATION_ROWS = [
  ["held-out accuracy", "accuracy", SHARE],
  ["… with the cache", "cached_accuracy", SHARE],
  ["held-out loss", "cross_entropy", NATS],
  ["… with the cache", "cached_cross_entropy", NATS],
  ["training loss", "train_cross_entropy", NATS],
];
const MARKS = { none: "square", all: "diamond", chosen: "circle" };
const ROLES = { none: "input", all: "model", chosen: "chosen", other: "muted" };
const EPOCH_TICKS = [1, 5, 10, 15];
const MOST_OFFERS = 6;

class AblationView extends LabView {
  constructor(model, root) {
    const parts = model.get("parts"),
      whole = (1 << parts.length) - 1;
    const outer = ({ bits }) => Number(bits === 0 || bits === whole); // none and all come last, and so lie above the others
    const combinations = model
      .get("combinations")
      .map(combinationOf)
      .sort((a, b) => outer(a) - outer(b));
    const choice = new ChoicePanel((bits) => this.choose(bits), parts);
    const curves = new RunCurves({ onResize: () => this.ask() });
    const dots = new RunDots({
      label: "All combinations that were run, from the worst to the best; arrow keys choose",
      onResize: () => this.ask(),
      onSelect: (index) => this.choose(combinations[index].bits),
    });
    const learning = panel("lmkit-ablation-curves", "Learning curves"),
      all = panel("lmkit-ablation-dots", "Combinations");
    const table = new CombinationTable();
    learning.root.append(learning.heading, curves.root);
    all.root.append(all.heading, dots.root);
    const charts = element("div", { class: "lmkit-ablation-charts" }, learning.root, all.root);
    super(model, root, choice.root, charts, table.root);
    Object.assign(this, {
      combinations,
      parts,
      whole,
      choice,
      curves,
      dots,
      table,
      headings: [learning.heading, all.heading],
    });
  }

  close() {
    super.close();
    this.curves.close();
    this.dots.close();
  }

  /** Switch to a combination; the controls follow. */
  choose(bits) {
    this.write(Object.fromEntries(this.parts.map(([name], place) => [name, Boolean(bits & (1 << place))])));
  }

  update() {
    const { cache, measure_index } = this.read("cache", "measure_index"),
      measure = MEASURED_RUNS[measure_index];
    const bits = this.parts.reduce((sum, [name], place) => sum + (this.model.get(name) ? 1 << place : 0), 0);
    const of = (wanted) => this.combinations.find((one) => one.bits === wanted) ?? null;
    const shown = { none: of(0), chosen: of(bits), all: of(this.whole) },
      name = combinationName(bits, this.parts);
    const end = cache ? measure.cached : measure.plain,
      values = this.combinations.map(({ ends }) => ends[end][0]);
    const order = ranked(values, measure.rising),
      place = order.length - order.indexOf(this.combinations.indexOf(shown.chosen));
    const words = this.inWords(name, shown.chosen, end, measure, place);
    this.choice.show(bits, words, shown.chosen ? [] : this.offers(bits, values, measure.rising));
    this.showCurves(shown, name, measure, bits);
    this.showDots(shown.chosen, order, end, measure, words);
    const last = cache && end !== measure.plain ? "with the cache" : "after the last epoch";
    setText(this.headings[0], `Learning curves: ${measure.label}`);
    setText(this.headings[1], `${order.length} combinations, ${last}`);
    this.table.show(shown, !shown.chosen || bits === 0 || bits === this.whole ? null : name);
    this.announce(() => words);
  }

  inWords(name, chosen, end, measure, place) {
    if (!chosen) return `${capital(name)}: not run.`;
    const count = this.combinations.length,
      seeds = `${chosen.seeds} ${chosen.seeds === 1 ? "seed" : "seeds"}`;
    const rank = count > 1 ? ` Place ${place} of ${count}.` : "";
    const label = `${measure.label}${end === measure.plain ? "" : " with the cache"}`;
    return `${capital(name)}: ${label} ${runText(chosen.ends[end], measure)}, ${seeds}.${rank}`;
  }

  /** The nearest combinations that were run, the best of them first. */
  offers(bits, values, rising) {
    const sign = rising ? -1 : 1;
    const near = nearestCombinations(bits, this.combinations).sort((a, b) => sign * (values[a] - values[b]) || a - b);
    return near.slice(0, MOST_OFFERS).map((place) => this.combinations[place].bits);
  }

  showCurves(shown, name, measure, bits) {
    const series = Object.entries(shown).flatMap(([key, one]) => {
      if (!one || (key === "chosen" && (bits === 0 || bits === this.whole))) return [];
      const points = one.curves[measure.curve].map(([mean, half], n) => [n + 1, mean, half]);
      const now = one === shown.chosen;
      return [
        {
          name: key === "chosen" ? name : key,
          role: ROLES[key],
          mark: MARKS[key],
          points,
          strong: now,
          dashed: key === "none",
        },
      ];
    });
    const last = Math.max(...series.map(({ points }) => points.length), 1);
    const ticks = EPOCH_TICKS.filter((at) => at <= last).map((at) => [at, String(at)]);
    const words = `Learning curves of ${series.map((one) => one.name).join(", ")}; the table says where they end.`;
    this.curves.show({
      series,
      x: { label: "epoch", ticks, range: [1, Math.max(last, 2)] },
      y: this.axis(measure),
      words,
    });
  }

  /** The same range whatever is switched, so that curves can be compared: half of the values, and all that matter. */
  axis({ label, axis = "", curve, times, unit, rising }) {
    this.ranges ??= {};
    this.ranges[curve] ??= rangeOf(
      this.combinations.map(({ curves }) => curves[curve]),
      rising,
    );
    return { label: label + axis, times, unit, range: this.ranges[curve] };
  }

  showDots(chosen, order, end, measure, words) {
    const places = new Map(order.map((index, rank) => [index, rank + 1]));
    const dots = this.combinations.map((one, index) => {
      const kind = one === chosen ? "chosen" : one.bits === 0 ? "none" : one.bits === this.whole ? "all" : "other";
      const mark = one.bits === 0 ? MARKS.none : one.bits === this.whole ? MARKS.all : MARKS.chosen;
      const [mean, half] = one.ends[end],
        name = combinationName(one.bits, this.parts);
      return { name, role: ROLES[kind], mark, point: [places.get(index), mean, half], strong: kind !== "other" };
    });
    const legend = [
      { name: "none", role: ROLES.none, mark: MARKS.none },
      { name: "all", role: ROLES.all, mark: MARKS.all },
      ...(chosen ? [{ name: "your choice", role: ROLES.chosen, mark: MARKS.chosen }] : []),
      { name: "others", role: ROLES.other, mark: MARKS.chosen },
    ];
    const lines = measure.rising ? [{ value: this.model.get("oracle"), name: "one who can count" }] : [];
    const { label, axis = "", times, unit } = measure,
      y = { label: label + axis, times, unit };
    const x = { label: "from worst to best", ticks: [], range: [0.5, order.length + 0.5] };
    this.dots.show({ dots, chosen: chosen && this.combinations.indexOf(chosen), legend, x, y, lines, words });
  }
}

/** What is chosen, in a sentence; where it was not run, what can be chosen instead. */
class ChoicePanel {
  constructor(onChoose, parts) {
    Object.assign(this, { onChoose, parts });
    this.words = element("p", { class: "lmkit-title", role: "status" });
    const all = (1 << parts.length) - 1;
    const presets = element(
      "span",
      { class: "lmkit-ablation-presets" },
      this.button("None", 0),
      this.button("All", all),
    );
    this.note = element("p", { class: "lmkit-numbers" });
    this.list = element("div", { class: "lmkit-ablation-offers" });
    this.offers = element("div", {}, this.note, this.list);
    const head = element("div", { class: "lmkit-head" }, this.words, presets);
    this.root = element(
      "div",
      { class: "lmkit-panel lmkit-ablation", role: "group", "aria-label": "Chosen parts" },
      head,
      this.offers,
    );
  }

  button(text, bits) {
    const button = element("button", { type: "button", class: "lmkit-button" }, text);
    button.dataset.bits = bits;
    button.addEventListener("click", () => this.onChoose(Number(button.dataset.bits)));
    return button;
  }

  show(bits, words, offered) {
    setText(this.words, words);
    this.offers.hidden = !offered.length;
    setText(this.note, "The nearest combinations that were run:");
    resize(this.list, offered.length, () => this.button("", 0));
    offered.forEach((near, n) => {
      const button = this.list.children[n];
      button.dataset.bits = near;
      setText(button, stepsBetween(bits, near, this.parts));
    });
  }
}

/** The same numbers as text: the choice beside none and all. */
class CombinationTable {
  constructor() {
    this.name = element("th", { scope: "col" });
    const heads = [
      element("td"),
      element("th", { scope: "col" }, "■ none"),
      this.name,
      element("th", { scope: "col" }, "◆ all"),
    ];
    this.body = element("tbody", { "data-filled": "" });
    resize(this.body, ABLATION_ROWS.length + 2, () => {
      return element("tr", {}, element("th", { scope: "row" }), element("td"), element("td"), element("td"));
    });
    this.table = element(
      "table",
      { class: "lmkit-ablation-table" },
      element("thead", {}, element("tr", {}, ...heads)),
      this.body,
    );
    const note =
      "Bands, bars and ± are 95\u202f% intervals of the mean over seeds. Losses are nats per token after the last epoch, in evaluation mode; " +
      "the training loss in the chart is that of the epoch itself, with dropout.";
    this.root = element("div", { class: "lmkit-panel" }, this.table, element("p", { class: "lmkit-footnote" }, note));
  }

  /** `name` is null where the choice has no column of its own: it was not run, or is none or all. */
  show({ none, chosen, all }, name) {
    setText(this.name, `● ${name ?? "your choice"}`);
    this.table.classList.toggle("lmkit-ablation-two", name === null);
    const row = (label, cell) => [label, ...[none, chosen, all].map((one) => (one ? cell(one) : "not run"))];
    const rows = [
      ...ABLATION_ROWS.map(([label, end, format]) => row(label, ({ ends }) => runText(ends[end], format))),
      row("parameters", ({ parameters }) => parameters.toLocaleString("en")),
      row("seeds", ({ seeds }) => String(seeds)),
    ];
    rows.forEach((cells, r) => cells.forEach((text, c) => setText(this.body.children[r].children[c], text)));
  }
}

/** Whole numbers as they travel, made into measures again. */
function combinationOf({ bits, seeds, parameters, ends, curves }) {
  const small = (values) => values.map((value) => value / WHOLE);
  const smaller = (of) => Object.fromEntries(Object.entries(of).map(([name, value]) => [name, small(value)]));
  const pairs = ([means, halves]) => means.map((mean, n) => [mean / WHOLE, halves[n] / WHOLE]);
  const paired = Object.fromEntries(Object.entries(curves).map(([name, value]) => [name, pairs(value)]));
  return { bits, seeds, parameters, ends: smaller(ends), curves: paired };
}

/** From the best value of all to what the middle one of all combinations has after two epochs. */
function rangeOf(curves, rising) {
  const means = curves.flatMap((points) => points.map(([mean]) => mean));
  const early = curves.map((points) => points[Math.min(1, points.length - 1)][0]).sort((a, b) => a - b);
  const middle = early[Math.floor(early.length / 2)],
    best = rising ? Math.max(...means) : Math.min(...means);
  const air = 0.05 * Math.abs(best - middle) || 0.05;
  return rising ? [middle, best + air] : [Math.max(0, best - air), middle];
}

/** "94.5 ± 1.6 %". */
function runText([mean, half], { times = 1, unit = "", digits }) {
  return `${(times * mean).toFixed(digits)}${half ? ` ± ${(times * half).toFixed(digits)}` : ""}${unit}`;
}

function capital(text) {
  return `${text[0].toUpperCase()}${text.slice(1)}`;
}

export default widgetOf(AblationView);
