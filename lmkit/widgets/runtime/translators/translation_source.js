// How an English story came about: the mirror of lmkit.datasets.translation.source.

import { Oracle } from "../oracle.js";

/** @typedef {import("../oracle.js").Grammar} Grammar */
/** @typedef {import("../oracle.js").GrammarSymbol} GrammarSymbol */
/** @typedef {{ word: string, position: number }} Holding A word in a register, and where it was named first. */
/** @typedef {(Holding | null)[]} Registers */

/**
 * A part of a story: which alternative of which rule was written, where, and what the registers held at its end.
 * Children are parts, or positions of words.
 *
 * @typedef {object} StoryPart
 * @property {string} rule
 * @property {string} source
 * @property {number} start
 * @property {(StoryPart | number)[]} children
 * @property {Registers} registers
 */

/** @typedef {{ p: number, child: StoryPart | number, end: number, registers: Registers }} Derived */
/** @typedef {{ p: number, children: (StoryPart | number)[], end: number, registers: Registers }} DerivedSequence */

/** The alternative of a part that a beginning of a story does not have. */
export const LEFT_OUT = "";

/** Finds the derivations of stories, and of their beginnings: a part that starts a new sentence may be left out. */
export class Parser {
  /** @param {Grammar} grammar */
  constructor(grammar) {
    this.grammar = grammar;
    this.later = sentenceStarts(grammar);
  }

  /**
   * Every derivation of a story, or of its first sentences, without the end token, with the probability that a story
   * comes about, or begins, so.
   *
   * @param {string[]} words
   * @returns {{ p: number, tree: StoryPart }[]}
   * @throws {Error} If the grammar cannot write it; the message names the first word that does not fit.
   */
  parse(words) {
    const registers = this.grammar.registers.map(() => null);
    const found = this.derive(this.grammar.start.rest[0], words, 0, registers).flatMap(({ p, child, end }) =>
      end === words.length && typeof child !== "number" ? [{ p, tree: child }] : [],
    );
    if (!found.length) throw new Error(fault(this.grammar, words));
    return found;
  }

  /**
   * Every way in which a symbol wrote the words from a position on.
   *
   * @param {string} head
   * @param {string[]} words
   * @param {number} position
   * @param {Registers} registers
   * @returns {Derived[]}
   */
  derive(head, words, position, registers) {
    const symbol = this.grammar.symbol(head);
    if (position === words.length)
      return this.later.has(symbol.name) ? [leftOut(symbol.name, position, registers)] : [];
    if (symbol.kind !== "rule") return this.deriveWord(symbol, words, position, registers);
    const banned = symbol.exclude === null ? null : (registers[symbol.exclude]?.word ?? null);
    const dutiful = symbol.store.length > 0 || symbol.exclude !== null;
    return this.grammar.without(head, symbol, banned).flatMap(([p, symbols]) => {
      const source = dutiful ? this.grammar.symbol(symbols[0]).name : symbols.join(" ");
      return this.deriveSequence(symbols, words, position, registers).map((way) => {
        const child = { rule: symbol.name, source, start: position, children: way.children, registers: way.registers };
        return { p: p * way.p, child, end: way.end, registers: way.registers };
      });
    });
  }

  /**
   * @param {GrammarSymbol} symbol
   * @param {string[]} words
   * @param {number} position
   * @param {Registers} registers
   * @returns {Derived[]}
   */
  deriveWord(symbol, words, position, registers) {
    const { grammar } = this;
    const held = symbol.kind === "word" ? { word: symbol.name, position } : registers[place(grammar, symbol.name)];
    const texts = registers.map((holding) => holding?.word ?? null);
    if (!held || grammar.wordOf(symbol, texts) !== words[position]) return [];
    const after = registers.map((kept, i) => (symbol.store.includes(i) ? held : kept));
    return [{ p: 1, child: position, end: position + 1, registers: after }];
  }

  /**
   * @param {string[]} symbols
   * @param {string[]} words
   * @param {number} position
   * @param {Registers} registers
   * @returns {DerivedSequence[]}
   */
  deriveSequence(symbols, words, position, registers) {
    /** @type {DerivedSequence[]} */
    let ways = [{ p: 1, children: [], end: position, registers }];
    for (const symbol of symbols) {
      ways = ways.flatMap((way) =>
        this.derive(symbol, words, way.end, way.registers).map(({ p, child, end, registers }) => ({
          p: way.p * p,
          children: [...way.children, child],
          end,
          registers,
        })),
      );
      if (!ways.length) break;
    }
    return ways;
  }
}

/**
 * @param {string} rule
 * @param {number} position
 * @param {Registers} registers
 * @returns {Derived}
 */
function leftOut(rule, position, registers) {
  const child = { rule, source: LEFT_OUT, start: position, children: [], registers };
  return { p: 1, child, end: position, registers };
}

/**
 * The rules whose text always begins a sentence that is not the first: before each of them a story may end. Such a rule
 * stands behind one that ends a sentence, or at the head of another such rule.
 *
 * @param {Grammar} grammar
 * @returns {Set<string>}
 */
export function sentenceStarts(grammar) {
  const alternatives = [...grammar.rules].flatMap(([rule, all]) =>
    all.map(([, symbols]) => ({ rule, names: symbols.map((symbol) => grammar.symbol(symbol).name) })),
  );
  const ending = new Set(["."]);
  for (let size = 0; size < ending.size; ) {
    size = ending.size;
    const open = new Set(
      alternatives.filter(({ names }) => !ending.has(names[names.length - 1])).map(({ rule }) => rule),
    );
    for (const rule of grammar.rules.keys()) if (!open.has(rule)) ending.add(rule);
  }
  const later = new Set([...grammar.rules.keys()].filter((rule) => !grammar.start.rest.includes(rule)));
  for (let size = Infinity; size > later.size; ) {
    size = later.size;
    for (const { rule, names } of alternatives) {
      const stands = names.map((_, i) => (i ? ending.has(names[i - 1]) : later.has(rule)));
      for (const [i, name] of names.entries()) if (!stands[i]) later.delete(name);
    }
  }
  return later;
}

/**
 * @param {Grammar} grammar
 * @param {string} register
 */
export function place(grammar, register) {
  return grammar.registers.indexOf(register);
}

/**
 * What is wrong with a text that the grammar cannot write.
 *
 * @param {Grammar} grammar
 * @param {string[]} words
 */
function fault(grammar, words) {
  let oracle = new Oracle(grammar);
  for (const [i, word] of words.entries()) {
    const step = oracle.read(word);
    if (!step.probability || word === grammar.end) {
      const before = i ? `cannot follow “${words.slice(Math.max(0, i - 4), i).join(" ")}”` : "begins no story";
      return `word ${i + 1} of the story, “${word}”, ${before}`;
    }
    oracle = step.oracle;
  }
  return words.length ? `the story ends too early, after “${words.slice(-4).join(" ")}”` : "the story is empty";
}
