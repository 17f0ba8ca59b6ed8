// The counting lab's view: every continuation of a context in a text, with its count.

import { bytesOf, once } from "../../base/assets.js";
import { element, percent, resize, setAttribute, setText } from "../../base/dom.js";
import { LabError, shortened } from "../../base/errors.js";
import { checkLength } from "../../base/tokenizer.js";
import { column, LabView, panel, stage, widgetOf } from "../../base/view.js";
import { tokenize } from "../../base/vocab.js";
import { CountedText, idsOf, inflate, spread } from "./model.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("./model.js").Continuation} Continuation */
/** @typedef {import("./model.js").Continuations} Continuations */

const SHOWN_ROWS = 12;
const SHOWN_PLACES = 6;
const WORDS_BEFORE = 5;
const SCALES = [0.1, 0.25, 0.5, 1];

class CountingView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const context = new ContextPanel();
    const table = new ContinuationsPanel(() => this.ask());
    const places = new PlacesPanel();
    super(model, root, stage(column(context.root, table.root), places.root));
    this.context = context;
    this.table = table;
    this.places = places;
    this.opening = false;
    /** @type {CountedText | null} */
    this.text = null;
  }

  ready() {
    if (!this.opening) this.open();
    return Boolean(this.text);
  }

  async open() {
    this.opening = true;
    try {
      const text = await openText(this.model);
      if (this.closed) return;
      this.text = text;
      this.run();
    } catch (error) {
      if (!this.closed) this.fail(error);
    }
  }

  update() {
    const { text } = this;
    if (!text) return;
    const { context, context_length } = this.read("context", "context_length");
    /** @type {string[]} */
    const tokens = tokenize(context);
    if (!tokens.length)
      throw new LabError("context must hold at least one token, but it is empty; type one or pick one");
    checkLength("context", tokens.length);
    const used = tokens.slice(-context_length);
    const ids = used.map((token) => idOf(text, token));
    const found = text.continuations(ids);
    this.context.show(tokens.slice(0, -context_length), used, context_length);
    this.table.show(found, () => silence(text, ids), text);
    this.places.show(found, ids, text);
    this.announce(() => spoken(found));
  }
}

/**
 * @param {CountedText} text
 * @param {string} token
 * @returns {number}
 */
function idOf(text, token) {
  const id = text.idOf.get(token);
  if (id !== undefined) return id;
  const distinct = text.words.length.toLocaleString("en");
  throw new LabError(
    `context holds ‘${shortened(token)}’, which does not occur in the text; use its ${distinct} words only, ` +
      "written as in the text and with spaces around every punctuation mark",
  );
}

/**
 * Why a context has no continuation, and how much of it has one.
 * @param {CountedText} text
 * @param {number[]} ids
 */
function silence(text, ids) {
  const known = text.longestCounted(ids);
  const words = known.map((id) => text.words[id]).join(" ");
  const shorter = `Its last ${tokensIn(known.length)}, ‘${words}’, can be looked up: use fewer tokens`;
  const why = text.endsWith(ids)
    ? "This context occurs only where the text ends, and nothing follows it"
    : "This context never occurs in the text, so the table has no distribution for it";
  return `${why}. ${known.length ? `${shorter}.` : ""}`;
}

/**
 * The text that travels with the widget: unpacked once per page, however many widgets show it.
 * @param {Model} model
 * @returns {Promise<CountedText>}
 */
function openText(model) {
  const words = model.get("words");
  return once(`text ${model.get("key")}`, async () => {
    const bytes = await inflate(bytesOf(model.get("stream")));
    return new CountedText(words, idsOf(bytes, words.length));
  });
}

/** The context, its tokens that are not looked at set apart from those that are. */
class ContextPanel {
  constructor() {
    this.ignored = element("span", { class: "lmkit-counting-ignored" });
    this.used = element("span", { class: "lmkit-counting-used" });
    const next = element("span", { class: "lmkit-counting-next", "aria-hidden": "true" }, "▸ ?");
    const looked = element("span", { "data-filled": "" }, this.used, next);
    this.line = element("p", { class: "lmkit-counting-context" }, this.ignored, looked);
    this.legend = element("p", { class: "lmkit-numbers" });
    this.root = element("div", { class: "lmkit-panel" }, this.line, this.legend);
  }

  /**
   * @param {string[]} ignored
   * @param {string[]} used
   * @param {number} wanted how many tokens are to be looked up
   */
  show(ignored, used, wanted) {
    this.ignored.hidden = !ignored.length;
    setText(this.ignored, ignored.join(" "));
    setText(this.used, used.join(" "));
    const short = used.length < wanted ? `; ${wanted} may be used, but it has no more` : "";
    const rest = ignored.length ? `; what stands before ${used.length === 1 ? "it" : "them"} is not looked at` : "";
    setText(this.legend, `Looked up: the last ${tokensIn(used.length)} of the context${short}${rest}.`);
  }
}

