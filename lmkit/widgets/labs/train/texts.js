// The texts to train on, as ids. They are made where the training runs, in the worker: nothing waits for it.

import { LabError } from "../../base/errors.js";
import { uniform } from "../../base/rng.js";
import { Vocab } from "../../base/vocab.js";
import { Grammar } from "../../runtime/oracle.js";
import { tokenizerOf } from "../../runtime/tokenizers.js";
import { sequentialSplit } from "./human_numbers.js";
import { charactersOf, checkedText, divided } from "./own_text.js";
import { heldOutRows } from "./recall.js";

/** @typedef {import("../../base/tokenizer.js").Tokenizer} Tokenizer */

/**
 * Where a text comes from: its kind, and what that kind needs besides.
 *
 * @typedef {object} Source
 * @property {"human_numbers" | "stories" | "shakespeare" | "recall" | "own"} name
 * @property {"characters" | "pieces"} unit - Of running text.
 * @property {string[]} [words] - Of all but running text, by their ids.
 * @property {import("../../runtime/oracle.js").GrammarTable} [grammar]
 * @property {{ training: string, held_out: string }} [plays]
 * @property {object} [pieces] - The tokenizer's config.
 * @property {string} [text] - The reader's own.
 */

/**
 * A text on offer, as lmkit.widgets.labs.train.texts describes it.
 *
 * @typedef {object} TextEntry
 * @property {Source["name"]} name
 * @property {string} title
 * @property {string[]} words
 * @property {Record<string, string>} tables - Assets and their versions.
 * @property {{ loss: [value: number, name: string][], accuracy: [value: number, name: string][] }} lines
 * @property {string[]} prompts
 */

/**
 * @typedef {object} TrainingText
 * @property {Tokenizer} tokenizer
 * @property {object} words - What a model file says of the vocabulary: `vocab` or `tokenizer`.
 * @property {Int32Array} training
 * @property {Int32Array} held
 * @property {number} charactersPerToken - Of the held-out part; 0 where tokens are words.
 */

export const STORIES = { seeds: [17, 18], tokens: [120_000, 12_000] }; // to learn from, held out

/**
 * @param {Source} source
 * @param {number} [distance] - Of "recall".
 * @returns {TrainingText}
 * @throws {LabError} If it is a text that nothing can be learned from.
 */
export function readSource(source, distance = 1) {
  const { name, words, grammar, plays, text } = source;
  if (name === "recall") return ofQuestions(words ?? [], distance);
  if (name === "human_numbers") return ofWords(words ?? [], sequentialSplit());
  if (name === "stories" && grammar) return ofWords(words ?? [], storiesOf(grammar));
  if (name === "shakespeare" && plays) return ofText({ training: plays.training, held: plays.held_out }, source);
  return ofText(divided(checkedText(text ?? "")), source);
}

/**
 * Stories without end, one after the other, until they are long enough; the same at every call.
 *
 * @param {import("../../runtime/oracle.js").GrammarTable} table
 */
export function storiesOf(table) {
  const grammar = new Grammar(table);
  const [training, held] = STORIES.seeds.map((seed, part) => {
    let counter = 0;
    const random = () => uniform(seed, counter++);
    const tokens = [grammar.end];
    while (tokens.length < STORIES.tokens[part]) tokens.push(...grammar.sample(random));
    return tokens;
  });
  return { training, held };
}

/**
 * @param {string[]} words
 * @param {{ training: string[], held: string[] }} parts
 * @returns {TrainingText}
 */
function ofWords(words, { training, held }) {
  const tokenizer = new Vocab(words);
  /** @param {string[]} tokens */
  const ids = (tokens) => Int32Array.from(tokenizer.ids(tokens));
  return { tokenizer, words: { vocab: words }, training: ids(training), held: ids(held), charactersPerToken: 0 };
}

/**
 * Questions come fresh at every step; the first of those that are held out is what samples begin with.
 *
 * @param {string[]} words
 * @param {number} distance
 * @returns {TrainingText}
 */
function ofQuestions(words, distance) {
  const held = heldOutRows(distance).inputs.subarray(0, distance + 1);
  return { ...ofWords(words, { training: [], held: [] }), held };
}

/**
 * @param {{ training: string, held: string }} parts
 * @param {Source} source
 * @returns {TrainingText}
 */
function ofText({ training, held }, { unit, pieces }) {
  const config =
    unit === "pieces" && pieces
      ? pieces
      : { kind: "characters", version: 1, characters: charactersOf(training), unk: true };
  const tokenizer = tokenizerOf(config);
  const [learned, kept] = [training, held].map((text) => idsOf(tokenizer, text));
  if (kept.length < 2) throw new LabError("the text must be longer: too little of it is left to be held out");
  return {
    tokenizer,
    words: { tokenizer: config },
    training: learned,
    held: kept,
    charactersPerToken: [...held].length / kept.length,
  };
}

const CHUNK = 100_000; // characters at once: a list of ids takes more room than an array of them

/**
 * The ids of a long text, line by line where it has lines.
 *
 * @param {Tokenizer} tokenizer
 * @param {string} text
 */
function idsOf(tokenizer, text) {
  /** @type {Int32Array[]} */
  const parts = [];
  for (let start = 0; start < text.length; ) {
    let stop = Math.min(start + CHUNK, text.length);
    const line = text.lastIndexOf("\n", stop);
    if (stop < text.length && line > start) stop = line;
    else if (/[\ud800-\udbff]/.test(text[stop - 1])) stop += 1;
    parts.push(Int32Array.from(tokenizer.encode(text.slice(start, stop))));
    start = stop;
  }
  const ids = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    ids.set(part, at);
    at += part.length;
  }
  return ids;
}
