// Judges an answer to a card, and shuffles what a card lays out. Nothing of the page is here.

import { judge, normalForm } from "../base/code_judge.js";
import { shortened } from "../base/errors.js";

/** @typedef {import("./card.d.ts").Gap} Gap */
/** @typedef {import("./card.d.ts").JudgedKind} JudgedKind */
/** @typedef {import("./card.d.ts").Responses} Responses */
/**
 * @template {import("./card.d.ts").Kind} K
 * @typedef {import("./card.d.ts").CardOf<K>} CardOf
 */

/** @typedef {"right" | "wrong" | "empty"} Verdict */

/**
 * What is to be said of a choice, gap, number or item.
 *
 * @typedef {object} Part
 * @property {Verdict} verdict
 * @property {string} hint - For this answer, or "".
 * @property {boolean} [chosen] - Of choices.
 * @property {number} [place] - Of items: where it stood, from 1.
 */

/**
 * What is to be said of a response.
 *
 * @typedef {object} Judged
 * @property {boolean} right - All of it is.
 * @property {string} missing - What it lacks, or why it cannot be read, else "".
 * @property {Part[]} parts
 */

const EXACT = 1e-9; // what rounding may do to a number that is meant exactly
const OUTER = /^[\s.,;:!?"'“”„‘’`()[\]…]+|[\s.,;:!?"'“”„‘’`()[\]…]+$/gu;
const GROUPED = /^[1-9]\d{0,2}([ ,.'_])\d{3}(?:\1\d{3})*(?:(?!\1)[.,]\d*)?$/;
const PLAIN = /^(?:\d+[.,]?\d*|[.,]\d+)(?:e[+-]?\d+)?$/i;
const SIGNED = /^([+-]?) ?(.*?)( ?(?:%|percent|per cent))?$/;

/** @type {Record<number, string>} */
const COUNTED = { 1: "st", 2: "nd", 3: "rd" };

/**
 * @template {JudgedKind} K
 * @param {CardOf<K>} card
 * @param {Responses[K]} response
 * @returns {Judged}
 */
export function judgeCard(card, response) {
  return JUDGES[card.kind](card, response);
}

/** @type {{ [K in JudgedKind]: (card: CardOf<K>, response: Responses[K]) => Judged }} */
const JUDGES = {
  single: (card, chosen) => judgeChoices(card, chosen === null ? [] : [chosen], "Choose an answer first"),
  multiple: (card, chosen) => judgeChoices(card, chosen, "Choose at least one answer first"),
  fill: judgeGaps,
  number: judgeNumber,
  order: judgeOrder,
};

/**
 * @param {CardOf<"single" | "multiple">} card
 * @param {number[]} chosen
 * @param {string} missing
 */
function judgeChoices({ choices }, chosen, missing) {
  const parts = choices.map(({ right }, i) => {
    const verdict = verdictOf(chosen.includes(i) === Boolean(right));
    return { chosen: chosen.includes(i), verdict, hint: "" };
  });
  return summed(parts, chosen.length ? "" : missing);
}

/**
 * @param {CardOf<"fill">} card
 * @param {Responses["fill"]} texts
 */
function judgeGaps({ gaps, code }, texts) {
  const parts = gaps.map((gap) => (code ? judgeCode : judgeText)(gap, texts[gap.name] ?? ""));
  const open = parts.flatMap(({ verdict }, i) => (verdict === "empty" ? [i + 1] : []));
  const places = open.length > 1 ? `${open.slice(0, -1).join(", ")} and ${open.at(-1)}` : open[0];
  const one = gaps.length === 1 ? "Fill the gap first" : `Gap ${places} is still empty`;
  return summed(parts, open.length > 1 ? `Gaps ${places} are still empty` : open.length ? one : "");
}

/**
 * @param {Gap} gap
 * @param {string} text
 * @returns {Part}
 */
function judgeCode({ accepted, hints = {} }, text) {
  const byForm = Object.entries(hints).map(([wrong, hint]) => [normalForm(wrong), hint]);
  return judge({ accepted: accepted.map(normalForm), hints: { ...Object.fromEntries(byForm), "": "" } }, text);
}

/**
 * @param {Gap} gap
 * @param {string} text
 * @returns {Part}
 */
function judgeText({ accepted, hints = {} }, text) {
  const form = textForm(text);
  if (!form) return { verdict: "empty", hint: "" };
  if (accepted.some((answer) => sameText(answer, form))) return { verdict: "right", hint: "" };
  return { verdict: "wrong", hint: Object.entries(hints).find(([wrong]) => sameText(wrong, form))?.[1] ?? "" };
}

/**
 * @param {string} expected
 * @param {string} form
 */
function sameText(expected, form) {
  const other = textForm(expected);
  const [value] = /\d/.test(other) ? readings(other) : [];
  return other === form || (value !== undefined && readings(form).includes(value));
}

/**
 * One spelling: case, spaces, hyphens between words and punctuation around do not matter.
 *
 * @param {string} text
 * @returns {string}
 */
export function textForm(text) {
  const plain = text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\u2010-\u2015\u2212]/g, "-");
  const inner = plain.replace(OUTER, "") || plain.trim();
  return inner.replace(/(\p{L})[\s-]+(?=\p{L})/gu, "$1").replace(/\s+/g, " ");
}

/**
 * @param {CardOf<"number">} card
 * @param {string} text
 */
function judgeNumber({ answer, tolerance = 0, unit = "", hints = [] }, text) {
  const values = readings(text, unit);
  const near = (/** @type {number} */ to) =>
    values.some((value) => Math.abs(value - to) <= tolerance + EXACT * Math.max(1, Math.abs(to)));
  if (!text.trim()) return summed([{ verdict: "empty", hint: "" }], "Write a number first");
  if (!values.length) {
    const missing = `‘${shortened(text.trim())}’ is no number; write it in digits, such as 12, 0.5, 1/3 or 25 %`;
    return summed([{ verdict: "empty", hint: "" }], missing);
  }
  if (near(answer)) return summed([{ verdict: "right", hint: "" }], "");
  return summed([{ verdict: "wrong", hint: hints.find(({ value }) => near(value))?.why ?? "" }], "");
}

/**
 * The numbers that a text may mean, none if it is no number: "8,933" is 8933 for some and 8.933 for others; "25 %" is
 * 0.25, unless percent is the unit in which the answer is asked for.
 *
 * @param {string} text
 * @returns {number[]}
 */
export function readings(text, unit = "") {
  let plain = text
    .replace(/[\u2010-\u2015\u2212]/g, "-")
    .replace(/\s+/g, " ")
    .replace(/[’‘]/g, "'")
    .trim();
  plain = plain.replace(/^[=≈~] ?/, "");
  if (unit && plain.toLowerCase().endsWith(unit.toLowerCase())) plain = plain.slice(0, -unit.length).trim();
  const [, sign, body = "", percent] = SIGNED.exec(plain) ?? [""];
  const scale = (sign === "-" ? -1 : 1) / (percent ? 100 : 1);
  const [top, bottom, ...more] = body.split("/").map((part) => unsigned(part.trim()));
  if (more.length) return [];
  const values = bottom ? top.flatMap((a) => bottom.map((b) => a / b)) : top;
  return values.map((value) => value * scale).filter(Number.isFinite);
}

/** @param {string} text */
function unsigned(text) {
  const values = [];
  const grouped = text.match(GROUPED);
  const pointed = grouped?.[1] === "." && PLAIN.test(text); // 8.933 has a decimal point
  if (grouped && !pointed) values.push(Number(text.replaceAll(grouped[1], "").replace(",", ".")));
  if (PLAIN.test(text)) values.push(Number(text.replace(",", ".")));
  return values;
}

/**
 * Of each item, in the right order: whether it stood there, and where it stood, from 1.
 *
 * @param {CardOf<"order">} card
 * @param {number[]} places
 */
function judgeOrder({ items }, places) {
  const parts = items.map((_, i) => ({ verdict: verdictOf(places[i] === i), hint: "", place: places.indexOf(i) + 1 }));
  return summed(parts, places.length ? "" : "Bring the list into its order first");
}

/**
 * @param {Part[]} parts
 * @param {string} missing
 * @returns {Judged}
 */
function summed(parts, missing) {
  return { right: !missing && parts.every(({ verdict }) => verdict === "right"), missing, parts };
}

/**
 * @param {boolean} right
 * @returns {Verdict}
 */
function verdictOf(right) {
  return right ? "right" : "wrong";
}

/**
 * 2 as "2nd".
 *
 * @param {number} n
 * @returns {string}
 */
export function ordinal(n) {
  return `${n}${(n % 100 > 10 && n % 100 < 14 ? "" : COUNTED[n % 10]) || "th"}`;
}

/**
 * The places 0 … count − 1 in an order that the key decides.
 *
 * @param {number} count
 * @param {string} key
 * @returns {number[]}
 */
export function shuffled(count, key) {
  let state = [...key].reduce((hash, letter) => Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16777619), 2166136261);
  const random = () => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const places = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [places[i], places[j]] = [places[j], places[i]];
  }
  return places;
}
