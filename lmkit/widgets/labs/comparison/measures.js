// The measures of decoded texts, and how their values are written.

/**
 * What a measure is called, how its values are written, and whether less of it is more diverse.
 * @typedef {{ label: string, digits: number, unit?: string, times?: number, falling?: boolean }} MeasureFormat
 */
/** @typedef {Record<string, [number, number | null]>} Measures By name, each with half its interval. */
/** @typedef {{ value: number, measures: Measures }} Point */
/** @typedef {{ name: string, label: string, points: Point[] }} Curve */

/**
 * Up and across in the plane.
 * @type {Record<string, MeasureFormat>}
 */
export const MEASURES = {
  grammatical: { label: "grammatical texts", digits: 1, unit: "\u202f%", times: 100 },
  log_prob: { label: "true log p per word", digits: 3 },
  distinct_2: { label: "distinct-2", digits: 3 },
  self_bleu: { label: "self-BLEU", digits: 3, falling: true },
  things: { label: "things told", digits: 1 },
};

/**
 * "94.5 ± 1.6 %", with another sign for ± where it is read aloud.
 * @param {Measures} measures
 * @param {string} name
 */
export function measureText(measures, name, between = " ± ") {
  const { digits, unit = "", times = 1 } = MEASURES[name];
  const [value, half] = measures[name];
  return `${minus(times * value, digits)}${half ? `${between}${minus(times * half, digits)}` : ""}${unit}`;
}

/**
 * A marked value, with as many digits as tell it from the next.
 * @param {number} value
 * @param {number} step
 * @param {string} name
 */
export function tickText(value, step, name) {
  const { unit = "", times = 1 } = MEASURES[name];
  return `${minus(times * value, Math.max(0, -Math.floor(Math.log10(times * step) + 1e-9)))}${unit}`;
}

/**
 * "top-p 0.95".
 * @param {{ label: string }} curve
 * @param {{ value: number }} point
 */
export function nameOf({ label }, { value }) {
  return `${label} ${value}`;
}

/**
 * "grammatical texts 94.5 give or take 1.6 %".
 * @param {Point} point
 * @param {string} name
 */
export function inWords({ measures }, name) {
  return `${MEASURES[name].label} ${measureText(measures, name, " give or take ")}`;
}

/**
 * @param {number} x
 * @param {number} digits
 */
function minus(x, digits) {
  return x.toFixed(digits).replace("-", "\u2212");
}
