// What the translation lab says.

import { percent, signed } from "../../base/dom.js";

/** @typedef {import("../../runtime/reweighting.js").Reweighting} Reweighting */
/** @typedef {import("../../runtime/translators/translation_session.js").Result} Result */
/** @typedef {import("../../runtime/translators/translation_session.js").TranslationSession} TranslationSession */
/** @typedef {ReturnType<TranslationSession["judge"]>} Judgement */

const MOST_NAMED = 3; // words at which a decoder looks
export const LEAST_NAMED = 0.05;

/**
 * Whether the text is a translation, in a sentence.
 *
 * @param {Result} result
 * @param {Judgement} judged
 */
export function verdict({ best, unknown }, judged) {
  if (!judged) return `No truth is known: ${unknown}.`;
  if (judged.wrong) {
    return `Not a translation from word ${judged.wrong.step + 1} on: ‘${judged.wrong.word}’ cannot come there.`;
  }
  if (!judged.isEnded) return `A translation so far, which has not ended after ${best.tokens.length} words.`;
  if (judged.isBest) return "A true translation, and the most probable of all.";
  return `A true translation; the best one is ${times(Math.exp(judged.behind))} as probable.`;
}

/** @param {number} ratio */
function times(ratio) {
  return `${ratio < 9.95 ? ratio.toFixed(1) : Math.round(ratio)} times`;
}

/**
 * @param {Result} result
 * @param {Judgement} judged
 */
export function numbersLine(result, judged) {
  const { best, truth } = result;
  const known = judged && !judged.wrong && truth ? `, under the truth ${signed(truth.logProb, 1)}` : "";
  return `${verdict(result, judged)} Log-probability under the model: ${signed(best.logProb, 1)} nats${known}.`;
}

/**
 * Where the decoder looks at one step and where the word truly comes from, in a sentence or two.
 *
 * @param {string} word - Of the translation.
 * @param {string[]} source
 * @param {Float32Array | null} weights
 * @param {number[] | undefined} links - Undefined where nothing is known.
 */
export function lookLine(word, source, weights, links) {
  const places = [...(weights?.keys() ?? [])].sort((a, b) => (weights?.[b] ?? 0) - (weights?.[a] ?? 0) || a - b);
  const named = places.slice(0, MOST_NAMED).filter((place) => (weights?.[place] ?? 0) >= LEAST_NAMED);
  const list = named.map((place) => `‘${source[place]}’ ${percent(weights?.[place] ?? 0)}`).join(", ");
  const seen = !weights
    ? "One vector: there is nothing to look at."
    : named.length
      ? `For ‘${word}’ the decoder looks at ${list}.`
      : `For ‘${word}’ no word of the source gets ${percent(LEAST_NAMED)} of the weight.`;
  if (!links) return seen;
  const from = links.map((place) => `‘${source[place]}’`).join(" and ");
  return `${seen} ${weights ? "It" : `‘${word}’`} truly comes from ${from || "no word of the source"}.`;
}

/**
 * For how many words the largest weight is at a word that they truly come from.
 *
 * @param {Float32Array[] | null} attention
 * @param {number[][]} alignment - Of the first words, or all.
 */
export function agreement(attention, alignment) {
  if (!attention)
    return "This decoder has one vector of the whole source, and no weights. Frames show where words come from.";
  if (attention.every(isFlat)) {
    return "Every word of the source has the same weight, whatever is written.";
  }
  const linked = alignment.map((links, t) => ({ links, weights: attention[t] })).filter(({ links }) => links.length);
  if (!linked.length) return "";
  const right = linked.filter(({ links, weights }) => links.includes(largest(weights))).length;
  return `The largest weight is at a word that the German word truly comes from for ${right} of ${linked.length} words.`;
}

/**
 * Whether all weights are the same.
 *
 * @param {Float32Array} weights
 */
export function isFlat(weights) {
  return weights[largest(weights)] < 1.001 / weights.length;
}

/** @param {Float32Array} weights */
export function largest(weights) {
  return weights.reduce((best, weight, place) => (weight > weights[best] ? place : best), 0);
}
