// The table of the German of Stories, read: the mirror of lmkit.datasets.translation.table, over the same german.json.

import { LEFT_OUT, sentenceStarts } from "./translation_source.js";

/** @typedef {import("../oracle.js").Grammar} Grammar */

/**
 * The file german.json.
 *
 * @typedef {object} GermanTable
 * @property {Record<string, string>} contractions
 * @property {Record<string, Record<string, string>>} endings
 * @property {Record<string, Record<string, string>>} forms
 * @property {Record<string, Record<string, string | Record<string, string>>>} rules
 */

/** @typedef {Map<string, string>} Fields The fields of a word, by name. */
/** @typedef {[number, Fields][]} Entry The words that one may choose, and their probabilities. */
/** @typedef {{ kind: "text" | "child" | "register" | "gender", name: string, place: number, field: string }} Reference */

/**
 * A stem, where it comes from, and its ending if it has one.
 *
 * @typedef {object} Part
 * @property {Reference} stem
 * @property {number[]} links
 * @property {{ name: string, of: Reference, whose: Reference } | null} ending
 */

/** @typedef {{ parts: Part[], marks: string[] }} Piece Parts that are written together; marks stand between them. */
/** @typedef {[number, Piece[]]} Order */
/** @typedef {{ symbols: string[], sections: Map<string, Order[]>, entry: Entry | null }} Alternative */

const CASES = ["nom", "acc", "dat", "gen", "*"];
const GENDERS = "mfnp";

/** The German of Stories. */
export class Table {
  /**
   * @param {GermanTable} table
   * @param {Grammar} grammar - That of Stories.
   */
  constructor(table, grammar) {
    this.grammar = grammar;
    this.contractions = new Map(Object.entries(table.contractions));
    this.endings = table.endings;
    /** @type {Map<string, Map<string, string[]>>} */
    this.forms = new Map(Object.entries(table.forms).map(([form, values]) => [form, this.formsOf(values)]));
    /** @type {Map<string, Map<string, Alternative>>} */
    this.rules = new Map([...grammar.rules.keys()].map((name) => [name, this.rule(name, table.rules[name] ?? {})]));
    for (const name of sentenceStarts(grammar))
      this.rules.get(name)?.set(LEFT_OUT, { symbols: [], sections: new Map([["", [[1, []]]]]), entry: null });
    /** @type {Map<string, Set<string>>} */
    this.sections = new Map(
      [...this.rules].map(([name, rule]) => [
        name,
        new Set([...rule.values()].flatMap(({ sections }) => [...sections.keys()])),
      ]),
    );
    this.registered = this.registeredEntries();
  }

  /**
   * @param {string} name
   * @param {string} kase
   * @param {string} gender
   */
  ending(name, kase, gender) {
    return this.endings[name][kase].split(" ")[GENDERS.indexOf(gender)].replace("-", "");
  }

  /**
   * @param {Record<string, string>} values
   * @returns {Map<string, string[]>}
   */
  formsOf(values) {
    const found = new Map();
    for (const [name, value] of Object.entries(values))
      for (const word of this.grammar.wordsOf(name)) found.set(word, value.split("/"));
    return found;
  }

  /**
   * The alternatives of a rule by their source; a rule that is not in the table keeps the order of its parts.
   *
   * @param {string} name
   * @param {Record<string, string | Record<string, string>>} entries
   * @returns {Map<string, Alternative>}
   */
  rule(name, entries) {
    const fields = entries["/"];
    return new Map(
      (this.grammar.rules.get(name) ?? []).map(([, symbols]) => {
        const source = symbols.join(" ");
        const target = entries[source] ?? source;
        const texts = typeof target === "string" ? { "": target } : target;
        const sections = Object.entries(fields ? {} : texts).map(([section, text]) => {
          /** @type {[string, Order[]]} */
          const orders = [section, weighted(text).map(([p, order]) => [p, this.pieces(order, symbols)])];
          return orders;
        });
        const entered = fields && !this.grammar.rules.has(symbols[0]);
        const entry = entered ? entryOf(String(fields), String(target)) : null;
        return [source, { symbols, sections: new Map(sections), entry }];
      }),
    );
  }

