// The reader's progress: a log of answers and predictions in this browser's storage, to which is only ever added. All else is derived
// from it. Other tabs write to it too, so what is stored is read again before each write, and the union is written.

import { LabError } from "../errors.js";
import {
  answerOf,
  answersAmong,
  counting,
  isAhead,
  isPrediction,
  keptResponse,
  messageOf,
  NewerLogError,
  readLog,
  TAKEN_BACK,
  writeLog,
} from "./file.js";
import { Reading } from "./reading.js";
import { LOG_KEY, localStore, tellKept } from "./storage.js";

/** @typedef {import("./file.js").Entry} Entry */
/** @typedef {import("./file.js").Prediction} Prediction */
/** @typedef {import("./file.js").Review} Review */
/** @typedef {Pick<Storage, "getItem" | "setItem">} LogStorage */

const LAST_COPY = 9;
const HEARD = ["storage", "pageshow"]; // events after which the storage may hold something else
const BEFORE_LEAVING = "Export your answers as a file before you leave this page";

/** @type {CardLog | null} */
let ofThisPage = null;

/** The log of this page, one for all widgets on it. */
export function openLog() {
  ofThisPage ??= new CardLog();
  return ofThisPage;
}

export class CardLog {
  /** @param {() => LogStorage} open - Throws where the storage is forbidden. */
  constructor(open = localStore) {
    this.open = open;
    this.reading = new Reading(open); // files have it, too, and a reset removes it
    /** @type {Map<string, Entry>} */
    this.entries = new Map();
    /** @type {Review[] | null} */
    this.sorted = null;
    /** @type {Set<string>} */
    this.unsaved = new Set(); // keys of entries that are not in the storage as far as we know
    /** @type {Set<string> | null} */
    this.seen = null; // keys of entries that were in the storage when it was last read or written
    /** @type {string | null} */
    this.text = null; // what the storage held then
    this.resets = 0; // tells an answer that another tab removed from one that it has not seen
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    this.damage = "";
    this.fault = "";
    this.readOnly = false;
    this.heard = (/** @type {Event} */ event) => this.hear(event);
    this.pull();
  }

  /** All answers that count, in the order of time. */
  get reviews() {
    this.sorted ??= counting(this.entries.values()).sort(byTime);
    return this.sorted;
  }

  /** All predictions, in the order of time. */
  get predictions() {
    return [...this.entries.values()].filter(isPrediction).sort(byTime);
  }

  /** "", or sentences that say what is wrong with the storage, and what to do. */
  get problem() {
    return [this.damage, this.fault].filter(Boolean).join(" ");
  }

  /**
   * Note an answer of now.
   *
   * @param {string} card
   * @param {number} grade - From 1 to 4.
   * @param {import("./file.js").Given} response - What was answered, where the page judged it.
   * @returns {Review}
   */
  add(card, grade, response = null) {
    const same = answersAmong(this.entries.values()).filter((entry) => entry.card === card);
    const entry = answerOf(card, grade, freeTime(same), keptResponse(response));
    this.keep([entry]);
    return entry;
  }

  /**
   * Note what was said before a lab was run, and what came of it.
   *
   * @param {Omit<Prediction, "at">} prediction
   * @returns {Prediction}
   */
  addPrediction({ question, predicted, happened }) {
    const same = this.predictions.filter((entry) => entry.question === question);
    const entry = { question, predicted, happened, at: freeTime(same) };
    this.keep([entry]);
    return entry;
  }

  /**
   * Have an answer count no more. It stays in the log, which is only ever added to, with a note beside it.
   *
   * @param {Review} review
   */
  takeBack({ card, at }) {
    this.keep([{ card, grade: TAKEN_BACK, at }]);
  }

  /**
   * Have `listener` called after every change, also one that another tab made.
   *
   * @param {() => void} listener
   * @returns {() => void} What ends that.
   */
  onChange(listener) {
    this.listeners.add(listener);
    if (this.listeners.size === 1) for (const type of HEARD) addEventListener(type, this.heard);
    return () => {
      this.listeners.delete(listener);
      if (!this.listeners.size) for (const type of HEARD) removeEventListener(type, this.heard);
    };
  }

  /**
   * @param {string} name - Of the reader, for whoever gets the file; it is kept nowhere else. Such a file does not say
   *   what was read.
   */
  exportText(name = "") {
    return this.written({ exported: new Date().toISOString(), ...(name ? { name } : this.reading.exported()) });
  }

