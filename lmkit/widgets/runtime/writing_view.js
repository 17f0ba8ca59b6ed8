// The base of views that show what a decoder writes: it opens what the reader chose, and keeps the page quick.

import { whileIdle } from "../base/time_slicing.js";
import { LabView } from "../base/view.js";
import { checkSettings } from "./decoding.js";
import { METHODS, methodDisplays, readWritingSettings } from "./panels/settings.js";

/** @typedef {import("./writing.js").Inspection} Inspection */
/** @typedef {import("./writing.js").Result} Result */
/** @typedef {import("./writing.js").WritingSettings} WritingSettings */

/**
 * What such a view asks of a session.
 *
 * @template {WritingSettings} S - Its settings.
 * @template {Result} R - What they write.
 * @typedef {object} Writer
 * @property {import("../base/tokenizer.js").Tokenizer} vocab
 * @property {(settings: S) => Generator<void, R, void>} decoding
 * @property {(result: R, step: number) => Inspection} inspect
 */

/**
 * A view of this kind says which models are on offer (`entry`), how one is opened (`load`), which settings there are,
 * and shows a result; `opened` and `displays` may add to what is written to traits.
 *
 * @template {{ key: string, title: string }} E - An offered model.
 * @template {WritingSettings} S
 * @template {Result} R
 * @template {Writer<S, R>} W - The session of an opened one.
 */
export class WritingView extends LabView {
  /**
   * @param {import("../base/view.js").Model} model
   * @param {HTMLElement} root
   * @param {...Node} parts
   */
  constructor(model, root, ...parts) {
    super(model, root, ...parts);
    /** @type {E | null} */
    this.shown = null; // the model that is shown, or is being loaded
    /** @type {W | null} */
    this.session = null;
    /** @type {(() => void) | null} */
    this.stopWarmUp = null;
  }

  /**
   * The model that the reader chose.
   *
   * @returns {E}
   */
  entry() {
    throw new Error("entry must be written by every view");
  }

  /**
   * @param {E} _entry
   * @returns {Promise<W>}
   */
  load(_entry) {
    throw new Error("load must be written by every view");
  }

  /**
   * @param {W} _session
   * @param {R} _result
   */
  show(_session, _result) {
    throw new Error("show must be written by every view");
  }

  /**
   * Traits to set when a model has been opened.
   *
   * @param {W} _session
   * @param {E} _entry
   * @param {boolean} _first - Whether none was before.
   * @returns {Record<string, unknown>}
   */
  opened(_session, _entry, _first) {
    return {};
  }

  /**
   * Traits that put controls away.
   *
   * @param {W} _session
   * @param {S} settings
   * @returns {Record<string, string>}
   */
  displays(_session, settings) {
    return methodDisplays(settings.method);
  }

  /** @returns {S} */
  settings() {
    return /** @type {S} */ (readWritingSettings(this));
  }

  ready() {
    const entry = this.entry();
    if (this.shown?.key !== entry.key) this.open(entry);
    return Boolean(this.session);
  }

  *update() {
    const { session } = this;
    if (!session) return;
    const settings = this.settings();
    this.write(this.displays(session, settings));
    checkSettings(settings);
    this.show(session, yield* session.decoding(settings));
  }

  /** @param {E} entry */
  async open(entry) {
    const first = !this.shown;
    this.shown = entry;
    this.session = null;
    this.messages.tell({ progress: `Loading ${entry.title} …` });
    try {
      const session = await this.load(entry);
      if (this.closed || this.shown !== entry) return;
      this.session = session;
      this.write(this.opened(session, entry, first));
      this.run();
      if (this.closed) return;
      this.stopWarmUp?.();
      this.stopWarmUp = whileIdle(warmUp(session, this.settings()));
    } catch (error) {
      if (this.shown === entry && !this.closed) this.fail(error);
    }
  }

  close() {
    super.close();
    this.stopWarmUp?.();
  }

  /**
   * The text as a screen reader is told of it.
   *
   * @param {W} session
   * @param {R} result
   * @param {string} [unit]
   */
  textOf({ vocab }, { best }, unit = "token") {
    return { unit, words: best.tokens.map((id) => vocab.show(id)) };
  }
}

/**
 * Run the decoders a few times while nobody waits: a browser compiles what runs often.
 *
 * @template {WritingSettings} S
 * @template {Result} R
 * @param {Writer<S, R>} session
 * @param {S} settings
 */
function* warmUp(session, settings) {
  try {
    for (let n = 1; n <= 10; n++) {
      const sampling = { ...settings, method: METHODS[1], top_k: 5 * n, top_p: 0.9, temperature: n / 5 };
      const beams = { ...settings, method: METHODS[2], num_beams: n };
      for (const run of [sampling, beams]) session.inspect(yield* session.decoding(run), 0);
    }
  } catch {
    // Words that cannot be read have been told of; there is nothing to warm up with.
  }
}
