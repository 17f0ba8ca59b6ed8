// From values to pixels.

/** @typedef {{ from: number, to: number, apart: number }} Span Pixels; `apart` is about how far marks lie apart. */
/**
 * @typedef {object} Scale
 * @property {(value: number) => number} at
 * @property {(value: number | null) => number} length
 * @property {number[]} ticks round numbers to mark
 * @property {number} step from one of them to the next
 */

/**
 * A scale with some air around, and round numbers to mark on the way, about so many pixels apart.
 * @param {number[]} values
 * @param {Span} span
 * @returns {Scale}
 */
export function scaleOf(values, { from, to, apart }) {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const air = 0.06 * (high - low) || 0.5;
  const per = (to - from) / (high - low + 2 * air);
  /** @param {number} value */
  const at = (value) => roundTenth(from + (value - low + air) * per);
  const rough = (high - low + 2 * air) / Math.max(3, Math.abs(to - from) / apart);
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * ([1, 2, 5].find((factor) => factor * size >= rough) ?? 10);
  const ticks = [];
  for (let n = Math.ceil((low - air) / step); n * step <= high + air; n++) ticks.push(n * step);
  return { at, length: (value) => Math.abs((value ?? 0) * per), ticks, step };
}

/** @param {number} value */
export function roundTenth(value) {
  return Math.round(10 * value) / 10;
}
