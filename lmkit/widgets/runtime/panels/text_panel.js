// A decoded text, token by token. Panels are built once and then only written to, so that a slider step costs little and
// the keyboard's focus stays where it is.

import { element, percent, resize, setAttribute, setText } from "../../base/dom.js";
import { hasNumbers } from "../../base/shown_numbers.js";
import { panel } from "../../base/view.js";

/** @typedef {import("../writing.js").Result} Result */

/** What was given and the new tokens, each with its probability; a token is a radio button that says which step is shown. */
export class TextPanel {
  /**
   * @param {object} options
   * @param {(step: number) => void} options.onSelect - A step is counted from 0.
   * @param {() => void} options.onDraw
   * @param {string} [options.title]
   */
  constructor({ onSelect, onDraw, title = "Text" }) {
    const { root, heading } = panel("lmkit-text", title);
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
   * @param {object} around
   * @param {import("../../base/tokenizer.js").Tokenizer} around.vocab
   * @param {number} around.step - That is shown.
   * @param {string} around.prompt - What was there before the text.
   * @param {string} around.numbers - What there is to say below it.
   */
  show({ settings, best, truth }, { vocab, step, prompt, numbers }) {
    this.prompt.hidden = !prompt;
    setText(this.prompt, prompt);
    this.drawRow.hidden = settings.method !== "sampling";
    setText(this.seed, `seed ${settings.seed}`);
    hasNumbers(this.root, () => ({
      columns: ["step", "token", "p"],
      rows: best.tokens.map((id, t) => [t + 1, vocab.show(id), Math.exp(best.logProbs[t])]),
    }));
    resize(this.tokens, best.tokens.length, makeToken);
    for (const [t, id] of best.tokens.entries()) {
      const state = { selected: t === step, impossible: t === truth?.wrong?.step };
      showToken(this.tokens.children[t], vocab.show(id), best.logProbs[t], state);
    }
    setText(this.numbers, numbers);
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
