// The languages of the lab, a table of probabilities or a trained model, and the trees that grow in them.

import { greedy } from "../../runtime/decoding.js";
import { bestText, growTree, TableReader } from "./search.js";

/** @typedef {import("../../runtime/beams.js").BeamSettings} BeamSettings */
/** @typedef {import("../../runtime/session.js").ModelOption} ModelOption */
/** @typedef {import("../../runtime/session.js").Session} Session */
/** @typedef {import("./search.js").TextInTree} TextInTree */
/** @typedef {import("./search.js").Tree} Tree */

/**
 * A table as it travels; `texts` is how many there are.
 * @typedef {object} TableEntry
 * @property {string} name
 * @property {string[]} words
 * @property {number[][]} probs
 * @property {number} start
 * @property {number | null} end
 * @property {number} max_new_tokens
 * @property {number} texts
 */
/** @typedef {{ name: string, prompt: string, max_new_tokens: number, model: ModelOption }} ModelEntry */
/**
 * What a search needs to know; `prompt` is a text as the reader has it.
 * @typedef {object} Language
 * @property {string} name
 * @property {{ show: (id: number) => string, text: (ids: number[]) => string }} vocab
 * @property {number | null} end
 * @property {number} max_new_tokens
 * @property {any} prompt
 * @property {import("./search.js").BatchReader<any>} reader
 * @property {string} label what stands at the root
 * @property {string} all how many texts there are, in words
 */
/** @typedef {{ tree: Tree, optimum: TextInTree, greedy: TextInTree }} JudgedTree */

/**
 * @param {TableEntry} entry
 * @returns {Language}
 */
export function ofTable(entry) {
  const { name, words, start, end, max_new_tokens, texts } = entry;
  return {
    name,
    vocab: { show: (id) => words[id], text: (ids) => ids.map((id) => words[id]).join(" ") },
    end,
    max_new_tokens,
    prompt: start,
    reader: new TableReader(entry),
    label: words[start],
    all: `all ${texts} texts`,
  };
}

/**
 * What a model writes after a prompt.
 * @param {ModelEntry} entry
 * @param {Session} session
 * @returns {Language}
 */
export function ofModel({ name, max_new_tokens, prompt }, { cache, vocab }) {
  return {
    name,
    vocab,
    end: vocab.end,
    max_new_tokens,
    prompt: cache.readAll(vocab.promptIds(prompt)),
    reader: cache,
    label: "…",
    all: `all texts of at most ${max_new_tokens} words`,
  };
}

/**
 * The tree with the paths of greedy decoding and of the best text that there is.
 * @param {Language} language
 * @param {BeamSettings} settings
 * @returns {Generator<void, JudgedTree, void>}
 */
export function* judgedTree(language, settings) {
  const { reader, prompt } = language;
  const tree = yield* growTree(reader, prompt, settings);
  const optimum = tree.mark(yield* bestText(reader, prompt, settings), "optimum");
  return { tree, optimum, greedy: tree.mark(yield* greedy(reader, prompt, settings), "greedy") };
}
