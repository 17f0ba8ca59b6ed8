// The browser's storage, or an error where there is none: pages of the book put a stand-in for the theme in its place.

export const LOG_KEY = "memory-and-chance:reviews"; // answers and predictions
export const READING_KEY = "memory-and-chance:reading"; // places in chapters
export const KEPT = "memory-and-chance:kept"; // the event that tells the page itself that its storage holds something else

/** @returns {Storage} */
export function localStore() {
  return real(globalThis.localStorage);
}

/** @returns {Storage} */
export function sessionStore() {
  return real(globalThis.sessionStorage);
}

/** Tell this page what other tabs hear from the browser. */
export function tellKept() {
  globalThis.document?.dispatchEvent(new Event(KEPT));
}

/** @param {Storage & { real?: () => Storage }} storage */
function real(storage) {
  const found = storage.real ? storage.real() : storage;
  if (!found) throw new Error("this browser has no storage for the page");
  return found;
}
