// A question that a lab asks before it is run, and what came of it: plain data in, words out.

/**
 * A question, as lmkit.widgets.base.predictions gives it.
 *
 * @typedef {object} Question
 * @property {string} question
 * @property {string[]} choices - All that can come out, in order.
 * @property {string} measure - How the lab measures what does.
 * @property {number[]} bounds - Between the choices, where the measure is a number.
 */

/**
 * What a lab has measured.
 *
 * @typedef {object} Outcome
 * @property {number} choice - The place of the choice that came true.
 * @property {string} detail - The numbers behind it, as the rest of a sentence.
 * @property {string} key - Names the measurement: what was measured once answers once.
 */

/**
 * The choice into whose range a number falls; a bound belongs to the range above it, and what is no number to the last.
 *
 * @param {number} value
 * @param {number[]} bounds
 */
export function rangeOf(value, bounds) {
  const place = bounds.findIndex((bound) => value < bound);
  return place < 0 ? bounds.length : place;
}

/**
 * What was predicted and what happened, in a sentence.
 *
 * @param {Question} question
 * @param {number | null} predicted - The place of a choice; null where none was chosen in time.
 * @param {Outcome} outcome
 */
export function verdictOf({ choices }, predicted, { choice, detail }) {
  const measured = detail ? ` (${detail})` : "";
  const happened = `‘${choices[choice]}’${measured}`;
  if (predicted === null) return `The run says ${happened}. You had not chosen before it began.`;
  if (predicted === choice) return `You predicted ‘${choices[predicted]}’, and so it was${measured}.`;
  return `You predicted ‘${choices[predicted]}’, and the run says ${happened}.`;
}
