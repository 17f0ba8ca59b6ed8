// What the microscope shows, as plain data: every gate and state of chosen units while a model reads a text.

import { LabError, shortened } from "../../base/errors.js";

/**
 * @typedef {import("../../runtime/lstm.js").LanguageModel} LanguageModel
 * @typedef {import("../../runtime/lstm.js").State} State
 * @typedef {"f" | "i" | "g" | "o" | "c" | "h"} Quantity
 * @typedef {{ token: number, state: State, gates: Float32Array }} Step what the model made of one token
 * @typedef {{ tokens: number[], tracer: Tracer, layer: number, units: number[], quantity: Quantity, words: string[],
 *   t: number }} Look what is looked at: units of a layer while a text is read, at step t (from 0)
 * @typedef {[name: string, units: number[]]} Preset
 */

/** @type {Quantity[]} */
export const QUANTITIES = ["f", "i", "g", "o", "c", "h"];
const GATES = "ifgo"; // in the order in which the model keeps them
const MOST_UNITS = 16;

/** Reads texts with a model and keeps the gates; what a text shares with the one before is not read again. */
export class Tracer {
  /** @param {LanguageModel} model */
  constructor(model) {
    this.model = model;
    /** @type {Step[]} */
    this.steps = []; // one for each token
  }

  /** @param {number[]} tokens */
  read(tokens) {
    const { model, steps } = this;
    let known = 0;
    while (known < tokens.length && steps[known]?.token === tokens[known]) known++;
    steps.length = known;
    for (const token of tokens.slice(known)) {
      const state = model.newState(),
        gates = model.newGates();
      model.step(token, steps.at(-1)?.state ?? null, state, gates);
      steps.push({ token, state, gates });
    }
    return steps;
  }

  /**
   * A gate or state of one unit after step t, both counted from 0; before the first step all states are 0.
   *
   * @param {Quantity} name
   * @param {number} layer
   * @param {number} unit
   * @param {number} t
   */
  value(name, layer, unit, t) {
    if (t < 0) return 0;
    const { H } = this.model.size;
    const { state, gates } = this.steps[t];
    if (name === "c" || name === "h") return state[name][layer * H + unit];
    return gates[(4 * layer + GATES.indexOf(name)) * H + unit];
  }
}

/**
 * The units that a text names: numbers and ranges between commas ("12, 40-45"), or the name of a preset.
 *
 * @param {string} text
 * @param {Preset[]} presets
 * @param {number} H
 */
export function unitsOf(text, presets, H) {
  const named = presets.find(([name]) => name === text.trim());
  const units = named
    ? named[1]
    : text
        .split(/[\s,]+/)
        .filter(Boolean)
        .flatMap((part) => rangeOf(part, H));
  const remedy = `give numbers from 0 to ${H - 1}, such as 0, 5, 8-11`;
  if (!units.length) throw new LabError(`units must name at least one unit, but they name none; ${remedy}`);
  const distinct = [...new Set(units)];
  if (distinct.length <= MOST_UNITS) return distinct;
  throw new LabError(`units must be at most ${MOST_UNITS}, but they are ${distinct.length}; ${remedy}`);
}

/**
 * @param {string} part
 * @param {number} H
 */
function rangeOf(part, H) {
  const [, first, last = first] = /^(\d{1,6})(?:[-–](\d{1,6}))?$/.exec(part) ?? [];
  const low = Number(first),
    high = Number(last); // NaN where the part is no number
  if (low <= high && high < H) return Array.from({ length: high - low + 1 }, (_, i) => low + i);
  throw new LabError(
    `units must be numbers from 0 to ${H - 1} or ranges such as 8-11, but one is ‘${shortened(part)}’`,
  );
}

/**
 * The `count` most probable tokens, most probable first.
 *
 * @param {Float32Array} logProbs
 * @param {number} count
 */
export function mostProbable(logProbs, count) {
  const ids = Array.from(logProbs.keys()).sort((a, b) => logProbs[b] - logProbs[a] || a - b);
  return ids.slice(0, count).map((id) => ({ id, p: Math.exp(logProbs[id]) }));
}
