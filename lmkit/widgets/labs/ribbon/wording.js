// What the ribbon lab says in words.

import { short } from "../../base/dom.js";
import { METHODS, SETTINGS } from "./model.js";

/**
 * @typedef {import("./model.js").Measured} Measured
 * @typedef {import("./model.js").Ribbon} Ribbon
 * @typedef {import("./model.js").Settings} Settings
 * @typedef {import("./model.js").Step} Step
 */

/**
 * "top-p, p = 0.9", and the temperature if it is not 1.
 *
 * @param {number} method - Its place in METHODS.
 * @param {Settings} settings
 */
export function nameOf(method, settings) {
  const letter = ["k", "p", "m", "p"][method],
    value = Number(settings[SETTINGS[method]]);
  const hot = settings.temperature === 1 ? "" : `, T = ${short(settings.temperature)}`;
  return `${METHODS[method]}, ${letter} = ${Number(value.toFixed(4))}${hot}`;
}

/**
 * Whether the filter keeps the text's own words.
 *
 * @param {Ribbon} ribbon
 * @param {number[]} dropped - Steps whose word it drops.
 */
export function ownLine({ tokens, vocab, unit, hasTruth }, dropped) {
  if (!dropped.length) return `The filter keeps all ${tokens.length} ${unit}s of this very text: it could write it.`;
  const some = dropped
    .slice(0, 5)
    .map((t) => `‘${vocab.show(tokens[t])}’ at step ${t + 1}`)
    .join(", ");
  const more = dropped.length > 5 ? ` and ${dropped.length - 5} more` : "";
  const share = hasTruth
    ? ""
    : `${dropped.length} of its ${tokens.length} ${unit}s (${fine(dropped.length / tokens.length)}): `;
  return `The filter can never write this very text: it drops ${share}${some}${more}.`;
}

/**
 * From where on the truth is not known, if anywhere.
 *
 * @param {Ribbon} ribbon
 * @param {number} known - At how many steps it is.
 */
export function truthEnds({ wrong, length }, known) {
  if (known === length || !wrong) return "";
  return ` The grammar cannot write ‘${wrong.word}’ at step ${wrong.step + 1}; after it the truth is not known, and those steps do not count.`;
}

/**
 * What stands before step t.
 *
 * @param {Ribbon} ribbon
 * @param {number} t
 */
export function placeOf({ before, tokens, vocab, hasTruth }, t) {
  const context = [...before, ...tokens.slice(0, t)];
  if (!context.length) return "the text begins with";
  const most = hasTruth ? 4 : 8; // pieces of words are short
  const said = vocab.text(context.slice(-most)).replaceAll("⏎\n", "⏎");
  return `after “${context.length > most ? "… " : ""}${said}” the text has`;
}

/**
 * What happens at one step.
 *
 * @param {Step} step
 * @param {Ribbon} ribbon
 */
export function factsOf(
  { known, kept, right, wrong, missing, falseMass, missedMass, allowed },
  { vocab, unit, hasTruth },
) {
  const keeps = `Kept: ${kept} of ${vocab.size} ${unit}s`;
  if (!hasTruth) return `${keeps}, ${ownToken(allowed)}.`;
  if (!known) return `${keeps}. What can truly come next is not known here.`;
  const split = wrong ? `, of which ${wrong} cannot come next (false mass ${fine(falseMass)})` : "";
  const gone = missing ? `; ${missing} dropped that can (missed mass ${fine(missedMass)})` : "; none dropped that can";
  return `${keeps}${split}; ${right + missing} can come next${gone}.`;
}

/**
 * The result and one step of it in two sentences.
 *
 * @param {Measured} result
 * @param {number} t
 * @param {boolean} hasTruth - Whether the truth can be known.
 */
export function spoken({ kept, falseMass, missedMass, steps, dropped }, t, hasTruth) {
  const step = steps[t];
  if (!hasTruth) {
    const share = `${dropped.length} of the text’s own ${steps.length} dropped`;
    return [
      `${kept.toFixed(1)} tokens kept per step, ${share}.`,
      `Step ${t + 1}: ${step.kept} kept, ${ownToken(step.allowed)}.`,
    ];
  }
  const possible = step.known ? `, ${step.right} of the ${step.right + step.missing} that can come next` : "";
  const masses = `false mass ${fine(falseMass)}, missed mass ${fine(missedMass)}`;
  return [`${kept.toFixed(1)} words kept per step, ${masses}.`, `Step ${t + 1}: ${step.kept} kept${possible}.`];
}

/** @param {boolean} allowed */
function ownToken(allowed) {
  return `the text’s own ${allowed ? "among them" : "dropped"}`;
}

/**
 * A share with two decimals, for false masses are small.
 *
 * @param {number} p
 */
export function fine(p) {
  if (Number.isNaN(p)) return "–";
  if (p > 0 && p < 0.00005) return "< 0.01\u202f%";
  return `${(100 * p).toFixed(p < 0.0995 ? 2 : 0)}\u202f%`;
}
