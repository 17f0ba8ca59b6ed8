// What the microscope shows, as plain data: every gate and state of chosen units while a model reads a text.

import { LabError } from "../../base/errors.js";

export const QUANTITIES = ["f", "i", "g", "o", "c", "h"];
const GATES = "ifgo"; // in the order in which the model keeps them
const MOST_TOKENS = 200,
  MOST_UNITS = 16;

/** Reads texts with a model and keeps the gates; what a text shares with the one before is not read again. */
export class Tracer {
  constructor(model) {
    this.model = model;
    this.steps = []; // one for each token: { token, state, gates }
  }

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

  /** A gate or state of one unit after step t, both counted from 0; before the first step all states are 0. */
  value(name, layer, unit, t) {
    if (t < 0) return 0;
    const { H } = this.model.size;
    const { state, gates } = this.steps[t];
    const gate = GATES.indexOf(name);
    return gate < 0 ? state[name][layer * H + unit] : gates[(4 * layer + gate) * H + unit];
  }
}

/** The ids of a text; a text that is too long to be looked at is refused. */
export function tokensOf(text, vocab) {
  const tokens = vocab.promptIds(text);
  if (tokens.length <= MOST_TOKENS) return tokens;
  throw new LabError(`text must hold at most ${MOST_TOKENS} tokens, but it holds ${tokens.length}; shorten it`);
}

/** The units that a text names: numbers and ranges between commas ("12, 40-45"), or the name of a preset. */
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

function rangeOf(part, H) {
  const [, first, last = first] = /^(\d{1,6})(?:[-–](\d{1,6}))?$/.exec(part) ?? [];
  const low = Number(first),
    high = Number(last); // NaN where the part is no number
  if (low <= high && high < H) return Array.from({ length: high - low + 1 }, (_, i) => low + i);
  throw new LabError(`units must be numbers from 0 to ${H - 1} or ranges such as 8-11, but one is ‘${part}’`);
}

/** The `count` most probable tokens as { id, p }, most probable first. */
export function mostProbable(logProbs, count) {
  const ids = Array.from(logProbs.keys()).sort((a, b) => logProbs[b] - logProbs[a] || a - b);
  return ids.slice(0, count).map((id) => ({ id, p: Math.exp(logProbs[id]) }));
}
