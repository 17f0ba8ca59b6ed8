// The true distribution of the German of a story: the mirror of lmkit.datasets.translation, over the same two tables.

import { Grammar } from "../oracle.js";
import { Network } from "./translation_network.js";
import { Parser } from "./translation_source.js";
import { Table } from "./translation_table.js";

/** @typedef {import("../oracle.js").GrammarTable} GrammarTable */
/** @typedef {import("./translation_table.js").GermanTable} GermanTable */
/** @typedef {import("./translation_network.js").State} State */
/** @typedef {{ links: number[], before: Path } | null} Path Where the words so far come from, the last one first. */

/**
 * One way in which the words so far may have come about: its probability given them, and the most probable path to it.
 *
 * @typedef {object} Belief
 * @property {Network} network
 * @property {State} state
 * @property {number} weight
 * @property {number} best
 * @property {Path} path
 */

/** @typedef {{ probability: number, oracle: TranslationOracle }} TranslationStep */

/** The German of Stories, ready to translate. */
export class TranslationGrammar {
  /**
   * @param {GrammarTable} stories - The file stories.json.
   * @param {GermanTable} german - The file german.json.
   */
  constructor(stories, german) {
    this.grammar = new Grammar(stories);
    this.table = new Table(german, this.grammar);
    this.parser = new Parser(this.grammar);
  }

  /**
   * What is known of the translations of a story, or of its first sentences, before their first word.
   *
   * @param {string[]} source - Its words, with the end token or without.
   * @throws {Error} If the grammar cannot write it; the message names the first word that does not fit.
   */
  translate(source) {
    const ended = source.at(-1) === this.grammar.end;
    const words = ended ? source.slice(0, -1) : source;
    const end = { word: this.grammar.end, links: ended ? [words.length] : [] };
    const found = this.parser.parse(words);
    const total = found.reduce((sum, { p }) => sum + p, 0);
    return new TranslationOracle(
      found.map(({ p, tree }) => {
        const network = new Network(this.table, tree, end);
        return { network, state: network.start, weight: p / total, best: p / total, path: null };
      }),
    );
  }
}

/** What is known after a growing beginning of a translation. Reading gives a new oracle and leaves the old one. */
export class TranslationOracle {
  /** @param {Belief[]} belief */
  constructor(belief) {
    this.belief = belief;
    /** @type {Map<string, TranslationStep>} */
    this.after = new Map();
    /** @type {Map<string, number> | null} */
    this.distribution = null;
  }

  /** Every word that can come next with its probability; empty once the translation has ended or gone wrong. */
  next() {
    if (!this.distribution) {
      this.distribution = new Map();
      for (const { network, state, weight } of this.belief)
        for (const { p, written } of network.transitions(state))
          this.distribution.set(written.word, (this.distribution.get(written.word) ?? 0) + weight * p);
    }
    return this.distribution;
  }

  /**
   * Those of some words that cannot come next.
   *
   * @param {string[]} words - Such as a vocabulary.
   */
  impossible(words) {
    const possible = this.next();
    return words.filter((word) => !possible.has(word));
  }

  /**
   * The oracle after one more word, and the word's probability.
   *
   * @param {string} word
   * @returns {TranslationStep}
   */
  read(word) {
    let known = this.after.get(word);
    if (!known) {
      known = this.readAnew(word);
      this.after.set(word, known);
    }
    return known;
  }

  /**
   * @param {string} word
   * @returns {TranslationStep}
   */
  readAnew(word) {
    const probability = this.next().get(word) ?? 0;
    /** @type {Map<Network, Map<string, Belief>>} */
    const beliefs = new Map(this.belief.map(({ network }) => [network, new Map()]));
    for (const { network, state, weight, best, path } of this.belief) {
      for (const { p, written, state: after } of network.transitions(state)) {
        if (written.word !== word) continue;
        const longer = { links: written.links, before: path };
        const way = { network, state: after, weight: (weight * p) / probability, best: best * p, path: longer };
        const same = beliefs.get(network)?.get(after.key);
        if (same) way.weight += same.weight;
        if (same && same.best >= way.best) Object.assign(way, { best: same.best, path: same.path });
        beliefs.get(network)?.set(after.key, way);
      }
    }
    const after = [...beliefs.values()].flatMap((ways) => [...ways.values()]);
    return { probability, oracle: new TranslationOracle(after) };
  }

  /**
   * Where each word so far comes from, positions in the story: none, one or several. Where the words may have come
   * about in several ways, the most probable one counts.
   *
   * @returns {number[][]}
   */
  alignment() {
    const [first, ...others] = this.belief;
    const likely = others.reduce((a, b) => (b.best > a.best ? b : a), first);
    const links = [];
    for (let path = likely?.path ?? null; path; path = path.before) links.unshift(path.links);
    return links;
  }
}
