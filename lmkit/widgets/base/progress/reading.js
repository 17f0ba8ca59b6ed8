// Where a reader is in each chapter, and which chapters they have read: in this browser's storage, as answers are, but
// in a text of its own, for it is small and changes with every section. Files carry both, and a reset removes both.

import { shortened } from "../errors.js";
import { localStore, READING_KEY, tellKept } from "./storage.js";

/**
 * What is known of a chapter.
 *
 * @typedef {object} Chapter
 * @property {string} place - The id of the section where the reader was last; "" at the beginning.
 * @property {number} at - When that was, in ms since 1970; 0 for never.
 * @property {string[]} seen - The ids of sections that were read to their end.
 * @property {number} of - How many sections there are to read.
 * @property {boolean} read - Whether the whole chapter counts as read.
 * @property {number} set - When that was found, or said by the reader; 0 for never.
 */

/** @typedef {Map<string, Chapter>} Chapters - By the names of chapters' files. */

const FORMAT = "memory-and-chance reading";
const VERSION = 1;
const MOST = 100; // chapters, and sections of one
const LATEST = 8.64e15; // ms: the last moment that a Date can name
const SKEW_MS = 86_400_000; // clocks of two devices may differ by so much
const NAME = /^[a-z0-9_]{1,60}$/;
const PLACE = /^[\w-]{0,120}$/;

/** @returns {Chapter} */
function untouched() {
  return { place: "", at: 0, seen: [], of: 0, read: false, set: 0 };
}

/**
 * The chapters in what was stored or exported, and of each other one, what is wrong with it.
 *
 * @param {unknown} value
 * @param {number} now
 * @returns {{ chapters: Chapters, faults: string[] }}
 */
export function chaptersIn(value, now) {
  if (value === undefined) return { chapters: new Map(), faults: [] };
  if (typeof value !== "object" || value === null || Array.isArray(value) || Object.keys(value).length > MOST) {
    return { chapters: new Map(), faults: [`its places in chapters must be an object of at most ${MOST}`] };
  }
  const found = Object.entries(value).map(([name, entry]) => ({ name, entry, fault: faultOf(name, entry, now) }));
  return {
    chapters: new Map(found.filter(({ fault }) => !fault).map(({ name, entry }) => [name, chapterOf(entry)])),
    faults: found.map(({ fault }) => fault).filter(Boolean),
  };
}

/** @param {Chapter} entry */
function chapterOf({ place, at, seen, of, read, set }) {
  return { place, at, seen: [...new Set(seen)], of, read, set };
}

/**
 * What is wrong with a chapter's entry; "" where nothing is.
 *
 * @param {string} name
 * @param {any} entry
 * @param {number} now
 */
function faultOf(name, entry, now) {
  if (!NAME.test(name)) return `a chapter is named ${quoted(name)}, but it must be small letters, digits and _`;
  const { place, at, seen, of, read, set } = entry ?? {};
  /** @type {(field: string, value: unknown, rule: string) => string} */
  const says = (field, value, rule) => `${field} of the chapter ‘${name}’ is ${quoted(value)}, but it must be ${rule}`;
  if (!isPlace(place)) return says("place", place, "the id of a section");
  if (!Array.isArray(seen) || seen.length > MOST || !seen.every(isPlace)) {
    return says("seen", seen, `a list of at most ${MOST} ids of sections`);
  }
  if (!Number.isInteger(of) || of < 0 || of > MOST) return says("of", of, `a whole number from 0 to ${MOST}`);
  if (typeof read !== "boolean") return says("read", read, "true or false");
  const odd = [at, set].find((time) => !Number.isInteger(time) || time < 0 || time > Math.min(LATEST, now + SKEW_MS));
  return odd === undefined ? "" : says("time", odd, "milliseconds since 1970, and not in the future");
}

/** @param {unknown} id */
function isPlace(id) {
  return typeof id === "string" && PLACE.test(id);
}

/** @param {unknown} value */
function quoted(value) {
  return shortened(JSON.stringify(value) ?? "missing");
}

