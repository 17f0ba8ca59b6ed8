// The numbers of a choice as a table.

import { element, resize, setText } from "../../base/dom.js";
import { ROWS, runText } from "./measures.js";

/** @typedef {import("./measures.js").Combination} Combination */
/** @typedef {Record<"none" | "chosen" | "all", Combination | null>} Shown Null where a combination was not run. */

/** The same numbers as text: the choice beside none and all. */
export class CombinationTable {
  constructor() {
    this.name = element("th", { scope: "col" });
    const heads = [
      element("td"),
      element("th", { scope: "col" }, "■ none"),
      this.name,
      element("th", { scope: "col" }, "◆ all"),
    ];
    this.body = element("tbody", { "data-filled": "" });
    resize(this.body, ROWS.length + 2, () => {
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

  /**
   * @param {Shown} shown
   * @param {string | null} name null where the choice has no column of its own: it was not run, or is none or all
   */
  show({ none, chosen, all }, name) {
    setText(this.name, `● ${name ?? "your choice"}`);
    this.table.classList.toggle("lmkit-ablation-two", name === null);
    /** @type {(label: string, cell: (one: Combination) => string) => string[]} */
    const row = (label, cell) => [label, ...[none, chosen, all].map((one) => (one ? cell(one) : "not run"))];
    const rows = [
      ...ROWS.map(({ label, end, format }) => row(label, ({ ends }) => runText(ends[end], format))),
      row("parameters", ({ parameters }) => parameters.toLocaleString("en")),
      row("seeds", ({ seeds }) => String(seeds)),
    ];
    for (const [r, cells] of rows.entries()) {
      for (const [c, text] of cells.entries()) setText(this.body.children[r].children[c], text);
    }
  }
}
