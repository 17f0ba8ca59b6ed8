// The translation lab's view: it listens to the traits that controls are linked to, translates, and shows.

import { percent } from "../../base/dom.js";
import { textNews } from "../../base/news.js";
import { whileIdle } from "../../base/time_slicing.js";
import { LabView, widgetOf } from "../../base/view.js";
import { checkSettings } from "../../runtime/decoding.js";
import { BarsPanel } from "../../runtime/panels/bars_panel.js";
import { HypothesesPanel } from "../../runtime/panels/hypotheses_panel.js";
import { METHODS, methodDisplays, readWritingSettings } from "../../runtime/panels/settings.js";
import { TextPanel } from "../../runtime/panels/text_panel.js";
import { REWEIGHTINGS } from "../../runtime/reweighting.js";
import { openTranslation } from "../../runtime/translation_session.js";
import { MatrixPanel } from "./matrix_panel.js";
import { SourcePanel } from "./source_panel.js";
import { drawStory } from "./story.js";
import { lookLine, numbersLine, verdict } from "./wording.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("../../runtime/translation_session.js").Result} Result */
/** @typedef {import("../../runtime/translation_session.js").TranslationSession} TranslationSession */
/** @typedef {import("../../runtime/translation_session.js").TranslationSettings} TranslationSettings */
/** @typedef {import("./matrix_panel.js").Matrix} Matrix */

/**
 * @typedef {import("../../runtime/translation_session.js").TranslatorOption & { attention: boolean, longest: number }}
 *   Entry
 */

class TranslateView extends LabView {
  /**
   * @param {Model} model
   * @param {HTMLElement} root
   */
  constructor(model, root) {
    /** @param {number} step */
    const onSelect = (step) => this.write({ position: step + 1 });
    const source = new SourcePanel(() => this.drawStory());
    const text = new TextPanel({
      title: "Translation",
      onSelect,
      onDraw: () => this.write({ seed: (this.model.get("seed") + 1) % 2 ** 32 }),
    });
    const matrix = new MatrixPanel(onSelect);
    const bars = new BarsPanel();
    const hypotheses = new HypothesesPanel({ brief: true });
    super(model, root, source.root, text.root, matrix.root, bars.root, hypotheses.root);
    this.source = source;
    this.text = text;
    this.matrix = matrix;
    this.bars = bars;
    this.hypotheses = hypotheses;
    /** @type {Entry | null} */
    this.entry = null; // the translator that is shown, or is being loaded
    /** @type {TranslationSession | null} */
    this.session = null;
    /** @type {Matrix | null} */
    this.seen = null; // what was last drawn
    /** @type {number[]} */
    this.told = []; // the text that was last said
    /** @type {(() => void) | null} */
    this.stopWarmUp = null;
  }

  ready() {
    const entry = this.model.get("translators")[this.model.get("model_index")];
    if (this.entry?.key !== entry.key) this.open(entry);
    return Boolean(this.session);
  }

  *update() {
    const { session } = this;
    if (!session) return;
    const settings = this.settings();
    const weights_display = session.hasAttention ? "" : "none";
    this.write({ ...methodDisplays(settings.method), weights_display });
    checkSettings(settings);
    this.show(session, yield* session.decoding(settings));
  }

  /** @param {Entry} entry */
  async open(entry) {
    this.entry = entry;
    this.session = null;
    this.messages.tell({ progress: "Loading the translator …" });
    try {
      const session = await openTranslation(this.model, entry);
      if (this.closed || this.entry !== entry) return;
      this.session = session;
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

  drawStory() {
    const seed = this.model.get("story_seed");
    if (!this.session?.grammar) return;
    this.write({ story_seed: seed + 1, source: drawStory(this.session.grammar.grammar, seed), position: 1 });
  }

  /** @returns {TranslationSettings} */
  settings() {
    const { source, weights_index } = this.read("source", "weights_index");
    return { ...readWritingSettings(this), source, weights: REWEIGHTINGS[weights_index] };
  }

  /**
   * @param {TranslationSession} session
   * @param {Result} result
   */
  show(session, result) {
    const { words } = session.vocab;
    const { length } = result.best.tokens;
    const position = Math.min(Math.max(this.model.get("position"), 1), length);
    this.write({ last_position: length, position });
    const step = position - 1;
    const matrix = this.look(session, result);
    const judged = session.judge(result);
    const [weights, links] = [matrix.attention?.[step] ?? null, matrix.alignment[step]];
    const look = lookLine(words[result.best.tokens[step]], result.source, weights, links);
    const longest = this.entry?.longest ?? 0;
    const canDraw = session.grammar !== null;
    this.source.show({ source: result.source, longest, weights, links: links ?? [], look, canDraw });
    this.text.show(result, { words, step, prompt: "", numbers: numbersLine(result, judged) });
    this.matrix.show(matrix, step);
    const inspection = session.inspect(result, step);
    this.bars.show(result, inspection, result.truth, position);
    this.hypotheses.show(result, words);
    this.announce(() => {
      const { word, p } = inspection.rows.find(({ chosen }) => chosen) ?? inspection.rows[0];
      const text = textNews(this.told, result.best.tokens, words, 6);
      this.told = result.best.tokens;
      return `${verdict(result, judged)} ${text} Word ${position}: ${word}, ${percent(p)}.`.replace("  ", " ");
    });
  }

  /**
   * Where the decoder looks and where words come from; for a text that was shown last it is known.
   *
   * @param {TranslationSession} session
   * @param {Result} result
   * @returns {Matrix}
   */
  look(session, result) {
    const key = [this.entry?.key, result.settings.weights, result.source.join(" "), result.best.tokens].join("|");
    if (this.seen?.key !== key) {
      const target = result.best.tokens.map((id) => session.vocab.words[id]);
      const [attention, alignment] = [session.attention(result), session.alignment(result)];
      this.seen = { key, source: result.source, target, attention, alignment };
    }
    return this.seen;
  }
}

/**
 * Run the decoders a few times while nobody waits: a browser compiles what runs often.
 *
 * @param {TranslationSession} session
 * @param {TranslationSettings} settings
 */
function* warmUp(session, settings) {
  try {
    for (let n = 1; n <= 10; n++) {
      const sampling = { ...settings, method: METHODS[1], top_k: 5 * n, top_p: 0.9, temperature: n / 5 };
      const beams = { ...settings, method: METHODS[2], num_beams: n };
      for (const run of [sampling, beams]) session.inspect(yield* session.decoding(run), 0);
    }
  } catch {
    // A source that cannot be read has been told of; there is nothing to warm up with.
  }
}

export default widgetOf(TranslateView);
