// Judges an answer in a gap of an exercise: the mirror of lmkit.widgets.exercise, by the same patterns.

import { WHITE_SPACE } from "./white_space.js";

const ANOTHER = ""; // the key of the hint for every wrong answer that has none of its own
const NO_HINT = "Not this; try again";
const CLOSE_HINT = "Almost: look at the capital letters, and at the module before the dot";

/**
 * What a gap takes, as Python writes it; all in normal form.
 *
 * @typedef {object} Gap
 * @property {string[]} accepted
 * @property {Record<string, string>} hints - By wrong answers; that of "" is for all others.
 */

const NAMES_AND_NUMBERS = "[A-Za-z_][A-Za-z_0-9.]*|[0-9][0-9_]*(?:\\.[0-9]*)?";
const STRINGS_AND_SIGNS = "\"[^\"]*\"|'[^']*'|\\*\\*|//|==|!=|<=|>=|->";
const TOKEN = new RegExp(`${NAMES_AND_NUMBERS}|${STRINGS_AND_SIGNS}|[^${WHITE_SPACE}]`, "gu");
const PREFIX = /^(?:(?:torch\.)?nn\.(?=[A-Z])|(?:torch\.nn\.functional|nn\.functional|F|torch)\.(?=[a-z_]))/;
/** @type {Record<string, string>} */
const KEYBOARD = { "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "−": "-", "–": "-", "×": "*", "·": "*" };

/**
 * One spelling for all that Python reads alike.
 *
 * @param {string} code
 * @returns {string}
 */
export function normalForm(code) {
  const plain = code.replace(/[“”„‘’−–×·]/g, (mark) => KEYBOARD[mark]);
  return (plain.match(TOKEN) ?? []).map(spelt).join(" ");
}

/**
 * The verdict on an answer, and why a wrong one is wrong.
 *
 * @param {Gap} gap
 * @param {string} answer
 * @returns {{ verdict: "right" | "wrong" | "empty", hint: string }}
 */
export function judge({ accepted, hints }, answer) {
  const form = normalForm(answer);
  if (!form) return { verdict: "empty", hint: "" };
  if (accepted.includes(form)) return { verdict: "right", hint: "" };
  if (Object.hasOwn(hints, form)) return { verdict: "wrong", hint: hints[form] };
  if (accepted.map(loose).includes(loose(form))) return { verdict: "wrong", hint: CLOSE_HINT };
  return { verdict: "wrong", hint: hints[ANOTHER] ?? NO_HINT };
}

/**
 * The lines of code with gaps: each a list of texts and, as numbers, the places of gaps.
 *
 * @param {string} code
 * @returns {(string | number)[][]}
 */
export function linesOf(code) {
  let gap = 0;
  return code.split("\n").map((line) => line.split(/\{\{(\w+)\}\}/).map((part, i) => (i % 2 ? gap++ : part)));
}

/** @param {string} token */
function spelt(token) {
  if (token[0] === "'" && token.length > 1 && !token.includes('"')) return `"${token.slice(1, -1)}"`;
  if (/^[0-9]/.test(token)) return token.replaceAll("_", "");
  return token.replace(PREFIX, "");
}

/** @param {string} form */
function loose(form) {
  const small = form.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
  return small.replace(/(^| )(?:(?:torch|nn|functional|f)\.)+/g, "$1");
}
