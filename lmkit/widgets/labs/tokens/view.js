// The tokens lab's view: a text in boxes, one for each token, before and after every merge.

import { once } from "../../base/assets.js";
import { element, resize, setAttribute, setText } from "../../base/dom.js";
import { hasNumbers } from "../../base/shown_numbers.js";
import { column, LabView, panel, stage, widgetOf } from "../../base/view.js";
import { BPE } from "../../runtime/bpe.js";
import { cut, readText, tokensAfter } from "./model.js";

/**
 * @typedef {import("../../base/view.js").Model} Model
 * @typedef {import("./model.js").Cut} Cut
 * @typedef {import("./model.js").Merge} Merge
 */

const BYTES_KEY = "\\x and two signs is a byte that alone is no character: é takes two bytes, 😀 takes four.";

class TokensView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const merging = new MergingPanel((by) => this.write({ step: this.step + by }));
    const boxes = new BoxesPanel();
    super(model, root, stage(column(merging.root, boxes.root)));
    this.merging = merging;
    this.boxes = boxes;
    this.step = 0;
    this.wanted = 0; // the step that the reader chose: it comes back as a text grows
    /** @type {BPE | null} */
    this.bpe = null;
    this.opening = false;
    this.cutFor = "";
    this.closePaste = keepLines(root);
  }

  /** @override */
  close() {
    super.close();
    this.closePaste();
  }

  /** @override */
  ready() {
    if (!this.opening) this.open();
    return Boolean(this.bpe);
  }

  async open() {
    this.opening = true;
    const { tokens, key } = this.read("tokens", "key");
    this.bpe = await once(`tokens ${key}`, async () => new BPE(tokens));
    if (!this.closed) this.run();
  }

  /** @override */
  update() {
    const { bpe } = this;
    if (!bpe) return;
    const { text, vocab_size, step } = this.read("text", "vocab_size", "step");
    const whole = cut(bpe, readText(text), vocab_size);
    const last = whole.merges.length;
    const settings = `${vocab_size} ${text}`;
    const isMoved = this.cutFor === settings ? step !== this.step : !this.cutFor;
    if (isMoved) this.wanted = step >= last ? Infinity : step; // who is at the end stays there
    this.cutFor = settings;
    this.step = Math.max(0, Math.min(this.wanted, last));
    this.write({ last_step: Math.max(1, last), step: this.step });
    const ids = tokensAfter(bpe, whole, this.step);
    this.merging.show(bpe, whole.merges, this.step);
    this.boxes.show(bpe, ids, whole, { size: vocab_size, made: whole.merges[this.step - 1]?.id });
    this.announce(() => [this.boxes, this.merging].map(({ heading }) => `${heading.textContent}.`));
  }
}

/** Which merge was done last and which comes next, with buttons that go back and forward. */
class MergingPanel {
  /** @param {(by: number) => void} go */
  constructor(go) {
    const { root, heading } = panel("lmkit-tokens-merging lmkit-whole-panel", "");
    this.root = root;
    this.heading = heading;
    this.done = element("p");
    this.next = element("p");
    this.back = element("button", { type: "button", class: "lmkit-button" }, "◂ Back");
    this.forward = element("button", { type: "button", class: "lmkit-button" }, "Forward ▸");
    this.back.addEventListener("click", () => go(-1));
    this.forward.addEventListener("click", () => go(1));
    const buttons = element("span", { class: "lmkit-tokens-buttons" }, this.back, this.forward);
    root.append(element("div", { class: "lmkit-head" }, heading, buttons), this.done, this.next);
  }

  /**
   * @param {BPE} bpe
   * @param {Merge[]} merges
   * @param {number} step
   */
  show(bpe, merges, step) {
    setText(this.heading, `${step} of ${merges.length} ${merges.length === 1 ? "merge" : "merges"} done`);
    showMerge(this.done, "Last: ", merges[step - 1], bpe, "none yet, every byte stands alone");
    const end = merges.length
      ? "none, this vocabulary has no more for this text"
      : "none, a vocabulary of bytes has no merges";
    showMerge(this.next, "Next: ", merges[step], bpe, end);
    // A button that is switched off under the hand loses the keyboard's focus, so these are only marked.
    setAttribute(this.back, "aria-disabled", step === 0 ? "true" : null);
    setAttribute(this.forward, "aria-disabled", step === merges.length ? "true" : null);
  }
}

