// The decoding lab's view: it listens to the traits that sliders are linked to, decodes, and shows.

import { percent } from "../../base/dom.js";
import { textNews } from "../../base/news.js";
import { whileIdle } from "../../base/time_slicing.js";
import { LabView, widgetOf } from "../../base/view.js";
import { checkSettings } from "../../runtime/decoding.js";
import { BarsPanel } from "../../runtime/panels/bars_panel.js";
import { HypothesesPanel } from "../../runtime/panels/hypotheses_panel.js";
import { METHODS, methodDisplays, readWritingSettings } from "../../runtime/panels/settings.js";
import { TextPanel } from "../../runtime/panels/text_panel.js";
import { openSession } from "../../runtime/session.js";
import { choices } from "./entropy.js";
import { EntropyPanel } from "./entropy_panel.js";
import { numbersLine } from "./wording.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("../../runtime/writing.js").Inspection} Inspection */
/** @typedef {import("../../runtime/session.js").ModelOption & { prompts: string[] }} Entry */
/** @typedef {import("../../runtime/session.js").Result} Result */
/** @typedef {import("../../runtime/session.js").Session} Session */
/** @typedef {import("../../runtime/session.js").SessionSettings} SessionSettings */

class DecodingView extends LabView {
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
    super(model, root, text.root, entropy.root, bars.root, hypotheses.root);
    this.text = text;
    this.entropy = entropy;
    this.bars = bars;
    this.hypotheses = hypotheses;
    /** @type {Entry | null} */
    this.entry = null; // the model that is shown, or is being loaded
    /** @type {Session | null} */
    this.session = null;
    /** @type {number[]} */
    this.told = []; // the text that was last said
    /** @type {(() => void) | null} */
    this.stopWarmUp = null;
  }

  ready() {
    const entry = this.model.get("models")[this.model.get("model_index")];
    if (this.entry?.key !== entry.key) this.open(entry);
    return Boolean(this.session);
  }

  *update() {
    const { session } = this;
    if (!session) return;
    const settings = this.settings();
    this.write(methodDisplays(settings.method));
    checkSettings(settings);
    this.show(session, yield* session.decoding(settings));
  }

  /**
   * Load another model, and give it a prompt that it can read; the prompt of the first is left as it was given.
   * @param {Entry} entry
   */
  async open(entry) {
    const first = !this.entry;
    this.entry = entry;
    this.session = null;
    this.messages.tell({ progress: `Loading ${entry.title} …` });
    try {
      const session = await openSession(this.model, entry);
      if (this.closed || this.entry !== entry) return;
      this.session = session;
      const prompt = this.model.get("prompt");
      this.write({ suggestions: entry.prompts, prompt: first ? prompt : readable(prompt, session, entry) });
      this.run();
      if (this.closed) return;
      this.stopWarmUp?.();
      this.stopWarmUp = whileIdle(warmUp(session, this.settings()));
    } catch (error) {
      if (this.entry === entry && !this.closed) this.fail(error);
    }
  }

  close() {
    super.close();
    this.stopWarmUp?.();
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
    const { words } = session.vocab;
    const position = Math.max(this.model.get("position"), 1);
    const step = Math.min(position, result.best.tokens.length) - 1;
    const shown = session.inspect(result, step);
    const numbers = numbersLine(result.best, result.truth);
    this.text.show(result, { words, step, prompt: result.settings.prompt, numbers });
    const made = this.model.get("show_entropy") ? choices(session, result) : null;
    this.entropy.show(made, result.best.tokens, words, step);
    this.bars.show(result, shown, result.truth, position);
    this.hypotheses.show(result, words);
    this.announce(() => this.spoken(result, shown, words));
  }

  /**
   * The result in a few sentences: of the text what is new, and the step shown.
   * @param {Result} result
   * @param {Inspection} inspection
   * @param {string[]} words
   */
  spoken({ best }, { step, keptCount, size, rows }, words) {
    const { word, p } = rows.find(({ chosen }) => chosen) ?? rows[0];
    const text = textNews(this.told, best.tokens, words);
    this.told = best.tokens;
    return `${text} Step ${step + 1}: ${word}, ${percent(p)}. ${keptCount} of ${size} tokens kept.`.trim();
  }
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

/**
 * Run the decoders a few times while nobody waits: a browser compiles what runs often.
 * @param {Session} session
 * @param {SessionSettings} settings
 */
function* warmUp(session, settings) {
  try {
    for (let n = 1; n <= 10; n++) {
      const sampling = { ...settings, method: METHODS[1], top_k: 5 * n, top_p: 0.9, temperature: n / 5 };
      const beams = { ...settings, method: METHODS[2], num_beams: n };
      for (const run of [sampling, beams]) session.inspect(yield* session.decoding(run), 0);
    }
  } catch {
    // A prompt that cannot be read has been told of; there is nothing to warm up with.
  }
}

export default widgetOf(DecodingView);
