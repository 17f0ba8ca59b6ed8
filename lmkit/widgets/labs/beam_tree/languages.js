// The languages of the lab, a table of probabilities or a trained model, and the trees that grow in them.

import { greedy } from "../../runtime/decoding.js";
import { without } from "../../runtime/filters.js";
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
/**
 * A model as it travels, with the text that it continues; null is for what the reader types. `known` says whether the
 * best of all texts can be found.
 * @typedef {{ name: string, prompt: string | null, max_new_tokens: number, known: boolean, model: ModelOption }} ModelEntry
 */
/**
 * What a search needs to know; `prompt` is a text as the reader has it, `after` the same language after another text where
 * the prompt is typed.
 * @typedef {object} Language
 * @property {string} name
 * @property {{ show: (id: number) => string, text: (ids: number[]) => string }} vocab
 * @property {number | null} end
 * @property {number} max_new_tokens
 * @property {any} prompt
 * @property {import("./search.js").BatchReader<any>} reader
 * @property {string} label what stands at the root
 * @property {"word" | "token"} unit what a chip has on it
 * @property {string} all how many texts there are, in words
 * @property {boolean} known whether the best of them can be found
 * @property {((text: string) => Language) | null} after
 */
/**
 * `optimum` is null where nobody knows the best of all texts.
 * @typedef {{ tree: Tree, optimum: TextInTree | null, greedy: TextInTree }} JudgedTree
 */

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
    unit: "word",
    all: `all ${texts} texts`,
    known: true,
    after: null,
  };
}

/**
 * What a model writes after a prompt.
 * @param {ModelEntry} entry
 * @param {Session} session
 * @returns {Language}
 */
export function ofModel({ name, max_new_tokens, prompt, known }, { cache, vocab }) {
  const unit = vocab.unit === "word" ? "word" : "token";
  /** @type {Language} */
  const language = {
    name,
    vocab: { show: (id) => vocab.show(id), text: (ids) => vocab.text(ids).replaceAll("⏎\n", "⏎") },
    end: vocab.end,
    max_new_tokens,
    prompt: null,
    reader: writing(cache, vocab.suppressed),
    label: "…",
    unit,
    all: `all texts of at most ${max_new_tokens} ${unit}s`,
    known,
    after: null,
  };
  /** @param {string} text */
  const after = (text) => ({ ...language, prompt: cache.readAll(vocab.promptIds(text)) });
  return prompt === null ? { ...language, after } : after(prompt);
}

/**
 * A reader to which what is never written cannot come.
 * @param {Session["cache"]} cache
 * @param {number[]} suppressed
 * @returns {Language["reader"]}
 */
function writing(cache, suppressed) {
  if (!suppressed.length) return cache;
  return {
    read: (text, token) => cache.read(text, token),
    readEach: (texts, tokens) => cache.readEach(texts, tokens),
    logProbs: (text) => without(cache.logProbs(text), suppressed),
  };
}

/**
 * The tree with the paths of greedy decoding and of the best text that there is, where that is known.
 * @param {Language} language
 * @param {BeamSettings} settings
 * @returns {Generator<void, JudgedTree, void>}
 */
export function* judgedTree(language, settings) {
  const { reader, prompt } = language;
  const tree = yield* growTree(reader, prompt, settings);
  const optimum = language.known ? tree.mark(yield* bestText(reader, prompt, settings), "optimum") : null;
  return { tree, optimum, greedy: tree.mark(yield* greedy(reader, prompt, settings), "greedy") };
}
