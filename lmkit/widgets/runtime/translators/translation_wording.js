// From a piece of the table to words: the mirror of lmkit.datasets.translation.wording.

import { place } from "./translation_source.js";

/** @typedef {import("./translation_source.js").StoryPart} StoryPart */
/** @typedef {import("./translation_table.js").Table} Table */
/** @typedef {import("./translation_table.js").Entry} Entry */
/** @typedef {import("./translation_table.js").Fields} Fields */
/** @typedef {import("./translation_table.js").Part} Part */
/** @typedef {import("./translation_table.js").Piece} Piece */
/** @typedef {import("./translation_table.js").Reference} Reference */
/** @typedef {{ word: string, links: number[] }} Written A word, and the positions in the story that it comes from. */
/** @typedef {{ part: StoryPart, section: string, links: number[] }} Call A part that is still to be written. */
/** @typedef {Map<number, Fields>} Variants The fields of chosen words, by the position of what they translate. */
/** @typedef {{ position: number, entry: Entry, links: number[] }} Lexeme A word of the story that has an entry. */

/**
 * Words that depend on choices: the entries to choose from, by position, and what is written then.
 *
 * @typedef {object} Wording
 * @property {Map<number, Entry>} needs
 * @property {(variants: Variants) => Written[]} write
 */

/**
 * What a piece of an order becomes at a part of a story: words at once where nothing is to be chosen.
 *
 * @param {Table} table
 * @param {Piece} piece
 * @param {StoryPart} node
 * @param {string} star - The case that `*` stands for.
 * @param {number[]} links - Positions that the words come from besides their own.
 * @returns {{ call: Call } | { wording: Wording } | { words: Written[] }}
 */
export function wordingOf(table, piece, node, star, links) {
  const [{ stem, ending, links: places }] = piece.parts;
  if (!piece.marks.length && stem.kind === "child" && !ending) {
    const part = childOf(node, stem);
    const section = stem.field === "*" ? star : stem.field;
    if (!lexemeOf(table, part)) return { call: { part, section, links: positions(places, node) } };
  }
  const whole = joined(
    piece.parts.map((part) => wordingOfPart(table, part, node, star, links)),
    (parts) => sideBySide(parts, piece.marks, table.contractions),
  );
  const entries = [...whole.needs];
  const single = new Map(entries.flatMap(([at, entry]) => (entry.length === 1 ? [[at, entry[0][1]]] : [])));
  const needs = new Map(entries.filter(([, entry]) => entry.length > 1));
  if (!needs.size) return { words: whole.write(single) };
  return { wording: { needs, write: (variants) => whole.write(new Map([...single, ...variants])) } };
}

/**
 * Which section of a rule a name means, and which case; what is no section is the case.
 *
 * @param {Table} table
 * @param {string} rule
 * @param {string} name
 * @returns {[string, string]}
 */
export function sectionOf(table, rule, name) {
  return table.sections.get(rule)?.has(name) ? [name, ""] : ["", name];
}

/**
 * @param {Table} table
 * @param {StoryPart} node
 */
export function alternativeOf(table, node) {
  const found = table.rules.get(node.rule)?.get(node.source);
  if (!found) throw new Error(`the table has no ${node.rule} that is “${node.source}”`);
  return found;
}

/**
 * The entry of a part, if it has one; a rule that leads to a rule with entries has that one's.
 *
 * @param {Table} table
 * @param {StoryPart} part
 * @returns {Lexeme | null}
 */
function lexemeOf(table, part) {
  const { entry, sections } = alternativeOf(table, part);
  const [first] = part.children;
  if (entry) return { position: part.start, entry, links: part.children.filter((child) => typeof child === "number") };
  return sections.size || typeof first === "number" ? null : lexemeOf(table, first);
}

/**
 * @param {Table} table
 * @param {Part} part
 * @param {StoryPart} node
 * @param {string} star
 * @param {number[]} outer
 * @returns {Wording}
 */
function wordingOfPart(table, { stem, links: places, ending }, node, star, outer) {
  const links = [...positions(places, node), ...outer];
  /** @type {Lexeme | null} */
  let lexeme = null;
  let fixed = stem.name;
  if (stem.kind === "child") {
    const child = childOf(node, stem);
    lexeme = lexemeOf(table, child);
    if (!lexeme) return wordingOfSection(table, child, stem.field, links);
  } else if (stem.kind === "register") {
    const held = heldBy(table, stem.name, node);
    const form = table.forms.get(stem.field)?.get(held.word);
    if (form) fixed = form[0];
    else lexeme = { position: held.position, entry: entryOf(table, held.word), links: [] };
  }
  const inflected = ending && wordingOfEnding(table, ending, node, star);
  return {
    needs: new Map([
      ...(lexeme ? [/** @type {const} */ ([lexeme.position, lexeme.entry])] : []),
      ...(inflected?.needs ?? []),
    ]),
    write(variants) {
      let text = fixed;
      if (lexeme) {
        const fields = fieldsAt(variants, lexeme.position);
        text = (stem.field ? fields.get(stem.field) : fields.values().next().value) ?? "";
      }
      if (inflected) text += inflected.write(variants)[0].word;
      // A word that ends in ~ comes from where the order says alone.
      return text
        .split(" ")
        .filter(Boolean)
        .map((word) => ({
          word: word.replace("~", ""),
          links: union(links, word.endsWith("~") ? [] : (lexeme?.links ?? [])),
        }));
    },
  };
}

