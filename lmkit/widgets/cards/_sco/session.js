// What a learning platform hears of a quiz, by the API of SCORM 1.2: a score, a status, each answer, and what to go on
// from. Without a platform the quiz is the same, and nobody hears. Nothing of the page is here.

/** @typedef {import("../card.d.ts").Card} Card */
/** @typedef {import("../card.d.ts").CardResponse} CardResponse */
/** @typedef {"right" | "wrong"} Grade */
/** @typedef {Record<string, [Grade, CardResponse?]>} Answers - The first answer to each card, by its id. */

/**
 * The object that a platform puts beside or above the window in which it shows content.
 *
 * @typedef {object} Api
 * @property {(nothing: "") => string} LMSInitialize
 * @property {(nothing: "") => string} LMSFinish
 * @property {(nothing: "") => string} LMSCommit
 * @property {(name: string) => string} LMSGetValue
 * @property {(name: string, value: string) => string} LMSSetValue
 */

/** @typedef {{ API?: Api, parent?: Frame, opener?: Frame | null }} Frame */

const DEEPEST = 12; // windows in windows, before we give up
const LONGEST_STATE = 4096; // characters of cmi.suspend_data
const LONGEST_RESPONSE = 255;
/** @type {Record<string, string>} */
const TYPES = { single: "choice", multiple: "choice", fill: "fill-in", number: "fill-in", order: "sequencing" };
const SELF_GRADED = "performance"; // the type of what readers judge themselves

/**
 * The platform's API, in the windows above this one or in those above the one that opened it; null if there is none.
 *
 * @param {Frame} frame
 * @returns {Api | null}
 */
export function findApi(frame) {
  return apiAbove(frame) ?? (frame.opener ? apiAbove(frame.opener) : null);
}

/** @param {Frame} frame */
function apiAbove(frame) {
  try {
    for (let depth = 0; depth < DEEPEST; depth++) {
      if (frame.API) return frame.API;
      if (!frame.parent || frame.parent === frame) return null;
      frame = frame.parent;
    }
  } catch {
    // a window of another address, into which nobody may look
  }
  return null;
}

/** A reader's attempt. */
export class Session {
  /**
   * @param {Api | null} api
   * @param {() => number} now - In ms.
   */
  constructor(api, now = Date.now) {
    this.api = api;
    this.now = now;
    this.began = now();
    this.open = String(api?.LMSInitialize("")) === "true";
    this.done = false;
    /** @type {number} */
    this.count = Number(this.get("cmi.interactions._count")) || 0;
    if (this.open && ["not attempted", ""].includes(this.get("cmi.core.lesson_status"))) {
      this.set("cmi.core.lesson_status", "incomplete");
    }
  }

  /**
   * @param {string} name
   * @returns {string}
   */
  get(name) {
    return this.open ? String(this.api?.LMSGetValue(name) ?? "") : "";
  }

  /**
   * @param {string} name
   * @param {string} value
   * @returns {boolean}
   */
  set(name, value) {
    return this.open && String(this.api?.LMSSetValue(name, value)) === "true";
  }

  /**
   * What was answered when the reader was here before.
   *
   * @returns {Answers}
   */
  saved() {
    try {
      const kept = JSON.parse(this.get("cmi.suspend_data") || "{}");
      return kept.version === 1 ? kept.answers : {};
    } catch {
      return {}; // of another content
    }
  }

  /**
   * Tell the first answer to a card, and how far the reader is.
   *
   * @param {Card} card
   * @param {Answers} answers
   * @param {Card[]} cards
   */
  answered(card, answers, cards) {
    this.tellAnswer(card, answers[card.id]);
    const { percent, done } = standing(answers, cards);
    this.done = done;
    this.set("cmi.core.score.min", "0");
    this.set("cmi.core.score.max", "100");
    this.set("cmi.core.score.raw", String(percent));
    this.set("cmi.core.lesson_status", done ? "completed" : "incomplete");
    this.set("cmi.suspend_data", stateOf(answers));
    this.api?.LMSCommit("");
  }

  /**
   * @param {Card} card
   * @param {[Grade, CardResponse?]} answer
   */
  tellAnswer(card, [grade, response]) {
    const name = `cmi.interactions.${this.count}`;
    if (!this.set(`${name}.id`, identifier(card.id))) return; // platforms need not keep answers
    const judged = card.kind in TYPES;
    this.set(`${name}.type`, TYPES[card.kind] ?? SELF_GRADED);
    if (judged) this.set(`${name}.student_response`, responseText(response ?? null));
    this.set(`${name}.result`, judged ? (grade === "right" ? "correct" : "wrong") : "neutral");
    for (const [i, item] of card.covers.entries()) this.set(`${name}.objectives.${i}.id`, identifier(item));
    this.count += 1;
  }

  /** The reader leaves; called twice, it does nothing. */
  finish() {
    if (!this.open) return;
    this.set("cmi.core.session_time", timespan(this.now() - this.began));
    this.set("cmi.core.exit", this.done ? "" : "suspend");
    this.api?.LMSCommit("");
    this.api?.LMSFinish("");
    this.open = false;
  }
}

/**
 * The share of right first answers in percent, of the cards that are judged; and whether each of them has one.
 *
 * @param {Answers} answers
 * @param {Card[]} cards
 */
export function standing(answers, cards) {
  const judged = cards.filter(({ kind }) => kind in TYPES);
  const right = judged.filter(({ id }) => answers[id]?.[0] === "right").length;
  const open = cards.filter(({ id }) => !answers[id]).length;
  return { right, judged: judged.length, percent: Math.round((100 * right) / (judged.length || 1)), done: !open };
}

/**
 * The answers as a text that a platform keeps; where it would be too long, without what was answered.
 *
 * @param {Answers} answers
 */
export function stateOf(answers) {
  const whole = JSON.stringify({ version: 1, answers });
  if (whole.length <= LONGEST_STATE) return whole;
  const grades = Object.fromEntries(Object.entries(answers).map(([id, [grade]]) => [id, [grade]]));
  return JSON.stringify({ version: 1, answers: grades });
}

/**
 * An answer as SCORM writes it: choices and items by letters, texts as they are.
 *
 * @param {CardResponse} response
 */
export function responseText(response) {
  if (typeof response === "string") return response.slice(0, LONGEST_RESPONSE);
  if (typeof response === "number") return letter(response);
  if (Array.isArray(response)) return response.map(letter).join(",");
  return Object.values(response ?? {})
    .join("; ")
    .slice(0, LONGEST_RESPONSE);
}

/** @param {number} place */
function letter(place) {
  return String.fromCharCode("a".charCodeAt(0) + place);
}

/**
 * A card's id as an identifier: some platforms take letters, digits and `_` alone.
 *
 * @param {string} id
 */
export function identifier(id) {
  return id.replace(/\W/g, "_");
}

/**
 * A time as HHHH:MM:SS.SS.
 *
 * @param {number} ms
 */
export function timespan(ms) {
  const hundredths = Math.max(0, Math.round(ms / 10));
  const padded = (/** @type {number} */ value, /** @type {number} */ digits) => String(value).padStart(digits, "0");
  const hours = Math.min(Math.floor(hundredths / 360_000), 9999);
  const minutes = Math.floor(hundredths / 6000) % 60;
  const seconds = Math.floor(hundredths / 100) % 60;
  return `${padded(hours, 4)}:${padded(minutes, 2)}:${padded(seconds, 2)}.${padded(hundredths % 100, 2)}`;
}
