// What beam search found.

import { element, resize, setText, signed } from "../../base/dom.js";
import { panel } from "../../base/view.js";

/** @typedef {import("../writing.js").Result} Result */

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
