// What the lab computes, as plain data; the panels only show it.

import { bytesOf, loadAsset, loadWeights, once } from "../base/assets.js";
import { onceNear } from "../base/near.js";
import { complete } from "./decoding.js";
import { Filter } from "./filters.js";
import { LanguageModel } from "./lstm.js";
import { Grammar, Oracle } from "./oracle.js";
import { bytesOfOwn } from "./own_models.js";
import { parseModel } from "./safetensors.js";
import { StateCache } from "./state_cache.js";
import { inspect, truthOf, write } from "./writing.js";

/** @typedef {import("../base/view.js").Model} Model */
/** @typedef {import("./writing.js").WritingSettings} WritingSettings */
/** @typedef {import("./writing.js").Result} Written */

/**
 * @template {import("./writing.js").TrueReader} T
 * @typedef {import("./writing.js").Truth<T>} Truth
 */

/** @typedef {WritingSettings & { prompt: string }} SessionSettings */

/**
 * What the settings write after a prompt.
 *
 * @typedef {Written & { settings: SessionSettings, prompt: number[], truth: Truth<Oracle> | null }} Result
 */

/**
 * A model that a reader can choose, as lmkit.widgets.base.model_options describes it; the files of `own` models come with the view,
 * `kept` ones were trained or opened in this browser (own_models.js).
 *
 * @typedef {object} ModelOption
 * @property {string} name
 * @property {string} title
 * @property {string} key
 * @property {{ name: string, key: string } | null} truth
 * @property {boolean} own
 * @property {string} [kept]
 */

const ORACLE_LIMIT = 30000; // readings, after which the grammar's memory of texts begins anew

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
    const start = cache.readAll(prompt);
    const texts = yield* write(cache, start, settings, vocab, filter);
    return { settings, prompt, start, texts, best: texts[0], truth: this.truth(prompt, texts[0].tokens) };
  }

  /**
   * What the grammar says of a text; null where it is not known.
   *
   * @param {number[]} prompt
   * @param {number[]} tokens
   * @returns {Truth<Oracle> | null}
   */
  truth(prompt, tokens) {
    const { grammar } = this;
    if (!grammar) return null;
    const { words, end } = this.vocab;
    const read = prompt[0] === end ? prompt.slice(1) : prompt;
    /** @param {number[]} ids */
    const said = (ids) => ids.map((id) => words[id]);
    return truthOf(this.freshOracle(grammar, prompt.length + tokens.length), said(read), said(tokens));
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
   */
  inspect(result, step) {
    return inspect({ cache: this.cache, filter: this.filter, vocab: this.vocab }, result, step);
  }
}

/**
 * The session of an offered model, with the grammar where the truth is known: made once per page.
 *
 * @param {Model} model
 * @param {ModelOption} option
 * @returns {Promise<Session>}
 */
export function openSession(model, { name, key, truth, own, kept }) {
  const make = async () => {
    const loading = own ? bytesOf(model.get("weights")[key]) : kept ? bytesOfOwn(kept) : loadWeights(model, name, key);
    const [bytes, grammar] = await Promise.all([loading, truth && openGrammar(model, truth)]);
    return new Session(parseModel(bytes, name), grammar);
  };
  return own ? once(`model ${key}`, make) : onceNear(`model ${key}`, model, name, make); // its bytes are there already
}

/**
 * @param {Model} model
 * @param {{ name: string, key: string }} truth
 * @returns {Promise<Grammar>}
 */
function openGrammar(model, { name, key }) {
  return once(`grammar ${key}`, async () => new Grammar(await loadAsset(model, name, key)));
}
