// What the ribbon lab computes: at every step of a text, which words a filter keeps, and which can truly come next where
// that is known. Words are the model's tokens. The mirror of `RibbonLab.filter_effect`.

import { LabError } from "../../base/errors.js";
import { Filter, KEPT, without } from "../../runtime/filters.js";

/**
 * @typedef {import("../../runtime/session.js").Session} Session
 * @typedef {Required<import("../../runtime/filters.js").FilterSettings>} Settings
 */

/**
 * What a filter does at one step. Counts are numbers of words; where the truth is not known, all but `kept` are 0.
 *
 * @typedef {object} Step
 * @property {number} kept
 * @property {number} right - Kept, and can come next.
 * @property {number} wrong - Kept, but cannot.
 * @property {number} missing - Dropped, though they can.
 * @property {number} falseMass - What the filtered distribution gives to words that cannot come next.
 * @property {number} missedMass - The true probability of the words that are dropped.
 * @property {boolean} known - Whether the truth is known.
 * @property {boolean} allowed - Whether the text's own word is kept.
 */

/**
 * What a filter does over a whole text: means over steps, the most words kept at one, how many steps are known, the
 * chance of either error at least once, and the steps whose own word is dropped.
 *
 * @typedef {object} Measured
 * @property {Step[]} steps
 * @property {number} kept
 * @property {number} most
 * @property {number} known
 * @property {number} falseMass
 * @property {number} missedMass
 * @property {number} everFalse
 * @property {number} everMissed
 * @property {number[]} dropped
 */

/**
 * A word at one step: `p` by the model, `drawn` after the filter, `truth` where it is known; whether it is the text's own.
 *
 * @typedef {{ word: string, kept: boolean, p: number, drawn: number, truth: number | null, own: boolean }} Row
 */

export const METHODS = ["top-k", "top-p", "min-p", "typical"];
/** @type {("top_k" | "top_p" | "min_p" | "typical_p")[]} */
export const SETTINGS = ["top_k", "top_p", "min_p", "typical_p"]; // of the methods, in their order
const MOST_WORDS = 120;

/**
 * A text that a session has read: what the model expects before each of its tokens, and the grammar where there is one.
 * Before the first token of a text there must be something to read: where texts do not begin after an end token, the
 * first token itself, which is then no step.
 */
export class Ribbon {
  /**
   * @param {Session} session
   * @param {string} text
   */
  constructor(session, text) {
    const { vocab } = session;
    const ids = vocab.promptIds(text, MOST_WORDS);
    this.tokens = ids.slice(1);
    this.before = vocab.end === null ? ids.slice(0, 1) : []; // what is read of the text before the first step
    checkSteps(this);
    this.vocab = vocab;
    this.hasTruth = session.grammar !== null;
    this.unit = this.hasTruth ? "word" : "token";
    this.filter = new Filter(vocab.size);
    this.logProbs = readAlong(session.cache, ids).map((logProbs) => without(logProbs, vocab.suppressed));
    const said = session.truth(ids.slice(0, 1), this.tokens);
    this.wrong = said?.wrong ?? null; // the first word that the grammar cannot write; the truth ends there
    this.truth = said?.oracles.map((oracle) => probabilities(oracle.next(), vocab)) ?? this.tokens.map(() => null);
  }

  get length() {
    return this.tokens.length;
  }

  /**
   * What the filter does at every step, and over the whole text.
   *
   * @param {Settings} settings
   * @returns {Measured}
   */
  measure(settings) {
    const steps = this.tokens.map((_, t) => this.step(t, settings));
    const known = steps.filter((step) => step.known);
    return {
      steps,
      kept: mean(steps.map(({ kept }) => kept)),
      most: Math.max(...steps.map(({ kept }) => kept)),
      known: known.length,
      falseMass: mean(known.map(({ falseMass }) => falseMass)),
      missedMass: mean(known.map(({ missedMass }) => missedMass)),
      everFalse: somewhere(known.map(({ falseMass }) => falseMass)),
      everMissed: somewhere(known.map(({ missedMass }) => missedMass)),
      dropped: steps.flatMap(({ allowed }, t) => (allowed ? [] : [t])),
    };
  }

