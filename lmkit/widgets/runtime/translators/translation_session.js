// What a lab computes of a translation, as plain data: the mirror of lmkit.pretrained.Translator, with the truth beside it.

import { bytesOf, loadAsset, loadWeights, once } from "../../base/assets.js";
import { LabError, messageOf } from "../../base/errors.js";
import { onceNear } from "../../base/near.js";
import { checkLength } from "../../base/tokenizer.js";
import { tokenize } from "../../base/vocab.js";
import { complete } from "../decoding.js";
import { Filter } from "../filters.js";
import { StateCache } from "../state_cache.js";
import { inspect, truthOf, write } from "../writing.js";
import { EncoderDecoder, MOST_SOURCE_WORDS } from "./encoder_decoder.js";
import { bestLogProb } from "./translation_best.js";
import { TranslationGrammar } from "./translation_oracle.js";
import { parseTranslator } from "./translator_file.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("../reweighting.js").Reweighting} Reweighting */
/** @typedef {import("../state_cache.js").Text} Text */
/** @typedef {import("./translation_oracle.js").TranslationOracle} TranslationOracle */
/** @typedef {import("../writing.js").Result} Written */
/** @typedef {import("../writing.js").WritingSettings} WritingSettings */
/** @typedef {import("../writing.js").Truth<TranslationOracle>} Truth */

/** @typedef {WritingSettings & { source: string, weights: Reweighting }} TranslationSettings */

/**
 * What settings make of a source: its words as the model reads them, and why no truth is known, where none is.
 *
 * @typedef {Written & { settings: TranslationSettings, source: string[], truth: Truth | null, unknown: string }} Result
 */

/**
 * What is true of a source: before the first word of a translation, and log p of the most probable one once it was asked
 * for; or why nothing is known.
 *
 * @typedef {{ oracle: TranslationOracle, best: number | null } | { unknown: string }} SourceTruth
 */

/**
 * A translator that a reader can choose, as lmkit.widgets.base.translator_options describes it; the bytes of one that
 * is `own` are in the view's trait of that name.
 *
 * @typedef {object} TranslatorOption
 * @property {string} name
 * @property {string} title
 * @property {string} key
 * @property {{ name: string, key: string }[] | null} truth - The two tables.
 * @property {string} own
 */

const KEPT_TRUTHS = 16;

export class TranslationSession {
  /**
   * @param {import("./translator_file.js").ParsedTranslator} parsed
   * @param {TranslationGrammar | null} grammar - Null where the truth is not known.
   */
  constructor(parsed, grammar) {
    this.model = new EncoderDecoder(parsed);
    this.sourceVocab = parsed.sourceVocab;
    this.vocab = parsed.targetVocab;
    this.card = parsed.card;
    this.cache = new StateCache(this.model);
    this.filter = new Filter(this.vocab.size);
    this.grammar = grammar;
    /** @type {Map<string, SourceTruth>} */
    this.truths = new Map();
  }

  get hasAttention() {
    return this.model.attention !== null;
  }

  /**
   * @param {TranslationSettings} settings
   * @returns {Result}
   */
  decode(settings) {
    return complete(this.decoding(settings));
  }

  /**
   * The same as a generator, which rests after every step.
   *
   * @param {TranslationSettings} settings
   * @returns {Generator<void, Result, void>}
   */
  *decoding(settings) {
    const { cache, model, sourceVocab, vocab, filter } = this;
    const ids = this.sourceIds(settings.source);
    const source = ids.map((id) => sourceVocab.words[id]);
    const prompt = model.promptOf(ids, this.hasAttention ? settings.weights : "as trained");
    const start = cache.read(cache.empty, prompt);
    yield;
    const texts = yield* write(cache, start, settings, vocab, filter);
    const known = this.truthOf(source);
    const words = texts[0].tokens.map((id) => vocab.words[id]);
    const truth = "oracle" in known ? truthOf(known.oracle, [], words) : null;
    return { settings, source, start, texts, best: texts[0], truth, unknown: "unknown" in known ? known.unknown : "" };
  }