/**
 * @param {HTMLElement} line
 * @param {string} name
 * @param {Merge | undefined} merge
 * @param {BPE} bpe
 * @param {string} none - What is said where there is no merge.
 */
function showMerge(line, name, merge, bpe, none) {
  if (!merge) {
    line.replaceChildren(name, none, ".");
    return;
  }
  const [left, right, made] = [merge.left, merge.right, merge.id].map((id) => element("code", {}, bpe.words[id]));
  const places = `in ${merge.places} ${merge.places === 1 ? "place" : "places"}`;
  line.replaceChildren(name, left, " + ", right, " → ", made, `, token ${merge.id}, ${places}.`);
}

/** The tokens, each in a box with its id, and how many they are. */
class BoxesPanel {
  constructor() {
    const { root, heading } = panel("lmkit-tokens", "");
    this.root = root;
    this.heading = heading;
    this.numbers = element("p", { class: "lmkit-numbers" });
    this.list = element("ol", { class: "lmkit-tokens-boxes", "data-filled": "", "aria-labelledby": heading.id });
    this.key = element("p", { class: "lmkit-footnote" }, BYTES_KEY);
    root.append(heading, this.numbers, this.list, this.key);
  }

  /**
   * @param {BPE} bpe
   * @param {number[]} ids
   * @param {Cut} whole
   * @param {{ size: number, made: number | undefined }} at - The vocabulary's size, and the token of the last merge.
   */
  show(bpe, ids, { text, bytes }, { size, made }) {
    const characters = [...text].length;
    setText(this.heading, counted(ids.length, "token"));
    const each = (characters / ids.length).toFixed(2);
    const rest = `${counted(characters, "character")}, ${counted(bytes, "byte")}, ${each} characters per token`;
    setText(this.numbers, `${rest}; a vocabulary of ${size.toLocaleString("en")} tokens`);
    hasNumbers(this.list, () => ({
      columns: ["place", "token", "id"],
      rows: ids.map((id, i) => [i + 1, bpe.words[id], id]),
    }));
    const boxes = resize(this.list, ids.length, makeBox);
    ids.forEach((id, i) => {
      const [word, number] = boxes[i].children;
      setText(word, bpe.words[id]);
      setText(number, String(id));
      setAttribute(boxes[i], "class", id === made ? "lmkit-tokens-made" : null);
    });
    this.key.hidden = !ids.some((id) => bpe.words[id].startsWith("\\x"));
  }
}

function makeBox() {
  return element("li", {}, element("span"), element("small"));
}

/**
 * @param {number} count
 * @param {string} unit
 */
function counted(count, unit) {
  return `${count.toLocaleString("en")} ${unit}${count === 1 ? "" : "s"}`;
}

/**
 * Has new lines that are pasted into the lab's field stand there as ⏎: a field of one line would drop them.
 *
 * @param {HTMLElement} root
 * @returns {() => void} The clean-up.
 */
function keepLines(root) {
  const closing = new AbortController();
  /** @param {ClipboardEvent} event */
  const paste = (event) => {
    const { target, clipboardData } = event;
    const text = clipboardData?.getData("text/plain") ?? "";
    const box = root.closest(".lmkit-lab");
    if (!(target instanceof HTMLInputElement) || !box?.contains(target) || !/[\r\n]/.test(text)) return;
    event.preventDefault();
    const { selectionStart, selectionEnd } = target;
    target.setRangeText(text.replace(/\r\n?|\n/g, "⏎"), selectionStart ?? 0, selectionEnd ?? 0, "end");
    target.dispatchEvent(new Event("input", { bubbles: true }));
  };
  document.addEventListener("paste", paste, { signal: closing.signal });
  return () => closing.abort();
}

export default widgetOf(TokensView);
