// What beam search found.

import { element, resize, setText, signed } from "../../base/dom.js";
import { panel } from "../../base/view.js";

/** @typedef {import("../writing.js").Result} Result */

/** The hypotheses that beam search found. */
export class HypothesesPanel {
  /** @param {{ brief?: boolean }} [options] - Brief: of all but the best only what differs, for long texts. */
  constructor({ brief = false } = {}) {
    this.brief = brief;
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
   * @param {import("../../base/tokenizer.js").Tokenizer} vocab
   */
  show({ settings, texts }, vocab) {
    this.root.hidden = settings.method !== "beam search";
    if (this.root.hidden) return;
    resize(this.body, texts.length, makeHypothesis);
    for (const [i, { tokens, score, logProb }] of texts.entries()) {
      const { children: cells } = this.body.children[i];
      const shown = this.brief && i ? differing(tokens, texts[0].tokens) : { start: 0, stop: tokens.length };
      const said = tokens.slice(shown.start, shown.stop);
      const [before, after] = [shown.start ? "… " : "", shown.stop < tokens.length ? " …" : ""];
      setText(cells[0], `${before}${vocab.text(said)}${after}`);
      setText(cells[1], signed(score, 3));
      setText(cells[2], signed(logProb));
      setText(cells[3], String(tokens.length));
    }
  }
}

/**
 * The part of a text that another has not, and a word before and behind it.
 *
 * @param {number[]} tokens
 * @param {number[]} other
 */
export function differing(tokens, other) {
  const shorter = Math.min(tokens.length, other.length);
  let start = 0,
    same = 0;
  while (start < shorter && tokens[start] === other[start]) start++;
  while (same < shorter - start && tokens[tokens.length - 1 - same] === other[other.length - 1 - same]) same++;
  return { start: Math.max(0, start - 1), stop: Math.min(tokens.length, tokens.length - same + 1) };
}

function makeHypothesis() {
  return element("tr", {}, element("td", { class: "lmkit-hypothesis" }), element("td"), element("td"), element("td"));
}