  /**
   * @param {number} t
   * @param {Settings} settings
   * @returns {Step}
   */
  step(t, settings) {
    const filter = this.apply(t, settings),
      truth = this.truth[t];
    const total = filter.mass();
    const counts = { right: 0, wrong: 0, missing: 0, falseMass: 0, missedMass: 0, kept: 0 };
    for (let v = 0; v < filter.size; v++) {
      const kept = keeps(filter, v);
      if (kept) counts.kept++;
      if (!truth) continue;
      if (kept && truth[v]) counts.right++;
      else if (kept) {
        counts.wrong++;
        counts.falseMass += filter.weight(v) / total;
      } else if (truth[v]) {
        counts.missing++;
        counts.missedMass += truth[v];
      }
    }
    return { ...counts, known: Boolean(truth), allowed: keeps(filter, this.tokens[t]) };
  }

  /**
   * The words that are kept or can come next at one step, the most probable first.
   *
   * @param {number} t
   * @param {Settings} settings
   * @returns {Row[]}
   */
  rows(t, settings) {
    const filter = this.apply(t, settings),
      truth = this.truth[t];
    const all = filter.mass(true),
      total = filter.mass();
    /** @param {number} v */
    const row = (v) => {
      const kept = keeps(filter, v),
        weight = filter.weight(v);
      return {
        word: this.vocab.show(v),
        kept,
        p: weight / all,
        drawn: kept ? weight / total : 0,
        truth: truth ? truth[v] : null,
        own: v === this.tokens[t],
      };
    };
    return Array.from(filter.order, row).filter((found) => found.kept || found.truth || found.own);
  }

  /**
   * @param {number} t
   * @param {Settings} settings
   */
  apply(t, settings) {
    const filter = this.filter.apply(this.logProbs[t], settings);
    filter.sort();
    return filter;
  }
}

/**
 * What is never written is not kept, whatever a filter says of it.
 *
 * @param {Filter} filter
 * @param {number} v
 */
function keeps(filter, v) {
  return filter.status[v] === KEPT && filter.logits[v] > -Infinity;
}

/**
 * @param {{ tokens: number[], before: number[] }} text
 * @throws {LabError} If there is no step.
 */
function checkSteps({ tokens, before }) {
  if (tokens.length) return;
  const rule = before.length
    ? "text must hold at least two tokens, for nothing stands before the first, but it holds 1; lengthen it"
    : "text must hold at least one word, but it is empty; type a few words or choose a story";
  throw new LabError(rule);
}

/**
 * Copies, for a session shared with other labs forgets.
 *
 * @param {Session["cache"]} cache
 * @param {number[]} ids
 */
function readAlong(cache, ids) {
  /** @type {Float32Array[]} */
  const found = [];
  ids.slice(0, -1).reduce((text, id) => {
    const longer = cache.read(text, id);
    found.push(Float32Array.from(cache.logProbs(longer)));
    return longer;
  }, cache.empty);
  return found;
}

/**
 * By id; null where nothing is known.
 *
 * @param {Map<string, number>} distribution
 * @param {Session["vocab"]} vocab
 */
function probabilities(distribution, vocab) {
  if (!distribution.size) return null;
  const truth = new Float64Array(vocab.size);
  for (const [word, p] of distribution) truth[/** @type {number} */ (vocab.idOf.get(word))] = p;
  return truth;
}

/** @param {number[]} values */
function mean(values) {
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : NaN;
}

/**
 * The chance that something happens at least once.
 *
 * @param {number[]} chances
 */
function somewhere(chances) {
  return 1 - chances.reduce((never, p) => never * (1 - p), 1);
}