/**
 * A section of one order that is written at once, to be joined with what follows.
 *
 * @param {Table} table
 * @param {StoryPart} node
 * @param {string} name
 * @param {number[]} links
 */
function wordingOfSection(table, node, name, links) {
  const [section, star] = sectionOf(table, node.rule, name);
  const pieces = (alternativeOf(table, node).sections.get(section) ?? []).flatMap(([, pieces]) => pieces);
  const parts = pieces.map((piece) => wordingOfPart(table, piece.parts[0], node, star, links));
  return joined(parts, (words) => words.flat());
}

/**
 * An ending by case and by gender, both of which may depend on a choice.
 *
 * @param {Table} table
 * @param {NonNullable<Part["ending"]>} ending
 * @param {StoryPart} node
 * @param {string} star
 * @returns {Wording}
 */
function wordingOfEnding(table, { name, of, whose }, node, star) {
  const governor = of.kind === "child" ? lexemeOf(table, childOf(node, of)) : null;
  const owner = ownerOf(table, whose, node);
  const needs = [governor, owner].flatMap((x) => (x && typeof x !== "string" ? [x] : []));
  return {
    needs: new Map(needs.map(({ position, entry }) => [position, entry])),
    write(variants) {
      const known = of.name === "*" ? star : of.name;
      const kase = governor ? (fieldsAt(variants, governor.position).get(of.field) ?? "") : known;
      const gender = typeof owner === "string" ? owner : (fieldsAt(variants, owner.position).get("gender") ?? "");
      return [{ word: table.ending(name, kase, gender), links: [] }];
    },
  };
}

/**
 * The word whose gender an ending has, or the gender where no choice decides it.
 *
 * @param {Table} table
 * @param {Reference} whose
 * @param {StoryPart} node
 * @returns {Lexeme | string}
 */
function ownerOf(table, whose, node) {
  if (whose.kind === "gender") return whose.name;
  if (whose.kind === "child") {
    const lexeme = lexemeOf(table, childOf(node, whose));
    if (!lexeme) throw new Error(`“${node.source}” has no word whose gender counts`);
    return lexeme;
  }
  const held = whose.name.split(",").map((name) => heldBy(table, name, node));
  if (whose.field) return table.forms.get(whose.field)?.get(held[0].word)?.[1] ?? "";
  const entries = held.map(({ word }) => entryOf(table, word));
  if (held.length === 1) return { position: held[0].position, entry: entries[0], links: [] };
  // Several people are feminine if all of them are.
  return entries.every(([[, fields]]) => fields.get("gender") === "f") ? "f" : "m";
}

/**
 * @param {Table} table
 * @param {string} word
 */
function entryOf(table, word) {
  const entry = table.registered.get(word);
  if (!entry) throw new Error(`the table has no entry for “${word}”`);
  return entry;
}

/**
 * @param {Table} table
 * @param {string} register
 * @param {StoryPart} node
 */
export function heldBy(table, register, node) {
  const held = node.registers[place(table.grammar, register)];
  if (!held) throw new Error(`register ${register} is empty in “${node.source}”`);
  return held;
}

/**
 * @param {Variants} variants
 * @param {number} position
 */
function fieldsAt(variants, position) {
  const fields = variants.get(position);
  if (!fields) throw new Error(`nothing was chosen for word ${position + 1}`);
  return fields;
}

/**
 * @param {StoryPart} node
 * @param {Reference} reference
 */
function childOf(node, reference) {
  const child = node.children[reference.place];
  if (typeof child === "number") throw new Error(`“${node.source}” has a word where a rule is meant`);
  return child;
}

/**
 * @param {number[]} places
 * @param {StoryPart} node
 * @returns {number[]}
 */
function positions(places, node) {
  return places.map((i) => node.children[i]).filter((child) => typeof child === "number");
}

/**
 * @param {Wording[]} parts
 * @param {(words: Written[][]) => Written[]} join
 * @returns {Wording}
 */
function joined(parts, join) {
  const needs = new Map(parts.flatMap((part) => [...part.needs]));
  return { needs, write: (variants) => join(parts.map((part) => part.write(variants))) };
}

/**
 * The words of several parts, joined by `&`, or contracted by `+` where the language does so.
 *
 * @param {Written[][]} parts
 * @param {string[]} marks
 * @param {Map<string, string>} contractions
 */
function sideBySide([first, ...others], marks, contractions) {
  const out = [...first];
  for (const [i, right] of others.entries()) {
    const [a, b] = [out.at(-1), right[0]];
    const both = a && b && (marks[i] === "&" ? a.word + b.word : contractions.get(`${a.word} ${b.word}`));
    if (both) out.splice(-1, 1, { word: both, links: union(a.links, b.links) }, ...right.slice(1));
    else out.push(...right);
  }
  return out;
}

/**
 * @param {number[]} a
 * @param {number[]} b
 */
function union(a, b) {
  return [...new Set([...a, ...b])].sort((x, y) => x - y);
}