  /**
   * Add what an exported file holds: all of it, or nothing and a LabError that says why.
   *
   * @param {string} text
   * @param {Set<string> | null} cards - The ids of the book's cards; answers to others are kept, too.
   * @returns {{ added: number, known: number, predictions: number, chapters: number, unknownCards: string[] }} Answers
   *   that were added or here already, predictions that were added, and chapters whose places were.
   */
  importText(text, cards = null) {
    const { entries, reading } = this.readFile(text);
    /** @type {Map<string, Entry>} */
    const fresh = new Map();
    for (const entry of entries) put(fresh, entry);
    const answers = counting(fresh.values());
    for (const key of this.entries.keys()) fresh.delete(key);
    const ahead = [...fresh.values()].find((entry) => isAhead(entry, Date.now()));
    if (ahead) {
      const what = isPrediction(ahead) ? "a prediction" : "an answer";
      throw refused(`it has ${what} from the future (${dayOf(ahead.at)})`, "set the clock of this device right");
    }
    const chapters = this.reading.take(reading);
    if (fresh.size) this.keep([...fresh.values()]);
    else if (chapters) this.tell();
    const foreign = cards ? answersAmong(entries).filter(({ card }) => !cards.has(card)) : [];
    const unknownCards = [...new Set(foreign.map(({ card }) => card))].sort();
    const added = answers.filter((entry) => fresh.has(keyOf(entry))).length;
    const predictions = [...fresh.values()].filter(isPrediction).length;
    return { added, known: answers.length - added, predictions, chapters, unknownCards };
  }

  /** @param {string} text */
  readFile(text) {
    let content;
    try {
      content = readLog(text);
    } catch (error) {
      const newer = error instanceof NewerLogError;
      throw refused(messageOf(error), newer ? "reload this page to get the newer edition" : undefined);
    }
    const [fault, ...others] = content.faults;
    if (fault) throw refused(fault + (others.length ? ` (and ${others.length} more are wrong)` : ""));
    return content;
  }

  /**
   * Remove all answers, predictions and places, here and in other tabs.
   *
   * @returns {() => void} What brings them back.
   */
  reset() {
    const removed = [...this.entries.values()];
    const placesBack = this.reading.reset();
    this.pull();
    this.resets += 1;
    this.replace([]);
    this.unsaved.clear();
    this.push();
    this.tell();
    return () => {
      placesBack();
      this.keep(removed);
    };
  }

  /** @param {Entry[]} entries */
  keep(entries) {
    this.pull();
    for (const entry of entries) {
      const key = keyOf(entry);
      if (!this.entries.has(key)) this.unsaved.add(key);
      put(this.entries, entry);
    }
    this.sorted = null;
    this.push();
    this.tell();
  }

  /** @param {Entry[]} entries */
  replace(entries) {
    this.entries = new Map();
    for (const entry of entries) put(this.entries, entry);
    this.sorted = null;
  }

  tell() {
    for (const listener of [...this.listeners]) listener();
  }

  /** @param {{ type: string, key?: string | null }} event */
  hear({ type, key }) {
    if (type === "storage" && key !== LOG_KEY && key !== null) return; // null: all was cleared
    this.pull();
    const lacking = [...this.entries.keys()].some((entry) => !this.seen?.has(entry));
    if (type === "storage" && lacking) this.push(); // two tabs wrote at once
    this.tell();
  }

  /** Take in what is stored. */
  pull() {
    let text;
    try {
      text = this.open().getItem(LOG_KEY);
    } catch {
      this.forbid();
      return;
    }
    if (text === this.text && this.seen) return;
    this.text = text;
    this.seen = new Set();
    this.readOnly = false;
    if (text !== null) this.take(text);
  }

  /** @param {string} text */
  take(text) {
    let stored;
    try {
      stored = readLog(text);
    } catch (error) {
      const why = messageOf(error);
      if (error instanceof NewerLogError) this.leaveAlone(`Your stored progress cannot be used: ${why}`);
      else this.setAside(text, why, 0);
      return;
    }
    if (stored.faults.length) this.setAside(text, stored.faults[0], stored.entries.length);
    this.seen = new Set(stored.entries.map(keyOf));
    this.merge(stored);
    for (const key of this.seen) this.unsaved.delete(key);
  }

