// What Python has written for the engine to reproduce (`python -m tests.vectors`), and how to compare with it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { parseModel } from "../../../lmkit/widgets/runtime/safetensors.js";
import { parseTranslator } from "../../../lmkit/widgets/runtime/translators/translator_file.js";

setFlagsFromString("--experimental-wasm-relaxed-simd"); // Node 20 has multiply-add behind this flag; later ones need none

const STORE = new URL("../../../_build/vectors/", import.meta.url);
const FOLDER = folder();

/** The kernels, by what they are forbidden to use. */
export const KERNELS = { fused: {}, vector: { fused: false }, plain: { simd: false } };

/** @returns {URL} */
function folder() {
  const given = process.env.LMKIT_VECTORS;
  if (given) return new URL(`file://${given.replace(/\/?$/, "/")}`);
  try {
    return new URL(`${readFileSync(new URL("newest", STORE), "utf8").trim()}/`, STORE);
  } catch {
    throw new Error("there are no vectors to compare with; write them: python -m tests.vectors");
  }
}

/**
 * @param {string} name
 * @returns {any}
 */
export function read(name) {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), "utf8"));
}

/** @param {string} name - Of a model that has vectors. */
export function readModel(name) {
  return parseModel(readBytes(name), name);
}

/** @param {string} name - Of an encoder-decoder that has vectors. */
export function readTranslator(name) {
  return parseTranslator(readBytes(name), name);
}

/** @param {string} name - Of a file of weights. */
export function readBytes(name) {
  return new Uint8Array(readFileSync(new URL(`${name}.safetensors`, FOLDER)));
}

const ROUNDING = { relative: 1e-5, absolute: 1e-4 };

/**
 * Fails unless texts are those that Python has written: tokens identical, numbers within rounding.
 *
 * @param {{ tokens: number[], logProbs: number[], logProb: number, score: number }[]} texts
 * @param {{ tokens: number[], logProbs: number[], score: number }[]} expected
 * @param {string} what
 */
export function compareTexts(texts, expected, what) {
  assert.deepEqual(
    texts.map(({ tokens }) => tokens),
    expected.map(({ tokens }) => tokens),
    what,
  );
  for (const [n, text] of texts.entries()) {
    assertNear([text.score], [expected[n].score], ROUNDING, what);
    assertNear(text.logProbs, expected[n].logProbs, { absolute: 1e-4 }, what);
    assertNear([text.logProb], [expected[n].logProbs.reduce((sum, p) => sum + p, 0)], ROUNDING, what);
  }
}

/**
 * Fails unless all numbers are near those that are expected.
 *
 * @param {ArrayLike<number>} actual
 * @param {ArrayLike<number>} expected
 * @param {{ relative?: number, absolute: number }} tolerance - The larger one counts.
 * @param {string} [what]
 */
export function assertNear(actual, expected, { relative = 0, absolute }, what = "") {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++) {
    const far = Math.abs(actual[i] - expected[i]);
    const allowed = Math.max(absolute, relative * Math.abs(expected[i]));
    if (!(far <= allowed)) assert.fail(`${what}: number ${i} is ${actual[i]}, not ${expected[i]}`);
  }
}