  /**
   * The ids of a source as the model reads it: with an end token, if its vocabulary has one.
   *
   * @param {string} text
   * @returns {number[]}
   * @throws {LabError} If it is empty, too long, or holds a word that the vocabulary has not.
   */
  sourceIds(text) {
    const { end } = this.sourceVocab;
    const tokens = tokenize(text);
    checkLength("source", tokens.length, MOST_SOURCE_WORDS - 1);
    if (!tokens.length) throw new LabError("source must hold at least one word, but it is empty; type a few words");
    const ids = this.sourceVocab.ids(tokens);
    return end === null || ids[ids.length - 1] === end ? ids : [...ids, end];
  }

  /**
   * @param {string[]} source
   * @returns {SourceTruth}
   */
  truthOf(source) {
    const key = source.join(" ");
    const known = this.truths.get(key) ?? this.findTruth(source);
    if (this.truths.size >= KEPT_TRUTHS) this.truths.clear();
    this.truths.set(key, known);
    return known;
  }

  /**
   * @param {string[]} source
   * @returns {SourceTruth}
   */
  findTruth(source) {
    if (!this.grammar) return { unknown: "for these words no grammar is known" };
    try {
      return { oracle: this.grammar.translate(source), best: null };
    } catch (error) {
      return { unknown: messageOf(error) };
    }
  }

  /**
   * How the best text stands to the truth: where it goes wrong, and how much less probable it is than the best of all.
   *
   * @param {Result} result
   * @returns {{ wrong: Truth["wrong"], isEnded: boolean, isBest: boolean, behind: number } | null} Null where no truth is.
   */
  judge({ source, best, truth }) {
    const known = this.truthOf(source);
    if (!truth || !("oracle" in known)) return null;
    const isEnded = best.tokens[best.tokens.length - 1] === this.vocab.end;
    if (truth.wrong || !isEnded) return { wrong: truth.wrong, isEnded, isBest: false, behind: Infinity };
    known.best ??= bestLogProb(known.oracle);
    const behind = known.best - truth.logProb;
    return { wrong: null, isEnded, isBest: behind < 1e-9, behind };
  }

  /**
   * Where the words of the best text come from by the truth, positions in the source: of as many words as are possible.
   *
   * @param {Result} result
   * @returns {number[][]}
   */
  alignment({ truth }) {
    if (!truth) return [];
    const { wrong, oracles, last } = truth;
    return (wrong ? oracles[wrong.step] : last).alignment();
  }

  /**
   * The attention weights of every step of the best text; null without attention.
   *
   * @param {Result} result
   * @returns {Float32Array[] | null}
   */
  attention({ start, best }) {
    if (!this.hasAttention) return null;
    let text = start;
    return best.tokens.map((token) => {
      const { parent } = text;
      const seen = this.model.weightsOf(parent && this.cache.stateOf(parent), this.cache.stateOf(text));
      text = this.cache.read(text, token);
      return /** @type {Float32Array} */ (seen);
    });
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
 * The session of an offered translator, with both tables where the truth is known: made once per page.
 *
 * @param {Model} model
 * @param {TranslatorOption} option
 * @returns {Promise<TranslationSession>}
 */
export function openTranslation(model, { name, key, truth, own }) {
  return onceNear(`translator ${key}`, model, name, async () => {
    const loading = own ? bytesOf(model.get(own)) : loadWeights(model, name, key);
    const [bytes, grammar] = await Promise.all([loading, truth && openGrammar(model, truth)]);
    return new TranslationSession(parseTranslator(bytes, name), grammar);
  });
}

/**
 * @param {Model} model
 * @param {{ name: string, key: string }[]} tables - Of Stories, and of its German.
 * @returns {Promise<TranslationGrammar>}
 */
function openGrammar(model, tables) {
  return once(`grammar ${tables.map(({ key }) => key)}`, async () => {
    const loaded = tables.map(({ name, key }) => once(`table ${key}`, () => loadAsset(model, name, key)));
    const [stories, german] = await Promise.all(loaded);
    return new TranslationGrammar(stories, german);
  });
}
