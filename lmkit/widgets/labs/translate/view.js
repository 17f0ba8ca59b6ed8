// The translation lab's view: it listens to the traits that controls are linked to, translates, and shows.

import { percent } from "../../base/dom.js";
import { column, stage, widgetOf } from "../../base/view.js";
import { BarsPanel } from "../../runtime/panels/bars_panel.js";
import { HypothesesPanel } from "../../runtime/panels/hypotheses_panel.js";
import { readWritingSettings } from "../../runtime/panels/settings.js";
import { TextPanel } from "../../runtime/panels/text_panel.js";
import { REWEIGHTINGS } from "../../runtime/reweighting.js";
import { openTranslation } from "../../runtime/translators/translation_session.js";
import { WritingView } from "../../runtime/writing_view.js";
import { MatrixPanel } from "./matrix_panel.js";
import { SourcePanel } from "./source_panel.js";
import { drawStory } from "./story.js";
import { lookLine, numbersLine, verdict } from "./wording.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("../../runtime/translators/translation_session.js").Result} Result */
/** @typedef {import("../../runtime/translators/translation_session.js").TranslationSession} TranslationSession */
/** @typedef {import("../../runtime/translators/translation_session.js").TranslationSettings} TranslationSettings */
/** @typedef {import("./matrix_panel.js").Matrix} Matrix */

/**
 * @typedef {import("../../runtime/translators/translation_session.js").TranslatorOption & { attention: boolean, longest: number }}
 *   Entry
 */

/** @extends {WritingView<Entry, TranslationSettings, Result, TranslationSession>} */
class TranslateView extends WritingView {
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
    super(model, root, stage(column(source.root, text.root, hypotheses.root), column(matrix.root, bars.root)));
    this.source = source;
    this.text = text;
    this.matrix = matrix;
    this.bars = bars;
    this.hypotheses = hypotheses;
    /** @type {Matrix | null} */
    this.seen = null; // what was last drawn
  }

  entry() {
    return this.model.get("translators")[this.model.get("sees_index")];
  }

  /** @param {Entry} entry */
  load(entry) {
    return openTranslation(this.model, entry);
  }

  /**
   * @param {TranslationSession} session
   * @param {TranslationSettings} settings
   */
  displays(session, settings) {
    return { ...super.displays(session, settings), weights_display: session.hasAttention ? "" : "none" };
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
    const { vocab } = session;
    const { length } = result.best.tokens;
    const position = Math.min(Math.max(this.model.get("position"), 1), length);
    this.write({ last_position: length, position });
    const step = position - 1;
    const matrix = this.look(session, result);
    const judged = session.judge(result);
    const [weights, links] = [matrix.attention?.[step] ?? null, matrix.alignment[step]];
    const look = lookLine(vocab.show(result.best.tokens[step]), result.source, weights, links);
    const longest = this.shown?.longest ?? 0;
    const canDraw = session.grammar !== null;
    this.source.show({ source: result.source, longest, weights, links: links ?? [], look, canDraw });
    this.text.show(result, { vocab, step, prompt: "", numbers: numbersLine(result, judged) });
    this.matrix.show(matrix, step);
    const inspection = session.inspect(result, step);
    this.bars.show(result, inspection, result.truth, position);
    this.hypotheses.show(result, vocab);
    this.announce(() => {
      const { word, p } = inspection.rows.find(({ chosen }) => chosen) ?? inspection.rows[0];
      const text = this.textOf(session, result, "word");
      return [verdict(result, judged), text, `Word ${position}: ${word}, ${percent(p)}.`];
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
    const key = [this.shown?.key, result.settings.weights, result.source.join(" "), result.best.tokens].join("|");
    if (this.seen?.key !== key) {
      const target = result.best.tokens.map((id) => session.vocab.show(id));
      const [attention, alignment] = [session.attention(result), session.alignment(result)];
      this.seen = { key, source: result.source, target, attention, alignment };
    }
    return this.seen;
  }
}

export default widgetOf(TranslateView);
