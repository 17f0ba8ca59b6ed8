// What a lab knows of a decoded text: how it was written, what the truth says of it, and what else could have come.

import { beamSearch } from "./beams.js";
import { greedy, sample } from "./decoding.js";
import { KEPT, without } from "./filters.js";

/** @typedef {import("../base/tokenizer.js").Tokenizer} Tokenizer */
/** @typedef {import("./decoding.js").Decoded} Decoded */
/** @typedef {import("./decoding.js").Settings} Settings */
/** @typedef {import("./filters.js").Filter} Filter */
/** @typedef {import("./state_cache.js").StateCache} StateCache */
/** @typedef {import("./state_cache.js").Text} Text */

/** @typedef {Settings & { method: "greedy" | "sampling" | "beam search" }} WritingSettings */

/**
 * What knows the true distribution of the next word. Reading gives a new one and leaves the old one.
 *
 * @typedef {object} TrueReader
 * @property {() => Map<string, number>} next
 * @property {(word: string) => { probability: number, oracle: TrueReader }} read
 */

/**
 * What the truth says of a text: what it knew before every new token and after the last, log p of the new tokens, and
 * the first word that cannot be (at step -1 where the prompt has it).
 *
 * @template {TrueReader} [T=TrueReader]
 * @typedef {object} Truth
 * @property {T[]} oracles
 * @property {T} last
 * @property {number} logProb
 * @property {{ word: string, step: number } | null} wrong
 */

/**
 * What settings write. `start` is what was read before, `texts` are the best first.
 *
 * @typedef {object} Result
 * @property {WritingSettings} settings
 * @property {Text} start
 * @property {Decoded[]} texts
 * @property {Decoded} best
 * @property {Truth | null} truth
 */

/**
 * A token that could have come: `p` by the model, `drawn` after the filters, `truth` where it is known.
 *
 * @typedef {object} Row
 * @property {number} rank
 * @property {number} p
 * @property {string} word
 * @property {number} status - KEPT, or what dropped it.
 * @property {number} drawn
 * @property {boolean} chosen
 * @property {number | null} truth
 */

/**
 * @typedef {object} Inspection
 * @property {number} step
 * @property {boolean} known - Whether the grammar has anything to say.
 * @property {Row[]} rows
 * @property {number} size - Of the vocabulary.
 * @property {number} keptCount
 * @property {number} keptMass
 */

export const SHOWN_ROWS = 12;
const UNFILTERED = { temperature: 1, top_k: null, top_p: 1 };

/**
 * The texts that a decoder writes, best first; only beam search writes more than one.
 *
 * @param {StateCache} cache
 * @param {Text} start
 * @param {WritingSettings} settings
 * @param {Tokenizer} vocab
 * @param {Filter} filter
 * @returns {Generator<void, Decoded[], void>}
 */
export function* write(cache, start, settings, vocab, filter) {
  const withEnd = { ...settings, eos_token_id: vocab.end, suppress_tokens: vocab.suppressed };
  if (settings.method === "beam search") return yield* beamSearch(cache, start, withEnd);
  if (settings.method === "sampling") return [yield* sample(cache, start, withEnd, filter)];
  return [yield* greedy(cache, start, withEnd)];
}

/**
 * @template {TrueReader} T
 * @param {T} oracle - Before the first word.
 * @param {string[]} prompt - Words that are read, too.
 * @param {string[]} words - The new ones.
 * @returns {Truth<T>}
 */
export function truthOf(oracle, prompt, words) {
  let last = oracle,
    logProb = 0;
  /** @type {Truth["wrong"]} */
  let wrong = null;
  /** @type {T[]} */
  const oracles = [];
  /**
   * @param {string} word
   * @param {number} step
   */
  const read = (word, step) => {
    const { probability, oracle: after } = last.read(word);
    if (!probability) wrong ??= { word, step };
    last = /** @type {T} */ (after);
    return Math.log(probability);
  };
  for (const word of prompt) read(word, -1);
  for (const [step, word] of words.entries()) {
    oracles.push(last);
    logProb += read(word, step);
  }
  return { oracles, last, logProb: wrong ? -Infinity : logProb, wrong };
}

/**
 * The distribution from which the token at `step` (from 0) of the best text was chosen; what is never written is left
 * out of it.
 *
 * @param {{ cache: StateCache, filter: Filter, vocab: Tokenizer }} parts
 * @param {Result} result
 * @param {number} step
 * @returns {Inspection}
 */
export function inspect({ cache, filter, vocab }, { settings, start, best, truth }, step) {
  const text = cache.readAll(best.tokens.slice(0, step), start);
  const logProbs = without(cache.logProbs(text), vocab.suppressed);
  filter.apply(logProbs, settings.method === "sampling" ? settings : UNFILTERED).sort();
  const all = filter.mass(true),
    kept = filter.mass();
  const facts = truth?.oracles[step].next();
  const known = facts?.size ? facts : null;
  /**
   * @param {number} rank
   * @returns {Row}
   */
  const row = (rank) => {
    const id = filter.order[rank];
    const p = filter.weight(id) / all;
    return {
      rank,
      p,
      word: vocab.show(id),
      status: filter.status[id],
      drawn: filter.status[id] === KEPT ? (p * all) / kept : 0,
      chosen: id === best.tokens[step],
      truth: known ? (known.get(vocab.words[id]) ?? 0) : null,
    };
  };
  return {
    step,
    known: known !== null,
    rows: shownRanks(filter, best.tokens[step]).map(row),
    size: vocab.size,
    keptCount: filter.status.reduce((n, status, id) => n + Number(status === KEPT && filter.logits[id] > -Infinity), 0),
    keptMass: kept / all,
  };
}

/**
 * The first ranks; a chosen token that is further down takes the last place.
 *
 * @param {Filter} filter - Sorted.
 * @param {number} chosen
 */
function shownRanks(filter, chosen) {
  const ranks = Array.from({ length: Math.min(SHOWN_ROWS, filter.size) }, (_, rank) => rank);
  const rank = filter.order.indexOf(chosen);
  if (rank >= ranks.length) ranks[ranks.length - 1] = rank;
  return ranks;
}
