// What the lab computes, as plain data; the panels only show it.

import { bytesOf, loadAsset, once } from "../base/assets.js";
import { beamSearch } from "./beams.js";
import { complete, greedy, sample } from "./decoding.js";
import { Filter, KEPT } from "./filters.js";
import { LanguageModel } from "./lstm.js";
import { Grammar, Oracle } from "./oracle.js";
import { parseModel } from "./safetensors.js";
import { Memory } from "./state_cache.js";

export const SHOWN_ROWS = 12;
const ORACLE_LIMIT = 30000; // readings, after which the grammar's memory of texts begins anew
const UNFILTERED = { temperature: 1, top_k: null, top_p: 1 };

export class Session {
  /** `grammar` is null where the truth is not known. */
  constructor(parsed, grammar) {
    this.model = new LanguageModel(parsed);
    this.vocab = parsed.vocab;
    this.memory = new Memory(this.model);
    this.filter = new Filter(this.vocab.size);
    this.grammar = grammar;
    this.readings = 0;
  }

  /** Decode with the settings: the texts (beam search has several, best first) and what belongs to the best one. */
  decode(settings) {
    return complete(this.decoding(settings));
  }

  /** The same as a generator, which rests after every step. */
  *decoding(settings) {
    const { memory, vocab, filter } = this;
    const prompt = vocab.promptIds(settings.prompt);
    const withEnd = { ...settings, eos_token_id: vocab.end };
    const start = memory.readAll(prompt);
    const texts =
      settings.method === "beam search"
        ? yield* beamSearch(memory, start, withEnd)
        : settings.method === "sampling"
          ? [yield* sample(memory, start, withEnd, filter)]
          : [yield* greedy(memory, start, withEnd)];
    return { settings, prompt, start, texts, best: texts[0], truth: this.truth(prompt, texts[0].tokens) };
  }

  /**
   * What the grammar says of a text: an oracle before every new token, log p of the new tokens, and the first word
   * that it cannot write (at step -1 where the prompt has it).
   */
  truth(prompt, tokens) {
    if (!this.grammar) return null;
    const { words, end } = this.vocab;
    let oracle = this.freshOracle(prompt.length + tokens.length),
      logProb = 0,
      wrong = null;
    const oracles = [];
    const read = (id, step) => {
      const { probability, oracle: after } = oracle.read(words[id]);
      if (!probability) wrong ??= { word: words[id], step };
      oracle = after;
      return Math.log(probability);
    };
    for (const id of prompt[0] === end ? prompt.slice(1) : prompt) read(id, -1);
    tokens.forEach((id, step) => {
      oracles.push(oracle);
      logProb += read(id, step);
    });
    return { oracles, logProb: wrong ? -Infinity : logProb, wrong };
  }

  /** At the start of a story; it remembers the stories that were read with it. */
  freshOracle(readings) {
    this.readings += readings;
    if (!this.firstOracle || this.readings > ORACLE_LIMIT) {
      this.firstOracle = new Oracle(this.grammar);
      this.readings = 0;
    }
    return this.firstOracle;
  }

  /** The distribution from which the token at `step` (from 0) of the best text was chosen. */
  inspect({ settings, start, best, truth }, step) {
    const { memory, filter, vocab } = this;
    const text = memory.readAll(best.tokens.slice(0, step), start);
    filter.apply(memory.logProbs(text), settings.method === "sampling" ? settings : UNFILTERED).sort();
    const all = filter.mass(true),
      kept = filter.mass();
    const facts = truth?.oracles[step].next();
    const known = Boolean(facts?.size);
    const row = (rank) => {
      const id = filter.order[rank];
      const p = filter.weight(id) / all;
      return {
        rank,
        p,
        word: vocab.words[id],
        fate: filter.fate[id],
        drawn: filter.fate[id] === KEPT ? (p * all) / kept : 0,
        chosen: id === best.tokens[step],
        truth: known ? (facts.get(vocab.words[id]) ?? 0) : null,
      };
    };
    return {
      step,
      known,
      rows: this.shownRanks(best.tokens[step]).map(row),
      size: vocab.size,
      keptCount: filter.fate.reduce((count, fate) => count + (fate === KEPT), 0),
      keptMass: kept / all,
    };
  }

  /** The first ranks; a chosen token that is further down takes the last place. */
  shownRanks(chosen) {
    const ranks = Array.from({ length: Math.min(SHOWN_ROWS, this.vocab.size) }, (_, rank) => rank);
    const rank = this.filter.order.indexOf(chosen);
    if (rank >= ranks.length) ranks[ranks.length - 1] = rank;
    return ranks;
  }
}

/** The session of an offered model, with the grammar where the truth is known: made once per page. */
export function openSession(model, { name, key, truth, own }) {
  return once(`model ${key}`, async () => {
    const loading = own ? bytesOf(model.get("weights")) : loadAsset(model, name, key);
    const [bytes, grammar] = await Promise.all([loading, truth && openGrammar(model, truth)]);
    return new Session(parseModel(bytes, name), grammar);
  });
}

function openGrammar(model, { name, key }) {
  return once(`grammar ${key}`, async () => new Grammar(await loadAsset(model, name, key)));
}
