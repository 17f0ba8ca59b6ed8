// What the lab computes, as plain data; the panels only show it.

import { bytesOf, loadAsset, once } from "../base/assets.js";
import { beamSearch } from "./beams.js";
import { complete, greedy, sample } from "./decoding.js";
import { Filter, KEPT } from "./filters.js";
import { LanguageModel } from "./lstm.js";
import { Grammar, Oracle } from "./oracle.js";
import { parseModel } from "./safetensors.js";
import { StateCache } from "./state_cache.js";

/** @typedef {import("../base/view.js").Model} Model */
/** @typedef {import("./decoding.js").Decoded} Decoded */
/** @typedef {import("./decoding.js").Settings} Settings */
/** @typedef {import("./state_cache.js").Text} Text */

/** @typedef {Settings & { method: "greedy" | "sampling" | "beam search", prompt: string }} SessionSettings */

/**
 * What the grammar says of a text: see `Session.truth`.
 *
 * @typedef {object} Truth
 * @property {Oracle[]} oracles
 * @property {number} logProb
 * @property {{ word: string, step: number } | null} wrong
 */

/**
 * What the settings write. `start` is the prompt as it was read, `texts` are the best first.
 *
 * @typedef {object} Result
 * @property {SessionSettings} settings
 * @property {number[]} prompt
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

/**
 * A model that a reader can choose, as lmkit.widgets.base.model_options describes it; `own` models come with the view.
 *
 * @typedef {object} ModelOption
 * @property {string} name
 * @property {string} title
 * @property {string} key
 * @property {{ name: string, key: string } | null} truth
 * @property {boolean} own
 */

export const SHOWN_ROWS = 12;
const ORACLE_LIMIT = 30000; // readings, after which the grammar's memory of texts begins anew
const UNFILTERED = { temperature: 1, top_k: null, top_p: 1 };

export class Session {
  /**
   * @param {import("./safetensors.js").ParsedModel} parsed
   * @param {Grammar | null} grammar - Null where the truth is not known.
   */
  constructor(parsed, grammar) {
    this.model = new LanguageModel(parsed);
    this.vocab = parsed.vocab;
    this.cache = new StateCache(this.model);
    this.filter = new Filter(this.vocab.size);
    this.grammar = grammar;
    this.readings = 0;
    /** @type {Oracle | null} */
    this.firstOracle = null;
  }

  /**
   * Decode with the settings: the texts (beam search has several, best first) and what belongs to the best one.
   *
   * @param {SessionSettings} settings
   * @returns {Result}
   */
  decode(settings) {
    return complete(this.decoding(settings));
  }

  /**
   * The same as a generator, which rests after every step.
   *
   * @param {SessionSettings} settings
   * @returns {Generator<void, Result, void>}
   */
  *decoding(settings) {
    const { cache, vocab, filter } = this;
    const prompt = vocab.promptIds(settings.prompt);
    const withEnd = { ...settings, eos_token_id: vocab.end };
    const start = cache.readAll(prompt);
    const texts =
      settings.method === "beam search"
        ? yield* beamSearch(cache, start, withEnd)
        : settings.method === "sampling"
          ? [yield* sample(cache, start, withEnd, filter)]
          : [yield* greedy(cache, start, withEnd)];
    return { settings, prompt, start, texts, best: texts[0], truth: this.truth(prompt, texts[0].tokens) };
  }

  /**
   * What the grammar says of a text: an oracle before every new token, log p of the new tokens, and the first word
   * that it cannot write (at step -1 where the prompt has it).
   *
   * @param {number[]} prompt
   * @param {number[]} tokens
   * @returns {Truth | null}
   */
  truth(prompt, tokens) {
    const { grammar } = this;
    if (!grammar) return null;
    const { words, end } = this.vocab;
    let oracle = this.freshOracle(grammar, prompt.length + tokens.length);
    let logProb = 0;
    /** @type {Truth["wrong"]} */
    let wrong = null;
    /** @type {Oracle[]} */
    const oracles = [];
    /**
     * @param {number} id
     * @param {number} step
     */
    const read = (id, step) => {
      const { probability, oracle: after } = oracle.read(words[id]);
      if (!probability) wrong ??= { word: words[id], step };
      oracle = after;
      return Math.log(probability);
    };
    for (const id of prompt[0] === end ? prompt.slice(1) : prompt) read(id, -1);
    for (const [step, id] of tokens.entries()) {
      oracles.push(oracle);
      logProb += read(id, step);
    }
    return { oracles, logProb: wrong ? -Infinity : logProb, wrong };
  }

  /**
   * At the start of a story; it remembers the stories that were read with it.
   *
   * @param {Grammar} grammar
   * @param {number} readings - That will be made with it.
   * @returns {Oracle}
   */
  freshOracle(grammar, readings) {
    this.readings += readings;
    if (!this.firstOracle || this.readings > ORACLE_LIMIT) {
      this.firstOracle = new Oracle(grammar);
      this.readings = 0;
    }
    return this.firstOracle;
  }

  /**
   * The distribution from which the token at `step` (from 0) of the best text was chosen.
   *
   * @param {Result} result
   * @param {number} step
   * @returns {Inspection}
   */
  inspect({ settings, start, best, truth }, step) {
    const { cache, filter, vocab } = this;
    const text = cache.readAll(best.tokens.slice(0, step), start);
    filter.apply(cache.logProbs(text), settings.method === "sampling" ? settings : UNFILTERED).sort();
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
        word: vocab.words[id],
        status: filter.status[id],
        drawn: filter.status[id] === KEPT ? (p * all) / kept : 0,
        chosen: id === best.tokens[step],
        truth: known ? (known.get(vocab.words[id]) ?? 0) : null,
      };
    };
    return {
      step,
      known: known !== null,
      rows: this.shownRanks(best.tokens[step]).map(row),
      size: vocab.size,
      keptCount: filter.status.reduce((count, status) => count + Number(status === KEPT), 0),
      keptMass: kept / all,
    };
  }

  /**
   * The first ranks; a chosen token that is further down takes the last place.
   *
   * @param {number} chosen
   */
  shownRanks(chosen) {
    const ranks = Array.from({ length: Math.min(SHOWN_ROWS, this.vocab.size) }, (_, rank) => rank);
    const rank = this.filter.order.indexOf(chosen);
    if (rank >= ranks.length) ranks[ranks.length - 1] = rank;
    return ranks;
  }
}

/**
 * The session of an offered model, with the grammar where the truth is known: made once per page.
 *
 * @param {Model} model
 * @param {ModelOption} option
 * @returns {Promise<Session>}
 */
export function openSession(model, { name, key, truth, own }) {
  return once(`model ${key}`, async () => {
    const loading = own ? bytesOf(model.get("weights")) : loadAsset(model, name, key);
    const [bytes, grammar] = await Promise.all([loading, truth && openGrammar(model, truth)]);
    return new Session(parseModel(bytes, name), grammar);
  });
}

/**
 * @param {Model} model
 * @param {{ name: string, key: string }} truth
 * @returns {Promise<Grammar>}
 */
function openGrammar(model, { name, key }) {
  return once(`grammar ${key}`, async () => new Grammar(await loadAsset(model, name, key)));
}