/** A table of the continuations, whose second column is drawn. */
class ContinuationsPanel {
  /** @param {() => void} onToggle */
  constructor(onToggle) {
    const { root, heading } = panel("lmkit-counting", "Continuations");
    this.root = root;
    this.heading = heading;
    this.all = false;
    this.numbers = element("p", { class: "lmkit-counting-facts" });
    this.body = element("tbody");
    this.scale = element("th", { scope: "col", class: "lmkit-counting-bar-cell" });
    const head = element(
      "tr",
      {},
      makeHead("next token", "lmkit-counting-word"),
      this.scale,
      makeHead("count", "lmkit-counting-number"),
      makeHead("share", "lmkit-counting-number"),
    );
    this.table = element("table", { "aria-labelledby": heading.id }, element("thead", {}, head), this.body);
    this.more = element("button", {
      type: "button",
      class: "lmkit-button lmkit-counting-more",
      "aria-expanded": "false",
    });
    this.more.addEventListener("click", () => {
      this.all = !this.all;
      onToggle();
    });
    root.append(heading, this.numbers, this.table, this.more);
  }

  /**
   * @param {Continuations} found
   * @param {() => string} silence says why there is none
   * @param {CountedText} text
   */
  show({ rows, total, entropy }, silence, text) {
    const shown = this.all ? rows : rows.slice(0, SHOWN_ROWS);
    const words = text.ids.length.toLocaleString("en");
    setText(this.heading, total ? `Counted ${times(total)} in ${words} tokens` : `Not once counted in ${words} tokens`);
    setText(this.numbers, total ? facts(rows, total, entropy) : silence());
    this.table.hidden = !total;
    const scale = SCALES.find((limit) => (rows[0]?.share ?? 0) <= limit) ?? 1;
    setText(this.scale, `0 to ${100 * scale}\u202f%`);
    resize(this.body, shown.length, makeRow);
    for (const [i, row] of shown.entries()) showRow(this.body.children[i], row, scale);
    this.more.hidden = rows.length <= SHOWN_ROWS;
    setText(this.more, this.all ? `Show only the first ${SHOWN_ROWS}` : `Show all ${rows.length}`);
    setAttribute(this.more, "aria-expanded", String(this.all));
  }
}

/**
 * @param {string} text
 * @param {string} className
 */
function makeHead(text, className) {
  return element("th", { scope: "col", class: className }, text);
}

/**
 * @param {Continuation[]} rows
 * @param {number} total
 * @param {number} entropy
 */
function facts(rows, total, entropy) {
  if (rows.length === 1) {
    const always = total > 1 ? " every time" : "";
    return `Followed by ‘${rows[0].word}’${always}. Entropy 0.00 nats: nothing is left to guess.`;
  }
  const most = rows[0].count;
  const equal = rows.filter(({ count }) => count === most).length;
  const first = equal > 1 ? ` (the first of ${equal} that are equally frequent)` : "";
  const share = `${most.toLocaleString("en")} of ${total.toLocaleString("en")}`;
  const open = `Entropy ${entropy.toFixed(2)} nats: as open as ${Math.exp(entropy).toFixed(1)} equally likely tokens`;
  return `${rows.length} different tokens follow. Best guess: ‘${rows[0].word}’${first}, right in ${share} places. ${open}.`;
}

function makeRow() {
  return element(
    "tr",
    {},
    element("th", { scope: "row", class: "lmkit-counting-word" }),
    element(
      "td",
      { class: "lmkit-counting-bar-cell", "aria-hidden": "true" },
      element("span", { class: "lmkit-counting-bar" }),
    ),
    element("td", { class: "lmkit-counting-number" }),
    element("td", { class: "lmkit-counting-number" }),
  );
}

/**
 * @param {Element} node
 * @param {Continuation} row
 * @param {number} scale the share that a full bar stands for
 */
function showRow(node, { word, count, share }, scale) {
  const [name, bar, number, part] = node.children;
  setText(name, word);
  bar.querySelector("span")?.style.setProperty("width", `${(100 * share) / scale}%`);
  setText(number, count.toLocaleString("en"));
  setText(part, percent(share));
}

/** Some of the places where the context occurs, with what stands around it. */
class PlacesPanel {
  constructor() {
    const { root, heading } = panel("lmkit-counting-places", "Places");
    this.root = root;
    this.heading = heading;
    this.list = element("ul", { "aria-labelledby": heading.id });
    root.append(heading, this.list);
  }

  /**
   * @param {Continuations} found
   * @param {number[]} context
   * @param {CountedText} text
   */
  show({ places, total }, context, text) {
    this.root.hidden = !total;
    const shown = spread(places, SHOWN_PLACES);
    const which =
      total === 1
        ? "The place"
        : total > shown.length
          ? `${shown.length} of the ${total.toLocaleString("en")} places`
          : "The places";
    setText(this.heading, which);
    resize(this.list, shown.length, makePlace);
    shown.forEach((at, i) => {
      const start = at - context.length;
      const [before, within, next] = this.list.children[i].children;
      setText(before, `${start > WORDS_BEFORE ? "… " : ""}${text.read(start - WORDS_BEFORE, start)} `);
      setText(within, text.read(start, at));
      setText(next, ` ${text.read(at, at + 1)}`);
    });
  }
}

function makePlace() {
  return element("li", {}, element("span"), element("span", { class: "lmkit-counting-used" }), element("strong"));
}

/** @param {Continuations} found */
function spoken({ rows, total }) {
  if (!total) return ["Never counted."];
  const first = rows
    .slice(0, 3)
    .map(({ word, share }) => `${word} ${percent(share)}`)
    .join(", ");
  return [`Counted ${times(total)}.`, `Next: ${first}.`];
}

/** @param {number} count */
function tokensIn(count) {
  return count === 1 ? "token" : `${count} tokens`;
}

/** @param {number} count */
function times(count) {
  return count === 1 ? "once" : `${count.toLocaleString("en")} times`;
}

export default widgetOf(CountingView);
