// The text in which a reader's answers and predictions are kept, in the browser's storage and in exported files.

import { LabError, shortened } from "../errors.js";
import { chaptersIn } from "./reading.js";

/**
 * An answer to a card.
 *
 * @typedef {object} Review
 * @property {string} card - Its id.
 * @property {number} grade - 1 again, 2 hard, 3 good, 4 easy; 0 where it was taken back.
 * @property {number} at - In ms since 1970.
 * @property {Response} [response] - What was answered, where the page judged it.
 */

/**
 * Places of choices or of things in order, from 0 on the card, or what was typed.
 *
 * @typedef {(number | string)[]} Response
 */

/**
 * What a card's form hands over: a place, places, a text, texts by gap, or nothing.
 *
 * @typedef {number | string | (number | null)[] | Record<string, string> | null} Given
 */

/**
 * What a reader has said before a lab was run, and what came of it: in words, since labs and their questions change.
 *
 * @typedef {object} Prediction
 * @property {string} question
 * @property {string} predicted - One of the choices.
 * @property {string} happened - The choice that came true.
 * @property {number} at - When it was known, in ms since 1970.
 */

/** @typedef {Review | Prediction} Entry */

/**
 * What a text holds.
 *
 * @typedef {object} Content
 * @property {Entry[]} entries - Those that are valid.
 * @property {import("./reading.js").Chapters} reading - Places in chapters, which only files have.
 * @property {number} resets - How often all of them were removed.
 * @property {string[]} faults - Of each other entry, what is wrong with it.
 */

const LOG_VERSION = 1;
export const TAKEN_BACK = 0; // in place of a grade: the answer to this card at this time does not count
const LOG_FORMAT = "memory-and-chance reviews";
const LONGEST_FILE = 10_000_000; // characters; a browser's storage holds about half of that
const LATEST = 8.64e15; // ms: the last moment that a Date can name
const LONGEST_WORDS = 300; // characters of a question or a choice
const LONGEST_RESPONSE = 60; // parts
const LONGEST_TYPED = 200; // characters
const SKEW_MS = 86_400_000; // clocks of two devices may differ by so much

/** A log that a newer edition of the book wrote. */
export class NewerLogError extends LabError {}

/**
 * @param {Entry} entry
 * @returns {entry is Prediction}
 */
export function isPrediction(entry) {
  return "question" in entry;
}

/**
 * @param {Entry[]} entries
 * @param {Record<string, unknown>} more - Further fields.
 * @returns {string}
 */
export function writeLog(entries, more = {}) {
  /** @type {unknown[][]} */
  const reviews = [],
    predictions = [],
    responses = []; // in a list of their own, which earlier editions pass over
  for (const entry of entries) {
    if (isPrediction(entry)) predictions.push([entry.question, entry.predicted, entry.happened, entry.at]);
    else {
      reviews.push([entry.card, entry.grade, entry.at]);
      if (entry.response) responses.push([entry.card, entry.at, entry.response]);
    }
  }
  const made = { ...(predictions.length ? { predictions } : {}), ...(responses.length ? { responses } : {}) };
  return JSON.stringify({ format: LOG_FORMAT, version: LOG_VERSION, ...more, ...made, reviews });
}

/**
 * A response as it is kept: what is typed at length is cut.
 *
 * @param {Given} response
 * @returns {Response | undefined}
 */
export function keptResponse(response) {
  const list = typeof response === "object" && response !== null ? Object.values(response) : [response];
  const parts = list.filter((part) => part !== null);
  const kept = parts.map((part) =>
    typeof part === "string" ? part.replace(/\p{Cc}/gu, " ").slice(0, LONGEST_TYPED) : part,
  );
  return kept.length && kept.length <= LONGEST_RESPONSE ? kept : undefined;
}

/**
 * What a text holds. Throws a LabError where the whole is no log.
 *
 * @param {string} text
 * @returns {Content}
 */
