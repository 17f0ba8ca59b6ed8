// What the training needs from the page: the text's tables, and for browsers without vector instructions another kernel.

import { loadAsset, once } from "../../base/assets.js";

/** @typedef {import("../../base/view.js").Model} Model */
/** @typedef {import("./texts.js").Source} Source */

// The smallest module with a vector instruction: does the browser take it?
const SIMD = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);

/**
 * @param {Model} model
 * @param {import("./texts.js").TextEntry} entry
 * @param {string} unit
 * @param {string} own - The reader's own text.
 * @returns {Promise<Source>}
 */
export async function sourceOf(model, { name, words, tables }, unit, own) {
  /** @param {string} table */
  const load = (table) => (table in tables ? tableOf(model, table, tables[table]) : undefined);
  const [grammar, plays, pieces] = await Promise.all([
    load("stories-grammar"),
    load("four-plays"),
    unit === "pieces" ? load("pieces") : undefined,
  ]);
  const text = name === "own" ? own : undefined;
  return { name, unit: /** @type {Source["unit"]} */ (unit), words, grammar, plays, pieces, text };
}

/**
 * @param {Model} model
 * @returns {Promise<import("./training.js").Engine>}
 */
export async function engineOf(model) {
  if (globalThis.WebAssembly?.validate(SIMD) !== false) return {};
  const { wasm } = await tableOf(model, "training-scalar", model.get("scalar"));
  return { simd: false, scalar: wasm };
}

/**
 * @param {Model} model
 * @param {string} name
 * @param {string} key
 * @returns {Promise<any>}
 */
function tableOf(model, name, key) {
  return once(`table ${key}`, () => loadAsset(model, name, key));
}
