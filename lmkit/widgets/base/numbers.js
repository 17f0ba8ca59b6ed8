// Numbers that a reader types: read whole or not at all, never in part.

import { LabError, shortened } from "./errors.js";

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** @typedef {{ low: number, high: number, whole: boolean }} Rule - What a field takes. */

/**
 * The number that a text stands for; white space and the true minus sign are understood.
 *
 * @param {string} name - What the reader calls the field.
 * @param {string} text
 * @param {Rule} rule
 * @returns {number}
 * @throws {LabError} If the text is no number, or not one that the field takes.
 */
export function typedNumber(name, text, { low, high, whole }) {
  const plain = text.replace(/\s/g, "").replace("\u2212", "-");
  const value = NUMBER.test(plain) ? Number(plain) : Number.NaN;
  if (value >= low && value <= high && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? "a whole number" : "a number";
  const found = plain ? `it is ‘${shortened(text.trim())}’` : "the field holds no number";
  throw new LabError(`${name} must be ${kind} from ${low} to ${high}, but ${found}`);
}