/**
 * What two devices know of a chapter: the later place, the later word on whether it is read, the sections of both.
 *
 * @param {Chapter} one
 * @param {Chapter} other
 * @returns {Chapter}
 */
export function merged(one, other) {
  const there = other.at > one.at ? other : one;
  const said = other.set > one.set ? other : one;
  const seen = [...new Set([...one.seen, ...other.seen])].slice(0, MOST);
  return { place: there.place, at: there.at, seen, of: there.of, read: said.read, set: said.set };
}

/** The reader's places. The storage is asked each time, so two tabs agree; where there is none, nothing is known. */
export class Reading {
  /** @param {() => Pick<Storage, "getItem" | "setItem">} open - Throws where the storage is forbidden. */
  constructor(open = localStore) {
    this.open = open;
  }

  /** Whether anything can be kept. */
  get works() {
    try {
      this.open().getItem(READING_KEY);
      return this.stored().isOurs;
    } catch {
      return false;
    }
  }

  /** @returns {Chapters} */
  get chapters() {
    return this.stored().chapters;
  }

  /** What is stored. What a newer edition of the book wrote is left alone; what is damaged is forgotten. */
  stored() {
    const nothing = { chapters: /** @type {Chapters} */ (new Map()), isOurs: true };
    try {
      const found = JSON.parse(this.open().getItem(READING_KEY) ?? "null");
      if (found?.format !== FORMAT) return nothing;
      if (found.version !== VERSION) return { ...nothing, isOurs: !(found.version > VERSION) };
      return { ...nothing, chapters: chaptersIn(found.chapters, Date.now()).chapters };
    } catch {
      return nothing;
    }
  }

  /**
   * The reader is at a section of a chapter, or has read some to their end.
   *
   * @param {string} name
   * @param {{ place: string, seen: string[], all: string[] }} where - `all` are the ids of the sections to read.
   *   Who only looks at the chapter's beginning ("") keeps their place.
   */
  visit(name, { place, seen, all }) {
    this.change(name, (chapter) => {
      const both = [...new Set([...chapter.seen, ...seen])].filter((id) => all.includes(id));
      const next = { ...chapter, place: place || chapter.place, at: Date.now(), seen: both, of: all.length };
      const isThrough = all.length > 0 && both.length === all.length && !chapter.set; // what a reader has said stands
      return isThrough ? { ...next, read: true, set: Date.now() } : next;
    });
  }

  /**
   * The reader says that a chapter is read, or is not.
   *
   * @param {string} name
   * @param {boolean} read
   */
  mark(name, read) {
    this.change(name, (chapter) => ({ ...chapter, at: Date.now(), read, set: Date.now() }));
  }

  /**
   * Add what a file knows.
   *
   * @param {Chapters} chapters
   * @returns {number} How many chapters it had something new of.
   */
  take(chapters) {
    const before = this.chapters;
    const after = new Map(before);
    for (const [name, chapter] of chapters) after.set(name, merged(before.get(name) ?? untouched(), chapter));
    const news = [...after].filter(([name, chapter]) => JSON.stringify(chapter) !== JSON.stringify(before.get(name)));
    if (news.length) this.write(after);
    return news.length;
  }

  /**
   * Forget all.
   *
   * @returns {() => void} What brings it back.
   */
  reset() {
    const removed = this.chapters;
    if (removed.size) this.write(new Map());
    return () => void this.take(removed);
  }

  /** What goes into a file; nothing where nothing is known. */
  exported() {
    const { chapters } = this;
    return chapters.size ? { reading: Object.fromEntries(chapters) } : {};
  }

  /**
   * @param {string} name
   * @param {(chapter: Chapter) => Chapter} how
   */
  change(name, how) {
    const { chapters } = this;
    this.write(chapters.set(name, how(chapters.get(name) ?? untouched())));
  }

  /** @param {Chapters} chapters */
  write(chapters) {
    if (!this.stored().isOurs) return;
    const text = JSON.stringify({ format: FORMAT, version: VERSION, chapters: Object.fromEntries(chapters) });
    try {
      this.open().setItem(READING_KEY, text);
      tellKept();
    } catch {
      // forbidden, or full: reading goes on without marks
    }
  }
}