export function readLog(text) {
  if (text.length > LONGEST_FILE) throw new LabError(`it is too long (${megabytes(text.length)})`);
  const content = parsed(text.replace(/^\ufeff/, ""));
  if (content?.format !== LOG_FORMAT) {
    throw new LabError(`its format is ${quoted(content?.format)}, not ‘${LOG_FORMAT}’`);
  }
  checkVersion(content.version);
  const { reviews, predictions = [], responses = [] } = content;
  if (!Array.isArray(reviews)) throw new LabError("it has no list of answers");
  if (!Array.isArray(predictions)) throw new LabError("its predictions are no list");
  if (!Array.isArray(responses)) throw new LabError("its responses are no list");
  const faults = [reviews.map(faultOf), predictions.map(faultOfPrediction), responses.map(faultOfResponse)];
  const lists = [reviews, predictions, responses];
  const [answers, said, given] = lists.map((list, kind) => list.filter((_, i) => !faults[kind][i]));
  const places = chaptersIn(content.reading, Date.now());
  const known = new Map(given.map(([card, at, response]) => [`${at} ${card}`, response]));
  return {
    entries: [
      ...answers.map(([card, grade, at]) => answerOf(card, grade, at, known.get(`${at} ${card}`))),
      ...said.map(([question, predicted, happened, at]) => ({ question, predicted, happened, at })),
    ],
    reading: places.chapters,
    resets: Number.isSafeInteger(content.resets) ? Number(content.resets) : 0,
    faults: [...faults.flat().filter(Boolean), ...places.faults],
  };
}

/**
 * @param {string} card
 * @param {number} grade
 * @param {number} at
 * @param {Response | undefined} response
 * @returns {Review}
 */
export function answerOf(card, grade, at, response) {
  return response && grade !== TAKEN_BACK ? { card, grade, at, response } : { card, grade, at };
}

/**
 * The answers among entries.
 *
 * @param {Iterable<Entry>} entries
 * @returns {Review[]}
 */
export function answersAmong(entries) {
  return [...entries].flatMap((entry) => (isPrediction(entry) ? [] : [entry]));
}

/**
 * The answers among entries that are not taken back.
 *
 * @param {Iterable<Entry>} entries
 */
export function counting(entries) {
  const all = answersAmong(entries);
  const back = new Set();
  for (const { card, grade, at } of all) if (grade === TAKEN_BACK) back.add(`${at} ${card}`);
  return all.filter(({ card, at }) => !back.has(`${at} ${card}`));
}

/**
 * Whether an entry was made later than a clock can be wrong: such times come from a clock that was not set.
 *
 * @param {Entry} entry
 * @param {number} now
 */
export function isAhead({ at }, now) {
  return at > now + SKEW_MS;
}

/**
 * Refuses a file that is too large before it is read.
 *
 * @param {number} bytes
 */
export function checkFileSize(bytes) {
  if (bytes > LONGEST_FILE) {
    throw new LabError(
      `the file is too large (${megabytes(bytes)}; progress files stay below ${megabytes(LONGEST_FILE)}); ` +
        "choose a file that this page exported; nothing was changed",
    );
  }
}

/**
 * @param {unknown} error
 * @returns {string}
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * @param {string} text
 * @returns {Record<string, unknown> | null}
 */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LabError(text.trim() ? `it is not whole JSON: ${messageOf(error).slice(0, 90)}` : "it is empty");
  }
}

/** @param {unknown} version */
function checkVersion(version) {
  if (version === LOG_VERSION) return;
  const known = `this page knows version ${LOG_VERSION}`;
  if (typeof version === "number" && Number.isFinite(version) && version > LOG_VERSION) {
    throw new NewerLogError(`a newer edition of the book wrote it, in version ${version}; ${known}`);
  }
  throw new LabError(`its version is ${quoted(version)}; ${known}`);
}

