// The text in which a reader's answers are kept, in the browser's storage and in exported files.

import { LabError } from "../base/errors.js";

export const LOG_VERSION = 1;
export const TAKEN_BACK = 0; // in place of a grade: the answer to this card at this time does not count
const LOG_FORMAT = "memory-and-chance reviews";
const LONGEST_FILE = 10_000_000; // characters; a browser's storage holds about half of that
const LATEST = 8.64e15; // ms: the last moment that a Date can name
const SKEW_MS = 86_400_000; // clocks of two devices may differ by so much

/** `reviews` are {card, grade, at}; `more` are further fields. */
export function writeLog(reviews, more = {}) {
  const entries = reviews.map(({ card, grade, at }) => [card, grade, at]);
  return JSON.stringify({ format: LOG_FORMAT, version: LOG_VERSION, ...more, reviews: entries });
}

/**
 * What a text holds: {reviews, resets, faults}, the reviews that are valid and, for each other entry, what is wrong
 * with it. Throws a LabError where the whole is no log; its `newer` tells whether a newer edition of the book wrote it.
 */
export function readLog(text) {
  if (text.length > LONGEST_FILE) throw new LabError(`it is too long (${megabytes(text.length)})`);
  const content = parsed(text.replace(/^\ufeff/, ""));
  if (content?.format !== LOG_FORMAT) {
    throw new LabError(`its format is ${quoted(content?.format)}, not ‘${LOG_FORMAT}’`);
  }
  checkVersion(content.version);
  if (!Array.isArray(content.reviews)) throw new LabError("it has no list of answers");
  const faults = content.reviews.map(faultOf);
  const valid = content.reviews.filter((_, i) => !faults[i]);
  return {
    reviews: valid.map(([card, grade, at]) => ({ card, grade, at })),
    resets: Number.isSafeInteger(content.resets) ? content.resets : 0,
    faults: faults.filter(Boolean),
  };
}

/** Whether an answer was given later than a clock can be wrong: such times come from a clock that was not set. */
export function isAhead({ at }, now) {
  return at > now + SKEW_MS;
}

/** Refuses a file that is too large before it is read. */
export function checkFileSize(bytes) {
  if (bytes > LONGEST_FILE) {
    throw new LabError(
      `the file is too large (${megabytes(bytes)}; progress files stay below ${megabytes(LONGEST_FILE)}); ` +
        "choose a file that this page exported; nothing was changed",
    );
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new LabError(text.trim() ? `it is not whole JSON: ${error.message.slice(0, 90)}` : "it is empty");
  }
}

function checkVersion(version) {
  if (version === LOG_VERSION) return;
  const newer = Number.isFinite(version) && version > LOG_VERSION;
  const said = newer
    ? `a newer edition of the book wrote it, in version ${version}`
    : `its version is ${quoted(version)}`;
  throw Object.assign(new LabError(`${said}; this page knows version ${LOG_VERSION}`), { newer });
}

/** What is wrong with an entry; "" where nothing is. */
function faultOf(entry, place) {
  const says = (what, rule) => `answer ${place + 1} has ${what}, but it must ${rule}`;
  if (!Array.isArray(entry) || entry.length !== 3) return says(quoted(entry), "be [card, grade, time]");
  const [card, grade, at] = entry;
  if (typeof card !== "string" || !/^[a-z0-9-]{1,200}$/.test(card)) {
    return says(`the card ${quoted(card)}`, "be a name of small letters, digits and hyphens");
  }
  if (![TAKEN_BACK, 1, 2, 3, 4].includes(grade))
    return says(`the grade ${quoted(grade)}`, "be 1, 2, 3 or 4 (or 0, taken back)");
  if (!Number.isInteger(at) || at <= 0 || at > LATEST) {
    return says(`the time ${quoted(at)}`, "be a whole number of milliseconds since 1970");
  }
  return "";
}

function quoted(value) {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

function megabytes(bytes) {
  return `${(bytes / 1e6).toFixed(1)}\u202fMB`;
}
