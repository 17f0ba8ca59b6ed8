// The source, word by word, with what the decoder looks at for the word that is shown.

import { element, resize, setAttribute, setText } from "../../base/dom.js";
import { panel } from "../../base/view.js";
import { isFlat, LEAST_NAMED, largest } from "./wording.js";

export class SourcePanel {
  /** @param {() => void} onDraw - A new story is wanted. */
  constructor(onDraw) {
    const { root, heading } = panel("lmkit-source-words", "Source");
    this.root = root;
    this.heading = heading;
    this.draw = element("button", { type: "button", class: "lmkit-button" }, "New story");
    this.draw.addEventListener("click", onDraw);
    this.words = element("p", { class: "lmkit-source-line" });
    this.look = element("p", { class: "lmkit-numbers lmkit-look-line" });
    const head = element("div", { class: "lmkit-head" }, heading, this.draw);
    root.append(head, this.words, this.look);
  }

  /**
   * @param {object} shown
   * @param {string[]} shown.source
   * @param {number} shown.longest - In training; 0 where it is not known.
   * @param {Float32Array | null} shown.weights - Of the step that is shown.
   * @param {number[]} shown.links
   * @param {string} shown.look - The same in words.
   * @param {boolean} shown.canDraw
   */
  show({ source, longest, weights, links, look, canDraw }) {
    const beyond = longest && source.length > longest ? `, longer than any in training (${longest})` : "";
    setText(this.heading, `Source: ${source.length} words with the end token${beyond}`);
    this.draw.hidden = !canDraw;
    const most = weights ? largest(weights) : -1;
    const stands = weights && weights[most] >= LEAST_NAMED && !isFlat(weights);
    for (const [j, { firstElementChild: word }] of resize(this.words, source.length, makeWord).entries()) {
      if (!word) continue;
      setText(word, source[j]);
      const classes = [stands && most === j && "lmkit-most", links.includes(j) && "lmkit-from"]
        .filter(Boolean)
        .join(" ");
      setAttribute(word, "class", classes || null);
      setAttribute(word, "style", weights ? `--lmkit-weight: ${Math.round(40 * weights[j])}%` : null);
    }
    setText(this.look, look);
  }
}

/** A word, and the gap behind it. */
function makeWord() {
  return element("span", {}, element("span"), " ");
}
