// The padding lab's view: a source with padding, and what two translators make of it.

import { element, setText, shareNodes } from "../../base/dom.js";
import { checkLength } from "../../base/tokenizer.js";
import { column, folded, LabView, panel, stage, widgetOf } from "../../base/view.js";
import { tokenize } from "../../base/vocab.js";
import { openTranslation } from "../../runtime/translators/translation_session.js";
import { countChanges, newWords } from "./changes.js";
import { judge, PAD, translate } from "./padded.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("../../runtime/translators/translation_session.js").TranslationSession} TranslationSession */
/** @typedef {[share: number, low: number, high: number]} Interval */
/** @typedef {{ decoder: string, name: string, seeds: number, shares: Interval[] }} Row What larger translators did. */

const MOST_WORDS = 100; // of a source
const ADDED = [0, 1, 5, 20]; // words of padding for which there are shares

class PaddingView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    const source = new SourcePanel();
    const clean = new TranslationPanel("Padding masked");
    const faulty = new TranslationPanel("Padding read as words");
    const rows = model.get("shares");
    super(
      model,
      root,
      stage(column(source.root, clean.root, faulty.root)),
      ...(rows.length ? [sharesTable(rows)] : []),
    );
    this.source = source;
    this.clean = clean;
    this.faulty = faulty;
    /** @type {{ clean: TranslationSession, faulty: TranslationSession } | null} */
    this.sessions = null;
    this.opening = false;
  }

  /** @override */
  ready() {
    if (!this.opening) this.open();
    return Boolean(this.sessions);
  }

  async open() {
    this.opening = true;
    this.messages.tell({ progress: "Loading two translators …" });
    try {
      const options = ["clean", "faulty"].map((name) => openTranslation(this.model, this.model.get(name)));
      const [clean, faulty] = await Promise.all(options);
      if (this.closed) return;
      this.sessions = { clean, faulty };
      this.run();
    } catch (error) {
      if (!this.closed) this.fail(error);
    }
  }

  /** @override */
  update() {
    if (!this.sessions) return;
    const { clean, faulty } = this.sessions;
    const { source, padding, most_new_tokens } = this.read("source", "padding", "most_new_tokens");
    checkLength("source", tokenize(source).length, MOST_WORDS);
    const words = clean.sourceIds(source).map((id) => clean.sourceVocab.show(id));
    const known = clean.truthOf(words);
    /** @param {TranslationSession} session */
    const translated = (session) => {
      const [now, unpadded] = [padding, 0].map((count) => translate(session, source, count, most_new_tokens));
      return { words: now, unpadded, ...judge(known, now) };
    };
    this.source.show(words, padding);
    const masked = this.clean.show(translated(clean), padding);
    const read = this.faulty.show(translated(faulty), padding);
    this.announce(() => [`Read as words: ${read[0]}`, `Masked: ${masked[0]}`, ...read.slice(1), ...masked.slice(1)]);
  }
}

/** The words of the source and the padding behind them. */
class SourcePanel {
  constructor() {
    const { root, heading } = panel("lmkit-padding-source", "Source");
    this.root = root;
    this.heading = heading;
    this.line = element("p", { class: "lmkit-padding-line" });
    root.append(heading, this.line);
  }

  /**
   * @param {string[]} words
   * @param {number} padding
   */
  show(words, padding) {
    setText(this.heading, `Source: ${words.length} words with the end token, and ${padding} of padding`);
    const pads = Array.from({ length: padding }, () => element("span", { class: "lmkit-padding-pad" }, PAD));
    const nodes = [...words.map((word) => element("span", {}, word)), ...pads];
    this.line.replaceChildren(...nodes.flatMap((node) => [node, " "]));
  }
}

/** One translation: words that the padding has changed are marked, and the first that cannot be. */
class TranslationPanel {
  /** @param {string} title */
  constructor(title) {
    const { root, heading } = panel("lmkit-padding-translation", title);
    this.root = root;
    this.line = element("p", { class: "lmkit-padding-line", "data-filled": "" });
    this.verdict = element("p", { class: "lmkit-padding-verdict" });
    this.change = element("p", { class: "lmkit-numbers" });
    root.append(heading, this.line, this.verdict, this.change);
  }

  /**
   * @param {import("./padded.js").Translated} translated
   * @param {number} padding
   * @returns {string[]} What there is to say, in short sentences.
   */
  show({ words, unpadded, wrong, verdict }, padding) {
    const changed = newWords(unpadded, words);
    this.line.replaceChildren(
      ...words.flatMap((word, t) => {
        const name = t === wrong ? "lmkit-padding-wrong" : "";
        return [element(changed[t] ? "mark" : "span", name ? { class: name } : {}, word), " "];
      }),
    );
    setText(this.verdict, verdict);
    this.verdict.classList.toggle("lmkit-padding-fault", wrong !== null);
    const count = countChanges(unpadded, words);
    const change = changeText(count, padding);
    setText(this.change, count ? `${change} Without padding: ${unpadded.join(" ")}` : change);
    return [change, verdict];
  }
}

/**
 * @param {number} count
 * @param {number} padding
 */
function changeText(count, padding) {
  if (!padding) return "No padding.";
  if (!count) return "As without padding.";
  return `The padding has changed ${count === 1 ? "one word" : `${count} words`}.`;
}

/**
 * The shares of possible translations that larger translators reached.
 *
 * @param {Row[]} rows
 */
function sharesTable(rows) {
  const heads = ["padding", ...ADDED.map((count) => `${count} added`)];
  const head = element("tr", {}, ...heads.map((name) => element("th", { scope: "col" }, name)));
  const table = element("table", { class: "lmkit-padding-table" }, element("thead", {}, head));
  for (const decoder of new Set(rows.map((row) => row.decoder))) {
    const title = element("th", { scope: "rowgroup", colspan: heads.length }, decoder);
    const body = element("tbody", { "data-filled": "" }, element("tr", {}, title));
    for (const { name, shares } of rows.filter((row) => row.decoder === decoder)) {
      const cells = shares.map((interval) => element("td", {}, ...shareNodes(...interval)));
      body.append(element("tr", {}, element("th", { scope: "row" }, name), ...cells));
    }
    table.append(body);
  }
  const interval = "Student’s t, or Wilson’s where all agree";
  const note = `Mean and 95\u202f% interval over ${rows[0].seeds} seeds: ${interval}. Sources have up to 15 words.`;
  const title = "Possible translations of 400 sources, by larger translators";
  return folded(title, table, element("p", { class: "lmkit-footnote" }, note));
}

export default widgetOf(PaddingView);