  /** @param {{ entries: Entry[], resets: number }} stored */
  merge({ entries, resets }) {
    const all = [...this.entries];
    const mine = resets > this.resets ? all.filter(([key]) => this.unsaved.has(key)) : all;
    const theirs = resets < this.resets ? [] : entries; // a tab that had not yet seen our reset
    this.resets = Math.max(this.resets, resets);
    this.replace([...mine.map(([, entry]) => entry), ...theirs]);
  }

  /**
   * Keep a text that cannot be read under another key, where nothing overwrites it.
   *
   * @param {string} text
   * @param {string} why
   * @param {number} saved - How many entries of it could be read.
   */
  setAside(text, why, saved) {
    const place = this.copy(text);
    if (!place) {
      this.leaveAlone(`Your stored progress is damaged (${why})`);
      return;
    }
    this.damage =
      `Your stored progress is damaged: ${why}. It is kept, as it was, in this browser’s storage under ‘${place}’; ` +
      (saved ? `what can be read of it (${saved}) is still here. ` : "a new log has begun. ") +
      "If you have an exported file, import it on the Review page.";
  }

  /**
   * @param {string} text
   * @returns {string} Where it is now, "" where there is no room.
   */
  copy(text) {
    try {
      for (let i = 1; i <= LAST_COPY; i++) {
        const place = `${LOG_KEY}:damaged${i > 1 ? `-${i}` : ""}`;
        const there = this.open().getItem(place);
        if (there !== null && there !== text) continue;
        this.open().setItem(place, text);
        return place;
      }
    } catch {
      // no room: the text stays where it is
    }
    return "";
  }

  /** @param {string} why */
  leaveAlone(why) {
    this.readOnly = true;
    const left = "It is left as it is, and the answers of this visit last until you leave.";
    this.fault = `${why}. ${left} ${BEFORE_LEAVING}, then reload it.`;
  }

  forbid() {
    this.fault =
      "This browser does not let the page store anything (a private window, or site data are blocked), so your answers " +
      `last until you leave. ${BEFORE_LEAVING}, or allow this site to store data and reload.`;
  }

  /** Write all that is here. */
  push() {
    if (this.readOnly) return;
    const text = this.written(this.resets ? { resets: this.resets } : {});
    try {
      this.open().setItem(LOG_KEY, text);
    } catch (error) {
      if (error instanceof Error && /quota/i.test(error.name)) this.overflow();
      else this.forbid();
      return;
    }
    this.text = text;
    this.fault = "";
    this.unsaved.clear();
    this.seen = new Set(this.entries.keys());
    tellKept();
  }

  /** @param {Record<string, unknown>} more */
  written(more) {
    return writeLog([...this.entries.values()].sort(byTime), more);
  }

  overflow() {
    const count = this.unsaved.size;
    const are = count === 1 ? "the last answer is" : `the last ${count} answers are`;
    this.fault =
      `This browser has no room left for this site, so ${are} not stored. ` +
      `${BEFORE_LEAVING}, then make room (delete other data of this site) and import it again.`;
  }
}

/** @param {Entry} entry */
function keyOf(entry) {
  const { at } = entry;
  if (isPrediction(entry)) return `${at} ? ${JSON.stringify([entry.question, entry.predicted, entry.happened])}`;
  return `${at} ${entry.card} ${entry.grade}`;
}

/**
 * Add an entry; one that is there and says what was answered stays.
 *
 * @param {Map<string, Entry>} entries
 * @param {Entry} entry
 */
function put(entries, entry) {
  const key = keyOf(entry);
  const there = entries.get(key);
  if (!there || !("response" in there)) entries.set(key, entry);
}

/**
 * Now, or the first moment after it at which none of some entries was made.
 *
 * @param {Entry[]} entries
 */
function freeTime(entries) {
  const times = new Set(entries.map(({ at }) => at));
  let at = Date.now();
  while (times.has(at)) at += 1;
  return at;
}

/**
 * @param {Entry} a
 * @param {Entry} b
 */
function byTime(a, b) {
  const [one, other] = [a, b].map(keyOf);
  return a.at - b.at || (one < other ? -1 : Number(one > other));
}

/** @param {number} at */
function dayOf(at) {
  return new Date(at).toISOString().slice(0, 10);
}

/** @param {string} why */
function refused(why, remedy = "choose a file that this page exported") {
  return new LabError(`this file cannot be imported: ${why}; ${remedy}; nothing was changed`);
}
