// How an English story came about: the mirror of lmkit.datasets.translation.source.

import { Oracle } from "./oracle.js";

/** @typedef {import("./oracle.js").Grammar} Grammar */
/** @typedef {import("./oracle.js").GrammarSymbol} GrammarSymbol */
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

/**
 * Every derivation of a story, without its end token, with the probability that a story comes about so.
 *
 * @param {Grammar} grammar
 * @param {string[]} words
 * @returns {{ p: number, tree: StoryPart }[]}
 */
export function derivations(grammar, words) {
  const registers = grammar.registers.map(() => null);
  const found = derive(grammar, grammar.start.rest[0], words, 0, registers).flatMap(({ p, child, end }) =>
    end === words.length && typeof child !== "number" ? [{ p, tree: child }] : [],
  );
  if (!found.length) throw new Error(fault(grammar, words));
  return found;
}

/**
 * Every way in which a symbol wrote the words from a position on.
 *
 * @param {Grammar} grammar
 * @param {string} head
 * @param {string[]} words
 * @param {number} position
 * @param {Registers} registers
 * @returns {Derived[]}
 */
function derive(grammar, head, words, position, registers) {
  const symbol = grammar.symbol(head);
  if (position === words.length) return [];
  if (symbol.kind !== "rule") return deriveWord(grammar, symbol, words, position, registers);
  const banned = symbol.exclude === null ? null : (registers[symbol.exclude]?.word ?? null);
  const dutiful = symbol.store.length > 0 || symbol.exclude !== null;
  return grammar.without(head, symbol, banned).flatMap(([p, symbols]) => {
    const source = dutiful ? grammar.symbol(symbols[0]).name : symbols.join(" ");
    return deriveSequence(grammar, symbols, words, position, registers).map((way) => {
      const child = { rule: symbol.name, source, start: position, children: way.children, registers: way.registers };
      return { p: p * way.p, child, end: way.end, registers: way.registers };
    });
  });
}

/**
 * @param {Grammar} grammar
 * @param {GrammarSymbol} symbol
 * @param {string[]} words
 * @param {number} position
 * @param {Registers} registers
 * @returns {Derived[]}
 */
function deriveWord(grammar, symbol, words, position, registers) {
  const held = symbol.kind === "word" ? { word: symbol.name, position } : registers[place(grammar, symbol.name)];
  const texts = registers.map((holding) => holding?.word ?? null);
  if (!held || grammar.wordOf(symbol, texts) !== words[position]) return [];
  const after = registers.map((kept, i) => (symbol.store.includes(i) ? held : kept));
  return [{ p: 1, child: position, end: position + 1, registers: after }];
}

/**
 * @param {Grammar} grammar
 * @param {string[]} symbols
 * @param {string[]} words
 * @param {number} position
 * @param {Registers} registers
 * @returns {DerivedSequence[]}
 */
function deriveSequence(grammar, symbols, words, position, registers) {
  /** @type {DerivedSequence[]} */
  let ways = [{ p: 1, children: [], end: position, registers }];
  for (const symbol of symbols) {
    ways = ways.flatMap((way) =>
      derive(grammar, symbol, words, way.end, way.registers).map(({ p, child, end, registers }) => ({
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
