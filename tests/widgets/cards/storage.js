// Stand-ins for a page's storage and for the page that hears of other tabs, and a log that works with them.

import { CardLog } from "../../../lmkit/widgets/base/progress/log.js";

export const KEY = "memory-and-chance:reviews";
export const FORMAT = "memory-and-chance reviews";

/** A storage that can be forbidden (`deny`, the name of the error), or full from so many characters on (`room`). */
export class FakeStorage {
  constructor(items = {}) {
    this.items = new Map(Object.entries(items));
    this.room = Infinity;
    this.deny = "";
  }

  getItem(key) {
    if (this.deny) refuse(this.deny);
    return this.items.get(key) ?? null;
  }

  setItem(key, text) {
    if (this.deny) refuse(this.deny);
    if (text.length > this.room) refuse("QuotaExceededError");
    this.items.set(key, text);
  }

  removeItem(key) {
    if (this.deny) refuse(this.deny);
    this.items.delete(key);
  }
}

function refuse(name) {
  throw new DOMException("refused", name);
}

/** A storage, and a function that opens one more log on it, as another tab would. */
export function storageWith(items) {
  const storage = new FakeStorage(items);
  return { storage, open: () => new CardLog(() => storage) };
}

/** The text in which answers are kept: each is [card, grade, time]. */
export function textOf(...reviews) {
  return JSON.stringify({ format: FORMAT, version: 1, reviews });
}

/** Have the page's events go to a target of the tests; returns it. */
export function pageEvents() {
  const page = new EventTarget();
  globalThis.addEventListener = page.addEventListener.bind(page);
  globalThis.removeEventListener = page.removeEventListener.bind(page);
  return page;
}
