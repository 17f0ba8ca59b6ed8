// A lab's state as the fragment of an address, and back: what stands there may come from anybody.

import { typedNumber } from "../numbers.js";

/**
 * A control, as lmkit.widgets.base.lab gives it.
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {string} label - What the reader calls it.
 * @property {string} trait - The view's trait that keeps its value.
 * @property {"int" | "float" | "bool" | "text"} type
 * @property {number} [low]
 * @property {number | string} [high] - Or the trait that says it, where it depends on other controls.
 * @property {Value} start
 */

/** @typedef {number | boolean | string} Value */
/**
 * @typedef {object} Toolbar
 * @property {string} lab - Its name on the page.
 * @property {string} version
 * @property {Row[]} controls
 * @property {string} saving - The module that makes files of it.
 */

/**
 * What a link says of a lab.
 *
 * @typedef {object} Reading
 * @property {Map<Row, Value>} values - Of every control: the link's, or the one at which it starts.
 * @property {boolean} isOther - Whether the link is of another version of the lab.
 * @property {string[]} wrong - Labels of controls whose value is missing or is none that they take.
 * @property {string[]} unknown - Names that the lab does not have.
 */

export const LONGEST_TEXT = 4000; // characters of a control
const LONGEST_LINK = 20_000;
const TRUTHS = new Map([
  ["0", false],
  ["1", true],
]);

/**
 * The fragment for a lab as it stands.
 *
 * @param {Toolbar} toolbar
 * @param {(trait: string) => any} get
 * @returns {string | null} Null where a text is none that a link brings back.
 */
export function write({ lab, version, controls }, get) {
  const fields = new URLSearchParams({ lab, v: version });
  for (const { name, trait, type } of controls) {
    const value = plain(get(trait));
    if (type === "text" && !isShortText(value)) return null;
    fields.set(name, String(type === "bool" ? Number(value) : value));
  }
  const fragment = `#${fields}`;
  return fragment.length <= LONGEST_LINK ? fragment : null;
}

/**
 * A value without what a slider adds when it counts its steps in binary: .9 comes back as .9000000000000001.
 *
 * @template T
 * @param {T} value
 * @returns {T | number}
 */
export function plain(value) {
  return typeof value === "number" ? Number(value.toFixed(9)) : value;
}

/**
 * The name of the lab to which a fragment leads; null where it is no link to a lab.
 *
 * @param {string} fragment
 */
export function labOf(fragment) {
  if (!fragment.startsWith("#lab=")) return null;
  return fragment.length <= LONGEST_LINK ? new URLSearchParams(fragment.slice(1)).get("lab") : "";
}

/**
 * What a fragment says of a lab. A number that depends on other controls is checked when it is set.
 *
 * @param {string} fragment
 * @param {Toolbar} toolbar - The lab to which it leads.
 * @returns {Reading}
 */
export function read(fragment, { version, controls }) {
  const fields = new URLSearchParams(fragment.slice(1));
  const isOther = fields.get("v") !== version;
  /** @type {Reading} */
  const reading = { values: starts(controls), isOther, wrong: [], unknown: [] };
  if (isOther) return reading;
  for (const row of controls) {
    const [text, ...more] = fields.getAll(row.name);
    const value = text === undefined || more.length ? null : checkedValue(row, text);
    if (value === null) reading.wrong.push(row.label);
    else reading.values.set(row, value);
  }
  const known = new Set(["lab", "v", ...controls.map(({ name }) => name)]);
  reading.unknown = [...new Set(fields.keys())].filter((name) => !known.has(name));
  return reading;
}

/**
 * Where controls start.
 *
 * @param {Row[]} controls
 * @returns {Map<Row, Value>}
 */
export function starts(controls) {
  return new Map(controls.map((row) => [row, row.start]));
}

/**
 * @param {Row} row
 * @param {string} text
 * @returns {Value | null} Null where it is none that the control takes.
 */
function checkedValue({ label, type, low, high }, text) {
  if (type === "bool") return TRUTHS.get(text) ?? null;
  if (type === "text") return isShortText(text) ? text : null;
  const most = typeof high === "number" ? high : Number.MAX_SAFE_INTEGER;
  try {
    return typedNumber(label, text, { low: low ?? 0, high: most, whole: type === "int" }) || 0; // of -0 too
  } catch {
    return null;
  }
}

/** @param {string} text */
function isShortText(text) {
  return text.length <= LONGEST_TEXT && !/[^\P{Cc}\t]/u.test(text);
}