  /** The entry of every word that a register can hold. */
  registeredEntries() {
    const symbols = [...this.grammar.rules.values()].flat().flatMap(([, symbols]) => symbols);
    const stored = symbols.map((text) => this.grammar.symbol(text)).filter(({ store }) => store.length);
    const words = new Set(stored.flatMap(({ name }) => this.grammar.wordsOf(name)));
    /** @type {Map<string, Entry>} */
    const found = new Map();
    for (const rule of this.rules.values())
      for (const [word, { entry }] of rule) if (words.has(word) && entry?.[0][1].has("gender")) found.set(word, entry);
    return found;
  }

  /**
   * @param {string} order
   * @param {string[]} symbols
   * @returns {Piece[]}
   */
  pieces(order, symbols) {
    return order.split(" ").map((text) => ({
      parts: text.split(/[+&]/).map((part) => this.part(part, symbols)),
      marks: text.match(/[+&]/g) ?? [],
    }));
  }

  /**
   * @param {string} whole
   * @param {string[]} symbols
   * @returns {Part}
   */
  part(whole, symbols) {
    const [text, places] = whole.split("~");
    const [first, of, whose] = text.length === 1 ? [text] : text.split(":");
    const dot = of ? first.lastIndexOf(".") : -1;
    const stem = this.reference(of ? first.slice(0, Math.max(dot, 0)) : first, symbols);
    const own = stem.kind === "child" ? [] : this.placesOf(text, symbols);
    const links = places === undefined ? own : places.split(",").filter(Boolean).map(Number);
    if (!of) return { stem, links, ending: null };
    const governor = CASES.includes(of) ? reference("text", of) : this.reference(of, symbols);
    return { stem, links, ending: { name: first.slice(dot + 1), of: governor, whose: this.owner(whose, symbols) } };
  }

  /**
   * @param {string} text
   * @param {string[]} symbols
   * @returns {Reference}
   */
  reference(text, symbols) {
    const [name, field = ""] = text.length > 1 ? text.split(".") : [text];
    if (name.startsWith("$") && name.length > 1) return reference("register", name.slice(1), -1, field);
    const place = this.place(name, symbols);
    return place === null ? reference("text", text) : reference("child", "", place, field);
  }

  /**
   * Whose gender an ending has.
   *
   * @param {string} text
   * @param {string[]} symbols
   * @returns {Reference}
   */
  owner(text, symbols) {
    if (GENDERS.includes(text)) return reference("gender", text);
    const [name, form = ""] = text.split(".");
    const place = this.place(name, symbols);
    return place === null ? reference("register", name, -1, form) : reference("child", "", place);
  }

  /**
   * The place of a part by its rule; an apostrophe asks for the second one. Null if it is no rule.
   *
   * @param {string} name
   * @param {string[]} symbols
   */
  place(name, symbols) {
    const bare = name.replace(/'+$/, "");
    if (!this.grammar.rules.has(bare)) return null;
    const places = symbols.flatMap((text, i) => (this.grammar.symbol(text).name === bare ? [i] : []));
    return places[name.length - bare.length];
  }

  /**
   * Where a text comes from that does not say so: the register it names, or all the words.
   *
   * @param {string} text
   * @param {string[]} symbols
   */
  placesOf(text, symbols) {
    const named = text.startsWith("$") && text.length > 1;
    return symbols.flatMap((symbol, i) => {
      const fits = named
        ? symbol.slice(symbol.lastIndexOf("=") + 1) === text
        : this.grammar.symbol(symbol).kind === "word";
      return fits ? [i] : [];
    });
  }
}

/**
 * @param {Reference["kind"]} kind
 * @param {string} name
 * @param {number} [place]
 * @param {string} [field]
 * @returns {Reference}
 */
function reference(kind, name, place = -1, field = "") {
  return { kind, name, place, field };
}

/**
 * The choices of a text, divided by `|`, and their probabilities.
 *
 * @param {string} text
 * @returns {[number, string][]}
 */
function weighted(text) {
  const choices = text.split("|").map((choice) => {
    const [, weight = "1", rest] = choice.trim().match(/^(?:(\d+) )?(.*)$/) ?? [];
    return { weight: Number(weight), rest };
  });
  const total = choices.reduce((sum, { weight }) => sum + weight, 0);
  return choices.map(({ weight, rest }) => [weight / total, rest]);
}

/**
 * @param {string} fields
 * @param {string} text
 * @returns {Entry}
 */
function entryOf(fields, text) {
  return weighted(text).map(([p, words]) => {
    const values = words.split("/");
    return [p, new Map(fields.split("/").map((name, i) => [name, values[i] ?? ""]))];
  });
}