/**
 * What is wrong with an entry; "" where nothing is.
 *
 * @param {unknown} entry
 * @param {number} place
 * @returns {string}
 */
function faultOf(entry, place) {
  /** @type {(what: string, rule: string) => string} */
  const says = (what, rule) => `answer ${place + 1} has ${what}, but it must ${rule}`;
  if (!Array.isArray(entry) || entry.length !== 3) return says(quoted(entry), "be [card, grade, time]");
  const [card, grade, at] = entry;
  if (!isCardName(card)) return says(`the card ${quoted(card)}`, CARD_RULE);
  if (![TAKEN_BACK, 1, 2, 3, 4].includes(grade)) {
    return says(`the grade ${quoted(grade)}`, "be 1, 2, 3 or 4 (or 0, taken back)");
  }
  return isTime(at) ? "" : says(`the time ${quoted(at)}`, TIME_RULE);
}

const CARD_RULE = "be a name of small letters, digits and hyphens";

/** @param {unknown} card */
function isCardName(card) {
  return typeof card === "string" && /^[a-z0-9-]{1,200}$/.test(card);
}

const TIME_RULE = "be a whole number of milliseconds since 1970";

/** @param {unknown} at */
function isTime(at) {
  return typeof at === "number" && Number.isInteger(at) && at > 0 && at <= LATEST;
}

/**
 * What is wrong with a prediction; "" where nothing is.
 *
 * @param {unknown} entry
 * @param {number} place
 * @returns {string}
 */
function faultOfPrediction(entry, place) {
  /** @type {(what: string, rule: string) => string} */
  const says = (what, rule) => `prediction ${place + 1} has ${what}, but it must ${rule}`;
  if (!Array.isArray(entry) || entry.length !== 4) {
    return says(quoted(entry), "be [question, predicted, happened, time]");
  }
  const at = entry[3];
  const odd = entry.slice(0, 3).find((words) => typeof words !== "string" || !isReadable(words));
  if (odd !== undefined) {
    return says(`the words ${quoted(odd)}`, `be 1 to ${LONGEST_WORDS} characters in a line`);
  }
  return isTime(at) ? "" : says(`the time ${quoted(at)}`, TIME_RULE);
}

/**
 * What is wrong with a response; "" where nothing is.
 *
 * @param {unknown} entry
 * @param {number} place
 * @returns {string}
 */
function faultOfResponse(entry, place) {
  /** @type {(what: string, rule: string) => string} */
  const says = (what, rule) => `response ${place + 1} has ${what}, but it must ${rule}`;
  if (!Array.isArray(entry) || entry.length !== 3) return says(quoted(entry), "be [card, time, response]");
  const [card, at, parts] = entry;
  if (!isCardName(card)) return says(`the card ${quoted(card)}`, CARD_RULE);
  if (!isTime(at)) return says(`the time ${quoted(at)}`, TIME_RULE);
  if (!Array.isArray(parts) || !parts.length || parts.length > LONGEST_RESPONSE) {
    return says(`the response ${quoted(parts)}`, `be a list of 1 to ${LONGEST_RESPONSE} parts`);
  }
  const odd = parts.find((part) => !isPart(part));
  return odd === undefined ? "" : says(`the response ${quoted(odd)}`, "be a place or what was typed");
}

/** @param {unknown} part */
function isPart(part) {
  if (typeof part === "string") return part.length <= LONGEST_TYPED && !/\p{Cc}/u.test(part);
  return typeof part === "number" && Number.isInteger(part) && part >= 0 && part < 100;
}

/** @param {string} words */
function isReadable(words) {
  return words.trim() !== "" && words.length <= LONGEST_WORDS && !/\p{Cc}/u.test(words);
}

/** @param {unknown} value */
function quoted(value) {
  return shortened(JSON.stringify(value) ?? "missing");
}

/** @param {number} bytes */
function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)}\u202fMB`;
}
