// The decoding lab's view: it listens to the traits that sliders are linked to, decodes, and shows.

import { percent } from "../../base/dom.js";
import { column, stage, widgetOf } from "../../base/view.js";
import { BarsPanel } from "../../runtime/panels/bars_panel.js";
import { HypothesesPanel } from "../../runtime/panels/hypotheses_panel.js";
import { OwnModelChoice } from "../../runtime/panels/own_model_choice.js";
import { readWritingSettings } from "../../runtime/panels/settings.js";
import { TextPanel } from "../../runtime/panels/text_panel.js";
import { openSession } from "../../runtime/session.js";
import { WritingView } from "../../runtime/writing_view.js";
import { choices } from "./entropy.js";
import { EntropyPanel } from "./entropy_panel.js";
import { numbersLine } from "./wording.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("../../runtime/writing.js").Inspection} Inspection */
/** @typedef {import("../../runtime/session.js").ModelOption & { prompts: string[] }} Entry */
/** @typedef {import("../../runtime/session.js").Result} Result */
/** @typedef {import("../../runtime/session.js").Session} Session */
/** @typedef {import("../../runtime/session.js").SessionSettings} SessionSettings */

/** @extends {WritingView<Entry, SessionSettings, Result, Session>} */
class DecodingView extends WritingView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    /** @param {number} step */
    const onSelect = (step) => this.write({ position: step + 1 });
    const text = new TextPanel({
      onSelect,
      onDraw: () => this.write({ seed: (this.model.get("seed") + 1) % 2 ** 32 }),
    });
    const entropy = new EntropyPanel({ onSelect });
    const bars = new BarsPanel();
    const hypotheses = new HypothesesPanel();
    const choice = new OwnModelChoice(() => this.ask());
    super(model, root, stage(column(text.root, entropy.root), column(hypotheses.root, bars.root)));
    root.prepend(choice.root);
    this.choice = choice;
    this.text = text;
    this.entropy = entropy;
    this.bars = bars;
    this.hypotheses = hypotheses;
  }

  /** @override */
  close() {
    super.close();
    this.choice.close();
  }

  /** @returns {Entry} */
  entry() {
    return this.choice.entry(this.model.get("models")[this.model.get("model_index")]);
  }

  /** @param {Entry} entry */
  load(entry) {
    return openSession(this.model, entry);
  }

  /**
   * Give another model a prompt that it can read; the prompt of the first is left as it was given.
   *
   * @param {Session} session
   * @param {Entry} entry
   * @param {boolean} first
   */
  opened(session, entry, first) {
    const prompt = this.model.get("prompt");
    return { suggestions: entry.prompts, prompt: first ? prompt : readable(prompt, session, entry) };
  }

  /** @returns {SessionSettings} */
  settings() {
    return { ...readWritingSettings(this), prompt: this.model.get("prompt") };
  }

  /**
   * @param {Session} session
   * @param {Result} result
   */
  show(session, result) {
    const { vocab } = session;
    const position = Math.max(this.model.get("position"), 1);
    const step = Math.min(position, result.best.tokens.length) - 1;
    const shown = session.inspect(result, step);
    const numbers = numbersLine(result.best, result.truth);
    this.text.show(result, { vocab, step, prompt: result.settings.prompt, numbers });
    const made = this.model.get("show_entropy") ? choices(session, result) : null;
    this.entropy.show(made, result.best.tokens, vocab, step);
    this.bars.show(result, shown, result.truth, position);
    this.hypotheses.show(result, vocab);
    this.announce(() => [this.textOf(session, result), ...stepNews(shown)]);
  }
}

/**
 * The step shown, in two sentences.
 *
 * @param {Inspection} inspection
 */
function stepNews({ step, keptCount, size, rows }) {
  const { word, p } = rows.find(({ chosen }) => chosen) ?? rows[0];
  return [`Step ${step + 1}: ${word}, ${percent(p)}.`, `${keptCount} of ${size} tokens kept.`];
}

/**
 * The prompt, if the vocabulary has its words; else one that suits the model.
 * @param {string} prompt
 * @param {Session} session
 * @param {Entry} entry
 */
function readable(prompt, session, entry) {
  try {
    session.vocab.promptIds(prompt);
    return prompt;
  } catch {
    return entry.prompts[0];
  }
}

export default widgetOf(DecodingView);
